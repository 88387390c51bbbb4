/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vregion: the memory of one pipeline or module in one window. Text, shared and lifetime areas are
 * arenas: a pointer that moves up, with pages committed as it crosses them. The interim area is an
 * elastic heap (vmh) in the rest of the window. Nothing here maps or unmaps by itself: pages are held,
 * settled and released by the protocol of pages.h.
 *
 * An arena is changed in two steps, because settling may let go of the short lock: the pointer is moved
 * first, which makes others that need the same new pages wait for the transition lock; `committed`
 * follows when the pages are present, or the pointer goes back.
 *
 * Bound: an arena allocation is a few comparisons; everything else is linear in the region's pages.
 */
#include "heap.h"
#include "quire/vregion.h"

/* Whether the region takes calls that use or change its memory. */
APART bool is_open(const struct quire_vregion *vr)
{
	return vr->users && !quire_image_number(&vr->image) && !vr->ending;
}

/* What can be handed out of the arenas at once: all that is committed while they take allocations.
 * To be called when any of this changes. */
static void set_ready(struct quire_vregion *vr)
{
	bool takes = is_open(vr) && !vr->sealed;

	for (uint32_t area = 0; area < QUIRE_INTERIM; area++)
		vr->arena[area].ready =
			takes ? (size_t)vr->arena[area].committed << vr->vs->page_shift : 0;
}

/* ---- telling -------------------------------------------------------------------------------- */

static int32_t refuse(struct quire_vregion *vr, int32_t why, const void *ptr, size_t size,
		      uint32_t tag)
{
	struct quire_event event = {
		.why = why, .object = vr, .ptr = ptr, .size = size, .tag = tag
	};

	if (quire_is_misuse(why)) {
		event.owner = quire_pointer(quire_page_address(vr->vs, vr->first_page));
		event.owner_size = (size_t)vr->pages << vr->vs->page_shift;
	}
	return quire_tell_refusal(vr->vs, &event);
}

/* The end of a call that is not about a pointer. */
APART int32_t conclude(struct quire_vregion *vr, int32_t status)
{
	return status ? refuse(vr, status, NULL, 0, vr->tag) : QUIRE_OK;
}

