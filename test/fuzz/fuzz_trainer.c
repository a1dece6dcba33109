/*
 * fuzz_trainer.c
 *	  Fuzz target: the frames that riskml_trainer reads, and how it deals the rows.
 *
 * The first byte says whether the rest is frames, or a configuration that rows follow, so that both are reached soon.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../trainer/io.h"
#include "../../trainer/roles.h"
#include "train/protocol.h"

static const uint8_t *input;
static size_t input_size;
static jmp_buf ended;

/* ---- io.c, without pipes ---- */

void
io_read(void *data, size_t size)
{
	if (size > input_size)
		longjmp(ended, 1);
	if (size > 0)
		memcpy(data, input, size);
	input += size;
	input_size -= size;
}

void
io_send(uint32_t kind, const void *data, size_t size)
{
	(void) kind;
	(void) data;
	(void) size;
}

void
end_with_character(char *text)
{
	(void) text;
}

void
fail(const char *kind, const char *format, ...)
{
	(void) kind;
	(void) format;
	longjmp(ended, 1);
}

/* ---- a run ---- */

/* What is said of roles has to be true. */
static void
check_roles(const Rows *rows, const Roles *roles)
{
	size_t		held_out = 0;

	for (size_t i = 0; i < rows->n; i++)
	{
		int32_t		role = roles->of_rows[i];

		if (role < HELD_OUT || role > rows->config->folds)
			abort();
		held_out += role == HELD_OUT;
	}
	if (held_out != roles->held_out || held_out + roles->training != rows->n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Config config;
	static Rows rows;
	static Roles roles;
	static uint8_t stream[1 << 16];
	RmlFrameHead head = {.kind = RML_FRAME_CONFIG};

	if (size < 1 || size > sizeof(stream) - sizeof(head))
		return 0;
	input = data + 1;
	input_size = size - 1;
	if (data[0] & 1)
	{
		/* a list up to two zero bytes; frames */
		const uint8_t *end = memmem(input, input_size, "\0\0", 2);

		head.size = (uint32_t) (end == NULL ? input_size : (size_t) (end + 1 - input));
		memcpy(stream, &head, sizeof(head));
		memcpy(stream + sizeof(head), input, input_size);
		input = stream;
		input_size += sizeof(head);
	}
	memset(&config, 0, sizeof(config));
	memset(&rows, 0, sizeof(rows));
	memset(&roles, 0, sizeof(roles));
	if (setjmp(ended) == 0)
	{
		rows_read(&rows, &config);
		roles_find(&roles, &rows);
		check_roles(&rows, &roles);
	}
	roles_free(&roles);
	rows_free(&rows);
	config_free(&config);
	return 0;
}
