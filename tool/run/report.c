/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report, up to the comparison: what was run, and what each part of it got from the elastic heap.
 * At most 100 columns; every number has its unit beside it or above it.
 */
#include <stdio.h>

#include "run/run.h"
#include "run/text.h"

#define NAME_WIDTH 38u

/* ---- what was run ----------------------------------------------------------------------------- */

static void print_card(const struct run *run)
{
	const struct topology *card = run->topology;
	struct text text[4];

	for (size_t i = 0; i < card->file_count; i++)
		printf("  %-10s %s\n", i == 0 ? "topology" : "", card->files[i]);
	printf("  %-10s IPC%u, %s, %s, %s, %s\n", "", card->ipc,
	       text_count(&text[0], card->pipeline_count, "pipeline"),
	       text_count(&text[1], card->module_count, "module"),
	       text_count(&text[2], card->connection_count, "connection"),
	       text_count(&text[3], card->stream_count, "stream"));
}

static void print_board(const struct run *run)
{
	const struct board *board = &run->board;

	printf("  %-10s %s: %s (%s), %u cores\n", "board", board->name, board->title, board->soc,
	       board->cores);
	printf("  %-10s %zu KiB of SRAM in %zu banks, less %zu KiB of image: %zu pages of %zu "
	       "bytes\n",
	       "memory", board->sram_bytes / 1024, run_bank_count(run), board->image_bytes / 1024,
	       run_memory_pages(run), board->page_bytes);
	if (!run->options.has_image)
		printf("  %-10s (the image is the board file's assumption; --image KIB for "
		       "yours)\n",
		       "");
	printf("  %-10s %zu KiB from 0x%llx\n", "addresses", board->window_bytes / 1024,
	       (unsigned long long)board->window_base);
}

static void print_schedule(const struct run *run)
{
	const struct schedule_options *options = &run->options.schedule;
	size_t slots = run->columns[SETUP_ELASTIC].schedule.slots;

	printf("  %-10s %s: ", "schedule", schedule_name(options->kind));
	if (options->kind == SCHEDULE_ALL)
		printf("start all %zu streams, then stop them\n", slots);
	else if (options->kind == SCHEDULE_SEQUENCE)
		printf("each of %zu streams on its own, then all together\n", slots);
	else
		printf("%zu starts and stops of %zu streams in random order, seed %llu\n",
		       options->cycles, slots, (unsigned long long)options->seed);
}

static void print_regions(const struct run *run)
{
	static const char *const what[LIFE_REGIONS_COUNT] = {
		[LIFE_REGIONS_NONE] = "none: all on the heap",
		[LIFE_REGIONS_DP] = "one for each data-processing module",
		[LIFE_REGIONS_MODULE] = "one for each module",
		[LIFE_REGIONS_PIPELINE] = "one for each pipeline",
	};

	printf("  %-10s %s\n", "regions", what[run->regions]);
}

static void print_warnings(const struct run *run)
{
	const struct topology *card = run->topology;
	size_t count = card->warning_count + card->warnings_left_out;
	struct text text;

	if (count == 0)
		return;
	if (!run->options.verbose) {
		printf("  %-10s %s in the topology (--verbose lists them)\n", "note",
		       text_count(&text, count, "oddity"));
		return;
	}
	for (size_t i = 0; i < card->warning_count; i++)
		printf("  %-10s 0x%zx: %s\n", i == 0 ? "note" : "", card->warnings[i].offset,
		       card->warnings[i].what);
}

static void print_heading(const struct run *run)
{
	printf("Quire run: one firmware, three ways to give it memory\n\n");
	print_card(run);
	print_board(run);
	print_schedule(run);
	print_regions(run);
	print_warnings(run);
}

/* ---- streams ---------------------------------------------------------------------------------- */

static bool is_said(const struct life_format *format)
{
	return format->rate || format->channels || format->bits;
}

/* Whether the command line says anything about the format of this stream. */
static bool is_asked(const struct run *run, const struct topology_stream *stream)
{
	for (size_t i = 0; i < run->options.choice_count; i++)
		if (life_choice_is_for(&run->options.choices[i], stream))
			return true;
	return is_said(&run->options.format);
}

static const char *remark_on(const struct run *run, const struct topology_stream *stream,
			     const struct life_taken *taken)
{
	if (stream->pipeline_count == 0)
		return "not started: no host module";
	if (!taken->as_asked)
		return is_asked(run, stream) ? "NOT AS ASKED: not offered"
					     : "the default is not offered";
	if (taken->match == TOPOLOGY_MATCH_NONE)
		return "its host names no format";
	return is_asked(run, stream) ? "as asked" : "";
}

static void print_stream(const struct run *run, size_t index)
{
	const struct topology_stream *stream = &run->topology->streams[index];
	const struct life_taken *taken = &run->taken[index];
	const char *remark = remark_on(run, stream, taken);
	struct text name;

	printf("  %3u  %-9s %-22s %7u Hz %3u ch %3u bit in %u%s%s\n", stream->pcm_id,
	       topology_direction_name(stream->direction), text_name(&name, stream->name, 22),
	       taken->format.rate, taken->format.channels, taken->format.bits,
	       taken->container_bits, *remark ? "  " : "", remark);
}

