/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pages: holding, mapping and letting go of pages that allocations share. pages.h has the protocol.
 *
 * Bound: each call takes a step per page of its range and a driver call per run of pages that changes,
 * except trim, which looks at the whole window, and only runs when pages are short or it is asked for.
 */
#define ONE_COPY
#include "pages.h"

/* ---- sections ------------------------------------------------------------------------------- */

/* Both locks, in their order. */
static void lock_both(const struct quire_vspace *vs)
{
	if (vs->mmu->transition_lock)
		vs->mmu->transition_lock(vs->mmu);
	quire_lock(vs);
}

void quire_section_enter_deep(struct quire_section *section, struct quire_vspace *vs)
{
	section->vs = vs;
	section->deep = true;
	lock_both(vs);
}

void quire_section_deepen(struct quire_section *section)
{
	if (section->deep)
		return;
	section->deep = true;
	quire_unlock(section->vs);
	lock_both(section->vs);
}

void quire_section_leave(struct quire_section *section)
{
	const struct quire_mmu *mmu = section->vs->mmu;

	quire_unlock(section->vs);
	if (section->deep && mmu->transition_unlock)
		mmu->transition_unlock(mmu);
}

bool quire_is_direct(const struct quire_vspace *vs)
{
	return vs->mmu->coherent && !vs->mmu->lock && !vs->mmu->in_interrupt && !vs->observer;
}

void quire_set_asks(struct quire_vspace *vs)
{
	bool direct = quire_is_direct(vs) && !quire_image_number(&vs->image);

	__atomic_store_n(&vs->asks, direct ? 0 : UINT32_MAX, __ATOMIC_RELAXED);
}

int32_t quire_why_forbidden(const struct quire_vspace *vs)
{
	if (vs->mmu->in_interrupt && vs->mmu->in_interrupt(vs->mmu))
		return QUIRE_ECONTEXT;
	return quire_image_number(&vs->image) ? QUIRE_ESTATE : QUIRE_OK;
}

void quire_let_go_for_a_moment(const struct quire_vspace *vs)
{
	quire_unlock(vs);
	quire_lock(vs);
}

size_t quire_pages_spare(const struct quire_vspace *vs)
{
	if (!vs->mmu->available || !vs->mmu->shared_frames || quire_forbidden(vs))
		return QUIRE_UNKNOWN;
	return vs->mmu->available(vs->mmu);
}

/* ---- addresses ------------------------------------------------------------------------------ */

uintptr_t quire_address(const struct quire_vspace *vs, const void *ptr)
{
	if (!quire_in_window(vs, (uintptr_t)ptr))
		ptr = quire_cached(vs->mmu, ptr);
	return (uintptr_t)ptr;
}

/* ---- caches ------------------------------------------------------------------------------------ */

bool quire_storage_fits(const struct quire_mmu *mmu, void *storage)
{
	if (!storage || (uintptr_t)storage % sizeof(uintptr_t))
		return false;
	return mmu->coherent || quire_uncached(mmu, storage) == storage;
}

size_t quire_unit_of(const struct quire_mmu *mmu, size_t configured)
{
	size_t unit = configured ? configured : mmu->cache_line;

	return !mmu->coherent && unit < mmu->cache_line ? mmu->cache_line : unit;
}

void quire_fresh_cache(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	if (!mmu->coherent && bytes)
		mmu->invalidate(mmu, ptr, quire_round_up(bytes, mmu->cache_line));
}

void quire_tail_cache(const struct quire_mmu *mmu, uintptr_t address, size_t from, size_t to)
{
	from = quire_round_up(from, mmu->cache_line);
	to = quire_round_up(to, mmu->cache_line);
	if (from < to)
		quire_relinquish(mmu, quire_pointer(address + from), to - from);
}

/* ---- requests ------------------------------------------------------------------------------- */

