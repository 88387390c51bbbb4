/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linux: the port that the tool, the tests and the benchmarks run on. Below every layer of the
 * core; of the core it uses only frames.
 *
 * 1. The pool is a memfd: frame f is its bytes from f * page_size on. The window is one private
 *    mapping without access. Putting frames behind pages is mmap(MAP_FIXED | MAP_SHARED) over a
 *    part of it, taking them away is putting anonymous memory without access there again: one call
 *    whatever the range holds, and the kernel merges it with what is around it.
 * 2. The table `behind` says for each page of the window which frame is behind it. A *run* is
 *    adjacent pages on adjacent frames: one call for each view, and one mapping of the kernel.
 *    Frames are asked of the pool in the longest pieces it has. Asking for those behind the frame
 *    of the page before was tried: under churn it saved 0-3 % of the mappings, and is not worth the
 *    code.
 * 3. The kernel allows a process only so many mappings, and at that limit it refuses even calls
 *    that would lower the number. So the port holds a *reserve*: a few mappings of no use, which
 *    are given up when undoing or unmapping is refused and had again when there is room. No map
 *    begins without.
 * 4. A page moves to another frame by writing its contents there through the memfd and mapping that
 *    frame over it in each view. If that is refused, the old frame is mapped again, with what the
 *    reserve gives up.
 * 5. A power-off punches a hole into the memfd: contents and memory are gone.
 *
 * Bound: a step per page for the table, a system call per run and view.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "quire/linux.h"

#define USUAL_CACHE_LINE 64u
#define FRAME_BITS       24u
#define VIEWS            2   /* the window and its alias */
#define RESERVE_MAPPINGS 33u /* odd: see hold_reserve */
#define NO_ACCESS        (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

_Static_assert(sizeof(off_t) == 8, "a pool may exceed 2 GiB");
_Static_assert(QUIRE_EXTENTS_MAX_UNITS <= 1u << FRAME_BITS,
	       "a frame and its protection are 32 bits");

static _Thread_local bool in_interrupt;

static size_t host_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- pages of the window --------------------------------------------------------------------- */

/* Pages [first, past) of the window, never empty. */
struct range {
	size_t first;
	size_t past;
};

/* Whether [va, va + pages) are pages of the window; if so, which. */
static bool locate(const struct quire_linux *port, uintptr_t va, size_t pages, struct range *range)
{
	uintptr_t offset = va - (uintptr_t)port->window;

	range->first = offset >> port->page_shift;
	range->past = range->first + pages;
	return (offset & (port->mmu.page_size - 1)) == 0 && pages && range->first < port->pages &&
	       pages <= port->pages - range->first;
}

/* What is behind a page as one number, so that a run of pages is a run of numbers. Nothing: 0. */
static uint32_t behind(uint32_t frame, uint32_t prot)
{
	return frame | prot << FRAME_BITS;
}

static uint32_t frame_behind(const struct quire_linux *port, size_t page)
{
	return port->behind[page] & (((uint32_t)1 << FRAME_BITS) - 1);
}

static uint32_t prot_behind(const struct quire_linux *port, size_t page)
{
	return port->behind[page] >> FRAME_BITS;
}

/* Whether something is behind each page of the range, or behind none of them. */
static bool all_are(const struct quire_linux *port, struct range range, bool mapped)
{
	const uint32_t *page = &port->behind[range.first];
	const uint32_t *past = &port->behind[range.past];

	while (page < past && (*page != 0) == mapped)
		page++;
	return page == past;
}

/* The end of the adjacent frames of one protection that begin with the first page of the range. */
static size_t run_end(const struct quire_linux *port, struct range range)
{
	uint32_t next = port->behind[range.first];

	do {
		range.first++;
		next++;
	} while (range.first < range.past && port->behind[range.first] == next);
	return range.first;
}

/* The end of the pages that have the protection of the first page of the range. */
static size_t same_protection_end(const struct quire_linux *port, struct range range)
{
	size_t page = range.first + 1;

	while (page < range.past && prot_behind(port, page) == prot_behind(port, range.first))
		page++;
	return page;
}

/* ---- calls of the kernel --------------------------------------------------------------------- */

static bool succeeded(struct quire_linux *port, bool success)
{
	if (!success) {
		port->error = errno;
		port->counters.failed_calls++;
	}
	return success;
}

