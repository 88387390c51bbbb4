/* SPDX-License-Identifier: BSD-3-Clause */
/* storage: memory of exactly the size that a macro names, between guard bytes that are checked. */
#ifndef QUIRE_TEST_STORAGE_H
#define QUIRE_TEST_STORAGE_H

#include <stddef.h>

#include "support/mmu.h"

struct test_storage {
	unsigned char *memory; /**< what the library is given, aligned as a uintptr_t and no more */
	size_t bytes;
	unsigned char *block;
	size_t block_bytes;
	int from_model;
};

/** Filled with garbage. Uncached if the model is not coherent; it may be NULL. */
void test_storage_init(struct test_storage *storage, size_t bytes, struct test_mmu *model);

/** Assert that no guard byte was changed. */
void test_storage_check(const struct test_storage *storage);

/** The same, and free it. */
void test_storage_fini(struct test_storage *storage);

#endif
