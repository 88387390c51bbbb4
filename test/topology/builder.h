/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds small topology files in memory, byte by byte, for tests that need one of a certain shape.
 * Independent of the reader: it knows the layout from ALSA's header only.
 *
 *	struct builder file = {0};
 *	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 7);
 *	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.7.1", "");
 *	put_word_token(&file, 411, 1);
 *	end_widget(&file);
 *	end_block(&file);
 */
#ifndef QUIRE_TEST_TOPOLOGY_BUILDER_H
#define QUIRE_TEST_TOPOLOGY_BUILDER_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <sound/asound.h>

#include <alsa/sound/uapi/asoc.h>

#include "topology/topology.h"

#define UNUSED __attribute__((unused))

struct builder {
	uint8_t bytes[64 << 10];
	size_t size;
	size_t block;      /* its header */
	size_t element;    /* the widget, PCM or link that is being built */
	size_t private;    /* where the size of its private data stands */
	uint32_t count;    /* elements of the block */
	uint32_t controls; /* of the widget */
};

static UNUSED void set_word(struct builder *file, size_t offset, uint32_t value)
{
	value = htole32(value);
	memcpy(file->bytes + offset, &value, sizeof(value));
}

static UNUSED void put_bytes(struct builder *file, const void *bytes, size_t size)
{
	if (size > sizeof(file->bytes) - file->size)
		__builtin_trap(); /* a larger file than a test should build */
	memcpy(file->bytes + file->size, bytes, size);
	file->size += size;
}

static UNUSED void put_zeros(struct builder *file, size_t size)
{
	static const uint8_t zeros[2048];

	put_bytes(file, zeros, size);
}

static UNUSED void put_word(struct builder *file, uint32_t value)
{
	value = htole32(value);
	put_bytes(file, &value, sizeof(value));
}

/* A field of 44 bytes, filled up with zeros; a longer name leaves no room for a terminator. */
static UNUSED void put_name(struct builder *file, const char *name)
{
	size_t length = strnlen(name, 44);

	put_bytes(file, name, length);
	put_zeros(file, 44 - length);
}

static UNUSED void begin_block(struct builder *file, uint32_t type, uint32_t index)
{
	const uint32_t header[9] = { SND_SOC_TPLG_MAGIC, 5, 0, type, 36, 0, 0, index, 0 };

	file->block = file->size;
	file->count = 0;
	file->controls = 1; /* a control before any widget closes nobody's private data */
	for (size_t i = 0; i < 9; i++)
		put_word(file, header[i]);
}

static UNUSED void end_block(struct builder *file)
{
	set_word(file, file->block + 24, (uint32_t)(file->size - file->block - 36));
	set_word(file, file->block + 32, file->count);
}

/* Private data of 3 bytes for IPC3, 6 for IPC4. */
static UNUSED void put_manifest(struct builder *file, uint32_t private_bytes)
{
	begin_block(file, SND_SOC_TPLG_TYPE_MANIFEST, 0);
	put_word(file, 112);
	put_zeros(file, 104);
	put_word(file, private_bytes);
	put_zeros(file, private_bytes);
	file->count = 1;
	end_block(file);
}

static UNUSED void begin_widget(struct builder *file, uint32_t id, const char *name,
				const char *stream_name)
{
	file->element = file->size;
	file->controls = 0;
	put_word(file, 132);
	put_word(file, id);
	put_name(file, name);
	put_name(file, stream_name);
	put_zeros(file, 32);
	file->private = file->size;
	put_word(file, 0);
}

static UNUSED void end_private(struct builder *file)
{
	set_word(file, file->private, (uint32_t)(file->size - file->private - 4));
}

/* The private data must be whole before the first control is put. */
static UNUSED void end_widget(struct builder *file)
{
	if (file->controls == 0)
		end_private(file);
	set_word(file, file->element + 124, file->controls);
	file->count++;
}

static UNUSED void put_word_token(struct builder *file, uint32_t token, uint32_t value)
{
	put_word(file, 20);
	put_word(file, SND_SOC_TPLG_TUPLE_TYPE_WORD);
	put_word(file, 1);
	put_word(file, token);
	put_word(file, value);
}

static UNUSED void put_string_token(struct builder *file, uint32_t token, const char *text)
{
	put_word(file, 60);
	put_word(file, SND_SOC_TPLG_TUPLE_TYPE_STRING);
	put_word(file, 1);
	put_word(file, token);
	put_name(file, text);
}

static UNUSED void put_uuid_token(struct builder *file, const uint8_t uuid[16])
{
	put_word(file, 32);
	put_word(file, SND_SOC_TPLG_TUPLE_TYPE_UUID);
	put_word(file, 1);
	put_word(file, 405);
	put_bytes(file, uuid, 16);
}

/* base is 1900 for inputs, 1930 for outputs */
static UNUSED void put_format(struct builder *file, uint32_t base, uint32_t rate, uint32_t depth,
			      uint32_t valid_bits, uint32_t channels)
{
	put_word_token(file, base, rate);
	put_word_token(file, base + 1, depth);
	put_word_token(file, base + 2, valid_bits);
	put_word_token(file, base + 3, channels);
}

