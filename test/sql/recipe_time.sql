-- Operations on times: parts, cycles, ages, each by a clock that no setting turns.
\pset format unaligned
\pset null -
CREATE SCHEMA recipe_time;
SET search_path = recipe_time;
CREATE TABLE moment (id int, d date, ts timestamp, tz timestamptz);
SET TimeZone = 'UTC';
INSERT INTO moment SELECT row_number() OVER (), t::date, t, t FROM unnest(ARRAY['2024-02-29 12:34:56.789012', '2023-12-31 23:59:59.999999', '2021-01-03 00:00', '2021-03-28 00:59:59', '2021-03-28 01:00', '2021-10-31 00:30', '2021-10-31 01:30',
	'1900-03-01', '0044-03-15 12:00 BC', '4713-01-01 BC', '9999-12-31 23:59:59.999999', 'infinity', '-infinity', NULL]::timestamp[]) AS t;

-- parts
CREATE FUNCTION parts(c text, zone text) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('feature', part, 'input', c, 'op', 'date_part', 'part', part, 'time_zone', zone)) ORDER BY o)
	FROM unnest(ARRAY['year', 'quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy', 'hour', 'minute', 'second']) WITH ORDINALITY AS p(part, o) $$;
SELECT id, ts, array_to_string(riskml.apply_recipe(parts('ts', NULL), m), ' ', '-') FROM moment AS m ORDER BY id;
-- a date is midnight; an instant is what its step's clock shows, in summer and winter
SELECT id, array_to_string(riskml.apply_recipe(parts('d', NULL), m), ' ', '-') AS date, array_to_string(riskml.apply_recipe(parts('tz', 'Europe/Berlin'), m), ' ', '-') AS berlin FROM moment AS m ORDER BY id;
-- as date_part() has them, through all years and zones
SELECT zone, count(*), count(*) FILTER (WHERE riskml.apply_recipe(parts('t', zone), r) IS DISTINCT FROM
	(SELECT array_agg(date_part(part, t AT TIME ZONE zone) ORDER BY o) FROM unnest(ARRAY['year', 'quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy', 'hour', 'minute', 'second']) WITH ORDINALITY AS p(part, o))) AS differ
FROM unnest(ARRAY['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Africa/Monrovia']) AS zone,
	LATERAL (SELECT '1716-01-01Z'::timestamptz + i * interval '37 days 5 hours 17 minutes 29.123457 seconds' AS t FROM generate_series(1, 5500, 8) AS i) AS r
GROUP BY zone ORDER BY zone;

