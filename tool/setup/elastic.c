/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quire: one heap without a table over the whole window, budgets instead of luck, and regions that cost
 * only the pages that are used.
 *
 * Guarantees. The budget `needed` pays for the heap's shared pages and for regions, and is guaranteed
 * what everything but deep ranges takes at the worst moment of the schedule (a rehearsal counts it:
 * setup/rehearsal.h). A deep range, one that can take pages beyond its minimum, gets a budget of its own
 * for as long as it lives, with its minimum guaranteed; so it grows into what nobody else is promised,
 * and no further. Those guarantees come out of `later`, which holds them until the ranges arrive.
 * Where memory is too small for all of that, as much is guaranteed as there is.
 *
 * Evacuation, if asked for, comes after each start and stop: between two actions nobody uses memory, so
 * every budget lets its pages be moved.
 */
#include <stdlib.h>

#include "setup/ground.h"
#include "setup/host.h"
#include "setup/record.h"

/* Deep ranges that can be alive at once: all that a ledger can hold, but for the three below. */
#define DEEP_MAX (QUIRE_BUDGETS_MAX - 3u)

struct elastic {
	struct backend backend;
	struct ground ground;
	struct quire_observer observer;
	struct trace *trace;
	struct quire_vmh heap;
	void *storage;
	struct quire_budget needed;
	struct quire_budget later;
	size_t deep; /* ranges with a budget of their own */
	uint32_t evacuate;
	struct quire_mover mover; /* of all budgets */
};

static struct elastic *elastic_of(struct backend *backend)
{
	return (struct elastic *)backend;
}

static void notify(struct quire_observer *observer, const struct quire_event *event)
{
	struct elastic *self =
		(struct elastic *)((char *)observer - offsetof(struct elastic, observer));

	record_observed(self->trace, event, (uintptr_t)self->ground.port.window);
}

static size_t page_bytes(const struct elastic *self)
{
	return self->backend.window.page_bytes;
}

/* ---- evacuation ------------------------------------------------------------------------------- */

/* Nobody uses any memory between two actions. */
static int32_t quiesce(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
	return QUIRE_OK;
}

static void resume(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
}

static int32_t let_move(struct elastic *self, struct quire_budget *budget)
{
	if (!self->evacuate)
		return QUIRE_OK;
	self->mover = (struct quire_mover){ .quiesce = quiesce, .resume = resume };
	return quire_vspace_set_mover(&self->ground.vs, budget, &self->mover);
}

static void elastic_rest(struct backend *backend)
{
	struct elastic *self = elastic_of(backend);

	if (self->evacuate)
		quire_vspace_save_power(&self->ground.vs, self->evacuate, NULL);
}

/* ---- budgets for deep ranges ------------------------------------------------------------------ */

static void set_later(struct elastic *self, size_t pages)
{
	quire_vspace_change(&self->ground.vs, &self->later, pages, QUIRE_NO_LIMIT);
}

/* A budget with `pages` guaranteed, or as many as are left; NULL if there are too many already. */
static struct quire_budget *budget_for(struct elastic *self, size_t pages)
{
	struct quire_budget *budget;

	if (self->deep == DEEP_MAX)
		return NULL;
	budget = host_alloc(1, sizeof(*budget));
	if (pages > self->later.guaranteed)
		pages = self->later.guaranteed;
	set_later(self, self->later.guaranteed - pages);
	if (quire_vspace_admit(&self->ground.vs, budget, pages, QUIRE_NO_LIMIT) != QUIRE_OK) {
		set_later(self, self->later.guaranteed + pages);
		free(budget);
		return NULL;
	}
	let_move(self, budget);
	self->deep++;
	return budget;
}

static void budget_done(struct elastic *self, struct quire_budget *budget)
{
	size_t pages;

	if (!budget)
		return;
	pages = budget->guaranteed;
	if (quire_vspace_dismiss(&self->ground.vs, budget) != QUIRE_OK)
		return; /* it still pays for a page that could not be unmapped */
	set_later(self, self->later.guaranteed + pages);
	free(budget);
	self->deep--;
}

