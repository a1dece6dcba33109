-- Performance: how well scores foretell labels.

-- A row that lacks its score, label or weight counts for nothing.  Labels are boolean, or 0 and 1.

-- Those that need the rows in order: sorted within work_mem.

CREATE FUNCTION riskml.rank_step(state internal, score float8, label boolean) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_step(internal, float8, boolean) IS 'of riskml.auc() and others';

CREATE FUNCTION riskml.rank_step(state internal, score float8, label boolean, weight float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_boolean_weight' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_step(internal, float8, boolean, float8) IS 'of riskml.auc() and others';

CREATE FUNCTION riskml.rank_step(state internal, score float8, label int) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_int' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_step(internal, float8, int) IS 'of riskml.auc() and others';

CREATE FUNCTION riskml.rank_step(state internal, score float8, label int, weight float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_int_weight' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_step(internal, float8, int, float8) IS 'of riskml.auc() and others';

CREATE FUNCTION riskml.rank_bins_step(state internal, score float8, label boolean, bins int) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_boolean_bins' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_bins_step(internal, float8, boolean, int) IS 'of riskml.gains() and riskml.hosmer_lemeshow()';

CREATE FUNCTION riskml.rank_bins_step(state internal, score float8, label boolean, bins int, weight float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_boolean_bins_weight' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_bins_step(internal, float8, boolean, int, float8) IS 'of riskml.gains() and riskml.hosmer_lemeshow()';

CREATE FUNCTION riskml.rank_bins_step(state internal, score float8, label int, bins int) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_int_bins' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_bins_step(internal, float8, int, int) IS 'of riskml.gains() and riskml.hosmer_lemeshow()';

CREATE FUNCTION riskml.rank_bins_step(state internal, score float8, label int, bins int, weight float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_rank_int_bins_weight' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.rank_bins_step(internal, float8, int, int, float8) IS 'of riskml.gains() and riskml.hosmer_lemeshow()';

CREATE FUNCTION riskml.auc_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_auc' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.auc_final(internal) IS 'of riskml.auc()';

CREATE AGGREGATE riskml.auc(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.auc_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.auc(float8, boolean) IS 'area under the ROC curve, exact, ties count one half; NULL unless there are both classes';

CREATE AGGREGATE riskml.auc(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.auc_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.auc(float8, int) IS 'area under the ROC curve, exact, ties count one half; NULL unless there are both classes';

CREATE AGGREGATE riskml.auc(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.auc_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.auc(float8, boolean, float8) IS 'area under the ROC curve, exact, ties count one half; NULL unless there are both classes; weighted';

CREATE AGGREGATE riskml.auc(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.auc_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.auc(float8, int, float8) IS 'area under the ROC curve, exact, ties count one half; NULL unless there are both classes; weighted';

CREATE FUNCTION riskml.gini_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_gini' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.gini_final(internal) IS 'of riskml.gini()';

CREATE AGGREGATE riskml.gini(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gini_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gini(float8, boolean) IS 'Gini coefficient: 2 auc - 1; NULL unless there are both classes';

CREATE AGGREGATE riskml.gini(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gini_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gini(float8, int) IS 'Gini coefficient: 2 auc - 1; NULL unless there are both classes';

CREATE AGGREGATE riskml.gini(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gini_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gini(float8, boolean, float8) IS 'Gini coefficient: 2 auc - 1; NULL unless there are both classes; weighted';

CREATE AGGREGATE riskml.gini(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gini_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gini(float8, int, float8) IS 'Gini coefficient: 2 auc - 1; NULL unless there are both classes; weighted';

CREATE FUNCTION riskml.ks_score_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ks_score' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ks_score_final(internal) IS 'of riskml.ks_score()';

CREATE AGGREGATE riskml.ks_score(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.ks_score_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.ks_score(float8, boolean) IS 'Kolmogorov-Smirnov distance between the scores of the two classes; NULL unless there are both';

CREATE AGGREGATE riskml.ks_score(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.ks_score_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.ks_score(float8, int) IS 'Kolmogorov-Smirnov distance between the scores of the two classes; NULL unless there are both';

CREATE AGGREGATE riskml.ks_score(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.ks_score_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.ks_score(float8, boolean, float8) IS 'Kolmogorov-Smirnov distance between the scores of the two classes; NULL unless there are both; weighted';

CREATE AGGREGATE riskml.ks_score(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.ks_score_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.ks_score(float8, int, float8) IS 'Kolmogorov-Smirnov distance between the scores of the two classes; NULL unless there are both; weighted';

CREATE FUNCTION riskml.average_precision_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_average_precision' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.average_precision_final(internal) IS 'of riskml.average_precision()';

CREATE AGGREGATE riskml.average_precision(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.average_precision_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.average_precision(float8, boolean) IS 'average precision: sum of (R_n - R_n-1) P_n over thresholds; NULL unless there are both classes';

CREATE AGGREGATE riskml.average_precision(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.average_precision_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.average_precision(float8, int) IS 'average precision: sum of (R_n - R_n-1) P_n over thresholds; NULL unless there are both classes';

CREATE AGGREGATE riskml.average_precision(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.average_precision_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.average_precision(float8, boolean, float8) IS 'average precision: sum of (R_n - R_n-1) P_n over thresholds; NULL unless there are both classes; weighted';

CREATE AGGREGATE riskml.average_precision(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.average_precision_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.average_precision(float8, int, float8) IS 'average precision: sum of (R_n - R_n-1) P_n over thresholds; NULL unless there are both classes; weighted';

-- Curves, as arrays of rows: SELECT * FROM unnest((SELECT riskml.roc_curve(score, label) FROM ...)).

CREATE TYPE riskml.roc_point AS (threshold float8, fpr float8, tpr float8);
COMMENT ON TYPE riskml.roc_point IS 'a point of a ROC curve: the shares of negatives and of positives whose score is at least the threshold';

CREATE TYPE riskml.pr_point AS (threshold float8, precision float8, recall float8);
COMMENT ON TYPE riskml.pr_point IS 'a point of a precision-recall curve, of the rows whose score is at least the threshold';

CREATE TYPE riskml.gains_bin AS (bin int, min_score float8, max_score float8, total float8, events float8, event_rate float8, cumulative_share float8, cumulative_events float8, lift float8, cumulative_lift float8, ks float8);
COMMENT ON TYPE riskml.gains_bin IS 'a bin of rows with similar scores, the best first: its rows and events (weights), and with all bins before it the shares of all rows and of all events, the lift and the distance of the classes';

CREATE TYPE riskml.hosmer_lemeshow_result AS (statistic float8, df int, p_value float8);
COMMENT ON TYPE riskml.hosmer_lemeshow_result IS 'a test whether scores are probabilities';

CREATE FUNCTION riskml.roc_curve_final(state internal) RETURNS riskml.roc_point[]
	AS 'MODULE_PATHNAME', 'riskml_roc_curve' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.roc_curve_final(internal) IS 'of riskml.roc_curve()';

CREATE AGGREGATE riskml.roc_curve(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.roc_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.roc_curve(float8, boolean) IS 'ROC curve from the largest threshold on, without points on a line, as scikit-learn''s roc_curve() has it; NULL unless there are both classes';

CREATE AGGREGATE riskml.roc_curve(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.roc_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.roc_curve(float8, int) IS 'ROC curve from the largest threshold on, without points on a line, as scikit-learn''s roc_curve() has it; NULL unless there are both classes';

CREATE AGGREGATE riskml.roc_curve(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.roc_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.roc_curve(float8, boolean, float8) IS 'ROC curve from the largest threshold on, without points on a line, as scikit-learn''s roc_curve() has it; NULL unless there are both classes; weighted';

CREATE AGGREGATE riskml.roc_curve(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.roc_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.roc_curve(float8, int, float8) IS 'ROC curve from the largest threshold on, without points on a line, as scikit-learn''s roc_curve() has it; NULL unless there are both classes; weighted';

CREATE FUNCTION riskml.pr_curve_final(state internal) RETURNS riskml.pr_point[]
	AS 'MODULE_PATHNAME', 'riskml_pr_curve' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.pr_curve_final(internal) IS 'of riskml.pr_curve()';

CREATE AGGREGATE riskml.pr_curve(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.pr_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.pr_curve(float8, boolean) IS 'precision-recall curve from the least threshold on, as scikit-learn''s precision_recall_curve() has it; NULL unless there are both classes';

CREATE AGGREGATE riskml.pr_curve(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.pr_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.pr_curve(float8, int) IS 'precision-recall curve from the least threshold on, as scikit-learn''s precision_recall_curve() has it; NULL unless there are both classes';

CREATE AGGREGATE riskml.pr_curve(score float8, label boolean, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.pr_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.pr_curve(float8, boolean, float8) IS 'precision-recall curve from the least threshold on, as scikit-learn''s precision_recall_curve() has it; NULL unless there are both classes; weighted';

CREATE AGGREGATE riskml.pr_curve(score float8, label int, weight float8) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.pr_curve_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.pr_curve(float8, int, float8) IS 'precision-recall curve from the least threshold on, as scikit-learn''s precision_recall_curve() has it; NULL unless there are both classes; weighted';

CREATE FUNCTION riskml.gains_final(state internal) RETURNS riskml.gains_bin[]
	AS 'MODULE_PATHNAME', 'riskml_gains' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.gains_final(internal) IS 'of riskml.gains()';

CREATE AGGREGATE riskml.gains(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, boolean) IS 'gains table: bins of equally many rows, the largest scores first; 10 bins';

CREATE AGGREGATE riskml.gains(score float8, label boolean, bins int) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, boolean, int) IS 'gains table: bins of equally many rows, the largest scores first';

CREATE AGGREGATE riskml.gains(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, int) IS 'gains table: bins of equally many rows, the largest scores first; 10 bins';

CREATE AGGREGATE riskml.gains(score float8, label int, bins int) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, int, int) IS 'gains table: bins of equally many rows, the largest scores first';

CREATE AGGREGATE riskml.gains(score float8, label boolean, bins int, weight float8) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, boolean, int, float8) IS 'gains table: bins of equally many rows, the largest scores first; weighted';

CREATE AGGREGATE riskml.gains(score float8, label int, bins int, weight float8) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.gains_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.gains(float8, int, int, float8) IS 'gains table: bins of equally many rows, the largest scores first; weighted';

CREATE FUNCTION riskml.hosmer_lemeshow_final(state internal) RETURNS riskml.hosmer_lemeshow_result
	AS 'MODULE_PATHNAME', 'riskml_hosmer_lemeshow' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.hosmer_lemeshow_final(internal) IS 'of riskml.hosmer_lemeshow()';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label boolean) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, boolean) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities; 10 groups';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label boolean, groups int) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, boolean, int) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label int) (
	SFUNC = riskml.rank_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, int) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities; 10 groups';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label int, groups int) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, int, int) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label boolean, groups int, weight float8) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, boolean, int, float8) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities; weighted';

CREATE AGGREGATE riskml.hosmer_lemeshow(score float8, label int, groups int, weight float8) (
	SFUNC = riskml.rank_bins_step,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = riskml.hosmer_lemeshow_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.hosmer_lemeshow(float8, int, int, float8) IS 'Hosmer-Lemeshow test over groups cut at quantiles of the scores, which are probabilities; weighted';

-- Means over rows: states are float8[] and are merged.

CREATE FUNCTION riskml.sums_combine(state float8[], other float8[]) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_sums_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sums_combine(float8[], float8[]) IS 'adds up two states of an aggregate';

CREATE FUNCTION riskml.mean_final(state float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_mean_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.mean_final(float8[]) IS 'of riskml.log_loss() and others';

CREATE FUNCTION riskml.root_mean_final(state float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_root_mean_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.root_mean_final(float8[]) IS 'of riskml.rmse()';

CREATE FUNCTION riskml.log_loss_step(state float8[], score float8, label boolean) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_log_loss_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.log_loss_step(float8[], float8, boolean) IS 'of riskml.log_loss()';

CREATE FUNCTION riskml.log_loss_step(state float8[], score float8, label boolean, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_log_loss_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.log_loss_step(float8[], float8, boolean, float8) IS 'of riskml.log_loss()';

CREATE AGGREGATE riskml.log_loss(score float8, label boolean) (
	SFUNC = riskml.log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.log_loss(float8, boolean) IS 'log loss of probabilities, natural logarithm; clipped to [2^-52, 1 - 2^-52]';

CREATE AGGREGATE riskml.log_loss(score float8, label boolean, weight float8) (
	SFUNC = riskml.log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.log_loss(float8, boolean, float8) IS 'log loss of probabilities, natural logarithm; clipped to [2^-52, 1 - 2^-52]; weighted';

CREATE FUNCTION riskml.log_loss_step(state float8[], score float8, label int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_log_loss_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.log_loss_step(float8[], float8, int) IS 'of riskml.log_loss()';

CREATE FUNCTION riskml.log_loss_step(state float8[], score float8, label int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_log_loss_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.log_loss_step(float8[], float8, int, float8) IS 'of riskml.log_loss()';

CREATE AGGREGATE riskml.log_loss(score float8, label int) (
	SFUNC = riskml.log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.log_loss(float8, int) IS 'log loss of probabilities, natural logarithm; clipped to [2^-52, 1 - 2^-52]';

CREATE AGGREGATE riskml.log_loss(score float8, label int, weight float8) (
	SFUNC = riskml.log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.log_loss(float8, int, float8) IS 'log loss of probabilities, natural logarithm; clipped to [2^-52, 1 - 2^-52]; weighted';

CREATE FUNCTION riskml.brier_step(state float8[], score float8, label boolean) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_brier_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.brier_step(float8[], float8, boolean) IS 'of riskml.brier()';

CREATE FUNCTION riskml.brier_step(state float8[], score float8, label boolean, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_brier_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.brier_step(float8[], float8, boolean, float8) IS 'of riskml.brier()';

CREATE AGGREGATE riskml.brier(score float8, label boolean) (
	SFUNC = riskml.brier_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.brier(float8, boolean) IS 'Brier score: mean of (score - label)^2';

CREATE AGGREGATE riskml.brier(score float8, label boolean, weight float8) (
	SFUNC = riskml.brier_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.brier(float8, boolean, float8) IS 'Brier score: mean of (score - label)^2; weighted';

CREATE FUNCTION riskml.brier_step(state float8[], score float8, label int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_brier_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.brier_step(float8[], float8, int) IS 'of riskml.brier()';

CREATE FUNCTION riskml.brier_step(state float8[], score float8, label int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_brier_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.brier_step(float8[], float8, int, float8) IS 'of riskml.brier()';

CREATE AGGREGATE riskml.brier(score float8, label int) (
	SFUNC = riskml.brier_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.brier(float8, int) IS 'Brier score: mean of (score - label)^2';

CREATE AGGREGATE riskml.brier(score float8, label int, weight float8) (
	SFUNC = riskml.brier_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.brier(float8, int, float8) IS 'Brier score: mean of (score - label)^2; weighted';

CREATE FUNCTION riskml.squared_error_step(state float8[], prediction float8, actual float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_squared_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.squared_error_step(float8[], float8, float8) IS 'of riskml.rmse()';

CREATE FUNCTION riskml.squared_error_step(state float8[], prediction float8, actual float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_squared_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.squared_error_step(float8[], float8, float8, float8) IS 'of riskml.rmse()';

CREATE AGGREGATE riskml.rmse(prediction float8, actual float8) (
	SFUNC = riskml.squared_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.root_mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.rmse(float8, float8) IS 'root mean squared error';

CREATE AGGREGATE riskml.rmse(prediction float8, actual float8, weight float8) (
	SFUNC = riskml.squared_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.root_mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.rmse(float8, float8, float8) IS 'root mean squared error; weighted';

CREATE FUNCTION riskml.absolute_error_step(state float8[], prediction float8, actual float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_absolute_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.absolute_error_step(float8[], float8, float8) IS 'of riskml.mae()';

CREATE FUNCTION riskml.absolute_error_step(state float8[], prediction float8, actual float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_absolute_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.absolute_error_step(float8[], float8, float8, float8) IS 'of riskml.mae()';

CREATE AGGREGATE riskml.mae(prediction float8, actual float8) (
	SFUNC = riskml.absolute_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.mae(float8, float8) IS 'mean absolute error';

CREATE AGGREGATE riskml.mae(prediction float8, actual float8, weight float8) (
	SFUNC = riskml.absolute_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.mae(float8, float8, float8) IS 'mean absolute error; weighted';

CREATE FUNCTION riskml.relative_error_step(state float8[], prediction float8, actual float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_relative_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.relative_error_step(float8[], float8, float8) IS 'of riskml.mape()';

CREATE FUNCTION riskml.relative_error_step(state float8[], prediction float8, actual float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_relative_error_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.relative_error_step(float8[], float8, float8, float8) IS 'of riskml.mape()';

CREATE AGGREGATE riskml.mape(prediction float8, actual float8) (
	SFUNC = riskml.relative_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.mape(float8, float8) IS 'mean absolute error relative to the actual value, which counts as 2^-52 at least; 0.1 is ten percent';

CREATE AGGREGATE riskml.mape(prediction float8, actual float8, weight float8) (
	SFUNC = riskml.relative_error_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.mape(float8, float8, float8) IS 'mean absolute error relative to the actual value, which counts as 2^-52 at least; 0.1 is ten percent; weighted';

CREATE FUNCTION riskml.equal_step(state float8[], predicted int, label int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_equal_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.equal_step(float8[], int, int) IS 'of riskml.accuracy()';

CREATE FUNCTION riskml.equal_step(state float8[], predicted int, label int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_equal_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.equal_step(float8[], int, int, float8) IS 'of riskml.accuracy()';

CREATE AGGREGATE riskml.accuracy(predicted int, label int) (
	SFUNC = riskml.equal_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.accuracy(int, int) IS 'share of rows whose predicted class is the label';

CREATE AGGREGATE riskml.accuracy(predicted int, label int, weight float8) (
	SFUNC = riskml.equal_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.accuracy(int, int, float8) IS 'share of rows whose predicted class is the label; weighted';

CREATE FUNCTION riskml.multi_log_loss_step(state float8[], scores float8[], label int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_multi_log_loss_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.multi_log_loss_step(float8[], float8[], int) IS 'of riskml.multi_log_loss()';

CREATE FUNCTION riskml.multi_log_loss_step(state float8[], scores float8[], label int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_multi_log_loss_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.multi_log_loss_step(float8[], float8[], int, float8) IS 'of riskml.multi_log_loss()';

CREATE AGGREGATE riskml.multi_log_loss(scores float8[], label int) (
	SFUNC = riskml.multi_log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.multi_log_loss(float8[], int) IS 'log loss of the probabilities of classes, the first of which is 0; clipped to [2^-52, 1 - 2^-52], then divided by their sum';

CREATE AGGREGATE riskml.multi_log_loss(scores float8[], label int, weight float8) (
	SFUNC = riskml.multi_log_loss_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.multi_log_loss(float8[], int, float8) IS 'log loss of the probabilities of classes, the first of which is 0; clipped to [2^-52, 1 - 2^-52], then divided by their sum; weighted';

CREATE FUNCTION riskml.multi_accuracy_step(state float8[], scores float8[], label int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_multi_accuracy_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.multi_accuracy_step(float8[], float8[], int) IS 'of riskml.multi_accuracy()';

CREATE FUNCTION riskml.multi_accuracy_step(state float8[], scores float8[], label int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_multi_accuracy_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.multi_accuracy_step(float8[], float8[], int, float8) IS 'of riskml.multi_accuracy()';

CREATE AGGREGATE riskml.multi_accuracy(scores float8[], label int) (
	SFUNC = riskml.multi_accuracy_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.multi_accuracy(float8[], int) IS 'share of rows whose first largest probability is the one of the label, a class from 0 on';

CREATE AGGREGATE riskml.multi_accuracy(scores float8[], label int, weight float8) (
	SFUNC = riskml.multi_accuracy_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.multi_accuracy(float8[], int, float8) IS 'share of rows whose first largest probability is the one of the label, a class from 0 on; weighted';

CREATE FUNCTION riskml.r2_step(state float8[], prediction float8, actual float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_r2_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.r2_step(float8[], float8, float8) IS 'of riskml.r2()';

CREATE FUNCTION riskml.r2_step(state float8[], prediction float8, actual float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_r2_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.r2_step(float8[], float8, float8, float8) IS 'of riskml.r2()';

CREATE FUNCTION riskml.r2_combine(state float8[], other float8[]) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_r2_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.r2_combine(float8[], float8[]) IS 'of riskml.r2()';

CREATE FUNCTION riskml.r2_final(state float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_r2_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.r2_final(float8[]) IS 'of riskml.r2()';

CREATE AGGREGATE riskml.r2(prediction float8, actual float8) (
	SFUNC = riskml.r2_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.r2_combine,
	FINALFUNC = riskml.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.r2(float8, float8) IS 'coefficient of determination: 1 - sum (actual - prediction)^2 / sum (actual - mean)^2; NULL with fewer than 2 rows';

CREATE AGGREGATE riskml.r2(prediction float8, actual float8, weight float8) (
	SFUNC = riskml.r2_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.r2_combine,
	FINALFUNC = riskml.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.r2(float8, float8, float8) IS 'coefficient of determination: 1 - sum (actual - prediction)^2 / sum (actual - mean)^2; NULL with fewer than 2 rows; weighted';

-- Decisions by a threshold.

CREATE TYPE riskml.confusion_matrix AS (tp float8, fp float8, tn float8, fn float8, accuracy float8, precision float8, recall float8, specificity float8, fpr float8, f1 float8, mcc float8, balanced_accuracy float8);
COMMENT ON TYPE riskml.confusion_matrix IS 'rows (weights) by decision and label, and what follows from them; NULL where a quotient has nothing to divide by';

CREATE FUNCTION riskml.confusion_step(state float8[], score float8, label boolean, threshold float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_confusion_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.confusion_step(float8[], float8, boolean, float8) IS 'of riskml.confusion()';

CREATE FUNCTION riskml.confusion_step(state float8[], score float8, label boolean, threshold float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_confusion_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.confusion_step(float8[], float8, boolean, float8, float8) IS 'of riskml.confusion()';

CREATE FUNCTION riskml.confusion_step(state float8[], score float8, label int, threshold float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_confusion_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.confusion_step(float8[], float8, int, float8) IS 'of riskml.confusion()';

CREATE FUNCTION riskml.confusion_step(state float8[], score float8, label int, threshold float8, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_confusion_int' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.confusion_step(float8[], float8, int, float8, float8) IS 'of riskml.confusion()';

CREATE FUNCTION riskml.confusion_final(state float8[]) RETURNS riskml.confusion_matrix
	AS 'MODULE_PATHNAME', 'riskml_confusion_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.confusion_final(float8[]) IS 'of riskml.confusion()';

CREATE AGGREGATE riskml.confusion(score float8, label boolean, threshold float8) (
	SFUNC = riskml.confusion_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.confusion_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.confusion(float8, boolean, float8) IS 'confusion matrix of the decision score >= threshold, with accuracy, precision, recall, F1, MCC';

CREATE AGGREGATE riskml.confusion(score float8, label boolean, threshold float8, weight float8) (
	SFUNC = riskml.confusion_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.confusion_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.confusion(float8, boolean, float8, float8) IS 'confusion matrix of the decision score >= threshold, with accuracy, precision, recall, F1, MCC; weighted';

CREATE AGGREGATE riskml.confusion(score float8, label int, threshold float8) (
	SFUNC = riskml.confusion_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.confusion_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.confusion(float8, int, float8) IS 'confusion matrix of the decision score >= threshold, with accuracy, precision, recall, F1, MCC';

CREATE AGGREGATE riskml.confusion(score float8, label int, threshold float8, weight float8) (
	SFUNC = riskml.confusion_step,
	STYPE = float8[],
	INITCOND = '{0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.confusion_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.confusion(float8, int, float8, float8) IS 'confusion matrix of the decision score >= threshold, with accuracy, precision, recall, F1, MCC; weighted';

-- Are scores probabilities?  Bins of equal width.

CREATE TYPE riskml.calibration_bin AS (bin int, lower_edge float8, upper_edge float8, total float8, mean_score float8, event_rate float8);
COMMENT ON TYPE riskml.calibration_bin IS 'a bin of scores above its lower edge and up to its upper one: weight of its rows, their mean score and how many of them were positive';

CREATE FUNCTION riskml.calibration_step(state float8[], score float8, label boolean, bins int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_calibration_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.calibration_step(float8[], float8, boolean, int) IS 'of riskml.calibration()';

CREATE FUNCTION riskml.calibration_step(state float8[], score float8, label boolean, bins int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_calibration_boolean' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.calibration_step(float8[], float8, boolean, int, float8) IS 'of riskml.calibration()';

CREATE FUNCTION riskml.calibration_step(state float8[], score float8, label int, bins int) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_calibration_int' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.calibration_step(float8[], float8, int, int) IS 'of riskml.calibration()';

CREATE FUNCTION riskml.calibration_step(state float8[], score float8, label int, bins int, weight float8) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_calibration_int' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.calibration_step(float8[], float8, int, int, float8) IS 'of riskml.calibration()';

CREATE FUNCTION riskml.calibration_final(state float8[]) RETURNS riskml.calibration_bin[]
	AS 'MODULE_PATHNAME', 'riskml_calibration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.calibration_final(float8[]) IS 'of riskml.calibration()';

CREATE AGGREGATE riskml.calibration(score float8, label boolean, bins int) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.calibration_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.calibration(float8, boolean, int) IS 'calibration curve: for bins of equal width (lower, upper] the mean score beside the rate of positives; bins without rows are left out';

CREATE AGGREGATE riskml.calibration(score float8, label boolean, bins int, weight float8) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.calibration_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.calibration(float8, boolean, int, float8) IS 'calibration curve: for bins of equal width (lower, upper] the mean score beside the rate of positives; bins without rows are left out; weighted';

CREATE AGGREGATE riskml.calibration(score float8, label int, bins int) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.calibration_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.calibration(float8, int, int) IS 'calibration curve: for bins of equal width (lower, upper] the mean score beside the rate of positives; bins without rows are left out';

CREATE AGGREGATE riskml.calibration(score float8, label int, bins int, weight float8) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.calibration_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.calibration(float8, int, int, float8) IS 'calibration curve: for bins of equal width (lower, upper] the mean score beside the rate of positives; bins without rows are left out; weighted';

CREATE FUNCTION riskml.expected_calibration_error_final(state float8[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_expected_calibration_error' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.expected_calibration_error_final(float8[]) IS 'of riskml.expected_calibration_error()';

CREATE AGGREGATE riskml.expected_calibration_error(score float8, label boolean, bins int) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.expected_calibration_error_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.expected_calibration_error(float8, boolean, int) IS 'expected calibration error: mean over rows of how far the mean score of a bin of equal width is from its rate of positives';

CREATE AGGREGATE riskml.expected_calibration_error(score float8, label boolean, bins int, weight float8) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.expected_calibration_error_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.expected_calibration_error(float8, boolean, int, float8) IS 'expected calibration error: mean over rows of how far the mean score of a bin of equal width is from its rate of positives; weighted';

CREATE AGGREGATE riskml.expected_calibration_error(score float8, label int, bins int) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.expected_calibration_error_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.expected_calibration_error(float8, int, int) IS 'expected calibration error: mean over rows of how far the mean score of a bin of equal width is from its rate of positives';

CREATE AGGREGATE riskml.expected_calibration_error(score float8, label int, bins int, weight float8) (
	SFUNC = riskml.calibration_step,
	STYPE = float8[],
	COMBINEFUNC = riskml.sums_combine,
	FINALFUNC = riskml.expected_calibration_error_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.expected_calibration_error(float8, int, int, float8) IS 'expected calibration error: mean over rows of how far the mean score of a bin of equal width is from its rate of positives; weighted';
