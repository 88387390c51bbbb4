/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adsp: the port on the driver, below every layer of the core; of the core it uses frames and mmu.
 *
 * The driver is not trusted. It is called for one page at a time, because a call for many may stop
 * anywhere, and holds a spinlock. Before a page is mapped or unmapped it is asked what is there,
 * because it would accept either twice. It is never asked for a frame that there is not, nor left
 * to choose one: frames come from a pool of the port's, which knows the banks. What it refuses to
 * unmap when a failed map is undone is *stuck*: it stays mapped and keeps its frame, and is tried
 * again when its address is wanted, or frames are.
 *
 * A page moves by way of one spare page: a frame of another bank is mapped there and gets the
 * contents, then the frames of the two pages are exchanged, which cannot happen by half, and the
 * spare one is unmapped.
 *
 * Bound: a call of the driver, or two, per page.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define USUAL_PAGE  4096u
#define USUAL_LINE  64u
#define USUAL_BANK  32u
#define ARENA_BYTES ((size_t)1 << 20)

/* ---- addresses ------------------------------------------------------------------------------ */

static void *page_at(const struct quire_adsp *adsp, size_t page)
{
	return adsp->base + page * adsp->config.page_size;
}

/* Pages [first, past) of the window. */
struct range {
	size_t first, past;
};

static bool locate(const struct quire_adsp *adsp, uintptr_t va, size_t pages, struct range *range)
{
	uintptr_t offset = va - (uintptr_t)adsp->window;

	range->first = offset / adsp->config.page_size + adsp->config.image_pages;
	range->past = range->first + pages;
	return offset % adsp->config.page_size == 0 && pages &&
	       offset / adsp->config.page_size < adsp->pages &&
	       pages <= adsp->pages - offset / adsp->config.page_size;
}

/* ---- frames --------------------------------------------------------------------------------- */

static void publish_free_frames(struct quire_adsp *adsp)
{
	__atomic_store_n(&adsp->free_frames, quire_frames_free(&adsp->frames), __ATOMIC_RELAXED);
}

static void give_frames(struct quire_adsp *adsp, uint32_t first, uint32_t count)
{
	if (count && quire_frames_give(&adsp->frames, first, count))
		adsp_break(adsp, "the port gave a frame back that it did not have");
	publish_free_frames(adsp);
}

static uintptr_t phys_of(const struct quire_adsp *adsp, uint32_t frame)
{
	return QUIRE_ADSP_SRAM + frame * adsp->config.page_size;
}

static uint32_t frame_at(const struct quire_adsp *adsp, uintptr_t phys)
{
	return (uint32_t)((phys - QUIRE_ADSP_SRAM) / adsp->config.page_size);
}

/* ---- one page ------------------------------------------------------------------------------- */

/* What the driver says is behind a page. */
static bool is_present(struct quire_adsp *adsp, size_t page, uint32_t *frame)
{
	uintptr_t phys;

	if (quire_adsp_page_phys_get(adsp, page_at(adsp, page), &phys))
		return false;
	*frame = frame_at(adsp, phys);
	return true;
}

/* Take the frame of a page away; what is absent is passed over. */
static bool release(struct quire_adsp *adsp, size_t page)
{
	uint32_t frame;

	if (is_present(adsp, page, &frame)) {
		if (quire_adsp_unmap_page(adsp, page_at(adsp, page)))
			return false;
		give_frames(adsp, frame, 1);
	}
	adsp->stuck[page] = false;
	return true;
}

/* Undo what nobody will ask to have undone. */
static void withdraw(struct quire_adsp *adsp, size_t page)
{
	adsp->stuck[page] = !release(adsp, page);
}

/* Frames are short: whatever is stuck has some. */
static void release_stuck(struct quire_adsp *adsp)
{
	for (size_t page = 0; page < adsp->config.pages; page++)
		if (adsp->stuck[page])
			release(adsp, page);
}

/* Whether nothing is behind a page, or nothing any more. */
static bool is_clear(struct quire_adsp *adsp, size_t page)
{
	uint32_t frame;

	return adsp->stuck[page] ? release(adsp, page) : !is_present(adsp, page, &frame);
}

static uint32_t flags_for(uint32_t prot)
{
	return QUIRE_ADSP_CACHE_WB | (prot & QUIRE_WRITE ? QUIRE_ADSP_PERM_RW : 0) |
	       (prot & QUIRE_EXEC ? QUIRE_ADSP_PERM_EXEC : 0) |
	       (prot & QUIRE_USER ? QUIRE_ADSP_PERM_USER : 0);
}

