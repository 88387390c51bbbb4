/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * heap: what vregion uses of vmh beyond its public calls: a heap in part of a window that somebody
 * else owns, its leaks and its whole contents.
 */
#ifndef QUIRE_HEAP_H
#define QUIRE_HEAP_H

#include "pages.h"
#include "quire/vmh.h"

/* An elastic heap in pages that the caller owns. Fini does not give the pages' addresses back. */
int32_t quire_vmh_init_within(struct quire_vmh *heap, struct quire_vspace *vs, uint32_t first_page,
			      uint32_t pages, const struct quire_vmh_config *config);

/* Tell each live allocation as a leak of `object`. */
void quire_vmh_tell_leaks(struct quire_vmh *heap, const void *object, uint32_t tag);

/* Free every allocation. In a deep section. A failure leaves the one that failed, and those above. */
int32_t quire_vmh_reset(struct quire_section *section, struct quire_vmh *heap);

#endif
