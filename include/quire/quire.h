/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file quire.h
 * All of Quire: include this, or just the headers of the layers that you use.
 */
#ifndef QUIRE_QUIRE_H
#define QUIRE_QUIRE_H

#include "quire/archive.h"
#include "quire/budget.h"
#include "quire/buffer.h"
#include "quire/extent.h"
#include "quire/frames.h"
#include "quire/mmu.h"
#include "quire/observe.h"
#include "quire/request.h"
#include "quire/status.h"
#include "quire/vmh.h"
#include "quire/vpage.h"
#include "quire/vregion.h"

#endif
