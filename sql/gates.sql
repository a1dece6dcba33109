-- Gates: what a version must show before it may go to production, what it has
-- shown, and who approved it.

CREATE TABLE riskml.model_gates (
	model_id int PRIMARY KEY,
	definition bigint GENERATED ALWAYS AS IDENTITY,
	gates jsonb NOT NULL,
	gates_hash bytea NOT NULL,
	approval text NOT NULL CHECK (approval IN ('auto', 'manual')),
	max_age interval,
	set_by name NOT NULL,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE riskml.model_gates IS 'gates of each model that has some, or that needs approval';
COMMENT ON COLUMN riskml.model_gates.definition IS 'another number each time that anything was changed';
COMMENT ON COLUMN riskml.model_gates.gates_hash IS 'SHA-256 over the gates as text in UTF-8';
COMMENT ON COLUMN riskml.model_gates.max_age IS 'a run older than this counts no more; NULL: it counts for ever';

CREATE TABLE riskml.gate_run (
	run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	model_id int NOT NULL,
	version int NOT NULL,
	champion int,
	champion_identity bytea,
	gates jsonb NOT NULL,
	gates_hash bytea NOT NULL,
	passed boolean NOT NULL,
	query text NOT NULL,
	label text NOT NULL,
	weight text,
	rows bigint,
	run_by name NOT NULL,
	login_role name NOT NULL,
	started_at timestamptz NOT NULL,
	finished_at timestamptz NOT NULL
);
CREATE INDEX ON riskml.gate_run (model_id, version, run_id);
COMMENT ON TABLE riskml.gate_run IS 'runs of gates: which version, against which champion, on which rows';
COMMENT ON COLUMN riskml.gate_run.champion IS 'version that was in production; NULL: none was';
COMMENT ON COLUMN riskml.gate_run.gates IS 'as they were defined then';
COMMENT ON COLUMN riskml.gate_run.rows IS 'with a label; NULL: they could not be counted';
COMMENT ON COLUMN riskml.gate_run.run_by IS 'current_user';
COMMENT ON COLUMN riskml.gate_run.login_role IS 'session_user';

CREATE TABLE riskml.gate_result (
	run_id bigint NOT NULL,
	position int NOT NULL,
	gate text NOT NULL,
	check_type text NOT NULL,
	passed boolean NOT NULL,
	value float8,
	threshold float8,
	detail text NOT NULL,
	PRIMARY KEY (run_id, position)
);
COMMENT ON TABLE riskml.gate_result IS 'what each gate of a run found';
COMMENT ON COLUMN riskml.gate_result.position IS 'from 1 on, as the gates are defined';

CREATE TABLE riskml.model_approval (
	approval_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	model_id int NOT NULL,
	version int NOT NULL,
	definition bigint NOT NULL,
	run_id bigint,
	approved_by name NOT NULL,
	login_role name NOT NULL,
	approved_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	reason text NOT NULL,
	withdrawn_by name,
	withdrawn_at timestamptz,
	withdrawn_reason text
);
CREATE INDEX ON riskml.model_approval (model_id, version);
COMMENT ON TABLE riskml.model_approval IS 'approvals of versions by others than their makers';
COMMENT ON COLUMN riskml.model_approval.definition IS 'of the gates that were in force';
COMMENT ON COLUMN riskml.model_approval.run_id IS 'the run of the gates that was approved; NULL: there are no gates';
COMMENT ON COLUMN riskml.model_approval.approved_by IS 'current_user';
COMMENT ON COLUMN riskml.model_approval.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('riskml.model_gates', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_gates_definition_seq', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.gate_run', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.gate_run_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.gate_result', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_approval', '');
SELECT pg_catalog.pg_extension_config_dump('riskml.model_approval_approval_id_seq', '');

-- ---- what counts

-- Nobody is granted this: the views below show of it what one may see.
CREATE VIEW riskml.gate_standing AS
SELECT g.model_id,
	v.version,
	g.definition,
	g.gates,
	g.approval,
	r.run_id,
	r.gates AS gates_run,
	r.finished_at,
	r.champion,
	c.version AS production,
	r.gates_hash OPERATOR(pg_catalog.<>) g.gates_hash AS gates_changed,
	r.champion_identity IS DISTINCT FROM c.identity AS champion_changed,
	coalesce(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) r.finished_at OPERATOR(pg_catalog.>) g.max_age, false) AS too_old
