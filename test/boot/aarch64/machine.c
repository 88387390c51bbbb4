/* SPDX-License-Identifier: BSD-3-Clause */
/* machine: QEMU's virt board with a Cortex-A53, 32 MiB of memory and semihosting. See machine.h. */
#include "machine.h"

#include <stdbool.h>

#include "access.h"
#include "start.h"

#define MIB       ((uintptr_t)1 << 20)
#define MEMORY    ((uintptr_t)0x40000000)
#define UART      ((volatile uint32_t *)0x09000000)
#define UART_FLAG 6 /* of words */
#define UART_FULL (1u << 5)

#define SEMIHOSTING_EXIT 0x18u
#define STOPPED_BY_EXIT  0x20026u

#define CLASS(syndrome) ((syndrome) >> 26)
#define CLASS_CALL      0x15u
#define CLASS_FETCH     0x20u /* and one more: from the kernel */
#define CLASS_DATA      0x24u /* the same */
#define IS_WRITE        (1u << 6)
#define FAULT(syndrome) ((syndrome) >> 2 & 15)
#define TRANSLATION     1u
#define PERMISSION      3u

/* The image is in the second and third block of 2 MiB; see image.ld. Frames begin at 16 MiB and are
 * mapped nowhere. */
const struct bare_region bare_regions[] = {
	{ MEMORY + 2 * MIB, 1, BARE_CODE },
	{ MEMORY + 4 * MIB, 1, BARE_DATA },
	{ 0x09000000, 1, BARE_DEVICE },
};
const size_t bare_region_count = sizeof(bare_regions) / sizeof(bare_regions[0]);

/* The windows lie across boundaries of tables of both levels. */
const uintptr_t machine_window = 0x1400000000 - 3 * MIB;
const uintptr_t machine_alias = 0x1800000000 - 1 * MIB;
const uintptr_t machine_spare = 0x1c00000000;
const uintptr_t machine_memory = MEMORY + 16 * MIB;
const uintptr_t machine_to_physical = 0;
const int machine_keeps_kernel_from_user_code = true;
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
	const uint64_t block[2] = { STOPPED_BY_EXIT, (uint64_t)status };
	register uint64_t operation __asm__("x0") = SEMIHOSTING_EXIT;
	register const void *argument __asm__("x1") = block;

	for (;;)
		__asm__ volatile("hlt 0xf000" : "+r"(operation) : "r"(argument) : "memory");
}

struct trap_record *trap_record(void)
{
	return &records[0];
}

enum machine_cause trap_meaning(const struct trap_record *record)
{
	uintptr_t cause = record->cause;
	bool known = FAULT(cause) == TRANSLATION || FAULT(cause) == PERMISSION;

	if (CLASS(cause) == CLASS_CALL)
		return MACHINE_CALL;
	if (known && CLASS(cause) >> 1 == CLASS_FETCH >> 1)
		return MACHINE_EXECUTE;
	if (known && CLASS(cause) >> 1 == CLASS_DATA >> 1)
		return cause & IS_WRITE ? MACHINE_WRITE : MACHINE_READ;
	return MACHINE_OTHER;
}
