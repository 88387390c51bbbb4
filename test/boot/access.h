/* SPDX-License-Identifier: BSD-3-Clause */
/* access: accesses that may trap, between the common code (access.c) and that of a machine. */
#ifndef QUIRE_TEST_ACCESS_H
#define QUIRE_TEST_ACCESS_H

#include <stdint.h>

#include "machine.h"

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE, ACCESS_USER };

/* One for each core. trap.S knows it: while resume is not 0, a trap fills in the rest, clears resume and
 * goes on there. */
struct trap_record {
	uintptr_t resume;
	uintptr_t stack;
	uintptr_t cause; /* UINTPTR_MAX: no trap */
	uintptr_t address;
	uintptr_t pc;
};

/* In trap.S: make the access, with this core's record. Returns the byte that was read. */
uintptr_t trap_try(enum access access, const volatile void *ptr, uintptr_t value);

/* Called from trap.S for a trap that nobody waits for. */
_Noreturn void trap_unexpected(uintptr_t cause, uintptr_t address, uintptr_t pc);

/* From the machine: this core's record, and what the cause in it means. */
struct trap_record *trap_record(void);
enum machine_cause trap_meaning(const struct trap_record *record);

#endif
