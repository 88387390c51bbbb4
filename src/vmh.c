/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmh: the virtual memory heap. A heap is a list of *kinds* of blocks in one window of addresses: a
 * line of the block table is a kind, and an elastic heap has a single kind whose blocks are cache
 * lines. vmh_blocks.c knows which blocks of a kind are free.
 *
 * Allocating: 1. a place: a run of blocks in some kind, long enough and aligned; 2. a size: what the
 * place, the steps of the request and the budget leave of what was wanted; 3. the pages from the first
 * to the last byte of that size are held, and settled by the protocol of pages.h. Freeing goes the
 * other way. In a kind whose blocks are larger than a page the number of pages that an allocation holds
 * is kept beside the block, because it may need fewer than the block has; in all others it follows from
 * the run of blocks.
 *
 * Nearly every call is *plain*: a request that asks for nothing but bytes, finds blocks at once, and
 * whose pages are there already. Such a call is served in one pass. Whatever stands in its way, it
 * then changes nothing, and the general way begins at the beginning and decides. (Not in builds for
 * size.)
 *
 * Bound: a search per kind, O(log blocks) or, where an alignment is asked for that not all blocks have,
 * a step per word of its blocks; and a step per page of the allocation.
 */
#include "heap.h"

/* In builds for speed the plain way of a single block is part of each call that begins with it.
 * Builds for size have the general way alone. */
#define PLAIN static inline __attribute__((always_inline))
#define COLD  __attribute__((noinline))

/* ---- addresses ------------------------------------------------------------------------------ */

/* The first kind begins with the heap. */
struct quire_blocks *quire_vmh_kind_of(const struct quire_vmh *heap, uintptr_t address)
{
	struct quire_blocks *kind = heap->last;

	while (kind->base > address)
		kind--;
	return kind;
}

/* ---- what is live --------------------------------------------------------------------------- */

static uintptr_t grant_address(const struct grant *grant)
{
	return quire_block_address(grant->kind, grant->start);
}

APART uint32_t pages_to(const struct quire_vmh *heap, const struct grant *grant, size_t bytes)
{
	return quire_page_index(heap->vs, grant_address(grant) + bytes - 1) - grant->first_page + 1;
}

/* What of so many bytes of blocks can be used: with pages of its own, whole pages only. Then the last
 * block may reach into a page that is shared with the blocks behind it, and that is not touched. */
static size_t useful_bytes(const struct quire_vmh *heap, bool own, size_t bytes)
{
	return own ? bytes & ~(heap->vs->page_size - 1) : bytes;
}

/* The pages of blocks that are held whole. */
static uint32_t pages_of_blocks(const struct quire_vmh *heap, const struct grant *grant, bool own)
{
	size_t bytes = quire_block_bytes(grant->kind, grant->count);

	return pages_to(heap, grant, useful_bytes(heap, own, bytes));
}

static bool has_own_pages(const struct quire_vmh *heap, const struct grant *grant)
{
	return heap->vs->page[grant->first_page].own;
}

static void fill_pages(const struct quire_vmh *heap, struct grant *grant)
{
	grant->first_page = quire_page_index(heap->vs, grant_address(grant));
	grant->pages = grant->kind->pages
			       ? grant->kind->pages[grant->start]
			       : pages_of_blocks(heap, grant, has_own_pages(heap, grant));
}

bool quire_vmh_is_aside(const struct quire_vmh *heap, const struct quire_blocks *kind,
			uint32_t start)
{
	uintptr_t address = quire_block_address(kind, start);

	return !(address & (heap->vs->page_size - 1)) &&
	       heap->vs->page[quire_page_index(heap->vs, address)].aside;
}

/* The block that begins at an address of the heap; false if none does. */
static inline bool block_at(const struct quire_vmh *heap, uintptr_t address, struct grant *grant)
{
	struct quire_blocks *kind = quire_vmh_kind_of(heap, address);
	uintptr_t offset = address - kind->base;
	uintptr_t block = offset / kind->stride;

	grant->kind = kind;
	grant->start = (uint32_t)block;
	return block < kind->blocks && offset % kind->stride == 0;
}

int32_t quire_vmh_find(const struct quire_vmh *heap, uintptr_t address, struct grant *grant)
{
	if (!quire_vmh_in(heap, address))
		return QUIRE_EFOREIGN;
	if (!block_at(heap, address, grant))
		return QUIRE_EFREE;
	grant->count = quire_blocks_size(grant->kind, grant->start);
	if (!grant->count || quire_vmh_is_aside(heap, grant->kind, grant->start) ||
	    quire_is_making(heap->vs, address))
		return QUIRE_EFREE;
	fill_pages(heap, grant);
	return QUIRE_OK;
}

size_t quire_vmh_usable(const struct quire_vmh *heap, const struct grant *grant)
{
	uintptr_t address = grant_address(grant);
	size_t blocks = quire_block_bytes(grant->kind, grant->count);
	size_t pages = quire_page_address(heap->vs, grant->first_page) - address +
		       ((size_t)grant->pages << heap->vs->page_shift);

	return blocks < pages ? blocks : pages;
}

static inline struct quire_page *page_at(const struct quire_vmh *heap, uintptr_t address)
{
	return &heap->page[(address - heap->base) >> heap->page_shift];
}

/* Whether a single block that begins in this page ends in it. */
static inline bool in_one_page(const struct quire_vmh *heap, const struct quire_blocks *kind,
			       uintptr_t address, const struct quire_page *page)
{
	return kind->one_page ||
	       (!kind->pages && page == page_at(heap, address + kind->block_size - 1));
}

static struct quire_budget *payer_of(const struct quire_vmh *heap, const struct grant *grant)
{
	if (!has_own_pages(heap, grant))
		return heap->budget;
	return heap->vs->ledger.budgets[heap->vs->page[grant->first_page].payer];
}

