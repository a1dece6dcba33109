/*
 * tail.c
 *	  Following files that grow, through rotation.
 *
 * A file is what its device and inode say, as long as its first bytes are the
 * same.  riskml.followed_file has where the loaded part of each ends.
 *
 *	the path leads to another inode		the file was renamed: it is looked for
 *		in the directory, and its rest is read to the very end
 *	same inode, but shorter or with another beginning	it was copied and
 *		truncated, or deleted and its inode used again: the copy is looked for
 *	neither is found	an event: lines may be lost
 *
 * After each of these the file itself is read from its start.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "load/ledger.h"
#include "load/tail.h"

/* ---- which file is it ---- */

/* The first bytes of an open file; false if there are not so many. */
static bool
read_head(RmlBytes *bytes, char *head, int length)
{
	int			n = 0;
	char	   *fault;

	rml_bytes_seek(bytes, 0);
	while (n < length)
	{
		ssize_t		got = rml_bytes_read(bytes, head + n, length - n, &fault);

		if (got <= 0)
			return false;
		n += got;
	}
	return true;
}

/* Can it be the file, grown? */
static bool
continues(RmlBytes *bytes, const RmlFollowed *file)
{
	char		head[RML_HEAD];

	return rml_bytes_seen(bytes)->st_size >= file->offset && read_head(bytes, head, file->head_length) &&
		memcmp(head, file->head, file->head_length) == 0;
}

static void
renew_head(RmlBytes *bytes, RmlFollowed *file)
{
	int			length = (int) Min(file->offset, RML_HEAD);

	if (length > file->head_length && read_head(bytes, file->head, length))
		file->head_length = length;
}

/* Names of what one log becomes begin alike. */
static bool
may_be_rotated(const char *name, const char *base)
{
	size_t		stem = strcspn(base, ".");

	return strncmp(name, base, stem > 0 ? stem : strlen(base)) == 0;
}

/* Is this file of the directory the one that is looked for? */
static bool
goes_on_from(const char *path, const char *base, const RmlFollowed *file, bool by_head, struct stat *seen)
{
	const char *name = strrchr(path, '/') + 1;
	RmlBytes   *bytes;
	char	   *fault;
	bool		same;

	if (lstat(path, seen) != 0 || !S_ISREG(seen->st_mode))
		return false;
	same = (int64) seen->st_dev == file->device && (int64) seen->st_ino == file->inode;
	if (by_head ? same || strcmp(name, base) == 0 || !may_be_rotated(name, base) : !same)
		return false;
	bytes = rml_bytes_open(path, path, seen, &fault);
	if (bytes == NULL)
		return false;
	same = continues(bytes, file);
	rml_bytes_close(bytes, NULL);
	return same;
}

/*
 * Opens the file in the directory of `beside` that goes on from `file`: with
 * its inode or, by_head, the latest copy of it.  NULL: there is none.
 */
static RmlBytes *
find_in_directory(const char *beside, const RmlFollowed *file, bool by_head, RmlFile *found, struct stat *seen)
{
	char		directory[MAXPGPATH];
	char		best[MAXPGPATH * 2] = "";
	const char *base = strrchr(beside, '/') + 1;
	TimestampTz best_time = 0;
	char	   *fault;
	DIR		   *dir;
	struct dirent *entry;

	snprintf(directory, sizeof(directory), "%.*s", (int) (base - beside), beside);
	dir = AllocateDir(directory);
	while (dir != NULL && (entry = ReadDirExtended(dir, directory, LOG)) != NULL)
	{
		char		path[MAXPGPATH * 2];

		CHECK_FOR_INTERRUPTS();
		snprintf(path, sizeof(path), "%s%s", directory, entry->d_name);
		if (!goes_on_from(path, base, file, by_head, seen) || (best[0] != '\0' && rml_file_modified(seen) <= best_time))
			continue;
		best_time = rml_file_modified(seen);
		memcpy(best, path, sizeof(best));
	}
	if (dir != NULL)
		FreeDir(dir);
	if (best[0] == '\0')
		return NULL;
	*found = rml_file(best);
	return rml_bytes_open(found->path, found->shown, seen, &fault);
}

/* ---- reading ---- */

static bool
is_gzip(RmlBytes *bytes)
{
	char		head[2];

	return read_head(bytes, head, 2) && (uint8) head[0] == 0x1f && (uint8) head[1] == 0x8b;
}

/* Begins a feed at the start of the file, reads the header if there is one, and goes to what is not loaded. */
static bool
begin_feed(RmlLoader *loader, RmlFeed *feed, RmlBytes *bytes, const RmlFollowed *file, List **header, char **fault)
{
	RmlSplitter splitter = rml_format_splitter(loader->format);
	bool		has_header = loader->format->kind == RML_FORMAT_CSV && loader->format->header;

	rml_bytes_seek(bytes, 0);
	rml_feed_begin(feed, bytes, &splitter, (size_t) loader->format->max_line_bytes);
	*header = NIL;
	if (file->offset == 0 || has_header)
	{
		*fault = rml_feed_skip_mark(feed);
		if (*fault != NULL)
			return false;
	}
	if (has_header)
	{
		feed->whole_only = true;
		if (!rml_loader_header(loader, feed, header, fault))
			return false;
	}
	if (file->offset <= (int64) feed->offset)
		return true;
	splitter = feed->splitter;
	splitter.begun = true;
	pfree(feed->window);
	rml_bytes_seek(bytes, file->offset);
	rml_feed_begin(feed, bytes, &splitter, (size_t) loader->format->max_line_bytes);
	feed->offset = file->offset;
	feed->line = file->line;
	feed->in_long_line = file->in_long_line;
	return true;
}

