/*
 * decision.c
 *	  riskml.decision(model, row, ...) and riskml.replay(decision, row).
 *
 * A decision says which bytes scored what: the version, pinned; the hash of what
 * it read of the row (input_hash.h); the bits of its margins; its scores; its
 * reasons, and the hash of what they were made of.  It has no time and no
 * random part, so the same row and version give the same decision, which is how
 * it is replayed: it is made again, and compared member by member.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "compat.h"
#include "quality/json.h"
#include "registry/acting.h"
#include "registry/reasons.h"
#include "score/input_hash.h"
#include "score/reasons.h"
#include "score/result.h"

RML_SQL_FUNCTION(riskml_decision);
RML_SQL_FUNCTION(riskml_replay);

#define FORMAT 1

/* Contributions that are so near are equal: a later release may round otherwise on the way to them. */
#define NEAR_ABSOLUTE 1e-7
#define NEAR_RELATIVE 1e-6

/* ---- making ---- */

static void
append_number(StringInfo json, double number)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, text);
	appendStringInfo(json, isfinite(number) ? "%s" : "\"%s\"", text);
}

static void
append_text(StringInfo json, const char *key, const char *text)
{
	appendStringInfo(json, "\"%s\": ", key);
	if (text == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, text);
}

/* The scores of the row, and the bits that they come from. */
static void
append_scores(StringInfo json, RmlSiteModel *entry)
{
	const RmlImage *image = &entry->model->image;
	int			n = (int) image->header->n_outputs;
	bool		single = rml_has_one_score(image->objective, n);

	rml_kernel_margins(entry->kernel, image, entry->row, entry->margins, rml_check_interrupts);
	appendStringInfoString(json, ", \"margin\": [");
	for (int i = 0; i < n; i++)
	{
		uint32		bits;

		memcpy(&bits, &entry->margins[i], sizeof(bits));
		appendStringInfo(json, "%s\"%08x\"", i > 0 ? ", " : "", bits);
	}
	rml_responses(image->objective, image->writer, entry->margins, n);
	appendStringInfoString(json, single ? "], \"score\": " : "], \"score\": [");
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(json, ", ");
		append_number(json, entry->margins[i]);
	}
	if (!single)
		appendStringInfoChar(json, ']');
}

static void
append_reasons(StringInfo json, RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlReasonRequest *request)
{
	const char *hash = rml_model_reasons(entry->model, &entry->binding)->hash;
	RmlRowReason *reasons = NULL;
	int			n = 0;

	appendStringInfoString(json, ", ");
	append_text(json, "definitions", *hash != '\0' ? hash : NULL);
	if (request->n != 0)
		n = rml_row_reasons(entry, fcinfo, request, &reasons);
	appendStringInfoString(json, ", \"reasons\": [");
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(json, "%s{\"rank\": %d, ", i > 0 ? ", " : "", i + 1);
		append_text(json, "code", reasons[i].code);
		appendStringInfoString(json, ", ");
		append_text(json, "text", reasons[i].text);
		appendStringInfoString(json, ", ");
		append_text(json, "feature", reasons[i].feature);
		appendStringInfoString(json, ", \"contribution\": ");
		append_number(json, reasons[i].contribution);
		appendStringInfoChar(json, '}');
	}
	appendStringInfoChar(json, ']');
}

/* The decision on the row in argument 1. */
static Jsonb *
make_decision(RmlSiteModel *entry, FunctionCallInfo fcinfo, const RmlReasonRequest *request)
{
	char		identity[RML_HEX_HASH_SIZE] = {0};
	char		inputs[RML_HEX_HASH_SIZE];
	StringInfoData json;

	rml_site_read_record(entry, fcinfo);
	rml_hash_inputs(entry, fcinfo, inputs);
	hex_encode((const char *) entry->binding.identity, RML_IDENTITY_SIZE, identity);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"format\": %d, ", FORMAT);
	append_text(&json, "model", rml_pinned_form(&entry->binding));
	appendStringInfo(&json, ", \"identity\": \"%s\", \"inputs\": \"%s\"", identity, inputs);
	append_scores(&json, entry);
	if (request->n < 0)
		appendStringInfoString(&json, ", \"n\": null");
	else
		appendStringInfo(&json, ", \"n\": %d", request->n);
	if (request->has_output)
		appendStringInfo(&json, ", \"output\": %d", request->output);
	if (request->reference != NULL)
		appendStringInfo(&json, ", \"reference\": %s",
						 JsonbToCString(NULL, &request->reference->root, VARSIZE(request->reference)));
	append_reasons(&json, entry, fcinfo, request);
	appendStringInfoChar(&json, '}');
	return rml_json_in(json.data);
}

