/* SPDX-License-Identifier: BSD-3-Clause */
/* bits: the ends of a word of a bitmap, for extent and frames. The word is not zero. */
#ifndef QUIRE_BITS_H
#define QUIRE_BITS_H

#include "quire/extent.h"

static inline uint32_t lowest_bit(quire_word word)
{
#if UINTPTR_MAX > UINT32_MAX
	return (uint32_t)__builtin_ctzll(word);
#else
	return (uint32_t)__builtin_ctz(word);
#endif
}

static inline uint32_t highest_bit(quire_word word)
{
#if UINTPTR_MAX > UINT32_MAX
	return 63u - (uint32_t)__builtin_clzll(word);
#else
	return 31u - (uint32_t)__builtin_clz(word);
#endif
}

#endif
