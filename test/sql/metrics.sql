-- Metrics of scores and predictions: worked examples, whose numbers docs/performance.md gives, what
-- makes a NULL, and what is refused. test/stats/check_metrics.py compares them with scikit-learn.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
\pset format unaligned
CREATE TEMP TABLE scored (score float8, label boolean, weight float8);
INSERT INTO scored VALUES (0.9, true, 1), (0.8, true, 2), (0.7, false, 1), (0.6, true, 1), (0.55, false, 3), (0.5, true, 1), (0.4, false, 1),
	(0.4, true, 2), (0.3, false, 1), (0.2, false, 1), (0.1, false, 1), (NULL, true, 1), (0.5, NULL, 1), (0.5, true, NULL);
\set rows 'FROM scored WHERE weight IS NOT NULL'
-- ---- order
SELECT riskml.auc(score, label), riskml.gini(score, label), riskml.ks_score(score, label), round(riskml.average_precision(score, label)::numeric, 12) AS average_precision :rows;
SELECT round(riskml.auc(score, label, weight)::numeric, 12) AS auc, round(riskml.gini(score, label, weight)::numeric, 12) AS gini,
	round(riskml.ks_score(score, label, weight)::numeric, 12) AS ks_score, round(riskml.average_precision(score, label, weight)::numeric, 12) AS average_precision FROM scored;
-- labels 0 and 1, other types of scores, a weight that is a number of rows
SELECT riskml.auc(score::numeric, label::int), riskml.auc(score::real, label) = riskml.auc(score, label) AS real_too :rows;
SELECT riskml.auc(score, label, weight) = (SELECT riskml.auc(score, label) FROM scored, generate_series(1, weight::int)) AS as_rows FROM scored;
SELECT * FROM unnest((SELECT riskml.roc_curve(score, label) :rows));
SELECT threshold, round(precision::numeric, 12) AS precision, recall FROM unnest((SELECT riskml.pr_curve(score, label) :rows));
SELECT bin, min_score, max_score, total, events, round(event_rate::numeric, 6) AS event_rate, round(cumulative_share::numeric, 6) AS cumulative_share, cumulative_events,
	round(lift::numeric, 6) AS lift, round(cumulative_lift::numeric, 6) AS cumulative_lift, round(ks::numeric, 6) AS ks FROM unnest((SELECT riskml.gains(score, label, 4) :rows));
SELECT count(*) FROM unnest((SELECT riskml.gains(score, label::int) :rows));
SELECT round(statistic::numeric, 9) AS statistic, df, round(p_value::numeric, 9) AS p_value FROM (SELECT (riskml.hosmer_lemeshow(score, label, 4)).* :rows) h;
-- ---- means
SELECT round(riskml.log_loss(score, label)::numeric, 12) AS log_loss, round(riskml.brier(score, label)::numeric, 12) AS brier,
	round(riskml.expected_calibration_error(score, label, 5)::numeric, 12) AS ece :rows;
SELECT round(riskml.log_loss(score, label::int, weight)::numeric, 12) AS log_loss, round(riskml.brier(score, label::int, weight)::numeric, 12) AS brier,
	round(riskml.expected_calibration_error(score, label::int, 5, weight)::numeric, 12) AS ece FROM scored;
SELECT bin, lower_edge, upper_edge, total, round(mean_score::numeric, 12) AS mean_score, round(event_rate::numeric, 12) AS event_rate FROM unnest((SELECT riskml.calibration(score, label, 4) :rows));
SELECT tp, fp, tn, fn, round(accuracy::numeric, 6) AS accuracy, round(precision::numeric, 6) AS precision, round(recall::numeric, 6) AS recall, round(specificity::numeric, 6) AS specificity,
	round(fpr::numeric, 6) AS fpr, round(f1::numeric, 6) AS f1, round(mcc::numeric, 6) AS mcc, round(balanced_accuracy::numeric, 6) AS balanced_accuracy FROM (SELECT (riskml.confusion(score, label, 0.5)).* :rows) c;
