/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Zephyr module of zephyr/, unchanged, on the driver of the ADSP model, strict and faulty: its
 * boot-time suites, boards without the region that it wants, every call of the driver failing in
 * turn, and what the console shows.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quire/zephyr.h"
#ifdef CONFIG_QUIRE_SOF_NAMES
#include "quire/sof.h"
#endif

#define PAGE ((size_t)CONFIG_MM_DRV_PAGE_SIZE)

#define REQUIRE(holds)                                                       \
	do {                                                                 \
		if (!(holds)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #holds); \
			return false;                                        \
		}                                                            \
	} while (0)

static struct host_config board = { .region_pages = 600, .library_pages = 40 };

static bool shows(const char *text, const char *words)
{
	if (strstr(text, words))
		return true;
	printf("# no '%s' in:\n# %s\n", words, text);
	return false;
}

/* Whoever lives as long as the firmware does gives its memory back, so that nothing may be left. */
static const char *halt(void)
{
	if (quire_zephyr_vspace())
		quire_vspace_trim(quire_zephyr_vspace());
#ifdef CONFIG_QUIRE_SOF_NAMES
	if (quire_sof_vspace() && quire_sof_fini())
		return "SOF's memory is still in use";
#endif
	return host_halt();
}

/* ---- boards ---------------------------------------------------------------------------------- */

static bool a_board_without_the_region_runs_without_quire(void)
{
	struct host_config without = { .behaviour = board.behaviour };

	host_boot(&without);
	REQUIRE(!quire_zephyr_vspace() && !quire_zephyr_heap());
	REQUIRE(!quire_zephyr_region_create(&(struct quire_zephyr_region){ .lifetime = PAGE },
					    NULL));
	REQUIRE(quire_zephyr_library_map(host_adsp.window, PAGE, QUIRE_RW) == QUIRE_ESTATE);
	REQUIRE(shows(host_take_text(), "no memory region with attribute 3"));
#ifdef CONFIG_QUIRE_SHELL
	REQUIRE(host_shell("quire", "stat") == -1);
	REQUIRE(shows(host_take_text(), "Quire is off"));
#endif
	REQUIRE(!halt());
	return true;
}

#if defined(CONFIG_QUIRE_VMH) && !defined(CONFIG_QUIRE_SOF_NAMES)
static bool a_region_too_small_for_the_heap_has_pages_all_the_same(void)
{
	struct host_config small = { .behaviour = board.behaviour, .region_pages = 5 };
	void *ptr;

	host_boot(&small);
	REQUIRE(quire_zephyr_vspace() && !quire_zephyr_heap());
	REQUIRE(shows(host_take_text(), "no heap of"));
	ptr = quire_vpage_alloc(quire_zephyr_vspace(), 5, QUIRE_RW);
	REQUIRE(ptr && !quire_vpage_free(quire_zephyr_vspace(), ptr));
	REQUIRE(!halt());
	return true;
}

#endif

#ifndef CONFIG_QUIRE_SOF_NAMES
static bool a_region_that_begins_inside_a_page_loses_that_page(void)
{
	struct host_config odd = { .behaviour = board.behaviour,
				   .region_pages = 9,
				   .misplaced = 100 };
	struct quire_vspace_stats stats;

	host_boot(&odd);
	quire_vspace_stats(quire_zephyr_vspace(), &stats);
	REQUIRE(stats.pages == 8);
	host_take_text();
	REQUIRE(!halt());
	return true;
}

#endif

static bool a_region_of_less_than_a_page_is_off(void)
{
	struct host_config odd = { .behaviour = board.behaviour,
				   .region_pages = 1,
				   .misplaced = 1 };

	host_boot(&odd);
	REQUIRE(!quire_zephyr_vspace());
	REQUIRE(shows(host_take_text(), "too few"));
	REQUIRE(!halt());
	return true;
}

