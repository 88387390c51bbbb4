/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 1000u /* before the first line */
#define PERIOD_MS   100u  /* between lines */

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, bool wanted)
{
	progress->wanted = wanted && isatty(STDERR_FILENO);
	progress->shown = false;
	progress->begun = progress->last = now_ms();
}

void progress_show(struct progress *progress, const char *what, size_t done, size_t total)
{
	uint64_t now;

	if (!progress->wanted)
		return;
	now = now_ms();
	if (now - progress->begun < PATIENCE_MS || now - progress->last < PERIOD_MS)
		return;
	fprintf(stderr, "\r\033[K%s: step %zu of %zu (%zu %%)", what, done, total,
		done * 100 / (total ? total : 1));
	fflush(stderr);
	progress->last = now;
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}
