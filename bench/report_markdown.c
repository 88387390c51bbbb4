/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report_markdown: doc/performance.md as a whole, so that nothing in it is older than its figures.
 */
#include <stdio.h>

#include "report.h"

static const char head[] =
	"# What it costs\n"
	"\n"
	"<!-- Written by `build/bench --markdown`. Do not edit: the words are in bench/. -->\n"
	"\n"
	"Time, memory and metadata of each layer. This page is the output of one command,\n"
	"\n"
	"    build/bench --markdown >doc/performance.md\n"
	"\n"
	"and `build/bench` alone prints the same with nanoseconds; `--help` and `--list` tell the "
	"rest.\n"
	"\n"
	"## How to read it\n"
	"\n"
	"- **Times are multiples of a yardstick**: taking or giving back a block of one bundle "
	"(the\n"
	"  first row), measured anew in every repetition of everything. Nanoseconds differ from "
	"machine\n"
	"  to machine and from hour to hour; these multiples differ less. They still do: caches, "
	"branch\n"
	"  predictors and compilers weigh layers differently, and a call of the kernel is no "
	"multiple\n"
	"  of anything. So no time is asserted anywhere, and only runs on one machine are "
	"compared.\n"
	"- A time is that of one *operation*, one call unless the row says otherwise: the median "
	"over\n"
	"  the repetitions of the mean over all operations of a repetition. In parentheses the "
	"least\n"
	"  and the most of the repetitions. A mean says nothing about the worst case.\n"
	"- It is processor time of one thread, in the kernel too. Rows of one workload take turns "
	"in\n"
	"  each repetition, after one that is not counted. The clock is read once before and once "
	"after\n"
	"  the operations of a repetition.\n"
	"- Sizes and orders are random but written down beforehand, from a seed. What the "
	"benchmark\n"
	"  itself takes is not subtracted; where allocations come and go it is the row *nothing "
	"behind\n"
	"  it*. A branch predictor cannot foresee the order; in firmware it might.\n"
	"- Figures marked **exact** are counts, not measurements: with the same seed (and, for "
	"bytes,\n"
	"  pointers of the same width) they are the same on every machine and in every run, as "
	"long\n"
	"  as the library is the same. `--quick` takes fewer seeds and steps and has its own.\n"
	"- Not measured here: worst cases in instructions, other allocators, a machine with real "
	"banks\n"
	"  or with caches that are not coherent.\n";

static void print_run(const struct bench *bench)
{
	printf("\n## This run\n\n"
	       "%zu repetitions, seed %llu, pointers of %zu bits. Reading the clock took %.0f "
	       "ns.\n",
	       bench->options->repetitions, (unsigned long long)bench->options->seed,
	       8 * sizeof(void *), bench->clock_ns);
}

static void print_figure(const struct row *row)
{
	switch (row->kind) {
	case ROW_TIME:
		printf("%.2f (%.2f … %.2f)", row->yardsticks.median, row->yardsticks.least,
		       row->yardsticks.most);
		break;
	case ROW_RATIO:
		printf("ratio %.3f (%.3f … %.3f)", row->figure.median, row->figure.least,
		       row->figure.most);
		break;
	case ROW_BYTES:
		printf("%.0f bytes exact", row->figure.median);
		break;
	default:
		printf("%.4f exact", row->figure.median);
	}
}

static void print_row(const struct row *row)
{
	printf("| %s | ", row->name);
	print_figure(row);
	printf(" | %s", row->did);
	if (row->operations)
		printf("; %llu operations", (unsigned long long)row->operations);
	if (row->refused)
		printf(", %llu refused", (unsigned long long)row->refused);
	printf(" |\n");
}

void report_markdown(const struct bench *bench)
{
	fputs(head, stdout);
	print_run(bench);
	for (size_t first = 0, past; first < bench->row_count; first = past) {
		const struct workload *workload = bench->rows[first].workload;

		past = end_of_workload(bench, first);
		printf("\n## %s\n\n%s\n\n| | figure | what |\n|---|---|---|\n", workload->name,
		       workload->about);
		for (size_t i = first; i < past; i++)
			print_row(&bench->rows[i]);
	}
}
