/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the topology reader makes of well-formed files: small ones built here, our own examples when
 * they are built, and shipped ones where a folder beside the sources has them. The numbers expected
 * of shipped files were counted by another program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "builder.h"

#define SHIPPED QUIRE_SOURCE_DIR "/../shared/data/topologies/"
#define OWN     QUIRE_BINARY_DIR "/example/topologies/"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct topology *parse(const struct topology_image *images, size_t count)
{
	struct topology *topology = NULL;
	struct topology_error error;

	if (topology_parse(images, count, &topology, &error) != 0)
		fail_msg("%s: 0x%zx: %s", error.file, error.offset, error.what);
	return topology;
}

static struct topology *parse_one(const struct builder *file)
{
	struct topology_image image = image_of("built.tplg", file);

	return parse(&image, 1);
}

static struct topology *load(const char *path)
{
	struct topology *topology = NULL;
	struct topology_error error;

	if (topology_load(&path, 1, &topology, &error) != 0)
		fail_msg("%s: 0x%zx: %s", error.file, error.offset, error.what);
	return topology;
}

static const struct topology_module *module_of(const struct topology *topology, const char *name)
{
	size_t index = topology_find_module(topology, name);

	if (index == TOPOLOGY_NONE)
		fail_msg("no module is called %s", name);
	return &topology->modules[index];
}

static const struct topology_pipeline *pipeline_of(const struct topology *topology, uint32_t id)
{
	size_t index = topology_find_pipeline(topology, id);

	assert_true(index < topology->pipeline_count);
	return &topology->pipelines[index];
}

static const struct topology_stream *stream_of(const struct topology *topology, uint32_t pcm,
					       enum topology_direction direction)
{
	size_t index = topology_find_stream(topology, pcm, direction);

	assert_true(index < topology->stream_count);
	return &topology->streams[index];
}

static bool warned_of(const struct topology *topology, const char *words)
{
	for (size_t i = 0; i < topology->warning_count; i++) {
		if (strstr(topology->warnings[i].what, words) != NULL)
			return true;
	}
	return false;
}

/* Compares the ids of the pipelines that a stream needs with a list that ends in -1. */
static void assert_pipelines(const struct topology *topology, uint32_t pcm,
			     enum topology_direction direction, const int *ids)
{
	const struct topology_stream *stream = stream_of(topology, pcm, direction);
	size_t count = 0;

	for (; ids[count] >= 0; count++) {
		assert_true(count < stream->pipeline_count);
		assert_int_equal(topology->pipelines[stream->pipelines[count]].id, ids[count]);
	}
	assert_int_equal(stream->pipeline_count, count);
}

#define ASSERT_PIPELINES(topology, pcm, direction, ...) \
	assert_pipelines(topology, pcm, direction, (const int[]){ __VA_ARGS__, -1 })

static void a_pipeline_has_its_modules_in_the_order_of_the_file(void **state)
{
	static const char *const names[] = { "host.1", "gain.1", "mixin.1" };
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	build_playback(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->ipc, 4);
	assert_int_equal(topology->pipeline_count, 2);
	assert_int_equal(topology->module_count, 5);
	assert_int_equal(pipeline_of(topology, 1)->module_count, 3);
	for (size_t i = 0; i < 3; i++) {
		size_t index = pipeline_of(topology, 1)->modules[i];

		assert_string_equal(topology->modules[index].name, names[i]);
	}
	assert_true(pipeline_of(topology, 2)->dynamic);
	assert_true(pipeline_of(topology, 2)->declared);
	topology_free(topology);
}

static void a_stream_reaches_from_its_host_module_to_its_link(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;
	const struct topology_stream *stream;

	(void)state;
	build_playback(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->stream_count, 1);
	stream = stream_of(topology, 3, TOPOLOGY_PLAYBACK);
	assert_string_equal(stream->name, "Player");
	assert_string_equal(topology->modules[stream->host].name, "host.1");
	assert_int_equal(stream->module_count, 5);
	assert_int_equal(stream->modules[0], stream->host);
	ASSERT_PIPELINES(topology, 3, TOPOLOGY_PLAYBACK, 1, 2);
	assert_int_equal(module_of(topology, "dai.2")->link, 0);
	assert_int_equal(topology->connection_count, 4);
	topology_free(topology);
}

