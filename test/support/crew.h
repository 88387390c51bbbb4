/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crew: threads on one vspace over the model driver with real mutexes. They fill what they get, and look
 * whether anybody else wrote to it; at the end every page, frame and account is exactly as at the
 * beginning. The model tells of driver calls under the wrong lock. Meant to be run under
 * ThreadSanitizer and helgrind as well, so nothing here keeps the threads in order that the library
 * does not.
 *
 * Assertions are made by the main thread only: workers note what was wrong first and stop.
 */
#ifndef QUIRE_TEST_CREW_H
#define QUIRE_TEST_CREW_H

#include "support/random.h"
#include "support/space.h"

#define CREW_PAGE        ((size_t)256) /* contents are cheap to fill and to compare */
#define CREW_PAGE_OCTAVE 8u
#define CREW_THREADS     4u
#define CREW_SLOTS       12u

struct crew;

struct worker {
	struct crew *crew;
	uint32_t number;
	struct test_random random;
	struct quire_budget *budget;
	unsigned char *ptr[CREW_SLOTS];
	size_t size[CREW_SLOTS];
	bool condemned[CREW_SLOTS]; /* the driver let it down: contents are undefined */
	size_t served, freed;
	const char *wrong; /* what it was that went wrong, or NULL */
};

struct crew {
	struct test_space space;
	struct test_heap heap;
	bool has_heap;
	pthread_barrier_t barrier;
	void (*work)(struct worker *worker);
	struct worker worker[CREW_THREADS];
	struct quire_budget budget[CREW_THREADS];
	void *shared; /* what all of them free at once */
	int32_t answer[CREW_THREADS];
	bool done;
};

#define CREW_NOTE_2_(line) "wrong in line " #line
#define CREW_NOTE_1_(line) CREW_NOTE_2_(line)
#define CREW_EXPECT(condition)                                                  \
	do {                                                                    \
		if (!(condition) && !worker->wrong)                             \
			worker->wrong = CREW_NOTE_1_(__LINE__) ": " #condition; \
	} while (0)

void crew_open(struct crew *crew, size_t pages, size_t frames, size_t retain);

/** The same on an mmu that is not coherent. */
void crew_open_apart(struct crew *crew, size_t pages, size_t frames, size_t retain);

/** An elastic heap of so many bytes, or any other. */
void crew_give_heap(struct crew *crew, size_t window);
void crew_give_heap_of(struct crew *crew, const struct quire_vmh_config *config);

/** Each worker gets a budget, with so many pages guaranteed. */
void crew_give_budgets(struct crew *crew, size_t guaranteed);

/** All of them at once; asserts that nothing went wrong. */
void crew_run(struct crew *crew, void (*work)(struct worker *worker));

/** Everything was given back: accounts agree with the driver to the page. */
void crew_close(struct crew *crew);

uint32_t crew_owner_of(const struct worker *worker, uint32_t slot);
void crew_fill(struct worker *worker, uint32_t slot);
void crew_check(struct worker *worker, uint32_t slot);

#endif
