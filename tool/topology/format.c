/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The audio formats of a module, and the choice among them.
 *
 * A file lists the formats of a side as tokens, one run after the other; within a run their order
 * is free, and a run may lack tokens or repeat the size of a period. So the n-th format consists of
 * the n-th rate, the n-th depth, the n-th number of channels and so on, and only as many formats
 * count as the module states: what stands behind them is left over from the file's making.
 *
 * Bound: two passes over the tokens; memory for no more formats than one of their tokens occurs.
 */
#include <string.h>

#include "reader.h"

enum {
	FIELD_RATE,
	FIELD_DEPTH,
	FIELD_VALID_BITS,
	FIELD_CHANNELS,
	FIELD_PIN,
	FIELD_PERIOD_BYTES,
	FIELD_COUNT,
	FIELDS_THAT_MAKE_A_FORMAT = FIELD_PIN, /* those before the pin */
};

static const uint32_t field_tokens[2][FIELD_COUNT] = {
	[TOPOLOGY_INPUT] = { TOKEN_INPUT_RATE, TOKEN_INPUT_DEPTH, TOKEN_INPUT_VALID_BITS,
			     TOKEN_INPUT_CHANNELS, TOKEN_INPUT_PIN, TOKEN_INPUT_PERIOD_BYTES },
	[TOPOLOGY_OUTPUT] = { TOKEN_OUTPUT_RATE, TOKEN_OUTPUT_DEPTH, TOKEN_OUTPUT_VALID_BITS,
			      TOKEN_OUTPUT_CHANNELS, TOKEN_OUTPUT_PIN, TOKEN_OUTPUT_PERIOD_BYTES },
};

/* How often each token was met. */
struct occurrences {
	uint32_t of[FIELD_COUNT];
};

static int field_of(enum topology_side side, const struct token *token)
{
	for (int field = 0; field < FIELD_COUNT; field++) {
		if (field_tokens[side][field] == token->id)
			return field;
	}
	return FIELD_COUNT;
}

static uint32_t *field_in(struct topology_format *format, int field)
{
	uint32_t *fields[FIELD_COUNT] = {
		[FIELD_RATE] = &format->rate,
		[FIELD_DEPTH] = &format->depth,
		[FIELD_VALID_BITS] = &format->valid_bits,
		[FIELD_CHANNELS] = &format->channels,
		[FIELD_PIN] = &format->pin,
		[FIELD_PERIOD_BYTES] = &format->period_bytes,
	};

	return fields[field];
}

/* Counts the tokens and, as far as there is room, puts them in their formats. */
static bool collect(struct reader *reader, enum topology_side side, struct cursor data,
		    struct topology_format *formats, uint32_t room, struct occurrences *met)
{
	struct token_walk walk = { .data = data };
	struct token token;
	int state;

	*met = (struct occurrences){ 0 };
	while ((state = topology_next_token(reader, &walk, &token)) > 0) {
		int field = field_of(side, &token);
		uint32_t nth;

		if (field == FIELD_COUNT)
			continue;
		nth = met->of[field]++;
		if (nth < room)
			*field_in(&formats[nth], field) = token.value;
	}
	return state == 0;
}

static uint32_t most_met(const struct occurrences *met)
{
	uint32_t most = 0;

	for (int field = 0; field < FIELDS_THAT_MAKE_A_FORMAT; field++) {
		if (met->of[field] > most)
			most = met->of[field];
	}
	return most;
}

static bool is_usable(const struct topology_format *format)
{
	return format->rate >= 1 && format->rate <= TOPOLOGY_RATE_MAX && format->depth >= 8 &&
	       format->depth <= 64 && format->depth % 8 == 0 && format->valid_bits >= 1 &&
	       format->valid_bits <= format->depth && format->channels >= 1 &&
	       format->channels <= TOPOLOGY_CHANNELS_MAX &&
	       format->period_bytes <= TOPOLOGY_FORMAT_BYTES_MAX;
}

