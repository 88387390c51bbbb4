/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare: the driver of all page units that walk tables, below every layer of the core; of the core it uses
 * only frames. format.h says what a unit's folder has to bring.
 *
 * 1. The entries of the window are the only record of what is mapped: they tell frame and protection.
 *    The alias, if there is one, has the same frames, uncached and never executable.
 * 2. map takes tables, then frames, and writes entries as it gets frames; what it cannot finish it takes
 *    back the way unmap does.
 * 3. unmap goes in an order that no walk of the unit can upset: entries are *retired*, which is absent
 *    for the unit, but keeps the frame; then the flush; only then do frames go back to the pool, and the
 *    entries become empty. Tables that fall empty by that are detached, flushed once more, and go back.
 * 4. A change of protection keeps the frame, so no unit needs a break before it. A frame that changes
 *    (move) does on Arm; it is done so everywhere, since the page is nobody's meanwhile.
 * 5. Where one view can be executed and the other written, the order of the two changes never allows both
 *    at a time.
 *
 * Bound: a step per page and view, a walk per table, one flush, or two if tables fall empty.
 */
#include <string.h>

#include "table.h"

#define VIEWS 2u /* the window and its alias */

/* Tests build the port with one kind of flush left out, and see that their image notices. */
enum flush_after { AFTER_MAP, AFTER_UNMAP, AFTER_PROTECT, AFTER_MOVE };
#ifdef QUIRE_BARE_FORGET
#define IS_FORGOTTEN(after) ((after) == (QUIRE_BARE_FORGET))
#else
#define IS_FORGOTTEN(after) ((void)(after), false)
#endif
#ifdef QUIRE_BARE_FORGET_OTHERS
#define OTHERS_ARE_FORGOTTEN true
#else
#define OTHERS_ARE_FORGOTTEN false
#endif

/* Pages from va on; never empty. */
struct range {
	uintptr_t va;
	size_t pages;
};

/* ---- views ---------------------------------------------------------------------------------- */

static bool locate(const struct quire_bare *port, uintptr_t va, size_t pages, struct range *range)
{
	uintptr_t offset = va - port->config.window;
	uintptr_t first = offset / QUIRE_BARE_PAGE;

	*range = (struct range){ va, pages };
	return offset % QUIRE_BARE_PAGE == 0 && pages && first < port->config.pages &&
	       pages <= port->config.pages - first;
}

static uint32_t views_of(const struct quire_bare *port)
{
	return port->config.alias ? VIEWS : 1;
}

/* The same pages in another view. */
static struct range in_view(const struct quire_bare *port, struct range range, uint32_t view)
{
	if (view)
		range.va += port->config.alias - port->config.window;
	return range;
}

static bare_entry leaf_for(uintptr_t frame, uint32_t prot, uint32_t view)
{
	return bare_leaf(frame, view ? prot & ~QUIRE_EXEC : prot, !view);
}

/* ---- flushing ------------------------------------------------------------------------------- */

static void flush_here(struct range range, bool all)
{
	if (all)
		bare_flush_all();
	else
		for (size_t page = 0; page < range.pages; page++)
			bare_flush(range.va + page * QUIRE_BARE_PAGE);
}

static void flush_view(struct quire_bare *port, struct range range)
{
	bool all = range.pages > QUIRE_BARE_FLUSH_PAGES ||
		   (port->tables_changed && !BARE_FLUSH_REACHES_TABLES);

	flush_here(range, all);
	if (port->config.shoot_down && !OTHERS_ARE_FORGOTTEN)
		port->config.shoot_down(port->config.context, range.va,
					all ? SIZE_MAX : range.pages);
	port->counters.flushes++;
	port->counters.full_flushes += all;
	port->tables_changed = port->tables_changed && !all;
}

/* No core uses a translation of this range any more that was there before. */
static void flush(struct quire_bare *port, struct range range, enum flush_after after)
{
	bare_publish();
	if (IS_FORGOTTEN(after))
		return;
	for (uint32_t view = 0; view < views_of(port); view++)
		flush_view(port, in_view(port, range, view));
	bare_flushed();
}

