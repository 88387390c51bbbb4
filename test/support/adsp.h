/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adsp: the model driver of support/mmu.h on the model of the Intel ADSP.
 *
 * With QUIRE_TEST_PORT=adsp-strict or adsp-faulty in the environment, a test_mmu takes its pages
 * from that port in place of plain host memory. It goes on checking the contract from above; the
 * port and its driver work below. Failures that a test asks for become failures of the driver at
 * one page, so the port has to undo what it did before.
 */
#ifndef QUIRE_TEST_ADSP_H
#define QUIRE_TEST_ADSP_H

#include "quire/adsp.h"

struct test_mmu;

/** The port that a model is to stand on; NULL: none. It is given back by test_adsp_close. */
struct quire_adsp *test_adsp_open(struct test_mmu *model);
void test_adsp_close(struct test_mmu *model);

/** map and protect on the port, which fails on the way if it `fails`. */
int32_t test_adsp_map(struct test_mmu *model, size_t page, size_t pages, uint32_t prot, bool fails);
int32_t test_adsp_protect(struct test_mmu *model, size_t page, size_t pages, uint32_t prot,
			  bool fails);

/** Unmap one page, or fail to. */
int32_t test_adsp_unmap(struct test_mmu *model, size_t page, bool fails);

#endif
