-- When jobs are due: schedule_ticks() in time zones, and beside brute force over every instant.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixtures :abs_srcdir /sql/data/fixtures.inc
\i :fixtures
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
\t on
\pset format unaligned
-- an instant, and what the zone's clock shows
CREATE FUNCTION pg_temp.ticks(schedule text, n int, after timestamptz, timezone text DEFAULT 'UTC') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT t || '  ' || to_char(t AT TIME ZONE timezone, 'Dy YYYY-MM-DD HH24:MI:SS') FROM riskml.schedule_ticks(schedule, n, after, timezone) t $$;

-- ---- forms
SELECT * FROM pg_temp.ticks('30 6 * * mon-fri', 3, '2025-01-03 06:30');
SELECT * FROM pg_temp.ticks('0 0 13 * 5', 4, '2025-06-01');
SELECT * FROM pg_temp.ticks('0 0 */2 * 1', 3, '2025-06-01');
SELECT * FROM pg_temp.ticks('0 12 L 2 *', 4, '2025-06-01');
SELECT * FROM pg_temp.ticks('0 0 29 2 *', 2, '2096-02-29');
SELECT name, array_agg(t ORDER BY t) FROM unnest('{@yearly,@annually,@monthly,@weekly,@daily,@midnight,@hourly}'::text[]) name, riskml.schedule_ticks(name, 2, '2025-06-01 12:00:00.000001') t GROUP BY 1 ORDER BY 1;
-- strictly after; at or before, latest first
SELECT * FROM pg_temp.ticks('@hourly', 2, '2025-06-01 12:00');
SELECT * FROM pg_temp.ticks('@hourly', 2, '2025-06-01 11:59:59.999999');
SELECT * FROM pg_temp.ticks('@hourly', -2, '2025-06-01 12:00');
SELECT * FROM pg_temp.ticks('@hourly', -2, '2025-06-01 11:59:59.999999');
SELECT * FROM pg_temp.ticks('@weekly', -2, '2025-06-01 11:59:59.999999', 'Pacific/Auckland');