int32_t quire_request_check(struct quire_request *request, uint32_t flags_allowed)
{
	if (!request->min)
		request->min = request->size;
	if (!request->align)
		request->align = 1;
	if (!request->size || request->min > request->size || request->size > SIZE_MAX / 2 ||
	    request->align > SIZE_MAX / 2 || !quire_power_of_two(request->align) ||
	    request->flags & ~flags_allowed)
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

size_t quire_request_clip(const struct quire_request *request, size_t room)
{
	size_t size = room < request->size ? room : request->size;

	if (size < request->min)
		return 0;
	return request->step > 1 ? size - (size - request->min) % request->step : size;
}

/* ---- records of pages ----------------------------------------------------------------------- */

/* Records are compared and changed as words in loops over pages: some instructions a page. */
union record {
	struct quire_page page;
	uint32_t word;
};

#define WORD(...)    ((union record){ .page = { __VA_ARGS__ } }.word)
#define USERS        WORD(.users = 0x3fff)
#define ONE_USER     WORD(.users = 1)
#define STATE        WORD(.state = 3)
#define IN_STATE(is) WORD(.state = (is)&3)
#define PROT         WORD(.prot = 0xf)
#define PAYER        WORD(.payer = 0xff)

/* Members whose value is no constant. */
#define OF_PROT(value) ((uint32_t)(value)*WORD(.prot = 1))
#define OF_PAYER(id)   ((uint32_t)(id)*WORD(.payer = 1))

static uint32_t word_of(const struct quire_vspace *vs, uint32_t page)
{
	return ((union record){ .page = vs->page[page] }).word;
}

static void put_word(struct quire_vspace *vs, uint32_t page, uint32_t word)
{
	vs->page[page] = ((union record){ .word = word }).page;
}

static bool is_in_state(const struct quire_vspace *vs, uint32_t page, enum quire_page_state state)
{
	return (word_of(vs, page) & STATE) == IN_STATE(state);
}

/* The first page from `page` on that is in this state, or that is not; `end` if there is none. */
APART uint32_t next_in_state(const struct quire_vspace *vs, uint32_t page, uint32_t end,
			     enum quire_page_state state)
{
	while (page < end && !is_in_state(vs, page, state))
		page++;
	return page;
}

APART uint32_t next_in_other(const struct quire_vspace *vs, uint32_t page, uint32_t end,
			     enum quire_page_state state)
{
	while (page < end && is_in_state(vs, page, state))
		page++;
	return page;
}

/* ---- holding -------------------------------------------------------------------------------- */

uint32_t quire_pages_unheld(const struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	uint32_t unheld = 0;

	for (uint32_t page = first; page < first + count; page++)
		unheld += !(word_of(vs, page) & USERS);
	return unheld;
}

static size_t free_pages(const struct quire_vspace *vs, size_t spare)
{
	const struct quire_ledger *ledger = &vs->ledger;
	size_t left =
		ledger->capacity == QUIRE_UNKNOWN ? QUIRE_UNKNOWN : ledger->capacity - ledger->used;

	if (spare == QUIRE_UNKNOWN)
		return left;
	spare += vs->retained;
	return spare < left ? spare : left;
}

size_t quire_pages_allowance(const struct quire_vspace *vs, const struct quire_budget *budget,
			     size_t spare)
{
	return quire_ledger_allowance(&vs->ledger, budget, free_pages(vs, spare));
}

int32_t quire_pages_refusal(const struct quire_vspace *vs, const struct quire_budget *budget,
			    size_t pages, size_t spare)
{
	if (budget->used <= budget->limit && pages > budget->limit - budget->used)
		return QUIRE_EBUDGET;
	return pages > free_pages(vs, spare) ? QUIRE_ENOPHYS : QUIRE_EBUDGET;
}

/* What becomes of a page that nobody held: it arrives; or it is mapped with nobody's data and may be
 * used as it is, or must leave first. */
static uint32_t state_for(uint32_t word, uint32_t prot, uint32_t payer)
{
	uint32_t wanted = IN_STATE(PAGE_PRESENT) | OF_PROT(prot);
	uint32_t same = STATE | PROT;

	if (!(word & STATE))
		return IN_STATE(PAGE_ARRIVING);
	if (prot & QUIRE_USER) {
		wanted |= payer;
		same |= PAYER;
	}
	return (word & same) == wanted ? IN_STATE(PAGE_PRESENT) : IN_STATE(PAGE_LEAVING);
}

uint32_t quire_pages_hold(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t prot,
			  const struct quire_budget *budget)
{
	uint32_t payer = OF_PAYER(budget->id);
	uint32_t held = 0, retained = 0;

	for (uint32_t page = first; page < first + count; page++) {
		uint32_t word = word_of(vs, page);

		if (!(word & USERS)) {
			held++;
			retained += (word & STATE) != 0;
			word = (word & ~(STATE | PAYER)) | state_for(word, prot, payer) | payer;
		}
		put_word(vs, page, word + ONE_USER);
	}
	vs->retained -= retained;
	quire_ledger_charge(&vs->ledger, vs->ledger.budgets[budget->id], held);
	return held;
}

/* A hold has become good: only now does it count as a peak. */
static void note_peaks(struct quire_vspace *vs, uint32_t page)
{
	struct quire_budget *payer = vs->ledger.budgets[vs->page[page].payer];

	if (vs->ledger.used > vs->held_peak)
		vs->held_peak = vs->ledger.used;
	if (payer->used > payer->peak)
		payer->peak = payer->used;
}

static void refund(struct quire_vspace *vs, uint32_t payer, uint32_t pages)
{
	if (pages)
		quire_ledger_refund(&vs->ledger, vs->ledger.budgets[payer], pages);
}

uint32_t quire_pages_drop(struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	uint32_t dropped = 0, refunded = 0, retained = 0, payer = 0;

	for (uint32_t page = first; page < first + count; page++) {
		uint32_t word = word_of(vs, page);

		if (!(word & USERS))
			continue;
		word -= ONE_USER;
		if (!(word & USERS)) {
			if (vs->page[page].payer != payer) {
				refund(vs, payer, dropped - refunded);
				refunded = dropped;
				payer = vs->page[page].payer;
			}
			if ((word & STATE) == IN_STATE(PAGE_ARRIVING))
				word &= ~STATE;
			else
				retained += (word & STATE) != 0;
			dropped++;
		}
		put_word(vs, page, word);
	}
	refund(vs, payer, dropped - refunded);
	vs->retained += retained;
	return dropped;
}

/* How many pages may be retained beside those that are. */
static size_t retainable(const struct quire_vspace *vs)
{
	return vs->retained > vs->retain ? 0 : vs->retain - vs->retained;
}

bool quire_pages_quiet(const struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	size_t room = retainable(vs);
	size_t alone = 0;

	for (uint32_t page = first; page < first + count; page++) {
		uint32_t held = word_of(vs, page) & (USERS | STATE);

		if (held == (ONE_USER | IN_STATE(PAGE_PRESENT)))
			alone++;
		else if (held & USERS && (held & STATE) != IN_STATE(PAGE_PRESENT))
			return false;
		if (alone > room)
			return false;
	}
	return true;
}

bool quire_pages_condemned(const struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++)
		if (vs->page[page].users && is_in_state(vs, page, PAGE_LEAVING))
			return true;
	return false;
}

