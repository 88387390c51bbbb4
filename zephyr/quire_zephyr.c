/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quire_zephyr: what the module makes at boot, and whom it tells. See quire/zephyr.h.
 *
 * The driver's list of regions is walked once, copied and given back. Nothing here stops the
 * system: what cannot be made is logged and stays off.
 */
#include <zephyr/drivers/mm/system_mm.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include "quire/zephyr.h"
#ifdef CONFIG_QUIRE_SOF_NAMES
#include "quire/sof.h"
#endif

LOG_MODULE_REGISTER(quire, CONFIG_QUIRE_LOG_LEVEL);

#define PAGE        CONFIG_MM_DRV_PAGE_SIZE
#define WORDS(size) DIV_ROUND_UP(size, sizeof(uintptr_t))

struct space {
	struct quire_vspace vs;
	uintptr_t records[WORDS(
		QUIRE_VSPACE_STORAGE(CONFIG_QUIRE_WINDOW_PAGES, CONFIG_QUIRE_BUDGETS))];
};

static struct space libraries;
static bool pages_on, libraries_on;

/* ---- what is told ---------------------------------------------------------------------------- */

#ifdef CONFIG_QUIRE_OBSERVER
static void tell(struct quire_observer *self, const struct quire_event *event)
{
	ARG_UNUSED(self);
	switch (event->kind) {
	case QUIRE_EVENT_MISUSE:
		LOG_ERR("%p: %s (nearest owner %p, %zu bytes)", event->ptr,
			quire_status_text(event->why), event->owner, event->owner_size);
		break;
	case QUIRE_EVENT_FAIL:
		LOG_WRN("%zu bytes for tag %u: %s", event->size, (unsigned int)event->tag,
			quire_status_text(event->why));
		break;
	case QUIRE_EVENT_LEAK:
		LOG_WRN("%p: %zu bytes were never freed", event->ptr, event->size);
		break;
	default:
		LOG_DBG("event %u: %p, %zu bytes, tag %u", (unsigned int)event->kind, event->ptr,
			event->size, (unsigned int)event->tag);
		break;
	}
}

static struct quire_observer observer = { .notify = tell };
#define OBSERVER (&observer)
#else
#define OBSERVER NULL
#endif

/* ---- windows --------------------------------------------------------------------------------- */

/* The first region with this attribute. The list is the driver's, and goes back. */
static bool find_region(uint32_t attr, struct sys_mm_drv_region *found)
{
	const struct sys_mm_drv_region *regions = sys_mm_drv_query_memory_regions();
	const struct sys_mm_drv_region *region;
	bool is_there = false;

	SYS_MM_DRV_MEMORY_REGION_FOREACH(regions, region)
	{
		if (region->attr == attr && !is_there) {
			*found = *region;
			is_there = true;
		}
	}
	sys_mm_drv_query_memory_regions_free(regions);
	return is_there;
}

/* Whole pages of a region, as many as there are records for. Nothing is added that could wrap. */
static size_t pages_of(const struct sys_mm_drv_region *region, uintptr_t *base)
{
	uintptr_t start = (uintptr_t)region->addr;
	size_t before = (PAGE - start % PAGE) % PAGE;
	size_t count = region->size > before ? (region->size - before) / PAGE : 0;

	*base = start + before;
	return MIN(count, (size_t)CONFIG_QUIRE_WINDOW_PAGES);
}

/* The pages of the region with this attribute, and where they begin; 0, and told, if there are none. */
static size_t find_pages(uint32_t attr, size_t frames, uintptr_t *base)
{
	struct sys_mm_drv_region region = { 0 };
	size_t count;

	if (!find_region(attr, &region)) {
		LOG_WRN("there is no memory region with attribute %u", (unsigned int)attr);
		return 0;
	}
	count = pages_of(&region, base);
	if (count && frames)
		return count;
	LOG_WRN("region %u at %p has %zu pages, the driver %zu: too few", (unsigned int)attr,
		region.addr, count, frames);
	return 0;
}

