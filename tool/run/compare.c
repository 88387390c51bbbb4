/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Side by side: the same schedule, the same memory, different ways of giving it out.
 *
 * A row is a name and a function that writes one cell. Rows that say nothing in any column are left out.
 */
#include <stdio.h>
#include <string.h>

#include "run/run.h"
#include "run/text.h"

#define COLUMNS_MAX LIFE_REGIONS_COUNT

/* Columns that are compared, and what is above them. */
struct table {
	const struct run *run;
	const struct column *columns[COLUMNS_MAX];
	const char *heads[COLUMNS_MAX];
	size_t count;
};

typedef void cell_writer(struct text *text, const struct run *run, const struct figures *figures);

struct row {
	const char *name;
	cell_writer *write;
	bool optional; /* left out if all its cells are "-" */
};

static void put_number(struct text *text, size_t number)
{
	snprintf(text->at, sizeof(text->at), "%zu", number);
}

static void put_part(struct text *text, size_t part, size_t whole)
{
	if (whole == 0)
		snprintf(text->at, sizeof(text->at), "-");
	else
		snprintf(text->at, sizeof(text->at), "%zu of %zu", part, whole);
}

static void put_count_or_none(struct text *text, size_t count)
{
	if (count == 0)
		snprintf(text->at, sizeof(text->at), "-");
	else
		put_number(text, count);
}

static void streams_refused(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_part(text, figures->streams_refused, figures->streams_begun);
}

static void requests_refused(struct text *text, const struct run *run,
			     const struct figures *figures)
{
	(void)run;
	put_part(text, figures->allocations_refused, figures->allocations);
}

static void regions_refused(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_part(text, figures->regions_refused, figures->regions);
}

static void ranges_granted(struct text *text, const struct run *run, const struct figures *figures)
{
	const char *share;

	(void)run;
	share = text_share(text, figures->range_granted, figures->range_preferred);
	if (share != text->at)
		snprintf(text->at, sizeof(text->at), "%s", share);
}

static size_t ranges_asked(const struct figures *figures)
{
	size_t asked = 0;

	for (size_t i = 0; i < figures->range_count; i++)
		asked += figures->ranges[i].asked;
	return asked;
}

static void range_searches(struct text *text, const struct run *run, const struct figures *figures)
{
	size_t asked = ranges_asked(figures);

	(void)run;
	if (asked == 0)
		snprintf(text->at, sizeof(text->at), "-");
	else
		snprintf(text->at, sizeof(text->at), "%.2f",
			 (double)figures->range_tries / (double)asked);
}

static void pages_peak(struct text *text, const struct run *run, const struct figures *figures)
{
	put_part(text, figures->pages_peak, run_memory_pages(run));
}

static void pages_now(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_number(text, figures->settled.pages);
}

static void banks_peak(struct text *text, const struct run *run, const struct figures *figures)
{
	put_part(text, figures->banks_peak, run_bank_count(run));
}

static void banks_mean(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	snprintf(text->at, sizeof(text->at), "%.1f",
		 (double)figures->banks_sum / (double)(figures->steps ? figures->steps : 1));
}

static void memory_wasted(struct text *text, const struct run *run, const struct figures *figures)
{
	size_t mapped = figures->fullest.pages * run->board.page_bytes;

	text_size(text, mapped > figures->fullest.asked ? mapped - figures->fullest.asked : 0);
}

static void addresses_peak(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	text_size(text, figures->account.total.addresses.peak);
}

static void addresses_wasted(struct text *text, const struct run *run,
			     const struct figures *figures)
{
	const struct snapshot *then = &figures->fullest;

	(void)run;
	text_size(text, then->addresses > then->asked ? then->addresses - then->asked : 0);
}

static void largest_now(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	text_size(text, figures->settled.largest);
}

static void largest_least(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	text_size(text, figures->largest_least);
}

static void corruptions(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_count_or_none(text, figures->corruptions);
}

static void violations(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_count_or_none(text, figures->violations);
}