-- ---- intervals: elapsed time from an anchor, 2000-01-03 if no other is given
SELECT i, array_agg(t ORDER BY t) FROM unnest(ARRAY['15 minutes', '10 seconds', '1 hour', '90 min', 'PT2H', '1:30', '@ 1 day', '1 day 02:00:00', '2 weeks', '1.5 seconds', '1 hour -10 minutes', '+45 sec']) WITH ORDINALITY i(i, n), riskml.schedule_ticks(i, 2, '2025-06-01 12:00:00.5') t GROUP BY n, i ORDER BY n;
SELECT riskml.schedule_ticks('40 minutes', 3, '2025-06-01 12:00', start_at => '2025-06-01 11:50:07.25');
SELECT riskml.schedule_ticks('40 minutes', -5, '2025-06-01 13:50:07.25', start_at => '2025-06-01 11:50:07.25');
-- start_at is the first one, and none is before it
SELECT riskml.schedule_ticks('1 day', 2, '2020-01-01', start_at => '2025-06-01 11:50');
SELECT riskml.schedule_ticks('@daily', 2, '2020-01-01', start_at => '2025-06-01');
SELECT riskml.schedule_ticks('@daily', 2, '2020-01-01', start_at => '2025-06-01 00:00:00.000001');
SELECT riskml.schedule_ticks('@daily', -3, '2025-06-02 12:00', start_at => '2025-06-01');
-- no clock is put forward for them
SELECT * FROM pg_temp.ticks('1 day', 3, '2025-03-29 12:00', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('6 hours', 5, '2025-10-26 00:00', 'Europe/Berlin');

-- ---- a clock put forward: some hours are due once, behind the gap; every hour goes by elapsed time
SELECT * FROM pg_temp.ticks('30 2 * * *', 3, '2025-03-29', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('*/20 1-3 * * *', 7, '2025-03-30', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('15,45 */2 30 3 *', 5, '2025-03-29', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 * * * *', 3, '2025-03-30', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('0 2 * * *', 3, '2025-03-08 12:00', 'America/New_York');
SELECT * FROM pg_temp.ticks('0 2,3 * * *', 4, '2025-03-08 12:00', 'America/New_York');
SELECT * FROM pg_temp.ticks('59 1 * * *', 2, '2025-03-08 12:00', 'America/New_York');
SELECT * FROM pg_temp.ticks('*/30 * * * *', 4, '2025-03-09 06:00', 'America/New_York');
SELECT * FROM pg_temp.ticks('15 2 * * *', 3, '2025-10-04', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('0,30 1-2 * * *', 6, '2025-10-04 12:00', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('0 * * * *', 4, '2025-10-04 13:00', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('30 2 * * *', 3, '2025-03-29', 'Asia/Kolkata');
SELECT * FROM pg_temp.ticks('0 * * * *', 3, '2025-03-29', 'Asia/Kolkata');

-- ---- a clock put back: some hours are due the first time, every hour both times
SELECT * FROM pg_temp.ticks('30 2 * * *', 3, '2025-10-25', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('*/30 1-3 * * *', 7, '2025-10-25 22:30', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('*/15 */2 * * *', 6, '2025-10-26 00:00', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 * * * *', 4, '2025-10-25 23:00', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 1 * * *', 3, '2025-11-01', 'America/New_York');
SELECT * FROM pg_temp.ticks('0 1 * * *', 3, '2025-11-01', 'America/New_York');
SELECT * FROM pg_temp.ticks('*/30 * * * *', 6, '2025-11-02 04:30', 'America/New_York');
SELECT * FROM pg_temp.ticks('45 1 * * *', 3, '2025-04-04', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('*/15 1 * * *', 5, '2025-04-05 13:45', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('*/15 * * * *', 7, '2025-04-05 14:30', 'Australia/Lord_Howe');
SELECT * FROM pg_temp.ticks('45 1 * * *', 2, '2025-04-04', 'Asia/Kolkata');
-- seen from behind it, and from in between
SELECT * FROM pg_temp.ticks('30 2 * * *', -2, '2025-10-26 02:00', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 * * * *', -3, '2025-10-26 02:00', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 2 * * *', 1, '2025-10-26 01:10', 'Europe/Berlin');
SELECT * FROM pg_temp.ticks('30 2 * * *', -2, '2025-03-30 01:00', 'Europe/Berlin');

-- ---- odd zones: a day that did not exist and one that came twice, midnight skipped, two hours at once, offsets with seconds
SELECT * FROM pg_temp.ticks('0 9 * * *', 4, '2011-12-29 12:00', 'Pacific/Apia');
SELECT * FROM pg_temp.ticks('0 0 * * *', 3, '2011-12-29 12:00', 'Pacific/Apia');
SELECT * FROM pg_temp.ticks('0 9 30 12 *', 2, '2011-12-29 12:00', 'Pacific/Apia');
SELECT * FROM pg_temp.ticks('0 */12 * * *', 4, '2011-12-29 12:00', 'Pacific/Apia');
SELECT * FROM pg_temp.ticks('0 9 * * *', 4, '1969-09-29 12:00', 'Pacific/Kwajalein');
SELECT * FROM pg_temp.ticks('0 0 * * *', 3, '2018-11-03 12:00', 'America/Sao_Paulo');
SELECT * FROM pg_temp.ticks('0 1,2,3 * * *', 5, '2025-03-29 12:00', 'Antarctica/Troll');
SELECT * FROM pg_temp.ticks('45 5 * * *', 2, '2025-03-29 12:00', 'Asia/Kathmandu');
SELECT * FROM pg_temp.ticks('5 0 * * *', 3, '1985-12-30 20:00', 'Asia/Kathmandu');
SELECT * FROM pg_temp.ticks('0 12 * * *', 2, '1850-01-01 12:00', 'Europe/Amsterdam');
SELECT * FROM pg_temp.ticks('0 * * * *', 2, '1850-01-01 12:00', 'Europe/Amsterdam');
-- far away, and the ends of time
SELECT * FROM pg_temp.ticks('30 2 * * 0', 2, '5025-03-22', 'Europe/Berlin');
SELECT array_agg(t) FROM riskml.schedule_ticks('0 0 * * *', 5, '294276-12-29 12:00', 'Europe/Berlin') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('0 * * * *', 5, '294276-12-31 21:00', 'Europe/Berlin') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('0 0 29 2 *', 5, '294276-12-29 12:00', 'Europe/Berlin') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('* * 29 2 *', 5, '294276-12-29 12:00', 'Europe/Berlin') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('36525 days', 5, '294276-12-29 12:00') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('0 0 1 1 *', -5, '4713-01-01 BC', 'UTC') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('0 * 1 1 *', -5, '4714-11-24 BC', 'UTC') t;
SELECT array_agg(t) FROM riskml.schedule_ticks('12 hours', -5, '4714-11-24 12:00 BC') t;
SELECT count(*) FROM unnest('{@daily,@hourly,15 minutes}'::text[]) s, unnest('{infinity,-infinity}'::timestamptz[]) a, unnest('{1,-1}'::int[]) n, riskml.schedule_ticks(s, n, a);

-- ---- refusals
SELECT pg_temp.try(format('SELECT riskml.schedule_ticks(%L, 1)', s)) FROM unnest(ARRAY[
	'', '  ', '* * * *', '15', '* * * * * *', '0 25 * * *', '0 0 1 smarch *', '0 0 ? * 1', '5/15 * * * *', '*/90 * * * *', '0 22-2 * * *', '0 0 30 2 *', '@reboot', '@every 5m', '@never', 'ä * * * *', 'ä',
	'nonsense', '15 minuts', '1 month', '1 year', '1 year -1 mon', '0 seconds', '0.5 seconds', '-15 minutes', '15 minutes ago', '1 hour -90 minutes', 'infinity', '36526 days', '2147483647 days', '9223372036854775807 us', repeat('9', 300) || ' days', '101 years', repeat('1 minute ', 40)]) WITH ORDINALITY s(s, n) ORDER BY n;
SELECT pg_temp.try(format('SELECT riskml.schedule_ticks(''@daily'', 1, timezone => %L)', z)) FROM unnest(ARRAY['', 'Europe/Nowhere', 'CEST', 'UTC+3', '<+03>-3', 'EST5EDT,M3.2.0,M11.1.0', '+02:00', '5', '-3.5', 'INTERVAL ''5'' HOUR', '../zone.tab', repeat('x', 300)]) WITH ORDINALITY z(z, n) ORDER BY n;
SELECT z, pg_temp.sqlstate(format('SELECT riskml.schedule_ticks(''1 hour'', 1, timezone => %L)', z)) FROM unnest('{UTC,utc,europe/BERLIN,Etc/GMT+5,EST5EDT,Z,Etc/Zulu,Etc/GMT-14,nowhere}'::text[]) z;
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''@daily'', ' || n || ')') FROM unnest('{0,100001,-100001,-2147483648,NULL::int}'::text[]) n;
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''@daily'', 1, after => NULL)');
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''@daily'', 1, timezone => NULL)');
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''1 day'', 1, start_at => ''infinity'')');
-- a job without a schedule is run by hand
SELECT count(*) FROM riskml.schedule_ticks(NULL, 1);
SELECT count(*), count(DISTINCT t), max(t) > now() FROM riskml.schedule_ticks('* * * * *', 100000) t;

-- ---- no setting matters
CREATE FUNCTION pg_temp.settled() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(s || n || extract(epoch FROM t), ',' ORDER BY s, n, z, t))
	FROM unnest('{30 2 * * *,0 * * * sat,1 day,1 day -2 hours,@weekly,15 minutes,0 0 1 mar *}'::text[]) s, unnest('{50,-50}'::int[]) n,
		unnest('{Europe/Berlin,America/New_York,Australia/Lord_Howe}'::text[]) z, riskml.schedule_ticks(s, n, to_timestamp(1743200000), z, CASE n WHEN 50 THEN to_timestamp(1743000000) END) t $$;
SELECT pg_temp.settled() AS usual \gset
CREATE FUNCTION pg_temp.settled_with(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		result text;
	BEGIN
		PERFORM set_config(setting, value, true);
		result := pg_temp.settled();
		RAISE EXCEPTION USING ERRCODE = 'RMUN1', MESSAGE = result;
	EXCEPTION WHEN SQLSTATE 'RMUN1' THEN
		RETURN SQLERRM;
	END $$;
SELECT setting, value FROM (VALUES ('TimeZone', 'Europe/Berlin'), ('TimeZone', 'Australia/Lord_Howe'), ('TimeZone', '-12'), ('DateStyle', 'German, DMY'), ('DateStyle', 'SQL, MDY'), ('IntervalStyle', 'sql_standard'),
	('IntervalStyle', 'iso_8601'), ('timezone_abbreviations', 'India'), ('lc_time', 'C'), ('search_path', ''), ('extra_float_digits', '-15')) v(setting, value) WHERE pg_temp.settled_with(setting, value) <> :'usual';
-- a leading minus is a matter of IntervalStyle for intervals, and refused for schedules
SET IntervalStyle = 'sql_standard';
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''-1 day 26 hours'', 1)');
SET IntervalStyle = 'postgres';
SELECT pg_temp.try('SELECT riskml.schedule_ticks(''-1 day 26 hours'', 1)');
RESET IntervalStyle;

-- ---- brute force: every instant at which the clock may change, one after the other, and what the clock shows at each
CREATE TEMP TABLE schedules (schedule text, every_hour boolean, condition text, minutes int DEFAULT 30);
INSERT INTO schedules VALUES
	('*/30 * * * *', true, 'mi IN (0, 30)'),
	('0 * * * *', true, 'mi = 0'),
	('30 * * * mon-fri', true, 'mi = 30 AND w BETWEEN 1 AND 5'),
	('30 0-23 25-31 3,4,10,nov *', true, 'mi = 30 AND d >= 25 AND mo IN (3, 4, 10, 11)'),
	('0 */2 * * *', false, 'mi = 0 AND h % 2 = 0'),
	('*/30 1-3 * * *', false, 'mi % 30 = 0 AND h IN (1, 2, 3)'),
	('30 2 * * *', false, 'mi = 30 AND h = 2'),
	('0 2 * * sun', false, 'mi = 0 AND h = 2 AND w = 0'),
	('@daily', false, 'mi = 0 AND h = 0'),
	('0,30 0,1,23 * * 6,7', false, 'mi % 30 = 0 AND h IN (0, 1, 23) AND w IN (0, 6)'),
	('0 3 1 * *', false, 'mi = 0 AND h = 3 AND d = 1'),
	('30 1 L * *', false, 'mi = 30 AND h = 1 AND extract(day FROM l + interval ''1 day'') = 1'),
	('0 12 13 * fri', false, 'mi = 0 AND h = 12 AND (d = 13 OR w = 5)'),
	('30 2 */2 * 0', false, 'mi = 30 AND h = 2 AND d % 2 = 1 AND w = 0'),
	('30 2 29 2 *', false, 'mi = 30 AND h = 2 AND d = 29 AND mo = 2');
-- these need a look at every minute
INSERT INTO schedules VALUES
	('* * * * *', true, 'true', 1),
	('*/15 * * * *', true, 'mi % 15 = 0', 1),
	('7,37 * * * *', true, 'mi IN (7, 37)', 1),
	('*/7 0-2 * * *', false, 'mi % 7 = 0 AND h <= 2', 1),
	('* */3 * * *', false, 'h % 3 = 0', 1),
	('*/15 */2 * * *', false, 'mi % 15 = 0 AND h % 2 = 0', 1),
	('45 1,2 * * *', false, 'mi = 45 AND h IN (1, 2)', 1),
	('59 23 * * *', false, 'mi = 59 AND h = 23', 1);
-- What the clock shows at each instant, and what it skips just before one. seen: it shows that at the instant; first: it has not shown it before.
CREATE FUNCTION pg_temp.watch_clock(zone text, begin_at timestamptz, end_at timestamptz, step interval) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		CREATE TEMP TABLE clock AS
			WITH c AS MATERIALIZED (
				SELECT t, l, max(l) OVER (ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
				FROM (SELECT t, t AT TIME ZONE zone AS l FROM generate_series(begin_at - interval '3 days', end_at - step, step) t) t),
			s AS (
				SELECT t, l, true AS seen, l > latest AS first FROM c
				UNION ALL
				SELECT t, skipped, false, true FROM c, generate_series(latest + step, l - step, step) skipped WHERE l > latest + step)
			SELECT t, l, seen, first, date_part('minute', l)::int AS mi, date_part('hour', l)::int AS h, date_part('day', l)::int AS d, date_part('month', l)::int AS mo, date_part('dow', l)::int AS w
			FROM s WHERE t >= begin_at;
	END $$;
CREATE FUNCTION pg_temp.brute_force(every_hour boolean, condition text) RETURNS timestamptz[] LANGUAGE plpgsql AS $$
	DECLARE
		result timestamptz[];
	BEGIN
		EXECUTE format('SELECT array_agg(t ORDER BY t) FROM (SELECT DISTINCT t FROM clock WHERE %I AND %s) t', CASE WHEN every_hour THEN 'seen' ELSE 'first' END, condition) INTO result;
		RETURN coalesce(result, '{}');
	END $$;
-- year by year, as one call gives 100,000 ticks; n: about as many as there are in all, for fewer a year
CREATE FUNCTION pg_temp.forward(schedule text, zone text, begin_at timestamptz, end_at timestamptz, n int) RETURNS timestamptz[] LANGUAGE sql AS $$
	WITH years AS (SELECT y, count(*) OVER () AS years FROM generate_series(begin_at, end_at - interval '1 us', '1 year') y)
	SELECT coalesce(array_agg(t ORDER BY t), '{}') FROM years, riskml.schedule_ticks(schedule, (1.2 * n / years + 10)::int, y - interval '1 us', zone) t WHERE t < least(y + interval '1 year', end_at) $$;
CREATE FUNCTION pg_temp.backward(schedule text, zone text, begin_at timestamptz, end_at timestamptz) RETURNS timestamptz[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(t ORDER BY t), '{}') FROM generate_series(begin_at, end_at - interval '1 us', '1 year') y,
		riskml.schedule_ticks(schedule, -100000, least(y + interval '1 year', end_at) - interval '1 us', zone, y) t $$;
-- from instants around the change, which are no ticks and may lie in a repeated hour, to the tick before and the tick after
CREATE FUNCTION pg_temp.wrong_between(schedule text, zone text, ticks timestamptz[], at timestamptz) RETURNS boolean LANGUAGE sql AS $$
	SELECT count(*) <> 33 OR bool_or(before <> (SELECT riskml.schedule_ticks(schedule, -1, t, zone))) OR bool_or(after <> (SELECT riskml.schedule_ticks(schedule, 1, t, zone)))
	FROM (SELECT t, probe, max(t) FILTER (WHERE NOT probe) OVER (ORDER BY t, probe) AS before, min(t) FILTER (WHERE NOT probe) OVER (ORDER BY t DESC, probe DESC) AS after
		FROM (SELECT t, true AS probe FROM generate_series(at - interval '3 hours', at + interval '3 hours', '11 minutes 13 seconds') t
			UNION ALL SELECT t, false FROM unnest(ticks) t WHERE t BETWEEN at - interval '3 days' AND at + interval '3 days') t) p
	WHERE probe $$;
CREATE FUNCTION pg_temp.compare(zone text, begin_at timestamptz, end_at timestamptz, step interval, OUT compared bigint, OUT ticks bigint, OUT wrong text[]) LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_temp.watch_clock(zone, begin_at, end_at, step);
		SELECT count(*), sum(cardinality(b)), coalesce(array_agg(schedule) FILTER (WHERE b <> pg_temp.forward(schedule, zone, begin_at, end_at, cardinality(b)) OR b <> pg_temp.backward(schedule, zone, begin_at, end_at)
				OR (step = '1 minute' AND pg_temp.wrong_between(schedule, zone, b, coalesce((SELECT min(t) FROM clock WHERE NOT (seen AND first)), begin_at + interval '7 days')))), '{}')
		INTO compared, ticks, wrong
		FROM (SELECT schedule, pg_temp.brute_force(every_hour, condition) AS b FROM schedules WHERE minutes * interval '1 minute' >= step) s;
		DROP TABLE clock;
	END $$;
-- ten years, every half hour
SELECT zone, compared, ticks > 200000 AS many, wrong FROM unnest('{Europe/Berlin,America/New_York,Australia/Lord_Howe,Asia/Kolkata}'::text[]) zone, pg_temp.compare(zone, '2025-01-01', '2035-01-01', '30 minutes');
-- every minute of a fortnight, where something happens
SELECT zone, at, compared, ticks > 20000 AS many, wrong FROM (VALUES
	('Europe/Berlin', '2025-03-30'), ('Europe/Berlin', '2025-10-26'), ('America/New_York', '2025-03-09'), ('America/New_York', '2025-11-02'), ('Australia/Lord_Howe', '2025-04-05'), ('Australia/Lord_Howe', '2025-10-04'),
	('Asia/Kolkata', '1945-10-14'), ('Asia/Kathmandu', '1985-12-31'), ('Pacific/Apia', '2011-12-30'), ('Pacific/Kwajalein', '1969-09-30'), ('Pacific/Kwajalein', '1993-08-20'), ('America/Sao_Paulo', '2018-11-04'), ('America/Havana', '2018-11-04'),
	('Antarctica/Troll', '2025-03-30'), ('Antarctica/Troll', '2025-10-26'), ('Africa/Casablanca', '2018-10-28'), ('Asia/Pyongyang', '2018-05-04'), ('Europe/Dublin', '2025-03-30'), ('Etc/GMT-14', '2025-03-30'), ('Asia/Gaza', '2011-08-30')) v(zone, at),
	pg_temp.compare(zone, at::timestamptz - interval '7 days', at::timestamptz + interval '7 days', '1 minute');
-- what brute force could not tell: a daily schedule is due once on each of the 3652 days
SELECT zone, h, count(*), count(DISTINCT (t AT TIME ZONE zone)::date) FROM unnest('{Europe/Berlin,America/New_York,Australia/Lord_Howe,Asia/Kolkata}'::text[]) zone, unnest('{0,1,2,3}'::int[]) h,
	riskml.schedule_ticks('30 ' || h || ' * * *', 4000, '2025-01-01'::timestamp AT TIME ZONE zone - interval '1 us', zone) t WHERE (t AT TIME ZONE zone) < '2035-01-01' GROUP BY 1, 2 HAVING count(*) <> 3652 OR count(DISTINCT (t AT TIME ZONE zone)::date) <> 3652;
DROP TABLE schedules;
