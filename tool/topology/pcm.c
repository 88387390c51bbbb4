/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams and links, the two ends of what the pipelines carry: a PCM of 912 bytes becomes a stream
 * for each of its directions, a DAI link has 1656 bytes. Both have private data behind them.
 *
 * Bound: TOPOLOGY_STREAMS_MAX and TOPOLOGY_LINKS_MAX.
 */
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct snd_soc_tplg_pcm) == 912, "PCM");
_Static_assert(sizeof(struct snd_soc_tplg_link_config) == 1656, "link");

/* The rates of SNDRV_PCM_RATE_..., by bit. */
static const uint32_t rates_by_bit[] = {
	5512,  8000,  11025,  16000,  22050,  32000,  44100,  48000,  64000,
	88200, 96000, 176400, 192000, 352800, 384000, 705600, 768000,
};

/* Where a PCM gives no range of rates, its mask of rates does. */
static void widen_rates(struct topology_stream *stream)
{
	bool no_min = stream->rate_min == 0;
	bool no_max = stream->rate_max == 0;

	for (size_t i = 0; i < sizeof(rates_by_bit) / sizeof(rates_by_bit[0]); i++) {
		if (!(stream->rates & (1u << i)))
			continue;
		if (no_min && stream->rate_min == 0)
			stream->rate_min = rates_by_bit[i];
		if (no_max)
			stream->rate_max = rates_by_bit[i];
	}
}

static bool fill_stream(struct reader *reader, struct topology_stream *stream,
			const struct snd_soc_tplg_pcm *pcm, enum topology_direction direction,
			size_t offset)
{
	const struct snd_soc_tplg_stream_caps *caps =
		&pcm->caps[direction == TOPOLOGY_PLAYBACK ? SND_SOC_TPLG_STREAM_PLAYBACK
							  : SND_SOC_TPLG_STREAM_CAPTURE];

	stream->pcm_id = le32toh(pcm->pcm_id);
	stream->direction = direction;
	stream->compress = pcm->compress != 0;
	stream->file = reader->file;
	stream->offset = offset;
	stream->host = TOPOLOGY_NONE;
	stream->formats = le64toh(caps->formats);
	stream->rates = le32toh(caps->rates);
	stream->rate_min = le32toh(caps->rate_min);
	stream->rate_max = le32toh(caps->rate_max);
	stream->channels_min = le32toh(caps->channels_min);
	stream->channels_max = le32toh(caps->channels_max);
	widen_rates(stream);
	return topology_take_name(reader, stream->name, pcm->pcm_name, offset) &&
	       topology_take_name(reader, stream->dai_name, pcm->dai_name, offset) &&
	       topology_take_name(reader, stream->caps_name, caps->name, offset);
}

static bool add_stream(struct reader *reader, const struct snd_soc_tplg_pcm *pcm,
		       enum topology_direction direction, size_t offset)
{
	struct topology *topology = reader->topology;
	struct topology_stream *streams;

	if (topology->stream_count == TOPOLOGY_STREAMS_MAX)
		return topology_refuse(reader, offset, "more than %u streams",
				       TOPOLOGY_STREAMS_MAX);
	streams = topology_grow(reader, topology->streams, &reader->room.streams,
				topology->stream_count, sizeof(*streams));
	if (streams == NULL)
		return false;
	topology->streams = streams;
	return fill_stream(reader, &streams[topology->stream_count++], pcm, direction, offset);
}

bool topology_read_pcm(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	size_t offset = cursor->at;
	const uint8_t *bytes =
		topology_take(reader, cursor, sizeof(struct snd_soc_tplg_pcm), "PCM");
	struct snd_soc_tplg_pcm pcm;

	(void)index;
	if (bytes == NULL)
		return false;
	memcpy(&pcm, bytes, sizeof(pcm));
	if (le32toh(pcm.size) != sizeof(pcm))
		return topology_refuse(reader, offset, "PCM says it has %u bytes, not %zu",
				       le32toh(pcm.size), sizeof(pcm));
	if (topology_take(reader, cursor, le32toh(pcm.priv.size), "private data of a PCM") == NULL)
		return false;
	if (pcm.playback == 0 && pcm.capture == 0)
		topology_warn(reader, reader->file, offset, "PCM %u has neither direction",
			      le32toh(pcm.pcm_id));
	return (pcm.playback == 0 || add_stream(reader, &pcm, TOPOLOGY_PLAYBACK, offset)) &&
	       (pcm.capture == 0 || add_stream(reader, &pcm, TOPOLOGY_CAPTURE, offset));
}

static bool read_link_tokens(struct reader *reader, struct topology_link *link, struct cursor data)
{
	struct token_walk walk = { .data = data };
	struct token token;
	int state;

	while ((state = topology_next_token(reader, &walk, &token)) > 0) {
		bool text = token.type == SND_SOC_TPLG_TUPLE_TYPE_STRING;

		if (token.id == TOKEN_DAI_TYPE && text &&
		    !topology_take_name(reader, link->dai_type, (const char *)token.bytes,
					token.offset))
			return false;
		if (token.id == TOKEN_DAI_INDEX && !text)
			link->dai_index = token.value;
	}
	return state == 0;
}

static bool fill_link(struct reader *reader, struct topology_link *link,
		      const struct snd_soc_tplg_link_config *raw, struct cursor data, size_t offset)
{
	link->id = le32toh(raw->id);
	link->file = reader->file;
	return topology_take_name(reader, link->name, raw->name, offset) &&
	       topology_take_name(reader, link->stream_name, raw->stream_name, offset) &&
	       read_link_tokens(reader, link, data);
}

static bool add_link(struct reader *reader, const struct snd_soc_tplg_link_config *raw,
		     struct cursor data, size_t offset)
{
	struct topology *topology = reader->topology;
	struct topology_link *links;

	if (topology->link_count == TOPOLOGY_LINKS_MAX)
		return topology_refuse(reader, offset, "more than %u links", TOPOLOGY_LINKS_MAX);
	links = topology_grow(reader, topology->links, &reader->room.links, topology->link_count,
			      sizeof(*links));
	if (links == NULL)
		return false;
	topology->links = links;
	return fill_link(reader, &links[topology->link_count++], raw, data, offset);
}

bool topology_read_link(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	size_t offset = cursor->at;
	const uint8_t *bytes =
		topology_take(reader, cursor, sizeof(struct snd_soc_tplg_link_config), "link");
	struct snd_soc_tplg_link_config raw;
	struct cursor data;

	(void)index;
	if (bytes == NULL)
		return false;
	memcpy(&raw, bytes, sizeof(raw));
	if (le32toh(raw.size) != sizeof(raw))
		return topology_refuse(reader, offset, "link says it has %u bytes, not %zu",
				       le32toh(raw.size), sizeof(raw));
	return topology_take_part(reader, cursor, le32toh(raw.priv.size), &data,
				  "private data of a link") &&
	       add_link(reader, &raw, data, offset);
}
