-- What riskml.check_recipe() finds.
\pset format unaligned
\pset null -
CREATE TABLE people (id int, "Age" float8, city text, born date, seen timestamptz, ok boolean, doc jsonb);
CREATE FUNCTION faults(recipe jsonb, relation regclass DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT format('%s %s %s %s %s: %s [%s]', step, feature, field, column_name, severity, problem, hint) FROM riskml.check_recipe(recipe, relation) $$;

-- nothing is wrong
SELECT * FROM riskml.check_recipe('[{"feature": "age", "op": "pass"}]');
SELECT faults('[{"feature": "age", "op": "standardize", "mean": 1, "std": 2}, {"feature": "city", "op": "ordinal", "categories": ["a", null]}]', 'people');
-- not fitted, fine
SELECT faults('[{"feature": "age", "op": "standardize"}, {"feature": "city", "op": "ordinal"}]', 'people');

-- no recipes
SELECT faults('{}'), faults('[]'), faults('null'), faults('"x"'), faults('[1, null, [], {}]');
