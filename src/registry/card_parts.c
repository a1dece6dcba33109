/*
 * card_parts.c
 *	  What a model card says of a version's data, inputs, parameters, metrics and lineage: a statement for each list and table.
 *
 * Parameters of all statements: $1 model_id, $2 version, $3 is the reader an owner, $4 labels of each feature, $5 may he promote.  They give texts, in an
 * order that no collation changes; times are in UTC.  A table has at most 30 features, 100 steps, 10 versions, 50 audit rows.
 */
#include "postgres.h"

#include "registry/card.h"

#define UTC(at) "to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')"

/* "12 more.", if a statement counts any */
static void
append_more(RmlCard *card, const char *sql, const char *what)
{
	char	   *more = rml_card_value(card, sql);

	if (more != NULL && strcmp(more, "0") != 0)
		rml_card_sentence(card, "%s more %s.", more, what);
}

/* ---- data ---- */

static const char data_sql[] =
	"SELECT t.rows::text, t.validation_rows::text, " UTC("t.started_at") ",\n"
	" CASE WHEN $3 THEN t.label END, CASE WHEN $3 THEN t.arguments ->> 'weight' END, CASE WHEN $3 THEN t.arguments ->> 'validation' END,\n"
	" CASE WHEN $3 THEN encode(t.data_hash, 'hex') END, CASE WHEN $3 THEN t.query END\n"
	"FROM riskml.model_training t WHERE t.model_id = $1 AND t.version = $2";

static const RmlCardField data_fields[] = {
	{"Rows", RML_CARD_NUMBER}, {"Of these held out for validation", RML_CARD_NUMBER}, {"Begun at", RML_CARD_NAME},
	{"Label", RML_CARD_NAME}, {"Weight", RML_CARD_NAME}, {"Validation", RML_CARD_NAME},
	{"SHA-256 of the rows as they were sent to the trainer", RML_CARD_NAME}, {"Query", RML_CARD_CODE}, {NULL, 0}
};

/* Scores before inputs, these in the order of the features that they are. */
#define BASELINE \
	"WITH f AS (SELECT u.name, min(u.n) AS n FROM riskml.model_version v, unnest(v.features) WITH ORDINALITY u(name, n)\n" \
	"  WHERE v.model_id = $1 AND v.version = $2 GROUP BY u.name),\n" \
	"d AS (SELECT r.role, e.key, e.value,\n" \
	"  row_number() OVER (PARTITION BY r.role ORDER BY f.n, e.key COLLATE \"C\") AS place\n" \
	" FROM riskml.model_baseline b\n" \
	"  CROSS JOIN (VALUES ('score'), ('input')) r(role) CROSS JOIN LATERAL jsonb_each(b.baseline -> (r.role || 's')) e\n" \
	"  LEFT JOIN f ON f.name = e.key AND r.role = 'input'\n" \
	" WHERE b.model_id = $1 AND b.version = $2)\n"

static const char baseline_sql[] =
	BASELINE
	"SELECT d.key, d.role, riskml.kind(c.d), trim_scale(round((riskml.nulls(c.d) / nullif(n, 0)::numeric), 4))::text,\n"
	" riskml.minimum(c.d)::text, riskml.maximum(c.d)::text, CASE riskml.kind(c.d) WHEN 'categorical' THEN cardinality(riskml.categories(c.d)) END::text\n"
	"FROM (SELECT * FROM d WHERE place <= 30 OFFSET 0) d CROSS JOIN LATERAL (SELECT d.value::riskml.distribution OFFSET 0) c(d)\n"
	"CROSS JOIN LATERAL (SELECT riskml.total(c.d) + riskml.nulls(c.d) + riskml.nans(c.d) AS n) n\n"
	"ORDER BY d.role COLLATE \"C\" DESC, d.place";

static const RmlCardField baseline_fields[] = {
	{"Name", RML_CARD_NAME}, {"Role", RML_CARD_TEXT}, {"Kind", RML_CARD_TEXT}, {"Share of NULL", RML_CARD_NUMBER},
	{"Least", RML_CARD_NUMBER}, {"Greatest", RML_CARD_NUMBER}, {"Categories", RML_CARD_NUMBER}, {NULL, 0}
};

