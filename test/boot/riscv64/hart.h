/* SPDX-License-Identifier: BSD-3-Clause */
/* hart: what trap.S keeps for each hart, and running on the second one. */
#ifndef QUIRE_TEST_HART_H
#define QUIRE_TEST_HART_H

#include <stdint.h>

struct hart {
	uintptr_t resume;
	uintptr_t stack;
	uintptr_t cause; /* UINTPTR_MAX: no trap */
	uintptr_t address;
	uintptr_t pc;
};

/** Let hart 1 run this function. Once. */
void hart_run_other(void (*function)(void));

/** First thing to call in that function. */
void hart_begin(void);

/** The other hart's shoot_down, for struct quire_bare_config: waits until it has answered. */
void hart_shoot_down(void *context, uintptr_t va, size_t pages);

#endif
