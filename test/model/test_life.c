/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lives: what a small topology (small.h) asks for and gives back, in which order; that a start
 * which is refused anywhere leaves nothing behind; and who gets a region. The recorder checks every
 * action on the way.
 */
#include "model/life.h"
#include "model/size.h"

#include "recorder.h"
#include "small.h"

#define PAGE 4096u

/* A life under test. */
struct stage {
	struct topology topology;
	struct life_options options;
	struct recorder recorder;
	struct life *life;
};

static void open_stage(struct stage *stage)
{
	stage->topology = small_topology();
	recorder_begin(&stage->recorder);
	stage->life = life_new(&stage->topology, &stage->options, &stage->recorder.performer);
	assert_non_null(stage->life);
}

static struct stage *begin_with(struct life_options options)
{
	static struct stage stage;

	stage.options = options;
	open_stage(&stage);
	return &stage;
}

static struct stage *begin_regions(enum life_regions regions)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;

	options.regions = regions;
	return begin_with(options);
}

static struct stage *begin(void)
{
	return begin_regions(LIFE_REGIONS_NONE);
}

/* Stops what runs; nothing may be left. */
static void end(struct stage *stage)
{
	struct life_counts counts;

	life_stop_all(stage->life);
	life_counts(stage->life, &counts);
	assert_nothing_left(&stage->recorder);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.live_regions, 0);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.allocations, counts.freed);
	life_free(stage->life);
	recorder_end(&stage->recorder);
}

static const struct action *action_at(const struct stage *stage, size_t at)
{
	assert_true(at < stage->recorder.count);
	return &stage->recorder.actions[at];
}

/* How many actions look like this; module TOPOLOGY_NONE: of any. */
static size_t count_like(const struct stage *stage, enum action_kind kind,
			 enum action_purpose purpose, size_t module)
{
	size_t count = 0;

	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);

		count += action->kind == kind && action->purpose == purpose &&
			 (module == TOPOLOGY_NONE || action->module == module);
	}
	return count;
}

/* The n-th action that looks like this, from 0. */
static const struct action *find_like(const struct stage *stage, enum action_kind kind,
				      enum action_purpose purpose, size_t module, size_t n)
{
	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);

		if (action->kind == kind && action->purpose == purpose &&
		    (module == TOPOLOGY_NONE || action->module == module) && n-- == 0)
			return action;
	}
	fail_msg("no such action");
	return NULL;
}

static const struct action *alloc_of(const struct stage *stage, enum action_purpose purpose,
				     size_t module, size_t n)
{
	return find_like(stage, ACTION_ALLOC, purpose, module, n);
}

static size_t count_kind(const struct stage *stage, enum action_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < stage->recorder.count; i++)
		count += action_at(stage, i)->kind == kind;
	return count;
}

/* Order */

struct expected {
	const char *what; /* kind, and purpose of allocations */
	size_t size;
	size_t pipeline;
	size_t module;
};

#define NO_MODULE TOPOLOGY_NONE

