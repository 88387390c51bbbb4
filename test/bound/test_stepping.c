/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * That instructions are counted right: functions of known length, and the library both ways of
 * single-stepping. (That the counting library agrees with them is in bound/agreement.sh.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#include "step/counts.h"

/* ---- functions of known length --------------------------------------------------------------- */

#if defined(__x86_64__)

__asm__(".pushsection .text\n"
	"test_loop:\n" /* 1 + 2 * n + 1 */
	"	movq	%rdi, %rcx\n"
	"1:	decq	%rcx\n"
	"	jnz	1b\n"
	"	ret\n"
	"test_repeat:\n" /* 2 + n + 1: each repetition counts */
	"	movq	%rsi, %rcx\n"
	"	xorl	%eax, %eax\n"
	"	rep stosb\n"
	"	ret\n"
	"test_calls:\n" /* 3 + 2 * (1 + 2 * n + 1) + 1 */
	"	call	test_loop\n"
	"	movq	%rsi, %rdi\n"
	"	call	test_loop\n"
	"	ret\n"
	".popsection\n");

void test_loop(void);
void test_repeat(void);
void test_calls(void);

#else

#define test_loop   NULL
#define test_repeat NULL
#define test_calls  NULL

#endif

enum { LOOP, REPEAT, CALLS, KINDS };

struct lengths {
	uint64_t count[KINDS];
	unsigned char bytes[256];
};

static void step_lengths(void *context)
{
	struct lengths *lengths = context;
	const struct step_call calls[KINDS] = {
		[LOOP] = { .function = test_loop, .argument = { 1000 } },
		[REPEAT] = { .function = test_repeat,
			     .argument = { (uintptr_t)lengths->bytes, 100 } },
		[CALLS] = { .function = test_calls, .argument = { 10, 20 } },
	};

	for (size_t i = 0; i < KINDS; i++)
		step_counted(&calls[i], &lengths->count[i]);
}

static void expect_known_lengths(enum step_how how)
{
	struct lengths *lengths = step_shared(sizeof(*lengths));

	assert_non_null(lengths);
	assert_null(step_run(how, step_lengths, lengths));
	assert_int_equal(lengths->count[LOOP], 1 + 2 * 1000 + 1);
	assert_int_equal(lengths->count[REPEAT], 2 + 100 + 1);
	assert_int_equal(lengths->count[CALLS], 3 + 2 + 2 * 10 + 2 + 2 * 20 + 1);
	step_unshare(lengths, sizeof(*lengths));
}

static void the_trap_flag_counts_functions_of_known_length(void **state)
{
	(void)state;
	expect_known_lengths(STEP_TRAP);
}

static void ptrace_counts_functions_of_known_length(void **state)
{
	(void)state;
	expect_known_lengths(STEP_PTRACE);
}

/* ---- the library ----------------------------------------------------------------------------- */

static void both_count_the_same_for_the_library(void **state)
{
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < counts_load_count; i++) {
		const struct counts_how trap = { .how = STEP_TRAP, .most = 10 };
		const struct counts_how traced = { .how = STEP_PTRACE, .most = 10 };
		struct counts by_trap, by_ptrace;

		if (strcmp(counts_loads[i].name, "heap-512K") != 0)
			continue;
		assert_null(counts_of_load(&trap, &counts_loads[i], &by_trap));
		assert_null(counts_of_load(&traced, &counts_loads[i], &by_ptrace));
		assert_int_not_equal(by_trap.alloc.operations, 0);
		assert_memory_equal(&by_trap, &by_ptrace, sizeof(by_trap));
		tried++;
	}
	assert_int_equal(tried, 2);
}

static void die_in_the_child(void *context)
{
	(void)context;
	abort();
}

static void a_child_that_dies_is_told(void **state)
{
	(void)state;
	assert_non_null(step_run(STEP_PTRACE, die_in_the_child, NULL));
}

/* ---- */

static void nothing(void *context)
{
	(void)context;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trap_flag_counts_functions_of_known_length),
		cmocka_unit_test(ptrace_counts_functions_of_known_length),
		cmocka_unit_test(both_count_the_same_for_the_library),
		cmocka_unit_test(a_child_that_dies_is_told),
	};
	const char *refused = step_run(STEP_PTRACE, nothing, NULL);

	if (!refused)
		refused = step_run(STEP_TRAP, nothing, NULL);
	if (refused) {
		printf("1..1\nok 1 # SKIP %s\n", refused);
		return 0;
	}
	return cmocka_run_group_tests_name("stepping", tests, NULL, NULL);
}
