/* SPDX-License-Identifier: BSD-3-Clause */
/* ARMv7-A: sections of 1 MiB. */
#ifndef BARE_ARMV7A_UNIT_H
#define BARE_ARMV7A_UNIT_H

#include "start.h"

#define BARE_BLOCK_LEVEL 0
#define BARE_BLOCK       ((uintptr_t)1 << 20)

#define SECTION           2u
#define SECTION_NO_EXEC   (1u << 4)
#define SECTION_KERNEL    (1u << 10)
#define SECTION_CACHED    (1u << 12 | 3u << 2)
#define SECTION_DEVICE    (1u << 2)
#define SECTION_READ_ONLY (1u << 15)
#define SECTION_SHAREABLE (1u << 16)

static inline bare_entry bare_block(uintptr_t address, enum bare_kind kind)
{
	return (bare_entry)address | SECTION | SECTION_KERNEL | SECTION_SHAREABLE |
	       (kind == BARE_DEVICE ? SECTION_DEVICE : SECTION_CACHED) |
	       (kind == BARE_CODE ? SECTION_READ_ONLY : SECTION_NO_EXEC);
}

#endif