static bool open_space(struct space *space, uint32_t number, uint32_t attr, size_t frames,
		       size_t retain)
{
	struct quire_vspace_config config;
	uintptr_t base;
	size_t count = find_pages(attr, frames, &base);
	int32_t status;

	if (!count)
		return false;
	config = (struct quire_vspace_config){
		.mmu = quire_zephyr_window(number, base, count, frames),
		.base = (void *)base,
		.pages = count,
		.budgets = CONFIG_QUIRE_BUDGETS,
		.retain = retain,
		.storage = space->records,
		.storage_bytes = sizeof(space->records),
		.observer = OBSERVER,
	};
	status = quire_vspace_init(&space->vs, &config);
	if (status)
		LOG_ERR("no window at %p: %s", (void *)base, quire_status_text(status));
	else
		LOG_INF("%zu pages at %p, %zu physical", count, (void *)base, frames);
	return !status;
}

#ifdef CONFIG_QUIRE_SOF_NAMES

/* SOF's names have the window, and make their own heaps and regions in it. */
static bool open_window(size_t frames)
{
	static _Alignas(CONFIG_DCACHE_LINE_SIZE) unsigned char
		records[QUIRE_SOF_STORAGE(CONFIG_QUIRE_WINDOW_PAGES)];
	uintptr_t base = 0;
	size_t count = find_pages(CONFIG_QUIRE_REGION_ATTR, frames, &base);
	struct quire_sof_config config = {
		.base = (void *)base,
		.pages = count,
		.retain = CONFIG_QUIRE_RETAIN,
		.observer = OBSERVER,
		.storage = records,
		.storage_bytes = sizeof(records),
	};
	int error;

	if (!count)
		return false;
	config.mmu = quire_zephyr_window(0, base, count, frames);
	error = quire_sof_init(&config);
	if (error)
		LOG_ERR("no memory for SOF at %p: error %d", (void *)base, error);
	else
		LOG_INF("%zu pages at %p for SOF, %zu physical", count, (void *)base, frames);
	return !error;
}

struct quire_vspace *quire_zephyr_vspace(void)
{
	return pages_on ? quire_sof_vspace() : NULL;
}

#else

static struct space pages;

static bool open_window(size_t frames)
{
	return open_space(&pages, 0, CONFIG_QUIRE_REGION_ATTR, frames, CONFIG_QUIRE_RETAIN);
}

struct quire_vspace *quire_zephyr_vspace(void)
{
	return pages_on ? &pages.vs : NULL;
}

#endif

__weak size_t quire_zephyr_physical_pages(void)
{
	return CONFIG_QUIRE_PHYSICAL_PAGES;
}

/* ---- the heap -------------------------------------------------------------------------------- */

#if defined(CONFIG_QUIRE_VMH) && !defined(CONFIG_QUIRE_SOF_NAMES)

#ifdef CONFIG_QUIRE_VMH_ELASTIC
#define HEAP_RECORDS QUIRE_VMH_ELASTIC_STORAGE(CONFIG_QUIRE_VMH_SIZE, CONFIG_DCACHE_LINE_SIZE)
#else
#ifdef CONFIG_QUIRE_VMH_TABLE_CUSTOM
#include CONFIG_QUIRE_VMH_TABLE_HEADER
#else
#include "quire/zephyr_table.h"
#endif

#define AS_BUNDLE(size, count) { size, count },
/* NOLINTBEGIN(bugprone-macro-parentheses): terms of a sum */
#define AS_BLOCKS(size, count) (size_t)(count) +
#define AS_BYTES(size, count)  ((size_t)(size) * (count)) +
/* NOLINTEND(bugprone-macro-parentheses) */
static const struct quire_bundle bundles[] = { QUIRE_ZEPHYR_TABLE(AS_BUNDLE) };
#define BLOCKS                 (QUIRE_ZEPHYR_TABLE(AS_BLOCKS) 0)
#define BYTES                  (QUIRE_ZEPHYR_TABLE(AS_BYTES) 0)
#define HEAP_RECORDS           QUIRE_VMH_STORAGE(ARRAY_SIZE(bundles), BLOCKS)

