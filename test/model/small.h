/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A topology built by hand, small enough to follow with a finger:
 *
 *	stream 0  playback  music  host 100 ms deep, gain, mixin ─┐
 *	stream 1  playback  beep   host, mixin ───────────────────┴─ mixout, gain, link (core 1)
 *	stream 2  capture   voice  host ── drc (data-processing), eq-iir (2 blobs), link
 *	stream 3  playback  hdmi   host ── link, as a DMA chain
 *	stream 4  playback  none   without a host
 *
 * Everything is 48 kHz, 2 channels, 32 bit: 384 bytes a period; the capture host hands on 16 bits.
 * Pipelines: 0 music, 1 link of both, 2 beep, 3 capture host, 4 capture link, 5 and 6 hdmi, and 7 a
 * keyword detector that hangs on the capture link and that no stream reaches.
 */
#ifndef QUIRE_TEST_MODEL_SMALL_H
#define QUIRE_TEST_MODEL_SMALL_H

#include "topology/topology.h"

enum small_module {
	MUSIC_HOST,
	MUSIC_GAIN,
	MUSIC_MIXIN,
	MIXOUT,
	SPEAKER_GAIN,
	SPEAKER,
	BEEP_HOST,
	BEEP_MIXIN,
	VOICE_HOST,
	MICROPHONE,
	VOICE_EQ,
	VOICE_DRC,
	HDMI_HOST,
	HDMI_LINK,
	KEYWORD,
	SMALL_MODULES
};

enum small_stream { MUSIC, BEEP, VOICE, HDMI, NOWHERE, SMALL_STREAMS };

#define SMALL_PIPELINES 8u

static const struct topology_format small_wide = { .rate = 48000,
						   .depth = 32,
						   .valid_bits = 32,
						   .channels = 2 };
static const struct topology_format small_narrow = { .rate = 48000,
						     .depth = 16,
						     .valid_bits = 16,
						     .channels = 2 };

static const struct topology_control small_blobs[] = {
	{ .name = "eq", .class = TOPOLOGY_CONTROL_BYTES, .module = VOICE_EQ, .payload_bytes = 236 },
	{ .name = "on", .class = TOPOLOGY_CONTROL_MIXER, .module = VOICE_EQ },
	{ .name = "xo", .class = TOPOLOGY_CONTROL_BYTES, .module = VOICE_EQ, .payload_bytes = 304 },
};

#define SMALL_MODULE(what, where, in, out)                                                       \
	.kind = TOPOLOGY_##what, .pipeline = (where), .link = TOPOLOGY_NONE, .input_pins = (in), \
	.output_pins = (out), .inputs = &small_wide, .input_count = 1, .outputs = &small_wide,   \
	.output_count = 1

static struct topology_module small_modules[] = {
	[MUSIC_HOST] = { SMALL_MODULE(HOST_PLAYBACK, 0, 0, 1), .deep_buffer_ms = 100 },
	[MUSIC_GAIN] = { SMALL_MODULE(GAIN, 0, 1, 1) },
	[MUSIC_MIXIN] = { SMALL_MODULE(MIXIN, 0, 1, 3) },
	[MIXOUT] = { SMALL_MODULE(MIXOUT, 1, 8, 1), .core = 1 },
	[SPEAKER_GAIN] = { SMALL_MODULE(GAIN, 1, 1, 1), .core = 1 },
	[SPEAKER] = { SMALL_MODULE(DAI_PLAYBACK, 1, 1, 0), .core = 1 },
	[BEEP_HOST] = { SMALL_MODULE(HOST_PLAYBACK, 2, 0, 1) },
	[BEEP_MIXIN] = { SMALL_MODULE(MIXIN, 2, 1, 3) },
	[VOICE_HOST] = { SMALL_MODULE(HOST_CAPTURE, 3, 1, 0) },
	[MICROPHONE] = { SMALL_MODULE(DAI_CAPTURE, 4, 0, 1) },
	[VOICE_EQ] = { SMALL_MODULE(EQ_IIR, 4, 1, 1), .controls = small_blobs, .control_count = 3 },
	[VOICE_DRC] = { SMALL_MODULE(DRC, 4, 1, 1), .domain = TOPOLOGY_DOMAIN_DP },
	[HDMI_HOST] = { SMALL_MODULE(HOST_PLAYBACK, 5, 0, 1) },
	[HDMI_LINK] = { SMALL_MODULE(DAI_PLAYBACK, 6, 1, 0) },
	[KEYWORD] = { SMALL_MODULE(KPB, 7, 1, 0) },
};

