/*
 * program.c
 *	  Runs a compiled recipe over a block of rows.
 *
 * An instruction is a loop over the rows of a block.  A full block has loops of its own, of a length that the compiler
 * knows, which it turns into vector instructions.
 */
#include "transform/program.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* result[r] = expression of x (a[r]) for each row */
#define EACH(expression) \
	do \
	{ \
		if (n == RML_PROGRAM_ROWS) \
		{ \
			for (int r = 0; r < RML_PROGRAM_ROWS; r++) \
			{ \
				const double x = a[r]; \
\
				result[r] = (expression); \
			} \
		} \
		else \
		{ \
			for (int r = 0; r < n; r++) \
			{ \
				const double x = a[r]; \
\
				result[r] = (expression); \
			} \
		} \
	} while (0)

/* The same of two slots, the other one is y. */
#define EACH_PAIR(expression) \
	do \
	{ \
		for (int r = 0; r < n; r++) \
		{ \
			const double x = a[r]; \
			const double y = c[r]; \
\
			result[r] = (expression); \
		} \
	} while (0)

/* ---- buckets ---- */

/* Up to this many edges are all compared. */
#define FEW_EDGES 24

/* Number of edges <= x; 0 for NaN.  n > 0; no branch depends on x. */
INLINE int
find_bucket(const double *edges, int n, double x)
{
	const double *base = edges;

	while (n > 1)
	{
		int			half = n / 2;

		/* as a product, or the compiler makes a branch of it */
		base += (size_t) half * (size_t) (base[half - 1] <= x);
		n -= half;
	}
	return (int) (base - edges) + (*base <= x);
}

/* The number of a bucket; NaN for NaN. */
INLINE void
run_bucket(const RmlInstruction *in, const double *restrict a, double *restrict result, int n)
{
	const double *edges = in->edges;

	if (in->n > FEW_EDGES)
	{
		EACH(x != x ? x : (double) find_bucket(edges, in->n, x));
		return;
	}
	EACH(x != x ? x : 0.0);
	for (int e = 0; e < in->n; e++)
	{
		const double edge = edges[e];

		EACH(result[r] + (edge <= x ? 1.0 : 0.0));
	}
}

INLINE void
run_bucket_value(const RmlInstruction *in, const double *restrict a, double *restrict result, int n)
{
	const double *values = in->values;

	run_bucket(in, a, result, n);
	for (int r = 0; r < n; r++)
	{
		if (result[r] == result[r])
			result[r] = values[(int) result[r]];
	}
}

/* ---- categories ---- */

/* The first row whose entry is none, as an error. */
INLINE bool
check_known(const RmlInstruction *in, const int *entries, const double *a, int first_row, int n, RmlProgramFault *fault)
{
	for (int r = 0; r < n; r++)
	{
		if (in->known[entries[r]])
			continue;
		*fault = (RmlProgramFault) {in->step, first_row + r, a[r], in->dictionary};
		return false;
	}
	return true;
}

/* As the tables of values have them: 0 missing, 1 unknown, then the codes. */
INLINE void
find_entries(const RmlInstruction *in, const double *a, int *entries, int n)
{
	if (in->numbers != NULL)
		rml_numbers_find_many(in->numbers, a, n, entries);
	else
	{
		for (int r = 0; r < n; r++)
			entries[r] = a[r] != a[r] ? 0 : (int) a[r] + 2;
	}
}

INLINE bool
run_lookup(const RmlInstruction *in, const double *a, const double *c, double *result, int n, RmlProgramFault *fault)
{
	const double *values = in->values;
	int			entries[RML_PROGRAM_ROWS];

	for (int first = 0; first < n; first += RML_PROGRAM_ROWS)
	{
		int			rows = n - first < RML_PROGRAM_ROWS ? n - first : RML_PROGRAM_ROWS;

		find_entries(in, a + first, entries, rows);
		if (in->known != NULL && !check_known(in, entries, a + first, first, rows, fault))
			return false;
		if (c != NULL)
		{
			for (int r = 0; r < rows; r++)
				result[first + r] = entries[r] < 2 ? c[first + r] : values[entries[r]];
		}
		else
		{
			for (int r = 0; r < rows; r++)
				result[first + r] = values[entries[r]];
		}
	}
	return true;
}

