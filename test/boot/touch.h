/* SPDX-License-Identifier: BSD-3-Clause */
/* touch: whether an access traps. */
#ifndef QUIRE_TEST_BOOT_TOUCH_H
#define QUIRE_TEST_BOOT_TOUCH_H

#include <stdbool.h>

#include "machine.h"

/** Whether an access of this kind traps there, for that reason; told on the console if not. */
bool traps(enum machine_cause cause, void *ptr);

bool is_readable(void *ptr);
bool is_writable(void *ptr);

#endif