static void leaks(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	put_count_or_none(text, figures->leaks + figures->pages_left);
}

static void verdict(struct text *text, const struct run *run, const struct figures *figures)
{
	(void)run;
	snprintf(text->at, sizeof(text->at), "%s", figures_fit(figures) ? "fits" : "does not fit");
}

static const struct row rows[] = {
	{ "starts of a stream that failed", streams_refused, false },
	{ "requests refused", requests_refused, false },
	{ "regions refused", regions_refused, true },
	{ "ranges: granted of what they prefer", ranges_granted, true },
	{ "ranges: searches for each", range_searches, true },
	{ "pages in use, at most", pages_peak, false },
	{ "pages in use, settled", pages_now, false },
	{ "banks on, at most (image included)", banks_peak, false },
	{ "banks on, on average", banks_mean, false },
	{ "memory in use that nobody asked for", memory_wasted, false },
	{ "address space held, at most", addresses_peak, false },
	{ "addresses held that nobody asked for", addresses_wasted, false },
	{ "largest request possible, settled", largest_now, false },
	{ "largest request possible, at worst", largest_least, false },
	{ "allocations corrupted", corruptions, false },
	{ "contracts of the library broken", violations, true },
	{ "leaks", leaks, false },
	{ "verdict", verdict, false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int cell_width(const struct table *table)
{
	return table->count > 3 ? 14 : 18;
}

static void print_row(const struct table *table, const struct row *row)
{
	struct text cells[COLUMNS_MAX];
	bool says_something = !row->optional;

	for (size_t i = 0; i < table->count; i++) {
		row->write(&cells[i], table->run, &table->columns[i]->figures);
		if (strcmp(cells[i].at, "-") != 0)
			says_something = true;
	}
	if (!says_something)
		return;
	printf("  %-38s", row->name);
	for (size_t i = 0; i < table->count; i++)
		printf(" %*s", cell_width(table), cells[i].at);
	printf("\n");
}

/* The one row that no figures tell: it took more runs. */
static void print_smallest(const struct table *table)
{
	struct text text;

	printf("  %-38s", "least memory that would do");
	for (size_t i = 0; i < table->count; i++) {
		size_t pages = table->columns[i]->smallest_pages;

		printf(" %*s", cell_width(table),
		       pages ? text_size(&text, pages * table->run->board.page_bytes)
			     : "more than this");
	}
	printf("\n");
}

static void print_table(const struct table *table)
{
	printf("\n  %-38s", "");
	for (size_t i = 0; i < table->count; i++)
		printf(" %*s", cell_width(table), table->heads[i]);
	printf("\n");
	for (size_t i = 0; i < ROWS; i++)
		print_row(table, &rows[i]);
}

/* ---- what the columns are, and what they show --------------------------------------------------- */

static void explain_columns(const struct run *run)
{
	printf("\n  table    block table %s (%zu KiB in %zu sizes%s), %zu KiB system heap%s%s\n",
	       run->table.name, run->table.total_bytes / 1024, run->table.count,
	       run->options.spanning ? ", blocks may span" : "",
	       run->board.system_heap_bytes / 1024,
	       run->options.dma_on_system_heap ? " with the DMA buffers in it" : "",
	       run->board.dp_regions ? ", DP regions of 7 pages" : "");
	printf("  classic  one heap, first fit, no virtual memory; a range takes all it can get\n");
	printf("  elastic  Quire: one heap, any size, only needed pages mapped; budgets guarantee "
	       "the "
	       "minimums\n");
}

static bool any_ran_out(const struct figures *figures)
{
	for (size_t i = 0; i < figures->block_sizes; i++)
		if (figures->blocks[i].exhausted > 0)
			return true;
	return false;
}

/* Which sizes of blocks ran out; --verbose: and which did not. */
static void print_blocks(const struct run *run)
{
	const struct figures *figures = &run->columns[SETUP_TABLE].figures;
	bool all = run->options.verbose;

	if (!all && !any_ran_out(figures))
		return;
	printf("\n  Blocks of the table that ran out: requests took a larger one, or were "
	       "refused\n\n");
	printf("  %12s %8s %14s %14s\n", "block", "blocks", "used at most", "ran out");
	for (size_t i = 0; i < figures->block_sizes; i++) {
		const struct block_use *use = &figures->blocks[i];

		if (all || use->exhausted > 0)
			printf("  %10zu B %8zu %14zu %8zu times\n", use->block_size, use->blocks,
			       use->used_peak, use->exhausted);
	}
}

static void print_system_heap(const struct run *run)
{
	const struct figures *figures = &run->columns[SETUP_TABLE].figures;
	struct text text[2];

	printf("\n  The table's system heap held at most %s; all of its %s are always in use.\n",
	       text_size(&text[0], figures->system_heap_peak),
	       text_size(&text[1], figures->system_heap));
}

static void print_complaints(const struct run *run)
{
	for (size_t i = 0; i < SETUP_KIND_COUNT; i++) {
		const struct figures *figures = &run->columns[i].figures;

		if (figures->complaint[0])
			printf("\n  %s: %s\n", setup_name(run->columns[i].kind),
			       figures->complaint);
	}
}

static void compare_setups(const struct run *run)
{
	struct table table = { .run = run, .count = SETUP_KIND_COUNT };

	for (size_t i = 0; i < SETUP_KIND_COUNT; i++) {
		table.columns[i] = &run->columns[i];
		table.heads[i] = setup_name(run->columns[i].kind);
	}
	printf("\nSide by side: the same schedule on the same memory\n");
	print_table(&table);
	if (!run->options.fast)
		print_smallest(&table);
	explain_columns(run);
	print_blocks(run);
	print_system_heap(run);
	print_complaints(run);
}

static void compare_regions(const struct run *run)
{
	struct table table = { .run = run, .count = LIFE_REGIONS_COUNT };

	for (size_t i = 0; i < LIFE_REGIONS_COUNT; i++) {
		table.columns[i] = &run->by_regions[i];
		table.heads[i] = life_regions_name(run->by_regions[i].regions);
	}
	printf("\nElastic, by who gets a region of its own\n");
	print_table(&table);
}

void compare_print(const struct run *run)
{
	compare_setups(run);
	if (run->has_by_regions)
		compare_regions(run);
}

static const char *needs(struct text *text, const struct run *run, enum setup_kind kind)
{
	size_t pages = run->columns[kind].smallest_pages;

	return pages ? text_size(text, pages * run->board.page_bytes) : "more than there is";
}

static void print_needs(const struct run *run)
{
	struct text text[SETUP_KIND_COUNT];

	if (run->options.fast || run->options.quiet)
		return;
	printf("%s of memory would do; the block table needs %s, the classic heap %s.\n",
	       needs(&text[0], run, SETUP_ELASTIC), needs(&text[1], run, SETUP_TABLE),
	       needs(&text[2], run, SETUP_CLASSIC));
}

void verdict_print(const struct run *run)
{
	const struct figures *figures = &run->columns[SETUP_ELASTIC].figures;

	if (!run->options.quiet)
		printf("\n");
	if (run_fits(run)) {
		printf("It fits: the elastic heap served all %zu requests with %zu of %zu pages on "
		       "%s;\nnothing leaked, and every byte was its owner's to the end.\n",
		       figures->allocations + figures->regions, figures->pages_peak,
		       run_memory_pages(run), run->board.name);
		print_needs(run);
	} else if (figures_refusals(figures) > 0) {
		printf("It does not fit: the elastic heap refused %zu of %zu requests, and %zu of "
		       "%zu starts failed.\n",
		       figures_refusals(figures), figures->allocations + figures->regions,
		       figures->streams_refused, figures->streams_begun);
	} else {
		printf("It fails: memory leaked, was corrupted, or the library broke its word; see "
		       "above.\n");
	}
}
