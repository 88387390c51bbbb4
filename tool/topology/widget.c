/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Widgets: 132 bytes, private data, and the widget's controls. The index of their block is the
 * number of their pipeline. Three sorts:
 *
 *  - the scheduler widget, which is the pipeline;
 *  - components, which firmware creates: one of a dozen types, with private data to say how;
 *  - the rest, which exist for the sound system's routing only.
 *
 * Bound: one pass over the private data for the module, two for its formats.
 */
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct snd_soc_tplg_dapm_widget) == 132, "widget");

/* Where a token's word goes. */
struct word_field {
	uint32_t token;
	size_t offset;
};

static const struct word_field module_words[] = {
	{ TOKEN_BUFFER_BYTES, offsetof(struct topology_module, buffer_bytes) },
	{ TOKEN_BUFFER_CAPS, offsetof(struct topology_module, buffer_caps) },
	{ TOKEN_DAI_INDEX, offsetof(struct topology_module, dai_index) },
	{ TOKEN_SINK_PERIODS, offsetof(struct topology_module, sink_periods) },
	{ TOKEN_SOURCE_PERIODS, offsetof(struct topology_module, source_periods) },
	{ TOKEN_CORE, offsetof(struct topology_module, core) },
	{ TOKEN_IS_PAGES, offsetof(struct topology_module, is_pages) },
	{ TOKEN_INPUT_PINS, offsetof(struct topology_module, input_pins) },
	{ TOKEN_OUTPUT_PINS, offsetof(struct topology_module, output_pins) },
	{ TOKEN_STACK_BYTES, offsetof(struct topology_module, stack_bytes) },
	{ TOKEN_HEAP_BYTES, offsetof(struct topology_module, heap_bytes) },
	{ TOKEN_NODE_TYPE, offsetof(struct topology_module, node_type) },
	{ TOKEN_DEEP_BUFFER_MS, offsetof(struct topology_module, deep_buffer_ms) },
};

static const struct word_field pipeline_words[] = {
	{ TOKEN_PERIOD_US, offsetof(struct topology_pipeline, period_us) },
	{ TOKEN_PRIORITY, offsetof(struct topology_pipeline, priority) },
	{ TOKEN_PIPELINE_CORE, offsetof(struct topology_pipeline, core) },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The last of several equal tokens counts, as it does for the driver. */
static void set_word(void *object, const struct word_field *fields, size_t count,
		     const struct token *token)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].token == token->id)
			memcpy((uint8_t *)object + fields[i].offset, &token->value,
			       sizeof(token->value));
	}
}

static bool is_word(const struct token *token)
{
	return token->type != SND_SOC_TPLG_TUPLE_TYPE_UUID &&
	       token->type != SND_SOC_TPLG_TUPLE_TYPE_STRING;
}

/* While the tokens of a module are read. */
struct module_reading {
	struct topology_module *module;
	size_t index;
	uint32_t stated[2];   /* number of formats of a side; UINT32_MAX = not stated */
	uint32_t bindings[2]; /* pin bindings met so far */
};

static enum topology_domain parse_domain(const char *name)
{
	if (strcmp(name, "LL") == 0)
		return TOPOLOGY_DOMAIN_LL;
	if (strcmp(name, "DP") == 0)
		return TOPOLOGY_DOMAIN_DP;
	return TOPOLOGY_DOMAIN_DEFAULT;
}

static bool add_binding(struct reader *reader, struct module_reading *reading,
			enum topology_side side, const char *name)
{
	struct binding *bindings;

	if (reading->bindings[side] == TOPOLOGY_PINS_MAX)
		return topology_refuse(reader, reading->module->offset,
				       "\"%s\" binds more than %u pins of a side",
				       reading->module->name, TOPOLOGY_PINS_MAX);
	bindings = topology_grow(reader, reader->bindings, &reader->room.bindings,
				 reader->binding_count, sizeof(*bindings));
	if (bindings == NULL)
		return false;
	reader->bindings = bindings;
	bindings += reader->binding_count++;
	bindings->module = reading->index;
	bindings->side = side;
	bindings->pin = reading->bindings[side]++;
	memcpy(bindings->name, name, TOPOLOGY_NAME_BYTES);
	return true;
}

