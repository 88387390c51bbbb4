/* SPDX-License-Identifier: BSD-3-Clause */
/* vpage: SOF's page allocator. Quire's vspace does the work; here is the cap on allocations. */
#include "state.h"

static bool admit_one(size_t pages)
{
	bool fits;

	quire_sof_lock();
	fits = !CONFIG_SOF_VPAGE_MAX_ALLOCS || sof->page_allocations < CONFIG_SOF_VPAGE_MAX_ALLOCS;
	if (fits) {
		sof->page_allocations++;
		sof->page_allocation_pages += pages;
	}
	quire_sof_unlock();
	return fits;
}

static void dismiss_one(size_t pages)
{
	quire_sof_lock();
	sof->page_allocations--;
	sof->page_allocation_pages -= pages;
	quire_sof_unlock();
}

static void *allocate(unsigned int pages, uint32_t flags)
{
	struct quire_request request = { .flags = flags };
	void *ptr;

	if (!sof || pages > sof->config.pages || !admit_one(pages))
		return NULL;
	request.size = pages * sof->config.mmu->page_size;
	request.budget = flags & QUIRE_RESERVE ? NULL : &sof->pages;
	ptr = quire_vpage_request(&sof->vs, &request, QUIRE_RW);
	if (!ptr)
		dismiss_one(pages);
	return ptr;
}

void *vpage_alloc(unsigned int pages)
{
	return allocate(pages, 0);
}

void *vpage_reserve(unsigned int pages)
{
	return allocate(pages, QUIRE_RESERVE);
}

/* The count of pages is asked for first: it is gone with the allocation. */
void vpage_free(void *ptr)
{
	size_t pages;

	if (!sof || !ptr)
		return;
	pages = quire_vpage_size(&sof->vs, ptr);
	if (!quire_vpage_free(&sof->vs, ptr))
		dismiss_one(pages);
}

void vpage_release(void *ptr)
{
	vpage_free(ptr);
}

const struct sys_mm_drv_region *vpage_get_region(void)
{
	return sof ? &sof->window : NULL;
}

int vpage_init(void)
{
	return sof ? 0 : -SOF_ENODEV;
}
