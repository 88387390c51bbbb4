/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * heap: what the files of vmh share, and what vregion uses beyond vmh's public calls.
 *
 *	vmh.c		allocating, resizing and freeing
 *	vmh_blocks.c	which blocks are free: in a bundle, in a bundle that spans, in an elastic window
 *	vmh_setup.c	making and ending a heap
 *	vmh_query.c	what can be asked of a heap, and the full check
 */
#ifndef QUIRE_HEAP_H
#define QUIRE_HEAP_H

#include "bits.h"
#include "quiet.h"
#include "quire/vmh.h"

/* ---- blocks --------------------------------------------------------------------------------- */

static inline uintptr_t quire_block_address(const struct quire_blocks *kind, uint32_t block)
{
	return kind->base + (uintptr_t)block * kind->stride;
}

/* Bytes of `count` adjacent blocks: the padding behind the last one is nobody's. */
static inline size_t quire_block_bytes(const struct quire_blocks *kind, uint32_t count)
{
	return (size_t)(count - 1) * kind->stride + kind->block_size;
}

/* ---- single blocks: a bit for each that is free, and summaries up to one word ---------------- */

static inline bool quire_blocks_any(const struct quire_blocks *kind)
{
	return **kind->top != 0;
}

static inline quire_word *quire_block_word(const struct quire_blocks *kind, uint32_t block)
{
	return &kind->free[0][block / QUIRE_WORD_BITS_];
}

static inline quire_word quire_block_bit(uint32_t block)
{
	return (quire_word)1 << (block % QUIRE_WORD_BITS_);
}

/* The last free block of a word is taken, or the first one given back: so say the summaries. */
static inline void quire_blocks_emptied(const struct quire_blocks *kind, uint32_t block)
{
	quire_word *const *level = kind->free;
	quire_word *word;

	do {
		if (level == kind->top)
			break;
		block /= QUIRE_WORD_BITS_;
		word = &(*++level)[block / QUIRE_WORD_BITS_];
		*word &= ~quire_block_bit(block);
	} while (!*word);
}

static inline void quire_blocks_filled(const struct quire_blocks *kind, uint32_t block)
{
	quire_word *const *level = kind->free;

	while (level != kind->top) {
		block /= QUIRE_WORD_BITS_;
		(*++level)[block / QUIRE_WORD_BITS_] |= quire_block_bit(block);
	}
}

/* Take the lowest free block, of which there is one. */
static inline uint32_t quire_blocks_take_lowest(const struct quire_blocks *kind)
{
	quire_word *const *level = kind->top;
	quire_word *word = *level;
	uint32_t block = lowest_bit(*word);

	while (level != kind->free) {
		word = &(*--level)[block];
		block = block * QUIRE_WORD_BITS_ + lowest_bit(*word);
	}
	*word &= *word - 1;
	if (!*word)
		quire_blocks_emptied(kind, block);
	return block;
}

/* Take a block that is free. */
static inline void quire_block_take(const struct quire_blocks *kind, uint32_t block)
{
	quire_word *word = quire_block_word(kind, block);

	*word &= ~quire_block_bit(block);
	if (!*word)
		quire_blocks_emptied(kind, block);
}

/* Give a block back that is taken. */
static inline void quire_block_give(const struct quire_blocks *kind, uint32_t block)
{
	quire_word *word = quire_block_word(kind, block);
	quire_word before = *word;

	*word = before | quire_block_bit(block);
	if (!before)
		quire_blocks_filled(kind, block);
}

/* ---- any blocks ----------------------------------------------------------------------------- */

/* The same questions of any kind, as of a set of extents: see extent.h. */
size_t quire_blocks_storage(uint32_t blocks, bool runs);
void quire_blocks_init(struct quire_blocks *kind, uint32_t blocks, bool runs, void *storage,
		       size_t bytes);
uint32_t quire_blocks_search(struct quire_blocks *kind, size_t align, uint32_t min,
			     uint32_t preferred, bool take, uint32_t *count);
int32_t quire_blocks_take_at(struct quire_blocks *kind, uint32_t start, uint32_t count);
void quire_blocks_give(struct quire_blocks *kind, uint32_t start);
int32_t quire_blocks_resize(struct quire_blocks *kind, uint32_t start, uint32_t count);
uint32_t quire_blocks_room(const struct quire_blocks *kind, uint32_t start);
uint32_t quire_blocks_size(const struct quire_blocks *kind, uint32_t start);
uint32_t quire_blocks_largest(const struct quire_blocks *kind);
uint32_t quire_blocks_free(const struct quire_blocks *kind);
bool quire_blocks_next(const struct quire_blocks *kind, uint32_t block, struct quire_extent *run);

/* Of single blocks: the last one at or below this one that is taken, or QUIRE_NOWHERE. A step per
 * word. */
uint32_t quire_blocks_last_taken(const struct quire_blocks *kind, uint32_t block);

const char *quire_blocks_check(const struct quire_blocks *kind);

/* The search for blocks at aligned addresses; false if no block of this kind has such an address. */
bool quire_blocks_wish(const struct quire_blocks *kind, size_t align,
		       struct quire_extent_wish *wish);

/* ---- allocations ---------------------------------------------------------------------------- */

/* An allocation: its blocks, and the pages that it holds. */
struct grant {
	struct quire_blocks *kind;
	uint32_t start;
	uint32_t count;
	uint32_t first_page;
	uint32_t pages;
};

static inline bool quire_vmh_in(const struct quire_vmh *heap, uintptr_t address)
{
	return address - heap->base < heap->window;
}

static inline size_t quire_vmh_allocations(const struct quire_vmh *heap)
{
	return (size_t)(heap->served - heap->freed);
}

static inline void quire_vmh_set_prot(struct quire_vmh *heap, uint32_t prot)
{
	heap->prot = prot;
	heap->as_held = quire_page_as_held(prot, heap->budget);
}

/* The kind whose blocks hold an address of the heap, or the last one below it. */
struct quire_blocks *quire_vmh_kind_of(const struct quire_vmh *heap, uintptr_t address);

/* Whether blocks that are taken are only set aside for a budget. */
bool quire_vmh_is_aside(const struct quire_vmh *heap, const struct quire_blocks *kind,
			uint32_t start);

/* The allocation that starts at an address. */
int32_t quire_vmh_find(const struct quire_vmh *heap, uintptr_t address, struct grant *grant);

/* Bytes that the allocation may use: to the end of its blocks or of the pages it holds. */
size_t quire_vmh_usable(const struct quire_vmh *heap, const struct grant *grant);

int32_t quire_vmh_refuse(struct quire_vmh *heap, int32_t why, size_t size, uint32_t tag);

/* Give up addresses that are set aside in this heap. In a section. */
void quire_vmh_drop_asides(struct quire_vmh *heap);

/* ---- for regions ---------------------------------------------------------------------------- */

/* An elastic heap in pages that the caller owns, by a configuration that the caller has checked. It is
 * not ended, but reset. */
void quire_vmh_init_within(struct quire_vmh *heap, struct quire_vspace *vs, uint32_t first_page,
			   const struct quire_vmh_config *config);

/* Tell each live allocation as a leak of `object`. */
void quire_vmh_tell_leaks(struct quire_vmh *heap, const void *object, uint32_t tag);

/* Free every allocation. In a deep section. A failure leaves the one that failed, and those above. */
int32_t quire_vmh_reset(struct quire_section *section, struct quire_vmh *heap);

#endif
