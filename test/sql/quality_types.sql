-- The types of columns: of tables, views, materialized views and partitioned tables; by SQLAlchemy's names and the server's.
SET client_min_messages = warning;
CREATE SCHEMA quality_types;
SET search_path = quality_types, public;

CREATE DOMAIN amount AS numeric(10, 2);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE loan (i int, b bigint, s smallint, t text, v varchar(10), c char(3), n numeric(8, 2), f float8, r real, d date, ts timestamp, tz timestamptz,
	bo boolean, j jsonb, u uuid, a int[], dm amount, m mood, by bytea, iv interval, "Größe ""x""" int);
CREATE VIEW loan_view AS SELECT * FROM loan;
CREATE MATERIALIZED VIEW loan_kept AS SELECT * FROM loan;
CREATE TABLE loan_parts (i int, d date) PARTITION BY RANGE (d);
CREATE TABLE loan_parts_1 PARTITION OF loan_parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

SELECT relation, column_name, type_, r -> 'success' AS success, r #>> '{result,observed_value}' AS observed, r #>> '{exception_info,exception_message}' AS message
FROM (VALUES
	('loan', 'i', 'INTEGER'), ('loan', 'i', 'int4'), ('loan', 'i', 'BIGINT'), ('loan', 'b', 'BIGINT'), ('loan', 's', 'SMALLINT'),
	('loan_view', 'n', 'NUMERIC'), ('loan_view', 'v', 'VARCHAR'), ('loan_view', 't', 'VARCHAR'), ('loan_kept', 'c', 'CHAR'),
	('loan_kept', 'f', 'DOUBLE_PRECISION'), ('loan', 'r', 'REAL'), ('loan_parts', 'd', 'DATE'), ('loan_parts', 'i', 'DATE'),
	('loan', 'ts', 'TIMESTAMP'), ('loan', 'tz', 'TIMESTAMP'), ('loan', 'tz', 'timestamptz'), ('loan', 'bo', 'BOOLEAN'), ('loan', 'j', 'JSONB'),
	('loan', 'j', 'JSON'), ('loan', 'u', 'UUID'), ('loan', 'a', 'ARRAY'), ('loan', 'dm', 'NUMERIC'), ('loan', 'dm', 'amount'), ('loan', 'm', 'mood'), ('loan', 'm', 'ENUM'),
	('loan', 'by', 'BYTEA'), ('loan', 'iv', 'INTERVAL'), ('loan', 't', 'nonsense'), ('loan', 'Größe "x"', 'INTEGER'), ('loan', 'gone', 'TEXT')
	) AS v (relation, column_name, type_),
	LATERAL (SELECT riskml.validate(v.relation::regclass, jsonb_build_object('expectations', jsonb_build_array(jsonb_build_object(
		'type', 'expect_column_values_to_be_of_type', 'kwargs', jsonb_build_object('column', v.column_name, 'type_', v.type_))))::text) #> '{results,0}') AS x (r);

SELECT riskml.validate('loan_view', jsonb_build_object('expectations', jsonb_build_array(jsonb_build_object(
	'type', 'expect_column_values_to_be_in_type_list', 'kwargs', jsonb_build_object('column', 'dm', 'type_list', list))))::text) #> '{results,0,success}' AS success
FROM (VALUES ('["TEXT", "NUMERIC"]'::jsonb), ('["TEXT"]'), ('[]')) v (list);
SELECT r ->> 'success' AS success, r #>> '{exception_info,exception_message}' AS message
FROM (SELECT riskml.validate('loan', '{"expectations": [{"type": "expect_column_values_to_be_in_type_list", "kwargs": {"column": "t"}}]}') #> '{results,0}') AS x (r);

SET client_min_messages = warning;
DROP SCHEMA quality_types CASCADE;
