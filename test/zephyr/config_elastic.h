/* SPDX-License-Identifier: BSD-3-Clause */
/* An elastic heap, and a mutex. */
#include "config_full.h"

#define CONFIG_QUIRE_TRANSITION_MUTEX 1
#define CONFIG_QUIRE_RETAIN           8
#define CONFIG_QUIRE_STATS            1
#define CONFIG_QUIRE_VMH_SIZE         0x80000
#define CONFIG_QUIRE_VMH_ELASTIC      1
