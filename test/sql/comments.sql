-- Everything that CREATE EXTENSION makes is described.
SELECT pg_describe_object(classid, objid, objsubid) AS without_comment FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'riskml') AND deptype = 'e'
	AND coalesce(obj_description(objid, classid::regclass::name), '') = ''
	-- the sequence of an identity column is part of its table
	AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = pg_depend.classid AND i.objid = pg_depend.objid AND i.deptype = 'i')
ORDER BY 1;
SELECT tgname AS without_comment FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'riskml'::regnamespace) AND obj_description(oid, 'pg_trigger') IS NULL;
SELECT obj_description(oid, 'pg_extension') IS NOT NULL AS extension FROM pg_extension WHERE extname = 'riskml';
-- settings too
LOAD 'riskml';
SELECT name, context, vartype, boot_val, min_val, max_val, enumvals, unit, short_desc <> '' AS described FROM pg_settings WHERE name LIKE 'riskml.%' ORDER BY name;
