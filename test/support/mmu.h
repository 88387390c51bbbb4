/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu: a model driver that takes the contract of quire/mmu.h literally.
 *
 * It backs a window of virtual pages with plain host memory and a finite number of frames, and
 * holds Quire to every word of the contract: what is mapped twice, protected while absent, called
 * under the wrong lock, locked in the wrong order, or written to while unmapped is *broken*. The
 * first breach is kept in words; test_mmu_check returns it, test_mmu_fini asserts that there was
 * none. Nothing is asserted inside driver calls, so the model works under threads and below
 * locks.
 *
 * Contents. A page is filled with TEST_POISON when it is mapped. While it is unmapped it cannot
 * be touched: if pages are multiples of the host's, a touch faults; smaller ones are filled with
 * TEST_ABSENT, and are looked at when they are mapped again and by test_mmu_check. Read-only
 * pages are enforced by the host where its page size allows.
 *
 * Caches. A model that is not coherent has a second mapping of the window, the uncached alias. What is
 * checked is which lines were written back and invalidated, and that these calls name mapped memory.
 * Both views agree on host memory, where the model usually stands. It can also stand on the model of the
 * Intel ADSP (support/adsp.h), where they do not.
 *
 * Locks. QUIRE_TEST_OPEN_LOCK in the environment makes the short lock one that keeps nobody out, to see
 * whether what looks for races does find some (race/helgrind.sh).
 */
#ifndef QUIRE_TEST_MMU_H
#define QUIRE_TEST_MMU_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/adsp.h"
#include "quire/mmu.h"

#define TEST_POISON 0xa5u
#define TEST_ABSENT 0x5cu

/** Calls that can be made to fail. */
enum test_call {
	TEST_MAP,
	TEST_UNMAP,
	TEST_PROTECT,
	TEST_ANY, /**< any of the three */
	TEST_CALLS
};

/** Which part of its range a failing unmap has unmapped. */
enum test_part {
	TEST_FIRST_HALF, /**< rounded up */
	TEST_NOTHING,
	TEST_EVERY_OTHER,
	TEST_EVERYTHING
};

struct test_mmu_config {
	size_t pages;      /**< of the window */
	size_t frames;     /**< physical pages; 0: as many as pages */
	size_t page_size;  /**< 0: 4096 */
	size_t cache_line; /**< 0: 64 */
	size_t phase;      /**< pages from a multiple of 1 MiB to the window */
	uint32_t enforces; /**< 0: everything; see enforces_nothing */
	bool enforces_nothing;
	bool not_coherent;
	bool shared_frames;
	bool unknown; /**< available() answers QUIRE_UNKNOWN */
};

struct test_plan {
	uint64_t countdown; /* 1: the next call fails; 0: none does */
	uint64_t more;      /* how many fail after it */
};

struct test_mmu {
	struct quire_mmu mmu; /**< first, for the driver's functions; may be altered before use */
	struct test_mmu_config config;
	unsigned char *window; /**< what the vspace is given */
	unsigned char *alias;  /**< the same bytes uncached; NULL if coherent */
	size_t bytes;          /**< of the window */

	/* What happened; read these at leisure. */
	uint64_t calls[TEST_CALLS]; /**< by kind, failed ones included; TEST_ANY: in all */
	size_t mapped;              /**< pages that are mapped now */
	atomic_size_t free_frames;
	atomic_size_t writebacks;
	atomic_size_t invalidates;
	atomic_size_t icache_syncs;
	atomic_size_t partial_lines; /**< cache calls that named less than whole lines */

	/* Faults to come. */
	enum test_part part;   /**< what a failing unmap does nevertheless */
	int32_t map_status;    /**< what a failing map answers; initially QUIRE_EDRIVER */
	atomic_bool interrupt; /**< what in_interrupt() answers */
	uint64_t fail_every;   /**< if not 0: each call whose number is a multiple of it fails */
	uint32_t fail_one_in;  /**< if not 0: one call in so many fails, by chance */
	uint32_t chance;       /**< seed of it */
	struct test_plan plan[TEST_CALLS];
	bool planned; /**< test_mmu_fail was called and test_mmu_struck was not */

	/* Private. */
	unsigned char *prot;         /* per page: as mapped; 0: absent */
	_Atomic unsigned char *line; /* per cache line: what was done to it */
	unsigned char *arena;        /* uncached memory for records */
	size_t arena_used;
	struct quire_adsp *adsp;         /* what it stands on; NULL: on host memory */
	enum quire_adsp_call fault_call; /* how the driver is to fail there ... */
	uintptr_t fault_at;
	int fault_errno; /* ... 0: not at all */
	size_t others;   /* frames that were taken by others */
	void *reserved[2];
	size_t reserved_bytes;
	_Atomic(const char *) broken;
	bool open_lock; /* QUIRE_TEST_OPEN_LOCK is set: the short lock keeps nobody out */
	pthread_mutex_t lock;
	pthread_mutex_t transition;
};

void test_mmu_init(struct test_mmu *model, const struct test_mmu_config *config);

/** Assert that the contract was kept and that nothing is mapped any more, and free everything. */
void test_mmu_fini(struct test_mmu *model);

/** The same without the assertions, for a test that has already shown what it wanted to. */
void test_mmu_discard(struct test_mmu *model);

/** NULL, or the first breach of the contract in words. */
const char *test_mmu_check(struct test_mmu *model);

/** The n-th call of this kind from now on fails (1: the next one), once or for ever. */
void test_mmu_fail(struct test_mmu *model, enum test_call kind, uint64_t n, bool forever);

/** The same, and `times` calls fail in a row. */
void test_mmu_fail_times(struct test_mmu *model, enum test_call kind, uint64_t n, uint64_t times);

/** Whether the calling thread holds the short lock, or the transition lock, of a model. */
bool test_mmu_holds_lock(void);
bool test_mmu_holds_transition(void);

/** A coherent mmu, no model, that has no physical pages: for windows that no machine could map. */
struct quire_mmu test_mmu_without_frames(size_t page_size);

/** No call fails any more. */
void test_mmu_heal(struct test_mmu *model);

/** Whether a failure that was asked for is still to come. */
bool test_mmu_fault_pending(const struct test_mmu *model);

/** After a call: whether a failure that was asked for came to pass in it. No call fails any more. */
bool test_mmu_struck(struct test_mmu *model);

/** Others take frames from the driver, or give them back. */
void test_mmu_take_frames(struct test_mmu *model, size_t frames);
void test_mmu_give_frames(struct test_mmu *model, size_t frames);

/** Protection with which the page that holds ptr is mapped; 0 if it is absent. */
uint32_t test_mmu_prot(const struct test_mmu *model, const void *ptr);

/** How many pages from this one on, of `pages`, are mapped. */
size_t test_mmu_count_mapped(const struct test_mmu *model, const void *ptr, size_t pages);

/** Whether every line of the range was written back, or invalidated, since test_mmu_forget. */
bool test_mmu_written_back(const struct test_mmu *model, const void *ptr, size_t bytes);
bool test_mmu_invalidated(const struct test_mmu *model, const void *ptr, size_t bytes);
void test_mmu_forget(struct test_mmu *model);

/** Memory outside the window for records, zeroed, of a model that is not coherent: uncached. It is
 *  freed with the model. Aligned as a uintptr_t at least. */
void *test_mmu_uncached_memory(struct test_mmu *model, size_t bytes);

#endif
