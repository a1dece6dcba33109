/*
 * bytes.c
 *	  The bytes of a server file, plain or compressed by gzip.
 *
 * The descriptor and the hash belong to the subtransaction that opened the
 * file, zlib's memory to the memory context: an error leaves nothing behind.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "load/bytes.h"

#define CHUNK (256 * 1024)

struct RmlBytes
{
	int			fd;
	const char *path;
	const char *shown;
	struct stat seen;			/* when it was opened */
	uint64		position;		/* read from the file */
	uint64		stop_at;
	pg_cryptohash_ctx *hash;	/* NULL: none is asked for */

	bool		may_be_gzip;	/* its first bytes are not seen yet */
	bool		gzip;
	bool		member_open;	/* within a member of it, which has an end of its own */
	bool		file_ended;
	uint64		limit;			/* of what it unpacks to */
	uint64		unpacked;
	z_stream	stream;
	char	   *chunk;			/* packed bytes */
};

static char *
file_fault(const char *what, const char *shown)
{
	return psprintf("could not %s file \"%s\": %m", what, shown);
}

/* What is no regular file, or NULL. */
static char *
kind_fault(const struct stat *seen, const char *shown)
{
	const char *kind;

	if (S_ISREG(seen->st_mode))
		return NULL;
	if (S_ISLNK(seen->st_mode))
		kind = "a symbolic link";
	else if (S_ISDIR(seen->st_mode))
		kind = "a directory";
	else if (S_ISFIFO(seen->st_mode))
		kind = "a FIFO";
	else
		kind = "a device or a socket";
	return psprintf("\"%s\" is no regular file, but %s", shown, kind);
}

RmlBytes *
rml_bytes_open(const char *path, const char *shown, struct stat *seen, char **fault)
{
	RmlBytes   *bytes;
	int			fd;

	/* looked at before it is opened: opening a device may do something */
	if (lstat(path, seen) != 0)
	{
		*fault = file_fault("stat", shown);
		return NULL;
	}
	*fault = kind_fault(seen, shown);
	if (*fault != NULL)
		return NULL;
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | PG_BINARY);
	if (fd < 0)
	{
		*fault = file_fault("open", shown);
		return NULL;
	}
	if (fstat(fd, seen) != 0)
		*fault = file_fault("stat", shown);
	else
		*fault = kind_fault(seen, shown);
	if (*fault != NULL)
	{
		CloseTransientFile(fd);
		return NULL;
	}
	bytes = palloc0(sizeof(RmlBytes));
	bytes->fd = fd;
	bytes->stop_at = PG_UINT64_MAX;
	bytes->seen = *seen;
	bytes->path = pstrdup(path);
	bytes->shown = pstrdup(shown);
	return bytes;
}

void
rml_bytes_allow_gzip(RmlBytes *bytes, uint64 limit)
{
	bytes->may_be_gzip = true;
	bytes->limit = limit;
}

void
rml_bytes_hash(RmlBytes *bytes)
{
	bytes->hash = pg_cryptohash_create(PG_SHA256);
	if (bytes->hash == NULL || pg_cryptohash_init(bytes->hash) < 0)
		elog(ERROR, "could not begin a SHA-256");
}

void
rml_bytes_seek(RmlBytes *bytes, uint64 offset)
{
	if (lseek(bytes->fd, (off_t) offset, SEEK_SET) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in file \"%s\": %m", bytes->shown)));
	bytes->position = offset;
}

void
rml_bytes_stop_at(RmlBytes *bytes, uint64 position)
{
	bytes->stop_at = position;
}

static ssize_t
read_file(RmlBytes *bytes, char *buffer, size_t size, char **fault)
{
	ssize_t		n;

	if (bytes->position >= bytes->stop_at)
		return 0;
	size = (size_t) Min((uint64) size, bytes->stop_at - bytes->position);
	do
	{
		CHECK_FOR_INTERRUPTS();
		n = read(bytes->fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
	{
		*fault = file_fault("read", bytes->shown);
		return -1;
	}
	if (bytes->hash != NULL && n > 0 && pg_cryptohash_update(bytes->hash, (uint8 *) buffer, n) < 0)
		elog(ERROR, "could not compute a SHA-256");
	bytes->position += n;
	return n;
}

/* ---- gzip ---- */

static voidpf
allocate(voidpf context, uInt items, uInt size)
{
	return MemoryContextAllocExtended((MemoryContext) context, (Size) items * size, MCXT_ALLOC_NO_OOM);
}

static void
release(voidpf context, voidpf chunk)
{
	(void) context;
	pfree(chunk);
}

static void
begin_gzip(RmlBytes *bytes, const char *first, size_t n)
{
	bytes->gzip = bytes->member_open = true;
	bytes->chunk = palloc(CHUNK);
	memcpy(bytes->chunk, first, n);
	bytes->stream.zalloc = allocate;
	bytes->stream.zfree = release;
	bytes->stream.opaque = CurrentMemoryContext;
	bytes->stream.next_in = (Bytef *) bytes->chunk;
	bytes->stream.avail_in = (uInt) n;
	if (inflateInit2(&bytes->stream, 15 + 16) != Z_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not begin to unpack file \"%s\"", bytes->shown)));
}

