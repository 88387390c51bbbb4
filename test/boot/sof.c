/* SPDX-License-Identifier: BSD-3-Clause */
/* sof: the image that tests SOF's names on real page tables, with the sequences that break the
 * originals. Memory that is not allocated traps. */
#include <string.h>

#include "quire/sof.h"

#include "ground.h"
#include "machine.h"
#include "touch.h"

#define WINDOW ((unsigned char *)machine_window)

static _Alignas(64) unsigned char storage[QUIRE_SOF_STORAGE(GROUND_PAGES)];
static uint32_t misuses;

static void count_misuse(struct quire_observer *self, const struct quire_event *event)
{
	(void)self;
	misuses += event->kind == QUIRE_EVENT_MISUSE;
}

/* The port of the ground, whose own vspace maps nothing meanwhile. */
static bool begin(void)
{
	static struct quire_observer observer = { .notify = count_misuse };
	struct quire_sof_config config = {
		.mmu = &ground.port.mmu,
		.base = WINDOW,
		.pages = GROUND_PAGES,
		.observer = &observer,
		.storage = storage,
		.storage_bytes = sizeof(storage),
	};

	misuses = 0;
	ground_begin(&(struct ground_config){ .alias = true });
	return !quire_sof_init(&config);
}

static const char *end(void)
{
	const char *wrong = quire_sof_check();

	if (wrong)
		return wrong;
	return quire_sof_fini() ? "something of SOF's is still allocated" : ground_end();
}

static void freed_pages_trap_and_their_neighbours_do_not(void)
{
	unsigned char *a, *b, *c, *d;

	CHECK(begin());
	a = vpage_alloc(2);
	b = vpage_alloc(3);
	c = vpage_alloc(4);
	CHECK(a && b && c);
	vpage_free(a);
	CHECK(traps(MACHINE_READ, a) && is_writable(b) && is_writable(c + 4 * PAGE - 1));
	d = vpage_alloc(1);
	CHECK(d && is_writable(d));
	vpage_free(b);
	CHECK(traps(MACHINE_WRITE, b + 3 * PAGE - 1) && is_writable(c) && is_writable(d));
	vpage_free(c);
	vpage_free(d);
	CHECK(traps(MACHINE_READ, c) && traps(MACHINE_READ, d) && !misuses);
	CHECK_SOUND(end());
}

static void a_full_table_refuses_and_overwrites_nothing(void)
{
	static void *ptr[CONFIG_SOF_VPAGE_MAX_ALLOCS];

	CHECK(begin());
	for (size_t i = 0; i < CONFIG_SOF_VPAGE_MAX_ALLOCS; i++)
		CHECK((ptr[i] = vpage_reserve(2)) != NULL);
	CHECK(!vpage_reserve(1) && !vpage_alloc(1));
	vpage_release(ptr[9]);
	CHECK((ptr[9] = vpage_alloc(1)) != NULL && is_writable(ptr[9]));
	for (size_t i = 0; i < CONFIG_SOF_VPAGE_MAX_ALLOCS; i++)
		vpage_free(ptr[i]);
	CHECK(!misuses);
	CHECK_SOUND(end());
}

/* The unit's frames run out in the middle of the pages of one buffer. */
static void a_map_that_fails_in_the_middle_leaves_nothing(void)
{
	unsigned char *rest, *small;
	uint32_t left;

	CHECK(begin());
	left = ground_free_frames();
	rest = vpage_alloc(left - 10);
	small = rballoc(0, PAGE);
	CHECK(rest && small && ground_free_frames() == 9);
	CHECK(!rballoc(0, 10 * PAGE) && !vpage_alloc(10));
	CHECK(ground_free_frames() == 9 && is_writable(small) && is_writable(rest));
	rfree(small);
	vpage_free(rest);
	CHECK(ground_free_frames() == left);
	CHECK_SOUND(end());
}

static void a_pool_of_32_blocks_is_allocated_whole(void)
{
	const struct vmh_heap_config cfg = { { { 512, 32 } } };
	struct vmh_heap *heap;
	unsigned char *ptr[32];

	CHECK(begin());
	heap = vmh_init_heap(&cfg, true);
	CHECK(heap);
	for (size_t i = 0; i < 32; i++) {
		CHECK((ptr[i] = vmh_alloc(heap, 512)) != NULL);
		memset(ptr[i], (int)i, 512);
	}
	CHECK(!vmh_alloc(heap, 1));
	for (size_t i = 0; i < 32; i++)
		CHECK(ptr[i][0] == i && ptr[i][511] == i && !vmh_free(heap, ptr[i]));
	CHECK(traps(MACHINE_READ, ptr[31]) && vmh_free(heap, ptr[31]) < 0);
	CHECK(!vmh_free_heap(heap));
	CHECK_SOUND(end());
}

static void a_region_takes_its_memory_along(void)
{
	struct mod_alloc_ctx ctx = { .module = 7 };
	struct quire_sof_module module;
	unsigned char *life, *interim, *shared;
	uint32_t left;

	CHECK(begin());
	left = ground_free_frames();
	ctx.vreg = vregion_create(7 * PAGE);
	CHECK(ctx.vreg);
	life = sof_ctx_zalloc(&ctx, 0, 3000, 0);
	vregion_set_interim(ctx.vreg);
	interim = sof_ctx_alloc(&ctx, 0, 2 * PAGE, 0);
	shared = sof_ctx_alloc(&ctx, SOF_MEM_FLAG_COHERENT, 64, 0);
	CHECK(life && interim && shared && life[2999] == 0);
	CHECK(shared == quire_uncached(&ground.port.mmu, shared) && is_writable(shared));
	CHECK(quire_sof_module(0, &module) && module.module == 7);
	CHECK(module.bytes == 3000 + 2 * PAGE + 64);
	sof_ctx_free(&ctx, interim);
	CHECK(traps(MACHINE_READ, interim + PAGE));
	CHECK(!vregion_put(ctx.vreg) && traps(MACHINE_READ, life) && traps(MACHINE_READ, shared));
	CHECK(!quire_sof_module(0, &module) && ground_free_frames() == left && !misuses);
	CHECK_SOUND(end());
}

/* Every byte of the records of heaps and regions is one that no user was given. */
static void a_bad_free_stops_nobody(void)
{
	unsigned char *buffer;
	uint32_t bad = 0;

	CHECK(begin());
	buffer = rballoc_align(SOF_MEM_FLAG_DMA, 3 * PAGE, 128);
	CHECK(buffer);
	for (unsigned char *at = WINDOW; at < WINDOW + GROUND_PAGES * PAGE; at += 4001, bad++)
		if (at != buffer)
			rfree(at);
	CHECK(misuses == bad && is_writable(buffer) && is_writable(buffer + 3 * PAGE - 1));
	rfree(buffer);
	rfree(buffer);
	CHECK(misuses == bad + 1 && traps(MACHINE_READ, buffer));
	CHECK_SOUND(end());
}

int main(void)
{
	static const struct tap_case cases[] = {
		TAP_CASE(freed_pages_trap_and_their_neighbours_do_not),
		TAP_CASE(a_full_table_refuses_and_overwrites_nothing),
		TAP_CASE(a_map_that_fails_in_the_middle_leaves_nothing),
		TAP_CASE(a_pool_of_32_blocks_is_allocated_whole),
		TAP_CASE(a_region_takes_its_memory_along),
		TAP_CASE(a_bad_free_stops_nobody),
	};

	tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