static void a_mask_of_rates_gives_the_range_that_a_pcm_leaves_out(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	build_playback(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->streams[0].rate_min, 48000);
	assert_int_equal(topology->streams[0].rate_max, 96000);
	assert_int_equal(topology->streams[0].channels_min, 2);
	assert_int_equal(topology->streams[0].channels_max, 4);
	topology_free(topology);
}

static void put_marked_module(struct builder *file, const char *name, const uint8_t uuid[16])
{
	begin_widget(file, SND_SOC_TPLG_DAPM_MIXER, name, "");
	put_uuid_token(file, uuid);
	end_widget(file);
}

static void the_kind_of_a_mixer_is_told_by_uuid_and_else_by_name(void **state)
{
	static const uint8_t mixin[16] = { 0xb2, 0x6e, 0x65, 0x39, 0x71, 0x3b, 0x49, 0x40,
					   0x8d, 0x3f, 0xf9, 0x2c, 0xd5, 0xc4, 0x3c, 0x09 };
	static const uint8_t nobody[16] = { 1 };
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_marked_module(&file, "mixout.by.name.only", mixin);
	put_marked_module(&file, "mixout.1", nobody);
	put_marked_module(&file, "whatever", nobody);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->modules[0].kind, TOPOLOGY_MIXIN);
	assert_string_equal(topology->modules[0].uuid_text, "39656eb2-3b71-4049-8d3f-f92cd5c43c09");
	assert_int_equal(topology->modules[1].kind, TOPOLOGY_MIXOUT);
	assert_int_equal(topology->modules[2].kind, TOPOLOGY_MIXER);
	assert_true(warned_of(topology, "no scheduler widget"));
	topology_free(topology);
}

static void what_a_module_declares_is_kept(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;
	const struct topology_module *module;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 9);
	begin_widget(&file, SND_SOC_TPLG_DAPM_AIF_IN, "host.9", "Music");
	put_word_token(&file, 411, 3);
	put_word_token(&file, 412, 5);
	put_word_token(&file, 404, 2);
	put_word_token(&file, 409, 7);
	put_string_token(&file, 418, "DP");
	put_word_token(&file, 420, 8192);
	put_word_token(&file, 421, 49152);
	put_word_token(&file, 1980, 0);
	put_word_token(&file, 1981, 100);
	end_widget(&file);
	begin_widget(&file, SND_SOC_TPLG_DAPM_SCHEDULER, "pipeline.9", "");
	put_word_token(&file, 200, 2000);
	put_word_token(&file, 201, 4);
	put_word_token(&file, 203, 1);
	put_word_token(&file, 205, 0);
	put_word_token(&file, 207, 1);
	put_word_token(&file, 209, 1);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	module = &topology->modules[0];
	assert_int_equal(module->input_pins, 3);
	assert_int_equal(module->output_pins, 5);
	assert_int_equal(module->core, 2);
	assert_int_equal(module->is_pages, 7);
	assert_int_equal(module->domain, TOPOLOGY_DOMAIN_DP);
	assert_int_equal(module->stack_bytes, 8192);
	assert_int_equal(module->heap_bytes, 49152);
	assert_true(module->has_node_type);
	assert_int_equal(module->deep_buffer_ms, 100);
	assert_int_equal(topology->pipelines[0].period_us, 2000);
	assert_int_equal(topology->pipelines[0].priority, 4);
	assert_int_equal(topology->pipelines[0].core, 1);
	assert_true(topology->pipelines[0].time_from_dma);
	assert_true(topology->pipelines[0].low_power);
	assert_true(topology->pipelines[0].chain_dma);
	assert_false(topology->pipelines[0].dynamic);
	topology_free(topology);
}

