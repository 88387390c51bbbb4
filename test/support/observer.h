/* SPDX-License-Identifier: BSD-3-Clause */
/* observer: keeps the last events that it was told, and counts all of them by kind. */
#ifndef QUIRE_TEST_OBSERVER_H
#define QUIRE_TEST_OBSERVER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/observe.h"

#define TEST_EVENTS      256u
#define TEST_EVENT_KINDS ((size_t)QUIRE_EVENT_MOVE + 1)

struct test_observer {
	struct quire_observer observer; /**< first: what the vspace is given */
	uint64_t told;                  /**< events in all */
	uint64_t count[TEST_EVENT_KINDS];
	uint64_t under_lock; /**< events that came under a lock where none may be held */
	struct quire_event event[TEST_EVENTS]; /**< the last ones, number n at n % TEST_EVENTS */
	pthread_mutex_t mutex;
};

void test_observer_init(struct test_observer *observer);

/** Forget everything. */
void test_observer_clear(struct test_observer *observer);

/** The last event of this kind, or one that is all zero. */
struct quire_event test_observer_last(struct test_observer *observer, uint32_t kind);

#endif