/* ---- allocations ------------------------------------------------------------------------------ */

static int32_t alloc_in_heap(struct elastic *self, struct holding *holding,
			     struct quire_request *request)
{
	struct quire_vmh_extent extent;
	struct quire_budget *budget = NULL;

	if (setup_is_deep(&holding->action, page_bytes(self)))
		budget = budget_for(self, (request->min + page_bytes(self) - 1) / page_bytes(self));
	request->budget = budget;
	holding->ptr = quire_vmh_request(&self->heap, request);
	if (!holding->ptr) {
		budget_done(self, budget);
		return request->why;
	}
	holding->owner = budget;
	holding->is_apart = budget != NULL;
	holding->usable = quire_vmh_usable_size(&self->heap, holding->ptr);
	if (quire_vmh_next(&self->heap, holding->ptr, &extent))
		holding->addresses = extent.size;
	return QUIRE_OK;
}

static int32_t alloc_in_region(struct holding *holding, struct quire_vregion *region,
			       struct quire_request *request)
{
	enum quire_area area =
		holding->action.place == PLACE_LIFETIME ? QUIRE_LIFETIME : QUIRE_INTERIM;

	holding->ptr = quire_vregion_request(region, area, request);
	if (!holding->ptr)
		return request->why;
	holding->usable = area == QUIRE_INTERIM ? quire_vregion_usable_size(region, holding->ptr)
						: request->granted;
	return QUIRE_OK;
}

static int32_t elastic_alloc(struct backend *backend, struct holding *holding,
			     struct holding *region)
{
	const struct action *action = &holding->action;
	struct quire_request request = {
		.size = action->size,
		.min = action->min,
		.step = action->step,
		.align = action->align,
		.tag = action->id,
	};

	holding->tries = 1;
	if (region)
		return alloc_in_region(holding, region->owner, &request);
	return alloc_in_heap(elastic_of(backend), holding, &request);
}

static int32_t elastic_free(struct backend *backend, struct holding *holding,
			    struct holding *region)
{
	struct elastic *self = elastic_of(backend);
	int32_t status;

	if (region)
		return quire_vregion_free(region->owner, holding->ptr);
	status = quire_vmh_free(&self->heap, holding->ptr);
	budget_done(self, holding->owner);
	return status;
}

/* ---- regions ---------------------------------------------------------------------------------- */

static void release_storage(void *context, void *storage)
{
	(void)context;
	free(storage);
}

static int32_t elastic_region_create(struct backend *backend, struct holding *region)
{
	struct elastic *self = elastic_of(backend);
	struct quire_vregion_config config = {
		.lifetime = region->action.size,
		.flags = QUIRE_VREGION_LAZY,
		.budget = &self->needed,
		.tag = region->action.region,
		.release = release_storage,
	};
	struct quire_vregion_info info;
	int32_t why = QUIRE_OK;

	region->tries = 1;
	config.storage_bytes = QUIRE_VREGION_STORAGE(config.lifetime + page_bytes(self),
						     self->ground.port.mmu.cache_line);
	config.storage = host_alloc(1, config.storage_bytes);
	region->owner = quire_vregion_create(&self->ground.vs, &config, &why);
	if (!region->owner) {
		free(config.storage);
		return why;
	}
	quire_vregion_info(region->owner, &info);
	region->ptr = info.base;
	region->usable = info.size;
	region->addresses = info.size;
	return QUIRE_OK;
}

static int32_t elastic_region_seal(struct backend *backend, struct holding *region)
{
	(void)backend;
	return quire_vregion_seal(region->owner);
}

