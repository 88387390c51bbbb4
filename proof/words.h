/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * words: bits, powers of two and shifts as the contracts speak of them, and what is taken as known: the
 * compiler's builtins, and that no bit of 0 is set and all bits of ~0 are. The lemmas are proved.
 */
#ifndef QUIRE_PROOF_WORDS_H
#define QUIRE_PROOF_WORDS_H

#include "quire/extent.h"

#define BITS QUIRE_WORD_BITS_
#if UINTPTR_MAX > UINT32_MAX
#define ONES 0xFFFFFFFFFFFFFFFF
#else
#define ONES 0xFFFFFFFF
#endif

/* The name is that of WP's own theory of bits, where & and | and shifts have their meaning. */
/*@ axiomatic bit {
      logic boolean bit_test(integer word, integer i);
    }
    predicate one(integer word, integer i) = bit_test(word, i);
    predicate has(quire_word *bits, integer i) = one(bits[i / BITS], i % BITS);
*/

/* ---- what is taken as known ------------------------------------------------------------------- */

/*@ requires x != 0;
    assigns \nothing;
    ensures 0 <= \result <= 31 && one(x, 31 - \result);
    ensures \forall integer i; 31 - \result < i ==> !one(x, i);
    ensures (1 << (31 - \result)) <= x < (1 << (32 - \result));
*/
int __builtin_clz(unsigned int x);

/*@ requires x != 0;
    assigns \nothing;
    ensures 0 <= \result <= 31 && one(x, \result);
    ensures \forall integer i; 0 <= i < \result ==> !one(x, i);
*/
int __builtin_ctz(unsigned int x);

/*@ requires x != 0;
    assigns \nothing;
    ensures 0 <= \result <= 63 && one(x, 63 - \result);
    ensures \forall integer i; 63 - \result < i ==> !one(x, i);
*/
int __builtin_clzll(unsigned long long x);

/*@ requires x != 0;
    assigns \nothing;
    ensures 0 <= \result <= 63 && one(x, \result);
    ensures \forall integer i; 0 <= i < \result ==> !one(x, i);
*/
int __builtin_ctzll(unsigned long long x);

#ifdef RUNS
/*@ axiomatic zero {
      axiom zero: \forall integer i; 0 <= i ==> !one(0, i);
    }
*/
#endif
#ifdef WINDOWS
/*@ axiomatic ones {
      axiom ones: \forall integer i; 0 <= i ==> (one(ONES, i) <==> i < BITS);
    }
*/
#endif
/* That C computes modulo 2^BITS, and what a mask does: proof/run has Z3 check that of every power of two. */
#ifdef POWERS
/*@ predicate power(integer p) = 0 < p && (p & (p - 1)) == 0;
    axiomatic powers {
      axiom wraps_below: \forall integer x; -ONES - 1 <= x < 0 ==> (quire_word)x == x + ONES + 1;
      axiom high_bits: \forall quire_word x, m, p; power(p) && m + p == ONES + 1 ==>
        x - p < (x & m) <= x && 0 <= (x & m) && (x & m) % p == 0;
    }
*/
#endif

/* ---- what the name of a bit means ------------------------------------------------------------- */

#ifdef NAMES
/*@ lemma one_is: \forall integer w, i; 0 <= i ==> (one(w, i) <==> (w & (1 << i)) != 0);
*/
#endif

/* ---- windows of two words: proved, and then used --------------------------------------------- */

#ifdef WINDOWS
/*@ lemma through: \forall integer k, i; 0 <= k < BITS && 0 <= i ==>
      (one(ONES, i + BITS - 1 - k) <==> i <= k) && (one(ONES >> (BITS - 1 - k), i) <==> i <= k);

    lemma same_word: \forall integer u, v; 0 <= u <= v && u % BITS + v - u < BITS ==>
      v / BITS == u / BITS && v % BITS == u % BITS + v - u;
    lemma next_word: \forall integer u, v; 0 <= u && BITS <= u % BITS + v - u < 2 * BITS ==>
      v / BITS == u / BITS + 1 && v % BITS == u % BITS + v - u - BITS;
    lemma word_before: \forall integer u, v; 0 <= v && -BITS <= u % BITS + v - u < 0 ==>
      v / BITS == u / BITS - 1 && v % BITS == u % BITS + v - u + BITS;

    lemma after_low: \forall quire_word a, b, integer low, i;
      0 <= low < BITS && 0 <= i < BITS - 1 - low ==>
      (one(((a >> low) >> 1) | (quire_word)(b << (BITS - 1 - low)), i) <==> one(a, low + 1 + i));
    lemma after_high: \forall quire_word a, b, integer low, i;
      0 <= low < BITS && BITS - 1 - low <= i < BITS ==>
      (one(((a >> low) >> 1) | (quire_word)(b << (BITS - 1 - low)), i) <==>
       one(b, low + 1 + i - BITS));
    lemma before_low: \forall quire_word a, b, integer low, i;
      0 <= low < BITS && 0 <= i < BITS - low ==>
      (one((a >> low) | (quire_word)((quire_word)(b << 1) << (BITS - 1 - low)), i) <==>
       one(a, low + i));
    lemma before_high: \forall quire_word a, b, integer low, i;
      0 <= low < BITS && BITS - low <= i < BITS ==>
      (one((a >> low) | (quire_word)((quire_word)(b << 1) << (BITS - 1 - low)), i) <==>
       one(b, low + i - BITS));

    lemma after_here{L}: \forall quire_word *bits, integer unit, i; 0 <= unit < i &&
      i / BITS == unit / BITS ==>
      (one(((bits[unit / BITS] >> (unit % BITS)) >> 1) |
           (quire_word)(bits[unit / BITS + 1] << (BITS - 1 - unit % BITS)), i - unit - 1) <==>
       has(bits, i));
    lemma after_next{L}: \forall quire_word *bits, integer unit, i; 0 <= unit < i <= unit + BITS &&
      i / BITS == unit / BITS + 1 ==>
      (one(((bits[unit / BITS] >> (unit % BITS)) >> 1) |
           (quire_word)(bits[unit / BITS + 1] << (BITS - 1 - unit % BITS)), i - unit - 1) <==>
       has(bits, i));
    lemma before_here{L}: \forall quire_word *bits, integer unit, i; 0 <= i < unit &&
      i / BITS == unit / BITS ==>
      (one((bits[unit / BITS - 1] >> (unit % BITS)) |
           (quire_word)((quire_word)(bits[unit / BITS] << 1) << (BITS - 1 - unit % BITS)),
           BITS + i - unit) <==>
       has(bits, i));
    lemma before_last{L}: \forall quire_word *bits, integer unit, i; 0 <= i < unit <= i + BITS &&
      i / BITS == unit / BITS - 1 ==>
      (one((bits[unit / BITS - 1] >> (unit % BITS)) |
           (quire_word)((quire_word)(bits[unit / BITS] << 1) << (BITS - 1 - unit % BITS)),
           BITS + i - unit) <==>
       has(bits, i));
*/
#endif

#endif
