/* SPDX-License-Identifier: BSD-3-Clause */
/* SOF's own names, with its block table of 0x100000 bytes. */
#include "config_full.h"

#define __ZEPHYR__                                 1
#define CONFIG_QUIRE_TRANSITION_MUTEX              1
#define CONFIG_QUIRE_RETAIN                        8
#define CONFIG_QUIRE_VMH_SIZE                      0x80000
#define CONFIG_QUIRE_VMH_ELASTIC                   1
#define CONFIG_QUIRE_SOF_NAMES                     1
#define CONFIG_SOF_VREGIONS                        1
#define CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE 0x100000