/* After pages have come where none were. */
static void announce(struct quire_bare *port, struct range range)
{
	bare_publish();
	if (BARE_CACHES_ABSENT)
		flush(port, range, AFTER_MAP);
}

/* ---- frames and entries --------------------------------------------------------------------- */

static uintptr_t address_of_frame(const struct quire_bare *port, uint32_t frame)
{
	return port->config.memory + (uintptr_t)frame * QUIRE_BARE_PAGE;
}

static uint32_t frame_of(const struct quire_bare *port, bare_entry entry)
{
	return (uint32_t)((bare_target(entry) - port->config.memory) / QUIRE_BARE_PAGE);
}

static bool all_are(const struct quire_bare *port, struct range range, bool mapped)
{
	bare_entry *entry = bare_entry_for(port, range.va);

	for (; range.pages; range.pages--, range.va += QUIRE_BARE_PAGE) {
		if ((entry && bare_is_page(*entry)) != mapped)
			return false;
		entry = bare_entry_after(port, entry, range.va);
	}
	return true;
}

/* Write the entries of adjacent frames, in all views. */
static void put_run(struct quire_bare *port, struct range range, uint32_t frame, uint32_t prot)
{
	for (uint32_t view = 0; view < views_of(port); view++) {
		struct range at = in_view(port, range, view);
		bare_entry *entry = bare_entry_for(port, at.va);

		for (size_t page = 0; page < at.pages; page++, at.va += QUIRE_BARE_PAGE) {
			uintptr_t address = address_of_frame(port, frame + (uint32_t)page);

			bare_entry_set(port, entry, leaf_for(address, prot, view));
			entry = bare_entry_after(port, entry, at.va);
		}
	}
}

static void retire(struct quire_bare *port, struct range range)
{
	bare_entry *entry = bare_entry_for(port, range.va);

	for (; range.pages; range.pages--, range.va += QUIRE_BARE_PAGE) {
		if (entry && bare_is_page(*entry))
			bare_entry_set(port, entry, bare_retire(*entry));
		entry = bare_entry_after(port, entry, range.va);
	}
}

/* Give the frames behind retired entries back, run by run. */
static void give_frames(struct quire_bare *port, struct range range)
{
	bare_entry *entry = bare_entry_for(port, range.va);
	uint32_t start = 0, count = 0;

	for (; range.pages; range.pages--, range.va += QUIRE_BARE_PAGE) {
		if (entry && *entry != BARE_ABSENT) {
			uint32_t frame = frame_of(port, *entry);

			if (count && frame != start + count) {
				quire_frames_give(&port->frames, start, count);
				count = 0;
			}
			start = count ? start : frame;
			count++;
		}
		entry = bare_entry_after(port, entry, range.va);
	}
	if (count)
		quire_frames_give(&port->frames, start, count);
}

static void empty(struct quire_bare *port, struct range range)
{
	bare_entry *entry = bare_entry_for(port, range.va);

	for (; range.pages; range.pages--, range.va += QUIRE_BARE_PAGE) {
		if (entry && *entry != BARE_ABSENT)
			bare_entry_set(port, entry, BARE_ABSENT);
		entry = bare_entry_after(port, entry, range.va);
	}
}

/* Tables of this range in one view that have fallen empty. */
static void prune(struct quire_bare *port, struct range range)
{
	uint32_t list = bare_tables_prune(port, range.va, range.pages);

	if (list == port->table_count)
		return;
	bare_publish();
	flush_view(port, range);
	bare_flushed();
	bare_tables_give(port, list);
}

static void prune_views(struct quire_bare *port, struct range range)
{
	for (uint32_t view = 0; view < views_of(port); view++)
		prune(port, in_view(port, range, view));
}

/* ---- the driver ----------------------------------------------------------------------------- */

