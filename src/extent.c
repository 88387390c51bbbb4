/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent: runs of units, held entirely in bitmaps out of band. The ground floor: it includes nothing
 * of Quire but its own header and bits.h, and every layer that hands something out draws from a set
 * like this.
 *
 * 1. Boundaries. S has a bit per unit, set where a run, free or live, starts. E has a bit per unit,
 *    set at the first and at the last unit of every free run. So the end of a run is the next bit of
 *    S; whether the run that ends before a unit, or starts at it, is free is one bit of E; and a unit
 *    starts a live run exactly if S is set and E is not. S and E are interleaved word by word. A bit
 *    of S at unit n ends the last run.
 * 2. Long runs. A word is *inside* a run if the run starts in a lower word and ends in a higher one.
 *    Its S is zero; its E means nothing as bits and holds a number instead. In the first word inside
 *    it is the length of the run. In some others it is the start of the run: in the last one, in the
 *    one that a lookup from the run's class will hit (5.), and in each first multiple of 2, 4, 8 ...
 *    words. Any other word inside may hold anything. A start read from such a word is believed only
 *    if a run does start there and does reach here, so a stale number can do no harm; and as the
 *    multiples form a ladder, some rung of it is met by clearing the low bits of any word's number
 *    one by one: a start is found in log2(words) looks, usually in one.
 * 3. Classes. A free run of L units is filed by L + 1, whose highest bit is its octave o. Octaves up to
 *    `exact_octaves` have a class for each length, those above have 8 classes. Free runs never touch,
 *    so two of them with length + 1 >= 2^o start at least 2^o units apart: in one block of 2^o
 *    aligned units there starts at most one of them, and a class needs one bit per block.
 * 4. One ordered set. All (class, block) pairs in ascending order are the keys of one bitset with a
 *    summary bit per word, a summary of the summary, and so on up to one word. "The first set key at
 *    or above this one" is then best fit among classes and lowest address within the class; the last
 *    set key is the longest class there is.
 * 5. Back from key to run. Up to one word per block the run's start is the highest bit of S and E in
 *    the block. In larger blocks the run holds the block's last unit or, if it is 2^o - 1 units long
 *    and starts with the block, the last but one: its start is found from there (2.).
 *
 * Bound: a search looks up at most four keys, an aligned one 16 more before it gives up; a change files or unfiles at most three runs; each is
 * two bit operations per level, of which there are at most six, plus the ladder of 2.
 *
 * Source: address-ordered bitmap fit with segregated classes is folklore; the block argument of 3 and
 * the numbers inside long runs are Quire's own.
 */
#include <string.h>

#include "bits.h"
#include "quire/extent.h"
#include "quire/status.h"

#define BITS            QUIRE_WORD_BITS_
#define CLASSES_LOG2    3u /* of an octave above the exact ones */
#define COMPACT_OCTAVES 5u
#define ALIGNED_LOOKS   16u /* at runs that have the length but not for sure the alignment */

_Static_assert(sizeof(quire_word) == 4 || sizeof(quire_word) == 8, "a word is 32 or 64 bits");
_Static_assert(QUIRE_EXTENTS_EXACT_UNITS + 2 == 2u << COMPACT_OCTAVES, "as the header promises");
_Static_assert((QUIRE_EXTENTS_MAX_UNITS >> QUIRE_EXTENTS_OCTAVES) == 0,
	       "an octave for each length");

/* ---- bits ----------------------------------------------------------------------------------- */

static uint32_t log2_floor(uint32_t value)
{
	return 31u - (uint32_t)__builtin_clz(value);
}

static uint32_t divide_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

static bool power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
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

static quire_word *starts(const struct quire_extents *set, uint32_t word)
{
	return &set->bounds[2 * (size_t)word];
}

static quire_word *ends(const struct quire_extents *set, uint32_t word)
{
	return &set->bounds[2 * (size_t)word + 1];
}

static bool is_start(const struct quire_extents *set, uint32_t unit)
{
	return *starts(set, unit / BITS) & bit(unit);
}

/* Only for the first or the last unit of a run: elsewhere E may be a number. */
static bool is_free_end(const struct quire_extents *set, uint32_t unit)
{
	return *ends(set, unit / BITS) & bit(unit);
}

