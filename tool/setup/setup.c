/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all set-ups have in common: identifiers become holdings, holdings are filled and checked, and
 * everything is counted. How memory is found is the backend's affair.
 *
 * The library is not trusted here: each answer is compared with what its contract promises.
 */
#include "setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quire/status.h"
#include "setup/backend.h"
#include "setup/host.h"
#include "setup/pattern.h"
#include "setup/record.h"

struct setup {
	struct performer performer;
	struct backend *backend;
	const struct topology *topology;
	bool is_trial;
	struct trace *trace;
	struct holdings allocations;
	struct holdings regions;
	struct figures figures;
	size_t step;
};

const char *setup_name(enum setup_kind kind)
{
	static const char *const names[] = { "table", "classic", "elastic" };

	return kind < SETUP_KIND_COUNT ? names[kind] : "unknown";
}

bool setup_is_deep(const struct action *action, size_t page_bytes)
{
	return action_is_range(action) &&
	       (action->size - 1) / page_bytes > (action->min - 1) / page_bytes;
}

/* ---- what went wrong ------------------------------------------------------------------------- */

static void complain(struct setup *setup, const struct action *action, const char *what)
{
	const struct topology *topology = setup->topology;
	const char *module = "none";

	if (setup->figures.complaint[0])
		return;
	if (action->module != TOPOLOGY_NONE)
		module = topology->modules[action->module].name;
	snprintf(setup->figures.complaint, sizeof(setup->figures.complaint),
		 "%s: %s of module %s, allocation %u", what, action_purpose_name(action->purpose),
		 module, action->id);
}

static void violation(struct setup *setup, const struct action *action, const char *what)
{
	setup->figures.violations++;
	complain(setup, action, what);
}

static void corruption(struct setup *setup, const struct action *action, size_t offset)
{
	char what[64];

	setup->figures.corruptions++;
	snprintf(what, sizeof(what), "corruption at byte %zu", offset);
	complain(setup, action, what);
}

/* ---- moments --------------------------------------------------------------------------------- */

static void look(struct setup *setup, struct snapshot *snapshot)
{
	snapshot->allocations = setup->allocations.count;
	snapshot->asked = setup->figures.account.total.asked.now;
	snapshot->addresses = setup->figures.account.total.addresses.now;
	snapshot->banks = setup->figures.account.banks.now;
	setup->backend->ops->measure(setup->backend, snapshot);
}

static void look_for_peaks(struct setup *setup)
{
	struct figures *figures = &setup->figures;
	struct snapshot now;

	look(setup, &now);
	thrift_look(&figures->thrift, now.pages, now.retained);
	if (now.pages > figures->fullest.pages ||
	    (now.pages == figures->fullest.pages && now.asked > figures->fullest.asked))
		figures->fullest = now;
	if (now.largest < figures->largest_least)
		figures->largest_least = now.largest;
}

void setup_settled(struct setup *setup)
{
	look(setup, &setup->figures.settled);
}

