/* SPDX-License-Identifier: BSD-3-Clause */
/* access: see access.h. */
#include "access.h"

#include "tap.h"

uintptr_t machine_user_argument;

static struct machine_trap result(uintptr_t *value, enum access access, const volatile void *ptr,
				  uintptr_t argument)
{
	struct trap_record *record = trap_record();

	*value = trap_try(access, ptr, argument);
	return (struct machine_trap){ record->cause == UINTPTR_MAX ? MACHINE_NONE
								   : trap_meaning(record),
				      record->address, record->cause };
}

struct machine_trap machine_read(const volatile void *ptr, unsigned char *value)
{
	uintptr_t got;
	struct machine_trap trap = result(&got, ACCESS_READ, ptr, 0);

	if (trap.cause == MACHINE_NONE)
		*value = (unsigned char)got;
	return trap;
}

struct machine_trap machine_write(volatile void *ptr, unsigned char value)
{
	uintptr_t none;

	return result(&none, ACCESS_WRITE, ptr, value);
}

struct machine_trap machine_execute(const void *ptr)
{
	uintptr_t none;

	return result(&none, ACCESS_EXECUTE, ptr, 0);
}

struct machine_trap machine_run_user(const void *code)
{
	uintptr_t none;

	return result(&none, ACCESS_USER, code, machine_user_argument);
}

_Noreturn void trap_unexpected(uintptr_t cause, uintptr_t address, uintptr_t pc)
{
	tap_print("Bail out! trap %x at %x, address %x\n", cause, pc, address);
	machine_exit(2);
}