static void tell_about(struct quire_vregion *vr, enum quire_event_kind kind, const void *ptr,
		       size_t size, uint32_t tag)
{
	quire_tell_about(vr->vs, kind, vr, ptr, size, tag);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static size_t bytes_of(const struct quire_vregion *vr, uint32_t pages)
{
	return (size_t)pages << vr->vs->page_shift;
}

static bool in_region(const struct quire_vregion *vr, uintptr_t address)
{
	uintptr_t base = quire_page_address(vr->vs, vr->first_page);

	return address >= base && address - base < bytes_of(vr, vr->pages);
}

/* The arena that holds the address, or NULL: the interim area, or outside. */
static struct quire_arena *arena_of(struct quire_vregion *vr, uintptr_t address)
{
	for (uint32_t area = 0; area < QUIRE_INTERIM; area++) {
		struct quire_arena *arena = &vr->arena[area];

		if (arena->pages && address >= arena->base &&
		    address - arena->base < bytes_of(vr, arena->pages))
			return arena;
	}
	return NULL;
}

static bool in_interim(const struct quire_vregion *vr, uintptr_t address)
{
	return vr->has_interim && address >= vr->interim.base &&
	       address - vr->interim.base < vr->interim.window;
}

/* ---- making --------------------------------------------------------------------------------- */

struct layout {
	uint32_t pages[QUIRE_AREAS];
	uint32_t total;
	size_t unit;
	size_t interim_most; /* bytes that may become interim, and so the size of the heap's records */
};

static int32_t lay_out(const struct quire_vspace *vs, const struct quire_vregion_config *config,
		       struct layout *layout)
{
	const size_t bytes[QUIRE_AREAS] = {
		[QUIRE_TEXT] = config->text,
		[QUIRE_SHARED] = config->shared,
		[QUIRE_LIFETIME] = config->lifetime,
		[QUIRE_INTERIM] = config->interim,
	};
	bool lazy = config->flags & QUIRE_VREGION_LAZY;

	layout->total = 0;
	for (uint32_t area = 0; area < QUIRE_AREAS; area++) {
		size_t pages = quire_pages_for(vs, bytes[area]);

		if (bytes[area] > SIZE_MAX / 2 || pages > vs->pages)
			return QUIRE_ENOVIRT;
		layout->pages[area] = (uint32_t)pages;
		layout->total += (uint32_t)pages;
	}
	if (!layout->total || (lazy && config->interim))
		return QUIRE_EINVAL;
	layout->interim_most =
		quire_round_up(lazy ? config->lifetime : config->interim, layout->unit);
	return layout->total <= vs->pages ? QUIRE_OK : QUIRE_ENOVIRT;
}

static uint32_t prot_of(const struct quire_vregion_config *config, uint32_t area)
{
	return config->prot[area] ? config->prot[area] : QUIRE_RW;
}

APART int32_t check_config(struct quire_vspace *vs, const struct quire_vregion_config *config,
			   struct layout *layout)
{
	const struct quire_mmu *mmu = vs->mmu;
	size_t units;
	int32_t status;

	if (!config)
		return QUIRE_EINVAL;
	layout->unit = quire_unit_of(mmu, config->unit);
	if (!quire_storage_fits(mmu, config->storage) ||
	    config->storage_bytes < sizeof(struct quire_vregion) ||
	    config->flags & ~QUIRE_VREGION_LAZY || !quire_power_of_two(layout->unit) ||
	    layout->unit > vs->page_size)
		return QUIRE_EINVAL;
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		if (!quire_mmu_accepts(mmu, prot_of(config, area)))
			return QUIRE_EINVAL;
	if (config->budget && !quire_ledger_knows(&vs->ledger, config->budget))
		return QUIRE_EINVAL;
	status = lay_out(vs, config, layout);
	if (status)
		return status;
	units = layout->interim_most / layout->unit;
	if (units > QUIRE_EXTENTS_MAX_UNITS ||
	    (units && config->storage_bytes - sizeof(struct quire_vregion) <
			      quire_extents_storage((uint32_t)units, QUIRE_COMPACT)))
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

static void make_interim(struct quire_vregion *vr)
{
	size_t window = bytes_of(vr, vr->interim_pages);
	struct quire_vmh_config config = {
		.window = window < vr->interim_most ? window : vr->interim_most,
		.unit = vr->unit,
		.prot = vr->interim_prot,
		.budget = vr->budget,
		.storage = vr + 1,
		.storage_bytes = vr->heap_storage_bytes,
	};

	vr->has_interim = vr->interim_pages != 0;
	if (vr->has_interim)
		quire_vmh_init_within(&vr->interim, vr->vs, vr->interim_first, &config);
}

static void make_areas(struct quire_vregion *vr, const struct quire_vregion_config *config,
		       const struct layout *layout)
{
	uint32_t page = vr->first_page;

	for (uint32_t area = 0; area < QUIRE_INTERIM; area++) {
		vr->arena[area].first_page = page;
		vr->arena[area].base = quire_page_address(vr->vs, page);
		vr->arena[area].pages = layout->pages[area];
		vr->arena[area].prot = prot_of(config, area);
		vr->arena[area].newest = SIZE_MAX;
		page += layout->pages[area];
	}
	vr->interim_first = page;
	vr->interim_pages = layout->pages[QUIRE_INTERIM];
	vr->interim_prot = prot_of(config, QUIRE_INTERIM);
}

static struct quire_vregion *fail_create(struct quire_vspace *vs, int32_t status, uint32_t tag,
					 int32_t *why)
{
	if (why)
		*why = status;
	if (vs)
		quire_refuse_call(vs, NULL, status, vs, 0, tag);
	return NULL;
}

struct quire_vregion *quire_vregion_create(struct quire_vspace *vs,
					   const struct quire_vregion_config *config, int32_t *why)
{
	struct quire_section section;
	struct quire_vregion *vr;
	struct layout layout;
	uint32_t first;
	int32_t status = vs ? quire_forbidden(vs) : QUIRE_EINVAL;

	if (!status)
		status = check_config(vs, config, &layout);
	if (status)
		return fail_create(vs, status, config ? config->tag : 0, why);
	section = quire_section_enter(vs);
	first = quire_window_take(vs, layout.total);
	quire_section_leave(&section);
	if (first == QUIRE_NOWHERE)
		return fail_create(vs, QUIRE_ENOVIRT, config->tag, why);
	vr = config->storage;
	*vr = (struct quire_vregion){
		.vs = vs,
		.budget = config->budget ? config->budget : &vs->common,
		.first_page = first,
		.pages = layout.total,
		.users = 1,
		.flags = config->flags,
		.tag = config->tag,
		.interim_most = layout.interim_most,
		.unit = layout.unit,
		.heap_storage_bytes = config->storage_bytes - sizeof(*vr),
		.release = config->release,
		.context = config->context,
	};
	make_areas(vr, config, &layout);
	make_interim(vr);
	if (why)
		*why = QUIRE_OK;
	return vr;
}

/* ---- users ---------------------------------------------------------------------------------- */

struct quire_vregion *quire_vregion_get(struct quire_vregion *vr)
{
	struct quire_section section;
	bool alive;

	if (quire_forbidden(vr->vs) == QUIRE_ECONTEXT) {
		conclude(vr, QUIRE_ECONTEXT);
		return NULL;
	}
	section = quire_section_enter(vr->vs);
	alive = vr->users > 0 && !vr->ending;
	vr->users += alive;
	quire_section_leave(&section);
	return alive ? vr : NULL;
}

/* Give all pages and the addresses back. In a deep section. */
static int32_t dissolve(struct quire_section *section, struct quire_vregion *vr)
{
	int32_t status = QUIRE_OK;
	uint32_t dropped;

	if (vr->has_interim)
		status = quire_vmh_reset(section, &vr->interim);
	for (uint32_t area = 0; !status && area < QUIRE_INTERIM; area++) {
		struct quire_arena *arena = &vr->arena[area];

		status =
			quire_pages_release(section, arena->first_page, arena->committed, &dropped);
		if (!status)
			arena->committed = 0;
	}
	if (!status)
		quire_window_give(vr->vs, vr->first_page);
	return status;
}

/* The same for a saved region: nothing is mapped but what could not be unmapped, which is tried again;
 * then only the holds are left. */
static int32_t dissolve_saved(struct quire_section *section, struct quire_vregion *vr)
{
	int32_t status = quire_pages_suspend(section, vr->first_page, vr->pages);

	if (status)
		return status;
	while (quire_pages_unheld(vr->vs, vr->first_page, vr->pages) < vr->pages)
		quire_pages_drop(vr->vs, vr->first_page, vr->pages);
	quire_pages_evict(section, vr->first_page, vr->pages);
	quire_window_give(vr->vs, vr->first_page);
	return QUIRE_OK;
}

static int32_t destroy(struct quire_section *section, struct quire_vregion *vr)
{
	int32_t status;

	quire_section_deepen(section);
	if (vr->users != 1) { /* somebody took it in the moment in which it was not locked */
		if (!vr->users)
			return QUIRE_EFREE;
		vr->users--;
		return QUIRE_OK;
	}
	status = vr->image.number ? dissolve_saved(section, vr) : dissolve(section, vr);
	vr->users = status ? 1 : 0;
	vr->ending = status != QUIRE_OK;
	set_ready(vr);
	return status;
}

/* Where cores are not coherent: this core relinquishes the pages of a region that others may use, or of
 * its interim area. */
static void relinquish(struct quire_vregion *vr, bool only_interim)
{
	struct quire_section section;
	uint32_t first, count;

	if (vr->vs->mmu->coherent)
		return;
	section = quire_section_enter(vr->vs);
	first = only_interim ? vr->interim_first : vr->first_page;
	count = only_interim ? vr->interim_pages : vr->pages;
	if (only_interim ? !is_open(vr) : !vr->users)
		count = 0;
	quire_section_leave(&section);
	quire_pages_relinquish(vr->vs, first, count);
}

int32_t quire_vregion_put(struct quire_vregion *vr)
{
	struct quire_section section;
	bool last = false;
	int32_t status = QUIRE_OK;

	status = quire_forbidden(vr->vs);
	if (status)
		return conclude(vr, status);
	relinquish(vr, false);
	section = quire_section_enter(vr->vs);
	if (!vr->users)
		status = QUIRE_EFREE;
	else if (vr->users > 1)
		vr->users--;
	else
		last = true;
	quire_section_leave(&section);
	if (!last)
		return status ? refuse(vr, status, vr, 0, vr->tag) : QUIRE_OK;
	if (vr->has_interim)
		quire_vmh_tell_leaks(&vr->interim, vr, vr->tag);
	section = quire_section_enter(vr->vs);
	status = destroy(&section, vr);
	last = !status && !vr->users;
	quire_section_leave(&section);
	if (status)
		return conclude(vr, status);
	if (last && vr->release)
		vr->release(vr->context, vr);
	return QUIRE_OK;
}

/* ---- peaks: noted before something falls or another part grows, and when somebody asks -------- */

static size_t largest(size_t a, size_t b)
{
	return a > b ? a : b;
}

APART size_t committed_peak(const struct quire_vregion *vr)
{
	size_t pages =
		vr->has_interim ? largest(vr->interim.pages_held_peak, vr->interim.pages_held) : 0;

	for (uint32_t area = 0; area < QUIRE_INTERIM; area++)
		pages += vr->arena[area].committed;
	return largest(vr->committed_peak, pages);
}

/* ---- sealing -------------------------------------------------------------------------------- */

/* What lifetime does not use becomes interim, from the next page on; its pages there, of what was freed,
 * go back first. Those that cannot be unmapped stay with lifetime. */
static void split(struct quire_section *section, struct quire_vregion *vr)
{
	struct quire_arena *lifetime = &vr->arena[QUIRE_LIFETIME];
	uint32_t used = (uint32_t)quire_pages_for(vr->vs, lifetime->used);
	uint32_t dropped;

	vr->committed_peak = committed_peak(vr);
	if (quire_pages_release(section, lifetime->first_page + used, lifetime->committed - used,
				&dropped))
		used = lifetime->committed;
	lifetime->committed = used;
	vr->interim_first = lifetime->first_page + used;
	vr->interim_pages = lifetime->pages - used;
	lifetime->pages = used;
	make_interim(vr);
}

int32_t quire_vregion_seal(struct quire_vregion *vr)
{
	struct quire_section section;
	int32_t status = QUIRE_OK;

	status = quire_forbidden(vr->vs);
	if (status)
		return conclude(vr, status);
	quire_section_enter_deep(&section, vr->vs);
	if (!is_open(vr))
		status = QUIRE_ESTATE;
	else if (!vr->sealed && vr->flags & QUIRE_VREGION_LAZY)
		split(&section, vr);
	if (!status)
		vr->sealed = true;
	set_ready(vr);
	quire_section_leave(&section);
	return conclude(vr, status);
}

int32_t quire_vregion_reset_interim(struct quire_vregion *vr)
{
	struct quire_section section;
	int32_t status = QUIRE_OK;

	status = quire_forbidden(vr->vs);
	if (status)
		return conclude(vr, status);
	relinquish(vr, true);
	quire_section_enter_deep(&section, vr->vs);
	if (!is_open(vr))
		status = QUIRE_ESTATE;
	else if (vr->has_interim)
		status = quire_vmh_reset(&section, &vr->interim);
	quire_section_leave(&section);
	return conclude(vr, status);
}

/* ---- allocating from an arena --------------------------------------------------------------- */

/* Where an arena allocation would lie. */
struct slot {
	size_t offset;
	size_t size;
	uint32_t pages; /* of the arena, with it */
};

static int32_t find_slot(const struct quire_vregion *vr, const struct quire_arena *arena,
			 const struct quire_request *request, size_t spare, struct slot *slot)
{
	uintptr_t base = arena->base;
	uintptr_t start = quire_round_up(base + arena->used, request->align);
	size_t end = bytes_of(vr, arena->pages);
	size_t allowance, pages;

	slot->offset = start - base;
	if (start < base || slot->offset >= end)
		return QUIRE_ENOVIRT;
	slot->size = quire_request_clip(request, end - slot->offset);
	if (!slot->size)
		return QUIRE_ENOVIRT;
	allowance = quire_pages_allowance(vr->vs, vr->budget, spare);
	pages = quire_pages_for(vr->vs, slot->offset + slot->size);
	if (pages > arena->committed && pages - arena->committed > allowance) {
		size_t least = quire_pages_for(vr->vs, slot->offset + request->min);
		size_t most = bytes_of(vr, arena->committed + (uint32_t)allowance);

		slot->size =
			most > slot->offset ? quire_request_clip(request, most - slot->offset) : 0;
		if (!slot->size)
			return quire_pages_refusal(vr->vs, vr->budget, least - arena->committed,
						   spare);
		pages = quire_pages_for(vr->vs, slot->offset + slot->size);
	}
	slot->pages = (uint32_t)pages;
	return QUIRE_OK;
}

/* An arena has grown by so many pages: what was the peak until now, and that the interim area's begins
 * anew beside it. */
static void commit_more(struct quire_vregion *vr, struct quire_arena *arena, uint32_t pages)
{
	vr->committed_peak = committed_peak(vr);
	vr->interim.pages_held_peak = 0;
	arena->committed = pages;
	set_ready(vr);
}

/* Make the pages up to `pages` present. The section is deep. Meanwhile nothing is the newest allocation:
 * who freed it would move the pointer back below what is being made. */
static int32_t commit_to(struct quire_section *section, struct quire_vregion *vr,
			 struct quire_arena *arena, uint32_t pages)
{
	uint32_t first = arena->first_page + arena->committed;
	uint32_t count = pages - arena->committed;
	size_t newest = arena->newest;
	uint32_t dropped;
	int32_t status;

	arena->newest = SIZE_MAX;
	quire_pages_hold(vr->vs, first, count, arena->prot, vr->budget);
	status = quire_pages_settle(section, first, count, arena->prot, &dropped);
	arena->newest = newest;
	if (!status)
		commit_more(vr, arena, pages);
	return status;
}

APART int32_t arena_state(const struct quire_vregion *vr, const struct quire_arena *arena)
{
	if (vr->sealed || !is_open(vr))
		return QUIRE_ESTATE;
	return arena->pages ? QUIRE_OK : QUIRE_ENOVIRT;
}

static int32_t take_slot(struct quire_section *section, struct quire_vregion *vr,
			 struct quire_arena *arena, const struct quire_request *request,
			 size_t spare, struct slot *slot)
{
	size_t used = arena->used;
	int32_t status = arena_state(vr, arena);

	if (!status)
		status = find_slot(vr, arena, request, spare, slot);
	if (!status && slot->pages > arena->committed && !section->deep) {
		quire_section_deepen(section);
		return take_slot(section, vr, arena, request, spare, slot);
	}
	if (status)
		return status;
	arena->used = slot->offset + slot->size;
	if (slot->pages > arena->committed)
		status = commit_to(section, vr, arena, slot->pages);
	if (status) {
		arena->used = used;
		return status;
	}
	arena->newest = slot->offset;
	arena->allocations++;
	return QUIRE_OK;
}

static size_t arena_align(const struct quire_vregion *vr, size_t align)
{
	size_t least = vr->vs->mmu->coherent ? 1 : vr->vs->mmu->cache_line;

	if (!align)
		return vr->unit;
	return align < least ? least : align;
}

static int32_t make_request(const struct quire_vregion *vr, const struct quire_request *asked,
			    struct quire_request *request)
{
	int32_t status;

	*request = *asked;
	request->align = arena_align(vr, asked->align);
	status = quire_request_check(request, 0);
	if (asked->align && !quire_power_of_two(asked->align))
		status = QUIRE_EINVAL;
	return asked->budget ? QUIRE_EINVAL : status;
}

/* A pointer that moves up in pages that are there. False: nothing has changed. */
static inline bool bump(struct quire_arena *arena, size_t size, size_t align, uintptr_t *address)
{
	size_t ready = arena->ready;
	size_t offset;

	*address = (arena->base + arena->used + align - 1) & (0 - align);
	offset = *address - arena->base;
	if (align & (align - 1) || size - 1 >= ready || offset > ready - size)
		return false;
	arena->newest = offset;
	arena->used = offset + size;
	arena->allocations++;
	return true;
}

APART void *arena_request(struct quire_vregion *vr, struct quire_arena *arena,
			  struct quire_request *asked)
{
	size_t spare = quire_pages_spare(vr->vs);
	struct quire_section section;
	struct quire_request request;
	struct slot slot = { .size = 0 };
	uintptr_t address;
	void *ptr;
	int32_t status = make_request(vr, asked, &request);

	if (!status) {
		if (request.min < request.size)
			request.size = quire_request_clip(&request, request.size);
		section = quire_section_enter(vr->vs);
		if (bump(arena, request.size, request.align, &address))
			slot = (struct slot){ address - arena->base, request.size, 0 };
		else
			status = take_slot(&section, vr, arena, &request, spare, &slot);
		quire_section_leave(&section);
	}
	asked->why = status;
	asked->granted = status ? 0 : slot.size;
	if (status) {
		refuse(vr, status, NULL, asked->size, asked->tag);
		return NULL;
	}
	ptr = quire_pointer(arena->base + slot.offset);
	quire_fresh_cache(vr->vs->mmu, ptr, slot.size);
	tell_about(vr, QUIRE_EVENT_ALLOC, ptr, slot.size, asked->tag);
	return ptr;
}

/* ---- allocating ----------------------------------------------------------------------------- */

APART void *refuse_request(struct quire_vregion *vr, struct quire_request *request, int32_t why)
{
	request->why = why;
	request->granted = 0;
	refuse(vr, why, NULL, request->size, request->tag);
	return NULL;
}

static int32_t interim_state(const struct quire_vregion *vr)
{
	if (!is_open(vr) || (vr->flags & QUIRE_VREGION_LAZY && !vr->sealed))
		return QUIRE_ESTATE;
	return vr->has_interim ? QUIRE_OK : QUIRE_ENOVIRT;
}

static void *interim_request(struct quire_vregion *vr, struct quire_request *request)
{
	int32_t status;

	quire_lock(vr->vs);
	status = interim_state(vr);
	quire_unlock(vr->vs);
	if (request->budget)
		status = QUIRE_EINVAL;
	return status ? refuse_request(vr, request, status)
		      : quire_vmh_request(&vr->interim, request);
}

void *quire_vregion_request(struct quire_vregion *vr, enum quire_area area,
			    struct quire_request *request)
{
	int32_t status = quire_forbidden(vr->vs);

	if (status)
		return refuse_request(vr, request, status);
	if ((uint32_t)area >= QUIRE_AREAS)
		return refuse_request(vr, request, QUIRE_EINVAL);
	if (area == QUIRE_INTERIM)
		return interim_request(vr, request);
	return arena_request(vr, &vr->arena[area], request);
}

static __attribute__((noinline)) void *request_bytes(struct quire_vregion *vr, enum quire_area area,
						     size_t size, size_t align)
{
	struct quire_request request = { .size = size, .align = align };

	return quire_vregion_request(vr, area, &request);
}

_Static_assert(QUIRE_INTERIM == 3, "a mask of the areas before it");

void *quire_vregion_alloc(struct quire_vregion *vr, enum quire_area area, size_t size, size_t align)
{
	struct quire_arena *arena = vr->arena + ((uint32_t)area & QUIRE_INTERIM);
	uintptr_t address;

	if (((uint32_t)area | quire_asks(vr->vs)) < QUIRE_INTERIM &&
	    bump(arena, size, align ? align : vr->unit, &address))
		return quire_pointer(address);
	return request_bytes(vr, area, size, align);
}

size_t quire_vregion_would_fit(struct quire_vregion *vr, enum quire_area area,
			       struct quire_request *request)
{
	size_t spare = quire_pages_spare(vr->vs);
	struct quire_section section;
	struct quire_request checked;
	struct slot slot = { .size = 0 };

	request->granted = 0;
	request->why =
		(uint32_t)area < QUIRE_AREAS ? make_request(vr, request, &checked) : QUIRE_EINVAL;
	if (request->why)
		return 0;
	section = quire_section_enter(vr->vs);
	if (area == QUIRE_INTERIM)
		request->why = interim_state(vr);
	else
		request->why = arena_state(vr, &vr->arena[area]);
	if (!request->why && area != QUIRE_INTERIM)
		request->why = find_slot(vr, &vr->arena[area], &checked, spare, &slot);
	quire_section_leave(&section);
	if (!request->why && area == QUIRE_INTERIM)
		return quire_vmh_would_fit(&vr->interim, request);
	request->granted = request->why ? 0 : slot.size;
	return request->granted;
}

void *quire_vregion_alloc_coherent(struct quire_vregion *vr, enum quire_area area, size_t size,
				   size_t align)
{
	size_t line = vr->vs->mmu->cache_line;
	struct quire_request request = { .align = align > line ? align : line };
	void *ptr;

	if (align && !quire_power_of_two(align))
		request.align = align; /* to be refused with its reason */
	request.size = size > SIZE_MAX / 2 ? size : quire_round_up(size, line);
	ptr = quire_vregion_request(vr, area, &request);
	if (!ptr)
		return NULL;
	return quire_uncached(vr->vs->mmu, ptr);
}

/* ---- resizing and freeing ------------------------------------------------------------------- */

/* Where an address lies and what may be done there, as of now: others may seal meanwhile, which moves
 * the border to what is interim. */
struct place {
	struct quire_arena *arena; /* NULL: in none */
	bool open;
	int32_t interim_state;
};

static void find_place(struct quire_vregion *vr, uintptr_t address, struct place *place)
{
	struct quire_section section = quire_section_enter(vr->vs);

	place->arena = arena_of(vr, address);
	place->open = is_open(vr);
	place->interim_state = interim_state(vr);
	quire_section_leave(&section);
}

/* The newest allocation of an arena that still takes allocations. */
static bool is_newest(const struct quire_vregion *vr, const struct quire_arena *arena,
		      uintptr_t address)
{
	return !vr->sealed && arena->newest != SIZE_MAX && address == arena->base + arena->newest;
}

/* Bytes of the newest allocation of an arena that this core may have in its cache, where that
 * matters. */
static size_t cached_bytes(struct quire_vregion *vr, struct quire_arena *arena, uintptr_t address)
{
	struct quire_section section;
	size_t size = 0;

	if (vr->vs->mmu->coherent)
		return 0;
	section = quire_section_enter(vr->vs);
	if (is_open(vr) && is_newest(vr, arena, address))
		size = arena->used - arena->newest;
	quire_section_leave(&section);
	return size;
}

static int32_t resize_newest(struct quire_section *section, struct quire_vregion *vr,
			     struct quire_arena *arena, uintptr_t address,
			     const struct quire_request *request, size_t spare, struct slot *slot)
{
	size_t before;
	int32_t status;

	quire_section_deepen(section);
	status = arena_state(vr, arena);
	if (!status && !is_newest(vr, arena, address))
		status = QUIRE_EFREE;
	if (status)
		return status;
	arena->used_peak = largest(arena->used_peak, arena->used);
	before = arena->used;
	arena->used = arena->newest;
	status = find_slot(vr, arena, request, spare, slot);
	arena->used = before;
	if (status)
		return status;
	arena->used = slot->offset + slot->size;
	if (slot->pages > arena->committed)
		status = commit_to(section, vr, arena, slot->pages);
	if (status)
		arena->used = before;
	return status;
}

APART int32_t resize_in_arena(struct quire_vregion *vr, struct quire_arena *arena,
			      uintptr_t address, size_t min, size_t preferred, size_t *granted)
{
	struct quire_request request = { .size = preferred, .min = min, .align = 1 };
	size_t spare = quire_pages_spare(vr->vs);
	size_t before = cached_bytes(vr, arena, address);
	struct quire_section section;
	struct slot slot = { .size = 0 };
	int32_t status;

	quire_tail_cache(vr->vs->mmu, address, min, before);
	section = quire_section_enter(vr->vs);
	status = resize_newest(&section, vr, arena, address, &request, spare, &slot);
	quire_section_leave(&section);
	*granted = slot.size;
	if (!status)
		quire_tail_cache(vr->vs->mmu, address, before, before ? slot.size : 0);
	return status;
}

int32_t quire_vregion_resize(struct quire_vregion *vr, void *ptr, size_t min, size_t preferred,
			     size_t *granted)
{
	uintptr_t address = quire_address(vr->vs, ptr);
	struct place place;
	size_t size;
	int32_t status;

	if (granted)
		*granted = 0;
	status = quire_forbidden(vr->vs);
	if (status)
		return refuse(vr, status, ptr, preferred, vr->tag);
	find_place(vr, address, &place);
	if (!in_region(vr, address))
		status = QUIRE_EFOREIGN;
	else if (!min || min > preferred || preferred > SIZE_MAX / 2)
		status = QUIRE_EINVAL;
	else if (place.arena)
		status = resize_in_arena(vr, place.arena, address, min, preferred, &size);
	else
		status = place.interim_state;
	if (status)
		return refuse(vr, status, ptr, preferred, vr->tag);
	if (!place.arena)
		return quire_vmh_resize_range(&vr->interim, ptr, min, preferred, granted);
	if (granted)
		*granted = size;
	tell_about(vr, QUIRE_EVENT_RESIZE, ptr, size, vr->tag);
	return QUIRE_OK;
}

static int32_t free_in_arena(struct quire_vregion *vr, struct quire_arena *arena, uintptr_t address)
{
	struct quire_section section = quire_section_enter(vr->vs);
	int32_t status = QUIRE_OK;

	if (!is_open(vr)) {
		status = QUIRE_ESTATE;
	} else if (address - arena->base >= arena->used) {
		status = QUIRE_EFREE;
	} else if (is_newest(vr, arena, address)) {
		arena->used_peak = largest(arena->used_peak, arena->used);
		arena->used = arena->newest;
		arena->newest = SIZE_MAX;
		arena->allocations--;
	}
	quire_section_leave(&section);
	return status;
}

static bool in_open_interim(struct quire_vregion *vr, uintptr_t address)
{
	bool in;

	quire_lock(vr->vs);
	in = in_interim(vr, address) && is_open(vr);
	quire_unlock(vr->vs);
	return in;
}

int32_t quire_vregion_free(struct quire_vregion *vr, void *ptr)
{
	uintptr_t address = quire_address(vr->vs, ptr);
	struct place place;
	int32_t status;

	status = quire_forbidden(vr->vs);
	if (status)
		return refuse(vr, status, ptr, 0, vr->tag);
	if (in_open_interim(vr, address))
		return quire_vmh_free(&vr->interim, ptr);
	find_place(vr, address, &place);
	if (!in_region(vr, address))
		return refuse(vr, QUIRE_EFOREIGN, ptr, 0, vr->tag);
	if (place.arena) {
		quire_fresh_cache(vr->vs->mmu, quire_pointer(address),
				  cached_bytes(vr, place.arena, address));
		status = free_in_arena(vr, place.arena, address);
		if (!status)
			tell_about(vr, QUIRE_EVENT_FREE, ptr, 0, vr->tag);
		return status ? refuse(vr, status, ptr, 0, vr->tag) : QUIRE_OK;
	}
	return refuse(vr, place.open ? QUIRE_EFREE : QUIRE_ESTATE, ptr, 0, vr->tag);
}

size_t quire_vregion_usable_size(struct quire_vregion *vr, const void *ptr)
{
	struct quire_section section = quire_section_enter(vr->vs);
	bool has_interim = vr->has_interim;

	quire_section_leave(&section);
	return has_interim ? quire_vmh_usable_size(&vr->interim, ptr) : 0;
}

bool quire_vregion_contains(const struct quire_vregion *vr, const void *ptr)
{
	return in_region(vr, quire_address(vr->vs, ptr));
}

/* ---- protection ----------------------------------------------------------------------------- */

static void area_pages(const struct quire_vregion *vr, enum quire_area area, uint32_t *first,
		       uint32_t *count)
{
	*first = area == QUIRE_INTERIM ? vr->interim_first : vr->arena[area].first_page;
	*count = area == QUIRE_INTERIM ? vr->interim_pages : vr->arena[area].committed;
}

static int32_t protect(struct quire_section *section, struct quire_vregion *vr,
		       enum quire_area area, uint32_t prot)
{
	uint32_t first, count;
	int32_t status;

	if (!is_open(vr))
		return QUIRE_ESTATE;
	area_pages(vr, area, &first, &count);
	status = count ? quire_pages_protect(section, first, count, prot) : QUIRE_OK;
	if (status)
		return status;
	if (area == QUIRE_INTERIM) {
		vr->interim_prot = prot;
		if (vr->has_interim)
			quire_vmh_set_prot(&vr->interim, prot);
	} else {
		vr->arena[area].prot = prot;
	}
	return QUIRE_OK;
}

int32_t quire_vregion_protect(struct quire_vregion *vr, enum quire_area area, uint32_t prot)
{
	const struct quire_mmu *mmu = vr->vs->mmu;
	struct quire_section section;
	uint32_t first, count;
	int32_t status;

	status = quire_forbidden(vr->vs);
	if (status)
		return conclude(vr, status);
	if ((uint32_t)area >= QUIRE_AREAS || !quire_mmu_accepts(mmu, prot))
		return conclude(vr, QUIRE_EINVAL);
	quire_section_enter_deep(&section, vr->vs);
	status = protect(&section, vr, area, prot);
	area_pages(vr, area, &first, &count);
	quire_section_leave(&section);
	if (status)
		return conclude(vr, status);
	if (prot & QUIRE_EXEC && count && mmu->icache_sync)
		mmu->icache_sync(mmu, quire_pointer(quire_page_address(vr->vs, first)),
				 bytes_of(vr, count));
	return QUIRE_OK;
}

/* ---- save and restore ----------------------------------------------------------------------- */

static struct quire_transfer transfer_of(struct quire_vregion *vr, struct quire_archive *archive)
{
	return (struct quire_transfer){
		.vs = vr->vs,
		.image = &vr->image,
		.archive = archive,
		.first = vr->first_page,
		.count = vr->pages,
	};
}

/* What can be handed out may be another now. */
static int32_t conclude_image(struct quire_vregion *vr, int32_t status)
{
	struct quire_section section = quire_section_enter(vr->vs);

	set_ready(vr);
	quire_section_leave(&section);
	return conclude(vr, status);
}

int32_t quire_vregion_save(struct quire_vregion *vr, struct quire_archive *archive)
{
	struct quire_transfer transfer = transfer_of(vr, archive);
	struct quire_section section;
	int32_t status = quire_forbidden(vr->vs);

	if (!status && (!archive || !archive->write))
		status = QUIRE_EINVAL;
	if (status)
		return conclude(vr, status);
	section = quire_section_enter(vr->vs);
	if (is_open(vr))
		quire_transfer_begin(&transfer);
	else
		status = QUIRE_ESTATE;
	set_ready(vr);
	quire_section_leave(&section);
	if (!status)
		status = quire_transfer_save(&transfer);
	return conclude_image(vr, status);
}

int32_t quire_vregion_restore(struct quire_vregion *vr, struct quire_archive *archive)
{
	struct quire_transfer transfer = transfer_of(vr, archive);
	int32_t status = quire_forbidden(vr->vs);

	if (!status && (!archive || !archive->read))
		status = QUIRE_EINVAL;
	if (!status && (!quire_image_number(&vr->image) || !vr->users || vr->ending))
		status = QUIRE_ESTATE;
	if (!status)
		status = quire_transfer_restore(&transfer);
	return conclude_image(vr, status);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void arena_info(const struct quire_vregion *vr, const struct quire_arena *arena,
		       struct quire_area_info *info)
{
	*info = (struct quire_area_info){
		.base = arena->pages ? quire_pointer(arena->base) : NULL,
		.size = bytes_of(vr, arena->pages),
		.used = arena->used,
		.used_peak = largest(arena->used_peak, arena->used),
		.committed = bytes_of(vr, arena->committed),
		.allocations = arena->allocations,
		.prot = arena->prot,
	};
}

static void interim_info(const struct quire_vregion *vr, struct quire_area_info *info)
{
	const struct quire_vmh *heap = &vr->interim;

	*info = (struct quire_area_info){
		.base = quire_pointer(heap->base),
		.size = heap->window,
		.used = heap->in_use,
		.used_peak = heap->in_use_peak,
		.committed = heap->pages_held << vr->vs->page_shift,
		.allocations = quire_vmh_allocations(heap),
		.prot = vr->interim_prot,
	};
}

void quire_vregion_info(struct quire_vregion *vr, struct quire_vregion_info *info)
{
	struct quire_section section = quire_section_enter(vr->vs);

	*info = (struct quire_vregion_info){
		.base = quire_pointer(quire_page_address(vr->vs, vr->first_page)),
		.size = bytes_of(vr, vr->pages),
		.committed_peak = committed_peak(vr) << vr->vs->page_shift,
		.users = vr->users,
		.sealed = vr->sealed,
		.saved = quire_image_number(&vr->image) != 0,
	};
	for (uint32_t area = 0; area < QUIRE_INTERIM; area++)
		arena_info(vr, &vr->arena[area], &info->area[area]);
	if (vr->has_interim)
		interim_info(vr, &info->area[QUIRE_INTERIM]);
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		info->committed += info->area[area].committed;
	quire_section_leave(&section);
}

const char *quire_vregion_check(struct quire_vregion *vr)
{
	const char *broken = vr->has_interim ? quire_vmh_check(&vr->interim) : NULL;
	struct quire_section section = quire_section_enter(vr->vs);

	for (uint32_t area = 0; !broken && area < QUIRE_INTERIM; area++) {
		const struct quire_arena *arena = &vr->arena[area];

		if (arena->used > bytes_of(vr, arena->committed) && !vr->ending)
			broken = "an area hands out what is not committed";
		else if (arena->committed > arena->pages && arena->pages)
			broken = "an area has more pages than its size";
		for (uint32_t page = 0; !broken && page < arena->committed; page++)
			if (vr->vs->page[arena->first_page + page].users != 1)
				broken = "a page of an area is not held by it alone";
	}
	if (!broken && !vr->vs->page[vr->first_page].object)
		broken = "the region's window is not its own";
	quire_section_leave(&section);
	return broken;
}
