/* SPDX-License-Identifier: BSD-3-Clause */
/* machine: QEMU's sim board with a dc232b, and its simulator calls. See machine.h. */
#include "machine.h"

#include <stdbool.h>

#include "access.h"
#include "start.h"

#define MIB ((uintptr_t)1 << 20)

enum call { CALL_EXIT = 1, CALL_WRITE = 4 };
enum cause {
	CAUSE_CALL = 1,
	CAUSE_FETCH_MISSED = 16,
	CAUSE_FETCH_PRIVILEGE = 18,
	CAUSE_FETCH_PROHIBITED = 20,
	CAUSE_ACCESS_MISSED = 24,
	CAUSE_ACCESS_PRIVILEGE = 26,
	CAUSE_LOAD_PROHIBITED = 28,
	CAUSE_STORE_PROHIBITED = 29,
};

/* All of the image is in a segment that needs no map. */
const struct bare_region bare_regions[] = { { 0, 0, BARE_DATA } };
const size_t bare_region_count = 0;

const uintptr_t machine_window = 0x80000000 - 3 * MIB;
const uintptr_t machine_alias = 0x90000000 - MIB;
const uintptr_t machine_spare = 0xa0000000;
const uintptr_t machine_memory = 128 * MIB; /* behind what the segment reaches */
const uintptr_t machine_to_physical = 0x30000000;
const int machine_keeps_kernel_from_user_code = false;
const int machine_flushes_all_for_tables = false;

struct trap_record records[1];

static void simulator(uintptr_t call, uintptr_t first, const void *second, uintptr_t third)
{
	register uintptr_t a2 __asm__("a2") = call;
	register uintptr_t a3 __asm__("a3") = first;
	register const void *a4 __asm__("a4") = second;
	register uintptr_t a5 __asm__("a5") = third;

	__asm__ volatile(".byte 0x00, 0x51, 0x00" /* simcall */
			 : "+r"(a2), "+r"(a3)
			 : "r"(a4), "r"(a5)
			 : "memory");
}

void machine_putc(char c)
{
	static char line[128];
	static size_t length;

	line[length++] = c;
	if (c == '\n' || length == sizeof(line)) {
		simulator(CALL_WRITE, 1, line, length);
		length = 0;
	}
}

_Noreturn void machine_exit(int status)
{
	for (;;)
		simulator(CALL_EXIT, (uintptr_t)status, NULL, 0);
}

struct trap_record *trap_record(void)
{
	return &records[0];
}

/* Two of the causes do not tell a load from a store; the instruction does. Stores of this format have 4, 5 or
 * 6 in its second half. */
static enum machine_cause access_of_instruction(uintptr_t pc)
{
	const unsigned char *instruction = (const unsigned char *)pc;
	unsigned operation = instruction[1] >> 4;

	return operation >= 4 && operation <= 6 ? MACHINE_WRITE : MACHINE_READ;
}

enum machine_cause trap_meaning(const struct trap_record *record)
{
	switch (record->cause) {
	case CAUSE_CALL:
		return MACHINE_CALL;
	case CAUSE_FETCH_MISSED:
	case CAUSE_FETCH_PRIVILEGE:
	case CAUSE_FETCH_PROHIBITED:
		return MACHINE_EXECUTE;
	case CAUSE_ACCESS_MISSED:
	case CAUSE_ACCESS_PRIVILEGE:
		return access_of_instruction(record->pc);
	case CAUSE_LOAD_PROHIBITED:
		return MACHINE_READ;
	case CAUSE_STORE_PROHIBITED:
		return MACHINE_WRITE;
	default:
		return MACHINE_OTHER;
	}
}
