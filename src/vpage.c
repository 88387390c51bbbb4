/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpage: runs of pages of one address window. Addresses come from an exact extent set (unit = page);
 * pages are held, mapped and let go by the protocol of pages.h; this file joins the two.
 *
 * Every call has the same shape: check the arguments, enter a section, change the records, let the
 * pages protocol call the driver if it must, undo the records if that failed, leave, tell.
 */
#include "pages.h"

/* ---- telling what was refused --------------------------------------------------------------- */

static int32_t refuse(struct quire_vspace *vs, int32_t why, size_t size, uint32_t tag)
{
	return quire_refuse_call(vs, &vs->refused, why, vs, size, tag);
}

/* The end of a call that is not about a pointer. */
APART int32_t conclude(struct quire_vspace *vs, int32_t status)
{
	return status ? refuse(vs, status, 0, 0) : QUIRE_OK;
}

/* The live allocation that holds the page, or the last one below it. */
static uint32_t nearest_owner(const struct quire_vspace *vs, uint32_t page)
{
	struct quire_extent run;

	while (quire_extents_next(&vs->extents, page, &run)) {
		if (run.live && !vs->page[run.start].aside)
			return run.start;
		if (!run.start)
			break;
		page = run.start - 1;
	}
	return QUIRE_NOWHERE;
}

/* In a section. */
static void name_owner(const struct quire_vspace *vs, struct quire_event *event)
{
	uintptr_t address = quire_address(vs, event->ptr);
	uint32_t owner = quire_in_window(vs, address)
				 ? nearest_owner(vs, quire_page_index(vs, address))
				 : QUIRE_NOWHERE;

	if (owner != QUIRE_NOWHERE) {
		event->owner = quire_pointer(quire_page_address(vs, owner));
		event->owner_size = (size_t)quire_extents_size(&vs->extents, owner)
				    << vs->page_shift;
	}
}

static int32_t refuse_pointer(struct quire_vspace *vs, int32_t why, const void *ptr)
{
	struct quire_event event = { .why = why, .object = vs, .ptr = ptr };
	struct quire_section section = quire_section_enter(vs);

	quire_count_refusal(&vs->refused, why);
	if (quire_is_misuse(why))
		name_owner(vs, &event);
	quire_section_leave(&section);
	return quire_tell_refusal(vs, &event);
}

static void tell_about(struct quire_vspace *vs, enum quire_event_kind kind, const void *ptr,
		       size_t pages, uint32_t tag)
{
	quire_tell_about(vs, kind, vs, ptr, pages << vs->page_shift, tag);
}

/* ---- making and ending a vspace ------------------------------------------------------------- */

static size_t storage_needed(uint32_t pages, size_t budgets)
{
	return quire_extents_storage(pages, QUIRE_EXACT) +
	       (budgets + 1) * sizeof(struct quire_budget *) + pages * sizeof(struct quire_page);
}