/* Through the alias nothing is ever executed. */
static int kernel_protection(const struct quire_linux *port, const char *view, uint32_t prot)
{
	int kernel = PROT_READ;

	if (prot & QUIRE_WRITE)
		kernel |= PROT_WRITE;
	if ((prot & QUIRE_EXEC) && view == port->view[0])
		kernel |= PROT_EXEC;
	return kernel;
}

static void *address_in(const struct quire_linux *port, char *view, struct range range)
{
	return view + (range.first << port->page_shift);
}

static size_t bytes_of(const struct quire_linux *port, struct range range)
{
	return (range.past - range.first) << port->page_shift;
}

static bool map_run(struct quire_linux *port, char *view, struct range run)
{
	off_t offset = (off_t)frame_behind(port, run.first) << port->page_shift;

	port->counters.mmap_calls++;
	return succeeded(port, mmap(address_in(port, view, run), bytes_of(port, run),
				    kernel_protection(port, view, prot_behind(port, run.first)),
				    MAP_SHARED | MAP_FIXED, port->memfd, offset) != MAP_FAILED);
}

static bool clear_view(struct quire_linux *port, char *view, struct range range)
{
	port->counters.unmap_calls++;
	return succeeded(port, mmap(address_in(port, view, range), bytes_of(port, range), PROT_NONE,
				    NO_ACCESS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static bool protect_view(struct quire_linux *port, char *view, struct range range, uint32_t prot)
{
	port->counters.mprotect_calls++;
	return succeeded(port, mprotect(address_in(port, view, range), bytes_of(port, range),
					kernel_protection(port, view, prot)) == 0);
}

/* ---- the reserve of mappings ----------------------------------------------------------------- */

static void give_up_reserve(struct quire_linux *port)
{
	if (port->reserve)
		munmap(port->reserve, RESERVE_MAPPINGS * host_page());
	port->reserve = NULL;
}

/* Pages of alternating protection do not merge. The outer ones differ from windows, which might. */
static bool split_reserve(struct quire_linux *port)
{
	for (size_t page = 1; page < RESERVE_MAPPINGS; page += 2)
		if (mprotect(port->reserve + page * host_page(), host_page(), PROT_NONE))
			return false;
	return true;
}

/* Have the reserve, if that is possible now. */
static bool hold_reserve(struct quire_linux *port)
{
	void *pages;

	if (port->reserve)
		return true;
	pages = mmap(NULL, RESERVE_MAPPINGS * host_page(), PROT_READ, NO_ACCESS, -1, 0);
	if (pages == MAP_FAILED) {
		port->error = errno;
		return false;
	}
	port->reserve = pages;
	if (split_reserve(port))
		return true;
	port->error = errno;
	give_up_reserve(port);
	return false;
}

/* ---- frames behind pages --------------------------------------------------------------------- */

static void publish_free_frames(struct quire_linux *port)
{
	__atomic_store_n(&port->free_frames, quire_frames_free(&port->frames), __ATOMIC_RELAXED);
}

static int32_t power(void *context, uint32_t bank, bool on)
{
	struct quire_linux *port = context;
	off_t bytes = (off_t)port->frames.config.frames_per_bank * (off_t)port->mmu.page_size;
	int failed = 0;

	if (on) {
		port->counters.banks_switched_on++;
		return QUIRE_OK;
	}
	do {
		failed = fallocate(port->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   bank * bytes, bytes);
	} while (failed && errno == EINTR);
	if (failed) {
		port->error = errno;
		return QUIRE_EDRIVER;
	}
	port->counters.banks_switched_off++;
	return QUIRE_OK;
}

/* Give the frames of the mapped pages of a range back. Nothing refers to them any more. */
static void give_frames(struct quire_linux *port, struct range range)
{
	while (range.first < range.past) {
		size_t count = run_end(port, range) - range.first;

		if (port->behind[range.first])
			quire_frames_give(&port->frames, frame_behind(port, range.first),
					  (uint32_t)count);
		memset(&port->behind[range.first], 0, count * sizeof(*port->behind));
		range.first += count;
	}
}

/* Adjacent frames behind the pages up to `past`, which is returned. */
static size_t put_behind(struct quire_linux *port, size_t page, size_t past, uint32_t next)
{
	while (page < past)
		port->behind[page++] = next++;
	return past;
}

/* A frame for each page of a range, or for none. */
static int32_t take_frames(struct quire_linux *port, struct range range, uint32_t prot)
{
	size_t page = range.first;

	while (page < range.past) {
		struct quire_frame_run run;
		uint32_t want = (uint32_t)(range.past - page);
		int32_t status = quire_frames_take(&port->frames, want, &run);

		if (status) {
			range.past = page;
			give_frames(port, range);
			return status;
		}
		page = put_behind(port, page, page + run.count, behind(run.start, prot));
	}
	return QUIRE_OK;
}

/* ---- views of a range ------------------------------------------------------------------------ */

static bool map_views(struct quire_linux *port, struct range range)
{
	while (range.first < range.past) {
		struct range run = { range.first, run_end(port, range) };

		for (int i = 0; i < VIEWS; i++)
			if (port->view[i] && !map_run(port, port->view[i], run))
				return false;
		port->counters.runs++;
		range.first = run.past;
	}
	return true;
}

static bool clear_views(struct quire_linux *port, struct range range)
{
	for (int i = 0; i < VIEWS; i++)
		if (port->view[i] && !clear_view(port, port->view[i], range))
			return false;
	return true;
}

/* No access to the range any more, even at the limit of mappings. */
static bool clear_surely(struct quire_linux *port, struct range range)
{
	bool cleared = clear_views(port, range);

	if (!cleared && port->reserve) {
		give_up_reserve(port);
		cleared = clear_views(port, range);
	}
	return cleared;
}

/* No moment at which one view can write what the other can execute. */
static bool protect_views(struct quire_linux *port, struct range range, uint32_t prot)
{
	bool alias_first = prot & QUIRE_EXEC;
	char *first = port->view[alias_first];
	char *second = port->view[!alias_first];

	return (!first || protect_view(port, first, range, prot)) &&
	       (!second || protect_view(port, second, range, prot));
}

/* What a failed protect changed, as it was: merged mappings may have to be cut again. */
static void restore_protection(struct quire_linux *port, struct range range)
{
	give_up_reserve(port);
	while (range.first < range.past) {
		struct range same = { range.first, same_protection_end(port, range) };

		protect_views(port, same, prot_behind(port, same.first));
		range.first = same.past;
	}
	hold_reserve(port);
}

/* ---- the driver ------------------------------------------------------------------------------ */

/* Take frames away that are mapped, or half mapped. If the kernel refuses they stay there. */
static int32_t release(struct quire_linux *port, struct range range)
{
	int32_t status = QUIRE_EDRIVER;

	if (clear_surely(port, range)) {
		give_frames(port, range);
		publish_free_frames(port);
		status = QUIRE_OK;
	}
	hold_reserve(port);
	return status;
}

static int32_t linux_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_linux *port = mmu->context;
	struct range range;
	int32_t status;

	if (!locate(port, va, pages, &range) || !quire_mmu_accepts(&port->mmu, prot) ||
	    !all_are(port, range, false) || !hold_reserve(port))
		return QUIRE_EDRIVER;
	status = take_frames(port, range, prot);
	if (status)
		return status;
	publish_free_frames(port);
	if (map_views(port, range))
		return QUIRE_OK;
	release(port, range);
	return QUIRE_EDRIVER;
}

static int32_t linux_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct quire_linux *port = mmu->context;
	struct range range;

	if (!locate(port, va, pages, &range))
		return QUIRE_EDRIVER;
	return all_are(port, range, false) ? QUIRE_OK : release(port, range);
}

static int32_t linux_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_linux *port = mmu->context;
	struct range range;

	if (!locate(port, va, pages, &range) || !quire_mmu_accepts(&port->mmu, prot) ||
	    !all_are(port, range, true))
		return QUIRE_EDRIVER;
	if (!protect_views(port, range, prot)) {
		restore_protection(port, range);
		return QUIRE_EDRIVER;
	}
	for (size_t page = range.first; page < range.past; page++)
		port->behind[page] = behind(frame_behind(port, page), prot);
	return QUIRE_OK;
}

