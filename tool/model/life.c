/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lives: the steps of starting and stopping a stream, in the firmware's order.
 *
 * Stopping frees whatever the lists of the going parts hold, so it is also what undoes a start that
 * was refused half-way: there is no other way back.
 *
 * Bound: a start or stop costs the modules of its pipelines and the connections of the topology,
 * each times the pipelines of the stream at most, and the copies that run.
 */
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"
#include "model/size.h"

struct life *life_new(const struct topology *topology, const struct life_options *options,
		      struct performer *performer)
{
	struct life *life = calloc(1, sizeof(*life));

	if (life == NULL)
		return NULL;
	life->topology = topology;
	life->options = *options;
	life->performer = performer;
	life->next_id = 1;
	life->next_region = 1;
	life->plan = plan_new(topology);
	life->parts = calloc(topology->pipeline_count + 1, sizeof(struct part *));
	if (life->plan == NULL || life->parts == NULL) {
		life_free(life);
		return NULL;
	}
	return life;
}

static void free_parts(struct life *life)
{
	for (size_t i = 0; i < life->topology->pipeline_count; i++) {
		while (life->parts[i] != NULL)
			part_drop(life, life->parts[i]);
	}
}

void life_free(struct life *life)
{
	if (life == NULL)
		return;
	life_free(life->rehearsal);
	tally_free(life->tally);
	for (size_t i = 0; i < life->bond_count; i++)
		list_free(&life->bonds[i].records);
	free(life->bonds);
	for (size_t i = 0; i < life->run_count; i++)
		free(life->runs[i].parts);
	free(life->runs);
	if (life->parts != NULL)
		free_parts(life);
	free(life->parts);
	plan_free(life->plan);
	free(life);
}

/* Runs */

static size_t find_run(const struct life *life, size_t stream, uint32_t copy)
{
	for (size_t i = 0; i < life->run_count; i++) {
		if (life->runs[i].stream == stream && life->runs[i].copy == copy)
			return i;
	}
	return TOPOLOGY_NONE;
}

static struct run *add_run(struct life *life, size_t stream, uint32_t copy)
{
	size_t capacity = life->run_capacity == 0 ? 8 : life->run_capacity * 2;
	struct run *runs;

	if (life->run_count == life->run_capacity) {
		runs = realloc(life->runs, capacity * sizeof(*runs));
		if (runs == NULL)
			return NULL;
		life->runs = runs;
		life->run_capacity = capacity;
	}
	life->runs[life->run_count] = (struct run){ .stream = stream, .copy = copy };
	return &life->runs[life->run_count++];
}

static void remove_run(struct life *life, struct run *run)
{
	size_t behind = (size_t)(&life->runs[life->run_count] - run) - 1;

	free(run->parts);
	memmove(run, run + 1, behind * sizeof(*run));
	life->run_count--;
}

/* Says something about a stream as a whole. */
static void tell(struct life *life, enum action_kind kind, size_t stream, uint32_t copy)
{
	size_t host = life->topology->streams[stream].host;
	struct action action = {
		.kind = kind,
		.align = 1,
		.stream = stream,
		.pipeline = TOPOLOGY_NONE,
		.copy = copy,
		.module = TOPOLOGY_NONE,
	};

	if (host != TOPOLOGY_NONE)
		action.core = life->topology->modules[host].core;
	act(life, &action);
}

/* Steps of a start. Each is for the parts that this run creates. */

static bool announce(struct life *life, struct part *part)
{
	struct action action = action_for(life, part, NULL);
	const struct life_place_amount *asked;

	action.kind = ACTION_PIPELINE_CREATE;
	action.place = PLACE_VIRTUAL_HEAP;
	if (!life->rehearsing) {
		asked = &life->tally->pipelines[part->pipeline].places[PLACE_VIRTUAL_HEAP];
		action.size = asked->bytes;
		action.min = asked->min_bytes;
	}
	part->announced = act(life, &action);
	return part->announced;
}

static bool give_pipeline_object(struct life *life, struct part *part, enum action_purpose purpose,
				 size_t bytes)
{
	struct action action = action_for(life, part, NULL);

	action.place = PLACE_SYSTEM_HEAP;
	action.purpose = purpose;
	action.size = bytes;
	action.min = bytes;
	action.align = SIZE_ALIGN;
	return give(life, &part->objects, part->region.id != 0 ? &part->region : NULL, &action);
}

