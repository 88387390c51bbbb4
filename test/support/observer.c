/* SPDX-License-Identifier: BSD-3-Clause */
/* observer: a ring of events under a mutex, for tests with several threads too. */
#include <string.h>

#include "support/mmu.h"
#include "support/observer.h"

/* observe.h: no event under the short lock, and only the driver's own under the transition lock. */
static bool comes_too_early(const struct quire_event *event)
{
	bool of_driver = event->kind == QUIRE_EVENT_MAP || event->kind == QUIRE_EVENT_UNMAP ||
			 event->kind == QUIRE_EVENT_PROTECT;

	return test_mmu_holds_lock() || (!of_driver && test_mmu_holds_transition());
}

static void record(struct quire_observer *self, const struct quire_event *event)
{
	struct test_observer *observer = (struct test_observer *)self;

	pthread_mutex_lock(&observer->mutex);
	observer->event[observer->told++ % TEST_EVENTS] = *event;
	if (event->kind < TEST_EVENT_KINDS)
		observer->count[event->kind]++;
	observer->under_lock += comes_too_early(event);
	pthread_mutex_unlock(&observer->mutex);
}

void test_observer_init(struct test_observer *observer)
{
	memset(observer, 0, sizeof(*observer));
	observer->observer.notify = record;
	pthread_mutex_init(&observer->mutex, NULL);
}

void test_observer_clear(struct test_observer *observer)
{
	pthread_mutex_lock(&observer->mutex);
	observer->told = 0;
	observer->under_lock = 0;
	memset(observer->count, 0, sizeof(observer->count));
	pthread_mutex_unlock(&observer->mutex);
}

struct quire_event test_observer_last(struct test_observer *observer, uint32_t kind)
{
	struct quire_event found = { .kind = 0 };
	uint64_t kept = observer->told < TEST_EVENTS ? observer->told : TEST_EVENTS;

	for (uint64_t back = 1; back <= kept && !found.kind; back++) {
		const struct quire_event *event =
			&observer->event[(observer->told - back) % TEST_EVENTS];

		if (event->kind == kind)
			found = *event;
	}
	return found;
}
