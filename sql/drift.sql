-- Statistics on two distributions.

CREATE FUNCTION riskml.psi(expected riskml.distribution, actual riskml.distribution, epsilon float8 DEFAULT 0.0001, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_psi' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.psi(riskml.distribution, riskml.distribution, float8, boolean) IS 'population stability index; a share of 0 counts as epsilon';

CREATE FUNCTION riskml.kl(expected riskml.distribution, actual riskml.distribution, epsilon float8 DEFAULT 0.0001, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_kl' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.kl(riskml.distribution, riskml.distribution, float8, boolean) IS 'Kullback-Leibler divergence, natural logarithm; a share of 0 counts as epsilon';

CREATE FUNCTION riskml.jensen_shannon(expected riskml.distribution, actual riskml.distribution, base float8 DEFAULT 2.718281828459045, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_jensen_shannon' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.jensen_shannon(riskml.distribution, riskml.distribution, float8, boolean) IS 'Jensen-Shannon distance, the root of the divergence';

CREATE FUNCTION riskml.hellinger(expected riskml.distribution, actual riskml.distribution, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_hellinger' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.hellinger(riskml.distribution, riskml.distribution, boolean) IS 'Hellinger distance';

CREATE FUNCTION riskml.total_variation(expected riskml.distribution, actual riskml.distribution, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_total_variation' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.total_variation(riskml.distribution, riskml.distribution, boolean) IS 'half of the sum of the shares'' differences';

CREATE FUNCTION riskml.l_infinity(expected riskml.distribution, actual riskml.distribution, missing boolean DEFAULT false) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_l_infinity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.l_infinity(riskml.distribution, riskml.distribution, boolean) IS 'the largest difference of shares';

CREATE FUNCTION riskml.ks(expected riskml.distribution, actual riskml.distribution) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ks' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ks(riskml.distribution, riskml.distribution) IS 'Kolmogorov-Smirnov statistic of the bins: the largest difference of the distribution functions at their edges';

CREATE FUNCTION riskml.wasserstein(expected riskml.distribution, actual riskml.distribution) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_wasserstein' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.wasserstein(riskml.distribution, riskml.distribution) IS 'Wasserstein distance, values being spread evenly within a bin';

CREATE FUNCTION riskml.chi2(expected riskml.distribution, actual riskml.distribution, missing boolean DEFAULT false,
		OUT statistic float8, OUT df int, OUT p_value float8)
	AS 'MODULE_PATHNAME', 'riskml_chi2' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.chi2(riskml.distribution, riskml.distribution, boolean) IS 'chi-squared test of homogeneity, without bins that are empty on both sides';

CREATE FUNCTION riskml.stability(expected riskml.distribution, actual riskml.distribution, alpha float8 DEFAULT 0.05, epsilon float8 DEFAULT 0.0001,
		missing boolean DEFAULT false, OUT psi float8, OUT p_value float8, OUT threshold float8)
	AS 'MODULE_PATHNAME', 'riskml_stability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.stability(riskml.distribution, riskml.distribution, float8, float8, boolean) IS 'population stability index with its p-value, and the value that it exceeds with probability alpha where nothing has changed';

-- Statistics of scores by the distributions of the scores of either class: mergeable twins of the exact aggregates.

CREATE FUNCTION riskml.auc(positives riskml.distribution, negatives riskml.distribution, OUT auc float8, OUT error_bound float8)
	AS 'MODULE_PATHNAME', 'riskml_binned_auc' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.auc(riskml.distribution, riskml.distribution) IS 'area under the ROC curve, by the scores of either class in the same bins, and by how much that of the scores themselves may differ';

CREATE FUNCTION riskml.gini(positives riskml.distribution, negatives riskml.distribution, OUT gini float8, OUT error_bound float8)
	AS 'MODULE_PATHNAME', 'riskml_binned_gini' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.gini(riskml.distribution, riskml.distribution) IS 'Gini coefficient, 2 auc - 1, by the scores of either class in the same bins, and by how much that of the scores themselves may differ';

CREATE FUNCTION riskml.ks_score(positives riskml.distribution, negatives riskml.distribution, OUT ks_score float8, OUT error_bound float8)
	AS 'MODULE_PATHNAME', 'riskml_binned_ks_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ks_score(riskml.distribution, riskml.distribution) IS 'largest difference of the distribution functions of both classes, by the scores of either class in the same bins, and by how much that of the scores themselves may differ';

CREATE FUNCTION riskml.average_precision(positives riskml.distribution, negatives riskml.distribution, OUT average_precision float8, OUT error_bound float8)
	AS 'MODULE_PATHNAME', 'riskml_binned_average_precision' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.average_precision(riskml.distribution, riskml.distribution) IS 'average precision, by the scores of either class in the same bins, and by how much that of the scores themselves may differ';
