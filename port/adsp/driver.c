/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver: what Zephyr calls sys_mm_drv, on the machine. Above it is the port, or Zephyr's own
 * module.
 *
 * Everything is done a page at a time; STRICT undoes what it did before the page that failed, and
 * FAULTY has the faults of the real driver, each where it belongs. A fault that is asked for
 * (config.fault) comes before anything is done. The driver keeps books of its own: which frames are
 * taken, and by the entries, which page has which.
 */
#include "machine.h"

#include <errno.h>
#include <string.h>

static bool is_faulty(const struct quire_adsp *adsp)
{
	return adsp->config.behaviour == QUIRE_ADSP_FAULTY;
}

static uintptr_t address_of(const struct quire_adsp *adsp, size_t page)
{
	return (uintptr_t)adsp->base + page * adsp->config.page_size;
}

static int ask(const struct quire_adsp *adsp, enum quire_adsp_call call, size_t page)
{
	return adsp->config.fault
		       ? adsp->config.fault(adsp->config.context, call, address_of(adsp, page))
		       : 0;
}

/* ---- what is asked for ---------------------------------------------------------------------- */

/* Pages of the cached alias: [first, past). */
struct span {
	size_t first, past;
};

static int locate(struct quire_adsp *adsp, const void *virt, size_t size, struct span *span)
{
	uintptr_t offset = (uintptr_t)virt - (uintptr_t)adsp->base;
	size_t page = adsp->config.page_size;

	*span = (struct span){ 0, 0 };
	if (offset >= adsp_bytes(adsp) || offset % page || !size || size % page ||
	    size > adsp_bytes(adsp) - offset)
		return -EINVAL;
	*span = (struct span){ offset / page, (offset + size) / page };
	if (span->past - span->first > adsp->longest_call)
		adsp->longest_call = span->past - span->first;
	return 0;
}

static uintptr_t phys_of(const struct quire_adsp *adsp, uint32_t frame)
{
	return QUIRE_ADSP_SRAM + frame * adsp->config.page_size;
}

static bool is_frame(const struct quire_adsp *adsp, uintptr_t phys)
{
	uintptr_t offset = phys - QUIRE_ADSP_SRAM;

	return offset % adsp->config.page_size == 0 &&
	       offset / adsp->config.page_size < adsp->config.frames;
}

static int lowest_free(struct quire_adsp *adsp, uint32_t *frame)
{
	for (*frame = 0; *frame < adsp->config.frames; ++*frame)
		if (!adsp->taken[*frame])
			return 0;
	if (is_faulty(adsp))
		adsp_break(adsp, "an assertion of the driver failed: it was out of frames");
	return -ENOMEM;
}

static int choose_frame(struct quire_adsp *adsp, uintptr_t phys, uint32_t *frame)
{
	if (!phys)
		return lowest_free(adsp, frame);
	if (!is_frame(adsp, phys))
		return -EINVAL;
	*frame = (uint32_t)((phys - QUIRE_ADSP_SRAM) / adsp->config.page_size);
	return adsp->taken[*frame] ? -EBUSY : 0;
}

/* ---- one page ------------------------------------------------------------------------------- */

static uint16_t entry_for(const struct quire_adsp *adsp, uint32_t frame, uint32_t flags)
{
	return (uint16_t)(adsp_page_number(adsp, frame) | QUIRE_ADSP_ENTRY_ENABLE |
			  (flags & QUIRE_ADSP_PERM_RW ? QUIRE_ADSP_ENTRY_WRITE : 0) |
			  (flags & QUIRE_ADSP_PERM_EXEC ? QUIRE_ADSP_ENTRY_EXEC : 0));
}

static void enter(struct quire_adsp *adsp, size_t page, uint32_t frame, uint32_t flags)
{
	size_t bytes = adsp->config.page_size;

	adsp->taken[frame] = true;
	adsp_use_bank(adsp, frame);
	if (adsp->config.fresh)
		memset(adsp_frame(adsp, frame), adsp->config.fresh, bytes);
	adsp_write_entry(adsp, page, entry_for(adsp, frame, flags));
	adsp_invalidate(adsp, page * bytes, bytes);
}

static int map_page(struct quire_adsp *adsp, size_t page, uintptr_t phys, uint32_t flags)
{
	uint32_t frame;
	int error = ask(adsp, QUIRE_ADSP_MAP, page);

	if (!error && adsp_is_mapped(adsp, page) && !is_faulty(adsp))
		error = -EFAULT;
	if (!error)
		error = choose_frame(adsp, phys, &frame);
	if (!error && !quire_adsp_bank_is_on(adsp, frame / adsp->config.frames_per_bank))
		error = ask(adsp, QUIRE_ADSP_POWER_ON, page);
	if (!error)
		enter(adsp, page, frame, flags);
	return error;
}

static void give_frame(struct quire_adsp *adsp, uint32_t frame)
{
	if (!adsp->taken[frame])
		adsp_break(adsp, "a frame was given back twice");
	adsp->taken[frame] = false;
}

