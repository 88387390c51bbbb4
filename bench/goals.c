/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * goals: see goals.h. Each goal finds its rows by the names that workloads give them; a row that is
 * not there (another selection of workloads, no such peer) leaves the goal unknown.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "goals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding figures ------------------------------------------------------------------------- */

/* NULL: there is none. */
static const struct row *find(const struct bench *bench, const char *workload, const char *name)
{
	for (size_t i = 0; i < bench->row_count; i++)
		if (!strcmp(bench->rows[i].workload->name, workload) &&
		    !strcmp(bench->rows[i].name, name))
			return &bench->rows[i];
	return NULL;
}

/* NAN: there is none. */
static double value(const struct bench *bench, const char *workload, const char *name)
{
	const struct row *row = find(bench, workload, name);

	return row ? row->figure.median : NAN;
}

static const struct facts *facts_of(const struct bench *bench, const char *workload,
				    const char *name)
{
	const struct row *row = find(bench, workload, name);

	return row ? row->facts : NULL;
}

/* Figures one after the other, as words, each held against a bound. */
struct list {
	char *words;
	bool unknown;
	bool missed;
};

static void say(struct list *list, const char *words)
{
	char *longer =
		text("%s%s%s", list->words ? list->words : "", list->words ? ", " : "", words);

	free(list->words);
	list->words = longer;
}

static void add(struct list *list, const char *label, double figure, int digits, bool good)
{
	char *words;

	if (isnan(figure)) {
		list->unknown = true;
		return;
	}
	words = text("%s%s%.*f", label, *label ? " " : "", digits, figure);
	list->missed |= !good;
	say(list, words);
	free(words);
}

static void at_most(struct list *list, const char *label, double figure, int digits, double bound)
{
	add(list, label, figure, digits, figure <= bound);
}

static void at_least(struct list *list, const char *label, double figure, int digits, double bound)
{
	add(list, label, figure, digits, figure >= bound);
}

/* A goal with one figure missing is not reached, but it may be missed. */
static char *conclude(struct list *list, enum verdict *verdict)
{
	*verdict = list->missed ? GOAL_MISSED : list->unknown ? GOAL_UNKNOWN : GOAL_REACHED;
	return list->words ? list->words : text("%s", "");
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static const char *const heaps[][2] = {
	{ "heap-512K", "any size" },
	{ "heap-512K", "powers of two" },
	{ "heap-4M", "any size" },
	{ "heap-4M", "powers of two" },
};

static const struct facts *heap_facts(const struct bench *bench, size_t i, const char *peer)
{
	char *name = text("%s, %s", heaps[i][1], peer);
	const struct facts *facts = facts_of(bench, heaps[i][0], name);

	free(name);
	return facts;
}

static char *heap_time(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT_OF(heaps); i++) {
		const struct facts *facts = heap_facts(bench, i, "jemalloc");

		at_most(&list, "", facts ? facts->gross.median : NAN, 2, 1.3);
		if (facts && !isnan(facts->net.median)) {
			char *net = text("%s (net %.2f)", list.words, facts->net.median);

			free(list.words);
			list.words = net;
		}
	}
	return conclude(&list, verdict);
}

static char *heap_worst(const struct bench *bench, enum verdict *verdict)
{
	static const char *const histories[] = { "any size", "powers of two", "all histories" };
	struct list list = { 0 };
	double alloc = 0, give_back = 0;

	for (size_t i = 0; i < COUNT_OF(histories); i++) {
		char *a = text("heap-4M, %s, worst alloc", histories[i]);
		char *f = text("heap-4M, %s, worst free", histories[i]);
		double of_alloc = value(bench, "instructions", a);
		double of_free = value(bench, "instructions", f);

		list.unknown |= isnan(of_alloc) || isnan(of_free);
		alloc = fmax(alloc, of_alloc);
		give_back = fmax(give_back, of_free);
		free(a);
		free(f);
	}
	at_most(&list, "alloc", alloc > 0 ? alloc : NAN, 0, 220);
	at_most(&list, "free", give_back > 0 ? give_back : NAN, 0, 260);
	return conclude(&list, verdict);
}