/* riskml.decision(model, features, n, reference, output) */
Datum
riskml_decision(PG_FUNCTION_ARGS)
{
	RmlReasonRequest request = {
		.n = PG_ARGISNULL(2) ? -1 : PG_GETARG_INT32(2),
		.reference = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3),
		.has_output = !PG_ARGISNULL(4),
		.output = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4)
	};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(2) && request.n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"n\" must not be negative, but is %d", request.n),
				 errhint("NULL asks for all reasons, 0 for none.")));
	PG_RETURN_JSONB_P(make_decision(rml_site_model(fcinfo, false), fcinfo, &request));
}

/* ---- replaying ---- */

/* Columns of the result */
enum
{
	OUT_ITEM,
	OUT_RECORDED,
	OUT_NOW,
	OUT_EQUAL,
	OUT_PROBLEM,
	N_OUT
};

pg_noreturn static void
reject_decision(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the decision %s", problem),
			 errhint("Pass what riskml.decision() returned.")));
}

/* A member of this type; NULL: it is absent or null. */
static JsonbValue *
member(Jsonb *decision, const char *name, enum jbvType type, const char *type_name)
{
	JsonbValue *value = rml_json_member(&decision->root, name);

	if (value != NULL && value->type != type)
		reject_decision(psprintf("has \"%s\": %s, which is no %s", name, rml_json_out(value), type_name));
	return value;
}

static bool
int_member(Jsonb *decision, const char *name, int *number)
{
	JsonbValue *value = member(decision, name, jbvNumeric, "integer");
	double		wide = value == NULL ? 0 : rml_json_number(value);

	*number = 0;
	if (value == NULL)
		return false;
	if (!rml_json_is_integer(value) || wide < 0 || wide > PG_INT32_MAX)
		reject_decision(psprintf("has \"%s\": %s, which is no integer from 0 on", name, rml_json_out(value)));
	*number = (int) wide;
	return true;
}

static void
read_request(Jsonb *decision, RmlReasonRequest *request)
{
	JsonbValue *reference;
	int			format;

	if (!JB_ROOT_IS_OBJECT(decision))
		reject_decision("is no JSON object");
	if (!int_member(decision, "format", &format) || format != FORMAT)
		reject_decision(psprintf("is not of format %d", FORMAT));
	memset(request, 0, sizeof(*request));
	if (!int_member(decision, "n", &request->n))
		request->n = -1;
	request->has_output = int_member(decision, "output", &request->output);
	reference = rml_json_member(&decision->root, "reference");
	if (reference != NULL)
	{
		if (!rml_json_is_object(reference))
			reject_decision("has a \"reference\" that is no JSON object");
		request->reference = JsonbValueToJsonb(reference);
	}
}

static text *
text_of(JsonbValue *value)
{
	if (value == NULL)
		return NULL;
	return cstring_to_text(value->type == jbvString ? rml_json_string(value) : rml_json_out(value));
}

