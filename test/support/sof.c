/* SPDX-License-Identifier: BSD-3-Clause */
/* sof: see sof.h. */
#include "support/sof.h"

#include <string.h>

void test_sof_init_with(struct test_sof *on, const struct test_mmu_config *mmu,
			const struct quire_sof_config *config)
{
	memset(on, 0, sizeof(*on));
	test_mmu_init(&on->mmu, mmu);
	test_observer_init(&on->observer);
	test_storage_init(&on->storage, QUIRE_SOF_STORAGE(mmu->pages), &on->mmu);
	on->config = *config;
	on->config.mmu = &on->mmu.mmu;
	on->config.base = on->mmu.window;
	on->config.pages = mmu->pages;
	on->config.observer = &on->observer.observer;
	on->config.storage = on->storage.memory;
	on->config.storage_bytes = QUIRE_SOF_STORAGE(mmu->pages);
	assert_int_equal(quire_sof_init(&on->config), 0);
	test_sof_check(on);
}

void test_sof_init(struct test_sof *on)
{
	test_sof_init_with(on,
			   &(struct test_mmu_config){
				   .pages = SOF_PAGES, .frames = SOF_FRAMES, .not_coherent = true },
			   &(struct quire_sof_config){ 0 });
}

void test_sof_check(struct test_sof *on)
{
	assert_sound(test_mmu_check(&on->mmu));
	assert_sound(quire_sof_check());
	test_storage_check(&on->storage);
}

void test_sof_fini(struct test_sof *on)
{
	test_sof_check(on);
	assert_int_equal(quire_sof_fini(), 0);
	test_storage_fini(&on->storage);
	test_mmu_fini(&on->mmu);
}

uint64_t test_sof_misuses(const struct test_sof *on)
{
	return on->observer.count[QUIRE_EVENT_MISUSE];
}

struct quire_sof_memory test_sof_memory(void)
{
	struct quire_sof_memory memory;

	assert_int_equal(quire_sof_memory(&memory), 0);
	return memory;
}
