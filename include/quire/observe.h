/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file observe.h
 * What happens, told to whoever wants to know.
 *
 * An observer is one function. It gets every event of the vspace (or the frame pool) that it was
 * given to, and of all heaps and regions on that vspace, after the operation is over and outside
 * Quire's short lock, on the thread or core that made the call; map, unmap, protect and move events
 * come while the transition lock is still held (mmu.h), all others under no lock. Without an
 * observer an event costs one comparison. Counters do not need an observer: they are always kept
 * (see the stats functions).
 *
 * Two calls that run at the same time may be told in either order. An observer must not call back
 * into the object that the event names, and must not keep pointers to the event.
 *
 * Example: print every misuse and go on.
 * @code
 *	static void print_misuse(struct quire_observer *self, const struct quire_event *event)
 *	{
 *		(void)self;
 *		if (event->kind == QUIRE_EVENT_MISUSE)
 *			printf("%p: %s\n", event->ptr, quire_status_text(event->why));
 *	}
 *	static struct quire_observer observer = { .notify = print_misuse };
 * @endcode
 */
#ifndef QUIRE_OBSERVE_H
#define QUIRE_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum quire_event_kind {
	QUIRE_EVENT_ALLOC = 1, /**< ptr, size granted, tag */
	QUIRE_EVENT_FREE,      /**< ptr, size that was held */
	QUIRE_EVENT_RESIZE,    /**< ptr, size now */
	QUIRE_EVENT_MAP,       /**< ptr, size of the pages that were mapped */
	QUIRE_EVENT_UNMAP,     /**< ptr, size of the pages that were unmapped */
	QUIRE_EVENT_PROTECT,   /**< ptr, size */
	QUIRE_EVENT_POWER_ON,  /**< size: the bank's number */
	QUIRE_EVENT_POWER_OFF, /**< size: the bank's number */
	QUIRE_EVENT_FAIL,      /**< size asked, tag, why */
	QUIRE_EVENT_MISUSE,    /**< the offending ptr, why, and the nearest owner */
	QUIRE_EVENT_LEAK,      /**< ptr, size: still live when its region or heap ended */
	QUIRE_EVENT_MOVE,      /**< ptr, size of the page that got another frame */
};

struct quire_event {
	uint32_t kind;      /**< enum quire_event_kind */
	int32_t why;        /**< enum quire_status */
	const void *object; /**< the vspace, heap, region or frame pool that tells */
	const void *ptr;    /**< what it is about, or NULL */
	size_t size;        /**< bytes, unless the kind says otherwise */
	const void *owner; /**< misuse: the live allocation that holds ptr, or the last one below */
	size_t owner_size; /**< bytes of that allocation, 0 if there is none */
	uint32_t tag;      /**< the request's tag, 0 when there was none */
};

struct quire_observer {
	void (*notify)(struct quire_observer *self, const struct quire_event *event);
};

#ifdef __cplusplus
}
#endif

#endif