static int32_t elastic_region_put(struct backend *backend, struct holding *region)
{
	(void)backend;
	return quire_vregion_put(region->owner);
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void elastic_measure(struct backend *backend, struct snapshot *snapshot)
{
	struct elastic *self = elastic_of(backend);
	size_t bytes = ground_measure(&self->ground, snapshot) * page_bytes(self);
	struct quire_vmh_stats stats;

	quire_vmh_stats(&self->heap, &stats);
	snapshot->largest = stats.largest < bytes ? stats.largest : bytes;
}

static size_t elastic_banks_peak(struct backend *backend)
{
	return quire_frames_banks_on_peak(quire_linux_frames(&elastic_of(backend)->ground.port));
}

static void elastic_sum_up(struct backend *backend, struct figures *figures)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(&elastic_of(backend)->ground.vs, &stats);
	figures->pages_mapped = stats.mapped_pages;
	figures->pages_moved = stats.moved_pages;
}

static const char *elastic_check(struct backend *backend)
{
	struct elastic *self = elastic_of(backend);
	const char *broken = quire_vmh_check(&self->heap);

	return broken ? broken : quire_vspace_check(&self->ground.vs);
}

static size_t elastic_close(struct backend *backend)
{
	struct elastic *self = elastic_of(backend);
	size_t pages;

	quire_vmh_fini(&self->heap);
	pages = ground_close(&self->ground);
	free(self->storage);
	free(self);
	return pages;
}

static const struct backend_ops elastic_ops = {
	.alloc = elastic_alloc,
	.free = elastic_free,
	.region_create = elastic_region_create,
	.region_seal = elastic_region_seal,
	.region_put = elastic_region_put,
	.rest = elastic_rest,
	.measure = elastic_measure,
	.banks_peak = elastic_banks_peak,
	.sum_up = elastic_sum_up,
	.check = elastic_check,
	.close = elastic_close,
};

static size_t at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

/* Deep ranges first: what they are promised is little, and only their minimums. */
static int32_t admit_budgets(struct elastic *self, const struct setup_options *options)
{
	struct quire_vspace *vs = &self->ground.vs;
	struct quire_vspace_stats stats;
	size_t deep, needed;
	int32_t status;

	quire_vspace_stats(vs, &stats);
	deep = at_most(options->deep_pages, stats.physical);
	needed = at_most(options->needed_pages, stats.physical - deep);
	status = quire_vspace_admit(vs, &self->later, deep, QUIRE_NO_LIMIT);
	if (status == QUIRE_OK)
		status = quire_vspace_admit(vs, &self->needed, needed, QUIRE_NO_LIMIT);
	if (status == QUIRE_OK)
		status = let_move(self, &self->needed);
	return status;
}

/* Regions take their windows beside the heap's. At most half of the addresses are theirs. */
static size_t heap_pages(const struct setup_options *options)
{
	size_t pages = options->board->window_bytes / options->board->page_bytes;

	return pages - at_most(options->region_pages, pages / 2);
}

static int32_t open_heap(struct elastic *self, const struct setup_options *options)
{
	struct quire_vmh_config config = {
		.window = heap_pages(options) * options->board->page_bytes,
		.budget = &self->needed,
	};

	config.storage_bytes = quire_vmh_storage_needed(&self->ground.port.mmu, &config);
	config.storage = self->storage = host_alloc(1, config.storage_bytes);
	return quire_vmh_init(&self->heap, &self->ground.vs, &config);
}

struct backend *elastic_open(const struct setup_options *options, struct setup_error *error)
{
	struct elastic *self = host_alloc(1, sizeof(*self));
	int32_t status;

	self->backend.ops = &elastic_ops;
	self->observer.notify = notify;
	self->trace = options->trace;
	self->evacuate = options->evacuate;
	if (!ground_open(&self->ground, options->board, QUIRE_BUDGETS_MAX - 1,
			 options->trace ? &self->observer : NULL, error)) {
		free(self);
		return NULL;
	}
	self->backend.window = ground_window(&self->ground, options->board);
	status = admit_budgets(self, options);
	if (status == QUIRE_OK)
		status = open_heap(self, options);
	if (status == QUIRE_OK)
		return &self->backend;
	ground_close(&self->ground);
	free(self->storage);
	free(self);
	return setup_refused(error, "the elastic heap", status);
}