#define SMALL_LIST(list) .modules = (list), .module_count = sizeof(list) / sizeof((list)[0])

static const size_t small_in_0[] = { MUSIC_HOST, MUSIC_GAIN, MUSIC_MIXIN };
static const size_t small_in_1[] = { MIXOUT, SPEAKER_GAIN, SPEAKER };
static const size_t small_in_2[] = { BEEP_HOST, BEEP_MIXIN };
static const size_t small_in_3[] = { VOICE_HOST };
static const size_t small_in_4[] = { MICROPHONE, VOICE_EQ, VOICE_DRC };
static const size_t small_in_5[] = { HDMI_HOST };
static const size_t small_in_6[] = { HDMI_LINK };
static const size_t small_in_7[] = { KEYWORD };

static struct topology_pipeline small_pipelines[SMALL_PIPELINES] = {
	{ .id = 1, SMALL_LIST(small_in_0) },
	{ .id = 2, SMALL_LIST(small_in_1), .core = 1 },
	{ .id = 3, SMALL_LIST(small_in_2) },
	{ .id = 4, SMALL_LIST(small_in_3) },
	{ .id = 5, SMALL_LIST(small_in_4) },
	{ .id = 6, SMALL_LIST(small_in_5), .chain_dma = true },
	{ .id = 7, SMALL_LIST(small_in_6), .chain_dma = true },
	{ .id = 8, SMALL_LIST(small_in_7) },
};

static struct topology_connection small_connections[] = {
	{ .source = MUSIC_HOST, .sink = MUSIC_GAIN }, { .source = MUSIC_GAIN, .sink = MUSIC_MIXIN },
	{ .source = MUSIC_MIXIN, .sink = MIXOUT },    { .source = BEEP_HOST, .sink = BEEP_MIXIN },
	{ .source = BEEP_MIXIN, .sink = MIXOUT },     { .source = MIXOUT, .sink = SPEAKER_GAIN },
	{ .source = SPEAKER_GAIN, .sink = SPEAKER },  { .source = MICROPHONE, .sink = VOICE_EQ },
	{ .source = VOICE_EQ, .sink = VOICE_DRC },    { .source = VOICE_DRC, .sink = VOICE_HOST },
	{ .source = HDMI_HOST, .sink = HDMI_LINK },   { .source = MICROPHONE, .sink = KEYWORD },
};

static const size_t small_music[] = { MUSIC_HOST, MUSIC_GAIN,   MUSIC_MIXIN,
				      MIXOUT,     SPEAKER_GAIN, SPEAKER };
static const size_t small_beep[] = { BEEP_HOST, BEEP_MIXIN, MIXOUT, SPEAKER_GAIN, SPEAKER };
static const size_t small_voice[] = { VOICE_HOST, VOICE_DRC, VOICE_EQ, MICROPHONE };
static const size_t small_hdmi[] = { HDMI_HOST, HDMI_LINK };
static const size_t small_music_pipelines[] = { 0, 1 };
static const size_t small_beep_pipelines[] = { 2, 1 };
static const size_t small_voice_pipelines[] = { 3, 4 };
static const size_t small_hdmi_pipelines[] = { 5, 6 };

#define SMALL_STREAM(list)                                                                    \
	SMALL_LIST(small_##list), .pipelines = small_##list##_pipelines, .pipeline_count = 2, \
				  .name = #list

static struct topology_stream small_streams[SMALL_STREAMS] = {
	[MUSIC] = { SMALL_STREAM(music), .pcm_id = 0, .host = MUSIC_HOST },
	[BEEP] = { SMALL_STREAM(beep), .pcm_id = 1, .host = BEEP_HOST },
	[VOICE] = { SMALL_STREAM(voice), .pcm_id = 2, .host = VOICE_HOST,
		    .direction = TOPOLOGY_CAPTURE },
	[HDMI] = { SMALL_STREAM(hdmi), .pcm_id = 3, .host = HDMI_HOST },
	[NOWHERE] = { .name = "nowhere", .pcm_id = 4, .host = TOPOLOGY_NONE },
};

/** The topology, as fresh. A test may change the arrays above; they are put right here. */
static inline struct topology small_topology(void)
{
	small_modules[VOICE_HOST].outputs = &small_narrow;
	return (struct topology){
		.ipc = 4,
		.pipelines = small_pipelines,
		.pipeline_count = SMALL_PIPELINES,
		.modules = small_modules,
		.module_count = SMALL_MODULES,
		.connections = small_connections,
		.connection_count = sizeof(small_connections) / sizeof(small_connections[0]),
		.streams = small_streams,
		.stream_count = SMALL_STREAMS,
	};
}

#endif
