-- Adverse-action reasons; decisions and their replay.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset null (null)
SET extra_float_digits = -9;
CREATE TABLE regress_loan (id int PRIMARY KEY, income float8, debt float8, age int);
INSERT INTO regress_loan VALUES (1, 40, 5, 20), (2, 40, 15, 40), (3, 90, 0, 65), (4, 50, NULL, 30), (5, NULL, NULL, NULL);
SELECT riskml.import_model('regress_r', pg_temp.tiny_model());
SELECT riskml.import_model('regress_r', pg_temp.tiny_model(1));

-- ---- without definitions: no codes, names as texts
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
-- what speaks for the applicant is left out, the rest are the contributions
SELECT id, r.feature, r.contribution = c.value AS same FROM regress_loan l,
	LATERAL (SELECT ARRAY['income', 'debt', 'age'] AS names, risk_contributions('regress_r', l) AS c) x,
	LATERAL unnest(names, c[1:3]) c(feature, value), risk_reasons('regress_r', l, NULL) r WHERE r.feature = c.feature ORDER BY 1, 2;
SELECT count(*) FROM regress_loan l, LATERAL unnest((risk_contributions('regress_r', l))[1:3]) c WHERE c > 0;
SELECT count(*) FROM regress_loan l, risk_reasons('regress_r', l, NULL) r;
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l, n => 1) r ORDER BY id;
SELECT * FROM risk_reasons('regress_r', NULL::regress_loan);
SELECT * FROM risk_reasons(NULL, ROW(40, 5, 20));
SELECT rank, feature FROM risk_reasons('regress_r', ROW(90, 0, 65));
SELECT * FROM risk_reasons('regress_r', ROW(90, 0, 65), 0);
SELECT * FROM risk_reasons('regress_r', ROW(90, 0));
SELECT * FROM risk_reasons('regress_r', ROW(90, 0, 65), output => 1);
SELECT i, r.rank, r.feature FROM generate_series(1, 3) i LEFT JOIN regress_loan l ON l.id = i + 3 LEFT JOIN LATERAL risk_reasons('regress_r', l) r ON true ORDER BY 1, 2;

-- the planner passes just the columns, unless the row may be NULL as a whole
SELECT regexp_replace(l, '#\w+', '#...', 'g') AS plan FROM pg_temp.plan('SELECT id, r.rank, r.feature FROM regress_loan l, risk_reasons(''regress_r'', l, 2) r', 'VERBOSE,') l;
SELECT regexp_replace(l, '#\w+', '#...', 'g') AS plan FROM pg_temp.plan('SELECT risk_reasons(''regress_r'', l, reference => to_jsonb(l)) FROM regress_loan l', 'VERBOSE,') l;
SELECT l AS plan FROM pg_temp.plan('SELECT r.rank FROM generate_series(1, 3) i LEFT JOIN regress_loan l ON l.id = i + 3 LEFT JOIN LATERAL risk_reasons(''regress_r'', l) r ON true', 'VERBOSE,') l WHERE l ~ 'Call';
SELECT id, risk_reasons('regress_r', l, 1) FROM regress_loan l ORDER BY id;
SELECT id, r.* FROM (SELECT * FROM regress_loan WHERE id > 3) l, risk_reasons('regress_r', l, 1) r ORDER BY id;
SELECT r.* FROM riskml.reasons_columns('regress_r', NULL, NULL, 1, NULL, NULL, 90, 0, 65) r;
SELECT r.* FROM riskml.reasons_columns('regress_r', NULL, '{age,income,debt}', 1, NULL, NULL, 65, 90, 0) r;