void quire_pages_disown(struct quire_vspace *vs, uint8_t payer)
{
	for (uint32_t index = 0; index < vs->pages && vs->retained; index++) {
		struct quire_page *page = &vs->page[index];

		if (!page->users && page->state == PAGE_PRESENT && page->prot & QUIRE_USER &&
		    page->payer == payer)
			page->state = PAGE_LEAVING;
	}
}

/* Page by page under the short lock, so that nobody unmaps it meanwhile. */
void quire_pages_relinquish(const struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	if (vs->mmu->coherent)
		return;
	for (uint32_t page = first; page < first + count; page++) {
		quire_lock(vs);
		if (is_in_state(vs, page, PAGE_PRESENT))
			quire_relinquish(vs->mmu, quire_pointer(quire_page_address(vs, page)),
					 vs->page_size);
		quire_unlock(vs);
	}
}

/* ---- driver calls: the short lock is let go for their time ---------------------------------- */

static void tell_pages(struct quire_vspace *vs, enum quire_event_kind kind, uint32_t first,
		       uint32_t count)
{
	quire_tell_about(vs, kind, vs, quire_pointer(quire_page_address(vs, first)),
			 (size_t)count << vs->page_shift, 0);
}

/* USER pages never show what was in their frames before, also where the user may not write. If the
 * last step fails they are mapped all the same, and still to be undone. */
