-- The demo of training, run by data/demo_train.sh from the project's root.
\pset footer off
\pset null -
\pset format wrapped
\pset columns 130

CREATE TABLE lending (
    id                         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    funded_amnt                int,
    term                       text,
    int_rate                   numeric,
    sub_grade                  text,
    addr_state                 text,
    verification_status        text,
    annual_inc                 numeric,
    emp_length                 text,
    delinq_2yrs                int,
    inq_last_6mths             int,
    revol_util                 numeric,
    acc_now_delinq             int,
    open_il_6m                 int,
    open_il_12m                int,
    open_il_24m                int,
    total_bal_il               int,
    all_util                   int,
    inq_fi                     int,
    inq_last_12m               int,
    delinq_amnt                int,
    num_il_tl                  int,
    total_il_high_credit_limit int,
    class                      text NOT NULL
);
\copy lending (funded_amnt, term, int_rate, sub_grade, addr_state, verification_status, annual_inc, emp_length, delinq_2yrs, inq_last_6mths, revol_util, acc_now_delinq, open_il_6m, open_il_12m, open_il_24m, total_bal_il, all_util, inq_fi, inq_last_12m, delinq_amnt, num_il_tl, total_il_high_credit_limit, class) FROM 'data/lending_club.csv' WITH (FORMAT csv, HEADER)
-- Every fifth loan is held out: no model sees it in training, gates and metrics are judged on it.
CREATE VIEW loans AS SELECT *, class = 'bad' AS bad FROM lending WHERE id % 5 > 0 ORDER BY id;
CREATE VIEW held_out AS SELECT *, class = 'bad' AS bad FROM lending WHERE id % 5 = 0;
ANALYZE lending;

CREATE ROLE anna LOGIN;       -- makes models
CREATE ROLE victor LOGIN;     -- approves them
GRANT USAGE ON SCHEMA riskml TO anna, victor;
GRANT SELECT ON loans, held_out TO anna, victor;
GRANT EXECUTE ON PROCEDURE riskml.train_model TO anna;
GRANT EXECUTE ON FUNCTION riskml.create_job TO anna;
\o /dev/null
SELECT riskml.adopt_jobs();
\o

\echo
\echo '1. A first model, from a query'
\echo '------------------------------'
\echo 'Loans of Lending Club; a loan is bad if it was not paid back.  Anna trains on what applicants say of themselves.  Of the rows'
\echo 'a fifth is held out, to end training when it brings nothing any more; five folds tell how sure the metric is.'
\echo
\connect - anna
\set ECHO queries
CALL riskml.train_model('lending',
    query => 'SELECT funded_amnt, annual_inc, emp_length, delinq_2yrs, inq_last_6mths, bad FROM loans',
    label => 'bad',
    params => '{"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "eval_metric": ["auc", "logloss"]}',
    num_boost_round => 300, early_stopping_rounds => 20, validation => 0.2, folds => 5, seed => 42,
    comment => 'what applicants say');
\set ECHO none
\echo 'As the first version of its name it is in production.  It is scored with the columns that it was trained on, texts included:'
\echo
\set ECHO queries
SELECT id, funded_amnt, annual_inc, emp_length, bad, round(risk_score('lending', l)::numeric, 4) AS score
FROM held_out l ORDER BY id LIMIT 5;
\set ECHO none

\echo '2. A better one'
\echo '---------------'
\echo 'With what the credit bureau knows, the interest rate, and categories; risk never falls with the rate, whatever the data say.'
\echo
\set ECHO queries
CALL riskml.train_model('lending',
    query => 'SELECT funded_amnt, term, int_rate, verification_status, annual_inc, emp_length, delinq_2yrs, inq_last_6mths,
                     revol_util, open_il_6m, open_il_12m, open_il_24m, total_bal_il, all_util, inq_fi, inq_last_12m, num_il_tl, bad FROM loans',
    label => 'bad',
    params => '{"objective": "binary:logistic", "max_depth": 3, "eta": 0.05, "eval_metric": ["auc", "logloss"]}',
    num_boost_round => 500, early_stopping_rounds => 30, validation => 0.2, folds => 5, seed => 42,
    monotone_constraints => '{"int_rate": 1}', comment => 'with the bureau''s data');
