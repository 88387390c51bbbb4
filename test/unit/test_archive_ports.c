/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sleep on machines whose memory loses what it holds when it goes off: every bank is off, the records
 * are wiped, the port is made anew, and everything comes back in other frames. Played on the Linux
 * port and on the model of the ADSP with either of its drivers.
 */
#include <stddef.h>
#include <string.h>

#include "quire/adsp.h"
#include "quire/linux.h"
#include "quire/quire.h"

#include "support/heap_archive.h"
#include "support/space.h"
#include "support/test.h"
#include "support/touch.h"

#define PAGE     ((size_t)4096)
#define PAGES    96u /* of the window; the vspace has all but the last few */
#define OTHERS   8u
#define BANKS    6u
#define PER_BANK 32u

/* All records, so that one copy holds them. */
static struct records {
	struct quire_vspace vs;
	struct quire_budget budget;
	struct quire_vmh heap;
	struct quire_vregion *vr;
	_Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(PAGES, 2)];
	_Alignas(uintptr_t) unsigned char of_heap[QUIRE_VMH_ELASTIC_STORAGE(16 * 4096, 64)];
	_Alignas(uintptr_t) unsigned char of_region[QUIRE_VREGION_STORAGE(4 * 4096, 64)];
	unsigned char *data, *constants, *stream, *text, *life, *scratch;
} records, kept;

static struct quire_linux linux_port;
static struct quire_adsp adsp;

struct machine {
	struct quire_mmu *mmu;
	void *const *window;
	int32_t (*start)(const struct machine *machine, void *window);
	void (*stop)(void);
	uint32_t (*frame_of)(const void *ptr);
	uint32_t (*banks_on)(void);
	enum quire_adsp_behaviour behaviour;
};

static int32_t start_linux(const struct machine *machine, void *window)
{
	struct quire_linux_config config = { .pages = PAGES,
					     .base = (uintptr_t)window,
					     .banks = BANKS,
					     .frames_per_bank = PER_BANK };

	(void)machine;
	return quire_linux_init(&linux_port, &config);
}

static void stop_linux(void)
{
	quire_linux_fini(&linux_port);
}

static uint32_t frame_of_linux(const void *ptr)
{
	return quire_linux_frame_of(&linux_port, ptr);
}

static uint32_t banks_on_linux(void)
{
	return quire_frames_banks_on(quire_linux_frames(&linux_port));
}

static int32_t start_adsp(const struct machine *machine, void *window)
{
	struct quire_adsp_config config = { .pages = PAGES,
					    .frames = BANKS * PER_BANK,
					    .frames_per_bank = PER_BANK,
					    .base = (uintptr_t)window,
					    .uncached_xor = (uintptr_t)1 << 30,
					    .behaviour = machine->behaviour,
					    .coherent = true };

	return quire_adsp_init(&adsp, &config);
}

static void stop_adsp(void)
{
	assert_sound(quire_adsp_check(&adsp));
	quire_adsp_fini(&adsp);
}

static uint32_t frame_of_adsp(const void *ptr)
{
	return quire_adsp_frame_of(&adsp, ptr);
}

static uint32_t banks_on_adsp(void)
{
	uint32_t on = 0;

	for (uint32_t bank = 0; bank < BANKS; bank++)
		on += quire_adsp_bank_is_on(&adsp, bank);
	assert_int_equal(on, quire_frames_banks_on(quire_adsp_frames(&adsp)));
	return on;
}

static const struct machine on_linux = {
	&linux_port.mmu, &linux_port.window, start_linux, stop_linux,
	frame_of_linux,  banks_on_linux,     0,
};
static const struct machine on_strict = { &adsp.mmu,     &adsp.window,  start_adsp,       stop_adsp,
					  frame_of_adsp, banks_on_adsp, QUIRE_ADSP_STRICT };
static const struct machine on_faulty = { &adsp.mmu,     &adsp.window,  start_adsp,       stop_adsp,
					  frame_of_adsp, banks_on_adsp, QUIRE_ADSP_FAULTY };

