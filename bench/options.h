/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The command line of the benchmark.
 */
#ifndef QUIRE_BENCH_OPTIONS_H
#define QUIRE_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Status of the program when what it was asked for is wrong. */
#define EXIT_BAD_ARGUMENTS 2

enum output {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_MARKDOWN,
};

struct options {
	enum output output;
	char *svg; /**< file; NULL: none */
	bool quick;
	bool exact; /**< nothing is timed */
	bool list;
	size_t repetitions;
	uint64_t seed;
	char **peers; /**< files */
	size_t peer_count;
	bool no_peers;
	const char **topologies; /**< paths, for `churn` */
	size_t topology_count;
	bool *picked; /**< by the number of a workload; NULL: all are to run */
};

/** Ends the program with status 2 if the arguments are wrong, with 0 after --help. */
void options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/** Whether the workload of this number is to be run. */
bool options_want(const struct options *options, size_t workload);

#endif