FROM riskml.model_gates g
JOIN riskml.model_version v ON v.model_id OPERATOR(pg_catalog.=) g.model_id
LEFT JOIN LATERAL (SELECT * FROM riskml.gate_run r
	WHERE r.model_id OPERATOR(pg_catalog.=) v.model_id AND r.version OPERATOR(pg_catalog.=) v.version
	ORDER BY r.run_id DESC LIMIT 1) r ON true
LEFT JOIN LATERAL (SELECT p.version, p.identity
	FROM riskml.model_alias a
	JOIN riskml.model_version p ON p.model_id OPERATOR(pg_catalog.=) a.model_id AND p.version OPERATOR(pg_catalog.=) a.version
	WHERE a.model_id OPERATOR(pg_catalog.=) v.model_id AND a.alias OPERATOR(pg_catalog.=) 'production') c ON true;
COMMENT ON VIEW riskml.gate_standing IS 'versions of the models that have gates, their latest run, and whether it still counts';

-- An approval ends when the gates are set anew, and with a run that has another outcome than the approved one.
CREATE VIEW riskml.standing_approval AS
SELECT a.*
FROM riskml.model_approval a
JOIN riskml.model_gates g ON g.model_id OPERATOR(pg_catalog.=) a.model_id AND g.definition OPERATOR(pg_catalog.=) a.definition
LEFT JOIN riskml.gate_run seen ON seen.run_id OPERATOR(pg_catalog.=) a.run_id
WHERE a.withdrawn_at IS NULL
	AND NOT EXISTS (SELECT FROM riskml.gate_run r
		WHERE r.model_id OPERATOR(pg_catalog.=) a.model_id AND r.version OPERATOR(pg_catalog.=) a.version
		AND r.run_id OPERATOR(pg_catalog.>) a.run_id
		AND (r.passed OPERATOR(pg_catalog.<>) seen.passed OR r.champion_identity IS DISTINCT FROM seen.champion_identity));
COMMENT ON VIEW riskml.standing_approval IS 'approvals that count';

CREATE VIEW riskml.version_obstacle AS
SELECT s.model_id,
	s.version,
	g.position,
	g.gate,
	CASE WHEN s.run_id IS NULL OR NOT g.was_run THEN 'not run'
		WHEN s.gates_changed OR (r.passed AND (s.champion_changed OR s.too_old)) THEN 'stale'
		ELSE 'failed' END AS obstacle,
	CASE WHEN s.run_id IS NULL THEN 'riskml.run_gates() was never called for this version'
		WHEN NOT g.was_run THEN 'it was added after the last run'
		WHEN s.gates_changed THEN 'the gates were changed after the last run'
		WHEN NOT r.passed THEN r.detail
		WHEN s.champion_changed THEN pg_catalog.format('the run was against %s, and %s in production now',
			coalesce('version ' OPERATOR(pg_catalog.||) s.champion::text, 'no champion'),
			coalesce('version ' OPERATOR(pg_catalog.||) s.production::text OPERATOR(pg_catalog.||) ' is', 'nothing is'))
		ELSE 'the last run is longer ago than max_age allows' END AS detail
FROM riskml.gate_standing s
CROSS JOIN LATERAL (SELECT e.position::int AS position,
		e.gate OPERATOR(pg_catalog.->>) 'name' AS gate,
		EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(s.gates_run) o(gate)
			WHERE (o.gate OPERATOR(pg_catalog.->>) 'name') OPERATOR(pg_catalog.=) (e.gate OPERATOR(pg_catalog.->>) 'name')) AS was_run
	FROM pg_catalog.jsonb_array_elements(s.gates) WITH ORDINALITY e(gate, position)) g