static char *heap_usable(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT_OF(heaps); i++) {
		const struct facts *facts = heap_facts(bench, i, "Quire");

		at_least(&list, heaps[i][1], facts ? facts->usable_aged : NAN, 4,
			 i % 2 ? 0.98 : 0.945);
	}
	return conclude(&list, verdict);
}

static char *heap_metadata(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "shares at 448 units",
		value(bench, "metadata", "extents, 448 lines") / (448 * 64), 4, 0.03);
	at_most(&list, "at 8192", value(bench, "metadata", "extents, heap-512K") / (8192 * 64), 4,
		0.016);
	at_most(&list, "at 65536", value(bench, "metadata", "extents, heap-4M") / (65536.0 * 64), 4,
		0.016);
	return conclude(&list, verdict);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static const char *const windows[] = { "pages-1024", "pages-65536", "pages-1M" };
static const char *const page_loads[] = { "log-uniform", "uniform" };

static char *page_time(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		for (size_t j = 0; j < COUNT_OF(page_loads); j++) {
			char *name = text("%s, Quire", page_loads[j]);
			const struct row *row = find(bench, windows[i], name);

			at_most(&list, "", row ? row->yardsticks.median : NAN, 2, 2);
			free(name);
		}
	}
	return conclude(&list, verdict);
}

/* The worst of chance and of malice in a window. */
static double page_worst_in(const struct bench *bench, const char *window, const char *call)
{
	static const char *const histories[] = { "log-uniform", "uniform", "all histories",
						 "sparse histories" };
	double worst = NAN;

	for (size_t i = 0; i < COUNT_OF(histories); i++) {
		char *name = text("%s, %s, worst %s", window, histories[i], call);

		worst = fmax(worst, value(bench, "instructions", name));
		free(name);
	}
	return worst;
}

/* log2(1M) is twice log2(1024). */
static char *page_worst(const struct bench *bench, enum verdict *verdict)
{
	static const char *const calls[] = { "alloc", "free" };
	static const double bounds[] = { 220, 260 };
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		double least = page_worst_in(bench, "pages-1024", calls[i]);

		at_most(&list, calls[i], least, 0, bounds[i]);
		at_most(&list, "at 65536", page_worst_in(bench, "pages-65536", calls[i]), 0,
			least * 1.6);
		at_most(&list, "at 1M", page_worst_in(bench, "pages-1M", calls[i]), 0, least * 2);
	}
	return conclude(&list, verdict);
}

/* Quire's share next to that of exact best fit; its records are counted, those of best fit not. */
static void add_share(struct list *list, const char *label, double quire, double best, double bound)
{
	char *words = text("%s %.3f of", label, quire);

	if (!isnan(quire) && !isnan(best))
		add(list, words, best, 3, quire >= best - 0.001 && quire >= bound);
	else
		list->unknown = true;
	free(words);
}

static void add_aged_share(struct list *list, const struct bench *bench, const char *load,
			   const char *how, double bound)
{
	char *label = text("%s at %s:", load, how);
	char *quire = text("%s, %s, Quire", load, how);
	char *best = text("%s, %s, bestfit", load, how);

	add_share(list, label, value(bench, "pages-1024", quire), value(bench, "pages-1024", best),
		  bound);
	free(label);
	free(quire);
	free(best);
}

static char *page_usable(const struct bench *bench, enum verdict *verdict)
{
	static const double bounds[] = { 0.90, 0.882 };
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT_OF(page_loads); i++) {
		add_aged_share(&list, bench, page_loads[i], "75 %, refusal 3", bounds[i]);
		add_aged_share(&list, bench, page_loads[i], "75 %, refusal 1", 0);
		add_aged_share(&list, bench, page_loads[i], "60 %, refusal 1", 0);
	}
	return conclude(&list, verdict);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static char *bundle_worst(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "alloc", value(bench, "instructions", "bundle, pop and push, worst alloc"),
		0, 100);
	at_most(&list, "free", value(bench, "instructions", "bundle, pop and push, worst free"), 0,
		80);
	return conclude(&list, verdict);
}

