/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * counts: plays workloads and histories through a meter, which counts the calls that it is told to.
 * Functions of the library are called themselves, without an adapter in between.
 */
#include "counts.h"

#include <stdlib.h>

#include "quire/vregion.h"

#include "history.h"
#include "meter.h"
#include "place.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LINE            64u

/* ---- churn ----------------------------------------------------------------------------------- */

struct allocation {
	uintptr_t handle; /* 0: refused */
	uint32_t units;
};

struct churn {
	const struct churn_plan *plan;
	struct random random;
	struct allocation *live;
	uint32_t count;
	uint64_t units; /* live */
};

static void churn_alloc(struct churn *churn, struct meter *meter)
{
	uint32_t size = sizes_draw(&churn->plan->sizes, &churn->random);
	struct allocation *next = &churn->live[churn->count++];

	next->units = (size - 1) / churn->plan->unit + 1;
	next->handle = meter_alloc(meter, (size - 1) / churn->plan->divisor + 1);
	churn->units += next->units;
}

static void churn_free(struct churn *churn, struct meter *meter, uint32_t which)
{
	struct allocation *victim = &churn->live[which];

	churn->units -= victim->units;
	if (victim->handle)
		meter_free(meter, victim->handle);
	*victim = churn->live[--churn->count];
}

static void churn_for(struct churn *churn, struct meter *meter, uint32_t operations)
{
	uint64_t full = (uint64_t)churn->plan->units * churn->plan->fill / 100;

	while (operations--) {
		if (churn->units < full)
			churn_alloc(churn, meter);
		else
			churn_free(churn, meter, random_below(&churn->random, churn->count));
	}
}

/* Filled and aged, nothing counted. */
static void churn_begin(struct churn *churn, struct meter *meter, const struct churn_plan *plan)
{
	*churn = (struct churn){ .plan = plan, .random = { 1 } };
	churn->live = must_have(calloc(plan->units + 1, sizeof(*churn->live)));
	meter->quiet = true;
	churn_for(churn, meter, plan->warm);
	meter->quiet = false;
}

static void churn_end(struct churn *churn, struct meter *meter)
{
	meter->quiet = true;
	while (churn->count)
		churn_free(churn, meter, churn->count - 1);
	free(churn->live);
}

void counts_churn(struct meter *meter, const struct churn_plan *plan)
{
	struct churn churn;

	churn_begin(&churn, meter, plan);
	meter->operations = plan->counted;
	churn_for(&churn, meter, plan->counted);
	churn_end(&churn, meter);
}

static void play_units(struct meter *meter, const void *plan)
{
	const struct churn_plan *churn = plan;
	struct place_units units;

	place_units_begin(&units, churn->units, churn->precision);
	meter->target = units_target(&units.set);
	counts_churn(meter, churn);
	place_units_end(&units);
}

/* A set and what starts are multiples of. */
struct aligned_plan {
	struct churn_plan churn;
	uint32_t align;
};

static void play_aligned(struct meter *meter, const void *plan)
{
	const struct aligned_plan *aligned = plan;
	struct place_units units;

	place_units_begin(&units, aligned->churn.units, aligned->churn.precision);
	meter->target = units_target(&units.set);
	meter->target.alloc.argument[2] = aligned->align;
	counts_churn(meter, &aligned->churn);
	place_units_end(&units);
}

/* ---- heaps ----------------------------------------------------------------------------------- */

#define BLOCKS     256u
#define BLOCK_SIZE 512u
#define WINDOW     (1u << 20)

static void play_heap(struct meter *meter, const struct churn_plan *plan,
		      struct quire_vmh_config config)
{
	struct place place;
	struct quire_vmh heap;

	place_begin(&place, 2 * WINDOW / PAGE);
	config.storage_bytes = quire_vmh_storage_needed(place.vs.mmu, &config);
	config.storage = must_have(malloc(config.storage_bytes));
	must_do(quire_vmh_init(&heap, &place.vs, &config));
	meter->target = heap_target(&heap);
	counts_churn(meter, plan);
	must_do(quire_vmh_fini(&heap));
	free(config.storage);
	place_end(&place);
}

