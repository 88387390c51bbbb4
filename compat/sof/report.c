/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report: what the host is told, and which bytes are whose.
 *
 * A live allocation of a module has a note {pointer, bytes, module} in a table with open addressing,
 * so that a free by anybody is taken off the right account. A note lies at the first free place from
 * its hash on; taking one out closes the gap behind it, so nothing that was there is ever searched
 * past. At most three quarters are used. All of it under the short lock.
 */
#include <string.h>

#include "state.h"

#define MASK      (CONFIG_QUIRE_SOF_NOTES - 1u)
#define MOST      ((size_t)CONFIG_QUIRE_SOF_NOTES / 4 * 3)
#define LINE_BITS 5u /* two allocations are at least 32 bytes apart nearly always */

/* ---- notes ----------------------------------------------------------------------------------- */

static uintptr_t key_of(const void *ptr)
{
	return (uintptr_t)quire_cached(sof->config.mmu, ptr);
}

/* Fibonacci hashing of the number of the line. */
static size_t home_of(uintptr_t key)
{
	return (uint32_t)((uint32_t)(key >> LINE_BITS) * 2654435769u) >> 12 & MASK;
}

static size_t place_of(uintptr_t key)
{
	size_t at = home_of(key);

	while (sof->note[at].ptr && sof->note[at].ptr != key)
		at = (at + 1) & MASK;
	return at;
}

/* Notes behind the gap move up unless that would put them before their home. */
static void close_gap(size_t gap)
{
	size_t at = gap;

	for (;;) {
		at = (at + 1) & MASK;
		if (!sof->note[at].ptr)
			break;
		if (((at - home_of(sof->note[at].ptr)) & MASK) >= ((at - gap) & MASK)) {
			sof->note[gap] = sof->note[at];
			gap = at;
		}
	}
	sof->note[gap] = (struct quire_sof_note){ 0 };
}

static struct quire_sof_module *account_of(uint32_t module)
{
	struct quire_sof_module *unused = NULL;

	for (size_t i = 0; i < CONFIG_QUIRE_SOF_MODULES; i++) {
		if (sof->module[i].module == module)
			return &sof->module[i];
		if (!sof->module[i].allocations && (!unused || !sof->module[i].module))
			unused = &sof->module[i];
	}
	if (unused)
		*unused = (struct quire_sof_module){ .module = module };
	return unused;
}

static bool write_note(uintptr_t key, size_t bytes, uint32_t module)
{
	struct quire_sof_module *account = sof->notes < MOST ? account_of(module) : NULL;

	if (!account)
		return false;
	sof->note[place_of(key)] = (struct quire_sof_note){ key, bytes, module };
	sof->notes++;
	account->allocations++;
	account->bytes += bytes;
	if (account->peak < account->bytes)
		account->peak = account->bytes;
	return true;
}

static void erase_note(size_t at)
{
	struct quire_sof_module *account = account_of(sof->note[at].module);

	account->allocations--;
	account->bytes -= sof->note[at].bytes;
	sof->notes--;
	close_gap(at);
}

void quire_sof_note_down(void *ptr, size_t bytes, uint32_t module)
{
	if (!module)
		return;
	quire_sof_lock();
	if (!write_note(key_of(ptr), bytes, module))
		sof->uncounted++;
	quire_sof_unlock();
}

struct quire_sof_note quire_sof_take_note(const void *ptr)
{
	struct quire_sof_note note;
	size_t at;

	quire_sof_lock();
	at = place_of(key_of(ptr));
	note = sof->note[at];
	if (note.ptr)
		erase_note(at);
	quire_sof_unlock();
	return note;
}

/* Closing a gap may put another note at the same place, so that is looked at again; and one that wraps
 * to the end was looked at already. */
void quire_sof_forget(const void *base, size_t bytes)
{
	size_t at = 0;

	quire_sof_lock();
	while (at < CONFIG_QUIRE_SOF_NOTES)
		if (vmh_is_ptr_in_memory_range(sof->note[at].ptr, (uintptr_t)base, bytes))
			erase_note(at);
		else
			at++;
	quire_sof_unlock();
}

/* ---- what the host is told ------------------------------------------------------------------- */

