-- The demo, run by data/demo.sh from the project's root.
\pset footer off
\pset null -

\echo
\echo '1. Real loans'
\echo '-------------'
\echo 'credit: loans of a Spanish bank.  lending: peer-to-peer loans of Lending Club.'
\echo

-- Numbers are used as they are.  Where a text column matters to the models of sections 2 to 4, a true/false
-- column is made from it; an unknown (NULL) stays unknown, which XGBoost calls missing.  Section 5 needs no such columns.
CREATE TABLE credit (
    id            int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status        text NOT NULL,
    seniority     int,
    home          text,
    time          int,
    age           int,
    marital       text,
    records       text,
    job           text,
    expenses      int,
    income        int,
    assets        int,
    debt          int,
    amount        int,
    price         int,
    home_owner    boolean GENERATED ALWAYS AS (home = 'owner') STORED,
    home_rent     boolean GENERATED ALWAYS AS (home = 'rent') STORED,
    married       boolean GENERATED ALWAYS AS (marital = 'married') STORED,
    records_yes   boolean GENERATED ALWAYS AS (records = 'yes') STORED,
    job_fixed     boolean GENERATED ALWAYS AS (job = 'fixed') STORED,
    job_parttime  boolean GENERATED ALWAYS AS (job = 'partime') STORED,
    job_freelance boolean GENERATED ALWAYS AS (job = 'freelance') STORED
);
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
    class                      text NOT NULL,
    term_60      boolean GENERATED ALWAYS AS (term = 'term_60') STORED,
    verified     boolean GENERATED ALWAYS AS (verification_status = 'Verified') STORED,
    not_verified boolean GENERATED ALWAYS AS (verification_status = 'Not_Verified') STORED,
    emp_ge_10    boolean GENERATED ALWAYS AS (emp_length = 'emp_ge_10') STORED,
    emp_unknown  boolean GENERATED ALWAYS AS (emp_length = 'emp_unk') STORED
);
\copy credit (status, seniority, home, time, age, marital, records, job, expenses, income, assets, debt, amount, price) FROM 'data/credit_data.csv' WITH (FORMAT csv, HEADER)
\copy lending (funded_amnt, term, int_rate, sub_grade, addr_state, verification_status, annual_inc, emp_length, delinq_2yrs, inq_last_6mths, revol_util, acc_now_delinq, open_il_6m, open_il_12m, open_il_24m, total_bal_il, all_util, inq_fi, inq_last_12m, delinq_amnt, num_il_tl, total_il_high_credit_limit, class) FROM 'data/lending_club.csv' WITH (FORMAT csv, HEADER)
ANALYZE credit, lending;

SELECT 'credit' AS "table", count(*) AS loans, count(*) FILTER (WHERE status = 'bad') AS bad FROM credit
UNION ALL
SELECT 'lending', count(*), count(*) FILTER (WHERE class = 'bad') FROM lending;

\echo '2. Models trained in Python, imported into the database'
\echo '-------------------------------------------------------'
\echo 'data/train_demo.py wrote them with XGBoost save_model(), as JSON and as UBJSON:'
\echo
\echo '    SELECT riskml.import_model(''credit'', <bytes of the file>);'
\echo
\set credit_v1 `base64 < data/models/credit_v1.json`
\set credit_v2 `base64 < data/models/credit_v2.ubj`
\set lending   `base64 < data/models/lending.ubj`
\o /dev/null
SELECT riskml.import_model('credit', decode(:'credit_v1', 'base64'), comment => '40 trees');
SELECT riskml.import_model('credit', decode(:'credit_v2', 'base64'), comment => '160 trees');
SELECT riskml.import_model('lending', decode(:'lending', 'base64'), comment => '80 trees, dart');
\o
\unset credit_v1
\unset credit_v2
\unset lending
SELECT model, version, aliases, objective, booster, trees, features
FROM riskml.models
ORDER BY model, version;

\echo '3. Ten loans and how likely each is to go bad'
\echo '---------------------------------------------'
\echo 'Loans that the model has not seen in training. ''credit'' means its version in production.'
\echo
\set ECHO queries
SELECT id, amount, income, job, records, status,
       round(risk_score('credit', c)::numeric, 4) AS score
