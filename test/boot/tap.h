/* SPDX-License-Identifier: BSD-3-Clause */
/* tap: test cases on a bare machine, told as TAP on its console. */
#ifndef QUIRE_TEST_TAP_H
#define QUIRE_TEST_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_case {
	const char *name;
	void (*run)(void);
};

#define TAP_CASE(function)          \
	{                           \
#function, function \
	}

/** Run them all and leave the machine: status 0 if all passed. */
_Noreturn void tap_run(const struct tap_case *cases, size_t count);

/** Mark the running case as failed. */
void tap_fail(const char *what, const char *file, int line);

/** The rest of the case is not run once something is not as it should be. */
#define CHECK(condition)                                          \
	do {                                                      \
		if (!(condition)) {                               \
			tap_fail(#condition, __FILE__, __LINE__); \
			return;                                   \
		}                                                 \
	} while (0)

/** A check function of the library: NULL, or what is wrong. */
#define CHECK_SOUND(words)                                    \
	do {                                                  \
		const char *wrong_ = (words);                 \
		if (wrong_) {                                 \
			tap_fail(wrong_, __FILE__, __LINE__); \
			return;                               \
		}                                             \
	} while (0)

/** Text, %s %d %u %x (uintptr_t) and %%. */
void tap_print(const char *format, ...);

#endif
