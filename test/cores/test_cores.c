/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cores that do not see each other's writes: memory is allocated by one, used by a second, freed by
 * a third and handed out again, in random order, while lines are evicted and fetched at any moment.
 * No byte that somebody owns is ever lost, and nobody is shown what another payer left.
 *
 * Every program here keeps the rules of mmu.h and no more. `cache_operations.sh` takes the
 * library's own cache operations away, one at a time, and sees these tests fail.
 */
#include <string.h>

#include "quire/adsp.h"
#include "quire/quire.h"

#include "support/random.h"
#include "support/test.h"

#define PAGE    ((size_t)4096)
#define PAGES   320u
#define FRAMES  128u
#define CORES   3u
#define THINGS  64u
#define REGIONS 3u
#define NOBODY  CORES /* touches memory by its uncached alias only */

static struct quire_adsp adsp;
static struct quire_vspace vs;
static struct quire_vmh table, of_user[2];
static struct quire_budget payer[2];
static struct test_random random_numbers;

enum source {
	TABLE,
	USER_ONE,
	USER_TWO,
	PLAIN_PAGES,
	USER_PAGES,
	LIFETIME,
	INTERIM,
	COHERENT,
	SOURCES
};

struct thing {
	unsigned char *ptr;
	size_t bytes;
	enum source source;
	uint32_t core; /* that may have it in its cache */
	uint32_t serial;
	uint32_t region;
};

static struct thing things[THINGS];
static uint32_t serials;

struct region {
	struct quire_vregion *vr;
	void *storage;
};

static struct region regions[REGIONS];

/* ---- chance ---------------------------------------------------------------------------------- */

static uint32_t below(uint32_t bound)
{
	return test_random_below(&random_numbers, bound);
}