-- ---- definitions
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "R1", "text": "Income"}, "debt": {"code": "R2", "text": "Too much debt"}, "age": {"excluded": true}}', 'by the book');
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
-- of this version only
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r@2', l) r WHERE id = 3 ORDER BY rank;
SELECT model, version, feature, code, text, reason_group, adverse, excluded, set_by = current_user AS mine FROM riskml.reasons ORDER BY feature;
SELECT riskml.get_reasons('regress_r'), riskml.get_reasons('regress_r@2');
-- a change is seen at once, and not after it is rolled back
BEGIN;
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "I"}, "*": {"excluded": true}}');
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
ROLLBACK;
SELECT r.* FROM regress_loan l, risk_reasons('regress_r', l) r WHERE id = 3;
-- also in one statement's subtransactions
DO $$
DECLARE t text;
BEGIN
	BEGIN
		PERFORM riskml.set_reasons('regress_r', '{"income": {"code": "inner"}}');
		SELECT string_agg(code, ',') INTO t FROM risk_reasons('regress_r', ROW(90, 0, 65));
		RAISE NOTICE 'inside: %', t;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		SELECT string_agg(code, ',') INTO t FROM risk_reasons('regress_r', ROW(90, 0, 65));
		RAISE NOTICE 'after: %', t;
	END;
END $$;
-- what lowers the margin is adverse
SELECT riskml.set_reasons('regress_r', '{"*": {"adverse": "decrease"}, "income": {"code": "R1", "text": "Income too low"}}');
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
SELECT feature, adverse FROM riskml.reasons ORDER BY feature;
-- groups: by name, or by one code; named by what is most adverse in them
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "R1", "text": "Income", "group": "means"}, "debt": {"code": "R2", "text": "Debt", "group": "means"}}');
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "R1"}, "age": {"code": "R1"}}');
SELECT id, r.* FROM regress_loan l, risk_reasons('regress_r', l) r ORDER BY id, rank;
SELECT riskml.set_reasons('regress_r', '{"*": {"excluded": true}}');
SELECT count(*) FROM regress_loan l, risk_reasons('regress_r', l) r;

-- ---- a reference applicant
SELECT riskml.set_reasons('regress_r', NULL, 'no longer');
SELECT l.id, r.* FROM regress_loan l, LATERAL risk_reasons('regress_r', l, reference => '{"income": 40, "debt": 5, "age": 20}') r ORDER BY id, rank;
-- nothing speaks against whoever is the reference
SELECT count(*) FROM regress_loan l, risk_reasons('regress_r', l, NULL, to_jsonb(l)) r;
-- differences of contributions add up to that of the margins
SELECT l.id, abs(sum(r.contribution) - (risk_margin('regress_r', l) - -0.25)) < 1e-6 AS adds_up FROM regress_loan l,
	LATERAL (SELECT contribution FROM risk_reasons('regress_r', l, NULL, '{"income": 40, "debt": 15, "age": 40}')
		UNION ALL SELECT -contribution FROM risk_reasons('regress_r', ROW(40, 15, 40), NULL, to_jsonb(l))) r GROUP BY l.id, l ORDER BY 1;
SELECT * FROM risk_reasons('regress_r', ROW(90, 0, 65), reference => '{"income": 40}');
SELECT * FROM risk_reasons('regress_r', ROW(90, 0, 65), reference => '[40, 5, 20]');

