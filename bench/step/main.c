/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The programs `step` and `count`: what the operations of the library take in instructions. They
 * differ in the library alone: that of `count` was assembled to count, so it does all operations,
 * in seconds; `step` single-steps the library as it is, some operations of each load.
 */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "history.h"

#define SOME_OPERATIONS 200u
#define SOME_UNITS      65536u
#define EXIT_UNABLE     3

enum output {
	OUTPUT_TABLE,
	OUTPUT_TABS,
	OUTPUT_BOUNDS, /* as the test has them */
};

struct options {
	struct counts_how how;
	const char *name; /* NULL: all */
	bool histories;
	bool loads;
	bool every_history;
	enum output output;
};

enum key {
	KEY_WORKLOAD = 'w',
	KEY_HISTORIES = 'h',
	KEY_LOADS = 'l',
	KEY_VERBOSE = 'v',
	KEY_OPERATIONS = 'n',
	KEY_TRAP = 't',
	KEY_PTRACE = 'p',
	KEY_EACH = 'e',
	KEY_BOUNDS = 'b',
	KEY_TABS = 's',
};

static const struct argp_option option_list[] = {
	{ "workload", KEY_WORKLOAD, "NAME", 0,
	  "Only those that begin so; all histories of 1M units too, if they are named", 0 },
	{ "loads", KEY_LOADS, NULL, 0, "No histories", 0 },
	{ "histories", KEY_HISTORIES, NULL, 0, "Nothing but histories", 0 },
	{ "verbose", KEY_VERBOSE, NULL, 0, "A line for each history, not for each set", 0 },
	{ "operations", KEY_OPERATIONS, "N", 0,
	  "Count about so many of each, chosen at random; 0: all", 0 },
#if !STEP_LIBRARY_COUNTS
	{ "trap", KEY_TRAP, NULL, 0, "By the trap flag, in this process (what is done anyway)", 0 },
	{ "ptrace", KEY_PTRACE, NULL, 0, "By ptrace", 0 },
#endif
	{ "tabs", KEY_TABS, NULL, 0,
	  "For machines: name, detail, then number, mean and worst of alloc and of free", 0 },
	{ "bounds", KEY_BOUNDS, NULL, 0, "As lines of the table in test/bound/test_instructions.c",
	  0 },
	{ "each", KEY_EACH, NULL, 0, "Print each count", 0 },
	{ 0 },
};

static uint32_t number(const struct argp_state *state, const char *argument)
{
	char *end;
	unsigned long value = strtoul(argument, &end, 10);

	if (*argument < '0' || *argument > '9' || *end || value > UINT32_MAX)
		argp_error(state, "operations: %s is no number from 0 to %u", argument, UINT32_MAX);
	return (uint32_t)value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_WORKLOAD:
		options->name = argument;
		return 0;
	case KEY_LOADS:
		options->histories = false;
		return 0;
	case KEY_HISTORIES:
		options->loads = false;
		return 0;
	case KEY_VERBOSE:
		options->every_history = true;
		return 0;
	case KEY_OPERATIONS:
		options->how.most = number(state, argument);
		return 0;
	case KEY_TRAP:
		options->how.how = STEP_TRAP;
		return 0;
	case KEY_PTRACE:
		options->how.how = STEP_PTRACE;
		return 0;
	case KEY_BOUNDS:
		options->output = OUTPUT_BOUNDS;
		return 0;
	case KEY_TABS:
		options->output = OUTPUT_TABS;
		return 0;
	case KEY_EACH:
		options->how.each = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = option_list,
	.parser = parse,
	.doc = "Count the instructions of each operation: means and the worst."
	       "\v"
	       "Exact, from the first instruction of the function to its return; the caller's are "
	       "not counted.\n\nExit status: 0 counted, 2 bad arguments, 3 nothing can be counted "
	       "here.",
};

static void print_half(const struct step_counts *counts)
{
	if (counts->operations)
		printf(" %9llu %8.1f %6llu", (unsigned long long)counts->operations,
		       step_mean(counts), (unsigned long long)counts->worst);
	else
		printf(" %9s %8s %6s", "-", "-", "-");
}

/* As a line of the test's table: the worst and the mean, rounded up. */
static void print_bound(const char *name, const char *detail, const struct counts *counts)
{
	printf("\t{ \"%s\", \"%s\", { %llu, %.0f }, { %llu, %.0f } },\n", name, detail,
	       (unsigned long long)counts->alloc.worst, ceil(step_mean(&counts->alloc)),
	       (unsigned long long)counts->free.worst, ceil(step_mean(&counts->free)));
}

