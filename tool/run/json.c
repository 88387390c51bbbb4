/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same for machines. quire-run(1) lists the fields.
 *
 * cJSON answers NULL when memory is short, and adding to or from NULL does nothing: only the end needs
 * to be checked, and the printed text is looked at for what must be in it last.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "quire/status.h"
#include "run/run.h"

static void put(cJSON *object, const char *name, size_t number)
{
	cJSON_AddNumberToObject(object, name, (double)number);
}

static void put_index(cJSON *object, const char *name, const char *text, size_t index)
{
	if (index == TOPOLOGY_NONE)
		cJSON_AddNullToObject(object, name);
	else
		cJSON_AddStringToObject(object, name, text);
}

static void put_amount(cJSON *object, const struct life_amount *amount)
{
	put(object, "allocations", amount->allocations);
	put(object, "buffers", amount->buffers);
	put(object, "objects", amount->objects);
	put(object, "buffer_bytes", amount->buffer_bytes);
	put(object, "buffer_min_bytes", amount->buffer_min_bytes);
	put(object, "object_bytes", amount->object_bytes);
	put(object, "regions", amount->regions);
	put(object, "region_bytes", amount->region_bytes);
}

/* ---- the card ----------------------------------------------------------------------------------- */

static void put_card(cJSON *root, const struct run *run)
{
	const struct topology *card = run->topology;
	cJSON *files;

	cJSON_AddStringToObject(root, "file", card->files[0]);
	files = cJSON_AddArrayToObject(root, "files");
	for (size_t i = 0; i < card->file_count; i++)
		cJSON_AddItemToArray(files, cJSON_CreateString(card->files[i]));
	put(root, "ipc", card->ipc);
	put(root, "pipelines", card->pipeline_count);
	put(root, "modules", card->module_count);
	put(root, "connections", card->connection_count);
	put(root, "streams", card->stream_count);
	put_amount(root, &run->demand.total);
	put(root, "buffer_sizes", run->demand.buffer_sizes);
}

static void put_stream(cJSON *array, const struct run *run, size_t index)
{
	const struct topology_stream *stream = &run->topology->streams[index];
	const struct life_taken *taken = &run->taken[index];
	cJSON *object = cJSON_CreateObject();

	put(object, "pcm", stream->pcm_id);
	cJSON_AddStringToObject(object, "name", stream->name);
	cJSON_AddStringToObject(object, "direction", topology_direction_name(stream->direction));
	cJSON_AddBoolToObject(object, "started", stream->pipeline_count > 0);
	put(object, "rate", taken->format.rate);
	put(object, "channels", taken->format.channels);
	put(object, "bits", taken->format.bits);
	put(object, "container_bits", taken->container_bits);
	cJSON_AddBoolToObject(object, "as_asked", taken->as_asked);
	put_amount(object, &run->demand.streams[index]);
	cJSON_AddItemToArray(array, object);
}

static void put_pipeline(cJSON *array, const struct run *run, size_t index)
{
	const struct topology_pipeline *pipeline = &run->topology->pipelines[index];
	const struct usage *usage = &run->columns[SETUP_ELASTIC].figures.account.pipeline[index];
	cJSON *object = cJSON_CreateObject();

	put(object, "id", pipeline->id);
	cJSON_AddStringToObject(object, "name", pipeline->name);
	put(object, "modules", pipeline->module_count);
	put_amount(object, &run->demand.pipelines[index]);
	put(object, "bytes_asked_peak", usage->asked.peak);
	put(object, "pages_peak", usage->pages.peak);
	put(object, "address_bytes_peak", usage->addresses.peak);
	cJSON_AddItemToArray(array, object);
}

static void put_parts(cJSON *root, const struct run *run)
{
	cJSON *streams = cJSON_AddArrayToObject(root, "per_stream");
	cJSON *pipelines = cJSON_AddArrayToObject(root, "per_pipeline");

	for (size_t i = 0; i < run->topology->stream_count; i++)
		put_stream(streams, run, i);
	for (size_t i = 0; i < run->topology->pipeline_count; i++)
		put_pipeline(pipelines, run, i);
}

