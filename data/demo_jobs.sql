-- The demo of jobs, run by data/demo_jobs.sh from the project's root.
\pset footer off
\pset null -

CREATE TABLE loans (
    id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status    text NOT NULL,
    seniority int,
    home      text,
    time      int,
    age       int,
    marital   text,
    records   text,
    job       text,
    expenses  int,
    income    int,
    assets    int,
    debt      int,
    amount    int CHECK (amount > 0),
    price     int,
    run       bigint DEFAULT riskml.run_id()    -- by which it was extracted
);

-- No keys: only the job engine keeps a loan from being there twice.
CREATE TABLE features (
    run bigint, id int, seniority int, time int, age int, expenses int, income int, assets int,
    debt int, amount int, price int, home_owner boolean, home_rent boolean, married boolean,
    records_yes boolean, job_fixed boolean, job_parttime boolean, job_freelance boolean
);
CREATE TABLE scored (run bigint, hour timestamptz, id int, score float8);

\set credit `base64 < data/models/credit_v1.json`
\o /dev/null
SELECT riskml.import_model('credit', decode(:'credit', 'base64'), comment => '40 trees');
SELECT riskml.adopt_jobs();
SELECT riskml.create_suite('loans', $$ {
    "name": "loans",
    "expectations": [
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "home"}},
        {"type": "expect_column_values_to_be_in_set",
         "kwargs": {"column": "home", "value_set": ["owner", "rent", "parents", "priv", "other"]}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "job"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "min_value": 18, "max_value": 100}},
        {"type": "expect_column_pair_values_a_to_be_greater_than_b",
         "kwargs": {"column_A": "price", "column_B": "amount", "or_equal": true}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "income", "mostly": 0.99}, "severity": "warning"},
        {"type": "expect_column_mean_to_be_between",
         "kwargs": {"column": "amount", "min_value": 500, "max_value": 2000}, "severity": "warning"}
    ]} $$);
\o
\unset credit

\echo
\echo '1. A job is a graph of steps'
\echo '----------------------------'
\echo 'Every hour the files that have arrived are extracted, the hour''s loans judged by a suite of Great'
\echo 'Expectations, transformed to what the model reads, and loaded with their scores.  The loans are real, but'
\echo 'have no dates: loan n belongs to hour n % 24 of each day.  A folder gets a file with half of them, three'
\echo 'rows broken on purpose:'
\echo
\setenv FOLDER :folder
\setenv N 1
\! data/arrive.sh
\echo
SELECT json_build_object('files', :'folder' || '/loans_*.csv', 'target', 'loans',
                         'options', json_build_object('settle', '0 s', 'max_bad_fraction', 0.01)) AS arrivals \gset
SELECT json_build_object('relation', 'loans', 'suite', 'loans',
                         'filter', 'id % 24 = extract(hour FROM riskml.interval_start() AT TIME ZONE ''UTC'')',
                         'on_failure', json_build_object('critical', 'quarantine', 'warning', 'warn'),
                         'remove', true) AS expected_loans \gset
\o /dev/null
\set ECHO queries
BEGIN;
SELECT riskml.create_job('etl_pipeline', '@hourly', start_at => '2025-05-29 00:00+00',
                         retries => 1, retry_delay => '1 second');
SELECT riskml.add_step('etl_pipeline', 'extract', 'ingest', :'arrivals');
SELECT riskml.add_step('etl_pipeline', 'check', 'expect', :'expected_loans', after => '{extract}');
SELECT riskml.add_step('etl_pipeline', 'transform', after => '{check}', command => $$
    INSERT INTO features
    SELECT riskml.run_id(), id, seniority, time, age, expenses, income, assets, debt, amount, price,
           home = 'owner', home = 'rent', marital = 'married', records = 'yes',
           job = 'fixed', job = 'partime', job = 'freelance'
    FROM loans WHERE id % 24 = extract(hour FROM riskml.interval_start() AT TIME ZONE 'UTC')
    $$);
SELECT riskml.add_step('etl_pipeline', 'load', after => '{transform}', command => $$
    INSERT INTO scored
    SELECT run, riskml.interval_start(), id, risk_score('credit', f)
    FROM features f, pg_sleep(0.01 + 0 * id)    -- slow for each loan, so that there is time to kill it
    WHERE run = riskml.run_id()
    $$);
COMMIT;
\set ECHO none
\o
\echo
\echo 'SELECT riskml.job_graph(''etl_pipeline'');'
\t on
\pset format unaligned
SELECT riskml.job_graph('etl_pipeline');
\t off
\pset format aligned

\echo
\echo '2. Run by hand'
\echo '--------------'
\echo 'It waits for the end: of the run for the latest whole hour.'
\echo
\set ECHO queries
CALL riskml.run_job_and_wait('etl_pipeline');
\set ECHO none

\echo
\echo '3. Loans are judged before they are used'
\echo '----------------------------------------'
\echo 'The suite is one that Great Expectations reads, too.  What it found, expectation by expectation:'
\echo
\set ECHO queries
SELECT n, type, columns, severity, success, unexpected_count AS unexpected, round(unexpected_percent, 1) AS percent, observed_value AS observed
FROM riskml.expectation_history ORDER BY validation, n;
\set ECHO none

