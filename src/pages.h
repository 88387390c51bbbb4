/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pages: the protocol by which allocations come to share pages, for vpage, vmh and vregion alone.
 *
 * Every page of a vspace is absent, arriving, present or leaving, and knows how many allocations need
 * it (`users`). An allocation *holds* the pages that it touches: the first holder of a page decides
 * who pays. Holding is bookkeeping and happens under the short lock; making the pages present is work
 * for the driver and happens under the transition lock:
 *
 *	absent  -> arriving   held by somebody, nothing mapped yet
 *	arriving -> present   mapped
 *	present -> leaving    the last holder lets go, or it is mapped in a way that will not do
 *	leaving -> absent     unmapped; after a failed unmap a page simply stays leaving
 *
 * present or leaving with no users is *retained*: mapped, paid by nobody.
 *
 * A section is a stretch under the short lock that can be deepened to hold the transition lock too.
 * Deepening lets go of the short lock for a moment, so what was looked up before is looked up again.
 */
#ifndef QUIRE_PAGES_H
#define QUIRE_PAGES_H

#include <string.h>

#include "bits.h"
#include "quire/vpage.h"

enum quire_page_state { PAGE_ABSENT, PAGE_ARRIVING, PAGE_PRESENT, PAGE_LEAVING };

/* ---- sections ------------------------------------------------------------------------------- */

struct quire_section {
	struct quire_vspace *vs;
	bool deep; /* the transition lock is held */
};

SHARED void quire_lock(const struct quire_vspace *vs)
{
	if (vs->mmu->lock)
		vs->mmu->lock(vs->mmu);
}

SHARED void quire_unlock(const struct quire_vspace *vs)
{
	if (vs->mmu->unlock)
		vs->mmu->unlock(vs->mmu);
}

SHARED struct quire_section quire_section_enter(struct quire_vspace *vs)
{
	struct quire_section section = { .vs = vs };

	quire_lock(vs);
	return section;
}

void quire_section_enter_deep(struct quire_section *section, struct quire_vspace *vs);
void quire_section_deepen(struct quire_section *section);
void quire_section_leave(struct quire_section *section);

#define QUIRE_PAGES_AT_A_TIME 32u

/* At every so many pages that are looked at the short lock is let go for a moment. Where the section is
 * deep, no page comes or goes then, but who holds one may. */
void quire_let_go_for_a_moment(const struct quire_vspace *vs);

static inline void quire_let_others_in(const struct quire_vspace *vs, uint32_t page)
{
	if (page % QUIRE_PAGES_AT_A_TIME == 0)
		quire_let_go_for_a_moment(vs);
}

/* Whether a range is saved is asked under no lock too, by calls that must not be made then. */
static inline uint32_t quire_image_number(const struct quire_image *image)
{
	return __atomic_load_n(&image->number, __ATOMIC_RELAXED);
}

/* Whether a call whose pages are there changes records and that is all. */
bool quire_is_direct(const struct quire_vspace *vs);

/* 0 while that is so; else all ones: there is more to do, or the vspace is saved. */
static inline uint32_t quire_asks(const struct quire_vspace *vs)
{
	return __atomic_load_n(&vs->asks, __ATOMIC_RELAXED);
}

void quire_set_asks(struct quire_vspace *vs);

/* Why no call is allowed now: in interrupt context, or while the vspace is saved; else QUIRE_OK. */
int32_t quire_why_forbidden(const struct quire_vspace *vs);

static inline int32_t quire_forbidden(const struct quire_vspace *vs)
{
	return FOR_SIZE || quire_asks(vs) ? quire_why_forbidden(vs) : QUIRE_OK;
}

/* Pages that others may still take from the driver, for clipping; asked before a section begins. */
size_t quire_pages_spare(const struct quire_vspace *vs);

/* ---- addresses ------------------------------------------------------------------------------ */

/* The cached alias as a number; a pointer that is no alias at all comes back as it is. */
uintptr_t quire_address(const struct quire_vspace *vs, const void *ptr);

SHARED bool quire_in_window(const struct quire_vspace *vs, uintptr_t address)
{
	return address >= vs->base && (address - vs->base) >> vs->page_shift < vs->pages;
}

SHARED uint32_t quire_page_index(const struct quire_vspace *vs, uintptr_t address)
{
	return (uint32_t)((address - vs->base) >> vs->page_shift);
}

SHARED uintptr_t quire_page_address(const struct quire_vspace *vs, uint32_t page)
{
	return vs->base + ((uintptr_t)page << vs->page_shift);
}

/* Pages that so many bytes lie in, from the start of one on: at most SIZE_MAX / 2. */
SHARED size_t quire_pages_for(const struct quire_vspace *vs, size_t bytes)
{
	return (bytes + vs->page_size - 1) >> vs->page_shift;
}

SHARED size_t quire_divide_up(size_t a, size_t b)
{
	return a / b + (a % b != 0);
}

