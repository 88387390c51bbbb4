/* SPDX-License-Identifier: BSD-3-Clause */
/* boot: what the suites share. They run on the window that the firmware booted with, and leave it
 * as it was. */
#ifndef QUIRE_BOOT_H
#define QUIRE_BOOT_H

#include <zephyr/ztest.h>

#include "quire/zephyr.h"

#define PAGE ((size_t)CONFIG_MM_DRV_PAGE_SIZE)

/** Whether a suite can run: a board without the region, or with too small a one, has nothing to test. */
bool boot_has_window(const void *state);
bool boot_has_heap(const void *state);

/** Notes what the window holds. */
void boot_before(void *fixture);

/** Asserts that it holds the same, and that every invariant does. */
void boot_after(void *fixture);

/** Fill memory with a pattern, and whether it is still there. */
void boot_fill(void *ptr, size_t bytes, unsigned int seed);
bool boot_is_filled(const void *ptr, size_t bytes, unsigned int seed);

#endif
