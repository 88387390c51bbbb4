/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARMv7-A, short descriptors: a root of 4096 entries of 1 MiB, tables of 256 pages. The access flag and
 * TEX remap are off (start-up). Source: Arm Architecture Reference Manual ARMv7-A and ARMv7-R,
 * "Short-descriptor translation table format descriptors".
 */
#ifndef BARE_ARMV7A_FORMAT_H
#define BARE_ARMV7A_FORMAT_H

typedef uint32_t bare_entry;

#define BARE_LEVELS               2u
#define BARE_BITS(level)          ((level) ? 8u : 12u)
#define BARE_SHIFT(level)         ((level) ? 12u : 20u)
#define BARE_ABSENT               ((bare_entry)0)
#define BARE_ENFORCES             (QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER)
#define BARE_CACHE_LINE           64u
#define BARE_CACHES_ABSENT        false
#define BARE_FLUSH_REACHES_TABLES true

#define A32_TABLE      1u
#define A32_NO_EXEC    (1u << 0)
#define A32_PAGE       (1u << 1)
#define A32_CACHED     (1u << 6 | 3u << 2) /* TEX, C, B: write-back, write-allocate */
#define A32_UNCACHED   (1u << 6)
#define A32_KERNEL     (1u << 4) /* AP[0] */
#define A32_USER       (1u << 5) /* AP[1] */
#define A32_READ_ONLY  (1u << 9) /* AP[2] */
#define A32_SHAREABLE  (1u << 10)
#define A32_PAGE_MASK  (~(bare_entry)0xfff)
#define A32_TABLE_MASK (~(bare_entry)0x3ff)

static inline bare_entry bare_link(uintptr_t table)
{
	return (bare_entry)table | A32_TABLE;
}

static inline bare_entry bare_leaf(uintptr_t frame, uint32_t prot, bool cached)
{
	return (bare_entry)frame | A32_PAGE | A32_KERNEL | A32_SHAREABLE |
	       (cached ? A32_CACHED : A32_UNCACHED) | (prot & QUIRE_USER ? A32_USER : 0) |
	       (prot & QUIRE_WRITE ? 0 : A32_READ_ONLY) | (prot & QUIRE_EXEC ? 0 : A32_NO_EXEC);
}

/* The two lowest bits tell a table from a page, retired or not. */
static inline uintptr_t bare_target(bare_entry entry)
{
	return (entry & 3) == A32_TABLE ? entry & A32_TABLE_MASK : entry & A32_PAGE_MASK;
}

static inline uint32_t bare_prot(bare_entry entry)
{
	return QUIRE_READ | (entry & A32_READ_ONLY ? 0 : QUIRE_WRITE) |
	       (entry & A32_NO_EXEC ? 0 : QUIRE_EXEC) | (entry & A32_USER ? QUIRE_USER : 0);
}

static inline bare_entry bare_retire(bare_entry entry)
{
	return entry & ~(A32_PAGE | A32_NO_EXEC);
}

static inline bool bare_is_page(bare_entry entry)
{
	return entry & A32_PAGE;
}

/* Whether a walk from the root can lead to an address. */
static inline bool bare_reaches(uintptr_t va)
{
	(void)va;
	return true;
}

#endif
