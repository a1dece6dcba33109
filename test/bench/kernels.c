/*
 * kernels.c
 *	  kernels MODEL ROWS LIBXGBOOST ROUNDS: times every kernel and libxgboost.
 *
 * Rounds go over all of them in turn, so that what else the machine does meets
 * all alike; printed are medians of CPU time in ns per row: one row per call,
 * and blocks of 1,000 rows (libxgboost: all rows in one call).  The margins of
 * both forms are compared with libxgboost's bit by bit.  kernels.py runs it.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "import/xgb.h"
#include "kernel/kernel.h"

#define BLOCK 1000
#define MAX_ROUNDS 99
#define MAX_KERNELS 8

typedef struct Library
{
	int			(*create) (const void *const *, unsigned long, void **);
	int			(*load) (void *, const char *);
	int			(*set) (void *, const char *, const char *);
	int			(*dense) (void *, const char *, const char *, void *, const unsigned long **,
						  unsigned long *, const float **);
	int			(*matrix) (const float *, unsigned long, unsigned long, float, void **);
	int			(*free_matrix) (void *);
	void	   *booster;
} Library;

static int	n_features;
static int	n_outputs;
static int	n_rows;
static float *rows;
static float *margins;
static float *expected;

static void
die(const char *what)
{
	fprintf(stderr, "kernels: %s\n", what);
	exit(2);
}

static void *
read_file(const char *path, size_t *size)
{
	FILE	   *file = fopen(path, "rb");
	void	   *data;

	if (file == NULL)
		die(path);
	fseek(file, 0, SEEK_END);
	*size = (size_t) ftell(file);
	rewind(file);
	data = aligned_alloc(64, (*size + 127) / 64 * 64);
	if (fread(data, 1, *size, file) != *size)
		die(path);
	fclose(file);
	return data;
}

static double
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, int n)
{
	qsort(values, (size_t) n, sizeof(double), compare_doubles);
	return values[n / 2];
}

/* ---- libxgboost ---- */

static void *
symbol(void *library, const char *name)
{
	void	   *found = dlsym(library, name);

	if (found == NULL)
		die(name);
	return found;
}

static Library
open_library(const char *path, const char *model)
{
	void	   *handle = dlopen(path, RTLD_NOW);
	Library		l;

	if (handle == NULL)
		die(dlerror());
	*(void **) &l.create = symbol(handle, "XGBoosterCreate");
	*(void **) &l.load = symbol(handle, "XGBoosterLoadModel");
	*(void **) &l.set = symbol(handle, "XGBoosterSetParam");
	*(void **) &l.dense = symbol(handle, "XGBoosterPredictFromDense");
	*(void **) &l.matrix = symbol(handle, "XGDMatrixCreateFromMat");
	*(void **) &l.free_matrix = symbol(handle, "XGDMatrixFree");
	if (l.create(NULL, 0, &l.booster) != 0 || l.load(l.booster, model) != 0 ||
		l.set(l.booster, "nthread", "1") != 0)
		die("libxgboost refuses the model");
	return l;
}

/* Margins of n rows in one call, from a C array. */
static void
predict(const Library *l, void *proxy, const float *from, int n, float *to)
{
	static const char config[] = "{\"type\":1,\"training\":false,\"iteration_begin\":0,"
		"\"iteration_end\":0,\"strict_shape\":false,\"cache_id\":0,\"missing\":NaN}";
	const unsigned long *shape;
	unsigned long dimensions;
	const float *result;
	char		array[200];

	snprintf(array, sizeof(array), "{\"data\":[%lu,true],\"shape\":[%d,%d],\"typestr\":\"<f4\",\"version\":3}",
			 (unsigned long) from, n, n_features);
	if (l->dense(l->booster, array, config, proxy, &shape, &dimensions, &result) != 0)
		die("libxgboost does not predict");
	memcpy(to, result, (size_t) n * (size_t) n_outputs * sizeof(float));
}

/* ---- timing ---- */

static double
time_library(const Library *l, int per_call, int n)
{
	double		begin = cpu_time();

	for (int r = 0; r < n; r += per_call)
		predict(l, NULL, rows + (size_t) r * n_features, n - r < per_call ? n - r : per_call,
				expected + (size_t) r * n_outputs);
	return (cpu_time() - begin) / n;
}

static double
time_one_row(const RmlKernel *kernel, const RmlImage *image, int n)
{
	double		begin = cpu_time();

	for (int r = 0; r < n; r++)
		rml_kernel_margins(kernel, image, rows + (size_t) r * n_features,
						   margins + (size_t) r * n_outputs, NULL);
	return (cpu_time() - begin) / n;
}

