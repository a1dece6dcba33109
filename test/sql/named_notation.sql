-- Every function for users can be called with named notation and nothing quoted; so can every column.
CREATE TEMP VIEW functions AS
	SELECT p.* FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
	WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
		AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml');
-- what is not for users: input, output and casts of types, the trigger, what the planner calls, aggregates and what they call
CREATE TEMP VIEW inner_functions AS
	SELECT oid FROM functions WHERE proname ~ '^(model_ref|(model_ref|distribution|sketch)_(in|out|recv|send)|distribution_(to|from)_jsonb)$' OR prorettype IN ('trigger'::regtype, 'internal'::regtype) OR provariadic = '"any"'::regtype
		OR prokind = 'a' OR 'internal'::regtype = ANY (proargtypes);
SELECT oid::regprocedure FROM inner_functions ORDER BY oid::regprocedure::text;
-- a call of each other function, all of its arguments NULL and named
CREATE TEMP VIEW calls AS
	SELECT oid, format(CASE prokind WHEN 'p' THEN 'CALL %s.%s(%s)' ELSE 'EXPLAIN SELECT * FROM %s.%s(%s)' END, pronamespace::regnamespace, proname,
		(SELECT string_agg(coalesce(proargnames[n], '(unnamed)') || ' => NULL::' || format_type(type, NULL), ', ' ORDER BY n)
		FROM unnest(proargtypes::oid[]) WITH ORDINALITY a(type, n))) AS command
	FROM functions WHERE oid NOT IN (SELECT oid FROM inner_functions);
DO $$
DECLARE
	c record;
	seen int := 0;
BEGIN
	FOR c IN SELECT * FROM calls ORDER BY command LOOP
		BEGIN
			EXECUTE c.command;
			seen := seen + 1;
		EXCEPTION
			-- a procedure, which knows by now where it is, or what it lacks
			WHEN active_sql_transaction OR null_value_not_allowed THEN seen := seen + 1;
			WHEN OTHERS THEN RAISE NOTICE '% %: %', c.command, SQLSTATE, SQLERRM;
		END;
	END LOOP;
	IF seen = (SELECT count(*) FROM calls) AND seen > 30 THEN
		RAISE NOTICE 'all parsed';
	END IF;
END $$;
-- no name is a reserved word: parameters may not be reserved or column-name words, columns not reserved or function-name words
SELECT oid::regprocedure, name, catdesc FROM functions, unnest(proargnames, proargmodes) a(name, mode) JOIN pg_get_keywords() ON word = name
WHERE catcode IN (CASE WHEN mode IN ('o', 't') THEN 'T' ELSE 'C' END, 'R') ORDER BY oid::regprocedure::text, 2;
SELECT attrelid::regclass, attname, catdesc FROM pg_attribute JOIN pg_get_keywords() ON word = attname
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'riskml'::regnamespace) AND attnum > 0 AND catcode IN ('R', 'T');
-- nor does any need quotes
SELECT oid::regprocedure, name FROM functions, unnest(proargnames) name WHERE name !~ '^[a-z_][a-z0-9_]*$';
SELECT attrelid::regclass, attname FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'riskml'::regnamespace) AND attnum > 0 AND NOT attisdropped AND attname !~ '^[a-z_][a-z0-9_]*$';
-- every function says what it is: volatility by what it reads, parallel safety, strictness
SELECT oid::regprocedure AS function, provolatile AS volatile, proparallel AS parallel, proisstrict AS strict, procost AS cost FROM functions
ORDER BY pronamespace::regnamespace::text, oid::regprocedure::text;
