/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent: runs of units, held entirely in bitmaps out of band. The ground floor: it includes nothing
 * of Quire but its own header and bits.h, and every layer that hands something out draws from a set
 * like this.
 *
 * 1. Boundaries. S (`starts`) has a bit per unit, set where a run, free or live, starts; V (`live`) has
 *    one set where a live run starts. So the end of a run is the next bit of S, the run before a unit
 *    starts at the bit of S before it, and V tells what a run is. A bit of S and of V at unit n ends
 *    the last run.
 * 2. Long runs. A word is *inside* a run if the run starts in a lower word and ends in a higher one.
 *    Its S is zero; its V means nothing as bits and holds a number instead: in the first word inside
 *    it the end of the run; in the last one, and in the one that a lookup from the run's class will
 *    hit (4.), its start. Any other word inside may hold anything. A word that gets a bit of S gets a
 *    clean V first. Where it is not certain that a number was written, it is believed only if a run
 *    does start there and does reach here, so a stale number can do no harm.
 * 3. Short classes. Runs of up to a word's bits have a class for each length, with a bit for each
 *    word of S: set if a run of just that length starts in that word. Which one is found by looking
 *    at the word: a free start with a boundary at the right distance and none between. Nearly always
 *    there is one candidate, and no more to do.
 * 4. Long classes. A longer run is filed by its length less one, whose highest bit is its octave o.
 *    Octaves up to `exact_octaves` have a class for each length, those above have 8. Such a run is
 *    longer than 2^o units: in a block of 2^o aligned units there starts at most one of them, so a
 *    class needs one bit per block, and the run that is filed there holds the last unit of the block:
 *    its start is found from that (2.).
 * 5. One ordered set. All (class, word or block) pairs in ascending order are the keys of one bitset
 *    with a summary bit per word, a summary of the summary, and so on up to one word. "The first set
 *    key at or above this one" is then best fit among classes and lowest address within the class;
 *    the last set key is the longest class there is. Rows are powers of two of keys, so that a key
 *    tells its class and place by shifts.
 *
 * Bound: a search looks up at most four keys, an aligned one 16 more before it gives up; one for a
 * low place looks at 1024 units a word at a time, and at 8 runs; a change files or unfiles at most
 * three runs; each is one bit per level, of which there are at most six, and a look at a word of S.
 * Only to find the run that holds a unit deep inside it takes three looks per octave.
 *
 * quire_extents_alloc and quire_extents_free begin with a straight path for what is usual (a short
 * run, short neighbours, alone in their classes and words) and leave for the general one otherwise.
 *
 * Source: address-ordered bitmap fit with segregated classes is folklore; the rows of 3, the block
 * argument of 4 and the numbers inside long runs are Quire's own.
 */
#include <string.h>

#include "bits.h"
#include "quire/extent.h"
#include "quire/status.h"

#define BITS            QUIRE_WORD_BITS_
#define BITS_LOG2       QUIRE_LOG2_(QUIRE_WORD_BITS_)
#define CLASSES_LOG2    3u /* of an octave above the exact ones */
#define COMPACT_OCTAVES 5u
#define LEVELS_LEAST    3u
#define SUMMARIES       (FOR_SIZE ? 0u : LEVELS_LEAST) /* the levels from here on go in a loop */
#define ALIGNED_LOOKS   16u /* at runs that have the length but not for sure the alignment */

/* What quire_extents_alloc and quire_extents_free do nearly always is one straight piece of code, what
 * is rare is out of its way; unless the compiler is told to save space: then there is the general way
 * alone. */
#ifdef __OPTIMIZE_SIZE__
#define USUAL static
#else
#define USUAL static inline __attribute__((always_inline))
#endif
#define RARE static __attribute__((noinline))

_Static_assert(sizeof(quire_word) == 4 || sizeof(quire_word) == 8, "a word is 32 or 64 bits");
_Static_assert(QUIRE_EXTENTS_EXACT_UNITS == 2u << COMPACT_OCTAVES, "as the header promises");
_Static_assert(COMPACT_OCTAVES >= BITS_LOG2 - 1, "short classes are exact");
_Static_assert((QUIRE_EXTENTS_MAX_UNITS >> QUIRE_EXTENTS_OCTAVES) == 0,
	       "an octave for each length");

/* ---- bits ----------------------------------------------------------------------------------- */

static uint32_t log2_floor(uint32_t value)
{
	return 31u - (uint32_t)__builtin_clz(value);
}

static quire_word bit(uint32_t index)
{
	return (quire_word)1 << (index % BITS);
}

/* All bits of a word up to and including this index. */
static quire_word bits_through(uint32_t index)
{
	return ~(quire_word)0 >> (BITS - 1 - index % BITS);
}

APART bool has_bit(const quire_word *bits, uint32_t index)
{
	return bits[index / BITS] >> (index % BITS) & 1;
}

APART void set_bit(quire_word *bits, uint32_t index)
{
	bits[index / BITS] |= bit(index);
}

