/*
 * test_cron.c
 *	  Five-field schedules: what is accepted, what it means, what is refused.
 */
#include <stdlib.h>
#include <time.h>

#include "job/cron.h"
#include "tap.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Minutes from 2000-01-01 00:00, by the C library. */
static int64_t
minute_at(int year, int month, int day, int hour, int minute)
{
	struct tm	tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
	.tm_hour = hour, .tm_min = minute};

	return ((int64_t) timegm(&tm) - 946684800) / 60;
}

/* Of a text as "2026-03-29 02:30". */
static int64_t
minute_of(const char *text)
{
	int			year,
				month,
				day,
				hour,
				minute;

	if (sscanf(text, "%d-%d-%d %d:%d", &year, &month, &day, &hour, &minute) != 5)
		abort();
	return minute_at(year, month, day, hour, minute);
}

static struct tm
calendar(int64_t minute)
{
	time_t		t = (time_t) (minute * 60 + 946684800);
	struct tm	tm;

	gmtime_r(&t, &tm);
	return tm;
}

static const char *
show(int64_t minute)
{
	static char buffers[4][40];
	static int	n;
	char	   *buffer = buffers[n++ % 4];
	struct tm	tm = calendar(minute);

	strftime(buffer, sizeof(buffers[0]), "%Y-%m-%d %H:%M", &tm);
	return buffer;
}

static bool
parse(const char *text, RmlCron *cron, RmlError *err)
{
	/* a copy that ends where the text ends, so that reading on is seen */
	size_t		length = strlen(text);
	char	   *copy = malloc(length > 0 ? length : 1);
	bool		result;

	memset(err, 0, sizeof(*err));
	memcpy(copy, text, length);
	result = rml_cron_parse(copy, length, cron, err);
	free(copy);
	return result;
}

/* ---- times ---- */