SELECT version, rows, validation_rows, rounds, best_iteration AS best,
       round((metrics -> 'train' -> 'auc' ->> best_iteration)::numeric, 4) AS auc_train,
       round((metrics -> 'validation' -> 'auc' ->> best_iteration)::numeric, 4) AS auc_held_out,
       (SELECT round(avg(a::numeric), 4) || ' +- ' || round(stddev(a::numeric), 4) FROM jsonb_array_elements_text(folds -> 'validation' -> 'auc') a) AS auc_of_folds
FROM riskml.trainings ORDER BY version;
\set ECHO none
\echo 'On loans that neither has seen:'
\echo
\set ECHO queries
SELECT metric, round(a.value::numeric, 4) AS "lending@1", round(b.value::numeric, 4) AS "lending@2"
FROM riskml.evaluate('lending@1', 'TABLE held_out', 'bad') a JOIN riskml.evaluate('lending@2', 'TABLE held_out', 'bad') b USING (metric)
WHERE metric IN ('auc', 'gini', 'ks_score', 'log_loss', 'brier');
\set ECHO none

\echo '3. Gates'
\echo '--------'
\echo 'What a version must show before it decides on loans, and who has to agree:'
\echo
\o /dev/null
\set ECHO queries
SELECT riskml.set_purpose('lending', 'Ranks applications for consumer loans by the risk that they are not paid back.
Not for loans to firms, and not for collections.');
SELECT riskml.set_gates('lending', '[
    {"name": "ranks well enough", "check": "metric", "metric": "auc", "min": 0.65},
    {"name": "no worse than the champion", "check": "champion", "metric": "auc", "tolerance": 0.01, "confidence": 0.95},
    {"name": "riskier rate, riskier loan", "check": "monotone", "inputs": {"int_rate": 1}},
    {"name": "probabilities hold", "check": "calibration", "metric": "expected_calibration_error", "max": 0.05}]',
    approval => 'manual', reason => 'policy MR-12');
SELECT riskml.grant_model('lending', 'victor', p) FROM unnest('{score,promote}'::text[]) p;
\set ECHO none
\o
\echo
\set ECHO queries
SELECT gate, check_type, passed, round(value::numeric, 4) AS value, threshold, champion FROM riskml.run_gates('lending@2', 'TABLE held_out', 'bad');
\set ECHO none
\echo 'All passed, but Anna cannot promote what nobody else has looked at:'
\echo
\set ON_ERROR_STOP 0
\set ECHO queries
SELECT riskml.promote('lending', 2, 'better by far');
\set ECHO none
SELECT :'SQLSTATE' = '55000' AS refused_unapproved \gset
\set ON_ERROR_STOP 1
\echo
\echo 'Victor logs in, and reads the model card (at the end).  Then:'
\echo
\connect - victor
\o /dev/null
\set ECHO queries
SELECT riskml.approve('lending@2', 'gates passed; the constraint on the rate is what policy asks for');
SELECT riskml.promote('lending', 2, 'MR-118');
\set ECHO none
\o
\echo
\connect - anna
SELECT model, version, aliases, objective, trees, comment FROM riskml.models ORDER BY version;

\echo '4. A challenger made worse on purpose'
\echo '-------------------------------------'
\echo 'Columns that tell much, but each loan has the label of another one:'
\echo
\set ECHO queries
CALL riskml.train_model('lending',
    query => 'SELECT funded_amnt, int_rate, annual_inc, revol_util, all_util, inq_last_12m,
                     lead(bad, 1, false) OVER (ORDER BY md5(id::text)) AS bad FROM loans',
    label => 'bad', params => '{"objective": "binary:logistic", "max_depth": 4}', num_boost_round => 60, seed => 42,
    comment => 'labels shuffled');
