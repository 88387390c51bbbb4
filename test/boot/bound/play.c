/* SPDX-License-Identifier: BSD-3-Clause */
/* play: see play.h. */
#include "play.h"

#include "tap.h"

#define MOST    (6000u * BOUND_TIMES) /* allocations of a history: so many can be live */
#define STORAGE ((size_t)640 * 1024)
#define GAPS    8u

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

/* Walls between gaps, so that a history of so few allocations finds the window nearly full. */
static struct {
	uint32_t wall[GAPS];
	uint32_t gap[GAPS];
} crowd;

static void give_unless_refused(uint32_t start)
{
	if (start != HISTORY_REFUSED)
		now.layer->free(NULL, start);
}

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

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Probes are as dense however long it is played. */
static void set_limits(const struct bound_layer *layer, uint32_t units,
		       const struct history *history)
{
	uint32_t most = layer->most ? layer->most : MOST / BOUND_TIMES;

	if (layer->work)
		most = smaller(layer->work / units, most);
	now.layer = layer;
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

	storage_used = 0;
	bound_random.state = 1;
	bound_history(history->name);
	set_limits(layer, units, history);
	is_crowded = layer->crowds && !history->sparse && units > now.left;
	layer->begin(units);
	if (is_crowded)
		crowd_begins(units, now.left / 4 / GAPS);
	history->play(&player);
	if (is_crowded)
		crowd_ends();
	return layer->end();
}

const char *bound_play(const struct bound_layer *layer)
{
	for (size_t window = 0; window < sizeof(windows) / sizeof(windows[0]); window++) {
		for (size_t i = 0; i < history_count; i++) {
			const char *broken = play_one(layer, windows[window], &histories[i]);

			if (broken)
				return broken;
		}
		bound_print(layer->name, windows[window], layer->rows, layer->row_count);
	}
	return NULL;
}
