/* SPDX-License-Identifier: BSD-3-Clause */
/* sof: the one instance: init and end, slots, and who owns a pointer. See state.h. */
#include <string.h>

#include "state.h"

struct quire_sof *quire_sof_instance;

/* SOF's tables are checked where they ship: one of them fits the window of a heap. */
static const struct vmh_heap_config sof_table =
#if CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE >= 0x140000
	QUIRE_SOF_TABLE;
QUIRE_SOF_TABLE_FITS(QUIRE_SOF_TABLE_BYTES);
#else
	QUIRE_SOF_LINUX_TABLE;
QUIRE_SOF_TABLE_FITS(QUIRE_SOF_LINUX_TABLE_BYTES);
#endif
_Static_assert(QUIRE_SOF_TABLE_BYTES == 0x140000, "sum of SOF's table");
_Static_assert(QUIRE_SOF_LINUX_TABLE_BYTES == 0x100000, "sum of SOF's table without 32 KiB blocks");
_Static_assert((CONFIG_QUIRE_SOF_NOTES & (CONFIG_QUIRE_SOF_NOTES - 1)) == 0, "a power of two");

void quire_sof_lock(void)
{
	if (sof->config.mmu->lock)
		sof->config.mmu->lock(sof->config.mmu);
}

void quire_sof_unlock(void)
{
	if (sof->config.mmu->unlock)
		sof->config.mmu->unlock(sof->config.mmu);
}

int quire_sof_errno(int32_t status)
{
	switch (status) {
	case QUIRE_OK:
		return 0;
	case QUIRE_ENOVIRT:
	case QUIRE_ENOPHYS:
	case QUIRE_EBUDGET:
		return -SOF_ENOMEM;
	case QUIRE_EDRIVER:
		return -SOF_EIO;
	case QUIRE_EBUSY:
		return -SOF_EBUSY;
	default:
		return -SOF_EINVAL;
	}
}

/* ---- init and end ---------------------------------------------------------------------------- */

static int32_t make_vspace(struct quire_sof *self, void *storage, size_t bytes)
{
	const struct quire_sof_config *config = &self->config;
	struct quire_vspace_config vs = {
		.mmu = config->mmu,
		.base = config->base,
		.pages = config->pages,
		.budgets = 1,
		.retain = config->retain,
		.storage = storage,
		.storage_bytes = bytes,
		.observer = config->observer,
	};
	size_t limit = CONFIG_SOF_ZEPHYR_VIRTUAL_PAGE_REGION_SIZE / config->mmu->page_size;
	int32_t status = quire_vspace_init(&self->vs, &vs);

	if (status)
		return status;
	return quire_vspace_admit(&self->vs, &self->pages, 0, limit ? limit : QUIRE_NO_LIMIT);
}

#define RECORD_UNIT 64u /* what QUIRE_SOF_STORAGE reckons with */

static int32_t make_records(struct quire_sof *self, void *storage, size_t bytes)
{
	size_t line = self->config.mmu->cache_line;
	struct quire_vmh_config heap = {
		.window = CONFIG_QUIRE_SOF_RECORDS_SIZE,
		.unit = line > RECORD_UNIT ? line : RECORD_UNIT,
		.storage = storage,
		.storage_bytes = bytes,
	};

	return quire_vmh_init(&self->records, &self->vs, &heap);
}

static bool is_possible(const struct quire_sof_config *config)
{
	return config->mmu && !quire_mmu_check(config->mmu) && config->pages &&
	       config->pages <= QUIRE_EXTENTS_MAX_UNITS && config->storage &&
	       (uintptr_t)config->storage % _Alignof(struct quire_sof) == 0 &&
	       config->storage_bytes >= QUIRE_SOF_STORAGE(config->pages) &&
	       quire_uncached(config->mmu, config->storage) == config->storage;
}