static bool create_region(struct life *life, struct part *part)
{
	struct action action = action_for(life, part, NULL);

	if (life->options.regions != LIFE_REGIONS_PIPELINE)
		return true;
	if (!life->rehearsing)
		region_measure(life, &life->tally->pipeline_needs[part->pipeline], &action);
	return region_create(life, &part->region, &action);
}

static bool create_pipeline(struct life *life, struct part *part)
{
	return create_region(life, part) &&
	       give_pipeline_object(life, part, PURPOSE_PIPELINE, SIZE_PIPELINE) &&
	       give_pipeline_object(life, part, PURPOSE_PIPELINE, SIZE_LIST_ENTRY);
}

static bool is_chain(const struct life *life, const struct part *part)
{
	return life->topology->pipelines[part->pipeline].chain_dma;
}

typedef bool module_step(struct life *life, struct part *part, struct part_module *module);

static bool each_module(struct life *life, struct part *part, module_step *step)
{
	for (size_t i = 0; i < part->module_count; i++) {
		if (!step(life, part, &part->modules[i]))
			return false;
	}
	return true;
}

static bool create(struct life *life, struct part *part)
{
	if (!announce(life, part))
		return false;
	if (is_chain(life, part))
		return true;
	return create_pipeline(life, part) && each_module(life, part, module_create);
}

static bool configure(struct life *life, struct part *part)
{
	return each_module(life, part, module_configure);
}

static bool complete(struct life *life, struct part *part)
{
	for (size_t i = 0; i < SIZE_TASKS && !is_chain(life, part); i++) {
		if (!give_pipeline_object(life, part, PURPOSE_TASK, SIZE_TASK))
			return false;
	}
	if (!each_module(life, part, module_complete))
		return false;
	region_seal(life, &part->region);
	return true;
}

static bool holds_host(const struct life *life, const struct part *part,
		       enum topology_direction *direction)
{
	const struct topology_pipeline *pipeline = &life->topology->pipelines[part->pipeline];

	for (size_t i = 0; i < pipeline->module_count; i++) {
		enum topology_kind kind = life->topology->modules[pipeline->modules[i]].kind;

		*direction = kind == TOPOLOGY_HOST_CAPTURE ? TOPOLOGY_CAPTURE : TOPOLOGY_PLAYBACK;
		if (kind == TOPOLOGY_HOST_PLAYBACK || kind == TOPOLOGY_HOST_CAPTURE)
			return true;
	}
	return false;
}

/* One buffer joins host and link: the pipeline at the host's end asks for it. */
static bool prepare_chain(struct life *life, struct part *part)
{
	struct action action = action_for(life, part, NULL);
	enum topology_direction direction;

	if (!holds_host(life, part, &direction))
		return true;
	action.place = PLACE_VIRTUAL_HEAP;
	action.purpose = PURPOSE_CHAIN_DMA;
	action.align = life->options.dma_address_align;
	action.size = size_chain_dma(direction, size_period(&part->chain), action.align);
	action.min = action.size;
	return give(life, &part->chained, NULL, &action);
}

static bool prepare(struct life *life, struct part *part)
{
	if (is_chain(life, part))
		return prepare_chain(life, part);
	return each_module(life, part, module_prepare);
}

typedef bool part_step(struct life *life, struct part *part);

static bool each_fresh(struct life *life, const struct run *run, part_step *step)
{
	for (size_t i = 0; i < run->count; i++) {
		if (run->parts[i]->fresh && !step(life, run->parts[i]))
			return false;
	}
	return true;
}

static bool bring_up(struct life *life, struct run *run)
{
	if (!rehearse(life, run->stream) || !parts_enter(life, run))
		return false;
	carry_through(life, run);
	return each_fresh(life, run, create) && each_fresh(life, run, configure) &&
	       bind_all(life, run) && each_fresh(life, run, complete) &&
	       each_fresh(life, run, prepare);
}

/* Steps of a stop. Each is for the parts that nobody uses any more. */

static void reset_part(struct life *life, struct part *part)
{
	for (size_t i = 0; i < part->module_count; i++)
		module_reset(life, &part->modules[i]);
	take_back(life, &part->chained, TOPOLOGY_NONE);
}

