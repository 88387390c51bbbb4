/* SPDX-License-Identifier: BSD-3-Clause */
/* progress: nothing for a run that is over within a second, or whose output nobody watches. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECOND   1000000000u
#define PATIENCE SECOND        /* before the first line */
#define PERIOD   (SECOND / 10) /* between lines */

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void progress_begin(struct progress *progress, size_t total)
{
	*progress = (struct progress){ .wanted = isatty(STDERR_FILENO), .total = total };
	progress->begun = progress->last = now();
}

void progress_show(struct progress *progress, const char *what)
{
	uint64_t time;

	if (!progress->wanted)
		return;
	time = now();
	if (time - progress->begun < PATIENCE || time - progress->last < PERIOD)
		return;
	fprintf(stderr, "\r\033[K%s: %zu of %zu workloads", what, progress->done + 1,
		progress->total);
	fflush(stderr);
	progress->last = time;
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
