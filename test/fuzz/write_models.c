/*
 * write_models.c
 *	  write_models DIRECTORY N: writes N small random models of every shape,
 *	  JSON and UBJSON by turns.
 *
 * Seeds for fuzz_import beside those that XGBoost trains.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gen.h"

static void
write_file(const char *path, const Text *text)
{
	FILE	   *out = fopen(path, "wb");

	if (out == NULL || fwrite(text->data, 1, text->size, out) != text->size || fclose(out) != 0)
	{
		perror(path);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 3)
	{
		fprintf(stderr, "usage: write_models DIRECTORY N\n");
		return 2;
	}
	for (uint32_t seed = 0; seed < (uint32_t) atoi(argv[2]); seed++)
	{
		GenOptions	shape = gen_shape(seed);
		RmlXgbModel model;
		TestHost	host;
		Text		text = {0};
		char		path[4096];

		shape.n_features = 1 + shape.n_features % 4;
		shape.n_rounds %= 3;
		shape.n_splits = 3;
		shape.set_size = 3;
		shape.n_labels = seed % 5 == 0 ? 40 : 4;
		test_host_begin(&host, SIZE_MAX);
		gen_model(&model, &host.host, &shape);
		gen_text(&model, seed % 2, &text);
		snprintf(path, sizeof(path), "%s/made%u.%s", argv[1], seed, seed % 2 ? "ubj" : "json");
		write_file(path, &text);
		text_free(&text);
		test_host_end(&host);
	}
	return 0;
}