static void tokens_in_any_order_make_the_same_formats(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;
	const struct topology_format *formats;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	put_word_token(&file, 1970, 192);
	put_word_token(&file, 1903, 2);
	put_word_token(&file, 1900, 48000);
	put_word_token(&file, 1901, 16);
	put_word_token(&file, 1902, 16);
	put_word_token(&file, 1902, 24);
	put_word_token(&file, 1901, 32);
	put_word_token(&file, 1900, 96000);
	put_word_token(&file, 1903, 4);
	put_word_token(&file, 1970, 1536);
	put_word_token(&file, 1970, 999);
	put_word_token(&file, 415, 2);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->modules[0].input_count, 2);
	formats = topology->modules[0].inputs;
	assert_memory_equal(&formats[0], &((struct topology_format){ 48000, 16, 16, 2, 0, 192 }),
			    sizeof(formats[0]));
	assert_memory_equal(&formats[1], &((struct topology_format){ 96000, 32, 24, 4, 0, 1536 }),
			    sizeof(formats[1]));
	assert_int_equal(topology_format_bytes(&formats[1]), 1536);
	topology_free(topology);
}

static void formats_beyond_the_stated_number_are_ignored(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	put_word_token(&file, 415, 1);
	put_format(&file, 1900, 48000, 16, 16, 2);
	put_format(&file, 1900, 48000, 32, 32, 2);
	put_format(&file, 1930, 48000, 32, 32, 2);
	put_word_token(&file, 416, 3);
	end_widget(&file);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.2", "");
	put_word_token(&file, 410, 1);
	put_format(&file, 1900, 48000, 16, 16, 2);
	put_format(&file, 1900, 48000, 32, 32, 2);
	put_format(&file, 1930, 48000, 32, 32, 2);
	put_format(&file, 1930, 48000, 32, 32, 2);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->modules[0].input_count, 1);
	assert_int_equal(topology->modules[0].inputs[0].depth, 16);
	assert_int_equal(topology->modules[0].output_count, 1);
	assert_true(warned_of(topology, "states 3 output formats, has 1"));
	assert_int_equal(topology->modules[1].input_count, 1);
	assert_int_equal(topology->modules[1].output_count, 1);
	topology_free(topology);
}

static void a_format_that_cannot_be_is_left_out_and_said(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	put_format(&file, 1900, 48000, 32, 32, 0);
	put_format(&file, 1900, 0xffffffff, 32, 32, 2);
	put_format(&file, 1900, 48000, 32, 24, 2);
	put_format(&file, 1900, 48000, 16, 24, 2);
	put_format(&file, 1900, 48000, 12, 12, 2);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->modules[0].input_count, 1);
	assert_int_equal(topology->modules[0].inputs[0].valid_bits, 24);
	assert_true(warned_of(topology, "4 of 5 input formats"));
	topology_free(topology);
}

static void assert_pick(const struct topology_module *module, uint32_t rate, uint32_t channels,
			uint32_t bits, size_t expected, enum topology_match expected_way)
{
	enum topology_match way;
	const struct topology_format *picked =
		topology_pick_format(module, TOPOLOGY_OUTPUT, rate, channels, bits, &way);

	assert_ptr_equal(picked, &module->outputs[expected]);
	assert_int_equal(way, expected_way);
}

static void the_format_of_a_stream_is_picked_and_the_way_is_said(void **state)
{
	static const struct topology_format formats[] = {
		{ 48000, 16, 16, 2, 0, 0 },
		{ 48000, 32, 24, 2, 0, 0 },
		{ 48000, 32, 32, 2, 0, 0 },
		{ 96000, 32, 24, 4, 0, 0 },
	};
	const struct topology_module module = { .outputs = formats, .output_count = 4 };
	enum topology_match way;

	(void)state;
	assert_pick(&module, 48000, 2, 32, 2, TOPOLOGY_MATCH_EXACT);
	assert_pick(&module, 48000, 2, 24, 1, TOPOLOGY_MATCH_EXACT);
	assert_pick(&module, 96000, 4, 32, 3, TOPOLOGY_MATCH_CONTAINER);
	assert_pick(&module, 0, 4, 0, 3, TOPOLOGY_MATCH_EXACT);
	assert_pick(&module, 44100, 2, 16, 0, TOPOLOGY_MATCH_FIRST);
	assert_null(topology_pick_format(&module, TOPOLOGY_INPUT, 48000, 2, 32, &way));
	assert_int_equal(way, TOPOLOGY_MATCH_NONE);
	assert_int_equal(topology_format_bytes(&(struct topology_format){
				 .rate = 44100, .depth = 32, .channels = 2 }),
			 360);
}