/* ---- telling -------------------------------------------------------------------------------- */

int32_t quire_vmh_refuse(struct quire_vmh *heap, int32_t why, size_t size, uint32_t tag)
{
	return quire_refuse_call(heap->vs, &heap->refused, why, heap, size, tag);
}

/* The live allocation of a kind that holds the block, or the last one below it. */
static bool owner_in_kind(const struct quire_vmh *heap, struct quire_blocks *kind, uint32_t block,
			  struct grant *owner)
{
	struct quire_extent run;

	if (kind->top)
		block = quire_blocks_last_taken(kind, block);
	while (quire_blocks_next(kind, block, &run)) {
		if (run.live && !quire_vmh_is_aside(heap, kind, run.start)) {
			*owner = (struct grant){ .kind = kind,
						 .start = run.start,
						 .count = run.count };
			fill_pages(heap, owner);
			return true;
		}
		if (!run.start)
			break;
		block = run.start - 1;
	}
	return false;
}

/* The live allocation that holds the address, or the last one below it in the window. */
static bool nearest_owner(const struct quire_vmh *heap, uintptr_t address, struct grant *owner)
{
	struct quire_blocks *kind;

	if (!quire_vmh_in(heap, address))
		return false;
	for (kind = quire_vmh_kind_of(heap, address); kind >= heap->blocks; kind--) {
		size_t block = (address - kind->base) / kind->stride;

		if (owner_in_kind(heap, kind,
				  block < kind->blocks ? (uint32_t)block : kind->blocks - 1, owner))
			return true;
	}
	return false;
}

static int32_t refuse_pointer(struct quire_vmh *heap, int32_t why, const void *ptr)
{
	struct quire_event event = { .why = why, .object = heap, .ptr = ptr };
	struct quire_section section = quire_section_enter(heap->vs);
	struct grant owner;

	quire_count_refusal(&heap->refused, why);
	if (quire_is_misuse(why) && nearest_owner(heap, quire_address(heap->vs, ptr), &owner)) {
		event.owner = quire_pointer(grant_address(&owner));
		event.owner_size = quire_vmh_usable(heap, &owner);
	}
	quire_section_leave(&section);
	return quire_tell_refusal(heap->vs, &event);
}

static void tell_about(struct quire_vmh *heap, enum quire_event_kind kind, const void *ptr,
		       size_t size, uint32_t tag)
{
	quire_tell_about(heap->vs, kind, heap, ptr, size, tag);
}

/* ---- placing: where, and how much ----------------------------------------------------------- */

/* A request as it is being served. */
struct order {
	struct quire_request request; /* checked, with its defaults filled in */
	struct quire_budget *budget;
	size_t spare;
	size_t want, least; /* bytes of address space */
	size_t allowance;   /* pages */
	bool whole;         /* pages of its own */
	bool dry;           /* only asking: no counters, no set-aside */
};

/* Address space that so many bytes of this order take. */
static size_t footprint(const struct quire_vmh *heap, const struct order *order, size_t bytes)
{
	return order->whole ? quire_round_up(bytes, heap->vs->page_size) : bytes;
}

static uint32_t blocks_for(const struct quire_blocks *kind, size_t bytes)
{
	size_t blocks = bytes <= kind->block_size
				? 1
				: quire_divide_up(bytes - kind->block_size, kind->stride) + 1;

	return blocks < kind->blocks + 1u ? (uint32_t)blocks : kind->blocks + 1u;
}

/* Bytes from the grant's address on that touch no more pages than the budget allows; SIZE_MAX: all
 * that it has. */
static size_t bytes_allowed(const struct quire_vmh *heap, const struct order *order,
			    const struct grant *grant)
{
	uint32_t page = grant->first_page, end = page + grant->pages;
	size_t left = order->allowance;

	for (; page < end; page++) {
		if (heap->vs->page[page].users)
			continue;
		if (!left)
			break;
		left--;
	}
	if (page == end)
		return SIZE_MAX;
	return page == grant->first_page
		       ? 0
		       : quire_page_address(heap->vs, page) - grant_address(grant);
}

/* The blocks and pages that an allocation of so many bytes has where it starts. */
static void shape(const struct quire_vmh *heap, const struct order *order, struct grant *grant,
		  size_t size)
{
	const struct quire_blocks *kind = grant->kind;
	size_t bytes = footprint(heap, order, size);

	grant->count = blocks_for(kind, bytes);
	grant->first_page = quire_page_index(heap->vs, grant_address(grant));
	grant->pages = kind->pages ? pages_to(heap, grant, bytes)
				   : pages_of_blocks(heap, grant, order->whole);
}

/* The largest number of bytes up to `bytes` that are whole blocks, where a block is held whole. */
static size_t whole_blocks(const struct quire_blocks *kind, size_t bytes)
{
	if (kind->pages)
		return bytes;
	return bytes < kind->block_size
		       ? 0
		       : quire_block_bytes(
				 kind, (uint32_t)((bytes - kind->block_size) / kind->stride) + 1);
}

/* Decide what an allocation has that starts here and has room for `blocks`: what the steps of the
 * request and the budget leave of what is wanted. */
static int32_t decide_size(const struct quire_vmh *heap, struct order *order, struct grant *grant,
			   uint32_t blocks)
{
	size_t room = useful_bytes(heap, order->whole, quire_block_bytes(grant->kind, blocks));
	size_t size = quire_request_clip(&order->request, room);
	size_t allowed;

	if (!size)
		return QUIRE_ENOVIRT;
	shape(heap, order, grant, size);
	allowed = bytes_allowed(heap, order, grant);
	if (allowed != SIZE_MAX) {
		if (!order->whole)
			allowed = whole_blocks(grant->kind, allowed);
		size = quire_request_clip(&order->request, allowed < size ? allowed : size);
		if (!size)
			return quire_pages_refusal(heap->vs, order->budget,
						   quire_pages_unheld(heap->vs, grant->first_page,
								      grant->pages),
						   order->spare);
		shape(heap, order, grant, size);
	}
	order->request.granted = size;
	return QUIRE_OK;
}

