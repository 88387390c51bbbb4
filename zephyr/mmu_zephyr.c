/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu_zephyr: Zephyr's memory management driver (sys_mm_drv) and cache API as the contract of
 * quire/mmu.h.
 *
 * Drivers differ from what is documented, so this is what is defended against:
 *
 * 1. Region calls may stop anywhere, or go on behind a page that failed, and hold a spinlock all
 *    the while: pages are mapped and unmapped one by one, and undone here.
 * 2. A page that is mapped may be mapped again, silently, and its frame is lost: the driver is
 *    asked first.
 * 3. Unmapping what is not mapped may give away the frame that was there: the driver is asked
 *    first.
 * 4. The `_safe` calls refuse the last page of a region: they are not used, the bounds are checked
 *    here.
 * 5. Running out of frames may be an assertion: frames are counted here, and none is asked for that
 *    there is not.
 * 6. Moving leaves a page mapped twice: nothing is moved.
 * 7. What cannot be unmapped when a failed map is undone is *stuck*: it keeps its frame, and is
 *    tried again when its address is wanted, or frames are.
 *
 * Bound: two or three calls of the driver per page.
 */
#include <errno.h>
#include <string.h>

#include <zephyr/cache.h>
#include <zephyr/drivers/mm/system_mm.h>
#include <zephyr/kernel.h>

#include "quire/zephyr.h"

#define STUCK 0x80u

struct window {
	struct quire_mmu mmu;
	uintptr_t base;
	size_t pages;
	size_t frames;                            /* that are left; atomic */
	uint8_t known[CONFIG_QUIRE_WINDOW_PAGES]; /* of each page: as it was mapped; STUCK */
};

/* One for all windows: they have one driver. */
static struct window windows[QUIRE_ZEPHYR_WINDOWS];
static struct k_spinlock short_lock;
static k_spinlock_key_t short_key;
#ifdef CONFIG_QUIRE_TRANSITION_MUTEX
static K_MUTEX_DEFINE(transition);
#else
static struct k_spinlock transition;
static k_spinlock_key_t transition_key;
#endif

/* ---- pages ----------------------------------------------------------------------------------- */

static void *page_at(const struct window *window, size_t page)
{
	return (void *)(window->base + page * CONFIG_MM_DRV_PAGE_SIZE);
}

/* Whether [va, va + pages) is in the window; no sum that could wrap. Below the window the
 * difference does, and is beyond its end. */
static bool locate(const struct window *window, uintptr_t va, size_t pages, size_t *first)
{
	uintptr_t offset = va - window->base;

	*first = offset / CONFIG_MM_DRV_PAGE_SIZE;
	return offset % CONFIG_MM_DRV_PAGE_SIZE == 0 && pages && *first < window->pages &&
	       pages <= window->pages - *first;
}

enum presence { ABSENT, PRESENT, UNKNOWN };

/* Only what is documented for a page that is not mapped is taken for that. */
static enum presence look_at(const struct window *window, size_t page)
{
	uintptr_t phys;

	switch (sys_mm_drv_page_phys_get(page_at(window, page), &phys)) {
	case 0:
		return PRESENT;
	case -EFAULT:
		return ABSENT;
	default:
		return UNKNOWN;
	}
}

static size_t frames_left(const struct window *window)
{
	return __atomic_load_n(&window->frames, __ATOMIC_RELAXED);
}

static void count_frames(struct window *window, size_t more)
{
	__atomic_store_n(&window->frames, frames_left(window) + more, __ATOMIC_RELAXED);
}

/* Take the frame of a page away; what is absent is passed over. */
static bool release(struct window *window, size_t page)
{
	switch (look_at(window, page)) {
	case PRESENT:
		if (sys_mm_drv_unmap_page(page_at(window, page)))
			return false;
		count_frames(window, 1);
		break;
	case ABSENT:
		break;
	default:
		return false;
	}
	window->known[page] = 0;
	return true;
}

