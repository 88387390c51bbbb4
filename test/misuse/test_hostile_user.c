/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hostile user harms only itself. At every step of a random program one user fills every byte that it
 * owns with random data, to the last usable byte and by either alias, and asks for whatever it likes;
 * all checks of the library hold, and everybody else's data is what it was. Then what the library
 * gives is enforced: on Linux an overrun meets a guard page, a sealed lifetime area that was made
 * read-only cannot be written, nor can code, by any address; and memory that is writable and
 * executable is refused at every entrance.
 */
#include <stdlib.h>
#include <string.h>

#include "quire/linux.h"

#include "support/random.h"
#include "support/rig.h"
#include "support/space.h"
#include "support/touch.h"

#define PAGES 160u
#define OWNED 24u

enum source { OF_PAGES, OF_TABLE, OF_ELASTIC, OF_REGION, SOURCES };

struct thing {
	unsigned char *ptr;
	size_t bytes;
	enum source source;
};

/* The first user is hostile. */
struct user {
	struct quire_budget budget;
	struct thing thing[OWNED];
};

struct world {
	struct test_space space;
	size_t page;
	struct test_random random;
	struct test_heap table, elastic;
	struct test_region region;
	struct user user[3];
	unsigned char *life; /* of the first user, in the region */
	size_t life_bytes;
	size_t filled; /* bytes that the first user wrote */
};

/* ---- the world ------------------------------------------------------------------------------- */

static void begin(struct world *world, size_t retain, bool not_coherent, uint64_t seed)
{
	static const struct quire_bundle bundles[] = { { 64, 24 }, { 200, 12 }, { 700, 8 } };
	size_t page = not_coherent ? 4096 : 256; /* an alias needs pages of the host */
	struct test_space_config config = {
		.mmu = { .pages = PAGES, .page_size = page, .not_coherent = not_coherent },
		.budgets = 4,
		.retain = retain,
	};
	struct quire_vmh_config table = { .bundles = bundles, .bundle_count = 3 };
	struct quire_vregion_config region = { .lifetime = 6 * page, .interim = 12 * page };

	memset(world, 0, sizeof(*world));
	world->random = test_random_seeded(seed);
	world->page = page;
	test_space_init(&world->space, &config);
	test_heap_init(&world->table, &world->space, &table);
	test_heap_init_elastic(&world->elastic, &world->space, 32 * page);
	assert_non_null(test_region_init(&world->region, &world->space, &region));
	world->life_bytes = 5 * page;
	world->life = quire_vregion_alloc(world->region.vr, QUIRE_LIFETIME, world->life_bytes, 0);
	assert_non_null(world->life);
	for (size_t i = 0; i < 3; i++)
		assert_ok(quire_vspace_admit(&world->space.vs, &world->user[i].budget, 3,
					     QUIRE_NO_LIMIT));
}

static uint32_t below(struct world *world, uint32_t bound)
{
	return test_random_below(&world->random, bound);
}

/* ---- getting and giving back ----------------------------------------------------------------- */

static void get(struct world *world, struct user *user, struct thing *thing)
{
	struct quire_request request = { .size = 1 + below(world, 3 * (uint32_t)world->page) };
	enum source source = (enum source)below(world, SOURCES);

	if (below(world, 3) == 0)
		request.min = 1;
	if (source != OF_REGION && below(world, 3) == 0)
		request.budget = &user->budget;
	*thing = (struct thing){ .source = source };
	switch (source) {
	case OF_PAGES:
		request.flags = below(world, 2) ? QUIRE_GUARD : 0;
		thing->ptr = quire_vpage_request(&world->space.vs, &request, QUIRE_RW);
		thing->bytes = request.granted;
		break;
	case OF_REGION:
		thing->ptr = quire_vregion_request(world->region.vr, QUIRE_INTERIM, &request);
		thing->bytes =
			thing->ptr ? quire_vregion_usable_size(world->region.vr, thing->ptr) : 0;
		break;
	case OF_TABLE:
	case OF_ELASTIC:
	default: {
		struct quire_vmh *heap =
			source == OF_TABLE ? &world->table.heap : &world->elastic.heap;

		thing->ptr = quire_vmh_request(heap, &request);
		thing->bytes = thing->ptr ? quire_vmh_usable_size(heap, thing->ptr) : 0;
	}
	}
}

