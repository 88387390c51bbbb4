/* SPDX-License-Identifier: BSD-3-Clause */
/* Sv39: blocks of 2 MiB, and how translation is switched on. */
#ifndef BARE_RISCV64_UNIT_H
#define BARE_RISCV64_UNIT_H

#include "start.h"

#define BARE_BLOCK_LEVEL 1
#define BARE_BLOCK       ((uintptr_t)2 << 20)

#define SV39_MODE ((uintptr_t)8 << 60) /* in satp */

static inline bare_entry bare_block(uintptr_t address, enum bare_kind kind)
{
	return bare_leaf(address, kind == BARE_CODE ? QUIRE_RX : QUIRE_RW, true);
}

#endif
