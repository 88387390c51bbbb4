/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * archive: the contents of a range of pages, written away and brought back: what saving a region and
 * saving a vspace have in common. include/quire/archive.h says what stands in an image.
 *
 * Writing and reading are one walk over the image in the same steps: where a writer writes what it
 * knows, a reader reads it and compares. While a range is saved its pages keep their holders and
 * payers; those whose contents are in the image are arriving, or leaving if they could not be unmapped.
 * Other pages that are leaving belong to allocations whose own unmap failed: they have no contents, no
 * mark speaks of them, and they stay as they are. So do pages of a region that sleeps already.
 *
 * Bound: a step per page of the range, and a driver call or two per run of pages.
 */
#include <stddef.h>

#include "pages.h"

#define FORMAT 0x51524731u /* "QRG1" */

/* What stands at the beginning, before each run of pages, and, with no bytes, at the end. */
struct mark {
	uintptr_t address;
	size_t bytes;
	uint32_t what; /* the number of the save, or the protection of the pages */
	uint32_t sum;  /* of all that comes before it */
};

/* ---- the stream ----------------------------------------------------------------------------- */

/* CRC-32 (polynomial 0x04c11db7, reflected), four bits at a time. */
static uint32_t sum_of(uint32_t sum, const void *data, size_t bytes)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *byte = data;

	while (bytes--) {
		sum ^= *byte++;
		sum = sum >> 4 ^ table[sum & 15];
		sum = sum >> 4 ^ table[sum & 15];
	}
	return sum;
}

APART int32_t pass(struct quire_transfer *transfer, void *data, size_t bytes)
{
	struct quire_archive *archive = transfer->archive;
	int32_t status = transfer->reading ? archive->read(archive, data, bytes)
					   : archive->write(archive, data, bytes);

	if (!status)
		transfer->sum = sum_of(transfer->sum, data, bytes);
	return status;
}

/* A reader has in the mark what the archive has, and its sum is right. The sum itself is not summed up:
 * a CRC that goes on over its own value forgets all that came before. */
static int32_t pass_mark(struct quire_transfer *transfer, struct mark *mark)
{
	int32_t status = pass(transfer, mark, offsetof(struct mark, sum));
	uint32_t sum = transfer->sum;

	mark->sum = sum;
	if (!status)
		status = pass(transfer, &mark->sum, sizeof(mark->sum));
	transfer->sum = sum;
	return !status && mark->sum != sum ? QUIRE_EINVAL : status;
}

