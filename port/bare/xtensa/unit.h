/* SPDX-License-Identifier: BSD-3-Clause */
/* Xtensa MMUv2: code and data of the image lie in a segment that is always mapped; there are no blocks. */
#ifndef BARE_XTENSA_UNIT_H
#define BARE_XTENSA_UNIT_H

#include "start.h"

#define BARE_BLOCK_LEVEL 0
#define BARE_BLOCK       ((uintptr_t)4 << 20)

/* Where the unit looks for entries: one page there for each entry of the root. */
#define XT_PAGE_TABLE ((uintptr_t)0xc0000000)

/* Nothing is to be mapped this way: regions are 0. */
static inline bare_entry bare_block(uintptr_t address, enum bare_kind kind)
{
	(void)address, (void)kind;
	return BARE_ABSENT;
}

#endif
