/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file extent.h
 * Runs of units in [0, n): the one allocation engine of Quire.
 *
 * A unit is whatever the caller says: a page, a block of a bundle, a cache line. The engine hands out
 * runs of adjacent units, takes them back, merges what is free, and never looks at the memory that
 * the units stand for: all its records are in storage that the caller gives, whose size is known at
 * compile time and does not depend on how many runs are live.
 *
 * **Placement** is best fit among length classes and lowest address within a class. EXACT makes a
 * class of every length: an unaligned request fails only if no run is long enough. COMPACT has a
 * class for every length up to QUIRE_EXTENTS_EXACT_UNITS and eight per octave above, and costs less
 * storage: a request for more than that succeeds whenever some free run is at least 9/8 of it (and
 * often otherwise), and always when it asks for no more than quire_extents_largest.
 * An aligned request succeeds whenever some free run is long enough for count + align - 1 units (9/8
 * of that in a COMPACT set above the exact lengths), and whenever one of the 16 shortest runs of at
 * least `count` units has them at an aligned place.
 *
 * **Cost.** Each call is O(log n) in the number of units, whatever is live and whatever went before,
 * except quire_extents_init, which clears the storage, and quire_extents_check, which walks everything.
 * Exact figures: doc/bounds.md. No call needs stack in proportion to n.
 *
 * **Storage** per unit, on 64-bit machines: COMPACT 3.4 bits, EXACT log2(n) - 2 bits; on 32-bit ones a
 * bit more. Rows are powers of two, so a window a little above one costs up to 1.3 bits more in a
 * COMPACT set, and up to twice as much in an EXACT one. Storage must be aligned as a uintptr_t and
 * belongs to the set until the caller stops using it; there is nothing to tear down.
 *
 * **Not promised.** No locking: the caller serialises. Which of several equal runs is taken. The
 * algorithm is described in src/extent.c and, at length, in doc/design.md.
 *
 * Example: 256 units, three of them wanted at a multiple of four.
 * @code
 *	static _Alignas(uintptr_t) unsigned char storage[QUIRE_EXTENTS_STORAGE(256)];
 *	struct quire_extents set;
 *
 *	quire_extents_init(&set, 256, QUIRE_COMPACT, storage, sizeof(storage));
 *	uint32_t start = quire_extents_alloc(&set, 3, 4);
 *	...
 *	quire_extents_free(&set, start);
 * @endcode
 */
#ifndef QUIRE_EXTENT_H
#define QUIRE_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** "No unit": what a search answers when it finds nothing. */
#define QUIRE_NOWHERE UINT32_MAX

/** The most units a set can have. */
#define QUIRE_EXTENTS_MAX_UNITS ((uint32_t)1 << 24)

/** Up to this length a COMPACT set has a class for every length. */
#define QUIRE_EXTENTS_EXACT_UNITS 64u

enum quire_extents_precision {
	QUIRE_COMPACT, /**< for many small units: cache lines, small blocks */
	QUIRE_EXACT,   /**< for few large units: pages */
};

/** How far quire_extents_take_low looks, in units and in free runs. */
#define QUIRE_EXTENTS_LOW_UNITS 1024u
#define QUIRE_EXTENTS_LOW_RUNS  8u

/** One word of a bitmap. */
typedef uintptr_t quire_word;

/** The most levels that an ordered bitset of free runs can have, and the most octaves of length. */
#define QUIRE_EXTENTS_LEVELS  6
#define QUIRE_EXTENTS_OCTAVES 25

/** A set of runs. All members are private; the struct is public so that it can be embedded. */
struct quire_extents {
	quire_word *starts;                      /* where runs start */
	quire_word *live;                        /* where live runs start */
	quire_word *level[QUIRE_EXTENTS_LEVELS]; /* filed free runs and their summaries */
	uint32_t units;
	uint32_t free_units;
	uint32_t live_runs;
	uint32_t keys; /* of a compact set, one past the last */
	uint32_t row;  /* keys of each short class, a power of two */
	uint8_t row_log2;
	uint8_t span; /* log2 of the keys of all short classes */
	uint8_t levels;
	uint8_t exact_octaves; /* up to this one, each length has a class of its own */
};

/** One run, as iteration tells it. */
struct quire_extent {
	uint32_t start;
	uint32_t count;
	bool live; /**< false: free */
};