APART void clear_bit(quire_word *bits, uint32_t index)
{
	bits[index / BITS] &= ~bit(index);
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* Only where a run starts. */
static bool is_live(const struct quire_extents *set, uint32_t start)
{
	return has_bit(set->live, start);
}

static bool is_live_start(const struct quire_extents *set, uint32_t unit)
{
	return has_bit(set->starts, unit) && is_live(set, unit);
}

/* The boundaries behind the unit with this bit of a word, as far as a word reaches. */
USUAL quire_word starts_from(const quire_word *here, uint32_t low)
{
	return here[0] >> low >> 1 | here[1] << (BITS - 1 - low);
}

/* The boundaries behind a unit: bit 0 is that of the next unit. */
USUAL quire_word starts_after(const struct quire_extents *set, uint32_t unit)
{
	return starts_from(&set->starts[unit / BITS], unit % BITS);
}

/* The boundaries before a unit: the highest bit is that of the unit before it. */
USUAL quire_word starts_before(const struct quire_extents *set, uint32_t unit)
{
	const quire_word *here = &set->starts[unit / BITS];
	uint32_t low = unit % BITS;

	return here[-1] >> low | here[0] << 1 << (BITS - 1 - low);
}

/* One past the last unit of a run that is longer than a word has bits. */
APART uint32_t far_end(const struct quire_extents *set, uint32_t start)
{
	uint32_t word = start / BITS + 1;

	if (set->starts[word])
		return word * BITS + lowest_bit(set->starts[word]);
	if (set->starts[word + 1] & 1)
		return (word + 1) * BITS;
	return (uint32_t)set->live[word];
}

/* One past the last unit of the run that starts here. */
USUAL uint32_t run_end(const struct quire_extents *set, uint32_t start)
{
	quire_word after = starts_after(set, start);

	return after ? start + 1 + lowest_bit(after) : far_end(set, start);
}

/* The start of a run that began in a word before this one and holds this word up to some unit. */
static uint32_t far_start(const struct quire_extents *set, uint32_t word)
{
	if (set->starts[word - 1])
		return (word - 1) * BITS + highest_bit(set->starts[word - 1]);
	if (set->starts[word - 2])
		return (word - 2) * BITS + highest_bit(set->starts[word - 2]);
	return (uint32_t)set->live[word - 1];
}

/* The start of the run that ends here. */
USUAL uint32_t start_of_ending(const struct quire_extents *set, uint32_t end)
{
	quire_word before = starts_before(set, end);

	return before ? end - BITS + highest_bit(before) : far_start(set, (end - 1) / BITS);
}

APART uint32_t octave_of(uint32_t count)
{
	return log2_floor(count - 1);
}

/* The last word of a block of 2^octave units. */
USUAL uint32_t last_word(uint32_t block, uint32_t octave)
{
	return ((block + 1) << (octave - BITS_LOG2)) - 1;
}

/* The start of the run of this octave that starts in the block, if there is one. */
USUAL uint32_t start_in_block(const struct quire_extents *set, uint32_t block, uint32_t octave)
{
	uint32_t word = last_word(block, octave);

	return set->starts[word] ? word * BITS + highest_bit(set->starts[word])
				 : far_start(set, word);
}

/* Leave the numbers of a run that is longer than a word: its end in the first word inside, its start
 * in the last one, and where start_in_block looks. */
USUAL void write_numbers(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t octave)
{
	uint32_t first = start / BITS + 1;
	uint32_t inside = (end - 1) / BITS - first;
	uint32_t looked_up = last_word(start >> octave, octave) - 1 - first;
	quire_word *numbers = &set->live[first];

	if ((int32_t)inside <= 0)
		return;
	if (looked_up < inside)
		numbers[looked_up] = start;
	numbers[inside - 1] = start;
	numbers[0] = end;
}

static bool start_holds(const struct quire_extents *set, uint32_t start, uint32_t unit)
{
	return start <= unit && has_bit(set->starts, start) && run_end(set, start) > unit;
}

/* The start of a run that began more than a word before this unit: of each octave it can only be in
 * one of three blocks. Only where records are broken none of them has it. */
static uint32_t start_of_long(const struct quire_extents *set, uint32_t unit)
{
	for (uint32_t octave = BITS_LOG2; octave < set->span; octave++) {
		uint32_t block = unit >> octave;

		for (uint32_t back = 0; back <= 2 && back <= block; back++) {
			uint32_t start;

			if (last_word(block - back, octave) > set->units / BITS)
				continue;
			start = start_in_block(set, block - back, octave);
			if (start_holds(set, start, unit))
				return start;
		}
	}
	return 0;
}

/* The start of the run, live or free, that holds the unit. */
static uint32_t run_start(const struct quire_extents *set, uint32_t unit)
{
	uint32_t word = unit / BITS;
	quire_word here = set->starts[word] & bits_through(unit);

	if (here)
		return word * BITS + highest_bit(here);
	here = set->starts[--word];
	if (here)
		return word * BITS + highest_bit(here);
	return start_of_long(set, unit);
}

/* A run, free for now, starts here. If this word was inside another, its number is forgotten. */
USUAL void put_start(struct quire_extents *set, uint32_t unit)
{
	if (!set->starts[unit / BITS])
		set->live[unit / BITS] = 0;
	set_bit(set->starts, unit);
}

USUAL void make_live(struct quire_extents *set, uint32_t start, uint32_t end)
{
	set_bit(set->live, start);
	if (end - start > BITS)
		write_numbers(set, start, end, octave_of(end - start));
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* How many low bits of length - 1 the classes of an octave do not tell apart. */
static uint32_t class_shift(const struct quire_extents *set, uint32_t octave)
{
	return octave <= set->exact_octaves ? 0 : octave - CLASSES_LOG2;
}

USUAL uint32_t short_key(const struct quire_extents *set, uint32_t start, uint32_t count)
{
	return (count - 1) * set->row + start / BITS;
}

/* Exact octaves have as many keys as all short classes have, the others fewer and fewer: those are
 * counted from the end. */
USUAL uint32_t long_key(const struct quire_extents *set, uint32_t start, uint32_t count,
			uint32_t octave)
{
	uint32_t row_log2 = set->span - octave;
	uint32_t above;

	if (octave <= set->exact_octaves)
		return ((octave - BITS_LOG2 + 1) << set->span) +
		       ((count - 1 - (1u << octave)) << row_log2) + (start >> octave);
	above = (3u << CLASSES_LOG2) - ((count - 1) >> (octave - CLASSES_LOG2));
	return set->keys - (above << row_log2) + (start >> octave);
}

USUAL uint32_t octave_of_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t octave = (key >> set->span) + BITS_LOG2 - 1;

	if (octave <= set->exact_octaves)
		return octave;
	return set->span + CLASSES_LOG2 - log2_floor(set->keys - key - 1);
}

static uint32_t run_key(const struct quire_extents *set, uint32_t start, uint32_t count)
{
	return count <= BITS ? short_key(set, start, count)
			     : long_key(set, start, count, octave_of(count));
}

/* The first key in the class of this length. */
static uint32_t class_key(const struct quire_extents *set, uint32_t count)
{
	return run_key(set, 0, count);
}

/* The least length of a class of which every run has at least `count`. */
static uint32_t sure_length(const struct quire_extents *set, uint32_t count)
{
	uint32_t below;

	if (count <= BITS)
		return count;
	below = (1u << class_shift(set, octave_of(count))) - 1;
	return ((count - 1 + below) & ~below) + 1;
}

/* Free starts in this word with a boundary `count` units further, be there others between or not. */
USUAL quire_word candidates(const struct quire_extents *set, uint32_t word, uint32_t count)
{
	quire_word here = set->starts[word];
	quire_word there = here >> 1 >> (count - 1) | set->starts[word + 1] << (BITS - count);

	return here & ~set->live[word] & there;
}

/* Those of the candidates found that have no boundary between, looked at one by one.
 * GCOVR_EXCL_START: only builds for size come here, and coverage is counted in another. */
static quire_word exactly_by_ends(const struct quire_extents *set, uint32_t word, uint32_t count,
				  quire_word found)
{
	for (quire_word rest = found; rest; rest &= rest - 1) {
		uint32_t start = word * BITS + lowest_bit(rest);

		if (run_end(set, start) != start + count)
			found &= ~bit(start);
	}
	return found;
}
/* GCOVR_EXCL_STOP */

/* The same at once. A run that ends beyond the word can only be
 * the last to start in it; for the others, boundaries are smeared down as far as count - 1 units. */
static quire_word exactly(const struct quire_extents *set, uint32_t word, uint32_t count,
			  quire_word found)
{
	quire_word beyond = ~(quire_word)0 << (BITS - count);
	quire_word near = set->starts[word] >> 1;
	uint32_t last = highest_bit(set->starts[word]);
	quire_word outer = found & beyond & bit(last);
	uint32_t reach = 1;

	if (FOR_SIZE)
		return exactly_by_ends(set, word, count, found);
	if (count == 1)
		return found;
	if (outer && set->starts[word + 1] & (bits_through(last + count) >> 1))
		outer = 0;
	for (; 2 * reach < count; reach *= 2)
		near |= near >> reach;
	near |= near >> (count - 1 - reach);
	return (found & ~beyond & ~near) | outer;
}

USUAL uint32_t start_of_long_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t octave = octave_of_key(set, key);

	return start_in_block(set, key & ((1u << (set->span - octave)) - 1), octave);
}

