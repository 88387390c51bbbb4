/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * promises: bytes from anywhere through the topology reader, held to everything that its header
 * promises, whether it accepts them or refuses them.
 */
#ifndef QUIRE_TEST_TOPOLOGY_PROMISES_H
#define QUIRE_TEST_TOPOLOGY_PROMISES_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#include "topology/topology.h"

#define MALLOC_HEADER_BYTES 64 /* for one allocation, generously */

static size_t bytes_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t count_allocations(const struct topology *topology)
{
	return 16 + 2 * topology->module_count + topology->pipeline_count +
	       2 * topology->stream_count;
}

static void assert_name(const char *name)
{
	size_t length = strnlen(name, TOPOLOGY_NAME_BYTES);

	assert_true(length < TOPOLOGY_NAME_BYTES);
	for (size_t i = 0; i < length; i++)
		assert_in_range(name[i], ' ', '~');
}

static void assert_formats(const struct topology_format *formats, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_in_range(formats[i].rate, 1, TOPOLOGY_RATE_MAX);
		assert_in_range(formats[i].depth, 8, 64);
		assert_in_range(formats[i].valid_bits, 1, formats[i].depth);
		assert_in_range(formats[i].channels, 1, TOPOLOGY_CHANNELS_MAX);
		assert_in_range(topology_format_bytes(&formats[i]), 1, TOPOLOGY_FORMAT_BYTES_MAX);
		assert_in_range(formats[i].period_bytes, 0, TOPOLOGY_FORMAT_BYTES_MAX);
	}
}

static void assert_index(size_t index, size_t count, bool may_be_none)
{
	if (!may_be_none || index != TOPOLOGY_NONE)
		assert_true(index < count);
}

static void assert_indexes(const size_t *indexes, size_t index_count, size_t count)
{
	for (size_t i = 0; i < index_count; i++)
		assert_index(indexes[i], count, false);
}

static void assert_modules(const struct topology *topology)
{
	for (size_t i = 0; i < topology->module_count; i++) {
		const struct topology_module *module = &topology->modules[i];

		assert_name(module->name);
		assert_name(module->stream_name);
		assert_name(module->dai_type);
		assert_index(module->pipeline, topology->pipeline_count, false);
		assert_index(module->link, topology->link_count, true);
		assert_in_range(module->kind, 0, TOPOLOGY_KIND_COUNT - 1);
		assert_in_range(module->input_pins, 0, TOPOLOGY_PINS_MAX);
		assert_in_range(module->output_pins, 0, TOPOLOGY_PINS_MAX);
		assert_formats(module->inputs, module->input_count);
		assert_formats(module->outputs, module->output_count);
		for (size_t j = 0; j < module->control_count; j++)
			assert_int_equal(module->controls[j].module, i);
	}
}

static void assert_streams(const struct topology *topology)
{
	for (size_t i = 0; i < topology->stream_count; i++) {
		const struct topology_stream *stream = &topology->streams[i];

		assert_name(stream->name);
		assert_index(stream->host, topology->module_count, true);
		assert_true(stream->module_count <= topology->module_count);
		assert_true(stream->pipeline_count <= topology->pipeline_count);
		assert_indexes(stream->modules, stream->module_count, topology->module_count);
		assert_indexes(stream->pipelines, stream->pipeline_count, topology->pipeline_count);
	}
}

/* Everything that the header promises of a topology. */
static void assert_topology(const struct topology *topology)
{
	size_t members = 0;

	assert_modules(topology);
	assert_streams(topology);
	for (size_t i = 0; i < topology->connection_count; i++) {
		assert_index(topology->connections[i].source, topology->module_count, false);
		assert_index(topology->connections[i].sink, topology->module_count, false);
	}
	for (size_t i = 0; i < topology->pipeline_count; i++) {
		assert_indexes(topology->pipelines[i].modules, topology->pipelines[i].module_count,
			       topology->module_count);
		members += topology->pipelines[i].module_count;
	}
	assert_int_equal(members, topology->module_count);
	assert_true(topology->warning_count <= TOPOLOGY_WARNINGS_MAX);
}

static void assert_refusal(const struct topology_image *image, const struct topology_error *error)
{
	assert_ptr_equal(error->file, image->name);
	assert_true(error->offset <= image->size);
	assert_true(error->what[0] != '\0');
	assert_non_null(memchr(error->what, '\0', sizeof(error->what)));
	assert_null(strstr(error->what, "not enough memory"));
}

/* Parses bytes in an allocation of just their size, so that a sanitizer sees the first byte too far. */
static bool parse_measured(const uint8_t *data, size_t size, struct topology_error *error)
{
	uint8_t *exact = malloc(size);
	struct topology_image image = { "hostile.tplg", exact, size };
	struct topology *topology;
	size_t before;
	bool accepted;

	assert_non_null(exact);
	memcpy(exact, data, size);
	before = bytes_in_use();
	accepted = topology_parse(&image, 1, &topology, error) == 0;
	if (accepted) {
		assert_true(bytes_in_use() - before <=
			    TOPOLOGY_MEMORY_FACTOR * size + TOPOLOGY_MEMORY_EXTRA +
				    MALLOC_HEADER_BYTES * count_allocations(topology));
		assert_topology(topology);
		topology_free(topology);
	} else {
		assert_null(topology);
		if (size != 0)
			assert_refusal(&image, error);
	}
	free(exact);
	return accepted;
}

#endif
