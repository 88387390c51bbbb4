/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Boards and block tables: the numbers that a run takes place on.
 *
 * Both are INI files (boards/README.md has the keys). Every key must be there, once, and every
 * value is checked, alone and against the others, before a board is handed out: who holds a struct
 * board may compute with it without looking for overflow or impossible geometry.
 *
 * @code
 * struct board board;
 * struct board_error error;
 *
 * if (board_load("mtl", &board, &error) != 0) {
 *	board_error_print(stderr, &error);
 *	return 2;
 * }
 * printf("%zu pages are left for audio\n", board_free_bytes(&board) / board.page_bytes);
 * @endcode
 */
#ifndef QUIRE_TOOL_BOARD_H
#define QUIRE_TOOL_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BOARD_NAME_BYTES   32u
#define BOARD_TITLE_BYTES  64u
#define BOARD_FILE_BYTES   512u
#define BOARD_BUNDLES_MAX  64u        /**< lines of a block table */
#define BOARD_SRAM_MAX     (1u << 30) /**< bytes; more is refused */
#define BOARD_PAGE_MIN     256u       /**< bytes */
#define BOARD_PAGE_MAX     (1u << 20) /**< bytes */
#define BOARD_WINDOW_PAGES (1u << 20) /**< more pages in a window are refused */
#define BOARD_CORES_MAX    64u

/** A board. What always holds is said beside each group. */
struct board {
	char file[BOARD_FILE_BYTES]; /**< where it was read from */
	char name[BOARD_NAME_BYTES];
	char soc[BOARD_NAME_BYTES];
	char title[BOARD_TITLE_BYTES];

	/* page_bytes and cache_line_bytes are powers of two, a page is whole lines, a bank is whole
	 * pages, the SRAM is whole banks. */
	size_t page_bytes;
	size_t cache_line_bytes;
	size_t sram_bytes;
	size_t bank_bytes;
	uint32_t cores; /**< at least 1 */
	bool coherent;
	uint64_t uncached_xor; /**< 0: no alias. Never a bit below the window's size */

	/* The window is whole pages, starts on a page, does not wrap round the end of 64 bits and
	 * has room for all of the SRAM. */
	uint64_t window_base;
	size_t window_bytes;
	uint64_t library_base; /**< on a page in the window; 0: there is none */

	size_t dma_address_align; /**< bytes, a power of two, at most a page */
	size_t dma_size_align;    /**< bytes, at least 1, at most a page */

	/* Image and heap leave at least a page. */
	size_t image_bytes;
	size_t system_heap_bytes;

	/* How today's firmware divides the rest. Each fits in 64 bits many times over, their sum
	 * may well be more than the SRAM: see board_split_left(). */
	size_t virtual_heap_bytes;
	size_t library_bytes;
	size_t vpage_allocations;
	bool dp_regions;
};

/** Blocks of one size. */
struct board_bundle {
	size_t block_size; /**< bytes, at least 1 */
	size_t blocks;     /**< at least 1 */
};

/** A block table, in the order of its file. No two bundles have the same block size. */
struct board_table {
	char file[BOARD_FILE_BYTES];
	char name[BOARD_NAME_BYTES];
	struct board_bundle bundles[BOARD_BUNDLES_MAX];
	size_t count;
	size_t total_bytes; /**< the sum of the bundles, checked against the file's own figure */
};

/** Why a file was refused. */
struct board_error {
	char file[BOARD_FILE_BYTES];
	unsigned int line; /**< 0: the file as a whole */
	char what[256];    /**< what is wrong and what to write instead; one line, no full stop */
};

/**
 * Reads a board.
 *
 * @param name a path if it has a '/' or ends in ".ini", else the name of a board. A name is looked
 *	for in the folder given by the environment variable QUIRE_BOARDS if that is set, else in the
 *	source tree that the program was built from (QUIRE_BOARDS_DIR) if that is still there, else
 *	in share/quire/boards beside the folder of the executable.
 * @return 0, or -1 and the reason in *error
 */
int board_load(const char *name, struct board *board, struct board_error *error);

/** The same for a block table; names are looked for in the folder `tables` of the boards. */
int board_table_load(const char *name, struct board_table *table, struct board_error *error);

/** Prints `file:line: what` and a newline. */
void board_error_print(FILE *stream, const struct board_error *error);

/** Bytes of SRAM that are left once image and system heap are taken: whole pages, at least one. */
size_t board_free_bytes(const struct board *board);

/**
 * Bytes that today's compile-time split leaves for virtual pages: what is free, without the block
 * table's heap and the library area. Negative on boards where it does not work out.
 */
int64_t board_split_left(const struct board *board);

#endif