/* Nothing of a frame may linger in a cache under one kind of address when it is next reached by another. */
static void drop_cached(const struct quire_bare *port, struct range range)
{
	if (!port->config.alias && !port->config.incoherent)
		return;
	for (; range.pages; range.pages--, range.va += QUIRE_BARE_PAGE)
		if (bare_is_page(bare_entry_at(port, range.va)))
			bare_clean((const void *)range.va, QUIRE_BARE_PAGE);
}

/* Take away what is mapped of a range. */
static void clear(struct quire_bare *port, struct range range, enum flush_after after)
{
	drop_cached(port, range);
	for (uint32_t view = 0; view < views_of(port); view++)
		retire(port, in_view(port, range, view));
	flush(port, range, after);
	give_frames(port, range);
	for (uint32_t view = 0; view < views_of(port); view++)
		empty(port, in_view(port, range, view));
	prune_views(port, range);
}

static bool grow_views(struct quire_bare *port, struct range range)
{
	for (uint32_t view = 0; view < views_of(port); view++) {
		struct range at = in_view(port, range, view);

		if (!bare_tables_grow(port, at.va, at.pages)) {
			port->counters.table_failures++;
			prune_views(port, range);
			return false;
		}
	}
	return true;
}

/* Tables are physical pages too: giving up what is merely retained may set some free. */
static int32_t bare_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_bare *port = mmu->context;
	struct range range;

	if (!locate(port, va, pages, &range) || !quire_mmu_accepts(mmu, prot) ||
	    !all_are(port, range, false))
		return QUIRE_EDRIVER;
	if (!grow_views(port, range))
		return QUIRE_ENOPHYS;
	for (size_t done = 0; done < pages;) {
		struct quire_frame_run run;
		int32_t status = quire_frames_take(&port->frames, (uint32_t)(pages - done), &run);

		if (status) {
			clear(port, range, AFTER_UNMAP);
			return status;
		}
		put_run(port, (struct range){ va + done * QUIRE_BARE_PAGE, run.count }, run.start,
			prot);
		done += run.count;
	}
	announce(port, range);
	return QUIRE_OK;
}

static int32_t bare_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct quire_bare *port = mmu->context;
	struct range range;

	if (!locate(port, va, pages, &range))
		return QUIRE_EDRIVER;
	if (!all_are(port, range, false))
		clear(port, range, AFTER_UNMAP);
	return QUIRE_OK;
}

static void protect_view(struct quire_bare *port, struct range range, uint32_t prot, uint32_t view)
{
	struct range at = in_view(port, range, view);
	bare_entry *entry = bare_entry_for(port, at.va);

	for (; at.pages; at.pages--, at.va += QUIRE_BARE_PAGE) {
		bare_entry_set(port, entry, leaf_for(bare_target(*entry), prot, view));
		entry = bare_entry_after(port, entry, at.va);
	}
	flush(port, range, AFTER_PROTECT);
}

static int32_t bare_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_bare *port = mmu->context;
	uint32_t first = prot & QUIRE_EXEC && port->config.alias ? 1 : 0;
	struct range range;

	if (!locate(port, va, pages, &range) || !quire_mmu_accepts(mmu, prot) ||
	    !all_are(port, range, true))
		return QUIRE_EDRIVER;
	protect_view(port, range, prot, first);
	if (port->config.alias)
		protect_view(port, range, prot, !first);
	return QUIRE_OK;
}

static size_t bare_available(const struct quire_mmu *mmu)
{
	const struct quire_bare *port = mmu->context;

	return quire_frames_free(&port->frames);
}

/* ---- caches and aliases --------------------------------------------------------------------- */

static void mmu_writeback(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	(void)mmu;
	bare_writeback(ptr, bytes);
}

static void mmu_invalidate(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	(void)mmu;
	bare_invalidate(ptr, bytes);
}

static void mmu_icache_sync(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	(void)mmu;
	bare_icache_sync(ptr, bytes);
}

