/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boards: read, then checked.
 *
 * A table says for each key where it goes and what it may look like; a file is complete when each
 * key was met once. Then the values are checked against each other, in an order that lets every
 * check rely on those before it. Every figure is bounded where it enters, so that nothing that is
 * computed from a board can wrap.
 */
#include <string.h>

#include "model/settings.h"

#define KIB             1024u
#define VPAGE_COUNT_MAX (1u << 20)

void board_error_print(FILE *stream, const struct board_error *error)
{
	if (error->line == 0)
		fprintf(stream, "%s: %s\n", error->file, error->what);
	else
		fprintf(stream, "%s:%u: %s\n", error->file, error->line, error->what);
}

enum key_index {
	KEY_NAME,
	KEY_SOC,
	KEY_TITLE,
	KEY_PAGE,
	KEY_LINE,
	KEY_SRAM,
	KEY_BANK,
	KEY_CORES,
	KEY_COHERENT,
	KEY_UNCACHED,
	KEY_BASE,
	KEY_WINDOW,
	KEY_LIBRARY_BASE,
	KEY_ADDRESS_ALIGN,
	KEY_SIZE_ALIGN,
	KEY_IMAGE,
	KEY_HEAP,
	KEY_VIRTUAL_HEAP,
	KEY_LIBRARY,
	KEY_VPAGES,
	KEY_DP_REGIONS,
	KEY_COUNT
};

#define AT(field) offsetof(struct board, field)

static const struct setting keys[KEY_COUNT] = {
	[KEY_NAME] = { "board", "name", FORM_NAME, AT(name), 0 },
	[KEY_SOC] = { "board", "soc", FORM_NAME, AT(soc), 0 },
	[KEY_TITLE] = { "board", "title", FORM_TITLE, AT(title), 0 },
	[KEY_PAGE] = { "memory", "page_bytes", FORM_SIZE, AT(page_bytes), BOARD_PAGE_MAX },
	[KEY_LINE] = { "memory", "cache_line_bytes", FORM_SIZE, AT(cache_line_bytes),
		       BOARD_PAGE_MAX },
	[KEY_SRAM] = { "memory", "sram_kib", FORM_KIB, AT(sram_bytes), BOARD_SRAM_MAX / KIB },
	[KEY_BANK] = { "memory", "bank_kib", FORM_KIB, AT(bank_bytes), BOARD_SRAM_MAX / KIB },
	[KEY_CORES] = { "memory", "cores", FORM_COUNT, AT(cores), BOARD_CORES_MAX },
	[KEY_COHERENT] = { "memory", "coherent", FORM_SWITCH, AT(coherent), 0 },
	[KEY_UNCACHED] = { "memory", "uncached_xor", FORM_ADDRESS, AT(uncached_xor), UINT64_MAX },
	[KEY_BASE] = { "window", "base", FORM_ADDRESS, AT(window_base), UINT64_MAX },
	[KEY_WINDOW] = { "window", "size", FORM_SIZE, AT(window_bytes),
			 (uint64_t)BOARD_WINDOW_PAGES *BOARD_PAGE_MAX },
	[KEY_LIBRARY_BASE] = { "window", "library_base", FORM_ADDRESS, AT(library_base),
			       UINT64_MAX },
	[KEY_ADDRESS_ALIGN] = { "dma", "address_align_bytes", FORM_SIZE, AT(dma_address_align),
				BOARD_PAGE_MAX },
	[KEY_SIZE_ALIGN] = { "dma", "size_align_bytes", FORM_SIZE, AT(dma_size_align),
			     BOARD_PAGE_MAX },
	[KEY_IMAGE] = { "reserved", "image_kib", FORM_KIB, AT(image_bytes), BOARD_SRAM_MAX / KIB },
	[KEY_HEAP] = { "reserved", "system_heap_kib", FORM_KIB, AT(system_heap_bytes),
		       BOARD_SRAM_MAX / KIB },
	[KEY_VIRTUAL_HEAP] = { "split", "virtual_heap_kib", FORM_KIB, AT(virtual_heap_bytes),
			       BOARD_SRAM_MAX / KIB },
	[KEY_LIBRARY] = { "split", "library_kib", FORM_KIB, AT(library_bytes),
			  BOARD_SRAM_MAX / KIB },
	[KEY_VPAGES] = { "split", "vpage_allocations", FORM_SIZE, AT(vpage_allocations),
			 VPAGE_COUNT_MAX },
	[KEY_DP_REGIONS] = { "split", "dp_regions", FORM_SWITCH, AT(dp_regions), 0 },
};

struct board_reader {
	struct settings settings;
	struct board *board;
	unsigned int lines[KEY_COUNT]; /* where each key was met, 0: not yet */
};

static int take_board_key(void *context, const char *section, const char *name, const char *value)
{
	struct board_reader *reader = context;
	unsigned int line = reader->settings.line;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(section, keys[i].section) != 0 || strcmp(name, keys[i].name) != 0)
			continue;
		if (reader->lines[i] != 0)
			return settings_met_before(&reader->settings, name, reader->lines[i]);
		reader->lines[i] = line;
		return settings_store(&reader->settings, &keys[i],
				      (char *)reader->board + keys[i].offset, value);
	}
	return settings_refuse(
		&reader->settings, line,
		"there is no key %.40s in section [%.40s]; boards/README.md lists them all", name,
		section);
}

/* Checks. Each may rely on those before it. */

