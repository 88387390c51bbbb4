/* SPDX-License-Identifier: BSD-3-Clause */
/* test: assertions that tell more than two numbers. */
#include <stdlib.h>

#include "support/test.h"

uint32_t test_rounds(uint32_t usual)
{
	const char *percent = getenv("QUIRE_TEST_PERCENT");
	uint64_t rounds = percent ? (uint64_t)usual * strtoul(percent, NULL, 10) / 100 : usual;

	return rounds ? (uint32_t)rounds : 1;
}

void test_assert_sound(const char *words, const char *file, int line)
{
	if (!words)
		return;
	print_error("%s\n", words);
	_fail(file, line);
}

void test_assert_status(int32_t status, int32_t expected, const char *what, const char *file,
			int line)
{
	if (status == expected)
		return;
	print_error("%s is %s, not %s\n", what, quire_status_name(status),
		    quire_status_name(expected));
	_fail(file, line);
}