/* The starts of the runs that are filed under this key, all in one word: several only if short. */
static quire_word runs_of_key(const struct quire_extents *set, uint32_t key, uint32_t *word)
{
	uint32_t below = key >> set->row_log2; /* their length, less one */
	uint32_t start;
	quire_word found;

	if (below >= BITS) {
		start = start_of_long_key(set, key);
		*word = start / BITS;
		return bit(start);
	}
	*word = key & (set->row - 1);
	found = candidates(set, *word, below + 1);
	return found & (found - 1) ? exactly(set, *word, below + 1, found) : found;
}

/* The start of the first of them. */
APART uint32_t run_of_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t word;
	quire_word runs = runs_of_key(set, key, &word);

	return word * BITS + lowest_bit(runs);
}

/* ---- the ordered set of free runs ----------------------------------------------------------- */

/* Large sets have more than three levels. The words up there hardly ever empty or fill. */
RARE void set_summaries(struct quire_extents *set, uint32_t index)
{
	for (uint32_t level = SUMMARIES; level < set->levels; level++, index /= BITS)
		set_bit(set->level[level], index);
}

RARE void clear_summaries(struct quire_extents *set, uint32_t index)
{
	for (uint32_t level = SUMMARIES; level < set->levels; level++, index /= BITS) {
		clear_bit(set->level[level], index);
		if (set->level[level][index / BITS])
			return;
	}
}

