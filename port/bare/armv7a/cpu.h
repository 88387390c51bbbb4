/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARMv7-A with the multiprocessing extensions, at PL1. Maintenance by address with ...IS reaches all
 * cores of the inner shareable domain; walks are cacheable and shareable (start-up sets TTBR0 so).
 */
#ifndef BARE_ARMV7A_CPU_H
#define BARE_ARMV7A_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARE_HAS_CACHES true

/* A write to the register of system control that `where` names. */
#define A32_CP15(where, value) \
	__asm__ volatile("mcr p15, 0, %0, " where : : "r"((uintptr_t)(value)) : "memory")

static inline void bare_publish(void)
{
	__asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

static inline void bare_flush(uintptr_t va)
{
	A32_CP15("c8, c3, 3", va & ~(uintptr_t)0xfff); /* TLBIMVAAIS */
}

/* Predictions are by virtual address, so they go too. */
static inline void bare_flush_all(void)
{
	A32_CP15("c8, c3, 0", 0); /* TLBIALLIS */
}

static inline void bare_flushed(void)
{
	A32_CP15("c7, c1, 6", 0); /* BPIALLIS */
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

static inline uintptr_t a32_cache_type(void)
{
	uintptr_t type;

	__asm__ volatile("mrc p15, 0, %0, c0, c0, 1" : "=r"(type));
	return type;
}

#define A32_EACH_LINE(where, log2_words, ptr, bytes)                   \
	do {                                                           \
		uintptr_t step_ = (uintptr_t)4 << (log2_words);        \
		uintptr_t at_ = (uintptr_t)(ptr) & ~(step_ - 1);       \
		for (; at_ < (uintptr_t)(ptr) + (bytes); at_ += step_) \
			A32_CP15(where, at_);                          \
		__asm__ volatile("dsb ish" ::: "memory");              \
	} while (0)

static inline void bare_writeback(const void *ptr, size_t bytes)
{
	A32_EACH_LINE("c7, c10, 1", a32_cache_type() >> 16 & 15, ptr, bytes); /* DCCMVAC */
}

static inline void bare_clean(const void *ptr, size_t bytes)
{
	A32_EACH_LINE("c7, c14, 1", a32_cache_type() >> 16 & 15, ptr, bytes); /* DCCIMVAC */
}

static inline void bare_invalidate(const void *ptr, size_t bytes)
{
	A32_EACH_LINE("c7, c6, 1", a32_cache_type() >> 16 & 15, ptr, bytes); /* DCIMVAC */
}

static inline void bare_icache_sync(const void *ptr, size_t bytes)
{
	A32_EACH_LINE("c7, c11, 1", a32_cache_type() >> 16 & 15, ptr, bytes); /* DCCMVAU */
	A32_EACH_LINE("c7, c5, 1", a32_cache_type() & 15, ptr, bytes);        /* ICIMVAU */
	bare_flushed();
}

#endif
