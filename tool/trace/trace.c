/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thin layer over stdio. The first error is kept, because a later fclose may well succeed.
 */
#include "trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace {
	FILE *file;
	uint64_t events;
	uint64_t step;
	int error; /* errno of the first failure, 0 if there was none */
};

static void note(struct trace *trace, int result)
{
	if (result < 0 && !trace->error)
		trace->error = errno ? errno : EIO;
}

struct trace *trace_open(const char *path)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return NULL;
	trace->file = fopen(path, "w");
	if (!trace->file) {
		free(trace);
		return NULL;
	}
	note(trace, fprintf(trace->file, "quire-trace %d\n", TRACE_VERSION));
	return trace;
}

void trace_line(struct trace *trace, const char *word)
{
	note(trace, fputs(word, trace->file));
}

void trace_event(struct trace *trace, const char *word)
{
	note(trace, fprintf(trace->file, "%" PRIu64 " %" PRIu64 " %s", trace->events++, trace->step,
			    word));
}

void trace_end(struct trace *trace)
{
	note(trace, fputc('\n', trace->file));
}

void trace_number(struct trace *trace, const char *key, uint64_t value)
{
	note(trace, fprintf(trace->file, " %s=%" PRIu64, key, value));
}

void trace_address(struct trace *trace, const char *key, uint64_t value)
{
	note(trace, fprintf(trace->file, " %s=0x%" PRIx64, key, value));
}

void trace_word(struct trace *trace, const char *key, const char *value)
{
	note(trace, fprintf(trace->file, " %s=%s", key, value));
}

static int put_quoted(FILE *file, unsigned char c)
{
	if (c == '"' || c == '\\')
		return fprintf(file, "\\%c", c);
	if (c < ' ' || c == 0x7f)
		return fprintf(file, "\\x%02x", c);
	return fputc(c, file);
}

void trace_text(struct trace *trace, const char *key, const char *value)
{
	note(trace, fprintf(trace->file, " %s=\"", key));
	for (const char *at = value; *at; at++)
		note(trace, put_quoted(trace->file, (unsigned char)*at));
	note(trace, fputc('"', trace->file));
}

void trace_step(struct trace *trace, uint64_t step)
{
	trace->step = step;
}

uint64_t trace_events(const struct trace *trace)
{
	return trace->events;
}

int trace_close(struct trace *trace)
{
	int error;

	note(trace, fprintf(trace->file, "end events=%" PRIu64 "\n", trace->events));
	note(trace, fclose(trace->file));
	error = trace->error;
	free(trace);
	return error;
}
