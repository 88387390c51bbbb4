/* SPDX-License-Identifier: BSD-3-Clause */
/* storage: the guard bytes begin right behind the last byte, whatever its alignment. */
#include <stdlib.h>
#include <string.h>

#include "support/storage.h"
#include "support/test.h"

#define GUARD_BYTES 64u
#define GUARD       0xc3
#define GARBAGE     0x96

void test_storage_init(struct test_storage *storage, size_t bytes, struct test_mmu *model)
{
	size_t before = GUARD_BYTES + sizeof(uintptr_t); /* an odd multiple: no lucky alignment */

	storage->bytes = bytes;
	storage->block_bytes = before + bytes + GUARD_BYTES;
	storage->from_model = model && model->config.not_coherent;
	storage->block = storage->from_model ? test_mmu_uncached_memory(model, storage->block_bytes)
					     : malloc(storage->block_bytes);
	assert_non_null(storage->block);
	storage->memory = storage->block + before;
	memset(storage->block, GUARD, storage->block_bytes);
	memset(storage->memory, GARBAGE, bytes);
}

void test_storage_check(const struct test_storage *storage)
{
	const unsigned char *end = storage->memory + storage->bytes;

	for (const unsigned char *byte = storage->block; byte < storage->memory; byte++)
		assert_int_equal(*byte, GUARD);
	for (const unsigned char *byte = end; byte < end + GUARD_BYTES; byte++)
		assert_int_equal(*byte, GUARD);
}

void test_storage_fini(struct test_storage *storage)
{
	test_storage_check(storage);
	if (!storage->from_model)
		free(storage->block);
	memset(storage, 0, sizeof(*storage));
}