-- ---- what is wrong with definitions
SELECT riskml.set_reasons('regress_r', '{"incme": {"code": "R1"}}');
SELECT riskml.set_reasons('regress_r', '{"Income": {"code": "R1"}}');
SELECT riskml.set_reasons('regress_r', '[]');
SELECT riskml.set_reasons('regress_r', '"R1"');
SELECT riskml.set_reasons('regress_r', '{"income": "R1"}');
SELECT riskml.set_reasons('regress_r', '{"income": null}');
SELECT riskml.set_reasons('regress_r', '{"income": {"cod": "R1"}}');
SELECT riskml.set_reasons('regress_r', '{"income": {"code": 1}}');
SELECT riskml.set_reasons('regress_r', '{"income": {"code": " "}}');
SELECT riskml.set_reasons('regress_r', jsonb_build_object('income', jsonb_build_object('code', repeat('x', 64))));
SELECT riskml.set_reasons('regress_r', jsonb_build_object('income', jsonb_build_object('text', repeat('x', 4001))));
SELECT riskml.set_reasons('regress_r', '{"income": {"adverse": "up"}}');
SELECT riskml.set_reasons('regress_r', '{"income": {"excluded": "yes"}}');
SELECT riskml.set_reasons('regress_r', '{"*": {"code": "R1"}}');
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "R1", "group": "a"}, "debt": {"code": "R1"}}');
SELECT riskml.set_reasons('regress_r', '{"income": {"group": "a", "adverse": "decrease"}, "debt": {"group": "a"}}');
SELECT riskml.set_reasons('regress_r', NULL);
SELECT riskml.set_reasons('regress_r', '{}', ' ');
SELECT riskml.set_reasons('regress_r@9', '{}');
SELECT riskml.set_reasons(NULL, '{}');
SELECT count(*) FROM riskml.reasons;
SELECT riskml.set_reasons('regress_r', jsonb_build_object('income', jsonb_build_object('code', repeat('x', 63), 'group', repeat('x', 63), 'text', repeat('x', 4000), 'excluded', null)));
SELECT length(code), length(text), length(reason_group), excluded FROM riskml.reasons;
BEGIN READ ONLY;
SELECT riskml.set_reasons('regress_r', '{}');
ROLLBACK;

-- ---- who may
CREATE ROLE regress_scorer;
CREATE ROLE regress_nobody;
SELECT riskml.grant_model('regress_r', 'regress_scorer');
GRANT SELECT ON regress_loan TO regress_scorer, regress_nobody;
SELECT riskml.set_reasons('regress_r', '{"income": {"code": "R1", "text": "Income"}}');
SET ROLE regress_scorer;
SELECT r.* FROM regress_loan l, risk_reasons('regress_r', l) r WHERE id = 3;
SELECT code FROM riskml.reasons;
SELECT riskml.get_reasons('regress_r');
SELECT riskml.set_reasons('regress_r', '{}');
TABLE riskml.model_reasons;
SET ROLE regress_nobody;
SELECT r.* FROM regress_loan l, risk_reasons('regress_r', l) r WHERE id = 3;
SELECT code FROM riskml.reasons;
SELECT riskml.get_reasons('regress_r');
RESET ROLE;

-- ---- the audit log
SELECT action, model, from_version, to_version, detail, reason FROM riskml.audit_log WHERE action LIKE '%reasons' ORDER BY seq LIMIT 2;
SELECT action, count(*) FROM riskml.audit_log WHERE action LIKE '%reasons' GROUP BY 1 ORDER BY 1;
SELECT * FROM riskml.verify_audit();

-- ---- decisions
CREATE TABLE regress_decision AS SELECT id, riskml.decision('regress_r', l) AS d, l AS loan FROM regress_loan l;
SELECT id, regexp_replace(d ->> 'model', '#\w+', '#...') AS model, d ->> 'margin' AS margin, d ->> 'score' AS score, d -> 'n' AS n, length(d ->> 'identity') AS identity, length(d ->> 'inputs') AS inputs,
	length(d ->> 'definitions') AS definitions, d -> 'reasons' -> 0 ->> 'code' AS code FROM regress_decision ORDER BY id;
