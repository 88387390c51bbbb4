/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmh: the virtual memory heap. A heap is a list of *kinds* of blocks in one window of addresses: a
 * line of the block table is a kind, and an elastic heap has a single kind whose blocks are cache lines.
 * Each kind draws runs of blocks from an extent set of its own.
 *
 * Allocating: 1. a place: a run of blocks in some kind, long enough and aligned; 2. a size: what the
 * place, the steps of the request and the budget leave of what was wanted; 3. the pages from the first
 * to the last byte of that size are held, and settled by the protocol of pages.h. Freeing goes the
 * other way. In a kind whose blocks are larger than a page the number of pages that an allocation holds
 * is kept beside the block, because it may need fewer than the block has; in all others it follows from
 * the run of blocks.
 *
 * An aligned block: block i lies at base + i * stride. With g the largest power of two in the stride,
 * stride = g * odd, and (base + i * stride) % align == 0 is i = -(base / g) / odd modulo align / g: a
 * residue, for which the extent set is searched directly.
 *
 * Bound: one search per kind, O(log blocks), plus a step per page of the allocation.
 */
#include "heap.h"

#define USERS_MAX 16383u /* of a page: the width of quire_page.users */

/* ---- addresses ------------------------------------------------------------------------------ */

static uintptr_t block_address(const struct quire_blocks *kind, uint32_t block)
{
	return kind->base + (uintptr_t)block * kind->stride;
}

/* Bytes of `count` adjacent blocks: the padding behind the last one is nobody's. */
static size_t block_bytes(const struct quire_blocks *kind, uint32_t count)
{
	return (size_t)(count - 1) * kind->stride + kind->block_size;
}

static bool in_heap(const struct quire_vmh *heap, uintptr_t address)
{
	return address >= heap->base && address - heap->base < heap->window;
}