static void run_on(uint32_t core)
{
	quire_adsp_disturb(&adsp, below(6));
	quire_adsp_run_on(&adsp, core);
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static void *records(size_t bytes)
{
	void *memory = quire_adsp_uncached_memory(&adsp, bytes);

	assert_non_null(memory);
	return memory;
}

static void open_space(enum quire_adsp_behaviour behaviour, size_t retain)
{
	struct quire_adsp_config config = { .pages = PAGES + 1, /* one is for moving others */
					    .frames = FRAMES,
					    .frames_per_bank = 8,
					    .cores = CORES,
					    .behaviour = behaviour,
					    .user = true,
					    .movable = true };
	struct quire_vspace_config space = {
		.mmu = &adsp.mmu,
		.pages = PAGES,
		.budgets = 4,
		.retain = retain,
		.storage_bytes = QUIRE_VSPACE_STORAGE(PAGES, 4),
	};

	assert_ok(quire_adsp_init(&adsp, &config));
	space.base = adsp.window;
	space.storage = records(space.storage_bytes);
	assert_ok(quire_vspace_init(&vs, &space));
	memset(payer, 0, sizeof(payer));
	for (size_t i = 0; i < 2; i++)
		assert_ok(quire_vspace_admit(&vs, &payer[i], 0, QUIRE_NO_LIMIT));
	memset(things, 0, sizeof(things));
	memset(regions, 0, sizeof(regions));
	serials = 0;
}

static void open_heaps(void)
{
	static const struct quire_bundle bundles[] = { { 100, 40 }, { 1024, 12 }, { 6000, 6 } };
	struct quire_vmh_config by_table = {
		.bundles = bundles,
		.bundle_count = TEST_COUNT(bundles),
		.flags = QUIRE_VMH_SPANNING,
		.storage_bytes = QUIRE_VMH_STORAGE(3, 58),
	};

	by_table.storage = records(by_table.storage_bytes);
	assert_ok(quire_vmh_init(&table, &vs, &by_table));
	for (size_t i = 0; i < 2; i++) {
		struct quire_vmh_config elastic = {
			.window = 20 * PAGE,
			.prot = QUIRE_RW | QUIRE_USER,
			.budget = &payer[i],
			.storage_bytes = QUIRE_VMH_ELASTIC_STORAGE(20 * PAGE, 64),
		};

		elastic.storage = records(elastic.storage_bytes);
		assert_ok(quire_vmh_init(&of_user[i], &vs, &elastic));
	}
	for (size_t i = 0; i < REGIONS; i++)
		regions[i].storage = records(QUIRE_VREGION_STORAGE(5 * PAGE, 64));
}

static void look(void)
{
	assert_sound(quire_adsp_check(&adsp));
	assert_sound(quire_vspace_check(&vs));
}

static void close_space(void)
{
	look();
	assert_ok(quire_vspace_fini(&vs));
	quire_adsp_fini(&adsp);
}

static void close_heaps(void)
{
	assert_ok(quire_vmh_fini(&table));
	assert_ok(quire_vmh_fini(&of_user[0]));
	assert_ok(quire_vmh_fini(&of_user[1]));
}

/* ---- contents -------------------------------------------------------------------------------- */

static bool is_user(const struct thing *thing)
{
	return thing->source == USER_ONE || thing->source == USER_TWO ||
	       thing->source == USER_PAGES;
}

/* Two bits of each byte tell who pays, so that a payer knows what was never his. */
static unsigned char payer_bits(const struct thing *thing)
{
	if (!is_user(thing))
		return 0xc0;
	return thing->source == USER_TWO ? 0x80 : 0x40;
}

static unsigned char expected(const struct thing *thing, size_t at)
{
	return (unsigned char)(payer_bits(thing) |
			       ((at * 7 + thing->serial * 13u + at / 61) & 0x3f));
}

static void write_thing(struct thing *thing)
{
	thing->serial = ++serials;
	for (size_t i = 0; i < thing->bytes; i++)
		thing->ptr[i] = expected(thing, i);
}

static void has_contents(const struct thing *thing, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (thing->ptr[i] != expected(thing, i))
			fail_msg("byte %zu of %zu from source %d is lost", i, bytes,
				 (int)thing->source);
}

/* What user mode sees of memory that it just got is nothing, or its own. */
static void shows_nothing(const struct thing *thing)
{
	for (size_t i = 0; i < thing->bytes && is_user(thing); i++)
		if (thing->ptr[i] && (thing->ptr[i] & 0xc0) != payer_bits(thing))
			fail_msg("byte %zu from source %d is somebody else's", i,
				 (int)thing->source);
}

static void verify(const struct thing *thing)
{
	if (!thing->ptr)
		return;
	if (thing->core != NOBODY)
		run_on(thing->core);
	has_contents(thing, thing->bytes);
}

/* ---- the rules: who touched it relinquishes it, who is to touch it does too ----------------- */

static void relinquish(const struct thing *thing)
{
	if (thing->core != NOBODY)
		quire_relinquish(&adsp.mmu, thing->ptr, thing->bytes);
}

static void take_from_core(const struct thing *thing)
{
	if (thing->core == NOBODY)
		return;
	run_on(thing->core);
	relinquish(thing);
}

/* ---- taking and giving ----------------------------------------------------------------------- */

static size_t any_size(size_t most)
{
	return 1 + below((uint32_t)(below(3) ? most / 8 : most));
}

static void *request_pages(struct thing *thing)
{
	struct quire_request request = { .size = (1 + below(3)) * PAGE };

	if (thing->source == USER_PAGES)
		request.budget = &payer[0];
	thing->ptr = quire_vpage_request(&vs, &request,
					 QUIRE_RW | (thing->source == USER_PAGES ? QUIRE_USER : 0));
	thing->bytes = request.granted;
	return thing->ptr;
}

static struct quire_vmh *heap_of(const struct thing *thing)
{
	switch (thing->source) {
	case TABLE:
		return &table;
	case USER_ONE:
		return &of_user[0];
	case USER_TWO:
		return &of_user[1];
	default:
		return NULL;
	}
}

static void *request_of_heap(struct thing *thing)
{
	struct quire_vmh *heap = heap_of(thing);

	if (below(2)) { /* the general way, and the plain one */
		struct quire_request request = { .size = any_size(9000), .align = 64 };

		thing->ptr = quire_vmh_request(heap, &request);
	} else {
		thing->ptr = quire_vmh_alloc(heap, any_size(4000));
	}
	thing->bytes = thing->ptr ? quire_vmh_usable_size(heap, thing->ptr) : 0;
	return thing->ptr;
}

static void *request_of_region(struct thing *thing)
{
	struct quire_vregion *vr = regions[thing->region].vr;
	struct quire_request request = { .size = any_size(5000) };
	enum quire_area area = thing->source == LIFETIME ? QUIRE_LIFETIME : QUIRE_INTERIM;

	if (!vr)
		return NULL;
	if (thing->source == COHERENT) {
		thing->core = NOBODY;
		thing->ptr = quire_vregion_alloc_coherent(vr, area, request.size, 0);
		request.granted = request.size;
	} else {
		thing->ptr = quire_vregion_request(vr, area, &request);
	}
	thing->bytes = request.granted;
	return thing->ptr;
}

static void take(struct thing *thing)
{
	uint32_t core = below(CORES);
	void *got;

	run_on(core);
	*thing = (struct thing){ .source = (enum source)below(SOURCES),
				 .core = core,
				 .region = below(REGIONS) };
	if (heap_of(thing))
		got = request_of_heap(thing);
	else if (thing->source == PLAIN_PAGES || thing->source == USER_PAGES)
		got = request_pages(thing);
	else
		got = request_of_region(thing);
	if (!got)
		return;
	shows_nothing(thing);
	write_thing(thing);
}

static void give(struct thing *thing)
{
	uint32_t core = below(CORES);

	verify(thing);
	if (core != thing->core ||
	    thing->source == LIFETIME) /* which comes back later, by whoever that is */
		take_from_core(thing);
	run_on(core);
	if (heap_of(thing))
		assert_ok(quire_vmh_free(heap_of(thing), thing->ptr));
	else if (thing->source == PLAIN_PAGES || thing->source == USER_PAGES)
		assert_ok(quire_vpage_free(&vs, thing->ptr));
	else
		assert_ok(quire_vregion_free(regions[thing->region].vr, thing->ptr));
	thing->ptr = NULL;
}

/* ---- moving it ------------------------------------------------------------------------------- */

static void relinquish_everything(void)
{
	for (size_t i = 0; i < THINGS; i++)
		if (things[i].ptr)
			take_from_core(&things[i]);
}

/* Whoever touched pages of anybody has relinquished them before they move. */
static int32_t quiesce(struct quire_mover *mover, struct quire_budget *budget)
{
	uint32_t core = adsp.runs_on;

	(void)mover;
	(void)budget;
	relinquish_everything();
	run_on(core);
	return QUIRE_OK;
}

static void resume(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover;
	(void)budget;
}

static void allow_moves(struct quire_mover *mover)
{
	assert_ok(quire_vspace_set_mover(&vs, NULL, mover));
	for (size_t i = 0; i < 2; i++)
		assert_ok(quire_vspace_set_mover(&vs, &payer[i], mover));
}

static size_t evacuate(void)
{
	size_t moved;
	int32_t status;

	run_on(below(CORES));
	status = quire_vspace_evacuate(&vs, 32, &moved);
	assert_true(status == QUIRE_OK || status == QUIRE_EBUSY || status == QUIRE_ENOPHYS);
	return moved;
}

/* ---- using it -------------------------------------------------------------------------------- */

static void hand_over(struct thing *thing)
{
	uint32_t core = below(CORES);

	take_from_core(thing);
	run_on(core);
	if (thing->core != NOBODY)
		thing->core = core;
	relinquish(thing);
	has_contents(thing, thing->bytes);
	write_thing(thing);
}

static void let_a_dma_engine_use_it(struct thing *thing)
{
	static unsigned char bytes[8 * PAGE];

	assert_true(thing->bytes <= sizeof(bytes));
	take_from_core(thing);
	assert_true(quire_adsp_dma_read(&adsp, thing->ptr, bytes, thing->bytes));
	for (size_t i = 0; i < thing->bytes; i++)
		assert_int_equal(bytes[i], expected(thing, i));
	thing->serial = ++serials;
	for (size_t i = 0; i < thing->bytes; i++)
		bytes[i] = expected(thing, i);
	assert_true(quire_adsp_dma_write(&adsp, thing->ptr, bytes, thing->bytes));
	quire_adsp_disturb(&adsp, 3);
	relinquish(thing);
	has_contents(thing, thing->bytes);
}

static size_t resized(struct thing *thing)
{
	size_t granted = 0, size = any_size(9000);

	if (heap_of(thing))
		quire_vmh_resize_range(heap_of(thing), thing->ptr, 1, size, &granted);
	else if (thing->source == INTERIM)
		quire_vregion_resize(regions[thing->region].vr, thing->ptr, 1, size, &granted);
	else if (thing->source == PLAIN_PAGES || thing->source == USER_PAGES)
		granted = quire_vpage_resize(&vs, thing->ptr, 1 + size / PAGE)
				  ? 0
				  : PAGE * quire_vpage_size(&vs, thing->ptr);
	return granted;
}

static void resize(struct thing *thing)
{
	size_t before = thing->bytes, granted;

	if (thing->core == NOBODY)
		return;
	run_on(thing->core);
	granted = resized(thing);
	if (!granted)
		return;
	has_contents(thing, before < granted ? before : granted);
	thing->bytes = granted;
	if (granted > before) {
		struct thing more = *thing;

		more.ptr += before;
		more.bytes -= before;
		shows_nothing(&more);
	}
	write_thing(thing);
}

/* ---- regions --------------------------------------------------------------------------------- */

static bool is_of_region(const struct thing *thing, uint32_t region)
{
	return thing->ptr && thing->source >= LIFETIME && thing->region == region;
}

static void create(uint32_t region)
{
	struct quire_vregion_config config = {
		.lifetime = 2 * PAGE,
		.interim = 5 * PAGE,
		.storage = regions[region].storage,
		.storage_bytes = QUIRE_VREGION_STORAGE(5 * PAGE, 64),
	};

	run_on(below(CORES));
	regions[region].vr = quire_vregion_create(&vs, &config, NULL);
}

/* Everything of a region is forgotten; only the core that will give it back keeps what it has. */
static void forget_things(uint32_t region, uint32_t core, bool interim_only)
{
	for (size_t i = 0; i < THINGS; i++) {
		struct thing *thing = &things[i];

		if (!is_of_region(thing, region) || (interim_only && thing->source == LIFETIME))
			continue;
		verify(thing);
		if (thing->core != core)
			take_from_core(thing);
		thing->ptr = NULL;
	}
}

static void reset_interim(uint32_t region)
{
	uint32_t core = below(CORES);

	forget_things(region, core, true);
	run_on(core);
	assert_ok(quire_vregion_reset_interim(regions[region].vr));
}

static void destroy(uint32_t region)
{
	uint32_t core = below(CORES);

	forget_things(region, core, false);
	run_on(core);
	assert_ok(quire_vregion_put(regions[region].vr));
	regions[region].vr = NULL;
}

static void play_region(void)
{
	uint32_t region = below(REGIONS);

	if (!regions[region].vr)
		create(region);
	else if (below(2))
		reset_interim(region);
	else
		destroy(region);
}

/* ---- random programs ------------------------------------------------------------------------- */

/* Pages are given back by one core, and had again by another, under the same addresses. */
static void recommit(struct thing *thing)
{
	if (thing->source != PLAIN_PAGES)
		return;
	run_on(thing->core);
	assert_ok(quire_vpage_decommit(&vs, thing->ptr, thing->bytes / PAGE));
	thing->core = below(CORES);
	run_on(thing->core);
	assert_ok(quire_vpage_commit(&vs, thing->ptr, thing->bytes / PAGE, QUIRE_RW, NULL));
	write_thing(thing);
}

static void play_thing(struct thing *thing)
{
	if (!thing->ptr) {
		take(thing);
		return;
	}
	switch (below(6)) {
	case 0:
		hand_over(thing);
		break;
	case 1:
		let_a_dma_engine_use_it(thing);
		break;
	case 2:
		resize(thing);
		break;
	case 3:
		recommit(thing);
		break;
	default:
		give(thing);
		break;
	}
}

static size_t play(uint64_t seed, enum quire_adsp_behaviour behaviour, size_t retain, int steps)
{
	struct quire_mover mover = { quiesce, resume };
	size_t moved = 0;

	random_numbers = test_random_seeded(seed);
	open_space(behaviour, retain);
	open_heaps();
	allow_moves(&mover);
	for (int step = 0; step < steps; step++) {
		if (below(24) == 0)
			play_region();
		else
			play_thing(&things[below(THINGS)]);
		verify(&things[below(THINGS)]);
		if (below(64) == 0)
			assert_ok(quire_vspace_trim(&vs));
		if (below(8) == 0)
			moved += evacuate();
		if (step % 32 == 0)
			look();
	}
	for (size_t i = 0; i < THINGS; i++)
		if (things[i].ptr)
			give(&things[i]);
	for (uint32_t i = 0; i < REGIONS; i++)
		if (regions[i].vr)
			destroy(i);
	close_heaps();
	close_space();
	return moved;
}

static void no_byte_is_lost_whoever_allocates_uses_and_frees(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		assert_true(play(seed, QUIRE_ADSP_STRICT, 0, 1200) > 10);
		assert_true(play(seed, QUIRE_ADSP_FAULTY, 24, 1200) > 10);
	}
}