static const struct expected beep_starts[] = {
	{ "begin", 0, TOPOLOGY_NONE, NO_MODULE }, { "pipeline-create", 3072, 2, NO_MODULE },
	{ "alloc pipeline", 124, 2, NO_MODULE },  { "alloc pipeline", 20, 2, NO_MODULE },
	{ "alloc module", 316, 2, BEEP_HOST },    { "alloc module", 8, 2, BEEP_HOST },
	{ "alloc module", 144, 2, BEEP_HOST },    { "alloc module", 20, 2, BEEP_HOST },
	{ "alloc module", 84, 2, BEEP_HOST },     { "alloc pins", 32, 2, BEEP_HOST },
	{ "alloc pool", 60, 2, BEEP_HOST },       { "alloc private", 452, 2, BEEP_HOST },
	{ "alloc private", 284, 2, BEEP_HOST },   { "alloc module", 316, 2, BEEP_MIXIN },
	{ "alloc module", 8, 2, BEEP_MIXIN },     { "alloc module", 144, 2, BEEP_MIXIN },
	{ "alloc module", 20, 2, BEEP_MIXIN },    { "alloc module", 84, 2, BEEP_MIXIN },
	{ "alloc pins", 128, 2, BEEP_MIXIN },     { "alloc pool", 60, 2, BEEP_MIXIN },
	{ "alloc private", 156, 2, BEEP_MIXIN },  { "pipeline-create", 3072, 1, NO_MODULE },
	{ "alloc pipeline", 124, 1, NO_MODULE },  { "alloc pipeline", 20, 1, NO_MODULE },
	{ "alloc module", 316, 1, MIXOUT },       { "alloc module", 8, 1, MIXOUT },
	{ "alloc module", 144, 1, MIXOUT },       { "alloc module", 20, 1, MIXOUT },
	{ "alloc module", 84, 1, MIXOUT },        { "alloc pins", 288, 1, MIXOUT },
	{ "alloc pool", 60, 1, MIXOUT },          { "alloc private", 168, 1, MIXOUT },
	{ "alloc module", 316, 1, SPEAKER_GAIN }, { "alloc module", 8, 1, SPEAKER_GAIN },
	{ "alloc module", 144, 1, SPEAKER_GAIN }, { "alloc module", 20, 1, SPEAKER_GAIN },
	{ "alloc module", 84, 1, SPEAKER_GAIN },  { "alloc pins", 64, 1, SPEAKER_GAIN },
	{ "alloc pool", 60, 1, SPEAKER_GAIN },    { "alloc private", 688, 1, SPEAKER_GAIN },
	{ "alloc module", 316, 1, SPEAKER },      { "alloc module", 8, 1, SPEAKER },
	{ "alloc module", 144, 1, SPEAKER },      { "alloc module", 20, 1, SPEAKER },
	{ "alloc module", 84, 1, SPEAKER },       { "alloc pins", 32, 1, SPEAKER },
	{ "alloc pool", 60, 1, SPEAKER },         { "alloc private", 452, 1, SPEAKER },
	{ "alloc private", 268, 1, SPEAKER },     { "alloc buffer-object", 204, 2, BEEP_MIXIN },
	{ "alloc buffer", 768, 2, BEEP_MIXIN },   { "alloc buffer-object", 204, 2, MIXOUT },
	{ "alloc buffer", 768, 2, MIXOUT },       { "alloc buffer-object", 204, 1, SPEAKER_GAIN },
	{ "alloc buffer", 768, 1, SPEAKER_GAIN }, { "alloc buffer-object", 204, 1, SPEAKER },
	{ "alloc buffer", 768, 1, SPEAKER },      { "alloc task", 76, 2, NO_MODULE },
	{ "alloc task", 76, 2, NO_MODULE },       { "alloc task", 76, 1, NO_MODULE },
	{ "alloc task", 76, 1, NO_MODULE },       { "alloc host-dma", 1536, 2, BEEP_HOST },
	{ "alloc dai-dma", 1536, 1, SPEAKER },    { "running", 0, TOPOLOGY_NONE, NO_MODULE },
};

static const struct expected beep_stops[] = {
	/* reset */
	{ "free host-dma", 1536, 2, BEEP_HOST },
	{ "free dai-dma", 1536, 1, SPEAKER },
	/* unbind */
	{ "free buffer", 768, 2, BEEP_MIXIN },
	{ "free buffer-object", 204, 2, BEEP_MIXIN },
	{ "free buffer", 768, 1, SPEAKER_GAIN },
	{ "free buffer-object", 204, 1, SPEAKER_GAIN },
	{ "free buffer", 768, 1, SPEAKER },
	{ "free buffer-object", 204, 1, SPEAKER },
	/* delete the first pipeline */
	{ "free private", 284, 2, BEEP_HOST },
	{ "free private", 452, 2, BEEP_HOST },
	{ "free pool", 60, 2, BEEP_HOST },
	{ "free pins", 32, 2, BEEP_HOST },
	{ "free module", 84, 2, BEEP_HOST },
	{ "free module", 20, 2, BEEP_HOST },
	{ "free module", 144, 2, BEEP_HOST },
	{ "free module", 8, 2, BEEP_HOST },
	{ "free module", 316, 2, BEEP_HOST },
	{ "free private", 156, 2, BEEP_MIXIN },
	{ "free pool", 60, 2, BEEP_MIXIN },
	{ "free pins", 128, 2, BEEP_MIXIN },
	{ "free module", 84, 2, BEEP_MIXIN },
	{ "free module", 20, 2, BEEP_MIXIN },
	{ "free module", 144, 2, BEEP_MIXIN },
	{ "free module", 8, 2, BEEP_MIXIN },
	{ "free module", 316, 2, BEEP_MIXIN },
	{ "free task", 76, 2, NO_MODULE },
	{ "free task", 76, 2, NO_MODULE },
	{ "free pipeline", 20, 2, NO_MODULE },
	{ "free pipeline", 124, 2, NO_MODULE },
	/* the buffer that outlived it */
	{ "free buffer", 768, 2, MIXOUT },
	{ "free buffer-object", 204, 2, MIXOUT },
	{ "pipeline-delete", 0, 2, NO_MODULE },
	/* delete the second */
	{ "free private", 168, 1, MIXOUT },
};

static void describe(const struct action *action, char *text, size_t room)
{
	if (action->kind == ACTION_ALLOC || action->kind == ACTION_FREE)
		snprintf(text, room, "%s %s", action_kind_name(action->kind),
			 action_purpose_name(action->purpose));
	else
		snprintf(text, room, "%s", action_kind_name(action->kind));
}

static void assert_order(const struct stage *stage, size_t from, const struct expected *expected,
			 size_t count)
{
	char text[64];

	for (size_t i = 0; i < count; i++) {
		const struct action *action = action_at(stage, from + i);

		describe(action, text, sizeof(text));
		assert_string_equal(text, expected[i].what);
		assert_int_equal(action->size, expected[i].size);
		assert_int_equal(action->pipeline, expected[i].pipeline);
		assert_int_equal(action->module, expected[i].module);
	}
}

