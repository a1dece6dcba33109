/*
 * compile_image.c
 *	  compile_image MODEL IMAGE: imports a model file and writes its image.
 *
 * Makes the seeds of fuzz_image from those of fuzz_import.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "import/xgb.h"

static void *
read_file(const char *path, size_t *size)
{
	FILE	   *file = fopen(path, "rb");
	char	   *data = malloc(1 << 24);

	if (file == NULL || data == NULL)
	{
		perror(path);
		exit(2);
	}
	*size = fread(data, 1, 1 << 24, file);
	fclose(file);
	return data;
}

int
main(int argc, char **argv)
{
	static const uint8_t identity[RML_IDENTITY_SIZE] = {0};
	RmlImportOptions options = {0};
	RmlXgbModel model;
	RmlError	err = {0};
	TestHost	host;
	void	   *data;
	RmlBlock	image;
	size_t		size;
	FILE	   *out;

	if (argc != 3)
	{
		fprintf(stderr, "usage: compile_image MODEL IMAGE\n");
		return 2;
	}
	data = read_file(argv[1], &size);
	test_host_begin(&host, SIZE_MAX);
	if (!rml_xgb_parse(data, size, &host.host, &model, &err) ||
		!rml_xgb_validate(&model, &host.host, &err) ||
		!rml_xgb_build(&model, &options, identity, &host.host, &image, &err))
	{
		printf("%s: %s\n", argv[1], err.message);
		return 1;
	}
	out = fopen(argv[2], "wb");
	if (out == NULL || fwrite(image.data, 1, image.size, out) != image.size || fclose(out) != 0)
	{
		perror(argv[2]);
		return 2;
	}
	test_host_end(&host);
	free(data);
	return 0;
}
