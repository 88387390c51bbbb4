/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report_markdown: doc/performance.md as a whole, so that nothing in it is older than its figures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goals.h"
#include "report.h"

static const char head[] =
	"# What it costs\n"
	"\n"
	"<!-- Written by `build/bench --markdown`. Do not edit: the words are in bench/. -->\n"
	"\n"
	"Time, memory and metadata of each layer, next to other allocators. This page is the "
	"output "
	"of one command,\n"
	"\n"
	"    build/bench --markdown --svg doc/performance.svg >doc/performance.md\n"
	"\n"
	"and `build/bench` alone prints the same as a table; `--help` and `--list` tell the rest. "
	"How "
	"any\n"
	"other allocator takes part is in [peers.md](peers.md).\n";

static const char reading[] =
	"\n## How to read it\n"
	"\n"
	"- **Times differ** from machine to machine and from hour to hour, so no time is asserted "
	"anywhere.\n"
	"  What can be compared are ratios within one run. Each time is also given in "
	"*yardsticks*, "
	"taking or\n"
	"  giving back a block of one of our bundles, measured anew in every repetition of "
	"everything.\n"
	"- A time is that of one *operation*, one call unless the row says otherwise: the median "
	"over\n"
	"  the repetitions of the mean over all operations of a repetition. In parentheses the "
	"least\n"
	"  and the most of the repetitions. It is processor time of one thread, in the kernel too. "
	"Rows\n"
	"  that a ratio compares take turns in each repetition, after one that is not counted.\n"
	"- **Quire to it** is Quire's time divided by that of the other allocator, repetition by "
	"repetition,\n"
	"  and *net* the same without what the benchmark itself takes, which is the row *nothing*. "
	"Net is\n"
	"  left out for what is hardly slower than nothing. Where something overlaps with the "
	"benchmark's own\n"
	"  work, the difference is less than it takes alone.\n"
	"- **p99.99** is about the slowest calls, allocations / frees: the clock is read around "
	"each "
	"call, of\n"
	"  each call of the script the least over the repetitions counts (others are accidents of "
	"the "
	"machine),\n"
	"  and of these the 99.99th percentile is told, less what reading the clock takes.\n"
	"- **Instructions** are exact, those of the benchmark not counted. **Usable** is the share "
	"of "
	"memory\n"
	"  and metadata that had been asked for when a request was first refused, fresh and aged, "
	"as "
	"the\n"
	"  workload says: exact. **Metadata** are bytes outside the memory that is handed out.\n"
	"- Sizes and orders are random but written down beforehand, from a seed; all get the same. "
	"A "
	"branch\n"
	"  predictor cannot foresee the order; in firmware it might.\n"
	"- Figures marked **exact** are counts, not measurements: with the same seed (and, for "
	"bytes,\n"
	"  pointers of the same width) they are the same on every machine and in every run, as "
	"long\n"
	"  as the library is the same. `--exact` prints them alone. `--quick` takes fewer seeds "
	"and "
	"steps and\n"
	"  has its own.\n"
	"- Not measured here: a machine with real banks, or with caches that are not coherent.\n";

static void print_run(const struct bench *bench)
{
	const struct peers *peers = &bench->peers;

	printf("\n## This run\n\n"
	       "%zu repetitions, seed %llu, pointers of %zu bits. Reading the clock took %.0f "
	       "ns around a repetition, %.0f around a call.\n\n| who | what |\n|---|---|\n",
	       bench->options->repetitions, (unsigned long long)bench->options->seed,
	       8 * sizeof(void *), bench->clock_ns, bench->tail_clock_ns);
	for (size_t i = 0; i < peers->count; i++)
		printf("| %s | %s |\n", peers->all[i].peer->name, peers->all[i].peer->about());
}

/* ---- goals ----------------------------------------------------------------------------------- */

static const char *const verdicts[] = {
	[GOAL_UNKNOWN] = "not measured in this run",
	[GOAL_MISSED] = "**no**",
	[GOAL_REACHED] = "yes",
};

static void print_obstacles(const struct bench *bench)
{
	printf("\nWhere a goal is not reached, this stands in the way; [engine.md](engine.md) "
	       "tells "
	       "what else was tried.\n\n");
	for (size_t i = 0; i < goal_count; i++) {
		enum verdict verdict;

		free(goals[i].reached(bench, &verdict));
		if (verdict == GOAL_MISSED && goals[i].obstacle)
			printf("- *%s, %s*: %s\n", goals[i].area, goals[i].wanted,
			       goals[i].obstacle);
	}
}

