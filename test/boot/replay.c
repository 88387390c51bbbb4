/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay: the pipelines of a real topology start and stop a thousand times, on a machine without an
 * operating system. Every step is granted what the host's run was granted; each allocation keeps its first
 * and last byte until it is freed; each cycle ends with nothing taken.
 */
#include "replay.h"

#include "ground.h"
#include "machine.h"

#define CYCLES         1000u
#define HEAP           ((size_t)1024 * PAGE)
#define UNIT           64u
#define REGION_STORAGE ((size_t)8 * KIB)

static struct quire_vmh heap;
static unsigned char *block[REPLAY_IDS];
static size_t block_bytes[REPLAY_IDS];
static uint8_t block_region[REPLAY_IDS];
static struct quire_vregion *region[REPLAY_REGIONS];
static _Alignas(uintptr_t) unsigned char region_storage[REPLAY_REGIONS][REGION_STORAGE];

static unsigned char mark(uint32_t id, uint32_t cycle)
{
	return (unsigned char)(id * 7 + cycle + 1);
}

/* What may be used, as a trace tells it: of the heap all of the units, of a region what was asked for. */
static size_t usable(const struct replay_step *step, const struct quire_request *request, void *ptr)
{
	return step->region ? request->granted : quire_vmh_usable_size(&heap, ptr);
}

static unsigned char *serve(const struct replay_step *step, struct quire_request *request)
{
	enum quire_area area = step->lifetime ? QUIRE_LIFETIME : QUIRE_INTERIM;

	return step->region ? quire_vregion_request(region[step->region], area, request)
			    : quire_vmh_request(&heap, request);
}

static bool allocate(const struct replay_step *step, uint32_t cycle)
{
	struct quire_request request = {
		.size = step->size, .min = step->min, .step = step->step, .align = step->align
	};
	unsigned char *ptr = serve(step, &request);

	if (!ptr || (uintptr_t)ptr % step->align || usable(step, &request, ptr) != step->granted)
		return false;
	ptr[0] = mark(step->id, cycle);
	ptr[step->granted - 1] = mark(step->id, cycle);
	block[step->id] = ptr;
	block_bytes[step->id] = step->granted;
	block_region[step->id] = step->region;
	return true;
}

static bool release(const struct replay_step *step, uint32_t cycle)
{
	unsigned char *ptr = block[step->id];

	return ptr[0] == mark(step->id, cycle) &&
	       ptr[block_bytes[step->id] - 1] == mark(step->id, cycle) &&
	       !(block_region[step->id] ? quire_vregion_free(region[block_region[step->id]], ptr)
					: quire_vmh_free(&heap, ptr));
}

static bool create(const struct replay_step *step)
{
	struct quire_vregion_config config = {
		.lifetime = step->size,
		.flags = QUIRE_VREGION_LAZY,
		.unit = UNIT,
		.storage = region_storage[step->region],
		.storage_bytes = REGION_STORAGE,
	};

	region[step->region] = quire_vregion_create(&ground.vs, &config, NULL);
	return region[step->region];
}

static bool play(const struct replay_step *step, uint32_t cycle)
{
	switch (step->what) {
	case REPLAY_ALLOC:
		return allocate(step, cycle);
	case REPLAY_FREE:
		return release(step, cycle);
	case REPLAY_CREATE:
		return create(step);
	case REPLAY_SEAL:
		return !quire_vregion_seal(region[step->region]);
	default:
		return !quire_vregion_put(region[step->region]);
	}
}

static void a_topology_is_played_a_thousand_times(void)
{
	struct quire_vmh_config config = { .window = HEAP, .unit = UNIT };
	struct quire_vspace_stats stats;

	ground_begin(&(struct ground_config){ 0 });
	config.storage = ground_storage(&config.storage_bytes);
	CHECK(!quire_vmh_init(&heap, &ground.vs, &config));
	for (uint32_t cycle = 0; cycle < CYCLES; cycle++) {
		for (size_t i = 0; i < replay_count; i++)
			CHECK(play(&replay_steps[i], cycle));
		CHECK(ground_free_frames() == GROUND_FRAMES);
	}
	quire_vspace_stats(&ground.vs, &stats);
	CHECK(stats.held_peak == replay_peak);
	CHECK_SOUND(quire_vmh_check(&heap));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

int main(void)
{
	static const struct tap_case cases[] = {
		TAP_CASE(a_topology_is_played_a_thousand_times),
	};

	tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