static int32_t map_frame(struct quire_adsp *adsp, size_t page, uint32_t frame, uint32_t flags)
{
	switch (quire_adsp_map_page(adsp, page_at(adsp, page), phys_of(adsp, frame), flags)) {
	case 0:
		return QUIRE_OK;
	case -ENOMEM:
		return QUIRE_ENOPHYS;
	default:
		return QUIRE_EDRIVER;
	}
}

/* ---- map, unmap, protect -------------------------------------------------------------------- */

/* Adjacent frames behind pages from `page` on, as many as there were. */
static int32_t map_run(struct quire_adsp *adsp, size_t *page, const struct quire_frame_run *run,
		       uint32_t flags)
{
	int32_t status = QUIRE_OK;
	uint32_t done = 0;

	while (done < run->count && !status) {
		status = map_frame(adsp, *page, run->start + done, flags);
		if (!status) {
			++*page;
			done++;
		}
	}
	give_frames(adsp, run->start + done, run->count - done);
	return status;
}

static int32_t map_range(struct quire_adsp *adsp, struct range range, uint32_t flags)
{
	int32_t status = QUIRE_OK;
	size_t page = range.first;

	while (page < range.past && !status) {
		struct quire_frame_run run;

		status = quire_frames_take(&adsp->frames, (uint32_t)(range.past - page), &run);
		if (!status)
			status = map_run(adsp, &page, &run, flags);
	}
	while (status && page > range.first)
		withdraw(adsp, --page);
	return status;
}

static int32_t adsp_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_adsp *adsp = mmu->context;
	struct range range;

	if (!locate(adsp, va, pages, &range) || !quire_mmu_accepts(mmu, prot))
		return QUIRE_EDRIVER;
	for (size_t page = range.first; page < range.past; page++)
		if (!is_clear(adsp, page))
			return QUIRE_EDRIVER;
	if (quire_frames_free(&adsp->frames) < pages)
		release_stuck(adsp);
	if (quire_frames_free(&adsp->frames) < pages)
		return QUIRE_ENOPHYS;
	return map_range(adsp, range, flags_for(prot));
}

static int32_t adsp_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct quire_adsp *adsp = mmu->context;
	struct range range;
	int32_t status = QUIRE_OK;

	if (!locate(adsp, va, pages, &range))
		return QUIRE_EDRIVER;
	for (size_t page = range.first; page < range.past; page++)
		if (!release(adsp, page))
			status = QUIRE_EDRIVER;
	return status;
}

/* What a page had, as flags of the driver. */
static uint32_t flags_of(uint16_t entry)
{
	return (entry & QUIRE_ADSP_ENTRY_WRITE ? QUIRE_ADSP_PERM_RW : 0) |
	       (entry & QUIRE_ADSP_ENTRY_EXEC ? QUIRE_ADSP_PERM_EXEC : 0);
}

/* One page after the other, and back again if one of them is refused. */
static int32_t protect_range(struct quire_adsp *adsp, struct range range, uint32_t flags)
{
	size_t page = range.first;

	for (; page < range.past; page++) {
		adsp->was[page] = quire_adsp_entry(adsp, page_at(adsp, page));
		if (quire_adsp_update_page_flags(adsp, page_at(adsp, page), flags))
			break;
	}
	if (page == range.past)
		return QUIRE_OK;
	while (page-- > range.first)
		quire_adsp_update_page_flags(adsp, page_at(adsp, page), flags_of(adsp->was[page]));
	return QUIRE_EDRIVER;
}

static int32_t adsp_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_adsp *adsp = mmu->context;
	struct range range;
	uint32_t frame;

	if (!locate(adsp, va, pages, &range) || !quire_mmu_accepts(mmu, prot))
		return QUIRE_EDRIVER;
	for (size_t page = range.first; page < range.past; page++)
		if (!is_present(adsp, page, &frame))
			return QUIRE_EDRIVER;
	return protect_range(adsp, range, flags_for(prot));
}

/* ---- banks ---------------------------------------------------------------------------------- */

static uint32_t adsp_emptiest(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	const struct quire_adsp *adsp = mmu->context;
	uint32_t bank = quire_frames_emptiest(&adsp->frames, after);

	*in_use = quire_frames_used_of(&adsp->frames, bank);
	return bank;
}

static uint32_t bank_of_page(struct quire_adsp *adsp, size_t page)
{
	uint32_t frame;

	return is_present(adsp, page, &frame) ? frame / adsp->config.frames_per_bank
					      : QUIRE_NOWHERE;
}