SELECT (riskml.confusion(score, label::int, 0.5, weight)).tp, (riskml.confusion(score, label, 2)).precision FROM scored;
SELECT round(riskml.rmse(p, a)::numeric, 12) AS rmse, riskml.mae(p, a), round(riskml.mape(p, a)::numeric, 12) AS mape, round(riskml.r2(p, a)::numeric, 12) AS r2,
	round(riskml.r2(p, a, a)::numeric, 12) AS weighted FROM (VALUES (2.5::float8, 3::float8), (0, 0.5), (2, 2), (8, 7), (NULL, 1)) v(p, a);
SELECT round(riskml.multi_log_loss(s, l)::numeric, 12) AS log_loss, riskml.multi_accuracy(s, l), riskml.accuracy(l, 1) FROM (VALUES ('{0.2,0.5,0.3}'::float8[], 1), ('{0.6,0.4,0}', 2), ('{0.1,0.1,0.8}', 2)) v(s, l);
SELECT riskml.log_loss(0, true), riskml.log_loss(1, true), riskml.mape(1, 0);
-- ---- nothing: no rows, only nulls, one class, no weight
SELECT riskml.auc(score, label), riskml.average_precision(score, label, weight), riskml.roc_curve(score, label), riskml.gains(score, label), riskml.hosmer_lemeshow(score, label),
	riskml.log_loss(score, label), riskml.confusion(score, label, 0.5), riskml.calibration(score, label, 3), riskml.r2(score, weight), riskml.rmse(score, weight) FROM scored WHERE score IS NULL OR label IS NULL AND weight IS NULL;
