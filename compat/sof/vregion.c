/* SPDX-License-Identifier: BSD-3-Clause */
/* vregion: SOF's regions, both generations. What differs is whether the caller or the region says from
 * which area an allocation comes. The records of a region are in pages that come with it. */
#define QUIRE_SOF_VREGION_TYPED /* declares those; the later generation follows below */
#include "state.h"

#if CONFIG_SOF_VREGIONS

#undef vregion_create
#undef vregion_alloc
#undef vregion_alloc_align
#undef vregion_alloc_coherent
#undef vregion_alloc_coherent_align
struct vregion *vregion_create(size_t memsize);
void *vregion_alloc(struct vregion *vr, size_t size);
void *vregion_alloc_align(struct vregion *vr, size_t size, size_t alignment);
void *vregion_alloc_coherent(struct vregion *vr, size_t size);
void *vregion_alloc_coherent_align(struct vregion *vr, size_t size, size_t alignment);

/* ---- users ----------------------------------------------------------------------------------- */

/* Quire's region is gone, and its records with it. */
static void release(void *context, void *storage)
{
	struct quire_sof_region_slot *slot = context;

	(void)storage;
	quire_sof_set_state(&slot->state, SOF_BUSY); /* where two users put it at once */
	slot->base = NULL;
	quire_sof_drop_records((void **)&slot->region);
	quire_sof_set_state(&slot->state, SOF_FREE);
}

static bool open_region(struct quire_sof_region_slot *slot, struct quire_vregion_config *config)
{
	struct quire_vregion_info info;
	void *records = quire_sof_take_records(config->storage_bytes);

	config->storage = records;
	if (!records)
		return false;
	slot->region = quire_vregion_create(&sof->vs, config, NULL);
	if (!slot->region) {
		slot->region = records; /* so that the slot knows what to drop */
		return false;
	}
	quire_vregion_info(slot->region, &info);
	slot->base = info.base;
	return true;
}

static struct vregion *create(size_t lifetime, size_t interim, uint32_t flags)
{
	size_t most = sof ? sof->window.size : 0;
	struct quire_sof_region_slot *slot;
	struct quire_vregion_config config = {
		.lifetime = lifetime,
		.interim = interim,
		.flags = flags,
	};
	size_t page;

	if (!sof || lifetime > most || interim > most)
		return NULL;
	slot = quire_sof_take_region();
	if (!slot)
		return NULL;
	page = sof->config.mmu->page_size;
	config.storage_bytes = QUIRE_VREGION_STORAGE((flags ? lifetime : interim) + page,
						     sof->config.mmu->cache_line);
	config.budget = &sof->pages;
	config.release = release;
	config.context = slot;
	if (!open_region(slot, &config)) {
		quire_sof_drop_records((void **)&slot->region);
		quire_sof_set_state(&slot->state, SOF_FREE);
		return NULL;
	}
	slot->lazy = flags != 0;
	slot->interim = false;
	quire_sof_set_state(&slot->state, SOF_LIVE);
	return (struct vregion *)slot;
}

struct vregion *vregion_create_typed(size_t lifetime_size, size_t interim_size)
{
	return create(lifetime_size, interim_size, 0);
}

struct vregion *vregion_create(size_t memsize)
{
	return create(memsize, 0, QUIRE_VREGION_LAZY);
}

void vregion_set_interim(struct vregion *vr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);

	if (slot && !quire_vregion_seal(slot->region))
		slot->interim = true;
}

struct vregion *vregion_get(struct vregion *vr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);

	return slot && quire_vregion_get(slot->region) ? vr : NULL;
}

struct vregion *vregion_put(struct vregion *vr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);
	struct quire_vregion_info info;

	if (!slot)
		return NULL;
	quire_vregion_info(slot->region, &info);
	if (info.users > 1) {
		quire_vregion_put(slot->region);
		return vr;
	}
	quire_sof_forget(info.base, info.size);
	quire_sof_set_state(&slot->state,
			    SOF_BUSY); /* its window may be another's before put returns */
	if (!quire_vregion_put(slot->region))
		return NULL;
	quire_sof_set_state(&slot->state, SOF_LIVE);
	return vr;
}