static bool use_string(struct reader *reader, struct module_reading *reading,
		       const struct token *token)
{
	struct topology_module *module = reading->module;
	char text[TOPOLOGY_NAME_BYTES];

	if (!topology_take_name(reader, text, (const char *)token->bytes, token->offset))
		return false;
	if (token->id == TOKEN_INPUT_BINDING)
		return add_binding(reader, reading, TOPOLOGY_INPUT, text);
	if (token->id == TOKEN_OUTPUT_BINDING)
		return add_binding(reader, reading, TOPOLOGY_OUTPUT, text);
	if (token->id == TOKEN_DAI_TYPE)
		memcpy(module->dai_type, text, sizeof(text));
	if (token->id == TOKEN_DOMAIN)
		module->domain = parse_domain(text);
	return true;
}

static void use_word(struct module_reading *reading, const struct token *token)
{
	if (token->id == TOKEN_NODE_TYPE)
		reading->module->has_node_type = true;
	if (token->id == TOKEN_INPUT_FORMATS)
		reading->stated[TOPOLOGY_INPUT] = token->value;
	if (token->id == TOKEN_OUTPUT_FORMATS)
		reading->stated[TOPOLOGY_OUTPUT] = token->value;
	set_word(reading->module, module_words, COUNT_OF(module_words), token);
}

/* A file without a manifest gives away by its tokens which firmware it is for. */
static void note_ipc(struct reader *reader, uint32_t token)
{
	if (token == TOKEN_BUFFER_BYTES || token == TOKEN_SINK_PERIODS ||
	    token == TOKEN_SOURCE_PERIODS)
		reader->ipc3_tokens = true;
	if ((token >= TOKEN_IS_PAGES && token <= TOKEN_OUTPUT_FORMATS) || token >= TOKEN_INPUT_RATE)
		reader->ipc4_tokens = true;
}

static bool use_token(struct reader *reader, struct module_reading *reading,
		      const struct token *token)
{
	note_ipc(reader, token->id);
	if (token->type == SND_SOC_TPLG_TUPLE_TYPE_STRING)
		return use_string(reader, reading, token);
	if (is_word(token))
		use_word(reading, token);
	else if (token->id == TOKEN_UUID) {
		memcpy(reading->module->uuid, token->bytes, sizeof(reading->module->uuid));
		topology_print_uuid(reading->module->uuid_text, reading->module->uuid);
	}
	return true;
}

static bool read_module_tokens(struct reader *reader, struct module_reading *reading,
			       struct cursor data)
{
	struct token_walk walk = { .data = data };
	uint32_t formats = UINT32_MAX; /* older files: one number for both sides */
	struct token token;
	int state;

	while ((state = topology_next_token(reader, &walk, &token)) > 0) {
		if (token.id == TOKEN_FORMATS && is_word(&token))
			formats = token.value;
		if (!use_token(reader, reading, &token))
			return false;
	}
	for (int side = 0; side < 2; side++) {
		if (reading->stated[side] == UINT32_MAX)
			reading->stated[side] = formats;
	}
	return state == 0;
}

static bool check_pins(struct reader *reader, const struct topology_module *module)
{
	if (module->input_pins <= TOPOLOGY_PINS_MAX && module->output_pins <= TOPOLOGY_PINS_MAX)
		return true;
	return topology_refuse(reader, module->offset,
			       "\"%s\" has %u input and %u output pins; at most %u make sense",
			       module->name, module->input_pins, module->output_pins,
			       TOPOLOGY_PINS_MAX);
}