/* The kind whose blocks hold the address, or the last one below it; NULL below the first. */
static struct quire_blocks *kind_of(const struct quire_vmh *heap, uintptr_t address)
{
	uint32_t low = 0, high = heap->block_kinds;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (heap->blocks[middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &heap->blocks[low - 1] : NULL;
}

static bool in_kind(const struct quire_blocks *kind, uintptr_t address)
{
	return address - kind->base < (uintptr_t)kind->extents.units * kind->stride;
}

/* ---- what is live --------------------------------------------------------------------------- */

/* An allocation: its blocks, and the pages that it holds. */
struct grant {
	struct quire_blocks *kind;
	uint32_t start;
	uint32_t count;
	uint32_t first_page;
	uint32_t pages;
};

static uintptr_t grant_address(const struct grant *grant)
{
	return block_address(grant->kind, grant->start);
}

static uint32_t pages_to(const struct quire_vmh *heap, const struct grant *grant, size_t bytes)
{
	return quire_page_index(heap->vs, grant_address(grant) + bytes - 1) - grant->first_page + 1;
}

static void fill_pages(const struct quire_vmh *heap, struct grant *grant)
{
	grant->first_page = quire_page_index(heap->vs, grant_address(grant));
	grant->pages = grant->kind->pages
			       ? grant->kind->pages[grant->start]
			       : pages_to(heap, grant, block_bytes(grant->kind, grant->count));
}

static bool is_aside(const struct quire_vmh *heap, const struct quire_blocks *kind, uint32_t block)
{
	uintptr_t address = block_address(kind, block);

	return !(address & (heap->vs->page_size - 1)) &&
	       heap->vs->page[quire_page_index(heap->vs, address)].aside;
}

static int32_t find(const struct quire_vmh *heap, uintptr_t address, struct grant *grant)
{
	if (!in_heap(heap, address))
		return QUIRE_EFOREIGN;
	grant->kind = kind_of(heap, address);
	if (!grant->kind || !in_kind(grant->kind, address) ||
	    (address - grant->kind->base) % grant->kind->stride)
		return QUIRE_EFREE;
	grant->start = (uint32_t)((address - grant->kind->base) / grant->kind->stride);
	grant->count = quire_extents_size(&grant->kind->extents, grant->start);
	if (!grant->count || is_aside(heap, grant->kind, grant->start))
		return QUIRE_EFREE;
	fill_pages(heap, grant);
	return QUIRE_OK;
}

/* Bytes that the allocation may use: to the end of its blocks or of the pages it holds. */
static size_t usable(const struct quire_vmh *heap, const struct grant *grant)
{
	uintptr_t address = grant_address(grant);
	size_t blocks = block_bytes(grant->kind, grant->count);
	size_t pages = quire_page_address(heap->vs, grant->first_page) - address +
		       ((size_t)grant->pages << heap->vs->page_shift);

	return blocks < pages ? blocks : pages;
}

static bool has_own_pages(const struct quire_vmh *heap, const struct grant *grant)
{
	return heap->vs->page[grant->first_page].own;
}

static struct quire_budget *payer_of(const struct quire_vmh *heap, const struct grant *grant)
{
	if (!has_own_pages(heap, grant))
		return heap->budget;
	return heap->vs->ledger.budgets[heap->vs->page[grant->first_page].payer];
}

/* ---- telling -------------------------------------------------------------------------------- */

static void count_refusal(struct quire_vmh *heap, int32_t why)
{
	heap->refusals[-why]++;
	heap->misuses += why == QUIRE_EFOREIGN || why == QUIRE_EFREE;
}

/* For refusals outside a section; in an interrupt there is no lock to take. */
static void count_refusal_locked(struct quire_vmh *heap, int32_t why)
{
	struct quire_section section;

	if (why == QUIRE_ECONTEXT) {
		count_refusal(heap, why);
		return;
	}
	section = quire_section_enter(heap->vs);
	count_refusal(heap, why);
	quire_section_leave(&section);
}

static int32_t refuse(struct quire_vmh *heap, int32_t why, size_t size, uint32_t tag)
{
	struct quire_event event = {
		.kind = QUIRE_EVENT_FAIL, .why = why, .object = heap, .size = size, .tag = tag
	};

	count_refusal_locked(heap, why);
	quire_tell(heap->vs, &event);
	return why;
}

/* The live allocation of a kind that holds the block, or the last one below it. */
static bool owner_in_kind(const struct quire_vmh *heap, struct quire_blocks *kind, uint32_t block,
			  struct grant *owner)
{
	struct quire_extent run;

	while (quire_extents_next(&kind->extents, block, &run)) {
		if (run.live && !is_aside(heap, kind, run.start)) {
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
	struct quire_blocks *kind = in_heap(heap, address) ? kind_of(heap, address) : NULL;

	for (; kind; kind = kind > heap->blocks ? kind - 1 : NULL) {
		uint32_t block = in_kind(kind, address)
					 ? (uint32_t)((address - kind->base) / kind->stride)
					 : kind->extents.units - 1;

		if (owner_in_kind(heap, kind, block, owner))
			return true;
	}
	return false;
}

static int32_t refuse_pointer(struct quire_vmh *heap, int32_t why, const void *ptr)
{
	struct quire_event event = {
		.kind = QUIRE_EVENT_FAIL, .why = why, .object = heap, .ptr = ptr
	};
	struct quire_section section = quire_section_enter(heap->vs);
	struct grant owner;

	count_refusal(heap, why);
	if (why == QUIRE_EFOREIGN || why == QUIRE_EFREE) {
		event.kind = QUIRE_EVENT_MISUSE;
		if (nearest_owner(heap, quire_address(heap->vs, ptr), &owner)) {
			event.owner = quire_pointer(grant_address(&owner));
			event.owner_size = usable(heap, &owner);
		}
	}
	quire_section_leave(&section);
	quire_tell(heap->vs, &event);
	return why;
}

static void tell_about(struct quire_vmh *heap, uint32_t kind, const void *ptr, size_t size,
		       uint32_t tag)
{
	struct quire_event event = {
		.kind = kind, .object = heap, .ptr = ptr, .size = size, .tag = tag
	};

	quire_tell(heap->vs, &event);
}

/* ---- placing: where, and how much ----------------------------------------------------------- */

/* A request as it is being served. */
struct order {
	struct quire_request request; /* checked, with its defaults filled in */
	struct quire_budget *budget;
	size_t spare;
	size_t allowance; /* pages */
	bool whole;       /* pages of its own */
	bool dry;         /* only asking: no counters, no set-aside */
};

/* Address space that so many bytes of this order take. */
static size_t footprint(const struct quire_vmh *heap, const struct order *order, size_t bytes)
{
	return order->whole ? quire_round_up(bytes, heap->vs->page_size) : bytes;
}

/* The inverse of an odd number modulo any power of two: each step doubles the bits that are right. */
static size_t inverse_of_odd(size_t odd)
{
	size_t inverse = odd;

	for (unsigned int step = 0; step < 6; step++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* The wish for blocks at aligned addresses; false if no block of this kind has such an address. */
static bool align_wish(const struct quire_blocks *kind, size_t align,
		       struct quire_extent_wish *wish)
{
	size_t power = kind->stride & (0 - kind->stride);
	size_t period, residue;

	wish->align = 1;
	wish->phase = 0;
	if (power > align)
		power = align;
	if (kind->base & (power - 1))
		return false;
	period = align / power;
	if (period == 1)
		return true;
	if (period > QUIRE_EXTENTS_MAX_UNITS)
		return !(kind->base & (align - 1));
	residue = (0 - kind->base / power) * inverse_of_odd(kind->stride / power) & (period - 1);
	wish->align = (uint32_t)period;
	wish->phase = (uint32_t)((period - residue) & (period - 1));
	return true;
}

static uint32_t blocks_for(const struct quire_blocks *kind, size_t bytes)
{
	size_t blocks = bytes <= kind->block_size
				? 1
				: quire_divide_up(bytes - kind->block_size, kind->stride) + 1;

	return blocks < kind->extents.units + 1u ? (uint32_t)blocks : kind->extents.units + 1u;
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

/* What of so many bytes of blocks an order can use: one with pages of its own, whole pages only. */
static size_t useful_bytes(const struct quire_vmh *heap, const struct order *order, size_t bytes)
{
	return order->whole ? bytes & ~(heap->vs->page_size - 1) : bytes;
}

/* The blocks and pages that an allocation of so many bytes has where it starts. */
static void shape(const struct quire_vmh *heap, const struct order *order, struct grant *grant,
		  size_t size)
{
	const struct quire_blocks *kind = grant->kind;
	size_t bytes = footprint(heap, order, size);

	grant->count = blocks_for(kind, bytes);
	grant->first_page = quire_page_index(heap->vs, grant_address(grant));
	grant->pages = pages_to(heap, grant, kind->pages ? bytes : block_bytes(kind, grant->count));
}

/* The largest number of bytes up to `bytes` that are whole blocks, where a block is held whole. */
static size_t whole_blocks(const struct quire_blocks *kind, size_t bytes)
{
	if (kind->pages)
		return bytes;
	return bytes < kind->block_size
		       ? 0
		       : block_bytes(kind,
				     (uint32_t)((bytes - kind->block_size) / kind->stride) + 1);
}

/* Decide what an allocation has that starts here and has room for `blocks`: what the steps of the
 * request and the budget leave of what is wanted. */
static int32_t decide_size(const struct quire_vmh *heap, struct order *order, struct grant *grant,
			   uint32_t blocks)
{
	size_t room = useful_bytes(heap, order, block_bytes(grant->kind, blocks));
	size_t size = quire_request_clip(&order->request, room);
	size_t allowed;

	if (!size)
		return QUIRE_ENOVIRT;
	shape(heap, order, grant, size);
	allowed = bytes_allowed(heap, order, grant);
	if (allowed != SIZE_MAX) {
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

/* Cut a place down to the size that it is to have. */
static int32_t cut_to_size(const struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	uint32_t blocks = grant->count;
	int32_t status = decide_size(heap, order, grant, blocks);

	if (!status && grant->count < blocks)
		quire_extents_resize(&grant->kind->extents, grant->start, grant->count);
	return status;
}

/* Take blocks of one kind: at least `min`, at best `preferred` of them. */
static bool take_blocks(struct quire_blocks *kind, const struct order *order, uint32_t min,
			uint32_t preferred, struct grant *grant)
{
	struct quire_extent_wish wish = { .min = min, .preferred = preferred, .step = 1 };

	if (!align_wish(kind, order->request.align, &wish))
		return false;
	grant->kind = kind;
	grant->start = quire_extents_take(&kind->extents, &wish, &grant->count);
	return grant->start != QUIRE_NOWHERE;
}

/* One block of the smallest kind that holds the wanted size; of a range, else of the largest kind. */
static bool take_single(struct quire_vmh *heap, const struct order *order, struct grant *grant)
{
	size_t want = footprint(heap, order, order->request.size);
	size_t least = footprint(heap, order, order->request.min);
	uint32_t rank = 0, sufficient;

	while (rank < heap->block_kinds && heap->blocks[heap->by_size[rank]].block_size < want)
		rank++;
	sufficient = rank;
	for (; rank < heap->block_kinds; rank++) {
		struct quire_blocks *kind = &heap->blocks[heap->by_size[rank]];

		if (take_blocks(kind, order, 1, 1, grant))
			return true;
		kind->exhausted += !order->dry;
	}
	if (heap->flags & QUIRE_VMH_SPANNING)
		return false;
	for (rank = sufficient; rank--;) {
		struct quire_blocks *kind = &heap->blocks[heap->by_size[rank]];

		if (kind->block_size < least)
			return false;
		if (take_blocks(kind, order, 1, 1, grant))
			return true;
		kind->exhausted += !order->dry;
	}
	return false;
}

/* How many bytes of what is wanted a kind could give in adjacent blocks, and how many too many. */
static bool span_offer(const struct quire_vmh *heap, const struct order *order,
		       const struct quire_blocks *kind, size_t *useful, size_t *waste)
{
	size_t want = footprint(heap, order, order->request.size);
	struct quire_extent_wish wish = {
		.min = blocks_for(kind, footprint(heap, order, order->request.min)),
		.preferred = blocks_for(kind, want),
		.step = 1,
	};
	uint32_t granted;
	size_t bytes;

	if (!align_wish(kind, order->request.align, &wish) ||
	    quire_extents_would_take(&kind->extents, &wish, &granted) == QUIRE_NOWHERE)
		return false;
	bytes = block_bytes(kind, granted);
	*useful = bytes < want ? bytes : want;
	*waste = bytes - *useful;
	return true;
}

/* Adjacent blocks of the kind that gives most of what is wanted and wastes least. */
static bool take_span(struct quire_vmh *heap, const struct order *order, struct grant *grant)
{
	struct quire_blocks *best = NULL;
	size_t best_useful = 0, best_waste = 0;

	for (uint32_t rank = heap->block_kinds; rank--;) {
		struct quire_blocks *kind = &heap->blocks[heap->by_size[rank]];
		size_t useful, waste;

		if (!span_offer(heap, order, kind, &useful, &waste))
			continue;
		if (!best || useful > best_useful ||
		    (useful == best_useful && waste < best_waste)) {
			best = kind;
			best_useful = useful;
			best_waste = waste;
		}
	}
	return best &&
	       take_blocks(best, order,
			   blocks_for(best, footprint(heap, order, order->request.min)),
			   blocks_for(best, footprint(heap, order, order->request.size)), grant);
}

static int32_t place_in_table(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	bool found = take_single(heap, order, grant) ||
		     (heap->flags & QUIRE_VMH_SPANNING && take_span(heap, order, grant));
	int32_t status = found ? cut_to_size(heap, order, grant) : QUIRE_ENOVIRT;

	if (found && status)
		quire_extents_free(&grant->kind->extents, grant->start);
	return status;
}

/* The most bytes that a place in an elastic heap could have: one shared page at either end. */
static size_t most_allowed(const struct quire_vmh *heap, const struct order *order)
{
	size_t pages = order->allowance + (order->whole ? 0 : 2);

	if (order->allowance > heap->vs->pages)
		return SIZE_MAX;
	return pages << heap->vs->page_shift;
}

static bool take_elastic(struct quire_vmh *heap, const struct order *order, size_t most,
			 struct grant *grant)
{
	struct quire_blocks *kind = heap->blocks;
	size_t want = footprint(heap, order, order->request.size);
	uint32_t min = blocks_for(kind, footprint(heap, order, order->request.min));
	uint32_t preferred = blocks_for(kind, want < most ? want : most);
	struct quire_extent_wish wish = { .min = min, .preferred = preferred, .step = 1 };

	if (take_blocks(kind, order, min, preferred, grant))
		return true;
	if (order->dry || !align_wish(kind, order->request.align, &wish))
		return false;
	grant->start = quire_aside_claim(order->budget, &kind->extents, &wish, &grant->count);
	if (grant->start == QUIRE_NOWHERE)
		return false;
	heap->vs->page[quire_page_index(heap->vs, grant_address(grant))].aside = 0;
	return true;
}

/* Addresses that are set aside look like an allocation, but must not be freed as one. */
static void mark_aside(struct quire_vmh *heap, const struct quire_budget *budget, uint32_t aside)
{
	if (budget->aside_set && budget->aside_start != QUIRE_NOWHERE)
		heap->vs->page[quire_page_index(heap->vs,
						block_address(heap->blocks, budget->aside_start))]
			.aside = aside & 1;
}

static void restore_aside(struct quire_vmh *heap, struct quire_budget *budget)
{
	if (heap->is_elastic && quire_aside_restore(budget, &heap->blocks->extents))
		mark_aside(heap, budget, 1);
}

static int32_t place_elastic(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	size_t most = most_allowed(heap, order);
	size_t least = footprint(heap, order, order->request.min);
	int32_t status;

	if (least > most)
		return quire_pages_refusal(heap->vs, order->budget, least >> heap->vs->page_shift,
					   order->spare);
	if (!take_elastic(heap, order, most, grant))
		return QUIRE_ENOVIRT;
	status = cut_to_size(heap, order, grant);
	if (status) {
		quire_extents_free(&grant->kind->extents, grant->start);
		restore_aside(heap, order->budget);
	}
	return status;
}

static int32_t place(struct quire_vmh *heap, struct order *order, struct grant *grant)
{
	order->allowance = quire_pages_allowance(heap->vs, order->budget, order->spare);
	return heap->is_elastic ? place_elastic(heap, order, grant)
				: place_in_table(heap, order, grant);
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
	if (!status && !quire_ledger_knows(&heap->vs->ledger, order->budget))
		status = QUIRE_EINVAL;
	return status;
}

static void account(struct quire_vmh *heap, const struct grant *grant, uint32_t held)
{
	heap->allocations++;
	heap->in_use += usable(heap, grant);
	heap->pages_held += held;
	grant->kind->used += grant->count;
}

/* Only what has become good counts as a peak. */
static void note_peaks(struct quire_vmh *heap, struct quire_blocks *kind)
{
	if (heap->in_use > heap->in_use_peak)
		heap->in_use_peak = heap->in_use;
	if (heap->pages_held > heap->pages_held_peak)
		heap->pages_held_peak = heap->pages_held;
	if (kind->used > kind->used_peak)
		kind->used_peak = kind->used;
}

static void unaccount(struct quire_vmh *heap, const struct grant *grant, uint32_t dropped)
{
	heap->allocations--;
	heap->in_use -= usable(heap, grant);
	heap->pages_held -= dropped;
	grant->kind->used -= grant->count;
}

static void forget(struct quire_vmh *heap, const struct grant *grant, struct quire_budget *budget)
{
	heap->vs->page[grant->first_page].own &= !has_own_pages(heap, grant);
	quire_extents_free(&grant->kind->extents, grant->start);
	restore_aside(heap, budget);
}

/* Hold and settle the pages of a place; on failure the place is given back. */
static int32_t back_with_pages(struct quire_section *section, struct quire_vmh *heap,
			       const struct order *order, const struct grant *grant)
{
	struct quire_vspace *vs = heap->vs;
	uint32_t held, dropped;
	int32_t status;

	if (grant->kind->pages)
		grant->kind->pages[grant->start] = grant->pages;
	held = quire_pages_hold(vs, grant->first_page, grant->pages, heap->prot, order->budget);
	if (order->whole)
		vs->page[grant->first_page].own = 1;
	account(heap, grant, held);
	status = quire_pages_settle(section, grant->first_page, grant->pages, heap->prot, &dropped);
	if (status) {
		unaccount(heap, grant, dropped);
		forget(heap, grant, order->budget);
	} else {
		heap->served++;
		note_peaks(heap, grant->kind);
	}
	return status;
}

static void *finish(struct quire_vmh *heap, struct quire_request *request,
		    const struct order *order, const struct grant *grant, int32_t status)
{
	void *ptr;

	request->why = status;
	request->granted = status ? 0 : order->request.granted;
	if (status) {
		refuse(heap, status, request->size, request->tag);
		return NULL;
	}
	ptr = quire_pointer(grant_address(grant));
	quire_fresh_cache(heap->vs->mmu, ptr, request->granted);
	tell_about(heap, QUIRE_EVENT_ALLOC, ptr, request->granted, request->tag);
	return ptr;
}

void *quire_vmh_request(struct quire_vmh *heap, struct quire_request *request)
{
	struct quire_section section;
	struct order order;
	struct grant grant = { .kind = heap->blocks };
	int32_t status = make_order(heap, request, &order);

	if (quire_forbidden(heap->vs))
		status = QUIRE_ECONTEXT;
	if (status)
		return finish(heap, request, &order, NULL, status);
	section = quire_section_enter(heap->vs);
	status = place(heap, &order, &grant);
	if (!status)
		status = back_with_pages(&section, heap, &order, &grant);
	quire_section_leave(&section);
	return finish(heap, request, &order, &grant, status);
}

void *quire_vmh_alloc(struct quire_vmh *heap, size_t size)
{
	struct quire_request request = { .size = size };

	return quire_vmh_request(heap, &request);
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

/* Exactly these blocks. */
static int32_t place_at(struct quire_vmh *heap, struct order *order, uintptr_t address,
			struct grant *grant)
{
	struct quire_blocks *kind = in_heap(heap, address) ? kind_of(heap, address) : NULL;
	int32_t status;

	if (!kind || !in_kind(kind, address) || (address - kind->base) % kind->stride)
		return QUIRE_EINVAL;
	grant->kind = kind;
	grant->start = (uint32_t)((address - kind->base) / kind->stride);
	grant->count = blocks_for(kind, order->request.size);
	if (grant->count > 1 && !heap->is_elastic && !(heap->flags & QUIRE_VMH_SPANNING))
		return QUIRE_ENOVIRT;
	if (grant->count > kind->extents.units - grant->start)
		return QUIRE_ENOVIRT;
	order->allowance = quire_pages_allowance(heap->vs, order->budget, order->spare);
	status = quire_extents_alloc_at(&kind->extents, grant->start, grant->count);
	if (status)
		return status;
	status = cut_to_size(heap, order, grant);
	if (status)
		quire_extents_free(&kind->extents, grant->start);
	return status;
}

void *quire_vmh_alloc_at(struct quire_vmh *heap, void *ptr, size_t size)
{
	struct quire_request request = { .size = size };
	struct quire_section section;
	struct order order;
	struct grant grant = { .kind = heap->blocks };
	int32_t status = make_order(heap, &request, &order);

	if (quire_forbidden(heap->vs))
		status = QUIRE_ECONTEXT;
	if (status)
		return finish(heap, &request, &order, NULL, status);
	section = quire_section_enter(heap->vs);
	status = place_at(heap, &order, quire_address(heap->vs, ptr), &grant);
	if (!status)
		status = back_with_pages(&section, heap, &order, &grant);
	quire_section_leave(&section);
	return finish(heap, &request, &order, &grant, status);
}

/* What an address range that is set aside for the budget would give. */
static size_t aside_offer(const struct quire_vmh *heap, struct order *order)
{
	const struct quire_budget *budget = order->budget;
	const struct quire_blocks *kind = heap->blocks;
	size_t room, most;

	if (budget->aside_set != &kind->extents || budget->aside_start == QUIRE_NOWHERE ||
	    block_address(kind, budget->aside_start) & (order->request.align - 1))
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
	request->why = place(heap, &order, &grant);
	if (!request->why) {
		quire_extents_free(&grant.kind->extents, grant.start);
		request->granted = order.request.granted;
	} else if (request->why == QUIRE_ENOVIRT && heap->is_elastic) {
		request->granted = aside_offer(heap, &order);
		request->why = request->granted ? QUIRE_OK : QUIRE_ENOVIRT;
	}
	quire_section_leave(&section);
	return request->granted;
}

/* ---- resizing ------------------------------------------------------------------------------- */

/* The most blocks that the allocation could have where it is. */
static uint32_t room_of(const struct quire_vmh *heap, const struct grant *grant)
{
	if (!heap->is_elastic && !(heap->flags & QUIRE_VMH_SPANNING))
		return grant->count;
	return quire_extents_room(&grant->kind->extents, grant->start);
}

/* The same allocation as it would be with a size that its place, the request and the budget leave. */
static int32_t plan_resize(const struct quire_vmh *heap, struct order *order,
			   const struct grant *now, struct grant *then)
{
	*then = *now;
	return decide_size(heap, order, then, room_of(heap, now));
}

static void record_size(struct quire_vmh *heap, const struct grant *now, const struct grant *then)
{
	struct quire_blocks *kind = now->kind;

	heap->in_use -= usable(heap, now);
	if (kind->pages)
		kind->pages[then->start] = then->pages;
	heap->in_use += usable(heap, then);
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
	int32_t status = quire_extents_resize(&now->kind->extents, now->start, then->count);

	if (!status && then->pages > now->pages)
		status = grow_pages(section, heap, order, now, then);
	if (status)
		quire_extents_resize(&now->kind->extents, now->start, now->count);
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
	quire_extents_resize(&now->kind->extents, now->start, then->count);
	return QUIRE_OK;
}

/* Look the allocation up and decide what it becomes; again after the section was deepened. */
static int32_t find_and_plan(struct quire_vmh *heap, uintptr_t address, struct order *order,
			     struct grant *now, struct grant *then)
{
	int32_t status = find(heap, address, now);

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
		*usable_after = usable(heap, &then);
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
	size_t size = 0;
	int32_t status = min ? quire_request_check(&order.request, 0) : QUIRE_EINVAL;

	if (granted)
		*granted = 0;
	if (quire_forbidden(heap->vs))
		status = QUIRE_ECONTEXT;
	if (status)
		return refuse(heap, status, preferred, 0);
	section = quire_section_enter(heap->vs);
	status = resize(&section, heap, quire_address(heap->vs, ptr), &order, &size);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(heap, status, ptr);
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
	int32_t status = find(heap, address, &grant);

	if (!status && !quire_pages_quiet(heap->vs, grant.first_page, grant.pages)) {
		quire_section_deepen(section);
		status = find(heap, address, &grant);
	}
	if (status)
		return status;
	*size = usable(heap, &grant);
	budget = payer_of(heap, &grant);
	status = quire_pages_release(section, grant.first_page, grant.pages, &dropped);
	if (status)
		return status;
	unaccount(heap, &grant, dropped);
	forget(heap, &grant, budget);
	return QUIRE_OK;
}

/* What this core still has in its cache of memory that it is about to give back. Lines of pages that
 * are not present, after an unmap that failed, must not be touched. */
static void forget_cache(struct quire_vmh *heap, uintptr_t address)
{
	struct quire_section section;
	struct grant grant;
	size_t size = 0;

	if (heap->vs->mmu->coherent)
		return;
	section = quire_section_enter(heap->vs);
	if (!find(heap, address, &grant) &&
	    !quire_pages_condemned(heap->vs, grant.first_page, grant.pages))
		size = usable(heap, &grant);
	quire_section_leave(&section);
	quire_fresh_cache(heap->vs->mmu, quire_pointer(address), size);
}

int32_t quire_vmh_free(struct quire_vmh *heap, void *ptr)
{
	uintptr_t address = quire_address(heap->vs, ptr);
	struct quire_section section;
	size_t size = 0;
	int32_t status;

	if (quire_forbidden(heap->vs))
		return refuse(heap, QUIRE_ECONTEXT, 0, 0);
	forget_cache(heap, address);
	section = quire_section_enter(heap->vs);
	status = free_grant(&section, heap, address, &size);
	quire_section_leave(&section);
	if (status)
		return refuse_pointer(heap, status, ptr);
	tell_about(heap, QUIRE_EVENT_FREE, ptr, size, 0);
	return QUIRE_OK;
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
	if (!align_wish(kind, align, &wish))
		return QUIRE_ENOVIRT;
	mark_aside(heap, budget, 0);
	status = quire_aside_hold(budget, &kind->extents, &wish);
	mark_aside(heap, budget, 1);
	return status;
}

int32_t quire_vmh_set_aside(struct quire_vmh *heap, struct quire_budget *budget, size_t bytes,
			    size_t align)
{
	struct quire_section section;
	int32_t status = QUIRE_EINVAL;

	if (align < heap->vs->page_size)
		align = align && !quire_power_of_two(align) ? 0 : heap->vs->page_size;
	section = quire_section_enter(heap->vs);
	if (heap->is_elastic && quire_power_of_two(align) && bytes <= heap->window &&
	    quire_ledger_knows(&heap->vs->ledger, budget) &&
	    (!budget->aside_set || budget->aside_set == &heap->blocks->extents))
		status = set_aside(heap, budget, bytes, align);
	quire_section_leave(&section);
	return status;
}

/* ---- making and ending a heap --------------------------------------------------------------- */

static size_t lowest_power(size_t value)
{
	return value & (0 - value);
}

static size_t stride_of(const struct quire_mmu *mmu, size_t block_size)
{
	return mmu->coherent ? block_size : quire_round_up(block_size, mmu->cache_line);
}

static bool bundle_is_possible(const struct quire_mmu *mmu, const struct quire_bundle *bundle)
{
	size_t stride;

	if (!bundle->block_size || !bundle->blocks || bundle->blocks > QUIRE_EXTENTS_MAX_UNITS ||
	    bundle->block_size > SIZE_MAX / 4)
		return false;
	stride = stride_of(mmu, bundle->block_size);
	return mmu->page_size / stride < USERS_MAX && bundle->blocks <= SIZE_MAX / 4 / stride;
}

static bool elastic_is_possible(const struct quire_mmu *mmu, const struct quire_vmh_config *config)
{
	size_t unit = quire_unit_of(mmu, config->unit);

	return config->window && config->window <= SIZE_MAX / 2 && quire_power_of_two(unit) &&
	       unit <= mmu->page_size && mmu->page_size / unit < USERS_MAX &&
	       quire_divide_up(config->window, unit) <= QUIRE_EXTENTS_MAX_UNITS;
}

static size_t words(size_t bytes)
{
	return quire_round_up(bytes, sizeof(quire_word));
}

static size_t pages_bytes(const struct quire_mmu *mmu, const struct quire_bundle *bundle)
{
	return bundle->block_size > mmu->page_size ? words(bundle->blocks * sizeof(uint32_t)) : 0;
}

size_t quire_vmh_storage_needed(const struct quire_mmu *mmu, const struct quire_vmh_config *config)
{
	size_t bytes;

	if (!config->bundles) {
		if (!elastic_is_possible(mmu, config))
			return 0;
		return quire_extents_storage(
			(uint32_t)quire_divide_up(config->window, quire_unit_of(mmu, config->unit)),
			QUIRE_COMPACT);
	}
	if (!config->bundle_count || config->bundle_count > QUIRE_EXTENTS_MAX_UNITS)
		return 0;
	bytes = config->bundle_count * sizeof(struct quire_blocks) +
		words(config->bundle_count * sizeof(uint32_t));
	for (size_t index = 0; index < config->bundle_count; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];

		if (!bundle_is_possible(mmu, bundle))
			return 0;
		bytes += quire_extents_storage((uint32_t)bundle->blocks, QUIRE_COMPACT) +
			 pages_bytes(mmu, bundle);
	}
	return bytes;
}

/* Bytes of address space of a table; with a heap, the blocks' places in it are filled in. */
static size_t lay_out(const struct quire_mmu *mmu, const struct quire_vmh_config *config,
		      struct quire_vmh *heap)
{
	size_t offset = 0;

	for (size_t index = 0; index < config->bundle_count; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];
		size_t stride = stride_of(mmu, bundle->block_size);
		size_t align = lowest_power(stride);

		offset = quire_round_up(offset, align < mmu->page_size ? align : mmu->page_size);
		if (heap) {
			heap->blocks[index].base = heap->base + offset;
			heap->blocks[index].stride = stride;
			heap->blocks[index].block_size = bundle->block_size;
		}
		if (bundle->blocks * stride > SIZE_MAX / 2 - offset)
			return 0;
		offset += bundle->blocks * stride;
	}
	return offset;
}

static void sort_by_size(struct quire_vmh *heap)
{
	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		uint32_t rank = index;

		for (; rank; rank--) {
			uint32_t before = heap->by_size[rank - 1];

			if (heap->blocks[before].block_size <= heap->blocks[index].block_size)
				break;
			heap->by_size[rank] = before;
		}
		heap->by_size[rank] = index;
	}
}

static void make_table(struct quire_vmh *heap, const struct quire_vmh_config *config)
{
	const struct quire_mmu *mmu = heap->vs->mmu;
	unsigned char *storage = config->storage;

	heap->block_kinds = (uint32_t)config->bundle_count;
	heap->blocks = config->storage;
	memset(heap->blocks, 0, config->bundle_count * sizeof(*heap->blocks));
	storage += config->bundle_count * sizeof(*heap->blocks);
	heap->by_size = (uint32_t *)(void *)storage;
	storage += words(config->bundle_count * sizeof(uint32_t));
	lay_out(mmu, config, heap);
	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];
		uint32_t blocks = (uint32_t)bundle->blocks;

		quire_extents_init(&heap->blocks[index].extents, blocks, QUIRE_COMPACT, storage,
				   quire_extents_storage(blocks, QUIRE_COMPACT));
		storage += quire_extents_storage(blocks, QUIRE_COMPACT);
		if (pages_bytes(mmu, bundle))
			heap->blocks[index].pages = (uint32_t *)(void *)storage;
		storage += pages_bytes(mmu, bundle);
	}
	sort_by_size(heap);
}

static void make_elastic(struct quire_vmh *heap, const struct quire_vmh_config *config)
{
	size_t unit = quire_unit_of(heap->vs->mmu, config->unit);
	uint32_t units = (uint32_t)quire_divide_up(config->window, unit);

	heap->is_elastic = true;
	heap->block_kinds = 1;
	heap->blocks = &heap->elastic;
	heap->elastic.base = heap->base;
	heap->elastic.stride = unit;
	heap->elastic.block_size = unit;
	quire_extents_init(&heap->elastic.extents, units, QUIRE_COMPACT, config->storage,
			   quire_extents_storage(units, QUIRE_COMPACT));
}

static int32_t check_config(const struct quire_vspace *vs, const struct quire_vmh_config *config)
{
	const struct quire_mmu *mmu = vs->mmu;
	size_t needed = quire_vmh_storage_needed(mmu, config);
	uint32_t prot = config->prot ? config->prot : QUIRE_RW;

	if (!needed || config->storage_bytes < needed || !quire_storage_fits(mmu, config->storage))
		return QUIRE_EINVAL;
	if (!quire_mmu_accepts(mmu, prot) || config->flags & ~QUIRE_VMH_SPANNING ||
	    (config->budget && !quire_ledger_knows(&vs->ledger, config->budget)))
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

static void make(struct quire_vmh *heap, struct quire_vspace *vs, uint32_t first_page,
		 const struct quire_vmh_config *config)
{
	memset(heap, 0, sizeof(*heap));
	heap->vs = vs;
	heap->budget = config->budget ? config->budget : &vs->common;
	heap->flags = config->flags;
	heap->prot = config->prot ? config->prot : QUIRE_RW;
	heap->base = quire_page_address(vs, first_page);
	heap->window = config->bundles ? lay_out(vs->mmu, config, NULL) : config->window;
	if (config->bundles)
		make_table(heap, config);
	else
		make_elastic(heap, config);
}

int32_t quire_vmh_init_within(struct quire_vmh *heap, struct quire_vspace *vs, uint32_t first_page,
			      uint32_t pages, const struct quire_vmh_config *config)
{
	int32_t status = check_config(vs, config);

	if (!status && config->window > (size_t)pages << vs->page_shift)
		status = QUIRE_EINVAL;
	if (!status)
		make(heap, vs, first_page, config);
	return status;
}

int32_t quire_vmh_init(struct quire_vmh *heap, struct quire_vspace *vs,
		       const struct quire_vmh_config *config)
{
	struct quire_section section;
	size_t window, pages;
	uint32_t first;

	if (!heap || !vs || !config || check_config(vs, config))
		return QUIRE_EINVAL;
	window = config->bundles ? lay_out(vs->mmu, config, NULL) : config->window;
	pages = quire_divide_up(window, vs->page_size);
	if (!window)
		return QUIRE_EINVAL;
	if (pages > vs->pages)
		return QUIRE_ENOVIRT;
	section = quire_section_enter(vs);
	first = quire_window_take(vs, (uint32_t)pages);
	quire_section_leave(&section);
	if (first == QUIRE_NOWHERE)
		return QUIRE_ENOVIRT;
	make(heap, vs, first, config);
	heap->owns_window = true;
	return QUIRE_OK;
}

static void drop_asides(struct quire_vmh *heap)
{
	const struct quire_ledger *ledger = &heap->vs->ledger;

	for (uint32_t id = 0; heap->is_elastic && id < ledger->slots; id++) {
		struct quire_budget *budget = ledger->budgets[id];

		if (budget && budget->aside_set == &heap->blocks->extents)
			set_aside(heap, budget, 0, 1);
	}
}

int32_t quire_vmh_fini(struct quire_vmh *heap)
{
	struct quire_section section;
	int32_t status = QUIRE_OK;

	if (quire_forbidden(heap->vs))
		return refuse(heap, QUIRE_ECONTEXT, 0, 0);
	section = quire_section_enter(heap->vs);
	if (heap->allocations) {
		status = QUIRE_EBUSY;
	} else {
		drop_asides(heap);
		if (heap->owns_window)
			quire_window_give(heap->vs, quire_page_index(heap->vs, heap->base));
	}
	quire_section_leave(&section);
	if (!status)
		return QUIRE_OK;
	quire_vmh_tell_leaks(heap, heap, 0);
	return refuse(heap, status, 0, 0);
}

/* ---- for regions ---------------------------------------------------------------------------- */

void quire_vmh_tell_leaks(struct quire_vmh *heap, const void *object, uint32_t tag)
{
	struct quire_vmh_extent extent = { .size = 0 };

	for (const void *ptr = NULL; quire_vmh_next(heap, ptr, &extent);
	     ptr = (const char *)extent.ptr + extent.size) {
		struct quire_event event = {
			.kind = QUIRE_EVENT_LEAK,
			.object = object,
			.ptr = extent.ptr,
			.size = extent.size,
			.tag = tag,
		};

		if (extent.live)
			quire_tell(heap->vs, &event);
	}
}

int32_t quire_vmh_reset(struct quire_section *section, struct quire_vmh *heap)
{
	struct quire_blocks *kind = heap->blocks;
	struct quire_extent run;
	int32_t status = QUIRE_OK;
	size_t size;

	for (uint32_t block = 0; !status && quire_extents_next(&kind->extents, block, &run);
	     block = run.start + run.count)
		if (run.live && !is_aside(heap, kind, run.start))
			status = free_grant(section, heap, block_address(kind, run.start), &size);
	return status;
}

/* ---- asking --------------------------------------------------------------------------------- */

size_t quire_vmh_usable_size(struct quire_vmh *heap, const void *ptr)
{
	struct quire_section section = quire_section_enter(heap->vs);
	struct grant grant;
	size_t size = 0;

	if (!find(heap, quire_address(heap->vs, ptr), &grant))
		size = usable(heap, &grant);
	quire_section_leave(&section);
	return size;
}

bool quire_vmh_contains(const struct quire_vmh *heap, const void *ptr)
{
	return in_heap(heap, quire_address(heap->vs, ptr));
}

/* The first kind whose blocks do not all lie below the address. */
static struct quire_blocks *kind_from(const struct quire_vmh *heap, uintptr_t address)
{
	struct quire_blocks *kind = kind_of(heap, address);

	if (!kind)
		return heap->blocks;
	if (!in_kind(kind, address))
		kind++;
	return kind < heap->blocks + heap->block_kinds ? kind : NULL;
}

bool quire_vmh_next(struct quire_vmh *heap, const void *ptr, struct quire_vmh_extent *extent)
{
	/* As it was told, not through an alias: what lies behind the window may be one. */
	uintptr_t address = ptr ? (uintptr_t)ptr : heap->base;
	struct quire_section section = quire_section_enter(heap->vs);
	struct quire_blocks *kind = kind_from(heap, address);
	struct quire_extent run;
	uint32_t block = 0;

	if (kind && address > kind->base)
		block = (uint32_t)((address - kind->base) / kind->stride);
	if (kind && quire_extents_next(&kind->extents, block, &run)) {
		extent->ptr = quire_pointer(block_address(kind, run.start));
		extent->size = (size_t)run.count * kind->stride;
		extent->live = run.live && !is_aside(heap, kind, run.start);
	}
	quire_section_leave(&section);
	return kind != NULL;
}

/* The longest fixed request that some kind could place. */
static size_t largest_of(const struct quire_vmh *heap)
{
	size_t largest = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		const struct quire_blocks *kind = &heap->blocks[index];
		uint32_t blocks = quire_extents_largest(&kind->extents);

		if (blocks && !heap->is_elastic && !(heap->flags & QUIRE_VMH_SPANNING))
			blocks = 1;
		if (blocks && block_bytes(kind, blocks) > largest)
			largest = block_bytes(kind, blocks);
	}
	return largest;
}

static size_t free_of(const struct quire_vmh *heap)
{
	size_t bytes = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++)
		bytes += (size_t)quire_extents_free_units(&heap->blocks[index].extents) *
			 heap->blocks[index].stride;
	return bytes;
}

static size_t held_of(const struct quire_vmh *heap)
{
	size_t bytes = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++)
		bytes += (size_t)heap->blocks[index].used * heap->blocks[index].stride;
	return bytes;
}

static uint32_t fragmentation(size_t largest, size_t free)
{
	return free ? 1000 - (uint32_t)((uint64_t)largest * 1000 / free) : 0;
}

void quire_vmh_stats(struct quire_vmh *heap, struct quire_vmh_stats *stats)
{
	struct quire_section section = quire_section_enter(heap->vs);

	*stats = (struct quire_vmh_stats){
		.window = heap->window,
		.allocations = heap->allocations,
		.in_use = heap->in_use,
		.in_use_peak = heap->in_use_peak,
		.held = held_of(heap),
		.mapped = heap->pages_held << heap->vs->page_shift,
		.mapped_peak = heap->pages_held_peak << heap->vs->page_shift,
		.largest = largest_of(heap),
		.free = free_of(heap),
		.served = heap->served,
		.misuses = heap->misuses,
	};
	stats->fragmentation = fragmentation(stats->largest, stats->free);
	memcpy(stats->refusals, heap->refusals, sizeof(stats->refusals));
	quire_section_leave(&section);
}

bool quire_vmh_bundle_stats(struct quire_vmh *heap, size_t bundle, struct quire_bundle_stats *stats)
{
	struct quire_section section;
	const struct quire_blocks *kind;

	if (heap->is_elastic || bundle >= heap->block_kinds)
		return false;
	section = quire_section_enter(heap->vs);
	kind = &heap->blocks[bundle];
	*stats = (struct quire_bundle_stats){
		.block_size = kind->block_size,
		.stride = kind->stride,
		.blocks = kind->extents.units,
		.used = kind->used,
		.used_peak = kind->used_peak,
		.exhausted = kind->exhausted,
	};
	quire_section_leave(&section);
	return true;
}

/* ---- the full check ------------------------------------------------------------------------- */

struct totals {
	size_t allocations;
	size_t in_use;
	uint32_t used;
};

static const char *check_grant(const struct quire_vmh *heap, const struct grant *grant)
{
	for (uint32_t page = 0; page < grant->pages; page++)
		if (!heap->vs->page[grant->first_page + page].users)
			return "a live allocation does not hold one of its pages";
	if (pages_to(heap, grant, block_bytes(grant->kind, grant->count)) < grant->pages)
		return "an allocation holds pages beyond its blocks";
	return NULL;
}

static const char *check_kind(struct quire_vmh *heap, struct quire_blocks *kind,
			      struct totals *totals)
{
	const char *broken = quire_extents_check(&kind->extents);
	uint32_t used = 0;
	struct quire_extent run;

	for (uint32_t block = 0; !broken && quire_extents_next(&kind->extents, block, &run);
	     block = run.start + run.count) {
		struct grant grant = { .kind = kind, .start = run.start, .count = run.count };

		if (!run.live || is_aside(heap, kind, run.start))
			continue;
		fill_pages(heap, &grant);
		broken = check_grant(heap, &grant);
		totals->allocations++;
		totals->in_use += usable(heap, &grant);
		used += run.count;
	}
	if (!broken && used != kind->used)
		broken = "the blocks in use do not add up";
	return broken;
}

static size_t held_pages(const struct quire_vmh *heap)
{
	uint32_t first = quire_page_index(heap->vs, heap->base);
	size_t pages = quire_divide_up(heap->window, heap->vs->page_size), held = 0;

	for (uint32_t page = 0; page < pages; page++)
		held += heap->vs->page[first + page].users != 0;
	return held;
}

const char *quire_vmh_check(struct quire_vmh *heap)
{
	struct quire_section section = quire_section_enter(heap->vs);
	struct totals totals = { .allocations = 0 };
	const char *broken = NULL;

	for (uint32_t index = 0; !broken && index < heap->block_kinds; index++)
		broken = check_kind(heap, &heap->blocks[index], &totals);
	if (!broken && totals.allocations != heap->allocations)
		broken = "the allocations do not add up";
	if (!broken && totals.in_use != heap->in_use)
		broken = "the bytes in use do not add up";
	if (!broken && held_pages(heap) != heap->pages_held)
		broken = "the pages of the heap do not add up";
	quire_section_leave(&section);
	return broken;
}