BUILD_ASSERT(BYTES <= CONFIG_QUIRE_VMH_SIZE,
	     "the block table is larger than CONFIG_QUIRE_VMH_SIZE");
#endif

static struct {
	struct quire_vmh vmh;
	bool on;
	uintptr_t records[WORDS(HEAP_RECORDS)];
} heap;

static void open_heap(void)
{
	const struct quire_vmh_config config = {
#ifdef CONFIG_QUIRE_VMH_ELASTIC
		.window = CONFIG_QUIRE_VMH_SIZE,
#else
		.bundles = bundles,
		.bundle_count = ARRAY_SIZE(bundles),
		.flags = IS_ENABLED(CONFIG_QUIRE_VMH_SPANNING) ? QUIRE_VMH_SPANNING : 0,
#endif
		.storage = heap.records,
		.storage_bytes = sizeof(heap.records),
	};
	int32_t status = quire_vmh_init(&heap.vmh, &pages.vs, &config);

	heap.on = status == QUIRE_OK;
	if (status)
		LOG_WRN("no heap of %zu bytes: %s", (size_t)CONFIG_QUIRE_VMH_SIZE,
			quire_status_text(status));
}

struct quire_vmh *quire_zephyr_heap(void)
{
	return pages_on && heap.on ? &heap.vmh : NULL;
}

#else

static void open_heap(void)
{
}

struct quire_vmh *quire_zephyr_heap(void)
{
	return NULL;
}

#endif

/* ---- regions --------------------------------------------------------------------------------- */

#if defined(CONFIG_QUIRE_VREGION) && !defined(CONFIG_QUIRE_SOF_NAMES)

#define REGION_RECORDS \
	QUIRE_VREGION_STORAGE(CONFIG_QUIRE_VREGION_INTERIM_MAX, CONFIG_DCACHE_LINE_SIZE)

static struct region {
	struct quire_vregion *vr; /* NULL while its place is free, or being taken */
	bool taken;
	uintptr_t records[WORDS(REGION_RECORDS)];
} regions[CONFIG_QUIRE_VREGION_MAX];

static struct k_spinlock regions_lock;

static struct region *take_records(void)
{
	k_spinlock_key_t key = k_spin_lock(&regions_lock);
	struct region *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(regions) && !found; i++)
		if (!regions[i].taken)
			found = &regions[i];
	if (found)
		found->taken = true;
	k_spin_unlock(&regions_lock, key);
	return found;
}

static void set_region(struct region *region, struct quire_vregion *vr, bool taken)
{
	k_spinlock_key_t key = k_spin_lock(&regions_lock);

	region->vr = vr;
	region->taken = taken;
	k_spin_unlock(&regions_lock, key);
}

static void give_records(void *context, void *storage)
{
	ARG_UNUSED(storage);
	set_region(context, NULL, false);
}

static struct quire_vregion *create(const struct quire_zephyr_region *wish, struct region *region,
				    int32_t *why)
{
	const struct quire_vregion_config config = {
		.lifetime = wish->lifetime,
		.interim = wish->interim,
		.flags = wish->flags,
		.prot = { [QUIRE_LIFETIME] = wish->prot, [QUIRE_INTERIM] = wish->prot },
		.tag = wish->tag,
		.budget = wish->budget,
		.storage = region->records,
		.storage_bytes = sizeof(region->records),
		.release = give_records,
		.context = region,
	};
	struct quire_vregion *vr = quire_vregion_create(&pages.vs, &config, why);

	set_region(region, vr, vr != NULL);
	return vr;
}

struct quire_vregion *quire_zephyr_region_create(const struct quire_zephyr_region *wish,
						 int32_t *why)
{
	struct region *region = pages_on ? take_records() : NULL;
	int32_t status = pages_on ? QUIRE_ENOVIRT : QUIRE_ESTATE;
	struct quire_vregion *vr = region ? create(wish, region, &status) : NULL;

	if (why)
		*why = status;
	return vr;
}

struct quire_vregion *quire_zephyr_region_nth(uint32_t number)
{
	k_spinlock_key_t key = k_spin_lock(&regions_lock);
	struct quire_vregion *vr = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(regions) && !vr; i++)
		if (regions[i].vr && !number--)
			vr = regions[i].vr;
	k_spin_unlock(&regions_lock, key);
	return vr;
}

