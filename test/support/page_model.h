/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * page_model: what every page of a window should be, in an array, and a vspace that is held to it call
 * by call. Each call below is made on both. What must be answered is worked out from the array: where a
 * run of pages fits and the budget allows, a refusal fails the test.
 *
 * The driver may be told to fail (test_mmu_fail) in the next call. Whatever the driver does, a call
 * that fails must leave everything as the array says; the one exception is what a failed unmap does
 * to the allocation that was to give pages back: freeing it is all that is left.
 */
#ifndef QUIRE_TEST_PAGE_MODEL_H
#define QUIRE_TEST_PAGE_MODEL_H

#include "support/space.h"

#define PAGE_MODEL_PAGES  32u /* with more, an aligned place could be one that is not looked at */
#define PAGE_MODEL_PAYERS 3u
#define PAGE_MODEL_NOBODY UINT32_MAX
#define PAGE_MODEL_ASIDE  (UINT32_MAX - PAGE_MODEL_PAYERS) /* and one more for each payer */

struct page_model_page {
	uint32_t owner; /* first page of the allocation, or NOBODY, or ASIDE and whose */
	bool guard;
	bool held;
	uint32_t prot;
	uint32_t payer;
	uint32_t pattern; /* that it was filled with; 0: none */
};

struct page_model {
	struct test_space space;
	struct quire_budget budget[PAGE_MODEL_PAYERS]; /* the first is the vspace's own */
	struct page_model_page page[PAGE_MODEL_PAGES];
	bool dead[PAGE_MODEL_PAGES];           /* by first page: an unmap failed */
	uint32_t aside[PAGE_MODEL_PAYERS];     /* pages that are to be set aside */
	uint32_t whose_run[PAGE_MODEL_PAYERS]; /* where that run began before a free */
	uint32_t pages;
	size_t frames;
	uint32_t patterns;
};

void page_model_open(struct page_model *model, const struct test_space_config *config);
void page_model_close(struct page_model *model);
void page_model_check(struct page_model *model);

/* Which page of the window, or first one of a live allocation at or after it, or beyond the window. */
uint32_t page_model_start(const struct page_model *model, uint32_t page);
uint32_t page_model_size(const struct page_model *model, uint32_t start);

/* The calls. Payer 0 is the vspace's own, named by NULL. */
void page_model_request(struct page_model *model, struct quire_request *request, uint32_t payer,
			uint32_t prot);
void page_model_take_at(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot);
void page_model_commit(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot,
		       uint32_t payer);
void page_model_decommit(struct page_model *model, uint32_t first, uint32_t count);
void page_model_protect(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot);
void page_model_resize(struct page_model *model, uint32_t start, uint32_t count);
void page_model_free(struct page_model *model, uint32_t start);
void page_model_set_aside(struct page_model *model, uint32_t payer, uint32_t count);
void page_model_trim(struct page_model *model);

/* Admit a payer, or change what it was promised; and dismiss it. */
void page_model_promise(struct page_model *model, uint32_t payer, size_t guaranteed, size_t limit);
void page_model_dismiss(struct page_model *model, uint32_t payer);

#endif
