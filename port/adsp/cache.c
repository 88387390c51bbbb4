/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cache: the cores, each with a data cache that nobody else sees, and an instruction cache that
 * does not see that.
 *
 * 1. For every address a core has a byte of its line, and what SRAM had there when the line was
 *    filled; where the two differ the line is dirty. The core that runs has its lines mapped at the
 *    cached alias: its loads and stores are the program's.
 * 2. Writing a line back copies all of it to what is behind its address *now*. If nothing is,
 *    firmware would take a bus error: the model is broken from then on.
 * 3. The cache fetches ahead: a line that was invalidated or evicted is filled at once. So the
 *    model is in no state between, and who reads without invalidating first reads what was there at
 *    some earlier time.
 *
 * Bound: a step per line.
 */
#include "machine.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct quire_adsp_core *running(struct quire_adsp *adsp)
{
	return &adsp->core[adsp->runs_on];
}

/* ---- one line ------------------------------------------------------------------------------- */

static bool is_dirty(const struct quire_adsp *adsp, const struct quire_adsp_core *core,
		     size_t offset)
{
	return memcmp(core->line + offset, core->fill + offset, adsp->config.cache_line) != 0;
}

/* Where nothing is behind it, a line keeps what it has. */
static void fill(struct quire_adsp *adsp, struct quire_adsp_core *core, size_t offset)
{
	size_t bytes = adsp->config.cache_line;
	const unsigned char *memory = adsp_behind(adsp, offset);

	if (memory)
		memcpy(core->line + offset, memory, bytes);
	memcpy(core->fill + offset, core->line + offset, bytes);
}

static void write_back(struct quire_adsp *adsp, struct quire_adsp_core *core, size_t offset)
{
	size_t bytes = adsp->config.cache_line;
	unsigned char *memory = adsp_behind(adsp, offset);

	if (!is_dirty(adsp, core, offset))
		return;
	if (memory)
		memcpy(memory, core->line + offset, bytes);
	else
		adsp_break(adsp, "a dirty line was written to an address with nothing behind it");
	memcpy(core->fill + offset, core->line + offset, bytes);
}

static void evict(struct quire_adsp *adsp, struct quire_adsp_core *core, size_t offset)
{
	write_back(adsp, core, offset);
	fill(adsp, core, offset);
}

/* ---- a range -------------------------------------------------------------------------------- */

typedef void line_function(struct quire_adsp *adsp, struct quire_adsp_core *core, size_t offset);

static void each_line(struct quire_adsp *adsp, size_t offset, size_t bytes, line_function *function)
{
	size_t line = adsp->config.cache_line;

	for (size_t at = offset & ~(line - 1); at < offset + bytes; at += line)
		function(adsp, running(adsp), at);
}

void adsp_writeback(struct quire_adsp *adsp, size_t offset, size_t bytes)
{
	each_line(adsp, offset, bytes, write_back);
}

void adsp_invalidate(struct quire_adsp *adsp, size_t offset, size_t bytes)
{
	each_line(adsp, offset, bytes, fill);
}

static void fetch_code(struct quire_adsp *adsp, struct quire_adsp_core *core, size_t offset)
{
	const unsigned char *memory = adsp_behind(adsp, offset);

	if (memory)
		memcpy(core->code + offset, memory, adsp->config.cache_line);
}

void adsp_sync_code(struct quire_adsp *adsp, size_t offset, size_t bytes)
{
	adsp_writeback(adsp, offset, bytes);
	each_line(adsp, offset, bytes, fetch_code);
}

/* ---- which core runs ------------------------------------------------------------------------ */

/* Small pages may begin inside a page of the host, and so does the file then. */
static size_t lead(const struct quire_adsp *adsp)
{
	return (uintptr_t)adsp->base % (size_t)sysconf(_SC_PAGESIZE);
}

static size_t file_bytes(const struct quire_adsp *adsp)
{
	return lead(adsp) + adsp_bytes(adsp);
}

static bool show_lines(struct quire_adsp *adsp)
{
	int access = adsp_is_enforced(adsp) ? PROT_NONE : PROT_READ | PROT_WRITE;

	return mmap(adsp->base - lead(adsp), file_bytes(adsp), access, MAP_SHARED | MAP_FIXED,
		    running(adsp)->file, 0) != MAP_FAILED;
}

/* The first page from here on that may be touched in another way. */
static size_t same_access_end(const struct quire_adsp *adsp, size_t page)
{
	int access = adsp_host_access(adsp, page);

	while (++page < adsp->config.pages && adsp_host_access(adsp, page) == access)
		;
	return page;
}

void quire_adsp_run_on(struct quire_adsp *adsp, uint32_t core)
{
	size_t bytes = adsp->config.page_size, end;
	bool shown;

	if (core >= adsp->config.cores || core == adsp->runs_on)
		return;
	adsp->runs_on = core;
	shown = show_lines(adsp);
	for (size_t page = 0; adsp_is_enforced(adsp) && page < adsp->config.pages; page = end) {
		end = same_access_end(adsp, page);
		shown = shown && mprotect(adsp->base + page * bytes, (end - page) * bytes,
					  adsp_host_access(adsp, page)) == 0;
	}
	if (!shown)
		adsp_break(adsp, "the host could not show what a core sees");
}

