/* SPDX-License-Identifier: BSD-3-Clause */
/* ground: a bare port and a vspace on it, made anew for each case, with all accounts checked at the end. */
#ifndef QUIRE_TEST_GROUND_H
#define QUIRE_TEST_GROUND_H

#include "quire/bare.h"
#include "quire/quire.h"

#include "tap.h"

#define GROUND_PAGES  2048u /**< of the window: 8 MiB */
#define GROUND_BANKS  4u
#define GROUND_BANK   32u /**< frames of a bank */
#define GROUND_FRAMES (GROUND_BANKS * GROUND_BANK)
#define GROUND_TABLES 16u
#define PAGE          ((size_t)QUIRE_BARE_PAGE)
#define KIB           ((size_t)1024)

struct ground {
	struct quire_bare port;
	struct quire_vspace vs;
};

extern struct ground ground;

/** All that differs from case to case; 0 has a meaning. */
struct ground_config {
	size_t retain;
	uint32_t tables; /**< of the pool; 0: all */
	bool alias;
	void (*shoot_down)(void *context, uintptr_t va, size_t pages);
};

/** What is left from a case that failed is forgotten. */
void ground_begin(const struct ground_config *config);

/** NULL, or what is still taken, or does not add up. Ends the vspace. */
const char *ground_end(void);

/** Whether the page unit would find nothing, whatever entry of whatever table of the pool it read. */
bool ground_tables_are_dead(void);

/** Frames that are free now. */
uint32_t ground_free_frames(void);

/** Storage for one heap or region. */
void *ground_storage(size_t *bytes);

#endif