/* Undo what nobody will ask to have undone. */
static void withdraw(struct window *window, size_t page)
{
	if (!release(window, page))
		window->known[page] = STUCK;
}

/* Frames are short: whatever is stuck has some. */
static void release_stuck(struct window *window)
{
	for (size_t page = 0; page < window->pages; page++)
		if (window->known[page] & STUCK)
			release(window, page);
}

static bool is_clear(struct window *window, size_t page)
{
	return window->known[page] & STUCK ? release(window, page)
					   : look_at(window, page) == ABSENT;
}

/* ---- map, unmap, protect --------------------------------------------------------------------- */

static uint32_t flags_for(uint32_t prot)
{
	return SYS_MM_MEM_CACHE_WB | (prot & QUIRE_WRITE ? SYS_MM_MEM_PERM_RW : 0) |
	       (prot & QUIRE_EXEC ? SYS_MM_MEM_PERM_EXEC : 0) |
	       (prot & QUIRE_USER ? SYS_MM_MEM_PERM_USER : 0);
}

static int32_t map_page(struct window *window, size_t page, uint32_t prot)
{
	int error = sys_mm_drv_map_page(page_at(window, page), 0, flags_for(prot));

	if (error)
		return error == -ENOMEM ? QUIRE_ENOPHYS : QUIRE_EDRIVER;
	count_frames(window, (size_t)-1);
	window->known[page] = (uint8_t)prot;
	return QUIRE_OK;
}

static int32_t zephyr_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct window *window = mmu->context;
	int32_t status = QUIRE_OK;
	size_t first, page;

	if (!locate(window, va, pages, &first) || !quire_mmu_accepts(mmu, prot))
		return QUIRE_EDRIVER;
	for (page = first; page < first + pages; page++)
		if (!is_clear(window, page))
			return QUIRE_EDRIVER;
	if (frames_left(window) < pages)
		release_stuck(window);
	if (frames_left(window) < pages)
		return QUIRE_ENOPHYS;
	for (page = first; page < first + pages && !status; page++)
		status = map_page(window, page, prot);
	while (status && page-- > first)
		withdraw(window, page);
	return status;
}

static int32_t zephyr_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct window *window = mmu->context;
	int32_t status = QUIRE_OK;
	size_t first;

	if (!locate(window, va, pages, &first))
		return QUIRE_EDRIVER;
	for (size_t page = first; page < first + pages; page++)
		if (!release(window, page))
			status = QUIRE_EDRIVER;
	return status;
}

/* One page after the other; those that were changed go back if another is refused. */
static int32_t zephyr_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages,
			      uint32_t prot)
{
	struct window *window = mmu->context;
	size_t first, page;

	if (!locate(window, va, pages, &first) || !quire_mmu_accepts(mmu, prot))
		return QUIRE_EDRIVER;
	for (page = first; page < first + pages; page++)
		if (look_at(window, page) != PRESENT)
			return QUIRE_EDRIVER;
	for (page = first; page < first + pages; page++)
		if (sys_mm_drv_update_page_flags(page_at(window, page), flags_for(prot)))
			break;
	if (page == first + pages) {
		memset(&window->known[first], (int)prot, pages);
		return QUIRE_OK;
	}
	while (page-- > first)
		sys_mm_drv_update_page_flags(page_at(window, page), flags_for(window->known[page]));
	return QUIRE_EDRIVER;
}

static size_t zephyr_available(const struct quire_mmu *mmu)
{
	return frames_left(mmu->context);
}

/* ---- caches and aliases ---------------------------------------------------------------------- */

static void zephyr_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	ARG_UNUSED(mmu);
	sys_cache_data_flush_range((void *)(uintptr_t)ptr, bytes);
}

static void zephyr_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	ARG_UNUSED(mmu);
	sys_cache_data_invd_range((void *)(uintptr_t)ptr, bytes);
}

static void zephyr_icache_sync(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	zephyr_writeback(mmu, ptr, bytes);
	sys_cache_instr_invd_range((void *)(uintptr_t)ptr, bytes);
}

