/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent: contracts of functions of src/bits.h and src/extent.c, which is compiled behind this file as
 * it is. doc/proof.md says in words what they say.
 */
#ifndef QUIRE_PROOF_EXTENT_H
#define QUIRE_PROOF_EXTENT_H

#include "words.h"

/* ---- bits ----------------------------------------------------------------------------------- */

/*@ requires word != 0;
    assigns \nothing;
    ensures 0 <= \result < BITS && one(word, \result);
    ensures \forall integer i; 0 <= i < \result ==> !one(word, i);
*/
static inline uint32_t lowest_bit(quire_word word);

/*@ requires word != 0;
    assigns \nothing;
    ensures 0 <= \result < BITS && one(word, \result);
    ensures \forall integer i; \result < i ==> !one(word, i);
*/
static inline uint32_t highest_bit(quire_word word);

/*@ requires value != 0;
    assigns \nothing;
    ensures 0 <= \result <= 31 && (1 << \result) <= value < (1 << (\result + 1));
*/
static uint32_t log2_floor(uint32_t value);

/*@ assigns \nothing;
    ensures \result == 1 << (index % BITS);
    ensures \forall integer i; 0 <= i ==> (one(\result, i) <==> i == index % BITS);
*/
static quire_word bit(uint32_t index);

/*@ assigns \nothing;
    ensures \forall integer i; 0 <= i ==> (one(\result, i) <==> i <= index % BITS);
*/
static quire_word bits_through(uint32_t index);

/*@ requires \valid_read(bits + index / BITS);
    assigns \nothing;
    ensures \result <==> has(bits, index);
*/
static bool has_bit(const quire_word *bits, uint32_t index);

/*@ requires \valid(bits + index / BITS);
    assigns bits[index / BITS];
    ensures has(bits, index) && bits[index / BITS] != 0;
    ensures \forall integer i; 0 <= i && i != index ==> (has(bits, i) <==> \old(has(bits, i)));
*/
static void set_bit(quire_word *bits, uint32_t index);

/*@ requires \valid(bits + index / BITS);
    assigns bits[index / BITS];
    ensures !has(bits, index);
    ensures \forall integer i; 0 <= i && i != index ==> (has(bits, i) <==> \old(has(bits, i)));
*/
static void clear_bit(quire_word *bits, uint32_t index);

/* ---- runs ----------------------------------------------------------------------------------- */

/*@ predicate bitmaps(struct quire_extents *s) =
      \valid_read(s) && 1 <= s->units <= QUIRE_EXTENTS_MAX_UNITS &&
      \valid_read(s->starts + (-1 .. s->units / BITS + 1)) &&
      \valid_read(s->live + (0 .. s->units / BITS + 1)) &&
      has(s->starts, 0) && has(s->starts, s->units);

    predicate none(struct quire_extents *s, integer from, integer to) =
      \forall integer i; from <= i < to ==> !has(s->starts, i);

    predicate next(struct quire_extents *s, integer start, integer end) =
      start < end <= s->units && has(s->starts, end) && none(s, start + 1, end);

    predicate prior(struct quire_extents *s, integer end, integer start) =
      0 <= start < end && has(s->starts, start) && none(s, start + 1, end);

    predicate end_noted(struct quire_extents *s, integer start) =
      \let word = start / BITS + 1;
      none(s, start + 1, start + BITS + 1) && s->starts[word] == 0 &&
        !one(s->starts[word + 1], 0) ==> next(s, start, s->live[word]);
*/

/*@ requires \valid_read(here + (0 .. 1)) && low < BITS;
    assigns \nothing;
    ensures \result == (((here[0] >> low) >> 1) |
                        (quire_word)(here[1] << (uint32_t)(BITS - 1 - low)));
*/
static quire_word starts_from(const quire_word *here, uint32_t low);

/*@ requires \valid_read(set);
    requires \valid_read(set->starts + (unit / BITS .. unit / BITS + 1));
    requires unit < QUIRE_EXTENTS_MAX_UNITS;
    assigns \nothing;
    ensures \forall integer i; unit < i <= unit + BITS ==>
      (has(set->starts, i) <==> one(\result, i - unit - 1));
*/
static quire_word starts_after(const struct quire_extents *set, uint32_t unit);

/*@ requires \valid_read(set);
    requires \valid_read(set->starts + (unit / BITS - 1 .. unit / BITS));
    assigns \nothing;
    ensures \forall integer i; 0 <= i < unit <= i + BITS ==>
      (has(set->starts, i) <==> one(\result, BITS + i - unit));
*/
static quire_word starts_before(const struct quire_extents *set, uint32_t unit);

/*@ requires bitmaps(set) && start < set->units && none(set, start + 1, start + BITS + 1);
    requires end_noted(set, start);
    assigns \nothing;
    ensures start < \result <= set->units;
    ensures has(set->starts, \result);
    ensures none(set, start + 1, \result);
*/
static uint32_t far_end(const struct quire_extents *set, uint32_t start);

/*@ requires bitmaps(set) && start < set->units;
    requires end_noted(set, start);
    assigns \nothing;
    ensures start < \result <= set->units;
    ensures has(set->starts, \result);
    ensures none(set, start + 1, \result);
*/
static uint32_t run_end(const struct quire_extents *set, uint32_t start);

#endif