/* Addresses that are set aside look like an allocation, but must not be freed as one. */
static void mark_aside(struct quire_vmh *heap, const struct quire_budget *budget, uint32_t aside)
{
	if (budget->aside_left)
		heap->vs->page[quire_page_index(heap->vs,
						quire_block_address(heap->blocks,
								    quire_aside_held(budget)))]
			.aside = aside & 1;
}

static void restore_aside(struct quire_vmh *heap, struct quire_budget *budget)
{
	const struct quire_extents *runs = &heap->blocks->runs;

	if (!heap->is_elastic || budget->aside_set != runs || quire_aside_whole(budget, runs))
		return;
	mark_aside(heap, budget, 0);
	quire_aside_restore(budget);
	mark_aside(heap, budget, 1);
}

/* Cut a place down to the size that it is to have, or give it back. */
static int32_t cut_to_size(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	uint32_t blocks = grant->count;
	int32_t status = decide_size(heap, order, grant, blocks);

	if (status) {
		quire_blocks_give(grant->kind, grant->start);
		if (!order->dry)
			restore_aside(heap, order->budget);
	} else if (!order->dry && quire_aside_keep(order->budget, &grant->kind->runs, grant->start,
						   grant->count)) {
		mark_aside(heap, order->budget, 1);
	} else if (grant->count < blocks) {
		quire_blocks_resize(grant->kind, grant->start, grant->count);
	}
	return status;
}

/* Take blocks of one kind: at least `min`, at best `preferred` of them. */
APART bool take_blocks(struct quire_blocks *kind, const struct order *order, uint32_t min,
		       uint32_t preferred, struct grant *grant)
{
	grant->kind = kind;
	grant->start = quire_blocks_search(kind, order->request.align, min, preferred, true,
					   &grant->count);
	return grant->start != QUIRE_NOWHERE;
}

/* A single block. */
static bool take_block(struct quire_blocks *kind, const struct order *order, struct grant *grant)
{
	bool taken = take_blocks(kind, order, 1, 1, grant);

	kind->exhausted += !taken && !order->dry;
	return taken;
}

/* One block of the smallest kind that holds the wanted size; of a range, else of the largest kind. */
static bool take_single(struct quire_vmh *heap, const struct order *order, struct grant *grant)
{
	uint32_t rank = 0, sufficient;

	while (rank < heap->block_kinds && heap->by_size[rank]->block_size < order->want)
		rank++;
	sufficient = rank;
	for (; rank < heap->block_kinds; rank++)
		if (take_block(heap->by_size[rank], order, grant))
			return true;
	if (heap->flags & QUIRE_VMH_SPANNING)
		return false;
	for (rank = sufficient; rank--;) {
		if (heap->by_size[rank]->block_size < order->least)
			return false;
		if (take_block(heap->by_size[rank], order, grant))
			return true;
	}
	return false;
}

/* How many bytes of what is wanted a kind could give in adjacent blocks, and how many too many. */
static bool span_offer(const struct order *order, struct quire_blocks *kind, size_t *useful,
		       size_t *waste)
{
	uint32_t granted;
	size_t bytes;

	if (quire_blocks_search(kind, order->request.align, blocks_for(kind, order->least),
				blocks_for(kind, order->want), false, &granted) == QUIRE_NOWHERE)
		return false;
	bytes = quire_block_bytes(kind, granted);
	*useful = bytes < order->want ? bytes : order->want;
	*waste = bytes - *useful;
	return true;
}

/* Adjacent blocks of the kind that gives most of what is wanted and wastes least. */
static bool take_span(struct quire_vmh *heap, const struct order *order, struct grant *grant)
{
	struct quire_blocks *best = NULL;
	size_t best_useful = 0, best_waste = 0;

	for (uint32_t rank = heap->block_kinds; rank--;) {
		struct quire_blocks *kind = heap->by_size[rank];
		size_t useful, waste;

		if (!span_offer(order, kind, &useful, &waste))
			continue;
		if (!best || useful > best_useful ||
		    (useful == best_useful && waste < best_waste)) {
			best = kind;
			best_useful = useful;
			best_waste = waste;
		}
	}
	return best && take_blocks(best, order, blocks_for(best, order->least),
				   blocks_for(best, order->want), grant);
}

APART int32_t take_from_table(struct quire_vmh *heap, const struct order *order,
			      struct grant *grant)
{
	if (take_single(heap, order, grant) ||
	    (heap->flags & QUIRE_VMH_SPANNING && take_span(heap, order, grant)))
		return QUIRE_OK;
	return QUIRE_ENOVIRT;
}

/* The most bytes that a place in an elastic heap could have: one shared page at either end. */
static size_t most_allowed(const struct quire_vmh *heap, const struct order *order)
{
	size_t pages = order->allowance + (order->whole ? 0 : 2);

	if (order->allowance > heap->vs->pages)
		return SIZE_MAX;
	return pages << heap->vs->page_shift;
}

/* What is served from addresses set aside has whole pages, and so what it leaves over. */
APART int32_t claim_aside(struct quire_vmh *heap, struct order *order, size_t most,
			  struct grant *grant)
{
	struct quire_blocks *kind = heap->blocks;
	size_t want = order->want < most ? order->want : most;
	size_t page = heap->vs->page_size;
	struct quire_extent_wish wish = {
		.min = blocks_for(kind, quire_round_up(order->least, page)),
		.preferred = blocks_for(kind, quire_round_up(want, page)),
	};