static double
time_blocks(const RmlKernel *kernel, const RmlImage *image, int n)
{
	double		begin = cpu_time();

	for (int r = 0; r < n * n_outputs; r++)
		margins[r] = image->base_margin[r % n_outputs];
	for (int r = 0; r < n; r += BLOCK)
		kernel->add_margins(image, 0, image->header->n_trees, rows + (size_t) r * n_features,
							n - r < BLOCK ? n - r : BLOCK, margins + (size_t) r * n_outputs);
	return (cpu_time() - begin) / n;
}

static int
count_mismatches(int n)
{
	int			mismatches = 0;

	for (int r = 0; r < n * n_outputs; r++)
		mismatches += memcmp(&margins[r], &expected[r], sizeof(float)) != 0;
	return mismatches;
}

static void
import_model(const char *path, TestHost *host, RmlImage *image)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {1};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlError	err = {0};
	RmlBlock	block;
	size_t		size;
	void	   *file = read_file(path, &size);
	void	   *copy;
	double		begin = cpu_time();

	if (!rml_xgb_parse(file, size, &host->host, &model, &err) ||
		!rml_xgb_validate(&model, &host->host, &err) ||
		!rml_xgb_build(&model, &options, identity, &host->host, &block, &err))
		die(err.message);
	printf("# imported %.1f MB in %.0f ms, image %.2f MB", (double) size / 1e6,
		   (cpu_time() - begin) / 1e6, (double) block.size / 1e6);
	copy = aligned_alloc(64, (block.size + 63) / 64 * 64);
	memcpy(copy, block.data, block.size);
	begin = cpu_time();
	if (!rml_image_open(image, copy, block.size, &err))
		die(err.message);
	printf(", checked in %.2f ms; %d trees, %u slots; chosen: %s\n", (cpu_time() - begin) / 1e6,
		   image->header->n_trees, image->header->n_slots, rml_kernel_choose(image->header, NULL)->name);
	free(file);
}

int
main(int argc, char **argv)
{
	static double one[MAX_KERNELS + 1][MAX_ROUNDS];
	static double block[MAX_KERNELS + 1][MAX_ROUNDS];
	int			mismatches[MAX_KERNELS + 1] = {0};
	TestHost	host;
	RmlImage	image;
	Library		library;
	size_t		size;
	int			rounds;
	int			few;

	if (argc != 5 || (rounds = atoi(argv[4])) < 1 || rounds > MAX_ROUNDS)
		die("usage: kernels MODEL ROWS LIBXGBOOST ROUNDS");
	test_host_begin(&host, SIZE_MAX);
	import_model(argv[1], &host, &image);
	n_features = image.header->n_features;
	rows = read_file(argv[2], &size);
	n_outputs = image.header->n_outputs;
	n_rows = (int) (size / sizeof(float) / (size_t) n_features);
	few = n_rows < 2000 ? n_rows : 2000;
	margins = malloc((size_t) n_rows * (size_t) n_outputs * sizeof(float));
	expected = malloc((size_t) n_rows * (size_t) n_outputs * sizeof(float));
	library = open_library(argv[3], argv[1]);
	for (int i = 0; i < rounds; i++)
	{
		/* libxgboost takes long for single rows: fewer of them */
		one[0][i] = time_library(&library, 1, few);
		block[0][i] = time_library(&library, n_rows, n_rows);
		for (int k = 0; rml_kernels[k].name != NULL; k++)
		{
			if (!rml_kernel_runs(&rml_kernels[k]))
				continue;
			one[k + 1][i] = time_one_row(&rml_kernels[k], &image, k == 0 ? few : n_rows);
			mismatches[k + 1] += count_mismatches(k == 0 ? few : n_rows);
			block[k + 1][i] = time_blocks(&rml_kernels[k], &image, k == 0 ? few : n_rows);
			mismatches[k + 1] += count_mismatches(k == 0 ? few : n_rows);
		}
	}
	printf("libxgboost %.1f %.1f\n", median(one[0], rounds), median(block[0], rounds));
	for (int k = 0; rml_kernels[k].name != NULL; k++)
	{
		if (rml_kernel_runs(&rml_kernels[k]))
			printf("%s %.1f %.1f %d\n", rml_kernels[k].name, median(one[k + 1], rounds),
				   median(block[k + 1], rounds), mismatches[k + 1]);
	}
	test_host_end(&host);
	return 0;
}