static const struct
{
	const char *text;
	const char *after;
	const char *next[4];		/* up to the first NULL */
}			cases[] = {
	{"* * * * *", "2026-01-01 00:00", {"2026-01-01 00:01", "2026-01-01 00:02"}},
	{"* * * * *", "2026-12-31 23:59", {"2027-01-01 00:00"}},
	{"*/15 * * * *", "2026-01-01 00:01", {"2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45", "2026-01-01 01:00"}},
	{"5-59/20 * * * *", "2026-01-01 00:05", {"2026-01-01 00:25", "2026-01-01 00:45", "2026-01-01 01:05"}},
	{"0,30,59 8-9 * * *", "2026-01-01 08:30", {"2026-01-01 08:59", "2026-01-01 09:00", "2026-01-01 09:30", "2026-01-01 09:59"}},
	{"0,30,59 8-9 * * *", "2026-01-01 09:59", {"2026-01-02 08:00"}},
	{"0 */6 * * *", "2026-01-01 17:59", {"2026-01-01 18:00", "2026-01-02 00:00", "2026-01-02 06:00"}},
	{"0 1-23/11 * * *", "2026-01-01 00:00", {"2026-01-01 01:00", "2026-01-01 12:00", "2026-01-01 23:00", "2026-01-02 01:00"}},
	{"30 6 * * 1-5", "2026-01-02 06:30", {"2026-01-05 06:30", "2026-01-06 06:30"}},
	{"30 6 * * mon-FRI", "2026-01-02 06:30", {"2026-01-05 06:30", "2026-01-06 06:30"}},
	{"0 0 * * sat,Sun", "2026-01-01 00:00", {"2026-01-03 00:00", "2026-01-04 00:00", "2026-01-10 00:00"}},
	{"0 0 * * fri-sun", "2026-01-01 00:00", {"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-09 00:00"}},
	{"0 0 * * 5-0", "2026-01-01 00:00", {"2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-09 00:00"}},
	{"0 0 * * 7", "2026-01-01 00:00", {"2026-01-04 00:00", "2026-01-11 00:00"}},
	{"0 0 * * 0", "2026-01-01 00:00", {"2026-01-04 00:00", "2026-01-11 00:00"}},
	{"0 0 * * 6-7", "2026-01-01 00:00", {"2026-01-03 00:00", "2026-01-04 00:00", "2026-01-10 00:00"}},
	{"0 0 * * 1-7/3", "2026-01-01 00:00", {"2026-01-04 00:00", "2026-01-05 00:00", "2026-01-08 00:00"}},
	{"0 0 * * */3", "2026-01-01 00:00", {"2026-01-03 00:00", "2026-01-04 00:00", "2026-01-07 00:00"}},
	{"0 0 1 jan,JUL *", "2026-01-01 00:00", {"2026-07-01 00:00", "2027-01-01 00:00"}},
	{"0 0 1 */5 *", "2026-01-01 00:00", {"2026-06-01 00:00", "2026-11-01 00:00", "2027-01-01 00:00"}},
	{"0 0 1 oct-dec *", "2026-01-01 00:00", {"2026-10-01 00:00", "2026-11-01 00:00", "2026-12-01 00:00", "2027-10-01 00:00"}},
	{"0 0 31 * *", "2026-01-31 00:00", {"2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00", "2026-08-31 00:00"}},
	{"00 000 01 01 *", "2026-01-01 00:00", {"2027-01-01 00:00"}},
	{"59 23 31 12 *", "2026-12-31 23:59", {"2027-12-31 23:59"}},
	/* leap years, a century with and one without */
	{"0 0 29 2 *", "2026-01-01 00:00", {"2028-02-29 00:00", "2032-02-29 00:00"}},
	{"0 0 29 2 *", "2096-02-29 00:00", {"2104-02-29 00:00"}},
	{"0 0 29 2 *", "1996-02-29 00:00", {"2000-02-29 00:00"}},
	{"0 0 29 2 *", "2396-02-29 00:00", {"2400-02-29 00:00"}},
	{"0 0 28-31 2 *", "2026-02-28 00:00", {"2027-02-28 00:00", "2028-02-28 00:00", "2028-02-29 00:00"}},
	{"0 0 30 2,4 *", "2026-01-01 00:00", {"2026-04-30 00:00", "2027-04-30 00:00"}},
	/* the last day */
	{"0 0 L * *", "2027-12-31 00:00", {"2028-01-31 00:00", "2028-02-29 00:00", "2028-03-31 00:00", "2028-04-30 00:00"}},
	{"0 0 $ 2 *", "2026-01-01 00:00", {"2026-02-28 00:00", "2027-02-28 00:00", "2028-02-29 00:00"}},
	{"0 0 15,l 2 *", "2026-01-01 00:00", {"2026-02-15 00:00", "2026-02-28 00:00", "2027-02-15 00:00"}},
	/* both days restricted: either will do */
	{"0 0 13 * 5", "2026-02-01 00:00", {"2026-02-06 00:00", "2026-02-13 00:00", "2026-02-20 00:00", "2026-02-27 00:00"}},
	{"0 0 1,15 * mon", "2026-06-29 00:00", {"2026-07-01 00:00", "2026-07-06 00:00", "2026-07-13 00:00", "2026-07-15 00:00"}},
	{"0 0 30 2 1", "2026-02-20 00:00", {"2026-02-23 00:00", "2027-02-01 00:00"}},
	{"0 0 1-31 * 1", "2026-01-01 00:00", {"2026-01-02 00:00", "2026-01-03 00:00"}},
	{"0 0 13 * 0-6", "2026-01-01 00:00", {"2026-01-02 00:00", "2026-01-03 00:00"}},
	/* a field that begins with a star restricts nothing by itself: both must match */
	{"0 0 */2 * 1", "2026-01-01 00:00", {"2026-01-05 00:00", "2026-01-19 00:00", "2026-02-09 00:00", "2026-02-23 00:00"}},
	{"0 0 1 * */2", "2026-01-01 00:00", {"2026-02-01 00:00", "2026-03-01 00:00", "2026-08-01 00:00"}},
	{"0 0 */28 2 1", "2026-01-01 00:00", {"2027-02-01 00:00", "2038-02-01 00:00", "2044-02-01 00:00", "2044-02-29 00:00"}},
	{"0 0 *,1 * 1", "2026-01-01 00:00", {"2026-01-05 00:00", "2026-01-12 00:00"}},
	/* without the star first, it does */
	{"0 0 1,* * 1", "2026-01-01 00:00", {"2026-01-02 00:00", "2026-01-03 00:00"}},
	/* names, spaces */
	{"@yearly", "2026-01-01 00:00", {"2027-01-01 00:00"}},
	{"@annually", "2026-01-01 00:00", {"2027-01-01 00:00"}},
	{"@Monthly", "2026-01-01 00:00", {"2026-02-01 00:00", "2026-03-01 00:00"}},
	{"@weekly", "2026-01-01 00:00", {"2026-01-04 00:00", "2026-01-11 00:00"}},
	{"@daily", "2026-01-01 00:00", {"2026-01-02 00:00"}},
	{"@midnight", "2026-01-01 00:00", {"2026-01-02 00:00"}},
	{"  @HOURLY\t", "2026-01-01 00:00", {"2026-01-01 01:00", "2026-01-01 02:00"}},
	{"\t0  12\n1\r1 *  ", "2026-01-01 12:00", {"2027-01-01 12:00"}},
	/* before the epoch */
	{"0 0 29 2 *", "1999-12-31 23:59", {"2000-02-29 00:00"}},
	{"59 23 * * *", "1969-12-31 23:59", {"1970-01-01 23:59"}},
	{"0 0 * * 1", "1899-12-31 23:59", {"1900-01-01 00:00", "1900-01-08 00:00"}},
};