SELECT jsonb_object_keys(d) FROM regress_decision WHERE id = 3 ORDER BY 1;
SELECT count(*), count(DISTINCT d ->> 'inputs') FROM regress_decision;
SELECT d ->> 'model' = risk_version('regress_r') AS pinned, d -> 'score' = to_jsonb(risk_score('regress_r', loan)) AS score FROM regress_decision;
SET extra_float_digits = 1;
SELECT (d -> 'reasons') = (SELECT jsonb_agg(to_jsonb(r) ORDER BY rank) FROM risk_reasons('regress_r', loan) r) AS reasons FROM regress_decision WHERE id = 3;
SET extra_float_digits = -9;
-- replays: equal
SELECT item, count(*) FILTER (WHERE equal) AS equal, count(*) FILTER (WHERE NOT equal) AS different FROM regress_decision, riskml.replay(d, loan) GROUP BY 1 ORDER BY 1;
SELECT riskml.decision('regress_r', NULL::regress_loan), riskml.decision(NULL, ROW(1, 2, 3));
SELECT * FROM riskml.replay(NULL, ROW(40, 5, 20));
-- the same values in columns of other types, in another order; NaN and NULL; 0 and -0; what float32 does not tell apart
SELECT (riskml.decision('regress_r', x) ->> 'inputs') = d ->> 'inputs' AS same FROM regress_decision,
	(SELECT 40::smallint AS age, 'x' AS other, 15::numeric AS debt, 40::real AS income OFFSET 0) x WHERE id = 2;
SELECT (riskml.decision('regress_r', x) ->> 'inputs') = d ->> 'inputs' AS same FROM regress_decision,
	(SELECT 'NaN'::float8 AS age, NULL::int AS debt, 'NaN'::numeric AS income OFFSET 0) x WHERE id = 5;
SELECT count(DISTINCT riskml.decision('regress_r', ROW(x, 0, 0)) ->> 'inputs') FROM unnest('{0,-0}'::float8[]) x;
SELECT count(DISTINCT riskml.decision('regress_r', ROW(x, 0, 0)) ->> 'inputs') FROM unnest('{16777216,16777217}'::int[]) x;
SELECT count(DISTINCT riskml.decision('regress_r', ROW(x, 0, 0)) ->> 'inputs') FROM unnest('{1,2,1.5,NULL}'::float8[]) x;
-- the hash as docs/reasons.md has it
SELECT encode(sha256(int8send(15) || 'riskml inputs 1'::bytea || int8send(3) || int8send(6) || 'income'::bytea || 'n'::bytea || float8send(50)
	|| int8send(4) || 'debt'::bytea || 'm'::bytea || int8send(3) || 'age'::bytea || 'n'::bytea || float8send(30)), 'hex') = d ->> 'inputs' AS same FROM regress_decision WHERE id = 4;
-- a replay says what differs
SELECT item, equal, problem FROM regress_decision, riskml.replay(d, ROW(90, 0, 64)) WHERE id = 3;
SELECT item, equal, problem FROM regress_decision, riskml.replay(d, ROW(40, 5, 20)) WHERE id = 3;
SELECT item, recorded, now, problem FROM regress_decision, riskml.replay(jsonb_set(d, '{margin,0}', '"40600001"'), loan) WHERE id = 3 AND NOT equal;
SELECT item, recorded, now, problem FROM regress_decision, riskml.replay(jsonb_set(d, '{score}', '3.6'), loan) WHERE id = 3 AND NOT equal;
SELECT item, problem FROM regress_decision, riskml.replay(jsonb_set(d, '{reasons,0,text}', '"Age"'), loan) WHERE id = 3 AND NOT equal;
SELECT x, item, problem FROM regress_decision, unnest('{1.40454,1.404545,1.40455,-1.404545,"NaN",null}'::text[]) x, riskml.replay(jsonb_set(d, '{reasons,0,contribution}', coalesce(to_jsonb(x::numeric), 'null')), loan) WHERE id = 3 AND NOT equal;
SELECT x, item, problem FROM regress_decision, unnest(ARRAY['{}', '[]', '[1]', '[1, 2, 3]', 'x']) x, riskml.replay(jsonb_set(d, '{reasons}', CASE x WHEN 'x' THEN '"x"' ELSE x::jsonb END), loan) WHERE id = 3 AND NOT equal;
SELECT item, problem FROM regress_decision, riskml.replay(d - 'identity' - 'inputs', loan) WHERE id = 3 AND NOT equal;
SELECT item, problem FROM regress_decision, riskml.replay(jsonb_set(d, '{identity}', to_jsonb(left(d ->> 'identity', 63) || 'g')), loan) WHERE id = 3 AND NOT equal;
-- by the version that decided, whatever is in production; a plan made before gives the reasons of the version that is in production now
SET plan_cache_mode = force_generic_plan;
PREPARE regress_codes AS SELECT id, string_agg(coalesce(code, '-'), ' ' ORDER BY rank) FROM regress_loan l, risk_reasons('regress_r', l) GROUP BY id ORDER BY id;
EXECUTE regress_codes;
SELECT riskml.promote('regress_r', 2, 'better');
EXECUTE regress_codes;
RESET plan_cache_mode;
SELECT risk_score('regress_r', l) FROM regress_loan l WHERE id = 3;
SELECT item, equal FROM regress_decision, riskml.replay(d, loan) WHERE id = 3;
-- other definitions
SELECT riskml.set_reasons('regress_r@1', '{"income": {"code": "R7", "text": "Income"}}');
SELECT item, equal, problem FROM regress_decision, riskml.replay(d, loan) WHERE id = 3;
-- a reference applicant, all reasons, none
CREATE TABLE regress_decision2 AS SELECT riskml.decision('regress_r', l, n, r) AS d, l AS loan FROM regress_loan l,
	(VALUES (NULL, NULL), (1, '{"income": 40, "debt": 5, "age": 20}'::jsonb), (0, NULL), (4, '{"income": null, "debt": null, "age": null}')) v(n, r);
