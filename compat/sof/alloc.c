/* SPDX-License-Identifier: BSD-3-Clause */
/* alloc: SOF's buffers and the memory of modules. One request is served by a region or by a heap, and
 * one free asks who owns the pointer. */
#include <string.h>

#include "state.h"

/* ---- requests -------------------------------------------------------------------------------- */

static void *aliased(void *ptr, uint32_t flags)
{
	return ptr && flags & SOF_MEM_FLAG_COHERENT ? quire_uncached(sof->config.mmu, ptr) : ptr;
}

/* Memory that is used by its uncached alias is whole cache lines: no neighbour's line may be written
 * back over it. */
static void round_to_lines(struct quire_request *request, uint32_t flags)
{
	size_t line = sof->config.mmu->cache_line;

	if (!(flags & SOF_MEM_FLAG_COHERENT))
		return;
	if (request->align < line)
		request->align = line;
	if (!request->min && request->size <= SIZE_MAX - line)
		request->size = (request->size + line - 1) & ~(line - 1);
}

static void *ask_heap(struct quire_sof_heap_slot *slot, uint32_t flags,
		      struct quire_request *request)
{
	round_to_lines(request, flags);
	if (!request->align)
		request->align = sof->config.mmu->cache_line;
	return aliased(quire_vmh_request(&slot->heap, request), flags);
}

static void *ask_region(struct quire_sof_region_slot *slot, uint32_t flags,
			struct quire_request *request)
{
	enum quire_area area = quire_sof_area(slot);

	if (!(flags & SOF_MEM_FLAG_COHERENT))
		return quire_vregion_request(slot->region, area, request);
	if (!request->min) {
		request->granted = request->size;
		return quire_vregion_alloc_coherent(slot->region, area, request->size,
						    request->align);
	}
	round_to_lines(request, flags);
	return aliased(quire_vregion_request(slot->region, area, request), flags);
}

/* From preferred downwards in steps of minimum. False if there is no such range. */
static bool make_range(struct quire_request *request, size_t preferred, size_t minimum)
{
	if (!minimum || preferred < minimum || preferred > SIZE_MAX - minimum)
		return false;
	request->size = (preferred + minimum - 1) / minimum * minimum;
	request->min = minimum;
	request->step = minimum;
	return true;
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static bool is_rest(const struct k_heap *heap)
{
	return heap && !quire_sof_heap_of(heap) && sof->config.rest && sof->config.rest->alloc;
}

static void *heap_alloc(const struct k_heap *heap, uint32_t flags, struct quire_request *request)
{
	const void *handle = heap ? (const void *)heap : sof->buffers;
	struct quire_sof_heap_slot *slot = quire_sof_heap_of(handle);

	return slot ? ask_heap(slot, flags, request) : NULL;
}

void *sof_heap_alloc(struct k_heap *heap, uint32_t flags, size_t bytes, size_t alignment)
{
	struct quire_request request = { .size = bytes, .align = alignment };

	if (!sof)
		return NULL;
	if (is_rest(heap))
		return sof->config.rest->alloc(heap, flags, bytes, alignment);
	return heap_alloc(heap, flags, &request);
}

static void free_page_allocation(struct k_heap *heap, void *ptr)
{
	if (quire_sof_in_window(ptr) || !sof->config.rest || !sof->config.rest->free)
		vpage_free(ptr); /* which tells the observer if it is none */
	else
		sof->config.rest->free(heap, ptr);
}

static void free_any(struct k_heap *heap, void *ptr)
{
	struct quire_sof_owner owner;

	if (!sof || !ptr)
		return;
	owner = quire_sof_owner_of(ptr);
	if (owner.heap)
		quire_sof_free_from_heap(owner.heap, ptr);
	else if (owner.region)
		quire_sof_free_from_region(owner.region, ptr);
	else
		free_page_allocation(heap, ptr);
}

void sof_heap_free(struct k_heap *heap, void *ptr)
{
	free_any(heap, ptr);
}

void rfree(void *ptr)
{
	free_any(NULL, ptr);
}

/* ---- buffers and objects --------------------------------------------------------------------- */

void *rballoc_align(uint32_t flags, size_t bytes, uint32_t alignment)
{
	return sof_heap_alloc(NULL, flags, bytes, alignment);
}

void *rballoc(uint32_t flags, size_t bytes)
{
	return rballoc_align(flags, bytes, 0);
}

void *rballoc_align_range(uint32_t flags, size_t preferred, size_t minimum, uint32_t alignment,
			  size_t *granted)
{
	return sof_ctx_alloc_range(NULL, flags, preferred, minimum, alignment, granted);
}

void *rmalloc_align(uint32_t flags, size_t bytes, uint32_t alignment)
{
	if (sof && sof->config.rest && sof->config.rest->alloc)
		return sof->config.rest->alloc(NULL, flags, bytes, alignment);
	return sof_heap_alloc(NULL, flags, bytes, alignment);
}

void *rmalloc(uint32_t flags, size_t bytes)
{
	return rmalloc_align(flags, bytes, 0);
}

void *rzalloc(uint32_t flags, size_t bytes)
{
	void *ptr = rmalloc(flags, bytes);

	return ptr ? memset(ptr, 0, bytes) : NULL;
}

/* ---- modules --------------------------------------------------------------------------------- */

/* A module that has a region gets nothing from a heap, also where the region is gone or full. */
static void *ctx_request(const struct mod_alloc_ctx *ctx, uint32_t flags,
			 struct quire_request *request)
{
	struct quire_sof_region_slot *slot;

	if (!ctx || !ctx->vreg)
		return heap_alloc(ctx ? ctx->heap : NULL, flags, request);
	slot = quire_sof_region_of(ctx->vreg);
	return slot ? ask_region(slot, flags, request) : NULL;
}

void *sof_ctx_alloc(struct mod_alloc_ctx *ctx, uint32_t flags, size_t size, size_t alignment)
{
	struct quire_request request = { .size = size, .align = alignment };
	void *ptr;

	if (!sof)
		return NULL;
	if (ctx && !ctx->vreg && is_rest(ctx->heap))
		return sof->config.rest->alloc(ctx->heap, flags, size, alignment);
	ptr = ctx_request(ctx, flags, &request);
	if (ptr && ctx)
		quire_sof_note_down(ptr, size, ctx->module);
	return ptr;
}

void *sof_ctx_zalloc(struct mod_alloc_ctx *ctx, uint32_t flags, size_t size, size_t alignment)
{
	void *ptr = sof_ctx_alloc(ctx, flags, size, alignment);

	return ptr ? memset(ptr, 0, size) : NULL;
}

void *sof_ctx_alloc_range(struct mod_alloc_ctx *ctx, uint32_t flags, size_t preferred,
			  size_t minimum, size_t alignment, size_t *granted)
{
	struct quire_request request = { .align = alignment };
	void *ptr = NULL;

	if (sof && make_range(&request, preferred, minimum))
		ptr = ctx_request(ctx, flags, &request);
	if (granted)
		*granted = ptr ? request.granted : 0;
	if (ptr && ctx)
		quire_sof_note_down(ptr, request.granted, ctx->module);
	return ptr;
}

void sof_ctx_free(struct mod_alloc_ctx *ctx, void *ptr)
{
	free_any(ctx ? ctx->heap : NULL, ptr);
}