-- cycles
SELECT id, array_to_string(ARRAY(SELECT round(v::numeric, 12) FROM unnest(riskml.apply_recipe('[{"feature": "month", "input": "ts", "op": "cyclic", "part": "month"}, {"feature": "dow", "input": "ts", "op": "cyclic", "part": "dow"},
	{"feature": "half", "input": "tz", "op": "cyclic", "part": "hour", "period": 12, "time_zone": "Asia/Kolkata"}]', m)) AS v), ' ', '-') FROM moment AS m ORDER BY id;
SET extra_float_digits = -3;
SELECT part, ARRAY(SELECT round(v::numeric, 12) FROM unnest(riskml.apply_recipe(jsonb_build_array(jsonb_build_object('feature', 'c', 'input', 't', 'op', 'cyclic', 'part', part)), '{"t": "2024-02-29T18:45:30"}'::jsonb)) AS v)
FROM unnest(ARRAY['quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy', 'hour', 'minute', 'second']) AS part;
SELECT x, riskml.apply_recipe('[{"feature": "c", "input": "x", "op": "cyclic", "period": 4}]', jsonb_build_object('x', x)) FROM unnest(ARRAY[0, 1, -1, 2.5, 1e22]) AS x;

RESET extra_float_digits;

-- ages
SELECT id, riskml.apply_recipe('[{"feature": "a", "input": "d", "op": "age_days", "reference": "2024-03-01"}, {"feature": "b", "input": "ts", "op": "age_days", "reference": "2024-03-01T06:00"},
	{"feature": "c", "input": "tz", "op": "age_days", "reference": "2024-03-01", "time_zone": "America/New_York"}, {"feature": "e", "input": ["d", "ts"], "op": "age_days"}]', m) FROM moment AS m ORDER BY id;

-- times in JSON
SELECT t, riskml.apply_recipe_json('[{"feature": "y", "input": "t", "op": "date_part", "part": "day", "time_zone": "Europe/Berlin"}, {"feature": "h", "input": "t", "op": "date_part", "part": "hour", "time_zone": "Europe/Berlin"},
	{"feature": "s", "input": "t", "op": "date_part", "part": "second", "time_zone": "Europe/Berlin"}, {"feature": "a", "input": "t", "op": "age_days", "reference": "2024-07-01", "time_zone": "Europe/Berlin"}]', jsonb_build_object('t', t))
FROM unnest(ARRAY['2024-07-01', '2024-07-01T23:30', '2024-07-01 23:30:15.25', '2024-07-01T23:30Z', '2024-07-01T23:30:00+02:00', '2024-01-01T23:30-05:30', NULL]) AS t;
\set VERBOSITY terse
SELECT riskml.apply_recipe('[{"feature": "h", "input": "t", "op": "date_part", "part": "hour"}]', '{"t": "2024-07-01T23:30Z"}'::jsonb);
SELECT riskml.apply_recipe('[{"feature": "h", "input": "t", "op": "date_part", "part": "hour"}]', '{"t": "01.07.2024"}'::jsonb);
SELECT riskml.apply_recipe('[{"feature": "h", "input": "t", "op": "date_part", "part": "hour"}]', '{"t": "2023-02-29"}'::jsonb);
SELECT riskml.apply_recipe('[{"feature": "h", "input": "t", "op": "date_part", "part": "hour"}]', '{"t": 5}'::jsonb);
SELECT riskml.apply_recipe('[{"feature": "h", "input": "tz", "op": "date_part", "part": "hour"}]', m) FROM moment AS m LIMIT 1;

-- the same in every session
CREATE FUNCTION all_of_it() RETURNS text LANGUAGE sql AS
$$ SELECT md5(string_agg(array_to_string(riskml.apply_recipe('[{"feature": "a", "input": "tz", "op": "date_part", "part": "hour", "time_zone": "Europe/Dublin"}, {"feature": "b", "input": "tz", "op": "cyclic", "part": "doy", "time_zone": "Asia/Tokyo"},
	{"feature": "c", "input": ["d", "tz"], "op": "age_days", "time_zone": "America/Caracas"}, {"feature": "e", "input": "ts", "op": "age_days", "reference": "2024-01-01"}]', m), ' ', '-'), ';' ORDER BY id)) FROM moment AS m $$;
CREATE TABLE kept AS SELECT all_of_it() AS was;
SET TimeZone = 'Pacific/Auckland';
SET DateStyle = 'German';
SET IntervalStyle = 'sql_standard';
SET timezone_abbreviations = 'Australia';
SELECT all_of_it() = was AS same FROM kept;
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
RESET timezone_abbreviations;

-- faults
CREATE FUNCTION faults(recipe jsonb) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s %s: %s', step, field, problem) FROM riskml.check_recipe(recipe) WHERE severity = 'error' $$;
SELECT faults('[{"feature": "a", "op": "date_part"}, {"feature": "b", "op": "date_part", "part": "century"}, {"feature": "c", "op": "date_part", "part": "hour", "time_zone": "Mars/Olympus"}, {"feature": "d", "op": "date_part", "part": "hour", "time_zone": ""}]');
SELECT faults('[{"feature": "a", "op": "cyclic"}, {"feature": "b", "op": "cyclic", "part": "year"}, {"feature": "c", "op": "cyclic", "period": 0}, {"feature": "d", "op": "cyclic", "part": "hour", "period": -24}, {"feature": "e", "op": "cyclic", "part": "noon"}]');
SELECT faults('[{"feature": "a", "op": "age_days"}, {"feature": "b", "op": "age_days", "reference": "yesterday"}, {"feature": "c", "op": "age_days", "reference": "2024-01-01T00:00Z"}, {"feature": "d", "input": ["x", "y"], "op": "age_days", "reference": "2024-01-01"}, {"feature": "e", "input": ["x", "y", "z"], "op": "age_days"}]');
SELECT faults('[{"feature": "a", "input": "t", "op": "log1p"}, {"feature": "b", "input": "t", "op": "date_part", "part": "day"}]');
DROP SCHEMA recipe_time CASCADE;