static int32_t map_zeroed(const struct quire_vspace *vs, uintptr_t address, uint32_t count,
			  uint32_t prot, bool *mapped)
{
	const struct quire_mmu *mmu = vs->mmu;
	size_t bytes = (size_t)count << vs->page_shift;
	uint32_t writable = (prot | QUIRE_WRITE) & ~QUIRE_EXEC;
	int32_t status = mmu->map(mmu, address, count, writable);

	if (status)
		return status;
	*mapped = true;
	memset(quire_pointer(address), 0, bytes);
	if (!mmu->coherent)
		mmu->writeback(mmu, quire_pointer(address), bytes);
	if (prot != writable && mmu->protect(mmu, address, count, prot))
		return QUIRE_EDRIVER;
	return QUIRE_OK;
}

/* Map a run; *mapped says whether the driver has pages there now, which may be so after a failure. */
static int32_t drive_map(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t prot,
			 bool *mapped)
{
	uintptr_t address = quire_page_address(vs, first);
	int32_t status;

	*mapped = false;
	quire_unlock(vs);
	status = prot & QUIRE_USER ? map_zeroed(vs, address, count, prot, mapped)
				   : vs->mmu->map(vs->mmu, address, count, prot);
	if (!status)
		tell_pages(vs, QUIRE_EVENT_MAP, first, count);
	quire_lock(vs);
	*mapped |= !status;
	vs->map_calls++;
	vs->mapped_pages += status ? 0 : count;
	return status;
}

static int32_t drive_unmap(struct quire_vspace *vs, uint32_t first, uint32_t count)
{
	int32_t status;

	quire_unlock(vs);
	status = vs->mmu->unmap(vs->mmu, quire_page_address(vs, first), count);
	if (!status)
		tell_pages(vs, QUIRE_EVENT_UNMAP, first, count);
	quire_lock(vs);
	vs->unmap_calls++;
	return status ? QUIRE_EDRIVER : QUIRE_OK;
}

static int32_t drive_protect(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t prot)
{
	int32_t status;

	quire_unlock(vs);
	status = vs->mmu->protect(vs->mmu, quire_page_address(vs, first), count, prot);
	if (!status)
		tell_pages(vs, QUIRE_EVENT_PROTECT, first, count);
	quire_lock(vs);
	return status ? QUIRE_EDRIVER : QUIRE_OK;
}

static void set_state(struct quire_vspace *vs, uint32_t first, uint32_t end,
		      enum quire_page_state from, enum quire_page_state to)
{
	for (uint32_t page = first; page < end; page++) {
		uint32_t word = word_of(vs, page);

		if ((word & STATE) == IN_STATE(from))
			put_word(vs, page, word ^ IN_STATE(from) ^ IN_STATE(to));
	}
}

/* ---- arriving ------------------------------------------------------------------------------- */

/* Unmap the pages of a range that are in one state: they are in another then, or leaving if that
 * fails. */
static int32_t unmap_state(struct quire_vspace *vs, uint32_t first, uint32_t end,
			   enum quire_page_state from, enum quire_page_state to)
{
	int32_t status = QUIRE_OK;

	while ((first = next_in_state(vs, first, end, from)) < end) {
		uint32_t run = next_in_other(vs, first, end, from);
		int32_t failed = drive_unmap(vs, first, run - first);

		set_state(vs, first, run, from, failed ? PAGE_LEAVING : to);
		status = failed ? failed : status;
		first = run;
	}
	return status;
}