\echo
\echo '4. Bad rows are kept'
\echo '--------------------'
\echo 'A file is loaded once, however often the step runs.  Its rows that cannot be loaded are in quarantine, with'
\echo 'the reason, and go in when they are put right.  So are loans that were not as expected, if any were.'
\echo
\set ECHO queries
SELECT line, column_name, left(reason, 72) AS reason, left(raw, 36) AS raw FROM riskml.quarantine ORDER BY id;
SELECT line, riskml.requeue(id, replace(raw, 'a lot', '320')) AS loaded FROM riskml.quarantine WHERE column_name = 'income' AND expectations IS NULL;
\set ECHO none
SELECT max(run_id) AS manual FROM riskml.runs WHERE kind = 'manual' \gset
\echo 'Another file arrives:'
\echo
\setenv N 2
\! data/arrive.sh

\echo
\echo '5. Backfilled for three hours of the past, and killed meanwhile'
\echo '---------------------------------------------------------------'
\echo 'A run for each hour that has none yet.  The process that does `load` of the second is killed'
\echo 'when it has written a part of its loans, upon which PostgreSQL restarts everything.'
\echo
\o /dev/null
\set ECHO queries
SELECT riskml.backfill('etl_pipeline', '2025-05-29 00:00+00', '2025-05-29 03:00+00');
\set ECHO none
\o
SELECT max(run_id) AS last, max(run_id) - 1 AS middle FROM riskml.runs WHERE kind = 'backfill' \gset
\setenv RUN :middle
\setenv STEP load
\! data/kill_step.sh
\c
CALL riskml.wait_run(:last, '60 seconds');

\echo
\echo '6. What happened'
\echo '----------------'
\echo 'Every run succeeded.  The killed step was tried again, as retries => 1 lets it; the steps before it'
\echo 'were not.  A step commits together with the record of its success, so what is recorded is there.'
\echo
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ECHO queries
SELECT run_id, kind, to_char(interval_start, 'YYYY-MM-DD HH24:MI') AS interval_start, state,
       (SELECT count(*) FROM scored WHERE run = run_id) AS scored
FROM riskml.runs ORDER BY run_id;
SELECT run_id, step, attempt, state, rows, round(1000 * extract(epoch FROM ended_at - started_at)) AS ms, message
FROM riskml.attempts ORDER BY started_at;
SELECT run_id, success, action, quarantined, statistics->'successful_expectations' AS as_expected, statistics->'unsuccessful_expectations' AS not_as_expected
FROM riskml.validations ORDER BY id;
\set ECHO none

\echo '7. Is it right?'
\echo '---------------'
\echo 'Each run''s loans and scores beside those that one query computes from the loans, without the job; and of'
\echo 'the loans of those hours, none that is not as expected is left.'
\echo
BEGIN ISOLATION LEVEL REPEATABLE READ;      -- a new hour may begin
CREATE TABLE expected AS
SELECT r.run_id AS run, r.interval_start AS hour, t.id, risk_score('credit', t) AS score
FROM riskml.runs r JOIN (
    SELECT l.*, home = 'owner' AS home_owner, home = 'rent' AS home_rent, marital = 'married' AS married,
           records = 'yes' AS records_yes, l.job = 'fixed' AS job_fixed, l.job = 'partime' AS job_parttime,
           l.job = 'freelance' AS job_freelance
    FROM loans l) t ON t.id % 24 = extract(hour FROM r.interval_start)
        AND coalesce(t.run, :manual + 1) <= r.run_id       -- was there already; the row put right came after the first
WHERE r.state = 'success';
SELECT (SELECT count(*) FROM expected) AS expected,
       (SELECT count(*) FROM scored) AS scored,
       (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE scored) x) AS missing,
       (SELECT count(*) FROM (TABLE scored EXCEPT ALL TABLE expected) x) AS unexpected;
\gset
SELECT :expected > 0 AND :scored = :expected AND :missing = 0 AND :unexpected = 0
       AND (SELECT count(*) >= 4 AND bool_and(state = 'success') FROM riskml.runs WHERE kind <> 'scheduled')
       AND (SELECT array_agg(state ORDER BY attempt) = '{failed,success}'
            FROM riskml.attempts WHERE run_id = :middle AND step = 'load')
       AND (SELECT array_agg(run_id ORDER BY run_id) FROM riskml.validations) = (SELECT array_agg(run_id ORDER BY run_id) FROM riskml.runs WHERE state = 'success')
       AND NOT EXISTS (SELECT FROM loans WHERE id % 24 < 3 AND (home IS NULL OR home = 'ignore' OR job IS NULL))
       AND (SELECT sum(quarantined) FROM riskml.validations)
           = (SELECT count(*) FROM riskml.quarantine WHERE expectations @> '[{"type": "expect_column_values_to_be_in_set"}]'
              OR expectations @> '[{"type": "expect_column_values_to_not_be_null"}]')
       AND (SELECT count(*) FROM riskml.quarantine WHERE expectations IS NOT NULL) > 0
       AND (SELECT count(*) FROM loans) + (SELECT count(*) FROM riskml.quarantine WHERE state = 'open') = 4454 AS right
\gset
COMMIT;
\if :right
    \echo 'OK: every loan of every run was scored exactly once, and right.'
\else
    \echo 'FAILED: the result of the job is not right.'
    DO $$BEGIN RAISE 'the result of the job is not right'; END$$;
\endif