SELECT d -> 'n' AS n, d ->> 'reference' AS reference, max(jsonb_array_length(d -> 'reasons')) AS reasons, bool_and(equal) AS equal
FROM regress_decision2, riskml.replay(d, loan) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT riskml.decision('regress_r', ROW(1, 2, 3), -1);
-- what is no decision
SELECT * FROM riskml.replay('[]', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 2}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": 7}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_r"}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "a@b@c"}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_r", "n": 1.5}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_r", "n": 1e99}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_r", "reference": 3}', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_none@1#0123456789abcdef"}', ROW(1, 2, 3));
-- who may not score may not replay, nor learn what is there
SET ROLE regress_scorer;
SELECT bool_and(equal) FROM riskml.replay(riskml.decision('regress_r', ROW(1, 2, 3)), ROW(1, 2, 3));
RESET ROLE;
SELECT d AS decision FROM regress_decision WHERE id = 3 \gset
SET ROLE regress_nobody;
SELECT riskml.decision('regress_r', ROW(1, 2, 3));
SELECT * FROM riskml.replay(:'decision', ROW(1, 2, 3));
SELECT * FROM riskml.replay('{"format": 1, "model": "regress_r@9#0123456789abcdef"}', ROW(1, 2, 3));
RESET ROLE;
-- a version that is gone, and one that another has taken the place of
SELECT riskml.drop_version('regress_r', 1, 'old');
SELECT count(*) FROM riskml.model_reasons;
SELECT item, recorded IS NOT NULL AS recorded, now, equal, problem FROM regress_decision, riskml.replay(d, loan) WHERE id = 3;
SELECT regexp_replace(problem, '#\w+', '#...') AS problem FROM regress_decision, riskml.replay(jsonb_set(d, '{model}', '"regress_r@2#0123456789abcdef"'), loan) WHERE id = 3 AND item = 'model';

-- ---- several outputs: one of them has reasons
CREATE FUNCTION pg_temp.three_classes() RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(m, '{learner,objective}', '{"name": "multi:softprob", "softmax_multiclass_param": {"num_class": "3"}}'),
		'{learner,learner_model_param,num_class}', '"3"'), '{learner,gradient_booster,model,tree_info}', '[0, 2]'),
		'{learner,gradient_booster,model,iteration_indptr}', '[0, 2]'), '{version}', '[2, 1, 4]')::text
	FROM (SELECT pg_temp.tiny_model()::jsonb) t(m) $$;
