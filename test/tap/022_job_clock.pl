# The server's clock is put forward and back while jobs run, by a library (clock.c): ticks that it jumps over were
# missed, and no interval has two runs.  What runs is compared with the policy of docs/jobs.md, written as a query.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Riskml;
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);

# ---- a clock that can be moved: clock.c

my $dir = PostgreSQL::Test::Utils::tempdir();
my $ahead;		# seconds before the machine's clock

sub put_clock
{
	my ($seconds) = @_;

	$ahead = $seconds;
	open(my $file, '+<:raw', "$dir/clock") or die "$dir/clock: $!";
	syswrite($file, pack('q', $ahead * 1_000_000)) == 8 or die "$dir/clock: $!";
	close($file);
}

# To an instant, in UTC.
sub put_clock_to
{
	my ($year, $month, $day, $hour, $minute, $second) = $_[0] =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)$/ or die $_[0];

	put_clock(timegm($second, $minute, $hour, $day, $month - 1, $year) - time);
}

append_to_file("$dir/clock", pack('q', 0));
system('gcc', '-shared', '-fPIC', '-O1', '-o', "$dir/clock.so", 'test/tap/clock.c') == 0 or die 'clock.c';
put_clock_to('2025-03-29 12:00:30');
my $node = do
{
	local %ENV = (%ENV, LD_PRELOAD => "$dir/clock.so", RISKML_TEST_CLOCK => "$dir/clock");

	new_job_node('node', conf => "log_statement = none\ntimezone = 'UTC'\nriskml.history_days = 3650");
};
like(query_value($node, 'SELECT clock_timestamp()'), qr/^2025-03-29 12:00:3/, 'the server has the clock that we gave it');

# ---- the policy

query_value($node, <<'SQL');
CREATE TABLE must (job text PRIMARY KEY, schedule text, timezone text, catchup text, settled timestamptz);
CREATE TABLE must_run (job text, tick timestamptz, PRIMARY KEY (job, tick));
-- Jobs by each schedule, with each catchup; many runs of one at a time, as all that are due are created.
CREATE FUNCTION define(prefix text, schedules text[]) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		s text;
		c text;
		n int := 0;
	BEGIN
		FOREACH s IN ARRAY schedules LOOP
			n := n + 1;
			FOREACH c IN ARRAY '{none,last,all}'::text[] LOOP
				PERFORM riskml.create_job(prefix || n || c, s, timezone => 'Europe/Berlin', catchup => c, max_active_runs => 100);
				PERFORM riskml.add_step(prefix || n || c, 's', command => 'SELECT 1');
				INSERT INTO must VALUES (prefix || n || c, s, 'Europe/Berlin', c, now());
			END LOOP;
		END LOOP;
	END $$;
-- The clock shows this instant now.  Ticks since the latest that it ever showed have come: of them run all, or the last,
-- or the last if it is not older than a minute.
CREATE FUNCTION comes_to(at timestamptz) RETURNS void LANGUAGE sql AS $$
	INSERT INTO must_run SELECT job, t FROM (
		SELECT job, catchup, t, t = max(t) OVER (PARTITION BY job) AS latest
		FROM must, riskml.schedule_ticks(schedule, 1000, settled, timezone) t WHERE t <= at) x
	WHERE catchup = 'all' OR (latest AND (catchup = 'last' OR t >= at - interval '1 minute'));
	UPDATE must SET settled = greatest(settled, at);
	$$;
CREATE VIEW did_run AS SELECT job, interval_end AS tick FROM riskml.runs WHERE kind = 'scheduled';
SELECT riskml.create_job('probe');
SELECT riskml.add_step('probe', 's', command => 'SELECT 1');
SQL

# What the scheduler has done when a run that was asked for afterwards is over, and all others are.
sub let_scheduler_look
{
	my $run = query_value($node, "SELECT riskml.run_job('probe')");

	wait_for($node, "SELECT count(*) FROM riskml.runs WHERE state IN ('waiting', 'running')", '0', "$_[0]: what began ends");
}

