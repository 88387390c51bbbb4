/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file status.h
 * Why something was refused.
 *
 * Every function of Quire that can fail says why with one of these. They are negative, so that a
 * function may return "a count or a status" in one signed value, and each is a reason rather than a
 * place: what the caller can do about it follows from the reason alone. Wherever a status is stored
 * it is an int32_t, because the size of an enum differs between ABIs.
 */
#ifndef QUIRE_STATUS_H
#define QUIRE_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum quire_status {
	QUIRE_OK = 0,
	QUIRE_EINVAL = -1,   /**< bad argument: size 0, alignment no power of two, overflow, ... */
	QUIRE_ENOVIRT = -2,  /**< no address space: no run or block is long enough */
	QUIRE_ENOPHYS = -3,  /**< no physical pages */
	QUIRE_EBUDGET = -4,  /**< a limit, or somebody else's guarantee, is in the way */
	QUIRE_EFOREIGN = -5, /**< the pointer is not from here */
	QUIRE_EFREE = -6,    /**< already free, or not the start of an allocation */
	QUIRE_EDRIVER = -7,  /**< the driver refused */
	QUIRE_EBUSY = -8,    /**< still in use */
	QUIRE_ECONTEXT = -9, /**< not from interrupt context */
	QUIRE_ESTATE = -10,  /**< not in this state: sealed, not yet sealed, suspended */
};

/** One more than the largest -status: the size of a table of counters indexed by -status. */
#define QUIRE_STATUSES 11

/** The name of a status as it is written in C ("QUIRE_ENOPHYS"), or "QUIRE_?". Never NULL. */
const char *quire_status_name(int32_t status);

/** A status in words, for a log or an error message. Lower case, no full stop. Never NULL. */
const char *quire_status_text(int32_t status);

#ifdef __cplusplus
}
#endif

#endif
