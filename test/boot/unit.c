/* SPDX-License-Identifier: BSD-3-Clause */
/* unit: what only a real page unit can show: traps, views of the same memory, stale translations. */
#include <string.h>

#include "cases.h"
#include "ground.h"
#include "machine.h"
#include "touch.h"

/* ---- absent pages --------------------------------------------------------------------------- */

/* A page beside it stays, so that the table above both does, too. */
static void freed_memory_traps(void)
{
	unsigned char *keeper, *ptr;

	ground_begin(&(struct ground_config){ 0 });
	keeper = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	ptr = quire_vpage_alloc(&ground.vs, 2, QUIRE_RW);
	CHECK(keeper && ptr && is_writable(keeper) && is_writable(ptr) && is_writable(ptr + PAGE));
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK(traps(MACHINE_READ, ptr) && traps(MACHINE_WRITE, ptr + 8));
	CHECK(traps(MACHINE_WRITE, ptr + PAGE + 40) && traps(MACHINE_EXECUTE, ptr));
	CHECK(is_writable(keeper));
	CHECK(!quire_vpage_free(&ground.vs, keeper));
	CHECK_SOUND(ground_end());
}

/* More pages than are flushed one by one. */
static void many_freed_pages_trap(void)
{
	unsigned char *keeper, *ptr;
	const size_t pages = 100;

	ground_begin(&(struct ground_config){ 0 });
	keeper = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	ptr = quire_vpage_alloc(&ground.vs, pages, QUIRE_RW);
	CHECK(keeper && ptr);
	for (size_t page = 0; page < pages; page++)
		CHECK(is_writable(ptr + page * PAGE));
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	for (size_t page = 0; page < pages; page++)
		CHECK(traps(MACHINE_READ, ptr + page * PAGE));
	CHECK(!quire_vpage_free(&ground.vs, keeper));
	CHECK_SOUND(ground_end());
}

/* What was looked for in vain may be remembered, too. */
static void memory_that_trapped_can_be_used_once_it_is_mapped(void)
{
	unsigned char *ptr;

	ground_begin(&(struct ground_config){ 0 });
	ptr = quire_vpage_reserve(&ground.vs, 2);
	CHECK(ptr && traps(MACHINE_READ, ptr) && traps(MACHINE_WRITE, ptr + PAGE));
	CHECK(!quire_vpage_commit(&ground.vs, ptr, 1, QUIRE_RW, NULL));
	CHECK(is_writable(ptr) && traps(MACHINE_READ, ptr + PAGE));
	CHECK(!quire_vpage_commit(&ground.vs, ptr + PAGE, 1, QUIRE_RW, NULL));
	CHECK(is_writable(ptr + PAGE));
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

static void a_guard_page_traps(void)
{
	struct quire_request guarded = { .size = 2 * PAGE, .flags = QUIRE_GUARD };
	unsigned char *ptr, *behind;

	ground_begin(&(struct ground_config){ 0 });
	ptr = quire_vpage_request(&ground.vs, &guarded, QUIRE_RW);
	behind = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr && behind == ptr + 3 * PAGE);
	CHECK(is_writable(ptr + 2 * PAGE - 1) && is_writable(behind));
	CHECK(traps(MACHINE_WRITE, ptr + 2 * PAGE) && traps(MACHINE_READ, behind - 1));
	CHECK(!quire_vpage_free(&ground.vs, ptr) && !quire_vpage_free(&ground.vs, behind));
	CHECK_SOUND(ground_end());
}

/* ---- protection ----------------------------------------------------------------------------- */

static struct quire_vregion *make_region(struct quire_vregion_config config)
{
	config.storage = ground_storage(&config.storage_bytes);
	return quire_vregion_create(&ground.vs, &config, NULL);
}

static void a_sealed_area_traps_writes(void)
{
	struct quire_vregion *vr;
	unsigned char *lifetime, *interim;

	ground_begin(&(struct ground_config){ 0 });
	vr = make_region(
		(struct quire_vregion_config){ .lifetime = 3 * PAGE, .interim = 8 * PAGE });
	CHECK(vr);
	lifetime = quire_vregion_alloc(vr, QUIRE_LIFETIME, 2 * PAGE, 0);
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, PAGE, 0);
	CHECK(lifetime && interim && is_writable(lifetime) && is_writable(lifetime + PAGE));
	lifetime[100] = 77;
	CHECK(!quire_vregion_seal(vr));
	CHECK(!quire_vregion_protect(vr, QUIRE_LIFETIME, QUIRE_READ));
	CHECK(traps(MACHINE_WRITE, lifetime + 100) && traps(MACHINE_WRITE, lifetime + PAGE));
	CHECK(is_readable(lifetime) && lifetime[100] == 77 && is_writable(interim));
	CHECK(!quire_vregion_protect(vr, QUIRE_LIFETIME, QUIRE_RW));
	CHECK(is_writable(lifetime + 100));
	CHECK(!quire_vregion_put(vr));
	CHECK(traps(MACHINE_READ, lifetime));
	CHECK_SOUND(ground_end());
}

