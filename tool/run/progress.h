/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A line on the terminal for whoever has waited for a second.
 */
#ifndef QUIRE_TOOL_PROGRESS_H
#define QUIRE_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool wanted; /**< and standard error is a terminal */
	bool shown;
	uint64_t begun; /**< ms */
	uint64_t last;  /**< ms */
};

void progress_begin(struct progress *progress, bool wanted);
void progress_show(struct progress *progress, const char *what, size_t done, size_t total);

/** Leaves the line empty. */
void progress_end(struct progress *progress);

#endif
