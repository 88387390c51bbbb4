/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bits: the ends of a word of a bitmap, which is not zero; and whether the library is built for size.
 *
 * Builds for size (-Os, -Oz) leave out what is there for speed alone: a second, straight way beside a
 * general one that does the same.
 */
#ifndef QUIRE_BITS_H
#define QUIRE_BITS_H

#include "quire/extent.h"

#ifdef __OPTIMIZE_SIZE__
#define FOR_SIZE true
#else
#define FOR_SIZE false
#endif

/* A function that builds for size keep apart: many call it, or its stack is not for all who pass by. */
#ifdef __OPTIMIZE_SIZE__
#define APART static __attribute__((noinline))
#else
#define APART static
#endif

/* A function of a header, of which builds for size have one copy, in the file that defines
 * ONE_COPY. Only clang is told: gcc knows by itself where a copy is shorter than a call. */
#if defined(__clang__) && defined(__OPTIMIZE_SIZE__) && defined(ONE_COPY)
#define SHARED extern inline
#elif defined(__clang__) && defined(__OPTIMIZE_SIZE__)
#define SHARED inline __attribute__((noinline))
#else
#define SHARED static inline
#endif

/* clang counts zeros in a row of instructions where the processor has none for it. */
#if defined(__clang__) && defined(__OPTIMIZE_SIZE__) && defined(__riscv) && !defined(__riscv_zbb)
#define COUNTING static inline __attribute__((noinline))
#else
#define COUNTING static inline
#endif

COUNTING uint32_t lowest_bit(quire_word word)
{
#if UINTPTR_MAX > UINT32_MAX
	return (uint32_t)__builtin_ctzll(word);
#else
	return (uint32_t)__builtin_ctz(word);
#endif
}

COUNTING uint32_t highest_bit(quire_word word)
{
#if UINTPTR_MAX > UINT32_MAX
	return 63u - (uint32_t)__builtin_clzll(word);
#else
	return 31u - (uint32_t)__builtin_clz(word);
#endif
}

#endif