/* What the entry of a page that is not mapped still names is given away, whoever has it by now. */
static int unmap_absent(struct quire_adsp *adsp, size_t page)
{
	if (!is_faulty(adsp) || adsp_frame_named(adsp, page) >= adsp->config.frames)
		return -EFAULT;
	adsp_break(adsp, "a page was unmapped that was not mapped: its old frame was given away");
	adsp->taken[adsp_frame_named(adsp, page)] = false;
	return 0;
}

static int unmap_page(struct quire_adsp *adsp, size_t page)
{
	size_t bytes = adsp->config.page_size;
	uint32_t frame = adsp_frame_named(adsp, page);
	int error = ask(adsp, QUIRE_ADSP_UNMAP, page);

	if (error)
		return error;
	if (!adsp_is_mapped(adsp, page))
		return unmap_absent(adsp, page);
	adsp_writeback(adsp, page * bytes, bytes);
	adsp_write_entry(adsp, page, (uint16_t)(adsp->tlb[page] & ~QUIRE_ADSP_ENTRY_ENABLE));
	give_frame(adsp, frame);
	adsp_leave_bank(adsp, frame);
	return 0;
}

static int update_page(struct quire_adsp *adsp, size_t page, uint32_t flags)
{
	int error = ask(adsp, QUIRE_ADSP_UPDATE, page);

	if (!error && !adsp_is_mapped(adsp, page))
		error = -EFAULT;
	if (!error)
		adsp_write_entry(adsp, page, entry_for(adsp, adsp_frame_named(adsp, page), flags));
	return error;
}

/* ---- mapping -------------------------------------------------------------------------------- */

static void undo_map(struct quire_adsp *adsp, size_t first, size_t past)
{
	while (past > first)
		unmap_page(adsp, --past);
}

/* Frames by list, adjacent from phys on, or whichever there are. */
static uintptr_t nth_phys(const struct quire_adsp *adsp, const uintptr_t *list, uintptr_t phys,
			  size_t n)
{
	if (list)
		return list[n];
	return phys ? phys + n * adsp->config.page_size : 0;
}

static int map_span(struct quire_adsp *adsp, struct span span, const uintptr_t *list,
		    uintptr_t phys, uint32_t flags)
{
	int first_error = 0;

	for (size_t page = span.first; page < span.past; page++) {
		uintptr_t frame = nth_phys(adsp, list, phys, page - span.first);
		int error = map_page(adsp, page, frame, flags);

		if (!first_error)
			first_error = error;
		if (error && !is_faulty(adsp)) {
			undo_map(adsp, span.first, page);
			break;
		}
	}
	return first_error;
}

int quire_adsp_map_region(struct quire_adsp *adsp, void *virt, uintptr_t phys, size_t size,
			  uint32_t flags)
{
	struct span span;
	int error = locate(adsp, virt, size, &span);

	return error ? error : map_span(adsp, span, NULL, phys, flags);
}

int quire_adsp_map_page(struct quire_adsp *adsp, void *virt, uintptr_t phys, uint32_t flags)
{
	return quire_adsp_map_region(adsp, virt, phys, adsp->config.page_size, flags);
}

int quire_adsp_map_array(struct quire_adsp *adsp, void *virt, const uintptr_t *phys, size_t count,
			 uint32_t flags)
{
	struct span span;
	int error = count > adsp->config.pages
			    ? -EINVAL
			    : locate(adsp, virt, count * adsp->config.page_size, &span);

	return error ? error : map_span(adsp, span, phys, 0, flags);
}

/* Whether it lies in the region; a faulty driver takes the end for one that is outside. */
static bool is_within(const struct quire_adsp *adsp, const struct quire_adsp_region *region,
		      const void *virt, size_t size)
{
	uintptr_t offset = (uintptr_t)virt - (uintptr_t)region->addr;
	bool inside = offset < region->size && size <= region->size - offset;

	return inside && !(is_faulty(adsp) && offset + size == region->size);
}

int quire_adsp_map_region_safe(struct quire_adsp *adsp, const struct quire_adsp_region *region,
			       void *virt, uintptr_t phys, size_t size, uint32_t flags)
{
	if (!is_within(adsp, region, virt, size))
		return -EINVAL;
	return quire_adsp_map_region(adsp, virt, phys, size, flags);
}

int quire_adsp_map_page_safe(struct quire_adsp *adsp, const struct quire_adsp_region *region,
			     void *virt, uintptr_t phys, uint32_t flags)
{
	return quire_adsp_map_region_safe(adsp, region, virt, phys, adsp->config.page_size, flags);
}

/* ---- unmapping and flags -------------------------------------------------------------------- */

