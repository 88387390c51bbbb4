/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xtensa MMUv2. The unit refills its autorefill ways from a linear array of 32-bit entries at PTEVADDR,
 * in virtual memory. The pages of that array are the tables here; which there are is told by a directory
 * of 1024 entries, the root, that only software reads: the handler of second-level misses (miss.S).
 * Source: Xtensa Instruction Set Architecture Reference Manual, "MMU Option".
 */
#ifndef BARE_XTENSA_FORMAT_H
#define BARE_XTENSA_FORMAT_H

typedef uint32_t bare_entry;

#define BARE_LEVELS               2u
#define BARE_BITS(level)          10u
#define BARE_SHIFT(level)         ((level) ? 12u : 22u)
#define BARE_ABSENT               ((bare_entry)0xc) /* the attribute that allows nothing */
#define BARE_ENFORCES             (QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER)
#define BARE_CACHE_LINE           32u
#define BARE_CACHES_ABSENT        true
#define BARE_FLUSH_REACHES_TABLES true /* the page of the table leaves way 7 with each flush */

#define XT_EXEC      1u
#define XT_WRITE     2u
#define XT_CACHED    4u /* write-back */
#define XT_INVALID   0xcu
#define XT_ATTRIBUTE 0xfu
#define XT_USER      (1u << 4) /* ring 1 */
#define XT_OURS      (1u << 6) /* for software: tells a retired entry from an absent one */
#define XT_ADDRESS   (~(bare_entry)0xfff)

static inline bare_entry bare_leaf(uintptr_t frame, uint32_t prot, bool cached)
{
	return (bare_entry)frame | XT_OURS | (cached ? XT_CACHED : 0) |
	       (prot & QUIRE_USER ? XT_USER : 0) | (prot & QUIRE_WRITE ? XT_WRITE : 0) |
	       (prot & QUIRE_EXEC ? XT_EXEC : 0);
}

/* As a page, because the handler puts it into the unit as it is. */
static inline bare_entry bare_link(uintptr_t table)
{
	return bare_leaf(table, QUIRE_RW, true);
}

static inline uintptr_t bare_target(bare_entry entry)
{
	return entry & XT_ADDRESS;
}

static inline uint32_t bare_prot(bare_entry entry)
{
	return QUIRE_READ | (entry & XT_WRITE ? QUIRE_WRITE : 0) |
	       (entry & XT_EXEC ? QUIRE_EXEC : 0) | (entry & XT_USER ? QUIRE_USER : 0);
}

static inline bare_entry bare_retire(bare_entry entry)
{
	return (entry & ~(bare_entry)XT_ATTRIBUTE) | XT_INVALID;
}

static inline bool bare_is_page(bare_entry entry)
{
	return (entry & XT_INVALID) != XT_INVALID;
}

/* Whether a walk from the root can lead to an address. */
static inline bool bare_reaches(uintptr_t va)
{
	(void)va;
	return true;
}

#endif
