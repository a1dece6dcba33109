/*
 * card_gates.c
 *	  What a model card says of gates and approvals.  The statements are as those of card_parts.c.
 */
#include "postgres.h"

#include "registry/card.h"

#define UTC(at) "to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')"

#define OF_MODEL(view) \
	"FROM " view " r JOIN riskml.model m ON m.name = r.model WHERE m.model_id = $1"
#define OF_VERSION(view) OF_MODEL(view) " AND r.version = $2"

/* ---- gates ---- */

static const char rules_sql[] =
	"SELECT DISTINCT CASE r.approval WHEN 'manual' THEN 'by another role than the maker' ELSE 'none is needed' END, r.max_age::text,\n"
	" " UTC("r.set_at") ", CASE WHEN $3 THEN r.set_by END::text\n"
	OF_MODEL("riskml.gates");

static const RmlCardField rules_fields[] = {
	{"Approval", RML_CARD_TEXT}, {"Runs count for", RML_CARD_TEXT}, {"Gates set at", RML_CARD_NAME}, {"Gates set by", RML_CARD_NAME}, {NULL, 0}
};

static const char definitions_sql[] =
	"SELECT r.gate, r.check_type, (r.definition - 'name' - 'check')::text\n"
	OF_MODEL("riskml.gates") " AND r.gate IS NOT NULL ORDER BY r.position";

static const RmlCardField definitions_fields[] = {
	{"Gate", RML_CARD_NAME}, {"Check", RML_CARD_NAME}, {"Demands", RML_CARD_NAME}, {NULL, 0}
};

static const char run_sql[] =
	"SELECT coalesce(r.rows::text, 'unknown'), coalesce('version ' || r.champion, 'none was in production'), " UTC("r.finished_at") ",\n"
	" CASE WHEN $3 THEN r.run_by END::text, CASE WHEN $5 THEN r.query END\n"
	OF_VERSION("riskml.gate_results") " AND r.latest LIMIT 1";

static const RmlCardField run_fields[] = {
	{"Rows", RML_CARD_NUMBER}, {"Champion", RML_CARD_TEXT}, {"Run at", RML_CARD_NAME}, {"Run by", RML_CARD_NAME}, {"Query", RML_CARD_CODE}, {NULL, 0}
};

static const char results_sql[] =
	"SELECT r.gate, r.check_type, CASE WHEN r.passed THEN 'passed' ELSE 'FAILED' END, r.value::text, r.threshold::text, CASE WHEN $5 THEN r.detail END\n"
	OF_VERSION("riskml.gate_results") " AND r.latest ORDER BY r.position";

static const RmlCardField results_fields[] = {
	{"Gate", RML_CARD_NAME}, {"Check", RML_CARD_NAME}, {"Result", RML_CARD_TEXT}, {"Value", RML_CARD_NUMBER}, {"Threshold", RML_CARD_NUMBER}, {"Detail", RML_CARD_TEXT}, {NULL, 0}
};

/* A version in production has no need to get there; its run was against the champion before it. */
#define IN_PRODUCTION "EXISTS (SELECT FROM riskml.model_alias a WHERE a.model_id = $1 AND a.version = $2 AND a.alias = 'production')"

static const char obstacles_sql[] =
	"SELECT coalesce(r.gate, 'approval'), r.obstacle, CASE WHEN $5 THEN r.detail END\n"
	OF_VERSION("riskml.obstacles") " AND NOT " IN_PRODUCTION " ORDER BY r.position NULLS LAST";

static const RmlCardField obstacles_fields[] = {
	{"Gate", RML_CARD_NAME}, {"Is", RML_CARD_TEXT}, {"Because", RML_CARD_TEXT}, {NULL, 0}
};

static void
append_run(RmlCard *card)
{
	if (rml_card_value(card, run_sql) == NULL)
	{
		rml_card_sentence(card, "They were never run for this version.");
		return;
	}
	rml_card_sentence(card, "The last run for this version:");
	rml_card_facts(card, run_sql, run_fields);
	rml_card_table(card, results_sql, results_fields);
}

static void
append_obstacles(RmlCard *card)
{
	if (rml_card_value(card, "SELECT 'there' WHERE " IN_PRODUCTION) != NULL)
		rml_card_sentence(card, "The version is in production.");
	else if (rml_card_value(card, obstacles_sql) == NULL)
		rml_card_sentence(card, "Nothing keeps the version from production.");
	else
	{
		rml_card_sentence(card, "What keeps the version from production:");
		rml_card_table(card, obstacles_sql, obstacles_fields);
	}
}

void
rml_card_gates(RmlCard *card)
{
	rml_card_heading(card, "Gates");
	if (!rml_card_facts(card, rules_sql, rules_fields))
	{
		rml_card_sentence(card, "None are set.");
		return;
	}
	rml_card_table(card, definitions_sql, definitions_fields);
	append_run(card);
	append_obstacles(card);
}

/* ---- approvals ---- */

static const char approvals_sql[] =
	"SELECT r.approved_by::text, " UTC("r.approved_at") ", r.reason, CASE WHEN r.counts THEN 'yes' ELSE 'no' END,\n"
	" r.withdrawn_by::text, " UTC("r.withdrawn_at") ", r.withdrawn_reason\n"
	OF_VERSION("riskml.approvals") " ORDER BY r.approved_at, r.approved_by";

static const RmlCardField approvals_fields[] = {
	{"By", RML_CARD_NAME}, {"At", RML_CARD_NAME}, {"Reason", RML_CARD_TEXT}, {"Counts", RML_CARD_TEXT},
	{"Withdrawn by", RML_CARD_NAME}, {"at", RML_CARD_NAME}, {"because", RML_CARD_TEXT}, {NULL, 0}
};

void
rml_card_approvals(RmlCard *card)
{
	rml_card_heading(card, "Approvals");
	if (rml_card_table(card, approvals_sql, approvals_fields) == 0)
		rml_card_sentence(card, "None.");
}