/* Code that is written, made executable, run, and cannot be written any more; data is never run. */
static void text_runs_and_data_does_not(void)
{
	const size_t bytes = (size_t)(machine_code_return_end - machine_code_return);
	struct quire_vregion *vr;
	unsigned char *text, *data;

	ground_begin(&(struct ground_config){ .alias = true });
	vr = make_region(
		(struct quire_vregion_config){ .text = PAGE, .lifetime = PAGE, .interim = PAGE });
	CHECK(vr);
	text = quire_vregion_alloc(vr, QUIRE_TEXT, bytes, 64);
	data = quire_vregion_alloc(vr, QUIRE_LIFETIME, bytes, 64);
	CHECK(text && data);
	memcpy(text, machine_code_return, bytes);
	memcpy(data, machine_code_return, bytes);
	CHECK(traps(MACHINE_EXECUTE, text) && traps(MACHINE_EXECUTE, data));
	CHECK(!quire_vregion_seal(vr));
	CHECK(!quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX));
	CHECK(machine_execute(text).cause == MACHINE_NONE);
	CHECK(traps(MACHINE_WRITE, text) && traps(MACHINE_EXECUTE, data));
	CHECK(traps(MACHINE_WRITE, quire_uncached(&ground.port.mmu, text)));
	CHECK(traps(MACHINE_EXECUTE, quire_uncached(&ground.port.mmu, text)));
	CHECK(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX | QUIRE_WRITE) == QUIRE_EINVAL);
	CHECK(!quire_vregion_put(vr));
	CHECK_SOUND(ground_end());
}

static bool user_traps(const void *code, enum machine_cause cause, void *argument)
{
	struct machine_trap trap;

	machine_user_argument = (uintptr_t)argument;
	trap = machine_run_user(code);
	if (trap.cause == cause && (cause == MACHINE_CALL || trap.address == (uintptr_t)argument))
		return true;
	tap_print("# user at %x: trap %d at %x, code %x\n", (uintptr_t)argument, (int)trap.cause,
		  trap.address, trap.raw);
	return false;
}

/* The user reaches what is his, and nothing else: its code says so itself. */
static void the_user_reaches_his_own_pages_only(void)
{
	const size_t bytes = (size_t)(machine_code_user_end - machine_code_user);
	unsigned char *code, *his, *ours;

	ground_begin(&(struct ground_config){ 0 });
	code = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW | QUIRE_USER);
	his = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW | QUIRE_USER);
	ours = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(code && his && ours);
	for (size_t i = 0; i < PAGE; i++)
		CHECK(his[i] == 0);
	memcpy(code, machine_code_user, bytes);
	CHECK(!quire_vpage_protect(&ground.vs, code, 1, QUIRE_RX | QUIRE_USER));
	ground.port.mmu.icache_sync(&ground.port.mmu, code, bytes);
	CHECK(user_traps(code, MACHINE_CALL, his));
	CHECK(user_traps(code, MACHINE_READ, ours));
	CHECK(is_writable(his) && is_writable(ours));
	if (machine_keeps_kernel_from_user_code)
		CHECK(traps(MACHINE_EXECUTE, code));
	CHECK(!quire_vpage_free(&ground.vs, code) && !quire_vpage_free(&ground.vs, his) &&
	      !quire_vpage_free(&ground.vs, ours));
	CHECK_SOUND(ground_end());
}

/* ---- frames --------------------------------------------------------------------------------- */

static void both_views_are_the_same_memory(void)
{
	unsigned char *ptr, *other;

	ground_begin(&(struct ground_config){ .alias = true });
	ptr = quire_vpage_alloc(&ground.vs, 3, QUIRE_RW);
	CHECK(ptr);
	other = quire_uncached(&ground.port.mmu, ptr);
	CHECK(other == (unsigned char *)machine_alias + (ptr - (unsigned char *)machine_window));
	for (size_t at = 0; at < 3 * PAGE; at += 509)
		other[at] = (unsigned char)(at / 7);
	quire_relinquish(&ground.port.mmu, ptr, 3 * PAGE);
	for (size_t at = 0; at < 3 * PAGE; at += 509)
		CHECK(ptr[at] == (unsigned char)(at / 7));
	CHECK(!quire_vpage_free(&ground.vs, other));
	CHECK(traps(MACHINE_READ, other) && traps(MACHINE_READ, ptr));
	CHECK_SOUND(ground_end());
}