static uint32_t bank_of_frame(const struct quire_linux *port, uint32_t frame)
{
	return frame / port->frames.config.frames_per_bank;
}

static uint32_t linux_emptiest(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	const struct quire_linux *port = mmu->context;
	uint32_t bank = quire_frames_emptiest(&port->frames, after);

	*in_use = quire_frames_used_of(&port->frames, bank);
	return bank;
}

static uint32_t linux_bank_of(const struct quire_mmu *mmu, uintptr_t va)
{
	const struct quire_linux *port = mmu->context;
	struct range page;

	if (!locate(port, va, 1, &page) || !port->behind[page.first])
		return QUIRE_NOWHERE;
	return bank_of_frame(port, frame_behind(port, page.first));
}

/* The contents of a mapped page into a frame that nothing refers to. Every page can be read. */
static bool copy_to_frame(struct quire_linux *port, struct range page, uint32_t frame)
{
	const char *from = address_in(port, port->view[0], page);
	size_t bytes = bytes_of(port, page), done = 0;
	off_t offset = (off_t)frame << port->page_shift;

	while (done < bytes) {
		ssize_t wrote =
			pwrite(port->memfd, from + done, bytes - done, offset + (off_t)done);

		if (wrote <= 0 && errno != EINTR)
			return succeeded(port, false);
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return true;
}

/* The views of a page as the table says, after one of them may have changed: mappings that this
 * takes at the limit come out of the reserve. */
static void restore_views(struct quire_linux *port, struct range page)
{
	give_up_reserve(port);
	map_views(port, page);
	hold_reserve(port);
}

/* Another frame with the same contents behind a page, in all views or in none. */
static bool exchange_frame(struct quire_linux *port, struct range page, uint32_t frame)
{
	uint32_t before = port->behind[page.first];

	if (!copy_to_frame(port, page, frame))
		return false;
	port->behind[page.first] = behind(frame, prot_behind(port, page.first));
	if (map_views(port, page))
		return true;
	port->behind[page.first] = before;
	restore_views(port, page);
	return false;
}

static int32_t linux_move(const struct quire_mmu *mmu, uintptr_t va)
{
	struct quire_linux *port = mmu->context;
	uint32_t bank = linux_bank_of(mmu, va), old;
	struct quire_frame_run run;
	struct range page;
	int32_t status;
	bool moved;

	if (!locate(port, va, 1, &page) || bank == QUIRE_NOWHERE || !hold_reserve(port))
		return QUIRE_EDRIVER;
	status = quire_frames_take_outside(&port->frames, bank, 1, &run);
	if (status)
		return status;
	old = frame_behind(port, page.first);
	moved = exchange_frame(port, page, run.start);
	quire_frames_give(&port->frames, moved ? old : run.start, 1);
	publish_free_frames(port);
	return moved ? QUIRE_OK : QUIRE_EDRIVER;
}

static size_t linux_available(const struct quire_mmu *mmu)
{
	const struct quire_linux *port = mmu->context;

	return __atomic_load_n(&port->free_frames, __ATOMIC_RELAXED);
}

static void linux_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	struct quire_linux *port = mmu->context;

	(void)ptr, (void)bytes;
	__atomic_fetch_add(&port->writebacks, 1, __ATOMIC_RELAXED);
}

