/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file vregion.h
 * A region per pipeline or module: all its memory in one window, given back by one call.
 *
 * A region is one contiguous window of a vspace with up to four areas, each starting on a page and
 * with a protection of its own:
 *
 * - **lifetime**: allocations that stay until the region goes. A pointer that moves up.
 * - **interim**: allocate and free, in units of a cache line (an elastic heap, see vmh.h).
 * - **text**: code and constants; filled while writable, then made executable.
 * - **shared**: like lifetime, for memory that others may also reach.
 *
 * Pages are committed as they are needed, so a generous size costs addresses, not memory.
 *
 * **The split** between lifetime and interim is *fixed* (both sizes given) or *lazy*
 * (QUIRE_VREGION_LAZY: one size for both): lifetime grows from the base until the region is sealed;
 * then the interim area gets what is left, from the next page on. Sealing also ends allocation from
 * the lifetime, text and shared areas, in both splits. Before it, a lazy region has no interim area
 * (QUIRE_ESTATE); a region with less than a page left has none after it either (QUIRE_ENOVIRT), and
 * serves its lifetime allocations as before.
 *
 * **Ownership.** create counts one user; get adds one, put removes one, and the last put destroys the
 * region: interim allocations that are still live are told as leaks, all pages and the addresses go
 * back, and the release callback returns the caller's storage.
 *
 * **Not coherent** mmus: put, reset_interim and save relinquish the region's pages on the core that
 * calls (mmu.h), so a core that puts the region it used need do nothing else; what restore fills is
 * written back. Memory of the text, shared and lifetime areas that was freed stays in the region,
 * so whoever touched it relinquishes it, or puts the region, all the same.
 *
 * **Protection.** Areas are RW unless configured; an area is changed as a whole by
 * quire_vregion_protect, also for pages that are committed later. A sealed lifetime area can be
 * made read-only. Text is made QUIRE_RX; the instruction cache is synchronised then.
 *
 * **Statuses** as in vmh.h, and QUIRE_ESTATE where the region is sealed, not yet sealed, or saved.
 *
 * **Cost.** Lifetime: a few comparisons, plus the driver once per page. Interim: as an elastic
 * heap. **Storage** comes from the caller: QUIRE_VREGION_STORAGE; on an mmu that is not coherent it
 * must be uncached.
 *
 * Example.
 * @code
 *	struct quire_vregion_config config = {
 *		.lifetime = 12 * 1024, .interim = 64 * 1024,
 *		.storage = memory, .storage_bytes = QUIRE_VREGION_STORAGE(64 * 1024, 64),
 *	};
 *	struct quire_vregion *vr = quire_vregion_create(&vs, &config, NULL);
 *	struct module *module = quire_vregion_alloc(vr, QUIRE_LIFETIME, sizeof(*module), 0);
 *
 *	quire_vregion_seal(vr);
 *	void *scratch = quire_vregion_alloc(vr, QUIRE_INTERIM, 4096, 64);
 *	quire_vregion_free(vr, scratch);
 *	quire_vregion_put(vr);
 * @endcode
 */
#ifndef QUIRE_VREGION_H
#define QUIRE_VREGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/vmh.h"

