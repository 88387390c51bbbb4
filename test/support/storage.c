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

static bool is_guard(const unsigned char *bytes, size_t count)
{
	return bytes[0] == GUARD && memcmp(bytes, bytes + 1, count - 1) == 0;
}

void test_storage_check(const struct test_storage *storage)
{
	size_t before = (size_t)(storage->memory - storage->block);

	assert_true(is_guard(storage->block, before));
	assert_true(is_guard(storage->memory + storage->bytes, GUARD_BYTES));
}

void test_storage_fini(struct test_storage *storage)
{
	test_storage_check(storage);
	if (!storage->from_model)
		free(storage->block);
	memset(storage, 0, sizeof(*storage));
}
