-- Operations of recipes as functions: what PostgreSQL lacks.  NaN is missing in a recipe, as NULL is.

CREATE FUNCTION riskml.bucketize(x float8, edges float8[]) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_bucketize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.bucketize(float8, float8[]) IS 'the number of edges that are at most x, from 0: bins are [low, high); edges must be ascending; NULL for NaN; infinities are below or above all finite edges';

CREATE FUNCTION riskml.log1p(x float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_log1p' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.log1p(float8) IS 'ln(1 + x), exact near 0; -Infinity for -1, Infinity for Infinity, NULL for less than -1 and for NaN';

CREATE FUNCTION riskml.box_cox(x float8, lambda float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_box_cox' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.box_cox(float8, float8) IS 'Box and Cox''s transform, (x ^ lambda - 1) / lambda, or ln(x) for lambda 0; NULL for x <= 0 and for NaN; Infinity gives Infinity, or -1 / lambda for a negative lambda';

CREATE FUNCTION riskml.yeo_johnson(x float8, lambda float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_yeo_johnson' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.yeo_johnson(float8, float8) IS 'Yeo and Johnson''s transform: that of Box and Cox of 1 + x, for x < 0 the negative one of 1 - x with 2 - lambda; NULL for NaN; infinities give infinities, or the bound that there is for large values';

CREATE FUNCTION riskml.clip(x float8, lower float8, upper float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_clip' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.clip(float8, float8, float8) IS 'x, or the bound that is beyond; a bound that is NULL is none; NULL for NULL, unlike greatest() and least(), and for NaN; infinities become the bounds';

CREATE FUNCTION riskml.hash_bucket(value text, n_buckets int) RETURNS int
	AS 'MODULE_PATHNAME', 'riskml_hash_bucket' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.hash_bucket(text, int) IS 'MurmurHash3_x86_32 with seed 0 of the text in UTF-8, unsigned, modulo n_buckets: from 0, the same in every database and as sklearn.utils.murmurhash3_32(value, positive=True)';

CREATE FUNCTION riskml.age_days(since timestamp, at timestamp) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_age_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.age_days(timestamp, timestamp) IS 'days from one time to another, with their fraction; infinite if one of them is, NULL for two equal infinities';

CREATE FUNCTION riskml.local_time(instant timestamptz, zone text) RETURNS timestamp
	AS 'MODULE_PATHNAME', 'riskml_local_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.local_time(timestamptz, text) IS 'the time of the local clock, as AT TIME ZONE gives it, but by names of the time zone database alone: CET has summer time, and no abbreviation that a setting defines counts';

-- Arithmetic as recipes do it.  PostgreSQL's operators raise errors where a result gets infinite or vanishes.

CREATE FUNCTION riskml.ieee_number(x numeric) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ieee_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ieee_number(numeric) IS 'the nearest float8; Infinity or 0 out of its range, without an error; NULL for NaN';

CREATE FUNCTION riskml.ieee_add(a float8, b float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ieee_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ieee_add(float8, float8) IS 'a + b by IEEE 754: Infinity out of range, without an error; NULL for NaN';

CREATE FUNCTION riskml.ieee_subtract(a float8, b float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ieee_subtract' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ieee_subtract(float8, float8) IS 'a - b by IEEE 754: Infinity out of range, without an error; NULL for NaN';

CREATE FUNCTION riskml.ieee_multiply(a float8, b float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ieee_multiply' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ieee_multiply(float8, float8) IS 'a * b by IEEE 754: Infinity or 0 out of range, without an error; NULL for NaN';

CREATE FUNCTION riskml.ieee_divide(a float8, b float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_ieee_divide' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.ieee_divide(float8, float8) IS 'a / b by IEEE 754: Infinity or 0 out of range, without an error; NULL for NaN';

CREATE FUNCTION riskml.recipe_sql(recipe jsonb, relation regclass) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_recipe_sql' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION riskml.recipe_sql(jsonb, regclass) IS 'a SELECT of a fitted recipe''s outputs, a row for each of the relation''s: the very values of riskml.apply_recipe(), whatever the session''s settings are; missing is NULL';