/* The pipeline of that number, or a new one that nothing declares yet; TOPOLOGY_NONE = refused. */
static size_t need_pipeline(struct reader *reader, uint32_t id, size_t offset)
{
	struct topology *topology = reader->topology;
	struct topology_pipeline *pipelines;
	size_t index = topology_find_pipeline(topology, id);

	if (index != TOPOLOGY_NONE)
		return index;
	if (topology->pipeline_count == TOPOLOGY_PIPELINES_MAX) {
		topology_refuse(reader, offset, "more than %u pipelines", TOPOLOGY_PIPELINES_MAX);
		return TOPOLOGY_NONE;
	}
	pipelines = topology_grow(reader, topology->pipelines, &reader->room.pipelines,
				  topology->pipeline_count, sizeof(*pipelines));
	if (pipelines == NULL)
		return TOPOLOGY_NONE;
	topology->pipelines = pipelines;
	pipelines[topology->pipeline_count].id = id;
	pipelines[topology->pipeline_count].file = reader->file;
	pipelines[topology->pipeline_count].offset = offset;
	return topology->pipeline_count++;
}

/* A widget that was just taken from the file. */
struct widget {
	size_t offset;
	uint32_t id;
	uint32_t pipeline; /* its number */
	uint32_t control_count;
	char name[TOPOLOGY_NAME_BYTES];
	char stream_name[TOPOLOGY_NAME_BYTES];
	struct cursor data;
};

/* Adds an empty module; TOPOLOGY_NONE = refused. */
static size_t add_module(struct reader *reader, const struct widget *widget)
{
	struct topology *topology = reader->topology;
	size_t pipeline = need_pipeline(reader, widget->pipeline, widget->offset);
	struct topology_module *modules;

	if (pipeline == TOPOLOGY_NONE)
		return TOPOLOGY_NONE;
	modules = topology_grow(reader, topology->modules, &reader->room.modules,
				topology->module_count, sizeof(*modules));
	if (modules == NULL)
		return TOPOLOGY_NONE;
	topology->modules = modules;
	modules += topology->module_count;
	memcpy(modules->name, widget->name, sizeof(modules->name));
	memcpy(modules->stream_name, widget->stream_name, sizeof(modules->stream_name));
	modules->widget = widget->id;
	modules->file = reader->file;
	modules->offset = widget->offset;
	modules->pipeline = pipeline;
	modules->link = TOPOLOGY_NONE;
	return topology->module_count++;
}

static bool read_module(struct reader *reader, const struct widget *widget, size_t *index)
{
	struct module_reading reading = { .stated = { UINT32_MAX, UINT32_MAX } };

	*index = add_module(reader, widget);
	if (*index == TOPOLOGY_NONE)
		return false;
	reading.index = *index;
	reading.module = &reader->topology->modules[*index];
	return read_module_tokens(reader, &reading, widget->data) &&
	       check_pins(reader, reading.module) &&
	       topology_read_formats(reader, reading.module, widget->data, reading.stated);
}

static void use_pipeline_token(struct topology_pipeline *pipeline, const struct token *token)
{
	if (token->id == TOKEN_TIME_DOMAIN)
		pipeline->time_from_dma = token->value == 0;
	if (token->id == TOKEN_DYNAMIC)
		pipeline->dynamic = token->value != 0;
	if (token->id == TOKEN_LOW_POWER)
		pipeline->low_power = token->value != 0;
	if (token->id == TOKEN_CHAIN_DMA)
		pipeline->chain_dma = token->value != 0;
	set_word(pipeline, pipeline_words, COUNT_OF(pipeline_words), token);
}

static bool read_pipeline_tokens(struct reader *reader, struct topology_pipeline *pipeline,
				 struct cursor data)
{
	struct token_walk walk = { .data = data };
	struct token token;
	int state;

	while ((state = topology_next_token(reader, &walk, &token)) > 0) {
		if (is_word(&token))
			use_pipeline_token(pipeline, &token);
	}
	return state == 0;
}

static bool read_pipeline(struct reader *reader, const struct widget *widget)
{
	size_t index = need_pipeline(reader, widget->pipeline, widget->offset);
	struct topology_pipeline *pipeline;

	if (index == TOPOLOGY_NONE)
		return false;
	pipeline = &reader->topology->pipelines[index];
	if (pipeline->declared) {
		topology_warn(reader, reader->file, widget->offset,
			      "\"%s\" declares pipeline %u again: the first stays", widget->name,
			      pipeline->id);
		return true;
	}
	pipeline->declared = true;
	pipeline->file = reader->file;
	pipeline->offset = widget->offset;
	memcpy(pipeline->name, widget->name, sizeof(pipeline->name));
	return read_pipeline_tokens(reader, pipeline, widget->data);
}