static int32_t check_config(const struct quire_vspace_config *config)
{
	const struct quire_mmu *mmu = config ? config->mmu : NULL;
	uintptr_t base = config ? (uintptr_t)config->base : 0;

	if (!config || quire_mmu_check(mmu) || !quire_storage_fits(mmu, config->storage))
		return QUIRE_EINVAL;
	if (!config->pages || config->pages > QUIRE_EXTENTS_MAX_UNITS ||
	    config->budgets >= QUIRE_BUDGETS_MAX || base % mmu->page_size || !base ||
	    config->pages > (UINTPTR_MAX - base) / mmu->page_size)
		return QUIRE_EINVAL;
	if (config->storage_bytes < storage_needed((uint32_t)config->pages, config->budgets))
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

static size_t physical_pages(const struct quire_vspace_config *config)
{
	if (config->physical_pages)
		return config->physical_pages;
	return config->mmu->available ? config->mmu->available(config->mmu) : QUIRE_UNKNOWN;
}

int32_t quire_vspace_init(struct quire_vspace *vs, const struct quire_vspace_config *config)
{
	int32_t status = vs ? check_config(config) : QUIRE_EINVAL;
	uint32_t pages;
	size_t extents_bytes;
	unsigned char *storage;
	struct quire_budget **table;

	if (status)
		return status;
	memset(vs, 0, sizeof(*vs));
	pages = (uint32_t)config->pages;
	storage = config->storage;
	extents_bytes = quire_extents_storage(pages, QUIRE_EXACT);
	vs->mmu = config->mmu;
	vs->base = (uintptr_t)config->base;
	vs->page_size = config->mmu->page_size;
	while ((size_t)1 << vs->page_shift < vs->page_size)
		vs->page_shift++;
	vs->pages = pages;
	vs->retain = config->retain;
	vs->observer = config->observer;
	quire_set_asks(vs);
	quire_extents_init(&vs->extents, pages, QUIRE_EXACT, storage, extents_bytes);
	table = (struct quire_budget **)(void *)(storage + extents_bytes);
	vs->page = (struct quire_page *)(table + config->budgets + 1);
	memset(vs->page, 0, pages * sizeof(*vs->page));
	quire_ledger_init(&vs->ledger, physical_pages(config), table,
			  (uint32_t)config->budgets + 1);
	quire_ledger_admit(&vs->ledger, &vs->common, 0, QUIRE_NO_LIMIT);
	return QUIRE_OK;
}

static size_t count_asides(const struct quire_vspace *vs)
{
	size_t asides = 0;

	for (uint32_t id = 0; id < vs->ledger.slots; id++) {
		const struct quire_budget *budget = vs->ledger.budgets[id];

		asides += budget && budget->aside_set == &vs->extents && budget->aside_left;
	}
	return asides;
}

static void drop_asides(struct quire_vspace *vs)
{
	for (uint32_t id = 0; id < vs->ledger.slots; id++) {
		struct quire_budget *budget = vs->ledger.budgets[id];

		if (budget && budget->aside_set == &vs->extents)
			quire_aside_drop(budget);
	}
}

int32_t quire_vspace_fini(struct quire_vspace *vs)
{
	struct quire_section section;
	int32_t status;

	if (!vs)
		return QUIRE_EINVAL;
	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	quire_section_enter_deep(&section, vs);
	if (quire_extents_live(&vs->extents) > count_asides(vs))
		status = QUIRE_EBUSY;
	else
		status = quire_pages_trim(&section);
	if (!status)
		drop_asides(vs);
	quire_section_leave(&section);
	return conclude(vs, status);
}

/* ---- budgets -------------------------------------------------------------------------------- */

/* Admit a budget or change one, unless it asks for what this driver cannot guarantee. */
APART int32_t promise(struct quire_vspace *vs, struct quire_budget *budget, size_t guaranteed,
		      size_t limit, bool admit)
{
	struct quire_section section;
	int32_t status;

	if (!vs)
		return QUIRE_EINVAL;
	if (quire_forbidden(vs) == QUIRE_ECONTEXT)
		return conclude(vs, QUIRE_ECONTEXT);
	if (guaranteed && vs->mmu->shared_frames)
		return QUIRE_EBUDGET;
	section = quire_section_enter(vs);
	status = admit ? quire_ledger_admit(&vs->ledger, budget, guaranteed, limit)
		       : quire_ledger_change(&vs->ledger, budget, guaranteed, limit);
	quire_section_leave(&section);
	return status;
}

int32_t quire_vspace_admit(struct quire_vspace *vs, struct quire_budget *budget, size_t guaranteed,
			   size_t limit)
{
	return promise(vs, budget, guaranteed, limit, true);
}

int32_t quire_vspace_change(struct quire_vspace *vs, struct quire_budget *budget, size_t guaranteed,
			    size_t limit)
{
	return promise(vs, budget, guaranteed, limit, false);
}

int32_t quire_vspace_dismiss(struct quire_vspace *vs, struct quire_budget *budget)
{
	struct quire_section section;
	int32_t status;

	if (!vs || !budget || budget == &vs->common)
		return QUIRE_EINVAL;
	if (quire_forbidden(vs) == QUIRE_ECONTEXT)
		return conclude(vs, QUIRE_ECONTEXT);
	section = quire_section_enter(vs);
	status = budget->aside_set ? QUIRE_EBUSY : quire_ledger_dismiss(&vs->ledger, budget);
	if (!status)
		quire_pages_disown(vs, budget->id);
	quire_section_leave(&section);
	return status;
}

/* Addresses that are set aside look like an allocation, but must not be freed as one. */
static void mark_aside(struct quire_vspace *vs, const struct quire_budget *budget, uint32_t aside)
{
	if (budget->aside_left)
		vs->page[quire_aside_held(budget)].aside = aside & 1;
}

int32_t quire_vpage_set_aside(struct quire_vspace *vs, struct quire_budget *budget, size_t pages)
{
	struct quire_extent_wish wish = { .min = (uint32_t)pages,
					  .preferred = (uint32_t)pages,
					  .align = 1 };
	struct quire_section section;
	int32_t status;

	if (!vs)
		return QUIRE_EINVAL;
	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	section = quire_section_enter(vs);
	if (!quire_ledger_knows(&vs->ledger, budget) ||
	    (budget->aside_set && budget->aside_set != &vs->extents)) {
		status = QUIRE_EINVAL;
	} else if (pages > vs->pages) {
		status = QUIRE_ENOVIRT;
	} else {
		mark_aside(vs, budget, 0);
		if (pages)
			status = quire_aside_hold(budget, &vs->extents, &wish);
		else
			quire_aside_drop(budget);
		mark_aside(vs, budget, 1);
	}
	quire_section_leave(&section);
	return status;
}

static void restore_aside(struct quire_vspace *vs, struct quire_budget *budget)
{
	if (budget->aside_set != &vs->extents || quire_aside_whole(budget, &vs->extents))
		return;
	mark_aside(vs, budget, 0);
	quire_aside_restore(budget);
	mark_aside(vs, budget, 1);
}

/* What was served from addresses set aside is gone: for whom they were, whoever paid for it. */
APART void restore_served(struct quire_vspace *vs, uint32_t first)
{
	for (uint32_t id = 0; id < vs->ledger.slots; id++) {
		struct quire_budget *budget = vs->ledger.budgets[id];

		if (budget && budget->aside_start == first)
			restore_aside(vs, budget);
	}
}

/* ---- allocating ----------------------------------------------------------------------------- */

/* What a request comes down to in pages. */
struct plan {
	struct quire_request request; /* checked, with its defaults filled in */
	struct quire_budget *budget;
	uint32_t prot;
	uint32_t guard; /* pages behind it */
	size_t spare;
	bool reserve;
	uint32_t first;
	uint32_t count; /* the guard not counted */
};

static int32_t make_plan(struct quire_vspace *vs, const struct quire_request *request,
			 uint32_t prot, struct plan *plan)
{
	int32_t status;

	memset(plan, 0, sizeof(*plan));
	plan->request = *request;
	status = quire_request_check(&plan->request, QUIRE_GUARD | QUIRE_RESERVE | QUIRE_OWN_PAGES);
	plan->budget = request->budget ? request->budget : &vs->common;
	plan->prot = prot;
	plan->guard = request->flags & QUIRE_GUARD ? 1 : 0;
	plan->reserve = request->flags & QUIRE_RESERVE;
	plan->spare = quire_pages_spare(vs);
	plan->first = QUIRE_NOWHERE;
	if (status)
		return status;
	if (!plan->reserve && !quire_mmu_accepts(vs->mmu, prot))
		return QUIRE_EINVAL;
	return quire_ledger_knows(&vs->ledger, plan->budget) ? QUIRE_OK : QUIRE_EINVAL;
}

static uint32_t smaller(size_t a, size_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* The search for addresses, clipped by what the budget may have. */
static int32_t plan_wish(const struct quire_vspace *vs, const struct plan *plan,
			 struct quire_extent_wish *wish)
{
	size_t min = quire_pages_for(vs, plan->request.min);
	size_t preferred = quire_pages_for(vs, plan->request.size);
	size_t align = plan->request.align >> vs->page_shift;
	size_t allowed =
		plan->reserve ? preferred : quire_pages_allowance(vs, plan->budget, plan->spare);

	if (min > allowed)
		return quire_pages_refusal(vs, plan->budget, min, plan->spare);
	if (min > vs->pages || align > vs->pages)
		return QUIRE_ENOVIRT;
	wish->min = (uint32_t)min + plan->guard;
	wish->preferred = smaller(smaller(preferred, vs->pages), allowed) + plan->guard;
	wish->align = align > 1 ? (uint32_t)align : 1;
	wish->phase = (uint32_t)(vs->base >> vs->page_shift) & (wish->align - 1);
	return QUIRE_OK;
}

static int32_t find_addresses(struct quire_vspace *vs, const struct plan *plan, bool only_look,
			      uint32_t *first, uint32_t *granted)
{
	struct quire_budget *budget = plan->budget;
	struct quire_extent_wish wish = { .step = 1 };
	int32_t status = plan_wish(vs, plan, &wish);

	if (status)
		return status;
	*first = only_look ? quire_extents_would_take(&vs->extents, &wish, granted)
			   : quire_extents_take(&vs->extents, &wish, granted);
	if (*first == QUIRE_NOWHERE)
		*first = only_look ? quire_aside_offer(budget, &vs->extents, &wish, granted)
				   : quire_aside_claim(budget, &vs->extents, &wish, granted);
	return *first == QUIRE_NOWHERE ? QUIRE_ENOVIRT : QUIRE_OK;
}

/* Take the addresses, then give back what the steps of the request leave over. */
static int32_t take_addresses(struct quire_vspace *vs, struct plan *plan)
{
	uint32_t granted = 0, total;
	int32_t status = find_addresses(vs, plan, false, &plan->first, &granted);

	if (status)
		return status;
	plan->request.granted = quire_request_clip(&plan->request, (size_t)(granted - plan->guard)
									   << vs->page_shift);
	plan->count = (uint32_t)quire_pages_for(vs, plan->request.granted);
	total = plan->count + plan->guard;
	vs->page[plan->first].guard = plan->guard & 1;
	vs->page[plan->first].aside = 0;
	if (quire_aside_keep(plan->budget, &vs->extents, plan->first, total)) {
		vs->page[plan->first].own = 1;
		mark_aside(vs, plan->budget, 1);
	} else if (total != granted) {
		quire_extents_resize(&vs->extents, plan->first, total);
	}
	return QUIRE_OK;
}

static void give_addresses(struct quire_vspace *vs, uint32_t first, struct quire_budget *budget)
{
	bool claimed = vs->page[first].own;

	vs->page[first].guard = 0;
	vs->page[first].own = 0;
	quire_extents_free(&vs->extents, first);
	if (claimed)
		restore_served(vs, first);
	if (budget)
		restore_aside(vs, budget);
}

/* Hold the pages and see that they are there, and that the guard's is not. */
static int32_t settle(struct quire_section *section, const struct plan *plan)
{
	struct quire_vspace *vs = section->vs;
	uint32_t count = plan->reserve ? 0 : plan->count;
	uint32_t dropped;
	int32_t status = QUIRE_OK;

	quire_pages_hold(vs, plan->first, count, plan->prot, plan->budget);
	if (plan->guard)
		status = quire_pages_evict(section, plan->first + plan->count, 1);
	if (status)
		quire_pages_drop(vs, plan->first, count);
	else if (count)
		status = quire_pages_settle(section, plan->first, count, plan->prot, &dropped);
	return status;
}

static int32_t back_with_pages(struct quire_section *section, struct plan *plan)
{
	struct quire_vspace *vs = section->vs;
	struct quire_making making;
	int32_t status;

	quire_begin_making(vs, &making, quire_page_address(vs, plan->first));
	status = settle(section, plan);
	quire_end_making(vs, &making);
	if (status)
		give_addresses(vs, plan->first, NULL);
	return status;
}

static void *finish(struct quire_vspace *vs, struct quire_request *request, const struct plan *plan,
		    int32_t status)
{
	void *ptr;

	request->why = status;
	if (status) {
		request->granted = 0;
		refuse(vs, status, request->size, request->tag);
		return NULL;
	}
	request->granted = (size_t)plan->count << vs->page_shift;
	ptr = quire_pointer(quire_page_address(vs, plan->first));
	if (!plan->reserve)
		quire_fresh_cache(vs->mmu, ptr, request->granted);
	tell_about(vs, QUIRE_EVENT_ALLOC, ptr, plan->count, request->tag);
	return ptr;
}

/* Exactly these pages. */
static int32_t take_at(struct quire_vspace *vs, struct plan *plan, const void *at)
{
	uintptr_t address = quire_address(vs, at);
	size_t pages = quire_pages_for(vs, plan->request.size);

	if (!quire_in_window(vs, address) || address & (vs->page_size - 1) || pages > vs->pages)
		return QUIRE_EINVAL;
	if (pages > quire_pages_allowance(vs, plan->budget, plan->spare))
		return quire_pages_refusal(vs, plan->budget, pages, plan->spare);
	plan->first = quire_page_index(vs, address);
	plan->count = (uint32_t)pages;
	return quire_extents_alloc_at(&vs->extents, plan->first, plan->count);
}

/* Anywhere, or if it is fixed, there. */
static void *serve(struct quire_vspace *vs, struct quire_request *request, uint32_t prot,
		   bool fixed, const void *at)
{
	struct plan plan;
	int32_t status = make_plan(vs, request, prot, &plan);

	if (!status)
		status = quire_forbidden(vs);
	if (!status) {
		struct quire_section section = quire_section_enter(vs);

		status = fixed ? take_at(vs, &plan, at) : take_addresses(vs, &plan);
		if (!status)
			status = back_with_pages(&section, &plan);
		quire_section_leave(&section);
	}
	return finish(vs, request, &plan, status);
}

void *quire_vpage_request(struct quire_vspace *vs, struct quire_request *request, uint32_t prot)
{
	return serve(vs, request, prot, false, NULL);
}

size_t quire_vpage_would_fit(struct quire_vspace *vs, struct quire_request *request)
{
	struct quire_section section;
	struct plan plan;
	uint32_t first, granted = 0;

	request->why = make_plan(vs, request, QUIRE_RW, &plan);
	if (request->why)
		return 0;
	section = quire_section_enter(vs);
	request->why = find_addresses(vs, &plan, true, &first, &granted);
	quire_section_leave(&section);
	if (request->why)
		return 0;
	granted = (uint32_t)quire_pages_for(vs, quire_request_clip(&plan.request,
								   (size_t)(granted - plan.guard)
									   << vs->page_shift));
	request->granted = (size_t)granted << vs->page_shift;
	return request->granted;
}

APART void *serve_pages(struct quire_vspace *vs, size_t pages, uint32_t prot, uint32_t flags,
			bool fixed, const void *at)
{
	struct quire_request request = { .flags = flags };

	request.size = pages > SIZE_MAX >> vs->page_shift ? 0 : pages << vs->page_shift;
	return serve(vs, &request, prot, fixed, at);
}

void *quire_vpage_alloc(struct quire_vspace *vs, size_t pages, uint32_t prot)
{
	return serve_pages(vs, pages, prot, 0, false, NULL);
}

void *quire_vpage_alloc_at(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot)
{
	return serve_pages(vs, pages, prot, 0, true, ptr);
}

void *quire_vpage_reserve(struct quire_vspace *vs, size_t pages)
{
	return serve_pages(vs, pages, QUIRE_RW, QUIRE_RESERVE, false, NULL);
}

/* ---- finding an allocation ------------------------------------------------------------------ */

struct piece {
	uint32_t start; /* of the allocation */
	uint32_t size;  /* of the allocation, its guard not counted */
	uint32_t first; /* of the piece that was named */
	uint32_t count;
};

/* Pages of the allocation that starts there, its guard not counted; 0: none does. */
APART uint32_t size_of(const struct quire_vspace *vs, uint32_t start)
{
	const struct quire_page *first = &vs->page[start];

	return first->aside ? 0 : quire_extents_size(&vs->extents, start) - first->guard;
}

/* Whether the page lies in the window of a heap or region, which is nobody else's to free. */
static bool in_object(const struct quire_vspace *vs, uint32_t page)
{
	uint32_t owner = quire_extents_owner_of(&vs->extents, page);

	return owner != QUIRE_NOWHERE && vs->page[owner].object;
}

/* The allocation that is named by its first page. */
static int32_t find_whole(const struct quire_vspace *vs, uintptr_t address, struct piece *piece)
{
	if (!quire_in_window(vs, address))
		return QUIRE_EFOREIGN;
	piece->start = quire_page_index(vs, address);
	piece->size = size_of(vs, piece->start);
	if (!piece->size || vs->page[piece->start].object || address & (vs->page_size - 1) ||
	    quire_is_making(vs, address))
		return in_object(vs, piece->start) ? QUIRE_EFOREIGN : QUIRE_EFREE;
	piece->first = piece->start;
	piece->count = piece->size;
	return QUIRE_OK;
}

/* Pages within one allocation that is whole: not one that only its free is left for. */
static int32_t find_part(const struct quire_vspace *vs, uintptr_t address, size_t pages,
			 struct piece *piece)
{
	if (!quire_in_window(vs, address))
		return QUIRE_EFOREIGN;
	if (!pages || address & (vs->page_size - 1))
		return QUIRE_EINVAL;
	piece->first = quire_page_index(vs, address);
	piece->start = quire_extents_owner_of(&vs->extents, piece->first);
	piece->size = piece->start == QUIRE_NOWHERE ? 0 : size_of(vs, piece->start);
	if (!piece->size)
		return QUIRE_EFREE;
	if (vs->page[piece->start].object)
		return QUIRE_EFOREIGN;
	if (pages > piece->size - (piece->first - piece->start) ||
	    quire_pages_condemned(vs, piece->start, piece->size))
		return QUIRE_EFREE;
	piece->count = (uint32_t)pages;
	return QUIRE_OK;
}

/* ---- parts of an allocation ----------------------------------------------------------------- */

static int32_t commit(struct quire_section *section, const struct piece *piece, uint32_t prot,
		      const struct quire_budget *budget, size_t spare)
{
	struct quire_vspace *vs = section->vs;
	uint32_t dropped;

	if (quire_pages_unheld(vs, piece->first, piece->count) < piece->count)
		return QUIRE_EBUSY;
	if (piece->count > quire_pages_allowance(vs, budget, spare))
		return quire_pages_refusal(vs, budget, piece->count, spare);
	quire_pages_hold(vs, piece->first, piece->count, prot, budget);
	return quire_pages_settle(section, piece->first, piece->count, prot, &dropped);
}

int32_t quire_vpage_commit(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot,
			   struct quire_budget *budget)
{
	size_t spare = quire_pages_spare(vs);
	struct quire_section section;
	struct piece piece;
	int32_t status;

	if (!budget)
		budget = &vs->common;
	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	if (!quire_mmu_accepts(vs->mmu, prot) || !quire_ledger_knows(&vs->ledger, budget))
		return conclude(vs, QUIRE_EINVAL);
	section = quire_section_enter(vs);
	status = find_part(vs, quire_address(vs, ptr), pages, &piece);
	if (!status)
		status = commit(&section, &piece, prot, budget, spare);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(vs, status, ptr);
	quire_fresh_cache(vs->mmu, quire_pointer(quire_address(vs, ptr)), pages << vs->page_shift);
	return QUIRE_OK;
}

/* This core relinquishes pages that it is about to give back. pages 0: all. */
static void relinquish(struct quire_vspace *vs, const void *ptr, size_t pages)
{
	struct quire_section section;
	struct piece piece;
	int32_t status;

	if (vs->mmu->coherent)
		return;
	section = quire_section_enter(vs);
	status = pages ? find_part(vs, quire_address(vs, ptr), pages, &piece)
		       : find_whole(vs, quire_address(vs, ptr), &piece);
	quire_section_leave(&section);
	if (!status)
		quire_pages_relinquish(vs, piece.first, piece.count);
}

int32_t quire_vpage_decommit(struct quire_vspace *vs, void *ptr, size_t pages)
{
	struct quire_section section;
	struct piece piece;
	uint32_t dropped;
	int32_t status;

	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	relinquish(vs, ptr, pages);
	quire_section_enter_deep(&section, vs);
	status = find_part(vs, quire_address(vs, ptr), pages, &piece);
	if (!status)
		status = quire_pages_release(&section, piece.first, piece.count, &dropped);
	quire_section_leave(&section);
	return status ? refuse_pointer(vs, status, ptr) : QUIRE_OK;
}

int32_t quire_vpage_protect(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot)
{
	struct quire_section section;
	struct piece piece;
	int32_t status;

	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	if (!quire_mmu_accepts(vs->mmu, prot))
		return conclude(vs, QUIRE_EINVAL);
	quire_section_enter_deep(&section, vs);
	status = find_part(vs, quire_address(vs, ptr), pages, &piece);
	if (!status && quire_pages_unheld(vs, piece.first, piece.count))
		status = QUIRE_EFREE;
	if (!status)
		status = quire_pages_protect(&section, piece.first, piece.count, prot);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(vs, status, ptr);
	if (prot & QUIRE_EXEC && vs->mmu->icache_sync)
		vs->mmu->icache_sync(vs->mmu, ptr, pages << vs->page_shift);
	return QUIRE_OK;
}

/* ---- resizing ------------------------------------------------------------------------------- */

static int32_t grow(struct quire_section *section, const struct piece *piece, uint32_t count,
		    size_t spare)
{
	struct quire_vspace *vs = section->vs;
	const struct quire_page *last = &vs->page[piece->start + piece->size - 1];
	uint32_t guard = vs->page[piece->start].guard;
	struct piece more = { .first = piece->start + piece->size, .count = count - piece->size };
	uint32_t prot = last->prot;
	const struct quire_budget *budget = vs->ledger.budgets[last->payer];
	bool addresses_only = !last->users;
	int32_t status = quire_extents_resize(&vs->extents, piece->start, count + guard);

	if (status)
		return status;
	status = quire_pages_evict(section, piece->start + count, guard);
	if (!status && !addresses_only)
		status = commit(section, &more, prot, budget, spare);
	if (status)
		quire_extents_resize(&vs->extents, piece->start, piece->size + guard);
	return status;
}

/* The page that becomes the guard must not be retained; if it cannot be unmapped, the allocation is
 * as after any failed unmap: it still holds that page, and can only be freed. */
static int32_t bare_guard(struct quire_section *section, const struct piece *piece, uint32_t page)
{
	struct quire_vspace *vs = section->vs;
	const struct quire_page *first = &vs->page[piece->start];
	int32_t status = quire_pages_evict(section, page, first->guard);

	if (status)
		quire_pages_hold(vs, page, 1, first->prot, vs->ledger.budgets[first->payer]);
	return status;
}

static int32_t shrink(struct quire_section *section, const struct piece *piece, uint32_t count)
{
	struct quire_vspace *vs = section->vs;
	uint32_t end = piece->start + count;
	uint32_t dropped;
	int32_t status = quire_pages_release(section, end, piece->size - count, &dropped);

	if (!status)
		status = bare_guard(section, piece, end);
	if (!status)
		quire_extents_resize(&vs->extents, piece->start,
				     count + vs->page[piece->start].guard);
	return status;
}

/* This core relinquishes the pages of an allocation from the one with this number on. */
static void relinquish_behind(struct quire_vspace *vs, const void *ptr, size_t pages)
{
	size_t size = vs->mmu->coherent ? 0 : quire_vpage_size(vs, ptr);

	if (pages < size)
		relinquish(vs, (const unsigned char *)ptr + (pages << vs->page_shift),
			   size - pages);
}

int32_t quire_vpage_resize(struct quire_vspace *vs, void *ptr, size_t pages)
{
	size_t spare = quire_pages_spare(vs);
	struct quire_section section;
	struct piece piece = { .size = 0 };
	int32_t status;

	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	relinquish_behind(vs, ptr, pages);
	quire_section_enter_deep(&section, vs);
	status = find_whole(vs, quire_address(vs, ptr), &piece);
	if (!status && !pages)
		status = QUIRE_EINVAL;
	if (!status && quire_pages_condemned(vs, piece.start, piece.size))
		status = QUIRE_EFREE;
	if (!status && pages > vs->pages)
		status = QUIRE_ENOVIRT;
	if (!status && pages > piece.size)
		status = grow(&section, &piece, (uint32_t)pages, spare);
	else if (!status && pages < piece.size)
		status = shrink(&section, &piece, (uint32_t)pages);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(vs, status, ptr);
	if (pages > piece.size)
		quire_pages_relinquish(vs, piece.start + piece.size, (uint32_t)pages - piece.size);
	tell_about(vs, QUIRE_EVENT_RESIZE, ptr, pages, 0);
	return QUIRE_OK;
}

/* ---- freeing -------------------------------------------------------------------------------- */

/* The budgets that pay for pages of an allocation may set addresses aside again when it is gone. */
static struct quire_budget *payer_of(const struct quire_vspace *vs, const struct piece *piece)
{
	const struct quire_page *page = &vs->page[piece->start];

	return page->users ? vs->ledger.budgets[page->payer] : NULL;
}

static int32_t free_piece(struct quire_section *section, uintptr_t address, struct piece *piece)
{
	struct quire_vspace *vs = section->vs;
	struct quire_budget *payer;
	uint32_t dropped;
	int32_t status = find_whole(vs, address, piece);

	if (!status && !quire_pages_quiet(vs, piece->first, piece->count)) {
		quire_section_deepen(section);
		status = find_whole(vs, address, piece);
	}
	if (status)
		return status;
	payer = payer_of(vs, piece);
	status = quire_pages_release(section, piece->first, piece->count, &dropped);
	if (!status)
		give_addresses(vs, piece->start, payer);
	return status;
}

int32_t quire_vpage_free(struct quire_vspace *vs, void *ptr)
{
	struct quire_section section;
	struct piece piece = { .size = 0 };
	int32_t status;

	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	relinquish(vs, ptr, 0);
	section = quire_section_enter(vs);
	status = free_piece(&section, quire_address(vs, ptr), &piece);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(vs, status, ptr);
	tell_about(vs, QUIRE_EVENT_FREE, ptr, piece.size, 0);
	return QUIRE_OK;
}

/* ---- asking --------------------------------------------------------------------------------- */

size_t quire_vpage_size(struct quire_vspace *vs, const void *ptr)
{
	struct quire_section section = quire_section_enter(vs);
	struct piece piece = { .size = 0 };
	int32_t status = find_whole(vs, quire_address(vs, ptr), &piece);

	quire_section_leave(&section);
	return status ? 0 : piece.size;
}

void *quire_vpage_owner(struct quire_vspace *vs, const void *ptr, size_t *pages)
{
	uintptr_t address = quire_address(vs, ptr);
	struct quire_section section = quire_section_enter(vs);
	uint32_t start = QUIRE_NOWHERE;
	size_t size = 0;

	if (quire_in_window(vs, address))
		start = quire_extents_owner_of(&vs->extents, quire_page_index(vs, address));
	if (start != QUIRE_NOWHERE && vs->page[start].aside)
		start = QUIRE_NOWHERE;
	if (start != QUIRE_NOWHERE)
		size = size_of(vs, start);
	quire_section_leave(&section);
	if (pages)
		*pages = size;
	return start == QUIRE_NOWHERE ? NULL : quire_pointer(quire_page_address(vs, start));
}

bool quire_vspace_is_mapped(struct quire_vspace *vs, const void *ptr)
{
	uintptr_t address = quire_address(vs, ptr);
	struct quire_section section = quire_section_enter(vs);
	bool mapped = quire_in_window(vs, address) &&
		      vs->page[quire_page_index(vs, address)].state == PAGE_PRESENT;

	quire_section_leave(&section);
	return mapped;
}

int32_t quire_vspace_trim(struct quire_vspace *vs)
{
	struct quire_section section;
	int32_t status;

	status = quire_forbidden(vs);
	if (status)
		return conclude(vs, status);
	quire_section_enter_deep(&section, vs);
	status = quire_pages_trim(&section);
	quire_section_leave(&section);
	return status;
}

void quire_vspace_stats(struct quire_vspace *vs, struct quire_vspace_stats *stats)
{
	struct quire_section section = quire_section_enter(vs);

	*stats = (struct quire_vspace_stats){
		.pages = vs->pages,
		.free = quire_extents_free_units(&vs->extents),
		.largest = quire_extents_largest(&vs->extents),
		.allocations = quire_extents_live(&vs->extents) - count_asides(vs),
		.held = vs->ledger.used,
		.held_peak = vs->held_peak,
		.retained = vs->retained,
		.physical = vs->ledger.capacity,
		.promised = vs->ledger.promised,
		.map_calls = vs->map_calls,
		.unmap_calls = vs->unmap_calls,
		.mapped_pages = vs->mapped_pages,
		.moved_pages = vs->moved_pages,
		.misuses = vs->refused.misuses,
		.saved = quire_image_number(&vs->image) != 0,
	};
	memcpy(stats->refusals, vs->refused.by_status, sizeof(stats->refusals));
	quire_section_leave(&section);
}

/* ---- the full check ------------------------------------------------------------------------- */

static const char *check_pages(const struct quire_vspace *vs)
{
	size_t retained = 0, held = 0;

	for (uint32_t index = 0; index < vs->pages; index++) {
		const struct quire_page *page = &vs->page[index];

		if (page->users && quire_extents_owner_of(&vs->extents, index) == QUIRE_NOWHERE)
			return "a page is held at an address that nobody owns";
		if (page->users && !vs->ledger.budgets[page->payer])
			return "a page is paid by a budget that is not admitted";
		if (!page->users && page->state == PAGE_ARRIVING)
			return "a page arrives for nobody";
		if (page->users && page->state == PAGE_ABSENT)
			return "a page is held and absent";
		held += page->users != 0;
		retained += !page->users && page->state != PAGE_ABSENT;
	}
	if (held != vs->ledger.used)
		return "the pages that are held do not add up to what is paid";
	return retained == vs->retained ? NULL : "the retained pages do not add up";
}

const char *quire_vspace_check(struct quire_vspace *vs)
{
	struct quire_section section = quire_section_enter(vs);
	const char *broken = quire_extents_check(&vs->extents);

	if (!broken)
		broken = quire_ledger_check(&vs->ledger);
	if (!broken)
		broken = check_pages(vs);
	quire_section_leave(&section);
	return broken;
}