/* Unmap what is mapped in a way that will not do: what was retained, or failed to leave earlier. */
static int32_t clear_leaving(struct quire_vspace *vs, uint32_t first, uint32_t end)
{
	return unmap_state(vs, first, end, PAGE_LEAVING, PAGE_ARRIVING);
}

/* What is charged never exceeds what there is, so if frames run out, retained pages have them. Others
 * go on while these are unmapped: they must not retain more behind our back. */
static int32_t map_or_trim(struct quire_section *section, uint32_t first, uint32_t count,
			   uint32_t prot, bool *mapped)
{
	struct quire_vspace *vs = section->vs;
	size_t retain = vs->retain;
	int32_t status = drive_map(vs, first, count, prot, mapped);

	if (status == QUIRE_ENOPHYS && vs->retained) {
		vs->retain = 0;
		quire_pages_trim(section);
		status = drive_map(vs, first, count, prot, mapped);
		vs->retain = retain;
	}
	return status;
}

/* Map with one protection what shall have another in the end. */
static int32_t map_arriving(struct quire_section *section, uint32_t first, uint32_t end,
			    uint32_t prot, uint32_t last_prot)
{
	struct quire_vspace *vs = section->vs;
	uint32_t present = IN_STATE(PAGE_PRESENT) | OF_PROT(last_prot);
	uint32_t page = first;

	while ((page = next_in_state(vs, page, end, PAGE_ARRIVING)) < end) {
		uint32_t run = next_in_other(vs, page, end, PAGE_ARRIVING);
		bool mapped;
		int32_t status = map_or_trim(section, page, run - page, prot, &mapped);

		if (status) {
			unmap_state(vs, first, mapped ? run : page, PAGE_ARRIVING, PAGE_ARRIVING);
			return status;
		}
		page = run;
	}
	for (page = first; page < end; page++) {
		uint32_t word = word_of(vs, page);

		if ((word & STATE) == IN_STATE(PAGE_ARRIVING))
			put_word(vs, page, (word & ~(STATE | PROT)) | present);
	}
	return QUIRE_OK;
}

/* Whether somebody else holds this page whose own unmap has failed: only its free is left to it. */
APART bool is_condemned_edge(const struct quire_vspace *vs, uint32_t page)
{
	return vs->page[page].state == PAGE_LEAVING && vs->page[page].users > 1;
}

/* Such a page was unmapped here and could not be mapped: for its other holder it is leaving again. */
APART void condemn_again(struct quire_vspace *vs, uint32_t page)
{
	if (vs->page[page].users && vs->page[page].state == PAGE_ARRIVING)
		vs->page[page].state = PAGE_LEAVING;
}

static int32_t arrive(struct quire_section *section, uint32_t first, uint32_t count, uint32_t prot,
		      uint32_t *dropped)
{
	struct quire_vspace *vs = section->vs;
	uint32_t last = first + count - 1;
	bool first_condemned = is_condemned_edge(vs, first);
	bool last_condemned = is_condemned_edge(vs, last);
	int32_t status = clear_leaving(vs, first, first + count);

	if (!status)
		status = map_arriving(section, first, first + count, prot, prot);
	if (!status)
		return QUIRE_OK;
	*dropped = quire_pages_drop(vs, first, count);
	if (first_condemned)
		condemn_again(vs, first);
	if (last_condemned)
		condemn_again(vs, last);
	return status;
}

int32_t quire_pages_settle(struct quire_section *section, uint32_t first, uint32_t count,
			   uint32_t prot, uint32_t *dropped)
{
	struct quire_vspace *vs = section->vs;
	int32_t status = QUIRE_OK;

	*dropped = 0;
	if (next_in_other(vs, first, first + count, PAGE_PRESENT) < first + count) {
		quire_section_deepen(section);
		status = arrive(section, first, count, prot, dropped);
	}
	if (!status)
		note_peaks(vs, first);
	return status;
}

/* ---- leaving -------------------------------------------------------------------------------- */

/* The pages of the range from the first to the last that only one allocation holds. */
static bool lonely_run(const struct quire_vspace *vs, uint32_t *first, uint32_t *end)
{
	while (*first < *end && vs->page[*first].users != 1)
		++*first;
	while (*first < *end && vs->page[*end - 1].users != 1)
		--*end;
	return *first < *end;
}

