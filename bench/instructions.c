/* SPDX-License-Identifier: BSD-3-Clause */
/* instructions: see instructions.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "instructions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a line tells of allocations, or of frees. */
struct part {
	unsigned long long operations; /* 0: there were none */
	double mean;
	double worst;
};

struct line {
	char workload[32];
	char what[64];
	struct part alloc;
	struct part free;
};

/* "12 3.4 5", or dashes. */
static bool read_part(const char *words, struct part *part)
{
	*part = (struct part){ 0 };
	return sscanf(words, "%llu %lf %lf", &part->operations, &part->mean, &part->worst) == 3 ||
	       strchr(words, '-');
}

/* What was done ends where two spaces are. */
static bool read_line(const char *words, struct line *line)
{
	const char *bar = strchr(words, '|');
	const char *numbers;
	int begun = 0;

	if (!bar || sscanf(words, "%31s %n", line->workload, &begun) != 1 || !begun)
		return false;
	numbers = strstr(words + begun, "  ");
	if (!numbers || numbers > bar || words[0] == ' ')
		return false;
	snprintf(line->what, sizeof(line->what), "%.*s", (int)(numbers - words - begun),
		 words + begun);
	return read_part(numbers, &line->alloc) && read_part(bar + 1, &line->free);
}

static void add_rows(struct bench *bench, const struct line *line, const struct part *part,
		     const char *call)
{
	if (!part->operations)
		return;
	add_exact(bench, ROW_COUNT, part->mean,
		  text("%s, %s, %s", line->workload, line->what, call),
		  text("mean of %llu", part->operations));
	add_exact(bench, ROW_COUNT, part->worst,
		  text("%s, %s, worst %s", line->workload, line->what, call),
		  text("of %llu", part->operations));
}

static void give_facts(const struct bench *bench, const struct line *line)
{
	for (size_t i = 0; i < bench->row_count; i++) {
		struct row *row = &bench->rows[i];

		if (!row->facts || row->facts->peer != &peer_quire ||
		    strcmp(row->workload->name, line->workload) != 0 ||
		    strcmp(row->facts->load, line->what) != 0)
			continue;
		row->facts->mean_alloc = line->alloc.mean;
		row->facts->worst_alloc = line->alloc.worst;
		row->facts->mean_free = line->free.mean;
		row->facts->worst_free = line->free.worst;
	}
}

static void read_all(struct bench *bench, FILE *pipe)
{
	struct line line;
	char *words = NULL;
	size_t bytes = 0;

	while (getline(&words, &bytes, pipe) >= 0) {
		if (!read_line(words, &line))
			continue;
		add_rows(bench, &line, &line.alloc, "alloc");
		add_rows(bench, &line, &line.free, "free");
		give_facts(bench, &line);
	}
	free(words);
}

void instructions_read(struct bench *bench)
{
	char *program = beside_program("count");
	char *command = text("'%s'%s", program, bench->options->quick ? " --loads" : "");
	FILE *pipe = access(program, X_OK) ? NULL : popen(command, "r");

	if (pipe) {
		read_all(bench, pipe);
		if (pclose(pipe))
			die("%s did not work", program);
	} else {
		fprintf(stderr, "bench: without %s no instructions are counted\n", program);
	}
	free(command);
	free(program);
}
