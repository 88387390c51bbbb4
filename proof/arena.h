/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arena: contracts of the arithmetic of arenas in src/vregion.c, which is compiled behind this file as
 * it is. doc/proof.md says in words what they say.
 */
#ifndef QUIRE_PROOF_ARENA_H
#define QUIRE_PROOF_ARENA_H

#include "words.h"

#include "quire/vregion.h"

/*@ requires \valid(arena) && \valid(address) && \separated(arena, address);
    requires align != 0 && arena->base != 0;
    requires arena->base + arena->used <= ONES && arena->base + arena->ready <= ONES;
    assigns *address, arena->newest, arena->used, arena->allocations;
    ensures \result ==> power(align) && 0 < size;
    ensures \result ==> *address + size <= arena->base + arena->ready;
    ensures \result ==> *address % align == 0;
    ensures \result ==> arena->newest == *address - arena->base;
    ensures \result ==> arena->used == *address + size - arena->base;
    ensures !\result ==> arena->used == \old(arena->used) && arena->newest == \old(arena->newest) &&
      arena->allocations == \old(arena->allocations);
*/
static inline bool bump(struct quire_arena *arena, size_t size, size_t align, uintptr_t *address);

#endif
