/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu: the model driver. See mmu.h for what it checks. The window lies in a memfd that is mapped
 * once or, with an alias, twice; a page that is not mapped is PROT_NONE there if the host can do
 * that.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/adsp.h"
#include "support/mmu.h"
#include "support/test.h"

#define WINDOW_ALIGN ((size_t)1 << 20)
#define ARENA_BYTES  ((size_t)1 << 20)
#define PRESENT      0x80u /* in the table of protections, because a port may map with none */
#define WRITTEN_BACK 1u
#define INVALIDATED  2u

/* What the calling thread holds. Tests never use two models under each other's locks. */
static _Thread_local bool holds_lock;
static _Thread_local bool holds_transition;

static struct test_mmu *model_of(const struct quire_mmu *mmu)
{
	return (struct test_mmu *)(uintptr_t)mmu;
}

static void breach(struct test_mmu *model, const char *words)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&model->broken, &none, words);
}

static void demand(struct test_mmu *model, bool kept, const char *words)
{
	if (!kept)
		breach(model, words);
}

/* ---- geometry -------------------------------------------------------------------------------- */

static bool within(const void *area, size_t bytes, const void *ptr)
{
	return area && (uintptr_t)ptr - (uintptr_t)area < bytes;
}

static bool host_protects(const struct test_mmu *model)
{
	return model->config.page_size % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

static size_t page_of(const struct test_mmu *model, const void *ptr)
{
	const unsigned char *base =
		within(model->alias, model->bytes, ptr) ? model->alias : model->window;

	return ((uintptr_t)ptr - (uintptr_t)base) / model->config.page_size;
}

static unsigned char *page_at(const struct test_mmu *model, size_t page)
{
	return model->window + page * model->config.page_size;
}

/* ---- contents of pages ----------------------------------------------------------------------- */

static void host_protect(const struct test_mmu *model, size_t page, size_t pages, int prot)
{
	size_t offset = page * model->config.page_size;
	size_t bytes = pages * model->config.page_size;

	if (!host_protects(model) || model->adsp)
		return;
	if (mprotect(model->window + offset, bytes, prot) != 0 ||
	    (model->alias && mprotect(model->alias + offset, bytes, prot) != 0))
		abort();
}

static bool is_filled(const unsigned char *bytes, size_t count, unsigned char value)
{
	return bytes[0] == value && memcmp(bytes, bytes + 1, count - 1) == 0;
}

static void check_untouched(struct test_mmu *model, size_t page)
{
	if (!host_protects(model))
		demand(model, is_filled(page_at(model, page), model->config.page_size, TEST_ABSENT),
		       "an unmapped page was written to");
}

static int host_prot(const struct test_mmu *model, uint32_t prot)
{
	bool read_only = (model->config.enforces & QUIRE_WRITE) && !(prot & QUIRE_WRITE);

	return read_only ? PROT_READ : PROT_READ | PROT_WRITE;
}

static void appear(struct test_mmu *model, size_t page, size_t pages, uint32_t prot)
{
	if (!model->adsp) {
		host_protect(model, page, pages, PROT_READ | PROT_WRITE);
		memset(page_at(model, page), TEST_POISON, pages * model->config.page_size);
		host_protect(model, page, pages, host_prot(model, prot));
	}
	memset(model->prot + page, (int)(PRESENT | prot), pages);
	model->mapped += pages;
}

static void vanish(struct test_mmu *model, size_t page)
{
	if (model->adsp)
		demand(model, !test_adsp_unmap(model, page, false), "the port does not unmap");
	if (!model->prot[page])
		return;
	if (!host_protects(model))
		memset(page_at(model, page), TEST_ABSENT, model->config.page_size);
	host_protect(model, page, 1, PROT_NONE);
	model->prot[page] = 0;
	model->mapped--;
	atomic_fetch_add(&model->free_frames, 1);
}

/* Stay behind a page that is being unmapped. */
static void resist(struct test_mmu *model, size_t page)
{
	if (model->adsp)
		demand(model, !model->prot[page] == !test_adsp_unmap(model, page, true),
		       "the port unmaps although its driver does not");
}

static bool take_frames(struct test_mmu *model, size_t frames)
{
	size_t free = atomic_load(&model->free_frames);

	do {
		if (free < frames)
			return false;
	} while (!atomic_compare_exchange_weak(&model->free_frames, &free, free - frames));
	return true;
}

/* ---- faults ---------------------------------------------------------------------------------- */

static bool plan_strikes(struct test_plan *plan)
{
	if (!plan->countdown)
		return false;
	if (plan->countdown > 1) {
		plan->countdown--;
		return false;
	}
	if (plan->more)
		plan->more--;
	else
		plan->countdown = 0;
	return true;
}

static bool strikes_by_chance(struct test_mmu *model)
{
	model->chance = model->chance * 1664525u + 1013904223u;
	return model->fail_one_in && (model->chance >> 16) % model->fail_one_in == 0;
}

static bool strikes(struct test_mmu *model, enum test_call kind)
{
	bool by_chance = strikes_by_chance(model);
	bool this_kind = plan_strikes(&model->plan[kind]);
	bool any_kind = plan_strikes(&model->plan[TEST_ANY]);
	bool its_turn = model->fail_every && model->calls[TEST_ANY] % model->fail_every == 0;

	return this_kind || any_kind || its_turn || by_chance;
}

/* ---- map, unmap, protect --------------------------------------------------------------------- */

/* What every one of the three must respect. false: the range is nonsense, do not touch anything. */
static bool enter(struct test_mmu *model, enum test_call kind, uintptr_t va, size_t pages)
{
	uintptr_t offset = va - (uintptr_t)model->window;

	model->calls[kind]++;
	model->calls[TEST_ANY]++;
	demand(model, holds_transition, "the driver was called without the transition lock");
	demand(model, !holds_lock, "the driver was called under the short lock");
	demand(model, pages > 0, "the driver was called for no page");
	demand(model, va % model->config.page_size == 0, "the driver was called inside a page");
	if (offset < model->bytes && offset % model->config.page_size == 0 &&
	    pages <= (model->bytes - offset) / model->config.page_size)
		return true;
	breach(model, "the driver was called outside the window");
	return false;
}

/* The port may have reasons of its own to fail; what it touched on the way is absent again. */
static void fail_below(struct test_mmu *model, size_t page, size_t pages, uint32_t prot)
{
	demand(model, test_adsp_map(model, page, pages, prot, true) != QUIRE_OK,
	       "the port maps although its driver does not");
	for (size_t i = page; i < page + pages && !host_protects(model); i++)
		memset(page_at(model, i), TEST_ABSENT, model->config.page_size);
}

/* Frames behind pages, of those that others left. */
static int32_t put_behind(struct test_mmu *model, size_t page, size_t pages, uint32_t prot)
{
	int32_t status = QUIRE_OK;

	if (strikes(model, TEST_MAP)) {
		if (model->adsp)
			fail_below(model, page, pages, prot);
		return model->map_status;
	}
	if (!take_frames(model, pages))
		status = QUIRE_ENOPHYS;
	if (model->adsp && !(status && model->others))
		demand(model, test_adsp_map(model, page, pages, prot, false) == status,
		       "the port answers something else");
	return status;
}

static int32_t model_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct test_mmu *model = model_of(mmu);
	size_t page = page_of(model, (void *)va);
	int32_t status;

	if (!enter(model, TEST_MAP, va, pages))
		return QUIRE_EDRIVER;
	demand(model, quire_mmu_accepts(mmu, prot), "map with a protection that is not accepted");
	for (size_t i = page; i < page + pages; i++) {
		if (!model->prot[i])
			continue;
		breach(model, "map of a page that is mapped");
		return QUIRE_EDRIVER;
	}
	for (size_t i = page; i < page + pages; i++)
		check_untouched(model, i);
	status = put_behind(model, page, pages, prot);
	if (!status)
		appear(model, page, pages, prot);
	return status;
}

