/*
 * op_time.c
 *	  Operations on times, and cycles of numbers.
 *
 * A time is that of a local clock; where a column has instants, the step's time zone says of which.
 */
#include "postgres.h"

#include <math.h>

#include "recipe/op.h"
#include "transform/calendar.h"

#define USEC_PER_DAY 86400e6

/* What a part of an infinite time is, is missing. */
static double
part_of(double time, double part)
{
	return rml_calendar_part((RmlDatePart) part, time);
}

/* A part of the operand, a time. */
static char *
part_sql(RmlSqlWriter *writer, const RmlStep *step, int part)
{
	char	   *time = rml_sql_time(writer, &step->inputs[0], step->zone);

	return psprintf("CASE WHEN pg_catalog.isfinite(%s) THEN pg_catalog.date_part('%s', %s) END", time, rml_date_parts[part], time);
}

/* ---- date_part ---- */

static const char *const date_part_fields[] = {"part", "time_zone", NULL};

static void
read_date_part(RmlStep *step, RmlReader *reader)
{
	int		   *part = step->parameters = palloc0(sizeof(int));

	(void) rml_reader_choice(reader, "part", RML_REQUIRED, rml_date_parts, part);
	rml_reader_zone(reader);
}

static void
compile_date_part(const RmlStep *step, RmlBuilder *builder)
{
	const int  *part = step->parameters;

	rml_build_feature(builder, step, 0, rml_build_function(builder, part_of, rml_build_time(builder, &step->inputs[0], step->zone), *part));
}

static char *
sql_date_part(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const int  *part = step->parameters;

	(void) feature;
	return part_sql(writer, step, *part);
}

/* ---- cyclic ---- */

typedef struct Cyclic
{
	int			part;			/* of a time; -1: the input is a number */
	double		period;
} Cyclic;

static const char *const cyclic_fields[] = {"part", "period", "time_zone", NULL};

static void
read_cyclic(RmlStep *step, RmlReader *reader)
{
	Cyclic	   *p = step->parameters = palloc0(sizeof(Cyclic));
	const char **names = palloc(sizeof(char *) * 2);

	names[0] = psprintf("%s_sin", step->name);
	names[1] = psprintf("%s_cos", step->name);
	rml_reader_features(reader, 2, names);
	p->part = -1;
	if (rml_reader_choice(reader, "part", RML_OPTIONAL, rml_date_parts, &p->part))
		p->period = rml_date_part_period((RmlDatePart) p->part);
	if (rml_reader_number(reader, "period", RML_OPTIONAL, &p->period) && p->period <= 0)
		rml_reader_fault(reader, "period", NULL, "must be greater than 0");
	else if (p->period == 0 && !step->is_faulty)
		rml_reader_fault(reader, "period", "Give \"part\" for times, \"period\" for numbers.", "is missing");
	rml_reader_zone(reader);
	rml_reader_require_kind(reader, 0, rml_reader_has(reader, "part") ? RML_KIND_TIME : RML_KIND_NUMBER);
}

static double
cycle_sin(double x, double period)
{
	return sin(2.0 * M_PI * x / period);
}

static double
cycle_cos(double x, double period)
{
	return cos(2.0 * M_PI * x / period);
}

static void
compile_cyclic(const RmlStep *step, RmlBuilder *builder)
{
	const Cyclic *p = step->parameters;
	int			x;

	if (p->part < 0)
		x = rml_build_number(builder, &step->inputs[0]);
	else
		x = rml_build_function(builder, part_of, rml_build_time(builder, &step->inputs[0], step->zone), p->part);
	rml_build_feature(builder, step, 0, rml_build_function(builder, cycle_sin, x, p->period));
	rml_build_feature(builder, step, 1, rml_build_function(builder, cycle_cos, x, p->period));
}

static char *
sql_cyclic(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Cyclic *p = step->parameters;
	char	   *x = p->part < 0 ? rml_sql_operand(writer, &step->inputs[0]) : part_sql(writer, step, p->part);
	char	   *angle = psprintf("riskml.ieee_divide(riskml.ieee_multiply(%s, %s), %s)", rml_sql_number(2.0 * M_PI), x,
								 rml_sql_number(p->period));
	const char *function = feature == 0 ? "sin" : "cos";

	if (p->part >= 0)
		return psprintf("pg_catalog.%s(%s)", function, angle);
	/* of an infinite angle it would be an error */
	return psprintf("CASE WHEN pg_catalog.abs(%s) OPERATOR(pg_catalog.<) %s THEN pg_catalog.%s(%s) END", angle,
					rml_sql_number(INFINITY), function, angle);
}

/* ---- age_days ---- */

typedef struct Age
{
	const char *text;			/* of the reference; NULL: the second input is it */
	double		reference;
} Age;

static const char *const age_fields[] = {"reference", "time_zone", NULL};

static void
read_reference(RmlReader *reader, Age *p)
{
	bool		has_offset;
	int			offset;

	if (!rml_reader_text(reader, "reference", RML_REQUIRED, &p->text))
		return;
	if (!rml_parse_iso(p->text, strlen(p->text), &p->reference, &has_offset, &offset) || has_offset)
		rml_reader_fault(reader, "reference", NULL, "must be a date, or a date and a time without an offset: YYYY-MM-DDThh:mm:ss");
}

static void
read_age(RmlStep *step, RmlReader *reader)
{
	Age		   *p = step->parameters = palloc0(sizeof(Age));

	if (step->n_inputs == 1)
		read_reference(reader, p);
	else if (rml_reader_has(reader, "reference"))
		rml_reader_fault(reader, "reference", NULL, "must be absent if there are two inputs");
	rml_reader_zone(reader);
}

static void
compile_age(const RmlStep *step, RmlBuilder *builder)
{
	const Age  *p = step->parameters;
	int			since = rml_build_time(builder, &step->inputs[0], step->zone);
	int			age;

	if (p->text != NULL)
		age = rml_build_unary(builder, RML_DO_SUBTRACT_FROM, since, p->reference, USEC_PER_DAY);
	else
	{
		age = rml_build_binary(builder, RML_DO_DIFFERENCE, rml_build_time(builder, &step->inputs[1], step->zone), since);
		age = rml_build_unary(builder, RML_DO_SUBTRACT_DIVIDE, age, 0, USEC_PER_DAY);
	}
	rml_build_feature(builder, step, 0, age);
}

static char *
sql_age(const RmlStep *step, int feature, RmlSqlWriter *writer)
{
	const Age  *p = step->parameters;

	(void) feature;
	return psprintf("riskml.age_days(%s, %s)", rml_sql_time(writer, &step->inputs[0], step->zone),
					p->text != NULL ? psprintf("timestamp '%s'", p->text) : rml_sql_time(writer, &step->inputs[1], step->zone));
}

const RmlOp rml_ops_time[] = {
	{.name = "date_part", .takes = RML_TAKES_TIME, .min_inputs = 1, .max_inputs = 1, .fields = date_part_fields,
	 .read = read_date_part, .compile = compile_date_part, .sql = sql_date_part},
	{.name = "cyclic", .takes = RML_TAKES_NUMBER | RML_TAKES_TIME, .min_inputs = 1, .max_inputs = 1, .fields = cyclic_fields,
	 .read = read_cyclic, .compile = compile_cyclic, .sql = sql_cyclic},
	{.name = "age_days", .takes = RML_TAKES_TIME, .min_inputs = 1, .max_inputs = 2, .fields = age_fields,
	 .read = read_age, .compile = compile_age, .sql = sql_age},
	{.name = NULL}
};
