/* SPDX-License-Identifier: BSD-3-Clause */
/* count: see count.h. The counter is RISC-V's own, of instructions retired. */
#include "count.h"

#include "tap.h"

/* Functions of known length. */
__asm__(".text\n"
	"bound_one: ret\n"
	"bound_ten: nop; nop; nop; nop; nop; nop; nop; nop; nop; ret\n");
void bound_one(void);
void bound_ten(void);

static uint64_t overhead; /* of reading the counter and calling */
static const char *history;

static inline uint64_t instructions(void)
{
	uint64_t count;

	__asm__ volatile("rdinstret %0" : "=r"(count) : : "memory");
	return count;
}

/* ---- the short lock ---------------------------------------------------------------------------- */

/* Since the last call began: stretches under the lock, and the longest. */
static struct {
	uint64_t begin, count, longest;
	uint64_t overhead; /* of a stretch, in what is measured of it */
	uint64_t cost;     /* of a pair, in what is measured of a call: more than empty functions */
} section;

void bound_lock(const struct quire_mmu *mmu)
{
	(void)mmu;
	section.count++;
	section.begin = instructions();
}

/* Always the same instructions: a branch would count in one case only. */
void bound_unlock(const struct quire_mmu *mmu)
{
	uint64_t length = instructions() - section.begin, is_more;

	(void)mmu;
	__asm__("sltu %0, %2, %1\n neg %0, %0\n xor %1, %1, %2\n and %0, %0, %1\n xor %2, %2, %0"
		: "=&r"(is_more), "+r"(length), "+r"(section.longest));
}

static void nothing(const struct quire_mmu *mmu)
{
	(void)mmu;
}

/* ---- calls ------------------------------------------------------------------------------------- */

typedef uintptr_t function(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

/* The same instructions between the two readings whatever is called. */
static __attribute__((noinline)) uintptr_t call_between(const struct step_call *call,
							uint64_t *between)
{
	function *called = (function *)call->function;
	const uintptr_t *argument = call->argument;
	uint64_t before = instructions();
	uintptr_t result = called(argument[0], argument[1], argument[2], argument[3], argument[4],
				  argument[5]);

	*between = instructions() - before;
	return result;
}

uintptr_t bound_call(const struct step_call *call, uint64_t *taken)
{
	uintptr_t result;

	section.count = section.longest = 0;
	result = call_between(call, taken);
	*taken -= overhead + section.count * section.cost;
	return result;
}

static uint32_t held_for_step(const struct bound_row *row)
{
	if (row->lets_go)
		return 0;
	return row->each < BOUND_HELD ? row->each : BOUND_HELD;
}

static void add_section(struct bound_row *row, uint32_t steps)
{
	uint64_t allowed = (uint64_t)held_for_step(row) * steps;
	uint64_t length = section.longest - section.overhead;

	length = length > allowed ? length - allowed : 0;
	row->held_total += length;
	if (!row->held_calls++ || length > row->held_worst) {
		row->held_worst = length;
		row->held_history = history;
	}
}

void bound_add(struct bound_row *row, uint32_t steps, uint64_t taken)
{
	uint64_t allowed = (uint64_t)row->each * steps;

	taken = taken > allowed ? taken - allowed : 0;
	row->total += taken;
	if (!row->calls++ || taken > row->worst) {
		row->worst = taken;
		row->history = history;
	}
	if (section.count)
		add_section(row, steps);
}

uintptr_t bound_count(struct bound_row *row, uint32_t steps, const struct step_call *call)
{
	uint64_t taken;
	uintptr_t result = bound_call(call, &taken);

	bound_add(row, steps, taken);
	return result;
}

void bound_history(const char *name)
{
	history = name;
}

/* Tabs between: kind, layer and call, what a step takes, window, calls, worst, mean (rounded up), history. */
static void print_line(const char *kind, const char *layer, const struct bound_row *row,
		       uint32_t each, uint32_t window, uint64_t calls, uint64_t total,
		       uint64_t worst, const char *where)
{
	tap_print("bound\t%s%s: %s\t%u\t%s\t%u\t%u\t%u\t%u\t%s\n", kind, layer, row->call, each,
		  each ? row->step : "-", window, (unsigned)calls, (unsigned)worst,
		  (unsigned)((total + calls - 1) / calls), where);
}

void bound_print(const char *layer, uint32_t window, struct bound_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bound_row *row = &rows[i];

		if (row->calls)
			print_line("", layer, row, row->each, window, row->calls, row->total,
				   row->worst, row->history);
		if (row->held_calls)
			print_line("locked, ", layer, row, held_for_step(row), window,
				   row->held_calls, row->held_total, row->held_worst,
				   row->held_history);
		row->calls = row->total = row->worst = 0;
		row->held_calls = row->held_total = row->held_worst = 0;
	}
}

/* A stretch of ten instructions, the call of unlock included. */
__asm__(".text\n"
	"bound_section: addi sp, sp, -16\n sd ra, 8(sp)\n call bound_lock\n"
	"nop; nop; nop; nop; nop; nop; nop; nop; nop\n"
	".option push\n .option norelax\n jal bound_unlock\n .option pop\n"
	"ld ra, 8(sp)\n addi sp, sp, 16\n ret\n");
void bound_section(void);

static void measure_sections(void)
{
	uint64_t lock, unlock, empty;

	call_between(&CALL(bound_lock, 0), &lock);
	call_between(&CALL(bound_unlock, 0), &unlock);
	call_between(&CALL(nothing, 0), &empty);
	section.cost = lock + unlock - 2 * empty;
	section.longest = 0;
	call_between(&CALL(bound_section, 0), &empty);
	section.overhead = section.longest - 10;
}

const char *bound_begin(void)
{
	uint64_t one, ten, again;

	call_between(&CALL(bound_one, 0), &one);
	overhead = one - 1;
	call_between(&CALL(bound_ten, 0), &ten);
	call_between(&CALL(bound_ten, 0), &again);
	measure_sections();
	return ten - overhead == 10 && again == ten ? NULL : "the counter does not count";
}