static void give_back(struct world *world, struct thing *thing)
{
	if (thing->source == OF_PAGES)
		assert_ok(quire_vpage_free(&world->space.vs, thing->ptr));
	else if (thing->source == OF_REGION)
		assert_ok(quire_vregion_free(world->region.vr, thing->ptr));
	else
		assert_ok(quire_vmh_free(thing->source == OF_TABLE ? &world->table.heap
								   : &world->elastic.heap,
					 thing->ptr));
	thing->ptr = NULL;
}

/* ---- what each user does --------------------------------------------------------------------- */

static uint32_t mark_of(const struct world *world, const struct user *user,
			const struct thing *thing)
{
	return (uint32_t)(user - world->user) * OWNED + (uint32_t)(thing - user->thing) + 1;
}

static void step_of(struct world *world, struct user *user)
{
	struct thing *thing = &user->thing[below(world, OWNED)];

	if (thing->ptr)
		give_back(world, thing);
	else
		get(world, user, thing);
	if (thing->ptr)
		test_fill(thing->ptr, thing->bytes, mark_of(world, user, thing));
}

static void scribble(struct world *world, unsigned char *ptr, size_t bytes)
{
	if (below(world, 2))
		ptr = quire_uncached(&world->space.mmu.mmu, ptr);
	for (size_t i = 0; i < bytes; i++)
		ptr[i] = (unsigned char)test_random_next(&world->random);
	world->filled += bytes;
}

/* Every byte, whatever it was given them for. */
static void scribble_everywhere(struct world *world)
{
	struct user *hostile = &world->user[0];

	for (size_t i = 0; i < OWNED; i++)
		if (hostile->thing[i].ptr)
			scribble(world, hostile->thing[i].ptr, hostile->thing[i].bytes);
	scribble(world, world->life, world->life_bytes);
}

static void check_others(const struct world *world)
{
	for (size_t i = 1; i < 3; i++)
		for (size_t k = 0; k < OWNED; k++) {
			const struct thing *thing = &world->user[i].thing[k];

			if (thing->ptr)
				test_assert_filled(thing->ptr, thing->bytes,
						   mark_of(world, &world->user[i], thing));
		}
}

static void check_everything(struct world *world)
{
	check_others(world);
	test_space_check(&world->space);
	test_heap_check(&world->table);
	test_heap_check(&world->elastic);
	assert_sound(quire_vregion_check(world->region.vr));
	test_storage_check(&world->region.storage);
}

static void end(struct world *world)
{
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < OWNED; k++)
			if (world->user[i].thing[k].ptr)
				give_back(world, &world->user[i].thing[k]);
	assert_ok(quire_vregion_put(world->region.vr));
	test_region_fini(&world->region);
	test_heap_fini(&world->table);
	test_heap_fini(&world->elastic);
	test_space_fini(&world->space);
}

static void play(size_t retain, bool not_coherent, uint64_t seed)
{
	static struct world world;

	begin(&world, retain, not_coherent, seed);
	for (size_t step = 0; step < (not_coherent ? 200 : 1500); step++) {
		step_of(&world, &world.user[below(&world, 3)]);
		scribble_everywhere(&world);
		check_everything(&world);
	}
	assert_true(world.filled > (size_t)1 << 20);
	end(&world);
}

static void who_fills_every_byte_it_owns_harms_nobody_else(void **state)
{
	(void)state;
	play(0, false, 1);
	play(12, false, 2);
}

static void nor_does_who_fills_them_by_either_alias(void **state)
{
	(void)state;
	play(0, true, 3);
	play(12, true, 4);
}

/* ---- enforced on Linux ----------------------------------------------------------------------- */

struct land {
	struct quire_linux port;
	struct quire_vspace vs;
	struct test_storage storage;
	size_t page;
};

static void open_land(struct land *land)
{
	struct quire_linux_config memory = {
		.pages = 64, .banks = 2, .frames_per_bank = 32, .alias = true
	};
	struct quire_vspace_config config = { .pages = 64, .budgets = 2, .retain = 16 };

	assert_ok(quire_linux_init(&land->port, &memory));
	test_storage_init(&land->storage, QUIRE_VSPACE_STORAGE(64, 2), NULL);
	config.mmu = &land->port.mmu;
	config.base = land->port.window;
	config.storage = land->storage.memory;
	config.storage_bytes = land->storage.bytes;
	assert_ok(quire_vspace_init(&land->vs, &config));
	land->page = land->port.mmu.page_size;
}