static void
put_item(ReturnSetInfo *rsinfo, const char *item, JsonbValue *recorded, JsonbValue *now, bool equal, const char *problem)
{
	Datum		values[N_OUT] = {0};
	bool		nulls[N_OUT] = {false};

	values[OUT_ITEM] = CStringGetTextDatum(item);
	nulls[OUT_RECORDED] = recorded == NULL;
	values[OUT_RECORDED] = PointerGetDatum(text_of(recorded));
	nulls[OUT_NOW] = now == NULL;
	values[OUT_NOW] = PointerGetDatum(text_of(now));
	values[OUT_EQUAL] = BoolGetDatum(equal);
	nulls[OUT_PROBLEM] = problem == NULL;
	if (problem != NULL)
		values[OUT_PROBLEM] = CStringGetTextDatum(problem);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static bool
equal_values(JsonbValue *a, JsonbValue *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return compareJsonbContainers(&JsonbValueToJsonb(a)->root, &JsonbValueToJsonb(b)->root) == 0;
}

static bool
near_numbers(const JsonbValue *a, const JsonbValue *b)
{
	double		x;
	double		y;

	if (a == NULL || b == NULL || a->type != jbvNumeric || b->type != jbvNumeric)
		return false;
	x = rml_json_number(a);
	y = rml_json_number(b);
	return fabs(x - y) <= NEAR_ABSOLUTE + NEAR_RELATIVE * fabs(x);
}

/* A member of an object that is an element of a list. */
static JsonbValue *
element_member(JsonbValue *element, const char *key)
{
	return rml_json_is_object(element) ? rml_json_member(element->val.binary.data, key) : NULL;
}

/* The same reasons in the same order, by the same amounts but for rounding. */
static bool
equal_reasons(JsonbValue *a, JsonbValue *b)
{
	static const char *const members[] = {"rank", "code", "text", "feature"};
	int			n;

	if (a == NULL || b == NULL || !rml_json_is_array(a) || !rml_json_is_array(b))
		return false;
	n = rml_json_length(a);
	if (rml_json_length(b) != n)
		return false;
	for (int i = 0; i < n; i++)
	{
		JsonbValue *ra = rml_json_element(a, i);
		JsonbValue *rb = rml_json_element(b, i);

		for (int m = 0; m < (int) lengthof(members); m++)
		{
			if (!equal_values(element_member(ra, members[m]), element_member(rb, members[m])))
				return false;
		}
		if (!near_numbers(element_member(ra, "contribution"), element_member(rb, "contribution")) &&
			!equal_values(element_member(ra, "contribution"), element_member(rb, "contribution")))
			return false;
	}
	return true;
}

/*
 * What the version of a pinned reference has become; NULL: it is there.  42501
 * if the user may not know.
 */
static const char *
what_became(const RmlRef *ref)
{
	Snapshot	snapshot = rml_statement_snapshot();
	RmlBinding	binding;
	RmlModelRow row;
	RmlRef		any = *ref;

	if (rml_try_resolve(ref, &binding))
		return NULL;
	if (!rml_catalog_find_model(ref->name, snapshot, &row))
		return psprintf("there is no model \"%s\" any more", ref->name);
	rml_require(&row, ref->name, GetUserId(), "score", snapshot);
	any.pinned = false;
	if (rml_try_resolve(&any, &binding))
		return psprintf("version %d of model \"%s\" is another one: %s", ref->version, ref->name, rml_pinned_form(&binding));
	return psprintf("version %d of model \"%s\" is gone", ref->version, ref->name);
}

/* What is compared, and what it means where it differs. */
static const struct
{
	const char *member;
	const char *problem;
	bool		(*equal) (JsonbValue *a, JsonbValue *b);
	bool		may_be_absent;
}			compared[] = {
	{"inputs", "the model reads other values of this row than of the one that was decided on", equal_values, false},
	{"margin", "the raw score has other bits", equal_values, false},
	{"score", "the score differs", equal_values, false},
	{"definitions", "riskml.set_reasons() has changed what reasons are made of", equal_values, true},
	{"reasons", "the reasons differ", equal_reasons, false},
};

static void
put_gone(ReturnSetInfo *rsinfo, Jsonb *decision, JsonbValue *model, const char *problem)
{
	put_item(rsinfo, "model", model, NULL, false, problem);
	for (int i = 0; i < (int) lengthof(compared); i++)
		put_item(rsinfo, compared[i].member, rml_json_member(&decision->root, compared[i].member), NULL, false,
				 "cannot be computed without the version");
}

/* Each member that is compared, of the decision and of the one made now. */
static void
put_comparison(ReturnSetInfo *rsinfo, Jsonb *decision, Jsonb *again)
{
	JsonbValue *model = rml_json_member(&decision->root, "model");
	JsonbValue *identity = rml_json_member(&decision->root, "identity");
	bool		same = equal_values(identity, rml_json_member(&again->root, "identity"));

	put_item(rsinfo, "model", model, rml_json_member(&again->root, "model"), same,
			 same ? NULL : identity == NULL ? "the identity is not recorded" : "the identity that is recorded is another one");
	for (int i = 0; i < (int) lengthof(compared); i++)
	{
		JsonbValue *recorded = rml_json_member(&decision->root, compared[i].member);
		JsonbValue *now = rml_json_member(&again->root, compared[i].member);

		same = compared[i].equal(recorded, now);
		put_item(rsinfo, compared[i].member, recorded, now, same,
				 same ? NULL : recorded == NULL && !compared[i].may_be_absent ? "is not recorded" : compared[i].problem);
	}
}

/* riskml.replay(decision, features) */
Datum
riskml_replay(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Jsonb	   *decision = PG_GETARG_JSONB_P(0);
	RmlReasonRequest request;
	JsonbValue *model;
	RmlRef		ref;
	const char *problem;

	InitMaterializedSRF(fcinfo, 0);
	read_request(decision, &request);
	model = member(decision, "model", jbvString, "string");
	if (model == NULL)
		reject_decision("has no \"model\"");
	rml_ref_parse(model->val.string.val, model->val.string.len, &ref);
	if (!ref.pinned)
		reject_decision(psprintf("has the model \"%s\", which is not in the pinned form", rml_json_string(model)));
	problem = what_became(&ref);
	if (problem != NULL)
		put_gone(rsinfo, decision, model, problem);
	else
	{
		text	   *reference = cstring_to_text_with_len(model->val.string.val, model->val.string.len);

		put_comparison(rsinfo, decision, make_decision(rml_site_model_of(fcinfo, reference, true), fcinfo, &request));
	}
	return (Datum) 0;
}