static const char *side_name(enum topology_side side)
{
	return side == TOPOLOGY_INPUT ? "input" : "output";
}

/* Moves the usable formats to the front and says how many they are. */
static size_t keep_usable(struct reader *reader, const struct topology_module *module,
			  enum topology_side side, struct topology_format *formats, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_usable(&formats[i]))
			formats[kept++] = formats[i];
	}
	if (kept != count)
		topology_warn(reader, module->file, module->offset,
			      "\"%s\": %zu of %zu %s formats are incomplete or out of range and "
			      "left out",
			      module->name, count - kept, count, side_name(side));
	return kept;
}

static void set_formats(struct topology_module *module, enum topology_side side,
			const struct topology_format *formats, size_t count)
{
	if (side == TOPOLOGY_INPUT) {
		module->inputs = formats;
		module->input_count = count;
	} else {
		module->outputs = formats;
		module->output_count = count;
	}
}

static uint32_t count_formats(struct reader *reader, const struct topology_module *module,
			      enum topology_side side, uint32_t stated, uint32_t met)
{
	if (stated == UINT32_MAX || stated == met)
		return met;
	if (stated < met)
		return stated;
	topology_warn(reader, module->file, module->offset, "\"%s\" states %u %s formats, has %u",
		      module->name, stated, side_name(side), met);
	return met;
}

static bool read_side(struct reader *reader, struct topology_module *module,
		      enum topology_side side, struct cursor data, uint32_t stated)
{
	struct occurrences met;
	struct topology_format *formats;
	uint32_t count;

	if (!collect(reader, side, data, NULL, 0, &met))
		return false;
	count = count_formats(reader, module, side, stated, most_met(&met));
	if (count == 0)
		return true;
	formats = topology_allocate(reader, count, sizeof(*formats));
	if (formats == NULL)
		return false;
	set_formats(module, side, formats, 0);
	if (!collect(reader, side, data, formats, count, &met))
		return false;
	set_formats(module, side, formats, keep_usable(reader, module, side, formats, count));
	return true;
}

bool topology_read_formats(struct reader *reader, struct topology_module *module,
			   struct cursor data, const uint32_t stated[2])
{
	return read_side(reader, module, TOPOLOGY_INPUT, data, stated[TOPOLOGY_INPUT]) &&
	       read_side(reader, module, TOPOLOGY_OUTPUT, data, stated[TOPOLOGY_OUTPUT]);
}

static bool fits(uint32_t wanted, uint32_t offered)
{
	return wanted == 0 || wanted == offered;
}

const struct topology_format *topology_pick_format(const struct topology_module *module,
						   enum topology_side side, uint32_t rate,
						   uint32_t channels, uint32_t bits,
						   enum topology_match *match)
{
	bool input = side == TOPOLOGY_INPUT;
	const struct topology_format *formats = input ? module->inputs : module->outputs;
	size_t count = input ? module->input_count : module->output_count;
	const struct topology_format *picked = count == 0 ? NULL : formats;
	enum topology_match way = count == 0 ? TOPOLOGY_MATCH_NONE : TOPOLOGY_MATCH_FIRST;

	for (size_t i = 0; i < count && way != TOPOLOGY_MATCH_EXACT; i++) {
		if (!fits(rate, formats[i].rate) || !fits(channels, formats[i].channels))
			continue;
		if (fits(bits, formats[i].valid_bits)) {
			picked = &formats[i];
			way = TOPOLOGY_MATCH_EXACT;
		} else if (bits == formats[i].depth && way != TOPOLOGY_MATCH_CONTAINER) {
			picked = &formats[i];
			way = TOPOLOGY_MATCH_CONTAINER;
		}
	}
	if (match != NULL)
		*match = way;
	return picked;
}

size_t topology_format_bytes(const struct topology_format *format)
{
	size_t frames = ((size_t)format->rate + 999) / 1000;

	return format->channels * frames * (format->depth / 8);
}