static void play_bundle(struct meter *meter, const void *plan)
{
	static const struct quire_bundle table[] = { { BLOCK_SIZE, BLOCKS } };

	play_heap(meter, plan,
		  (struct quire_vmh_config){ .bundles = table, .bundle_count = COUNT_OF(table) });
}

static void play_elastic(struct meter *meter, const void *plan)
{
	play_heap(meter, plan, (struct quire_vmh_config){ .window = WINDOW });
}

static void play_pages(struct meter *meter, const void *plan)
{
	struct place place;

	place_begin(&place, ((const struct churn_plan *)plan)->units);
	meter->target = (struct target){
		.alloc = CALL(quire_vpage_alloc, POINTER(&place.vs), 0, QUIRE_RW),
		.free = CALL(quire_vpage_free, POINTER(&place.vs), 0),
	};
	counts_churn(meter, plan);
	place_end(&place);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

struct range_plan {
	struct churn_plan churn; /* fills and ages */
	uint32_t times;          /* as much is preferred; 1: a plain request */
};

static void ask_for_range(struct meter *meter, struct quire_extents *set, uint32_t least,
			  uint32_t times)
{
	uint32_t granted;
	struct step_call plain = CALL(quire_extents_alloc, POINTER(set), least, 1);
	struct step_call range = CALL(quire_extents_alloc_range, POINTER(set), least, least * times,
				      1, 1, POINTER(&granted));
	uint32_t start =
		(uint32_t)meter_call(meter, times > 1 ? &range : &plain, &meter->counts->alloc);

	if (start != QUIRE_NOWHERE)
		meter_free(meter, start + 1u);
}

/* Each request is given back at once, so that all meet the same set. */
static void play_range(struct meter *meter, const void *context)
{
	const struct range_plan *plan = context;
	struct random random = { 1 };
	struct place_units units;
	struct churn churn;

	place_units_begin(&units, plan->churn.units, plan->churn.precision);
	meter->target = units_target(&units.set);
	churn_begin(&churn, meter, &plan->churn);
	meter->operations = 2 * plan->churn.counted;
	for (uint32_t i = 0; i < plan->churn.counted; i++)
		ask_for_range(meter, &units.set, sizes_draw(&plan->churn.sizes, &random),
			      plan->times);
	churn_end(&churn, meter);
	place_units_end(&units);
}

/* ---- regions --------------------------------------------------------------------------------- */

#define REGION_PAGES   1024u
#define LIFETIME_BYTES ((size_t)64 * 1024)
#define INTERIM_BYTES  ((size_t)256 * 1024)
#define INTERIM_LIVE   32u
#define INTERIM_WARM   2000u
#define INTERIM_CALLS  20000u
#define LIVES          20u

struct region {
	struct place place;
	struct quire_vregion_config config;
};

static void begin_region(struct region *region)
{
	place_begin(&region->place, REGION_PAGES);
	region->config = (struct quire_vregion_config){
		.lifetime = LIFETIME_BYTES,
		.interim = INTERIM_BYTES,
		.storage_bytes = QUIRE_VREGION_STORAGE(INTERIM_BYTES, LINE),
	};
	region->config.storage = must_have(malloc(region->config.storage_bytes));
}

static void end_region(struct region *region)
{
	place_end(&region->place);
	free(region->config.storage);
}

static struct quire_vregion *create(struct meter *meter, struct region *region)
{
	int32_t why = 0;
	struct step_call create = CALL(quire_vregion_create, POINTER(&region->place.vs),
				       POINTER(&region->config), POINTER(&why));
	uintptr_t vr = meter_call(meter, &create, &meter->counts->alloc);

	must_do(why);
	return (struct quire_vregion *)vr;
}

static void put(struct meter *meter, struct quire_vregion *vr)
{
	struct step_call put = CALL(quire_vregion_put, POINTER(vr));

	must_do((int32_t)meter_call(meter, &put, &meter->counts->free));
}

/* The first life commits pages that are retained from then on. */
static void play_create_and_put(struct meter *meter, const void *plan)
{
	struct region region;

	(void)plan;
	begin_region(&region);
	for (uint32_t i = 0; i <= LIVES; i++) {
		meter->quiet = !i;
		put(meter, create(meter, &region));
	}
	end_region(&region);
}

/* Of 16 to 1024 bytes. Only those are counted that need another page, or only those that do not. */
static void play_lifetime(struct meter *meter, bool new_page)
{
	struct random random = { 1 };
	struct region region;
	struct quire_vregion_info info;
	struct quire_vregion *vr;

	meter->quiet = true;
	begin_region(&region);
	vr = create(meter, &region);
	for (;;) {
		const struct quire_area_info *area = &info.area[QUIRE_LIFETIME];
		uint32_t size = random_log(&random, 4, 10);
		struct step_call alloc =
			CALL(quire_vregion_alloc, POINTER(vr), QUIRE_LIFETIME, size, 0);

		quire_vregion_info(vr, &info);
		if (area->used + size + LINE > area->size)
			break;
		meter->quiet = (area->used + size + LINE - 1 > area->committed) != new_page;
		if (!meter_call(meter, &alloc, &meter->counts->alloc))
			break;
	}
	meter->quiet = true;
	put(meter, vr);
	end_region(&region);
}

static void play_lifetime_in_page(struct meter *meter, const void *plan)
{
	(void)plan;
	play_lifetime(meter, false);
}

static void play_lifetime_new_page(struct meter *meter, const void *plan)
{
	(void)plan;
	play_lifetime(meter, true);
}

/* First in, first out; nothing is counted until the pages are there. */
static void play_interim(struct meter *meter, const void *plan)
{
	struct random random = { 1 };
	struct quire_vregion *vr;
	struct region region;
	uintptr_t live[INTERIM_LIVE] = { 0 };

	(void)plan;
	meter->quiet = true;
	begin_region(&region);
	vr = create(meter, &region);
	meter->target = (struct target){
		.alloc = CALL(quire_vregion_alloc, POINTER(vr), QUIRE_INTERIM, 0, 0),
		.free = CALL(quire_vregion_free, POINTER(vr), 0),
		.size_argument = 2,
	};
	meter->operations = 2 * INTERIM_CALLS;
	for (uint32_t i = 0; i < INTERIM_WARM + INTERIM_CALLS; i++) {
		uintptr_t *slot = &live[i % INTERIM_LIVE];

		meter->quiet = i < INTERIM_WARM;
		if (*slot)
			meter_free(meter, *slot);
		*slot = meter_alloc(meter, random_log(&random, 6, 12));
	}
	meter->quiet = true;
	for (uint32_t i = 0; i < INTERIM_LIVE; i++)
		meter_free(meter, live[i]);
	put(meter, vr);
	end_region(&region);
}

/* ---- the loads ------------------------------------------------------------------------------- */

#define PLAN(precise, divide, bytes, all, percent, before, after, kind_, low_, high_)         \
	{                                                                                     \
		.sizes = { .kind = (kind_), .low = (low_), .high = (high_) },                 \
		.precision = (precise), .unit = (bytes), .divisor = (divide), .units = (all), \
		.fill = (percent), .warm = (before), .counted = (after),                      \
	}

#define LINES(units, before, kind) \
	PLAN(QUIRE_COMPACT, LINE, LINE, units, 75, before, 200000, kind, 6, 12)
#define PAGES_LOG(units, before) PLAN(QUIRE_EXACT, 1, 1, units, 75, before, 200000, SIZES_LOG, 0, 7)
#define PAGES_EVEN(units, before) \
	PLAN(QUIRE_EXACT, 1, 1, units, 75, before, 200000, SIZES_UNIFORM, 1, 128)

static const struct churn_plan heap_512k_any = LINES(8192, 100000, SIZES_LOG);
static const struct churn_plan heap_512k_powers = LINES(8192, 100000, SIZES_POWERS);
static const struct churn_plan heap_4m_any = LINES(65536, 400000, SIZES_LOG);
static const struct churn_plan heap_4m_powers = LINES(65536, 400000, SIZES_POWERS);
static const struct churn_plan pages_1024_log = PAGES_LOG(1024, 20000);
static const struct churn_plan pages_1024_even = PAGES_EVEN(1024, 20000);
static const struct churn_plan pages_65536_log = PAGES_LOG(65536, 200000);
static const struct churn_plan pages_65536_even = PAGES_EVEN(65536, 200000);
static const struct churn_plan pages_1m_log = PAGES_LOG(1u << 20, 600000);
static const struct churn_plan pages_1m_even = PAGES_EVEN(1u << 20, 200000);
static const struct churn_plan bundle =
	PLAN(0, 1, BLOCK_SIZE, BLOCKS, 75, 5000, 50000, SIZES_UNIFORM, BLOCK_SIZE, BLOCK_SIZE);
static const struct churn_plan elastic =
	PLAN(0, 1, LINE, WINDOW / LINE, 75, 20000, 50000, SIZES_LOG, 6, 14);
static const struct churn_plan vpage = PLAN(0, 1, 1, 1024, 75, 20000, 50000, SIZES_LOG, 0, 4);

static const struct aligned_plan lines_aligned = {
	PLAN(QUIRE_COMPACT, LINE, LINE, 65536, 60, 400000, 200000, SIZES_LOG, 6, 12), 16
};
static const struct aligned_plan pages_aligned = {
	PLAN(QUIRE_EXACT, 1, 1, 1024, 60, 20000, 200000, SIZES_LOG, 0, 7), 8
};

#define RANGE_LINES(times)                                                                 \
	{                                                                                  \
		PLAN(QUIRE_COMPACT, 1, 1, 8192, 85, 100000, 50000, SIZES_LOG, 0, 6), times \
	}
#define RANGE_PAGES(times)                                                               \
	{                                                                                \
		PLAN(QUIRE_EXACT, 1, 1, 1024, 85, 100000, 50000, SIZES_LOG, 0, 5), times \
	}

static const struct range_plan lines_plain = RANGE_LINES(1);
static const struct range_plan lines_range = RANGE_LINES(4);
static const struct range_plan pages_plain = RANGE_PAGES(1);
static const struct range_plan pages_range = RANGE_PAGES(4);

const struct counts_load counts_loads[] = {
	{ "heap-512K", "any size", play_units, &heap_512k_any },
	{ "heap-512K", "powers of two", play_units, &heap_512k_powers },
	{ "heap-4M", "any size", play_units, &heap_4m_any },
	{ "heap-4M", "powers of two", play_units, &heap_4m_powers },
	{ "pages-1024", "log-uniform", play_units, &pages_1024_log },
	{ "pages-1024", "uniform", play_units, &pages_1024_even },
	{ "pages-65536", "log-uniform", play_units, &pages_65536_log },
	{ "pages-65536", "uniform", play_units, &pages_65536_even },
	{ "pages-1M", "log-uniform", play_units, &pages_1m_log },
	{ "pages-1M", "uniform", play_units, &pages_1m_even },
	{ "bundle", "pop and push", play_bundle, &bundle },
	{ "range", "lines, plain", play_range, &lines_plain },
	{ "range", "lines, range", play_range, &lines_range },
	{ "range", "pages, plain", play_range, &pages_plain },
	{ "range", "pages, range", play_range, &pages_range },
	{ "elastic", "any size", play_elastic, &elastic },
	{ "aligned", "lines, to 16 of them", play_aligned, &lines_aligned },
	{ "aligned", "pages, to 8 of them", play_aligned, &pages_aligned },
	{ "vpage", "1 to 16 pages, retained", play_pages, &vpage },
	{ "vregion", "lifetime, in the page", play_lifetime_in_page, NULL },
	{ "vregion", "lifetime, a new page", play_lifetime_new_page, NULL },
	{ "vregion", "interim", play_interim, NULL },
	{ "vregion", "create and put", play_create_and_put, NULL },
};

const size_t counts_load_count = COUNT_OF(counts_loads);

/* ---- histories ------------------------------------------------------------------------------- */

const struct counts_set counts_sets[] = {
	{ "heap-64", QUIRE_COMPACT, 64 },        { "heap-448", QUIRE_COMPACT, 448 },
	{ "heap-512K", QUIRE_COMPACT, 8192 },    { "heap-4M", QUIRE_COMPACT, 65536 },
	{ "pages-63", QUIRE_EXACT, 63 },         { "pages-1024", QUIRE_EXACT, 1024 },
	{ "pages-65536", QUIRE_EXACT, 65536 },   { "pages-1M", QUIRE_EXACT, 1u << 20 },
	{ "lines-1M", QUIRE_COMPACT, 1u << 20 },
};

const size_t counts_set_count = COUNT_OF(counts_sets);

static uint32_t history_alloc(void *context, uint32_t count)
{
	return (uint32_t)meter_alloc(context, count) - 1u;
}

static void history_free(void *context, uint32_t start)
{
	meter_free(context, start + 1u);
}

static void play_history(struct meter *meter, const struct counts_set *set, size_t history)
{
	struct history_player player = {
		.context = meter,
		.units = set->units,
		.alloc = history_alloc,
		.free = history_free,
		.live = must_have(calloc(HISTORY_ROOM(set->units), sizeof(*player.live))),
		.order = must_have(calloc(HISTORY_ROOM(set->units), sizeof(*player.order))),
	};
	struct place_units units;

	place_units_begin(&units, set->units, set->precision);
	meter->target = units_target(&units.set);
	histories[history].play(&player);
	place_units_end(&units);
	free(player.live);
	free(player.order);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct job {
	struct meter meter;
	const struct counts_load *load; /* or a history */
	const struct counts_set *set;
	size_t history;
};

static void play(void *context)
{
	struct job *job = context;

	if (job->load)
		job->load->play(&job->meter, job->load->plan);
	else
		play_history(&job->meter, job->set, job->history);
}

/* How many operations a history has: it is played once with nothing counted. */
static void count_operations(struct job *job)
{
	job->meter.quiet = true;
	play(job);
	job->meter.operations = job->meter.seen;
	job->meter.quiet = false;
}

static const char *run(struct job *job, const struct counts_how *how, struct counts *result)
{
	const char *refused;

	job->meter.how = *how;
	job->meter.random.state = 1;
	job->meter.counts = step_shared(sizeof(*result));
	if (!job->meter.counts)
		return "no shared memory";
	if (job->set && how->most)
		count_operations(job);
	refused = step_run(how->how, play, job);
	*result = *job->meter.counts;
	step_unshare(job->meter.counts, sizeof(*result));
	if (!refused && result->alloc.operations && !result->alloc.instructions)
		return "this program's library does not count";
	return refused;
}

const char *counts_of_load(const struct counts_how *how, const struct counts_load *load,
			   struct counts *counts)
{
	struct job job = { .load = load };

	return run(&job, how, counts);
}

const char *counts_of_history(const struct counts_how *how, const struct counts_set *set,
			      size_t history, struct counts *counts)
{
	struct job job = { .set = set, .history = history };

	return run(&job, how, counts);
}

static void merge(struct step_counts *counts, const struct step_counts *other)
{
	if (other->worst > counts->worst) {
		counts->worst = other->worst;
		counts->worst_at = other->worst_at;
	}
	counts->operations += other->operations;
	counts->instructions += other->instructions;
}

void counts_merge(struct counts *counts, const struct counts *other)
{
	merge(&counts->alloc, &other->alloc);
	merge(&counts->free, &other->free);
}

const char *counts_of_histories(const struct counts_how *how, const struct counts_set *set,
				bool sparse, struct counts *counts)
{
	*counts = (struct counts){ .alloc = { 0 } };
	for (size_t i = 0; i < history_count; i++) {
		struct counts one;
		const char *refused;

		if (sparse && !histories[i].sparse)
			continue;
		refused = counts_of_history(how, set, i, &one);
		if (refused)
			return refused;
		counts_merge(counts, &one);
	}
	return NULL;
}