static void delete_part(struct life *life, struct part *part)
{
	struct action action = action_for(life, part, NULL);

	for (size_t i = 0; i < part->module_count; i++)
		module_delete(life, &part->modules[i]);
	take_back(life, &part->objects, TOPOLOGY_NONE);
	region_abandon(life, &part->region);
	unbind_from(life, part);
	action.kind = ACTION_PIPELINE_DELETE;
	if (part->announced)
		act(life, &action);
}

static void tear_down(struct life *life, struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		run->parts[i]->users--;
	for (size_t i = 0; i < run->count; i++) {
		if (part_is_going(run->parts[i]))
			reset_part(life, run->parts[i]);
	}
	unbind_within(life);
	for (size_t i = 0; i < run->count; i++) {
		if (part_is_going(run->parts[i]))
			delete_part(life, run->parts[i]);
	}
	for (size_t i = 0; i < run->count; i++) {
		if (part_is_going(run->parts[i]))
			part_drop(life, run->parts[i]);
	}
}

static void refuse(struct life *life, struct run *run)
{
	tear_down(life, run);
	tell(life, ACTION_REFUSED, run->stream, run->copy);
	life->counts.refused++;
	remove_run(life, run);
}

/* What a stream calls */

bool life_start(struct life *life, size_t stream, uint32_t copy)
{
	struct run *run;

	if (life_is_running(life, stream, copy))
		return true;
	run = add_run(life, stream, copy);
	if (run == NULL)
		return false;
	tell(life, ACTION_BEGIN, stream, copy);
	if (!bring_up(life, run)) {
		refuse(life, run);
		return false;
	}
	for (size_t i = 0; i < run->count; i++)
		run->parts[i]->fresh = false;
	tell(life, ACTION_RUNNING, stream, copy);
	return true;
}

bool life_prepare_again(struct life *life, size_t stream, uint32_t copy)
{
	size_t at = find_run(life, stream, copy);
	struct run *run;

	if (at == TOPOLOGY_NONE)
		return false;
	run = &life->runs[at];
	for (size_t i = 0; i < run->count; i++) {
		if (run->parts[i]->users == 1)
			reset_part(life, run->parts[i]);
	}
	for (size_t i = 0; i < run->count; i++) {
		if (run->parts[i]->users == 1 && !prepare(life, run->parts[i])) {
			refuse(life, run);
			return false;
		}
	}
	return true;
}

void life_stop(struct life *life, size_t stream, uint32_t copy)
{
	size_t at = find_run(life, stream, copy);

	if (at == TOPOLOGY_NONE)
		return;
	tear_down(life, &life->runs[at]);
	tell(life, ACTION_STOPPED, stream, copy);
	remove_run(life, &life->runs[at]);
}

void life_stop_all(struct life *life)
{
	while (life->run_count > 0)
		life_stop(life, life->runs[0].stream, life->runs[0].copy);
}

/* What it says about itself */

bool life_is_running(const struct life *life, size_t stream, uint32_t copy)
{
	return find_run(life, stream, copy) != TOPOLOGY_NONE;
}

void life_counts(const struct life *life, struct life_counts *counts)
{
	*counts = life->counts;
	counts->running = life->run_count;
}

const struct topology *life_topology(const struct life *life)
{
	return life->topology;
}

void life_format_taken(const struct life *life, size_t stream, struct life_taken *taken)
{
	carry_at_host(life, stream, taken);
}

static const char *const regions_names[LIFE_REGIONS_COUNT] = {
	[LIFE_REGIONS_NONE] = "none",
	[LIFE_REGIONS_DP] = "dp",
	[LIFE_REGIONS_MODULE] = "module",
	[LIFE_REGIONS_PIPELINE] = "pipeline",
};

const char *life_regions_name(enum life_regions regions)
{
	return (unsigned int)regions < LIFE_REGIONS_COUNT ? regions_names[regions] : "?";
}

bool life_regions_parse(const char *name, enum life_regions *regions)
{
	for (unsigned int i = 0; i < LIFE_REGIONS_COUNT; i++) {
		if (strcmp(name, regions_names[i]) == 0) {
			*regions = (enum life_regions)i;
			return true;
		}
	}
	return false;
}
