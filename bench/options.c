/* SPDX-License-Identifier: BSD-3-Clause */
/* options: what the program was asked to measure, and how often. */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define REPETITIONS         21u
#define REPETITIONS_QUICK   3u
#define REPETITIONS_MAXIMUM 100000u

enum key {
	KEY_QUICK = 'q',
	KEY_WORKLOAD = 'w',
	KEY_LIST = 'l',
	KEY_REPETITIONS = 'r',
	KEY_SEED = 's',
	KEY_JSON = 'j',
	KEY_MARKDOWN = 'm',
	KEY_PEER = 'p',
	KEY_EXACT = 'e',
	KEY_SVG = 0x101,
	KEY_NO_PEERS = 0x100,
	KEY_TOPOLOGY = 't',
};

static const struct argp_option option_list[] = {
	{ "workload", KEY_WORKLOAD, "NAME", 0, "Only this one; may be given several times", 0 },
	{ "list", KEY_LIST, NULL, 0, "Tell which workloads there are, and what they do", 0 },
	{ "peer", KEY_PEER, "FILE.so", 0,
	  "Compare with this allocator (doc/peers.md); may be given several times. Without it: "
	  "with "
	  "all in the folder peers beside the program",
	  0 },
	{ "no-peers", KEY_NO_PEERS, NULL, 0, "Compare with no other allocator", 0 },
	{ "quick", KEY_QUICK, NULL, 0, "A tenth of the operations, 3 repetitions: a first look",
	  0 },
	{ "exact", KEY_EXACT, NULL, 0, "Time nothing: only what is the same in every run", 0 },
	{ "repetitions", KEY_REPETITIONS, "N", 0, "Take the median of so many (21)", 0 },
	{ "seed", KEY_SEED, "N", 0, "Other random sizes and orders (1)", 0 },
	{ "topology", KEY_TOPOLOGY, "FILE", 0,
	  "churn: this topology too; may be given several times", 0 },
	{ "json", KEY_JSON, NULL, 0, "Output for machines", 0 },
	{ "svg", KEY_SVG, "FILE", 0, "Draw the times of all compared into this file, too", 0 },
	{ "markdown", KEY_MARKDOWN, NULL, 0, "Output as a document: doc/performance.md", 0 },
	{ 0 },
};

static uint64_t number(const struct argp_state *state, const char *option, const char *argument,
		       uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(argument, &end, 0);
	if (errno || end == argument || *end || argument[0] == '-' || value < least || value > most)
		argp_error(state, "--%s: '%s' is not a number from %llu to %llu", option, argument,
			   (unsigned long long)least, (unsigned long long)most);
	return value;
}

static void pick_workload(struct options *options, const char *name, const struct argp_state *state)
{
	size_t i = 0;

	while (i < workload_count && strcmp(workloads[i]->name, name) != 0)
		i++;
	if (i == workload_count)
		argp_error(state, "there is no workload '%s'; --list tells which there are", name);
	if (!options->picked)
		options->picked = memory(workload_count, sizeof(bool));
	options->picked[i] = true;
}

static void add_peer(struct options *options, char *file)
{
	char **peers = realloc(options->peers, (options->peer_count + 1) * sizeof(*options->peers));

	if (!peers)
		die("no memory for a peer");
	options->peers = peers;
	peers[options->peer_count++] = file;
}

static void add_topology(struct options *options, const char *path)
{
	size_t bytes = (options->topology_count + 1) * sizeof(*options->topologies);

	options->topologies = realloc(options->topologies, bytes);
	if (!options->topologies)
		die("no memory for the options");
	options->topologies[options->topology_count++] = path;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_QUICK:
		options->quick = true;
		return 0;
	case KEY_SVG:
		options->svg = argument;
		return 0;
	case KEY_EXACT:
		options->exact = true;
		return 0;
	case KEY_WORKLOAD:
		pick_workload(options, argument, state);
		return 0;
	case KEY_PEER:
		add_peer(options, argument);
		return 0;
	case KEY_NO_PEERS:
		options->no_peers = true;
		return 0;
	case KEY_LIST:
		options->list = true;
		return 0;
	case KEY_REPETITIONS:
		options->repetitions =
			(size_t)number(state, "repetitions", argument, 1, REPETITIONS_MAXIMUM);
		return 0;
	case KEY_SEED:
		options->seed = number(state, "seed", argument, 0, UINT64_MAX);
		return 0;
	case KEY_TOPOLOGY:
		add_topology(options, argument);
		return 0;
	case KEY_JSON:
		options->output = OUTPUT_JSON;
		return 0;
	case KEY_MARKDOWN:
		options->output = OUTPUT_MARKDOWN;
		return 0;
	case ARGP_KEY_END:
		if (options->svg && options->exact)
			argp_error(state, "--svg draws times, and --exact takes none");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = option_list,
	.parser = parse,
	.doc = "Time the layers of Quire on this machine, and count what is exact."
	       "\v"
	       "A time is the median of the repetitions. It is also given in yardsticks: the "
	       "simplest "
	       "allocation there is, measured in the same repetition. Between machines compare "
	       "those. Nothing is asserted.\n\n"
	       "Exit status: 0 measured, 1 something did not work, 2 bad arguments.",
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){ .seed = 1 };
	argp_err_exit_status = EXIT_BAD_ARGUMENTS;
	argp_parse(&parser, argc, argv, 0, NULL, options);
	if (!options->repetitions)
		options->repetitions = options->quick ? REPETITIONS_QUICK : REPETITIONS;
}

void options_free(struct options *options)
{
	free(options->picked);
	free(options->peers);
	free(options->topologies);
}

bool options_want(const struct options *options, size_t workload)
{
	return !options->picked || options->picked[workload];
}