sub move_clock_to
{
	my ($at, $name) = @_;

	put_clock_to($at);
	query_value($node, "SELECT comes_to('$at')");
	let_scheduler_look($name);
	is(query_value($node, q{SELECT string_agg(format('%s %s %s', sign, job, tick), ', ') FROM (
		(SELECT '+' AS sign, * FROM did_run EXCEPT ALL SELECT '+', * FROM must_run) UNION ALL
		(SELECT '-', * FROM must_run EXCEPT ALL SELECT '-', * FROM did_run)) d}), '', "$name: each job runs as it should");
}

sub ticks_of
{
	my ($job) = @_;
	return query_value($node, "SELECT string_agg(to_char(tick, 'DD HH24:MI'), ', ' ORDER BY tick) FROM did_run WHERE job = '$job'") // '';
}

sub nothing_new
{
	my ($at, $name) = @_;
	my $before = query_value($node, 'SELECT count(*) FROM did_run');

	move_clock_to($at, $name);
	is(query_value($node, 'SELECT count(*) FROM did_run'), $before, "$name: nothing runs");
}

# ---- forward and back, and over the change to summer time, 2025-03-30 01:00

query_value($node, q{SELECT define('spring', '{@hourly,30 2 * * *,30 */2 * * *,40 minutes,1 day}')});
move_clock_to('2025-03-29 13:00:20', 'forward by an hour');
is(ticks_of('spring1none'), '29 13:00', 'what is not a minute late is not missed');
move_clock_to('2025-03-29 17:10:00', 'forward by hours');
is(ticks_of('spring1none'), '29 13:00', 'catchup none: what is late was missed');
is(ticks_of('spring1last'), '29 13:00, 29 17:00', 'catchup last: the latest runs');
is(ticks_of('spring1all'), '29 13:00, 29 14:00, 29 15:00, 29 16:00, 29 17:00', 'catchup all: each runs');
nothing_new('2025-03-29 17:05:00', 'back by minutes');
nothing_new('2025-03-29 12:59:50', 'back by hours');
nothing_new('2025-03-29 16:59:59', 'on again');
move_clock_to('2025-03-29 18:00:10', 'where it had been');
is(ticks_of('spring1none'), '29 13:00, 29 18:00', 'jobs go on then');
move_clock_to('2025-03-30 00:59:00', 'before summer time');
move_clock_to('2025-03-30 01:00:10', 'summer time');
is(ticks_of('spring2none'), '30 01:00', 'what the gap skips is due behind it');
nothing_new('2025-03-30 00:30:00', 'back over the change');
nothing_new('2025-03-30 00:59:59', '... a second before it');
nothing_new('2025-03-30 01:00:30', 'over it once more');
is(ticks_of('spring2all'), '30 01:00', 'nothing is due twice');
move_clock_to('2025-04-02 09:00:00', 'forward by days');
is(ticks_of('spring2last'), '30 01:00, 02 00:30', 'of days the latest');
is(ticks_of('spring2all'), '30 01:00, 31 00:30, 01 00:30, 02 00:30', 'of days each');
is(query_value($node, q{SELECT count(*) FROM (SELECT interval_start, lag(interval_end) OVER (PARTITION BY job ORDER BY interval_end) AS before FROM riskml.runs WHERE job LIKE 'spring%all') r WHERE interval_start <> before}),
	'0', 'catchup all: one interval begins where the other ends');
query_value($node, q{DELETE FROM must; SELECT riskml.pause_job(name) FROM riskml.jobs WHERE name LIKE 'spring%'});

# ---- over the change back from it, 2025-10-26 01:00

