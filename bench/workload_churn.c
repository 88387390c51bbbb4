/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Topology churn: streams come and go on a board, and their pipelines allocate what firmware does
 * (tool/model). How many pages that takes is counted by the tool's elastic set-up; how long it takes
 * is timed on a heap alone, with requests that were written down beforehand.
 */
#include "workloads.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "setup/follow.h"

#define STREAMS 20u
#define CYCLES  1000u
#define WINDOW  (8u << 20)

static const char *const boards[] = { "mtl", "lnl", "ptl", "wcl", "nvl", "nvls" };

static struct schedule_options schedule_for(const struct bench *bench)
{
	return (struct schedule_options){
		.kind = SCHEDULE_CHURN,
		.streams = STREAMS,
		.cycles = scaled(bench, CYCLES),
		.seed = bench->options->seed,
	};
}

/* ---- a card: one topology file ----------------------------------------------------------------- */

struct card {
	struct topology *topology;
	char *name;
};

static void card_begin(struct card *card, const char *path)
{
	const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct topology_error error;

	if (topology_load(&path, 1, &card->topology, &error) != 0)
		die("%s: %s", path, error.what);
	card->name = text("%.*s", (int)strcspn(file, "."), file);
}

static void card_end(struct card *card)
{
	topology_free(card->topology);
	free(card->name);
}

/* ---- pages ------------------------------------------------------------------------------------- */

static void load_board(const char *name, struct board *board)
{
	struct board_error error;

	if (board_load(name, board, &error) != 0)
		die("%s: %s", error.file, error.what);
}

static enum life_regions regions_of(const struct board *board)
{
	return board->dp_regions ? LIFE_REGIONS_DP : LIFE_REGIONS_NONE;
}

static struct figures follow(const struct bench *bench, const struct card *card,
			     const struct board *board)
{
	struct life_options life = life_options_for(board, regions_of(board));
	struct schedule_options schedule = schedule_for(bench);
	struct setup_options options = {
		.kind = SETUP_ELASTIC,
		.board = board,
		.topology = card->topology,
	};
	struct setup_error error;
	struct followed followed;

	if (!follow_schedule(&options, &life, &schedule, &followed, &error))
		die("%s", error.what);
	if (!figures_fit(&followed.figures))
		die("%s does not fit %s: %s", card->name, board->name, followed.figures.complaint);
	return followed.figures;
}

static double mean(const struct thrift *thrift, const struct thrift_pages *pages)
{
	return (double)pages->sum / (double)thrift->moments;
}

static void add_peak(struct bench *bench, const char *what, const struct thrift *thrift)
{
	add_exact(bench, ROW_SHARE, (double)thrift->used.peak / (double)thrift->least.peak,
		  text("%s, peak", what),
		  text("%zu pages / %zu (apart: %zu; retained: %zu)", thrift->used.peak,
		       thrift->least.peak, thrift->apart.peak, thrift->retained.peak));
}

static void add_mean(struct bench *bench, const char *what, const struct thrift *thrift)
{
	double used = mean(thrift, &thrift->used), least = mean(thrift, &thrift->least);

	add_exact(bench, ROW_SHARE, used / least, text("%s, mean", what),
		  text("%.1f pages / %.1f (apart: %.1f; retained: %.1f)", used, least,
		       mean(thrift, &thrift->apart), mean(thrift, &thrift->retained)));
}

