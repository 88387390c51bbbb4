/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A line on the terminal for whoever has waited for a second.
 */
#ifndef QUIRE_BENCH_PROGRESS_H
#define QUIRE_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool wanted; /**< standard error is a terminal */
	bool shown;
	uint64_t begun; /**< ns */
	uint64_t last;  /**< ns */
	size_t done;    /**< workloads */
	size_t total;
};

void progress_begin(struct progress *progress, size_t total);

/** Call at any time that is not measured. */
void progress_show(struct progress *progress, const char *what);

/** Leaves the line empty. */
void progress_end(struct progress *progress);

/** ns since some time ago. */
uint64_t now(void);

#endif
