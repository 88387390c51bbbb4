/* SPDX-License-Identifier: BSD-3-Clause */
/* A block table, a spinlock, and suites that the application runs at boot. */
#include "config_full.h"

#define CONFIG_QUIRE_TRANSITION_SPINLOCK 1
#define CONFIG_QUIRE_RETAIN              0
#define CONFIG_QUIRE_VMH_SIZE            0x140000
#define CONFIG_QUIRE_VMH_TABLE_SOF       1
#define CONFIG_QUIRE_VMH_SPANNING        1
#define CONFIG_QUIRE_BOOT_TEST_AT_INIT   1