static void the_class_of_a_control_is_in_its_operations_or_in_its_type(void **state)
{
	static const uint8_t blob[100] = { 'S', 'O', 'F', '4' };
	struct builder file = { 0 };
	struct topology *topology;
	const struct topology_module *module;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_EFFECT, "eq.1", "");
	put_word_token(&file, 411, 1);
	put_mixer_control(&file, "volume", SND_SOC_TPLG_CTL_VOLSW);
	put_enum_control(&file, "choice", 0);
	put_bytes_control(&file, "blob", 0, 4096, blob, sizeof(blob));
	put_enum_control(&file, "other choice", SND_SOC_TPLG_CTL_ENUM_VALUE);
	put_bytes_control(&file, "raw", SND_SOC_TPLG_CTL_BYTES, 0, blob + 4, 40);
	end_widget(&file);
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	end_block(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_BYTES, 0);
	put_bytes_control(&file, "alone", SND_SOC_TPLG_CTL_BYTES, 8, blob, 8);
	file.count = 1;
	end_block(&file);
	topology = parse_one(&file);
	module = module_of(topology, "eq.1");
	assert_int_equal(module->kind, TOPOLOGY_EFFECT);
	assert_int_equal(module->control_count, 5);
	assert_int_equal(module->blob_bytes, 140);
	assert_int_equal(module->controls[1].class, TOPOLOGY_CONTROL_ENUM);
	assert_string_equal(module->controls[2].name, "blob");
	assert_int_equal(module->controls[2].max_bytes, 4096);
	assert_int_equal(module->controls[2].private_bytes, 100);
	assert_int_equal(module->controls[2].payload_bytes, 68);
	assert_int_equal(module->controls[4].payload_bytes, 40);
	assert_int_equal(module_of(topology, "gain.1")->control_count, 0);
	assert_int_equal(topology->control_count, 6);
	assert_int_equal(topology->controls[5].module, TOPOLOGY_NONE);
	topology_free(topology);
}

static void routes_that_lead_nowhere_are_kept_but_connect_nothing(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	build_playback(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 2);
	put_virtual(&file, "loudspeaker");
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "hollow", "");
	end_widget(&file);
	end_block(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(&file, "dai.2", "loudspeaker");
	put_route(&file, "hollow", "gain.1");
	put_route(&file, "mixin.1", "mixout.99");
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->route_count, 7);
	assert_int_equal(topology->connection_count, 4);
	assert_int_equal(topology->virtual_count, 2);
	assert_int_equal(topology->virtual_route_count, 2);
	assert_int_equal(topology->unresolved_route_count, 1);
	assert_int_equal(topology->routes[4].state, TOPOLOGY_ROUTE_VIRTUAL);
	assert_int_equal(topology->routes[6].state, TOPOLOGY_ROUTE_UNRESOLVED);
	assert_int_equal(topology->routes[6].sink_module, TOPOLOGY_NONE);
	assert_string_equal(topology->routes[6].sink, "mixout.99");
	assert_true(warned_of(topology, "mixout.99"));
	topology_free(topology);
}

static void a_connection_stated_twice_is_one_connection(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	build_playback(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(&file, "host.1", "gain.1");
	put_route(&file, "host.1", "gain.1");
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->connection_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(topology->connections[i].source < topology->module_count);
	assert_true(warned_of(topology, "2 connections are stated more than once"));
	topology_free(topology);
}

static void a_walk_along_a_cycle_ends(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	build_playback(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(&file, "dai.2", "host.1");
	put_route(&file, "gain.1", "gain.1");
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->connection_count, 6);
	assert_int_equal(topology->streams[0].module_count, 5);
	topology_free(topology);
}

static void pins_are_known_where_the_file_binds_them_by_name(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "left", "");
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "right", "");
	begin_widget(&file, SND_SOC_TPLG_DAPM_EFFECT, "both", "");
	put_string_token(&file, 413, "right");
	put_string_token(&file, 413, "left");
	end_widget(&file);
	end_block(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 1);
	put_route(&file, "left", "both");
	put_route(&file, "right", "both");
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->connections[0].sink_pin, 1);
	assert_int_equal(topology->connections[1].sink_pin, 0);
	assert_int_equal(topology->connections[0].source_pin, TOPOLOGY_NONE);
	topology_free(topology);
}

