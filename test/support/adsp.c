/* SPDX-License-Identifier: BSD-3-Clause */
/* adsp: see adsp.h. One fault at a time is armed: a call of the driver, and the page at which it
 * fails, once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/adsp.h"
#include "support/mmu.h"
#include "support/test.h"

static int fault(void *context, enum quire_adsp_call call, uintptr_t va)
{
	struct test_mmu *model = context;
	int error = model->fault_errno;

	if (!error || call != model->fault_call || va != model->fault_at)
		return 0;
	model->fault_errno = 0;
	return error;
}

/* Which page of a range fails varies from call to call. */
static void arm(struct test_mmu *model, enum quire_adsp_call call, size_t page, size_t pages,
		int error)
{
	size_t which = page + (size_t)model->calls[TEST_ANY] * 7 % pages;

	model->fault_call = call;
	model->fault_at = (uintptr_t)model->window + which * model->config.page_size;
	model->fault_errno = error;
}

static bool is_wanted(enum quire_adsp_behaviour *behaviour)
{
	const char *port = getenv("QUIRE_TEST_PORT");

	if (!port || !*port)
		return false;
	*behaviour = strcmp(port, "adsp-faulty") == 0 ? QUIRE_ADSP_FAULTY : QUIRE_ADSP_STRICT;
	assert_true(*behaviour == QUIRE_ADSP_FAULTY || strcmp(port, "adsp-strict") == 0);
	return true;
}

struct quire_adsp *test_adsp_open(struct test_mmu *model)
{
	struct quire_adsp_config config = {
		.pages = model->config.pages,
		.frames = (uint32_t)model->config.frames,
		.page_size = model->config.page_size,
		.cache_line = model->config.cache_line,
		.base = model->config.phase * model->config.page_size,
		.coherent = !model->config.not_coherent,
		.fresh = TEST_POISON,
		.fault = fault,
		.context = model,
	};
	struct quire_adsp *adsp;

	if (!is_wanted(&config.behaviour))
		return NULL;
	adsp = malloc(sizeof(*adsp));
	assert_non_null(adsp);
	assert_int_equal(quire_adsp_init(adsp, &config), QUIRE_OK);
	return adsp;
}

void test_adsp_close(struct test_mmu *model)
{
	quire_adsp_fini(model->adsp);
	free(model->adsp);
}

/* What a model does not enforce, and what the port never could, is not passed on. */
static uint32_t known_prot(const struct test_mmu *model, uint32_t prot)
{
	return (prot & (QUIRE_READ | QUIRE_WRITE | QUIRE_EXEC)) |
	       (model->config.enforces & QUIRE_WRITE ? 0 : QUIRE_WRITE);
}

static uintptr_t address_of(const struct test_mmu *model, size_t page)
{
	return (uintptr_t)model->window + page * model->config.page_size;
}

int32_t test_adsp_map(struct test_mmu *model, size_t page, size_t pages, uint32_t prot, bool fails)
{
	const struct quire_mmu *mmu = &model->adsp->mmu;
	int32_t status;

	if (fails)
		arm(model, QUIRE_ADSP_MAP, page, pages,
		    model->map_status == QUIRE_ENOPHYS ? -ENOMEM : -EIO);
	status = mmu->map(mmu, address_of(model, page), pages, known_prot(model, prot));
	model->fault_errno = 0;
	return status;
}

int32_t test_adsp_protect(struct test_mmu *model, size_t page, size_t pages, uint32_t prot,
			  bool fails)
{
	const struct quire_mmu *mmu = &model->adsp->mmu;

	if (fails)
		arm(model, QUIRE_ADSP_UPDATE, page, pages, -EIO);
	return mmu->protect(mmu, address_of(model, page), pages, known_prot(model, prot));
}

int32_t test_adsp_unmap(struct test_mmu *model, size_t page, bool fails)
{
	const struct quire_mmu *mmu = &model->adsp->mmu;

	if (fails)
		arm(model, QUIRE_ADSP_UNMAP, page, 1, -EIO);
	return mmu->unmap(mmu, address_of(model, page), 1);
}
