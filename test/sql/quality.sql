-- Expectations that judge row by row: each against plain SQL, one query for each figure.
\getenv abs_srcdir PG_ABS_SRCDIR
\set shared :abs_srcdir /sql/data/quality.inc
\i :shared

-- ---- a type, its kwargs; the rows that are unexpected, those that are judged, and a value of the list, as SQL
CREATE TABLE cases (n serial, source text, type text, kwargs jsonb, unexpected text, judged text, shown text);
-- the figures of a case, from plain SQL
CREATE FUNCTION figure(source text, what text, condition text) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE result bigint;
	BEGIN
		EXECUTE format('SELECT %s FROM (%s) AS s WHERE %s', what, source, condition) INTO result;
		RETURN result;
	END $$;
CREATE FUNCTION shown(source text, what text, condition text) RETURNS jsonb LANGUAGE plpgsql AS $$
	DECLARE result jsonb;
	BEGIN
		EXECUTE format('SELECT coalesce(jsonb_agg(v ORDER BY v), ''[]'') FROM (SELECT to_jsonb(%s) AS v FROM (%s) AS s WHERE %s) AS x', what, source, condition) INTO result;
		RETURN result;
	END $$;
-- compares a result with them; NULL if all agree
CREATE FUNCTION differences(result jsonb, source text, unexpected text, judged text, shown text, mostly float8) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r jsonb := result -> 'result';
		elements bigint := figure(source, 'count(*)', 'true');
		considered bigint := figure(source, 'count(*)', coalesce(judged, 'true'));
		bad bigint := figure(source, 'count(*)', format('(%s) AND (%s)', coalesce(judged, 'true'), replace(unexpected, '{rows}', source)));
		all_bad jsonb := shown(source, shown, format('(%s) AND (%s)', coalesce(judged, 'true'), replace(unexpected, '{rows}', source)));
		list jsonb;
		expected jsonb;
		counts jsonb;
	BEGIN
		expected := jsonb_build_object('element_count', elements, 'unexpected_count', bad, 'unexpected_percent', bad::float8 / nullif(considered, 0) * 100);
		IF judged IS NOT NULL THEN
			expected := expected || jsonb_build_object('missing_count', elements - considered, 'missing_percent', (elements - considered)::float8 / nullif(elements, 0) * 100,
				'unexpected_percent_total', bad::float8 / nullif(elements, 0) * 100, 'unexpected_percent_nonmissing', bad::float8 / nullif(considered, 0) * 100);
		END IF;
		IF r - '{partial_unexpected_list,partial_unexpected_counts}'::text[] <> expected THEN
			RETURN format('got %s, expected %s', r, expected);
		END IF;
		IF (result -> 'success')::boolean <> (considered = 0 OR (considered - bad)::float8 / considered >= mostly) THEN
			RETURN 'success is ' || (result ->> 'success');
		END IF;
		-- the list: 20 at most, of the unexpected ones
		list := r -> 'partial_unexpected_list';
		IF jsonb_array_length(list) <> least(bad, 20) THEN
			RETURN 'list has ' || jsonb_array_length(list);
		END IF;
		IF bad <= 20 AND (SELECT coalesce(jsonb_agg(v ORDER BY v), '[]') FROM jsonb_array_elements(list) v) <> all_bad
			OR EXISTS (SELECT FROM jsonb_array_elements(list) v WHERE NOT all_bad @> jsonb_build_array(v)) THEN
			RETURN format('list is %s of %s', list, all_bad);
		END IF;
		-- how often each is in the list
		SELECT coalesce(jsonb_object_agg(v::text, n), '{}') INTO counts FROM (SELECT v, count(*) n FROM jsonb_array_elements(list) v GROUP BY 1) x;
		IF NOT list @> '[{}]' AND (SELECT coalesce(jsonb_object_agg((c -> 'value')::text, c -> 'count'), '{}') FROM jsonb_array_elements(r -> 'partial_unexpected_counts') c) <> counts THEN
			RETURN format('counts are %s', r -> 'partial_unexpected_counts');
		END IF;
		RETURN NULL;
	END $$;