/* ---- code ------------------------------------------------------------------------------------ */

#define CODE 300u

static void load(unsigned char *at, int code)
{
	memset(at, code, CODE);
}

static void is_loaded(const unsigned char *at, int code)
{
	unsigned char fetched[CODE];

	assert_true(quire_adsp_fetch(&adsp, at, fetched, CODE));
	for (size_t i = 0; i < CODE; i++)
		assert_int_equal(fetched[i], code);
}

static void code_that_was_loaded_is_what_is_fetched(void **state)
{
	unsigned char *ptr;

	(void)state;
	random_numbers = test_random_seeded(1);
	open_space(QUIRE_ADSP_STRICT, 8);
	run_on(1);
	ptr = quire_vpage_alloc(&vs, 2, QUIRE_RW);
	assert_non_null(ptr);
	for (int code = 1; code <= 3; code++) {
		load(ptr + PAGE - 7, code);
		assert_ok(quire_vpage_protect(&vs, ptr, 2, QUIRE_RX));
		is_loaded(ptr + PAGE - 7, code);
		assert_ok(quire_vpage_protect(&vs, ptr, 2, QUIRE_RW));
	}
	assert_ok(quire_vpage_free(&vs, ptr));
	close_space();
}

/* ---- regions used by several cores ----------------------------------------------------------- */