int quire_sof_init(const struct quire_sof_config *config)
{
	struct quire_sof *self = config->storage;
	unsigned char *storage;
	size_t bytes;
	int32_t status;

	if (sof)
		return -SOF_EALREADY;
	if (!is_possible(config))
		return -SOF_EINVAL;
	memset(self, 0, sizeof(*self));
	storage = (unsigned char *)config->storage + sizeof(*self);
	self->config = *config;
	self->window.addr = config->base;
	self->window.size = config->pages * config->mmu->page_size;
	self->window.attr = VIRTUAL_REGION_VPAGES_ATTR;
	bytes = QUIRE_VSPACE_STORAGE(config->pages, 1);
	status = make_vspace(self, storage, bytes);
	if (!status)
		status = make_records(self, storage + bytes,
				      config->storage_bytes - sizeof(*self) - bytes);
	if (status)
		return quire_sof_errno(status);
	sof = self;
	self->buffers = vmh_init_heap(config->table ? config->table : &sof_table, false);
	if (self->buffers)
		return 0;
	quire_sof_fini(); /* what it retains goes back */
	sof = NULL;
	return -SOF_ENOMEM;
}

static bool is_in_use(void)
{
	struct quire_vmh_stats stats;

	for (size_t i = 0; i < CONFIG_QUIRE_SOF_HEAPS; i++)
		if (sof->heap[i].state && (struct vmh_heap *)&sof->heap[i] != sof->buffers)
			return true;
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_REGIONS; i++)
		if (sof->region[i].state)
			return true;
	if (!sof->buffers)
		return sof->page_allocations > 0;
	quire_vmh_stats(&quire_sof_heap_of(sof->buffers)->heap, &stats);
	return sof->page_allocations || stats.allocations;
}

int quire_sof_fini(void)
{
	int32_t status;

	if (!sof)
		return -SOF_ENODEV;
	if (is_in_use())
		return -SOF_EBUSY;
	if (sof->buffers && vmh_free_heap(sof->buffers))
		return -SOF_EIO;
	sof->buffers = NULL;
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_HEAPS; i++)
		quire_sof_drop_records(&sof->heap[i].records);
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_REGIONS; i++)
		quire_sof_drop_records((void **)&sof->region[i].region);
	status = quire_vmh_fini(&sof->records);
	if (!status)
		status = quire_vspace_fini(&sof->vs);
	if (status)
		return -SOF_EIO;
	sof = NULL;
	return 0;
}

struct quire_vspace *quire_sof_vspace(void)
{
	return sof ? &sof->vs : NULL;
}

/* ---- records --------------------------------------------------------------------------------- */

void *quire_sof_take_records(size_t bytes)
{
	void *records = quire_vmh_alloc(&sof->records, bytes);

	return records ? quire_uncached(sof->config.mmu, records) : NULL;
}

bool quire_sof_drop_records(void **records)
{
	if (*records && quire_vmh_free(&sof->records, *records))
		return false;
	*records = NULL;
	return true;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static bool take(uint32_t *state)
{
	bool is_mine;

	quire_sof_lock();
	is_mine = *state == SOF_FREE;
	if (is_mine)
		*state = SOF_BUSY;
	quire_sof_unlock();
	return is_mine;
}

void quire_sof_set_state(uint32_t *state, uint32_t to)
{
	quire_sof_lock();
	*state = to;
	quire_sof_unlock();
}

bool quire_sof_is_live(const uint32_t *state)
{
	bool is_live;

	quire_sof_lock();
	is_live = *state == SOF_LIVE;
	quire_sof_unlock();
	return is_live;
}

/* A slot whose last records the driver would not take back is tried again, and left alone if it
 * fails. */
static bool take_slot(uint32_t *state, void **records)
{
	if (!take(state))
		return false;
	if (quire_sof_drop_records(records))
		return true;
	quire_sof_set_state(state, SOF_FREE);
	return false;
}

struct quire_sof_heap_slot *quire_sof_take_heap(void)
{
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_HEAPS; i++)
		if (take_slot(&sof->heap[i].state, &sof->heap[i].records))
			return &sof->heap[i];
	return NULL;
}