static void
test_times(void)
{
	test("cron: next times, and back");
	for (size_t i = 0; i < N(cases); i++)
	{
		int64_t		at = minute_of(cases[i].after);
		int64_t		back;
		RmlError	err;
		RmlCron		cron;

		if (!CHECK(parse(cases[i].text, &cron, &err), "\"%s\": %s", cases[i].text, err.message))
			continue;
		for (int k = 0; k < 4 && cases[i].next[k] != NULL; k++)
		{
			int64_t		before = at;
			bool		found = rml_cron_next(&cron, before, &at);

			if (!CHECK(found && at == minute_of(cases[i].next[k]),
					   "\"%s\" after %s: %s, expected %s", cases[i].text, show(before), show(at),
					   cases[i].next[k]))
				break;
			found = rml_cron_previous(&cron, at, &back);
			CHECK(found && back == at,
				  "\"%s\" at %s: %s is the last", cases[i].text, show(at), show(back));
			found = rml_cron_previous(&cron, at - 1, &back);
			if (k > 0)
				CHECK(found && back == before,
					  "\"%s\" before %s: %s, expected %s", cases[i].text, show(at), show(back),
					  show(before));
		}
	}
}

/* ---- refusals ---- */

static const struct
{
	const char *text;
	long		offset;			/* -1: none */
	const char *message;
	const char *hint;			/* a part of it; NULL: none is given */
}			faults[] = {
	{"* * * *", 7, "4 fields where 5 should be", "minute, hour, day of the month, month, day of the week"},
	{"15", 2, "1 field where 5 should be", "'15 minutes'"},
	{"", 0, "0 fields where 5 should be", "five fields"},
	{"* * * * * *", 10, "6 fields where 5 should be", "'10 seconds'"},
	{"0 0 12 ? * mon#1 2026", 11, "7 fields where 5 should be", "five fields"},
	{"60 * * * *", 0, "minute 60 is not between 0 and 59", NULL},
	{"* 24 * * *", 2, "hour 24 is not between 0 and 23", NULL},
	{"* * 0 * *", 4, "day of the month 0 is not between 1 and 31", NULL},
	{"* * 1-32 * *", 6, "day of the month 32 is not between 1 and 31", NULL},
	{"* * * 13 *", 6, "month 13 is not between 1 and 12", NULL},
	{"* * * 0 *", 6, "month 0 is not between 1 and 12", NULL},
	{"* * * * 1,8", 10, "day of the week 8 is not between 0 and 7", NULL},
	{"99999999999999999999999999 * * * *", 0, "minute 99999999999999999999 is not between 0 and 59", NULL},
	{"-1 * * * *", 0, "minute has \"-\" where a number or \"*\" should be", NULL},
	{"1- * * * *", 2, "minute ends where a number or \"*\" should be", NULL},
	{"1, * * * *", 2, "minute ends where a number or \"*\" should be", NULL},
	{",1 * * * *", 0, "minute has \",\" where a number or \"*\" should be", NULL},
	{"* 1,,2 * * *", 4, "hour has \",\" where a number or \"*\" should be", NULL},
	{"* 1.5 * * *", 3, "hour has \".\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"*5 * * * *", 1, "minute has \"5\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"*-5 * * * *", 1, "minute has \"-\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"1-2-3 * * * *", 3, "minute has \"-\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"*/5/2 * * * *", 3, "minute has \"/\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"0 mon * * *", 2, "hour has \"m\" where a number or \"*\" should be", NULL},
	{"H * * * *", 0, "minute has \"H\" where a number or \"*\" should be", NULL},
	{"* * L-3 * *", 5, "day of the month has \"-\" where its end, \",\", \"-\" or \"/\" should be", NULL},
	{"* * * L *", 6, "\"L\" is no name of a month", "first three letters"},
	{"* * * * 5L", 9, "day of the week has \"L\" where its end", NULL},
	{"* * * * mon#1", 11, "day of the week has \"#\" where its end", NULL},
	{"* * ? * 1", 4, "day of the month has \"?\" where a number or \"*\" should be", "Write \"*\""},
	{"* * * january *", 6, "\"january\" is no name of a month", "jan or mon"},
	{"* * * * mo", 8, "\"mo\" is no name of a day of the week", "jan or mon"},
	{"* * * * jan", 8, "\"jan\" is no name of a day of the week", "jan or mon"},
	{"* * * mon *", 6, "\"mon\" is no name of a month", "jan or mon"},
	{"* * * abcdefghijklmnopqrstuvwxyz *", 6, "\"abcdefghijklmnopqrst\" is no name of a month", "jan or mon"},
	{"\xc3\xa4 * * * *", 0, "minute has byte 0xc3 where a number or \"*\" should be", NULL},
	{"\x01 * * * *", 0, "minute has byte 0x01 where a number or \"*\" should be", NULL},
	{"* * * * \xc2\xa0", 8, "day of the week has byte 0xc2 where a number, a name or \"*\" should be", NULL},
	{"*/0 * * * *", 2, "step 0 of minute is not between 1 and 59", "with every hour"},
	{"*/60 * * * *", 2, "step 60 of minute is not between 1 and 59", "'90 minutes'"},
	{"* */24 * * *", 4, "step 24 of hour is not between 1 and 23", "with every day"},
	{"* * */31 * *", 6, "step 31 of day of the month is not between 1 and 30", "with every month"},
	{"* * * */12 *", 8, "step 12 of month is not between 1 and 11", "with every year"},
	{"* * * * */7", 10, "step 7 of day of the week is not between 1 and 6", "with every week"},
	{"*/ * * * *", 2, "minute ends where a step should be", NULL},
	{"*/-1 * * * *", 2, "minute has \"-\" where a step should be", NULL},
	{"* * * jan-dec/feb *", 14, "month has \"f\" where a step should be", NULL},
	{"5/15 * * * *", 1, "minute has a step behind a single value", "5-59/2"},
	{"* 22-2 * * *", 5, "range of hour ends before it begins", "22-23,0-5"},
	{"* * * * sat-mon", 12, "range of day of the week ends before it begins", "separated by a comma"},
	{"* * * dec-jan *", 10, "range of month ends before it begins", "separated by a comma"},
	{"0 0 30 2 *", -1, "it never matches", "last day"},
	{"0 0 31 2,4,6,9,11 *", -1, "it never matches", "last day"},
	{"0 0 31 */5,2,4 */2", 0, NULL, NULL},	/* January has 31 days: it is none */
	{"@reboot", 0, "@reboot is not a time", "@hourly"},
	{"@every 5m", 0, "@every is not known", "'15 minutes'"},
	{"@fortnightly", 0, "unknown name", "@yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"},
	{"@", 0, "unknown name", "@hourly"},
	{" @hourly 5", 9, "something follows @hourly", NULL},
};