static unsigned char archive_bytes[16 * PAGE];
static size_t archive_at;

static int32_t archive_write(struct quire_archive *self, const void *data, size_t bytes)
{
	(void)self;
	assert_true(bytes <= sizeof(archive_bytes) - archive_at);
	memcpy(archive_bytes + archive_at, data, bytes);
	archive_at += bytes;
	return QUIRE_OK;
}

static int32_t archive_read(struct quire_archive *self, void *data, size_t bytes)
{
	(void)self;
	assert_true(bytes <= sizeof(archive_bytes) - archive_at);
	memcpy(data, archive_bytes + archive_at, bytes);
	archive_at += bytes;
	return QUIRE_OK;
}

static struct quire_vregion *create_with_text(void)
{
	struct quire_vregion_config config = {
		.text = PAGE,
		.lifetime = 2 * PAGE,
		.interim = 2 * PAGE,
		.storage_bytes = QUIRE_VREGION_STORAGE(2 * PAGE, 64),
	};
	struct quire_vregion *vr;

	config.storage = records(config.storage_bytes);
	vr = quire_vregion_create(&vs, &config, NULL);
	assert_non_null(vr);
	return vr;
}

static void take_from(struct quire_vregion *vr, struct thing *thing, enum quire_area area,
		      uint32_t core)
{
	run_on(core);
	*thing = (struct thing){ .core = core, .bytes = 3000 };
	thing->ptr = quire_vregion_alloc(vr, area, thing->bytes, 0);
	assert_non_null(thing->ptr);
	write_thing(thing);
}

