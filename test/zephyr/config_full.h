/* SPDX-License-Identifier: BSD-3-Clause */
/* All there is, on cores that are not coherent. */
#include "config_base.h"

#define CONFIG_CACHE_DOUBLEMAP           1
#define CONFIG_QUIRE_INCOHERENT          1
#define CONFIG_QUIRE_ENFORCES_USER       1
#define CONFIG_QUIRE_VMH                 1
#define CONFIG_QUIRE_VREGION             1
#define CONFIG_QUIRE_VREGION_MAX         4
#define CONFIG_QUIRE_VREGION_INTERIM_MAX 0x10000
#define CONFIG_QUIRE_OBSERVER            1
#define CONFIG_QUIRE_SHELL               1