/* ---- what happens by itself ----------------------------------------------------------------- */

void quire_adsp_evict(struct quire_adsp *adsp, uint32_t core, const void *ptr)
{
	size_t offset = adsp_offset_of(adsp, ptr);

	if (offset != NO_PAGE && core < adsp->config.cores)
		evict(adsp, &adsp->core[core], offset & ~(adsp->config.cache_line - 1));
}

bool quire_adsp_is_dirty(const struct quire_adsp *adsp, uint32_t core, const void *ptr)
{
	size_t offset = adsp_offset_of(adsp, ptr);

	return offset != NO_PAGE && core < adsp->config.cores &&
	       is_dirty(adsp, &adsp->core[core], offset & ~(adsp->config.cache_line - 1));
}

/* Algorithm "xor" from p. 4 of Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14),
 * 2003. */
static size_t chance(struct quire_adsp *adsp, size_t below)
{
	adsp->random ^= adsp->random << 13;
	adsp->random ^= adsp->random >> 7;
	adsp->random ^= adsp->random << 17;
	return (size_t)(adsp->random >> 11) % below;
}

void quire_adsp_disturb(struct quire_adsp *adsp, unsigned lines)
{
	size_t line = adsp->config.cache_line, per_page = adsp->config.page_size / line;

	while (lines--) {
		struct quire_adsp_core *core = &adsp->core[chance(adsp, adsp->config.cores)];
		size_t at = chance(adsp, adsp_bytes(adsp) / line);
		size_t end = at + 1;

		if (chance(adsp, 4) == 0) {
			at -= at % per_page;
			end = at + per_page;
		}
		for (; at < end; at++)
			evict(adsp, core, at * line);
	}
}

/* ---- others who read and write -------------------------------------------------------------- */

static bool all_have(const struct quire_adsp *adsp, const void *ptr, size_t bytes, uint16_t bits)
{
	size_t offset = adsp_offset_of(adsp, ptr), page = adsp->config.page_size;

	if (!bytes || offset == NO_PAGE || bytes > adsp_bytes(adsp) - offset)
		return false;
	for (size_t i = offset / page; i <= (offset + bytes - 1) / page; i++)
		if ((adsp->tlb[i] & bits) != bits)
			return false;
	return true;
}

bool quire_adsp_dma_read(struct quire_adsp *adsp, const void *from, void *to, size_t bytes)
{
	size_t offset = adsp_offset_of(adsp, from);

	if (!all_have(adsp, from, bytes, QUIRE_ADSP_ENTRY_ENABLE))
		return false;
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)to)[i] = *adsp_behind(adsp, offset + i);
	return true;
}

bool quire_adsp_dma_write(struct quire_adsp *adsp, void *to, const void *from, size_t bytes)
{
	size_t offset = adsp_offset_of(adsp, to);

	if (!all_have(adsp, to, bytes, QUIRE_ADSP_ENTRY_ENABLE | QUIRE_ADSP_ENTRY_WRITE))
		return false;
	for (size_t i = 0; i < bytes; i++)
		*adsp_behind(adsp, offset + i) = ((const unsigned char *)from)[i];
	return true;
}

bool quire_adsp_fetch(const struct quire_adsp *adsp, const void *from, void *to, size_t bytes)
{
	if (!all_have(adsp, from, bytes, QUIRE_ADSP_ENTRY_ENABLE | QUIRE_ADSP_ENTRY_EXEC))
		return false;
	memcpy(to, adsp->core[adsp->runs_on].code + adsp_offset_of(adsp, from), bytes);
	return true;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static unsigned char *make_lines(size_t bytes)
{
	void *lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return lines == MAP_FAILED ? NULL : lines;
}

static bool make_core(const struct quire_adsp *adsp, struct quire_adsp_core *core)
{
	unsigned char *memory = adsp_make_memory(file_bytes(adsp), &core->file);

	core->line = memory ? memory + lead(adsp) : NULL;
	core->fill = make_lines(adsp_bytes(adsp));
	core->code = make_lines(adsp_bytes(adsp));
	return core->line && core->fill && core->code;
}

int32_t adsp_make_cores(struct quire_adsp *adsp)
{
	for (uint32_t i = 0; i < adsp->config.cores; i++)
		if (!make_core(adsp, &adsp->core[i]))
			return QUIRE_ENOVIRT;
	adsp->random = adsp->config.seed * 2 + 1;
	return show_lines(adsp) ? QUIRE_OK : QUIRE_ENOVIRT;
}

void adsp_drop_cores(struct quire_adsp *adsp)
{
	for (uint32_t i = 0; i < QUIRE_ADSP_CORES; i++) {
		struct quire_adsp_core *core = &adsp->core[i];

		if (core->line)
			munmap(core->line - lead(adsp), file_bytes(adsp));
		if (core->fill)
			munmap(core->fill, adsp_bytes(adsp));
		if (core->code)
			munmap(core->code, adsp_bytes(adsp));
		if (core->file >= 0)
			close(core->file);
	}
}