static bool is_power_of_two(uint64_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

static bool wrong(struct board_reader *reader, enum key_index key, const char *what)
{
	return settings_refuse(&reader->settings, reader->lines[key], "%s %s", keys[key].name,
			       what);
}

static bool check_complete(struct board_reader *reader)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (reader->lines[i] == 0)
			return settings_refuse(&reader->settings, 0,
					       "%s is missing in section [%s]", keys[i].name,
					       keys[i].section);
	}
	return true;
}

static bool check_memory(struct board_reader *reader)
{
	const struct board *board = reader->board;

	if (!is_power_of_two(board->page_bytes) || board->page_bytes < BOARD_PAGE_MIN)
		return wrong(reader, KEY_PAGE,
			     "is a power of two, at least 256: 4096, for example");
	if (!is_power_of_two(board->cache_line_bytes) ||
	    board->cache_line_bytes > board->page_bytes)
		return wrong(reader, KEY_LINE, "is a power of two, at most a page");
	if (board->bank_bytes == 0 || board->bank_bytes % board->page_bytes != 0)
		return wrong(reader, KEY_BANK, "is whole pages, at least one");
	if (board->sram_bytes == 0 || board->sram_bytes % board->bank_bytes != 0)
		return wrong(reader, KEY_SRAM, "is whole banks, at least one");
	if (board->cores == 0)
		return wrong(reader, KEY_CORES, "is at least 1");
	return true;
}

static bool check_window(struct board_reader *reader)
{
	const struct board *board = reader->board;

	if (board->window_bytes % board->page_bytes != 0 ||
	    board->window_bytes / board->page_bytes > BOARD_WINDOW_PAGES)
		return wrong(reader, KEY_WINDOW, "is whole pages, at most 1048576 of them");
	if (board->window_bytes < board->sram_bytes)
		return wrong(reader, KEY_WINDOW,
			     "is too small: all of the SRAM must have an address in the window");
	if (board->window_base % board->page_bytes != 0)
		return wrong(reader, KEY_BASE, "is the start of a page");
	if (board->window_base > UINT64_MAX - board->window_bytes)
		return wrong(reader, KEY_BASE, "is too high: the window wraps round to address 0");
	return true;
}

/* The alias of the window must be a window of its own: the lowest bit that is switched is above
 * every bit that changes within the window. */
static bool check_alias(struct board_reader *reader)
{
	const struct board *board = reader->board;
	uint64_t lowest = board->uncached_xor & (0 - board->uncached_xor);
	uint64_t last = board->window_base + board->window_bytes - 1;

	if (lowest == 0)
		return true;
	if (board->window_base / lowest != last / lowest)
		return wrong(reader, KEY_UNCACHED,
			     "switches a bit that changes within the window: the aliases would not "
			     "be one piece");
	return true;
}

static bool check_library(struct board_reader *reader)
{
	const struct board *board = reader->board;
	uint64_t end = board->window_base + board->window_bytes;

	if (board->library_base == 0)
		return true;
	if (board->library_base % board->page_bytes != 0)
		return wrong(reader, KEY_LIBRARY_BASE, "is the start of a page, or 0");
	if (board->library_base < board->window_base || board->library_base >= end)
		return wrong(reader, KEY_LIBRARY_BASE, "lies in the window, or is 0");
	if (board->library_bytes > end - board->library_base)
		return wrong(reader, KEY_LIBRARY,
			     "is more than there is from library_base to the end of the window");
	return true;
}

static bool check_dma(struct board_reader *reader)
{
	const struct board *board = reader->board;

	if (!is_power_of_two(board->dma_address_align) ||
	    board->dma_address_align > board->page_bytes)
		return wrong(reader, KEY_ADDRESS_ALIGN, "is a power of two, at most a page");
	if (board->dma_size_align == 0 || board->dma_size_align > board->page_bytes)
		return wrong(reader, KEY_SIZE_ALIGN, "is at least 1 and at most a page");
	return true;
}

static bool check_shares(struct board_reader *reader)
{
	const struct board *board = reader->board;
	size_t taken = board->image_bytes + board->system_heap_bytes;

	if (taken >= board->sram_bytes || board->sram_bytes - taken < board->page_bytes)
		return settings_refuse(
			&reader->settings, reader->lines[KEY_IMAGE],
			"image_kib and system_heap_kib are %zu KiB together and leave no page "
			"of the %zu KiB of SRAM",
			taken / KIB, board->sram_bytes / KIB);
	if (board->system_heap_bytes % board->page_bytes != 0)
		return wrong(reader, KEY_HEAP, "is whole pages");
	if (board->virtual_heap_bytes % board->page_bytes != 0)
		return wrong(reader, KEY_VIRTUAL_HEAP, "is whole pages");
	if (board->library_bytes % board->page_bytes != 0)
		return wrong(reader, KEY_LIBRARY, "is whole pages");
	return true;
}

int board_load(const char *name, struct board *board, struct board_error *error)
{
	struct board_reader reader = { .settings.error = error, .board = board };

	*board = (struct board){ 0 };
	if (!settings_find(name, "", board->file))
		return settings_not_found(name, "board", error);
	if (settings_read(&reader.settings, board->file, take_board_key, &reader) &&
	    check_complete(&reader) && check_memory(&reader) && check_window(&reader) &&
	    check_alias(&reader) && check_library(&reader) && check_dma(&reader) &&
	    check_shares(&reader))
		return 0;
	return -1;
}

size_t board_free_bytes(const struct board *board)
{
	size_t left = board->sram_bytes - board->image_bytes - board->system_heap_bytes;

	return left - left % board->page_bytes;
}

int64_t board_split_left(const struct board *board)
{
	return (int64_t)board_free_bytes(board) - (int64_t)board->virtual_heap_bytes -
	       (int64_t)board->library_bytes;
}
