/* SPDX-License-Identifier: BSD-3-Clause */
/* cases: the parts of the boot test. */
#ifndef QUIRE_TEST_CASES_H
#define QUIRE_TEST_CASES_H

#include "tap.h"

/** The library as a firmware uses it (calls.c), and what only a page unit can show (unit.c). */
extern const struct tap_case calls_cases[], unit_cases[];
extern const size_t calls_count, unit_count;

#endif
