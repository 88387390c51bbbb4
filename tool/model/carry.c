/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formats: what each module takes in and hands on.
 *
 * A stream's format is picked at its host. From there it is carried from module to module, nearest
 * first: the side that faces the host is picked by what the neighbour on that side carries, the
 * other side by the first. Playback carries downstream, capture upstream. A module that offers
 * nothing on a side passes on what it gets. Rate converters convert to 48 kHz, the rate of the
 * mixing buses, where they offer it. A pipeline that exists keeps the formats it was created with.
 */
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"

#define DEFAULT_RATE     48000u
#define DEFAULT_CHANNELS 2u
#define DEFAULT_BITS     32u

/* The parameters of topology_pick_format: 0 fits any. */
struct wish {
	uint32_t rate;
	uint32_t channels;
	uint32_t bits;
};

static bool fits(enum topology_match match)
{
	return match == TOPOLOGY_MATCH_EXACT || match == TOPOLOGY_MATCH_CONTAINER;
}

static uint32_t container_of(uint32_t bits)
{
	if (bits <= 8)
		return 8;
	return bits <= 16 ? 16 : 32;
}

static enum topology_side near_side(enum topology_direction direction)
{
	return direction == TOPOLOGY_PLAYBACK ? TOPOLOGY_INPUT : TOPOLOGY_OUTPUT;
}

static enum topology_side other_side(enum topology_side side)
{
	return side == TOPOLOGY_INPUT ? TOPOLOGY_OUTPUT : TOPOLOGY_INPUT;
}

bool life_choice_is_for(const struct life_choice *choice, const struct topology_stream *stream)
{
	char *end;
	unsigned long number = strtoul(choice->pcm, &end, 10);

	if (strcmp(choice->pcm, stream->name) == 0)
		return true;
	return choice->pcm[0] >= '0' && choice->pcm[0] <= '9' && *end == '\0' &&
	       number == stream->pcm_id;
}

static uint32_t first_said(uint32_t a, uint32_t b)
{
	return a != 0 ? a : b;
}

/* What was said for this stream, the choice for its PCM before that for all. */
static struct wish said_for(const struct life *life, const struct topology_stream *stream)
{
	const struct life_options *options = &life->options;
	struct life_format chosen = { 0 };

	for (size_t i = 0; i < options->choice_count; i++) {
		if (life_choice_is_for(&options->choices[i], stream)) {
			chosen = options->choices[i].format;
			break;
		}
	}
	return (struct wish){
		.rate = first_said(chosen.rate, options->format.rate),
		.channels = first_said(chosen.channels, options->format.channels),
		.bits = first_said(chosen.bits, options->format.bits),
	};
}

static struct wish with_defaults(struct wish said)
{
	return (struct wish){
		.rate = first_said(said.rate, DEFAULT_RATE),
		.channels = first_said(said.channels, DEFAULT_CHANNELS),
		.bits = first_said(said.bits, DEFAULT_BITS),
	};
}

static struct topology_format as_wished(struct wish wish)
{
	return (struct topology_format){
		.rate = wish.rate,
		.channels = wish.channels,
		.valid_bits = wish.bits,
		.depth = container_of(wish.bits),
	};
}

static const struct topology_format *pick(const struct topology_module *module,
					  enum topology_side side, struct wish wish,
					  enum topology_match *match)
{
	return topology_pick_format(module, side, wish.rate, wish.channels, wish.bits, match);
}

/* All that was wished, defaults included; then only what was said; then what comes first. */
static struct topology_format pick_for_stream(const struct topology_module *host,
					      enum topology_side side, struct wish said,
					      enum topology_match *match)
{
	struct wish full = with_defaults(said);
	const struct topology_format *format = pick(host, side, full, match);
	bool anything_said = said.rate != 0 || said.channels != 0 || said.bits != 0;

	if (!fits(*match) && anything_said)
		format = pick(host, side, said, match);
	if (format == NULL)
		return as_wished(full);
	return *format;
}

struct topology_format carry_at_host(const struct life *life, size_t stream,
				     struct life_taken *taken)
{
	const struct topology_stream *what = &life->topology->streams[stream];
	struct wish said = said_for(life, what);
	enum topology_match match = TOPOLOGY_MATCH_NONE;
	struct topology_format format = as_wished(with_defaults(said));

	if (what->host != TOPOLOGY_NONE)
		format = pick_for_stream(&life->topology->modules[what->host],
					 near_side(what->direction), said, &match);
	*taken = (struct life_taken){
		.format = { format.rate, format.channels, format.valid_bits },
		.container_bits = format.depth,
		.match = match,
		.as_asked = match != TOPOLOGY_MATCH_FIRST,
	};
	return format;
}

