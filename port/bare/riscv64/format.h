/* SPDX-License-Identifier: BSD-3-Clause */
/* Sv39: three levels of 512 entries of 64 bits. Source: The RISC-V Instruction Set Manual, Volume II. */
#ifndef BARE_RISCV64_FORMAT_H
#define BARE_RISCV64_FORMAT_H

typedef uint64_t bare_entry;

#define BARE_LEVELS               3u
#define BARE_BITS(level)          9u
#define BARE_SHIFT(level)         (30u - 9u * (level))
#define BARE_ABSENT               ((bare_entry)0)
#define BARE_ENFORCES             (QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER)
#define BARE_CACHE_LINE           64u
#define BARE_CACHES_ABSENT        true
#define BARE_FLUSH_REACHES_TABLES false

#define SV39_VALID    ((bare_entry)1 << 0)
#define SV39_READ     ((bare_entry)1 << 1)
#define SV39_WRITE    ((bare_entry)1 << 2)
#define SV39_EXEC     ((bare_entry)1 << 3)
#define SV39_USER     ((bare_entry)1 << 4)
#define SV39_ACCESSED ((bare_entry)1 << 6)
#define SV39_DIRTY    ((bare_entry)1 << 7)
#define SV39_ADDRESS  (((bare_entry)1 << 44) - 1)

static inline bare_entry bare_link(uintptr_t table)
{
	return (bare_entry)(table >> 12) << 10 | SV39_VALID;
}

/* Accessed and dirty from the start: nobody asks, and a unit that does not set them would trap. */
static inline bare_entry bare_leaf(uintptr_t frame, uint32_t prot, bool cached)
{
	(void)cached; /* decided by physical address, not by page */
	return bare_link(frame) | SV39_READ | SV39_ACCESSED | SV39_DIRTY |
	       (prot & QUIRE_WRITE ? SV39_WRITE : 0) | (prot & QUIRE_EXEC ? SV39_EXEC : 0) |
	       (prot & QUIRE_USER ? SV39_USER : 0);
}

static inline uintptr_t bare_target(bare_entry entry)
{
	return (uintptr_t)((entry >> 10 & SV39_ADDRESS) << 12);
}

static inline uint32_t bare_prot(bare_entry entry)
{
	return QUIRE_READ | (entry & SV39_WRITE ? QUIRE_WRITE : 0) |
	       (entry & SV39_EXEC ? QUIRE_EXEC : 0) | (entry & SV39_USER ? QUIRE_USER : 0);
}

static inline bare_entry bare_retire(bare_entry entry)
{
	return entry & ~SV39_VALID;
}

static inline bool bare_is_page(bare_entry entry)
{
	return entry & SV39_VALID;
}

/* Whether a walk from the root can lead to an address. */
static inline bool bare_reaches(uintptr_t va)
{
	return (uintptr_t)((intptr_t)(va << 25) >> 25) == va; /* bit 38 is repeated */
}

#endif