static bool vanishes_in_failing_unmap(const struct test_mmu *model, size_t index, size_t pages)
{
	switch (model->part) {
	case TEST_FIRST_HALF:
		return index < (pages + 1) / 2;
	case TEST_EVERY_OTHER:
		return index % 2 == 0;
	case TEST_EVERYTHING:
		return true;
	case TEST_NOTHING:
	default:
		return false;
	}
}

static int32_t model_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct test_mmu *model = model_of(mmu);
	size_t page = page_of(model, (void *)va);
	bool fails;

	if (!enter(model, TEST_UNMAP, va, pages))
		return QUIRE_EDRIVER;
	fails = strikes(model, TEST_UNMAP);
	for (size_t i = 0; i < pages; i++)
		if (!fails || vanishes_in_failing_unmap(model, i, pages))
			vanish(model, page + i);
		else
			resist(model, page + i);
	return fails ? QUIRE_EDRIVER : QUIRE_OK;
}

static int32_t model_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct test_mmu *model = model_of(mmu);
	size_t page = page_of(model, (void *)va);
	bool fails;

	if (!enter(model, TEST_PROTECT, va, pages))
		return QUIRE_EDRIVER;
	demand(model, quire_mmu_accepts(mmu, prot), "protect with what is not accepted");
	for (size_t i = page; i < page + pages; i++) {
		if (model->prot[i])
			continue;
		breach(model, "protect of a page that is not mapped");
		return QUIRE_EDRIVER;
	}
	fails = strikes(model, TEST_PROTECT);
	if (model->adsp)
		demand(model, !test_adsp_protect(model, page, pages, prot, fails) == !fails,
		       "the port answers something else");
	if (fails)
		return QUIRE_EDRIVER;
	host_protect(model, page, pages, host_prot(model, prot));
	memset(model->prot + page, (int)(PRESENT | prot), pages);
	return QUIRE_OK;
}