SELECT riskml.auc(score, true), riskml.ks_score(score, 0), riskml.pr_curve(score, true), round(riskml.brier(score, true)::numeric, 6) AS brier, (riskml.gains(score, false, 1))[1] AS gains, riskml.hosmer_lemeshow(0.5, label) :rows;
SELECT riskml.auc(score, label, 0), riskml.log_loss(score, label, 0), riskml.r2(score, weight, 0), riskml.expected_calibration_error(score, label, 3, 0), riskml.r2(1, 1) FROM scored WHERE score = 0.9;
-- ---- extremes
SELECT riskml.auc(x, l), riskml.ks_score(x, l), riskml.roc_curve(x, l) FROM (VALUES ('Infinity'::float8, true), (1e308, true), (5e-324, false), (0, false), ('-0', true), ('-Infinity', false)) v(x, l);
SELECT round(riskml.auc(x, l, w)::numeric, 14) AS huge, riskml.auc(x, l, 5e-324) AS tiny FROM (VALUES (1, true, 1e308), (2, false, 1e308), (3, true, 1e308), (1, false, 1e308)) v(x, l, w);
SELECT riskml.r2(v, v + 0.5), riskml.r2(0.1, 0.1), riskml.r2(v, 0.1) FROM (VALUES (1e9), (1e9 + 1), (1e9 + 2)) t(v);
-- digits that large values share are not lost; counts that are independent have no correlation
SELECT round(riskml.r2(v, v + e)::numeric, 12) AS r2, round(riskml.r2(v, v + e, w)::numeric, 12) AS weighted FROM (VALUES (1e12, 0.25, 1e-12), (1e12 + 1, -0.25, 1e12), (1e12 + 3, 0.5, 1e12)) t(v, e, w);
SELECT riskml.r2(v, v + 1e-3), riskml.r2(0, v * 5e-324) AS vanishing FROM (VALUES (1e16), (1), (-1e16)) t(v);
SELECT (riskml.confusion(s, l, 0.5)).mcc FROM (VALUES (1, 1, 33), (1, 0, 117), (0, 0, 39), (0, 1, 11)) v(s, l, n), generate_series(1, n);
-- a row of weight 0 is none, whatever its error; weights of all sizes
SELECT riskml.rmse(p, a, w), riskml.mae(p, a, w), riskml.mape(p, a, w), riskml.r2(p, a, w) FROM (VALUES (1e200, 0, 0), (1e308, -1e308, 0), (1, 2, 1), (4, 4, 1)) v(p, a, w);
SELECT riskml.auc(s, l, w), round(riskml.average_precision(s, l, w)::numeric, 12) AS average_precision, riskml.ks_score(s, l, w) FROM (VALUES (0.9, 1, 1.25), (0.2, 1, 1.75), (0.3, 0, 1e308), (0.95, 0, 1e308), (0.8, 1, 5e-150)) v(s, l, w);
SELECT round((h).p_value::numeric, 9) AS rows, (riskml.hosmer_lemeshow(s, l, 2, 1e300)).statistic > 1e299 AS many FROM (SELECT riskml.hosmer_lemeshow(s, l, 3) AS h FROM (VALUES (0.1, 0), (0.2, 1), (0.3, 0), (0.5, 1), (0.6, 1), (0.7, 0)) v(s, l)) h, (VALUES (0.1, 0), (0.2, 1), (0.3, 0), (0.5, 1), (0.6, 1), (0.7, 0)) v(s, l) GROUP BY h;
-- ---- within a query
SELECT label, riskml.auc(score, weight > 1 ORDER BY weight), riskml.auc(DISTINCT score, weight > 1), riskml.brier(score, label) FILTER (WHERE score > 0.5) IS NULL AS none FROM scored WHERE label IS NOT NULL GROUP BY GROUPING SETS ((label), ()) ORDER BY 1;
SELECT count(*), min(auc), max(auc) FROM (SELECT riskml.auc(i % 7, i % 2) AS auc FROM generate_series(1, 28000) i GROUP BY i / 14) g WHERE auc IS NOT NULL;
SELECT round(riskml.brier(score, label) OVER (ORDER BY score DESC ROWS 1 PRECEDING)::numeric, 6) AS brier FROM scored ORDER BY score DESC NULLS LAST LIMIT 3;
-- ---- what is refused
SELECT call, pg_temp.try('SELECT riskml.' || call) FROM unnest($${"auc(0.5, 2)","brier(0.5, -1)","confusion(0.5, 7, 0.5)","auc('NaN', true)","auc(0.5, true, -1)","auc(0.5, true, 'NaN')","log_loss(0.5, 1, 'Infinity')",
	"log_loss(1.5, true)","brier('NaN', true)","expected_calibration_error(-0.1, true, 5)","hosmer_lemeshow(1.5, true)","confusion('NaN', true, 0.5)","confusion(0.5, true, 'NaN')",
	"calibration(0.5, true, 0)","calibration(0.5, true, NULL)","gains(0.5, true, 10001)","rmse('NaN', 1)","r2(1, 'Infinity')","rmse(1e308, -1e308)","gains(0.5, l, 2, 1e308) FROM (VALUES (0), (1)) v(l)","hosmer_lemeshow(0.5, l, 2, 1e308) FROM (VALUES (0), (1)) v(l)","brier(0.5, true, w) FROM (VALUES (1e308), (1e308)) v(w)",
	"gains(0.5, true, b) FROM (VALUES (2), (3)) v(b)","calibration(0.5, true, b) FROM (VALUES (2), (3)) v(b)","multi_log_loss('{0.5,NULL}', 0)","multi_log_loss('{{0.5},{0.5}}', 0)","multi_accuracy('{0.5,0.5}', 2)",
	"multi_accuracy('{1.5,0.5}', 0)","class_label(0.5)","class_label(-1)","auc(0.5, true) OVER ()"}$$::text[]) call;
-- states are arrays, and whoever calls with others gets an error
SELECT riskml.brier_step('{0,0,0,0,0}', 0.5, true), riskml.sums_combine('{1,2,0,3,0}', '{1,2,0,3,0}'), riskml.mean_final('{2,4,0,6,0}'), riskml.mean_final('{0,0,0,0,0}');
SELECT call, pg_temp.try('SELECT riskml.' || call) FROM unnest($${"brier_step('{1}', 0.5, true)","brier_step('{0,0,0,0,NULL}', 0.5, true)","brier_step('{{0,0,0,0,0}}', 0.5, true)","brier_step('{}', 0.5, true)",
	"sums_combine('{1,2,3}', '{1}')","sums_combine('{}', '{}')","mean_final('{1,2}')","mean_final('{1,1,NaN,1,NaN}')","r2_final('{1,2,3}')","r2_combine('{1}', '{1}')","r2_final('{2,NaN,1,2,3,4,5,6,7,8,9}')","confusion_final('{NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN}')",
	"calibration_step('{1,2}', 0.5, true, 1)","calibration_step('{1,0,0,0,0,0,0}', 0.5, true, 2)","calibration_final('{1,2}')","expected_calibration_error_final('{1,1,NaN,1,NaN,1,NaN}')"}$$::text[]) call;