	if (order->dry || !quire_blocks_wish(kind, order->request.align, &wish))
		return QUIRE_ENOVIRT;
	grant->start = quire_aside_claim(order->budget, &kind->runs, &wish, &grant->count);
	if (grant->start == QUIRE_NOWHERE)
		return QUIRE_ENOVIRT;
	order->whole = true;
	heap->vs->page[quire_page_index(heap->vs, grant_address(grant))].aside = 0;
	return QUIRE_OK;
}

APART int32_t take_elastic(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	struct quire_blocks *kind = heap->blocks;
	size_t most = most_allowed(heap, order);
	struct quire_extent_wish wish = { .min = blocks_for(kind, order->least) };

	if (order->least > most)
		return quire_pages_refusal(heap->vs, order->budget,
					   order->least >> heap->vs->page_shift, order->spare);
	wish.preferred = blocks_for(kind, order->want < most ? order->want : most);
	if (take_blocks(kind, order, wish.min, wish.preferred, grant))
		return QUIRE_OK;
	return claim_aside(heap, order, most, grant);
}

static int32_t take_place(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	return heap->is_elastic ? take_elastic(heap, order, grant)
				: take_from_table(heap, order, grant);
}

/* Exactly these blocks. */
static int32_t take_place_at(const struct quire_vmh *heap, const struct order *order,
			     const void *at, struct grant *grant)
{
	uintptr_t address = quire_address(heap->vs, at);

	if (!quire_vmh_in(heap, address) || !block_at(heap, address, grant))
		return QUIRE_EINVAL;
	grant->count = blocks_for(grant->kind, order->request.size);
	if (grant->count > grant->kind->blocks - grant->start)
		return QUIRE_ENOVIRT;
	return quire_blocks_take_at(grant->kind, grant->start, grant->count);
}

/* Anywhere, or if it is fixed, there. */
static int32_t place(struct quire_vmh *heap, struct order *order, bool fixed, const void *at,
		     struct grant *grant)
{
	int32_t status;

	order->allowance = quire_pages_allowance(heap->vs, order->budget, order->spare);
	status = fixed ? take_place_at(heap, order, at, grant) : take_place(heap, order, grant);
	return status ? status : cut_to_size(heap, order, grant);
}

/* ---- allocating ----------------------------------------------------------------------------- */

static int32_t make_order(const struct quire_vmh *heap, const struct quire_request *request,
			  struct order *order)
{
	int32_t status;

	memset(order, 0, sizeof(*order));
	order->request = *request;
	status = quire_request_check(&order->request, QUIRE_OWN_PAGES);
	order->budget = request->budget ? request->budget : heap->budget;
	order->whole = order->budget != heap->budget || request->flags & QUIRE_OWN_PAGES;
	order->spare = quire_pages_spare(heap->vs);
	if (order->whole && order->request.align < heap->vs->page_size)
		order->request.align = heap->vs->page_size;
	order->want = footprint(heap, order, order->request.size);
	order->least = footprint(heap, order, order->request.min);
	if (!status && !quire_ledger_knows(&heap->vs->ledger, order->budget))
		status = QUIRE_EINVAL;
	return status;
}

static void account(struct quire_vmh *heap, const struct grant *grant, uint32_t held)
{
	heap->served++;
	heap->in_use += quire_vmh_usable(heap, grant);
	heap->pages_held += held;
	grant->kind->used += grant->count;
}

/* Only what has become good counts as a peak. */
static inline void note_peaks(struct quire_vmh *heap, struct quire_blocks *kind)
{
	if (heap->in_use > heap->in_use_peak)
		heap->in_use_peak = heap->in_use;
	if (heap->pages_held > heap->pages_held_peak)
		heap->pages_held_peak = heap->pages_held;
	if (kind->used > kind->used_peak)
		kind->used_peak = kind->used;
}

static void forget(struct quire_vmh *heap, const struct grant *grant, struct quire_budget *budget)
{
	heap->vs->page[grant->first_page].own = 0;
	quire_blocks_give(grant->kind, grant->start);
	restore_aside(heap, budget);
}

/* Hold and settle the pages of a place; on failure the place is given back. */
static int32_t back_with_pages(struct quire_section *section, struct quire_vmh *heap,
			       const struct order *order, const struct grant *grant)
{
	struct quire_vspace *vs = heap->vs;
	struct quire_making making;
	uint32_t held, dropped;
	int32_t status;

	if (grant->kind->pages)
		grant->kind->pages[grant->start] = grant->pages;
	held = quire_pages_hold(vs, grant->first_page, grant->pages, heap->prot, order->budget);
	if (order->whole)
		vs->page[grant->first_page].own = 1;
	account(heap, grant, held);
	quire_begin_making(vs, &making, grant_address(grant));
	status = quire_pages_settle(section, grant->first_page, grant->pages, heap->prot, &dropped);
	quire_end_making(vs, &making);
	if (!status) {
		note_peaks(heap, grant->kind);
	} else { /* as if it had never been, also for the peaks */
		heap->served--;
		heap->in_use -= quire_vmh_usable(heap, grant);
		heap->pages_held -= dropped;
		grant->kind->used -= grant->count;
		forget(heap, grant, order->budget);
	}
	return status;
}

/* Bytes of an allocation that this core may have in its cache, where that matters. Lines of pages
 * that are not present, after an unmap that failed, must not be touched. */
