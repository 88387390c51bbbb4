/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program `quire`: finds the command and lets it work. Whatever a command printed has reached its
 * destination when the program ends well: a closed pipe or a full disk is an error like any other.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static const struct command commands[] = {
	{ "run", "give the pipelines of a topology their memory, and compare", command_run },
};

/* Enough for all that a command prints: then it is written at the end, and errno says what happened. */
static char output[1u << 20];

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *argp_program_version = COMMAND_VERSION;

/* What argp leaves of the line: the command and everything behind it. */
struct line {
	int argc;
	char **argv;
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct line *line = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!find_command(text))
			argp_error(state, "there is no command '%s'", text);
		line->argc = state->argc - state->next + 1;
		line->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of commands, before the text at the end of --help. argp frees what it is given. */
static char *list_commands(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t bytes;
	FILE *stream;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	stream = open_memstream(&list, &bytes);
	if (!stream)
		return NULL;
	fprintf(stream, "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(stream, "\n%s", text ? text : "");
	fclose(stream);
	return list;
}

static const struct argp parser = {
	.parser = parse,
	.args_doc = "COMMAND [OPTION...]",
	.doc = "Memory for audio DSP firmware: try it, plan it, watch it."
	       "\v"
	       "`quire COMMAND --help' and `man quire-COMMAND' tell more.",
	.help_filter = list_commands,
};

/* Registered first, so it runs last: nothing that was printed may be lost without a word. */
static void check_output(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	fprintf(stderr, "quire: the output could not be written: %s\n",
		errno ? strerror(errno) : "write error");
	_exit(COMMAND_BAD_INPUT);
}

/* "quire run" is what the command's own messages begin with. */
static int run(const struct command *command, struct line *line)
{
	static char name[64];

	snprintf(name, sizeof(name), "quire %s", command->name);
	line->argv[0] = name;
	return command->run(line->argc, line->argv);
}

int main(int argc, char **argv)
{
	struct line line = { 0, NULL };

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	atexit(check_output);
	argp_err_exit_status = COMMAND_BAD_INPUT;
	argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &line);
	return run(find_command(line.argv[0]), &line);
}