static bool read_virtual(struct reader *reader, const struct widget *widget)
{
	struct topology *topology = reader->topology;
	struct topology_virtual *virtuals =
		topology_grow(reader, topology->virtuals, &reader->room.virtuals,
			      topology->virtual_count, sizeof(*virtuals));

	if (virtuals == NULL)
		return false;
	topology->virtuals = virtuals;
	virtuals += topology->virtual_count++;
	memcpy(virtuals->name, widget->name, sizeof(virtuals->name));
	virtuals->widget = widget->id;
	virtuals->file = reader->file;
	return true;
}

static bool is_component(uint32_t id)
{
	switch (id) {
	case SND_SOC_TPLG_DAPM_MUX:
	case SND_SOC_TPLG_DAPM_MIXER:
	case SND_SOC_TPLG_DAPM_PGA:
	case SND_SOC_TPLG_DAPM_AIF_IN:
	case SND_SOC_TPLG_DAPM_AIF_OUT:
	case SND_SOC_TPLG_DAPM_DAI_IN:
	case SND_SOC_TPLG_DAPM_DAI_OUT:
	case SND_SOC_TPLG_DAPM_BUFFER:
	case SND_SOC_TPLG_DAPM_EFFECT:
	case SND_SOC_TPLG_DAPM_SIGGEN:
	case SND_SOC_TPLG_DAPM_SRC:
	case SND_SOC_TPLG_DAPM_ASRC:
	case SND_SOC_TPLG_DAPM_ENCODER:
	case SND_SOC_TPLG_DAPM_DECODER:
		return true;
	default:
		return false;
	}
}

static bool sort_widget(struct reader *reader, const struct widget *widget, size_t *module)
{
	*module = TOPOLOGY_NONE;
	if (widget->id == SND_SOC_TPLG_DAPM_SCHEDULER)
		return read_pipeline(reader, widget);
	if (widget->id > SND_SOC_TPLG_DAPM_LAST)
		topology_warn(reader, reader->file, widget->offset,
			      "\"%s\" has the unknown widget type %u: no module", widget->name,
			      widget->id);
	if (!is_component(widget->id))
		return read_virtual(reader, widget);
	if (widget->data.at != widget->data.end)
		return read_module(reader, widget, module);
	topology_warn(reader, reader->file, widget->offset,
		      "\"%s\" has no private data: not a module of firmware", widget->name);
	return read_virtual(reader, widget);
}

static bool take_widget(struct reader *reader, struct cursor *cursor, struct widget *widget)
{
	const uint8_t *bytes =
		topology_take(reader, cursor, sizeof(struct snd_soc_tplg_dapm_widget), "widget");
	struct snd_soc_tplg_dapm_widget raw;

	if (bytes == NULL)
		return false;
	memcpy(&raw, bytes, sizeof(raw));
	if (le32toh(raw.size) != sizeof(raw))
		return topology_refuse(reader, widget->offset,
				       "widget says it has %u bytes, not %zu", le32toh(raw.size),
				       sizeof(raw));
	widget->id = le32toh(raw.id);
	widget->control_count = le32toh(raw.num_kcontrols);
	return topology_take_name(reader, widget->name, raw.name, widget->offset) &&
	       topology_take_name(reader, widget->stream_name, raw.sname, widget->offset) &&
	       topology_take_part(reader, cursor, le32toh(raw.priv.size), &widget->data,
				  "private data of a widget");
}

bool topology_read_widget(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	struct widget widget = { .offset = cursor->at, .pipeline = index };
	size_t module;

	if (!take_widget(reader, cursor, &widget) || !sort_widget(reader, &widget, &module))
		return false;
	for (uint32_t i = 0; i < widget.control_count; i++) {
		if (!topology_read_control(reader, cursor, module))
			return false;
	}
	return true;
}