static const char baseline_rows_sql[] =
	"SELECT b.rows::text FROM riskml.model_baseline b WHERE b.model_id = $1 AND b.version = $2";

void
rml_card_data(RmlCard *card)
{
	char	   *rows;

	rml_card_heading(card, "Data");
	if (!rml_card_facts(card, data_sql, data_fields))
		rml_card_sentence(card, "The model was imported: what it was trained on is not known here.");
	rows = rml_card_value(card, baseline_rows_sql);
	if (rows == NULL)
	{
		rml_card_sentence(card, "The version has no baseline, so drift is not watched.");
		return;
	}
	rml_card_sentence(card, "Baseline, of %s rows:", rows);
	rml_card_table(card, baseline_sql, baseline_fields);
	append_more(card, BASELINE "SELECT count(*)::text FROM d WHERE place > 30", "inputs and scores");
}

/* ---- inputs ---- */

/* A constraint by name, or in the order of the features as XGBoost has it. */
#define INPUTS \
	"WITH f AS (SELECT f.*, f.total_gain::float8 / nullif(sum(f.total_gain::float8) OVER (), 0) AS share,\n" \
	"  (SELECT max(abs(c)) FROM unnest(f.coefficients) c) AS largest,\n" \
	"  coalesce(t.arguments -> 'monotone_constraints' ->> f.feature,\n" \
	"   (string_to_array(translate(t.parameters ->> 'monotone_constraints', '() ', ''), ','))[f.position + 1]) AS sign\n" \
	" FROM riskml.model m JOIN riskml.model_features f ON f.model = m.name\n" \
	" LEFT JOIN riskml.model_training t ON t.model_id = m.model_id AND t.version = f.version\n" \
	" WHERE m.model_id = $1 AND f.version = $2),\n" \
	"p AS (SELECT f.*, count(*) OVER () AS n, row_number() OVER (ORDER BY share DESC NULLS LAST, largest DESC NULLS LAST, weight DESC NULLS LAST, position) AS place FROM f)\n"

static const char inputs_sql[] =
	INPUTS
	"SELECT (position + 1)::text, feature,\n"
	" CASE ($4)[position + 1] WHEN -1 THEN 'number' WHEN 0 THEN 'category codes' ELSE ($4)[position + 1] || ' categories' END,\n"
	" round(share::numeric, 4)::text, weight::text, CASE sign WHEN '1' THEN 'increasing' WHEN '-1' THEN 'decreasing' END\n"
	"FROM p WHERE n <= 30 OR place <= 30 ORDER BY CASE WHEN n <= 30 THEN position ELSE place END";

static const RmlCardField inputs_fields[] = {
	{"No.", RML_CARD_NUMBER}, {"Feature", RML_CARD_NAME}, {"Type", RML_CARD_TEXT}, {"Share of gain", RML_CARD_NUMBER},
	{"Splits", RML_CARD_NUMBER}, {"Constraint", RML_CARD_TEXT}, {NULL, 0}
};

/* Of a linear model; with several outputs, the coefficient that is farthest from 0. */
static const char coefficients_sql[] =
	INPUTS
	"SELECT (position + 1)::text, feature,\n"
	" (SELECT c::text FROM unnest(coefficients) WITH ORDINALITY u(c, i) ORDER BY abs(c) DESC, i LIMIT 1)\n"
	"FROM p WHERE n <= 30 OR place <= 30 ORDER BY CASE WHEN n <= 30 THEN position ELSE place END";

static const RmlCardField coefficients_fields[] = {
	{"No.", RML_CARD_NUMBER}, {"Feature", RML_CARD_NAME}, {"Coefficient", RML_CARD_NUMBER}, {NULL, 0}
};

static const char more_inputs_sql[] =
	"SELECT greatest(n_features - 30, 0)::text FROM riskml.model_version WHERE model_id = $1 AND version = $2";

