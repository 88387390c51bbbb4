/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program `bench`: makes the yardstick, runs the workloads, and prints the table.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"
#include "workloads.h"
#include "yardstick.h"

const struct workload *const workloads[] = {
	&workload_bundle,       &workload_heap_512k, &workload_heap_4m,     &workload_pages_1024,
	&workload_pages_65536,  &workload_pages_1m,  &workload_range,       &workload_resize,
	&workload_owner,        &workload_vmh,       &workload_vmh_mapping, &workload_vpage,
	&workload_frames,       &workload_vregion,   &workload_buffer,      &workload_metadata,
	&workload_instructions,
#ifdef QUIRE_BENCH_MODEL
	&workload_churn,        &workload_power,
#endif
};

const size_t workload_count = COUNT_OF(workloads);

#define LIST_INDENT 14
#define LIST_WIDTH  80

/* The words of a paragraph, in the columns right of the names. */
static void print_wrapped(const char *words)
{
	int column = LIST_INDENT - 1;

	while (*words) {
		int length = (int)strcspn(words, " ");

		if (column + 1 + length >= LIST_WIDTH) {
			printf("\n%*s", LIST_INDENT - 1, "");
			column = LIST_INDENT - 1;
		}
		printf(" %.*s", length, words);
		column += 1 + length;
		words += length + (words[length] == ' ');
	}
	printf("\n");
}

static void list_workloads(void)
{
	for (size_t i = 0; i < workload_count; i++) {
		printf("%-*s", LIST_INDENT - 1, workloads[i]->name);
		print_wrapped(workloads[i]->about);
	}
}

static void list_peers(const struct peers *peers)
{
	printf("\nWho takes part:\n\n");
	for (size_t i = 0; i < peers->count; i++) {
		printf("%-*s", LIST_INDENT - 1, peers->all[i].peer->name);
		print_wrapped(peers->all[i].peer->about());
	}
}

static void free_row(struct row *row)
{
	free(row->name);
	free(row->did);
	free(row->samples);
	free(row->in_yardsticks);
	free(row->facts);
}

static bool has_figures(const struct row *row)
{
	const struct facts *facts = row->facts;

	return !isnan(row->figure.median) ||
	       (facts && (!isnan(facts->metadata) || !isnan(facts->mean_alloc)));
}

/* After --exact: rows that are nothing but a time. */
static void drop_untimed(struct bench *bench)
{
	size_t kept = 0;

	for (size_t i = 0; i < bench->row_count; i++) {
		struct row *row = &bench->rows[i];

		if (has_figures(row))
			bench->rows[kept++] = *row;
		else
			free_row(row);
	}
	bench->row_count = kept;
}

static void free_rows(struct bench *bench)
{
	while (bench->row_count)
		free_row(&bench->rows[--bench->row_count]);
	free(bench->rows);
}

static void run(struct bench *bench, const struct workload *workload)
{
	bench->workload = workload;
	progress_show(&bench->progress, workload->name);
	workload->run(bench);
	bench->progress.done++;
}

static size_t count_wanted(const struct options *options)
{
	size_t count = 0;

	for (size_t i = 0; i < workload_count; i++)
		count += options_want(options, i);
	return count;
}

static void run_all(struct bench *bench)
{
	struct yardstick yardstick;

	progress_begin(&bench->progress, count_wanted(bench->options));
	bench->clock_ns = measure_clock();
	bench->yardstick = yardstick_begin(&yardstick, bench);
	for (size_t i = 0; i < workload_count; i++)
		if (options_want(bench->options, i))
			run(bench, workloads[i]);
	yardstick_end(&yardstick);
	progress_end(&bench->progress);
}

static void report(const struct bench *bench)
{
	switch (bench->options->output) {
	case OUTPUT_JSON:
		report_json(bench);
		break;
	case OUTPUT_MARKDOWN:
		report_markdown(bench);
		break;
	default:
		report_text(bench);
	}
}

static void check_output(void)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		die("the output could not be written: %s", errno ? strerror(errno) : "write error");
}

int main(int argc, char **argv)
{
	struct options options;
	struct bench bench = { .options = &options };

	options_parse(&options, argc, argv);
	peers_load(&bench.peers, &options);
	if (options.list) {
		list_workloads();
		list_peers(&bench.peers);
	} else {
		run_all(&bench);
		drop_untimed(&bench);
		report(&bench);
		if (options.svg)
			report_svg(&bench, options.svg);
	}
	check_output();
	free_rows(&bench);
	peers_unload(&bench.peers);
	options_free(&options);
	return EXIT_SUCCESS;
}