FROM credit c
WHERE id % 5 = 0
ORDER BY id
LIMIT 10;
\set ECHO none

\echo '4. Every loan scored, every score compared with XGBoost'
\echo '-------------------------------------------------------'
\echo 'data/compare.py scores the same CSV rows with XGBoost in Python.'
\echo '(margin: the raw sum of the trees, before it becomes a probability)'
\echo
CREATE TABLE scored AS
    SELECT 'credit@1' AS model, id, status = 'bad' AS bad,
           risk_score('credit', c) AS score, risk_margin('credit', c) AS margin
    FROM credit c
    UNION ALL
    SELECT 'credit@2', id, status = 'bad',
           risk_score('credit@staging', c), risk_margin('credit@staging', c)
    FROM credit c
    UNION ALL
    SELECT 'lending@1', id, class = 'bad',
           risk_score('lending', l), risk_margin('lending', l)
    FROM lending l;
\copy (SELECT model, id, margin, score FROM scored ORDER BY model, id) TO PROGRAM 'data/compare.py' WITH (FORMAT csv)

\echo
\echo '5. From raw columns, text included: a recipe that travels with the model'
\echo '------------------------------------------------------------------------'
\echo 'What tells good loans from bad ones: information value of every column, and weight of evidence of one.'
\echo
CREATE VIEW credit_raw AS
    SELECT id, seniority, home, time, age, marital, records, job, expenses, income, assets, debt, amount, price, status = 'bad' AS bad FROM credit;
CREATE VIEW credit_seen AS SELECT * FROM credit_raw WHERE id % 5 > 0;
\set ECHO queries
SELECT column_name, round(iv::numeric, 4) AS iv, n_bins, round(missing_share::numeric, 3) AS missing, strength
FROM riskml.iv('SELECT seniority, records, job, income, home, marital, age, debt, bad FROM credit_seen', 'bad');
SELECT bin_label, n_rows, round(share::numeric, 3) AS share, n_good, n_bad, round(bad_rate::numeric, 3) AS bad_rate,
       round(woe::numeric, 4) AS woe, round(iv::numeric, 4) AS iv
FROM riskml.woe_table('TABLE credit_seen', 'income', 'bad', 'ln_good_bad');
\set ECHO none
\echo 'Steps make features of raw columns; fit_recipe() finds what they need, here bins, medians and categories:'
\echo
\set ECHO queries
CREATE TABLE recipe AS SELECT riskml.fit_recipe('[
    {"feature": "seniority", "op": "woe", "convention": "ln_good_bad"},
    {"feature": "income_woe", "op": "woe", "input": "income", "convention": "ln_good_bad"},
    {"feature": "income", "op": "impute", "strategy": "median", "missing_indicator": true},
    {"feature": "debt_to_assets", "op": "ratio", "input": ["debt", "assets"]},
    {"feature": "assets", "op": "log1p"},
    {"feature": "financed", "op": "ratio", "input": ["amount", "price"]},
    {"feature": "amount", "op": "winsorize"}, {"feature": "price", "op": "pass"}, {"feature": "expenses", "op": "pass"},
    {"feature": "age", "op": "quantile_bucketize", "n_bins": 10}, {"feature": "time", "op": "pass"},
    {"feature": "home", "op": "woe", "convention": "ln_good_bad"}, {"feature": "marital", "op": "target_encode"},
    {"feature": "records", "op": "ordinal"}, {"feature": "job", "op": "onehot"}]',
    'TABLE credit_seen', 'bad') AS recipe;
SELECT step FROM recipe, jsonb_array_elements(recipe) step WHERE step ->> 'feature' IN ('income', 'amount', 'records');
\set ECHO none
\echo 'XGBoost trains on the features in Python (data/on_features.py); recipe and model are imported as one version:'
\echo
\echo '    SELECT riskml.import_model(''credit_raw'', <bytes of the file>, recipe => recipe) FROM recipe;'
\echo
\copy (SELECT label, features FROM recipe, riskml.training_features(recipe, 'SELECT * FROM credit_seen ORDER BY id', 'bad')) TO PROGRAM 'data/on_features.py train "$DEMO_MODEL"' WITH (FORMAT csv)
\set credit_raw `base64 < "$DEMO_MODEL"`
\o /dev/null
SELECT riskml.import_model('credit_raw', decode(:'credit_raw', 'base64'), recipe => recipe, comment => 'from raw columns') FROM recipe;
\o
\unset credit_raw
\set ECHO queries
SELECT id, home, marital, job, records, income, assets, round(risk_score('credit_raw', c)::numeric, 4) AS score
FROM credit_raw c WHERE id % 5 = 0 ORDER BY id LIMIT 5;
SELECT feature, value FROM credit_raw c, riskml.transform('credit_raw', c) WHERE id = 5;
\set ECHO none
\copy (SELECT risk_margin('credit_raw', c), riskml.apply_recipe(recipe, c) FROM recipe, credit_raw c) TO PROGRAM 'data/on_features.py compare "$DEMO_MODEL"' WITH (FORMAT csv)