static COLD size_t cached_bytes(struct quire_vmh *heap, uintptr_t address)
{
	struct quire_section section;
	struct grant grant;
	size_t size = 0;

	if (heap->vs->mmu->coherent)
		return 0;
	section = quire_section_enter(heap->vs);
	if (!quire_vmh_find(heap, address, &grant) &&
	    !quire_pages_condemned(heap->vs, grant.first_page, grant.pages))
		size = quire_vmh_usable(heap, &grant);
	quire_section_leave(&section);
	return size;
}

/* No line of it that this core still has may surface in what is handed out or given back. */
static void forget_cache(struct quire_vmh *heap, uintptr_t address)
{
	if (!heap->vs->mmu->coherent)
		quire_fresh_cache(heap->vs->mmu, quire_pointer(address),
				  cached_bytes(heap, address));
}

static void *finish(struct quire_vmh *heap, struct quire_request *request,
		    const struct order *order, const struct grant *grant, int32_t status)
{
	void *ptr;

	request->why = status;
	request->granted = status ? 0 : order->request.granted;
	if (status) {
		quire_vmh_refuse(heap, status, request->size, request->tag);
		return NULL;
	}
	ptr = quire_pointer(grant_address(grant));
	forget_cache(heap, grant_address(grant));
	tell_about(heap, QUIRE_EVENT_ALLOC, ptr, request->granted, request->tag);
	return ptr;
}

static void *allocate(struct quire_vmh *heap, struct quire_request *request, bool fixed,
		      const void *at)
{
	struct quire_section section;
	struct order order;
	struct grant grant = { .kind = heap->blocks };
	int32_t wrong = make_order(heap, request, &order);
	int32_t status = quire_forbidden(heap->vs);

	if (!status)
		status = wrong;
	if (status)
		return finish(heap, request, &order, NULL, status);
	section = quire_section_enter(heap->vs);
	heap->as_held = quire_page_as_held(heap->prot, heap->budget);
	status = place(heap, &order, fixed, at, &grant);
	if (!status)
		status = back_with_pages(&section, heap, &order, &grant);
	quire_section_leave(&section);
	return finish(heap, request, &order, &grant, status);
}

/* ---- the plain way -------------------------------------------------------------------------- */

/* The lowest free block of the smallest kind that holds the size, if it lies in a page that can be held
 * as it is. `most`: the size of the largest block. False: nothing has changed. */
PLAIN bool take_one(struct quire_vmh *heap, size_t most, size_t size, size_t align,
		    uintptr_t *address)
{
	struct quire_blocks **rank = heap->by_size;
	struct quire_blocks *kind;
	struct quire_page *page;
	uint32_t block;

	if (FOR_SIZE || size - 1 >= most)
		return false;
	while ((*rank)->block_size < size)
		rank++;
	kind = *rank;
	if ((align > 1 && align > kind->align) || !quire_blocks_any(kind))
		return false;
	block = quire_blocks_take_lowest(kind);
	*address = quire_block_address(kind, block);
	page = page_at(heap, *address);
	if (!in_one_page(heap, kind, *address, page) ||
	    !quire_page_join(heap->vs, page, heap->as_held, heap->budget, &heap->pages_held)) {
		quire_block_give(kind, block);
		return false;
	}
	heap->served++;
	heap->in_use += kind->block_size;
	kind->used++;
	note_peaks(heap, kind);
	return true;
}

/* The smallest free block that holds the size, also one of several pages. */
static bool find_single(struct quire_vmh *heap, size_t size, size_t align, struct grant *grant)
{
	for (uint32_t rank = 0; rank < heap->block_kinds; rank++) {
		grant->kind = heap->by_size[rank];
		if (grant->kind->block_size < size)
			continue;
		grant->start = quire_blocks_search(grant->kind, align, 1, 1, true, &grant->count);
		if (grant->start != QUIRE_NOWHERE)
			return true;
	}
	return false;
}

/* Kinds that would have held the size, had they had a block. */
static void count_exhausted(struct quire_vmh *heap, size_t size, const struct quire_blocks *kind)
{
	for (uint32_t rank = 0; heap->by_size[rank] != kind; rank++)
		heap->by_size[rank]->exhausted += heap->by_size[rank]->block_size >= size;
}

static bool find_units(struct quire_vmh *heap, size_t min, size_t size, size_t align,
		       struct grant *grant)
{
	struct quire_blocks *kind = heap->blocks;
	uint32_t shift = lowest_bit((quire_word)kind->stride);

	grant->kind = kind;
	grant->start =
		quire_blocks_search(kind, align, (uint32_t)((min - 1) >> shift) + 1,
				    (uint32_t)((size - 1) >> shift) + 1, true, &grant->count);
	return grant->start != QUIRE_NOWHERE;
}

/* The same for blocks that lie in several pages, and for units of an elastic heap. */
static bool take_run(struct quire_vmh *heap, size_t min, size_t size, size_t align, size_t *granted,
		     uintptr_t *address)
{
	struct grant grant;
	size_t usable;

	if (size - 1 >= (heap->is_elastic ? heap->window : heap->single_most) ||
	    !(heap->is_elastic ? find_units(heap, min, size, align, &grant)
			       : find_single(heap, size, align, &grant)))
		return false;
	usable = quire_block_bytes(grant.kind, grant.count);
	*granted = usable < size ? usable : size;
	*address = grant_address(&grant);
	grant.first_page = quire_page_index(heap->vs, *address);
	grant.pages = pages_to(heap, &grant, grant.kind->pages ? size : usable);
	if (!quire_pages_join(heap->vs, grant.first_page, grant.pages, heap->as_held, heap->budget,
			      &heap->pages_held)) {
		quire_blocks_give(grant.kind, grant.start);
		return false;
	}
	if (grant.kind->pages)
		grant.kind->pages[grant.start] = grant.pages;
	if (!heap->is_elastic)
		count_exhausted(heap, size, grant.kind);
	heap->served++;
	heap->in_use += grant.kind->pages ? quire_vmh_usable(heap, &grant) : usable;
	grant.kind->used += grant.count;
	note_peaks(heap, grant.kind);
	return true;
}