USUAL void set_key(struct quire_extents *set, uint32_t key)
{
	uint32_t word = key / BITS;
	uint32_t above = word / BITS;
	quire_word before;

	if (FOR_SIZE) {
		set_summaries(set, key);
		return;
	}
	before = set->level[1][above];
	set_bit(set->level[0], key);
	set->level[1][above] = before | bit(word);
	if (before)
		return;
	set_bit(set->level[2], above);
	if (set->levels > LEVELS_LEAST)
		set_summaries(set, above / BITS);
}

/* Whether a word of keys is now empty cannot be foreseen, so there is no branch upon it. */
USUAL void clear_key(struct quire_extents *set, uint32_t key)
{
	uint32_t word = key / BITS;
	uint32_t above = word / BITS;
	quire_word rest;

	if (FOR_SIZE) {
		clear_summaries(set, key);
		return;
	}
	rest = set->level[0][word] & ~bit(key);
	set->level[0][word] = rest;
	rest = set->level[1][above] & ~((quire_word)!rest << (word % BITS));
	set->level[1][above] = rest;
	if (rest)
		return;
	clear_bit(set->level[2], above);
	if (set->levels > LEVELS_LEAST && !set->level[2][above / BITS])
		clear_summaries(set, above / BITS);
}

/* The first set key at or above this one, or QUIRE_NOWHERE. */
RARE uint32_t next_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t level = 0;
	quire_word rest;

	for (;; level++, key = key / BITS + 1) {
		if (level == set->levels)
			return QUIRE_NOWHERE;
		rest = set->level[level][key / BITS] >> (key % BITS);
		if (rest)
			break;
	}
	for (key += lowest_bit(rest); level--;)
		key = key * BITS + lowest_bit(set->level[level][key]);
	return key;
}

/* The last set key, or QUIRE_NOWHERE. */
static uint32_t last_key(const struct quire_extents *set)
{
	uint32_t index = 0;

	if (!set->level[set->levels - 1][0])
		return QUIRE_NOWHERE;
	for (uint32_t level = set->levels; level--;)
		index = index * BITS + highest_bit(set->level[level][index]);
	return index;
}

RARE void file_long(struct quire_extents *set, uint32_t start, uint32_t end)
{
	uint32_t octave = octave_of(end - start);

	write_numbers(set, start, end, octave);
	set_key(set, long_key(set, start, end - start, octave));
}

/* Its start is put and is not live. */
USUAL void file_run(struct quire_extents *set, uint32_t start, uint32_t end)
{
	if (end - start <= BITS)
		set_key(set, short_key(set, start, end - start));
	else
		file_long(set, start, end);
}

/* Its boundaries are still there, and no run beside it is free. A key stays if others have it too. */
static __attribute__((noinline)) void unfile_run(struct quire_extents *set, uint32_t start,
						 uint32_t end)
{
	uint32_t count = end - start;
	quire_word others;

	if (count > BITS) {
		clear_key(set, long_key(set, start, count, octave_of(count)));
		return;
	}
	others = candidates(set, start / BITS, count) & ~bit(start);
	if (!others || !exactly(set, start / BITS, count, others))
		clear_key(set, short_key(set, start, count));
}

/* ---- searching ------------------------------------------------------------------------------ */

static uint32_t align_up(uint32_t unit, const struct quire_extent_wish *wish)
{
	return unit + ((0u - unit - wish->phase) & (wish->align - 1));
}

/* Whether the free run that starts here has room for `count` units from an aligned place on. */
static bool has_room(const struct quire_extents *set, const struct quire_extent_wish *wish,
		     uint32_t start, uint32_t count)
{
	return align_up(start, wish) + count <= run_end(set, start);
}

/* The first run of a key if it has room, or QUIRE_NOWHERE. */
static uint32_t look(const struct quire_extents *set, const struct quire_extent_wish *wish,
		     uint32_t key, uint32_t count)
{
	uint32_t start = run_of_key(set, key);

	return has_room(set, wish, start, count) ? start : QUIRE_NOWHERE;
}

/* Runs that are long enough, but perhaps only in the wrong place: a bounded number of them. */
APART uint32_t search_misaligned(const struct quire_extents *set,
				 const struct quire_extent_wish *wish, uint32_t count)
{
	uint32_t key = next_key(set, class_key(set, count));
	uint32_t looks = 0;

	while (key != QUIRE_NOWHERE && looks < ALIGNED_LOOKS) {
		uint32_t word;
		quire_word runs = runs_of_key(set, key, &word);

		for (; runs && looks < ALIGNED_LOOKS; runs &= runs - 1, looks++) {
			uint32_t start = word * BITS + lowest_bit(runs);

			if (has_room(set, wish, start, count))
				return start;
		}
		key = next_key(set, key + 1);
	}
	return QUIRE_NOWHERE;
}

/*
 * The start of a run with room for `count` aligned units. First the best fit, which may be misaligned
 * or, in a class of several lengths, too short; then the best of those that are sure to do; then the
 * longest class, which has none that are sure to do but is what quire_extents_largest speaks of; last
 * a few of those that may happen to be aligned.
 */