static bool is_live_start(const struct quire_extents *set, uint32_t unit)
{
	return is_start(set, unit) && !is_free_end(set, unit);
}

static bool is_free_start(const struct quire_extents *set, uint32_t unit)
{
	return is_start(set, unit) && is_free_end(set, unit);
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* One past the last unit of the run that starts here. */
static uint32_t run_end(const struct quire_extents *set, uint32_t start)
{
	uint32_t word = start / BITS;
	quire_word later = *starts(set, word) & ~bits_through(start);

	if (later)
		return word * BITS + lowest_bit(later);
	word++;
	if (*starts(set, word))
		return word * BITS + lowest_bit(*starts(set, word));
	if (*starts(set, word + 1) & 1)
		return (word + 1) * BITS;
	return start + (uint32_t)*ends(set, word);
}

/* Whether the number in a word inside some run is the start of a run that holds `unit`. */
static bool start_holds(const struct quire_extents *set, quire_word start, uint32_t unit)
{
	return start <= unit && is_start(set, (uint32_t)start) &&
	       run_end(set, (uint32_t)start) > unit;
}

/* The start of a run from a word deep inside it: down the ladder of its landmarks. */
static uint32_t start_from_inside(const struct quire_extents *set, uint32_t word, uint32_t unit)
{
	for (;;) {
		quire_word before = *starts(set, word - 1);
		quire_word start =
			before ? (word - 1) * BITS + highest_bit(before) : *ends(set, word);

		if (start_holds(set, start, unit))
			return (uint32_t)start;
		word &= word - 1;
	}
}

/* The start of the run, live or free, that holds the unit. */
static uint32_t run_start(const struct quire_extents *set, uint32_t unit)
{
	uint32_t word = unit / BITS;
	quire_word here = *starts(set, word) & bits_through(unit);

	if (here)
		return word * BITS + highest_bit(here);
	here = *starts(set, --word);
	if (here)
		return word * BITS + highest_bit(here);
	return start_from_inside(set, word, unit);
}

/* Words inside the run [start, end) begin after its first word and end before its last. */
static uint32_t first_inside(uint32_t start)
{
	return start / BITS + 1;
}

static uint32_t past_inside(uint32_t end)
{
	return (end - 1) / BITS;
}

/* Leave the numbers of a long run: its length, and its start along the ladder. */
static void write_landmarks(struct quire_extents *set, uint32_t start, uint32_t end)
{
	uint32_t first = first_inside(start);
	uint32_t past = past_inside(end);

	if (first >= past)
		return;
	*ends(set, past - 1) = start;
	for (uint32_t word = first; word < past; word += word & (0u - word))
		*ends(set, word) = start;
	*ends(set, first) = end - start;
}

/* A word that becomes a boundary of the run [start, end) was perhaps inside it: forget its number. */
static void forget_number(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t unit)
{
	uint32_t word = unit / BITS;

	if (word >= first_inside(start) && word < past_inside(end))
		*ends(set, word) = 0;
}

/* Cut the run [start, end) in two before `unit`. The two halves are then still to be marked. */
static void cut(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t unit)
{
	forget_number(set, start, end, unit - 1);
	forget_number(set, start, end, unit);
	*starts(set, unit / BITS) |= bit(unit);
}

static void mark_live(struct quire_extents *set, uint32_t start, uint32_t end)
{
	write_landmarks(set, start, end);
}

static void mark_free(struct quire_extents *set, uint32_t start, uint32_t end)
{
	*ends(set, start / BITS) |= bit(start);
	*ends(set, (end - 1) / BITS) |= bit(end - 1);
	write_landmarks(set, start, end);
}

static void unmark_free(struct quire_extents *set, uint32_t start, uint32_t end)
{
	*ends(set, start / BITS) &= ~bit(start);
	*ends(set, (end - 1) / BITS) &= ~bit(end - 1);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static uint32_t octave_of(uint32_t count)
{
	return log2_floor(count + 1);
}

/* How many low bits of length + 1 the classes of an octave do not tell apart. */
static uint32_t class_shift(const struct quire_extents *set, uint32_t octave)
{
	return octave <= set->exact_octaves ? 0 : octave - CLASSES_LOG2;
}

static uint32_t blocks_of(const struct quire_extents *set, uint32_t octave)
{
	return ((set->units - 1) >> octave) + 1;
}

static uint32_t classes_of(const struct quire_extents *set, uint32_t octave)
{
	uint32_t shift = class_shift(set, octave);
	uint32_t all = 1u << (octave - shift);
	uint32_t used = ((set->units + 1 - (1u << octave)) >> shift) + 1;

	return used < all ? used : all;
}

/* The key of block 0 in the class of this length. */
static uint32_t class_key(const struct quire_extents *set, uint32_t count)
{
	uint32_t octave = octave_of(count);
	uint32_t class = (count + 1 - (1u << octave)) >> class_shift(set, octave);

	return set->first_key[octave] + class * blocks_of(set, octave);
}

/* The first key of which every run has at least this length. */
static uint32_t sure_key(const struct quire_extents *set, uint32_t count)
{
	uint32_t shift = class_shift(set, octave_of(count));

	return class_key(set, count + (1u << shift) - 1);
}

static uint32_t run_key(const struct quire_extents *set, uint32_t start, uint32_t count)
{
	return class_key(set, count) + (start >> octave_of(count));
}

/* The last unit of the block that holds `unit`, or of the window. */
static uint32_t last_of_block(const struct quire_extents *set, uint32_t unit, uint32_t octave)
{
	uint32_t last = unit | ((1u << octave) - 1);

	return last < set->units ? last : set->units - 1;
}

/* The start of the run that is filed under this key; `octave` is at most the key's own. */
static uint32_t run_of_key(const struct quire_extents *set, uint32_t key, uint32_t octave)
{
	while (key >= set->first_key[octave + 1])
		octave++;
	uint32_t block = (key - set->first_key[octave]) % blocks_of(set, octave);
	uint32_t unit = block << octave;

	if (1u << octave > BITS) {
		uint32_t last = last_of_block(set, unit, octave);
		uint32_t start = run_start(set, last);

		return is_free_start(set, start) ? start : run_start(set, last - 1);
	}
	quire_word in_block = bits_through((1u << octave) - 1) << (unit % BITS);
	quire_word here = *starts(set, unit / BITS) & *ends(set, unit / BITS) & in_block;

	return unit / BITS * BITS + highest_bit(here);
}

/* Leave the start where a lookup from the run's key will first look for it. */
static void write_lookup(struct quire_extents *set, uint32_t start, uint32_t count)
{
	uint32_t octave = octave_of(count);

	if (1u << octave <= BITS)
		return;
	uint32_t word = last_of_block(set, start, octave) / BITS - 1;

	if (word > first_inside(start) && word < past_inside(start + count))
		*ends(set, word) = start;
}

/* ---- the ordered set of free runs ----------------------------------------------------------- */

static void set_key(struct quire_extents *set, uint32_t key)
{
	for (uint32_t level = 0; level < set->levels; level++) {
		set->level[level][key / BITS] |= bit(key);
		key /= BITS;
	}
}

static void clear_key(struct quire_extents *set, uint32_t key)
{
	quire_word emptied = 1;

	for (uint32_t level = 0; level < set->levels; level++) {
		quire_word *word = &set->level[level][key / BITS];

		*word &= ~(emptied << (key % BITS));
		emptied = *word == 0;
		key /= BITS;
	}
}

static bool has_key(const struct quire_extents *set, uint32_t key)
{
	return set->level[0][key / BITS] & bit(key);
}

/* From a summary word known to be non-empty below `level`, down to the lowest key. */
static uint32_t descend_lowest(const struct quire_extents *set, uint32_t level, uint32_t index)
{
	while (level--)
		index = index * BITS + lowest_bit(set->level[level][index]);
	return index;
}

/* The first set key at or above this one, or QUIRE_NOWHERE. */
static uint32_t next_key(const struct quire_extents *set, uint32_t key)
{
	uint32_t keys = set->first_key[set->octaves + 1];

	for (uint32_t level = 0; level < set->levels && key < keys; level++) {
		quire_word rest = set->level[level][key / BITS] & ~(bit(key) - 1);

		if (rest)
			return descend_lowest(set, level, key / BITS * BITS + lowest_bit(rest));
		key = key / BITS + 1;
		keys = divide_up(keys, BITS);
	}
	return QUIRE_NOWHERE;
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

static void file_run(struct quire_extents *set, uint32_t start, uint32_t end)
{
	mark_free(set, start, end);
	write_lookup(set, start, end - start);
	set_key(set, run_key(set, start, end - start));
}

static void unfile_run(struct quire_extents *set, uint32_t start, uint32_t end)
{
	unmark_free(set, start, end);
	clear_key(set, run_key(set, start, end - start));
}

/* ---- searching ------------------------------------------------------------------------------ */

struct found {
	uint32_t start; /* of the free run, QUIRE_NOWHERE if none */
	uint32_t end;
	uint32_t at; /* where in it the units will be taken */
};

static uint32_t align_up(uint32_t unit, const struct quire_extent_wish *wish)
{
	uint32_t mask = wish->align - 1;

	return unit + ((0u - unit - wish->phase) & mask);
}

static struct found look(const struct quire_extents *set, const struct quire_extent_wish *wish,
			 uint32_t key, uint32_t octave)
{
	struct found found = { .start = QUIRE_NOWHERE };

	if (key == QUIRE_NOWHERE)
		return found;
	found.start = run_of_key(set, key, octave);
	found.end = run_end(set, found.start);
	found.at = align_up(found.start, wish);
	return found;
}

static uint32_t room_in(struct found found)
{
	return found.start != QUIRE_NOWHERE && found.at < found.end ? found.end - found.at : 0;
}

/* Runs that are long enough, but perhaps only in the wrong place: a bounded number of them. */
static struct found search_misaligned(const struct quire_extents *set,
				      const struct quire_extent_wish *wish, uint32_t count)
{
	struct found found = { .start = QUIRE_NOWHERE };
	uint32_t key = class_key(set, count);

	for (uint32_t looks = 0; looks < ALIGNED_LOOKS; looks++) {
		key = next_key(set, key);
		found = look(set, wish, key, octave_of(count));
		if (room_in(found) >= count || found.start == QUIRE_NOWHERE)
			return found;
		key++;
	}
	found.start = QUIRE_NOWHERE;
	return found;
}

/*
 * A run with room for `count` aligned units. First the best fit, which may be misaligned or, in a
 * class of several lengths, too short; then the best of those that are sure to do; then the
 * longest class, which has none that are sure to do but is what quire_extents_largest speaks of; last
 * a few of those that may happen to be aligned.
 */
static struct found search(const struct quire_extents *set, const struct quire_extent_wish *wish,
			   uint32_t count)
{
	struct found found = { .start = QUIRE_NOWHERE };

	if (count > set->free_units)
		return found;
	found = look(set, wish, next_key(set, class_key(set, count)), octave_of(count));
	if (room_in(found) >= count || found.start == QUIRE_NOWHERE)
		return found;
	if (wish->align - 1 <= set->units - count) {
		uint32_t sure = count + wish->align - 1;

		found = look(set, wish, next_key(set, sure_key(set, sure)), octave_of(sure));
		if (room_in(found) >= count)
			return found;
	}
	found = look(set, wish, last_key(set), octave_of(count));
	if (room_in(found) >= count)
		return found;
	if (wish->align > 1)
		return search_misaligned(set, wish, count);
	found.start = QUIRE_NOWHERE;
	return found;
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

/* The preferred count if a run has it, else as much of the longest run as the steps allow. */
static struct found search_range(const struct quire_extents *set,
				 const struct quire_extent_wish *wish, uint32_t *granted)
{
	uint32_t preferred = clip(wish, wish->preferred);
	struct found found = search(set, wish, preferred);

	*granted = preferred;
	if (found.start != QUIRE_NOWHERE || wish->min == preferred)
		return found;
	found = look(set, wish, last_key(set), 1);
	*granted = clip(wish, room_in(found));
	if (*granted || found.start == QUIRE_NOWHERE)
		return found;
	*granted = wish->min;
	return search(set, wish, wish->min);
}

static bool sensible(const struct quire_extents *set, struct quire_extent_wish *wish)
{
	if (!wish->align)
		wish->align = 1;
	if (wish->preferred > set->units)
		wish->preferred = wish->preferred == wish->min ? 0 : set->units;
	return wish->min && wish->min <= wish->preferred && power_of_two(wish->align) &&
	       wish->phase < wish->align;
}

/* ---- taking and giving back ----------------------------------------------------------------- */

/* Make [at, at + count) of the free run [start, end) live and file what is left on either side. */
static void carve(struct quire_extents *set, struct found run, uint32_t count)
{
	uint32_t end = run.at + count;

	unfile_run(set, run.start, run.end);
	if (run.at > run.start)
		cut(set, run.start, run.end, run.at);
	if (end < run.end)
		cut(set, run.start, run.end, end);
	if (run.at > run.start)
		file_run(set, run.start, run.at);
	if (end < run.end)
		file_run(set, end, run.end);
	mark_live(set, run.at, end);
	set->free_units -= count;
}

/* Take [start, end), which is marked as nobody's, into a free run together with its free neighbours. */
static void merge(struct quire_extents *set, uint32_t start, uint32_t end)
{
	if (end < set->units && is_free_end(set, end)) {
		uint32_t next_end = run_end(set, end);

		unfile_run(set, end, next_end);
		*starts(set, end / BITS) &= ~bit(end);
		end = next_end;
	}
	if (start && is_free_end(set, start - 1)) {
		uint32_t previous = run_start(set, start - 1);

		unfile_run(set, previous, start);
		*starts(set, start / BITS) &= ~bit(start);
		start = previous;
	}
	file_run(set, start, end);
}

static int32_t check_live(const struct quire_extents *set, uint32_t start)
{
	if (start >= set->units)
		return QUIRE_EFOREIGN;
	return is_live_start(set, start) ? QUIRE_OK : QUIRE_EFREE;
}

static void grow(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t new_end)
{
	uint32_t free_end = run_end(set, end);

	unfile_run(set, end, free_end);
	if (new_end < free_end) {
		cut(set, end, free_end, new_end);
		file_run(set, new_end, free_end);
	}
	*starts(set, end / BITS) &= ~bit(end);
	mark_live(set, start, new_end);
	set->free_units -= new_end - end;
}

static void shrink(struct quire_extents *set, uint32_t start, uint32_t end, uint32_t new_end)
{
	cut(set, start, end, new_end);
	mark_live(set, start, new_end);
	merge(set, new_end, end);
	set->free_units += end - new_end;
}

/* ---- storage -------------------------------------------------------------------------------- */

static uint32_t bound_words(uint32_t units)
{
	return 2 * divide_up(units + 1, BITS);
}

static uint32_t octave_words(const struct quire_extents *set)
{
	return divide_up((set->octaves + 2u) * (uint32_t)sizeof(*set->first_key),
			 (uint32_t)sizeof(quire_word));
}

/* What follows from the number of units and the precision alone. */
static void set_geometry(struct quire_extents *set, uint32_t units,
			 enum quire_extents_precision precision)
{
	memset(set, 0, sizeof(*set));
	set->units = units;
	set->free_units = units;
	set->octaves = (uint8_t)octave_of(units);
	set->exact_octaves = precision == QUIRE_EXACT ? QUIRE_EXTENTS_OCTAVES : COMPACT_OCTAVES;
}

/* How many keys there are below an octave. */
static uint32_t keys_below(const struct quire_extents *set, uint32_t octave)
{
	uint32_t keys = 0;

	while (--octave)
		keys += classes_of(set, octave) * blocks_of(set, octave);
	return keys;
}

size_t quire_extents_storage(uint32_t units, enum quire_extents_precision precision)
{
	struct quire_extents set;
	uint32_t words, total;

	if (!units || units > QUIRE_EXTENTS_MAX_UNITS)
		return 0;
	set_geometry(&set, units, precision);
	total = bound_words(units) + octave_words(&set);
	words = keys_below(&set, set.octaves + 1u);
	do {
		words = divide_up(words, BITS);
		total += words;
	} while (words > 1);
	return (size_t)total * sizeof(quire_word);
}

int32_t quire_extents_init(struct quire_extents *set, uint32_t units,
			   enum quire_extents_precision precision, void *storage, size_t bytes)
{
	size_t needed = quire_extents_storage(units, precision);
	quire_word *next;
	uint32_t words;

	if (!set || !storage || !needed || (uintptr_t)storage % sizeof(quire_word) ||
	    bytes < needed)
		return QUIRE_EINVAL;
	memset(storage, 0, needed);
	set_geometry(set, units, precision);
	set->bounds = storage;
	set->first_key = (uint32_t *)(set->bounds + bound_words(units));
	for (uint32_t octave = 1; octave <= set->octaves + 1u; octave++)
		set->first_key[octave] = keys_below(set, octave);
	next = set->bounds + bound_words(units) + octave_words(set);
	words = set->first_key[set->octaves + 1];
	do {
		words = divide_up(words, BITS);
		set->level[set->levels++] = next;
		next += words;
	} while (words > 1);
	*starts(set, 0) |= 1;
	*starts(set, units / BITS) |= bit(units);
	file_run(set, 0, units);
	return QUIRE_OK;
}

/* ---- public --------------------------------------------------------------------------------- */

uint32_t quire_extents_would_take(const struct quire_extents *set,
				  const struct quire_extent_wish *wish, uint32_t *granted)
{
	struct quire_extent_wish checked = *wish;
	uint32_t count = 0;
	struct found found = { .start = QUIRE_NOWHERE };

	if (sensible(set, &checked))
		found = search_range(set, &checked, &count);
	if (granted)
		*granted = found.start == QUIRE_NOWHERE ? 0 : count;
	return found.start == QUIRE_NOWHERE ? QUIRE_NOWHERE : found.at;
}

uint32_t quire_extents_take(struct quire_extents *set, const struct quire_extent_wish *wish,
			    uint32_t *granted)
{
	struct quire_extent_wish checked = *wish;
	uint32_t count = 0;
	struct found found = { .start = QUIRE_NOWHERE };

	if (sensible(set, &checked))
		found = search_range(set, &checked, &count);
	if (found.start == QUIRE_NOWHERE) {
		if (granted)
			*granted = 0;
		return QUIRE_NOWHERE;
	}
	carve(set, found, count);
	set->live++;
	if (granted)
		*granted = count;
	return found.at;
}

uint32_t quire_extents_alloc(struct quire_extents *set, uint32_t count, uint32_t align)
{
	struct quire_extent_wish wish = { .min = count, .preferred = count, .align = align };

	return quire_extents_take(set, &wish, NULL);
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
	struct found run;

	if (!count || start >= set->units || count > set->units - start)
		return QUIRE_EINVAL;
	run.start = run_start(set, start);
	run.end = run_end(set, run.start);
	run.at = start;
	if (!is_free_start(set, run.start) || run.end - start < count)
		return QUIRE_ENOVIRT;
	carve(set, run, count);
	set->live++;
	return QUIRE_OK;
}

int32_t quire_extents_free(struct quire_extents *set, uint32_t start)
{
	int32_t status = check_live(set, start);
	uint32_t end;

	if (status)
		return status;
	end = run_end(set, start);
	merge(set, start, end);
	set->free_units += end - start;
	set->live--;
	return QUIRE_OK;
}

int32_t quire_extents_resize(struct quire_extents *set, uint32_t start, uint32_t count)
{
	int32_t status = check_live(set, start);
	uint32_t end;

	if (status)
		return status;
	if (!count)
		return QUIRE_EINVAL;
	if (count > quire_extents_room(set, start))
		return QUIRE_ENOVIRT;
	end = run_end(set, start);
	if (start + count > end)
		grow(set, start, end, start + count);
	else if (start + count < end)
		shrink(set, start, end, start + count);
	return QUIRE_OK;
}

uint32_t quire_extents_size(const struct quire_extents *set, uint32_t start)
{
	return check_live(set, start) ? 0 : run_end(set, start) - start;
}

uint32_t quire_extents_room(const struct quire_extents *set, uint32_t start)
{
	uint32_t end;

	if (check_live(set, start))
		return 0;
	end = run_end(set, start);
	if (end < set->units && is_free_end(set, end))
		end = run_end(set, end);
	return end - start;
}

uint32_t quire_extents_owner_of(const struct quire_extents *set, uint32_t unit)
{
	uint32_t start;

	if (unit >= set->units)
		return QUIRE_NOWHERE;
	start = run_start(set, unit);
	return is_live_start(set, start) ? start : QUIRE_NOWHERE;
}

uint32_t quire_extents_largest(const struct quire_extents *set)
{
	uint32_t key = last_key(set);
	uint32_t start;

	if (key == QUIRE_NOWHERE)
		return 0;
	start = run_of_key(set, key, 1);
	return run_end(set, start) - start;
}

uint32_t quire_extents_free_units(const struct quire_extents *set)
{
	return set->free_units;
}

uint32_t quire_extents_live(const struct quire_extents *set)
{
	return set->live;
}

bool quire_extents_next(const struct quire_extents *set, uint32_t unit, struct quire_extent *run)
{
	if (unit >= set->units)
		return false;
	run->start = run_start(set, unit);
	run->count = run_end(set, run->start) - run->start;
	run->live = is_live_start(set, run->start);
	return true;
}

/* ---- the full check ------------------------------------------------------------------------- */

static const char *check_free_run(const struct quire_extents *set, uint32_t start, uint32_t end)
{
	uint32_t key = run_key(set, start, end - start);

	if (!is_free_end(set, end - 1))
		return "a free run does not say so at its last unit";
	if (start && is_free_end(set, start - 1))
		return "two free runs touch";
	if (!has_key(set, key))
		return "a free run is not filed";
	if (run_of_key(set, key, 1) != start)
		return "a free run is not found from its key";
	return NULL;
}

static const char *check_live_run(const struct quire_extents *set, uint32_t start, uint32_t end)
{
	return is_free_end(set, end - 1) && end - start > 1 ? "a live run ends as a free one"
							    : NULL;
}

/* Every unit of the run is found to belong to it; every word inside it has no start. */
static const char *check_inside(const struct quire_extents *set, uint32_t start, uint32_t end)
{
	for (uint32_t word = first_inside(start); word < past_inside(end); word++)
		if (*starts(set, word))
			return "a run starts inside another";
	for (uint32_t unit = start; unit < end; unit += unit % BITS ? 1 : BITS)
		if (run_start(set, unit) != start)
			return "a unit is not found to belong to its run";
	return run_start(set, end - 1) == start ? NULL : "the last unit is not found in its run";
}

static const char *check_summaries(const struct quire_extents *set)
{
	uint32_t words = divide_up(set->first_key[set->octaves + 1], BITS);

	for (uint32_t level = 1; level < set->levels; level++) {
		for (uint32_t index = 0; index < words; index++) {
			bool summary = set->level[level][index / BITS] & bit(index);

			if (summary != (set->level[level - 1][index] != 0))
				return "a summary bit is wrong";
		}
		words = divide_up(words, BITS);
	}
	return NULL;
}

static uint32_t count_set_keys(const struct quire_extents *set)
{
	uint32_t count = 0;

	for (uint32_t key = next_key(set, 0); key != QUIRE_NOWHERE; key = next_key(set, key + 1))
		count++;
	return count;
}

const char *quire_extents_check(const struct quire_extents *set)
{
	uint32_t live = 0, free_runs = 0, free_units = 0;
	const char *broken;

	if (!is_live_start(set, set->units))
		return "the end of the window is not marked";
	for (uint32_t start = 0, end; start < set->units; start = end) {
		if (!is_start(set, start))
			return "a run does not start where the one before it ends";
		end = run_end(set, start);
		if (end <= start || end > set->units)
			return "a run ends outside the window";
		broken = is_free_start(set, start) ? check_free_run(set, start, end)
						   : check_live_run(set, start, end);
		if (!broken)
			broken = check_inside(set, start, end);
		if (broken)
			return broken;
		if (is_free_start(set, start)) {
			free_runs++;
			free_units += end - start;
		} else {
			live++;
		}
	}
	if (live != set->live || free_units != set->free_units)
		return "the counters do not agree with the runs";
	if (count_set_keys(set) != free_runs)
		return "something is filed that is no free run";
	return check_summaries(set);
}