static uint32_t adsp_bank_of(const struct quire_mmu *mmu, uintptr_t va)
{
	struct range page;

	return locate(mmu->context, va, 1, &page) ? bank_of_page(mmu->context, page.first)
						  : QUIRE_NOWHERE;
}

/* The contents of a page that no cache has anything newer of into the spare one, as a DMA engine
 * would. */
static void copy_to_spare(struct quire_adsp *adsp, size_t page, size_t spare)
{
	size_t bytes = adsp->config.page_size;

	adsp_writeback(adsp, page * bytes, bytes);
	memcpy(adsp_behind(adsp, spare * bytes), adsp_behind(adsp, page * bytes), bytes);
}

static int32_t move_by_way_of(struct quire_adsp *adsp, size_t page, size_t spare, uint32_t frame)
{
	int32_t status = map_frame(adsp, spare, frame, QUIRE_ADSP_PERM_RW);

	if (status) {
		give_frames(adsp, frame, 1);
		return QUIRE_EDRIVER;
	}
	copy_to_spare(adsp, page, spare);
	if (quire_adsp_exchange_pages(adsp, page_at(adsp, page), page_at(adsp, spare)))
		status = QUIRE_EDRIVER;
	withdraw(adsp, spare);
	return status;
}

static int32_t adsp_move(const struct quire_mmu *mmu, uintptr_t va)
{
	struct quire_adsp *adsp = mmu->context;
	size_t spare = adsp->config.pages - 1;
	struct quire_frame_run run;
	struct range page;
	uint32_t bank;
	int32_t status;

	if (!locate(adsp, va, 1, &page) || !is_clear(adsp, spare))
		return QUIRE_EDRIVER;
	bank = bank_of_page(adsp, page.first);
	if (bank == QUIRE_NOWHERE)
		return QUIRE_EDRIVER;
	status = quire_frames_take_outside(&adsp->frames, bank, 1, &run);
	if (status)
		return status;
	return move_by_way_of(adsp, page.first, spare, run.start);
}

/* The driver switches a bank with the first and the last page mapped in it. */
static int32_t power_follows(void *context, uint32_t bank, bool on)
{
	(void)context;
	(void)bank;
	(void)on;
	return QUIRE_OK;
}

static size_t adsp_available(const struct quire_mmu *mmu)
{
	const struct quire_adsp *adsp = mmu->context;

	return __atomic_load_n(&adsp->free_frames, __ATOMIC_RELAXED);
}

/* ---- caches and aliases --------------------------------------------------------------------- */

static void adsp_mmu_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	size_t offset = adsp_offset_of(mmu->context, ptr);

	if (offset != NO_PAGE)
		adsp_writeback(mmu->context, offset, bytes);
}

static void adsp_mmu_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	size_t offset = adsp_offset_of(mmu->context, ptr);

	if (offset != NO_PAGE)
		adsp_invalidate(mmu->context, offset, bytes);
}

static void adsp_mmu_icache_sync(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	size_t offset = adsp_offset_of(mmu->context, ptr);

	if (offset != NO_PAGE)
		adsp_sync_code(mmu->context, offset, bytes);
}

static bool is_in(const unsigned char *area, size_t bytes, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)area < bytes;
}

static void *flip(const void *ptr, uintptr_t bits)
{
	return (void *)((uintptr_t)ptr ^ bits);
}

static void *adsp_cached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_adsp *adsp = mmu->context;

	return flip(ptr, is_in(adsp->alias, adsp_bytes(adsp), ptr) ? adsp->alias_xor : 0);
}

/* All memory has an uncached alias; that of memory outside can be named, but never touched. */
static void *adsp_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_adsp *adsp = mmu->context;

	if (is_in(adsp->base, adsp_bytes(adsp), ptr))
		return flip(ptr, adsp->alias_xor);
	if (is_in(adsp->alias, adsp_bytes(adsp), ptr) || is_in(adsp->arena, ARENA_BYTES, ptr))
		return flip(ptr, 0);
	return flip(ptr, ~(UINTPTR_MAX >> 1));
}

void *quire_adsp_uncached_memory(struct quire_adsp *adsp, size_t bytes)
{
	unsigned char *memory = adsp->arena + adsp->arena_used;
	size_t line = adsp->config.cache_line;

	if (bytes > ARENA_BYTES - adsp->arena_used)
		return NULL;
	adsp->arena_used += (bytes + line - 1) & ~(line - 1);
	if (adsp->arena_used > ARENA_BYTES)
		adsp->arena_used = ARENA_BYTES;
	return memory;
}