static void close_land(struct land *land)
{
	assert_ok(quire_vspace_fini(&land->vs));
	test_storage_fini(&land->storage);
	quire_linux_fini(&land->port);
}

static bool write_faults_by_any_address(struct land *land, unsigned char *ptr)
{
	return test_write_faults(ptr) && test_write_faults(quire_uncached(&land->port.mmu, ptr));
}

static void an_overrun_meets_a_guard_page(void **state)
{
	struct land land;

	(void)state;
	open_land(&land);
	for (size_t pages = 1; pages <= 4; pages++) {
		struct quire_request request = { .size = pages * land.page, .flags = QUIRE_GUARD };
		unsigned char *ptr = quire_vpage_request(&land.vs, &request, QUIRE_RW);
		unsigned char *behind = quire_vpage_alloc(&land.vs, 1, QUIRE_RW);

		assert_non_null(ptr);
		assert_non_null(behind);
		memset(behind, 7, land.page);
		assert_false(test_write_faults(ptr + pages * land.page - 1));
		for (size_t over = 0; over < land.page; over += land.page / 4)
			assert_true(
				write_faults_by_any_address(&land, ptr + pages * land.page + over));
		assert_true(behind[0] == 7 && memcmp(behind, behind + 1, land.page - 1) == 0);
		assert_ok(quire_vpage_free(&land.vs, ptr));
		assert_ok(quire_vpage_free(&land.vs, behind));
	}
	close_land(&land);
}

static struct quire_vregion *make_region(struct land *land, struct test_storage *storage)
{
	struct quire_vregion_config config = { .lifetime = 3 * land->page,
					       .interim = 2 * land->page,
					       .text = 2 * land->page };
	struct quire_vregion *vr;

	test_storage_init(storage, QUIRE_VREGION_STORAGE(2 * land->page, 64), NULL);
	config.storage = storage->memory;
	config.storage_bytes = storage->bytes;
	vr = quire_vregion_create(&land->vs, &config, NULL);
	assert_non_null(vr);
	return vr;
}

/* The first and the last byte of each page. */
static void assert_read_only(struct land *land, unsigned char *ptr, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += at % land->page ? 1 : land->page - 1)
		assert_true(write_faults_by_any_address(land, ptr + at));
	test_assert_filled(ptr, bytes, 1);
}

static void a_sealed_lifetime_area_and_code_cannot_be_written(void **state)
{
	struct test_storage storage;
	struct quire_vregion *vr;
	unsigned char *life, *text, *scratch;
	struct land land;

	(void)state;
	open_land(&land);
	vr = make_region(&land, &storage);
	life = quire_vregion_alloc(vr, QUIRE_LIFETIME, 2 * land.page, 0);
	text = quire_vregion_alloc(vr, QUIRE_TEXT, land.page, 0);
	scratch = quire_vregion_alloc(vr, QUIRE_INTERIM, land.page, 0);
	test_fill(life, 2 * land.page, 1);
	test_fill(text, land.page, 1);
	assert_ok(quire_vregion_seal(vr));
	assert_false(test_write_faults(life));
	assert_ok(quire_vregion_protect(vr, QUIRE_LIFETIME, QUIRE_READ));
	assert_ok(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX));
	assert_read_only(&land, life, 2 * land.page);
	assert_read_only(&land, text, land.page);
	assert_false(test_write_faults(scratch));
	assert_ok(quire_vregion_free(vr, life)); /* accepted, and it is still no one's to write */
	assert_true(test_write_faults(life));
	assert_status(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RW | QUIRE_EXEC), QUIRE_EINVAL);
	assert_true(write_faults_by_any_address(&land, text));
	assert_ok(quire_vregion_free(vr, scratch));
	assert_ok(quire_vregion_put(vr));
	test_storage_fini(&storage);
	close_land(&land);
}

/* ---- writable and executable ----------------------------------------------------------------- */

