-- Statistics on two distributions; test/stats/check_drift.py compares them with scipy.
SET search_path = public, riskml;
SET extra_float_digits = -3;
-- the example of docs/drift.md
\set e '{"kind": "numeric", "edges": [0, 1, 2, 3], "counts": [50, 30, 20]}'
\set a '{"kind": "numeric", "edges": [0, 1, 2, 3], "counts": [30, 30, 40]}'
SELECT psi(:'e', :'a'), kl(:'e', :'a'), jensen_shannon(:'e', :'a'), hellinger(:'e', :'a'), total_variation(:'e', :'a'), l_infinity(:'e', :'a'), ks(:'e', :'a'), wasserstein(:'e', :'a');
SELECT * FROM chi2(:'e', :'a');
SELECT * FROM stability(:'e', :'a');
SELECT * FROM auc(:'a'::distribution, :'e'::distribution);
SELECT * FROM gini(:'a'::distribution, :'e'::distribution);
SELECT * FROM ks_score(:'a'::distribution, :'e'::distribution);
SELECT * FROM average_precision(:'a'::distribution, :'e'::distribution);
-- parameters
SELECT jensen_shannon(:'e', :'a', base => 2), (stability(:'e', :'a', alpha => 0.01)).threshold;
SELECT psi(e, a), psi(e, a, 0.01), psi(e, a, missing => true), (chi2(e, a, missing => true)).df, (chi2(e, a)).df
FROM (SELECT '{"kind": "numeric", "edges": [0, 1, 2], "counts": [5, 0], "nulls": 5}'::distribution, '{"kind": "numeric", "edges": [0, 1, 2], "counts": [4, 1], "nan": 2}'::distribution) s(e, a);
-- categories by their values, whatever the list
SELECT total_variation(e, a), (chi2(e, a)).* FROM (SELECT '{"kind": "categorical", "values": ["a", "c"], "counts": [6, 4]}'::distribution, '{"kind": "categorical", "values": ["b", "c"], "counts": [5, 3], "other": 2}'::distribution) s(e, a);
-- an empty side
\set empty '{"kind": "numeric", "edges": [0, 1, 2, 3], "counts": [0, 0, 0], "nulls": 9}'
SELECT psi(:'e', :'empty'), ks(:'empty', :'e'), chi2(:'e', :'empty'), stability(:'empty', :'empty'), auc(:'e'::distribution, :'empty'::distribution);
-- faults
SELECT psi(:'e', '{"kind": "numeric", "edges": [0, 1, 2, 4], "counts": [1, 2, 3]}');
SELECT psi(:'e', '{"kind": "numeric", "edges": [0, 1], "counts": [1]}');
SELECT psi(:'e', '{"kind": "categorical", "values": ["a"], "counts": [1]}');
SELECT ks('{"kind": "categorical", "values": ["a"], "counts": [1]}', '{"kind": "categorical", "values": ["a"], "counts": [1]}');
SELECT psi(:'e', :'a', 0);
SELECT jensen_shannon(:'e', :'a', 1);
SELECT stability(:'e', :'a', 1);
