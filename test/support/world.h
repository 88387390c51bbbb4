/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * world: a vspace with one of everything in it, to be saved and restored: pages of every protection,
 * a guard, a reservation that is committed in parts, retained pages, addresses set aside, budgets, a
 * heap of each kind, a region that is awake and one that sleeps already, and an allocation whose free
 * has failed.
 */
#ifndef QUIRE_TEST_WORLD_H
#define QUIRE_TEST_WORLD_H

#include "support/heap_archive.h"
#include "support/space.h"

#define TEST_WORLD_PAGES  96u
#define TEST_WORLD_RETAIN 3u

struct test_world_config {
	size_t page_size; /**< 0: 4096 */
	bool not_coherent;
	bool read_twice; /**< the archive can go back */
	uint32_t seed;   /**< of what is in its pages */
};

/** What its owners can ask. */
struct test_world_info {
	struct test_snapshot snapshot;
	struct quire_vspace_stats stats;
	struct quire_vmh_stats heap[2];
	struct quire_bundle_stats bundle[2];
	struct quire_vregion_info region[2];
};

struct test_world {
	struct test_world_config config;
	struct test_space space;
	size_t page; /**< bytes */
	struct quire_budget strict, greedy;
	struct test_heap table, elastic;
	struct test_region region, sleeper;
	struct heap_archive archive;
	struct heap_archive nap; /**< of the region that sleeps */
	unsigned char *data, *constants, *code, *user, *guarded, *reserved, *condemned;
	unsigned char *block, *part, *stream;
	unsigned char *text, *shared, *life, *scratch, *dream;
	struct test_world_info before;
};

void test_world_open(struct test_world *world, const struct test_world_config *config);

/** Everything is allocated, and nothing is as `before`: assert that it can all be freed, and end it. */
void test_world_close(struct test_world *world);

/** The same without freeing. */
void test_world_discard(struct test_world *world);

int32_t test_world_save(struct test_world *world);
int32_t test_world_restore(struct test_world *world);

/** Assert that it works: contents, protections, mappings, statistics and accounts are as `before`. The
 *  retained pages may have been given up. */
void test_world_assert_awake(struct test_world *world);

/** Assert that nothing is mapped but what an earlier unmap failed to, and all that can be asked is as
 *  before. */
void test_world_assert_asleep(struct test_world *world);

/** A stretch of records. */
struct test_record {
	void *ptr;
	size_t bytes;
};

#define TEST_WORLD_RECORDS 12u

/** All memory that holds its records. */
void test_world_records(struct test_world *world, struct test_record record[TEST_WORLD_RECORDS]);

/** A copy of them, to be freed. */
unsigned char *test_world_copy_records(struct test_world *world);

/** Assert that they are what they were when they were copied, byte for byte, but for what the vspace
 *  counts: refusals, and calls of the driver unless `driver_too`. */
void test_world_compare_records(struct test_world *world, const unsigned char *copy,
				bool driver_too);

#endif
