/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file vpage.h
 * SOF's page allocator over quire/vpage.h. doc/sof.md has what differs.
 */
#ifndef QUIRE_SOF_LIB_VPAGE_H
#define QUIRE_SOF_LIB_VPAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sys_mm_drv_region;

/** Contiguous pages, mapped. @return the first one; NULL if any could not be had: none is held then */
void *vpage_alloc(unsigned int pages);

/** Give them back. Any pointer that is not the start of a live allocation is told to the observer,
 *  and nothing happens. */
void vpage_free(void *ptr);

/** Contiguous addresses with nothing behind them: quire_vpage_commit maps pages there. */
void *vpage_reserve(unsigned int pages);

/** End a reservation. What is still committed in it is unmapped. */
void vpage_release(void *ptr);

/** The window. NULL before quire_sof_init. */
const struct sys_mm_drv_region *vpage_get_region(void);

/** @return 0, or -ENODEV before quire_sof_init, which does the work */
int vpage_init(void);

#ifdef __cplusplus
}
#endif

#endif
