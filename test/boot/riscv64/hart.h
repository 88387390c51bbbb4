/* SPDX-License-Identifier: BSD-3-Clause */
/* hart: running on the second one. */
#ifndef QUIRE_TEST_HART_H
#define QUIRE_TEST_HART_H

#include <stddef.h>
#include <stdint.h>

/** Let hart 1 run this function. Once. */
void hart_run_other(void (*function)(void));

/** First thing to call in that function. */
void hart_begin(void);

/** The other hart's shoot_down, for struct quire_bare_config: waits until it has answered. */
void hart_shoot_down(void *context, uintptr_t va, size_t pages);

#endif