#ifdef __cplusplus
extern "C" {
#endif

enum quire_area { QUIRE_TEXT, QUIRE_SHARED, QUIRE_LIFETIME, QUIRE_INTERIM, QUIRE_AREAS };

/** One size for lifetime and interim together; the split is made by seal. */
#define QUIRE_VREGION_LAZY 1u

struct quire_vregion;

struct quire_vregion_config {
	size_t lifetime;            /**< bytes; lazy: of lifetime and interim together */
	size_t interim;             /**< bytes; lazy: 0 */
	size_t text;                /**< bytes; 0: no such area */
	size_t shared;              /**< bytes; 0: no such area */
	uint32_t flags;             /**< QUIRE_VREGION_LAZY */
	uint32_t prot[QUIRE_AREAS]; /**< by area; 0: QUIRE_RW */
	size_t unit; /**< of the interim area, a power of two; 0: a cache line of the mmu */
	struct quire_budget *budget; /**< pays; NULL: the vspace's own */
	uint32_t tag;                /**< told in events about the region itself */
	void *storage;               /**< aligned as a uintptr_t */
	size_t storage_bytes;        /**< at least QUIRE_VREGION_STORAGE */

	/** Called by the last put, after the region is gone. May be NULL. */
	void (*release)(void *context, void *storage);
	void *context;
};

/** One area as it is now. Bytes. */
struct quire_area_info {
	void *base;  /**< NULL: no such area (yet) */
	size_t size; /**< address space */
	size_t used; /**< granted to allocations, alignment included */
	size_t used_peak;
	size_t committed;   /**< pages behind it */
	size_t allocations; /**< live ones; in areas without free: all there were */
	uint32_t prot;
};

struct quire_vregion_info {
	void *base;
	size_t size;
	size_t committed;
	size_t committed_peak;
	uint32_t users;
	bool sealed;
	bool saved;
	struct quire_area_info area[QUIRE_AREAS];
};

/** An area whose pointer only moves up. Private. */
struct quire_arena {
	uintptr_t base; /* address of the first page */
	uint32_t first_page;
	uint32_t pages;
	uint32_t committed; /* pages, from the first */
	size_t used;        /* bytes, from the first page's address */
	size_t used_peak;
	size_t newest; /* offset of the newest allocation */
	size_t ready;  /* bytes from the first page that can be handed out at once */
	uint32_t allocations;
	uint32_t prot;
};

/** A region. All members are private. It lives at the start of the caller's storage. */
struct quire_vregion {
	struct quire_vspace *vs;
	struct quire_budget *budget;
	uint32_t first_page;
	uint32_t pages;
	uint32_t users;
	uint32_t flags;
	uint32_t tag;
	bool sealed;
	bool ending; /* a last put failed: only put is left */
	bool has_interim;
	struct quire_arena arena[QUIRE_INTERIM]; /* text, shared, lifetime */
	struct quire_vmh interim;
	struct quire_image image;
	uint32_t interim_first;
	uint32_t interim_pages;
	uint32_t interim_prot;
	size_t interim_most; /* bytes that the heap's records are made for */
	size_t unit;
	size_t committed_peak;
	size_t heap_storage_bytes; /* of the interim heap's records, right behind this struct */
	void (*release)(void *context, void *storage);
	void *context;
};

/** Bytes of storage for an interim area of at most this many bytes in units of `unit`. Lazy: give
 *  the size of the whole region. Constant. */
#define QUIRE_VREGION_STORAGE(interim, unit) \
	(sizeof(struct quire_vregion) + QUIRE_EXTENTS_STORAGE(((interim) + (unit)-1) / (unit) + 1))

/**
 * Make a region with one user.
 * @param why  the reason of a failure; may be NULL
 * @return the region, which lives in config->storage; NULL on failure, and the storage is not kept
 */
struct quire_vregion *quire_vregion_create(struct quire_vspace *vs,
					   const struct quire_vregion_config *config, int32_t *why);

/** One more user. @return vr, or NULL if it has no user any more */
struct quire_vregion *quire_vregion_get(struct quire_vregion *vr);

/**
 * One user less; the last one destroys the region.
 * @return QUIRE_OK; QUIRE_EDRIVER if pages could not be unmapped: the region then still has this
 *         user, and only put is left (others answer QUIRE_ESTATE); QUIRE_EFREE if there was no user
 */
int32_t quire_vregion_put(struct quire_vregion *vr);

/** End allocation from all areas but interim. Idempotent. A lazy region gets its interim area. */
int32_t quire_vregion_seal(struct quire_vregion *vr);

/** Free all interim allocations at once; they are not leaks. */
int32_t quire_vregion_reset_interim(struct quire_vregion *vr);

/** Change the protection of an area, now and for pages committed later. */
int32_t quire_vregion_protect(struct quire_vregion *vr, enum quire_area area, uint32_t prot);

/** Allocate from an area. align: a power of two, or 0 for the unit. @return NULL on failure */
void *quire_vregion_alloc(struct quire_vregion *vr, enum quire_area area, size_t size,
			  size_t align);

/** The general form; ranges too. request->budget must be NULL: the region pays. */
void *quire_vregion_request(struct quire_vregion *vr, enum quire_area area,
			    struct quire_request *request);

/** What quire_vregion_request would grant now, in bytes; 0: nothing, and why. Changes nothing. */
size_t quire_vregion_would_fit(struct quire_vregion *vr, enum quire_area area,
			       struct quire_request *request);

/**
 * Memory that several cores may use at once: whole cache lines, handed out as the uncached alias,
 * its lines out of this core's cache. On a coherent mmu: plain memory in whole lines.
 */
void *quire_vregion_alloc_coherent(struct quire_vregion *vr, enum quire_area area, size_t size,
				   size_t align);

/** Change the size of an interim allocation in place, as quire_vmh_resize_range. The newest
 *  allocation of another area can be resized too, until the region is sealed. */
int32_t quire_vregion_resize(struct quire_vregion *vr, void *ptr, size_t min, size_t preferred,
			     size_t *granted);

/**
 * Give an allocation back, by either alias. Interim memory is free at once. A pointer into another
 * area is accepted; its bytes come back with the region, or at once if it is the newest of its area
 * and the region is not sealed.
 * @return QUIRE_OK; QUIRE_EFOREIGN; QUIRE_EFREE (interim only); QUIRE_EDRIVER
 */
int32_t quire_vregion_free(struct quire_vregion *vr, void *ptr);

/** Bytes that may be used from an interim pointer on; 0 if no allocation starts there. */
size_t quire_vregion_usable_size(struct quire_vregion *vr, const void *ptr);

/** Whether the address lies in the region's window. Either alias. */
bool quire_vregion_contains(const struct quire_vregion *vr, const void *ptr);

void quire_vregion_info(struct quire_vregion *vr, struct quire_vregion_info *info);

/**
 * Write the contents of all committed pages and then unmap them (D3), see archive.h. Nobody may use
 * the region meanwhile. The region keeps its addresses, its records and its users; all calls but
 * restore, info, get and put answer QUIRE_ESTATE.
 * @return QUIRE_OK; the archive's status: then the region is as it was; QUIRE_EDRIVER: the region is
 *         saved, but some of its pages stay mapped until it is restored or destroyed. Whether it is
 *         saved, quire_vregion_info tells.
 */
int32_t quire_vregion_save(struct quire_vregion *vr, struct quire_archive *archive);

/**
 * Map the pages again, perhaps other frames, and read the contents back. Pointers stay valid.
 * @return QUIRE_OK; QUIRE_EINVAL if the image is not of this save or was altered; the archive's
 *         status; as for alloc otherwise. The region stays saved unless QUIRE_OK, and restore can be tried again.
 */
int32_t quire_vregion_restore(struct quire_vregion *vr, struct quire_archive *archive);

/** NULL if every invariant holds, else which does not, in words. */
const char *quire_vregion_check(struct quire_vregion *vr);

#ifdef __cplusplus
}
#endif

#endif
