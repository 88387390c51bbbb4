/* SPDX-License-Identifier: BSD-3-Clause */
/* report_text: a table with a paragraph for each workload; and what the reports share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "goals.h"
#include "report.h"

size_t end_of_workload(const struct bench *bench, size_t first)
{
	size_t past = first;

	while (past < bench->row_count && bench->rows[past].workload == bench->rows[first].workload)
		past++;
	return past;
}

/* The figure, its spread, and in the last column yardsticks or what kind of figure it is. */
static void print_figure(const struct row *row)
{
	const struct figure *figure = &row->figure;

	switch (row->kind) {
	case ROW_TIME:
		printf("%10.1f %8.1f ..%9.1f %8.2f", figure->median, figure->least, figure->most,
		       row->yardsticks.median);
		break;
	case ROW_RATIO:
		printf("%10.3f %8.3f ..%9.3f %8s", figure->median, figure->least, figure->most,
		       "ratio");
		break;
	case ROW_BYTES:
		printf("%10.0f %19s %8s", figure->median, "bytes", "exact");
		break;
	case ROW_COUNT:
		printf("%10.5g %19s %8s", figure->median, "", "exact");
		break;
	default:
		printf("%10.4f %19s %8s", figure->median, "", "exact");
	}
}

static void print_row(const struct row *row)
{
	printf("  %-43s", row->name);
	print_figure(row);
	printf("  %s", row->did);
	if (row->operations)
		printf("; %llu operations", (unsigned long long)row->operations);
	if (row->refused)
		printf(", %llu refused", (unsigned long long)row->refused);
	printf("\n");
}

/* ---- those who played the same script -------------------------------------------------------- */

static void print_known(int width, int digits, double value)
{
	if (isnan(value))
		printf("%*s", width, "-");
	else
		printf("%*.*f", width, digits, value);
}

static void print_pair(int width, double left, double right)
{
	char words[40];

	if (isnan(left) || isnan(right))
		snprintf(words, sizeof(words), "-");
	else
		snprintf(words, sizeof(words), "%.0f/%.0f", left, right);
	printf("%*s", width, words);
}

static void print_facts_head(void)
{
	printf("  %-24s%9s %7s ..%7s %6s %6s %6s %10s %9s %12s %6s %6s %9s\n", "", "ns", "least",
	       "most", "yards", "Quire/", "net", "p99.99", "mean", "worst", "fresh", "aged",
	       "metadata");
}

static void print_facts(const struct row *row)
{
	const struct facts *facts = row->facts;

	printf("  %-24s", row->name);
	print_known(9, 1, row->figure.median);
	print_known(8, 1, row->figure.least);
	printf(" ..");
	print_known(7, 1, row->figure.most);
	print_known(7, 2, row->yardsticks.median);
	print_known(7, 2, facts->gross.median);
	print_known(7, 2, facts->net.median);
	print_pair(11, facts->tail_alloc, facts->tail_free);
	print_pair(10, facts->mean_alloc, facts->mean_free);
	print_pair(13, facts->worst_alloc, facts->worst_free);
	print_known(7, 3, facts->usable_fresh);
	print_known(7, 3, facts->usable_aged);
	print_known(10, 0, facts->metadata);
	if (row->refused)
		printf("  %llu refused", (unsigned long long)row->refused);
	printf("\n");
}

static void print_legend(void)
{
	printf("\nWhere many played the same script: 'Quire/' is Quire's time divided by theirs, "
	       "'net' the same without what the\nbenchmark itself takes (nothing). p99.99: ns, "
	       "over the calls of the script, of the least over the repetitions,\nalloc/free. "
	       "mean, worst: instructions, alloc/free. fresh, aged: share of memory and records "
	       "asked for at the\nfirst refusal. metadata: bytes outside the pool.\n");
}

static void print_goals(const struct bench *bench)
{
	static const char *const verdicts[] = { "?", "no", "yes" };

	printf("\nGoals (? not measured in this run)\n");
	for (size_t i = 0; i < goal_count; i++) {
		enum verdict verdict;
		char *words = goals[i].reached(bench, &verdict);

		printf("  %-4s %s: %s\n       %s\n", verdicts[verdict], goals[i].area,
		       goals[i].wanted, words);
		free(words);
	}
}

void report_text(const struct bench *bench)
{
	printf("ns of processor time for one operation: the median of %zu repetitions, the least "
	       ".. the "
	       "most,\nand the median in yardsticks of the same repetition. Seed %llu; reading the "
	       "clock takes %.0f ns, once around\na repetition.\n",
	       bench->options->repetitions, (unsigned long long)bench->options->seed,
	       bench->clock_ns);
	print_legend();
	printf("\n  %-43s%10s %19s %8s\n", "", "median", "least ..     most", "yards");
	for (size_t first = 0, past; first < bench->row_count; first = past) {
		past = end_of_workload(bench, first);
		printf("\n%s\n", bench->rows[first].workload->name);
		for (size_t i = first; i < past; i++) {
			if (bench->rows[i].facts && (i == first || !bench->rows[i - 1].facts))
				print_facts_head();
			bench->rows[i].facts ? print_facts(&bench->rows[i])
					     : print_row(&bench->rows[i]);
		}
	}
	print_goals(bench);
}