/* ---- locks ---------------------------------------------------------------------------------- */

/* A lock taken twice, or given back by another, is a fault that nothing can mend. */
static void must_succeed(int error)
{
	if (error)
		abort();
}

static void adsp_lock(const struct quire_mmu *mmu)
{
	must_succeed(pthread_mutex_lock(&((struct quire_adsp *)mmu->context)->lock));
}

static void adsp_unlock(const struct quire_mmu *mmu)
{
	must_succeed(pthread_mutex_unlock(&((struct quire_adsp *)mmu->context)->lock));
}

static void adsp_transition_lock(const struct quire_mmu *mmu)
{
	must_succeed(pthread_mutex_lock(&((struct quire_adsp *)mmu->context)->transition));
}

static void adsp_transition_unlock(const struct quire_mmu *mmu)
{
	must_succeed(pthread_mutex_unlock(&((struct quire_adsp *)mmu->context)->transition));
}

static void make_locks(struct quire_adsp *adsp)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&adsp->lock, &attributes);
	pthread_mutex_init(&adsp->transition, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static void fill_in(struct quire_adsp_config *config)
{
	if (!config->page_size)
		config->page_size = USUAL_PAGE;
	if (!config->cache_line)
		config->cache_line = USUAL_LINE;
	if (!config->frames_per_bank)
		config->frames_per_bank = USUAL_BANK;
	if (!config->cores)
		config->cores = 1;
}

static void describe(struct quire_adsp *adsp)
{
	const struct quire_adsp_config *config = &adsp->config;

	adsp->mmu = (struct quire_mmu){
		.context = adsp,
		.page_size = config->page_size,
		.cache_line = config->cache_line,
		.coherent = config->coherent,
		.enforces = QUIRE_WRITE | QUIRE_EXEC | (config->user ? QUIRE_USER : 0),
		.map = adsp_map,
		.unmap = adsp_unmap,
		.protect = adsp_protect,
		.available = adsp_available,
		.writeback = adsp_mmu_writeback,
		.invalidate = adsp_mmu_invalidate,
		.icache_sync = adsp_mmu_icache_sync,
		.cached = adsp_cached,
		.uncached = adsp_uncached,
		.lock = adsp_lock,
		.unlock = adsp_unlock,
		.transition_lock = adsp_transition_lock,
		.transition_unlock = adsp_transition_unlock,
	};
	if (!config->movable)
		return;
	adsp->mmu.emptiest = adsp_emptiest;
	adsp->mmu.bank_of = adsp_bank_of;
	adsp->mmu.move = adsp_move;
}

static bool is_possible(const struct quire_adsp *adsp)
{
	const struct quire_adsp_config *config = &adsp->config;
	size_t kept_back = config->image_pages + (config->movable ? 1u : 0u);

	return !quire_mmu_check(&adsp->mmu) && config->pages > kept_back &&
	       config->pages <= QUIRE_EXTENTS_MAX_UNITS && config->frames &&
	       config->frames <= QUIRE_ADSP_FRAMES && config->image_pages <= config->frames &&
	       config->page_size <= (UINT32_MAX - QUIRE_ADSP_SRAM) / QUIRE_ADSP_FRAMES &&
	       config->cores <= QUIRE_ADSP_CORES && (!config->coherent || config->cores == 1) &&
	       config->base % config->page_size == 0 &&
	       (config->uncached_xor & (config->page_size - 1)) == 0;
}

/* Whole banks, of which the last may have less than its share. */
static bool make_pool(struct quire_adsp *adsp)
{
	uint32_t per_bank = adsp->config.frames_per_bank;
	uint32_t banks = (adsp->config.frames - 1) / per_bank + 1;
	struct quire_frames_config frames = {
		.banks = banks,
		.frames_per_bank = per_bank,
		.power = power_follows,
		.storage_bytes = QUIRE_FRAMES_STORAGE(banks, per_bank),
		.observer = adsp->config.observer,
	};
	uint32_t lacking = banks * per_bank - adsp->config.frames;

	adsp->frames_storage = frames.storage = malloc(frames.storage_bytes);
	return frames.storage && !quire_frames_init(&adsp->frames, &frames) &&
	       (!lacking || !quire_frames_take_at(&adsp->frames, adsp->config.frames, lacking));
}

static bool load_image(struct quire_adsp *adsp)
{
	bool loaded = true;

	for (uint32_t page = 0; page < adsp->config.image_pages; page++)
		loaded = loaded && !quire_frames_take_at(&adsp->frames, page, 1) &&
			 !map_frame(adsp, page, page, QUIRE_ADSP_PERM_RW);
	adsp->longest_call = 0;
	publish_free_frames(adsp);
	return loaded;
}

static int32_t make(struct quire_adsp *adsp)
{
	int32_t status = adsp_make_machine(adsp);

	if (!status)
		status = adsp_make_cores(adsp);
	adsp->was = calloc(adsp->config.pages, sizeof(*adsp->was));
	adsp->arena = aligned_alloc(
		adsp->config.cache_line < sizeof(void *) ? sizeof(void *) : adsp->config.cache_line,
		ARENA_BYTES);
	if (!status && (!adsp->was || !adsp->arena || !make_pool(adsp)))
		status = QUIRE_ENOVIRT;
	if (status)
		return status;
	memset(adsp->arena, 0, ARENA_BYTES);
	adsp->window = page_at(adsp, adsp->config.image_pages);
	adsp->pages =
		adsp->config.pages - adsp->config.image_pages - (adsp->config.movable ? 1u : 0u);
	return load_image(adsp) ? QUIRE_OK : QUIRE_EDRIVER;
}

int32_t quire_adsp_init(struct quire_adsp *adsp, const struct quire_adsp_config *config)
{
	int32_t status;

	if (!adsp || !config)
		return QUIRE_EINVAL;
	memset(adsp, 0, sizeof(*adsp));
	adsp->sram_file = -1;
	for (uint32_t core = 0; core < QUIRE_ADSP_CORES; core++)
		adsp->core[core].file = -1;
	adsp->config = *config;
	fill_in(&adsp->config);
	describe(adsp);
	make_locks(adsp);
	status = is_possible(adsp) ? make(adsp) : QUIRE_EINVAL;
	if (status)
		quire_adsp_fini(adsp);
	return status;
}

void quire_adsp_fini(struct quire_adsp *adsp)
{
	adsp_drop_cores(adsp);
	adsp_drop_machine(adsp);
	free(adsp->was);
	free(adsp->arena);
	free(adsp->frames_storage);
	pthread_mutex_destroy(&adsp->lock);
	pthread_mutex_destroy(&adsp->transition);
	memset(adsp, 0, sizeof(*adsp));
}

const struct quire_frames *quire_adsp_frames(const struct quire_adsp *adsp)
{
	return &adsp->frames;
}

/* ---- whether all books agree ---------------------------------------------------------------- */

static const char *check_frame(const struct quire_adsp *adsp, uint32_t frame, bool has_page)
{
	bool is_the_ports = quire_frames_is_taken(&adsp->frames, frame);

	if (has_page && !adsp->taken[frame])
		return "a page has a frame that is not taken";
	if (!has_page && adsp->taken[frame])
		return "a frame is taken that no page has";
	if (adsp->taken[frame] && !is_the_ports)
		return "the port takes a frame for free that the driver has given out";
	if (!adsp->taken[frame] && is_the_ports)
		return "the port holds a frame that no page has";
	return NULL;
}

static const char *check_frames(const struct quire_adsp *adsp)
{
	bool has_page[QUIRE_ADSP_FRAMES] = { false };
	const char *wrong = NULL;

	for (size_t page = 0; page < adsp->config.pages && !wrong; page++)
		if (adsp_is_mapped(adsp, page)) {
			if (has_page[adsp_frame_named(adsp, page)])
				wrong = "two pages have one frame";
			has_page[adsp_frame_named(adsp, page)] = true;
		}
	for (uint32_t frame = 0; frame < adsp->config.frames && !wrong; frame++)
		wrong = check_frame(adsp, frame, has_page[frame]);
	return wrong;
}

static const char *check_bank(const struct quire_adsp *adsp, uint32_t bank)
{
	uint32_t per_bank = adsp->config.frames_per_bank, uses = 0;

	for (uint32_t i = bank * per_bank; i < adsp->config.frames && i < (bank + 1) * per_bank;
	     i++)
		uses += adsp->taken[i];
	return uses == adsp->bank_uses[bank] ? NULL
					     : "a bank is on for pages that it does not have";
}

const char *quire_adsp_check(struct quire_adsp *adsp)
{
	const char *wrong = adsp->broken ? adsp->broken : quire_frames_check(&adsp->frames);

	if (!wrong)
		wrong = check_frames(adsp);
	for (uint32_t bank = 0;
	     !wrong && bank <= (adsp->config.frames - 1) / adsp->config.frames_per_bank; bank++)
		wrong = check_bank(adsp, bank);
	return wrong;
}