/* The same where there may be more to do than records: contexts, locks, caches, an observer. */
static bool serve(struct quire_vmh *heap, size_t min, size_t size, size_t align, uint32_t tag,
		  size_t *granted, uintptr_t *address)
{
	const struct quire_vspace *vs = heap->vs;
	bool served;

	if (quire_forbidden(vs))
		return false;
	quire_lock(vs);
	*granted = size;
	served = take_one(heap, heap->single_most, size, align, address) ||
		 take_run(heap, min, size, align, granted, address);
	quire_unlock(vs);
	if (served)
		forget_cache(heap, *address);
	if (served && vs->observer)
		tell_about(heap, QUIRE_EVENT_ALLOC, quire_pointer(*address), *granted, tag);
	return served;
}

/* Whether a request asks for nothing that the plain way does not look at. */
static bool is_plain(const struct quire_request *request)
{
	return !request->budget && !request->flags && request->step <= 1 &&
	       request->min <= request->size && !(request->align & (request->align - 1));
}

void *quire_vmh_request(struct quire_vmh *heap, struct quire_request *request)
{
	size_t min = request->min ? request->min : request->size;
	uintptr_t address;

	if (FOR_SIZE || !is_plain(request))
		return allocate(heap, request, false, NULL);
	if (take_one(heap, heap->direct_most, request->size, request->align, &address))
		request->granted = request->size;
	else if (!serve(heap, min, request->size, request->align, request->tag, &request->granted,
			&address))
		return allocate(heap, request, false, NULL);
	request->why = QUIRE_OK;
	return quire_pointer(address);
}

/* A request for nothing but bytes. */
static COLD void *allocate_bytes(struct quire_vmh *heap, size_t size)
{
	struct quire_request request = { .size = size };
	uintptr_t address;

	if (!FOR_SIZE && serve(heap, size, size, 1, 0, &request.granted, &address))
		return quire_pointer(address);
	return allocate(heap, &request, false, NULL);
}

void *quire_vmh_alloc(struct quire_vmh *heap, size_t size)
{
	uintptr_t address;

	return take_one(heap, heap->direct_most, size, 1, &address) ? quire_pointer(address)
								    : allocate_bytes(heap, size);
}

void *quire_vmh_aligned_alloc(struct quire_vmh *heap, size_t align, size_t size)
{
	struct quire_request request = { .size = align ? size : 0, .align = align };

	return quire_vmh_request(heap, &request);
}

void *quire_vmh_alloc_range(struct quire_vmh *heap, size_t min, size_t preferred, size_t *granted)
{
	struct quire_request request = { .size = min ? preferred : 0, .min = min };
	void *ptr = quire_vmh_request(heap, &request);

	if (granted)
		*granted = request.granted;
	return ptr;
}

void *quire_vmh_alloc_at(struct quire_vmh *heap, void *ptr, size_t size)
{
	struct quire_request request = { .size = size };

	return allocate(heap, &request, true, ptr);
}

/* What an address range that is set aside for the budget would give. */
static size_t aside_offer(const struct quire_vmh *heap, struct order *order)
{
	const struct quire_budget *budget = order->budget;
	const struct quire_blocks *kind = heap->blocks;
	size_t room, most;

	if (!quire_aside_whole(budget, &kind->runs) ||
	    quire_block_address(kind, budget->aside_start) & (order->request.align - 1))
		return 0;
	room = (size_t)budget->aside_count * kind->stride;
	most = order->allowance > heap->vs->pages ? SIZE_MAX
						  : order->allowance << heap->vs->page_shift;
	return quire_request_clip(&order->request, room < most ? room : most);
}

size_t quire_vmh_would_fit(struct quire_vmh *heap, struct quire_request *request)
{
	struct quire_section section;
	struct order order;
	struct grant grant = { .kind = heap->blocks };

	request->granted = 0;
	request->why = make_order(heap, request, &order);
	if (request->why)
		return 0;
	order.dry = true;
	section = quire_section_enter(heap->vs);
	request->why = place(heap, &order, false, NULL, &grant);
	if (!request->why) {
		quire_blocks_give(grant.kind, grant.start);
		request->granted = order.request.granted;
	} else if (request->why == QUIRE_ENOVIRT && heap->is_elastic) {
		request->granted = aside_offer(heap, &order);
		request->why = request->granted ? QUIRE_OK : QUIRE_ENOVIRT;
	}
	quire_section_leave(&section);
	return request->granted;
}

/* ---- resizing ------------------------------------------------------------------------------- */

/* The same allocation as it would be with a size that its place, the request and the budget leave. */
static int32_t plan_resize(const struct quire_vmh *heap, struct order *order,
			   const struct grant *now, struct grant *then)
{
	*then = *now;
	return decide_size(heap, order, then, quire_blocks_room(now->kind, now->start));
}

static void record_size(struct quire_vmh *heap, const struct grant *now, const struct grant *then)
{
	struct quire_blocks *kind = now->kind;

	heap->in_use -= quire_vmh_usable(heap, now);
	if (kind->pages)
		kind->pages[then->start] = then->pages;
	heap->in_use += quire_vmh_usable(heap, then);
	kind->used = kind->used - now->count + then->count;
	note_peaks(heap, kind);
}