static size_t model_available(const struct quire_mmu *mmu)
{
	struct test_mmu *model = model_of(mmu);

	assert_false(atomic_load(&model->interrupt)); /* nobody may ask from there */
	/* Relaxed: a test with threads must not be in order because the driver is. */
	return model->config.unknown
		       ? QUIRE_UNKNOWN
		       : atomic_load_explicit(&model->free_frames, memory_order_relaxed);
}

static bool model_in_interrupt(const struct quire_mmu *mmu)
{
	return atomic_load(&model_of(mmu)->interrupt);
}

/* ---- caches and aliases ---------------------------------------------------------------------- */

static bool in_window(const struct test_mmu *model, const void *ptr)
{
	return within(model->window, model->bytes, ptr) || within(model->alias, model->bytes, ptr);
}

static size_t line_of(const struct test_mmu *model, const void *ptr)
{
	const unsigned char *base =
		within(model->alias, model->bytes, ptr) ? model->alias : model->window;

	return ((uintptr_t)ptr - (uintptr_t)base) / model->config.cache_line;
}

/* Mark the lines of a range; only those that lie in it as a whole count. */
static void mark_lines(struct test_mmu *model, const void *ptr, size_t bytes, unsigned char mark)
{
	size_t line = model->config.cache_line;
	const unsigned char *end = (const unsigned char *)ptr + bytes;

	if (!bytes || !in_window(model, ptr))
		return;
	if (!in_window(model, end - 1)) {
		breach(model, "a cache call that leaves the window");
		return;
	}
	if ((uintptr_t)ptr % line || bytes % line)
		atomic_fetch_add(&model->partial_lines, 1);
	for (size_t page = page_of(model, ptr); page <= page_of(model, end - 1); page++)
		demand(model, model->prot[page], "a cache call for an unmapped page");
	for (size_t i = line_of(model, ptr); i <= line_of(model, end - 1); i++)
		atomic_fetch_or(&model->line[i], mark);
}

static void model_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	atomic_fetch_add(&model_of(mmu)->writebacks, 1);
	mark_lines(model_of(mmu), ptr, bytes, WRITTEN_BACK);
	if (model_of(mmu)->adsp)
		model_of(mmu)->adsp->mmu.writeback(&model_of(mmu)->adsp->mmu, ptr, bytes);
}

