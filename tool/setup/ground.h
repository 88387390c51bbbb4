/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The memory of a board on this machine: frames in banks behind a window of addresses.
 *
 * The image of the firmware has its frames from the start; all others are what a set-up has to give.
 */
#ifndef QUIRE_TOOL_GROUND_H
#define QUIRE_TOOL_GROUND_H

#include "quire/linux.h"
#include "setup/backend.h"

struct ground {
	struct quire_linux port;
	struct quire_vspace vs;
	void *storage; /* of the vspace */
};

/** @return false, and the reason in *error */
bool ground_open(struct ground *ground, const struct board *board, size_t budgets,
		 struct quire_observer *observer, struct setup_error *error);

/** @return pages that are still mapped */
size_t ground_close(struct ground *ground);

/** What a backend says of its window. */
struct account_window ground_window(const struct ground *ground, const struct board *board);

/** Pages and banks of a snapshot. @return pages that could still be had */
size_t ground_measure(struct ground *ground, struct snapshot *snapshot);

/** Says "WHAT: status in words". @return NULL */
void *setup_refused(struct setup_error *error, const char *what, int32_t why);

#endif
