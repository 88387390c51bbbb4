/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64, 4 KiB granule, 39 bits: three levels of 512 entries. Source: Arm Architecture Reference Manual
 * for A-profile, "VMSAv8-64 translation table format descriptors". */
#ifndef BARE_AARCH64_FORMAT_H
#define BARE_AARCH64_FORMAT_H

typedef uint64_t bare_entry;

#define BARE_LEVELS               3u
#define BARE_BITS(level)          9u
#define BARE_SHIFT(level)         (30u - 9u * (level))
#define BARE_ABSENT               ((bare_entry)0)
#define BARE_ENFORCES             (QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER)
#define BARE_CACHE_LINE           64u
#define BARE_CACHES_ABSENT        false
#define BARE_FLUSH_REACHES_TABLES true

#define A64_VALID          ((bare_entry)1 << 0)
#define A64_TABLE_OR_PAGE  ((bare_entry)1 << 1)
#define A64_ATTRIBUTE(n)   ((bare_entry)(n) << 2) /* of MAIR_EL1; start-up sets these three: */
#define A64_CACHED         A64_ATTRIBUTE(0)
#define A64_UNCACHED       A64_ATTRIBUTE(1)
#define A64_DEVICE         A64_ATTRIBUTE(2)
#define A64_USER           ((bare_entry)1 << 6)
#define A64_READ_ONLY      ((bare_entry)1 << 7)
#define A64_SHAREABLE      ((bare_entry)3 << 8)
#define A64_ACCESSED       ((bare_entry)1 << 10)
#define A64_NO_EXEC_KERNEL ((bare_entry)1 << 53)
#define A64_NO_EXEC_USER   ((bare_entry)1 << 54)
#define A64_ADDRESS        ((((bare_entry)1 << 36) - 1) << 12)

static inline bare_entry bare_link(uintptr_t table)
{
	return table | A64_TABLE_OR_PAGE | A64_VALID;
}

/* A page is executable for the user or for the kernel, never for both. */
static inline bare_entry bare_leaf(uintptr_t frame, uint32_t prot, bool cached)
{
	bool user = prot & QUIRE_USER;
	bool exec = prot & QUIRE_EXEC;

	return bare_link(frame) | A64_SHAREABLE | A64_ACCESSED |
	       (cached ? A64_CACHED : A64_UNCACHED) | (user ? A64_USER : 0) |
	       (prot & QUIRE_WRITE ? 0 : A64_READ_ONLY) | (exec && user ? 0 : A64_NO_EXEC_USER) |
	       (exec && !user ? 0 : A64_NO_EXEC_KERNEL);
}

static inline uintptr_t bare_target(bare_entry entry)
{
	return (uintptr_t)(entry & A64_ADDRESS);
}

static inline uint32_t bare_prot(bare_entry entry)
{
	const bare_entry never = A64_NO_EXEC_USER | A64_NO_EXEC_KERNEL;

	return QUIRE_READ | (entry & A64_READ_ONLY ? 0 : QUIRE_WRITE) |
	       ((entry & never) == never ? 0 : QUIRE_EXEC) | (entry & A64_USER ? QUIRE_USER : 0);
}

static inline bare_entry bare_retire(bare_entry entry)
{
	return entry & ~A64_VALID;
}

static inline bool bare_is_page(bare_entry entry)
{
	return entry & A64_VALID;
}

/* Whether a walk from the root can lead to an address. */
static inline bool bare_reaches(uintptr_t va)
{
	return va >> 39 == 0; /* TTBR0 */
}

#endif