static void model_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	atomic_fetch_add(&model_of(mmu)->invalidates, 1);
	mark_lines(model_of(mmu), ptr, bytes, INVALIDATED);
	if (model_of(mmu)->adsp)
		model_of(mmu)->adsp->mmu.invalidate(&model_of(mmu)->adsp->mmu, ptr, bytes);
}

static void model_icache_sync(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	atomic_fetch_add(&model_of(mmu)->icache_syncs, 1);
	if (model_of(mmu)->adsp)
		model_of(mmu)->adsp->mmu.icache_sync(&model_of(mmu)->adsp->mmu, ptr, bytes);
}

/* Memory outside of the window has an uncached view too, as on hardware; nothing is ever there. */
static void *elsewhere(const void *ptr)
{
	return (void *)((uintptr_t)ptr ^ ~(UINTPTR_MAX >> 1));
}

static void *model_cached(const struct quire_mmu *mmu, const void *ptr)
{
	struct test_mmu *model = model_of(mmu);
	size_t offset = (uintptr_t)ptr - (uintptr_t)model->alias;

	if (within(model->alias, model->bytes, ptr))
		return model->window + offset;
	return (void *)(uintptr_t)ptr;
}

static void *model_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	struct test_mmu *model = model_of(mmu);
	size_t offset = (uintptr_t)ptr - (uintptr_t)model->window;

	if (within(model->window, model->bytes, ptr))
		return model->alias + offset;
	if (in_window(model, ptr) || within(model->arena, ARENA_BYTES, ptr))
		return (void *)(uintptr_t)ptr;
	return elsewhere(ptr);
}

/* ---- locks ----------------------------------------------------------------------------------- */

/* A lock that this thread has already is told and not taken, so that the test ends all the same. */
static void model_lock(const struct quire_mmu *mmu)
{
	if (holds_lock) {
		breach(model_of(mmu), "the short lock was taken twice");
		return;
	}
	if (!model_of(mmu)->open_lock)
		pthread_mutex_lock(&model_of(mmu)->lock);
	holds_lock = true;
}

static void model_unlock(const struct quire_mmu *mmu)
{
	if (!holds_lock) {
		breach(model_of(mmu), "the short lock was given back but not held");
		return;
	}
	holds_lock = false;
	if (!model_of(mmu)->open_lock)
		pthread_mutex_unlock(&model_of(mmu)->lock);
}

static void model_transition_lock(const struct quire_mmu *mmu)
{
	demand(model_of(mmu), !holds_lock, "the transition lock was taken after the short one");
	if (holds_transition) {
		breach(model_of(mmu), "the transition lock was taken twice");
		return;
	}
	pthread_mutex_lock(&model_of(mmu)->transition);
	holds_transition = true;
}

static void model_transition_unlock(const struct quire_mmu *mmu)
{
	if (!holds_transition) {
		breach(model_of(mmu), "the transition lock was given back but not held");
		return;
	}
	demand(model_of(mmu), !holds_lock,
	       "the transition lock was given back under the short one");
	holds_transition = false;
	pthread_mutex_unlock(&model_of(mmu)->transition);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	assert_non_null(memory);
	return memory;
}

/* Map the memfd at `phase` pages past a multiple of WINDOW_ALIGN, with unmapped memory all
 * around. */