static void print_goals(const struct bench *bench)
{
	printf("\n## Goals\n\n| | goal | in this run | reached |\n|---|---|---|---|\n");
	for (size_t i = 0; i < goal_count; i++) {
		enum verdict verdict;
		char *words = goals[i].reached(bench, &verdict);

		printf("| %s | %s | %s | %s |\n", goals[i].area, goals[i].wanted, words,
		       verdicts[verdict]);
		free(words);
	}
	print_obstacles(bench);
}

/* ---- who played the same scripts ------------------------------------------------------------- */

static void print_known(double value, int digits)
{
	if (isnan(value))
		printf(" |");
	else
		printf(" %.*f |", digits, value);
}

static void print_pair(double left, double right)
{
	if (isnan(left) || isnan(right))
		printf(" |");
	else
		printf(" %.0f / %.0f |", left, right);
}

static void print_ratio(const struct facts *facts)
{
	if (isnan(facts->gross.median))
		printf(" |");
	else if (isnan(facts->net.median))
		printf(" %.2f |", facts->gross.median);
	else
		printf(" %.2f, net %.2f |", facts->gross.median, facts->net.median);
}

static void print_facts(const struct row *row)
{
	const struct facts *facts = row->facts;

	printf("| %s |", row->name);
	print_known(row->figure.median, 1);
	if (isnan(row->figure.median))
		printf(" |");
	else
		printf(" %.2f (%.2f … %.2f) |", row->yardsticks.median, row->yardsticks.least,
		       row->yardsticks.most);
	print_ratio(facts);
	print_pair(facts->tail_alloc, facts->tail_free);
	print_pair(facts->mean_alloc, facts->mean_free);
	print_pair(facts->worst_alloc, facts->worst_free);
	print_known(facts->usable_fresh, 3);
	print_known(facts->usable_aged, 3);
	print_known(facts->metadata, 0);
	if (row->refused)
		printf(" %llu", (unsigned long long)row->refused);
	printf(" |\n");
}

static const char facts_head[] =
	"\n| | ns | yardsticks | Quire to it | p99.99 ns | instructions: mean | worst | usable: "
	"fresh "
	"| aged | metadata | refused |\n|---|---|---|---|---|---|---|---|---|---|---|\n";

/* ---- other rows ------------------------------------------------------------------------------ */

static void print_figure(const struct row *row)
{
	switch (row->kind) {
	case ROW_TIME:
		printf("%.1f ns, %.2f (%.2f … %.2f)", row->figure.median, row->yardsticks.median,
		       row->yardsticks.least, row->yardsticks.most);
		break;
	case ROW_RATIO:
		printf("ratio %.3f (%.3f … %.3f)", row->figure.median, row->figure.least,
		       row->figure.most);
		break;
	case ROW_BYTES:
		printf("%.0f bytes exact", row->figure.median);
		break;
	case ROW_COUNT:
		printf("%.5g exact", row->figure.median);
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

static void print_rows(const struct bench *bench, size_t first, size_t past)
{
	for (size_t i = first; i < past; i++) {
		const struct row *row = &bench->rows[i];
		bool begins = i == first || !row->facts != !row[-1].facts;

		if (begins)
			fputs(row->facts ? facts_head : "\n| | figure | what |\n|---|---|---|\n",
			      stdout);
		if (row->facts)
			print_facts(row);
		else
			print_row(row);
	}
}

static void print_picture(const struct bench *bench)
{
	const char *path = bench->options->svg;

	if (!path)
		return;
	printf("\n![Times of all who played the same scripts](%s)\n",
	       strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

void report_markdown(const struct bench *bench)
{
	fputs(head, stdout);
	print_picture(bench);
	print_goals(bench);
	fputs(reading, stdout);
	print_run(bench);
	for (size_t first = 0, past; first < bench->row_count; first = past) {
		const struct workload *workload = bench->rows[first].workload;

		past = end_of_workload(bench, first);
		printf("\n## %s\n\n%s\n", workload->name, workload->about);
		print_rows(bench, first, past);
	}
}