void vregion_destroy(struct vregion *vr)
{
	vregion_put(vr);
}

/* ---- allocation ------------------------------------------------------------------------------ */

static void *allocate(struct vregion *vr, enum vregion_mem_type type, size_t size, size_t alignment,
		      bool coherent)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);
	enum quire_area area = type == VREGION_MEM_TYPE_LIFETIME ? QUIRE_LIFETIME : QUIRE_INTERIM;

	if (!slot || (type != VREGION_MEM_TYPE_LIFETIME && type != VREGION_MEM_TYPE_INTERIM))
		return NULL;
	return coherent ? quire_vregion_alloc_coherent(slot->region, area, size, alignment)
			: quire_vregion_alloc(slot->region, area, size, alignment);
}

void *vregion_alloc_typed(struct vregion *vr, enum vregion_mem_type type, size_t size)
{
	return allocate(vr, type, size, 0, false);
}

void *vregion_alloc_align_typed(struct vregion *vr, enum vregion_mem_type type, size_t size,
				size_t alignment)
{
	return allocate(vr, type, size, alignment, false);
}

void *vregion_alloc_coherent_typed(struct vregion *vr, enum vregion_mem_type type, size_t size)
{
	return allocate(vr, type, size, 0, true);
}

void *vregion_alloc_coherent_align_typed(struct vregion *vr, enum vregion_mem_type type,
					 size_t size, size_t alignment)
{
	return allocate(vr, type, size, alignment, true);
}

static enum vregion_mem_type type_of(struct vregion *vr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);

	if (!slot)
		return VREGION_MEM_TYPE_INVALID;
	return quire_sof_area(slot) == QUIRE_LIFETIME ? VREGION_MEM_TYPE_LIFETIME
						      : VREGION_MEM_TYPE_INTERIM;
}

void *vregion_alloc(struct vregion *vr, size_t size)
{
	return allocate(vr, type_of(vr), size, 0, false);
}

void *vregion_alloc_align(struct vregion *vr, size_t size, size_t alignment)
{
	return allocate(vr, type_of(vr), size, alignment, false);
}

void *vregion_alloc_coherent(struct vregion *vr, size_t size)
{
	return allocate(vr, type_of(vr), size, 0, true);
}

void *vregion_alloc_coherent_align(struct vregion *vr, size_t size, size_t alignment)
{
	return allocate(vr, type_of(vr), size, alignment, true);
}

void vregion_free(struct vregion *vr, void *ptr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);

	if (slot && ptr)
		quire_sof_free_from_region(slot, ptr);
}

/* ---- information ----------------------------------------------------------------------------- */

void vregion_info(struct vregion *vr)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);
	struct quire_sof_part part;

	if (!slot || !sof->config.log)
		return;
	quire_sof_describe_region(slot, &part);
	sof->config.log(&part);
}

void vregion_mem_info(struct vregion *vr, size_t *size, uintptr_t *start)
{
	struct quire_sof_region_slot *slot = quire_sof_region_of(vr);
	struct quire_vregion_info info = { 0 };

	if (slot)
		quire_vregion_info(slot->region, &info);
	if (size)
		*size = info.size;
	if (start)
		*start = (uintptr_t)info.base;
}

#endif

enum quire_area quire_sof_area(const struct quire_sof_region_slot *slot)
{
	return slot->lazy && !slot->interim ? QUIRE_LIFETIME : QUIRE_INTERIM;
}

int quire_sof_free_from_region(struct quire_sof_region_slot *slot, void *ptr)
{
	struct quire_sof_note note = quire_sof_take_note(ptr);
	int32_t status = quire_vregion_free(slot->region, ptr);

	if (status && note.ptr)
		quire_sof_note_down(ptr, note.bytes, note.module);
	return quire_sof_errno(status);
}