/** A search with every wish; see quire_extents_take. */
struct quire_extent_wish {
	uint32_t min;       /**< least units that will do, at least 1 */
	uint32_t preferred; /**< units wanted, at least min */
	uint32_t step;      /**< granted counts are min + k * step; 0 or 1: any */
	uint32_t align;     /**< power of two in units; 0 or 1: any */
	uint32_t phase;     /**< (start + phase) is a multiple of align; below align */
};

/** @name Storage, in bytes, as constant expressions of the number of units
 * @{
 */
#define QUIRE_EXTENTS_STORAGE(n)       QUIRE_EXTENTS_BYTES_(n, QUIRE_EXTENTS_COMPACT_KEYS_(n))
#define QUIRE_EXTENTS_STORAGE_EXACT(n) QUIRE_EXTENTS_BYTES_(n, QUIRE_EXTENTS_EXACT_KEYS_(n))
/** @} */

/**
 * Bytes of storage that a set needs, at run time: exact, and never more than the macros say.
 * 0 for an impossible number of units.
 */
size_t quire_extents_storage(uint32_t units, enum quire_extents_precision precision);

/**
 * Make a set of `units` free units.
 * @param units    1 ... QUIRE_EXTENTS_MAX_UNITS
 * @param storage  aligned as a uintptr_t; its contents do not matter
 * @param bytes    of the storage, at least quire_extents_storage(units, precision)
 * @return QUIRE_OK, or QUIRE_EINVAL if any argument is outside these bounds
 */
int32_t quire_extents_init(struct quire_extents *set, uint32_t units,
			   enum quire_extents_precision precision, void *storage, size_t bytes);

/**
 * Take `count` adjacent units whose start is a multiple of `align` (a power of two; 0 or 1: any).
 * @return the first unit, or QUIRE_NOWHERE: also for a count of 0 or an align that is no power of two
 */
uint32_t quire_extents_alloc(struct quire_extents *set, uint32_t count, uint32_t align);

/**
 * Take exactly the units [start, start + count).
 * @return QUIRE_OK; QUIRE_ENOVIRT if one of them is live; QUIRE_EINVAL if the range is empty or
 *         outside the window
 */
int32_t quire_extents_alloc_at(struct quire_extents *set, uint32_t start, uint32_t count);

/**
 * Take at least `min` and at best `preferred` units, min + k * step, in one search.
 * @param granted  how many were taken; 0 if none
 * @return the first unit, or QUIRE_NOWHERE
 */
uint32_t quire_extents_alloc_range(struct quire_extents *set, uint32_t min, uint32_t preferred,
				   uint32_t step, uint32_t align, uint32_t *granted);

/** The general form: as alloc_range, with a phase. granted may be NULL. */
uint32_t quire_extents_take(struct quire_extents *set, const struct quire_extent_wish *wish,
			    uint32_t *granted);

/**
 * First fit in a bounded stretch: take wish->min units of the lowest free run that starts in the next
 * QUIRE_EXTENTS_LOW_UNITS units, from the word that holds *from on, and has them at an aligned place.
 * At most QUIRE_EXTENTS_LOW_RUNS free runs are looked at, and the run that ends the window is left
 * alone.
 * @param from  any unit; moves to the word where it was found, or past what was looked at. A caller
 *              that keeps it, and sets it back to what is freed below it, seldom looks at many runs.
 * @return the first unit, or QUIRE_NOWHERE: there may still be room elsewhere
 */
uint32_t quire_extents_take_low(struct quire_extents *set, const struct quire_extent_wish *wish,
				uint32_t *from);

/** What quire_extents_take would answer now. Changes nothing. */
uint32_t quire_extents_would_take(const struct quire_extents *set,
				  const struct quire_extent_wish *wish, uint32_t *granted);

/**
 * Give a run back. It must be named by its first unit.
 * @return QUIRE_OK; QUIRE_EFREE if no live run starts there (nothing changes); QUIRE_EFOREIGN if
 *         the unit is outside the window
 */
int32_t quire_extents_free(struct quire_extents *set, uint32_t start);

/**
 * Make a live run longer or shorter in place: growing takes from the free run behind it.
 * @return QUIRE_OK; QUIRE_ENOVIRT if there is no room; QUIRE_EINVAL for a count of 0; QUIRE_EFREE or
 *         QUIRE_EFOREIGN as for free. Nothing changes unless QUIRE_OK.
 */