static void make_space(const struct machine *machine)
{
	struct quire_vspace_config config = { .mmu = machine->mmu,
					      .base = *machine->window,
					      .pages = PAGES - OTHERS,
					      .budgets = 2,
					      .retain = 6,
					      .storage = records.storage,
					      .storage_bytes = sizeof(records.storage) };
	struct quire_vmh_config of_heap = { .window = 16 * PAGE,
					    .budget = &records.budget,
					    .storage = records.of_heap,
					    .storage_bytes = sizeof(records.of_heap) };
	struct quire_vregion_config of_region = { .text = PAGE,
						  .lifetime = 2 * PAGE,
						  .interim = 4 * PAGE,
						  .storage = records.of_region,
						  .storage_bytes = sizeof(records.of_region) };

	memset(&records, 0, sizeof(records));
	assert_ok(quire_vspace_init(&records.vs, &config));
	assert_ok(quire_vspace_admit(&records.vs, &records.budget, 4, 40));
	assert_ok(quire_vmh_init(&records.heap, &records.vs, &of_heap));
	records.vr = quire_vregion_create(&records.vs, &of_region, NULL);
	assert_non_null(records.vr);
}

static void populate(void)
{
	void *spare = quire_vpage_alloc(&records.vs, 5, QUIRE_RW);

	records.data = quire_vpage_alloc(&records.vs, 37, QUIRE_RW); /* more than a bank has */
	records.constants = quire_vpage_alloc(&records.vs, 2, QUIRE_RW);
	records.stream = quire_vmh_alloc(&records.heap, 3 * PAGE + 100);
	records.text = quire_vregion_alloc(records.vr, QUIRE_TEXT, 500, 0);
	records.life = quire_vregion_alloc(records.vr, QUIRE_LIFETIME, PAGE + 500, 0);
	records.scratch = quire_vregion_alloc(records.vr, QUIRE_INTERIM, 2 * PAGE, 0);
	assert_true(spare && records.data && records.constants && records.stream && records.text &&
		    records.life && records.scratch);
	test_fill(records.data, 37 * PAGE, 1);
	test_fill(records.constants, 2 * PAGE, 2);
	test_fill(records.stream, 3 * PAGE + 100, 3);
	test_fill(records.text, 500, 4);
	test_fill(records.life, PAGE + 500, 5);
	test_fill(records.scratch, 2 * PAGE, 6);
	assert_ok(quire_vpage_protect(&records.vs, records.constants, 2, QUIRE_READ));
	assert_ok(quire_vregion_seal(records.vr));
	assert_ok(quire_vregion_protect(records.vr, QUIRE_TEXT, QUIRE_RX));
	assert_ok(quire_vregion_protect(records.vr, QUIRE_LIFETIME, QUIRE_READ));
	assert_ok(quire_vpage_free(&records.vs, spare)); /* five pages stay mapped */
}

static void assert_whole(void)
{
	test_assert_filled(records.data, 37 * PAGE, 1);
	test_assert_filled(records.constants, 2 * PAGE, 2);
	test_assert_filled(records.stream, 3 * PAGE + 100, 3);
	test_assert_filled(records.text, 500, 4);
	test_assert_filled(records.life, PAGE + 500, 5);
	test_assert_filled(records.scratch, 2 * PAGE, 6);
	assert_true(test_write_faults(records.constants) && test_write_faults(records.text));
	assert_true(test_write_faults(records.life) && test_write_faults(records.life + PAGE));
	assert_false(test_write_faults(records.data) || test_write_faults(records.stream));
	assert_sound(quire_vspace_check(&records.vs));
	assert_sound(quire_vmh_check(&records.heap));
	assert_sound(quire_vregion_check(records.vr));
}

static void end(const struct machine *machine)
{
	assert_ok(quire_vregion_put(records.vr));
	assert_ok(quire_vmh_free(&records.heap, records.stream));
	assert_ok(quire_vmh_fini(&records.heap));
	assert_ok(quire_vpage_free(&records.vs, records.data));
	assert_ok(quire_vpage_free(&records.vs, records.constants));
	assert_int_equal(records.budget.used, 0);
	assert_ok(quire_vspace_fini(&records.vs));
	machine->stop();
}