static void a_stream_starts_in_the_order_of_the_firmware(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	assert_int_equal(stage->recorder.count, TEST_COUNT(beep_starts));
	assert_order(stage, 0, beep_starts, TEST_COUNT(beep_starts));
	end(stage);
}

static void it_stops_by_reset_unbind_and_delete_first_in_first_out(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	life_stop(stage->life, BEEP, 0);
	assert_order(stage, TEST_COUNT(beep_starts), beep_stops, TEST_COUNT(beep_stops));
	assert_int_equal(action_at(stage, stage->recorder.count - 1)->kind, ACTION_STOPPED);
	assert_int_equal(action_at(stage, stage->recorder.count - 2)->kind, ACTION_PIPELINE_DELETE);
	end(stage);
}

static void capture_is_built_from_the_link_to_the_host(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(action_at(stage, 1)->kind, ACTION_PIPELINE_CREATE);
	assert_int_equal(action_at(stage, 1)->pipeline, 4);
	end(stage);
}

static void starting_twice_and_stopping_twice_change_nothing(void **state)
{
	struct stage *stage = begin();
	size_t count;

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	count = stage->recorder.count;
	assert_true(life_start(stage->life, BEEP, 0));
	assert_int_equal(stage->recorder.count, count);
	life_stop(stage->life, BEEP, 0);
	count = stage->recorder.count;
	life_stop(stage->life, BEEP, 0);
	assert_false(life_prepare_again(stage->life, BEEP, 0));
	assert_int_equal(stage->recorder.count, count);
	end(stage);
}

/* Sharing */

static void a_shared_pipeline_comes_with_the_first_stream_and_goes_with_the_last(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, MUSIC, 0));
	assert_true(life_start(stage->life, BEEP, 0));
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_DAI_DMA, SPEAKER), 1);
	life_stop(stage->life, MUSIC, 0);
	assert_int_equal(count_like(stage, ACTION_FREE, PURPOSE_DAI_DMA, SPEAKER), 0);
	life_stop(stage->life, BEEP, 0);
	assert_int_equal(count_like(stage, ACTION_FREE, PURPOSE_DAI_DMA, SPEAKER), 1);
	end(stage);
}

static void what_is_shared_belongs_to_no_stream_alone(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, MUSIC, 0));
	assert_int_equal(alloc_of(stage, PURPOSE_DAI_DMA, SPEAKER, 0)->stream, TOPOLOGY_NONE);
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, MUSIC_HOST, 0)->stream, MUSIC);
	end(stage);
}

static void a_buffer_that_outlives_its_pipeline_is_freed_by_the_other_core(void **state)
{
	struct stage *stage = begin();
	const struct action *born;
	const struct action *freed;

	(void)state;
	assert_true(life_start(stage->life, MUSIC, 0));
	assert_true(life_start(stage->life, BEEP, 0));
	life_stop(stage->life, BEEP, 0);
	born = alloc_of(stage, PURPOSE_BUFFER, MIXOUT, 1);
	freed = find_like(stage, ACTION_FREE, PURPOSE_BUFFER, MIXOUT, 0);
	assert_int_equal(born->id, freed->id);
	assert_int_equal(born->core, 0);
	assert_int_equal(freed->core, 1);
	/* the object of its pipeline, which was created after it, is gone by then */
	assert_true(find_like(stage, ACTION_FREE, PURPOSE_PIPELINE, NO_MODULE, 1) < freed);
	end(stage);
}

static void copies_have_their_own_host_and_share_the_mixer(void **state)
{
	struct stage *stage = begin();

	(void)state;
	for (uint32_t copy = 0; copy < 3; copy++)
		assert_true(life_start(stage->life, MUSIC, copy));
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_HOST_DMA, MUSIC_HOST), 3);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_DAI_DMA, SPEAKER), 1);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_BUFFER, MIXOUT), 3);
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, MUSIC_HOST, 2)->copy, 2);
	life_stop(stage->life, MUSIC, 0);
	assert_true(life_is_running(stage->life, MUSIC, 2));
	assert_int_equal(count_like(stage, ACTION_FREE, PURPOSE_HOST_DMA, MUSIC_HOST), 1);
	end(stage);
}

static void a_detector_that_no_stream_reaches_goes_along_with_what_feeds_it(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(alloc_of(stage, PURPOSE_HISTORY, KEYWORD, 0)->size, 268800);
	assert_int_equal(alloc_of(stage, PURPOSE_HISTORY, KEYWORD, 0)->place, PLACE_VIRTUAL_HEAP);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_BUFFER, KEYWORD), 1);
	end(stage);
}

static void a_stream_without_a_host_runs_without_memory(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, NOWHERE, 0));
	assert_int_equal(stage->recorder.count, 2);
	end(stage);
}

/* Rows of the table */