SELECT gate, passed, round(value::numeric, 4) AS value, threshold, champion FROM riskml.run_gates('lending@3', 'TABLE held_out', 'bad');
\set ECHO none
\echo 'It is refused, and the error says why:'
\echo
\set ON_ERROR_STOP 0
\set ECHO queries
SELECT riskml.promote('lending', 3, 'looks fine to me');
\set ECHO none
SELECT :'SQLSTATE' = '55000' AS refused_bad \gset
\set ON_ERROR_STOP 1
\echo
\echo '5. Raw columns: a recipe that is fitted in training'
\echo '---------------------------------------------------'
\echo 'Weight of evidence of texts and numbers, a median, states by their share of bad loans: all fitted to the training rows alone, anew for'
\echo 'each fold, and kept with the version.'
\echo
\set ECHO queries
CALL riskml.train_model('lending_woe',
    query => 'SELECT sub_grade, int_rate, annual_inc, emp_length, addr_state, revol_util, inq_last_12m, funded_amnt, bad FROM loans',
    label => 'bad',
    params => '{"objective": "binary:logistic", "max_depth": 2, "eta": 0.1, "eval_metric": "logloss"}',
    num_boost_round => 200, early_stopping_rounds => 20, validation => 0.2, folds => 3, seed => 42,
    recipe => '[
        {"feature": "sub_grade", "op": "woe", "convention": "ln_good_bad"},
        {"feature": "int_rate", "op": "pass"},
        {"feature": "income", "op": "impute", "input": "annual_inc", "strategy": "median"},
        {"feature": "employed", "op": "onehot", "input": "emp_length"},
        {"feature": "state", "op": "target_encode", "input": "addr_state", "smoothing": 100},
        {"feature": "revol_util", "op": "winsorize"},
        {"feature": "inquiries", "op": "woe", "input": "inq_last_12m", "convention": "ln_good_bad"},
        {"feature": "loan_to_income", "op": "ratio", "input": ["funded_amnt", "annual_inc"]}]');
SELECT id, sub_grade, addr_state, emp_length, bad, round(risk_score('lending_woe', l)::numeric, 4) AS score FROM held_out l ORDER BY id LIMIT 3;
SELECT round(value::numeric, 4) AS "auc on held-out loans" FROM riskml.evaluate('lending_woe', 'TABLE held_out', 'bad') WHERE metric = 'auc';
\set ECHO none

\echo '6. In a job'
\echo '-----------'
\echo 'A step of kind train: the version is stored in the transaction that records the step''s success, so there is one, whatever happens.'
\echo 'The next step runs the gates.'
\echo
SELECT json_build_object('model', 'lending', 'query', 'SELECT funded_amnt, int_rate, annual_inc, emp_length, revol_util, all_util, inq_last_12m, bad FROM loans', 'label', 'bad',
                         'params', '{"objective": "binary:logistic", "max_depth": 3, "eta": 0.1}'::json, 'num_boost_round', 60, 'seed', 42,
                         'comment', 'by the monthly job') AS retrain \gset
\o /dev/null
\set ECHO queries
SELECT riskml.create_job('monthly');
SELECT riskml.add_step('monthly', 'train', 'train', :'retrain');
SELECT riskml.add_step('monthly', 'gates', after => '{train}', command => $$SELECT riskml.run_gates('lending@staging', 'TABLE held_out', 'bad')$$);
\set ECHO none
\o
\echo
\set ECHO queries
CALL riskml.run_job_and_wait('monthly');
SELECT version, rows, rounds, step, run_id IS NOT NULL AS by_a_job FROM riskml.trainings WHERE model = 'lending' ORDER BY version DESC LIMIT 1;
\set ECHO none
\echo 'What keeps it from production:'
\echo
\set ECHO queries
SELECT gate, obstacle, detail FROM riskml.obstacles WHERE model = 'lending' AND version = 4;
\set ECHO none

\echo '7. The model card'
\echo '-----------------'
\echo 'SELECT riskml.model_card(''lending'');      -- Markdown'
\echo
\t on
\pset format unaligned
SELECT riskml.model_card('lending');
\t off
\pset format aligned

-- what has been shown must be true
\connect - postgres
SELECT (:'refused_unapproved' AND :'refused_bad' AND (SELECT version FROM riskml.model_alias JOIN riskml.model USING (model_id)
        WHERE name = 'lending' AND alias = 'production') = 2)::int AS as_told \gset
\if :as_told
    \echo 'The better version is in production, by approval of another; the worse one was refused.'
\else
    \warn 'The demo did not do what it tells.'
    \quit 1
\endif
