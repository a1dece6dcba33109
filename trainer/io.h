/*
 * io.h
 *	  Frames to and from the session, and the end.
 *
 * Nothing here returns after a fault: it says to the session what happened, if anybody is there, and exits.
 */
#ifndef TRAINER_IO_H
#define TRAINER_IO_H

#include <stddef.h>
#include <stdint.h>

/* Before libxgboost may write anything: standard output is for frames only. */
extern void io_begin(void);

/* Waits for so many bytes.  Exits if the session has gone. */
extern void io_read(void *data, size_t size);

extern void io_send(uint32_t kind, const void *data, size_t size);

/* As many frames of a kind as the bytes need. */
extern void io_send_bytes(uint32_t kind, const void *data, size_t size);

/* Ends a text of UTF-8 that was cut off anywhere with a whole character. */
extern void end_with_character(char *text);

/* Kinds of faults: RML_REPLY_ERROR in protocol.h. */
#define FAULT_MEMORY "memory"
#define FAULT_XGBOOST "xgboost"
#define FAULT_INPUT "input"
#define FAULT_INTERNAL "internal"

extern void fail(const char *kind, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* A fault of what the session sent. */
#define REQUIRE(condition, ...) ((condition) ? (void) 0 : fail(FAULT_INPUT, __VA_ARGS__))

#endif