#ifdef CONFIG_QUIRE_BOOT_TEST_AT_INIT
/* What a board has nothing to test with is passed over, and the application runs. */
static bool suites_run_at_boot_as_far_as_the_board_goes(void)
{
	struct host_config all = board;
	struct host_config without = { .behaviour = board.behaviour, .suites = true };
	struct host_config small = without;
	unsigned int failures, in_all, few;

	all.suites = true;
	small.region_pages = 290;
	host_take_boot_tests(&failures);
	host_boot(&without);
	REQUIRE(host_take_boot_tests(&failures) == 0);
	REQUIRE(!halt());
	host_boot(&small);
	few = host_take_boot_tests(&failures);
	REQUIRE(few > 0 && !failures && quire_zephyr_vspace() && !quire_zephyr_heap());
	REQUIRE(!halt());
	host_boot(&all);
	in_all = host_take_boot_tests(&failures);
	REQUIRE(in_all == host_count_tests() && in_all > few && !failures);
	host_take_text();
	return true;
}
#endif

/* ---- libraries ------------------------------------------------------------------------------- */

static bool a_library_is_mapped_where_it_was_linked_for(void)
{
	char *base;

	host_boot(&board);
	base = (char *)host_adsp.window + 64 * PAGE;
	REQUIRE(!quire_zephyr_library_map(base + PAGE + 100, 2 * PAGE, QUIRE_RW));
	memset(base + PAGE + 100, 0x31, 2 * PAGE);
	REQUIRE(quire_adsp_entry(&host_adsp, base + 3 * PAGE) & QUIRE_ADSP_ENTRY_WRITE);
	REQUIRE(!quire_adsp_entry(&host_adsp, base + 4 * PAGE));
	REQUIRE(quire_zephyr_library_map(base + PAGE, PAGE, QUIRE_RW) == QUIRE_EBUSY);
	REQUIRE(!quire_zephyr_library_protect(base + PAGE + 100, 2 * PAGE, QUIRE_RX));
	REQUIRE(quire_adsp_entry(&host_adsp, base + PAGE) & QUIRE_ADSP_ENTRY_EXEC);
	REQUIRE(quire_zephyr_library_map(base + 10 * PAGE, 25 * PAGE, QUIRE_RW) == QUIRE_ENOPHYS);
	REQUIRE(quire_zephyr_library_map(base - PAGE, PAGE, QUIRE_RW) != QUIRE_OK);
	REQUIRE(quire_zephyr_library_map(base, 0, QUIRE_RW) == QUIRE_EINVAL);
	REQUIRE(quire_zephyr_library_map(base, SIZE_MAX, QUIRE_RW) == QUIRE_EINVAL);
	REQUIRE(!quire_zephyr_library_unmap(base + PAGE + 100));
	REQUIRE(quire_zephyr_library_unmap(base + PAGE + 100) == QUIRE_EFREE);
	host_take_text();
	return true;
}

#ifdef CONFIG_QUIRE_SOF_NAMES

/* ---- SOF's names ---------------------------------------------------------------------------- */

static bool sofs_names_have_the_window(void)
{
	struct quire_sof_memory memory;
	void *pages, *buffer;
	struct vregion *region;

	host_boot(&board);
	REQUIRE(shows(host_take_text(), "for SOF"));
	pages = vpage_alloc(3);
	buffer = rballoc_align(0, 5000, 128);
	region = vregion_create(4 * PAGE);
	REQUIRE(pages && buffer && region && (uintptr_t)buffer % 128 == 0);
	REQUIRE(!quire_sof_memory(&memory) && memory.page_allocation_pages == 3);
	REQUIRE(memory.regions == 1 && memory.pages == 280);
	vpage_free(pages);
	rfree(buffer);
	vregion_put(region);
	REQUIRE(!quire_sof_check());
	return true;
}
#endif

#if defined(CONFIG_QUIRE_SHELL) && !defined(CONFIG_QUIRE_SOF_NAMES)

/* ---- what the console shows ------------------------------------------------------------------ */

