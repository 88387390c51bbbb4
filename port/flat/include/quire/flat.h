/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file flat.h
 * The flat port: an mmu over an array that is always there.
 *
 * For machines without a page unit, and for tests. Nothing is translated and nothing is protected:
 * a page that is not mapped can be touched all the same. What the port does is count, so that
 * available() tells the truth and budgets, guarantees and exhaustion work as they do elsewhere.
 *
 * A page is then merely the unit in which memory changes hands, and may be small: 64 bytes or more.
 * Plain QUIRE_RW is the only protection it accepts. There is one view of memory, all cores are
 * coherent, and there are no locks: fill in the four lock functions of `mmu` before use if several
 * threads or cores share it. Freestanding; memory from the caller.
 *
 * **Cost.** One step per page. **Storage** one bit per page.
 *
 * Example: 64 KiB in pages of 256 bytes.
 * @code
 *	static _Alignas(256) unsigned char memory[256 * 256];
 *	static unsigned char storage[QUIRE_FLAT_STORAGE(256)];
 *	struct quire_flat flat;
 *	struct quire_flat_config config = {
 *		.memory = memory, .pages = 256, .page_size = 256,
 *		.storage = storage, .storage_bytes = sizeof(storage),
 *	};
 *
 *	if (quire_flat_init(&flat, &config))
 *		return -1;
 *	... use &flat.mmu, with a window of 256 pages at memory ...
 * @endcode
 */
#ifndef QUIRE_FLAT_H
#define QUIRE_FLAT_H

#include <stddef.h>
#include <stdint.h>

#include "quire/mmu.h"
#include "quire/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct quire_flat_config {
	void *memory;         /**< the window and what is behind it: a multiple of page_size */
	size_t pages;         /**< of that memory, at least 1 */
	size_t page_size;     /**< bytes: a power of two, at least 64 */
	size_t cache_line;    /**< bytes: a power of two, at most page_size; 0: 64 */
	void *storage;        /**< for the port as long as it is used */
	size_t storage_bytes; /**< at least QUIRE_FLAT_STORAGE(pages) */
};

struct quire_flat {
	struct quire_mmu mmu; /**< what a vspace is given; constant once something uses it */

	/* Private. */
	uintptr_t base;
	size_t pages;
	size_t mapped;
	unsigned char *is_mapped; /* a bit per page */
};

/** Bytes of storage, a constant expression. */
#define QUIRE_FLAT_STORAGE(pages) (((size_t)(pages) + 7u) / 8u)

/**
 * Make the port. There is nothing to tear down.
 * @return QUIRE_OK, or QUIRE_EINVAL for impossible geometry or too little storage
 */
int32_t quire_flat_init(struct quire_flat *flat, const struct quire_flat_config *config);

#ifdef __cplusplus
}
#endif

#endif
