/* SPDX-License-Identifier: BSD-3-Clause */
/* machine: QEMU's virt board for RISC-V, with 32 MiB of memory. See machine.h. */
#include "machine.h"

#include <stdbool.h>

#include "access.h"
#include "hart.h"
#include "start.h"

#define MIB          ((uintptr_t)1 << 20)
#define UART         ((volatile unsigned char *)0x10000000)
#define UART_STATUS  5
#define UART_IS_FREE 0x20
#define TEST_DEVICE  ((volatile uint32_t *)0x100000)
#define TEST_PASS    0x5555u
#define TEST_FAIL    0x3333u
#define CLINT_MSIP   ((volatile uint32_t *)0x2000000)

enum cause { CAUSE_FETCH = 12, CAUSE_LOAD = 13, CAUSE_STORE = 15, CAUSE_CALL = 8 };

extern uintptr_t hart_entry;
extern volatile uintptr_t hart_answers;

/* The image's text and constants are in the first 2 MiB, its data in the next; see image.ld. Frames
 * begin at 16 MiB and are mapped nowhere. */
const struct bare_region bare_regions[] = {
	{ 0x80000000, 1, BARE_CODE }, { 0x80200000, 1, BARE_DATA },  { 0x10000000, 1, BARE_DEVICE },
	{ 0, 1, BARE_DEVICE },        { 0x2000000, 1, BARE_DEVICE },
};
const size_t bare_region_count = sizeof(bare_regions) / sizeof(bare_regions[0]);

/* The windows lie across boundaries of tables of both levels. */
const uintptr_t machine_window = 0x1400000000 - 3 * MIB;
const uintptr_t machine_alias = 0x1800000000 - 1 * MIB;
const uintptr_t machine_spare = 0x1c00000000;
const uintptr_t machine_memory = 0x80000000 + 16 * MIB;
const uintptr_t machine_to_physical = 0;
const int machine_keeps_kernel_from_user_code = true;
const int machine_flushes_all_for_tables = true;

void machine_putc(char c)
{
	while (!(UART[UART_STATUS] & UART_IS_FREE))
		;
	UART[0] = (unsigned char)c;
}

_Noreturn void machine_exit(int status)
{
	*TEST_DEVICE = status ? (uint32_t)status << 16 | TEST_FAIL : TEST_PASS;
	for (;;)
		;
}

/* ---- traps ---------------------------------------------------------------------------------- */

static struct trap_record records[2];

/* The register tp has nothing else to do here: it points to the hart's record. */
static void set_record(struct trap_record *record)
{
	__asm__ volatile("mv tp, %0" : : "r"(record) : "memory");
}

struct trap_record *trap_record(void)
{
	struct trap_record *record;

	__asm__ volatile("mv %0, tp" : "=r"(record));
	if (!record) {
		record = &records[0];
		set_record(record);
	}
	return record;
}

enum machine_cause trap_meaning(const struct trap_record *record)
{
	uintptr_t cause = record->cause;

	switch (cause) {
	case CAUSE_LOAD:
		return MACHINE_READ;
	case CAUSE_STORE:
		return MACHINE_WRITE;
	case CAUSE_FETCH:
		return MACHINE_EXECUTE;
	case CAUSE_CALL:
		return MACHINE_CALL;
	default:
		return MACHINE_OTHER;
	}
}

/* ---- the other hart ------------------------------------------------------------------------- */

void hart_run_other(void (*function)(void))
{
	__atomic_store_n(&hart_entry, (uintptr_t)function, __ATOMIC_RELEASE);
}

void hart_begin(void)
{
	set_record(&records[1]);
}

/* It forgets everything, whatever the range. */
void hart_shoot_down(void *context, uintptr_t va, size_t pages)
{
	uintptr_t before = __atomic_load_n(&hart_answers, __ATOMIC_ACQUIRE);

	(void)context, (void)va, (void)pages;
	CLINT_MSIP[1] = 1;
	while (__atomic_load_n(&hart_answers, __ATOMIC_ACQUIRE) == before)
		;
}
