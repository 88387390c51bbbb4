/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file request.h
 * The one way to ask for memory.
 *
 * Every layer that hands out memory takes this request; the short calls (quire_vmh_alloc and the
 * like) fill one in. A request is fixed (min is 0 or equal to size) or a *range*: at least min, at
 * best size bytes, in one search instead of one try per size.
 *
 * Example: a deep buffer that takes what can be had, in whole periods.
 * @code
 *	struct quire_request deep = { .size = 38400, .min = 1536, .step = 1536, .align = 128 };
 *	void *buffer = quire_vmh_request(&heap, &deep);
 *
 *	if (!buffer)
 *		return deep.why;
 *	use(buffer, deep.granted);
 * @endcode
 */
#ifndef QUIRE_REQUEST_H
#define QUIRE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct quire_budget;

/** Put an unmapped page behind the allocation, so that an overrun faults (vpage only). */
#define QUIRE_GUARD 1u
/** Share no page with anybody: whole pages of its own, for isolation. */
#define QUIRE_OWN_PAGES 2u
/** Take addresses only; nothing is mapped until it is committed (vpage only). */
#define QUIRE_RESERVE 4u

struct quire_request {
	size_t size;                 /**< bytes wanted: the preferred size of a range */
	size_t min;                  /**< least bytes that will do; 0: exactly size */
	size_t step;                 /**< granted sizes are min + k * step; 0: any */
	size_t align;                /**< power of two; 0: the heap's own alignment */
	uint32_t flags;              /**< QUIRE_GUARD, QUIRE_OWN_PAGES, QUIRE_RESERVE */
	uint32_t tag;                /**< the owner as the application numbers it; told in events */
	struct quire_budget *budget; /**< who pays; NULL: the heap's, region's or vspace's own */

	size_t granted; /**< out: bytes that may be used, at least min; 0 on failure */
	int32_t why;    /**< out: QUIRE_OK, or the reason of the failure */
};

#ifdef __cplusplus
}
#endif

#endif
