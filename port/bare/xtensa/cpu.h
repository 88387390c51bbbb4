/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xtensa MMUv2. The autorefill ways 0-3 have four entries each, chosen by address; way 7 of the data side
 * holds the page of the page table that was needed last. All are of this core alone. The assembler may be
 * one for a core without these instructions, so they are given as numbers.
 */
#ifndef BARE_XTENSA_CPU_H
#define BARE_XTENSA_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARE_HAS_CACHES true

#define XT_REFILL_WAYS 4u
#define XT_TABLE_WAY   7u
#define XT_CACHE_LINE  32u

static inline void bare_publish(void)
{
	__asm__ volatile("memw" ::: "memory");
}

/* idtlb a2 and iitlb a2: the entry that an address and a way choose. */
static inline void xt_invalidate(uintptr_t entry, bool code)
{
	register uintptr_t which __asm__("a2") = entry;

	if (code)
		__asm__ volatile(".byte 0x00, 0x42, 0x50" : : "r"(which) : "memory");
	__asm__ volatile(".byte 0x00, 0xc2, 0x50" : : "r"(which) : "memory");
}

static inline void bare_flush(uintptr_t va)
{
	va &= ~(uintptr_t)0xfff;
	for (uintptr_t way = 0; way < XT_REFILL_WAYS; way++)
		xt_invalidate(va | way, true);
	xt_invalidate(XT_TABLE_WAY, false);
}

static inline void bare_flush_all(void)
{
	for (uintptr_t page = 0; page < 4; page++)
		bare_flush(page << 12);
}

static inline void bare_flushed(void)
{
	__asm__ volatile("dsync\n\tisync" ::: "memory");
}

/* dhwb, dhwbi, dhi and ihi a2, 0: one line. */
#define XT_EACH_LINE(operation, ptr, bytes)                                                       \
	do {                                                                                      \
		register uintptr_t at_ __asm__("a2") =                                            \
			(uintptr_t)(ptr) & ~(uintptr_t)(XT_CACHE_LINE - 1);                       \
		uintptr_t past_ = (uintptr_t)(ptr) + (bytes);                                     \
		for (; at_ < past_; at_ += XT_CACHE_LINE)                                         \
			__asm__ volatile(".byte " operation ", 0x72, 0" : : "r"(at_) : "memory"); \
		__asm__ volatile("memw\n\tdsync" ::: "memory");                                   \
	} while (0)

static inline void bare_writeback(const void *ptr, size_t bytes)
{
	XT_EACH_LINE("0x42", ptr, bytes);
}

static inline void bare_clean(const void *ptr, size_t bytes)
{
	XT_EACH_LINE("0x52", ptr, bytes);
}

static inline void bare_invalidate(const void *ptr, size_t bytes)
{
	XT_EACH_LINE("0x62", ptr, bytes);
}

static inline void bare_icache_sync(const void *ptr, size_t bytes)
{
	XT_EACH_LINE("0x42", ptr, bytes);
	XT_EACH_LINE("0xe2", ptr, bytes);
	__asm__ volatile("isync" ::: "memory");
}

#endif
