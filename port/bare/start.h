/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start: from reset to main, for images without anything else below them. start.S of each folder gets the
 * processor ready (stack, cleared data, traps to machine_trap), then bare_start maps what the machine
 * says, one to one, and switches the page unit on. What is not listed is not mapped: above all not the
 * memory that the port's frames lie in, so that there is one way to reach it.
 */
#ifndef BARE_START_H
#define BARE_START_H

#include "format.h"

enum bare_kind {
	BARE_CODE, /**< and constants: read, execute */
	BARE_DATA, /**< read, write */
	BARE_DEVICE,
};

struct bare_region {
	uintptr_t start; /**< a multiple of BARE_BLOCK */
	size_t blocks;
	enum bare_kind kind;
};

/** From the machine. */
extern const struct bare_region bare_regions[];
extern const size_t bare_region_count;

/** The root table, for struct quire_bare_config. */
extern bare_entry bare_root[];

/** Called by start.S before main. */
void bare_start(void);

/** Switch the page unit on for this core, with bare_root: by bare_start on the first one. */
void bare_unit_on(void);

#endif