static void dma_is_aligned_to_128_and_may_be_granted_less(void **state)
{
	struct stage *stage = begin();
	const struct action *dma;

	(void)state;
	assert_true(life_start(stage->life, MUSIC, 0));
	dma = alloc_of(stage, PURPOSE_HOST_DMA, MUSIC_HOST, 0);
	assert_int_equal(dma->size, 38400);
	assert_int_equal(dma->min, 1536);
	assert_int_equal(dma->step, 1536);
	assert_int_equal(dma->align, 128);
	assert_int_equal(dma->place, PLACE_VIRTUAL_HEAP);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, MUSIC_GAIN, 0)->align, 64);
	end(stage);
}

static void dma_of_today_lies_on_the_system_heap(void **state)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct stage *stage;

	(void)state;
	options.dma_on_system_heap = true;
	stage = begin_with(options);
	assert_true(life_start(stage->life, MUSIC, 0));
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, MUSIC_HOST, 0)->place,
			 PLACE_SYSTEM_HEAP);
	assert_int_equal(alloc_of(stage, PURPOSE_DAI_DMA, SPEAKER, 0)->place, PLACE_SYSTEM_HEAP);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, MUSIC_GAIN, 0)->place, PLACE_VIRTUAL_HEAP);
	end(stage);
}

static void captured_dma_has_the_width_of_its_side(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, VOICE_HOST, 0)->size, 4 * 192);
	assert_int_equal(alloc_of(stage, PURPOSE_DAI_DMA, MICROPHONE, 0)->size, 4 * 384);
	end(stage);
}

static void a_dma_chain_has_one_buffer_and_no_modules(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, HDMI, 0));
	assert_int_equal(count_kind(stage, ACTION_ALLOC), 1);
	assert_int_equal(alloc_of(stage, PURPOSE_CHAIN_DMA, NO_MODULE, 0)->size, 1920);
	assert_int_equal(alloc_of(stage, PURPOSE_CHAIN_DMA, NO_MODULE, 0)->align, 128);
	assert_int_equal(count_kind(stage, ACTION_PIPELINE_CREATE), 2);
	end(stage);
}

static void blobs_are_sent_one_by_one_and_a_full_pool_grows(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_BLOB, VOICE_EQ), 2);
	assert_int_equal(alloc_of(stage, PURPOSE_BLOB, VOICE_EQ, 1)->size, 304);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_POOL, VOICE_EQ), 2);
	assert_int_equal(alloc_of(stage, PURPOSE_POOL, VOICE_EQ, 1)->size, 100);
	end(stage);
}

static void ipc3_has_its_buffers_as_modules(void **state)
{
	struct stage *stage = begin();
	struct topology_module gain = small_modules[MUSIC_GAIN];

	(void)state;
	stage->topology.ipc = 3;
	small_modules[MUSIC_GAIN].kind = TOPOLOGY_BUFFER;
	small_modules[MUSIC_GAIN].buffer_bytes = 1500;
	assert_true(life_start(stage->life, MUSIC, 0));
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_BUFFER, NO_MODULE), 1);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, MUSIC_GAIN, 0)->size, 1500);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_MODULE, MUSIC_GAIN), 0);
	small_modules[MUSIC_GAIN] = gain;
	end(stage);
}

/* Refusals */

static void refuse_everywhere(enum life_regions regions, size_t running, size_t starting)
{
	size_t refused = 0;

	for (size_t n = 1;; n++) {
		struct stage *stage = begin_regions(regions);
		size_t live;
		bool started;

		if (running != TOPOLOGY_NONE)
			assert_true(life_start(stage->life, running, 0));
		live = stage->recorder.live;
		stage->recorder.refuse_at = stage->recorder.asked + n;
		started = life_start(stage->life, starting, 0);
		if (!started) {
			refused++;
			assert_int_equal(stage->recorder.live, live);
			assert_int_equal(action_at(stage, stage->recorder.count - 1)->kind,
					 ACTION_REFUSED);
			stage->recorder.refuse_at = 0;
			assert_true(life_start(stage->life, starting, 0));
		}
		end(stage);
		if (started)
			break;
	}
	assert_true(refused > 20 || starting == HDMI);
}

static void a_refusal_at_any_point_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned int regions = 0; regions < LIFE_REGIONS_COUNT; regions++) {
		refuse_everywhere((enum life_regions)regions, TOPOLOGY_NONE, MUSIC);
		refuse_everywhere((enum life_regions)regions, TOPOLOGY_NONE, VOICE);
		refuse_everywhere((enum life_regions)regions, TOPOLOGY_NONE, HDMI);
	}
}

static void a_refusal_leaves_the_streams_that_run_alone(void **state)
{
	(void)state;
	for (unsigned int regions = 0; regions < LIFE_REGIONS_COUNT; regions++)
		refuse_everywhere((enum life_regions)regions, BEEP, MUSIC);
}