/* Loads what is there; to_end: also a last record without a line end. */
static bool
read_on(RmlLoader *loader, const char *shown, RmlBytes *bytes, RmlFollowed *file, bool to_end, char **fault)
{
	RmlFeed		feed;
	RmlFileRows done;
	List	   *header;

	if (!begin_feed(loader, &feed, bytes, file, &header, fault))
		return false;
	/* the header is not complete yet */
	if (loader->format->kind == RML_FORMAT_CSV && loader->format->header && header == NIL)
		return true;
	feed.whole_only = !to_end;
	if (!rml_loader_run(loader, shown, &feed, header, &done, fault))
		return false;
	loader->bytes += feed.offset - file->offset;
	file->offset = feed.offset;
	file->line = feed.line;
	file->in_long_line = feed.in_long_line;
	file->rows += done.rows;
	file->bad_rows += done.bad_rows;
	pfree(feed.window);
	return true;
}

/* ---- what had the path before ---- */

static void
tell_lost(RmlLoader *loader, const RmlFile *file, const char *what)
{
	rml_ledger_notify(&loader->ingestor, "file_lost", file->shown, what);
	ereport(WARNING,
			(errmsg("file \"%s\": %s", file->shown, what),
			 errdetail("Lines that were written to it after it was read last may be missing."),
			 errhint("Follow it more often than it is rotated, and compress it later (logrotate: delaycompress).")));
}

/* Reads the rest of a file that is no longer where it was; false with *fault. */
static bool
finish_old(RmlLoader *loader, const RmlFile *file, RmlFollowed *old, bool was_renamed, bool *news, char **fault)
{
	RmlFile		found;
	struct stat seen;
	RmlBytes   *bytes = was_renamed ? find_in_directory(file->path, old, false, &found, &seen) : NULL;
	int64		before = old->offset;

	if (bytes == NULL && old->offset > 0)
		bytes = find_in_directory(file->path, old, true, &found, &seen);
	if (bytes == NULL)
	{
		if (old->offset > 0)
			tell_lost(loader, file, was_renamed ? "what it was before is not found" : "it was truncated or replaced");
		rml_ledger_drop_followed(loader->ingestor.target, old->device, old->inode);
		return true;
	}
	rml_bytes_stop_at(bytes, (uint64) seen.st_size);
	if (seen.st_size > old->offset && !read_on(loader, found.shown, bytes, old, true, fault))
		return false;
	renew_head(bytes, old);
	rml_bytes_close(bytes, NULL);
	*news |= old->offset > before;
	/* a copy has an inode of its own */
	if (old->inode != (int64) seen.st_ino || old->device != (int64) seen.st_dev)
		rml_ledger_drop_followed(loader->ingestor.target, old->device, old->inode);
	old->device = (int64) seen.st_dev;
	old->inode = (int64) seen.st_ino;
	old->path = found.shown;
	old->modified = rml_file_modified(&seen);
	rml_ledger_put_followed(&loader->ingestor, old);
	return true;
}

static void
begin_new(RmlFollowed *file, const struct stat *seen)
{
	memset(file, 0, sizeof(*file));
	file->device = (int64) seen->st_dev;
	file->inode = (int64) seen->st_ino;
	file->line = 1;
}

/* Where the open file is read from; false with *fault. */
static bool
find_place(RmlLoader *loader, const RmlFile *file, RmlBytes *bytes, RmlFollowed *place, bool *news, char **fault)
{
	const struct stat *seen = rml_bytes_seen(bytes);
	Oid			target = loader->ingestor.target;
	RmlFollowed old;
	RmlFileEntry whole;

	if (rml_ledger_find(target, file->shown, &whole) && strcmp(whole.state, "failed") != 0)
	{
		*fault = "it was loaded as a whole before; after riskml.forget_file() it is followed from its start";
		return false;
	}
	if (rml_ledger_find_moved(target, file->shown, (int64) seen->st_dev, (int64) seen->st_ino, &old) &&
		!finish_old(loader, file, &old, true, news, fault))
		return false;
	if (!rml_ledger_find_followed(target, (int64) seen->st_dev, (int64) seen->st_ino, place))
		begin_new(place, seen);
	else if (!continues(bytes, place))
	{
		if (!finish_old(loader, file, place, false, news, fault))
			return false;
		begin_new(place, seen);
		*news = true;
	}
	return true;
}

bool
rml_tail_take(RmlLoader *loader, const RmlFile *file, struct stat *seen, bool *news, char **fault)
{
	RmlBytes   *bytes = rml_bytes_open(file->path, file->shown, seen, fault);
	RmlFollowed place;
	int64		before;
	bool		moved;

	*news = false;
	if (bytes == NULL || !find_place(loader, file, bytes, &place, news, fault))
		return false;
	if (is_gzip(bytes))
	{
		*fault = "it is compressed, and cannot be followed";
		return false;
	}
	before = place.offset;
	moved = place.path == NULL || strcmp(place.path, file->shown) != 0;
	/* what is written meanwhile is for the next time, or it might never end */
	rml_bytes_stop_at(bytes, (uint64) seen->st_size);
	if (seen->st_size > place.offset && !read_on(loader, file->shown, bytes, &place, false, fault))
		return false;
	renew_head(bytes, &place);
	rml_bytes_close(bytes, NULL);
	if (place.offset > before || moved)
	{
		*news |= place.offset > before;
		place.path = file->shown;
		place.modified = rml_file_modified(seen);
		rml_ledger_put_followed(&loader->ingestor, &place);
		if (loader->has_failed_rows)
			rml_quarantine_clear(loader->ingestor.target, file->shown);
	}
	return true;
}