\echo
\echo '6. How well the models tell good loans from bad ones'
\echo '----------------------------------------------------'
\echo 'On held-out loans: every fifth loan, which no model has seen in training.  AUC: 1 is perfect, 0.5 is chance.'
\echo
CREATE VIEW credit_held_out AS SELECT *, status = 'bad' AS bad FROM credit WHERE id % 5 = 0;
CREATE VIEW lending_held_out AS SELECT *, class = 'bad' AS bad FROM lending WHERE id % 5 = 0;
\set ECHO queries
SELECT metric, trim_scale(round(a.value::numeric, 4)) AS "credit@1", trim_scale(round(b.value::numeric, 4)) AS "credit@2",
       trim_scale(round(d.value::numeric, 4)) AS "credit_raw@1", trim_scale(round(c.value::numeric, 4)) AS "lending@1"
FROM riskml.evaluate('credit@1', 'TABLE credit_held_out', label => 'bad') a
JOIN riskml.evaluate('credit@2', 'TABLE credit_held_out', label => 'bad') b USING (metric)
JOIN riskml.evaluate('credit_raw@1', 'TABLE credit_held_out', label => 'bad') d USING (metric)
JOIN riskml.evaluate('lending@1', 'TABLE lending_held_out', label => 'bad') c USING (metric);
\set ECHO none
\echo 'Is version 2 better, or is that chance?  Intervals of 95 % for the differences:'
\echo
\set ECHO queries
SELECT metric, round(value_a::numeric, 4) AS "credit@1", round(value_b::numeric, 4) AS "credit@2",
       round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, round(p_value::numeric, 4) AS p, method
FROM riskml.compare('credit@1', 'credit@2', 'TABLE credit_held_out', label => 'bad')
WHERE metric IN ('auc', 'ks_score', 'log_loss');
\set ECHO none

\echo '7. What has changed: the newer half of Lending Club''s loans beside the older'
\echo '----------------------------------------------------------------------------'
\echo 'Ten bins of equal counts; PSI says how far the shares are apart, the threshold what chance alone exceeds in 5 % of cases.'
\echo 'Inputs that the model reads, and its score; the largest PSI first.'
\echo
\o /dev/null
\set ECHO queries
SELECT riskml.set_baseline('lending', 'SELECT * FROM lending WHERE id <= 4929', reason => 'the older half');
\set ECHO none
\o
\echo
\set ECHO queries
SELECT column_name, round(psi::numeric, 4) AS psi, round(psi_threshold::numeric, 4) AS threshold,
       round(adjusted_p_value::numeric, 4) AS p, round(ks::numeric, 4) AS ks, status, reason
FROM riskml.drift_report('lending', 'SELECT * FROM lending WHERE id > 4929')
ORDER BY drift_report.psi DESC NULLS LAST;
\set ECHO none
\echo 'Nothing has.  What a fault of the feed would look like, incomes in thousands and every fifth revol_util lost:'
\echo
CREATE VIEW lending_faulty AS
    SELECT (jsonb_populate_record(l, jsonb_build_object('annual_inc', annual_inc / 1000,
                                                        'revol_util', CASE WHEN id % 5 > 0 THEN revol_util END))).*
    FROM lending l WHERE id > 4929;
\set ECHO queries
SELECT column_name, round(psi::numeric, 4) AS psi, round(null_rate::numeric, 3) AS null_rate, out_of_range, min_value, max_value, status, reason
FROM riskml.drift_report('lending', 'TABLE lending_faulty')
WHERE status <> 'ok';
\set ECHO none

