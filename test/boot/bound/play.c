/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * play: see play.h. A history is cut off after so many allocations: more take too long to emulate. One that
 * would need more to fill a window finds it nearly full. What no history brings is built first: gaps that no
 * aligned request fits, and places far from any boundary.
 */
#include "play.h"

#include "tap.h"

#define MOST    (5000u * BOUND_TIMES) /* allocations of a history: so many can be live */
#define STORAGE ((size_t)640 * 1024)
#define GAPS    8u
#define TEETH   64u
#define TRIPLES 24u
#define LOOKS   24u
#define SPREAD  4u /* of lengths of gaps between teeth */

struct random bound_random;

static const uint32_t windows[] = { 64, 256, 1024, 4096, 16384, 65536 };

static uint32_t live[MOST], order[MOST];
static _Alignas(64) unsigned char storage[STORAGE];
static size_t storage_used;

/* Who is played on, and how often it is probed. */
static struct {
	const struct bound_layer *layer;
	uint32_t every; /* about so many operations lie between two probes */
	uint32_t left;  /* allocations; then all are refused, and the history comes to its end */
	uint32_t units; /* that may still be asked for */
	uint32_t asked;
} now;

void *bound_storage(size_t bytes)
{
	void *taken = storage + storage_used;

	storage_used += (bytes + 63) / 64 * 64;
	if (storage_used > STORAGE) {
		tap_print("bound: storage is too small\n");
		__builtin_trap();
	}
	return taken;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void give_unless_refused(uint32_t start)
{
	if (start != HISTORY_REFUSED)
		now.layer->free(NULL, start);
}

static void begin(const struct bound_layer *layer, uint32_t units, const char *history)
{
	storage_used = 0;
	bound_random.state = 1;
	bound_history(history);
	now.layer = layer;
	layer->begin(units);
}

/* ---- the player of a history ------------------------------------------------------------------- */

static void perhaps_probe(void)
{
	if (!random_below(&bound_random, now.every))
		now.layer->probe(now.asked);
}

static uint32_t alloc(void *context, uint32_t count)
{
	uint32_t start;

	if (!now.left || count > now.units)
		return HISTORY_REFUSED;
	now.left--;
	now.units -= count;
	start = now.layer->alloc(context, count);
	now.asked = count;
	perhaps_probe();
	return start;
}

static void give(void *context, uint32_t start)
{
	now.layer->free(context, start);
	perhaps_probe();
}

/* ---- a crowded window --------------------------------------------------------------------------- */

/* Walls between gaps, so that a history of so few allocations finds the window nearly full. */
static struct {
	uint32_t wall[GAPS];
	uint32_t gap[GAPS];
} crowd;

static void crowd_begins(uint32_t units, uint32_t gap)
{
	for (uint32_t i = 0; i < GAPS; i++) {
		crowd.wall[i] = now.layer->alloc(NULL, units / GAPS - gap);
		crowd.gap[i] = now.layer->alloc(NULL, gap);
	}
	for (uint32_t i = 0; i < GAPS; i++)
		give_unless_refused(crowd.gap[i]);
}

static void crowd_ends(void)
{
	for (uint32_t i = 0; i < GAPS; i++)
		give_unless_refused(crowd.wall[i]);
}

/* ---- a history --------------------------------------------------------------------------------- */

/* Probes are as dense however long it is played. */
static void set_limits(const struct bound_layer *layer, uint32_t units,
		       const struct history *history)
{
	uint32_t most = layer->most ? layer->most : MOST / BOUND_TIMES;

	if (layer->work)
		most = smaller(layer->work / units, most);
	now.every = smaller(4 + units / (history->sparse ? 512 : 64), 1 + most / 128);
	now.left = most * BOUND_TIMES;
	now.units = layer->asked ? layer->asked * BOUND_TIMES : UINT32_MAX;
}

static const char *play_one(const struct bound_layer *layer, uint32_t units,
			    const struct history *history)
{
	struct history_player player = {
		.units = units, .alloc = alloc, .free = give, .live = live, .order = order
	};
	bool is_crowded;

	set_limits(layer, units, history);
	is_crowded = layer->crowds && !history->sparse && units > now.left;
	begin(layer, units, history->name);
	if (is_crowded)
		crowd_begins(units, now.left / 4 / GAPS);
	history->play(&player);
	if (is_crowded)
		crowd_ends();
	return layer->end();
}

/* ---- gaps that have the length but not the alignment ------------------------------------------- */

static uint32_t take_next(uint32_t *start, uint32_t count)
{
	uint32_t taken = now.layer->alloc_at ? now.layer->alloc_at(*start, count)
					     : now.layer->alloc(NULL, count);

	*start += count;
	return taken;
}

/* A gap that begins a unit behind a multiple of `align` and ends before the next, and a wall up to there. Behind
 * them all is free, or nothing. */
static uint32_t build_teeth(uint32_t units, uint32_t align, uint32_t gap, bool full)
{
	uint32_t teeth = smaller(units / align - 1, TEETH);
	uint32_t start = 0;

	live[0] = take_next(&start, 1);
	for (uint32_t tooth = 0; tooth < teeth; tooth++) {
		uint32_t length = gap - (gap > SPREAD ? tooth % SPREAD : 0);

		order[tooth] = take_next(&start, length);
		live[tooth + 1] = take_next(&start, align - length);
	}
	if (full)
		live[++teeth] = take_next(&start, units - start);
	for (uint32_t tooth = 0; tooth < teeth - full; tooth++)
		give_unless_refused(order[tooth]);
	return teeth;
}

static void play_teeth(uint32_t units, uint32_t align, uint32_t gap, bool full)
{
	uint32_t teeth = build_teeth(units, align, gap, full);

	for (uint32_t count = gap; count && gap - count <= SPREAD; count--)
		now.layer->aligned(count, align);
	for (uint32_t tooth = 0; tooth <= teeth; tooth++)
		give_unless_refused(live[tooth]);
}

/* A search looks at so many gaps as it ever does, and finds none that will do. */
static const char *play_misaligned(const struct bound_layer *layer, uint32_t units)
{
	begin(layer, units, "misaligned gaps");
	for (uint32_t align = 2; align <= units / 4; align *= 2) {
		play_teeth(units, align, align / 2, false);
		play_teeth(units, align, align / 2, true);
		play_teeth(units, align, align - 1, true);
	}
	return layer->end();
}

/* ---- places far from any boundary -------------------------------------------------------------- */

static void look_around(uint32_t units)
{
	for (uint32_t i = 0; i < LOOKS; i++)
		now.layer->look(random_below(&bound_random, units));
}

/* Two live runs and a free one between them, each of any length. */
static void play_runs(uint32_t units)
{
	uint32_t first = random_below(&bound_random, units - 2) + 1;
	uint32_t gap = random_below(&bound_random, units - first - 1) + 1;

	live[0] = now.layer->alloc(NULL, first);
	order[0] = now.layer->alloc(NULL, gap);
	live[1] = now.layer->alloc(NULL, units - first - gap);
	give_unless_refused(order[0]);
	look_around(units);
	give_unless_refused(live[0]);
	look_around(units);
	give_unless_refused(live[1]);
}

static const char *play_lookups(const struct bound_layer *layer, uint32_t units)
{
	begin(layer, units, "three runs");
	for (uint32_t i = 0; i < TRIPLES; i++)
		play_runs(units);
	return layer->end();
}

/* ---- all of it --------------------------------------------------------------------------------- */

static const char *play_window(const struct bound_layer *layer, uint32_t units)
{
	const char *broken = layer->aligned ? play_misaligned(layer, units) : NULL;

	if (layer->look && !broken)
		broken = play_lookups(layer, units);
	for (size_t i = 0; i < history_count && !broken; i++)
		broken = play_one(layer, units, &histories[i]);
	return broken;
}

const char *bound_play(const struct bound_layer *layer)
{
	const char *broken = NULL;

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]) && !broken; i++) {
		broken = play_window(layer, windows[i]);
		bound_print(layer->name, windows[i], layer->rows, layer->row_count);
	}
	return broken;
}