static unsigned char *map_view(struct test_mmu *model, int file, int view)
{
	size_t phase = model->config.phase * model->config.page_size;
	size_t bytes = phase + model->bytes;
	int prot = host_protects(model) ? PROT_NONE : PROT_READ | PROT_WRITE;
	void *reserved = mmap(NULL, model->reserved_bytes, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t base = ((uintptr_t)reserved + WINDOW_ALIGN) & ~(WINDOW_ALIGN - 1);

	assert_true(reserved != MAP_FAILED);
	model->reserved[view] = reserved;
	assert_true(mmap((void *)base, bytes, prot, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED);
	return (unsigned char *)base + phase;
}

static void use_window_of_port(struct test_mmu *model)
{
	const struct quire_mmu *mmu = &model->adsp->mmu;

	model->window = model->adsp->window;
	if (model->config.not_coherent)
		model->alias = mmu->uncached(mmu, model->window);
}

static void map_window(struct test_mmu *model)
{
	size_t phase = model->config.phase * model->config.page_size;
	int file = memfd_create("quire-test", 0);

	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, (off_t)(phase + model->bytes)), 0);
	model->reserved_bytes = phase + model->bytes + 3 * WINDOW_ALIGN;
	model->window = map_view(model, file, 0);
	if (model->config.not_coherent)
		model->alias = map_view(model, file, 1);
	close(file);
}

static void fill_in_config(struct test_mmu_config *config)
{
	if (!config->frames)
		config->frames = config->pages;
	if (!config->page_size)
		config->page_size = 4096;
	if (!config->cache_line)
		config->cache_line = 64;
	if (!config->enforces && !config->enforces_nothing)
		config->enforces = QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER;
}

static void fill_in_mmu(struct test_mmu *model)
{
	model->mmu = (struct quire_mmu){
		.page_size = model->config.page_size,
		.cache_line = model->config.cache_line,
		.coherent = !model->config.not_coherent,
		.shared_frames = model->config.shared_frames,
		.enforces = model->config.enforces,
		.map = model_map,
		.unmap = model_unmap,
		.protect = model_protect,
		.available = model_available,
		.icache_sync = model_icache_sync,
		.in_interrupt = model_in_interrupt,
		.lock = model_lock,
		.unlock = model_unlock,
		.transition_lock = model_transition_lock,
		.transition_unlock = model_transition_unlock,
	};
	if (!model->config.not_coherent)
		return;
	model->mmu.writeback = model_writeback;
	model->mmu.invalidate = model_invalidate;
	model->mmu.cached = model_cached;
	model->mmu.uncached = model_uncached;
}

void test_mmu_init(struct test_mmu *model, const struct test_mmu_config *config)
{
	memset(model, 0, sizeof(*model));
	model->config = *config;
	fill_in_config(&model->config);
	fill_in_mmu(model);
	model->bytes = model->config.pages * model->config.page_size;
	model->map_status = QUIRE_EDRIVER;
	model->open_lock = getenv("QUIRE_TEST_OPEN_LOCK");
	atomic_store(&model->free_frames, model->config.frames);
	model->prot = allocate(model->config.pages, 1);
	model->line = allocate(model->bytes / model->config.cache_line, 1);
	if (config->not_coherent)
		model->arena = allocate(ARENA_BYTES, 1);
	pthread_mutex_init(&model->lock, NULL);
	pthread_mutex_init(&model->transition, NULL);
	model->adsp = test_adsp_open(model);
	if (model->adsp)
		use_window_of_port(model);
	else
		map_window(model);
	if (!host_protects(model))
		memset(model->window, TEST_ABSENT, model->bytes);
	holds_lock = false;
	holds_transition = false;
}

void test_mmu_discard(struct test_mmu *model)
{
	pthread_mutex_destroy(&model->lock);
	pthread_mutex_destroy(&model->transition);
	if (model->adsp)
		test_adsp_close(model);
	else
		munmap(model->reserved[0], model->reserved_bytes);
	if (model->reserved[1])
		munmap(model->reserved[1], model->reserved_bytes);
	free(model->prot);
	free((void *)model->line);
	free(model->arena);
}

void test_mmu_fini(struct test_mmu *model)
{
	assert_sound(test_mmu_check(model));
	assert_int_equal(model->mapped, 0);
	test_mmu_discard(model);
}

static void check_port(struct test_mmu *model)
{
	const char *wrong = quire_adsp_check(model->adsp);

	if (wrong)
		breach(model, wrong);
}