SELECT riskml.import_model('regress_multi', pg_temp.three_classes());
SELECT * FROM risk_reasons('regress_multi', ROW(90, 0, 65));
SELECT output, r.* FROM generate_series(0, 2) output, risk_reasons('regress_multi', ROW(90, 0, 65), output => output) r;
SELECT * FROM risk_reasons('regress_multi', ROW(90, 0, 65), output => 3);
SELECT riskml.decision('regress_multi', ROW(90, 0, 65));
SELECT d -> 'margin' AS margin, jsonb_array_length(d -> 'score') AS scores, d -> 'output' AS output, d -> 'reasons' AS reasons, r.*
FROM (SELECT riskml.decision('regress_multi', ROW(90, 0, 65), n => 0)) d(d), LATERAL (SELECT bool_and(equal) AS equal FROM riskml.replay(d, ROW(90, 0, 65))) r;
SELECT d -> 'output' AS output, jsonb_path_query_array(d, '$.reasons[*].feature') AS reasons, r.*
FROM (SELECT riskml.decision('regress_multi', ROW(90, 0, 65), output => 2)) d(d), LATERAL (SELECT bool_and(equal) AS equal FROM riskml.replay(d, ROW(90, 0, 65))) r;

-- ---- a recipe: raw columns, and features that are named
CREATE TABLE regress_raw (id int, salary numeric, state text, note text, born date);
INSERT INTO regress_raw VALUES (1, 90, 'by', 'a', '1960-01-01'), (2, 40, 'nw', 'b', '2000-01-01'), (3, 90, NULL, NULL, NULL), (4, NULL, 'elsewhere', 'c', '1990-06-15');
SELECT riskml.import_model('regress_recipe', pg_temp.tiny_model(features => '{salary,debt,years}'), recipe => $$[
	{"feature": "salary", "op": "pass"},
	{"feature": "state code", "op": "ordinal", "input": "state", "categories": ["by", "he", "nw"], "output": false},
	{"feature": "debt", "op": "standardize", "input": "state code", "mean": 0, "std": 0.2},
	{"feature": "age", "op": "age_days", "input": "born", "reference": "2026-01-01", "output": false},
	{"feature": "years", "op": "standardize", "input": "age", "mean": 0, "std": 365.25}]$$);
SELECT id, r.* FROM regress_raw l, risk_reasons('regress_recipe', l) r ORDER BY id, rank;
-- an input that has the name of a feature is the input
SELECT riskml.set_reasons('regress_recipe', '{"salary": {"code": "R1", "text": "Salary"}, "debt": {"code": "R2", "text": "Debt as the state has it"}, "born": {"code": "R3", "text": "Age"}}');
SELECT id, r.* FROM regress_raw l, risk_reasons('regress_recipe', l) r ORDER BY id, rank;
-- features of one column, of which one is apart
SELECT riskml.set_reasons('regress_recipe', '{"years": {"code": "R4", "text": "Years"}, "state": {"excluded": true}}');
SELECT id, r.* FROM regress_raw l, risk_reasons('regress_recipe', l, reference => '{"salary": 40, "state": "by", "born": "1990-01-01"}') r ORDER BY id, rank;
SELECT riskml.set_reasons('regress_recipe', '{"yers": {"code": "R4"}}');
SELECT riskml.set_reasons('regress_recipe', '{"note": {"code": "R4"}}');
SELECT id, risk_reasons('regress_recipe', l, reference => '{"salary": 40, "state": "by"}') FROM regress_raw l;
-- texts are hashed as they are, also those that the recipe does not know
CREATE TABLE regress_decision3 AS SELECT id, riskml.decision('regress_recipe', l) AS d FROM regress_raw l;
SELECT bool_and(equal) FROM regress_decision3 JOIN regress_raw l USING (id), riskml.replay(d, l);
SELECT item, equal FROM regress_decision3, riskml.replay(d, ROW(NULL::int, 'elsewhere or not', date '1990-06-15')) WHERE id = 4;
SELECT bool_and(equal) FROM regress_decision3, riskml.replay(d, ROW(40::int8, 'nw'::char(9), timestamp '2000-01-01')) WHERE id = 2;
SELECT encode(sha256(int8send(15) || 'riskml inputs 1'::bytea || int8send(3) || int8send(6) || 'salary'::bytea || 'n'::bytea || float8send(40)
	|| int8send(5) || 'state'::bytea || 't'::bytea || int8send(2) || 'nw'::bytea || int8send(4) || 'born'::bytea || 'n'::bytea || float8send(0)), 'hex') = d ->> 'inputs' AS same