static void preparing_again_frees_the_dma_first_and_asks_for_it_again(void **state)
{
	struct stage *stage = begin();
	size_t from;

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	from = stage->recorder.count;
	assert_true(life_prepare_again(stage->life, BEEP, 0));
	assert_int_equal(stage->recorder.count, from + 4);
	assert_int_equal(action_at(stage, from)->kind, ACTION_FREE);
	assert_int_equal(action_at(stage, from + 1)->kind, ACTION_FREE);
	assert_int_equal(action_at(stage, from + 2)->purpose, PURPOSE_HOST_DMA);
	assert_int_equal(action_at(stage, from + 3)->purpose, PURPOSE_DAI_DMA);
	end(stage);
}

static void preparing_again_leaves_shared_pipelines_running(void **state)
{
	struct stage *stage = begin();
	size_t from;

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	assert_true(life_start(stage->life, MUSIC, 0));
	from = stage->recorder.count;
	assert_true(life_prepare_again(stage->life, BEEP, 0));
	assert_int_equal(stage->recorder.count, from + 2);
	assert_int_equal(action_at(stage, from)->module, BEEP_HOST);
	end(stage);
}

static void a_refusal_while_preparing_again_ends_the_stream(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	stage->recorder.refuse_at = stage->recorder.asked + 2;
	assert_false(life_prepare_again(stage->life, BEEP, 0));
	assert_false(life_is_running(stage->life, BEEP, 0));
	assert_nothing_left(&stage->recorder);
	end(stage);
}

/* Regions */

static void a_dp_module_has_seven_pages_and_its_objects_in_them(void **state)
{
	struct stage *stage = begin_regions(LIFE_REGIONS_DP);
	const struct action *region;

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(count_kind(stage, ACTION_REGION_CREATE), 1);
	region = find_like(stage, ACTION_REGION_CREATE, PURPOSE_PIPELINE, VOICE_DRC, 0);
	assert_int_equal(region->size, (size_t)7 * PAGE);
	assert_int_equal(region->align, PAGE);
	/* 320 + 192 + 128 + 64 + 4288, and twice 768 + 128 + 1152: 9088 bytes, three pages */
	assert_int_equal(region->lifetime, (size_t)3 * PAGE);
	for (size_t i = 0; i < 5; i++) {
		const struct action *object = alloc_of(stage, PURPOSE_MODULE, VOICE_DRC, i);
		bool outside = object->size == SIZE_CONTEXT || object->size == SIZE_LIST_ENTRY;

		assert_int_equal(object->place, outside ? PLACE_SYSTEM_HEAP : PLACE_LIFETIME);
	}
	assert_int_equal(alloc_of(stage, PURPOSE_PRIVATE, VOICE_DRC, 0)->place, PLACE_LIFETIME);
	assert_int_equal(alloc_of(stage, PURPOSE_POOL, VOICE_DRC, 0)->place, PLACE_LIFETIME);
	assert_int_equal(alloc_of(stage, PURPOSE_PINS, VOICE_DRC, 0)->place, PLACE_SYSTEM_HEAP);
	assert_int_equal(alloc_of(stage, PURPOSE_STACK, VOICE_DRC, 0)->place, PLACE_SYSTEM_HEAP);
	end(stage);
}

static void either_end_dp_puts_buffer_and_ring_into_its_region(void **state)
{
	struct stage *stage = begin_regions(LIFE_REGIONS_DP);

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	/* eq-iir to drc: the buffer, then the ring; drc to host: the same */
	for (size_t i = 0; i < 4; i++) {
		const struct action *buffer = alloc_of(stage, PURPOSE_BUFFER, VOICE_DRC, i);

		assert_int_equal(buffer->size, i % 2 == 0 ? 768 : 1152);
		assert_int_equal(buffer->place, PLACE_LIFETIME);
	}
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER_OBJECT, VOICE_DRC, 0)->size, 88);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER_OBJECT, VOICE_DRC, 1)->size, 88);
	assert_int_equal(count_like(stage, ACTION_ALLOC, PURPOSE_BUFFER, VOICE_HOST), 0);
	end(stage);
}

static void without_regions_dp_modules_are_on_the_heaps(void **state)
{
	struct stage *stage = begin();

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	assert_int_equal(count_kind(stage, ACTION_REGION_CREATE), 0);
	assert_int_equal(alloc_of(stage, PURPOSE_PRIVATE, VOICE_DRC, 0)->place, PLACE_SYSTEM_HEAP);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, VOICE_DRC, 1)->place, PLACE_VIRTUAL_HEAP);
	end(stage);
}

static void a_region_waits_for_the_last_buffer_in_it(void **state)
{
	struct stage *stage = begin_regions(LIFE_REGIONS_DP);
	const struct action *put;
	const struct action *buffer;
	const struct action *module;

	(void)state;
	assert_true(life_start(stage->life, VOICE, 0));
	life_stop(stage->life, VOICE, 0);
	put = find_like(stage, ACTION_REGION_PUT, PURPOSE_PIPELINE, VOICE_DRC, 0);
	module = find_like(stage, ACTION_FREE, PURPOSE_MODULE, VOICE_DRC, 4);
	/* the two that lead to the host's pipeline come last */
	buffer = find_like(stage, ACTION_FREE, PURPOSE_BUFFER, VOICE_DRC, 3);
	assert_true(module < buffer && buffer < put);
	end(stage);
}