/* ---- board and schedule ------------------------------------------------------------------------- */

static void put_board(cJSON *root, const struct run *run)
{
	cJSON *object = cJSON_AddObjectToObject(root, "board");

	cJSON_AddStringToObject(object, "name", run->board.name);
	put(object, "page_bytes", run->board.page_bytes);
	put(object, "sram_bytes", run->board.sram_bytes);
	put(object, "image_bytes", run->board.image_bytes);
	put(object, "pages", run_memory_pages(run));
	put(object, "banks", run_bank_count(run));
	put(object, "window_bytes", run->board.window_bytes);
}

static void put_schedule(cJSON *root, const struct run *run)
{
	const struct schedule_options *schedule = &run->options.schedule;
	cJSON *object = cJSON_AddObjectToObject(root, "schedule");

	cJSON_AddStringToObject(object, "kind", schedule_name(schedule->kind));
	put(object, "streams", run->columns[SETUP_ELASTIC].schedule.slots);
	if (schedule->kind == SCHEDULE_CHURN) {
		put(object, "cycles", schedule->cycles);
		put(object, "seed", schedule->seed);
	}
}

/* ---- set-ups ------------------------------------------------------------------------------------ */

static void put_holder(cJSON *array, const struct run *run, const struct holder *holder)
{
	cJSON *object = cJSON_CreateObject();

	put_index(object, "pipeline", run_pipeline_name(run, holder->pipeline), holder->pipeline);
	put_index(object, "module", run_module_name(run, holder->module), holder->module);
	put(object, "bytes", holder->bytes);
	cJSON_AddItemToArray(array, object);
}

static void put_failure(cJSON *array, const struct run *run, const struct failure *failure)
{
	const struct action *action = &failure->action;
	cJSON *object = cJSON_CreateObject(), *holders;

	cJSON_AddStringToObject(object, "what", action_kind_name(action->kind));
	cJSON_AddStringToObject(object, "purpose", action_purpose_name(action->purpose));
	put_index(object, "pipeline", run_pipeline_name(run, action->pipeline), action->pipeline);
	put_index(object, "module", run_module_name(run, action->module), action->module);
	put(object, "min_bytes", action->min);
	put(object, "bytes", action->size);
	cJSON_AddStringToObject(object, "why", quire_status_name(failure->why));
	put(object, "times", failure->times);
	put(object, "first_step", failure->step);
	put(object, "pages", failure->then.pages);
	put(object, "largest_free", failure->then.largest);
	holders = cJSON_AddArrayToObject(object, "holders");
	for (size_t i = 0; i < failure->holder_count; i++)
		put_holder(holders, run, &failure->holders[i]);
	cJSON_AddItemToArray(array, object);
}

static void put_range(cJSON *array, const struct run *run, const struct range *range)
{
	cJSON *object = cJSON_CreateObject();

	put_index(object, "module", run_module_name(run, range->module), range->module);
	cJSON_AddStringToObject(object, "purpose", action_purpose_name(range->purpose));
	put(object, "min_bytes", range->min);
	put(object, "preferred_bytes", range->preferred);
	put(object, "granted_least", range->most ? range->least : 0);
	put(object, "granted_most", range->most);
	put(object, "times", range->asked);
	put(object, "refused", range->refused);
	cJSON_AddItemToArray(array, object);
}

