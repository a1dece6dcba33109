/*
 * bytes.h
 *	  The bytes of a server file, plain or compressed by gzip.
 */
#ifndef RML_LOAD_BYTES_H
#define RML_LOAD_BYTES_H

#include <sys/stat.h>

#define RML_HASH_HEX 65			/* of a SHA-256, with the zero byte */

typedef struct RmlBytes RmlBytes;

/*
 * Opens a regular file, not through a symbolic link; NULL, with *fault set, if
 * that is not possible.  In the current memory context, and the current
 * subtransaction: when that is rolled back, nothing is left open.  shown: what
 * messages call it.  *seen gets what it is now.
 */
extern RmlBytes *rml_bytes_open(const char *path, const char *shown, struct stat *seen, char **fault);

/* Allows gzip, which unpacks to so many bytes at most. */
extern void rml_bytes_allow_gzip(RmlBytes *bytes, uint64 limit);

/* Computes the hash of what is read from the file. */
extern void rml_bytes_hash(RmlBytes *bytes);

/* Reads from here on. */
extern void rml_bytes_seek(RmlBytes *bytes, uint64 offset);

/* Takes this for the file's end, even if it grows. */
extern void rml_bytes_stop_at(RmlBytes *bytes, uint64 position);

/* Some of the next bytes; 0 at the end; -1, with *fault set, if they cannot be read. */
extern ssize_t rml_bytes_read(RmlBytes *bytes, char *buffer, size_t size, char **fault);

/* What the file was when it was opened. */
extern const struct stat *rml_bytes_seen(const RmlBytes *bytes);

/* Read from the file so far, compressed or not. */
extern uint64 rml_bytes_position(const RmlBytes *bytes);

/* Is the open file what it was, and does the path still lead to it? */
extern bool rml_bytes_unchanged(const RmlBytes *bytes);

/* Closes it; hex gets the hash, if there is one. */
extern void rml_bytes_close(RmlBytes *bytes, char *hex);

#endif