/* What any core has in its cache that it ought not to have any more goes to whoever is there now. */
static void evict_everything(void)
{
	for (uint32_t core = 0; core < CORES; core++)
		for (size_t at = 0; at < PAGES * PAGE; at += 64)
			quire_adsp_evict(&adsp, core, (unsigned char *)adsp.window + at);
}

static void a_region_saved_by_one_core_and_restored_by_another_is_whole(void **state)
{
	struct quire_archive archive = { .write = archive_write, .read = archive_read };
	struct quire_vregion *vr;
	struct thing own[2];
	unsigned char *text;

	(void)state;
	random_numbers = test_random_seeded(2);
	for (size_t retain = 0; retain <= 16; retain += 16) {
		open_space(QUIRE_ADSP_STRICT, retain);
		vr = create_with_text();
		run_on(0);
		text = quire_vregion_alloc(vr, QUIRE_TEXT, CODE, 0);
		load(text, 0x77);
		assert_ok(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX));
		is_loaded(text, 0x77);
		take_from(vr, &own[0], QUIRE_LIFETIME, 0);
		take_from(vr, &own[1], QUIRE_INTERIM, 2);
		take_from_core(&own[0]);
		take_from_core(&own[1]);
		run_on(1);
		write_thing(&own[1]); /* core 1 has it, and saves what it did not write back */
		archive_at = 0;
		assert_ok(quire_vregion_save(vr, &archive));
		evict_everything();
		run_on(2);
		archive_at = 0;
		assert_ok(quire_vregion_restore(vr, &archive));
		is_loaded(text, 0x77);
		for (size_t i = 0; i < 2; i++) {
			run_on(0);
			relinquish(&own[i]);
			has_contents(&own[i], own[i].bytes);
			write_thing(&own[i]);
		}
		evict_everything();
		verify(&own[0]);
		verify(&own[1]);
		assert_ok(quire_vregion_put(vr));
		evict_everything();
		close_space();
	}
}

