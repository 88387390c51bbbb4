/* SPDX-License-Identifier: BSD-3-Clause */
/** @file vpages.h An older name of sof/lib/vpage.h. */
#ifndef QUIRE_SOF_LIB_VPAGES_H
#define QUIRE_SOF_LIB_VPAGES_H

#include <sof/lib/vpage.h>

#endif
