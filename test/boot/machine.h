/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the boot tests need of a machine, beyond what a port needs: a console, a way out, accesses that
 * may trap, and where things are. test/boot/ARCHITECTURE/ has one for each.
 */
#ifndef QUIRE_TEST_MACHINE_H
#define QUIRE_TEST_MACHINE_H

#include <stddef.h>
#include <stdint.h>

void machine_putc(char c);

/** End the emulation; 0 is success. */
_Noreturn void machine_exit(int status);

enum machine_cause {
	MACHINE_NONE, /**< no trap */
	MACHINE_READ,
	MACHINE_WRITE,
	MACHINE_EXECUTE,
	MACHINE_CALL,  /**< the user called the kernel */
	MACHINE_OTHER, /**< anything else; raw tells */
};

struct machine_trap {
	enum machine_cause cause;
	uintptr_t address; /**< that was accessed */
	uintptr_t raw;     /**< the processor's own code */
};

/** @name An access of one byte, or a call, and what came of it @{ */
struct machine_trap machine_read(const volatile void *ptr, unsigned char *value);
struct machine_trap machine_write(volatile void *ptr, unsigned char value);
struct machine_trap machine_execute(const void *ptr);
/** @} */

/** Run code in user mode until it traps. */
struct machine_trap machine_run_user(const void *code);

/** Machine code that returns, and code for the user: reads a byte at the address in its first argument
 *  register, which machine_run_user sets to `machine_user_argument`, and calls the kernel. */
extern const unsigned char machine_code_return[], machine_code_return_end[];
extern const unsigned char machine_code_user[], machine_code_user_end[];
extern uintptr_t machine_user_argument;

/** @name Numbers for struct quire_bare_config @{ */
extern const uintptr_t machine_window;
extern const uintptr_t machine_alias;
extern const uintptr_t machine_spare;
extern const uintptr_t machine_memory;
extern const uintptr_t machine_to_physical;
/** @} */

/** Whether the kernel is kept from executing the user's pages. */
extern const int machine_keeps_kernel_from_user_code;

/** Whether, by the architecture, the flush of a page leaves the tables above it in the unit. */
extern const int machine_flushes_all_for_tables;

#endif