/* The whole window: one core saves what it did not write back, all memory goes off, another restores,
 * and what any core still has of before goes nowhere. */
static void a_vspace_saved_by_one_core_and_restored_by_another_is_whole(void **state)
{
	struct quire_archive archive = { .write = archive_write, .read = archive_read };
	struct quire_vregion *vr;
	struct thing own[3];
	unsigned char *text;

	(void)state;
	random_numbers = test_random_seeded(5);
	for (size_t retain = 0; retain <= 16; retain += 16) {
		open_space(QUIRE_ADSP_STRICT, retain);
		vr = create_with_text();
		run_on(0);
		text = quire_vregion_alloc(vr, QUIRE_TEXT, CODE, 0);
		load(text, 0x55);
		assert_ok(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX));
		take_from(vr, &own[0], QUIRE_LIFETIME, 0);
		take_from(vr, &own[1], QUIRE_INTERIM, 2);
		own[2] = (struct thing){ .core = 1, .bytes = 2 * PAGE };
		run_on(1);
		own[2].ptr = quire_vpage_alloc(&vs, 2, QUIRE_RW);
		assert_non_null(own[2].ptr);
		write_thing(&own[2]);
		take_from_core(&own[0]);
		take_from_core(&own[1]);
		run_on(1);
		write_thing(&own[1]);
		archive_at = 0;
		assert_ok(quire_vspace_save(&vs, &archive));
		assert_int_equal(quire_frames_banks_on(quire_adsp_frames(&adsp)), 0);
		evict_everything();
		run_on(2);
		archive_at = 0;
		assert_ok(quire_vspace_restore(&vs, &archive));
		is_loaded(text, 0x55);
		for (size_t i = 0; i < 3; i++) {
			run_on((uint32_t)i);
			relinquish(&own[i]);
			has_contents(&own[i], own[i].bytes);
			write_thing(&own[i]);
			relinquish(&own[i]);
		}
		evict_everything();
		run_on(2);
		for (size_t i = 0; i < 3; i++) {
			relinquish(&own[i]);
			has_contents(&own[i], own[i].bytes);
		}
		assert_ok(quire_vpage_free(&vs, own[2].ptr));
		assert_ok(quire_vregion_put(vr));
		evict_everything();
		close_space();
	}
}