static const char steps_sql[] =
	"SELECT s.n::text, s.step ->> 'feature', s.step ->> 'op',\n"
	" CASE jsonb_typeof(s.step -> 'input') WHEN 'array' THEN (SELECT string_agg(i, ', ' ORDER BY k) FROM jsonb_array_elements_text(s.step -> 'input') WITH ORDINALITY u(i, k))\n"
	"  ELSE coalesce(s.step ->> 'input', s.step ->> 'feature') END,\n"
	" CASE s.step ->> 'output' WHEN 'false' THEN 'for later steps' ELSE 'feature' END\n"
	"FROM riskml.model_version v, jsonb_array_elements(v.recipe) WITH ORDINALITY s(step, n)\n"
	"WHERE v.model_id = $1 AND v.version = $2 AND s.n <= 100 ORDER BY s.n";

static const RmlCardField steps_fields[] = {
	{"Step", RML_CARD_NUMBER}, {"Makes", RML_CARD_NAME}, {"By", RML_CARD_NAME}, {"Of", RML_CARD_NAME}, {"Use", RML_CARD_TEXT}, {NULL, 0}
};

#define N_STEPS(count) \
	"SELECT " count "::text FROM riskml.model_version v WHERE v.model_id = $1 AND v.version = $2 AND v.recipe IS NOT NULL"

static void
append_recipe(RmlCard *card)
{
	char	   *steps = rml_card_value(card, N_STEPS("jsonb_array_length(v.recipe)"));

	if (steps == NULL)
		return;
	rml_card_sentence(card, "The features are made of raw columns by a recipe, steps: %s.%s", steps,
					  card->sees_recipe ? "" : " Who may export the model sees them.");
	if (!card->sees_recipe)
		return;
	rml_card_table(card, steps_sql, steps_fields);
	append_more(card, N_STEPS("greatest(jsonb_array_length(v.recipe) - 100, 0)"), "steps");
}

void
rml_card_inputs(RmlCard *card)
{
	char	   *booster = rml_card_value(card, "SELECT booster FROM riskml.model_version WHERE model_id = $1 AND version = $2");

	rml_card_heading(card, "Inputs");
	if (booster != NULL && strcmp(booster, "gblinear") == 0)
		rml_card_table(card, coefficients_sql, coefficients_fields);
	else
		rml_card_table(card, inputs_sql, inputs_fields);
	append_more(card, more_inputs_sql, "features, of less importance");
	append_recipe(card);
}

/* ---- parameters ---- */

static const char training_sql[] =
	"SELECT t.rounds::text, t.arguments ->> 'num_boost_round', t.arguments ->> 'early_stopping_rounds', t.best_iteration::text, t.best_score::text, t.arguments ->> 'seed'\n"
	"FROM riskml.model_training t WHERE t.model_id = $1 AND t.version = $2";

static const RmlCardField training_fields[] = {
	{"Rounds", RML_CARD_NUMBER}, {"Rounds at most", RML_CARD_NUMBER}, {"Stopped after rounds without a better metric", RML_CARD_NUMBER},
	{"Best round, from 0", RML_CARD_NUMBER}, {"Metric of the best round", RML_CARD_NUMBER}, {"Seed", RML_CARD_NUMBER}, {NULL, 0}
};

static const char parameters_sql[] =
	"SELECT p.key, p.value FROM riskml.model_training t, jsonb_each_text(t.parameters) p\n"
	"WHERE t.model_id = $1 AND t.version = $2 ORDER BY p.key COLLATE \"C\"";

static const RmlCardField parameters_fields[] = {
	{"Parameter", RML_CARD_NAME}, {"Value", RML_CARD_NAME}, {NULL, 0}
};

static const char libraries_sql[] =
	"SELECT l.key, l.value FROM riskml.model_training t, jsonb_each_text(t.libraries) l\n"
	"WHERE t.model_id = $1 AND t.version = $2 ORDER BY l.key COLLATE \"C\"";

static const RmlCardField libraries_fields[] = {
	{"Made with", RML_CARD_NAME}, {"Version", RML_CARD_NAME}, {NULL, 0}
};

static const char file_sql[] =
	"SELECT v.writer, nullif((v.options - 'categories')::text, '{}')\n"
	"FROM riskml.model_version v WHERE v.model_id = $1 AND v.version = $2";

static const RmlCardField file_fields[] = {
	{"Written by XGBoost", RML_CARD_NAME}, {"Options of the import", RML_CARD_NAME}, {NULL, 0}
};