/* More packed bytes, if all were used; false on a fault. */
static bool
fill_chunk(RmlBytes *bytes, char **fault)
{
	ssize_t		n;

	if (bytes->stream.avail_in > 0 || bytes->file_ended)
		return true;
	n = read_file(bytes, bytes->chunk, CHUNK, fault);
	if (n < 0)
		return false;
	bytes->file_ended = n == 0;
	bytes->stream.next_in = (Bytef *) bytes->chunk;
	bytes->stream.avail_in = (uInt) n;
	return true;
}

/* At the end of a member: another one may follow, or zeros as tapes have them. */
static bool
between_members(RmlBytes *bytes, char **fault)
{
	for (;;)
	{
		if (!fill_chunk(bytes, fault))
			return false;
		if (bytes->stream.avail_in == 0)
			return true;
		if (bytes->stream.next_in[0] != 0)
			break;
		bytes->stream.next_in++;
		bytes->stream.avail_in--;
	}
	if (inflateReset(&bytes->stream) != Z_OK)
		elog(ERROR, "could not go on unpacking");
	bytes->member_open = true;
	return true;
}

static ssize_t
read_gzip(RmlBytes *bytes, char *buffer, size_t size, char **fault)
{
	z_stream   *z = &bytes->stream;

	z->next_out = (Bytef *) buffer;
	z->avail_out = (uInt) Min(size, CHUNK);
	while (z->next_out == (Bytef *) buffer)
	{
		int			result;

		CHECK_FOR_INTERRUPTS();
		if (!bytes->member_open)
		{
			if (!between_members(bytes, fault))
				return -1;
			if (!bytes->member_open)
				return 0;
		}
		if (!fill_chunk(bytes, fault))
			return -1;
		if (z->avail_in == 0)
		{
			*fault = psprintf("file \"%s\" is cut off: its gzip data has no end", bytes->shown);
			return -1;
		}
		result = inflate(z, Z_NO_FLUSH);
		if (result == Z_STREAM_END)
			bytes->member_open = false;
		else if (result == Z_MEM_ERROR)
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		else if (result != Z_OK && result != Z_BUF_ERROR)
		{
			*fault = psprintf("file \"%s\" is no sound gzip data: %s", bytes->shown, z->msg ? z->msg : "damaged");
			return -1;
		}
	}
	bytes->unpacked += z->next_out - (Bytef *) buffer;
	if (bytes->unpacked > bytes->limit)
	{
		*fault = psprintf("file \"%s\" unpacks to more than " UINT64_FORMAT " bytes (option max_gzip_bytes)",
						  bytes->shown, bytes->limit);
		return -1;
	}
	return z->next_out - (Bytef *) buffer;
}

/* The first bytes, which tell what it is. */
static ssize_t
read_first(RmlBytes *bytes, char *buffer, size_t size, char **fault)
{
	size_t		n = 0;

	bytes->may_be_gzip = false;
	Assert(size >= 2);
	while (n < 2)
	{
		ssize_t		got = read_file(bytes, buffer + n, Min(size, CHUNK) - n, fault);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += got;
	}
	if (n < 2 || (uint8) buffer[0] != 0x1f || (uint8) buffer[1] != 0x8b)
		return (ssize_t) n;
	begin_gzip(bytes, buffer, n);
	return read_gzip(bytes, buffer, size, fault);
}

ssize_t
rml_bytes_read(RmlBytes *bytes, char *buffer, size_t size, char **fault)
{
	if (bytes->may_be_gzip)
		return read_first(bytes, buffer, size, fault);
	if (bytes->gzip)
		return read_gzip(bytes, buffer, size, fault);
	return read_file(bytes, buffer, size, fault);
}

const struct stat *
rml_bytes_seen(const RmlBytes *bytes)
{
	return &bytes->seen;
}

uint64
rml_bytes_position(const RmlBytes *bytes)
{
	return bytes->position;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
rml_bytes_unchanged(const RmlBytes *bytes)
{
	struct stat now;

	return fstat(bytes->fd, &now) == 0 && same_file(&bytes->seen, &now) &&
		lstat(bytes->path, &now) == 0 && same_file(&bytes->seen, &now);
}

void
rml_bytes_close(RmlBytes *bytes, char *hex)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (bytes->gzip)
		inflateEnd(&bytes->stream);
	if (bytes->hash != NULL)
	{
		if (pg_cryptohash_final(bytes->hash, digest, sizeof(digest)) < 0)
			elog(ERROR, "could not compute a SHA-256");
		pg_cryptohash_free(bytes->hash);
		for (int i = 0; hex != NULL && i < PG_SHA256_DIGEST_LENGTH; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	}
	CloseTransientFile(bytes->fd);
}
