/* SPDX-License-Identifier: BSD-3-Clause */
/* extent: every call of a set of extents, compact and exact. */
#include "play.h"

#include "quire/extent.h"
#include "quire/status.h"

enum {
	INIT,
	ALLOC,
	ALLOC_ALIGNED,
	ALLOC_RANGE,
	ALLOC_AT,
	TAKE,
	TAKE_LOW,
	WOULD_TAKE,
	FREE,
	FREE_REFUSED,
	RESIZE,
	SIZE,
	ROOM,
	OWNER_OF,
	LARGEST,
	FREE_UNITS,
	LIVE,
	NEXT,
	ROWS
};

static struct bound_row rows[ROWS] = {
	[INIT] = { .call = "init", .each = 4, .step = "word" },
	[ALLOC] = { .call = "alloc" },
	[ALLOC_ALIGNED] = { .call = "alloc, aligned" },
	[ALLOC_RANGE] = { .call = "alloc_range" },
	[ALLOC_AT] = { .call = "alloc_at" },
	[TAKE] = { .call = "take" },
	[TAKE_LOW] = { .call = "take_low" },
	[WOULD_TAKE] = { .call = "would_take" },
	[FREE] = { .call = "free" },
	[FREE_REFUSED] = { .call = "free, refused" },
	[RESIZE] = { .call = "resize" },
	[SIZE] = { .call = "size" },
	[ROOM] = { .call = "room" },
	[OWNER_OF] = { .call = "owner_of" },
	[LARGEST] = { .call = "largest" },
	[FREE_UNITS] = { .call = "free_units" },
	[LIVE] = { .call = "live" },
	[NEXT] = { .call = "next" },
};

static struct quire_extents set;
static uint32_t low; /* where take_low begins */

#define SET POINTER(&set)

static void begin(uint32_t units, enum quire_extents_precision precision)
{
	size_t bytes = quire_extents_storage(units, precision);

	low = 0;
	if (COUNT_STEPS(&rows[INIT], (uint32_t)(bytes / sizeof(quire_word)), quire_extents_init,
			SET, units, precision, POINTER(bound_storage(bytes)), bytes))
		__builtin_trap();
}

static void begin_compact(uint32_t units)
{
	begin(units, QUIRE_COMPACT);
}

static void begin_exact(uint32_t units)
{
	begin(units, QUIRE_EXACT);
}

static const char *end(void)
{
	if (quire_extents_live(&set))
		return "a run is still live";
	return quire_extents_check(&set);
}

static uint32_t alloc(void *context, uint32_t count)
{
	(void)context;
	return (uint32_t)COUNT(&rows[ALLOC], quire_extents_alloc, SET, count, 1);
}

static void give(void *context, uint32_t start)
{
	(void)context;
	COUNT(&rows[FREE], quire_extents_free, SET, start);
}

static void give_unless_refused(uintptr_t start)
{
	if ((uint32_t)start != QUIRE_NOWHERE)
		give(NULL, (uint32_t)start);
}

/* ---- searches with wishes -------------------------------------------------------------------- */

/* Preferred is twice as much, what only the longest run has, and what there is not. */
static void probe_ranges(uint32_t count)
{
	const uint32_t preferred[] = { 2 * count, quire_extents_largest(&set), set.units };
	uint32_t granted;

	for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++)
		if (preferred[i] >= count)
			give_unless_refused(COUNT(&rows[ALLOC_RANGE], quire_extents_alloc_range,
						  SET, count, preferred[i], 1, 1,
						  POINTER(&granted)));
}

static void probe_alignments(uint32_t count)
{
	for (uint32_t align = 2; align <= set.units; align *= 8)
		give_unless_refused(
			COUNT(&rows[ALLOC_ALIGNED], quire_extents_alloc, SET, count, align));
}

