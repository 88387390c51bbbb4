/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setup/host.h"

enum key {
	KEY_BOARD = 'b',
	KEY_RATE = 'r',
	KEY_CHANNELS = 'c',
	KEY_WIDTH = 'w',
	KEY_SCHEDULE = 's',
	KEY_TRACE = 't',
	KEY_VERBOSE = 'v',
	KEY_QUIET = 'q',
	KEY_IMAGE = 0x100,
	KEY_STREAMS,
	KEY_CYCLES,
	KEY_SEED,
	KEY_REGIONS,
	KEY_TABLE,
	KEY_SPANNING,
	KEY_DMA,
	KEY_FAST,
	KEY_EVACUATE,
	KEY_JSON,
};

#define RATE_MAX     1536000u
#define CHANNELS_MAX 64u
#define WIDTH_MAX    64u
#define STREAMS_MAX  4096u
#define CYCLES_MAX   100000000u
#define IMAGE_MAX    (1u << 20)

static const struct argp_option option_list[] = {
	{ NULL, 0, NULL, 0, "The machine:", 1 },
	{ "board", KEY_BOARD, "NAME|FILE.ini", 0,
	  "Memory and addresses of this board (mtl): mtl lnl ptl wcl nvl nvls, or a file", 0 },
	{ "image", KEY_IMAGE, "KIB", 0, "Size of the firmware image, instead of the board file's",
	  0 },
	{ NULL, 0, NULL, 0, "The streams:", 2 },
	{ "rate", KEY_RATE, "[PCM=]HZ", 0, "Rate of all streams, or of one", 0 },
	{ "channels", KEY_CHANNELS, "[PCM=]N", 0, "The same for the number of channels", 0 },
	{ "width", KEY_WIDTH, "[PCM=]BITS", 0,
	  "The same for the bits of a sample. PCM is a name or a number, as the report lists them. "
	  "What is not said: 48000 Hz, 2 channels, 32 bit, else the first that is offered",
	  0 },
	{ "schedule", KEY_SCHEDULE, "KIND", 0,
	  "all: everything up, then down (default); sequence: one after the other, then all; "
	  "churn: "
	  "start and stop in random order",
	  0 },
	{ "streams", KEY_STREAMS, "N", 0, "churn: so many streams take part (one of each)", 0 },
	{ "cycles", KEY_CYCLES, "N", 0, "churn: starts and stops (1000)", 0 },
	{ "seed", KEY_SEED, "N", 0, "churn: another random order (1)", 0 },
	{ NULL, 0, NULL, 0, "The ways of giving them memory:", 3 },
	{ "regions", KEY_REGIONS, "WHO", 0,
	  "elastic: who gets a region of its own: none, dp, module, pipeline; or all, to compare "
	  "the "
	  "four. Default: dp where the board's firmware does so today, else none",
	  0 },
	{ "table", KEY_TABLE, "NAME|FILE.ini", 0, "The block table (sof): sof sof-linux, or a file",
	  0 },
	{ "spanning", KEY_SPANNING, NULL, 0, "table: let a request take adjacent blocks", 0 },
	{ "dma", KEY_DMA, "HEAP", 0,
	  "table: DMA buffers on the virtual heap (default) or, as since June 2026, the system "
	  "heap",
	  0 },
	{ "evacuate", KEY_EVACUATE, "PERCENT", 0,
	  "elastic: after each start and stop move pages, to empty banks: at most so many of a "
	  "hundred mapped",
	  0 },
	{ "fast", KEY_FAST, NULL, 0,
	  "Do not look for the least memory in which each would serve everything", 0 },
	{ NULL, 0, NULL, 0, "The output:", 4 },
	{ "json", KEY_JSON, NULL, 0, "For machines", 0 },
	{ "trace", KEY_TRACE, "FILE", 0, "Write every event of the elastic set-up to a file", 0 },
	{ "verbose", KEY_VERBOSE, NULL, 0, "Everything in full length", 0 },
	{ "quiet", KEY_QUIET, NULL, 0, "The verdict only", 0 },
	{ 0 },
};

static uint64_t number(const struct argp_state *state, const char *option, const char *text,
		       uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-' || value < least || value > most)
		argp_error(state, "--%s: '%s' is not a number from %llu to %llu", option, text,
			   (unsigned long long)least, (unsigned long long)most);
	return value;
}

/* The format that belongs to a PCM: a new choice if there is none yet. */
static struct life_format *format_of(struct run_options *options, const char *pcm)
{
	struct life_choice *choice;

	for (size_t i = 0; i < options->choice_count; i++)
		if (strcmp(options->choices[i].pcm, pcm) == 0)
			return &options->choices[i].format;
	options->choices =
		host_resize(options->choices, options->choice_count + 1, sizeof(*options->choices));
	choice = &options->choices[options->choice_count++];
	*choice = (struct life_choice){ .pcm = pcm };
	return &choice->format;
}

/* [PCM=]VALUE. A name may contain '=', a value cannot. */
static struct life_format *split(struct run_options *options, char *text, char **value)
{
	char *equals = strrchr(text, '=');