#else

struct quire_vregion *quire_zephyr_region_create(const struct quire_zephyr_region *wish,
						 int32_t *why)
{
	ARG_UNUSED(wish);
	if (why)
		*why = QUIRE_ESTATE;
	return NULL;
}

struct quire_vregion *quire_zephyr_region_nth(uint32_t number)
{
	ARG_UNUSED(number);
	return NULL;
}

#endif

/* ---- libraries at fixed addresses ------------------------------------------------------------ */

/* Whole pages around [virt, virt + bytes). */
static size_t around(void **virt, size_t bytes)
{
	size_t before = (uintptr_t)*virt % PAGE;

	*virt = (char *)*virt - before;
	return bytes > SIZE_MAX - before - PAGE ? SIZE_MAX / PAGE
						: DIV_ROUND_UP(before + bytes, PAGE);
}

int32_t quire_zephyr_library_map(void *virt, size_t bytes, uint32_t prot)
{
	size_t count = around(&virt, bytes);
	struct quire_request anywhere = { .size = count * PAGE };

	if (!libraries_on)
		return QUIRE_ESTATE;
	if (!bytes || count > CONFIG_QUIRE_WINDOW_PAGES)
		return QUIRE_EINVAL;
	if (quire_vpage_alloc_at(&libraries.vs, virt, count, prot))
		return QUIRE_OK;
	if (quire_vpage_would_fit(&libraries.vs, &anywhere))
		return QUIRE_EBUSY; /* so it is these addresses that somebody has, or nobody can have */
	return anywhere.why;
}

int32_t quire_zephyr_library_protect(void *virt, size_t bytes, uint32_t prot)
{
	size_t count = around(&virt, bytes);

	return libraries_on ? quire_vpage_protect(&libraries.vs, virt, count, prot) : QUIRE_ESTATE;
}

int32_t quire_zephyr_library_unmap(void *virt)
{
	around(&virt, 0);
	return libraries_on ? quire_vpage_free(&libraries.vs, virt) : QUIRE_ESTATE;
}

/* ---- figures --------------------------------------------------------------------------------- */

#ifdef CONFIG_QUIRE_STATS
static void log_heap(struct quire_vmh *vmh)
{
#ifdef CONFIG_QUIRE_VMH
	struct quire_vmh_stats stats;

	if (!vmh)
		return;
	quire_vmh_stats(vmh, &stats);
	LOG_INF("heap: %zu bytes in use, at most %zu; largest request %zu", stats.in_use,
		stats.in_use_peak, stats.largest);
#else
	ARG_UNUSED(vmh);
#endif
}

void quire_zephyr_log_stats(void)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_vspace_stats stats;

	if (!vs)
		return;
	quire_vspace_stats(vs, &stats);
	LOG_INF("pages: %zu of %zu held, at most %zu; %zu promised, %zu retained", stats.held,
		stats.physical, stats.held_peak, stats.promised, stats.retained);
	LOG_INF("addresses: %zu of %zu free, longest run %zu; %llu misuses", stats.free,
		stats.pages, stats.largest, (unsigned long long)stats.misuses);
	log_heap(quire_zephyr_heap());
}
#else
void quire_zephyr_log_stats(void)
{
}
#endif

/* ---- boot ------------------------------------------------------------------------------------ */

int quire_zephyr_init(void)
{
	size_t frames = quire_zephyr_physical_pages();
	size_t for_libraries = MIN((size_t)CONFIG_QUIRE_LIBRARY_PAGES, frames);

	pages_on = open_window(frames - for_libraries);
	if (for_libraries)
		libraries_on =
			open_space(&libraries, 1, QUIRE_ZEPHYR_ATTR_LIBRARIES, for_libraries, 0);
	if (pages_on)
		open_heap();
	quire_zephyr_log_stats();
	return 0;
}

SYS_INIT(quire_zephyr_init, POST_KERNEL, CONFIG_QUIRE_INIT_PRIORITY);
