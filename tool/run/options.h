/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the command line of `quire run` says.
 */
#ifndef QUIRE_TOOL_RUN_OPTIONS_H
#define QUIRE_TOOL_RUN_OPTIONS_H

#include "model/life.h"
#include "model/schedule.h"

/** Who gets regions when nothing is said: what the board's firmware does today. */
enum run_regions {
	RUN_REGIONS_OF_BOARD,
	RUN_REGIONS_ONE, /**< the one in `regions` */
	RUN_REGIONS_ALL, /**< all four, side by side */
};

struct run_options {
	const char *const *files; /**< borrowed from the command line */
	size_t file_count;
	const char *board;
	bool has_image;
	size_t image_bytes; /**< if has_image */

	struct life_format format;
	struct life_choice *choices;
	size_t choice_count;

	struct schedule_options schedule;
	enum run_regions which_regions;
	enum life_regions regions;

	const char *table;
	bool spanning;
	bool dma_on_system_heap;

	uint32_t evacuate; /**< elastic: pages moved for 100 mapped, at most; 0: none */
	bool fast;         /**< do not look for the least memory */
	const char *trace; /**< path, or NULL */
	bool json;
	bool verbose;
	bool quiet;
};

/** Ends the program with a message and COMMAND_BAD_INPUT if the line is not understood. */
void run_options_parse(struct run_options *options, int argc, char **argv);
void run_options_free(struct run_options *options);

#endif
