/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmh_blocks: which blocks of a kind are free. Blocks that are taken in runs, of a bundle that spans or
 * of an elastic window, are a set of extents. Single blocks need less: a bit for each free block and
 * summaries of the words, so that the lowest free block is one step per level away, and the lowest at
 * an aligned address at most one step per word.
 *
 * An aligned block: block i lies at base + i * stride. With g the largest power of two in the stride,
 * stride = g * odd, and (base + i * stride) % align == 0 is i = -(base / g) / odd modulo align / g: a
 * residue, for which the set is searched directly.
 */
#include "heap.h"

#define PLENTIFUL_PARTS 4u /* of a window: while less is in use, addresses are plentiful */
#define BITS            QUIRE_WORD_BITS_

static uint32_t words_of(uint32_t bits)
{
	return (bits - 1) / BITS + 1;
}

static bool is_free(const struct quire_blocks *kind, uint32_t block)
{
	return *quire_block_word(kind, block) & quire_block_bit(block);
}

/* ---- alignment ------------------------------------------------------------------------------ */

/* The inverse of an odd number modulo any power of two: each step doubles the bits that are right. */
static size_t inverse_of_odd(size_t odd)
{
	size_t inverse = odd;

	for (unsigned int step = 0; step < 6; step++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

bool quire_blocks_wish(const struct quire_blocks *kind, size_t align,
		       struct quire_extent_wish *wish)
{
	size_t power = kind->stride & (0 - kind->stride);
	size_t period, residue;

	wish->step = 1;
	wish->align = 1;
	wish->phase = 0;
	if (align <= kind->align)
		return true;
	if (power > align)
		power = align;
	if (kind->base & (power - 1))
		return false;
	period = align / power;
	residue = (0 - kind->base / power) * inverse_of_odd(kind->stride / power) & (period - 1);
	if (residue >= kind->blocks)
		return false;
	if (period > QUIRE_EXTENTS_MAX_UNITS)
		period = QUIRE_EXTENTS_MAX_UNITS; /* there is one such block at the most */
	wish->align = (uint32_t)period;
	wish->phase = (uint32_t)((period - residue) & (period - 1));
	return true;
}

/* ---- making --------------------------------------------------------------------------------- */

size_t quire_blocks_storage(uint32_t blocks, bool runs)
{
	size_t words = 0;

	if (runs)
		return quire_extents_storage(blocks, QUIRE_COMPACT);
	do {
		blocks = words_of(blocks);
		words += blocks;
	} while (blocks > 1);
	return words * sizeof(quire_word);
}

void quire_blocks_init(struct quire_blocks *kind, uint32_t blocks, bool runs, void *storage,
		       size_t bytes)
{
	quire_word *word = storage, **level = kind->free;

	kind->blocks = blocks;
	if (runs) {
		quire_extents_init(&kind->runs, blocks, QUIRE_COMPACT, storage, bytes);
		return;
	}
	do {
		uint32_t words = words_of(blocks);

		*level = word;
		kind->top = level++;
		memset(word, 0xff, words * sizeof(*word));
		word += words;
		if (blocks % BITS)
			word[-1] >>= BITS - blocks % BITS;
		blocks = words;
	} while (blocks > 1);
}

/* ---- taking and giving back ----------------------------------------------------------------- */

/* The lowest free block at one of the places of a wish. */
static uint32_t lowest_at(const struct quire_blocks *kind, const struct quire_extent_wish *wish)
{
	uint32_t place = (0 - wish->phase) & (wish->align - 1);
	uint32_t stride = wish->align > BITS ? wish->align : BITS;
	quire_word places = quire_block_bit(place), *word;

	for (uint32_t align = wish->align; align < BITS; align *= 2)
		places |= places << align;
	for (uint32_t block = place & ~(BITS - 1); block < kind->blocks; block += stride) {
		word = quire_block_word(kind, block);
		if (*word & places)
			return block + lowest_bit(*word & places);
	}
	return QUIRE_NOWHERE;
}

/*
 * A low place first, while addresses are plentiful: what lives gathers at the low end of the window,
 * so the pages at the high end empty and go back, where best fit would scatter it over all. Once more
 * than a quarter of the window is in use, addresses are short: best fit, which keeps long runs,
 * decides.
 */
static bool has_plenty(const struct quire_blocks *kind)
{
	return quire_extents_free_units(&kind->runs) >
	       kind->blocks - kind->blocks / PLENTIFUL_PARTS;
}

static uint32_t take_low(struct quire_blocks *kind, const struct quire_extent_wish *wish)
{
	if (wish->min >> QUIRE_VMH_OCTAVES_ || !has_plenty(kind))
		return QUIRE_NOWHERE;
	return quire_extents_take_low(&kind->runs, wish,
				      &kind->low[31u - (uint32_t)__builtin_clz(wish->min)]);
}

/* There is room at this block again: a hint, since best fit finds what a look for a low place misses.
 * While addresses are short nobody looks; afterwards everybody starts from the bottom. */
static inline void note_room(struct quire_blocks *kind, uint32_t block)
{
	uint32_t low = has_plenty(kind) ? block : 0;

	for (uint32_t octave = 0; octave < QUIRE_VMH_OCTAVES_; octave++)
		if (low < kind->low[octave])
			kind->low[octave] = low;
}

static uint32_t take_run(struct quire_blocks *kind, const struct quire_extent_wish *wish,
			 uint32_t *count)
{
	uint32_t start = QUIRE_NOWHERE;

	*count = wish->min;
	if (kind->keeps_low && wish->min == wish->preferred)
		start = take_low(kind, wish);
	return start == QUIRE_NOWHERE ? quire_extents_take(&kind->runs, wish, count) : start;
}

uint32_t quire_blocks_search(struct quire_blocks *kind, size_t align, uint32_t min,
			     uint32_t preferred, bool take, uint32_t *count)
{
	struct quire_extent_wish wish = { .min = min, .preferred = preferred };
	uint32_t block;

	if (!quire_blocks_wish(kind, align, &wish))
		return QUIRE_NOWHERE;
	if (!kind->top)
		return take ? take_run(kind, &wish, count)
			    : quire_extents_would_take(&kind->runs, &wish, count);
	*count = 1; /* single blocks are asked for one by one */
	if (!quire_blocks_any(kind))
		return QUIRE_NOWHERE;
	if (wish.align == 1)
		return quire_blocks_take_lowest(kind);
	block = lowest_at(kind, &wish);
	if (block != QUIRE_NOWHERE)
		quire_block_take(kind, block);
	return block;
}

/* A free block is taken; one that is not free is none of a kind of single blocks. */
int32_t quire_blocks_take_at(struct quire_blocks *kind, uint32_t start, uint32_t count)
{
	if (!kind->top)
		return quire_extents_alloc_at(&kind->runs, start, count);
	if (count > 1 || !is_free(kind, start))
		return QUIRE_ENOVIRT;
	quire_block_take(kind, start);
	return QUIRE_OK;
}

void quire_blocks_give(struct quire_blocks *kind, uint32_t start)
{
	if (kind->top) {
		quire_block_give(kind, start);
		return;
	}
	quire_extents_free(&kind->runs, start);
	if (kind->keeps_low)
		note_room(kind, start);
}

int32_t quire_blocks_resize(struct quire_blocks *kind, uint32_t start, uint32_t count)
{
	int32_t status = kind->top ? QUIRE_OK : quire_extents_resize(&kind->runs, start, count);

	if (!kind->top && kind->keeps_low && !status)
		note_room(kind, start + count);
	return status;
}

/* ---- asking --------------------------------------------------------------------------------- */

uint32_t quire_blocks_room(const struct quire_blocks *kind, uint32_t start)
{
	return kind->top ? 1 : quire_extents_room(&kind->runs, start);
}

uint32_t quire_blocks_size(const struct quire_blocks *kind, uint32_t start)
{
	return kind->top ? !is_free(kind, start) : quire_extents_size(&kind->runs, start);
}

uint32_t quire_blocks_largest(const struct quire_blocks *kind)
{
	return kind->top ? quire_blocks_any(kind) : quire_extents_largest(&kind->runs);
}

/* Blocks that nobody has taken, also not for somebody's largest request. */
uint32_t quire_blocks_free(const struct quire_blocks *kind)
{
	return kind->top ? kind->blocks - kind->used : quire_extents_free_units(&kind->runs);
}

/* Free single blocks are told together as far as their word goes. */
static void next_single(const struct quire_blocks *kind, uint32_t block, struct quire_extent *run)
{
	quire_word taken = ~kind->free[0][block / BITS];
	quire_word below = taken & ((quire_block_bit(block)) - 1);
	quire_word from = taken >> (block % BITS);
	uint32_t end = from ? block + lowest_bit(from) : (block | (BITS - 1)) + 1;

	run->live = !is_free(kind, block);
	run->start = block;
	run->count = 1;
	if (run->live)
		return;
	run->start = (block & ~(BITS - 1)) + (below ? highest_bit(below) + 1 : 0);
	run->count = (end < kind->blocks ? end : kind->blocks) - run->start;
}

bool quire_blocks_next(const struct quire_blocks *kind, uint32_t block, struct quire_extent *run)
{
	if (!kind->top)
		return quire_extents_next(&kind->runs, block, run);
	if (block >= kind->blocks)
		return false;
	next_single(kind, block, run);
	return true;
}

uint32_t quire_blocks_last_taken(const struct quire_blocks *kind, uint32_t block)
{
	uint32_t word = block / BITS;
	quire_word bit = quire_block_bit(block);
	quire_word taken = ~kind->free[0][word] & (bit | (bit - 1));

	if (!kind->used)
		return QUIRE_NOWHERE;
	while (!taken && word)
		taken = ~kind->free[0][--word];
	return taken ? word * BITS + highest_bit(taken) : QUIRE_NOWHERE;
}

/* ---- the full check ------------------------------------------------------------------------- */

const char *quire_blocks_check(const struct quire_blocks *kind)
{
	uint32_t bits = kind->blocks;

	if (!kind->top)
		return quire_extents_check(&kind->runs);
	for (uint32_t level = 0; &kind->free[level] <= kind->top; level++, bits = words_of(bits)) {
		if (bits % BITS && kind->free[level][bits / BITS] >> (bits % BITS))
			return "there are free blocks behind the last one";
		for (uint32_t bit = 0; level && bit < bits; bit++)
			if ((kind->free[level][bit / BITS] >> (bit % BITS) & 1) !=
			    (kind->free[level - 1][bit] != 0))
				return "a summary of free blocks is wrong";
	}
	return NULL;
}
