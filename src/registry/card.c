/*
 * card.c
 *	  riskml.model_card(): all that is known of a version, as Markdown, and
 *	  riskml.set_purpose().
 *
 * It only reads, as the owner of the tables, what was checked to be the caller's to see: whoever may score with the model sees
 * it, its owner also queries, and who did what; details of gates also who may promote it.  Nothing in it depends on a setting of the session.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "compat.h"
#include "registry/cache.h"
#include "registry/card.h"
#include "registry/markdown.h"
#include "registry/owner.h"
#include "registry/server.h"

RML_SQL_FUNCTION(riskml_model_card);
RML_SQL_FUNCTION(riskml_set_purpose);

/* ---- writing ---- */

/* What follows is a block of its own: behind an empty line. */
static void
begin_block(RmlCard *card)
{
	StringInfo	out = card->out;

	while (out->len < 2 || strcmp(out->data + out->len - 2, "\n\n") != 0)
		appendStringInfoChar(out, '\n');
}

static void
append_value(RmlCard *card, RmlCardStyle style, const char *value)
{
	switch (style)
	{
		case RML_CARD_TEXT:
			rml_markdown_text(card->out, value);
			break;
		case RML_CARD_NAME:
			rml_markdown_name(card->out, value);
			break;
		case RML_CARD_NUMBER:
			rml_markdown_number(card->out, value);
			break;
		case RML_CARD_CODE:
			appendStringInfoString(card->out, "\n\n");
			rml_markdown_code(card->out, "sql", value);
			break;
	}
}