FROM regress_decision3 WHERE id = 2;
-- by the clock of Berlin both are 2:30, but the model also reads UTC
SELECT riskml.import_model('regress_zones', pg_temp.tiny_model(), recipe => $$[
	{"feature": "income", "op": "age_days", "input": "at", "reference": "2026-01-01", "time_zone": "Europe/Berlin"},
	{"feature": "debt", "op": "age_days", "input": "at", "reference": "2026-01-01", "time_zone": "UTC"}, {"feature": "age", "op": "pass"}]$$);
SELECT count(DISTINCT riskml.decision('regress_zones', ROW(at, 20)) ->> 'inputs') FROM unnest('{2025-10-26 00:30+00,2025-10-26 01:30+00}'::timestamptz[]) at;
-- NULL is missing, but the texts '' and 'NULL' are not
SELECT count(DISTINCT riskml.decision('regress_recipe', ROW(1, s, date '2000-01-01')) ->> 'inputs') FROM unnest('{NULL,"","NULL"," "}'::text[]) s;

-- ---- in PL/pgSQL, where statements share call sites; a model by column
CREATE FUNCTION pg_temp.first_codes() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c text; result text := '';
BEGIN
	FOR i IN 1..4 LOOP
		PERFORM riskml.set_reasons('regress_r', jsonb_build_object('income', jsonb_build_object('code', 'C' || i / 2)));
		SELECT code INTO c FROM risk_reasons('regress_r', ROW(90, 0, 65)) WHERE feature = 'income';
		result := result || c || ' ';
	END LOOP;
	RETURN result;
END $$;
SELECT pg_temp.first_codes();
SELECT m, r.rank, r.code, r.feature FROM unnest('{regress_r,regress_recipe,regress_r@2}'::text[]) WITH ORDINALITY u(m, i),
	LATERAL risk_reasons(m, (SELECT x FROM (SELECT 90 AS income, 0 AS debt, 65 AS age, 90 AS salary, 'nw' AS state, date '1960-01-01' AS born) x), 2) r ORDER BY i, rank;
-- in parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(*), sum(r.contribution) FROM regress_loan l, risk_reasons('regress_r', l) r;
SELECT count(*), sum(r.contribution) FROM regress_loan l, risk_reasons('regress_r', l) r;
SELECT count(DISTINCT riskml.decision('regress_r', l)) FROM regress_loan l;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- no setting of the session matters, nor the kernel
SELECT md5(string_agg(riskml.decision('regress_recipe', l)::text, ',' ORDER BY id)) AS before FROM regress_raw l \gset
SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET extra_float_digits = 0; SET search_path = pg_catalog; SET bytea_output = escape; SET riskml.kernel = scalar;
SELECT md5(string_agg(riskml.decision('regress_recipe', l)::text, ',' ORDER BY id)) = :'before' AS same FROM public.regress_raw l;
RESET ALL;

DROP TABLE regress_loan, regress_raw, regress_decision, regress_decision2, regress_decision3;
SELECT pg_temp.drop_models('regress_r', 'regress_multi', 'regress_recipe');
SELECT count(*) FROM riskml.model_reasons;
DROP ROLE regress_scorer, regress_nobody;
