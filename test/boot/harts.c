/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * harts: two RISC-V harts and one page table. What hart 0 takes away or protects, hart 1 may not reach any
 * more from the moment the call returns, although it has the translation: it has just used it, and touches
 * nothing else in between.
 */
#include "ground.h"
#include "hart.h"
#include "machine.h"

/* What hart 0 asks of hart 1, and the answer: one at a time. */
enum order { IDLE, READ, WRITE };

static struct {
	volatile void *ptr;
	enum order order; /* set last by hart 0, back to IDLE by hart 1 */
	struct machine_trap trap;
} mail;

static void serve(void)
{
	hart_begin();
	for (;;) {
		enum order order = __atomic_load_n(&mail.order, __ATOMIC_ACQUIRE);
		unsigned char value;

		if (order == IDLE)
			continue;
		mail.trap =
			order == READ ? machine_read(mail.ptr, &value) : machine_write(mail.ptr, 1);
		__atomic_store_n(&mail.order, IDLE, __ATOMIC_RELEASE);
	}
}

static enum machine_cause ask(enum order order, volatile void *ptr)
{
	mail.ptr = ptr;
	__atomic_store_n(&mail.order, order, __ATOMIC_RELEASE);
	while (__atomic_load_n(&mail.order, __ATOMIC_ACQUIRE) != IDLE)
		;
	return mail.trap.cause;
}

static const struct ground_config on_two_harts = { .shoot_down = hart_shoot_down };

static void memory_freed_by_one_hart_traps_on_the_other(void)
{
	unsigned char *ptr;

	ground_begin(&on_two_harts);
	ptr = quire_vpage_alloc(&ground.vs, 2, QUIRE_RW);
	CHECK(ptr);
	CHECK(ask(WRITE, ptr) == MACHINE_NONE && *ptr == 1);
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK(ask(READ, ptr) == MACHINE_READ && mail.trap.address == (uintptr_t)ptr);
	CHECK_SOUND(ground_end());
}

static void memory_protected_by_one_hart_traps_writes_of_the_other(void)
{
	unsigned char *ptr;

	ground_begin(&on_two_harts);
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr);
	CHECK(ask(WRITE, ptr) == MACHINE_NONE);
	CHECK(!quire_vpage_protect(&ground.vs, ptr, 1, QUIRE_READ));
	CHECK(ask(WRITE, ptr) == MACHINE_WRITE);
	CHECK(ask(READ, ptr) == MACHINE_NONE);
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

static void memory_mapped_by_one_hart_is_there_for_the_other(void)
{
	unsigned char *ptr;

	ground_begin(&on_two_harts);
	ptr = quire_vpage_reserve(&ground.vs, 1);
	CHECK(ptr && ask(READ, ptr) == MACHINE_READ);
	CHECK(!quire_vpage_commit(&ground.vs, ptr, 1, QUIRE_RW, NULL));
	CHECK(ask(WRITE, ptr) == MACHINE_NONE && *ptr == 1);
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK_SOUND(ground_end());
}

/* What the other hart writes by an old translation goes to the frame that was. */
static void a_page_moved_by_one_hart_is_where_the_other_writes(void)
{
	const struct quire_mmu *mmu = &ground.port.mmu;
	volatile unsigned char *ptr;

	ground_begin(&on_two_harts);
	ptr = quire_vpage_alloc(&ground.vs, 1, QUIRE_RW);
	CHECK(ptr);
	CHECK(ask(WRITE, ptr) == MACHINE_NONE && *ptr == 1);
	*ptr = 7;
	CHECK(!mmu->move(mmu, (uintptr_t)ptr));
	CHECK(*ptr == 7);
	CHECK(ask(WRITE, ptr) == MACHINE_NONE && *ptr == 1);
	CHECK(!quire_vpage_free(&ground.vs, (void *)(uintptr_t)ptr));
	CHECK_SOUND(ground_end());
}

int main(void)
{
	static const struct tap_case cases[] = {
		TAP_CASE(memory_freed_by_one_hart_traps_on_the_other),
		TAP_CASE(memory_protected_by_one_hart_traps_writes_of_the_other),
		TAP_CASE(memory_mapped_by_one_hart_is_there_for_the_other),
		TAP_CASE(a_page_moved_by_one_hart_is_where_the_other_writes),
	};

	hart_run_other(serve);
	tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
