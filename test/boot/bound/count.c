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
	uintptr_t result = call_between(call, taken);

	*taken -= overhead;
	return result;
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

/* Tabs between: layer and call, what a step takes, window, calls, worst, mean (rounded up), history. */
void bound_print(const char *layer, uint32_t window, struct bound_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bound_row *row = &rows[i];

		if (!row->calls)
			continue;
		tap_print("bound\t%s: %s\t%u\t%s\t%u\t%u\t%u\t%u\t%s\n", layer, row->call,
			  row->each, row->each ? row->step : "-", window, (unsigned)row->calls,
			  (unsigned)row->worst,
			  (unsigned)((row->total + row->calls - 1) / row->calls), row->history);
		row->calls = row->total = row->worst = 0;
	}
}

const char *bound_begin(void)
{
	uint64_t one, ten, again;

	call_between(&CALL(bound_one, 0), &one);
	overhead = one - 1;
	call_between(&CALL(bound_ten, 0), &ten);
	call_between(&CALL(bound_ten, 0), &again);
	return ten - overhead == 10 && again == ten ? NULL : "the counter does not count";
}