static void the_files_of_a_card_become_one(void **state)
{
	struct builder first = { 0 };
	struct builder second = { 0 };
	struct topology_image images[2];
	struct topology *topology;

	(void)state;
	build_playback(&first);
	put_manifest(&second, 6);
	begin_block(&second, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 5);
	put_module(&second, SND_SOC_TPLG_DAPM_AIF_IN, "host.5", "Ring");
	put_module(&second, SND_SOC_TPLG_DAPM_MIXER, "mixin.5", "");
	put_scheduler(&second, "pipeline.5");
	end_block(&second);
	begin_block(&second, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 2);
	put_module(&second, SND_SOC_TPLG_DAPM_EFFECT, "late.2", "");
	end_block(&second);
	begin_block(&second, SND_SOC_TPLG_TYPE_PCM, 0);
	put_pcm(&second, 8, "Ringer", "Ring", "");
	end_block(&second);
	begin_block(&second, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(&second, "host.5", "mixin.5");
	put_route(&second, "mixin.5", "mixout.2");
	end_block(&second);
	images[0] = image_of("first.tplg", &first);
	images[1] = image_of("second.tplg", &second);
	topology = parse(images, 2);
	assert_int_equal(topology->pipeline_count, 3);
	assert_int_equal(pipeline_of(topology, 2)->module_count, 3);
	assert_int_equal(topology->unresolved_route_count, 0);
	ASSERT_PIPELINES(topology, 8, TOPOLOGY_PLAYBACK, 5, 2);
	ASSERT_PIPELINES(topology, 3, TOPOLOGY_PLAYBACK, 1, 2);
	assert_string_equal(topology->files[module_of(topology, "late.2")->file], "second.tplg");
	topology_free(topology);
}

static void a_name_in_two_files_means_the_one_in_the_own_file(void **state)
{
	struct builder file = { 0 };
	struct topology_image images[2];
	struct topology *topology;

	(void)state;
	build_playback(&file);
	images[0] = image_of("first.tplg", &file);
	images[1] = image_of("second.tplg", &file);
	topology = parse(images, 2);
	assert_int_equal(topology->module_count, 10);
	assert_int_equal(topology->connection_count, 8);
	for (size_t i = 0; i < topology->connection_count; i++) {
		const struct topology_connection *connection = &topology->connections[i];

		assert_int_equal(topology->modules[connection->source].file,
				 topology->modules[connection->sink].file);
	}
	assert_int_equal(topology->modules[topology->streams[1].host].file, 1);
	assert_int_equal(topology->modules[9].link, 1);
	assert_true(warned_of(topology, "declares pipeline 1 again"));
	assert_true(warned_of(topology, "another widget is called \"host.1\" too"));
	topology_free(topology);
}

static void an_ipc3_file_has_explicit_buffers(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 3);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_BUFFER, "BUF1.0", "");
	put_word_token(&file, 100, 768);
	put_word_token(&file, 101, 65);
	end_widget(&file);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "PGA1.0", "");
	put_word_token(&file, 400, 2);
	put_word_token(&file, 401, 3);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->ipc, 3);
	assert_int_equal(topology->modules[0].kind, TOPOLOGY_BUFFER);
	assert_int_equal(topology->modules[0].buffer_bytes, 768);
	assert_int_equal(topology->modules[0].buffer_caps, 65);
	assert_int_equal(topology->modules[1].sink_periods, 2);
	assert_int_equal(topology->modules[1].source_periods, 3);
	topology_free(topology);
}

static void without_a_manifest_the_tokens_tell_the_firmware(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_BUFFER, "BUF1.0", "");
	put_word_token(&file, 100, 768);
	end_widget(&file);
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->ipc, 3);
	topology_free(topology);

	memset(&file, 0, sizeof(file));
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_module(&file, SND_SOC_TPLG_DAPM_BUFFER, "module-copier.1", "");
	end_block(&file);
	topology = parse_one(&file);
	assert_int_equal(topology->ipc, 4);
	assert_int_equal(topology->modules[0].kind, TOPOLOGY_COPIER);
	topology_free(topology);
}

