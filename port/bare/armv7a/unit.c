/* SPDX-License-Identifier: BSD-3-Clause */
/* ARMv7-A: translation for this core, by TTBR0 alone. */
#include "unit.h"

#define TTBR_WALK_CACHED (1u << 6 | 1u << 3) /* write-back, write-allocate, both levels */
#define TTBR_WALK_SHARED (1u << 1)
#define DOMAIN_0_CHECKED 1u /* permissions are looked at */

#define SCTLR_TRANSLATE (1u << 0)
#define SCTLR_ALIGNMENT (1u << 1)
#define SCTLR_CACHES    (1u << 2 | 1u << 11 | 1u << 12)
#define SCTLR_W_XOR_X   (1u << 19) /* what is writable is never executed */
#define SCTLR_REMAP     (1u << 28)
#define SCTLR_ACCESSED  (1u << 29)

void bare_unit_on(void)
{
	uintptr_t control;

	A32_CP15("c2, c0, 2", 0); /* TTBCR: TTBR0 for all addresses */
	A32_CP15("c2, c0, 0", (uintptr_t)bare_root | TTBR_WALK_CACHED | TTBR_WALK_SHARED);
	A32_CP15("c3, c0, 0", DOMAIN_0_CHECKED);
	A32_CP15("c8, c7, 0", 0); /* TLBIALL */
	A32_CP15("c7, c5, 0", 0); /* ICIALLU */
	A32_CP15("c7, c5, 6", 0); /* BPIALL */
	__asm__ volatile("dsb\n\tisb" ::: "memory");
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(control));
	control &= ~(SCTLR_ALIGNMENT | SCTLR_REMAP | SCTLR_ACCESSED);
	control |= SCTLR_TRANSLATE | SCTLR_CACHES | SCTLR_W_XOR_X;
	A32_CP15("c1, c0, 0", control);
	__asm__ volatile("isb" ::: "memory");
}
