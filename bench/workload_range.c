/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests for a range of sizes in equal memories that are 85 % full: in one search, and by asking
 * for less and less, which is what an allocator without ranges leaves to its user.
 */
#include <stdlib.h>

#include "player.h"
#include "workloads.h"

#define LINE 64u
#define PAGE 4096u
#define FILL 85u
#define MOST 4u /* times the least */

struct range {
	const struct quire_peer_calls *calls;
	struct player player;
	struct churn churn; /* fills and ages */
	size_t align;
	size_t step;     /* of one try to the next, in what requests are in: a unit */
	size_t *least;   /* of each request */
	size_t *granted; /* to each request, when it was for a range */
	uint32_t requests;
};

/* ---- ways of asking -------------------------------------------------------------------------- */

static void *ask_plain(const struct range *range, uint32_t request, size_t *granted)
{
	*granted = range->least[request];
	return range->calls->alloc(range->player.context, *granted, range->align);
}

/* Plain, as if somebody had known how much there is. */
static void *ask_as_granted(const struct range *range, uint32_t request, size_t *granted)
{
	*granted = range->granted[request];
	return range->calls->alloc(range->player.context, *granted, range->align);
}

static void *ask_range(const struct range *range, uint32_t request, size_t *granted)
{
	size_t least = range->least[request];

	return range->calls->alloc_range(range->player.context, least, least * MOST, range->align,
					 granted);
}

/* Half of it until the least is reached: quick, but most of what there is may be missed. */
static void *ask_halving(const struct range *range, uint32_t request, size_t *granted)
{
	size_t least = range->least[request];
	void *handle = NULL;

	for (size_t size = least * MOST; size >= least && !handle; size /= 2) {
		handle = range->calls->alloc(range->player.context, size, range->align);
		*granted = size;
	}
	return handle;
}

/* A unit less until it is granted: as much as there is, as one search finds. */
static void *ask_stepping(const struct range *range, uint32_t request, size_t *granted)
{
	size_t least = range->least[request];
	void *handle = NULL;

	for (size_t size = least * MOST; size >= least && !handle; size -= range->step) {
		handle = range->calls->alloc(range->player.context, size, range->align);
		*granted = size;
	}
	return handle;
}

/* Each request is given back at once, so that all meet the same memory. */
static inline uint64_t ask_all(struct range *range,
			       void *(*ask)(const struct range *, uint32_t, size_t *))
{
	uint64_t refused = 0;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < range->requests; i++) {
		size_t granted = 0;
		void *handle = ask(range, i, &granted);

		if (!handle)
			refused++;
		else
			wrong |= granted < range->least[i] ||
				 range->calls->free(range->player.context, handle);
	}
	must(wrong ? QUIRE_EINVAL : QUIRE_OK, "asking for ranges and freeing what was granted");
	return refused;
}

static uint64_t work_plain(void *context)
{
	return ask_all(context, ask_plain);
}

static uint64_t work_as_granted(void *context)
{
	return ask_all(context, ask_as_granted);
}

static uint64_t work_range(void *context)
{
	return ask_all(context, ask_range);
}

static uint64_t work_halving(void *context)
{
	return ask_all(context, ask_halving);
}

static uint64_t work_stepping(void *context)
{
	return ask_all(context, ask_stepping);
}

/* The first is what the others are compared with. */
enum { PLAIN, AS_GRANTED, RANGE, HALVING, STEPPING };

static const struct way {
	const char *name;
	const char *about;
	uint64_t (*work)(void *range);
} ways[] = {
	[PLAIN] = { "plain", "the least only", work_plain },
	[AS_GRANTED] = { "as granted", "exactly what the range was granted", work_as_granted },
	[RANGE] = { "range", "at best 4 times as much, in one search", work_range },
	[HALVING] = { "halving", "half of it until it is granted", work_halving },
	[STEPPING] = { "stepping", "a unit less until it is granted", work_stepping },
};

/* ---- memories -------------------------------------------------------------------------------- */

/* All memories that are filled and aged are equal, so what is granted once is always granted. */
static void learn_granted(struct range *range)
{
	int32_t wrong = 0;

	range->granted = memory(range->requests, sizeof(*range->granted));
	for (uint32_t i = 0; i < range->requests; i++) {
		void *handle = ask_range(range, i, &range->granted[i]);

		if (handle)
			wrong |= range->calls->free(range->player.context, handle);
		else
			range->granted[i] = range->least[i];
	}
	must(wrong, "freeing what was granted");
}

