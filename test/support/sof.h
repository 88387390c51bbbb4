/* SPDX-License-Identifier: BSD-3-Clause */
/* sof: compat/sof on the model driver, made anew for each test, with nothing left behind at its end. */
#ifndef QUIRE_TEST_SOF_H
#define QUIRE_TEST_SOF_H

#include "quire/sof.h"

#include "support/mmu.h"
#include "support/observer.h"
#include "support/storage.h"
#include "support/test.h"

#define SOF_PAGE   ((size_t)4096)
#define SOF_PAGES  2048u
#define SOF_FRAMES 704u

struct test_sof {
	struct test_mmu mmu;
	struct test_observer observer;
	struct test_storage storage;
	struct quire_sof_config config;
};

/** Incoherent, as the machines of SOF are, with the geometry of mtl. */
void test_sof_init(struct test_sof *on);

/** The same with all that differs. */
void test_sof_init_with(struct test_sof *on, const struct test_mmu_config *mmu,
			const struct quire_sof_config *config);

/** Assert that everything is consistent. */
void test_sof_check(struct test_sof *on);

/** Assert that nothing is allocated, and end it. */
void test_sof_fini(struct test_sof *on);

/** Misuses that the observer was told. */
uint64_t test_sof_misuses(const struct test_sof *on);

struct quire_sof_memory test_sof_memory(void);

#endif