static bool is_same(const struct thrift *a, const struct thrift *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Boards on which everything is the same share their rows. */
static void add_boards(struct bench *bench, const struct card *card, const struct thrift *thrifts)
{
	bool done[COUNT_OF(boards)] = { false };

	for (size_t i = 0; i < COUNT_OF(boards); i++) {
		char *what = text("%s on", card->name);

		for (size_t other = i; other < COUNT_OF(boards) && !done[i]; other++) {
			char *longer;

			if (!is_same(&thrifts[i], &thrifts[other]))
				continue;
			longer = text("%s %s", what, boards[other]);
			free(what);
			what = longer;
			done[other] = other != i;
		}
		if (!done[i]) {
			add_peak(bench, what, &thrifts[i]);
			add_mean(bench, what, &thrifts[i]);
		}
		free(what);
	}
}

static void count_pages(struct bench *bench, const struct card *card)
{
	struct thrift thrifts[COUNT_OF(boards)];

	for (size_t i = 0; i < COUNT_OF(boards); i++) {
		struct board board;
		struct figures figures;

		progress_show(&bench->progress, bench->workload->name);
		load_board(boards[i], &board);
		figures = follow(bench, card, &board);
		thrifts[i] = figures.thrift;
		figures_fini(&figures);
	}
	add_boards(bench, card, thrifts);
}

/* ---- time -------------------------------------------------------------------------------------- */

/* What is asked for, one after the other. Identifiers become slots. */
struct request {
	struct quire_request wish; /* size 0: free the slot */
	uint32_t slot;
};

struct requests {
	struct performer performer;
	struct request *list;
	size_t count;
	size_t room;
	uint32_t slots;
	struct machine machine;
	struct heap heap;
	void **held; /* by slot */
};

static void write_down(struct requests *requests, const struct request *request)
{
	if (requests->count == requests->room) {
		requests->room = requests->room ? 2 * requests->room : 4096;
		requests->list = realloc(requests->list, requests->room * sizeof(*requests->list));
		if (!requests->list)
			die("no memory for a schedule");
	}
	requests->list[requests->count++] = *request;
	if (request->slot >= requests->slots)
		requests->slots = request->slot + 1;
}

static bool perform(struct performer *performer, const struct action *action)
{
	struct requests *requests = (struct requests *)performer;
	struct request request = { .slot = action->id };

	if (action->kind == ACTION_ALLOC)
		request.wish = (struct quire_request){
			.size = action->size,
			.min = action->min,
			.step = action->step,
			.align = action->align,
		};
	else if (action->kind != ACTION_FREE)
		return true;
	write_down(requests, &request);
	return true;
}

static uint64_t play(void *context)
{
	struct requests *requests = context;
	uint64_t refused = 0;

	for (size_t i = 0; i < requests->count; i++) {
		struct request *request = &requests->list[i];
		struct quire_request wish = request->wish;

		if (!wish.size)
			refused += quire_vmh_free(&requests->heap.vmh,
						  requests->held[request->slot]) != QUIRE_OK;
		else
			requests->held[request->slot] =
				quire_vmh_request(&requests->heap.vmh, &wish);
	}
	return refused;
}

static void requests_begin(struct requests *requests, const struct bench *bench,
			   const struct card *card)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct schedule_options schedule = schedule_for(bench);
	struct life *life;

	*requests = (struct requests){ .performer.perform = perform };
	life = life_new(card->topology, &options, &requests->performer);
	if (!life || schedule_run(life, &schedule, NULL) != 0)
		die("no memory for the model");
	life_free(life);
	requests->held = memory(requests->slots, sizeof(*requests->held));
	machine_begin_flat(&requests->machine, WINDOW / PAGE);
	heap_begin_elastic(&requests->heap, &requests->machine, WINDOW);
}

static void requests_end(struct requests *requests)
{
	heap_end(&requests->heap);
	machine_end(&requests->machine);
	free(requests->held);
	free(requests->list);
}

static void time_card(struct bench *bench, const struct card *card)
{
	struct requests requests;
	struct subject subject = {
		.name = text("%s", card->name),
		.did = text("%u starts and stops of %u streams", scaled(bench, CYCLES), STREAMS),
		.context = &requests,
		.work = play,
	};

	requests_begin(&requests, bench, card);
	subject.operations = requests.count;
	measure(bench, &subject, 1);
	requests_end(&requests);
}

/* ---- all --------------------------------------------------------------------------------------- */

static void run_card(struct bench *bench, const char *path)
{
	struct card card;

	card_begin(&card, path);
	time_card(bench, &card);
	count_pages(bench, &card);
	card_end(&card);
}

static void run(struct bench *bench)
{
	const struct options *options = bench->options;
	glob_t found;

	if (glob(QUIRE_BINARY_DIR "/example/topologies/*.tplg", 0, NULL, &found) != 0)
		die("no example topologies: build them");
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_card(bench, found.gl_pathv[i]);
	for (size_t i = 0; i < options->topology_count; i++)
		run_card(bench, options->topologies[i]);
	globfree(&found);
}

const struct workload workload_churn = {
	.name = "churn",
	.about =
		"Topology churn: 20 streams start and stop at random, 1000 times, and their "
		"pipelines "
		"allocate what firmware does. Time: one allocate or free on an elastic heap of the "
		"flat port, all pages retained. Pages: exact, with the elastic set-up of the tool "
		"on "
		"each board. Pages in use, without those that are merely retained, are divided by "
		"those that the bytes live would fill, each allocation in whole cache lines. The "
		"peaks are of all moments, the mean is over the starts and stops. Apart: the same "
		"bound where the areas of a region, and what has a payer of its own, share no page "
		"with others.",
	.run = run,
};
