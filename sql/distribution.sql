-- Distributions: counts in bins, made in one scan, merged and read.

CREATE TYPE riskml.distribution;

CREATE FUNCTION riskml.distribution_in(cstring) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_in(cstring) IS 'of type riskml.distribution';
CREATE FUNCTION riskml.distribution_out(riskml.distribution) RETURNS cstring
	AS 'MODULE_PATHNAME', 'riskml_distribution_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_out(riskml.distribution) IS 'of type riskml.distribution';
CREATE FUNCTION riskml.distribution_recv(internal) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_recv(internal) IS 'of type riskml.distribution';
CREATE FUNCTION riskml.distribution_send(riskml.distribution) RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_distribution_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_send(riskml.distribution) IS 'of type riskml.distribution';

CREATE TYPE riskml.distribution (
	INPUT = riskml.distribution_in,
	OUTPUT = riskml.distribution_out,
	RECEIVE = riskml.distribution_recv,
	SEND = riskml.distribution_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE riskml.distribution IS 'counts of values in bins of numbers, or of categories, as JSON';

CREATE FUNCTION riskml.distribution_to_jsonb(riskml.distribution) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'riskml_distribution_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_to_jsonb(riskml.distribution) IS 'of a cast';
CREATE CAST (riskml.distribution AS jsonb) WITH FUNCTION riskml.distribution_to_jsonb(riskml.distribution) AS ASSIGNMENT;
COMMENT ON CAST (riskml.distribution AS jsonb) IS 'its text';

CREATE FUNCTION riskml.distribution_from_jsonb(jsonb) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_from_jsonb(jsonb) IS 'of a cast';
CREATE CAST (jsonb AS riskml.distribution) WITH FUNCTION riskml.distribution_from_jsonb(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS riskml.distribution) IS 'the distribution whose text it is';

CREATE FUNCTION riskml.distribution_eq(a riskml.distribution, b riskml.distribution) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_distribution_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_eq(riskml.distribution, riskml.distribution) IS 'of operator =';
CREATE FUNCTION riskml.distribution_ne(a riskml.distribution, b riskml.distribution) RETURNS boolean
	AS 'MODULE_PATHNAME', 'riskml_distribution_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_ne(riskml.distribution, riskml.distribution) IS 'of operator <>';
CREATE FUNCTION riskml.distribution_plus(a riskml.distribution, b riskml.distribution) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_plus' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_plus(riskml.distribution, riskml.distribution) IS 'of operator +';

-- As the risk_* functions, operators are where they are found without a prefix: in the schema given to CREATE EXTENSION.
CREATE OPERATOR = (LEFTARG = riskml.distribution, RIGHTARG = riskml.distribution, FUNCTION = riskml.distribution_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel);
COMMENT ON OPERATOR = (riskml.distribution, riskml.distribution) IS 'the same bins and counts?';
CREATE OPERATOR <> (LEFTARG = riskml.distribution, RIGHTARG = riskml.distribution, FUNCTION = riskml.distribution_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR <> (riskml.distribution, riskml.distribution) IS 'other bins or counts?';
CREATE OPERATOR + (LEFTARG = riskml.distribution, RIGHTARG = riskml.distribution, FUNCTION = riskml.distribution_plus,
	COMMUTATOR = +);
COMMENT ON OPERATOR + (riskml.distribution, riskml.distribution) IS 'the distribution of both together';

-- Aggregates with a distribution as their state: mergeable, of the size of the bins.

CREATE FUNCTION riskml.distribution_merge(state riskml.distribution, other riskml.distribution) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_merge(riskml.distribution, riskml.distribution) IS 'of riskml.merge() and others';
CREATE FUNCTION riskml.distribution_final(state riskml.distribution) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_distribution_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.distribution_final(riskml.distribution) IS 'of riskml.histogram() and others';

CREATE FUNCTION riskml.histogram_step(state riskml.distribution, x float8, edges float8[]) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_histogram_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.histogram_step(riskml.distribution, float8, float8[]) IS 'of riskml.histogram()';
CREATE FUNCTION riskml.histogram_like_step(state riskml.distribution, x float8, baseline riskml.distribution) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_histogram_like_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.histogram_like_step(riskml.distribution, float8, riskml.distribution) IS 'of riskml.histogram_like()';
CREATE FUNCTION riskml.histogram_like_step(state riskml.distribution, x text, baseline riskml.distribution) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_histogram_like_text_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.histogram_like_step(riskml.distribution, text, riskml.distribution) IS 'of riskml.histogram_like()';

CREATE AGGREGATE riskml.histogram(x float8, edges float8[]) (
	SFUNC = riskml.histogram_step,
	STYPE = riskml.distribution,
	FINALFUNC = riskml.distribution_final,
	COMBINEFUNC = riskml.distribution_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.histogram(float8, float8[]) IS 'counts of numbers in the bins between these edges';

CREATE AGGREGATE riskml.histogram_like(x float8, baseline riskml.distribution) (
	SFUNC = riskml.histogram_like_step,
	STYPE = riskml.distribution,
	FINALFUNC = riskml.distribution_final,
	COMBINEFUNC = riskml.distribution_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.histogram_like(float8, riskml.distribution) IS 'counts of numbers in the bins of another distribution';

CREATE AGGREGATE riskml.histogram_like(x text, baseline riskml.distribution) (
	SFUNC = riskml.histogram_like_step,
	STYPE = riskml.distribution,
	FINALFUNC = riskml.distribution_final,
	COMBINEFUNC = riskml.distribution_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.histogram_like(text, riskml.distribution) IS 'counts of the categories of another distribution; what it does not list is "other"';

CREATE AGGREGATE riskml.merge(part riskml.distribution) (
	SFUNC = riskml.distribution_merge,
	STYPE = riskml.distribution,
	FINALFUNC = riskml.distribution_final,
	COMBINEFUNC = riskml.distribution_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.merge(riskml.distribution) IS 'the distribution of all of these together';

-- Aggregates with a sketch as their state: mergeable, of a size that is bounded.

CREATE TYPE riskml.sketch;

CREATE FUNCTION riskml.sketch_in(cstring) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_sketch_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sketch_in(cstring) IS 'of type riskml.sketch';
CREATE FUNCTION riskml.sketch_out(riskml.sketch) RETURNS cstring
	AS 'MODULE_PATHNAME', 'riskml_sketch_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sketch_out(riskml.sketch) IS 'of type riskml.sketch';
CREATE FUNCTION riskml.sketch_recv(internal) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_sketch_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sketch_recv(internal) IS 'of type riskml.sketch';
CREATE FUNCTION riskml.sketch_send(riskml.sketch) RETURNS bytea
	AS 'MODULE_PATHNAME', 'riskml_sketch_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.sketch_send(riskml.sketch) IS 'of type riskml.sketch';

CREATE TYPE riskml.sketch (
	INPUT = riskml.sketch_in,
	OUTPUT = riskml.sketch_out,
	RECEIVE = riskml.sketch_recv,
	SEND = riskml.sketch_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE riskml.sketch IS 'the state of riskml.quantile_histogram() and riskml.category_histogram(), as JSON';

CREATE FUNCTION riskml.quantile_histogram_step(state riskml.sketch, x float8, bins int) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_quantile_histogram_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.quantile_histogram_step(riskml.sketch, float8, int) IS 'of riskml.quantile_histogram()';
CREATE FUNCTION riskml.quantile_histogram_combine(state riskml.sketch, other riskml.sketch) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_quantile_histogram_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.quantile_histogram_combine(riskml.sketch, riskml.sketch) IS 'of riskml.quantile_histogram()';
CREATE FUNCTION riskml.quantile_histogram_final(state riskml.sketch) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_quantile_histogram_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.quantile_histogram_final(riskml.sketch) IS 'of riskml.quantile_histogram()';

CREATE AGGREGATE riskml.quantile_histogram(x float8, bins int) (
	SFUNC = riskml.quantile_histogram_step,
	STYPE = riskml.sketch,
	FINALFUNC = riskml.quantile_histogram_final,
	COMBINEFUNC = riskml.quantile_histogram_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.quantile_histogram(float8, int) IS 'counts of numbers in about so many bins of about equal counts';

CREATE FUNCTION riskml.category_histogram_step(state riskml.sketch, x text, max_categories int) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_category_histogram_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.category_histogram_step(riskml.sketch, text, int) IS 'of riskml.category_histogram()';
CREATE FUNCTION riskml.category_histogram_combine(state riskml.sketch, other riskml.sketch) RETURNS riskml.sketch
	AS 'MODULE_PATHNAME', 'riskml_category_histogram_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.category_histogram_combine(riskml.sketch, riskml.sketch) IS 'of riskml.category_histogram()';
CREATE FUNCTION riskml.category_histogram_final(state riskml.sketch) RETURNS riskml.distribution
	AS 'MODULE_PATHNAME', 'riskml_category_histogram_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION riskml.category_histogram_final(riskml.sketch) IS 'of riskml.category_histogram()';

CREATE AGGREGATE riskml.category_histogram(x text, max_categories int) (
	SFUNC = riskml.category_histogram_step,
	STYPE = riskml.sketch,
	FINALFUNC = riskml.category_histogram_final,
	COMBINEFUNC = riskml.category_histogram_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE riskml.category_histogram(text, int) IS 'counts of the most frequent texts, at most so many; the rest is "other"';

-- What is in a distribution.

CREATE FUNCTION riskml.kind(d riskml.distribution) RETURNS text
	AS 'MODULE_PATHNAME', 'riskml_distribution_kind' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.kind(riskml.distribution) IS 'numeric or categorical';

CREATE FUNCTION riskml.edges(d riskml.distribution) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'riskml_distribution_edges' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.edges(riskml.distribution) IS 'the edges of the bins; NULL if it is one of categories';

CREATE FUNCTION riskml.categories(d riskml.distribution) RETURNS text[]
	AS 'MODULE_PATHNAME', 'riskml_distribution_categories' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.categories(riskml.distribution) IS 'the categories that are listed; NULL if it is one of numbers';

CREATE FUNCTION riskml.counts(d riskml.distribution) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'riskml_distribution_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.counts(riskml.distribution) IS 'how many values there are in each bin or category';

CREATE FUNCTION riskml.nulls(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_nulls' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.nulls(riskml.distribution) IS 'how many nulls there were';

CREATE FUNCTION riskml.nans(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_nans' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.nans(riskml.distribution) IS 'how many values were NaN';

CREATE FUNCTION riskml.underflow(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_underflow' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.underflow(riskml.distribution) IS 'how many values were below the first edge';

CREATE FUNCTION riskml.overflow(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_overflow' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.overflow(riskml.distribution) IS 'how many values were above the last edge';

CREATE FUNCTION riskml.other(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_other' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.other(riskml.distribution) IS 'how many values were of categories that are not listed';

CREATE FUNCTION riskml.total(d riskml.distribution) RETURNS bigint
	AS 'MODULE_PATHNAME', 'riskml_distribution_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.total(riskml.distribution) IS 'how many values there were, neither null nor NaN';

CREATE FUNCTION riskml.minimum(d riskml.distribution) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_distribution_minimum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.minimum(riskml.distribution) IS 'the least value; NULL if there is none, or it is not known';

CREATE FUNCTION riskml.maximum(d riskml.distribution) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_distribution_maximum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.maximum(riskml.distribution) IS 'the greatest value; NULL if there is none, or it is not known';

CREATE FUNCTION riskml.quantile(d riskml.distribution, p float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_distribution_quantile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.quantile(riskml.distribution, float8) IS 'the number below which this share of the values lies, values being spread evenly within a bin';

CREATE FUNCTION riskml.cdf(d riskml.distribution, x float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'riskml_distribution_cdf' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION riskml.cdf(riskml.distribution, float8) IS 'the share of the values that are not above x, values being spread evenly within a bin';

CREATE FUNCTION riskml.bins(d riskml.distribution) RETURNS TABLE (bin int, lower_edge float8, upper_edge float8, category text, rows bigint, share float8)
	AS 'MODULE_PATHNAME', 'riskml_distribution_bins' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION riskml.bins(riskml.distribution) IS 'the bins or categories as rows: with underflow and overflow, or other values (category NULL) at the end';