static bool the_console_shows_figures_pages_and_regions(void)
{
	const struct quire_zephyr_region wish = { .lifetime = PAGE, .interim = 2 * PAGE };
	struct quire_vregion *vr;
	void *ptr;
	const char *text;

	host_boot(&board);
	text = host_take_text();
	REQUIRE(shows(text, "600 pages at"));
#ifdef CONFIG_QUIRE_STATS
	REQUIRE(shows(text, "I quire: pages: 0 of 280 held"));
	REQUIRE(shows(text, "I quire: heap: 0 bytes in use, at most 0; largest request 524288"));
#endif
	ptr = quire_vpage_alloc(quire_zephyr_vspace(), 7, QUIRE_RW);
	vr = quire_zephyr_region_create(&wish, NULL);
	REQUIRE(ptr && vr && quire_vregion_alloc(vr, QUIRE_LIFETIME, 1000, 0));
	REQUIRE(host_shell("quire", "stat") == 0);
	text = host_take_text();
	REQUIRE(shows(text, "window: 600 pages"));
	REQUIRE(shows(text, "memory: 280 pages, 8 held"));
	REQUIRE(host_shell("quire", "map") == 0);
	REQUIRE(shows(host_take_text(), "     7 pages, 7 mapped, taken"));
	REQUIRE(host_shell("quire", "regions") == 0);
	REQUIRE(shows(host_take_text(), "lifetime 1000 of 4096 used"));
	REQUIRE(quire_vpage_free(quire_zephyr_vspace(), (char *)ptr + PAGE) == QUIRE_EFREE);
	REQUIRE(shows(host_take_text(), "E quire: 0x"));
	REQUIRE(!quire_vregion_put(vr));
	REQUIRE(!quire_vpage_free(quire_zephyr_vspace(), ptr));
	host_set_interrupt(true);
	REQUIRE(!quire_vpage_alloc(quire_zephyr_vspace(), 1, QUIRE_RW));
	host_set_interrupt(false);
	REQUIRE(shows(host_take_text(), "not allowed from interrupt context"));
	return true;
}

int pipelines_main(void);
int user_thread_main(void);

static bool the_samples_run(void)
{
	host_boot(&board);
	host_take_text();
	pipelines_main();
	REQUIRE(shows(host_take_text(), "both pipelines ran"));
	user_thread_main();
	REQUIRE(shows(host_take_text(), "the thread left 42"));
	return true;
}

#endif

#ifndef CONFIG_QUIRE_SOF_NAMES

/* ---- every call of the driver fails in turn -------------------------------------------------- */

/* What firmware does; each call may be refused, and what was got is given back, again if need be. */
static bool live_a_life(void)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	const struct quire_zephyr_region wish = { .lifetime = 2 * PAGE, .interim = 2 * PAGE };
	char *library = (char *)host_adsp.window + 64 * PAGE;
	void *pages = quire_vpage_alloc(vs, 5, QUIRE_RW);
	struct quire_vmh *heap = quire_zephyr_heap();
	void *buffer = heap ? quire_vmh_alloc(heap, 3 * PAGE) : NULL;
	struct quire_vregion *vr = quire_zephyr_region_create(&wish, NULL);
	bool mapped = !quire_zephyr_library_map(library, 2 * PAGE, QUIRE_RW);

	if (vr) {
		quire_vregion_alloc(vr, QUIRE_LIFETIME, PAGE + 1, 0);
		quire_vregion_alloc(vr, QUIRE_INTERIM, PAGE + 1, 0);
	}
	if (pages)
		quire_vpage_protect(vs, pages, 5, QUIRE_READ);
	if (mapped)
		quire_zephyr_library_protect(library, 2 * PAGE, QUIRE_RX);
	if (buffer)
		quire_vmh_resize(heap, buffer, PAGE);
	REQUIRE(!quire_vspace_check(vs));
	for (int attempt = 0; attempt < 9; attempt++) {
		if (buffer && !quire_vmh_free(heap, buffer))
			buffer = NULL;
		if (pages && !quire_vpage_free(vs, pages))
			pages = NULL;
		if (vr && !quire_vregion_put(vr))
			vr = NULL;
		if (mapped && !quire_zephyr_library_unmap(library))
			mapped = false;
	}
	REQUIRE(!buffer && !pages && !vr && !mapped);
	return true;
}