static void
test_faults(void)
{
	test("cron: what is refused, with field, offset and hint");
	for (size_t i = 0; i < N(faults); i++)
	{
		RmlError	err;
		RmlCron		cron;
		bool		accepted = parse(faults[i].text, &cron, &err);

		if (!CHECK(accepted == (faults[i].message == NULL), "\"%s\" is %s", faults[i].text,
				   accepted ? "accepted" : err.message) || accepted)
			continue;
		CHECK_CONTAINS(err.message, faults[i].message, faults[i].text);
		CHECK_INT(err.offset == RML_NO_OFFSET ? -1 : (long) err.offset, faults[i].offset, faults[i].text);
		if (faults[i].hint != NULL)
			CHECK_CONTAINS(err.hint, faults[i].hint, faults[i].text);
		else
			CHECK(err.hint[0] == '\0', "\"%s\" has hint \"%s\"", faults[i].text, err.hint);
	}
}

static void
test_meant(void)
{
	static const char *const cron[] = {
		"* * * * *", "0 0 1 1 1", "0 0 1 jan mon", "5,6 1-2/2 x y z", "* nonsense", "15", " 15 ", "0 6",
		"1-2", "a b * d e", "@hourly", " @nonsense", "0 0 L * *", "@every 5m",
	};
	static const char *const interval[] = {
		"", " ", "15 minutes", "10 seconds", "1 hour", "1 day 02:00:00 00 00", "2 weeks", "15min", "PT15M",
		"00:15", "1 2:00", "@ 15 minutes", "@15 minutes", "1.5 hours", "+15 minutes", "-1 day", "nonsense",
		"0 a b c d", "@", "1 month",
	};

	test("cron: fields and intervals are told apart");
	for (size_t i = 0; i < N(cron); i++)
		CHECK(rml_cron_is_meant(cron[i], strlen(cron[i])), "\"%s\" is an interval", cron[i]);
	for (size_t i = 0; i < N(interval); i++)
		CHECK(!rml_cron_is_meant(interval[i], strlen(interval[i])), "\"%s\" is cron", interval[i]);
}