static void probe_wish(const struct quire_extent_wish *wish)
{
	uint32_t granted;

	COUNT(&rows[WOULD_TAKE], quire_extents_would_take, SET, POINTER(wish), POINTER(&granted));
	give_unless_refused(
		COUNT(&rows[TAKE], quire_extents_take, SET, POINTER(wish), POINTER(&granted)));
	if (low >= set.units)
		low = 0;
	give_unless_refused(
		COUNT(&rows[TAKE_LOW], quire_extents_take_low, SET, POINTER(wish), POINTER(&low)));
}

/* Every wish at once, at any phase. */
static void probe_wishes(uint32_t count)
{
	uint32_t align = 1u << random_between(&bound_random, 0, 7);

	probe_wish(&(struct quire_extent_wish){
		.min = count,
		.preferred = count + random_below(&bound_random, 4 * count),
		.step = random_between(&bound_random, 1, 5),
		.align = align,
		.phase = random_below(&bound_random, align),
	});
}

static void probe_aligned(uint32_t count, uint32_t align)
{
	give_unless_refused(COUNT(&rows[ALLOC_ALIGNED], quire_extents_alloc, SET, count, align));
	for (uint32_t more = 0; more <= 4 * count; more += more ? more : 1)
		probe_wish(&(struct quire_extent_wish){
			.min = count, .preferred = count + more, .step = 1, .align = align });
}

/* ---- one run --------------------------------------------------------------------------------- */

/* All of it, one unit in its middle, and of a live one nothing. */
static void probe_place(const struct quire_extent *run)
{
	const uint32_t middle = run->start + run->count / 2;

	if (!COUNT(&rows[ALLOC_AT], quire_extents_alloc_at, SET, run->start, run->count))
		give(NULL, run->start);
	if (!COUNT(&rows[ALLOC_AT], quire_extents_alloc_at, SET, middle, 1))
		give(NULL, middle);
}

/* As long as can be, down to one unit, and as it was; a unit more than there is room for. */
static void probe_resizes(const struct quire_extent *run)
{
	uint32_t room = (uint32_t)COUNT(&rows[ROOM], quire_extents_room, SET, run->start);
	const uint32_t counts[] = { room, run->count, 1, run->count / 2 + 1, room + 1, run->count };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		COUNT(&rows[RESIZE], quire_extents_resize, SET, run->start, counts[i]);
}

static struct quire_extent look_at(uint32_t unit)
{
	struct quire_extent run;

	COUNT(&rows[OWNER_OF], quire_extents_owner_of, SET, unit);
	COUNT(&rows[NEXT], quire_extents_next, SET, unit, POINTER(&run));
	COUNT(&rows[SIZE], quire_extents_size, SET, unit);
	COUNT(&rows[SIZE], quire_extents_size, SET, run.start);
	if (unit != run.start || !run.live)
		COUNT(&rows[FREE_REFUSED], quire_extents_free, SET, unit);
	probe_place(&run);
	if (!COUNT(&rows[ALLOC_AT], quire_extents_alloc_at, SET, unit, 1))
		give(NULL, unit);
	return run;
}

static void look(uint32_t unit)
{
	look_at(unit);
}

static void probe_run(uint32_t unit)
{
	struct quire_extent run = look_at(unit);

	if (run.live)
		probe_resizes(&run);
}

static void probe(uint32_t count)
{
	COUNT(&rows[LARGEST], quire_extents_largest, SET);
	COUNT(&rows[FREE_UNITS], quire_extents_free_units, SET);
	COUNT(&rows[LIVE], quire_extents_live, SET);
	probe_ranges(count);
	probe_alignments(count);
	probe_wishes(count);
	probe_run(random_below(&bound_random, set.units));
	probe_run(random_below(&bound_random, set.units));
}

const struct bound_layer bound_extent_compact = {
	.name = "extent, compact",
	.rows = rows,
	.row_count = ROWS,
	.crowds = true,
	.begin = begin_compact,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.look = look,
	.aligned = probe_aligned,
	.end = end,
};

const struct bound_layer bound_extent_exact = {
	.name = "extent, exact",
	.rows = rows,
	.row_count = ROWS,
	.crowds = true,
	.begin = begin_exact,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.look = look,
	.aligned = probe_aligned,
	.end = end,
};