static void *translate(const struct quire_bare *port, const void *ptr, uintptr_t from, uintptr_t to)
{
	uintptr_t offset = (uintptr_t)ptr - from;

	return offset / QUIRE_BARE_PAGE < port->config.pages ? (void *)(to + offset)
							     : (void *)(uintptr_t)ptr;
}

static void *mmu_cached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_bare *port = mmu->context;

	return translate(port, ptr, port->config.alias, port->config.window);
}

static void *mmu_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	const struct quire_bare *port = mmu->context;

	return translate(port, ptr, port->config.window, port->config.alias);
}

/* ---- moving --------------------------------------------------------------------------------- */

/* Copy a page into a frame that nothing maps, by way of the spare page. */
static void copy_to_frame(struct quire_bare *port, uintptr_t va, uintptr_t frame)
{
	const uintptr_t spare = port->config.spare;
	struct range range = { spare, 1 };
	bare_entry *entry = bare_entry_for(port, spare);

	bare_entry_set(port, entry, bare_leaf(frame, QUIRE_RW, true));
	bare_publish();
	flush_view(port, range);
	bare_flushed();
	memcpy((void *)spare, (const void *)va, QUIRE_BARE_PAGE);
	bare_clean((const void *)spare, QUIRE_BARE_PAGE);
	bare_entry_set(port, entry, BARE_ABSENT);
	bare_publish();
	flush_view(port, range);
	bare_flushed();
	prune(port, range);
}

/* A processor may read ahead at any time and so know a translation; an emulator does not. Where tests leave
 * out the flush after a move, this is done for it. */
static void read_ahead(uintptr_t va)
{
	if (IS_FORGOTTEN(AFTER_MOVE))
		(void)*(const volatile unsigned char *)va;
}

static void put_behind(struct quire_bare *port, uintptr_t va, uintptr_t frame)
{
	struct range page = { va, 1 };
	uint32_t prot = bare_prot(bare_entry_at(port, va));

	read_ahead(va);
	for (uint32_t view = 0; view < views_of(port); view++)
		retire(port, in_view(port, page, view));
	flush(port, page, AFTER_MOVE);
	for (uint32_t view = 0; view < views_of(port); view++)
		bare_entry_set(port, bare_entry_for(port, in_view(port, page, view).va),
			       leaf_for(frame, prot, view));
	bare_publish();
	if (BARE_CACHES_ABSENT)
		flush(port, page, AFTER_MOVE);
	if (prot & QUIRE_EXEC)
		bare_icache_sync((const void *)va, QUIRE_BARE_PAGE);
}

static uint32_t bare_bank_of(const struct quire_mmu *mmu, uintptr_t va)
{
	const struct quire_bare *port = mmu->context;
	uint32_t frame = quire_bare_frame_behind(port, va);

	return frame == QUIRE_NOWHERE ? frame : frame / port->config.frames_per_bank;
}

static uint32_t bare_emptiest(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	const struct quire_bare *port = mmu->context;
	uint32_t bank = quire_frames_emptiest(&port->frames, after);

	*in_use = quire_frames_used_of(&port->frames, bank);
	return bank;
}

static int32_t grow_spare(struct quire_bare *port)
{
	if (bare_tables_grow(port, port->config.spare, 1))
		return QUIRE_OK;
	port->counters.table_failures++;
	prune(port, (struct range){ port->config.spare, 1 });
	return QUIRE_EDRIVER;
}

static int32_t bare_move(const struct quire_mmu *mmu, uintptr_t va)
{
	struct quire_bare *port = mmu->context;
	uint32_t before = quire_bare_frame_behind(port, va);
	struct quire_frame_run run;
	struct range page;
	int32_t status;

	if (!locate(port, va, 1, &page) || before == QUIRE_NOWHERE || grow_spare(port))
		return QUIRE_EDRIVER;
	status = quire_frames_take_outside(&port->frames, bare_bank_of(mmu, va), 1, &run);
	if (status) {
		prune(port, (struct range){ port->config.spare, 1 });
		return status;
	}
	drop_cached(port, page);
	copy_to_frame(port, va, address_of_frame(port, run.start));
	put_behind(port, va, address_of_frame(port, run.start));
	quire_frames_give(&port->frames, before, 1);
	port->counters.moves++;
	return QUIRE_OK;
}

