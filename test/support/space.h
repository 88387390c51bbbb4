/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * space: a vspace on the model driver, and heaps and regions on it, each with storage of exactly
 * the size that its macro names. The end of each asserts that nothing was left behind or overrun.
 */
#ifndef QUIRE_TEST_SPACE_H
#define QUIRE_TEST_SPACE_H

#include "quire/quire.h"

#include "support/mmu.h"
#include "support/observer.h"
#include "support/storage.h"
#include "support/test.h"

struct test_space_config {
	struct test_mmu_config mmu;
	size_t budgets;
	size_t physical_pages;
	size_t retain;
	bool unobserved; /**< for tests with threads: an observer's mutex would put them in order */
};

struct test_space {
	struct test_mmu mmu;
	struct quire_vspace vs;
	struct test_observer observer;
	struct test_storage storage;
};

void test_space_init(struct test_space *space, const struct test_space_config *config);

/** A vspace of so many pages of 4096 bytes and so many frames, with no frills. */
void test_space_init_plain(struct test_space *space, size_t pages, size_t frames);

/** Everything is consistent now: the library's own check, the driver's contract, the guard
 * bytes. */
void test_space_check(struct test_space *space);

/** Assert that it is empty and consistent, and end it. */
void test_space_fini(struct test_space *space);

/** Free everything without a word, for a test that ends with a vspace in use. */
void test_space_discard(struct test_space *space);

struct quire_vspace_stats test_space_stats(struct test_space *space);

/** Address of a page of the window. */
unsigned char *test_space_page(const struct test_space *space, size_t page);

/** The page of the window that holds ptr. */
size_t test_space_page_of(const struct test_space *space, const void *ptr);

/** All that a failed call must leave as it was: accounts, mappings, owners, budgets; not
 * counters. */
struct test_snapshot {
	struct quire_vspace_stats stats;
	size_t pages;
	struct test_snapshot_page *page;
	struct quire_budget budget[8];
	size_t budgets;
};

void test_snapshot_take(struct test_snapshot *snapshot, struct test_space *space);

/** Assert that the space is now as it was then. */
void test_snapshot_compare(const struct test_snapshot *snapshot, struct test_space *space);

/** The same, but pages that were merely retained may have been given back since, or the driver may
 *  have failed to. */
void test_snapshot_compare_held(const struct test_snapshot *snapshot, struct test_space *space);
void test_snapshot_free(struct test_snapshot *snapshot);

struct test_heap {
	struct quire_vmh heap;
	struct test_storage storage;
};

/** Storage members of the config are filled in here. Asserts that it succeeds. */
void test_heap_init(struct test_heap *heap, struct test_space *space,
		    const struct quire_vmh_config *config);

/** An elastic heap over `window` bytes in cache lines. */
void test_heap_init_elastic(struct test_heap *heap, struct test_space *space, size_t window);

void test_heap_check(struct test_heap *heap);
void test_heap_fini(struct test_heap *heap);

struct test_region {
	struct quire_vregion *vr;
	struct test_storage storage;
	int32_t why;       /**< of a failed create */
	unsigned releases; /**< how often the release callback was called */
};

/** Storage and release of the config are filled in here. @return vr, NULL if create failed */
struct quire_vregion *test_region_init(struct test_region *region, struct test_space *space,
				       const struct quire_vregion_config *config);

/** After the last put: assert that the storage was released once and never overrun. */
void test_region_fini(struct test_region *region);

/** Fill memory with a pattern of its owner, and assert that it still holds it. */
void test_fill(void *ptr, size_t bytes, uint32_t owner);
void test_assert_filled(const void *ptr, size_t bytes, uint32_t owner);
bool test_is_filled(const void *ptr, size_t bytes, uint32_t owner);

#endif