static void stats_of(struct quire_vspace_stats *stats)
{
	quire_vspace_stats(&records.vs, stats);
	stats->map_calls = stats->unmap_calls = stats->mapped_pages = stats->retained = 0;
}

static uintptr_t behind_the_space(const struct machine *machine)
{
	return (uintptr_t)*machine->window + (PAGES - OTHERS) * PAGE;
}

/* Somebody else is first at the frames. */
static void others_come(const struct machine *machine)
{
	assert_ok(machine->mmu->map(machine->mmu, behind_the_space(machine), OTHERS, QUIRE_RW));
}

static void others_go(const struct machine *machine)
{
	assert_ok(machine->mmu->unmap(machine->mmu, behind_the_space(machine), OTHERS));
}

/* All of 0 ... 36 have other frames. */
static void frames_of(const struct machine *machine, uint32_t frame[37])
{
	for (size_t i = 0; i < 37; i++)
		frame[i] = machine->frame_of(records.data + i * PAGE);
}

static void all_banks_go_off_and_everything_comes_back_in_other_frames(void **state)
{
	const struct machine *machine = *state;
	struct quire_vspace_stats then, now;
	struct heap_archive archive;
	uint32_t before[37], after[37];
	size_t others = 0;

	assert_ok(machine->start(machine, NULL));
	make_space(machine);
	populate();
	assert_whole();
	frames_of(machine, before);
	heap_archive_init(&archive, PAGES * PAGE);
	heap_archive_read_twice(&archive);
	stats_of(&then);
	assert_true(machine->banks_on() >= 2);
	assert_ok(quire_vspace_save(&records.vs, &archive.archive));
	assert_int_equal(machine->banks_on(), 0);
	assert_true(test_read_faults(records.data) && test_read_faults(records.life));
	others_come(machine);
	memset((void *)behind_the_space(machine), 0x77, OTHERS * PAGE);
	assert_ok(quire_vspace_restore(&records.vs, &archive.archive));
	assert_whole();
	frames_of(machine, after);
	for (size_t i = 0; i < 37; i++)
		others += before[i] != after[i];
	assert_true(others > 5);
	stats_of(&now);
	assert_memory_equal(&then, &now, offsetof(struct quire_vspace_stats, saved));
	others_go(machine);
	heap_archive_free(&archive);
	end(machine);
}

/* A cold start: the machine is another, at the same addresses. */
static void what_was_saved_with_its_records_survives_a_cold_start(void **state)
{
	const struct machine *machine = *state;
	struct quire_vspace_stats then, now;
	struct heap_archive archive;
	void *window;

	assert_ok(machine->start(machine, NULL));
	make_space(machine);
	populate();
	heap_archive_init(&archive, PAGES * PAGE);
	stats_of(&then);
	assert_ok(quire_vspace_save(&records.vs, &archive.archive));
	kept = records;
	window = *machine->window;
	machine->stop();
	memset(&records, 0xee, sizeof(records));
	assert_ok(machine->start(machine, window));
	assert_ptr_equal(*machine->window, window);
	others_come(machine);
	records = kept;
	assert_ok(quire_vspace_restore(&records.vs, &archive.archive));
	assert_whole();
	stats_of(&now);
	assert_memory_equal(&then, &now, offsetof(struct quire_vspace_stats, saved));
	others_go(machine);
	heap_archive_free(&archive);
	end(machine);
}

#define EACH(test)                                                                       \
	{ #test "_on_linux", test, NULL, NULL, (void *)(uintptr_t)&on_linux },           \
		{ #test "_on_strict", test, NULL, NULL, (void *)(uintptr_t)&on_strict }, \
	{                                                                                \
#test "_on_faulty", test, NULL, NULL, (void *)(uintptr_t)&on_faulty      \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(all_banks_go_off_and_everything_comes_back_in_other_frames),
		EACH(what_was_saved_with_its_records_survives_a_cold_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