/* Bytes that were put into each area of a region must fit by their sum. */
static void assert_region_holds(const struct stage *stage, const struct action *region)
{
	size_t lifetime = 0;
	size_t interim = 0;

	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);
		size_t bytes = size_round_up(action->size, action->align);

		if (action->kind != ACTION_ALLOC || action->region != region->region)
			continue;
		if (action->place == PLACE_LIFETIME)
			lifetime += bytes;
		else
			interim += bytes;
	}
	assert_true(lifetime + interim > 0);
	assert_true(lifetime <= region->lifetime);
	assert_true(interim + interim / 8 <= region->size - region->lifetime);
	assert_int_equal(region->size % PAGE, 0);
	assert_true(region->size < lifetime + interim + interim / 8 + (size_t)2 * PAGE);
}

static void regions_are_as_large_as_what_goes_into_them(void **state)
{
	(void)state;
	for (unsigned int regions = LIFE_REGIONS_MODULE; regions <= LIFE_REGIONS_PIPELINE;
	     regions++) {
		struct stage *stage = begin_regions((enum life_regions)regions);
		size_t created = 0;

		for (size_t i = 0; i < SMALL_STREAMS; i++)
			assert_true(life_start(stage->life, i, 0));
		for (size_t i = 0; i < stage->recorder.count; i++) {
			if (action_at(stage, i)->kind != ACTION_REGION_CREATE)
				continue;
			assert_region_holds(stage, action_at(stage, i));
			created++;
		}
		assert_int_equal(created, regions == LIFE_REGIONS_MODULE ? 13 : 6);
		end(stage);
	}
}

static void in_a_pipelines_region_lies_all_of_it_but_buffers_to_others(void **state)
{
	struct stage *stage = begin_regions(LIFE_REGIONS_PIPELINE);

	(void)state;
	assert_true(life_start(stage->life, BEEP, 0));
	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);
		bool crosses =
			action->module == MIXOUT && (action->purpose == PURPOSE_BUFFER ||
						     action->purpose == PURPOSE_BUFFER_OBJECT);

		if (action->kind == ACTION_ALLOC)
			assert_int_equal(action->region == 0, crosses);
	}
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, BEEP_HOST, 0)->place, PLACE_INTERIM);
	assert_int_equal(alloc_of(stage, PURPOSE_TASK, NO_MODULE, 0)->place, PLACE_LIFETIME);
	end(stage);
}

/* Figures */

static void a_pipeline_announces_what_it_will_ask_of_the_virtual_heap(void **state)
{
	struct stage *stage = begin();
	size_t size[SMALL_PIPELINES] = { 0 };
	size_t min[SMALL_PIPELINES] = { 0 };

	(void)state;
	for (size_t i = 0; i < SMALL_STREAMS; i++)
		assert_true(life_start(stage->life, i, 0));
	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);

		if (action->kind != ACTION_ALLOC || action->place != PLACE_VIRTUAL_HEAP)
			continue;
		size[action->pipeline] += size_round_up(action->size, action->align);
		min[action->pipeline] += size_round_up(action->min, action->align);
	}
	for (size_t i = 0; i < stage->recorder.count; i++) {
		const struct action *action = action_at(stage, i);

		if (action->kind != ACTION_PIPELINE_CREATE)
			continue;
		assert_int_equal(action->size, size[action->pipeline]);
		assert_int_equal(action->min, min[action->pipeline]);
	}
	end(stage);
}

static void demand_of_one_stream_is_what_a_hand_adds_up(void **state)
{
	struct topology topology = small_topology();
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct life_demand demand;
	const struct life_amount *beep;

	(void)state;
	assert_int_equal(life_demand(&topology, &options, &demand), 0);
	beep = &demand.streams[BEEP];
	assert_int_equal(beep->allocations, 60);
	assert_int_equal(beep->buffers, 6);
	assert_int_equal(beep->objects, 54);
	assert_int_equal(beep->buffer_bytes, 4 * 768 + 2 * 1536);
	assert_int_equal(beep->buffer_min_bytes, 4 * 768 + 2 * 1536);
	/* 2 pipelines of 144 + 152; 5 modules of 572 + 60; pins; private; 4 buffer objects */
	assert_int_equal(beep->object_bytes,
			 2 * 296 + 5 * 632 + 544 + (736 + 156 + 168 + 688 + 720) + 4 * 204);
	assert_int_equal(beep->places[PLACE_VIRTUAL_HEAP].min_bytes, 6144);
	assert_int_equal(beep->places[PLACE_VIRTUAL_HEAP].largest, 1536);
	assert_int_equal(demand.streams[MUSIC].buffer_bytes -
				 demand.streams[MUSIC].buffer_min_bytes,
			 38400 - 1536);
	assert_int_equal(demand.streams[NOWHERE].allocations, 0);
	life_demand_free(&demand);
}