static void prepare(void *context)
{
	struct range *range = context;

	churn_prepare(&range->churn);
	if (!range->granted)
		learn_granted(range);
}

static void restore(void *context)
{
	struct range *range = context;

	churn_restore(&range->churn);
}

static void draw_requests(struct range *range, const struct bench *bench, const struct load *load)
{
	struct random random = { bench->options->seed };

	range->requests = scaled(bench, load->timed);
	range->least = memory(range->requests, sizeof(*range->least));
	for (uint32_t i = 0; i < range->requests; i++)
		range->least[i] = (sizes_draw(&load->sizes, &random) + range->step - 1) /
				  range->step * range->step;
}

static bool begin(struct range *range, const struct bench *bench, const struct load *load,
		  const struct quire_peer *peer)
{
	struct script_plan plan = {
		.sizes = load->sizes,
		.unit = load->kind == LOAD_PAGES ? 1 : load->unit,
		.capacity = load->units,
		.fill = load->fill,
		.warm = scaled(bench, load->warm),
		.seed = bench->options->seed,
	};
	struct candidate candidate;

	*range = (struct range){ .calls = load_calls(load, peer), .align = load->unit };
	if (!range->calls->alloc_range || !player_begin(&range->player, load, peer))
		return false;
	candidate = player_candidate(&range->player, load);
	churn_begin(&range->churn, &plan, &candidate);
	range->step = plan.unit;
	draw_requests(range, bench, load);
	return true;
}

static void end(struct range *range)
{
	free(range->least);
	free(range->granted);
	churn_end(&range->churn);
	player_end(&range->player);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct subject subject(struct range *range, const struct load *load, const struct way *way)
{
	return (struct subject){
		.name = text("%s, %s, %s", load->name, way->name, range->player.peer->name),
		.did = text("%s", way->about),
		.context = range,
		.prepare = prepare,
		.work = way->work,
		.restore = restore,
		.operations = 2 * (uint64_t)range->requests,
	};
}

static void time_peer(struct bench *bench, const struct load *load, const struct quire_peer *peer)
{
	struct range range;
	struct subject subjects[COUNT_OF(ways)];
	size_t first = bench->row_count;

	if (!begin(&range, bench, load, peer))
		return;
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		subjects[i] = subject(&range, load, &ways[i]);
	measure(bench, subjects, COUNT_OF(ways));
	for (size_t i = 1; i < COUNT_OF(ways); i++)
		add_ratio(bench, &bench->rows[first + i], &bench->rows[first],
			  text("%s, %s to plain, %s", load->name, ways[i].name, peer->name),
			  text("of the rows above"));
	add_ratio(bench, &bench->rows[first + RANGE], &bench->rows[first + AS_GRANTED],
		  text("%s, range to as granted, %s", load->name, peer->name),
		  text("of the rows above"));
	end(&range);
}

static void run(struct bench *bench)
{
	static const struct load loads[] = {
		{ .name = "lines",
		  .kind = LOAD_BYTES,
		  .unit = LINE,
		  .units = 8192,
		  .sizes = { .kind = SIZES_LOG, .low = 6, .high = 12 },
		  .fill = FILL,
		  .warm = 100000,
		  .timed = 50000 },
		{ .name = "pages",
		  .kind = LOAD_PAGES,
		  .unit = PAGE,
		  .units = 1024,
		  .sizes = { .kind = SIZES_LOG, .low = 0, .high = 5 },
		  .fill = FILL,
		  .warm = 100000,
		  .timed = 50000 },
	};

	for (size_t i = 0; i < COUNT_OF(loads); i++)
		for (size_t peer = 0; peer < bench->peers.count; peer++)
			time_peer(bench, &loads[i], bench->peers.all[peer].peer);
}

const struct workload workload_range = {
	.name = "range",
	.about =
		"Requests for a range of sizes next to plain requests for the least of it, in "
		"equal "
		"memories, aged and 85 % full; at best 4 times the least is granted. As granted: "
		"plain "
		"requests for what the range was granted, which nobody knows beforehand. One "
		"search, and the same allocator asked for less and less. What is granted is given "
		"back at "
		"once. "
		"Lines: 512 KiB in units of 64 bytes, at least 1 to 64 of them. Pages: a window of "
		"1024, at least 1 to 32. Peers that take ranges and have a pool take part.",
	.run = run,
};