static int32_t grow_pages(struct quire_section *section, struct quire_vmh *heap,
			  const struct order *order, const struct grant *now,
			  const struct grant *then)
{
	struct quire_vspace *vs = heap->vs;
	uint32_t first = now->first_page + now->pages;
	uint32_t count = then->pages - now->pages;
	uint32_t dropped;
	int32_t status;

	heap->pages_held += quire_pages_hold(vs, first, count, heap->prot, order->budget);
	status = quire_pages_settle(section, first, count, heap->prot, &dropped);
	heap->pages_held -= dropped;
	return status;
}

static int32_t enlarge(struct quire_section *section, struct quire_vmh *heap,
		       const struct order *order, const struct grant *now, const struct grant *then)
{
	int32_t status = quire_blocks_resize(now->kind, now->start, then->count);

	if (!status && then->pages > now->pages)
		status = grow_pages(section, heap, order, now, then);
	if (status)
		quire_blocks_resize(now->kind, now->start, now->count);
	else
		record_size(heap, now, then);
	return status;
}

static int32_t reduce(struct quire_section *section, struct quire_vmh *heap,
		      const struct grant *now, const struct grant *then)
{
	uint32_t dropped = 0;
	int32_t status = QUIRE_OK;

	if (then->pages < now->pages)
		status = quire_pages_release(section, now->first_page + then->pages,
					     now->pages - then->pages, &dropped);
	if (status)
		return status;
	heap->pages_held -= dropped;
	record_size(heap, now, then);
	quire_blocks_resize(now->kind, now->start, then->count);
	return QUIRE_OK;
}

/* Look the allocation up and decide what it becomes; again after the section was deepened. */
static int32_t find_and_plan(struct quire_vmh *heap, uintptr_t address, struct order *order,
			     struct grant *now, struct grant *then)
{
	int32_t status = quire_vmh_find(heap, address, now);

	if (status)
		return status;
	if (quire_pages_condemned(heap->vs, now->first_page, now->pages))
		return QUIRE_EFREE;
	order->budget = payer_of(heap, now);
	order->whole = has_own_pages(heap, now);
	order->allowance = quire_pages_allowance(heap->vs, order->budget, order->spare);
	return plan_resize(heap, order, now, then);
}

static bool shrinks_loudly(const struct quire_vmh *heap, const struct grant *now,
			   const struct grant *then)
{
	return then->pages < now->pages &&
	       !quire_pages_quiet(heap->vs, now->first_page + then->pages,
				  now->pages - then->pages);
}

static int32_t resize(struct quire_section *section, struct quire_vmh *heap, uintptr_t address,
		      struct order *order, size_t *usable_after)
{
	struct grant now, then;
	int32_t status = find_and_plan(heap, address, order, &now, &then);

	if (!status && shrinks_loudly(heap, &now, &then)) {
		quire_section_deepen(section);
		status = find_and_plan(heap, address, order, &now, &then);
	}
	if (status)
		return status;
	if (then.pages > now.pages || then.count > now.count)
		status = enlarge(section, heap, order, &now, &then);
	else
		status = reduce(section, heap, &now, &then);
	if (!status)
		*usable_after = quire_vmh_usable(heap, &then);
	return status;
}

int32_t quire_vmh_resize_range(struct quire_vmh *heap, void *ptr, size_t min, size_t preferred,
			       size_t *granted)
{
	struct order order = {
		.request = { .size = preferred, .min = min },
		.spare = quire_pages_spare(heap->vs),
	};
	struct quire_section section;
	uintptr_t address = quire_address(heap->vs, ptr);
	size_t before, size = 0;
	int32_t wrong = min ? quire_request_check(&order.request, 0) : QUIRE_EINVAL;
	int32_t status = quire_forbidden(heap->vs);

	if (granted)
		*granted = 0;
	if (!status)
		status = wrong;
	if (status)
		return quire_vmh_refuse(heap, status, preferred, 0);
	before = cached_bytes(heap, address);
	quire_tail_cache(heap->vs->mmu, address, min, before);
	section = quire_section_enter(heap->vs);
	status = resize(&section, heap, address, &order, &size);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(heap, status, ptr);
	quire_tail_cache(heap->vs->mmu, address, before, size);
	if (granted)
		*granted = size;
	tell_about(heap, QUIRE_EVENT_RESIZE, ptr, size, 0);
	return QUIRE_OK;
}

int32_t quire_vmh_resize(struct quire_vmh *heap, void *ptr, size_t size)
{
	return quire_vmh_resize_range(heap, ptr, size, size, NULL);
}

/* ---- freeing -------------------------------------------------------------------------------- */

static int32_t free_grant(struct quire_section *section, struct quire_vmh *heap, uintptr_t address,
			  size_t *size)
{
	struct grant grant;
	struct quire_budget *budget;
	uint32_t dropped;
	int32_t status = quire_vmh_find(heap, address, &grant);

	if (!status && !quire_pages_quiet(heap->vs, grant.first_page, grant.pages)) {
		quire_section_deepen(section);
		status = quire_vmh_find(heap, address, &grant);
	}
	if (status)
		return status;
	*size = quire_vmh_usable(heap, &grant);
	budget = payer_of(heap, &grant);
	status = quire_pages_release(section, grant.first_page, grant.pages, &dropped);
	if (status)
		return status;
	heap->pages_held -= dropped;
	heap->freed++;
	heap->in_use -= *size;
	grant.kind->used -= grant.count;
	forget(heap, &grant, budget);
	return QUIRE_OK;
}

/* Give a single block back whose page stays. `window`: bytes from the first block to the last. False:
 * nothing has changed. */
