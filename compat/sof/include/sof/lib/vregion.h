/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file vregion.h
 * SOF's regions over quire/vregion.h, in both generations of the interface. doc/sof.md has what differs.
 *
 * Of March 2026: a region has two sizes, and each allocation names its type. Code of that generation
 * defines QUIRE_SOF_VREGION_TYPED before it includes this header. Later: a region has one size, and
 * vregion_set_interim ends its lifetime allocations. The library has both under different names, so
 * that code of both can be in one firmware.
 */
#ifndef QUIRE_SOF_LIB_VREGION_H
#define QUIRE_SOF_LIB_VREGION_H

#include <stddef.h>
#include <stdint.h>

#include "quire/sof_config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vregion;

enum vregion_mem_type {
	VREGION_MEM_TYPE_INTERIM,  /**< allocated and freed */
	VREGION_MEM_TYPE_LIFETIME, /**< stays until the region goes */
	VREGION_MEM_TYPE_INVALID,  /**< nothing can be allocated with it */
};

#ifdef QUIRE_SOF_VREGION_TYPED
#define vregion_create               vregion_create_typed
#define vregion_alloc                vregion_alloc_typed
#define vregion_alloc_align          vregion_alloc_align_typed
#define vregion_alloc_coherent       vregion_alloc_coherent_typed
#define vregion_alloc_coherent_align vregion_alloc_coherent_align_typed
#endif

#if CONFIG_SOF_VREGIONS

#ifdef QUIRE_SOF_VREGION_TYPED
/** Both sizes are rounded up to pages. @return a region with one user, or NULL */
struct vregion *vregion_create(size_t lifetime_size, size_t interim_size);

/** @name Allocation from one of the areas. alignment 0: a cache line. @return NULL on failure @{ */
void *vregion_alloc(struct vregion *vr, enum vregion_mem_type type, size_t size);
void *vregion_alloc_align(struct vregion *vr, enum vregion_mem_type type, size_t size,
			  size_t alignment);
void *vregion_alloc_coherent(struct vregion *vr, enum vregion_mem_type type, size_t size);
void *vregion_alloc_coherent_align(struct vregion *vr, enum vregion_mem_type type, size_t size,
				   size_t alignment);
/** @} */
#else
/** The size is rounded up to pages. @return a region with one user, or NULL */
struct vregion *vregion_create(size_t memsize);

/** @name Allocation for the lifetime, or from the interim area after vregion_set_interim @{ */
void *vregion_alloc(struct vregion *vr, size_t size);
void *vregion_alloc_align(struct vregion *vr, size_t size, size_t alignment);
void *vregion_alloc_coherent(struct vregion *vr, size_t size);
void *vregion_alloc_coherent_align(struct vregion *vr, size_t size, size_t alignment);
/** @} */
#endif

/** No lifetime allocation any more; what is left becomes the interim area. Idempotent. */
void vregion_set_interim(struct vregion *vr);

/** One more user. @return vr, or NULL if it is no live region */
struct vregion *vregion_get(struct vregion *vr);

/** One user less; the last one ends the region. @return NULL if it is gone, else vr: also where the
 *  driver did not unmap its pages, and put is to be called again */
struct vregion *vregion_put(struct vregion *vr);

/** As vregion_put. */
void vregion_destroy(struct vregion *vr);

/** Give an allocation back. A pointer that is none is told to the observer, and nothing happens. */
void vregion_free(struct vregion *vr, void *ptr);

/** Tell the log of quire_sof_init how the region stands. */
void vregion_info(struct vregion *vr);

/** Where its window is. size 0 and start 0 for no region; either pointer may be NULL. */
void vregion_mem_info(struct vregion *vr, size_t *size, uintptr_t *start);

#else /* CONFIG_SOF_VREGIONS: none can be made, and what is asked of none is refused */

#ifdef QUIRE_SOF_VREGION_TYPED
static inline struct vregion *vregion_create(size_t lifetime_size, size_t interim_size)
{
	(void)lifetime_size, (void)interim_size;
	return NULL;
}
static inline void *vregion_alloc_align(struct vregion *vr, enum vregion_mem_type type, size_t size,
					size_t alignment)
{
	(void)vr, (void)type, (void)size, (void)alignment;
	return NULL;
}
static inline void *vregion_alloc(struct vregion *vr, enum vregion_mem_type type, size_t size)
{
	return vregion_alloc_align(vr, type, size, 0);
}
static inline void *vregion_alloc_coherent(struct vregion *vr, enum vregion_mem_type type,
					   size_t size)
{
	return vregion_alloc_align(vr, type, size, 0);
}
static inline void *vregion_alloc_coherent_align(struct vregion *vr, enum vregion_mem_type type,
						 size_t size, size_t alignment)
{
	return vregion_alloc_align(vr, type, size, alignment);
}
#else
static inline struct vregion *vregion_create(size_t memsize)
{
	(void)memsize;
	return NULL;
}
static inline void *vregion_alloc_align(struct vregion *vr, size_t size, size_t alignment)
{
	(void)vr, (void)size, (void)alignment;
	return NULL;
}
static inline void *vregion_alloc(struct vregion *vr, size_t size)
{
	return vregion_alloc_align(vr, size, 0);
}
static inline void *vregion_alloc_coherent(struct vregion *vr, size_t size)
{
	return vregion_alloc_align(vr, size, 0);
}
static inline void *vregion_alloc_coherent_align(struct vregion *vr, size_t size, size_t alignment)
{
	return vregion_alloc_align(vr, size, alignment);
}
#endif

static inline void vregion_set_interim(struct vregion *vr)
{
	(void)vr;
}
static inline struct vregion *vregion_get(struct vregion *vr)
{
	return vr;
}
static inline struct vregion *vregion_put(struct vregion *vr)
{
	return vr;
}
static inline void vregion_destroy(struct vregion *vr)
{
	(void)vr;
}
static inline void vregion_free(struct vregion *vr, void *ptr)
{
	(void)vr, (void)ptr;
}
static inline void vregion_info(struct vregion *vr)
{
	(void)vr;
}
static inline void vregion_mem_info(struct vregion *vr, size_t *size, uintptr_t *start)
{
	(void)vr;
	if (size)
		*size = 0;
	if (start)
		*start = 0;
}

#endif /* CONFIG_SOF_VREGIONS */

#ifdef __cplusplus
}
#endif

#endif