static void each_user_of_a_region_may_put_it_on_its_own_core(void **state)
{
	struct quire_vregion *vr;
	struct thing own[2];
	unsigned char *ptr;

	(void)state;
	random_numbers = test_random_seeded(3);
	open_space(QUIRE_ADSP_STRICT, 16);
	vr = create_with_text();
	assert_ptr_equal(quire_vregion_get(vr), vr);
	take_from(vr, &own[0], QUIRE_LIFETIME, 0);
	take_from(vr, &own[1], QUIRE_INTERIM, 1);
	run_on(0);
	assert_ok(quire_vregion_put(vr));
	run_on(1);
	assert_ok(quire_vregion_free(vr, own[1].ptr));
	assert_ok(quire_vregion_put(vr));
	run_on(2);
	ptr = quire_vpage_alloc(&vs, 16, QUIRE_RW);
	assert_non_null(ptr);
	memset(quire_uncached(&adsp.mmu, ptr), 0x3b, 16 * PAGE);
	evict_everything();
	for (size_t i = 0; i < 16 * PAGE; i++)
		assert_int_equal(((unsigned char *)quire_uncached(&adsp.mmu, ptr))[i], 0x3b);
	assert_ok(quire_vpage_free(&vs, ptr));
	close_space();
}

/* The newest allocation of an area can be resized and given back while the region is made. */
static void what_the_newest_allocation_gives_back_is_not_written_late(void **state)
{
	unsigned char *other;
	struct quire_vregion *vr;
	struct thing own;
	size_t granted;

	(void)state;
	random_numbers = test_random_seeded(4);
	open_space(QUIRE_ADSP_STRICT, 0);
	vr = create_with_text();
	for (int way = 0; way < 2; way++) {
		take_from(vr, &own, QUIRE_LIFETIME, 0);
		if (way == 0) {
			assert_ok(quire_vregion_resize(vr, own.ptr, 100, 100, &granted));
			has_contents(&own, 100);
		} else {
			assert_ok(quire_vregion_free(vr, own.ptr));
		}
		run_on(1);
		other = quire_vregion_alloc_coherent(vr, QUIRE_LIFETIME, 2000, 0);
		assert_non_null(other);
		memset(other, 0x6e, 2000);
		evict_everything();
		for (size_t i = 0; i < 2000; i++)
			assert_int_equal(other[i], 0x6e);
	}
	assert_ok(quire_vregion_put(vr));
	close_space();
}

/* ---- what a core still has of somebody else -------------------------------------------------- */

#define SECRET    0xd7
#define USER_RW   (QUIRE_RW | QUIRE_USER)
#define ALL_OF_IT 12u /* pages of a window that each way below comes to need */

static unsigned char *first_page(void)
{
	return adsp.window;
}

static void commit_pages(void)
{
	unsigned char *ptr = quire_vpage_reserve(&vs, ALL_OF_IT);

	assert_ok(quire_vpage_commit(&vs, ptr, ALL_OF_IT, USER_RW, &payer[0]));
}

static void allocate_pages(void)
{
	struct quire_request request = { .size = ALL_OF_IT * PAGE, .budget = &payer[0] };

	assert_non_null(quire_vpage_request(&vs, &request, USER_RW));
}

static void enlarge_pages(void)
{
	struct quire_request request = { .size = PAGE, .budget = &payer[0] };
	unsigned char *ptr = quire_vpage_request(&vs, &request, USER_RW);

	assert_ok(quire_vpage_resize(&vs, ptr, ALL_OF_IT));
}

static void open_user_heap(struct quire_vmh *heap, const struct quire_bundle *bundle)
{
	struct quire_vmh_config config = {
		.bundles = bundle,
		.bundle_count = 1,
		.window = ALL_OF_IT * PAGE,
		.prot = USER_RW,
		.budget = &payer[0],
		.storage_bytes = QUIRE_VMH_ELASTIC_STORAGE(ALL_OF_IT * PAGE, 64),
	};

	config.storage = records(config.storage_bytes);
	assert_ok(quire_vmh_init(heap, &vs, &config));
}

static void allocate_in_a_heap(void)
{
	open_user_heap(&of_user[0], NULL);
	assert_non_null(quire_vmh_alloc(&of_user[0], ALL_OF_IT * PAGE));
}

static void allocate_in_a_heap_the_general_way(void)
{
	struct quire_request request = { .size = ALL_OF_IT * PAGE, .flags = QUIRE_OWN_PAGES };

	open_user_heap(&of_user[0], NULL);
	assert_non_null(quire_vmh_request(&of_user[0], &request));
}

