/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Traces: what happened to memory, one line per event. doc/trace.md has the words and keys.
 *
 * This is the form of a trace, not its contents: a line is a word and pairs of key and value; lines
 * that tell an event also carry its number, counted here, and the step of the schedule. Lines are built
 * piece by piece and go out in the order of trace_end(); nothing is kept in memory.
 *
 * Errors are remembered, not returned: write on, and ask trace_close().
 */
#ifndef QUIRE_TOOL_TRACE_H
#define QUIRE_TOOL_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_VERSION 1

struct trace;

/**
 * Creates or truncates the file and writes the first line.
 * @return NULL, and errno says why
 */
struct trace *trace_open(const char *path);

/** @name Lines. trace_line() begins one that describes; trace_event() one that has a number. @{ */
void trace_line(struct trace *trace, const char *word);
void trace_event(struct trace *trace, const char *word);
void trace_end(struct trace *trace);
/** @} */

/** @name Pairs of the line that is being built. Keys are words; quoted values may hold any text. @{ */
void trace_number(struct trace *trace, const char *key, uint64_t value);
void trace_address(struct trace *trace, const char *key, uint64_t value);
void trace_word(struct trace *trace, const char *key, const char *value);
void trace_text(struct trace *trace, const char *key, const char *value);
/** @} */

/** The step of the schedule that the next events belong to. */
void trace_step(struct trace *trace, uint64_t step);

/** Events so far. */
uint64_t trace_events(const struct trace *trace);

/**
 * Writes the last line and closes.
 * @return 0, or the errno of the first write that failed: the file is not complete
 */
int trace_close(struct trace *trace);

#endif