static void demand_together_counts_what_is_shared_once(void **state)
{
	struct topology topology = small_topology();
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct life_demand demand;
	size_t allocations = 0;
	size_t bytes = 0;

	(void)state;
	assert_int_equal(life_demand(&topology, &options, &demand), 0);
	for (size_t i = 0; i < SMALL_PIPELINES; i++) {
		allocations += demand.pipelines[i].allocations;
		bytes += demand.pipelines[i].buffer_bytes + demand.pipelines[i].object_bytes;
	}
	assert_int_equal(demand.total.allocations, allocations);
	assert_int_equal(demand.total.buffer_bytes + demand.total.object_bytes, bytes);
	/* 1 ring and 1 buffer of 768, DMA of 768, 1536 and 38400, history, chain */
	assert_int_equal(demand.buffer_sizes, 6);
	life_demand_free(&demand);
}

static void demand_is_what_is_live_when_all_run(void **state)
{
	(void)state;
	for (unsigned int regions = 0; regions < LIFE_REGIONS_COUNT; regions++) {
		struct stage *stage = begin_regions((enum life_regions)regions);
		struct life_demand demand;

		assert_int_equal(life_demand(&stage->topology, &stage->options, &demand), 0);
		for (size_t i = 0; i < SMALL_STREAMS; i++)
			assert_true(life_start(stage->life, i, 0));
		assert_int_equal(stage->recorder.live, demand.total.allocations);
		assert_int_equal(stage->recorder.live_regions, demand.total.regions);
		life_demand_free(&demand);
		end(stage);
	}
}

/* Formats */

static void a_stream_takes_48_khz_stereo_32_bit_unless_told_otherwise(void **state)
{
	struct stage *stage = begin();
	struct life_taken taken;

	(void)state;
	life_format_taken(stage->life, MUSIC, &taken);
	assert_int_equal(taken.format.rate, 48000);
	assert_int_equal(taken.format.channels, 2);
	assert_int_equal(taken.format.bits, 32);
	assert_int_equal(taken.match, TOPOLOGY_MATCH_EXACT);
	assert_true(taken.as_asked);
	end(stage);
}

static void a_stream_that_cannot_takes_the_first_and_says_so(void **state)
{
	struct stage *stage = begin();
	struct life_taken taken;

	(void)state;
	life_format_taken(stage->life, VOICE, &taken);
	assert_int_equal(taken.format.bits, 16);
	assert_int_equal(taken.container_bits, 16);
	assert_int_equal(taken.match, TOPOLOGY_MATCH_FIRST);
	assert_false(taken.as_asked);
	end(stage);
}

static void a_choice_is_for_its_pcm_by_name_or_number(void **state)
{
	const struct life_choice choices[] = {
		{ "voice", { .bits = 16 } },
		{ "1", { .rate = 96000 } },
	};
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct life_taken taken;
	struct stage *stage;

	(void)state;
	options.choices = choices;
	options.choice_count = 2;
	stage = begin_with(options);
	life_format_taken(stage->life, VOICE, &taken);
	assert_true(taken.as_asked);
	assert_int_equal(taken.format.bits, 16);
	life_format_taken(stage->life, BEEP, &taken);
	assert_false(taken.as_asked);
	assert_int_equal(taken.format.rate, 48000);
	life_format_taken(stage->life, MUSIC, &taken);
	assert_true(taken.as_asked);
	end(stage);
}

static void only_what_was_said_must_fit(void **state)
{
	static const struct topology_format mono[] = {
		{ .rate = 8000, .depth = 16, .valid_bits = 16, .channels = 1 },
		{ .rate = 16000, .depth = 16, .valid_bits = 16, .channels = 1 },
	};
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct life_taken taken;
	struct stage *stage;

	(void)state;
	options.format.rate = 16000;
	stage = begin_with(options);
	small_modules[VOICE_HOST].outputs = mono;
	small_modules[VOICE_HOST].output_count = 2;
	life_format_taken(stage->life, VOICE, &taken);
	assert_int_equal(taken.format.rate, 16000);
	assert_int_equal(taken.format.channels, 1);
	assert_true(taken.as_asked);
	small_modules[VOICE_HOST].output_count = 1;
	end(stage);
}