static uint32_t search(const struct quire_extents *set, const struct quire_extent_wish *wish,
		       uint32_t count)
{
	uint32_t key, start, sure;

	if (count > set->free_units)
		return QUIRE_NOWHERE;
	key = next_key(set, class_key(set, count));
	if (key == QUIRE_NOWHERE)
		return QUIRE_NOWHERE;
	start = look(set, wish, key, count);
	if (start != QUIRE_NOWHERE)
		return start;
	sure = wish->align - 1 <= set->units - count ? sure_length(set, count + wish->align - 1)
						     : QUIRE_NOWHERE;
	key = sure <= set->units ? next_key(set, class_key(set, sure)) : QUIRE_NOWHERE;
	if (key != QUIRE_NOWHERE)
		start = look(set, wish, key, count);
	if (start == QUIRE_NOWHERE)
		start = look(set, wish, last_key(set), count);
	if (start == QUIRE_NOWHERE && wish->align > 1)
		start = search_misaligned(set, wish, count);
	return start;
}

/* The lowest run with room for wish->min units, among a bounded number that start from *from on. */
static uint32_t search_low(const struct quire_extents *set, const struct quire_extent_wish *wish,
			   uint32_t *from)
{
	uint32_t word = *from / BITS;
	uint32_t past = (set->units - 1) / BITS + 1;
	uint32_t looks = 0;

	if (past - word > QUIRE_EXTENTS_LOW_UNITS / BITS)
		past = word + QUIRE_EXTENTS_LOW_UNITS / BITS;
	for (; word < past && looks < QUIRE_EXTENTS_LOW_RUNS; word++) {
		quire_word runs = set->starts[word] & ~set->live[word];

		for (; runs && looks < QUIRE_EXTENTS_LOW_RUNS; runs &= runs - 1, looks++) {
			uint32_t start = word * BITS + lowest_bit(runs);

			if (has_room(set, wish, start, wish->min) &&
			    run_end(set, start) < set->units) {
				*from = word * BITS;
				return start;
			}
		}
	}
	*from = word * BITS;
	return QUIRE_NOWHERE;
}

/* The most of a range that fits into `room`, or 0 if the least does not. */
static uint32_t clip(const struct quire_extent_wish *wish, uint32_t room)
{
	uint32_t over;

	if (room < wish->min)
		return 0;
	over = room - wish->min;
	return wish->step > 1 ? room - over % wish->step : room;
}

/* The most of a range that a set has units for. */
static uint32_t most(const struct quire_extents *set, const struct quire_extent_wish *wish)
{
	return clip(wish, wish->preferred < set->units ? wish->preferred : set->units);
}

/* The preferred count if a run has it, else as much of the longest run as the steps allow. */
static uint32_t search_range(const struct quire_extents *set, const struct quire_extent_wish *wish,
			     uint32_t *granted)
{
	uint32_t preferred = most(set, wish);
	uint32_t start = search(set, wish, preferred);
	uint32_t key, at, end;

	*granted = preferred;
	if (start != QUIRE_NOWHERE || wish->min == preferred)
		return start;
	key = last_key(set);
	if (key == QUIRE_NOWHERE)
		return QUIRE_NOWHERE;
	start = run_of_key(set, key);
	at = align_up(start, wish);
	end = run_end(set, start);
	*granted = at < end ? clip(wish, end - at) : 0;
	if (*granted)
		return start;
	*granted = wish->min;
	return search(set, wish, wish->min);
}

static bool sensible(const struct quire_extents *set, struct quire_extent_wish *wish)
{
	wish->align += !wish->align;
	return wish->min && wish->min <= wish->preferred && wish->min <= set->units &&
	       !(wish->align & (wish->align - 1)) && wish->phase < wish->align;
}

/* ---- taking and giving back ----------------------------------------------------------------- */

/* Free [start, end), which is a live run, together with its free neighbours. */
USUAL void merge(struct quire_extents *set, uint32_t start, uint32_t end)
{
	uint32_t first = start;
	uint32_t next_end = end;

	if (!is_live(set, end)) {
		next_end = run_end(set, end);
		unfile_run(set, end, next_end);
		clear_bit(set->starts, end);
	}
	if (start) {
		first = start_of_ending(set, start);
		if (is_live(set, first))
			first = start;
		else
			unfile_run(set, first, start);
	}
	clear_bit(set->live, start);
	if (first < start)
		clear_bit(set->starts, start);
	file_run(set, first, next_end);
	set->free_units += end - start;
}

USUAL int32_t check_live(const struct quire_extents *set, uint32_t start)
{
	if (start >= set->units)
		return QUIRE_EFOREIGN;
	return is_live_start(set, start) ? QUIRE_OK : QUIRE_EFREE;
}

/* One past the last unit to which a live run can grow: that of the free run behind it, if one is. */
static uint32_t past_free(const struct quire_extents *set, uint32_t end)
{
	return is_live(set, end) ? end : run_end(set, end);
}

/* Let a live run end elsewhere: `past` is past_free of its end until now. */
USUAL void move_end(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t past,
		    uint32_t new_end)
{
	if (past > end) {
		unfile_run(set, end, past);
		clear_bit(set->starts, end);
	}
	if (new_end < past) {
		put_start(set, new_end);
		file_run(set, new_end, past);
	}
	make_live(set, start, new_end);
}

/* Make [at, at + count) of the free run that starts here live and file what is left on either side. */
RARE uint32_t carve(struct quire_extents *set, uint32_t start, uint32_t at, uint32_t count)
{
	uint32_t past = run_end(set, start);

	unfile_run(set, start, past);
	put_start(set, at);
	move_end(set, at, past, past, at + count);
	if (at > start)
		file_run(set, start, at);
	set->free_units -= count;
	set->live_runs++;
	return at;
}