/* Different pages have different frames, wherever they lie. */
static void no_two_pages_share_a_frame(void)
{
	unsigned char *page[GROUND_FRAMES];

	ground_begin(&(struct ground_config){ 0 });
	for (size_t i = 0; i < GROUND_FRAMES; i++) {
		page[i] = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
		CHECK(page[i]);
		*(size_t *)(void *)page[i] = i * 3 + 1;
	}
	CHECK(!quire_vpage_alloc(&ground.vs, 1, QUIRE_RW));
	for (size_t i = 0; i < GROUND_FRAMES; i++)
		CHECK(*(size_t *)(void *)page[i] == i * 3 + 1);
	for (size_t i = 0; i < GROUND_FRAMES; i++)
		CHECK(!quire_vpage_free(&ground.vs, page[i]));
	CHECK_SOUND(ground_end());
}

/* The frame that a page left behind is another's by then: what is written to it does not show. The
 * others are had one by one, because a long range would flush everything. */
static void a_moved_page_keeps_address_and_contents(void)
{
	const struct quire_mmu *mmu = &ground.port.mmu;
	unsigned char *ptr, *other[GROUND_FRAMES];
	uint32_t before, after, count = 0;

	ground_begin(&(struct ground_config){ .alias = true });
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr);
	memset(ptr, 0x5a, PAGE);
	before = quire_bare_frame_behind(&ground.port, (uintptr_t)ptr);
	CHECK(!mmu->move(mmu, (uintptr_t)ptr));
	ptr[100] = 0x77; /* now, before another flush may mend what this one forgot */
	if (mmu->writeback)
		mmu->writeback(mmu, ptr, PAGE);
	CHECK(*((unsigned char *)quire_uncached(mmu, ptr) + 100) == 0x77);
	ptr[100] = 0x5a;
	after = quire_bare_frame_behind(&ground.port, (uintptr_t)ptr);
	CHECK(mmu->bank_of(mmu, (uintptr_t)ptr) == after / GROUND_BANK);
	CHECK(before / GROUND_BANK != after / GROUND_BANK);
	do {
		other[count] = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
		CHECK(other[count]);
	} while (quire_bare_frame_behind(&ground.port, (uintptr_t)other[count++]) != before);
	memset(other[count - 1], 0xa5, PAGE);
	for (size_t i = 0; i < PAGE; i++)
		CHECK(ptr[i] == 0x5a);
	CHECK(*(unsigned char *)quire_uncached(mmu, ptr) == 0x5a);
	while (ground_free_frames())
		CHECK((other[count++] = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW)) != NULL);
	CHECK(mmu->move(mmu, (uintptr_t)ptr) == QUIRE_ENOPHYS && ptr[7] == 0x5a);
	while (count)
		CHECK(!quire_vpage_free(&ground.vs, other[--count]));
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

/* ---- all or nothing ------------------------------------------------------------------------- */

static void a_map_without_frames_leaves_nothing_behind(void)
{
	unsigned char *ptr;

	ground_begin(&(struct ground_config){ 0 });
	ptr = quire_vpage_alloc(&ground.vs, 100, QUIRE_RW);
	CHECK(ptr);
	CHECK(ground.port.mmu.map(&ground.port.mmu, (uintptr_t)ptr + 512 * PAGE, 29, QUIRE_RW) ==
	      QUIRE_ENOPHYS);
	CHECK(ground_free_frames() == GROUND_FRAMES - 100);
	CHECK(traps(MACHINE_READ, ptr + 512 * PAGE));
	CHECK_SOUND(quire_bare_check(&ground.port));
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

/* Whatever the size of the pool, what it cannot hold is refused, and the rest goes on. */
static void page_tables_run_out_cleanly_and_are_reclaimed(void)
{
	unsigned char *base = (unsigned char *)machine_window;

	for (uint32_t pool = 1; pool < 8; pool++) {
		size_t served = 0;

		ground_begin(&(struct ground_config){ .tables = pool });
		for (size_t page = 100; page < GROUND_PAGES; page += 200) {
			uint32_t tables = quire_bare_tables(&ground.port);
			uint32_t free_frames = ground_free_frames();

			if (quire_vpage_alloc_at(&ground.vs, base + page * PAGE, 1, QUIRE_RW)) {
				CHECK(is_writable(base + page * PAGE));
				served++;
			} else {
				CHECK(quire_bare_tables(&ground.port) == tables);
				CHECK(ground_free_frames() == free_frames);
			}
			CHECK_SOUND(quire_bare_check(&ground.port));
		}
		CHECK(quire_bare_tables_peak(&ground.port) <= pool);
		CHECK(served == 10 || quire_bare_counters(&ground.port).table_failures);
		for (size_t page = 100; page < GROUND_PAGES; page += 200)
			if (quire_vpage_size(&ground.vs, base + page * PAGE))
				CHECK(!quire_vpage_free(&ground.vs, base + page * PAGE));
		CHECK_SOUND(ground_end());
	}
}

static uint32_t shot_down;
static bool was_dead;

static void look_at_tables(void *context, uintptr_t va, size_t pages)
{
	(void)context, (void)va, (void)pages;
	was_dead = ground_tables_are_dead();
	shot_down++;
}

/* Until the flush is over the unit may walk a table that is detached already. */
static void a_detached_table_leads_nowhere_before_the_flush(void)
{
	unsigned char *ptr;

	ground_begin(&(struct ground_config){ .shoot_down = look_at_tables });
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr && !ground_tables_are_dead());
	shot_down = 0;
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK(shot_down == 2 && was_dead); /* for the page, and for the tables */
	CHECK_SOUND(ground_end());
}

