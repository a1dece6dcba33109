/*
 * cron.c
 *	  Five-field schedules: the parser, and the search for the next minute.
 *
 * The language is that of Vixie's cron and cronie, with L or $ for a month's
 * last day.  What those take silently and do otherwise than it reads, as a
 * step beyond its field, is refused.
 */
#include "job/cron.h"

#include <string.h>
#include <strings.h>

/*
 * Days between two matches at most.  29 February falls on a given weekday
 * after up to 40 years, where a century without a leap day is in between;
 * every other date does within 12.
 */
#define MAX_DAYS (41 * 366)

#define N_FIELDS 5
#define MAX_SHOWN 20			/* of a word in a message */

typedef struct Field
{
	const char *name;
	int			low;
	int			high;
	const char *words;			/* of three letters each, from low on; or NULL */
} Field;

enum
{
	MINUTE, HOUR, MONTH_DAY, MONTH, WEEK_DAY
};

static const Field fields[N_FIELDS] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of the month", 1, 31, NULL},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

static const struct
{
	const char *name;
	const char *text;
}			names[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

#define NAMES_HINT "The names are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly."
#define FIELDS_HINT "The five fields are minute, hour, day of the month, month, day of the week."

typedef struct Parser
{
	const char *text;
	size_t		length;
	size_t		pos;
	RmlError   *err;
} Parser;

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
skip_space(Parser *p)
{
	while (p->pos < p->length && is_space(p->text[p->pos]))
		p->pos++;
}

static void
skip_word(Parser *p)
{
	while (p->pos < p->length && !is_space(p->text[p->pos]))
		p->pos++;
}

/* The character at hand; a space at the end of the field and of the text. */
static char
peek(const Parser *p)
{
	return p->pos < p->length && !is_space(p->text[p->pos]) ? p->text[p->pos] : ' ';
}

/* Steps over a character if it is the one at hand. */
static bool
take(Parser *p, char c)
{
	if (peek(p) != c)
		return false;
	p->pos++;
	return true;
}

/* Steps over the next word; true if numbers and signs of cron are all that it has. */
static bool
take_plain_word(Parser *p)
{
	bool		plain = true;

	skip_space(p);
	for (; peek(p) != ' '; p->pos++)
		plain = plain && strchr("0123456789,-/", peek(p)) != NULL;
	return plain;
}

/*
 * An interval has a unit or a colon in its first two words; a number alone is
 * an interval to PostgreSQL, in seconds, but nobody means that.
 */
bool
rml_cron_is_meant(const char *text, size_t length)
{
	Parser		p = {text, length, 0, NULL};

	if (length == 0)
		return false;
	if (memchr(text, '*', length) != NULL)
		return true;
	skip_space(&p);
	/* PostgreSQL writes intervals as '@ 15 minutes' too */
	if (peek(&p) == '@')
		return p.pos + 1 < length && is_letter(text[p.pos + 1]);
	return peek(&p) != ' ' && take_plain_word(&p) && take_plain_word(&p);
}

/* ---- fields ---- */

static bool
unexpected(Parser *p, const Field *field, const char *wanted)
{
	char		c = peek(p);

	if (c == ' ')
		return rml_fail_at(p->err, p->pos, "%s ends where %s should be", field->name, wanted);
	if (c > 0x20 && c < 0x7F)
		return rml_fail_at(p->err, p->pos, "%s has \"%c\" where %s should be", field->name, c, wanted);
	return rml_fail_at(p->err, p->pos, "%s has byte 0x%02x where %s should be", field->name,
					   (unsigned char) c, wanted);
}

static const char *
wanted_value(const Field *field)
{
	return field->words != NULL ? "a number, a name or \"*\"" : "a number or \"*\"";
}

/* A number; one that no field can have stays above all of them. */
static bool
parse_number(Parser *p, const Field *field, const char *wanted, int *value)
{
	*value = 0;
	if (!is_digit(peek(p)))
		return unexpected(p, field, wanted);
	for (; is_digit(peek(p)); p->pos++)
	{
		if (*value < 1000000)
			*value = *value * 10 + (peek(p) - '0');
	}
	return true;
}

/* Length of what was read since start, as far as a message shows it. */
static int
shown(const Parser *p, size_t start)
{
	return (int) (p->pos - start < MAX_SHOWN ? p->pos - start : MAX_SHOWN);
}

static bool
parse_word(Parser *p, const Field *field, int *value)
{
	size_t		start = p->pos;

	while (is_letter(peek(p)))
		p->pos++;
	for (int i = 0; p->pos - start == 3 && field->words[3 * i] != '\0'; i++)
	{
		if (strncasecmp(field->words + 3 * i, p->text + start, 3) == 0)
		{
			*value = field->low + i;
			return true;
		}
	}
	rml_fail_at(p->err, start, "\"%.*s\" is no name of a %s", shown(p, start), p->text + start,
				field->name);
	return rml_hint(p->err, "Names are the first three letters in English, as in jan or mon.");
}

static bool
parse_value(Parser *p, const Field *field, int *value)
{
	size_t		start = p->pos;

	if (field->words != NULL && is_letter(peek(p)))
		return parse_word(p, field, value);
	if (peek(p) == '?')
	{
		unexpected(p, field, wanted_value(field));
		return rml_hint(p->err, "Write \"*\" for any value.");
	}
	if (!parse_number(p, field, wanted_value(field), value))
		return false;
	if (*value < field->low || *value > field->high)
		return rml_fail_at(p->err, start, "%s %.*s is not between %d and %d", field->name,
						   shown(p, start), p->text + start, field->low, field->high);
	return true;
}

/* The "/step" behind a range; a greater one would act once, and again in the next hour or day. */
static bool
parse_step(Parser *p, const Field *field, int *step)
{
	size_t		start;
	int			most = field == &fields[WEEK_DAY] ? 6 : field->high - field->low;

	*step = 1;
	if (!take(p, '/'))
		return true;
	start = p->pos;
	if (!parse_number(p, field, "a step", step))
		return false;
	if (*step >= 1 && *step <= most)
		return true;
	rml_fail_at(p->err, start, "step %.*s of %s is not between 1 and %d", shown(p, start),
				p->text + start, field->name, most);
	return rml_hint(p->err, "A step begins anew with every %s; for other distances use an interval such as '90 minutes'.",
					field == &fields[MINUTE] ? "hour" : field == &fields[HOUR] ? "day" :
					field == &fields[MONTH_DAY] ? "month" : field == &fields[MONTH] ? "year" : "week");
}

/* The "-end" behind a value. */
static bool
parse_range_end(Parser *p, const Field *field, int first, int *last)
{
	size_t		start = p->pos;

	if (!parse_value(p, field, last))
		return false;
	/* Sunday ends a week as well as it begins one */
	if (field == &fields[WEEK_DAY] && *last == 0 && first > 0)
		*last = 7;
	if (first <= *last)
		return true;
	rml_fail_at(p->err, start, "range of %s ends before it begins", field->name);
	return rml_hint(p->err, "Write it as two, separated by a comma: 22-23,0-5.");
}

static bool
parse_item(Parser *p, const Field *field, uint64_t *set)
{
	int			first = field->low;
	int			last = field->high;
	int			step;

	if (field == &fields[MONTH_DAY] && (take(p, 'L') || take(p, 'l') || take(p, '$')))
	{
		*set |= 1;
		return true;
	}
	if (!take(p, '*'))
	{
		if (!parse_value(p, field, &first))
			return false;
		last = first;
		if (take(p, '-'))
		{
			if (!parse_range_end(p, field, first, &last))
				return false;
		}
		else if (peek(p) == '/')
		{
			rml_fail_at(p->err, p->pos, "%s has a step behind a single value", field->name);
			return rml_hint(p->err, "Write a range before it: %d-%d/2 or */2.", first, field->high);
		}
	}
	if (!parse_step(p, field, &step))
		return false;
	for (int i = first; i <= last; i += step)
		*set |= UINT64_C(1) << i;
	return true;
}

/* A list of items; the field's first character decides whether it restricts the days. */
static bool
parse_field(Parser *p, const Field *field, uint64_t *set, bool *is_star)
{
	*set = 0;
	skip_space(p);
	*is_star = peek(p) == '*';
	do
	{
		if (!parse_item(p, field, set))
			return false;
	} while (take(p, ','));
	return peek(p) == ' ' || unexpected(p, field, "its end, \",\", \"-\" or \"/\"");
}

static bool
check_number_of_fields(const Parser *parser)
{
	Parser		p = *parser;
	size_t		sixth = 0;
	int			n = 0;

	for (skip_space(&p); p.pos < p.length; skip_space(&p))
	{
		if (++n == N_FIELDS + 1)
			sixth = p.pos;
		skip_word(&p);
	}
	if (n == N_FIELDS)
		return true;
	rml_fail_at(p.err, n > N_FIELDS ? sixth : p.length, "%d field%s where %d should be", n,
				n == 1 ? "" : "s", N_FIELDS);
	if (n == N_FIELDS + 1)
		return rml_hint(p.err, FIELDS_HINT " There is none for seconds or years; for seconds use an interval such as '10 seconds'.");
	return rml_hint(p.err, FIELDS_HINT " An interval has a unit, as in '15 minutes'.");
}

static bool
parse_fields(Parser *p, RmlCron *cron)
{
	uint64_t	sets[N_FIELDS];
	bool		stars[N_FIELDS];

	if (!check_number_of_fields(p))
		return false;
	for (int i = 0; i < N_FIELDS; i++)
	{
		if (!parse_field(p, &fields[i], &sets[i], &stars[i]))
			return false;
	}
	cron->minutes = sets[MINUTE];
	cron->hours = (uint32_t) sets[HOUR];
	cron->month_days = (uint32_t) sets[MONTH_DAY];
	cron->months = (uint32_t) sets[MONTH];
	cron->week_days = (uint32_t) ((sets[WEEK_DAY] | sets[WEEK_DAY] >> 7) & 0x7F);
	cron->either_day = !stars[MONTH_DAY] && !stars[WEEK_DAY];
	return true;
}

/* ---- names ---- */

static bool
word_is(const char *word, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(word, name, length) == 0;
}

/* Replaces the text of the parser by what the name at hand stands for. */
static bool
expand_name(Parser *p)
{
	size_t		start = p->pos;
	const char *word = p->text + start;
	size_t		length;

	skip_word(p);
	length = p->pos - start;
	if (word_is(word, length, "@reboot"))
	{
		rml_fail_at(p->err, start, "@reboot is not a time");
		return rml_hint(p->err, "Jobs run by the clock. " NAMES_HINT);
	}
	if (word_is(word, length, "@every"))
	{
		rml_fail_at(p->err, start, "@every is not known");
		return rml_hint(p->err, "Write the interval alone, as in '15 minutes'.");
	}
	skip_space(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (!word_is(word, length, names[i].name))
			continue;
		if (p->pos < p->length)
			return rml_fail_at(p->err, p->pos, "something follows %s", names[i].name);
		*p = (Parser) {names[i].text, strlen(names[i].text), 0, p->err};
		return true;
	}
	rml_fail_at(p->err, start, "unknown name");
	return rml_hint(p->err, NAMES_HINT);
}

/* ---- the calendar ---- */

typedef struct Date
{
	int			month;
	int			month_day;
	int			days_in_month;
	int			week_day;
} Date;

/*
 * The date of a day counted from 2000-01-01.  Years begin in March inside, so
 * that the leap day is the last one of a year, and 400 of them are an era.
 */
static Date
date_of(int64_t day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t		since = day + 730425;	/* from 0000-03-01 */
	int			in_era = (int) (since - rml_floor_div(since, 146097) * 146097);
	int			year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int			in_year = in_era - (365 * year + year / 4 - year / 100);
	int			from_march = (5 * in_year + 2) / 153;
	Date		date;

	date.month = from_march < 10 ? from_march + 3 : from_march - 9;
	date.month_day = in_year - (153 * from_march + 2) / 5 + 1;
	date.days_in_month = lengths[date.month - 1];
	/* a February belongs to the year that began before it */
	year++;
	if (date.month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		date.days_in_month++;
	date.week_day = (int) (day + 6 - rml_floor_div(day + 6, 7) * 7);
	return date;
}

static bool
has(uint64_t set, int value)
{
	return (set >> value & 1) != 0;
}

static bool
day_matches(const RmlCron *cron, const Date *date)
{
	bool		month_day = has(cron->month_days, date->month_day) ||
		(has(cron->month_days, 0) && date->month_day == date->days_in_month);
	bool		week_day = has(cron->week_days, date->week_day);

	return cron->either_day ? month_day || week_day : month_day && week_day;
}

/* The nearest day that matches from the given one on, in the direction of step (1 or -1). */
static bool
find_day(const RmlCron *cron, int64_t start, int step, int64_t *found)
{
	int64_t		day = start;

	while (day - start <= MAX_DAYS && start - day <= MAX_DAYS)
	{
		Date		date = date_of(day);

		if (!has(cron->months, date.month))
		{
			day += step > 0 ? date.days_in_month - date.month_day + 1 : -date.month_day;
			continue;
		}
		if (day_matches(cron, &date))
		{
			*found = day;
			return true;
		}
		day += step;
	}
	return false;
}

static int
lowest(uint64_t set)
{
	return __builtin_ctzll(set);
}

static int
highest(uint64_t set)
{
	return 63 - __builtin_clzll(set);
}

/* The first matching minute of a day from the given one on, or -1. */
static int
minute_from(const RmlCron *cron, int minute)
{
	int			hour = minute / 60;
	uint64_t	minutes = cron->minutes >> (minute % 60);
	uint32_t	hours;

	if (has(cron->hours, hour) && minutes != 0)
		return minute + lowest(minutes);
	hours = cron->hours >> (hour + 1);
	if (hours == 0)
		return -1;
	return (hour + 1 + lowest(hours)) * 60 + lowest(cron->minutes);
}

/* The last matching minute of a day up to the given one, or -1. */
static int
minute_until(const RmlCron *cron, int minute)
{
	int			hour = minute / 60;
	uint64_t	minutes = cron->minutes & ((UINT64_C(2) << (minute % 60)) - 1);
	uint32_t	hours = cron->hours & ((1u << hour) - 1);

	if (has(cron->hours, hour) && minutes != 0)
		return hour * 60 + highest(minutes);
	if (hours == 0)
		return -1;
	return highest(hours) * 60 + highest(cron->minutes);
}

/* The nearest match from the given minute on, it included, in the direction of step. */
static bool
find_minute(const RmlCron *cron, int64_t start, int step, int64_t *found)
{
	int64_t		first_day = rml_floor_div(start, RML_MINUTES_PER_DAY);
	int			minute = (int) (start - first_day * RML_MINUTES_PER_DAY);
	int64_t		day;

	if (!find_day(cron, first_day, step, &day))
		return false;
	if (day == first_day)
	{
		minute = step > 0 ? minute_from(cron, minute) : minute_until(cron, minute);
		if (minute >= 0)
		{
			*found = day * RML_MINUTES_PER_DAY + minute;
			return true;
		}
		if (!find_day(cron, first_day + step, step, &day))
			return false;
	}
	minute = step > 0 ? minute_from(cron, 0) : minute_until(cron, RML_MINUTES_PER_DAY - 1);
	*found = day * RML_MINUTES_PER_DAY + minute;
	return true;
}

bool
rml_cron_next(const RmlCron *cron, int64_t after, int64_t *next)
{
	return find_minute(cron, after + 1, 1, next);
}

bool
rml_cron_previous(const RmlCron *cron, int64_t at, int64_t *previous)
{
	return find_minute(cron, at, -1, previous);
}

bool
rml_cron_parse(const char *text, size_t length, RmlCron *cron, RmlError *err)
{
	Parser		p = {text, length, 0, err};
	int64_t		minute;

	skip_space(&p);
	if (peek(&p) == '@' && !expand_name(&p))
		return false;
	if (!parse_fields(&p, cron))
		return false;
	if (rml_cron_next(cron, 0, &minute))
		return true;
	rml_fail(err, RML_INVALID, "it never matches");
	return rml_hint(err, "None of its months has such a day; L is the last day of any month.");
}
