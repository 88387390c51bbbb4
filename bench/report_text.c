/* SPDX-License-Identifier: BSD-3-Clause */
/* report_text: a table with a paragraph for each workload; and what the reports share. */
#include <stdio.h>

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
	default:
		printf("%10.4f %19s %8s", figure->median, "", "exact");
	}
}

static void print_row(const struct row *row)
{
	printf("  %-33s", row->name);
	print_figure(row);
	printf("  %s", row->did);
	if (row->operations)
		printf("; %llu operations", (unsigned long long)row->operations);
	if (row->refused)
		printf(", %llu refused", (unsigned long long)row->refused);
	printf("\n");
}

void report_text(const struct bench *bench)
{
	printf("ns of processor time for one operation: the median of %zu repetitions, the least "
	       ".. the "
	       "most,\nand the median in yardsticks of the same repetition. Seed %llu; reading the "
	       "clock takes %.0f ns, once around\na repetition.\n",
	       bench->options->repetitions, (unsigned long long)bench->options->seed,
	       bench->clock_ns);
	printf("\n  %-33s%10s %19s %8s\n", "", "median", "least ..     most", "yards");
	for (size_t first = 0, past; first < bench->row_count; first = past) {
		past = end_of_workload(bench, first);
		printf("\n%s\n", bench->rows[first].workload->name);
		for (size_t i = first; i < past; i++)
			print_row(&bench->rows[i]);
	}
}