void
rml_card_parameters(RmlCard *card)
{
	rml_card_heading(card, "Parameters");
	if (rml_card_facts(card, training_sql, training_fields))
	{
		rml_card_table(card, parameters_sql, parameters_fields);
		rml_card_table(card, libraries_sql, libraries_fields);
	}
	else
		rml_card_facts(card, file_sql, file_fields);
}

/* ---- metrics ---- */

static const char metrics_sql[] =
	"SELECT k.metric, t.metrics -> 'train' -> k.metric ->> -1, t.metrics -> 'train' -> k.metric ->> t.best_iteration,\n"
	" t.metrics -> 'validation' -> k.metric ->> -1, t.metrics -> 'validation' -> k.metric ->> t.best_iteration\n"
	"FROM riskml.model_training t, (SELECT DISTINCT j.metric COLLATE \"C\" FROM riskml.model_training s, jsonb_each(s.metrics) e, jsonb_object_keys(e.value) j(metric)\n"
	"  WHERE s.model_id = $1 AND s.version = $2) k(metric)\n"
	"WHERE t.model_id = $1 AND t.version = $2 ORDER BY k.metric";

static const RmlCardField metrics_fields[] = {
	{"Metric", RML_CARD_NAME}, {"Training: last round", RML_CARD_NUMBER}, {"Training: best round", RML_CARD_NUMBER},
	{"Validation: last round", RML_CARD_NUMBER}, {"Validation: best round", RML_CARD_NUMBER}, {NULL, 0}
};

static const char sample_sql[] =
	"SELECT train_metric_rows::text FROM riskml.model_training WHERE model_id = $1 AND version = $2 AND train_metric_rows < rows - validation_rows";

/* The deviation is that of the folds themselves, as xgboost.cv() has it. */
static const char folds_sql[] =
	"SELECT m.key, CASE r.role WHEN 'train' THEN 'training' ELSE 'held out' END, count(*)::text, avg(x)::text, stddev_pop(x)::text, min(x)::text, max(x)::text\n"
	"FROM riskml.model_training t CROSS JOIN (VALUES ('validation', 1), ('train', 2)) r(role, place) CROSS JOIN LATERAL jsonb_each(t.folds -> r.role) m\n"
	"CROSS JOIN LATERAL (SELECT (v #>> '{}')::float8 FROM jsonb_array_elements(m.value) v WHERE jsonb_typeof(v) <> 'null') v(x)\n"
	"WHERE t.model_id = $1 AND t.version = $2 GROUP BY m.key, r.role, r.place ORDER BY m.key COLLATE \"C\", r.place";

static const RmlCardField folds_fields[] = {
	{"Metric", RML_CARD_NAME}, {"Rows", RML_CARD_TEXT}, {"Folds", RML_CARD_NUMBER}, {"Mean", RML_CARD_NUMBER}, {"Standard deviation", RML_CARD_NUMBER},
	{"Least", RML_CARD_NUMBER}, {"Greatest", RML_CARD_NUMBER}, {NULL, 0}
};

static const char fold_round_sql[] =
	"SELECT coalesce(folds ->> 'round', 'the last') FROM riskml.model_training WHERE model_id = $1 AND version = $2 AND folds IS NOT NULL";

void
rml_card_metrics(RmlCard *card)
{
	char	   *sample;
	char	   *round;

	rml_card_heading(card, "Metrics");
	if (rml_card_table(card, metrics_sql, metrics_fields) == 0)
		rml_card_sentence(card, "None were kept in training; gates and `riskml.evaluate()` judge the version by rows.");
	sample = rml_card_value(card, sample_sql);
	if (sample != NULL)
		rml_card_sentence(card, "Those of training are of a fixed sample of %s rows.", sample);
	round = rml_card_value(card, fold_round_sql);
	if (round == NULL)
		return;
	rml_card_sentence(card, "Cross-validation, at round %s, counted from 0:", round);
	rml_card_table(card, folds_sql, folds_fields);
}

/* ---- lineage ---- */

static const char origin_sql[] =
	"SELECT coalesce(t.trained_by, v.imported_by)::text, CASE WHEN $3 AND t.login_role <> t.trained_by THEN t.login_role END::text,\n"
	" " UTC("v.imported_at") ", CASE WHEN $3 THEN t.run_id END::text, CASE WHEN $3 THEN t.step END\n"
	"FROM riskml.model_version v LEFT JOIN riskml.model_training t USING (model_id, version)\n"
	"WHERE v.model_id = $1 AND v.version = $2";

