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

/* A line of `count --tabs`. */
static void read_line(const char *words, struct line *line)
{
	if (sscanf(words, "%31[^\t]\t%63[^\t]\t%llu\t%lf\t%lf\t%llu\t%lf\t%lf", line->workload,
		   line->what, &line->alloc.operations, &line->alloc.mean, &line->alloc.worst,
		   &line->free.operations, &line->free.mean, &line->free.worst) != 8)
		die("cannot read what count says: %s", words);
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
		read_line(words, &line);
		add_rows(bench, &line, &line.alloc, "alloc");
		add_rows(bench, &line, &line.free, "free");
		give_facts(bench, &line);
	}
	free(words);
}

void instructions_read(struct bench *bench)
{
	char *program = beside_program("count");
	char *command = text("'%s' --tabs%s", program, bench->options->quick ? " --loads" : "");
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