static void print_streams(const struct run *run)
{
	printf("\nStreams: the format that each one took\n\n");
	printf("  PCM  direction name                        rate channels  sample\n");
	for (size_t i = 0; i < run->topology->stream_count; i++)
		print_stream(run, i);
}

/* ---- pipelines -------------------------------------------------------------------------------- */

static void print_usage(const char *id, const char *name, const struct usage *usage)
{
	struct text text[3];

	printf("  %4s  %-*s %14s %10zu pages %14s\n", id, (int)NAME_WIDTH,
	       text_name(&text[0], name, NAME_WIDTH), text_size(&text[1], usage->asked.peak),
	       usage->pages.peak, text_size(&text[2], usage->addresses.peak));
}

static void print_pipeline(const struct run *run, size_t index, const struct usage *usage)
{
	char id[16];

	if (usage->asked.peak == 0)
		return;
	snprintf(id, sizeof(id), "%u", run->topology->pipelines[index].id);
	print_usage(id, run->topology->pipelines[index].name, usage);
}

static void print_pipelines(const struct run *run)
{
	const struct account *account = &run->columns[SETUP_ELASTIC].figures.account;
	const struct usage *rest = &account->pipeline[account->pipelines];

	printf("\nPipelines on the elastic heap, each at its own peak%s\n\n",
	       run->options.schedule.kind == SCHEDULE_CHURN ? ", all copies together" : "");
	printf("    id  %-*s %14s %16s %14s\n", (int)NAME_WIDTH, "pipeline", "bytes asked",
	       "mapped", "addresses");
	for (size_t i = 0; i < account->pipelines; i++)
		print_pipeline(run, i, &account->pipeline[i]);
	if (rest->asked.peak > 0)
		print_usage("", "(no pipeline)", rest);
	print_usage("", "all, at the worst moment", &account->total);
	printf("\n  A page that several pipelines share is one page of each of them, and one in "
	       "all.\n");
}

/* ---- ranges ----------------------------------------------------------------------------------- */

static bool is_worth_telling(const struct run *run, const struct range *range)
{
	struct action action = { .size = range->preferred, .min = range->min };

	return run->options.verbose || setup_is_deep(&action, run->board.page_bytes);
}

static void print_range(const struct run *run, const struct range *range)
{
	struct text text[4];

	printf("  %-*s %9s %10s %10s", (int)NAME_WIDTH,
	       text_name(&text[0], run_module_name(run, range->module), NAME_WIDTH),
	       action_purpose_name(range->purpose), text_size(&text[1], range->min),
	       text_size(&text[2], range->preferred));
	if (range->most)
		printf("  %-20s", text_range(&text[3], range->least, range->most));
	else
		printf("  %-20s", "nothing");
	printf(" %zu\n", range->asked);
}

static void print_ranges(const struct run *run)
{
	const struct figures *figures = &run->columns[SETUP_ELASTIC].figures;
	size_t told = 0;

	for (size_t i = 0; i < figures->range_count; i++) {
		if (!is_worth_telling(run, &figures->ranges[i]))
			continue;
		if (told++ == 0) {
			printf("\nRanges: buffers that the elastic heap may make smaller, down to "
			       "a "
			       "minimum\n\n");
			printf("  %-*s %9s %10s %10s  %-20s %s\n", (int)NAME_WIDTH, "module", "for",
			       "minimum", "preferred", "granted", "times");
		}
		print_range(run, &figures->ranges[i]);
	}
}

/* ---- totals ----------------------------------------------------------------------------------- */

static void print_totals(const struct run *run)
{
	const struct column *column = &run->columns[SETUP_ELASTIC];
	const struct figures *figures = &column->figures;
	const struct snapshot *now = &figures->settled;
	struct text text[3];

	printf("\nThe board's memory under the elastic heap\n\n");
	printf("  %-34s %14s %14s %14s\n", "",
	       run->options.schedule.kind == SCHEDULE_CHURN ? "at the end" : "all is up",
	       "at worst", "there are");
	printf("  %-34s %14zu %14zu %14zu\n", "pages mapped", now->pages, figures->pages_peak,
	       run_memory_pages(run));
	printf("  %-34s %14zu %14zu %14zu\n", "banks on, the image's included", now->banks,
	       figures->banks_peak, run_bank_count(run));
	printf("  %-34s %14s %14s %14s\n", "address space held",
	       text_size(&text[0], now->addresses),
	       text_size(&text[1], figures->account.total.addresses.peak),
	       text_size(&text[2], run->board.window_bytes));
	printf("  %-34s %14s %14s\n", "largest request still possible",
	       text_size(&text[0], now->largest), text_size(&text[1], figures->largest_least));
	printf("\n  Guaranteed are %zu pages: the minimums of everything, and a margin for pages "
	       "that "
	       "are not full.\n",
	       column->guaranteed_pages);
	if (run->options.evacuate)
		printf("  Moved to empty banks are %llu pages, mapped %llu.\n",
		       (unsigned long long)figures->pages_moved,
		       (unsigned long long)figures->pages_mapped);
}

void report_print(const struct run *run)
{
	print_heading(run);
	print_streams(run);
	print_pipelines(run);
	print_ranges(run);
	print_totals(run);
}
