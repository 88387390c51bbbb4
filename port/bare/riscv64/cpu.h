/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RV64 without extensions for caches: harts are coherent, page-table walks included, so there is
 * nothing to do for data caches. sfence.vma orders the stores before it with the walks behind it, on
 * this hart alone: others are shot down.
 */
#ifndef BARE_RISCV64_CPU_H
#define BARE_RISCV64_CPU_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#define BARE_HAS_CACHES false

static inline void bare_publish(void)
{
	__asm__ volatile("fence w, w" ::: "memory");
}

static inline void bare_flush(uintptr_t va)
{
	__asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory");
}

static inline void bare_flush_all(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

static inline void bare_flushed(void)
{
}

static inline void bare_writeback(const void *ptr, size_t bytes)
{
	(void)ptr, (void)bytes;
}

static inline void bare_invalidate(const void *ptr, size_t bytes)
{
	(void)ptr, (void)bytes;
}

static inline void bare_clean(const void *ptr, size_t bytes)
{
	(void)ptr, (void)bytes;
}

/* Of this hart: others execute fence.i before they run new code. */
static inline void bare_icache_sync(const void *ptr, size_t bytes)
{
	(void)ptr, (void)bytes;
	__asm__ volatile("fence.i" ::: "memory");
}

#endif