/* The first wish that fits, else what comes first; a side that offers nothing passes it on. */
static struct topology_format pick_first_fit(const struct topology_module *module,
					     enum topology_side side, const struct wish *wishes,
					     size_t count, const struct topology_format *passed)
{
	const struct topology_format *format = NULL;
	enum topology_match match = TOPOLOGY_MATCH_NONE;

	for (size_t i = 0; i < count && !fits(match); i++)
		format = pick(module, side, wishes[i], &match);
	if (format != NULL)
		return *format;
	return (struct topology_format){
		.rate = passed->rate,
		.channels = passed->channels,
		.valid_bits = passed->valid_bits,
		.depth = passed->depth,
	};
}

static void carry_into(const struct life *life, struct part_module *module, enum topology_side near,
		       const struct topology_format *from)
{
	const struct topology_module *what = &life->topology->modules[module->index];
	bool converts = what->kind == TOPOLOGY_SRC || what->kind == TOPOLOGY_ASRC;
	enum topology_side far = other_side(near);
	const struct wish as_neighbour[] = {
		{ from->rate, from->channels, from->valid_bits },
		{ from->rate, from->channels, 0 },
	};
	const struct topology_format *got = &module->side[near];

	module->side[near] = pick_first_fit(what, near, as_neighbour, 2, from);

	const struct wish as_near[] = {
		{ converts ? DEFAULT_RATE : got->rate, got->channels, got->valid_bits },
		{ got->rate, got->channels, got->valid_bits },
		{ got->rate, got->channels, 0 },
		{ got->rate, 0, got->valid_bits },
		{ 0, got->channels, got->valid_bits },
	};

	module->side[far] = pick_first_fit(what, far, as_near, 5, got);
	module->carries = true;
}

static struct part_module *module_at(const struct life *life, const struct run *run, size_t module)
{
	const struct part *part = part_of(life, run, life->topology->modules[module].pipeline);

	return part == NULL ? NULL : part_module(life, part, module);
}

/* Looks on the near side for a neighbour that carries something already. */
static bool carry_from_neighbour(const struct life *life, const struct run *run,
				 struct part_module *module, enum topology_side near)
{
	const struct plan_ends *ends =
		near == TOPOLOGY_INPUT ? &life->plan->sinks : &life->plan->sources;

	for (size_t i = ends->first[module->index]; i < ends->first[module->index + 1]; i++) {
		const struct topology_connection *connection =
			&life->topology->connections[ends->items[i]];
		const struct part_module *neighbour = module_at(
			life, run, near == TOPOLOGY_INPUT ? connection->source : connection->sink);

		if (neighbour == NULL || !neighbour->carries)
			continue;
		carry_into(life, module, near, &neighbour->side[other_side(near)]);
		return true;
	}
	return false;
}

/* What the stream reaches, nearest first: each has a neighbour that was met before. */
static void carry_along_stream(const struct life *life, const struct run *run,
			       const struct topology_format *format)
{
	const struct topology_stream *stream = &life->topology->streams[run->stream];
	enum topology_side near = near_side(stream->direction);

	for (size_t i = 0; i < stream->module_count; i++) {
		struct part_module *module = module_at(life, run, stream->modules[i]);

		if (module == NULL || module->carries)
			continue;
		if (stream->modules[i] == stream->host)
			carry_into(life, module, near, format);
		else
			carry_from_neighbour(life, run, module, near);
	}
}

/* What hangs on at the side; a module that nothing feeds takes the format of the stream. */
static void carry_to_the_rest(const struct life *life, const struct run *run,
			      const struct topology_format *format)
{
	for (size_t i = 0; i < run->count; i++) {
		for (size_t j = 0; j < run->parts[i]->module_count; j++) {
			struct part_module *module = &run->parts[i]->modules[j];

			if (module->carries ||
			    carry_from_neighbour(life, run, module, TOPOLOGY_INPUT) ||
			    carry_from_neighbour(life, run, module, TOPOLOGY_OUTPUT))
				continue;
			carry_into(life, module, TOPOLOGY_INPUT, format);
		}
	}
}

void carry_through(struct life *life, const struct run *run)
{
	struct life_taken taken;
	struct topology_format format = carry_at_host(life, run->stream, &taken);

	for (size_t i = 0; i < run->count; i++) {
		if (run->parts[i]->fresh)
			run->parts[i]->chain = format;
	}
	carry_along_stream(life, run, &format);
	carry_to_the_rest(life, run, &format);
}