static void
test_every_hour(void)
{
	static const struct
	{
		const char *text;
		bool		every_hour;
	}			schedules[] = {
		{"0 * * * *", true}, {"@hourly", true}, {"0 */1 * * *", true}, {"0 0-23 1 * *", true},
		{"0 0-11,12-23 * * *", true}, {"0 */2 * * *", false}, {"* 0-22 * * *", false}, {"@daily", false},
	};

	test("cron: who runs in every hour");
	for (size_t i = 0; i < N(schedules); i++)
	{
		RmlError	err;
		RmlCron		cron;

		CHECK(parse(schedules[i].text, &cron, &err) &&
			  rml_cron_every_hour(&cron) == schedules[i].every_hour, "\"%s\"", schedules[i].text);
	}
}

/* ---- against the C library's calendar ---- */

static bool
matches(const RmlCron *cron, const struct tm *tm)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year = tm->tm_year + 1900;
	bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	bool		last = tm->tm_mday == lengths[tm->tm_mon] + (tm->tm_mon == 1 && leap);
	bool		month_day = (cron->month_days & 1u << tm->tm_mday) || (last && (cron->month_days & 1));
	bool		week_day = (cron->week_days & 1u << tm->tm_wday) != 0;

	return (cron->minutes & UINT64_C(1) << tm->tm_min) && (cron->hours & 1u << tm->tm_hour) &&
		(cron->months & 1u << (tm->tm_mon + 1)) &&
		(cron->either_day ? month_day || week_day : month_day && week_day);
}

static uint64_t random_state = 88172645463325252u;

static uint32_t
random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t) (random_state >> 32) % n;
}

/* A field that is a star, a number, a range or a list, with a step now and then. */
static int
random_field(char *to, size_t size, int low, int high)
{
	int			a = low + (int) random_below((uint32_t) (high - low + 1));
	int			b = a + (int) random_below((uint32_t) (high - a + 1));
	int			step = 1 + (int) random_below((uint32_t) (high - low == 7 ? 6 : high - low));

	switch (random_below(5))
	{
		case 0:
			return snprintf(to, size, "%d", a);
		case 1:
			return snprintf(to, size, "*/%d", step);
		case 2:
			return snprintf(to, size, "%d-%d/%d", a, b, step);
		case 3:
			return snprintf(to, size, "%d,%d", b, a);
	}
	return snprintf(to, size, "*");
}

