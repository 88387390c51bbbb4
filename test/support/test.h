/* SPDX-License-Identifier: BSD-3-Clause */
/* test: cmocka with the headers that it wants to find included before it. */
#ifndef QUIRE_TEST_TEST_H
#define QUIRE_TEST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quire/status.h"

/** How many elements an array has. */
#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** How often to do something: so often, or where QUIRE_TEST_PERCENT is set that part of it, at least once. */
uint32_t test_rounds(uint32_t usual);

/** A check function found nothing wrong; if it did, its words are printed. */
#define assert_sound(words) test_assert_sound((words), __FILE__, __LINE__)

/** A status, printed by name when it is not the expected one. */
#define assert_status(status, expected) \
	test_assert_status((status), (expected), #status, __FILE__, __LINE__)
#define assert_ok(status) assert_status(status, QUIRE_OK)

void test_assert_sound(const char *words, const char *file, int line);
void test_assert_status(int32_t status, int32_t expected, const char *what, const char *file,
			int line);

#endif