/* The beginning, which both sides know. */
APART int32_t pass_start(struct quire_transfer *transfer)
{
	const struct mark expected = {
		.address = quire_page_address(transfer->vs, transfer->first),
		.bytes = (size_t)transfer->count << transfer->vs->page_shift,
		.what = transfer->image->number,
	};
	struct mark mark = expected;
	int32_t status;

	transfer->sum = FORMAT ^ (uint32_t)transfer->vs->page_size;
	status = pass_mark(transfer, &mark);
	if (!status && (mark.address != expected.address || mark.bytes != expected.bytes ||
			mark.what != expected.what))
		status = QUIRE_EINVAL;
	return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

APART int32_t write_run(struct quire_transfer *transfer, uint32_t first, uint32_t count)
{
	struct quire_vspace *vs = transfer->vs;
	struct mark mark = {
		.address = quire_page_address(vs, first),
		.bytes = (size_t)count << vs->page_shift,
		.what = vs->page[first].prot,
	};
	int32_t status = pass_mark(transfer, &mark);

	if (status)
		return status;
	quire_relinquish(vs->mmu, quire_pointer(mark.address), mark.bytes);
	return pass(transfer, quire_pointer(mark.address), mark.bytes);
}

APART int32_t write_image(struct quire_transfer *transfer)
{
	struct quire_vspace *vs = transfer->vs;
	uint32_t page = transfer->first, end = page + transfer->count;
	struct mark last = { .bytes = 0 };
	int32_t status = pass_start(transfer);

	for (uint32_t run; !status && page < end; page = run) {
		run = quire_pages_alike(vs, page, end);
		if (quire_page_is_used(&vs->page[page]))
			status = write_run(transfer, page, run - page);
	}
	if (!status)
		status = pass_mark(transfer, &last);
	transfer->image->sum = last.sum;
	return status;
}

static void set_number(struct quire_transfer *transfer, uint32_t number)
{
	__atomic_store_n(&transfer->image->number, number, __ATOMIC_RELAXED);
	quire_set_asks(transfer->vs);
}

void quire_transfer_begin(struct quire_transfer *transfer)
{
	set_number(transfer, ++transfer->vs->images);
}

static int32_t suspend(struct quire_transfer *transfer, struct quire_section *section)
{
	int32_t status = quire_pages_suspend(section, transfer->first, transfer->count);

	transfer->image->stuck = status != QUIRE_OK;
	return status;
}

int32_t quire_transfer_save(struct quire_transfer *transfer)
{
	struct quire_section section;
	int32_t status = write_image(transfer);

	quire_section_enter_deep(&section, transfer->vs);
	if (status)
		set_number(transfer, 0);
	else
		status = suspend(transfer, &section);
	quire_section_leave(&section);
	return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Bytes that are read for their sum alone. */
APART int32_t skip(struct quire_transfer *transfer, size_t bytes)
{
	unsigned char piece[64];
	int32_t status = QUIRE_OK;

	for (size_t size; !status && bytes; bytes -= size) {
		size = bytes < sizeof(piece) ? bytes : sizeof(piece);
		status = pass(transfer, piece, size);
	}
	return status;
}

/* A page that was saved and did not come back yet. One that is leaving all the same has no contents,
 * unless it is such a page that could not be unmapped. */
static bool is_saved(const struct quire_transfer *transfer, const struct quire_page *page)
{
	return page->users && (page->state == PAGE_ARRIVING ||
			       (page->state == PAGE_LEAVING && transfer->image->stuck));
}

/* Whether the mark is one of such pages in this range. */
static bool is_awaited(const struct quire_transfer *transfer, const struct mark *mark)
{
	const struct quire_vspace *vs = transfer->vs;
	uintptr_t offset = mark->address - quire_page_address(vs, transfer->first);
	size_t size = (size_t)transfer->count << vs->page_shift;
	const struct quire_page *page = vs->page + quire_page_index(vs, mark->address);

	if (offset >= size || mark->bytes > size - offset ||
	    (offset | mark->bytes) & (vs->page_size - 1))
		return false;
	for (size_t left = mark->bytes >> vs->page_shift; left; left--, page++)
		if (!is_saved(transfer, page) || page->prot != mark->what)
			return false;
	return true;
}

/* Pages come back writable, so that they can be filled. */
static int32_t map_run(const struct quire_transfer *transfer, const struct mark *mark)
{
	struct quire_vspace *vs = transfer->vs;
	struct quire_section section;
	int32_t status;

	if (!is_awaited(transfer, mark))
		return QUIRE_EINVAL;
	quire_section_enter_deep(&section, vs);
	status = quire_pages_resume(&section, quire_page_index(vs, mark->address),
				    (uint32_t)(mark->bytes >> vs->page_shift), mark->what);
	quire_section_leave(&section);
	return status;
}

/* Filled pages get their own protection. */
static int32_t protect_run(const struct quire_transfer *transfer, const struct mark *mark)
{
	struct quire_vspace *vs = transfer->vs;
	struct quire_section section;
	int32_t status;

	if (mark->what == QUIRE_RW)
		return QUIRE_OK;
	quire_section_enter_deep(&section, vs);
	status = quire_pages_protect(&section, quire_page_index(vs, mark->address),
				     (uint32_t)(mark->bytes >> vs->page_shift), mark->what);
	quire_section_leave(&section);
	if (!status && mark->what & QUIRE_EXEC && vs->mmu->icache_sync)
		vs->mmu->icache_sync(vs->mmu, quire_pointer(mark->address), mark->bytes);
	return status;
}

APART int32_t read_run(struct quire_transfer *transfer, const struct mark *mark)
{
	void *start = quire_pointer(mark->address);
	int32_t status = map_run(transfer, mark);

	if (!status)
		status = pass(transfer, start, mark->bytes);
	if (status)
		return status;
	quire_relinquish(transfer->vs->mmu, start, mark->bytes);
	return protect_run(transfer, mark);
}

/* The whole image, to fill the pages or only to verify it. */
static int32_t read_image(struct quire_transfer *transfer, bool fill)
{
	struct quire_archive *archive = transfer->archive;
	int32_t status = archive->rewind ? archive->rewind(archive) : QUIRE_OK;
	struct mark mark;

	if (!status)
		status = pass_start(transfer);
	while (!status && !(status = pass_mark(transfer, &mark)) && mark.bytes)
		status = fill ? read_run(transfer, &mark) : skip(transfer, mark.bytes);
	return !status && mark.sum != transfer->image->sum ? QUIRE_EINVAL : status;
}

int32_t quire_transfer_restore(struct quire_transfer *transfer)
{
	struct quire_section section;
	int32_t status = QUIRE_OK;

	transfer->reading = true;
	if (transfer->archive->rewind)
		status = read_image(transfer, false);
	if (status)
		return status;
	status = read_image(transfer, true);
	quire_section_enter_deep(&section, transfer->vs);
	if (status)
		suspend(transfer, &section);
	else
		set_number(transfer, 0);
	quire_section_leave(&section);
	return status;
}

/* ---- a whole vspace ------------------------------------------------------------------------- */

/* A status of the archive's own is told, and counted if it is one that is known. */
static int32_t conclude(struct quire_vspace *vs, int32_t status)
{
	bool known = status < 0 && status > -QUIRE_STATUSES;

	return status ? quire_refuse_call(vs, known ? &vs->refused : NULL, status, vs, 0, 0)
		      : QUIRE_OK;
}

static struct quire_transfer transfer_of(struct quire_vspace *vs, struct quire_archive *archive)
{
	return (struct quire_transfer){
		.vs = vs, .image = &vs->image, .archive = archive, .count = vs->pages
	};
}

int32_t quire_vspace_save(struct quire_vspace *vs, struct quire_archive *archive)
{
	struct quire_transfer transfer;
	struct quire_section section;
	int32_t status;

	if (!vs)
		return QUIRE_EINVAL;
	transfer = transfer_of(vs, archive);
	status = quire_forbidden(vs);
	if (!status && (!archive || !archive->write))
		status = QUIRE_EINVAL;
	if (status)
		return conclude(vs, status);
	quire_section_enter_deep(&section, vs);
	quire_transfer_begin(&transfer);
	quire_section_leave(&section);
	return conclude(vs, quire_transfer_save(&transfer));
}

int32_t quire_vspace_restore(struct quire_vspace *vs, struct quire_archive *archive)
{
	struct quire_transfer transfer;
	int32_t status;

	if (!vs)
		return QUIRE_EINVAL;
	transfer = transfer_of(vs, archive);
	status = quire_forbidden(vs);
	if (!status)
		status = QUIRE_ESTATE; /* it is not saved */
	else if (status == QUIRE_ESTATE)
		status = archive && archive->read ? QUIRE_OK : QUIRE_EINVAL;
	return conclude(vs, status ? status : quire_transfer_restore(&transfer));
}
