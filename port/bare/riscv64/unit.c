/* SPDX-License-Identifier: BSD-3-Clause */
/* Sv39: translation for this hart. */
#include "unit.h"

void bare_unit_on(void)
{
	uintptr_t satp = SV39_MODE | (uintptr_t)bare_root >> 12;

	__asm__ volatile("sfence.vma zero, zero\n\t"
			 "csrw satp, %0\n\t"
			 "sfence.vma zero, zero"
			 :
			 : "r"(satp)
			 : "memory");
}