#ifdef CONFIG_CACHE_DOUBLEMAP
static void *zephyr_cached(const struct quire_mmu *mmu, const void *ptr)
{
	ARG_UNUSED(mmu);
	return (void *)(uintptr_t)sys_cache_cached_ptr_get((void *)(uintptr_t)ptr);
}

static void *zephyr_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	ARG_UNUSED(mmu);
	return sys_cache_uncached_ptr_get((void *)(uintptr_t)ptr);
}
#endif

/* ---- context and locks ----------------------------------------------------------------------- */

static bool zephyr_in_interrupt(const struct quire_mmu *mmu)
{
	ARG_UNUSED(mmu);
	return k_is_in_isr();
}

static void zephyr_lock(const struct quire_mmu *mmu)
{
	k_spinlock_key_t key = k_spin_lock(&short_lock);

	ARG_UNUSED(mmu);
	short_key = key; /* whoever holds the lock owns it */
}

static void zephyr_unlock(const struct quire_mmu *mmu)
{
	k_spinlock_key_t key = short_key;

	ARG_UNUSED(mmu);
	k_spin_unlock(&short_lock, key);
}

static void zephyr_transition_lock(const struct quire_mmu *mmu)
{
	ARG_UNUSED(mmu);
#ifdef CONFIG_QUIRE_TRANSITION_MUTEX
	k_mutex_lock(&transition, K_FOREVER);
#else
	k_spinlock_key_t key = k_spin_lock(&transition);

	transition_key = key;
#endif
}

static void zephyr_transition_unlock(const struct quire_mmu *mmu)
{
	ARG_UNUSED(mmu);
#ifdef CONFIG_QUIRE_TRANSITION_MUTEX
	k_mutex_unlock(&transition);
#else
	k_spinlock_key_t key = transition_key;

	k_spin_unlock(&transition, key);
#endif
}

/* ---- describing it --------------------------------------------------------------------------- */

static const struct quire_mmu description = {
	.page_size = CONFIG_MM_DRV_PAGE_SIZE,
	.cache_line = CONFIG_DCACHE_LINE_SIZE,
	.coherent = !IS_ENABLED(CONFIG_QUIRE_INCOHERENT),
	.shared_frames = IS_ENABLED(CONFIG_QUIRE_SHARED_FRAMES),
	.enforces = (IS_ENABLED(CONFIG_QUIRE_ENFORCES_WRITE) ? QUIRE_WRITE : 0) |
		    (IS_ENABLED(CONFIG_QUIRE_ENFORCES_EXEC) ? QUIRE_EXEC : 0) |
		    (IS_ENABLED(CONFIG_QUIRE_ENFORCES_USER) ? QUIRE_USER : 0),
	.map = zephyr_map,
	.unmap = zephyr_unmap,
	.protect = zephyr_protect,
	.available = zephyr_available,
	.writeback = zephyr_writeback,
	.invalidate = zephyr_invalidate,
	.icache_sync = zephyr_icache_sync,
#ifdef CONFIG_CACHE_DOUBLEMAP
	.cached = zephyr_cached,
	.uncached = zephyr_uncached,
#endif
	.in_interrupt = zephyr_in_interrupt,
	.lock = zephyr_lock,
	.unlock = zephyr_unlock,
	.transition_lock = zephyr_transition_lock,
	.transition_unlock = zephyr_transition_unlock,
};

const struct quire_mmu *quire_zephyr_window(uint32_t number, uintptr_t base, size_t pages,
					    size_t frames)
{
	struct window *window = &windows[number];

	if (number >= QUIRE_ZEPHYR_WINDOWS || pages > CONFIG_QUIRE_WINDOW_PAGES)
		return NULL;
	*window = (struct window){
		.mmu = description, .base = base, .pages = pages, .frames = frames
	};
	window->mmu.context = window;
	return &window->mmu;
}
