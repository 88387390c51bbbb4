/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64: translation for this core at EL1, by TTBR0 alone. */
#include "unit.h"

#define MAIR_CACHED   0xffull        /* attribute 0: write-back, both levels */
#define MAIR_UNCACHED (0x44ull << 8) /* attribute 1; attribute 2 is 0: a device */

#define TCR_BITS_39     25ull /* T0SZ: 64 less 39 */
#define TCR_WALK_CACHED (1ull << 8 | 1ull << 10)
#define TCR_WALK_SHARED (3ull << 12)
#define TCR_NO_UPPER    (1ull << 23) /* TTBR1 is not walked */
#define TCR_PHYSICAL_40 (2ull << 32)

#define SCTLR_TRANSLATE  (1ull << 0)
#define SCTLR_CACHES     (1ull << 2 | 1ull << 12)
#define SCTLR_W_XOR_X    (1ull << 19) /* what is writable is never executed */
#define SCTLR_RESERVED_1 0x30d00800ull

void bare_unit_on(void)
{
	uint64_t mair = MAIR_CACHED | MAIR_UNCACHED;
	uint64_t tcr =
		TCR_BITS_39 | TCR_WALK_CACHED | TCR_WALK_SHARED | TCR_NO_UPPER | TCR_PHYSICAL_40;
	uint64_t sctlr = SCTLR_RESERVED_1 | SCTLR_TRANSLATE | SCTLR_CACHES | SCTLR_W_XOR_X;

	__asm__ volatile("msr mair_el1, %0\n\t"
			 "msr tcr_el1, %1\n\t"
			 "msr ttbr0_el1, %2\n\t"
			 "dsb ish\n\t"
			 "isb\n\t"
			 "tlbi vmalle1\n\t"
			 "ic iallu\n\t"
			 "dsb ish\n\t"
			 "isb\n\t"
			 "msr sctlr_el1, %3\n\t"
			 "isb"
			 :
			 : "r"(mair), "r"(tcr), "r"(bare_root), "r"(sctlr)
			 : "memory");
}
