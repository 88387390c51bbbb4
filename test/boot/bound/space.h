/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A vspace for what lies above it to be counted on. Its driver is a set of empty functions, locks
 * included: what mapping takes on a machine is the driver's share and comes on top. Its window is addresses only:
 * nothing is behind them, and an access would trap.
 */
#ifndef QUIRE_TEST_BOUND_SPACE_H
#define QUIRE_TEST_BOUND_SPACE_H

#include "quire/vpage.h"

#define PAGE          ((size_t)4096)
#define SPACE_BUDGETS 7u

extern struct quire_vspace space;

/** What the driver says is in use of its first bank, which has so many pages. */
#define SPACE_BANK 32u
extern size_t space_in_use;

/** The window's first byte. */
#define SPACE_BASE ((uintptr_t)1 << 36)

/** A window of so many pages, of which a quarter may be retained, and twice as many physical pages. */
void space_begin(uint32_t pages);

/** The same at an address of the caller's. */
void space_begin_at(uintptr_t base, uint32_t pages);

/** Where making it is counted; NULL: nowhere. */
extern struct bound_row *space_init_row;

/** NULL, or what is broken or still taken. */
const char *space_end(void);

#endif