static char *range_time(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "lines: of the same length",
		value(bench, "range", "lines, range to as granted, Quire"), 2, 1.5);
	add(&list, "(of the least)", value(bench, "range", "lines, range to plain, Quire"), 2,
	    true);
	at_most(&list, "pages: of the same length",
		value(bench, "range", "pages, range to as granted, Quire"), 2, 1.5);
	add(&list, "(of the least)", value(bench, "range", "pages, range to plain, Quire"), 2,
	    true);
	return conclude(&list, verdict);
}

static char *lifetime_instructions(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "in a page that is there",
		value(bench, "instructions", "vregion, lifetime, in the page, worst alloc"), 0, 40);
	return conclude(&list, verdict);
}

static char *region_time(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "", value(bench, "vregion", "create and put to interim"), 1, 20);
	return conclude(&list, verdict);
}

static char *map_time(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	at_most(&list, "1 page", value(bench, "vpage", "1, mapped to kernel alone"), 3, 1.05);
	at_most(&list, "16", value(bench, "vpage", "16, mapped to kernel alone"), 3, 1.05);
	at_most(&list, "16 scattered",
		value(bench, "vpage", "16 scattered, mapped to kernel alone"), 3, 1.05);
	return conclude(&list, verdict);
}

/* Rows that end so, in a workload; NULL when there are no more. */
static const struct row *next_ending(const struct bench *bench, const struct row *row,
				     const char *workload, const char *end)
{
	size_t length = strlen(end);

	for (row = row ? row + 1 : bench->rows; row < bench->rows + bench->row_count; row++) {
		size_t all = strlen(row->name);

		if (!strcmp(row->workload->name, workload) && all >= length &&
		    !strcmp(row->name + all - length, end))
			return row;
	}
	return NULL;
}

static char *map_runs(const struct bench *bench, enum verdict *verdict)
{
	static const char end[] = ", frames";
	struct list list = { 0 };
	const struct row *row = NULL;

	while ((row = next_ending(bench, row, "frames", end))) {
		int length = (int)(strlen(row->name) - strlen(end));
		char *other = text("%.*s, first fit", length, row->name);

		at_most(&list, "", row->figure.median / value(bench, "frames", other), 2, 0.999);
		free(other);
	}
	list.unknown |= !list.words;
	return conclude(&list, verdict);
}

/* The row says "12.3 pages / 12.0 ..."; close enough is a share, or so many pages. */
static void add_churn(struct list *list, const struct bench *bench, const char *end, double share,
		      double pages)
{
	const struct row *row = NULL;
	double worst = 0;
	bool good = true;

	while ((row = next_ending(bench, row, "churn", end))) {
		double used, least;

		if (sscanf(row->did, "%lf pages / %lf", &used, &least) != 2)
			continue;
		worst = fmax(worst, used / least);
		good &= used <= least * share || used - least <= pages;
	}
	add(list, end + 2, worst > 0 ? worst : NAN, 3, good);
}

static char *churn_pages(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };

	add_churn(&list, bench, ", peak", 1.03, 2);
	add_churn(&list, bench, ", mean", 1.12, 4);
	return conclude(&list, verdict);
}

/* Whatever share was allowed to move. */
static char *bank_power(const struct bench *bench, enum verdict *verdict)
{
	struct list list = { 0 };
	const struct row *row = NULL;
	double moved = 0, banks = 0;

	while ((row = next_ending(bench, row, "power", " %, moved"))) {
		int length = (int)(strlen(row->name) - strlen(", moved"));
		char *other = text("%.*s", length, row->name);

		moved = fmax(moved, row->figure.median);
		banks = fmax(banks, value(bench, "power", other));
		free(other);
	}
	at_most(&list, "banks", banks > 0 ? banks : NAN, 3, 1.1);
	at_most(&list, "moved", moved > 0 ? moved : NAN, 3, 0.0999);
	return conclude(&list, verdict);
}

