/*
 * io.c
 *	  Frames through pipes.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "train/protocol.h"

/* Of what a frame of many holds, so that the session need not keep much. */
#define PIECE ((size_t) 1 << 20)

#define GONE 2					/* exit status: nobody is there to talk to */

static int	frames = 1;

void
io_begin(void)
{
	/* what a library prints must not look like a frame */
	frames = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (frames < 0 || dup2(2, 1) < 0)
		_exit(GONE);
}

void
io_read(void *data, size_t size)
{
	char	   *at = data;

	while (size > 0)
	{
		ssize_t		n = read(0, at, size);

		if (n > 0)
		{
			at += n;
			size -= (size_t) n;
		}
		else if (n == 0 || errno != EINTR)
			_exit(GONE);
	}
}

static void
write_all(const void *data, size_t size)
{
	const char *at = data;

	while (size > 0)
	{
		ssize_t		n = write(frames, at, size);

		if (n > 0)
		{
			at += n;
			size -= (size_t) n;
		}
		else if (n == 0 || errno != EINTR)
			_exit(GONE);
	}
}

void
io_send(uint32_t kind, const void *data, size_t size)
{
	RmlFrameHead head = {.kind = kind, .size = (uint32_t) size};

	write_all(&head, sizeof(head));
	write_all(data, size);
}

void
io_send_bytes(uint32_t kind, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0)
	{
		size_t		piece = size < PIECE ? size : PIECE;

		io_send(kind, at, piece);
		at += piece;
		size -= piece;
	}
}

void
end_with_character(char *text)
{
	size_t		length = strlen(text);
	size_t		begin = length;
	size_t		needs;

	while (begin > 0 && length - begin < 4 && ((unsigned char) text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin == 0)
		return;
	switch ((unsigned char) text[begin - 1] >> 4)
	{
		case 0xc:
		case 0xd:
			needs = 1;
			break;
		case 0xe:
			needs = 2;
			break;
		case 0xf:
			needs = 3;
			break;
		default:
			return;
	}
	if (length - begin < needs)
		text[begin - 1] = '\0';
}

void
fail(const char *kind, const char *format, ...)
{
	/* no memory may be left */
	char		list[4096];
	size_t		size;
	va_list		args;
	int			n;

	size = (size_t) snprintf(list, 100, "kind%c%s%cmessage", 0, kind, 0) + 1;
	va_start(args, format);
	n = vsnprintf(list + size, sizeof(list) - size, format, args);
	va_end(args);
	if (n < 0)
		list[size] = '\0';
	else if ((size_t) n >= sizeof(list) - size)
		end_with_character(list + size);
	size += strlen(list + size) + 1;
	io_send(RML_REPLY_ERROR, list, size);
	_exit(1);
}
