/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64 at EL1. TLBI ...IS reaches all cores of the inner shareable domain; it takes place at the DSB
 * after it, and for instruction fetches of this core at the ISB. Walks are cacheable and shareable
 * (start-up sets TCR_EL1 so), so entries need a barrier but no clean.
 */
#ifndef BARE_AARCH64_CPU_H
#define BARE_AARCH64_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARE_HAS_CACHES true

static inline void bare_publish(void)
{
	__asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

/* Of all levels of the walk: a table may have gone. */
static inline void bare_flush(uintptr_t va)
{
	__asm__ volatile("tlbi vaae1is, %0" : : "r"(va >> 12 & 0xfffffffffffu) : "memory");
}

static inline void bare_flush_all(void)
{
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
}

static inline void bare_flushed(void)
{
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

/* The smallest lines of the data and of the instruction cache. */
static inline uintptr_t a64_data_line(void)
{
	uintptr_t type;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(type));
	return (uintptr_t)4 << (type >> 16 & 15);
}

static inline uintptr_t a64_code_line(void)
{
	uintptr_t type;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(type));
	return (uintptr_t)4 << (type & 15);
}

#define A64_EACH_LINE(operation, line, ptr, bytes)                                  \
	do {                                                                        \
		uintptr_t step_ = (line), at_ = (uintptr_t)(ptr) & ~(step_ - 1);    \
		for (; at_ < (uintptr_t)(ptr) + (bytes); at_ += step_)              \
			__asm__ volatile(operation ", %0" : : "r"(at_) : "memory"); \
		__asm__ volatile("dsb ish" ::: "memory");                           \
	} while (0)

static inline void bare_writeback(const void *ptr, size_t bytes)
{
	A64_EACH_LINE("dc cvac", a64_data_line(), ptr, bytes);
}

/* Cleaned as well: lines at the ends may hold somebody else's bytes. */
static inline void bare_clean(const void *ptr, size_t bytes)
{
	A64_EACH_LINE("dc civac", a64_data_line(), ptr, bytes);
}

static inline void bare_invalidate(const void *ptr, size_t bytes)
{
	A64_EACH_LINE("dc ivac", a64_data_line(), ptr, bytes);
}

static inline void bare_icache_sync(const void *ptr, size_t bytes)
{
	A64_EACH_LINE("dc cvau", a64_data_line(), ptr, bytes);
	A64_EACH_LINE("ic ivau", a64_code_line(), ptr, bytes);
	__asm__ volatile("isb" ::: "memory");
}

#endif