static UNUSED void put_control_header(struct builder *file, const char *name, uint32_t type,
				      uint32_t info)
{
	if (file->controls++ == 0)
		end_private(file);
	put_word(file, 204);
	put_word(file, type);
	put_name(file, name);
	put_zeros(file, 12);
	put_word(file, info);
	put_zeros(file, 136);
}

static UNUSED void put_mixer_control(struct builder *file, const char *name, uint32_t info)
{
	put_control_header(file, name, SND_SOC_TPLG_TYPE_MIXER, info);
	put_zeros(file, 156);
}

static UNUSED void put_enum_control(struct builder *file, const char *name, uint32_t info)
{
	put_control_header(file, name, SND_SOC_TPLG_TYPE_ENUM, info);
	put_zeros(file, 1560);
}

static UNUSED void put_bytes_control(struct builder *file, const char *name, uint32_t info,
				     uint32_t max, const void *blob, uint32_t blob_bytes)
{
	put_control_header(file, name, SND_SOC_TPLG_TYPE_BYTES, info);
	put_word(file, 0);
	put_word(file, max);
	put_zeros(file, 24);
	put_word(file, blob_bytes);
	put_bytes(file, blob, blob_bytes);
}

static UNUSED void put_route(struct builder *file, const char *source, const char *sink)
{
	put_name(file, sink);
	put_name(file, "");
	put_name(file, source);
	file->count++;
}

static UNUSED void put_caps(struct builder *file, const char *name)
{
	put_word(file, 104);
	put_name(file, name);
	put_word(file, 1 << 10); /* S32_LE */
	put_word(file, 0);
	put_word(file, 1 << 7 | 1 << 10); /* 48 and 96 kHz */
	put_word(file, 0);
	put_word(file, 0);
	put_word(file, 2);
	put_word(file, 4);
	put_zeros(file, 28);
}

/* An empty name is a direction that the PCM does not have. */
static UNUSED void put_pcm(struct builder *file, uint32_t id, const char *name,
			   const char *playback, const char *capture)
{
	put_word(file, 912);
	put_name(file, name);
	put_name(file, name);
	put_word(file, id);
	put_word(file, id);
	put_word(file, playback[0] != '\0');
	put_word(file, capture[0] != '\0');
	put_zeros(file, 4 + 8 * 72 + 4);
	put_caps(file, playback);
	put_caps(file, capture);
	put_zeros(file, 12);
	file->count++;
}

static UNUSED void put_link(struct builder *file, uint32_t id, const char *name)
{
	put_word(file, 1656);
	put_word(file, id);
	put_name(file, name);
	put_zeros(file, 1656 - 52);
	file->count++;
}

/* A module of two pins with one format of 48 kHz, 2 channels, 32 bit on each side. */
static UNUSED void put_module(struct builder *file, uint32_t id, const char *name,
			      const char *stream_name)
{
	begin_widget(file, id, name, stream_name);
	put_word_token(file, 411, 1);
	put_word_token(file, 412, 1);
	put_word_token(file, 415, 1);
	put_word_token(file, 416, 1);
	put_format(file, 1900, 48000, 32, 32, 2);
	put_format(file, 1930, 48000, 32, 32, 2);
	end_widget(file);
}

static UNUSED void put_scheduler(struct builder *file, const char *name)
{
	begin_widget(file, SND_SOC_TPLG_DAPM_SCHEDULER, name, "");
	put_word_token(file, 206, 1);
	end_widget(file);
}

static UNUSED void put_virtual(struct builder *file, const char *name)
{
	begin_widget(file, SND_SOC_TPLG_DAPM_OUTPUT, name, "");
	end_widget(file);
}

/* Host copier, gain and mixin in pipeline 1; mixout and DAI copier in pipeline 2; PCM 3. */
static UNUSED void build_playback(struct builder *file)
{
	put_manifest(file, 6);
	begin_block(file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_module(file, SND_SOC_TPLG_DAPM_AIF_IN, "host.1", "Music");
	put_module(file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	put_module(file, SND_SOC_TPLG_DAPM_MIXER, "mixin.1", "");
	put_scheduler(file, "pipeline.1");
	end_block(file);
	begin_block(file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 2);
	put_scheduler(file, "pipeline.2");
	put_module(file, SND_SOC_TPLG_DAPM_MIXER, "mixout.2", "");
	put_module(file, SND_SOC_TPLG_DAPM_DAI_IN, "dai.2", "Speaker");
	end_block(file);
	begin_block(file, SND_SOC_TPLG_TYPE_PCM, 0);
	put_pcm(file, 3, "Player", "Music", "");
	end_block(file);
	begin_block(file, SND_SOC_TPLG_TYPE_BACKEND_LINK, 0);
	put_link(file, 0, "Speaker");
	end_block(file);
	begin_block(file, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(file, "mixin.1", "mixout.2");
	put_route(file, "host.1", "gain.1");
	put_route(file, "gain.1", "mixin.1");
	put_route(file, "mixout.2", "dai.2");
	end_block(file);
}

static UNUSED struct topology_image image_of(const char *name, const struct builder *file)
{
	return (struct topology_image){ name, file->bytes, file->size };
}

#endif