LEFT JOIN riskml.gate_result r ON r.run_id OPERATOR(pg_catalog.=) s.run_id AND r.gate OPERATOR(pg_catalog.=) g.gate
WHERE s.run_id IS NULL OR s.gates_changed OR s.champion_changed OR s.too_old OR NOT r.passed
UNION ALL
SELECT s.model_id,
	s.version,
	NULL,
	NULL,
	'not approved',
	CASE WHEN EXISTS (SELECT FROM riskml.model_approval a
			WHERE a.model_id OPERATOR(pg_catalog.=) s.model_id AND a.version OPERATOR(pg_catalog.=) s.version AND a.withdrawn_at IS NULL)
		THEN 'the gates were set anew, or had another outcome, since it was approved'
		ELSE 'it needs riskml.approve() by another role than its maker' END
FROM riskml.gate_standing s
WHERE s.approval OPERATOR(pg_catalog.=) 'manual'
	AND NOT EXISTS (SELECT FROM riskml.standing_approval a
		WHERE a.model_id OPERATOR(pg_catalog.=) s.model_id AND a.version OPERATOR(pg_catalog.=) s.version);
COMMENT ON VIEW riskml.version_obstacle IS 'what keeps versions from being promoted';

-- ---- what users see

CREATE VIEW riskml.gates WITH (security_barrier) AS
SELECT m.name AS model,
	e.position::int AS position,
	e.gate OPERATOR(pg_catalog.->>) 'name' AS gate,
	e.gate OPERATOR(pg_catalog.->>) 'check' AS check_type,
	e.gate AS definition,
	g.approval,
	g.max_age,
	g.set_by,
	g.set_at
FROM riskml.model m
JOIN riskml.model_gates g USING (model_id)
LEFT JOIN LATERAL pg_catalog.jsonb_array_elements(g.gates) WITH ORDINALITY e(gate, position) ON true
WHERE m.name OPERATOR(pg_catalog.=) ANY (SELECT s.model FROM riskml.models s);
COMMENT ON VIEW riskml.gates IS 'gates of the models that you own or have been granted; one row without a gate for a model that has none but needs approval';
GRANT SELECT ON riskml.gates TO PUBLIC;

CREATE VIEW riskml.gate_results WITH (security_barrier) AS
SELECT s.model,
	s.version,
	r.run_id,
	e.position,
	e.gate,
	e.check_type,
	e.passed,
	e.value,
	e.threshold,
	r.champion,
	CASE WHEN sees.evidence THEN e.detail END AS detail,
	r.rows,
	r.run_id OPERATOR(pg_catalog.=) t.run_id AS latest,
	r.run_id OPERATOR(pg_catalog.=) t.run_id AND NOT t.gates_changed AND NOT t.champion_changed AND NOT t.too_old AS counts,
	CASE WHEN sees.evidence THEN r.query END AS query,
	CASE WHEN sees.evidence THEN r.label END AS label,
	CASE WHEN sees.evidence THEN r.weight END AS weight,
	r.run_by,
	r.login_role,
	r.started_at,
	r.finished_at
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.gate_run r ON r.model_id OPERATOR(pg_catalog.=) m.model_id AND r.version OPERATOR(pg_catalog.=) s.version
JOIN riskml.gate_result e ON e.run_id OPERATOR(pg_catalog.=) r.run_id
LEFT JOIN riskml.gate_standing t ON t.model_id OPERATOR(pg_catalog.=) m.model_id AND t.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL (SELECT pg_catalog.pg_has_role(s.owner, 'USAGE')
	OR EXISTS (SELECT FROM riskml.model_grant p
		WHERE p.model_id OPERATOR(pg_catalog.=) m.model_id AND p.privilege OPERATOR(pg_catalog.=) 'promote'
		AND (p.grantee::oid OPERATOR(pg_catalog.=) 0::oid OR pg_catalog.pg_has_role(p.grantee, 'USAGE'))) AS evidence) sees;