	*value = equals ? equals + 1 : text;
	if (!equals)
		return &options->format;
	*equals = '\0';
	return format_of(options, text);
}

static void parse_format(struct run_options *options, int key, char *text,
			 const struct argp_state *state)
{
	char *value;
	struct life_format *format = split(options, text, &value);

	if (key == KEY_RATE)
		format->rate = (uint32_t)number(state, "rate", value, 1, RATE_MAX);
	else if (key == KEY_CHANNELS)
		format->channels = (uint32_t)number(state, "channels", value, 1, CHANNELS_MAX);
	else
		format->bits = (uint32_t)number(state, "width", value, 1, WIDTH_MAX);
}

static void parse_schedule(struct run_options *options, int key, const char *text,
			   const struct argp_state *state)
{
	struct schedule_options *schedule = &options->schedule;

	if (key == KEY_STREAMS)
		schedule->streams = number(state, "streams", text, 1, STREAMS_MAX);
	else if (key == KEY_CYCLES)
		schedule->cycles = number(state, "cycles", text, 1, CYCLES_MAX);
	else if (key == KEY_SEED)
		schedule->seed = number(state, "seed", text, 0, UINT64_MAX);
	else if (!schedule_parse(text, &schedule->kind))
		argp_error(state, "--schedule: '%s' is not one of all, sequence, churn", text);
}

static void parse_regions(struct run_options *options, const char *text,
			  const struct argp_state *state)
{
	options->which_regions = RUN_REGIONS_ONE;
	if (strcmp(text, "all") == 0)
		options->which_regions = RUN_REGIONS_ALL;
	else if (!life_regions_parse(text, &options->regions))
		argp_error(state, "--regions: '%s' is not one of none, dp, module, pipeline, all",
			   text);
}

static void parse_dma(struct run_options *options, const char *text, const struct argp_state *state)
{
	options->dma_on_system_heap = strcmp(text, "system") == 0;
	if (!options->dma_on_system_heap && strcmp(text, "virtual") != 0)
		argp_error(state, "--dma: '%s' is not one of virtual, system", text);
}

static void parse_image(struct run_options *options, const char *text,
			const struct argp_state *state)
{
	options->has_image = true;
	options->image_bytes = number(state, "image", text, 0, IMAGE_MAX) * 1024;
}

/* Options without a value. @return false if it is none of them */
static bool parse_switch(struct run_options *options, int key)
{
	switch (key) {
	case KEY_SPANNING:
		return options->spanning = true;
	case KEY_FAST:
		return options->fast = true;
	case KEY_JSON:
		return options->json = true;
	case KEY_VERBOSE:
		return options->verbose = true;
	case KEY_QUIET:
		return options->quiet = true;
	default:
		return false;
	}
}

/* Options whose value is taken as it is. @return false if it is none of them */
static bool parse_name(struct run_options *options, int key, const char *text)
{
	const char **name = key == KEY_BOARD   ? &options->board
			    : key == KEY_TABLE ? &options->table
			    : key == KEY_TRACE ? &options->trace
					       : NULL;

	if (name)
		*name = text;
	return name != NULL;
}

static error_t parse_value(struct run_options *options, int key, char *text,
			   const struct argp_state *state)
{
	switch (key) {
	case KEY_IMAGE:
		parse_image(options, text, state);
		return 0;
	case KEY_RATE:
	case KEY_CHANNELS:
	case KEY_WIDTH:
		parse_format(options, key, text, state);
		return 0;
	case KEY_SCHEDULE:
	case KEY_STREAMS:
	case KEY_CYCLES:
	case KEY_SEED:
		parse_schedule(options, key, text, state);
		return 0;
	case KEY_EVACUATE:
		options->evacuate = (uint32_t)number(state, "evacuate", text, 1, 100);
		return 0;
	case KEY_REGIONS:
		parse_regions(options, text, state);
		return 0;
	case KEY_DMA:
		parse_dma(options, text, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARGS:
		options->files = (const char *const *)state->argv + state->next;
		options->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which topology? Name one or several .tplg files of one card");
		return 0;
	default:
		if (parse_switch(options, key) || parse_name(options, key, text))
			return 0;
		return parse_value(options, key, text, state);
	}
}

static const struct argp parser = {
	.options = option_list,
	.parser = parse,
	.args_doc = "TOPOLOGY...",
	.doc = "Give the pipelines of a card their memory, really, and tell what it took."
	       "\v"
	       "Reads topology files, goes through the life of their streams, and takes every "
	       "allocation from the library in three set-ups of the same memory: SOF's block "
	       "table, "
	       "one classic heap, and Quire's elastic heap. Every byte is filled and checked.\n\n"
	       "Exit status: 0 it fits the elastic set-up, 1 it does not, 2 bad input.",
};

void run_options_parse(struct run_options *options, int argc, char **argv)
{
	*options = (struct run_options){
		.board = "mtl",
		.table = "sof",
		.schedule = { .cycles = 1000, .seed = 1 },
	};
	argp_parse(&parser, argc, argv, 0, NULL, options);
}

void run_options_free(struct run_options *options)
{
	free(options->choices);
}
