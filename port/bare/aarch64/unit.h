/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64: blocks of 2 MiB. */
#ifndef BARE_AARCH64_UNIT_H
#define BARE_AARCH64_UNIT_H

#include "start.h"

#define BARE_BLOCK_LEVEL 1
#define BARE_BLOCK       ((uintptr_t)2 << 20)

/* As a page, but for the bit that tells a block, and the kind of memory. */
static inline bare_entry bare_block(uintptr_t address, enum bare_kind kind)
{
	bare_entry entry = bare_leaf(address, kind == BARE_CODE ? QUIRE_RX : QUIRE_RW, true);

	return (entry & ~A64_TABLE_OR_PAGE) | (kind == BARE_DEVICE ? A64_DEVICE : 0);
}

#endif