static void names_that_were_not_compiled_are_warned_of(void **state)
{
	struct builder file = { 0 };
	struct topology *topology;

	(void)state;
	put_manifest(&file, 6);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "gain.$PIPELINE", "");
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "bell\a\x1b[2J\xff", "");
	end_block(&file);
	begin_block(&file, 1000, 0);
	put_zeros(&file, 12);
	end_block(&file);
	topology = parse_one(&file);
	assert_true(warned_of(topology, "was not fully compiled"));
	assert_string_equal(topology->modules[1].name, "bell??[2J?");
	assert_true(warned_of(topology, "not plain text"));
	assert_true(warned_of(topology, "block of type 1000 is passed over"));
	topology_free(topology);
}

/* What a shipped file holds. */
struct census {
	const char *name;
	size_t pipelines, chained, modules, virtuals, connections, routes, streams, links, controls;
	size_t inputs, outputs;     /* formats that count */
	size_t deep_ms, blob_bytes; /* summed up */
};

static const struct census censuses[] = {
	{ "sof-hda-generic-2ch", 13, 6, 29, 18, 23, 23, 7, 6, 16, 41, 31, 100, 1548 },
	{ "sof-hda-generic-ace3-4ch", 13, 6, 29, 18, 23, 23, 7, 6, 16, 41, 31, 100, 932 },
	{ "sof-lnl-cs42l43-l0-2ch", 15, 6, 34, 0, 27, 27, 8, 8, 18, 52, 36, 100, 1548 },
	{ "sof-lnl-rt712-l2-rt1320-l1", 17, 6, 34, 1, 26, 28, 8, 7, 16, 51, 41, 100, 1548 },
	{ "sof-mtl-es83x6-ssp1-hdmi-ssp02", 14, 6, 18, 0, 11, 11, 7, 6, 2, 29, 33, 0, 0 },
	{ "sof-mtl-hdmi-ssp02", 10, 6, 10, 0, 5, 5, 5, 5, 0, 18, 20, 0, 0 },
	{ "sof-mtl-max98357a-rt5682", 21, 6, 36, 0, 25, 26, 11, 8, 9, 61, 49, 20, 120 },
	{ "sof-mtl-rt711-4ch", 13, 6, 25, 0, 19, 19, 7, 7, 12, 39, 27, 100, 584 },
	{ "sof-ptl-rt721-4ch", 17, 6, 38, 0, 30, 30, 9, 9, 19, 57, 45, 100, 1668 },
	{ "sof-ptl-rt722-192k", 15, 6, 28, 0, 21, 21, 8, 7, 7, 45, 35, 100, 240 },
	{ "sof-ptl-rt722-96k", 15, 6, 28, 0, 21, 21, 8, 7, 7, 45, 35, 100, 240 },
	{ "sof-rpl-cs42l43-l0", 15, 6, 33, 0, 26, 26, 8, 7, 16, 50, 40, 100, 1548 },
	{ "sof-sdca-jack-id0", 5, 0, 12, 0, 10, 10, 3, 2, 4, 18, 14, 100, 120 },
	{ "sof-tgl-rt711-rt1308-4ch", 15, 6, 32, 0, 25, 25, 8, 8, 13, 50, 34, 100, 588 },
};

static void assert_module_sums(const struct topology *topology, const struct census *census)
{
	struct census sum = { 0 };

	for (size_t i = 0; i < topology->module_count; i++) {
		const struct topology_module *module = &topology->modules[i];

		sum.inputs += module->input_count;
		sum.outputs += module->output_count;
		sum.deep_ms += module->deep_buffer_ms;
		sum.blob_bytes += module->blob_bytes;
	}
	for (size_t i = 0; i < topology->pipeline_count; i++)
		sum.chained += topology->pipelines[i].chain_dma;
	assert_int_equal(sum.inputs, census->inputs);
	assert_int_equal(sum.outputs, census->outputs);
	assert_int_equal(sum.deep_ms, census->deep_ms);
	assert_int_equal(sum.blob_bytes, census->blob_bytes);
	assert_int_equal(sum.chained, census->chained);
}

static struct topology *load_shipped(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), SHIPPED "%s.tplg", name);
	return load(path);
}