static void try_pages(struct rig *rig, uint32_t prot)
{
	struct quire_request plain = { .size = rig->page }, guarded = plain, range = plain;
	unsigned char *ptr = rig->piece[RIG_PLAIN].ptr;
	unsigned char *gap = rig->piece[RIG_PATCH].ptr + 2 * rig->page;

	guarded.flags = QUIRE_GUARD;
	range.min = 1;
	range.size = 9 * rig->page;
	assert_null(quire_vpage_alloc(&rig->vs, 1, prot));
	assert_null(quire_vpage_alloc_at(&rig->vs, ptr + 5 * rig->page, 1, prot));
	assert_null(quire_vpage_request(&rig->vs, &plain, prot));
	assert_status(plain.why, QUIRE_EINVAL);
	assert_null(quire_vpage_request(&rig->vs, &guarded, prot));
	assert_null(quire_vpage_request(&rig->vs, &range, prot));
	assert_status(quire_vpage_commit(&rig->vs, gap, 1, prot, NULL), QUIRE_EINVAL);
	assert_status(quire_vpage_protect(&rig->vs, ptr, 5, prot), QUIRE_EINVAL);
	assert_status(quire_vpage_protect(&rig->vs, ptr, 1, prot), QUIRE_EINVAL);
}

static void try_heaps(struct rig *rig, uint32_t prot)
{
	static const struct quire_bundle table[] = { { 64, 4 } };
	static _Alignas(uintptr_t) unsigned char memory[4096];
	struct quire_vmh_config configs[] = {
		{ .window = rig->page, .prot = prot },
		{ .bundles = table, .bundle_count = 1, .prot = prot },
	};
	struct quire_vmh heap;

	for (size_t i = 0; i < TEST_COUNT(configs); i++) {
		configs[i].storage = memory;
		configs[i].storage_bytes = sizeof(memory);
		assert_status(quire_vmh_init(&heap, &rig->vs, &configs[i]), QUIRE_EINVAL);
	}
}

static void try_regions(struct rig *rig, uint32_t prot)
{
	static _Alignas(uintptr_t) unsigned char memory[16384];

	for (unsigned area = 0; area < QUIRE_AREAS; area++) {
		struct quire_vregion_config config = { .lifetime = rig->page,
						       .interim = rig->page,
						       .text = rig->page,
						       .shared = rig->page,
						       .storage = memory,
						       .storage_bytes = sizeof(memory) };
		int32_t why = QUIRE_OK;

		config.prot[area] = prot;
		assert_null(quire_vregion_create(&rig->vs, &config, &why));
		assert_status(why, QUIRE_EINVAL);
		assert_status(quire_vregion_protect(rig->vr, (enum quire_area)area, prot),
			      QUIRE_EINVAL);
	}
}

static void refuse_everywhere(bool on_linux)
{
	static const uint32_t refused[] = {
		QUIRE_RW | QUIRE_EXEC,
		QUIRE_RW | QUIRE_EXEC | QUIRE_USER,
		QUIRE_WRITE | QUIRE_EXEC,
		QUIRE_WRITE,
		QUIRE_EXEC,
		QUIRE_USER,
		QUIRE_RW | 16u,
		UINT32_MAX,
	};
	struct rig *rig = rig_open(RIG_FRESH, on_linux);
	struct rig_picture before = rig_picture_records(rig, 0), now;

	for (size_t i = 0; i < TEST_COUNT(refused); i++) {
		try_pages(rig, refused[i]);
		try_heaps(rig, refused[i]);
		try_regions(rig, refused[i]);
	}
	now = rig_picture_records(rig, 0);
	assert_true(rig_picture_difference(&before, &now) == SIZE_MAX);
	rig_picture_free(&before);
	rig_picture_free(&now);
	rig_check(rig);
	rig_close(rig);
}

static void writable_and_executable_is_refused_at_every_entrance(void **state)
{
	(void)state;
	refuse_everywhere(false);
	refuse_everywhere(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_fills_every_byte_it_owns_harms_nobody_else),
		cmocka_unit_test(nor_does_who_fills_them_by_either_alias),
		cmocka_unit_test(an_overrun_meets_a_guard_page),
		cmocka_unit_test(a_sealed_lifetime_area_and_code_cannot_be_written),
		cmocka_unit_test(writable_and_executable_is_refused_at_every_entrance),
	};

	return cmocka_run_group_tests_name("a hostile user", tests, NULL, NULL);
}