static inline size_t quire_round_up(size_t value, size_t power_of_two)
{
	return (value + power_of_two - 1) & ~(power_of_two - 1);
}

SHARED bool quire_power_of_two(size_t value)
{
	return value && !(value & (value - 1));
}

/* ---- caches: what is asked of every layer where cores are not coherent ------------------------ */

/* Whether records may live there: aligned, and uncached where several cores cannot see each other. */
bool quire_storage_fits(const struct quire_mmu *mmu, void *storage);

/* The units of an allocation engine: as configured, or a cache line, which is the least there. */
size_t quire_unit_of(const struct quire_mmu *mmu, size_t configured);

/* No line of this memory that this core still has may surface in what is handed out or given back. */
void quire_fresh_cache(const struct quire_mmu *mmu, const void *ptr, size_t bytes);

/* Where cores are not coherent: this core relinquishes the lines from byte `from` to byte `to` of
 * an allocation, but for the one that holds byte `from` - 1. */
void quire_tail_cache(const struct quire_mmu *mmu, uintptr_t address, size_t from, size_t to);

/* ---- requests ------------------------------------------------------------------------------- */

/* Fill in defaults and check everything that does not depend on who serves the request. */
int32_t quire_request_check(struct quire_request *request, uint32_t flags_allowed);

/* The most of a request that fits into `room` bytes, min + k * step; 0 if min does not. */
size_t quire_request_clip(const struct quire_request *request, size_t room);

/* ---- pages, under the short lock ------------------------------------------------------------ */

/* Pages of the range that nobody holds: what holding it would cost. */
uint32_t quire_pages_unheld(const struct quire_vspace *vs, uint32_t first, uint32_t count);

/* How many more pages this budget may hold, and the reason when `pages` are too many. */
size_t quire_pages_allowance(const struct quire_vspace *vs, const struct quire_budget *budget,
			     size_t spare);
int32_t quire_pages_refusal(const struct quire_vspace *vs, const struct quire_budget *budget,
			    size_t pages, size_t spare);

/* Count a holder on each page; the budget pays for those that had none. Returns how many. */
uint32_t quire_pages_hold(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t prot,
			  const struct quire_budget *budget);

/* One holder less on each page that has any; refunds. Returns how many pages nobody holds now. */
uint32_t quire_pages_drop(struct quire_vspace *vs, uint32_t first, uint32_t count);

/* Whether the range can be let go without the driver: pages stay held by others or are retained. */
bool quire_pages_quiet(const struct quire_vspace *vs, uint32_t first, uint32_t count);

/* Whether a page of the range could not be unmapped when it should have been. */
bool quire_pages_condemned(const struct quire_vspace *vs, uint32_t first, uint32_t count);

/* Retained USER pages of a payer that is gone must not look like those of the next with its number. */
void quire_pages_disown(struct quire_vspace *vs, uint8_t payer);

/* Where cores are not coherent: this core relinquishes what is present of the range. */
void quire_pages_relinquish(const struct quire_vspace *vs, uint32_t first, uint32_t count);

/* ---- pages, in a section that these deepen when they need the driver ------------------------ */

/* Make held pages present. On failure nothing is mapped that was not, and the holds are dropped. */
int32_t quire_pages_settle(struct quire_section *section, uint32_t first, uint32_t count,
			   uint32_t prot, uint32_t *dropped);

/* Let go of held pages and unmap those that nobody holds any more and cannot be retained. The section
 * is deep unless quire_pages_quiet. On failure nobody's hold has changed. */
int32_t quire_pages_release(struct quire_section *section, uint32_t first, uint32_t count,
			    uint32_t *dropped);

/* Change the protection of all present pages of the range that somebody holds. Deep. */
int32_t quire_pages_protect(struct quire_section *section, uint32_t first, uint32_t count,
			    uint32_t prot);

/* Unmap a range without letting go of the pages: those that are held and present are arriving then,
 * those that could not be unmapped, now or earlier, leaving. Deep. */
int32_t quire_pages_suspend(struct quire_section *section, uint32_t first, uint32_t count);

/* Map held pages of the range that are arriving or leaving, writable whatever they are protected with,
 * which protecting them makes good. Deep. */
int32_t quire_pages_resume(struct quire_section *section, uint32_t first, uint32_t count,
			   uint32_t prot);

/* Unmap the retained pages of a range, or of the window. A section that is not deep becomes so if there
 * are any. QUIRE_EDRIVER if some stay mapped. */
int32_t quire_pages_evict(struct quire_section *section, uint32_t first, uint32_t count);
int32_t quire_pages_trim(struct quire_section *section);

/* ---- what is saved (archive.c) -------------------------------------------------------------- */

/* A page that somebody holds and uses: it has contents. */
SHARED bool quire_page_is_used(const struct quire_page *page)
{
	return page->users && page->state == PAGE_PRESENT;
}