static char *
column_of(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

bool
rml_card_facts(RmlCard *card, const char *sql, const RmlCardField *fields)
{
	if (rml_sql_read(sql, RML_CARD_PARAMS, card->params) == 0)
		return false;
	begin_block(card);
	for (int i = 0; fields[i].title != NULL; i++)
	{
		char	   *value = column_of(0, i + 1);

		if (value == NULL)
			continue;
		if (fields[i].style == RML_CARD_CODE)
			begin_block(card);
		appendStringInfo(card->out, fields[i].style == RML_CARD_CODE ? "%s:" : "- %s: ", fields[i].title);
		append_value(card, fields[i].style, value);
		appendStringInfoChar(card->out, '\n');
	}
	return true;
}

static void
append_head(RmlCard *card, const RmlCardField *fields)
{
	begin_block(card);
	appendStringInfoChar(card->out, '|');
	for (int i = 0; fields[i].title != NULL; i++)
		appendStringInfo(card->out, " %s |", fields[i].title);
	appendStringInfoString(card->out, "\n|");
	for (int i = 0; fields[i].title != NULL; i++)
		appendStringInfoString(card->out, fields[i].style == RML_CARD_NUMBER ? "---:|" : "---|");
	appendStringInfoChar(card->out, '\n');
}

uint64
rml_card_table(RmlCard *card, const char *sql, const RmlCardField *fields)
{
	uint64		rows = rml_sql_read(sql, RML_CARD_PARAMS, card->params);

	if (rows > 0)
		append_head(card, fields);
	for (uint64 row = 0; row < rows; row++)
	{
		appendStringInfoChar(card->out, '|');
		for (int i = 0; fields[i].title != NULL; i++)
		{
			char	   *value = column_of(row, i + 1);

			appendStringInfoChar(card->out, ' ');
			if (value != NULL)
				append_value(card, fields[i].style, value);
			appendStringInfoString(card->out, " |");
		}
		appendStringInfoChar(card->out, '\n');
	}
	return rows;
}

char *
rml_card_value(RmlCard *card, const char *sql)
{
	return rml_sql_read(sql, RML_CARD_PARAMS, card->params) == 0 ? NULL : column_of(0, 1);
}

void
rml_card_heading(RmlCard *card, const char *heading)
{
	begin_block(card);
	appendStringInfo(card->out, "## %s\n\n", heading);
}

/* What it is given of users is escaped before. */
void
rml_card_sentence(RmlCard *card, const char *format,...)
{
	va_list		args;
	int			needed;

	begin_block(card);
	do
	{
		va_start(args, format);
		needed = appendStringInfoVA(card->out, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(card->out, needed);
	} while (needed > 0);
	appendStringInfoChar(card->out, '\n');
}

/* ---- what needs the compiled model ---- */

/* Of each feature, how many labels it has; 0: it is split by codes of categories; -1: by values. */
static Datum
labels_of_features(const RmlBinding *binding)
{
	RmlModel   *model = rml_cache_pin(binding);
	const RmlImage *image = &model->image;
	int			n = Max(image->header->n_features, 1);
	uint64		n_nodes = rml_image_entries(image->header, RML_SEC_NODES);
	int32	   *labels = palloc(sizeof(int32) * (Size) n);
	Datum		result;

	for (int i = 0; i < n; i++)
		labels[i] = -1;
	for (uint64 i = 0; i < n_nodes; i++)
	{
		const RmlImageNode *node = &image->nodes[i];

		if (node->child != 0 && (node->feature & RML_BY_CATEGORY) != 0)
			labels[node->feature & RML_FEATURE_MASK] = 0;
	}
	for (int i = 0; i < image->n_categories; i++)
		labels[image->categories[i].feature] = (int32) image->categories[i].n_labels;
	result = rml_array4(INT4OID, labels, n);
	rml_cache_unpin(model);
	return result;
}

/* ---- the card ---- */

static const char head_sql[] =
	"SELECT (SELECT string_agg(a.alias, ', ' ORDER BY a.alias) FROM riskml.model_alias a WHERE a.model_id = $1 AND a.version = $2),\n"
	" pg_get_userbyid(m.owner)::text, v.objective, v.booster, v.n_trees::text, v.n_features::text, v.n_outputs::text, v.comment, encode(v.identity, 'hex')\n"
	"FROM riskml.model m JOIN riskml.model_version v USING (model_id) WHERE m.model_id = $1 AND v.version = $2";

static const RmlCardField head_fields[] = {
	{"Aliases", RML_CARD_NAME}, {"Owner", RML_CARD_NAME}, {"Objective", RML_CARD_NAME}, {"Booster", RML_CARD_NAME},
	{"Trees", RML_CARD_NUMBER}, {"Features", RML_CARD_NUMBER}, {"Outputs", RML_CARD_NUMBER},
	{"Comment", RML_CARD_TEXT}, {"Identity (SHA-256)", RML_CARD_NAME}, {NULL, 0}
};

static void
append_title(RmlCard *card)
{
	appendStringInfoString(card->out, "# Model card: ");
	rml_markdown_name(card->out, card->binding.name);
	appendStringInfo(card->out, ", version %d\n\nReference: ", card->binding.version);
	rml_markdown_name(card->out, rml_pinned_form(&card->binding));
	appendStringInfoChar(card->out, '\n');
	rml_card_facts(card, head_sql, head_fields);
}

static void
append_purpose(RmlCard *card)
{
	char	   *purpose = rml_card_value(card, "SELECT purpose FROM riskml.model WHERE model_id = $1");

	rml_card_heading(card, "Purpose");
	if (purpose == NULL)
		rml_card_sentence(card, "None is stated.");
	else
		rml_markdown_paragraphs(card->out, purpose);
}

/* What texts of values depend on; the caller's settings are back with the end of acting. */
static const char *const plain_settings[][2] = {
	{"TimeZone", "UTC"}, {"DateStyle", "ISO, YMD"}, {"IntervalStyle", "postgres"}, {"extra_float_digits", "1"}, {"bytea_output", "hex"}
};

static void
begin_card(RmlOwnerScope *scope)
{
	rml_act_begin(scope, rml_catalog_table(RML_TAB_VERSION));
	for (Size i = 0; i < lengthof(plain_settings); i++)
		(void) set_config_option(plain_settings[i][0], plain_settings[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

static void
find_card(RmlCard *card, const char *reference)
{
	RmlRef		ref;
	Snapshot	snapshot = rml_statement_snapshot();

	rml_ref_parse(reference, (int) strlen(reference), &ref);
	rml_resolve_for(&ref, "score", &card->binding);
	card->is_owner = has_privs_of_role(GetUserId(), card->binding.model.owner);
	card->sees_recipe = rml_has_privilege(&card->binding.model, GetUserId(), "export", snapshot);
	card->params[0] = rml_param_int(card->binding.model.model_id);
	card->params[1] = rml_param_int(card->binding.version);
	card->params[2] = rml_param_datum(BOOLOID, BoolGetDatum(card->is_owner), false);
	card->params[3] = rml_param_datum(INT4ARRAYOID, labels_of_features(&card->binding), false);
	card->params[4] = rml_param_datum(BOOLOID, BoolGetDatum(rml_has_privilege(&card->binding.model, GetUserId(), "promote", snapshot)), false);
}

/* riskml.model_card(model) */
Datum
riskml_model_card(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	RmlCard		card = {.out = &out};
	RmlOwnerScope scope;

	find_card(&card, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	initStringInfo(&out);		/* before SPI has its own memory */
	begin_card(&scope);
	append_title(&card);
	append_purpose(&card);
	rml_card_data(&card);
	rml_card_inputs(&card);
	rml_card_parameters(&card);
	rml_card_metrics(&card);
	rml_card_gates(&card);
	rml_card_approvals(&card);
	rml_card_lineage(&card);
	rml_act_end(&scope);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* ---- the purpose ---- */

/* NULL: there is none any more */
static char *
purpose_arg(FunctionCallInfo fcinfo, int n)
{
	char	   *purpose = PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (purpose != NULL && strspn(purpose, " \t\r\n") == strlen(purpose))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" must not be empty", "purpose"),
				 errhint("Say what the model is for, and what it is not for; NULL takes the purpose away.")));
	return purpose;
}

/* riskml.set_purpose(model, purpose, reason) */
Datum
riskml_set_purpose(PG_FUNCTION_ARGS)
{
	char	   *model = RML_TEXT_ARG(0, "model");
	char	   *purpose = purpose_arg(fcinfo, 1);
	RmlAuditEntry entry = {
		.action = "set_purpose", .model = model, .detail = purpose,
		.reason = PG_ARGISNULL(2) ? NULL : rml_reason_arg(fcinfo, 2),
	};
	RmlOwnerScope scope;
	RmlModelRow row;
	RmlParam	params[2];

	rml_owner_begin_model(&scope, model, NULL, &row);
	params[0] = rml_param_int(row.model_id);
	params[1] = rml_param_text(purpose);
	if (rml_sql("UPDATE riskml.model SET purpose = $2 WHERE model_id = $1 AND purpose IS DISTINCT FROM $2", 2, params) > 0)
		rml_audit(&scope, &entry);
	rml_owner_end(&scope);
	PG_RETURN_VOID();
}