int32_t quire_extents_resize(struct quire_extents *set, uint32_t start, uint32_t count);

/** Units of the live run that starts there; 0 if none does. */
uint32_t quire_extents_size(const struct quire_extents *set, uint32_t start);

/** The most units to which that live run could be resized now; 0 if none starts there. */
uint32_t quire_extents_room(const struct quire_extents *set, uint32_t start);

/** First unit of the live run that holds this unit, or QUIRE_NOWHERE if it is free or outside. */
uint32_t quire_extents_owner_of(const struct quire_extents *set, uint32_t unit);

/**
 * The longest count that an unaligned alloc is sure to be given now. EXACT: the longest free run.
 * COMPACT: the longest, or one that is shorter by less than an eighth of it.
 */
uint32_t quire_extents_largest(const struct quire_extents *set);

/** How many units are free, and how many runs are live. */
uint32_t quire_extents_free_units(const struct quire_extents *set);
uint32_t quire_extents_live(const struct quire_extents *set);

/**
 * Iteration in address order: the run, live or free, that holds `unit`. Begin with unit 0 and go on
 * with run->start + run->count; the set may change in between.
 * @return false if the unit is outside the window
 */
bool quire_extents_next(const struct quire_extents *set, uint32_t unit, struct quire_extent *run);

/**
 * Walk everything and verify every invariant that src/extent.c states. For tests and for a system
 * that suspects its memory. O(storage).
 * @return NULL if all is well, else which invariant is broken, in words
 */
const char *quire_extents_check(const struct quire_extents *set);

/* How the storage macros count: bounds that are easy to read rather than tight to the last bit. Keys
 * are the bits for each class and place that a free run can be filed under (src/extent.c). The mask of
 * the span changes nothing for a possible window; it tells analysers that no shift is too far. */
#define QUIRE_WORD_BITS_   (8u * (uint32_t)sizeof(quire_word))
#define QUIRE_LOG2_4_(x)   ((x) >= 8u ? 3u : (x) >= 4u ? 2u : (x) >= 2u ? 1u : 0u)
#define QUIRE_LOG2_8_(x)   ((x) >= 16u ? 4u + QUIRE_LOG2_4_((x) >> 4) : QUIRE_LOG2_4_(x))
#define QUIRE_LOG2_16_(x)  ((x) >= 256u ? 8u + QUIRE_LOG2_8_((x) >> 8) : QUIRE_LOG2_8_(x))
#define QUIRE_LOG2_(x)     ((x) >= 65536u ? 16u + QUIRE_LOG2_16_((x) >> 16) : QUIRE_LOG2_16_(x))
#define QUIRE_ROW_BITS_(n) ((uint32_t)(n) > QUIRE_WORD_BITS_ ? (uint32_t)(n) : QUIRE_WORD_BITS_)
#define QUIRE_SPAN_(n)     ((QUIRE_LOG2_(QUIRE_ROW_BITS_(n) - 1u) + 1u) & 31u)
#define QUIRE_EXTENTS_COMPACT_KEYS_(n) \
	(((7u - QUIRE_LOG2_(QUIRE_WORD_BITS_)) << QUIRE_SPAN_(n)) + (1u << QUIRE_SPAN_(n) >> 2))
#define QUIRE_EXTENTS_EXACT_KEYS_(n) \
	((QUIRE_SPAN_(n) - QUIRE_LOG2_(QUIRE_WORD_BITS_) + 1u) << QUIRE_SPAN_(n))
#define QUIRE_DIVIDE_UP_(a, b) (((a) + (b)-1u) / (b))
#define QUIRE_EXTENTS_KEY_WORDS_(words) \
	((words) + ((words)-1u) / (QUIRE_WORD_BITS_ - 1u) + QUIRE_EXTENTS_LEVELS + 1u)
#define QUIRE_EXTENTS_BYTES_(n, keys)                                                 \
	((size_t)sizeof(quire_word) * (2u * ((uint32_t)(n) / QUIRE_WORD_BITS_ + 2u) + \
				       QUIRE_EXTENTS_KEY_WORDS_((keys) / QUIRE_WORD_BITS_)))

#ifdef __cplusplus
}
#endif

#endif