/* ---- storage -------------------------------------------------------------------------------- */

/* What follows from the number of units and the precision alone. */
static void set_geometry(struct quire_extents *set, uint32_t units,
			 enum quire_extents_precision precision)
{
	memset(set, 0, sizeof(*set));
	set->units = units;
	set->free_units = units;
	set->span = BITS_LOG2;
	while (1u << set->span < units)
		set->span++;
	set->row_log2 = (uint8_t)(set->span - BITS_LOG2);
	set->row = 1u << set->row_log2;
	set->exact_octaves = precision == QUIRE_EXACT ? QUIRE_EXTENTS_OCTAVES : COMPACT_OCTAVES;
	set->keys = (COMPACT_OCTAVES + 2 - BITS_LOG2) << set->span;
	set->keys += 1u << CLASSES_LOG2 << set->span >> COMPACT_OCTAVES;
}

/* Words of each bitmap of boundaries: with the end of the window, and one behind. */
static uint32_t bound_words(uint32_t units)
{
	return units / BITS + 2;
}

/* Words of a level with so many bits: one bit behind them can be asked for too. */
static uint32_t level_words(uint32_t bits)
{
	return bits / BITS + 1;
}

/* Give each bitmap its place from `storage` on, if there is one. Returns how many words they take. */
USUAL uint32_t lay_out(struct quire_extents *set, quire_word *storage)
{
	uint32_t total = 2 * bound_words(set->units);
	uint32_t words = class_key(set, set->units) + 1;

	while (set->levels < LEVELS_LEAST || words > 1) {
		if (storage)
			set->level[set->levels] = storage + total;
		set->levels++;
		words = level_words(words);
		total += words;
	}
	return total;
}

size_t quire_extents_storage(uint32_t units, enum quire_extents_precision precision)
{
	struct quire_extents set;

	if (!units || units > QUIRE_EXTENTS_MAX_UNITS)
		return 0;
	set_geometry(&set, units, precision);
	return (size_t)lay_out(&set, NULL) * sizeof(quire_word);
}

int32_t quire_extents_init(struct quire_extents *set, uint32_t units,
			   enum quire_extents_precision precision, void *storage, size_t bytes)
{
	size_t needed = quire_extents_storage(units, precision);

	if (!set || !storage || !needed || (uintptr_t)storage % sizeof(quire_word) ||
	    bytes < needed)
		return QUIRE_EINVAL;
	memset(storage, 0, needed);
	set_geometry(set, units, precision);
	lay_out(set, storage);
	set->live = storage;
	set->starts = set->live + bound_words(units);
	set_bit(set->starts, 0);
	set_bit(set->starts, units);
	set_bit(set->live, units);
	file_run(set, 0, units);
	return QUIRE_OK;
}

/* ---- public --------------------------------------------------------------------------------- */

uint32_t quire_extents_would_take(const struct quire_extents *set,
				  const struct quire_extent_wish *wish, uint32_t *granted)
{
	struct quire_extent_wish checked = *wish;
	uint32_t start = QUIRE_NOWHERE;
	uint32_t count = 0;

	if (sensible(set, &checked))
		start = search_range(set, &checked, &count);
	if (granted)
		*granted = start == QUIRE_NOWHERE ? 0 : count;
	return start == QUIRE_NOWHERE ? QUIRE_NOWHERE : align_up(start, &checked);
}

static uint32_t take_aligned(struct quire_extents *set, const struct quire_extent_wish *wish,
			     uint32_t *granted)
{
	uint32_t start = search_range(set, wish, granted);

	return start == QUIRE_NOWHERE ? QUIRE_NOWHERE
				      : carve(set, start, align_up(start, wish), *granted);
}

/* The best fit for a short count: from the first word of its row or, in small sets, from within it. */
USUAL uint32_t next_short_key(const struct quire_extents *set, uint32_t count)
{
	uint32_t key = (count - 1) * set->row;
	uint32_t word = key / BITS;
	uint32_t above = word / BITS;
	quire_word rest = set->level[1][above] >> (word % BITS);

	if (set->row < BITS)
		return next_key(set, key);
	if (rest) {
		word += lowest_bit(rest);
	} else {
		above++;
		rest = set->level[2][above / BITS] >> (above % BITS);
		if (!rest)
			return next_key(set, key);
		above += lowest_bit(rest);
		word = above * BITS + lowest_bit(set->level[1][above]);
	}
	return word * BITS + lowest_bit(set->level[0][word]);
}

/* Take from the run of a long key, if it is long enough. */
RARE uint32_t alloc_from(struct quire_extents *set, uint32_t key, uint32_t count)
{
	uint32_t start, end;

	if (key == QUIRE_NOWHERE)
		return QUIRE_NOWHERE;
	start = start_of_long_key(set, key);
	end = far_end(set, start);
	if (end - start < count)
		return QUIRE_NOWHERE;
	clear_key(set, key);
	if (start + count < end) {
		put_start(set, start + count);
		file_run(set, start + count, end);
	}
	make_live(set, start, start + count);
	set->free_units -= count;
	set->live_runs++;
	return start;
}

