-- What test/malformed/run.py has in the server: the cases, and a function that tries one.
SET client_min_messages = warning;
-- Accepted models would stay, up to 128 MB of them.
SET riskml.local_cache_size = '1MB';
CREATE SCHEMA malformed;

CREATE UNLOGGED TABLE malformed.cases (
    id int PRIMARY KEY,
    data bytea NOT NULL,
    as_text boolean NOT NULL,
    labels boolean NOT NULL,
    settings json NOT NULL
);
ALTER TABLE malformed.cases ALTER data SET STORAGE EXTERNAL;

-- Rows of codes, and rows with labels in their place.
CREATE TABLE malformed.probes (n int PRIMARY KEY, features jsonb NOT NULL);
CREATE TABLE malformed.labelled (n int PRIMARY KEY, features jsonb NOT NULL);

-- The functions that do not suit every model, of which the refusal is an answer, too.

CREATE FUNCTION malformed.single(model text) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM risk_score(model, features, true) FROM malformed.probes;
    RETURN (SELECT to_json(array_agg(ARRAY[risk_margin(model, features, true)] ORDER BY n))
              FROM malformed.probes);
EXCEPTION WHEN wrong_object_type THEN
    RETURN NULL;
END
$$;

CREATE FUNCTION malformed.has_class(model text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM risk_class(model, features, true) FROM malformed.probes;
    RETURN true;
EXCEPTION WHEN wrong_object_type THEN
    RETURN false;
END
$$;

CREATE FUNCTION malformed.has_leaves(model text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM risk_leaves(model, features, true) FROM malformed.probes;
    RETURN true;
EXCEPTION WHEN wrong_object_type THEN
    RETURN false;
END
$$;

-- Margins, or the SQLSTATE of what is said instead.
CREATE FUNCTION malformed.by_label(model text, features jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    RETURN to_json(risk_margins(model, features, true));
EXCEPTION WHEN OTHERS THEN
    RETURN to_json(SQLSTATE);
END
$$;

-- Imports a case in a subtransaction that is always rolled back.  What was accepted is scored
-- and verified first.  Returns at which stage it ended and how.
CREATE FUNCTION malformed.attempt(case_id int) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    c malformed.cases;
    words text;
    before bigint;
    began timestamptz;
    took float8;
    stage text := 'import';
    model text;
    margins json;
    single json;
    leaves boolean;
    labelled json;
    failed text;
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    SELECT * INTO c FROM malformed.cases WHERE id = case_id;
    c.data := c.data || ''::bytea;      -- read it now, so that only the import is timed
    IF c.as_text THEN
        words := convert_from(c.data, 'UTF8');
    END IF;
    SELECT count(*) INTO before FROM riskml.model_version;
    BEGIN
        began := clock_timestamp();
        PERFORM set_config(key, value, true) FROM json_each_text(c.settings);
        IF c.as_text THEN
            model := format('malformed@%s', riskml.import_model('malformed', words));
        ELSE
            model := format('malformed@%s', riskml.import_model('malformed', c.data));
        END IF;
        took := extract(epoch FROM clock_timestamp() - began) * 1000;
        stage := 'score';
        SELECT to_json(array_agg(risk_margins(model, features, true) ORDER BY n)) INTO margins
          FROM malformed.probes;
        PERFORM risk_scores(model, features, true) FROM malformed.probes;
        single := malformed.single(model);
        stage := 'class';
        PERFORM malformed.has_class(model);
        stage := 'leaves';
        leaves := malformed.has_leaves(model);
        IF c.labels THEN
            stage := 'labels';
            SELECT to_json(array_agg(malformed.by_label(model, features) ORDER BY n))
              INTO labelled FROM malformed.labelled;
        END IF;
        stage := 'verify';
        SELECT string_agg(concat_ws(': ', item, v.detail), '; ') INTO failed
          FROM riskml.verify(model) v WHERE NOT passed;
        IF failed IS NOT NULL THEN
            RAISE EXCEPTION 'not verified: %', failed;
        END IF;
        stage := 'import';
        RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = 'accepted';
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        took := coalesce(took, extract(epoch FROM clock_timestamp() - began) * 1000);
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        IF state = 'ZZ000' THEN
            state := '00000';
            message := '';
        END IF;
    END;
    RETURN json_build_object(
        'stage', stage, 'state', state, 'message', message, 'detail', detail, 'hint', hint,
        'ms', took, 'margins', margins, 'single', single, 'leaves', leaves,
        'labelled', labelled,
        'stored', before <> (SELECT count(*) FROM riskml.model_version));
END
$$;

-- What an import that did nothing leaves as it was.
CREATE VIEW malformed.registry AS
    SELECT (SELECT count(*) FROM riskml.model) AS models,
           (SELECT count(*) FROM riskml.model_version) AS versions,
           (SELECT count(*) FROM riskml.model_alias) AS aliases,
           (SELECT count(*) FROM riskml.audit_log) AS audits;
