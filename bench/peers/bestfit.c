/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Best fit as in a textbook: of the free runs that are long enough the shortest, of those the one
 * at the lowest address; what is free is joined at once. The free runs are an array in that order,
 * and every first and last unit of a run knows its length. The array is moved along when a run comes
 * or goes, so the time grows with the number of free runs.
 *
 * It is there to tell how much of a memory exact best fit can use. So its records, some 20 bytes for
 * each unit, are not counted.
 */
#include <stdlib.h>
#include <string.h>

#include "../peer.h"

#define UNITS_MOST 65536u
#define FREE       0x80000000u

struct run {
	uint32_t length;
	uint32_t start;
};

struct fit {
	char *pool;
	size_t unit;
	uint32_t units;
	uint32_t count;
	struct run *runs; /* free, in order */
	uint32_t *tags;   /* at the first and last unit of a run, after one that is never free */
};

static const char *about(void)
{
	return "exact best fit, lowest address among equals, as in a textbook; its records are not "
	       "counted";
}

/* ---- the array of free runs ------------------------------------------------------------------ */

static bool is_before(const struct run *run, uint32_t length, uint32_t start)
{
	return run->length != length ? run->length < length : run->start < start;
}

/* The first run that is not before this one. */
static uint32_t place_of(const struct fit *fit, uint32_t length, uint32_t start)
{
	uint32_t low = 0, high = fit->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (is_before(&fit->runs[middle], length, start))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void tag(struct fit *fit, uint32_t start, uint32_t length, uint32_t state)
{
	fit->tags[start] = fit->tags[start + length - 1] = length | state;
}

static void add(struct fit *fit, uint32_t start, uint32_t length)
{
	struct run *place = fit->runs + place_of(fit, length, start);

	memmove(place + 1, place, (size_t)(fit->runs + fit->count++ - place) * sizeof(*place));
	*place = (struct run){ length, start };
	tag(fit, start, length, FREE);
}

static void drop(struct fit *fit, uint32_t start, uint32_t length)
{
	struct run *place = fit->runs + place_of(fit, length, start);

	memmove(place, place + 1, (size_t)(fit->runs + --fit->count - place) * sizeof(*place));
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void end(void *context)
{
	struct fit *fit = context;

	free(fit->runs);
	free(fit->tags - 1);
	free(fit);
}

static void *init(void *pool, size_t size, size_t unit)
{
	struct fit *fit;
	uint32_t *tags;

	if (size / unit > UNITS_MOST)
		return NULL;
	fit = calloc(1, sizeof(*fit));
	*fit = (struct fit){ .pool = pool, .unit = unit, .units = (uint32_t)(size / unit) };
	fit->runs = calloc(fit->units / 2 + 2, sizeof(*fit->runs));
	tags = calloc(fit->units + 2, sizeof(*tags));
	fit->tags = tags + 1;
	add(fit, 0, fit->units);
	return fit;
}

static void *alloc_units(void *context, size_t units, size_t align)
{
	struct fit *fit = context;
	uint32_t length = (uint32_t)units;
	uint32_t place = place_of(fit, length, 0);
	struct run run;

	(void)align; /* that of a unit */
	if (place == fit->count)
		return NULL;
	run = fit->runs[place];
	drop(fit, run.start, run.length);
	if (run.length > length)
		add(fit, run.start + length, run.length - length);
	tag(fit, run.start, length, 0);
	return fit->pool + run.start * fit->unit;
}

/* The shortest run that has the most, or else the longest there is. */
static void *alloc_units_range(void *context, size_t least, size_t most, size_t align,
			       size_t *granted)
{
	const struct fit *fit = context;
	uint32_t longest = fit->count ? fit->runs[fit->count - 1].length : 0;

	*granted = longest < most ? longest : most;
	return longest < least ? NULL : alloc_units(context, *granted, align);
}

static void *alloc(void *context, size_t size, size_t align)
{
	const struct fit *fit = context;

	return alloc_units(context, (size + fit->unit - 1) / fit->unit, align);
}

static int32_t give_back(void *context, void *handle)
{
	struct fit *fit = context;
	uint32_t start = (uint32_t)((size_t)((char *)handle - fit->pool) / fit->unit);
	uint32_t length = fit->tags[start];
	uint32_t after = fit->tags[start + length];
	uint32_t before = *(fit->tags + start - 1);

	if (after & FREE) {
		drop(fit, start + length, after & ~FREE);
		length += after & ~FREE;
	}
	if (before & FREE) {
		start -= before & ~FREE;
		drop(fit, start, before & ~FREE);
		length += before & ~FREE;
	}
	add(fit, start, length);
	return 0;
}

static void *alloc_range(void *context, size_t least, size_t most, size_t align, size_t *granted)
{
	size_t unit = ((const struct fit *)context)->unit;
	void *handle =
		alloc_units_range(context, (least + unit - 1) / unit, most / unit, align, granted);

	*granted *= unit;
	return handle;
}

#define CALLS(how, ranges)                                                  \
	{                                                                   \
		.bounded = true, .init = init, .fini = end, .alloc = (how), \
		.alloc_range = (ranges), .free = give_back,                 \
	}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "bestfit",
	.about = about,
	.bytes = CALLS(alloc, alloc_range),
	.pages = CALLS(alloc_units, alloc_units_range),
};
