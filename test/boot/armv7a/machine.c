/* SPDX-License-Identifier: BSD-3-Clause */
/* machine: QEMU's virt board with a Cortex-A15, 32 MiB of memory and semihosting. See machine.h. */
#include "machine.h"

#include <stdbool.h>

#include "access.h"
#include "start.h"

#define MIB       ((uintptr_t)1 << 20)
#define MEMORY    ((uintptr_t)0x40000000)
#define UART      ((volatile uint32_t *)0x09000000)
#define UART_FLAG 6 /* of words */
#define UART_FULL (1u << 5)

#define SEMIHOSTING_EXIT 0x20u /* the one that takes a status */
#define STOPPED_BY_EXIT  0x20026u

#define VECTOR(cause) ((cause) >> 16)
#define VECTOR_CALL   2u
#define VECTOR_FETCH  3u
#define VECTOR_DATA   4u
#define IS_WRITE      (1u << 11)
#define STATUS(cause) (((cause) >> 6 & 16) | ((cause)&15))
#define TRANSLATION   5u /* of a section; 7 of a page */
#define PERMISSION    13u

/* The image is in the third and fifth MiB; see image.ld. Frames begin at 16 MiB and are mapped nowhere. */
const struct bare_region bare_regions[] = {
	{ MEMORY + 2 * MIB, 1, BARE_CODE },
	{ MEMORY + 4 * MIB, 1, BARE_DATA },
	{ 0x09000000, 1, BARE_DEVICE },
};
const size_t bare_region_count = sizeof(bare_regions) / sizeof(bare_regions[0]);

const uintptr_t machine_window = 0x80000000 - 3 * MIB;
const uintptr_t machine_alias = 0x90000000 - MIB;
const uintptr_t machine_spare = 0xa0000000;
const uintptr_t machine_memory = MEMORY + 16 * MIB;
const uintptr_t machine_to_physical = 0;
const int machine_keeps_kernel_from_user_code = false;
const int machine_flushes_all_for_tables = false;

struct trap_record records[1];

void machine_putc(char c)
{
	while (UART[UART_FLAG] & UART_FULL)
		;
	UART[0] = (unsigned char)c;
}

_Noreturn void machine_exit(int status)
{
	const uint32_t block[2] = { STOPPED_BY_EXIT, (uint32_t)status };
	register uint32_t operation __asm__("r0") = SEMIHOSTING_EXIT;
	register const void *argument __asm__("r1") = block;

	for (;;)
		__asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory", "lr");
}

struct trap_record *trap_record(void)
{
	return &records[0];
}

enum machine_cause trap_meaning(const struct trap_record *record)
{
	uintptr_t cause = record->cause;
	bool known = (STATUS(cause) & ~2u) == TRANSLATION || (STATUS(cause) & ~2u) == PERMISSION;

	if (VECTOR(cause) == VECTOR_CALL)
		return MACHINE_CALL;
	if (known && VECTOR(cause) == VECTOR_FETCH)
		return MACHINE_EXECUTE;
	if (known && VECTOR(cause) == VECTOR_DATA)
		return cause & IS_WRITE ? MACHINE_WRITE : MACHINE_READ;
	return MACHINE_OTHER;
}
