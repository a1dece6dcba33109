/*
 * input_text.c
 *	  Values of a row's inputs as text, for people.
 *
 * A column is shown as its type shows it, in the caller's session.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "registry/server.h"
#include "score/explain.h"

/* The label of a feature's code in the row; NULL if it has no labels, or this is none of its codes. */
static char *
label_of(const RmlSiteModel *entry, int input)
{
	const RmlModel *model = entry->model;
	const RmlImageCategories *categories = model->inputs.transform != NULL ? NULL :
		rml_image_categories(&model->image, input);
	float		x = entry->row[input];

	for (uint32 i = 0; categories != NULL && i < categories->n_labels; i++)
	{
		size_t		length;
		const char *label;

		if ((float) model->image.labels[categories->first + i].code != x)
			continue;
		label = rml_image_label(&model->image, categories->first + i, &length);
		return rml_from_utf8(label, length);
	}
	return NULL;
}

/* A value, not NULL, of an input. */
static char *
value_text(const RmlSiteModel *entry, int input, Oid type, Datum value)
{
	char	   *label = label_of(entry, input);
	Oid			output;
	bool		is_varlena;

	if (label != NULL)
		return label;
	/* a literal without a type is text without a header */
	if (type == UNKNOWNOID)
		return pstrdup(DatumGetCString(value));
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

char **
rml_record_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	int			n = entry->model->inputs.n;
	char	  **texts = palloc0(sizeof(char *) * (Size) Max(n, 1));
	Datum	   *values = palloc(sizeof(Datum) * (Size) Max(desc->natts, 1));
	bool	   *nulls = palloc(sizeof(bool) * (Size) Max(desc->natts, 1));
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; i < n; i++)
	{
		int			at = entry->matches[i].attno - 1;

		if (!nulls[at])
			texts[i] = value_text(entry, i, TupleDescAttr(desc, at)->atttypid, values[at]);
	}
	ReleaseTupleDesc(desc);
	return texts;
}

char **
rml_array_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	char	  **texts = palloc0(sizeof(char *) * (Size) Max(entry->model->inputs.n, 1));
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	for (int i = 0; i < n && i < entry->model->inputs.n; i++)
	{
		if (nulls[i] || isnan(DatumGetFloat8(values[i])))
			continue;
		texts[i] = label_of(entry, i);
		if (texts[i] == NULL)
			texts[i] = float8out_internal(DatumGetFloat8(values[i]));
	}
	return texts;
}

char **
rml_jsonb_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo)
{
	Jsonb	   *jsonb = PG_GETARG_JSONB_P(1);
	int			n = entry->model->inputs.n;
	char	  **texts = palloc0(sizeof(char *) * (Size) Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		const char *name = entry->model->inputs.names[i];
		JsonbValue	room;
		JsonbValue *value = getKeyJsonValueFromContainer(&jsonb->root, name, (int) strlen(name), &room);

		if (value == NULL || value->type == jbvNull)
			continue;
		texts[i] = label_of(entry, i);
		if (texts[i] != NULL)
			continue;
		if (value->type == jbvString)
			texts[i] = pnstrdup(value->val.string.val, value->val.string.len);
		else if (value->type == jbvNumeric)
			texts[i] = numeric_normalize(value->val.numeric);
		else
			texts[i] = pstrdup(value->val.boolean ? "true" : "false");
	}
	return texts;
}

char **
rml_columns_texts(RmlSiteModel *entry, FunctionCallInfo fcinfo, int first)
{
	const RmlColumns *columns = entry->columns;
	char	  **texts = palloc0(sizeof(char *) * (Size) Max(entry->model->inputs.n, 1));

	if (columns->in_parts)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("parts of values do not say what the values were"),
				 errhint("Use risk_explain() of a row.")));
	for (int i = 0; i < columns->n_reads + columns->n_raw; i++)
	{
		bool		is_raw = i >= columns->n_reads;
		const RmlRawRead *raw = is_raw ? &columns->raw[i - columns->n_reads] : NULL;
		int			input = is_raw ? raw->read->column : columns->reads[i].feature;
		int			at = first + (is_raw ? raw->at : columns->reads[i].match.attno - 1);

		if (!PG_ARGISNULL(at) && texts[input] == NULL)
			texts[input] = value_text(entry, input, get_fn_expr_argtype(fcinfo->flinfo, at), PG_GETARG_DATUM(at));
	}
	return texts;
}
