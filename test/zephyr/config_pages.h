/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages and nothing else; coherent cores, no log, no console. */
#include "config_base.h"

#define CONFIG_QUIRE_TRANSITION_SPINLOCK 1
#define CONFIG_QUIRE_RETAIN              8