struct quire_sof_region_slot *quire_sof_take_region(void)
{
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_REGIONS; i++)
		if (take_slot(&sof->region[i].state, (void **)&sof->region[i].region))
			return &sof->region[i];
	return NULL;
}

/* Number of the element of an array that a handle points to; `count` if to none. */
static size_t index_of(const void *handle, const void *array, size_t size, size_t count)
{
	uintptr_t offset = (uintptr_t)handle - (uintptr_t)array;

	return (uintptr_t)handle >= (uintptr_t)array && offset < size * count && offset % size == 0
		       ? offset / size
		       : count;
}

struct quire_sof_heap_slot *quire_sof_heap_of(const void *handle)
{
	size_t i;

	if (!sof)
		return NULL;
	i = index_of(handle, sof->heap, sizeof(sof->heap[0]), CONFIG_QUIRE_SOF_HEAPS);
	return i < CONFIG_QUIRE_SOF_HEAPS && quire_sof_is_live(&sof->heap[i].state) ? &sof->heap[i]
										    : NULL;
}

struct quire_sof_region_slot *quire_sof_region_of(const void *handle)
{
	size_t i;

	if (!sof)
		return NULL;
	i = index_of(handle, sof->region, sizeof(sof->region[0]), CONFIG_QUIRE_SOF_REGIONS);
	return i < CONFIG_QUIRE_SOF_REGIONS && quire_sof_is_live(&sof->region[i].state)
		       ? &sof->region[i]
		       : NULL;
}

/* ---- owners ---------------------------------------------------------------------------------- */

bool quire_sof_in_window(const void *ptr)
{
	uintptr_t address = (uintptr_t)quire_cached(sof->config.mmu, ptr);

	return vmh_is_ptr_in_memory_range(address, (uintptr_t)sof->window.addr, sof->window.size);
}

/* The vspace knows which run of pages holds the pointer; whose window starts there owns it. */
struct quire_sof_owner quire_sof_owner_of(const void *ptr)
{
	void *base = quire_vpage_owner(&sof->vs, ptr, NULL);
	struct quire_sof_owner owner = { NULL, NULL };

	quire_sof_lock();
	for (size_t i = 0; base && i < CONFIG_QUIRE_SOF_HEAPS; i++)
		if (sof->heap[i].state == SOF_LIVE && sof->heap[i].base == base)
			owner.heap = &sof->heap[i];
	for (size_t i = 0; base && i < CONFIG_QUIRE_SOF_REGIONS; i++)
		if (sof->region[i].state == SOF_LIVE && sof->region[i].base == base)
			owner.region = &sof->region[i];
	quire_sof_unlock();
	return owner;
}

/* ---- check ----------------------------------------------------------------------------------- */

static const char *check_notes(void)
{
	size_t notes = 0, counted = 0;

	for (size_t i = 0; i < CONFIG_QUIRE_SOF_NOTES; i++)
		notes += sof->note[i].ptr != 0;
	for (size_t i = 0; i < CONFIG_QUIRE_SOF_MODULES; i++)
		counted += sof->module[i].allocations;
	return notes != sof->notes || counted != notes ? "notes and modules do not add up" : NULL;
}

const char *quire_sof_check(void)
{
	const char *wrong = quire_vspace_check(&sof->vs);

	if (!wrong)
		wrong = quire_vmh_check(&sof->records);
	for (size_t i = 0; !wrong && i < CONFIG_QUIRE_SOF_HEAPS; i++)
		if (sof->heap[i].state == SOF_LIVE)
			wrong = quire_vmh_check(&sof->heap[i].heap);
	for (size_t i = 0; !wrong && i < CONFIG_QUIRE_SOF_REGIONS; i++)
		if (sof->region[i].state == SOF_LIVE)
			wrong = quire_vregion_check(sof->region[i].region);
	return wrong ? wrong : check_notes();
}