/* A count for which no key is short: as search, where every place will do. */
RARE uint32_t alloc_long(struct quire_extents *set, uint32_t count)
{
	uint32_t key, start, sure;

	if (!count || count > set->free_units)
		return QUIRE_NOWHERE;
	key = next_key(set, class_key(set, count));
	start = alloc_from(set, key, count);
	if (start != QUIRE_NOWHERE || key == QUIRE_NOWHERE)
		return start;
	sure = sure_length(set, count);
	key = sure <= set->units ? next_key(set, class_key(set, sure)) : QUIRE_NOWHERE;
	return alloc_from(set, key == QUIRE_NOWHERE ? last_key(set) : key, count);
}

/* Take from the run of a key, which is long enough if it is short. The straight path of all that is
 * usual. */
USUAL uint32_t alloc_first(struct quire_extents *set, uint32_t key, uint32_t count)
{
	uint32_t below = key >> set->row_log2; /* its length, less one */
	uint32_t word = key & (set->row - 1);
	uint32_t length = below + 1;
	uint32_t start;
	quire_word found;

	if (below >= BITS)
		return alloc_from(set, key, count);
	found = candidates(set, word, length);
	if (found & (found - 1))
		found = exactly(set, word, length, found);
	start = word * BITS + lowest_bit(found);
	set_bit(set->live, start);
	if (!(found & (found - 1)))
		clear_key(set, key);
	if (count < length) {
		set_bit(set->starts, start + count);
		set_key(set, short_key(set, start + count, length - count));
	}
	set->free_units -= count;
	set->live_runs++;
	return start;
}

USUAL uint32_t alloc_anywhere(struct quire_extents *set, uint32_t count)
{
	if (count - 1 >= BITS)
		return alloc_long(set, count);
	return alloc_first(set, next_short_key(set, count), count);
}

uint32_t quire_extents_alloc(struct quire_extents *set, uint32_t count, uint32_t align)
{
	if (FOR_SIZE || align > 1)
		return quire_extents_alloc_range(set, count, count, 1, align, NULL);
	return alloc_anywhere(set, count);
}

/* One copy for all who have an order of several steps. */
RARE uint32_t alloc_count(struct quire_extents *set, uint32_t count)
{
	return alloc_anywhere(set, count);
}

/* The length of the first run of a key; 0 for QUIRE_NOWHERE. */
static uint32_t length_of_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t below = key >> set->row_log2;
	uint32_t start;

	if (!FOR_SIZE && below < BITS)
		return below + 1;
	if (key == QUIRE_NOWHERE)
		return 0;
	start = FOR_SIZE ? run_of_key(set, key) : start_of_long_key(set, key);
	return (FOR_SIZE ? run_end(set, start) : far_end(set, start)) - start;
}

/* As take_aligned, where every place will do. */
static uint32_t take_anywhere(struct quire_extents *set, const struct quire_extent_wish *wish,
			      uint32_t *granted)
{
	uint32_t at, key;

	*granted = most(set, wish);
	at = alloc_count(set, *granted);
	if (at != QUIRE_NOWHERE || wish->min == *granted)
		return at;
	key = last_key(set);
	*granted = clip(wish, length_of_key(set, key));
	if (*granted)
		return alloc_first(set, key, *granted);
	*granted = wish->min;
	return alloc_count(set, wish->min);
}

/* Where the general search would take, and take there.
 * GCOVR_EXCL_START: as above, only in builds for size. */
static uint32_t take_there(struct quire_extents *set, const struct quire_extent_wish *wish,
			   uint32_t *granted)
{
	uint32_t at = quire_extents_would_take(set, wish, granted);

	return at == QUIRE_NOWHERE ? at : carve(set, run_start(set, at), at, *granted);
}
/* GCOVR_EXCL_STOP */

uint32_t quire_extents_take(struct quire_extents *set, const struct quire_extent_wish *wish,
			    uint32_t *granted)
{
	struct quire_extent_wish checked;
	uint32_t count = 0;
	uint32_t at = QUIRE_NOWHERE;

	if (FOR_SIZE)
		return take_there(set, wish, granted ? granted : &count);
	checked = *wish;
	if (sensible(set, &checked))
		at = checked.align == 1 ? take_anywhere(set, &checked, &count)
					: take_aligned(set, &checked, &count);
	if (granted)
		*granted = at == QUIRE_NOWHERE ? 0 : count;
	return at;
}

uint32_t quire_extents_take_low(struct quire_extents *set, const struct quire_extent_wish *wish,
				uint32_t *from)
{
	struct quire_extent_wish checked = *wish;
	uint32_t start = QUIRE_NOWHERE;

	if (*from < set->units && sensible(set, &checked))
		start = search_low(set, &checked, from);
	return start == QUIRE_NOWHERE ? QUIRE_NOWHERE
				      : carve(set, start, align_up(start, &checked), checked.min);
}

uint32_t quire_extents_alloc_range(struct quire_extents *set, uint32_t min, uint32_t preferred,
				   uint32_t step, uint32_t align, uint32_t *granted)
{
	struct quire_extent_wish wish = {
		.min = min, .preferred = preferred, .step = step, .align = align
	};

	return quire_extents_take(set, &wish, granted);
}

int32_t quire_extents_alloc_at(struct quire_extents *set, uint32_t start, uint32_t count)
{
	uint32_t run;

	if (!count || start >= set->units || count > set->units - start)
		return QUIRE_EINVAL;
	run = run_start(set, start);
	if (is_live(set, run) || run_end(set, run) - start < count)
		return QUIRE_ENOVIRT;
	carve(set, run, start, count);
	return QUIRE_OK;
}