static void a_rate_converter_hands_on_what_the_mixer_wants(void **state)
{
	static const struct topology_format slow = {
		.rate = 16000, .depth = 32, .valid_bits = 32, .channels = 2
	};
	struct topology_format both[] = { slow, small_wide };
	struct life_options options = LIFE_OPTIONS_DEFAULT;
	struct topology_module host = small_modules[MUSIC_HOST];
	struct topology_module gain = small_modules[MUSIC_GAIN];
	struct topology_module mixin = small_modules[MUSIC_MIXIN];
	struct stage *stage;

	(void)state;
	options.format.rate = 16000;
	stage = begin_with(options);
	small_modules[MUSIC_HOST].inputs = small_modules[MUSIC_HOST].outputs = &slow;
	small_modules[MUSIC_GAIN].kind = TOPOLOGY_SRC;
	small_modules[MUSIC_GAIN].inputs = small_modules[MUSIC_GAIN].outputs = both;
	small_modules[MUSIC_GAIN].input_count = small_modules[MUSIC_GAIN].output_count = 2;
	small_modules[MUSIC_MIXIN].inputs = both; /* it would take the slow one as well */
	small_modules[MUSIC_MIXIN].input_count = 2;
	assert_true(life_start(stage->life, MUSIC, 0));
	/* 16 frames of 8 bytes before it, 48 behind */
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, MUSIC_GAIN, 0)->size, 256);
	assert_int_equal(alloc_of(stage, PURPOSE_BUFFER, MUSIC_MIXIN, 0)->size, 768);
	assert_int_equal(alloc_of(stage, PURPOSE_HOST_DMA, MUSIC_HOST, 0)->min, 512);
	small_modules[MUSIC_HOST] = host;
	small_modules[MUSIC_GAIN] = gain;
	small_modules[MUSIC_MIXIN] = mixin;
	end(stage);
}

static void names_of_policies_are_read_back(void **state)
{
	enum life_regions regions = LIFE_REGIONS_COUNT;

	(void)state;
	for (unsigned int i = 0; i < LIFE_REGIONS_COUNT; i++) {
		assert_true(life_regions_parse(life_regions_name((enum life_regions)i), &regions));
		assert_int_equal(regions, i);
	}
	assert_false(life_regions_parse("all", &regions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_starts_in_the_order_of_the_firmware),
		cmocka_unit_test(it_stops_by_reset_unbind_and_delete_first_in_first_out),
		cmocka_unit_test(capture_is_built_from_the_link_to_the_host),
		cmocka_unit_test(starting_twice_and_stopping_twice_change_nothing),
		cmocka_unit_test(
			a_shared_pipeline_comes_with_the_first_stream_and_goes_with_the_last),
		cmocka_unit_test(what_is_shared_belongs_to_no_stream_alone),
		cmocka_unit_test(a_buffer_that_outlives_its_pipeline_is_freed_by_the_other_core),
		cmocka_unit_test(copies_have_their_own_host_and_share_the_mixer),
		cmocka_unit_test(a_detector_that_no_stream_reaches_goes_along_with_what_feeds_it),
		cmocka_unit_test(a_stream_without_a_host_runs_without_memory),
		cmocka_unit_test(dma_is_aligned_to_128_and_may_be_granted_less),
		cmocka_unit_test(dma_of_today_lies_on_the_system_heap),
		cmocka_unit_test(captured_dma_has_the_width_of_its_side),
		cmocka_unit_test(a_dma_chain_has_one_buffer_and_no_modules),
		cmocka_unit_test(blobs_are_sent_one_by_one_and_a_full_pool_grows),
		cmocka_unit_test(ipc3_has_its_buffers_as_modules),
		cmocka_unit_test(a_refusal_at_any_point_leaves_nothing_behind),
		cmocka_unit_test(a_refusal_leaves_the_streams_that_run_alone),
		cmocka_unit_test(preparing_again_frees_the_dma_first_and_asks_for_it_again),
		cmocka_unit_test(preparing_again_leaves_shared_pipelines_running),
		cmocka_unit_test(a_refusal_while_preparing_again_ends_the_stream),
		cmocka_unit_test(a_dp_module_has_seven_pages_and_its_objects_in_them),
		cmocka_unit_test(either_end_dp_puts_buffer_and_ring_into_its_region),
		cmocka_unit_test(without_regions_dp_modules_are_on_the_heaps),
		cmocka_unit_test(a_region_waits_for_the_last_buffer_in_it),
		cmocka_unit_test(regions_are_as_large_as_what_goes_into_them),
		cmocka_unit_test(in_a_pipelines_region_lies_all_of_it_but_buffers_to_others),
		cmocka_unit_test(a_pipeline_announces_what_it_will_ask_of_the_virtual_heap),
		cmocka_unit_test(demand_of_one_stream_is_what_a_hand_adds_up),
		cmocka_unit_test(demand_together_counts_what_is_shared_once),
		cmocka_unit_test(demand_is_what_is_live_when_all_run),
		cmocka_unit_test(a_stream_takes_48_khz_stereo_32_bit_unless_told_otherwise),
		cmocka_unit_test(a_stream_that_cannot_takes_the_first_and_says_so),
		cmocka_unit_test(a_choice_is_for_its_pcm_by_name_or_number),
		cmocka_unit_test(only_what_was_said_must_fit),
		cmocka_unit_test(a_rate_converter_hands_on_what_the_mixer_wants),
		cmocka_unit_test(names_of_policies_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