static const RmlCardField trained_fields[] = {
	{"Trained by", RML_CARD_NAME}, {"Logged in as", RML_CARD_NAME}, {"Stored at", RML_CARD_NAME}, {"In job run", RML_CARD_NUMBER}, {"Step", RML_CARD_NAME}, {NULL, 0}
};

static const RmlCardField imported_fields[] = {
	{"Imported by", RML_CARD_NAME}, {"Logged in as", RML_CARD_NAME}, {"Stored at", RML_CARD_NAME}, {NULL, 0}
};

static const char versions_sql[] =
	"SELECT v.version::text, encode(substr(v.identity, 1, 8), 'hex'), " UTC("v.imported_at") ",\n"
	" (SELECT string_agg(a.alias, ', ' ORDER BY a.alias) FROM riskml.model_alias a WHERE a.model_id = $1 AND a.version = v.version), v.comment\n"
	"FROM riskml.model_version v WHERE v.model_id = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT 10";

static const RmlCardField versions_fields[] = {
	{"Version", RML_CARD_NUMBER}, {"Identity", RML_CARD_NAME}, {"Stored at", RML_CARD_NAME}, {"Aliases", RML_CARD_NAME}, {"Comment", RML_CARD_TEXT}, {NULL, 0}
};

/*
 * What concerns this version or the model as such, since the model was last made: the log knows models by name only.
 */
#define AUDIT \
	"WITH a AS (SELECT l.*, row_number() OVER (ORDER BY l.seq DESC) AS place FROM riskml.audit_log l JOIN riskml.model m ON m.name = l.model\n" \
	" WHERE m.model_id = $1 AND (l.from_version = $2 OR l.to_version = $2 OR coalesce(l.from_version, l.to_version) IS NULL)\n" \
	"  AND l.seq > coalesce((SELECT max(d.seq) FROM riskml.audit_log d WHERE d.model = m.name AND d.action = 'drop_model'), 0))\n"

static const char audit_sql[] =
	AUDIT
	"SELECT " UTC("at") ", login_role || CASE WHEN acting_role <> login_role THEN ' as ' || acting_role ELSE '' END, action,\n"
	" alias, from_version::text, to_version::text, CASE WHEN length(detail) > 200 THEN left(detail, 200) || ' ...' ELSE detail END, reason\n"
	"FROM a WHERE place <= 50 ORDER BY seq";

static const RmlCardField audit_fields[] = {
	{"At", RML_CARD_NAME}, {"Who", RML_CARD_NAME}, {"Action", RML_CARD_NAME}, {"Alias", RML_CARD_NAME}, {"From", RML_CARD_NUMBER}, {"To", RML_CARD_NUMBER},
	{"Detail", RML_CARD_TEXT}, {"Reason", RML_CARD_TEXT}, {NULL, 0}
};

static void
append_audit(RmlCard *card)
{
	if (!card->is_owner)
	{
		rml_card_sentence(card, "The model's owner also sees queries, and who changed what, when and why.");
		return;
	}
	rml_card_sentence(card, "What was done, from the audit log:");
	rml_card_table(card, audit_sql, audit_fields);
	append_more(card, AUDIT "SELECT count(*)::text FROM a WHERE place > 50", "entries before these");
}

void
rml_card_lineage(RmlCard *card)
{
	bool		trained = rml_card_value(card, "SELECT 'trained' FROM riskml.model_training WHERE model_id = $1 AND version = $2") != NULL;

	rml_card_heading(card, "Lineage");
	rml_card_facts(card, origin_sql, trained ? trained_fields : imported_fields);
	if (rml_card_value(card, "SELECT 'earlier' FROM riskml.model_version WHERE model_id = $1 AND version < $2") != NULL)
		rml_card_sentence(card, "Versions before it:");
	rml_card_table(card, versions_sql, versions_fields);
	append_more(card, "SELECT greatest(count(*) - 10, 0)::text FROM riskml.model_version WHERE model_id = $1 AND version < $2", "versions before these");
	append_audit(card);
}
