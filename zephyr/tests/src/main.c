/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites are the module's; this file is what an application needs to exist. */
#include <zephyr/kernel.h>
