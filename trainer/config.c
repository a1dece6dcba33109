/*
 * config.c
 *	  The CONFIG frame.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "list.h"
#include "memory.h"
#include "train/protocol.h"

#define MOST_FEATURES 1000000
#define MOST_PARAMS 10000
#define MOST_ROUNDS 1000000
#define MOST_FOLDS 1000

static int
whole_number(const char *key, const char *value, int least, int most)
{
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(value, &end, 10);
	REQUIRE(errno == 0 && end != value && *end == '\0' && number >= least && number <= most,
			"\"%s\" is no %s between %d and %d", value, key, least, most);
	return (int) number;
}

static double
fraction_of(const char *value)
{
	char	   *end;
	double		number = strtod(value, &end);

	REQUIRE(end != value && *end == '\0' && number > 0 && number < 1, "\"%s\" is no fraction between 0 and 1", value);
	return number;
}

/* A seed may be any integer of 64 bits. */
static uint64_t
seed_of(const char *value)
{
	char	   *end;
	long long	number;

	errno = 0;
	number = strtoll(value, &end, 10);
	REQUIRE(errno == 0 && end != value && *end == '\0', "\"%s\" is no seed", value);
	return (uint64_t) number;
}

/* The place of a new element at the end of an array that doubles. */
static void *
one_more(void *array, int n, size_t size)
{
	return (n & (n - 1)) == 0 ? take_more(array, n == 0 ? 1 : 2 * (size_t) n, size) : array;
}

/* "q" or "c", a tab, a name. */
static void
read_feature(Config *config, const char *value)
{
	int			n = config->n_features;

	REQUIRE((value[0] == 'q' || value[0] == 'c') && value[1] == '\t', "a feature's type is neither q nor c");
	REQUIRE(n < MOST_FEATURES, "more than %d features", MOST_FEATURES);
	config->types = one_more(config->types, n, sizeof(char *));
	config->names = one_more(config->names, n, sizeof(char *));
	config->types[n] = value[0] == 'q' ? "q" : "c";
	config->names[n] = value + 2;
	config->n_features = n + 1;
}

void
config_add_param(Config *config, const char *name, const char *value)
{
	REQUIRE(config->n_params < MOST_PARAMS, "more than %d parameters", MOST_PARAMS);
	config->params = one_more(config->params, config->n_params, sizeof(Param));
	config->params[config->n_params++] = (Param) {name, value};
}

static void
read_param(Config *config, char *value)
{
	char	   *tab = strchr(value, '\t');

	REQUIRE(tab != NULL && tab != value, "a parameter has no name");
	*tab = '\0';
	config_add_param(config, value, tab + 1);
}

/* Names of extras, in the order of the enumeration. */
static void
read_extras(Config *config, const char *value)
{
	static const char *const names[N_EXTRAS] = {"label", "label_upper", "weight", "group", "role"};
	int			at = 0;

	while (*value != '\0')
	{
		size_t		length = strcspn(value, ",");

		while (at < N_EXTRAS && (strlen(names[at]) != length || memcmp(value, names[at], length) != 0))
			at++;
		REQUIRE(at < N_EXTRAS, "\"%s\" are no extras in their order", value);
		config->extras[at++] = config->n_extras++;
		value += length;
		if (*value == ',')
			value++;
	}
}

static void
read_entry(Config *config, const char *key, const char *value)
{
	if (strcmp(key, "feature") == 0)
		read_feature(config, value);
	else if (strcmp(key, "param") == 0)
		read_param(config, (char *) value);
	else if (strcmp(key, "extras") == 0)
		read_extras(config, value);
	else if (strcmp(key, "rounds") == 0)
		config->rounds = whole_number(key, value, 1, MOST_ROUNDS);
	else if (strcmp(key, "early_stopping_rounds") == 0)
		config->early_stopping_rounds = whole_number(key, value, 1, MOST_ROUNDS);
	else if (strcmp(key, "folds") == 0)
		config->folds = whole_number(key, value, 2, MOST_FOLDS);
	else if (strcmp(key, "fraction") == 0)
		config->fraction = fraction_of(value);
	else if (strcmp(key, "seed") == 0)
		config->seed = seed_of(value);
	else if (strcmp(key, "stratify") == 0)
		config->stratify = whole_number(key, value, 0, 1) == 1;
	else if (strcmp(key, "fold_roles") == 0)
		config->fold_roles = whole_number(key, value, 0, 1) == 1;
	else if (strcmp(key, "keep_model") == 0)
		config->keep_model = whole_number(key, value, 0, 1) == 1;
	else if (strcmp(key, "protocol") == 0)
		REQUIRE(whole_number(key, value, 0, INT_MAX) == RML_TRAINER_PROTOCOL,
				"the session speaks protocol %s, riskml_trainer %d: they are not of one build", value, RML_TRAINER_PROTOCOL);
	else
		fail(FAULT_INPUT, "unknown key \"%s\"", key);
}

/* Either all features have names, or none has. */
static void
settle_names(Config *config)
{
	int			named = 0;

	for (int i = 0; i < config->n_features; i++)
		named += config->names[i][0] != '\0';
	REQUIRE(named == 0 || named == config->n_features, "some features have names and some have none");
	if (named == 0)
	{
		free(config->names);
		config->names = NULL;
	}
}

void
config_read(Config *config, size_t size)
{
	size_t		at = 0;
	const char *key;
	const char *value;

	config->keep_model = true;
	config->fold_roles = true;
	for (int i = 0; i < N_EXTRAS; i++)
		config->extras[i] = -1;
	while (list_next(config->list, size, &at, &key, &value))
		read_entry(config, key, value);
	settle_names(config);
	REQUIRE(config->n_features > 0, "there is no feature");
	REQUIRE(config->rounds > 0, "the number of rounds is missing");
	REQUIRE(config->extras[EXTRA_LABEL] >= 0, "rows have no label");
}

void
config_free(Config *config)
{
	free(config->list);
	free(config->types);
	free(config->names);
	free(config->params);
	memset(config, 0, sizeof(*config));
}

const char *
config_param(const Config *config, const char *name)
{
	const char *value = NULL;

	for (int i = 0; i < config->n_params; i++)
	{
		if (strcmp(config->params[i].name, name) == 0)
			value = config->params[i].value;
	}
	return value;
}
