/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine: TLB, SRAM and banks, and how a program comes to see them.
 *
 * 1. SRAM is a file in memory. The uncached alias of a page maps its frame from there.
 * 2. The cached alias maps the file of the core that runs (cache.c), which has a byte for each
 *    address and knows of no frames: a cache of virtual addresses. What is mapped is told by its
 *    protection alone.
 * 3. A bank that goes off is filled with noise, so that nobody can live on what was there.
 *
 * If the host refuses a protection or a mapping (it has a limit for their number), the model cannot
 * go on, and says so.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOISE     0x5du
#define NO_ACCESS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

void adsp_break(struct quire_adsp *adsp, const char *words)
{
	if (!adsp->broken)
		adsp->broken = words;
}

static void must(bool success, const char *what)
{
	if (success)
		return;
	perror(what);
	abort();
}

/* ---- addresses ------------------------------------------------------------------------------ */

size_t adsp_bytes(const struct quire_adsp *adsp)
{
	return adsp->config.pages * adsp->config.page_size;
}

bool adsp_is_enforced(const struct quire_adsp *adsp)
{
	return adsp->config.page_size % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

size_t adsp_offset_of(const struct quire_adsp *adsp, const void *ptr)
{
	uintptr_t offset = (uintptr_t)ptr - (uintptr_t)adsp->base;

	if (offset >= adsp_bytes(adsp))
		offset = (uintptr_t)ptr - (uintptr_t)adsp->alias;
	return offset < adsp_bytes(adsp) ? offset : NO_PAGE;
}

size_t adsp_page_of(const struct quire_adsp *adsp, const void *ptr)
{
	size_t offset = adsp_offset_of(adsp, ptr);

	return offset == NO_PAGE ? NO_PAGE : offset / adsp->config.page_size;
}

/* ---- entries -------------------------------------------------------------------------------- */

bool adsp_is_mapped(const struct quire_adsp *adsp, size_t page)
{
	return adsp->tlb[page] & QUIRE_ADSP_ENTRY_ENABLE;
}

static uint32_t first_page_number(const struct quire_adsp *adsp)
{
	return (uint32_t)(QUIRE_ADSP_SRAM / adsp->config.page_size);
}

uint16_t adsp_page_number(const struct quire_adsp *adsp, uint32_t frame)
{
	return (first_page_number(adsp) + frame) & QUIRE_ADSP_ENTRY_PAGE;
}

uint32_t adsp_frame_named(const struct quire_adsp *adsp, size_t page)
{
	return (adsp->tlb[page] - first_page_number(adsp)) & QUIRE_ADSP_ENTRY_PAGE;
}

unsigned char *adsp_frame(const struct quire_adsp *adsp, uint32_t frame)
{
	return adsp->sram + frame * adsp->config.page_size;
}

unsigned char *adsp_behind(const struct quire_adsp *adsp, size_t offset)
{
	size_t page = offset / adsp->config.page_size;

	if (!adsp_is_mapped(adsp, page))
		return NULL;
	return adsp_frame(adsp, adsp_frame_named(adsp, page)) + offset % adsp->config.page_size;
}

int adsp_host_access(const struct quire_adsp *adsp, size_t page)
{
	uint16_t entry = adsp->tlb[page];

	if (!(entry & QUIRE_ADSP_ENTRY_ENABLE))
		return PROT_NONE;
	return PROT_READ | (entry & QUIRE_ADSP_ENTRY_WRITE ? PROT_WRITE : 0) |
	       (entry & QUIRE_ADSP_ENTRY_EXEC ? PROT_EXEC : 0);
}

/* Nothing is executed through the uncached alias. */
static void show_uncached(struct quire_adsp *adsp, size_t page)
{
	size_t bytes = adsp->config.page_size;
	unsigned char *at = adsp->alias + page * bytes;
	off_t offset = (off_t)(adsp_frame_named(adsp, page) * bytes);
	int access = adsp_host_access(adsp, page) & ~PROT_EXEC;
	void *shown = access == PROT_NONE ? mmap(at, bytes, access, NO_ACCESS | MAP_FIXED, -1, 0)
					  : mmap(at, bytes, access, MAP_SHARED | MAP_FIXED,
						 adsp->sram_file, offset);

	must(shown != MAP_FAILED, "quire_adsp: mapping a page on the host");
}

void adsp_write_entry(struct quire_adsp *adsp, size_t page, uint16_t entry)
{
	size_t bytes = adsp->config.page_size;

	adsp->tlb[page] = entry;
	if (!adsp_is_enforced(adsp))
		return;
	must(mprotect(adsp->base + page * bytes, bytes, adsp_host_access(adsp, page)) == 0,
	     "quire_adsp: protecting a page on the host");
	show_uncached(adsp, page);
}

/* ---- banks ---------------------------------------------------------------------------------- */

static uint32_t bank_of(const struct quire_adsp *adsp, uint32_t frame)
{
	return frame / adsp->config.frames_per_bank;
}

void adsp_use_bank(struct quire_adsp *adsp, uint32_t frame)
{
	adsp->bank_uses[bank_of(adsp, frame)]++;
}

void adsp_leave_bank(struct quire_adsp *adsp, uint32_t frame)
{
	uint32_t bank = bank_of(adsp, frame), first = bank * adsp->config.frames_per_bank;
	uint32_t frames = adsp->config.frames - first;

	if (--adsp->bank_uses[bank])
		return;
	if (frames > adsp->config.frames_per_bank)
		frames = adsp->config.frames_per_bank;
	memset(adsp_frame(adsp, first), NOISE, frames * adsp->config.page_size);
}

/* ---- looking at it -------------------------------------------------------------------------- */

uint16_t quire_adsp_entry(const struct quire_adsp *adsp, const void *ptr)
{
	size_t page = adsp_page_of(adsp, ptr);

	return page == NO_PAGE ? 0 : adsp->tlb[page];
}

bool quire_adsp_bank_is_on(const struct quire_adsp *adsp, uint32_t bank)
{
	return bank <= (adsp->config.frames - 1) / adsp->config.frames_per_bank &&
	       adsp->bank_uses[bank];
}

uint32_t quire_adsp_frame_of(const struct quire_adsp *adsp, const void *ptr)
{
	size_t page = adsp_page_of(adsp, ptr);

	return page == NO_PAGE || !adsp_is_mapped(adsp, page) ? QUIRE_NOWHERE
							      : adsp_frame_named(adsp, page);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

unsigned char *adsp_make_memory(size_t bytes, int *file)
{
	void *memory = MAP_FAILED;

	*file = memfd_create("quire-adsp", MFD_CLOEXEC);
	if (*file >= 0 && ftruncate(*file, (off_t)bytes) == 0)
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static bool reserve_at(const void *address, size_t bytes)
{
	void *got = mmap((void *)(uintptr_t)address, bytes, PROT_NONE,
			 NO_ACCESS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != MAP_FAILED && got != address)
		munmap(got, bytes); /* an old kernel took it for a hint */
	return got == address;
}

/* Both aliases where the configuration wants them. */
static bool place_as_wanted(struct quire_adsp *adsp)
{
	uintptr_t base = adsp->config.base, flip = adsp->config.uncached_xor;

	if (!flip || !base || !reserve_at((void *)base, adsp_bytes(adsp)))
		return false;
	if (!reserve_at((void *)(base ^ flip), adsp_bytes(adsp))) {
		munmap((void *)base, adsp_bytes(adsp));
		return false;
	}
	adsp->base = (unsigned char *)base;
	adsp->alias_xor = flip;
	return true;
}

/* Both anywhere, one bit apart, with unmapped addresses around. */
static bool place_anywhere(struct quire_adsp *adsp)
{
	size_t apart = (size_t)QUIRE_ADSP_KEPT_BITS + 1,
	       kept = adsp->config.base & QUIRE_ADSP_KEPT_BITS;
	void *got;

	while (apart < kept + adsp_bytes(adsp) + 1)
		apart *= 2;
	adsp->reserved_bytes = 4 * apart;
	got = mmap(NULL, adsp->reserved_bytes, PROT_NONE, NO_ACCESS, -1, 0);
	if (got == MAP_FAILED)
		return false;
	adsp->reserved = got;
	adsp->base = (unsigned char *)got + (-(uintptr_t)got & (2 * apart - 1)) + kept;
	adsp->alias_xor = apart;
	return true;
}

static bool place(struct quire_adsp *adsp)
{
	if (!place_as_wanted(adsp) && !place_anywhere(adsp))
		return false;
	adsp->alias = (unsigned char *)((uintptr_t)adsp->base ^ adsp->alias_xor);
	return true;
}

int32_t adsp_make_machine(struct quire_adsp *adsp)
{
	const struct quire_adsp_config *config = &adsp->config;

	adsp->tlb = calloc(config->pages, sizeof(*adsp->tlb));
	adsp->stuck = calloc(config->pages, sizeof(*adsp->stuck));
	adsp->taken = calloc(config->frames, sizeof(*adsp->taken));
	adsp->bank_uses = calloc(config->frames, sizeof(*adsp->bank_uses));
	adsp->sram = adsp_make_memory(config->frames * config->page_size, &adsp->sram_file);
	if (!adsp->tlb || !adsp->stuck || !adsp->taken || !adsp->bank_uses || !adsp->sram ||
	    !place(adsp))
		return QUIRE_ENOVIRT;
	memset(adsp->sram, NOISE, config->frames * config->page_size);
	return QUIRE_OK;
}

void adsp_drop_machine(struct quire_adsp *adsp)
{
	if (adsp->reserved) {
		munmap(adsp->reserved, adsp->reserved_bytes);
	} else if (adsp->base) {
		munmap(adsp->base, adsp_bytes(adsp));
		munmap(adsp->alias, adsp_bytes(adsp));
	}
	if (adsp->sram)
		munmap(adsp->sram, adsp->config.frames * adsp->config.page_size);
	if (adsp->sram_file >= 0)
		close(adsp->sram_file);
	free(adsp->tlb);
	free(adsp->stuck);
	free(adsp->taken);
	free(adsp->bank_uses);
}