/* The flush of a page reaches the tables above it on some units only; elsewhere all is flushed. */
static void a_table_that_comes_or_goes_is_flushed_as_the_unit_demands(void)
{
	const uint64_t all = machine_flushes_all_for_tables ? 1 : 0;
	unsigned char *keeper, *ptr;

	ground_begin(&(struct ground_config){ 0 });
	keeper = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(keeper && quire_bare_counters(&ground.port).full_flushes == all);
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr && !quire_vpage_free(&ground.vs, ptr));
	CHECK(quire_bare_counters(&ground.port).full_flushes == all);
	CHECK(!quire_vpage_free(&ground.vs, keeper));
	CHECK(quire_bare_counters(&ground.port).full_flushes == 2 * all);
	CHECK_SOUND(ground_end());
}

static bool is_refused(struct quire_bare_config config)
{
	static struct quire_bare port;

	return quire_bare_init(&port, &config) == QUIRE_EINVAL;
}

static void an_impossible_configuration_is_refused(void)
{
	static struct quire_bare port;
	struct quire_bare_config good, bad;
	void *ptr;

	ground_begin(&(struct ground_config){ .alias = true });
	good = ground.port.config;
	CHECK(!quire_bare_init(&port, &good));
#define REFUSED(member, value) (bad = good, bad.member = (value), is_refused(bad))
	CHECK(REFUSED(window, good.window + 64));
	CHECK(REFUSED(pages, 0));
	CHECK(REFUSED(alias, good.window + (GROUND_PAGES - 1) * PAGE));
	CHECK(REFUSED(spare, good.window + PAGE));
	CHECK(REFUSED(spare, good.alias + PAGE));
	CHECK(REFUSED(memory, 0));
	CHECK(REFUSED(banks, 0));
	CHECK(REFUSED(root, NULL));
	CHECK(REFUSED(tables, (unsigned char *)good.tables + 64));
	CHECK(REFUSED(tables_bytes, QUIRE_BARE_TABLE_BYTES - 1));
	CHECK(REFUSED(storage_bytes, good.storage_bytes - 1));
#if UINTPTR_MAX > UINT32_MAX
	CHECK(REFUSED(window, (uintptr_t)1 << 40)); /* farther than any of these units reaches */
	CHECK(REFUSED(window, ((uintptr_t)1 << 40) - PAGE));
#endif
#undef REFUSED
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr && is_refused(good)); /* something is mapped there */
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

const struct tap_case unit_cases[] = {
	TAP_CASE(freed_memory_traps),
	TAP_CASE(many_freed_pages_trap),
	TAP_CASE(memory_that_trapped_can_be_used_once_it_is_mapped),
	TAP_CASE(a_guard_page_traps),
	TAP_CASE(a_sealed_area_traps_writes),
	TAP_CASE(text_runs_and_data_does_not),
	TAP_CASE(the_user_reaches_his_own_pages_only),
	TAP_CASE(both_views_are_the_same_memory),
	TAP_CASE(no_two_pages_share_a_frame),
	TAP_CASE(a_moved_page_keeps_address_and_contents),
	TAP_CASE(a_map_without_frames_leaves_nothing_behind),
	TAP_CASE(page_tables_run_out_cleanly_and_are_reclaimed),
	TAP_CASE(a_detached_table_leads_nowhere_before_the_flush),
	TAP_CASE(a_table_that_comes_or_goes_is_flushed_as_the_unit_demands),
	TAP_CASE(an_impossible_configuration_is_refused),
};
const size_t unit_count = sizeof(unit_cases) / sizeof(unit_cases[0]);