static void print_tabs(const char *name, const char *detail, const struct counts *counts)
{
	const struct step_counts *halves[] = { &counts->alloc, &counts->free };

	printf("%s\t%s", name, detail);
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		printf("\t%llu\t%.3f\t%llu", (unsigned long long)halves[i]->operations,
		       step_mean(halves[i]), (unsigned long long)halves[i]->worst);
	printf("\n");
}

static void print_counts(const struct options *options, const char *name, const char *detail,
			 const struct counts *counts)
{
	if (options->output == OUTPUT_BOUNDS) {
		print_bound(name, detail, counts);
		return;
	}
	if (options->output == OUTPUT_TABS) {
		print_tabs(name, detail, counts);
		return;
	}
	printf("%-12s %-28s", name, detail);
	print_half(&counts->alloc);
	printf(" |");
	print_half(&counts->free);
	printf("\n");
	fflush(stdout);
}

static void must_count(const char *refused)
{
	if (!refused)
		return;
	fflush(stdout);
	fprintf(stderr, "nothing is counted: %s\n", refused);
	exit(EXIT_UNABLE);
}

static bool wanted(const struct options *options, const char *name)
{
	return !options->name || strncmp(name, options->name, strlen(options->name)) == 0;
}

static void count_loads(const struct options *options)
{
	for (size_t i = 0; i < counts_load_count; i++) {
		const struct counts_load *load = &counts_loads[i];
		struct counts counts;

		if (!wanted(options, load->name))
			continue;
		must_count(counts_of_load(&options->how, load, &counts));
		print_counts(options, load->name, load->detail, &counts);
	}
}

/* Without being asked for by name, a large set plays those that take seconds, not minutes. */
static void count_histories(const struct options *options, const struct counts_set *set)
{
	bool sparse = set->units > SOME_UNITS && !options->name;
	struct counts all = { .alloc = { 0 } };
	size_t worst_alloc = 0, worst_free = 0;

	for (size_t i = 0; i < history_count; i++) {
		struct counts counts;

		if (sparse && !histories[i].sparse)
			continue;
		must_count(counts_of_history(&options->how, set, i, &counts));
		worst_alloc = counts.alloc.worst > all.alloc.worst ? i : worst_alloc;
		worst_free = counts.free.worst > all.free.worst ? i : worst_free;
		counts_merge(&all, &counts);
		if (options->every_history)
			print_counts(options, set->name, histories[i].name, &counts);
	}
	print_counts(options, set->name, sparse ? "sparse histories" : "all histories", &all);
	if (options->output == OUTPUT_TABLE)
		printf("%-12s worst alloc: %s; worst free: %s\n", "", histories[worst_alloc].name,
		       histories[worst_free].name);
}

/* Whether the name that was asked for begins the name of anything that will be counted. */
static bool is_known(const struct options *options)
{
	for (size_t i = 0; options->loads && i < counts_load_count; i++)
		if (wanted(options, counts_loads[i].name))
			return true;
	for (size_t i = 0; options->histories && i < counts_set_count; i++)
		if (wanted(options, counts_sets[i].name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct options options = {
		.how = { .how = STEP_LIBRARY_COUNTS ? STEP_COUNTED : STEP_TRAP,
			 .most = STEP_LIBRARY_COUNTS ? 0 : SOME_OPERATIONS },
		.histories = true,
		.loads = true,
	};

	argp_err_exit_status = 2;
	argp_parse(&parser, argc, argv, 0, NULL, &options);
	if (!options.loads && !options.histories) {
		fputs("--loads and --histories exclude each other\n", stderr);
		return 2;
	}
	if (!is_known(&options)) {
		fprintf(stderr, "nothing to count begins with %s; without -w all names are shown\n",
			options.name);
		return 2;
	}
	if (!options.how.each && options.output == OUTPUT_TABLE)
		printf("%-41s %9s %8s %6s | %9s %8s %6s\n", "", "allocs", "mean", "worst", "frees",
		       "mean", "worst");
	if (options.loads)
		count_loads(&options);
	for (size_t i = 0; options.histories && i < counts_set_count; i++)
		if (wanted(&options, counts_sets[i].name))
			count_histories(&options, &counts_sets[i]);
	if (fflush(stdout) || ferror(stdout)) {
		perror("the output could not be written");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