/* result is the first of n slots */
INLINE void
run_scatter(const RmlInstruction *in, const double *a, double *result, int stride, int n)
{
	if (n == stride)
		memset(result, 0, sizeof(double) * (size_t) n * (size_t) in->n);
	for (int slot = 0; slot < in->n && n < stride; slot++)
		memset(result + (size_t) slot * (size_t) stride, 0, sizeof(double) * (size_t) n);
	for (int r = 0; r < n; r++)
	{
		if (a[r] >= 0)
			result[(size_t) a[r] * (size_t) stride + (size_t) r] = 1.0;
	}
}

/* ---- the loop ---- */

INLINE void
run_function(const RmlInstruction *in, const double *a, double *result, int n)
{
	const RmlNumberFunction function = in->function;
	const double p = in->p;

	for (int r = 0; r < n; r++)
		result[r] = a[r] != a[r] ? a[r] : function(a[r], p);
}

INLINE void
run_arithmetic(const RmlInstruction *in, const double *restrict a, const double *restrict c, double *restrict result, int n)
{
	const double p = in->p;
	const double q = in->q;

	switch (in->opcode)
	{
		case RML_DO_FILL:
			EACH(x != x ? p : x);
			break;
		case RML_DO_IS_MISSING:
			EACH(x != x ? 1.0 : 0.0);
			break;
		case RML_DO_CLIP:
			EACH(x < p ? p : x > q ? q : x);
			break;
		case RML_DO_SUBTRACT_DIVIDE:
			EACH((x - p) / q);
			break;
		case RML_DO_MULTIPLY_ADD:
			EACH(x * p + q);
			break;
		case RML_DO_SUBTRACT_FROM:
			EACH((p - x) / q);
			break;
		case RML_DO_EQUALS:
			EACH(x == p ? 1.0 : 0.0);
			break;
		case RML_DO_RATIO:
			EACH_PAIR(y == 0 ? NAN : x / y);
			break;
		case RML_DO_REMAINDER:
			EACH(x - floor(x / p) * p);
			break;
		case RML_DO_PRODUCT:
			EACH_PAIR(x * y);
			break;
		case RML_DO_DIFFERENCE:
			EACH_PAIR(x - y);
			break;
		default:
			break;
	}
}

INLINE bool
run(const RmlProgram *program, double *slots, int stride, int n_rows, RmlProgramFault *fault)
{
	for (int i = 0; i < program->n_instructions; i++)
	{
		const RmlInstruction *in = &program->instructions[i];
		const double *a = slots + (size_t) in->a * (size_t) stride;
		const double *c = in->c < 0 ? NULL : slots + (size_t) in->c * (size_t) stride;
		double	   *result = slots + (size_t) in->result * (size_t) stride;

		switch (in->opcode)
		{
			case RML_DO_FUNCTION:
				run_function(in, a, result, n_rows);
				break;
			case RML_DO_BUCKET:
				run_bucket(in, a, result, n_rows);
				break;
			case RML_DO_BUCKET_VALUE:
				run_bucket_value(in, a, result, n_rows);
				break;
			case RML_DO_LOOKUP_TEXT:
			case RML_DO_LOOKUP_NUMBER:
			case RML_DO_ELSE_LOOKUP_NUMBER:
				if (!run_lookup(in, a, c, result, n_rows, fault))
					return false;
				break;
			case RML_DO_SCATTER:
				run_scatter(in, a, result, stride, n_rows);
				break;
			default:
				run_arithmetic(in, a, c, result, n_rows);
				break;
		}
	}
	return true;
}

#if defined(__x86_64__)

static __attribute__((target("avx2"))) bool
run_avx2(const RmlProgram *program, double *slots, int stride, int n_rows, RmlProgramFault *fault)
{
	return run(program, slots, stride, n_rows, fault);
}

#endif

bool
rml_program_run(const RmlProgram *program, double *slots, int stride, int n_rows, RmlProgramFault *fault)
{
#if defined(__x86_64__)
	if (n_rows == RML_PROGRAM_ROWS && __builtin_cpu_supports("avx2"))
		return run_avx2(program, slots, stride, n_rows, fault);
#endif
	return run(program, slots, stride, n_rows, fault);
}