PLAIN bool give_one(struct quire_vmh *heap, size_t window, uintptr_t address, size_t *size)
{
	struct grant grant;
	struct quire_blocks *kind;
	struct quire_page *page;
	enum quire_parted parted;

	if (FOR_SIZE || address - heap->base >= window || !block_at(heap, address, &grant))
		return false;
	kind = grant.kind;
	page = page_at(heap, address);
	if (*quire_block_word(kind, grant.start) >> (grant.start % QUIRE_WORD_BITS_) & 1 ||
	    !in_one_page(heap, kind, address, page))
		return false;
	parted = quire_page_part(heap->vs, page, heap->as_held, heap->budget);
	if (parted == PARTED_NOT)
		return false;
	if (parted == PARTED_LAST)
		heap->pages_held--;
	heap->freed++;
	*size = kind->block_size;
	heap->in_use -= kind->block_size;
	kind->used--;
	quire_block_give(kind, grant.start);
	return true;
}

/* The same for a run of units or a block of several pages. What is set aside, or has pages of its own,
 * does not look like what the heap holds. */
static bool give_run(struct quire_vmh *heap, uintptr_t address, size_t *size)
{
	struct grant grant;

	if (!quire_vmh_in(heap, address) || !block_at(heap, address, &grant))
		return false;
	grant.count = quire_blocks_size(grant.kind, grant.start);
	if (!grant.count)
		return false;
	fill_pages(heap, &grant);
	*size = grant.kind->pages ? quire_vmh_usable(heap, &grant)
				  : quire_block_bytes(grant.kind, grant.count);
	if (!quire_pages_part(heap->vs, grant.first_page, grant.pages, heap->as_held, heap->budget,
			      &heap->pages_held))
		return false;
	heap->freed++;
	heap->in_use -= *size;
	grant.kind->used -= grant.count;
	quire_blocks_give(grant.kind, grant.start);
	if (heap->budget->aside_set)
		restore_aside(heap, heap->budget);
	return true;
}

static COLD int32_t give_back(struct quire_vmh *heap, void *ptr)
{
	uintptr_t address = quire_address(heap->vs, ptr);
	struct quire_section section = { .vs = heap->vs };
	size_t size = 0;
	int32_t status = quire_forbidden(heap->vs);

	if (status)
		return quire_vmh_refuse(heap, status, 0, 0);
	if (!heap->vs->mmu->coherent)
		forget_cache(heap, address);
	quire_lock(heap->vs);
	if (!FOR_SIZE && !heap->vs->making &&
	    (give_one(heap, heap->single_most ? heap->window : 0, address, &size) ||
	     give_run(heap, address, &size))) {
		quire_unlock(heap->vs);
	} else {
		status = free_grant(&section, heap, address, &size);
		quire_section_leave(&section);
	}
	if (status)
		return refuse_pointer(heap, status, ptr);
	if (heap->vs->observer)
		tell_about(heap, QUIRE_EVENT_FREE, ptr, size, 0);
	return QUIRE_OK;
}

int32_t quire_vmh_free(struct quire_vmh *heap, void *ptr)
{
	size_t size;

	if (give_one(heap, heap->direct_window, (uintptr_t)ptr, &size))
		return QUIRE_OK;
	return give_back(heap, ptr);
}

/* ---- addresses set aside -------------------------------------------------------------------- */

static int32_t set_aside(struct quire_vmh *heap, struct quire_budget *budget, size_t bytes,
			 size_t align)
{
	struct quire_blocks *kind = heap->blocks;
	struct quire_extent_wish wish = { .step = 1 };
	int32_t status;

	if (!bytes) {
		mark_aside(heap, budget, 0);
		quire_aside_drop(budget);
		return QUIRE_OK;
	}
	wish.min = blocks_for(kind, quire_round_up(bytes, heap->vs->page_size));
	wish.preferred = wish.min;
	if (!quire_blocks_wish(kind, align, &wish))
		return QUIRE_ENOVIRT;
	mark_aside(heap, budget, 0);
	status = quire_aside_hold(budget, &kind->runs, &wish);
	mark_aside(heap, budget, 1);
	return status;
}

int32_t quire_vmh_set_aside(struct quire_vmh *heap, struct quire_budget *budget, size_t bytes,
			    size_t align)
{
	struct quire_section section;
	int32_t status = quire_forbidden(heap->vs);

	if (status)
		return quire_vmh_refuse(heap, status, bytes, 0);
	status = QUIRE_EINVAL;
	if (align < heap->vs->page_size)
		align = align && !quire_power_of_two(align) ? 0 : heap->vs->page_size;
	section = quire_section_enter(heap->vs);
	if (heap->is_elastic && quire_power_of_two(align) && bytes <= heap->window &&
	    quire_ledger_knows(&heap->vs->ledger, budget) &&
	    (!budget->aside_set || budget->aside_set == &heap->blocks->runs))
		status = set_aside(heap, budget, bytes, align);
	quire_section_leave(&section);
	return status;
}

void quire_vmh_drop_asides(struct quire_vmh *heap)
{
	const struct quire_ledger *ledger = &heap->vs->ledger;

	for (uint32_t id = 0; heap->is_elastic && id < ledger->slots; id++) {
		struct quire_budget *budget = ledger->budgets[id];

		if (budget && budget->aside_set == &heap->blocks->runs)
			set_aside(heap, budget, 0, 1);
	}
}

/* ---- for regions ---------------------------------------------------------------------------- */

int32_t quire_vmh_reset(struct quire_section *section, struct quire_vmh *heap)
{
	struct quire_blocks *kind = heap->blocks;
	struct quire_extent run;
	int32_t status = QUIRE_OK;
	size_t size;

	for (uint32_t block = 0; !status && quire_blocks_next(kind, block, &run);
	     block = run.start + run.count) {
		if (run.live && !quire_vmh_is_aside(heap, kind, run.start))
			status = free_grant(section, heap, quire_block_address(kind, run.start),
					    &size);
		quire_let_go_for_a_moment(heap->vs);
	}
	return status;
}