static void shipped_files_hold_what_another_program_counts_in_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(censuses); i++) {
		const struct census *census = &censuses[i];
		struct topology *topology = load_shipped(census->name);

		assert_int_equal(topology->ipc, 4);
		assert_int_equal(topology->pipeline_count, census->pipelines);
		assert_int_equal(topology->module_count, census->modules);
		assert_int_equal(topology->virtual_count, census->virtuals);
		assert_int_equal(topology->connection_count, census->connections);
		assert_int_equal(topology->route_count, census->routes);
		assert_int_equal(topology->stream_count, census->streams);
		assert_int_equal(topology->link_count, census->links);
		assert_int_equal(topology->control_count, census->controls);
		assert_module_sums(topology, census);
		topology_free(topology);
	}
}

static void assert_stated_sizes(const struct topology_format *formats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(formats[i].period_bytes, topology_format_bytes(&formats[i]));
}

/* Grouping tokens wrongly would put sizes beside formats that do not have them. */
static void shipped_formats_state_the_size_that_they_have(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(censuses); i++) {
		struct topology *topology = load_shipped(censuses[i].name);

		for (size_t j = 0; j < topology->module_count; j++) {
			const struct topology_module *module = &topology->modules[j];

			assert_stated_sizes(module->inputs, module->input_count);
			assert_stated_sizes(module->outputs, module->output_count);
		}
		topology_free(topology);
	}
}

static void every_shipped_stream_has_a_host_and_ends_at_a_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(censuses); i++) {
		struct topology *topology = load_shipped(censuses[i].name);

		for (size_t j = 0; j < topology->stream_count; j++) {
			const struct topology_stream *stream = &topology->streams[j];
			size_t links = 0;

			assert_true(stream->host < topology->module_count);
			for (size_t k = 0; k < stream->module_count; k++)
				links +=
					topology->modules[stream->modules[k]].link != TOPOLOGY_NONE;
			/* its mixin leads to a mixout that the file lacks */
			if (strcmp(stream->name, "Deepbuffer Amps") == 0)
				assert_int_equal(topology->unresolved_route_count, 1);
			else
				assert_true(links > 0);
		}
		topology_free(topology);
	}
}

static void shipped_streams_need_these_pipelines(void **state)
{
	struct topology *topology = load_shipped("sof-ptl-rt721-4ch");

	(void)state;
	ASSERT_PIPELINES(topology, 0, TOPOLOGY_PLAYBACK, 0, 1);
	ASSERT_PIPELINES(topology, 31, TOPOLOGY_PLAYBACK, 15, 1);
	ASSERT_PIPELINES(topology, 1, TOPOLOGY_CAPTURE, 10, 11);
	ASSERT_PIPELINES(topology, 2, TOPOLOGY_PLAYBACK, 20, 21);
	ASSERT_PIPELINES(topology, 4, TOPOLOGY_CAPTURE, 40, 41);
	ASSERT_PIPELINES(topology, 5, TOPOLOGY_PLAYBACK, 50, 51);
	ASSERT_PIPELINES(topology, 10, TOPOLOGY_CAPTURE, 100, 101);
	assert_int_equal(module_of(topology, "drc.21.1")->kind, TOPOLOGY_DRC);
	assert_int_equal(module_of(topology, "tdfb.40.1")->kind, TOPOLOGY_TDFB);
	assert_int_equal(module_of(topology, "tdfb.40.1")->controls[0].payload_bytes, 788);
	assert_int_equal(module_of(topology, "eqfir.21.1")->kind, TOPOLOGY_EQ_FIR);
	assert_int_equal(module_of(topology, "mixin.15.1")->kind, TOPOLOGY_MIXIN);
	assert_int_equal(module_of(topology, "mixout.1.1")->kind, TOPOLOGY_MIXOUT);
	assert_int_equal(module_of(topology, "mixout.1.1")->input_pins, 8);
	assert_int_equal(module_of(topology, "module-copier.41.0")->kind, TOPOLOGY_COPIER);
	assert_true(pipeline_of(topology, 15)->low_power);
	topology_free(topology);
}

