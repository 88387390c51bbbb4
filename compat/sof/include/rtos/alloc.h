/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file alloc.h
 * SOF's calls for buffers and for the memory of modules. doc/sof.md has what differs.
 *
 * Every free finds the owner of a pointer by looking it up, whichever call gave it. Memory that is not
 * Quire's goes through the `rest` of quire_sof_init, if there is one.
 */
#ifndef QUIRE_SOF_RTOS_ALLOC_H
#define QUIRE_SOF_RTOS_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include <sof/lib/vregion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Flags. COHERENT gives the uncached alias of whole cache lines; the others are accepted @{ */
#define SOF_MEM_FLAG_DMA                (1u << 2)
#define SOF_MEM_FLAG_NO_COPY            (1u << 3)
#define SOF_MEM_FLAG_COHERENT           (1u << 4)
#define SOF_MEM_FLAG_L3                 (1u << 5)
#define SOF_MEM_FLAG_LOW_POWER          (1u << 6)
#define SOF_MEM_FLAG_KERNEL             (1u << 7)
#define SOF_MEM_FLAG_USER               (1u << 8)
#define SOF_MEM_FLAG_USER_SHARED_BUFFER (1u << 9)
#define SOF_MEM_FLAG_LARGE_BUFFER       (1u << 10)
/** @} */

/** A heap as SOF names it: one of vmh_init_heap, cast, or one of the firmware's own. */
struct k_heap;

/** Where the memory of a module comes from. */
struct mod_alloc_ctx {
	struct k_heap *heap;  /**< NULL: the heap of buffers */
	struct vregion *vreg; /**< not NULL: all comes from here, and nothing from a heap */
	uint32_t module;      /**< whose bytes these are in quire_sof_module; 0: nobody's */
};

/** @name Buffers. alignment 0: a cache line. @return NULL on failure @{ */
void *rballoc_align(uint32_t flags, size_t bytes, uint32_t alignment);
void *rballoc(uint32_t flags, size_t bytes);

/** At best `preferred`, at least `minimum` bytes, a multiple of `minimum`, in one search.
 *  @param granted  how many they are; 0 on failure. May be NULL */
void *rballoc_align_range(uint32_t flags, size_t preferred, size_t minimum, uint32_t alignment,
			  size_t *granted);
/** @} */

/** @name Objects: from the `rest` of quire_sof_init if there is one, else from the heap of buffers
 * @{ */
void *rmalloc_align(uint32_t flags, size_t bytes, uint32_t alignment);
void *rmalloc(uint32_t flags, size_t bytes);
void *rzalloc(uint32_t flags, size_t bytes);
/** @} */

/** Give any of them back, memory of heaps and regions too, and whole page allocations. */
void rfree(void *ptr);

void *sof_heap_alloc(struct k_heap *heap, uint32_t flags, size_t bytes, size_t alignment);
void sof_heap_free(struct k_heap *heap, void *ptr);

/** @name Memory of a module. ctx NULL: as sof_heap_alloc without a heap @{ */
void *sof_ctx_alloc(struct mod_alloc_ctx *ctx, uint32_t flags, size_t size, size_t alignment);
void *sof_ctx_zalloc(struct mod_alloc_ctx *ctx, uint32_t flags, size_t size, size_t alignment);
void *sof_ctx_alloc_range(struct mod_alloc_ctx *ctx, uint32_t flags, size_t preferred,
			  size_t minimum, size_t alignment, size_t *granted);
void sof_ctx_free(struct mod_alloc_ctx *ctx, void *ptr);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