int32_t quire_extents_free(struct quire_extents *set, uint32_t start)
{
	int32_t status = check_live(set, start);

	if (status)
		return status;
	merge(set, start, run_end(set, start));
	set->live_runs--;
	return QUIRE_OK;
}

int32_t quire_extents_resize(struct quire_extents *set, uint32_t start, uint32_t count)
{
	int32_t status = check_live(set, start);
	uint32_t end, past;

	if (status)
		return status;
	if (!count)
		return QUIRE_EINVAL;
	end = run_end(set, start);
	past = past_free(set, end);
	if (count > past - start)
		return QUIRE_ENOVIRT;
	set->free_units += end - start - count;
	if (start + count != end)
		move_end(set, start, end, past, start + count);
	return QUIRE_OK;
}

uint32_t quire_extents_size(const struct quire_extents *set, uint32_t start)
{
	return check_live(set, start) ? 0 : run_end(set, start) - start;
}

uint32_t quire_extents_room(const struct quire_extents *set, uint32_t start)
{
	return check_live(set, start) ? 0 : past_free(set, run_end(set, start)) - start;
}

uint32_t quire_extents_owner_of(const struct quire_extents *set, uint32_t unit)
{
	uint32_t start;

	if (unit >= set->units)
		return QUIRE_NOWHERE;
	start = run_start(set, unit);
	return is_live(set, start) ? start : QUIRE_NOWHERE;
}

uint32_t quire_extents_largest(const struct quire_extents *set)
{
	return length_of_key(set, last_key(set));
}

uint32_t quire_extents_free_units(const struct quire_extents *set)
{
	return set->free_units;
}

uint32_t quire_extents_live(const struct quire_extents *set)
{
	return set->live_runs;
}

bool quire_extents_next(const struct quire_extents *set, uint32_t unit, struct quire_extent *run)
{
	if (unit >= set->units)
		return false;
	run->start = run_start(set, unit);
	run->count = run_end(set, run->start) - run->start;
	run->live = is_live(set, run->start);
	return true;
}

/* ---- the full check ------------------------------------------------------------------------- */

static const char *check_free_run(const struct quire_extents *set, uint32_t start, uint32_t end)
{
	uint32_t key = run_key(set, start, end - start);
	uint32_t first;

	if (is_live(set, start))
		return NULL;
	if (!is_live(set, end))
		return "two free runs touch";
	if (!has_bit(set->level[0], key))
		return "a free run is not filed";
	first = run_of_key(set, key);
	if (first > start || (end - start > BITS && first != start))
		return "a free run is not found from its key";
	return NULL;
}

/* Every unit of the run is found to belong to it; every word inside it has no start. */
static const char *check_inside(const struct quire_extents *set, uint32_t start, uint32_t end)
{
	for (uint32_t word = start / BITS + 1; word < (end - 1) / BITS; word++)
		if (set->starts[word])
			return "a run starts inside another";
	for (uint32_t unit = start; unit < end; unit += unit % BITS ? 1 : BITS)
		if (run_start(set, unit) != start)
			return "a unit is not found to belong to its run";
	if (run_start(set, end - 1) != start || start_of_ending(set, end) != start)
		return "a run is not found from its end";
	return NULL;
}

static const char *check_summaries(const struct quire_extents *set)
{
	uint32_t words = level_words(class_key(set, set->units) + 1);

	for (uint32_t level = 1; level < set->levels; level++) {
		for (uint32_t index = 0; index < level_words(words) * BITS; index++) {
			bool filled = index < words && set->level[level - 1][index];

			if (has_bit(set->level[level], index) != filled)
				return "a summary bit is wrong";
		}
		words = level_words(words);
	}
	return NULL;
}

/* Whether a run is there for the key, and is filed under it. */
static bool names_a_run(const struct quire_extents *set, uint32_t key)
{
	uint32_t word, start;
	quire_word runs;

	if (key > class_key(set, set->units))
		return false;
	runs = runs_of_key(set, key, &word);
	if (!runs)
		return false;
	start = word * BITS + lowest_bit(runs);
	return start < set->units && has_bit(set->starts, start) && !is_live(set, start) &&
	       run_key(set, start, run_end(set, start) - start) == key;
}

static const char *check_keys(const struct quire_extents *set)
{
	for (uint32_t key = next_key(set, 0); key != QUIRE_NOWHERE; key = next_key(set, key + 1))
		if (!names_a_run(set, key))
			return "something is filed that is no free run";
	return NULL;
}

const char *quire_extents_check(const struct quire_extents *set)
{
	uint32_t live = 0, free_units = 0;
	const char *broken;

	if (!is_live_start(set, set->units))
		return "the end of the window is not marked";
	for (uint32_t start = 0, end; start < set->units; start = end) {
		if (!has_bit(set->starts, start))
			return "a run does not start where the one before it ends";
		end = run_end(set, start);
		if (end <= start || end > set->units)
			return "a run ends outside the window";
		broken = check_free_run(set, start, end);
		if (!broken)
			broken = check_inside(set, start, end);
		if (broken)
			return broken;
		if (is_live(set, start))
			live++;
		else
			free_units += end - start;
	}
	if (live != set->live_runs || free_units != set->free_units)
		return "the counters do not agree with the runs";
	broken = check_summaries(set);
	return broken ? broken : check_keys(set);
}