/* After an unmap: pages that are still held will arrive or be dropped, the others are gone. */
static void forget_mapping(struct quire_vspace *vs, uint32_t first, uint32_t end)
{
	for (uint32_t page = first; page < end; page++) {
		uint32_t word = word_of(vs, page);

		if (word & USERS)
			word = (word & ~STATE) | IN_STATE(PAGE_ARRIVING);
		else if (word & STATE)
			word &= ~STATE, vs->retained--;
		put_word(vs, page, word);
	}
}

int32_t quire_pages_release(struct quire_section *section, uint32_t first, uint32_t count,
			    uint32_t *dropped)
{
	struct quire_vspace *vs = section->vs;
	uint32_t start = first, end = first + count;

	*dropped = 0;
	if (section->deep && !quire_pages_quiet(vs, first, count) && lonely_run(vs, &start, &end)) {
		if (next_in_state(vs, start, end, PAGE_ARRIVING) < end)
			return QUIRE_EFREE; /* somebody is still committing it */
		set_state(vs, start, end, PAGE_PRESENT, PAGE_LEAVING);
		if (drive_unmap(vs, start, end - start))
			return QUIRE_EDRIVER;
		forget_mapping(vs, start, end);
	}
	*dropped = quire_pages_drop(vs, first, count);
	return QUIRE_OK;
}

/* Retained pages that are unmapped at once: what is written down about them is, under the short lock. */
#define RUN_MOST 256u

static bool is_retained(const struct quire_vspace *vs, uint32_t page)
{
	return vs->page[page].state >= PAGE_PRESENT && !vs->page[page].users;
}

int32_t quire_pages_evict(struct quire_section *section, uint32_t first, uint32_t count)
{
	struct quire_vspace *vs = section->vs;
	uint32_t end = first + count;
	int32_t status = QUIRE_OK;

	for (uint32_t page = first, run; page < end && vs->retained; page = run) {
		run = page + 1;
		if (section->deep && count > QUIRE_PAGES_AT_A_TIME)
			quire_let_others_in(vs, page);
		if (!is_retained(vs, page))
			continue;
		quire_section_deepen(section);
		for (run = page; run < end && run - page < RUN_MOST && is_retained(vs, run);)
			run++;
		set_state(vs, page, run, PAGE_PRESENT, PAGE_LEAVING);
		if (run > page && drive_unmap(vs, page, run - page))
			status = QUIRE_EDRIVER;
		else
			forget_mapping(vs, page, run);
	}
	return status;
}

int32_t quire_pages_trim(struct quire_section *section)
{
	return quire_pages_evict(section, 0, section->vs->pages);
}

/* ---- protection, save and restore ----------------------------------------------------------- */

uint32_t quire_pages_alike(const struct quire_vspace *vs, uint32_t first, uint32_t end)
{
	uint32_t page = first + 1;

	while (page < end && vs->page[page].state == vs->page[first].state &&
	       vs->page[page].prot == vs->page[first].prot &&
	       !vs->page[page].users == !vs->page[first].users)
		page++;
	return page;
}

static void set_prot(struct quire_vspace *vs, uint32_t first, uint32_t end, uint32_t prot)
{
	for (uint32_t page = first; page < end; page++)
		if (quire_page_is_used(&vs->page[page]))
			vs->page[page].prot = prot & 0xf;
}

/* What the driver would not put back has the new protection, and is known to have it. */
static void undo_protect(struct quire_vspace *vs, uint32_t first, uint32_t failed, uint32_t prot)
{
	for (uint32_t page = first, run; page < failed; page = run) {
		run = quire_pages_alike(vs, page, failed);
		if (quire_page_is_used(&vs->page[page]) &&
		    drive_protect(vs, page, run - page, vs->page[page].prot))
			set_prot(vs, page, run, prot);
	}
}

