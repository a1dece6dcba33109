/*
 * main.c
 *	  riskml_trainer: trains a model with libxgboost for a session of PostgreSQL, which starts it.
 *
 * Reads frames on standard input, writes frames to standard output, and text to standard error (train/protocol.h).  A session that has
 * had enough of it kills it: there is nothing that it would have to save.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "folds.h"
#include "io.h"
#include "list.h"
#include "model.h"
#include "roles.h"
#include "rows.h"
#include "train/protocol.h"
#include "xgb.h"

typedef struct Clock
{
	double		matrix;			/* seconds to make matrices */
	double		boost;
} Clock;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* The most memory that was in use; of this program only, which getrusage() would not tell apart from who started it. */
static long
peak_kilobytes(void)
{
	FILE	   *file = fopen("/proc/self/status", "r");
	char		line[200];
	long		peak = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		if (sscanf(line, "VmHWM: %ld kB", &peak) == 1)
			break;
	}
	fclose(file);
	return peak;
}

static void
say_hello(void)
{
	List		list = {0};
	struct utsname system;
	int			major;
	int			minor;
	int			patch;

	XGBoostVersion(&major, &minor, &patch);
	list_add(&list, "protocol", "%d", RML_TRAINER_PROTOCOL);
	list_add(&list, "xgboost", "%d.%d.%d", major, minor, patch);
	list_add(&list, "machine", "%s", uname(&system) == 0 ? system.machine : "");
	list_send(&list, RML_REPLY_HELLO);
}

/* The classes of multi:*, if the session does not say how many there are: by the greatest label. */
static void
find_classes(Config *config, const Rows *rows)
{
	static char count[20];
	const char *objective = config_param(config, "objective");
	float		most = 0;

	if (objective == NULL || strncmp(objective, "multi:", strlen("multi:")) != 0 || config_param(config, "num_class") != NULL)
		return;
	for (size_t i = 0; i < rows->n; i++)
		most = fmaxf(most, *row_extra(rows, i, EXTRA_LABEL));
	REQUIRE(most < 1e6f, "a label of %g is no class", (double) most);
	snprintf(count, sizeof(count), "%d", (int) most + 1);
	config_add_param(config, "num_class", count);
}

static void
say_data(const Config *config, const Roles *roles, const Clock *clock)
{
	List		list = {0};
	const char *classes = config_param(config, "num_class");

	list_add(&list, "rows", "%zu", roles->training + roles->held_out);
	list_add(&list, "validation_rows", "%zu", roles->held_out);
	list_add(&list, "train_metric_rows", "%zu", booster_samples(config, roles->training) ? (size_t) SAMPLE_ROWS : roles->training);
	list_add(&list, "seconds", "%.6f", clock->matrix);
	if (classes != NULL)
		list_add(&list, "num_class", "%s", classes);
	list_send(&list, RML_REPLY_DATA);
}

static void
say_result(const Model *model, const Stopper *folds, const Clock *clock)
{
	List		list = {0};

	list_add(&list, "rounds", "%d", model->rounds);
	if (model->stopper.has_score)
	{
		list_add(&list, "best_iteration", "%d", model->stopper.best_round);
		list_add(&list, "best_score", "%.17g", model->stopper.best);
	}
	if (folds->has_score)
		list_add(&list, "folds_best_iteration", "%d", folds->best_round);
	if (model->outputs > 0)
		list_add(&list, "outputs", "%d", model->outputs);
	list_add(&list, "seconds", "%.6f", clock->boost);
	list_add(&list, "matrix_seconds", "%.6f", clock->matrix);
	list_add(&list, "peak_kilobytes", "%ld", peak_kilobytes());
	list_send(&list, RML_REPLY_RESULT);
}

/* Whether anything is held out that early stopping could go by. */
static void
check_stopping(const Config *config, const Roles *roles)
{
	REQUIRE(config->early_stopping_rounds == 0 || config->folds > 0 || roles->held_out > 0,
			"early stopping needs rows that are held out");
}

/* Trains and sends the model.  Without rows held out it has as many rounds as did best for the folds. */
static void
train(const Config *config, Rows *rows, Roles *roles, const Stopper *folds, Model *model, Clock *clock)
{
	double		begin = now();
	int			rounds = folds->has_score && roles->held_out == 0 ? folds->best_round + 1 : config->rounds;
	Matrix		held_out = matrix_of(rows, roles, PART_HELD_OUT, 0);
	Matrix		training = matrix_of_last(rows, roles);

	clock->matrix += now() - begin;
	if (config->folds == 0)
		say_data(config, roles, clock);
	begin = now();
	booster_begin(&model->booster, config, training, held_out, 0);
	if (roles->held_out == 0)
		model->stopper = *folds;
	model->stopper.patience = roles->held_out == 0 ? 0 : config->early_stopping_rounds;
	model_grow(model, rounds);
	clock->boost += now() - begin;
	if (config->keep_model)
		model_send(model);
	booster_free(&model->booster);
}

int
main(void)
{
	Config		config;
	Rows		rows;
	Roles		roles;
	Model		model = {.rounds = 0};
	Stopper		folds = {.patience = 0};
	Clock		clock = {0};
	double		begin;

	io_begin();
	xgb_begin();
	say_hello();
	rows_read(&rows, &config);
	find_classes(&config, &rows);
	begin = now();
	roles_find(&roles, &rows);
	clock.matrix = now() - begin;
	check_stopping(&config, &roles);
	if (config.folds > 0)
	{
		say_data(&config, &roles, &clock);
		begin = now();
		folds_run(&config, &rows, &roles, &folds);
		clock.boost = now() - begin;
	}
	if (config.folds == 0 || config.keep_model)
		train(&config, &rows, &roles, &folds, &model, &clock);
	say_result(&model, &folds, &clock);
	return 0;
}