/* ---- making --------------------------------------------------------------------------------- */

/* Whether [a, a + a_pages) and [b, b + b_pages) are windows apart from each other; b 0: there is none. */
static bool are_apart(uintptr_t a, size_t a_pages, uintptr_t b, size_t b_pages)
{
	if (!b)
		return true;
	return a < b ? (b - a) / QUIRE_BARE_PAGE >= a_pages : (a - b) / QUIRE_BARE_PAGE >= b_pages;
}

static bool is_window(uintptr_t base, size_t pages)
{
	return base && base % QUIRE_BARE_PAGE == 0 &&
	       pages - 1 <= (UINTPTR_MAX - base) / QUIRE_BARE_PAGE && bare_reaches(base) &&
	       bare_reaches(base + (pages - 1) * QUIRE_BARE_PAGE);
}

static bool windows_are_possible(const struct quire_bare_config *config)
{
	return config->pages && config->pages <= QUIRE_EXTENTS_MAX_UNITS &&
	       is_window(config->window, config->pages) &&
	       (!config->alias || is_window(config->alias, config->pages)) &&
	       (!config->spare || is_window(config->spare, 1)) &&
	       are_apart(config->window, config->pages, config->alias, config->pages) &&
	       are_apart(config->window, config->pages, config->spare, 1) &&
	       (!config->alias || are_apart(config->alias, config->pages, config->spare, 1));
}

static bool pools_are_possible(const struct quire_bare_config *config)
{
	size_t tables = config->tables_bytes / QUIRE_BARE_TABLE_BYTES;

	return config->memory && config->memory % QUIRE_BARE_PAGE == 0 && config->root &&
	       config->tables && (uintptr_t)config->tables % QUIRE_BARE_TABLE_BYTES == 0 &&
	       tables && tables <= QUIRE_EXTENTS_MAX_UNITS &&
	       tables <= UINTPTR_MAX / QUIRE_BARE_PAGE && config->banks &&
	       config->frames_per_bank <= QUIRE_EXTENTS_MAX_UNITS / config->banks &&
	       config->storage &&
	       config->storage_bytes >=
		       QUIRE_BARE_STORAGE(config->banks, config->frames_per_bank, tables);
}

/* Whether the root has nothing for a window: an entry of it belongs to start-up or to the port. */
static bool root_is_free(const struct quire_bare_config *config, uintptr_t base, size_t pages)
{
	const bare_entry *root = config->root;
	uintptr_t mask = ((uintptr_t)1 << BARE_BITS(0)) - 1;
	uintptr_t slot = base >> BARE_SHIFT(0);
	uintptr_t last = (base + (pages - 1) * QUIRE_BARE_PAGE) >> BARE_SHIFT(0);

	while (slot <= last)
		if (root[slot++ & mask] != BARE_ABSENT)
			return false;
	return true;
}

static bool roots_are_free(const struct quire_bare_config *config)
{
	return root_is_free(config, config->window, config->pages) &&
	       (!config->alias || root_is_free(config, config->alias, config->pages)) &&
	       (!config->spare || root_is_free(config, config->spare, 1));
}

static struct quire_mmu mmu_of(struct quire_bare *port)
{
	struct quire_mmu mmu = {
		.context = port,
		.page_size = QUIRE_BARE_PAGE,
		.cache_line = BARE_CACHE_LINE,
		.coherent = !port->config.incoherent,
		.enforces = BARE_ENFORCES,
		.map = bare_map,
		.unmap = bare_unmap,
		.protect = bare_protect,
		.available = bare_available,
		.icache_sync = mmu_icache_sync,
	};