/* The block may be used to its end, so all of it counts. */
static void allocate_less_than_a_block(void)
{
	static const struct quire_bundle bundle = { 2048, 2 * ALL_OF_IT };

	open_user_heap(&of_user[0], &bundle);
	for (size_t i = 0; i < 2 * ALL_OF_IT; i++)
		assert_non_null(quire_vmh_alloc(&of_user[0], 1));
}

static void enlarge_in_a_heap(void)
{
	open_user_heap(&of_user[0], NULL);
	assert_ok(quire_vmh_resize(&of_user[0], quire_vmh_alloc(&of_user[0], 1), ALL_OF_IT * PAGE));
}

static struct quire_vregion *create_for_user(void)
{
	struct quire_vregion_config config = {
		.lifetime = ALL_OF_IT * PAGE,
		.prot = { [QUIRE_LIFETIME] = USER_RW },
		.budget = &payer[0],
		.storage_bytes = QUIRE_VREGION_STORAGE(0, 64),
	};
	struct quire_vregion *vr;

	config.storage = records(config.storage_bytes);
	vr = quire_vregion_create(&vs, &config, NULL);
	assert_non_null(vr);
	return vr;
}

static void allocate_in_a_region(void)
{
	assert_non_null(
		quire_vregion_alloc(create_for_user(), QUIRE_LIFETIME, ALL_OF_IT * PAGE, 0));
}

static void enlarge_in_a_region(void)
{
	struct quire_vregion *vr = create_for_user();
	size_t most = ALL_OF_IT * PAGE, granted;

	assert_ok(quire_vregion_resize(vr, quire_vregion_alloc(vr, QUIRE_LIFETIME, 1, 0), most,
				       most, &granted));
}

/* Core 2 has had the secret in its cache since before the addresses became core 1's, and the user's. */
static void leave_a_secret_in_the_cache_of_core_2(void)
{
	struct quire_request request = { .size = ALL_OF_IT * PAGE };

	run_on(0);
	assert_ptr_equal(quire_vpage_request(&vs, &request, QUIRE_RW), first_page());
	memset(first_page(), SECRET, request.size);
	quire_relinquish(&adsp.mmu, first_page(), request.size);
	evict_everything();
	assert_ok(quire_vpage_free(&vs, first_page()));
	run_on(1);
	request.budget = &payer[0];
	assert_ptr_equal(quire_vpage_request(&vs, &request, USER_RW), first_page());
	quire_relinquish(&adsp.mmu, first_page(), request.size);
	assert_ok(quire_vpage_free(&vs, first_page())); /* the pages stay, for this payer */
	quire_adsp_run_on(&adsp, 2);
}

static void users_see_nothing_of_what_a_core_had_of_others(void **state)
{
	static void (*const ways[])(void) = {
		commit_pages,
		allocate_pages,
		enlarge_pages,
		allocate_in_a_heap,
		allocate_in_a_heap_the_general_way,
		allocate_less_than_a_block,
		enlarge_in_a_heap,
		allocate_in_a_region,
		enlarge_in_a_region,
	};

	(void)state;
	random_numbers = test_random_seeded(5);
	for (size_t way = 0; way < TEST_COUNT(ways); way++) {
		open_space(QUIRE_ADSP_STRICT, ALL_OF_IT);
		leave_a_secret_in_the_cache_of_core_2();
		ways[way]();
		for (size_t i = 0; i < ALL_OF_IT * PAGE; i++)
			if (first_page()[i])
				fail_msg("way %zu shows a secret in byte %zu", way, i);
		quire_adsp_fini(&adsp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_see_nothing_of_what_a_core_had_of_others),
		cmocka_unit_test(code_that_was_loaded_is_what_is_fetched),
		cmocka_unit_test(a_region_saved_by_one_core_and_restored_by_another_is_whole),
		cmocka_unit_test(a_vspace_saved_by_one_core_and_restored_by_another_is_whole),
		cmocka_unit_test(each_user_of_a_region_may_put_it_on_its_own_core),
		cmocka_unit_test(what_the_newest_allocation_gives_back_is_not_written_late),
		cmocka_unit_test(no_byte_is_lost_whoever_allocates_uses_and_frees),
	};

	return cmocka_run_group_tests_name("cores", tests, NULL, NULL);
}
