/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What our tests use of cmocka, for the 32-bit build: Debian has cmocka only for the machine's own
 * width. Behind the real cmocka.h; prints TAP. A failed assertion leaves its test by a jump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static jmp_buf leave_test;

void _fail(const char *const file, const int line)
{
	printf("# %s:%d: error: Failure!\n", file, line);
	longjmp(leave_test, 1);
}

static void demand(bool holds, const char *file, int line, const char *what, LargestIntegralType a,
		   LargestIntegralType b)
{
	if (holds)
		return;
	printf("# %#llx %s %#llx\n", a, what, b);
	_fail(file, line);
}

void _assert_true(const LargestIntegralType result, const char *const expression,
		  const char *const file, const int line)
{
	if (!result)
		printf("# %s\n", expression);
	demand(result != 0, file, line, "is", result, 0);
}

void _assert_int_equal(const LargestIntegralType a, const LargestIntegralType b,
		       const char *const file, const int line)
{
	demand(a == b, file, line, "!=", a, b);
}

void _assert_int_not_equal(const LargestIntegralType a, const LargestIntegralType b,
			   const char *const file, const int line)
{
	demand(a != b, file, line, "==", a, b);
}

void _assert_string_equal(const char *const a, const char *const b, const char *const file,
			  const int line)
{
	if (strcmp(a, b) != 0)
		printf("# \"%s\", \"%s\"\n", a, b);
	demand(strcmp(a, b) == 0, file, line, "!=", (uintptr_t)a, (uintptr_t)b);
}

void _assert_memory_equal(const void *const a, const void *const b, const size_t size,
			  const char *const file, const int line)
{
	demand(memcmp(a, b, size) == 0, file, line, "differs from", (uintptr_t)a, (uintptr_t)b);
}

void _assert_memory_not_equal(const void *const a, const void *const b, const size_t size,
			      const char *const file, const int line)
{
	demand(memcmp(a, b, size) != 0, file, line, "is as", (uintptr_t)a, (uintptr_t)b);
}

void _assert_in_range(const LargestIntegralType value, const LargestIntegralType minimum,
		      const LargestIntegralType maximum, const char *const file, const int line)
{
	demand(value >= minimum, file, line, "<", value, minimum);
	demand(value <= maximum, file, line, ">", value, maximum);
}

void vprint_message(const char *const format, va_list args)
{
	vprintf(format, args);
}

void print_message(const char *const format, ...)
{
	va_list args;

	va_start(args, format);
	vprint_message(format, args);
	va_end(args);
}

void print_error(const char *const format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprint_message(format, args);
	va_end(args);
}

/* Setup, test and teardown; an assertion may fail in any of them. */
static bool passes(const struct CMUnitTest *test, void *state)
{
	if (setjmp(leave_test))
		return false;
	if (test->initial_state)
		state = test->initial_state;
	if (test->setup_func && test->setup_func(&state) != 0)
		return false;
	test->test_func(&state);
	return !test->teardown_func || test->teardown_func(&state) == 0;
}

int _cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests,
			    const size_t num_tests, CMFixtureFunction group_setup,
			    CMFixtureFunction group_teardown)
{
	void *state = NULL;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", num_tests);
	if (group_setup && group_setup(&state) != 0)
		return 1;
	for (size_t i = 0; i < num_tests; i++) {
		bool passed = passes(&tests[i], state);

		printf("%s %zu - %s\n", passed ? "ok" : "not ok", i + 1, tests[i].name);
		failed += !passed;
	}
	if (group_teardown && group_teardown(&state) != 0)
		failed++;
	printf("# %s\n", group_name);
	return failed;
}