	if (BARE_HAS_CACHES) {
		mmu.writeback = mmu_writeback;
		mmu.invalidate = mmu_invalidate;
	}
	if (port->config.spare) {
		mmu.emptiest = bare_emptiest;
		mmu.bank_of = bare_bank_of;
		mmu.move = bare_move;
	}
	if (port->config.alias) {
		mmu.cached = mmu_cached;
		mmu.uncached = mmu_uncached;
	}
	return mmu;
}

int32_t quire_bare_init(struct quire_bare *port, const struct quire_bare_config *config)
{
	struct quire_frames_config frames;
	int32_t status;

	if (!port || !config || !windows_are_possible(config) || !pools_are_possible(config) ||
	    !roots_are_free(config) || (config->incoherent && !BARE_HAS_CACHES))
		return QUIRE_EINVAL;
	memset(port, 0, sizeof(*port));
	frames = (struct quire_frames_config){
		.banks = config->banks,
		.frames_per_bank = config->frames_per_bank,
		.power = config->power,
		.context = config->context,
		.storage = config->storage,
		.storage_bytes = config->storage_bytes,
		.observer = config->observer,
	};
	status = quire_frames_init(&port->frames, &frames);
	if (status)
		return status;
	port->config = *config;
	port->table_count = (uint32_t)(config->tables_bytes / QUIRE_BARE_TABLE_BYTES);
	port->table_entries =
		(uint16_t *)(void *)((unsigned char *)config->storage +
				     QUIRE_FRAMES_STORAGE(config->banks, config->frames_per_bank));
	bare_tables_init(port);
	port->mmu = mmu_of(port);
	return QUIRE_OK;
}

/* ---- asking --------------------------------------------------------------------------------- */

const struct quire_frames *quire_bare_frames(const struct quire_bare *port)
{
	return &port->frames;
}

uint32_t quire_bare_tables(const struct quire_bare *port)
{
	return port->tables_used;
}

uint32_t quire_bare_tables_peak(const struct quire_bare *port)
{
	return port->tables_peak;
}

uint32_t quire_bare_tables_total(const struct quire_bare *port)
{
	return port->table_count;
}

struct quire_bare_counters quire_bare_counters(const struct quire_bare *port)
{
	return port->counters;
}

uint32_t quire_bare_frame_behind(const struct quire_bare *port, uintptr_t va)
{
	struct range page;
	bare_entry entry;

	va &= ~(uintptr_t)(QUIRE_BARE_PAGE - 1);
	if (!locate(port, va, 1, &page))
		return QUIRE_NOWHERE;
	entry = bare_entry_at(port, va);
	return bare_is_page(entry) ? frame_of(port, entry) : QUIRE_NOWHERE;
}

static bool agree(bare_entry entry, bare_entry alias)
{
	return entry == BARE_ABSENT ? alias == BARE_ABSENT
				    : bare_target(alias) == bare_target(entry);
}

/* Each mapped page has a frame of its own that is taken, in all views; and no others are. */
static const char *check_pages(const struct quire_bare *port)
{
	uint32_t mapped = 0;

	for (size_t page = 0; page < port->config.pages; page++) {
		struct range at = { port->config.window + page * QUIRE_BARE_PAGE, 1 };
		bare_entry entry = bare_entry_at(port, at.va);

		if (entry != BARE_ABSENT) {
			if (!bare_is_page(entry))
				return "an entry is neither a page nor empty";
			if (!quire_frames_is_taken(&port->frames, frame_of(port, entry)))
				return "a page is mapped whose frame is free";
			mapped++;
		}
		if (port->config.alias &&
		    !agree(entry, bare_entry_at(port, in_view(port, at, 1).va)))
			return "window and alias differ";
	}
	if (mapped != quire_frames_total(&port->frames) - quire_frames_free(&port->frames))
		return "frames are taken that no page has";
	return quire_frames_check(&port->frames);
}

const char *quire_bare_check(const struct quire_bare *port)
{
	const char *broken = bare_tables_check(port);

	return broken ? broken : check_pages(port);
}