static void linux_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	struct quire_linux *port = mmu->context;

	(void)ptr, (void)bytes;
	__atomic_fetch_add(&port->invalidations, 1, __ATOMIC_RELAXED);
}

static void linux_icache_sync(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	char *start = (char *)(uintptr_t)ptr;

	(void)mmu;
	__builtin___clear_cache(start, start + bytes);
}

/* The same byte in the other view if the pointer is in this one. */
static void *translate(const struct quire_linux *port, const void *ptr, const char *from, char *to)
{
	uintptr_t offset = (uintptr_t)ptr - (uintptr_t)from;

	return offset < port->pages * port->mmu.page_size ? to + offset : (void *)(uintptr_t)ptr;
}

static void *linux_cached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_linux *port = mmu->context;

	return translate(port, ptr, port->view[1], port->view[0]);
}

static void *linux_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_linux *port = mmu->context;

	return translate(port, ptr, port->view[0], port->view[1]);
}

static bool linux_in_interrupt(const struct quire_mmu *mmu)
{
	(void)mmu;
	return in_interrupt;
}

/* ---- locks ----------------------------------------------------------------------------------- */

/* A lock taken twice, or given back by another, is a fault that nothing can mend. Noticing it costs
 * as much again as the lock. */
static void must_succeed(int error)
{
	if (error)
		abort();
}