int32_t quire_pages_protect(struct quire_section *section, uint32_t first, uint32_t count,
			    uint32_t prot)
{
	struct quire_vspace *vs = section->vs;
	uint32_t end = first + count;

	for (uint32_t page = first, run; page < end; page = run) {
		run = quire_pages_alike(vs, page, end);
		if (!quire_page_is_used(&vs->page[page]))
			continue;
		if (drive_protect(vs, page, run - page, prot)) {
			undo_protect(vs, first, page, prot);
			return QUIRE_EDRIVER;
		}
	}
	set_prot(vs, first, end, prot);
	return QUIRE_OK;
}

int32_t quire_pages_suspend(struct quire_section *section, uint32_t first, uint32_t count)
{
	struct quire_vspace *vs = section->vs;
	uint32_t end = first + count;
	int32_t evicted = quire_pages_evict(section, first, count);
	int32_t left = unmap_state(vs, first, end, PAGE_LEAVING, PAGE_LEAVING);
	int32_t status = unmap_state(vs, first, end, PAGE_PRESENT, PAGE_ARRIVING);

	return evicted || left ? QUIRE_EDRIVER : status;
}

int32_t quire_pages_resume(struct quire_section *section, uint32_t first, uint32_t count,
			   uint32_t prot)
{
	struct quire_vspace *vs = section->vs;
	int32_t status = clear_leaving(vs, first, first + count);

	return status ? status : map_arriving(section, first, first + count, QUIRE_RW, prot);
}

/* ---- allocations that are being made ---------------------------------------------------------- */

void quire_begin_making(struct quire_vspace *vs, struct quire_making *making, uintptr_t address)
{
	making->address = address;
	making->next = vs->making;
	vs->making = making;
}

void quire_end_making(struct quire_vspace *vs, const struct quire_making *making)
{
	struct quire_making **link = &vs->making;

	while (*link != making)
		link = &(*link)->next;
	*link = making->next;
}

bool quire_is_making(const struct quire_vspace *vs, uintptr_t address)
{
	const struct quire_making *making = vs->making;

	while (making && making->address != address)
		making = making->next;
	return making;
}

/* ---- windows and telling -------------------------------------------------------------------- */

uint32_t quire_window_take(struct quire_vspace *vs, uint32_t pages)
{
	uint32_t first = quire_extents_alloc(&vs->extents, pages, 1);

	if (first != QUIRE_NOWHERE)
		vs->page[first].object = 1;
	return first;
}

void quire_window_give(struct quire_vspace *vs, uint32_t first)
{
	vs->page[first].object = 0;
	quire_extents_free(&vs->extents, first);
}

void quire_tell(struct quire_vspace *vs, const struct quire_event *event)
{
	if (vs->observer)
		vs->observer->notify(vs->observer, event);
}

void quire_tell_about(struct quire_vspace *vs, enum quire_event_kind kind, const void *object,
		      const void *ptr, size_t size, uint32_t tag)
{
	if (vs->observer) {
		struct quire_event event = {
			.kind = kind, .object = object, .ptr = ptr, .size = size, .tag = tag
		};

		quire_tell(vs, &event);
	}
}

void quire_count_refusal(struct quire_refusals *refused, int32_t why)
{
	refused->by_status[-why]++;
	refused->misuses += quire_is_misuse(why);
}

int32_t quire_tell_refusal(struct quire_vspace *vs, struct quire_event *event)
{
	event->kind = quire_is_misuse(event->why) ? QUIRE_EVENT_MISUSE : QUIRE_EVENT_FAIL;
	quire_tell(vs, event);
	return event->why;
}

int32_t quire_refuse_call(struct quire_vspace *vs, struct quire_refusals *refused, int32_t why,
			  const void *object, size_t size, uint32_t tag)
{
	struct quire_event event = { .why = why, .object = object, .size = size, .tag = tag };

	if (refused && why == QUIRE_ECONTEXT) { /* no place to take a lock */
		quire_count_refusal(refused, why);
	} else if (refused) {
		quire_lock(vs);
		quire_count_refusal(refused, why);
		quire_unlock(vs);
	}
	return quire_tell_refusal(vs, &event);
}
