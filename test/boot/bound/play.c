/* SPDX-License-Identifier: BSD-3-Clause */
/* play: see play.h. */
#include "play.h"

#include "tap.h"

#define MOST    6000u /* allocations of a history: so many can be live */
#define STORAGE ((size_t)640 * 1024)

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

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static const char *play_one(const struct bound_layer *layer, uint32_t units,
			    const struct history *history)
{
	struct history_player player = {
		.units = units, .alloc = alloc, .free = give, .live = live, .order = order
	};

	storage_used = 0;
	now.layer = layer;
	now.left = layer->most ? layer->most : MOST;
	if (layer->work)
		now.left = smaller(layer->work / units, now.left);
	now.units = layer->asked ? layer->asked : UINT32_MAX;
	now.every = smaller(4 + units / (history->sparse ? 512 : 64), 1 + now.left / 64);
	bound_random.state = 1;
	bound_history(history->name);
	layer->begin(units);
	history->play(&player);
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
