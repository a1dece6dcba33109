# Loads from MariaDB, by mysql_fdw.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Sources;
use Test::More;

my $mariadb = new_mariadb(<<'SQL');
CREATE DATABASE shop;
CREATE USER reader@localhost IDENTIFIED BY 'secret';
GRANT SELECT, INSERT, UPDATE ON shop.* TO reader@localhost;
CREATE TABLE shop.loans (id BIGINT UNSIGNED PRIMARY KEY, amount DECIMAL(12,2), paid TINYINT(1), kind ENUM('car', 'home'), note VARCHAR(100) CHARACTER SET utf8mb4, seen TIMESTAMP(6) NULL, updated_at DATETIME(6));
INSERT INTO shop.loans SELECT seq, seq * 1.5, seq % 2, IF(seq % 3, 'car', 'home'), CONCAT('note ', seq), '2026-01-01 12:00:00', '2026-01-01 00:00:00' + INTERVAL seq MINUTE FROM shop.seq_1_to_1000;
INSERT INTO shop.loans VALUES (18446744073709551615, NULL, NULL, NULL, 'é€ and ''quotes''', NULL, '2026-01-02 00:00:00.123456');
SQL
# a new cluster, as only what is started now knows MariaDB's socket
my $node = new_job_node('node', conf => "timezone = 'America/New_York'");

SKIP:
{
	skip 'mysql_fdw or MariaDB is not installed', 1 unless $mariadb && has_extension($node, 'mysql_fdw');

	query_value($node, <<'SQL');
CREATE EXTENSION mysql_fdw;
CREATE SERVER shop FOREIGN DATA WRAPPER mysql_fdw OPTIONS (host 'localhost');
CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username 'reader', password 'secret');
CREATE FOREIGN TABLE shop_loans (id numeric(20,0), amount numeric(12,2), paid boolean, kind text, note text, seen timestamp, updated_at timestamp)
	SERVER shop OPTIONS (dbname 'shop', table_name 'loans');
CREATE FOREIGN TABLE shop_odd (id numeric(20,0), amount numeric(12,2), note int) SERVER shop OPTIONS (dbname 'shop', table_name 'loans');
CREATE TABLE loans (id numeric(20,0) PRIMARY KEY, amount numeric(12,2), paid boolean, kind text, note text, seen timestamptz, updated_at timestamp);
SQL
	my $source = q{SELECT id, amount, paid, kind, note, seen AT TIME ZONE 'UTC' AS seen, updated_at FROM shop_loans};
	my %upsert = (mode => 'upsert', key => ['id'], watermark => 'updated_at');

	is(load_rows($node, $source, 'loans', \%upsert)->{inserted}, 1001, 'the first load');
	is(query_value($node, q{SELECT amount || '|' || paid || '|' || kind || '|' || note || '|' || (seen AT TIME ZONE 'UTC') || '|' || updated_at FROM loans WHERE id = 15}),
		'22.50|true|home|note 15|2026-01-01 12:00:00|2026-01-01 00:15:00', 'values, whatever the time zone');
	is(query_value($node, q{SELECT num_nulls(amount, paid, kind, seen) || '|' || note || '|' || updated_at FROM loans WHERE id = 18446744073709551615}),
		q{4|é€ and 'quotes'|2026-01-02 00:00:00.123456}, 'nulls, an unsigned number, characters, microseconds');
	is(load_rows($node, $source, 'loans', \%upsert)->{read}, 1, 'the next one reads from the watermark minus the lag on');
	is(load_rows($node, $source, 'loans', { %upsert, watermark_lag => '1 day' })->{read}, 1001, 'another lag');

	query_value($node, q{UPDATE shop_loans SET note = 'changed', updated_at = '2026-01-02 00:01' WHERE id = 15;
		INSERT INTO shop_loans VALUES (2000, 1, true, 'car', 'late', NULL, '2026-01-01 23:56'), (2001, 1, true, 'car', 'no time', NULL, NULL)});
	my $summary = load_rows($node, $source, 'loans', \%upsert);
	is("$summary->{read} $summary->{inserted} $summary->{updated}", '4 2 1', 'changed, late and timeless rows');
	is(query_value($node, q{SELECT string_agg(note, ' ' ORDER BY id) FROM loans WHERE id IN (15, 2000, 2001)}), 'changed late no time', 'are there');

	query_value($node, q{SELECT riskml.create_job('copy')});
	query_value($node, q{SELECT riskml.add_step('copy', 'loans', 'load', } . literal(json({ source => $source, target => 'loans', options => \%upsert })) . ')');
	query_value($node, q{INSERT INTO shop_loans VALUES (2002, 1, true, 'car', 'by a step', NULL, '2026-01-02 00:02')});
	query_value($node, q{CALL riskml.run_job_and_wait('copy')});
	is(query_value($node, q{SELECT note FROM loans WHERE id = 2002}), 'by a step', 'a step');

	my $before = query_value($node, q{SELECT md5(string_agg(l::text, ',' ORDER BY id)) FROM loans l});
	errors_like($node, q{CALL riskml.load('SELECT id, note AS amount FROM shop_odd', 'loans', '{"mode": "upsert", "key": ["id"]}')},
		'22P02', 'invalid input syntax for type integer: "note', 'a column that MariaDB has with another type');
	stop_program($mariadb);
	errors_like($node, q{CALL riskml.load('shop_loans', 'loans', '{"mode": "upsert", "key": ["id"]}')}, 'HV00N', 'failed to connect to MySQL', 'a server that is not there');
	is(query_value($node, q{SELECT md5(string_agg(l::text, ',' ORDER BY id)) FROM loans l}), $before, 'the target is as it was');
}

done_testing();