/* One past the last page from `first` on with the same protection and state that is held, or not. */
uint32_t quire_pages_alike(const struct quire_vspace *vs, uint32_t first, uint32_t end);

/* A range of pages on its way to an archive, or from there. */
struct quire_transfer {
	struct quire_vspace *vs;
	struct quire_image *image; /* what is known of it; its number is set while it is saved */
	struct quire_archive *archive;
	uint32_t first;
	uint32_t count;
	bool reading; /* these two are archive.c's own */
	uint32_t sum;
};

/* The range is saved from now on. In a section. */
void quire_transfer_begin(struct quire_transfer *transfer);

/* Write the contents of used pages and unmap the range, which has begun. If the archive fails, it is as
 * before it began. */
int32_t quire_transfer_save(struct quire_transfer *transfer);

/* Map the pages again and read their contents; on failure the range stays saved. */
int32_t quire_transfer_restore(struct quire_transfer *transfer);

/* ---- allocations that are being made ---------------------------------------------------------- */

/* Until its pages are there an allocation is nobody's to free: a stale pointer may name it, while the
 * short lock is let go. In a section. */
struct quire_making {
	uintptr_t address;
	struct quire_making *next;
};

void quire_begin_making(struct quire_vspace *vs, struct quire_making *making, uintptr_t address);
void quire_end_making(struct quire_vspace *vs, const struct quire_making *making);
bool quire_is_making(const struct quire_vspace *vs, uintptr_t address);

/* ---- windows of heaps and regions ----------------------------------------------------------- */

/* Take and give back addresses that quire_vpage_free will not touch. In a section. */
uint32_t quire_window_take(struct quire_vspace *vs, uint32_t pages);
void quire_window_give(struct quire_vspace *vs, uint32_t first);

/* ---- budgets ------------------------------------------------------------------------------------ */

/* Whether the budget is admitted to this ledger. NULL is not. */
bool quire_ledger_knows(const struct quire_ledger *ledger, const struct quire_budget *budget);

/* ---- addresses set aside for a budget ------------------------------------------------------- */

/* Whether all that is to be held in this set is; else something that was served there lives. */
SHARED bool quire_aside_whole(const struct quire_budget *budget, const struct quire_extents *set)
{
	return budget->aside_set == set && budget->aside_left == budget->aside_count;
}

/* Hold a run for the budget in place of what it had in this set; a refusal keeps what it had. */
int32_t quire_aside_hold(struct quire_budget *budget, struct quire_extents *set,
			 const struct quire_extent_wish *wish);
void quire_aside_drop(struct quire_budget *budget);
uint32_t quire_aside_held(const struct quire_budget *budget);

/* The run for a request, if it is whole and will do: told, or taken. Nobody but this one allocation is
 * served there until it is freed; then tell how many units it has: what it leaves over stays held, so
 * that it is all one run again. */
uint32_t quire_aside_offer(const struct quire_budget *budget, const struct quire_extents *set,
			   const struct quire_extent_wish *wish, uint32_t *granted);
uint32_t quire_aside_claim(struct quire_budget *budget, const struct quire_extents *set,
			   const struct quire_extent_wish *wish, uint32_t *granted);
void quire_aside_leave(struct quire_budget *budget, uint32_t count);

SHARED bool quire_aside_keep(struct quire_budget *budget, const struct quire_extents *set,
			     uint32_t start, uint32_t count)
{
	if (budget->aside_set != set || budget->aside_left || budget->aside_start != start)
		return false;
	quire_aside_leave(budget, count);
	return true;
}

/* Try to hold all of it again, after something was freed. */
void quire_aside_restore(struct quire_budget *budget);

/* ---- telling -------------------------------------------------------------------------------- */

void quire_tell(struct quire_vspace *vs, const struct quire_event *event);

/* Something that went well. */
void quire_tell_about(struct quire_vspace *vs, enum quire_event_kind kind, const void *object,
		      const void *ptr, size_t size, uint32_t tag);

/* Count a call that failed. In a section, unless it is interrupt context that is refused. */
void quire_count_refusal(struct quire_refusals *refused, int32_t why);

/* Tell it: as misuse if its status says that a pointer was wrong. Returns the status, event->why. */
int32_t quire_tell_refusal(struct quire_vspace *vs, struct quire_event *event);

/* Both, for a call that named no pointer. `refused` may be NULL. */
int32_t quire_refuse_call(struct quire_vspace *vs, struct quire_refusals *refused, int32_t why,
			  const void *object, size_t size, uint32_t tag);

SHARED bool quire_is_misuse(int32_t why)
{
	return why == QUIRE_EFOREIGN || why == QUIRE_EFREE;
}

/* A pointer as an event shows it, from a number. */
static inline void *quire_pointer(uintptr_t address)
{
	return (void *)address; /* NOLINT(performance-no-int-to-ptr): windows are numbers */
}

#endif