const char *test_mmu_check(struct test_mmu *model)
{
	for (size_t page = 0; page < model->config.pages; page++)
		if (!model->prot[page])
			check_untouched(model, page);
	demand(model, !holds_lock && !holds_transition, "a call returned with a lock held");
	if (model->adsp)
		check_port(model);
	return atomic_load(&model->broken);
}

void *test_mmu_uncached_memory(struct test_mmu *model, size_t bytes)
{
	unsigned char *memory = model->arena + model->arena_used;

	model->arena_used += (bytes + 63) & ~(size_t)63;
	assert_true(model->arena_used <= ARENA_BYTES);
	return memory;
}

/* ---- faults and looks ------------------------------------------------------------------------ */

void test_mmu_fail(struct test_mmu *model, enum test_call kind, uint64_t n, bool forever)
{
	test_mmu_fail_times(model, kind, n, forever ? UINT64_MAX : 1);
}

void test_mmu_fail_times(struct test_mmu *model, enum test_call kind, uint64_t n, uint64_t times)
{
	model->plan[kind] = (struct test_plan){ .countdown = n, .more = times - 1 };
	model->planned = true;
}

bool test_mmu_holds_lock(void)
{
	return holds_lock;
}

bool test_mmu_holds_transition(void)
{
	return holds_transition;
}

static int32_t map_nothing(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	(void)mmu, (void)va, (void)pages, (void)prot;
	return QUIRE_ENOPHYS;
}

static int32_t unmap_nothing(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	(void)mmu, (void)va, (void)pages;
	return QUIRE_OK;
}

struct quire_mmu test_mmu_without_frames(size_t page_size)
{
	return (struct quire_mmu){
		.page_size = page_size,
		.cache_line = 64,
		.coherent = true,
		.map = map_nothing,
		.unmap = unmap_nothing,
		.protect = map_nothing,
	};
}

void test_mmu_heal(struct test_mmu *model)
{
	memset(model->plan, 0, sizeof(model->plan));
	model->planned = false;
	model->fail_every = 0;
	model->fail_one_in = 0;
}

bool test_mmu_struck(struct test_mmu *model)
{
	bool struck = model->planned && !test_mmu_fault_pending(model);

	test_mmu_heal(model);
	return struck;
}

bool test_mmu_fault_pending(const struct test_mmu *model)
{
	for (int kind = 0; kind < TEST_CALLS; kind++)
		if (model->plan[kind].countdown)
			return true;
	return false;
}

void test_mmu_take_frames(struct test_mmu *model, size_t frames)
{
	assert_true(take_frames(model, frames));
	model->others += frames;
}

void test_mmu_give_frames(struct test_mmu *model, size_t frames)
{
	atomic_fetch_add(&model->free_frames, frames);
	model->others -= frames;
}

uint32_t test_mmu_prot(const struct test_mmu *model, const void *ptr)
{
	return model->prot[page_of(model, ptr)] & ~PRESENT;
}

size_t test_mmu_count_mapped(const struct test_mmu *model, const void *ptr, size_t pages)
{
	size_t page = page_of(model, ptr);
	size_t count = 0;

	for (size_t i = page; i < page + pages; i++)
		count += model->prot[i] != 0;
	return count;
}

static bool lines_have(const struct test_mmu *model, const void *ptr, size_t bytes,
		       unsigned char mark)
{
	const unsigned char *last = (const unsigned char *)ptr + bytes - 1;

	for (size_t line = line_of(model, ptr); line <= line_of(model, last); line++)
		if (!(atomic_load(&model->line[line]) & mark))
			return false;
	return true;
}

bool test_mmu_written_back(const struct test_mmu *model, const void *ptr, size_t bytes)
{
	return lines_have(model, ptr, bytes, WRITTEN_BACK);
}

bool test_mmu_invalidated(const struct test_mmu *model, const void *ptr, size_t bytes)
{
	return lines_have(model, ptr, bytes, INVALIDATED);
}

void test_mmu_forget(struct test_mmu *model)
{
	for (size_t line = 0; line < model->bytes / model->config.cache_line; line++)
		atomic_store(&model->line[line], 0);
}