void setup_at_step(struct setup *setup, size_t step)
{
	struct snapshot now;

	if (setup->backend->ops->rest)
		setup->backend->ops->rest(setup->backend);
	look(setup, &now);
	setup->figures.banks_sum += now.banks;
	thrift_count(&setup->figures.thrift);
	setup->figures.steps++;
	setup->step = step;
	if (setup->trace)
		trace_step(setup->trace, step);
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* Sums of bytes by module, for all that are held. */
static size_t add_up_holders(const struct setup *setup, struct holder *sums)
{
	const struct holding *holding = NULL;
	size_t count = 0;

	while ((holding = holdings_next(&setup->allocations, holding))) {
		const struct action *action = &holding->action;
		size_t i = 0;

		while (i < count &&
		       (sums[i].module != action->module || sums[i].pipeline != action->pipeline))
			i++;
		if (i == count)
			sums[count++] = (struct holder){ action->pipeline, action->module, 0 };
		sums[i].bytes += holding->usable;
	}
	return count;
}

static int more_bytes_first(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	if (left->pipeline != right->pipeline)
		return left->pipeline < right->pipeline ? -1 : 1;
	return (left->module > right->module) - (left->module < right->module);
}

static void name_holders(const struct setup *setup, struct failure *failure)
{
	struct holder *sums = host_alloc(setup->allocations.count, sizeof(*sums));
	size_t count = add_up_holders(setup, sums);

	if (count > 0)
		qsort(sums, count, sizeof(*sums), more_bytes_first);
	failure->holder_count = count < FIGURES_HOLDERS ? count : FIGURES_HOLDERS;
	memcpy(failure->holders, sums, failure->holder_count * sizeof(*sums));
	free(sums);
}

static void refuse(struct setup *setup, const struct action *action, int32_t why)
{
	struct failure *failure = figures_failure(&setup->figures, action, why);

	record_refused(setup->trace, action, why);
	if (!failure || failure->times++ > 0)
		return;
	failure->step = setup->step;
	look(setup, &failure->then);
	name_holders(setup, failure);
}

/* ---- allocations ----------------------------------------------------------------------------- */

static size_t offset_of(const struct setup *setup, const struct holding *holding)
{
	return (size_t)((uintptr_t)holding->ptr - (uintptr_t)setup->backend->window.base);
}

static struct account_entry entry_of(const struct holding *holding)
{
	const struct action *action = &holding->action;

	return (struct account_entry){
		.pipeline = action->pipeline,
		.ptr = holding->ptr,
		.bytes = holding->usable,
		.asked = holding->usable < action->size ? holding->usable : action->size,
		.addresses = holding->addresses,
	};
}

static struct holding *region_of(const struct setup *setup, const struct action *action)
{
	return action->region ? holdings_find(&setup->regions, action->region) : NULL;
}

/* Where the bytes of an allocation may lie together with others; NULL: anywhere in the heap. */
static size_t *apart_area(const struct setup *setup, struct holding *holding)
{
	struct holding *region = region_of(setup, &holding->action);

	if (region)
		return &region->apart[holding->action.place == PLACE_INTERIM];
	return holding->is_apart ? &holding->apart[0] : NULL;
}

static void add_to_thrift(struct setup *setup, struct holding *holding)
{
	size_t *area = apart_area(setup, holding);
	size_t bytes = entry_of(holding).asked;

	if (area)
		thrift_add_apart(&setup->figures.thrift, area, bytes);
	else
		thrift_add(&setup->figures.thrift, bytes);
}

static void remove_from_thrift(struct setup *setup, struct holding *holding)
{
	size_t *area = apart_area(setup, holding);
	size_t bytes = entry_of(holding).asked;

	if (area)
		thrift_remove_apart(&setup->figures.thrift, area, bytes);
	else
		thrift_remove(&setup->figures.thrift, bytes);
}

static bool keeps_contract(const struct setup *setup, const struct holding *holding)
{
	const struct account_window *window = &setup->backend->window;
	size_t offset = offset_of(setup, holding), bytes = window->pages * window->page_bytes;

	return holding->usable >= holding->action.min && holding->usable <= bytes &&
	       offset <= bytes - holding->usable &&
	       (uintptr_t)holding->ptr % holding->action.align == 0;
}

/* What was granted is counted, filled and from now on the owner's alone. */
static void take_over(struct setup *setup, struct holding *holding)
{
	struct account_entry entry = entry_of(holding);

	account_add(&setup->figures.account, &entry);
	add_to_thrift(setup, holding);
	pattern_fill(holding->ptr, holding->usable, holding->action.id);
	record_granted(setup->trace, holding, offset_of(setup, holding));
	look_for_peaks(setup);
}

/* A trial is over once anything was refused: the rest of the schedule is not worth the time. */
static bool is_decided(const struct setup *setup)
{
	return setup->is_trial && figures_refusals(&setup->figures) > 0;
}

static bool perform_alloc(struct setup *setup, const struct action *action)
{
	struct holding *holding = holdings_add(&setup->allocations, action->id, action);
	int32_t why = setup->backend->ops->alloc(setup->backend, holding, region_of(setup, action));
	bool granted = why == QUIRE_OK;

	setup->figures.allocations++;
	if (granted && !keeps_contract(setup, holding)) {
		violation(setup, action, "size, place or alignment is not what was asked");
		granted = false;
	}
	if (action_is_range(action))
		figures_range(&setup->figures, action, granted ? holding->usable : 0,
			      holding->tries);
	if (granted) {
		take_over(setup, holding);
		return true;
	}
	holdings_remove(&setup->allocations, action->id);
	setup->figures.allocations_refused++;
	refuse(setup, action, why);
	return false;
}

/* Before memory goes back: is every byte still the owner's? */
static void give_up(struct setup *setup, struct holding *holding)
{
	struct account_entry entry = entry_of(holding);
	size_t wrong = pattern_check(holding->ptr, holding->usable, holding->action.id);

	if (wrong != PATTERN_INTACT)
		corruption(setup, &holding->action, wrong);
	remove_from_thrift(setup, holding);
	account_remove(&setup->figures.account, &entry);
}

static void perform_free(struct setup *setup, const struct action *action)
{
	struct holding *holding = holdings_find(&setup->allocations, action->id);

	if (!holding) {
		violation(setup, action, "the model frees what it does not have");
		return;
	}
	give_up(setup, holding);
	if (setup->backend->ops->free(setup->backend, holding,
				      region_of(setup, &holding->action)) != QUIRE_OK)
		violation(setup, &holding->action, "a free was refused");
	record_action(setup->trace, action);
	holdings_remove(&setup->allocations, action->id);
	look_for_peaks(setup);
}

/* ---- regions --------------------------------------------------------------------------------- */

static struct account_entry region_entry(const struct holding *region)
{
	return (struct account_entry){
		.pipeline = region->action.pipeline,
		.ptr = region->ptr,
		.bytes = region->mapped,
		.addresses = region->addresses,
	};
}

static bool perform_region_create(struct setup *setup, const struct action *action)
{
	struct holding *region = holdings_add(&setup->regions, action->region, action);
	int32_t why = setup->backend->ops->region_create(setup->backend, region);
	struct account_entry entry;

	setup->figures.regions++;
	if (why != QUIRE_OK) {
		holdings_remove(&setup->regions, action->region);
		setup->figures.regions_refused++;
		refuse(setup, action, why);
		return false;
	}
	entry = region_entry(region);
	account_add(&setup->figures.account, &entry);
	record_granted(setup->trace, region, offset_of(setup, region));
	look_for_peaks(setup);
	return true;
}

static void perform_region_seal(struct setup *setup, const struct action *action)
{
	struct holding *region = region_of(setup, action);

	if (!region || setup->backend->ops->region_seal(setup->backend, region) != QUIRE_OK)
		violation(setup, action, "a region could not be sealed");
	record_action(setup->trace, action);
}

/* What is left in a region goes with it. */
static void empty_region(struct setup *setup, uint32_t region)
{
	struct holding *holding = holdings_next(&setup->allocations, NULL);

	while (holding) {
		struct holding *next = holdings_next(&setup->allocations, holding);

		if (holding->action.region == region) {
			give_up(setup, holding);
			holdings_remove(&setup->allocations, holding->action.id);
		}
		holding = next;
	}
}

static void perform_region_put(struct setup *setup, const struct action *action)
{
	struct holding *region = region_of(setup, action);
	struct account_entry entry;

	if (!region) {
		violation(setup, action, "the model puts a region that it does not have");
		return;
	}
	entry = region_entry(region);
	empty_region(setup, action->region);
	if (setup->backend->ops->region_put(setup->backend, region) != QUIRE_OK)
		violation(setup, action, "a region could not be given back");
	account_remove(&setup->figures.account, &entry);
	record_action(setup->trace, action);
	holdings_remove(&setup->regions, action->region);
	look_for_peaks(setup);
}

/* ---- actions --------------------------------------------------------------------------------- */

static void count_stream(struct setup *setup, const struct action *action)
{
	setup->figures.streams_begun += action->kind == ACTION_BEGIN;
	setup->figures.streams_refused += action->kind == ACTION_REFUSED;
	record_action(setup->trace, action);
}

static bool perform(struct performer *performer, const struct action *action)
{
	struct setup *setup = (struct setup *)performer;

	switch (action->kind) {
	case ACTION_ALLOC:
		return !is_decided(setup) && perform_alloc(setup, action);
	case ACTION_REGION_CREATE:
		return !is_decided(setup) && perform_region_create(setup, action);
	case ACTION_FREE:
		perform_free(setup, action);
		return true;
	case ACTION_REGION_SEAL:
		perform_region_seal(setup, action);
		return true;
	case ACTION_REGION_PUT:
		perform_region_put(setup, action);
		return true;
	default:
		count_stream(setup, action);
		return true;
	}
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static struct backend *backend_open(const struct setup_options *options, struct setup_error *error)
{
	static struct backend *(*const open[])(const struct setup_options *,
					       struct setup_error *) = {
		[SETUP_TABLE] = table_open,
		[SETUP_CLASSIC] = classic_open,
		[SETUP_ELASTIC] = elastic_open,
	};

	return open[options->kind](options, error);
}

struct setup *setup_open(const struct setup_options *options, struct setup_error *error)
{
	struct backend *backend;
	struct setup *setup;

	record_names(options->trace, options->topology);
	record_memory(options->trace, options);
	backend = backend_open(options, error);
	if (!backend)
		return NULL;
	setup = host_alloc(1, sizeof(*setup));
	setup->performer.perform = perform;
	setup->backend = backend;
	setup->topology = options->topology;
	setup->is_trial = options->is_trial;
	setup->trace = options->trace;
	holdings_init(&setup->allocations);
	holdings_init(&setup->regions);
	account_init(&setup->figures.account, options->topology->pipeline_count, &backend->window);
	thrift_init(&setup->figures.thrift, options->board->page_bytes,
		    options->board->cache_line_bytes);
	setup->figures.largest_least = SIZE_MAX;
	look_for_peaks(setup);
	return setup;
}

struct performer *setup_performer(struct setup *setup)
{
	return &setup->performer;
}

/* What nobody gave back is checked, counted, and given back after all. */
static void collect_leaks(struct setup *setup)
{
	struct holding *holding;

	while ((holding = holdings_next(&setup->allocations, NULL))) {
		struct action action = holding->action;

		setup->figures.leaks++;
		setup->figures.leaked_bytes += holding->usable;
		action.kind = ACTION_FREE;
		perform_free(setup, &action);
	}
	while ((holding = holdings_next(&setup->regions, NULL))) {
		struct action action = holding->action;

		setup->figures.leaks++;
		action.kind = ACTION_REGION_PUT;
		perform_region_put(setup, &action);
	}
}

static void check_library(struct setup *setup)
{
	const char *broken = setup->backend->ops->check(setup->backend);

	if (!broken)
		return;
	setup->figures.violations++;
	if (!setup->figures.complaint[0])
		snprintf(setup->figures.complaint, sizeof(setup->figures.complaint), "%s", broken);
}

struct figures setup_close(struct setup *setup)
{
	struct backend *backend = setup->backend;
	struct figures figures;

	check_library(setup);
	collect_leaks(setup);
	setup->figures.pages_peak = setup->figures.fullest.pages;
	setup->figures.banks_peak = backend->ops->banks_peak ? backend->ops->banks_peak(backend)
							     : setup->figures.account.banks.peak;
	if (backend->ops->sum_up)
		backend->ops->sum_up(backend, &setup->figures);
	setup->figures.pages_left = backend->ops->close(backend);
	holdings_fini(&setup->allocations);
	holdings_fini(&setup->regions);
	figures = setup->figures;
	free(setup);
	return figures;
}