/* ---- the list -------------------------------------------------------------------------------- */

const struct goal goals[] = {
	{ "heaps", "mean time at most 1.3 times jemalloc's, on all four loads", heap_time,
	  "jemalloc answers these calls from a list of blocks of the class; Quire splits and "
	  "merges "
	  "on nearly every one, within a bound and without memory of its own. Where free runs are "
	  "few and of all lengths (512 KiB), 37 % of the short allocations split a run and a "
	  "free merges with 0.39 neighbours: branches that nothing foretells. Doing both "
	  "without branches takes longer." },
	{ "heaps",
	  "at 4 MiB no allocation of more than 220 instructions, no free of more than 260, "
	  "whatever went before",
	  heap_worst,
	  "The worst free lies between two free runs and makes a long one: three runs change their "
	  "records, each in a row of its class and a level of summary, and runs that share class "
	  "and word with others are told apart first. The worst allocation is a long count whose "
	  "own class, next class and longest class are all looked at. Means are far below." },
	{ "heaps",
	  "aged, at least 0.98 (powers of two) and 0.945 (any size) usable, metadata counted",
	  heap_usable, NULL },
	{ "heaps", "metadata at most 3 % from 448 units on, 1.6 % from 8192 on", heap_metadata,
	  NULL },
	{ "pages",
	  "mean time at most twice that of a block of a bundle, in windows of 1024, 65536 and 1M",
	  page_time,
	  "A block of a bundle is one bit. A run of pages is two boundaries and a record in its "
	  "class, and merges. Of the uniform requests half are longer than a word has bits, which "
	  "is the longer way." },
	{ "pages",
	  "at 1024 pages no allocation of more than 220 instructions, no free of more than "
	  "260; no faster growth than the logarithm up to 1M",
	  page_worst,
	  "As for heaps: long runs on both sides. It grows by a seventh from 1024 pages to 1M." },
	{ "pages",
	  "aged, as much usable as by exact best fit; 0.90 / 0.882 (log-uniform / uniform) at "
	  "the third refusal",
	  page_usable, NULL },
	{ "bundles", "no allocation of more than 100 instructions, no free of more than 80",
	  bundle_worst,
	  "A free validates the address, finds the block by a division, lets go of its page and "
	  "keeps four counters; three of its instructions are too many." },
	{ "ranges", "at most 1.5 times a plain allocation of what is granted", range_time, NULL },
	{ "regions", "a lifetime allocation takes at most 40 instructions", lifetime_instructions,
	  NULL },
	{ "regions", "create and destroy take no more than 20 interim calls", region_time, NULL },
	{ "mapping", "within 5 % of the kernel's calls for the same frames", map_time,
	  "The port's map and unmap alone are 5 to 7 % over the kernel's calls (rows `driver "
	  "alone`). The rest is two locks, taken ten times for a pair of calls because no short "
	  "lock is held over the driver, the records of pages, and the run of addresses: 0.1 "
	  "to 0.17 us a call. The number of kernel calls is the same." },
	{ "mapping", "fewer physical runs than first fit of frames", map_runs, NULL },
	{ "churn",
	  "pages in use within 3 % or 2 pages of the least possible at the peak, 12 % or 4 "
	  "pages on average",
	  churn_pages,
	  "Missed by `dp` alone. Where it has regions, their areas are pages of their own and fill "
	  "4 pages more at the peak (`apart`). On average streams that end leave holes between "
	  "those that live; of the placements that were simulated (engine.md) only one that knows "
	  "which "
	  "allocations die together came below 12 %." },
	{ "power",
	  "with evacuation, banks on within 10 % of the least possible from 6 banks up, and less "
	  "than "
	  "10 % of the pages mapped moved",
	  bank_power, NULL },
};

const size_t goal_count = COUNT_OF(goals);