static size_t count_parts(enum quire_sof_kind kind)
{
	size_t count = 0;

	if (kind == QUIRE_SOF_HEAP)
		for (size_t i = 0; i < CONFIG_QUIRE_SOF_HEAPS; i++)
			count += quire_sof_is_live(&sof->heap[i].state);
	else
		for (size_t i = 0; i < CONFIG_QUIRE_SOF_REGIONS; i++)
			count += quire_sof_is_live(&sof->region[i].state);
	return count;
}

static size_t count_modules(void)
{
	size_t count = 0;

	for (size_t i = 0; i < CONFIG_QUIRE_SOF_MODULES; i++)
		count += sof->module[i].allocations > 0;
	return count;
}

int quire_sof_memory(struct quire_sof_memory *memory)
{
	const struct quire_mmu *mmu;
	struct quire_vspace_stats stats;

	if (!sof)
		return -SOF_ENODEV;
	mmu = sof->config.mmu;
	quire_vspace_stats(&sof->vs, &stats);
	*memory = (struct quire_sof_memory){
		.page_size = mmu->page_size,
		.pages = stats.physical,
		.pages_free = stats.physical == QUIRE_UNKNOWN ? QUIRE_UNKNOWN
							      : stats.physical - stats.held,
		.pages_used = stats.held,
		.pages_used_peak = stats.held_peak,
		.page_allocations = sof->page_allocations,
		.page_allocation_pages = sof->page_allocation_pages,
		.heaps = count_parts(QUIRE_SOF_HEAP),
		.regions = count_parts(QUIRE_SOF_REGION),
		.modules = count_modules(),
	};
	if (mmu->shared_frames && mmu->available && mmu->available(mmu) != QUIRE_UNKNOWN)
		memory->pages_free = mmu->available(mmu) + stats.retained;
	return 0;
}

static size_t largest_of_heap(struct quire_vmh *heap, size_t window)
{
	struct quire_request any = { .size = window, .min = 1 };

	return quire_vmh_would_fit(heap, &any);
}

void quire_sof_describe_heap(struct quire_sof_heap_slot *slot, struct quire_sof_part *part)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(&slot->heap, &stats);
	*part = (struct quire_sof_part){
		.kind = QUIRE_SOF_HEAP,
		.handle = slot,
		.base = slot->base,
		.size = stats.window,
		.used = stats.in_use,
		.peak = stats.in_use_peak,
		.largest = largest_of_heap(&slot->heap, stats.window),
		.mapped = stats.mapped,
		.allocations = stats.allocations,
	};
}

static size_t largest_of_region(struct quire_sof_region_slot *slot, size_t size)
{
	struct quire_request any = { .size = size, .min = 1 };

	return quire_vregion_would_fit(slot->region, quire_sof_area(slot), &any);
}

void quire_sof_describe_region(struct quire_sof_region_slot *slot, struct quire_sof_part *part)
{
	struct quire_vregion_info info;

	quire_vregion_info(slot->region, &info);
	*part = (struct quire_sof_part){
		.kind = QUIRE_SOF_REGION,
		.handle = slot,
		.base = info.base,
		.size = info.size,
		.largest = largest_of_region(slot, info.size),
		.mapped = info.committed,
	};
	for (size_t i = 0; i < QUIRE_AREAS; i++) {
		part->used += info.area[i].used;
		part->peak += info.area[i].used_peak;
		part->allocations += info.area[i].allocations;
	}
}

bool quire_sof_part(size_t index, struct quire_sof_part *part)
{
	for (size_t i = 0; sof && i < CONFIG_QUIRE_SOF_HEAPS; i++)
		if (quire_sof_is_live(&sof->heap[i].state) && index-- == 0) {
			quire_sof_describe_heap(&sof->heap[i], part);
			return true;
		}
	for (size_t i = 0; sof && i < CONFIG_QUIRE_SOF_REGIONS; i++)
		if (quire_sof_is_live(&sof->region[i].state) && index-- == 0) {
			quire_sof_describe_region(&sof->region[i], part);
			return true;
		}
	return false;
}

bool quire_sof_module(size_t index, struct quire_sof_module *module)
{
	bool found = false;

	if (!sof)
		return false;
	quire_sof_lock();
	for (size_t i = 0; !found && i < CONFIG_QUIRE_SOF_MODULES; i++)
		if (sof->module[i].allocations && index-- == 0) {
			*module = sof->module[i];
			found = true;
		}
	quire_sof_unlock();
	return found;
}

size_t quire_sof_uncounted(void)
{
	return sof ? sof->uncounted : 0;
}