COMMENT ON VIEW riskml.gate_results IS 'what the gates found, each time that they were run; the query and details are shown to owners and to those who may promote';
COMMENT ON COLUMN riskml.gate_results.counts IS 'the latest run of the version, of the gates and against the champion as they are now, not older than max_age';
GRANT SELECT ON riskml.gate_results TO PUBLIC;

CREATE VIEW riskml.approvals WITH (security_barrier) AS
SELECT s.model,
	s.version,
	a.approved_by,
	a.login_role,
	a.approved_at,
	a.reason,
	EXISTS (SELECT FROM riskml.standing_approval c WHERE c.approval_id OPERATOR(pg_catalog.=) a.approval_id) AS counts,
	a.run_id,
	a.withdrawn_by,
	a.withdrawn_at,
	a.withdrawn_reason
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.model_approval a ON a.model_id OPERATOR(pg_catalog.=) m.model_id AND a.version OPERATOR(pg_catalog.=) s.version;
COMMENT ON VIEW riskml.approvals IS 'who approved which versions, of the models that you own or have been granted';
COMMENT ON COLUMN riskml.approvals.counts IS 'it was not withdrawn, and the gates and their outcome are those that were approved';
GRANT SELECT ON riskml.approvals TO PUBLIC;

CREATE VIEW riskml.obstacles WITH (security_barrier) AS
SELECT s.model,
	s.version,
	o.position,
	o.gate,
	o.obstacle,
	CASE WHEN sees.evidence THEN o.detail END AS detail
FROM riskml.models s
JOIN riskml.model m ON m.name OPERATOR(pg_catalog.=) s.model
JOIN riskml.version_obstacle o ON o.model_id OPERATOR(pg_catalog.=) m.model_id AND o.version OPERATOR(pg_catalog.=) s.version
CROSS JOIN LATERAL (SELECT pg_catalog.pg_has_role(s.owner, 'USAGE')
	OR EXISTS (SELECT FROM riskml.model_grant p
		WHERE p.model_id OPERATOR(pg_catalog.=) m.model_id AND p.privilege OPERATOR(pg_catalog.=) 'promote'
		AND (p.grantee::oid OPERATOR(pg_catalog.=) 0::oid OR pg_catalog.pg_has_role(p.grantee, 'USAGE'))) AS evidence) sees
WHERE 'production' OPERATOR(pg_catalog.=) ANY (s.aliases) IS NOT TRUE;
COMMENT ON VIEW riskml.obstacles IS 'what keeps riskml.promote() from promoting a version without override: gates that failed, are stale or were not run, a missing approval; details are shown to owners and to those who may promote';
COMMENT ON COLUMN riskml.obstacles.obstacle IS 'failed, stale, not run; not approved, of no gate';
GRANT SELECT ON riskml.obstacles TO PUBLIC;

-- ---- functions

CREATE FUNCTION riskml.set_gates(model text, gates jsonb, approval text DEFAULT 'auto', max_age interval DEFAULT NULL, reason text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_set_gates' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.set_gates(text, jsonb, text, interval, text) IS 'defines what versions of a model must pass before they may be promoted, and whether another role must approve them; NULL removes the gates; for its owner';

CREATE FUNCTION riskml.run_gates(model riskml.model_ref, query text, label text, weight text DEFAULT NULL,
	OUT gate text, OUT check_type text, OUT passed boolean, OUT value float8, OUT threshold float8, OUT champion int, OUT detail text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'riskml_run_gates' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION riskml.run_gates(riskml.model_ref, text, text, text) IS 'judges a version by the gates of its model on the rows of a query, against the version in production, and keeps the result; for those who may promote it';

CREATE FUNCTION riskml.approve(model riskml.model_ref, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_approve' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.approve(riskml.model_ref, text) IS 'approves a version that passed its gates; for those who may promote it, but not for its maker';

CREATE FUNCTION riskml.withdraw_approval(model riskml.model_ref, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'riskml_withdraw_approval' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION riskml.withdraw_approval(riskml.model_ref, text) IS 'takes back all approvals of a version; for those who may promote it';