static void lock(const struct quire_mmu *mmu)
{
	struct quire_linux *port = mmu->context;

	must_succeed(pthread_mutex_lock(&port->lock));
}

static void unlock(const struct quire_mmu *mmu)
{
	struct quire_linux *port = mmu->context;

	must_succeed(pthread_mutex_unlock(&port->lock));
}

static void transition_lock(const struct quire_mmu *mmu)
{
	struct quire_linux *port = mmu->context;

	must_succeed(pthread_mutex_lock(&port->transition));
}

static void transition_unlock(const struct quire_mmu *mmu)
{
	struct quire_linux *port = mmu->context;

	must_succeed(pthread_mutex_unlock(&port->transition));
}

static void make_locks(struct quire_linux *port, bool checked)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	if (checked)
		pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&port->lock, &attributes);
	pthread_mutex_init(&port->transition, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

/* ---- making a port --------------------------------------------------------------------------- */

static struct quire_mmu describe(struct quire_linux *port, const struct quire_linux_config *config)
{
	struct quire_mmu mmu = {
		.context = port,
		.page_size = config->page_size ? config->page_size : host_page(),
		.cache_line = config->cache_line ? config->cache_line : USUAL_CACHE_LINE,
		.coherent = !config->incoherent,
		.enforces = QUIRE_WRITE | QUIRE_EXEC,
		.map = linux_map,
		.unmap = linux_unmap,
		.protect = linux_protect,
		.emptiest = linux_emptiest,
		.bank_of = linux_bank_of,
		.move = linux_move,
		.available = linux_available,
		.icache_sync = linux_icache_sync,
		.in_interrupt = linux_in_interrupt,
	};

	if (config->incoherent) {
		mmu.writeback = linux_writeback;
		mmu.invalidate = linux_invalidate;
	}
	if (config->alias) {
		mmu.cached = linux_cached;
		mmu.uncached = linux_uncached;
	}
	if (!config->single_thread) {
		mmu.lock = lock;
		mmu.unlock = unlock;
		mmu.transition_lock = transition_lock;
		mmu.transition_unlock = transition_unlock;
	}
	return mmu;
}

static bool is_possible(const struct quire_mmu *mmu, const struct quire_linux_config *config)
{
	return !quire_mmu_check(mmu) && mmu->page_size % host_page() == 0 && config->pages &&
	       config->pages <= QUIRE_EXTENTS_MAX_UNITS &&
	       config->pages <= PTRDIFF_MAX / mmu->page_size && config->banks &&
	       config->frames_per_bank &&
	       config->frames_per_bank <= QUIRE_EXTENTS_MAX_UNITS / config->banks &&
	       config->image_frames <= config->banks * config->frames_per_bank;
}

static bool make_tables(struct quire_linux *port, const struct quire_linux_config *config)
{
	struct quire_frames_config frames = {
		.banks = config->banks,
		.frames_per_bank = config->frames_per_bank,
		.power = power,
		.context = port,
		.storage_bytes = QUIRE_FRAMES_STORAGE(config->banks, config->frames_per_bank),
		.observer = config->observer,
	};

	port->behind = calloc(config->pages, sizeof(*port->behind));
	port->frames_storage = malloc(frames.storage_bytes);
	frames.storage = port->frames_storage;
	return port->behind && !quire_frames_init(&port->frames, &frames) &&
	       (!config->image_frames ||
		!quire_frames_take_at(&port->frames, 0, config->image_frames));
}

static bool make_pool(struct quire_linux *port)
{
	off_t frames = quire_frames_total(&port->frames);

	publish_free_frames(port);
	port->memfd = memfd_create("quire", MFD_CLOEXEC);
	return port->memfd >= 0 && !ftruncate(port->memfd, frames * (off_t)port->mmu.page_size);
}

static char *reserve_at(uintptr_t base, size_t bytes)
{
	char *window = mmap((void *)base, bytes, PROT_NONE, NO_ACCESS | MAP_FIXED_NOREPLACE, -1, 0);

	if (window != MAP_FAILED && (uintptr_t)window != base) {
		munmap(window, bytes); /* an old kernel took it for a hint */
		window = MAP_FAILED;
	}
	return window == MAP_FAILED ? NULL : window;
}

/* Address space at a multiple of the page size, which may exceed the host's. */
static char *reserve_anywhere(size_t bytes, size_t page_size)
{
	size_t spare = page_size - host_page();
	char *start = mmap(NULL, bytes + spare, PROT_NONE, NO_ACCESS, -1, 0);
	size_t before;

	if (start == MAP_FAILED)
		return NULL;
	before = (0 - (uintptr_t)start) & (page_size - 1);
	if (before)
		munmap(start, before);
	if (spare - before)
		munmap(start + before + bytes, spare - before);
	return start + before;
}

static bool make_windows(struct quire_linux *port, const struct quire_linux_config *config)
{
	size_t page_size = port->mmu.page_size;
	size_t bytes = config->pages * page_size;

	if (config->base && config->base % page_size == 0)
		port->view[0] = reserve_at(config->base, bytes);
	if (!port->view[0])
		port->view[0] = reserve_anywhere(bytes, page_size);
	if (config->alias)
		port->view[1] = reserve_anywhere(bytes, page_size);
	port->window = port->view[0];
	port->pages = config->pages;
	return port->view[0] && (port->view[1] || !config->alias);
}

static int32_t make_port(struct quire_linux *port, const struct quire_linux_config *config)
{
	if (!make_tables(port, config) || !make_pool(port))
		return QUIRE_EDRIVER;
	if (!make_windows(port, config))
		return QUIRE_ENOVIRT;
	return hold_reserve(port) ? QUIRE_OK : QUIRE_EDRIVER;
}

/* ---- public ---------------------------------------------------------------------------------- */

int32_t quire_linux_init(struct quire_linux *port, const struct quire_linux_config *config)
{
	int32_t status;

	if (!port || !config)
		return QUIRE_EINVAL;
	memset(port, 0, sizeof(*port));
	port->memfd = -1;
	port->mmu = describe(port, config);
	if (!is_possible(&port->mmu, config))
		return QUIRE_EINVAL;
	while ((size_t)1 << port->page_shift < port->mmu.page_size)
		port->page_shift++;
	make_locks(port, config->check_locks);
	status = make_port(port, config);
	if (status) {
		int error = errno;

		quire_linux_fini(port);
		errno = error;
	}
	return status;
}

void quire_linux_fini(struct quire_linux *port)
{
	for (int i = 0; i < VIEWS; i++)
		if (port->view[i])
			munmap(port->view[i], port->pages * port->mmu.page_size);
	give_up_reserve(port);
	if (port->memfd >= 0)
		close(port->memfd);
	free(port->behind);
	free(port->frames_storage);
	pthread_mutex_destroy(&port->lock);
	pthread_mutex_destroy(&port->transition);
	memset(port, 0, sizeof(*port));
	port->memfd = -1;
}

const struct quire_frames *quire_linux_frames(const struct quire_linux *port)
{
	return &port->frames;
}

uint32_t quire_linux_frame_of(const struct quire_linux *port, const void *ptr)
{
	uintptr_t address = (uintptr_t)quire_cached(&port->mmu, ptr);
	struct range range;

	address -= address % port->mmu.page_size;
	if (!locate(port, address, 1, &range) || !port->behind[range.first])
		return QUIRE_NOWHERE;
	return frame_behind(port, range.first);
}

void *quire_linux_view_frame(const struct quire_linux *port, uint32_t frame)
{
	void *view = MAP_FAILED;

	if (frame < quire_frames_total(&port->frames))
		view = mmap(NULL, port->mmu.page_size, PROT_READ, MAP_SHARED, port->memfd,
			    (off_t)frame * (off_t)port->mmu.page_size);
	return view == MAP_FAILED ? NULL : view;
}

void quire_linux_counters(struct quire_linux *port, struct quire_linux_counters *counters)
{
	must_succeed(pthread_mutex_lock(&port->transition));
	*counters = port->counters;
	must_succeed(pthread_mutex_unlock(&port->transition));
	counters->writebacks = __atomic_load_n(&port->writebacks, __ATOMIC_RELAXED);
	counters->invalidations = __atomic_load_n(&port->invalidations, __ATOMIC_RELAXED);
}

int quire_linux_error(struct quire_linux *port)
{
	int error;

	must_succeed(pthread_mutex_lock(&port->transition));
	error = port->error;
	must_succeed(pthread_mutex_unlock(&port->transition));
	return error;
}

void quire_linux_set_interrupt(bool inside)
{
	in_interrupt = inside;
}
