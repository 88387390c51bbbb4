/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/record.h"

#include "quire/status.h"

static void put_index(struct trace *trace, const char *key, size_t index)
{
	if (index != TOPOLOGY_NONE)
		trace_number(trace, key, index);
}

static void put_owner(struct trace *trace, const struct action *action)
{
	put_index(trace, "stream", action->stream);
	put_index(trace, "pipeline", action->pipeline);
	if (action->copy)
		trace_number(trace, "copy", action->copy);
	put_index(trace, "module", action->module);
	trace_number(trace, "core", action->core);
}

/* What was asked for, in the keys that a replay needs to ask for it again. */
static void put_wish(struct trace *trace, const struct action *action)
{
	trace_number(trace, "size", action->size);
	if (action_is_range(action)) {
		trace_number(trace, "min", action->min);
		trace_number(trace, "step", action->step);
	}
	if (action->kind == ACTION_ALLOC) {
		trace_number(trace, "align", action->align);
		trace_word(trace, "place", action_place_name(action->place));
		trace_word(trace, "purpose", action_purpose_name(action->purpose));
	}
	if (action->kind == ACTION_REGION_CREATE)
		trace_number(trace, "lifetime", action->lifetime);
}

static void put_identifiers(struct trace *trace, const struct action *action)
{
	if (action->id)
		trace_number(trace, "id", action->id);
	if (action->region)
		trace_number(trace, "region", action->region);
}

static const char *event_word(enum action_kind kind)
{
	switch (kind) {
	case ACTION_ALLOC:
		return "alloc";
	case ACTION_FREE:
		return "free";
	case ACTION_REGION_CREATE:
		return "region-create";
	case ACTION_REGION_SEAL:
		return "region-seal";
	case ACTION_REGION_PUT:
		return "region-put";
	case ACTION_BEGIN:
		return "stream-begin";
	case ACTION_RUNNING:
		return "stream-running";
	case ACTION_REFUSED:
		return "stream-refused";
	case ACTION_STOPPED:
		return "stream-stopped";
	case ACTION_PIPELINE_CREATE:
		return "pipeline-create";
	case ACTION_PIPELINE_DELETE:
		return "pipeline-delete";
	case ACTION_KIND_COUNT:
		break;
	}
	return "unknown";
}

static void record_stream(struct trace *trace, const struct topology *topology, size_t index)
{
	const struct topology_stream *stream = &topology->streams[index];

	trace_line(trace, "stream");
	trace_number(trace, "number", index);
	trace_number(trace, "pcm", stream->pcm_id);
	trace_word(trace, "direction", topology_direction_name(stream->direction));
	trace_text(trace, "name", stream->name);
	trace_end(trace);
}

static void record_pipeline(struct trace *trace, const struct topology *topology, size_t index)
{
	const struct topology_pipeline *pipeline = &topology->pipelines[index];

	trace_line(trace, "pipeline");
	trace_number(trace, "number", index);
	trace_number(trace, "id", pipeline->id);
	trace_number(trace, "core", pipeline->core);
	trace_text(trace, "name", pipeline->name);
	trace_end(trace);
}

static void record_module(struct trace *trace, const struct topology *topology, size_t index)
{
	const struct topology_module *module = &topology->modules[index];

	trace_line(trace, "module");
	trace_number(trace, "number", index);
	trace_number(trace, "pipeline", module->pipeline);
	trace_word(trace, "kind", topology_kind_name(module->kind));
	trace_text(trace, "name", module->name);
	trace_end(trace);
}

void record_names(struct trace *trace, const struct topology *topology)
{
	if (!trace)
		return;
	for (size_t i = 0; i < topology->file_count; i++) {
		trace_line(trace, "file");
		trace_text(trace, "path", topology->files[i]);
		trace_end(trace);
	}
	for (size_t i = 0; i < topology->stream_count; i++)
		record_stream(trace, topology, i);
	for (size_t i = 0; i < topology->pipeline_count; i++)
		record_pipeline(trace, topology, i);
	for (size_t i = 0; i < topology->module_count; i++)
		record_module(trace, topology, i);
}

void record_memory(struct trace *trace, const struct setup_options *options)
{
	const struct board *board = options->board;

	if (!trace)
		return;
	trace_line(trace, "memory");
	trace_word(trace, "setup", setup_name(options->kind));
	trace_text(trace, "board", board->name);
	trace_number(trace, "page", board->page_bytes);
	trace_number(trace, "line", board->cache_line_bytes);
	trace_number(trace, "pages", board->sram_bytes / board->page_bytes);
	trace_number(trace, "image", board->image_bytes / board->page_bytes);
	trace_number(trace, "bank", board->bank_bytes / board->page_bytes);
	trace_address(trace, "window", board->window_base);
	trace_number(trace, "window-pages", board->window_bytes / board->page_bytes);
	trace_end(trace);
}

void record_granted(struct trace *trace, const struct holding *holding, size_t at)
{
	const struct action *action = &holding->action;

	if (!trace)
		return;
	trace_event(trace, event_word(action->kind));
	put_identifiers(trace, action);
	trace_address(trace, "at", at);
	trace_number(trace, "granted", holding->usable);
	put_wish(trace, action);
	put_owner(trace, action);
	trace_end(trace);
}

void record_refused(struct trace *trace, const struct action *action, int32_t why)
{
	if (!trace)
		return;
	trace_event(trace, "refused");
	trace_word(trace, "what", event_word(action->kind));
	trace_word(trace, "why", quire_status_name(why));
	put_identifiers(trace, action);
	put_wish(trace, action);
	put_owner(trace, action);
	trace_end(trace);
}

void record_action(struct trace *trace, const struct action *action)
{
	if (!trace)
		return;
	trace_event(trace, event_word(action->kind));
	put_identifiers(trace, action);
	if (action->kind == ACTION_PIPELINE_CREATE)
		put_wish(trace, action);
	put_owner(trace, action);
	trace_end(trace);
}

static void record_pages(struct trace *trace, const char *word, const struct quire_event *event,
			 uintptr_t base)
{
	trace_event(trace, word);
	trace_address(trace, "at", (uintptr_t)event->ptr - base);
	trace_number(trace, "size", event->size);
	trace_end(trace);
}

static void record_bank(struct trace *trace, const char *word, const struct quire_event *event)
{
	trace_event(trace, word);
	trace_number(trace, "bank", event->size);
	trace_end(trace);
}

static void record_misuse(struct trace *trace, const struct quire_event *event, uintptr_t base)
{
	trace_event(trace, "misuse");
	trace_word(trace, "why", quire_status_name(event->why));
	trace_address(trace, "at", (uintptr_t)event->ptr - base);
	trace_end(trace);
}

void record_observed(struct trace *trace, const struct quire_event *event, uintptr_t base)
{
	if (!trace)
		return;
	switch (event->kind) {
	case QUIRE_EVENT_MAP:
		record_pages(trace, "map", event, base);
		break;
	case QUIRE_EVENT_UNMAP:
		record_pages(trace, "unmap", event, base);
		break;
	case QUIRE_EVENT_LEAK:
		record_pages(trace, "leak", event, base);
		break;
	case QUIRE_EVENT_POWER_ON:
		record_bank(trace, "bank-on", event);
		break;
	case QUIRE_EVENT_POWER_OFF:
		record_bank(trace, "bank-off", event);
		break;
	case QUIRE_EVENT_MISUSE:
		record_misuse(trace, event, base);
		break;
	default:
		break;
	}
}