-- a case as it is, at the edge of mostly and just beyond, with a condition, without rows, with nulls only
CREATE FUNCTION try_case(source text, type text, kwargs jsonb, unexpected text, judged text, shown text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		considered bigint := figure(source, 'count(*)', coalesce(judged, 'true'));
		bad bigint := figure(source, 'count(*)', format('(%s) AND (%s)', coalesce(judged, 'true'), replace(unexpected, '{rows}', source)));
		edge float8 := (considered - bad)::float8 / nullif(considered, 0);
		beyond float8 := (considered - bad + 0.5)::float8 / nullif(considered, 0);
		later text := format('SELECT * FROM (%s) s WHERE k > 20', source);
		nothing text := format('SELECT * FROM (%s) s WHERE false', source);
		nulls text;
		wrong text := '';
		r jsonb;
	BEGIN
		SELECT format('SELECT 30 AS j_, %s FROM (%s) s', string_agg(format('nullif(%1$I, %1$I) AS %1$I', c), ', '), source) INTO nulls
		FROM (SELECT kwargs ->> 'column' UNION SELECT kwargs ->> 'column_A' UNION SELECT kwargs ->> 'column_B' UNION SELECT jsonb_array_elements_text(kwargs -> 'column_list')) x(c)
		WHERE c IS NOT NULL;
		r := ask(source, type, kwargs);
		IF (r -> 'exception_info' -> 'raised_exception')::boolean THEN
			RETURN r -> 'exception_info' ->> 'exception_message';
		END IF;
		wrong := concat_ws('; ',
			'plain: ' || differences(r, source, unexpected, judged, shown, coalesce((kwargs -> 'mostly')::float8, 1)),
			'edge: ' || differences(ask(source, type, kwargs || jsonb_build_object('mostly', edge)), source, unexpected, judged, shown, edge),
			CASE WHEN NOT (ask(source, type, kwargs || jsonb_build_object('mostly', edge)) -> 'success')::boolean THEN 'fails at the edge' END,
			CASE WHEN bad > 0 AND (ask(source, type, kwargs || jsonb_build_object('mostly', beyond)) -> 'success')::boolean THEN 'passes beyond the edge' END,
			'condition: ' || differences(ask(source, type, kwargs || '{"row_condition": "col(\"k\") > 20", "condition_parser": "great_expectations"}'),
				later, unexpected, judged, shown, 1),
			'empty: ' || differences(ask(nothing, type, kwargs), nothing, unexpected, judged, shown, 1),
			'nulls: ' || differences(ask(nulls, type, kwargs), nulls, unexpected, judged, shown, 1),
			CASE WHEN ask(source, type, kwargs, 'BOOLEAN_ONLY') <> r || '{"result": {}}' THEN 'BOOLEAN_ONLY differs' END,
			CASE WHEN ask(source, type, kwargs, 'BASIC') -> 'result' <> r -> 'result' #- '{partial_unexpected_counts}' THEN 'BASIC differs' END,
			CASE WHEN jsonb_array_length(ask(source, type, kwargs, 'COMPLETE') -> 'result' -> 'unexpected_list') <> bad THEN 'COMPLETE differs' END,
			CASE WHEN figure(coalesce(ask(source, type, kwargs, 'COMPLETE') -> 'result' ->> 'unexpected_index_query', 'SELECT'), 'count(*)', 'true') <> bad THEN 'the query for the rows differs' END);
		RETURN format('%s of %s: %s', bad, considered, coalesce(nullif(wrong, ''), 'agrees'));
	END $$;

CREATE VIEW numbered_credit AS SELECT row_number() OVER () % 40 AS k, * FROM credit;
CREATE VIEW numbered_lending AS SELECT row_number() OVER () % 40 AS k, * FROM lending;
INSERT INTO cases (source, type, kwargs, unexpected, judged, shown) VALUES
	-- nulls: all rows are judged
	('SELECT * FROM numbered_credit', 'expect_column_values_to_not_be_null', '{"column": "income"}', 'income IS NULL', NULL, 'income'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_not_be_null', '{"column": "status"}', 'status IS NULL', NULL, 'status'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_null', '{"column": "debt"}', 'debt IS NOT NULL', NULL, 'debt'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_not_be_null', '{"column": "col \"ü''"}', '"col ""ü''" IS NULL', NULL, '"col ""ü''"'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_not_be_null', '{"column": "j"}', 'j IS NULL', NULL, 'j'),
	-- uniqueness: every member of a group
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_unique', '{"column": "price"}', 'price IN (SELECT price FROM ({rows}) x GROUP BY price HAVING count(*) > 1)', 'price IS NOT NULL', 'price'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_unique', '{"column": "annual_inc"}', 'annual_inc IN (SELECT annual_inc FROM ({rows}) x GROUP BY 1 HAVING count(*) > 1)', 'annual_inc IS NOT NULL', 'annual_inc'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_unique', '{"column": "k"}', 'false', 'k IS NOT NULL', 'k'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_unique', '{"column": "u"}', 'u IN (SELECT u FROM ({rows}) x GROUP BY u HAVING count(*) > 1)', 'u IS NOT NULL', 'u'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_unique', '{"column": "f"}', 'f IN (SELECT f FROM ({rows}) x GROUP BY f HAVING count(*) > 1)', 'f IS NOT NULL', 'f'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_unique', '{"column": "col \"ü''"}', '"col ""ü''" IN (SELECT "col ""ü''" FROM ({rows}) x GROUP BY 1 HAVING count(*) > 1)', '"col ""ü''" IS NOT NULL', '"col ""ü''"'),
	-- ranges: the ends belong to them unless strict
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_between', '{"column": "age", "min_value": 18, "max_value": 65}', 'NOT (age >= 18 AND age <= 65)', 'age IS NOT NULL', 'age'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_between', '{"column": "age", "min_value": 18, "max_value": 65, "strict_max": true}', 'NOT (age >= 18 AND age < 65)', 'age IS NOT NULL', 'age'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_between', '{"column": "age", "min_value": 18, "max_value": 65, "strict_min": true}', 'NOT (age > 18 AND age <= 65)', 'age IS NOT NULL', 'age'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_between', '{"column": "income", "min_value": 72.5}', 'income < 72.5', 'income IS NOT NULL', 'income'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_between', '{"column": "income", "max_value": 1e30}', 'income > 1e30', 'income IS NOT NULL', 'income'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_between', '{"column": "int_rate", "min_value": 6.03, "max_value": 20}', 'NOT int_rate BETWEEN 6.03::float8 AND 20', 'int_rate IS NOT NULL', 'int_rate'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_between', '{"column": "revol_util", "max_value": 67.4}', 'revol_util > 67.4::float8', 'revol_util IS NOT NULL', 'revol_util'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_between', '{"column": "annual_inc", "min_value": 10000, "max_value": 250000.00}', 'NOT annual_inc BETWEEN 10000 AND 250000', 'annual_inc IS NOT NULL', 'annual_inc'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_between', '{"column": "delinq_2yrs", "max_value": 70000}', 'delinq_2yrs > 70000', 'delinq_2yrs IS NOT NULL', 'delinq_2yrs'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_between', '{"column": "sub_grade", "min_value": "B", "max_value": "F"}', 'NOT sub_grade BETWEEN ''B'' AND ''F''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "f", "min_value": 1, "max_value": 5}', 'NOT f BETWEEN 1 AND 5', 'f IS NOT NULL', 'f'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "l", "min_value": 9007199254740994}', 'l < 9007199254740994', 'l IS NOT NULL', 'l'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "d", "min_value": "2020-02-01", "max_value": "2020-12-31"}', 'NOT d BETWEEN ''2020-02-01'' AND ''2020-12-31''', 'd IS NOT NULL', 'd'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "ts", "min_value": "2020-01-01T17:00:00Z", "strict_min": true}', 'NOT ts > ''2020-01-01 17:00+00''', 'ts IS NOT NULL', 'ts'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "s", "min_value": 0.1, "max_value": 0.8}', 'NOT s BETWEEN 0.1 AND 0.8', 's IS NOT NULL', 's'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "m", "min_value": "ok"}', 'm < ''ok''', 'm IS NOT NULL', 'm'),
	-- sets
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "home", "value_set": ["rent", "owner", "parents", "priv", null]}', 'home NOT IN (''rent'', ''owner'', ''parents'', ''priv'')', 'home IS NOT NULL', 'home'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "status", "value_set": ["good", "bad"]}', 'status NOT IN (''good'', ''bad'')', 'status IS NOT NULL', 'status'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "time", "value_set": [12, 24, 36.0, 48, "60", 72.5]}', 'time NOT IN (12, 24, 36, 48, 60)', 'time IS NOT NULL', '"time"'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "time", "value_set": [6, 12, 18, 24, 30, 36, 42, 48, 54, 60, 66]}', 'time % 6 <> 0 OR time > 66', 'time IS NOT NULL', '"time"'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "time", "value_set": []}', 'true', 'time IS NOT NULL', '"time"'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_be_in_set', '{"column": "time", "value_set": null}', 'false', 'time IS NOT NULL', '"time"'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_not_be_in_set', '{"column": "job", "value_set": ["others", null]}', 'job IN (''others'')', 'job IS NOT NULL', 'job'),
	('SELECT * FROM numbered_credit', 'expect_column_values_to_not_be_in_set', '{"column": "job", "value_set": []}', 'false', 'job IS NOT NULL', 'job'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_be_in_set', '{"column": "class", "value_set": ["good"]}', 'class <> ''good''', 'class IS NOT NULL', 'class'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_in_set', '{"column": "b", "value_set": [true]}', 'NOT b', 'b IS NOT NULL', 'b'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_in_set', '{"column": "m", "value_set": ["ok", "glad"]}', 'm = ''sad''', 'm IS NOT NULL', 'm'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_be_in_set', '{"column": "f", "value_set": ["NaN", 0.125, 0.25]}', 'f NOT IN (''NaN'', 0.125, 0.25)', 'f IS NOT NULL', 'f'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_not_be_in_set', '{"column": "col \"ü''", "value_set": ["", "O''Re\\il\"ly; DROP TABLE canary --"]}', '"col ""ü''" IN ('''', E''O\''Re\\il"ly; DROP TABLE canary --'')', '"col ""ü''" IS NOT NULL', '"col ""ü''"'),
	-- patterns: found anywhere in the value
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_regex', '{"column": "sub_grade", "regex": "^[A-E][1-5]$"}', 'sub_grade !~ ''^[A-E][1-5]$''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_regex', '{"column": "verification_status", "regex": "erified"}', 'verification_status NOT LIKE ''%erified%''', 'verification_status IS NOT NULL', 'verification_status'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_not_match_regex', '{"column": "emp_length", "regex": "^emp_unk"}', 'emp_length LIKE ''emp\_unk%''', 'emp_length IS NOT NULL', 'emp_length'),
	('TABLE "Odd ""täble"', 'expect_column_values_to_match_regex', '{"column": "col \"ü''", "regex": "^(ü*\\d)?$"}', '"col ""ü''" !~ ''^(ü*\d)?$''', '"col ""ü''" IS NOT NULL', '"col ""ü''"'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_regex_list', '{"column": "sub_grade", "regex_list": ["^A", "1$"]}', 'sub_grade NOT LIKE ''A%'' AND sub_grade NOT LIKE ''%1''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_regex_list', '{"column": "sub_grade", "regex_list": ["^A", "1$"], "match_on": "all"}', 'sub_grade NOT LIKE ''A%1''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_not_match_regex_list', '{"column": "sub_grade", "regex_list": ["^G", "5$"]}', 'sub_grade LIKE ''G%'' OR sub_grade LIKE ''%5''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_like_pattern', '{"column": "sub_grade", "like_pattern": "A_"}', 'left(sub_grade, 1) <> ''A''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_not_match_like_pattern', '{"column": "sub_grade", "like_pattern": "A_"}', 'left(sub_grade, 1) = ''A''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_like_pattern_list', '{"column": "sub_grade", "like_pattern_list": ["A%", "%1"], "match_on": "any"}', 'left(sub_grade, 1) <> ''A'' AND right(sub_grade, 1) <> ''1''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_match_like_pattern_list', '{"column": "sub_grade", "like_pattern_list": ["A%", "%1"], "match_on": "all"}', 'sub_grade <> ''A1''', 'sub_grade IS NOT NULL', 'sub_grade'),
	('SELECT * FROM numbered_lending', 'expect_column_values_to_not_match_like_pattern_list', '{"column": "sub_grade", "like_pattern_list": ["A%", "%1"]}', 'left(sub_grade, 1) = ''A'' OR right(sub_grade, 1) = ''1''', 'sub_grade IS NOT NULL', 'sub_grade'),
	-- lengths
	('SELECT * FROM numbered_credit', 'expect_column_value_lengths_to_be_between', '{"column": "marital", "min_value": 6, "max_value": 7}', 'length(marital) NOT BETWEEN 6 AND 7', 'marital IS NOT NULL', 'marital'),
	('TABLE "Odd ""täble"', 'expect_column_value_lengths_to_be_between', '{"column": "col \"ü''", "min_value": 1}', 'char_length("col ""ü''") < 1', '"col ""ü''" IS NOT NULL', '"col ""ü''"'),
	('TABLE "Odd ""täble"', 'expect_column_value_lengths_to_be_between', '{"column": "c", "max_value": 2, "strict_max": false}', 'length(rtrim(c)) > 2', 'c IS NOT NULL', 'c'),
	('SELECT * FROM numbered_lending', 'expect_column_value_lengths_to_equal', '{"column": "addr_state", "value": 2}', 'length(addr_state) <> 2', 'addr_state IS NOT NULL', 'addr_state'),
	('SELECT * FROM numbered_lending', 'expect_column_value_lengths_to_equal', '{"column": "term", "value": 6.0}', 'length(term) <> 6', 'term IS NOT NULL', 'term'),
	-- what can be read
	('SELECT k, d::text AS d FROM (TABLE "Odd ""täble" UNION ALL SELECT * FROM "Odd ""täble" WHERE false) x UNION ALL SELECT 30, ''2021-02-29'' UNION ALL SELECT 30, ''2021-2-3''  UNION ALL SELECT 30, ''2021-02-03 ''', 'expect_column_values_to_match_strftime_format', '{"column": "d", "strftime_format": "%Y-%m-%d"}', 'd IN (''2021-02-29'', ''2021-02-03 '')', 'd IS NOT NULL', 'd'),
	('SELECT k, j::text || CASE WHEN k % 4 = 0 THEN '','' ELSE '''' END AS j FROM "Odd ""täble"', 'expect_column_values_to_be_json_parseable', '{"column": "j"}', 'right(j, 1) = '',''', 'j IS NOT NULL', 'j'),
	-- z scores
	('SELECT * FROM numbered_credit', 'expect_column_value_z_scores_to_be_less_than', '{"column": "price", "threshold": 3, "double_sided": true}',
		'abs((price - (SELECT avg(price) FROM ({rows}) x)) / (SELECT stddev_samp(price) FROM ({rows}) x)) >= 3', 'price IS NOT NULL', 'price'),
	('SELECT * FROM numbered_credit', 'expect_column_value_z_scores_to_be_less_than', '{"column": "price", "threshold": 1.5, "double_sided": false}',
		'(price - (SELECT avg(price) FROM ({rows}) x)) / (SELECT stddev_samp(price) FROM ({rows}) x) >= 1.5', 'price IS NOT NULL', 'price'),
	-- two columns
	('SELECT * FROM numbered_credit', 'expect_column_pair_values_to_be_equal', '{"column_A": "amount", "column_B": "price"}', 'amount IS DISTINCT FROM price OR amount IS NULL', 'NOT (amount IS NULL AND price IS NULL)', 'jsonb_build_array(amount, price)'),
	('TABLE "Odd ""täble"', 'expect_column_pair_values_to_be_equal', '{"column_A": "n", "column_B": "f", "ignore_row_if": "either_value_is_missing"}', 'n <> f', 'n IS NOT NULL AND f IS NOT NULL', 'jsonb_build_array(n, f)'),
	('TABLE "Odd ""täble"', 'expect_column_pair_values_to_be_equal', '{"column_A": "n", "column_B": "f", "ignore_row_if": "neither"}', 'n IS NULL OR f IS NULL OR n <> f', 'true', 'jsonb_build_array(n, f)'),
	('SELECT * FROM numbered_credit', 'expect_column_pair_values_a_to_be_greater_than_b', '{"column_A": "price", "column_B": "amount"}', 'price <= amount', 'NOT (amount IS NULL AND price IS NULL)', 'jsonb_build_array(price, amount)'),
	('SELECT * FROM numbered_credit', 'expect_column_pair_values_a_to_be_greater_than_b', '{"column_A": "price", "column_B": "amount", "or_equal": true}', 'price < amount', 'NOT (amount IS NULL AND price IS NULL)', 'jsonb_build_array(price, amount)'),
	('TABLE "Odd ""täble"', 'expect_column_pair_values_a_to_be_greater_than_b', '{"column_A": "n", "column_B": "f", "or_equal": true, "ignore_row_if": "neither"}', 'n < f', 'true', 'jsonb_build_array(n, f)'),
	('SELECT * FROM numbered_credit', 'expect_column_pair_values_to_be_in_set', '{"column_A": "home", "column_B": "job", "value_pairs_set": [["owner", "fixed"], ["rent", "fixed"], ["owner", "freelance"]]}',
		'NOT (home = ''owner'' AND job IN (''fixed'', ''freelance'') OR home = ''rent'' AND job = ''fixed'')', 'NOT (home IS NULL AND job IS NULL)', 'jsonb_build_array(home, job)'),
	('TABLE "Odd ""täble"', 'expect_column_pair_values_to_be_in_set', '{"column_A": "b", "column_B": "m", "value_pairs_set": [[true, "ok"], [null, "sad"]]}',
		'NOT ((b AND m = ''ok'') OR (b IS NULL AND m = ''sad''))', 'NOT (b IS NULL AND m IS NULL)', 'jsonb_build_array(b, m)'),
	-- lists of columns
	('SELECT * FROM numbered_credit', 'expect_compound_columns_to_be_unique', '{"column_list": ["age", "income", "price"]}',
		'(age, income, price) IN (SELECT age, income, price FROM ({rows}) x GROUP BY 1, 2, 3 HAVING count(*) > 1)', 'NOT (age IS NULL AND income IS NULL AND price IS NULL)', 'jsonb_build_object(''age'', age, ''income'', income, ''price'', price)'),
	('TABLE "Odd ""täble"', 'expect_compound_columns_to_be_unique', '{"column_list": ["col \"ü''", "m"], "ignore_row_if": "any_value_is_missing"}',
		'("col ""ü''", m) IN (SELECT "col ""ü''", m FROM ({rows}) x GROUP BY 1, 2 HAVING count(*) > 1)', '"col ""ü''" IS NOT NULL AND m IS NOT NULL', 'jsonb_build_object(''col "ü'''''', "col ""ü''", ''m'', m)'),
	('SELECT * FROM numbered_lending', 'expect_select_column_values_to_be_unique_within_record', '{"column_list": ["open_il_6m", "open_il_12m", "open_il_24m"]}',
		'open_il_6m = open_il_12m OR open_il_12m = open_il_24m OR open_il_6m = open_il_24m', 'NOT (open_il_6m IS NULL AND open_il_12m IS NULL AND open_il_24m IS NULL)',
		'jsonb_build_object(''open_il_6m'', open_il_6m, ''open_il_12m'', open_il_12m, ''open_il_24m'', open_il_24m)'),
	('TABLE "Odd ""täble"', 'expect_select_column_values_to_be_unique_within_record', '{"column_list": ["n", "f"], "ignore_row_if": "never"}', 'n = f OR (n IS NULL AND f IS NULL)', 'true', 'jsonb_build_object(''n'', n, ''f'', f)'),
	('SELECT * FROM numbered_credit', 'expect_multicolumn_sum_to_equal', '{"column_list": ["expenses", "assets"], "sum_total": 60, "ignore_row_if": "any_value_is_missing"}', 'expenses + assets <> 60', 'expenses IS NOT NULL AND assets IS NOT NULL', 'jsonb_build_object(''expenses'', expenses, ''assets'', assets)'),
	('TABLE "Odd ""täble"', 'expect_multicolumn_sum_to_equal', '{"column_list": ["n", "s"], "sum_total": 1.2}', 'n + s <> 1.2', 'NOT (n IS NULL AND s IS NULL)', 'jsonb_build_object(''n'', n, ''s'', s)');
SELECT type, kwargs - '{column,column_list,column_A,column_B}'::text[], try_case(source, type, kwargs, unexpected, judged, shown) FROM cases ORDER BY n;
SELECT v, f, riskml.matches_strftime(v, f) FROM (VALUES ('31/12/99 23:59:60.123456', '%d/%m/%y %H:%M:%S.%f'), ('1 Jan  2020', '%d %b %Y'), ('29 February 2020', '%d %B %Y'), ('29 February 2021', '%d %B %Y'), ('Mon 01', '%a %d'), ('tuesday', '%A'), ('12 pm', '%I %p'), ('13 PM', '%I %p'),
	('+0130', '%z'), ('-01:30', '%z'), ('Z', '%z'), ('UTC', '%Z'), ('100%', '100%%'), ('366', '%j'), ('367', '%j'), ('20200131', '%Y%m%d'), ('', ''), ('', '%Y'), ('2020', '%Y-'), ('2020-', '%Y')) x (v, f);
SELECT riskml.matches_strftime('x', '%Q');
SELECT riskml.matches_strftime('x', '%');
SELECT v, riskml.is_json(v) FROM unnest(ARRAY['{}', '[1, "a", null]', '1', '"\u0000"', '', ' ', '{', '{"a":}', 'nul', '1 2', '01', '"ü"']) v;
-- the aggregate of groups by itself
SELECT riskml.unexpected_values(v, 2, 3), riskml.unexpected_values(v, NULL, NULL), riskml.unexpected_values(v, 2, -1), riskml.unexpected_values(v, 1, 9) FILTER (WHERE false) FROM unnest('{1,2,3,4,NULL}'::int[]) v;
-- the comparison itself sees what is wrong
SELECT try_case('TABLE "Odd ""täble"', 'expect_column_values_to_be_between', '{"column": "l", "min_value": 9007199254740996}', 'l < 9007199254740995', 'l IS NOT NULL', 'l') ~ 'agrees';
SELECT try_case('TABLE "Odd ""täble"', 'expect_column_values_to_be_in_set', '{"column": "m", "value_set": ["ok"]}', 'm IN (''sad'', ''ok'')', 'm IS NOT NULL', 'm') ~ 'agrees';
SELECT alive FROM canary;
SET client_min_messages = warning;
DROP SCHEMA regress_quality CASCADE;
