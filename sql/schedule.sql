-- When jobs are due.

CREATE FUNCTION riskml.schedule_ticks(schedule text, n int, after timestamptz DEFAULT pg_catalog.now(),
	timezone text DEFAULT 'UTC', start_at timestamptz DEFAULT NULL) RETURNS SETOF timestamptz
	AS 'MODULE_PATHNAME', 'riskml_schedule_ticks' LANGUAGE C STABLE PARALLEL SAFE COST 10 ROWS 10;
COMMENT ON FUNCTION riskml.schedule_ticks(text, int, timestamptz, text, timestamptz) IS 'the next n times of a schedule (five cron fields, a name such as @hourly, or an interval) after an instant, in a time zone and not before start_at, from which intervals count; n below zero: the last times at or before it, latest first';
