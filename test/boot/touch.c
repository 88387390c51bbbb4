/* SPDX-License-Identifier: BSD-3-Clause */
/* touch: see touch.h. */
#include "touch.h"

#include "tap.h"

bool traps(enum machine_cause cause, void *ptr)
{
	unsigned char value;
	struct machine_trap trap = cause == MACHINE_READ    ? machine_read(ptr, &value)
				   : cause == MACHINE_WRITE ? machine_write(ptr, 1)
							    : machine_execute(ptr);

	if (trap.cause == cause && trap.address == (uintptr_t)ptr)
		return true;
	tap_print("# access %d at %x: trap %d at %x, code %x\n", (int)cause, (uintptr_t)ptr,
		  (int)trap.cause, trap.address, trap.raw);
	return false;
}

bool is_readable(void *ptr)
{
	unsigned char value;

	return machine_read(ptr, &value).cause == MACHINE_NONE;
}

bool is_writable(void *ptr)
{
	unsigned char value;

	return machine_read(ptr, &value).cause == MACHINE_NONE &&
	       machine_write(ptr, value).cause == MACHINE_NONE;
}