int quire_adsp_unmap_region(struct quire_adsp *adsp, void *virt, size_t size)
{
	struct span span;
	int first_error = locate(adsp, virt, size, &span);

	for (size_t page = span.first; !first_error && page < span.past; page++)
		if (!is_faulty(adsp) && !adsp_is_mapped(adsp, page))
			first_error = -EFAULT;
	if (first_error)
		return first_error;
	for (size_t page = span.first; page < span.past; page++) {
		int error = unmap_page(adsp, page);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

int quire_adsp_unmap_page(struct quire_adsp *adsp, void *virt)
{
	return quire_adsp_unmap_region(adsp, virt, adsp->config.page_size);
}

int quire_adsp_update_region_flags(struct quire_adsp *adsp, void *virt, size_t size, uint32_t flags)
{
	struct span span;
	int first_error = locate(adsp, virt, size, &span);

	if (first_error)
		return first_error;
	for (size_t page = span.first; page < span.past; page++) {
		int error = update_page(adsp, page, flags);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

int quire_adsp_update_page_flags(struct quire_adsp *adsp, void *virt, uint32_t flags)
{
	return quire_adsp_update_region_flags(adsp, virt, adsp->config.page_size, flags);
}

int quire_adsp_page_phys_get(struct quire_adsp *adsp, void *virt, uintptr_t *phys)
{
	struct span span;
	int error = locate(adsp, virt, adsp->config.page_size, &span);

	if (!error && !adsp_is_mapped(adsp, span.first))
		error = -EFAULT;
	if (!error && phys)
		*phys = phys_of(adsp, adsp_frame_named(adsp, span.first));
	return error;
}

/* ---- moving --------------------------------------------------------------------------------- */

static int can_move(const struct quire_adsp *adsp, struct span from, struct span to)
{
	for (size_t i = 0; i < from.past - from.first; i++)
		if (!adsp_is_mapped(adsp, from.first + i) || adsp_is_mapped(adsp, to.first + i))
			return -EFAULT;
	return 0;
}

static void move_page(struct quire_adsp *adsp, size_t from, size_t to)
{
	size_t bytes = adsp->config.page_size;
	uint16_t entry = adsp->tlb[from];

	adsp_writeback(adsp, from * bytes, bytes);
	if (is_faulty(adsp))
		adsp_use_bank(adsp, adsp_frame_named(adsp, from));
	else
		adsp_write_entry(adsp, from, (uint16_t)(entry & ~QUIRE_ADSP_ENTRY_ENABLE));
	adsp_write_entry(adsp, to, entry);
	adsp_invalidate(adsp, to * bytes, bytes);
}

int quire_adsp_move_region(struct quire_adsp *adsp, void *virt_old, size_t size, void *virt_new,
			   uintptr_t phys_new)
{
	struct span from, to;
	int error = phys_new ? -EINVAL : locate(adsp, virt_old, size, &from);

	if (!error)
		error = locate(adsp, virt_new, size, &to);
	if (!error)
		error = can_move(adsp, from, to);
	for (size_t i = 0; !error && i < from.past - from.first; i++)
		move_page(adsp, from.first + i, to.first + i);
	return error;
}

int quire_adsp_exchange_pages(struct quire_adsp *adsp, void *one, void *other)
{
	const uint16_t number = QUIRE_ADSP_ENTRY_PAGE;
	struct span a, b;
	int error = locate(adsp, one, adsp->config.page_size, &a);
	uint16_t differing;

	if (!error)
		error = locate(adsp, other, adsp->config.page_size, &b);
	if (!error && (!adsp_is_mapped(adsp, a.first) || !adsp_is_mapped(adsp, b.first)))
		error = -EFAULT;
	if (!error)
		error = ask(adsp, QUIRE_ADSP_EXCHANGE, a.first);
	if (error)
		return error;
	differing = (uint16_t)((adsp->tlb[a.first] ^ adsp->tlb[b.first]) & number);
	adsp_write_entry(adsp, a.first, (uint16_t)(adsp->tlb[a.first] ^ differing));
	adsp_write_entry(adsp, b.first, (uint16_t)(adsp->tlb[b.first] ^ differing));
	return 0;
}

/* ---- regions -------------------------------------------------------------------------------- */

int quire_adsp_add_region(struct quire_adsp *adsp, void *addr, size_t size, uint32_t attr)
{
	struct span span;
	int error = locate(adsp, addr, size, &span);
	size_t count = 0;

	while (adsp->region[count].size)
		count++;
	if (!error && count == QUIRE_ADSP_REGIONS)
		error = -ENOMEM;
	if (!error)
		adsp->region[count] = (struct quire_adsp_region){ addr, size, attr };
	return error;
}

const struct quire_adsp_region *quire_adsp_query_regions(struct quire_adsp *adsp)
{
	memcpy(adsp->told, adsp->region, sizeof(adsp->told));
	return adsp->told;
}

void quire_adsp_query_regions_free(struct quire_adsp *adsp, const struct quire_adsp_region *regions)
{
	if (regions == adsp->told && is_faulty(adsp))
		memset(adsp->told, 0xa5, sizeof(adsp->told));
}

size_t quire_adsp_longest_call(const struct quire_adsp *adsp)
{
	return adsp->longest_call;
}