\echo '8. The better version goes into production, and back'
\echo '----------------------------------------------------'
\echo 'The query names no version, so it is the same before and after:'
\echo
\set three 'SELECT id, risk_score(''credit'', c), risk_version(''credit'') FROM credit c WHERE id <= 3 ORDER BY id;'
\set ECHO queries
:three
\set ECHO none
\o /dev/null
\set ECHO queries
SELECT riskml.promote('credit', 2, 'higher AUC on held-out loans');
\set ECHO none
\o
\echo
:three
\o /dev/null
\set ECHO queries
SELECT riskml.rollback('credit', reason => 'only a demo');
\set ECHO none
\o
\echo
:three

\echo '9. Who changed what, and why'
\echo '----------------------------'
\echo 'riskml.audit_log is append-only; each row holds a hash over the one before it.'
\echo
SELECT seq, login_role AS who, action, model, alias, from_version AS "from", to_version AS "to",
       reason
FROM riskml.audit_log
ORDER BY seq;
SELECT count(*) AS "broken rows of the audit log" FROM riskml.verify_audit();

\echo '10. Questions to go on with'
\echo '---------------------------'
\echo '`make shell` opens psql on these tables. Try:'
\echo
\echo '    SELECT id, amount, status, risk_score(''credit@2'', c) FROM credit c ORDER BY 4 DESC LIMIT 5;'
\echo '    SELECT * FROM riskml.check_input(''credit'', ''credit'');'
\echo '    SELECT feature, gain FROM riskml.model_features WHERE model = ''lending'' ORDER BY gain DESC;'
\echo '    SELECT * FROM riskml.verify(''lending'');'
\echo

\echo '11. One loan that is refused, and why'
\echo '------------------------------------'
\echo 'What the inputs are called in a notice, which of them are one reason, and which never are one:'
\echo
\o /dev/null
\set ECHO queries
SELECT riskml.set_reasons('credit', '{
    "seniority":     {"code": "E1", "text": "Length of employment", "group": "employment"},
    "job_fixed":     {"code": "E2", "text": "Temporary or irregular employment", "group": "employment"},
    "job_parttime":  {"code": "E2", "text": "Temporary or irregular employment", "group": "employment"},
    "job_freelance": {"code": "E2", "text": "Temporary or irregular employment", "group": "employment"},
    "income":        {"code": "I1", "text": "Income insufficient for amount of credit requested"},
    "assets":        {"code": "A1", "text": "Value of assets"},
    "debt":          {"code": "D1", "text": "Excessive obligations in relation to income", "group": "obligations"},
    "expenses":      {"code": "D2", "text": "Monthly expenses in relation to income", "group": "obligations"},
    "amount":        {"code": "L1", "text": "Amount of credit requested", "group": "loan"},
    "price":         {"code": "L2", "text": "Price of what is financed", "group": "loan"},
    "time":          {"code": "L3", "text": "Term of credit requested"},
    "records_yes":   {"code": "R1", "text": "Delinquent past or present credit obligations"},
    "home_owner":    {"code": "H1", "text": "Kind of residence", "group": "home"},
    "home_rent":     {"code": "H1", "text": "Kind of residence", "group": "home"},
    "age":           {"excluded": true},
    "married":       {"excluded": true}}', 'wording of notices');
\set ECHO none
\o
\echo
\echo 'The decision is kept: pinned version, hash of the inputs, bits of the raw score, score, reasons.  An auditor makes it again:'
\echo
\set ECHO queries
CREATE TABLE decision AS SELECT id, riskml.decision('credit', c) AS decision FROM credit c WHERE id = 395;
SELECT item, left(recorded, 40) AS recorded, equal FROM decision JOIN credit c USING (id), riskml.replay(decision, c);
\set ECHO none
\echo 'A score above 0.5 is refused here, and the applicant is told why:'
\echo
\set ECHO queries
SELECT id, amount, income, seniority, job, records, assets, debt, round(risk_score('credit', c)::numeric, 4) AS score FROM credit c WHERE id = 395;
SELECT rank, code, text, feature, round(contribution::numeric, 4) AS contribution FROM credit c, risk_reasons('credit', c) WHERE id = 395;
\set ECHO none
