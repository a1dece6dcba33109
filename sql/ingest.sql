-- Files: riskml.ingest() and what it remembers.  Of the tables nobody is
-- granted anything; functions check the caller, views show what is one's own.

CREATE TABLE riskml.ingested_file (
	target regclass NOT NULL,
	path text COLLATE "C" NOT NULL,
	state text NOT NULL CHECK (state IN ('loaded', 'changed', 'failed')),
	size bigint NOT NULL,
	mtime timestamptz NOT NULL,
	sha256 bytea,
	dev bigint NOT NULL,
	inode bigint NOT NULL,
	row_count bigint NOT NULL,
	bad_rows bigint NOT NULL,
	owner regrole NOT NULL,
	run_id bigint,
	noted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	reason text,
	PRIMARY KEY (target, path)
);
COMMENT ON TABLE riskml.ingested_file IS 'one row for each file that riskml.ingest() has taken, or could not take, for a table';
COMMENT ON COLUMN riskml.ingested_file.state IS 'changed: its content is no longer what was loaded; failed: tried again next time';
COMMENT ON COLUMN riskml.ingested_file.size IS 'as it was last seen, like mtime';
COMMENT ON COLUMN riskml.ingested_file.sha256 IS 'of what was loaded; NULL: nothing was';
COMMENT ON COLUMN riskml.ingested_file.reason IS 'why it failed, or what has changed';

CREATE TABLE riskml.followed_file (
	target regclass NOT NULL,
	dev bigint NOT NULL,
	inode bigint NOT NULL,
	path text COLLATE "C" NOT NULL,
	file_offset bigint NOT NULL,
	file_line bigint NOT NULL,
	in_long_line boolean NOT NULL,
	head bytea NOT NULL,
	mtime timestamptz NOT NULL,
	row_count bigint NOT NULL,
	bad_rows bigint NOT NULL,
	owner regrole NOT NULL,
	run_id bigint,
	noted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (target, dev, inode)
);
COMMENT ON TABLE riskml.followed_file IS 'one row for each file that grows and is followed (option tail), whatever its name is by now';
COMMENT ON COLUMN riskml.followed_file.path IS 'where it was seen last';
COMMENT ON COLUMN riskml.followed_file.file_offset IS 'what is loaded ends here';
COMMENT ON COLUMN riskml.followed_file.file_line IS 'the line that begins there';
COMMENT ON COLUMN riskml.followed_file.in_long_line IS 'the offset is within a line that is too long';
COMMENT ON COLUMN riskml.followed_file.head IS 'its first bytes, by which it is told from another with its inode';
CREATE INDEX followed_path ON riskml.followed_file (target, path);

CREATE TABLE riskml.quarantine_row (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	target regclass NOT NULL,
	source text COLLATE "C" NOT NULL,
	line bigint NOT NULL,
	byte_offset bigint NOT NULL,
	raw bytea NOT NULL,
	raw_cut boolean NOT NULL,
	column_name text,
	sqlstate text NOT NULL,
	reason text NOT NULL,
	format jsonb NOT NULL,
	owner regrole NOT NULL,
	run_id bigint,
	step text,
	state text NOT NULL CHECK (state IN ('open', 'failed', 'loaded', 'discarded')),
	added_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	ended_at timestamptz,
	ended_by name,
	note text,
	row_key jsonb,
	expectations jsonb
);
COMMENT ON TABLE riskml.quarantine_row IS 'one row for each row of a file that could not be loaded, or of a relation that was not as expected';
COMMENT ON COLUMN riskml.quarantine_row.raw IS 'as it is in the file; of a row of a relation, its columns as JSON';
COMMENT ON COLUMN riskml.quarantine_row.raw_cut IS 'is there more of it than is kept?';
COMMENT ON COLUMN riskml.quarantine_row.format IS 'how it is read';
COMMENT ON COLUMN riskml.quarantine_row.state IS 'failed: of a load that failed, which loaded nothing of the file; it is no longer there when the file is tried again';
COMMENT ON COLUMN riskml.quarantine_row.note IS 'why it was discarded';
COMMENT ON COLUMN riskml.quarantine_row.row_key IS 'of a row of a relation';
COMMENT ON COLUMN riskml.quarantine_row.expectations IS 'those that the row does not meet; NULL: it comes from a file';
CREATE INDEX quarantine_open ON riskml.quarantine_row (target, id) WHERE state = 'open';
CREATE INDEX quarantine_failed ON riskml.quarantine_row (target, source) WHERE state = 'failed';