static void shipped_files_that_clash_are_joined_with_warnings(void **state)
{
	static const char *const paths[] = { SHIPPED "sof-sdca-jack-id0.tplg",
					     SHIPPED "sof-mtl-hdmi-ssp02.tplg" };
	struct topology *topology;
	struct topology_error error;

	(void)state;
	assert_int_equal(topology_load(paths, 2, &topology, &error), 0);
	assert_int_equal(topology->module_count, 22);
	assert_int_equal(topology->pipeline_count, 14);
	assert_int_equal(pipeline_of(topology, 10)->module_count, 2);
	assert_int_equal(topology->connection_count, 15);
	assert_true(warned_of(topology, "declares pipeline 10 again"));
	topology_free(topology);
}

static void our_own_examples_are_whole(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(OWN "*.tplg", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct topology *topology = load(found.gl_pathv[i]);

		assert_int_equal(topology->unresolved_route_count, 0);
		assert_true(topology->stream_count > 0);
		for (size_t j = 0; j < topology->stream_count; j++)
			assert_true(topology->streams[j].pipeline_count > 0);
		topology_free(topology);
	}
	globfree(&found);
}

static const struct CMUnitTest built_tests[] = {
	cmocka_unit_test(a_pipeline_has_its_modules_in_the_order_of_the_file),
	cmocka_unit_test(a_stream_reaches_from_its_host_module_to_its_link),
	cmocka_unit_test(a_mask_of_rates_gives_the_range_that_a_pcm_leaves_out),
	cmocka_unit_test(the_kind_of_a_mixer_is_told_by_uuid_and_else_by_name),
	cmocka_unit_test(what_a_module_declares_is_kept),
	cmocka_unit_test(tokens_in_any_order_make_the_same_formats),
	cmocka_unit_test(formats_beyond_the_stated_number_are_ignored),
	cmocka_unit_test(a_format_that_cannot_be_is_left_out_and_said),
	cmocka_unit_test(the_format_of_a_stream_is_picked_and_the_way_is_said),
	cmocka_unit_test(the_class_of_a_control_is_in_its_operations_or_in_its_type),
	cmocka_unit_test(routes_that_lead_nowhere_are_kept_but_connect_nothing),
	cmocka_unit_test(a_connection_stated_twice_is_one_connection),
	cmocka_unit_test(a_walk_along_a_cycle_ends),
	cmocka_unit_test(pins_are_known_where_the_file_binds_them_by_name),
	cmocka_unit_test(the_files_of_a_card_become_one),
	cmocka_unit_test(a_name_in_two_files_means_the_one_in_the_own_file),
	cmocka_unit_test(an_ipc3_file_has_explicit_buffers),
	cmocka_unit_test(without_a_manifest_the_tokens_tell_the_firmware),
	cmocka_unit_test(names_that_were_not_compiled_are_warned_of),
};

static const struct CMUnitTest shipped_tests[] = {
	cmocka_unit_test(shipped_files_hold_what_another_program_counts_in_them),
	cmocka_unit_test(shipped_formats_state_the_size_that_they_have),
	cmocka_unit_test(every_shipped_stream_has_a_host_and_ends_at_a_link),
	cmocka_unit_test(shipped_streams_need_these_pipelines),
	cmocka_unit_test(shipped_files_that_clash_are_joined_with_warnings),
};

static const struct CMUnitTest own_test = cmocka_unit_test(our_own_examples_are_whole);

static bool there_is(const char *pattern)
{
	glob_t found;
	bool any = glob(pattern, 0, NULL, &found) == 0;

	globfree(&found);
	return any;
}

/* Tests whose files are absent do not run, rather than pass. */
int main(void)
{
	struct CMUnitTest tests[COUNT_OF(built_tests) + COUNT_OF(shipped_tests) + 1];
	size_t count = COUNT_OF(built_tests);

	memcpy(tests, built_tests, sizeof(built_tests));
	if (there_is(SHIPPED "sof-sdca-jack-id0.tplg")) {
		memcpy(tests + count, shipped_tests, sizeof(shipped_tests));
		count += COUNT_OF(shipped_tests);
	}
	if (there_is(OWN "*.tplg"))
		tests[count++] = own_test;
	return _cmocka_run_group_tests("topology reader", tests, count, NULL, NULL);
}