put_clock_to('2025-10-25 21:10:00');
query_value($node, q{SELECT define('autumn', '{30 2 * * *,30 * * * *,*/20 1-3 * * *,20 minutes}')});
move_clock_to('2025-10-26 00:30:05', 'summer time, half past two');
nothing_new('2025-10-26 00:10:00', 'back before that');
move_clock_to('2025-10-26 01:30:05', 'winter time, half past two');
is(ticks_of('autumn1all'), '26 00:30', 'a time of day that comes twice is due the first time');
is(ticks_of('autumn2none'), '26 00:30, 26 01:30', 'what is due each hour is due both times');
nothing_new('2025-10-26 00:30:00', 'back to summer time');
nothing_new('2025-10-26 01:30:00', 'and on again');
move_clock_to('2025-10-26 09:00:00', 'forward by hours');
nothing_new('2025-10-24 09:00:00', 'back by days');
move_clock_to('2025-10-27 00:00:30', 'on by days');
is(query_value($node, 'SELECT count(*) - count(DISTINCT (job, tick)) FROM did_run'), '0', 'no interval has two runs');
query_value($node, q{DELETE FROM must; SELECT riskml.pause_job(name) FROM riskml.jobs WHERE name LIKE 'autumn%'});

# ---- what goes by the clock besides

sub start_blocked
{
	my $run = query_value($node, "SELECT riskml.run_job('blocked')");

	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM riskml.running r JOIN pg_stat_activity a USING (pid) WHERE run_id = $run AND wait_event_type = 'Lock'") or die 'does not run';
	return $run;
}
my $blocker = session($node);
ask($blocker, 'SELECT pg_advisory_lock(1)');
query_value($node, q{SELECT riskml.create_job('blocked'); SELECT riskml.add_step('blocked', 's', command => 'SELECT pg_advisory_lock(1)', timeout => '1 hour')});
my $run = start_blocked();
put_clock($ahead - 7200);
query_value($node, "SELECT riskml.run_job('probe')");
wait_for($node, q{SELECT state FROM riskml.runs WHERE job = 'probe' ORDER BY run_id DESC LIMIT 1}, 'success', 'the clock is put back while a step runs: others go on');
is(query_value($node, run_state($run)), 'running', '... and so does the step');
ask($blocker, "BEGIN; SELECT riskml.cancel_run($run)");
put_clock($ahead - 7200);
ask($blocker, 'COMMIT');
wait_for($node, run_state($run), 'cancelled', 'a step is cancelled although the clock is put back then');

query_value($node, q{SELECT riskml.create_job('tried', retries => 1, retry_delay => '1 hour'); SELECT riskml.add_step('tried', 's', command => 'SELECT 1 / (riskml.attempt() - 1)')});
$run = query_value($node, "SELECT riskml.run_job('tried')");
wait_for($node, "SELECT count(*) FROM riskml.failures WHERE run_id = $run", '1', 'a step fails');
put_clock($ahead + 3700);
let_scheduler_look('a delay is over as the clock says');
is(query_value($node, run_state($run)), 'success', 'and it is tried again');

# The scheduler ends, or is asked to leave, and the clock is put back by hours: it comes back all the same.
my $scheduler = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'riskml scheduler' AND datname = 'postgres'};
my $old = query_value($node, q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'});
query_value($node, "SELECT pg_terminate_backend($old, 10000)");
wait_for($node, "$scheduler AND pid <> $old", '1', 'a scheduler that was ended comes back');
$old = query_value($node, q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'riskml scheduler'});
query_value($node, "SELECT pg_terminate_backend($old, 10000)");
put_clock($ahead - 7200);
wait_for($node, "$scheduler AND pid <> $old", '1', '... although the clock is put back then');
$blocker->quit;
$node->safe_psql('template1', 'ALTER DATABASE postgres RENAME TO renamed; ALTER DATABASE renamed RENAME TO postgres');
put_clock($ahead - 7200);
wait_for($node, $scheduler, '1', '... and one that was asked to leave');
let_scheduler_look('then');

done_testing();