static void put_moments(cJSON *object, const struct figures *figures)
{
	put(object, "pages_now", figures->settled.pages);
	put(object, "pages_peak", figures->pages_peak);
	put(object, "banks_on", figures->settled.banks);
	put(object, "banks_peak", figures->banks_peak);
	put(object, "largest_free", figures->settled.largest);
	put(object, "largest_free_worst", figures->largest_least);
	cJSON_AddNumberToObject(object, "banks_mean",
				(double)figures->banks_sum /
					(double)(figures->steps ? figures->steps : 1));
	put(object, "asked_now", figures->settled.asked);
	put(object, "asked_peak", figures->account.total.asked.peak);
	put(object, "address_bytes_now", figures->settled.addresses);
	put(object, "address_bytes_peak", figures->account.total.addresses.peak);
	put(object, "fullest_pages", figures->fullest.pages);
	put(object, "fullest_asked", figures->fullest.asked);
	put(object, "fullest_address_bytes", figures->fullest.addresses);
}

static void put_counts(cJSON *object, const struct figures *figures)
{
	put(object, "streams_begun", figures->streams_begun);
	put(object, "streams_refused", figures->streams_refused);
	put(object, "allocations", figures->allocations);
	put(object, "allocations_refused", figures->allocations_refused);
	put(object, "regions", figures->regions);
	put(object, "regions_refused", figures->regions_refused);
	put(object, "failures", figures_refusals(figures));
	put(object, "range_preferred_bytes", figures->range_preferred);
	put(object, "range_granted_bytes", figures->range_granted);
	put(object, "range_searches", figures->range_tries);
	put(object, "corruptions", figures->corruptions);
	put(object, "violations", figures->violations);
	put(object, "leaks", figures->leaks);
	put(object, "leaked_bytes", figures->leaked_bytes);
	put(object, "pages_left", figures->pages_left);
}

static void put_elastic(cJSON *object, const struct column *column)
{
	put(object, "pages_guaranteed", column->guaranteed_pages);
	put(object, "pages_mapped", (size_t)column->figures.pages_mapped);
	put(object, "pages_moved", (size_t)column->figures.pages_moved);
}

static cJSON *column_object(const struct run *run, const struct column *column)
{
	const struct figures *figures = &column->figures;
	cJSON *object = cJSON_CreateObject(), *failures, *ranges;

	cJSON_AddBoolToObject(object, "fits", figures_fit(figures));
	cJSON_AddStringToObject(object, "regions_for", life_regions_name(column->regions));
	if (column->kind == SETUP_ELASTIC)
		put_elastic(object, column);
	if (column->smallest_pages)
		put(object, "smallest_pages", column->smallest_pages);
	put_moments(object, figures);
	put_counts(object, figures);
	failures = cJSON_AddArrayToObject(object, "failure_list");
	for (size_t i = 0; i < figures->failure_count; i++)
		put_failure(failures, run, &figures->failures[i]);
	ranges = cJSON_AddArrayToObject(object, "range_list");
	for (size_t i = 0; i < figures->range_count; i++)
		put_range(ranges, run, &figures->ranges[i]);
	return object;
}

static void put_setups(cJSON *root, const struct run *run)
{
	cJSON *setups = cJSON_AddObjectToObject(root, "setups"), *regions;

	for (size_t i = 0; i < SETUP_KIND_COUNT; i++)
		cJSON_AddItemToObject(setups, setup_name(run->columns[i].kind),
				      column_object(run, &run->columns[i]));
	if (!run->has_by_regions)
		return;
	regions = cJSON_AddObjectToObject(root, "by_regions");
	for (size_t i = 0; i < LIFE_REGIONS_COUNT; i++)
		cJSON_AddItemToObject(regions, life_regions_name(run->by_regions[i].regions),
				      column_object(run, &run->by_regions[i]));
}

int json_print(const struct run *run)
{
	cJSON *root = cJSON_CreateObject(), *last;
	char *text;

	cJSON_AddStringToObject(root, "program", COMMAND_VERSION);
	put_card(root, run);
	put_board(root, run);
	put_schedule(root, run);
	put_parts(root, run);
	put_setups(root, run);
	last = cJSON_AddBoolToObject(root, "fits", run_fits(run));
	text = last ? cJSON_Print(root) : NULL;
	cJSON_Delete(root);
	if (!text)
		return -1;
	puts(text);
	free(text);
	return 0;
}
