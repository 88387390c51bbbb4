/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The commands of the program `quire`.
 *
 * Each lives in a file or folder of its own and is a line of the table in main.c. A command parses its
 * own options, prints to standard output, complains on standard error, and answers with one of the
 * exit statuses below. Whether standard output really took what was printed is checked once, when the
 * program ends.
 */
#ifndef QUIRE_TOOL_COMMAND_H
#define QUIRE_TOOL_COMMAND_H

#include <stdio.h>

#define COMMAND_VERSION "quire 0.1.0"

enum command_status {
	COMMAND_OK = 0, /**< done; what was asked about fits */
	COMMAND_DOES_NOT_FIT = 1,
	COMMAND_BAD_INPUT =
		2, /**< bad options, unreadable files, output that could not be written */
};

struct command {
	const char *name;
	const char *summary; /**< one line for the list in --help */
	int (*run)(int argc, char **argv);
};

/** quire run: the pipelines of a topology get their memory from the library. */
int command_run(int argc, char **argv);

#endif