/* Every minute of two years is looked at: next and previous lead exactly to those that match. */
static void
test_every_minute(void)
{
	static const int ranges[][2] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
	int64_t		begin = minute_of("2027-07-01 00:00");
	int64_t		end = minute_of("2029-07-01 00:00");
	int			n_minutes = (int) (end - begin);
	struct tm  *calendars = malloc((size_t) n_minutes * sizeof(struct tm));
	int			tried = 0;

	test("cron: random schedules, every minute of two years");
	for (int i = 0; i < n_minutes; i++)
		calendars[i] = calendar(begin + i);
	for (int k = 0; k < 120; k++)
	{
		char		text[100];
		int			length = 0;
		int64_t		next;
		int64_t		previous;
		int64_t		wrong = 0;
		RmlError	err;
		RmlCron		cron;

		for (int f = 0; f < 5; f++)
		{
			length += random_field(text + length, sizeof(text) - (size_t) length, ranges[f][0], ranges[f][1]);
			text[length++] = ' ';
		}
		text[length] = '\0';
		if (!parse(text, &cron, &err))
		{
			CHECK_CONTAINS(err.message, "never matches", text);
			continue;
		}
		tried++;
		rml_cron_next(&cron, begin - 1, &next);
		rml_cron_previous(&cron, begin - 1, &previous);
		for (int64_t m = begin; m < end && wrong == 0; m++)
		{
			if (matches(&cron, &calendars[m - begin]))
			{
				int64_t		back;

				if (next != m || !rml_cron_previous(&cron, m - 1, &back) || back != previous)
					wrong = m;
				rml_cron_next(&cron, m, &next);
				previous = m;
			}
			else if (next <= m)
				wrong = m;
		}
		CHECK(wrong == 0, "\"%s\" is wrong at %s", text, show(wrong));
	}
	free(calendars);
	CHECK(tried > 80, "only %d schedules", tried);
}

/* Every date on every weekday, in all 400 years of the calendar: the search must not give up. */
static void
test_rare_dates(void)
{
	int64_t		begin = minute_of("2000-01-01 00:00");
	int64_t		end = minute_of("2400-01-01 00:00");
	int64_t		longest = 0;
	int64_t		n_days = 0;

	test("cron: the rarest dates are found");
	for (int month = 1; month <= 12; month++)
	{
		for (int day = 1; day <= 31; day++)
		{
			for (int week_day = 0; week_day < 7; week_day++)
			{
				RmlCron		cron = {1, 1, 1u << day, 1u << month, 1u << week_day, false};
				int64_t		last = begin - 1;
				int64_t		next;

				while (rml_cron_next(&cron, last, &next) && next < end)
				{
					struct tm	tm = calendar(next);

					CHECK(matches(&cron, &tm), "%s does not match", show(next));
					if (last > begin && next - last > longest)
						longest = next - last;
					last = next;
					n_days++;
				}
			}
		}
	}
	/* none was left out */
	CHECK_INT(n_days, 146097, "days");
	CHECK_INT(longest / RML_MINUTES_PER_DAY, 40 * 365 + 9, "days between two");
}

static void
test_bounded(void)
{
	RmlCron		never = {1, 1, 1u << 30, 1u << 2, 0x7F, false};
	RmlCron		yearly = {1, 1, 1u << 1, 1u << 1, 0x7F, false};
	int64_t		million_years = INT64_C(1000000) * 366 * RML_MINUTES_PER_DAY;
	int64_t		found;

	test("cron: the search ends, far away too");
	CHECK(!rml_cron_next(&never, 0, &found), "there is a 30 February");
	CHECK(!rml_cron_previous(&never, 0, &found), "there was a 30 February");
	CHECK(rml_cron_next(&yearly, million_years, &found) && found > million_years &&
		  found <= million_years + 366 * RML_MINUTES_PER_DAY, "far ahead");
	CHECK(rml_cron_previous(&yearly, -million_years, &found) && found <= -million_years &&
		  found > -million_years - 366 * RML_MINUTES_PER_DAY, "long ago");
}

int
main(void)
{
	test_times();
	test_faults();
	test_meant();
	test_every_hour();
	test_every_minute();
	test_rare_dates();
	test_bounded();
	return test_done();
}