-- What belongs to a table that is gone is left behind: its number may be another table's after a restore.
SELECT pg_catalog.pg_extension_config_dump('riskml.ingested_file',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) target)');
SELECT pg_catalog.pg_extension_config_dump('riskml.followed_file',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) target)');
SELECT pg_catalog.pg_extension_config_dump('riskml.quarantine_row',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) target)');
SELECT pg_catalog.pg_extension_config_dump('riskml.quarantine_row_id_seq', '');

CREATE PROCEDURE riskml.ingest(files text, target regclass, options jsonb DEFAULT '{}')
	AS 'MODULE_PATHNAME', 'riskml_ingest' LANGUAGE C;
COMMENT ON PROCEDURE riskml.ingest(text, regclass, jsonb) IS 'loads server files that match a pattern into a table, each once; rows that cannot be loaded go to riskml.quarantine';

CREATE FUNCTION riskml.forget_file(target regclass, path text, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_forget_file' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.forget_file(regclass, text, text) IS 'lets a file be loaded anew; kept in the audit log';

CREATE FUNCTION riskml.requeue(id bigint, raw text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_requeue' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.requeue(bigint, text) IS 'tries to load a row of the quarantine, corrected if that is given; false if it fails again, for the reason that the quarantine has then';

CREATE FUNCTION riskml.requeue_all(target regclass) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_requeue_all' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.requeue_all(regclass) IS 'tries to load all of your open rows of a table from the quarantine; returns how many are loaded now';

CREATE FUNCTION riskml.discard(id bigint, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_discard' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.discard(bigint, text) IS 'gives up a row of the quarantine, which keeps it and the reason';

CREATE FUNCTION riskml.raw_text(raw bytea, encoding text) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_raw_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION riskml.raw_text(bytea, text) IS 'bytes of a file as text; what is no text is shown as \xNN';

CREATE VIEW riskml.ingested_files WITH (security_barrier) AS
SELECT f.target, f.path, f.state, f.size, f.mtime, f.row_count, f.bad_rows, f.sha256, f.owner, f.run_id, f.noted_at, f.reason
FROM riskml.ingested_file f
WHERE pg_catalog.pg_has_role(f.owner, 'USAGE')
	AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) f.target)
UNION ALL
SELECT f.target, f.path, 'followed', f.file_offset, f.mtime, f.row_count, f.bad_rows, NULL, f.owner, f.run_id, f.noted_at, NULL
FROM riskml.followed_file f
WHERE pg_catalog.pg_has_role(f.owner, 'USAGE')
	AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) f.target);
COMMENT ON VIEW riskml.ingested_files IS 'files that you have loaded into tables, or that could not be loaded; of one that is followed, the size is what is loaded';
GRANT SELECT ON riskml.ingested_files TO PUBLIC;

CREATE VIEW riskml.quarantine WITH (security_barrier) AS
SELECT q.id, q.state, q.target, q.source, q.line, q.byte_offset,
	riskml.raw_text(q.raw, q.format OPERATOR(pg_catalog.->>) 'encoding') AS raw,
	q.raw_cut, q.column_name, q.sqlstate, q.reason, q.run_id, q.step, q.owner, q.added_at, q.ended_at, q.ended_by, q.note,
	q.row_key, q.expectations
FROM riskml.quarantine_row q
WHERE pg_catalog.pg_has_role(q.owner, 'USAGE');
COMMENT ON VIEW riskml.quarantine IS 'rows of your files that could not be loaded, and rows of relations that were not as expected, and why';
GRANT SELECT ON riskml.quarantine TO PUBLIC;
