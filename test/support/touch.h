/* SPDX-License-Identifier: BSD-3-Clause */
/* touch: whether an access faults, found out in a child process so that the test lives on. */
#ifndef QUIRE_TEST_TOUCH_H
#define QUIRE_TEST_TOUCH_H

#include <stdbool.h>

bool test_read_faults(const void *ptr);
bool test_write_faults(void *ptr);

#endif