/* What stays behind after a failure is tried again by whoever comes by, so all of it is had once. */
static bool nothing_is_left(void)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	char *library = (char *)host_adsp.window + 64 * PAGE;
	void *all;

	REQUIRE(!quire_vspace_trim(vs));
	all = quire_vpage_alloc(vs, 280, QUIRE_RW);
	REQUIRE(all && vs->mmu->available(vs->mmu) == 0);
	REQUIRE(!quire_vpage_free(vs, all));
	REQUIRE(!quire_zephyr_library_map(library, 20 * PAGE, QUIRE_RW));
	REQUIRE(!quire_zephyr_library_unmap(library));
	REQUIRE(!quire_vspace_trim(vs));
	REQUIRE(!quire_vspace_check(vs));
	REQUIRE(vs->mmu->available(vs->mmu) == 280);
	return true;
}

static bool fail_in_turn(unsigned int count)
{
	unsigned int failures = 0;

	for (unsigned int n = 1;; n++) {
		host_boot(&board);
		host_fail(n, count);
		REQUIRE(live_a_life());
		if (!host_fail(0, 0))
			break;
		failures++;
		REQUIRE(nothing_is_left());
		host_take_text();
		REQUIRE(!halt());
	}
	if (count == 1)
		printf("# %u calls failed in turn\n", failures);
	REQUIRE(failures > 25);
	REQUIRE(nothing_is_left());
	host_take_text();
	return !halt();
}

static bool every_failing_call_of_the_driver_leaves_everything_in_order(void)
{
	return fail_in_turn(1);
}

/* What would be undone is refused as well. */
static bool several_failing_calls_leave_everything_in_order(void)
{
	static const unsigned int counts[] = { 2, 3, 5, 9 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (!fail_in_turn(counts[i]))
			return false;
	return true;
}

#endif

/* ---- all ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*run)(void);
} cases[] = {
#define CASE(function)              \
	{                           \
#function, function \
	}
	CASE(a_board_without_the_region_runs_without_quire),
#if defined(CONFIG_QUIRE_VMH) && !defined(CONFIG_QUIRE_SOF_NAMES)
	CASE(a_region_too_small_for_the_heap_has_pages_all_the_same),
#endif
#ifndef CONFIG_QUIRE_SOF_NAMES
	CASE(a_region_that_begins_inside_a_page_loses_that_page),
#endif
	CASE(a_region_of_less_than_a_page_is_off),
#ifdef CONFIG_QUIRE_BOOT_TEST_AT_INIT
	CASE(suites_run_at_boot_as_far_as_the_board_goes),
#endif
	CASE(a_library_is_mapped_where_it_was_linked_for),
#ifdef CONFIG_QUIRE_SOF_NAMES
	CASE(sofs_names_have_the_window),
#elif defined(CONFIG_QUIRE_SHELL)
	CASE(the_console_shows_figures_pages_and_regions),   CASE(the_samples_run),
#endif
#ifndef CONFIG_QUIRE_SOF_NAMES
	CASE(every_failing_call_of_the_driver_leaves_everything_in_order),
	CASE(several_failing_calls_leave_everything_in_order),
#endif
};

#define COUNT (sizeof(cases) / sizeof(cases[0]))

static void run_cases(unsigned int *number, unsigned int *failures)
{
	static const char *const names[] = { "strict", "faulty" };

	for (size_t i = 0; i < COUNT; i++) {
		bool passed = cases[i].run();

		if (host_adsp.tlb)
			passed = !halt() && passed;
		*failures += !passed;
		printf("%sok %u - %s (%s)\n", passed ? "" : "not ", ++*number, cases[i].name,
		       names[board.behaviour]);
	}
}

int main(void)
{
	unsigned int number = 0, failures = 0;

	printf("1..%u\n", 2 * (host_count_tests() + (unsigned int)COUNT));
	for (int behaviour = QUIRE_ADSP_STRICT; behaviour <= QUIRE_ADSP_FAULTY; behaviour++) {
		board.behaviour = (enum quire_adsp_behaviour)behaviour;
		host_boot(&board);
		failures += host_run_suites(&number);
		host_take_text();
		if (halt()) {
			printf("Bail out! something is left behind the suites\n");
			return EXIT_FAILURE;
		}
		run_cases(&number, &failures);
	}
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
