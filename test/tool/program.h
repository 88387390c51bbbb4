/* SPDX-License-Identifier: BSD-3-Clause */
/* program: runs the built tool as a user would, and keeps what it said. */
#ifndef QUIRE_TEST_PROGRAM_H
#define QUIRE_TEST_PROGRAM_H

#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM    QUIRE_BINARY_DIR "/quire"
#define EXAMPLE(n) QUIRE_BINARY_DIR "/example/topologies/" n ".tplg"
#define LAPTOP     EXAMPLE("laptop")

#define ARGUMENTS_MAX 32

/* What a run said and how it ended. */
struct said {
	int status; /* exit status; 128 + signal if it was killed */
	char *out;
	char *err;
};

/* All of a file, as text; closes it. */
static char *program_take(FILE *file)
{
	char *text = NULL;
	size_t bytes = 0;

	rewind(file);
	if (getdelim(&text, &bytes, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

__attribute__((unused)) static char *program_read_file(const char *path)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	return program_take(file);
}

static int program_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In the child: never returns. */
static void program_become(const char *line, int out, int err)
{
	static char copy[4096];
	char *arguments[ARGUMENTS_MAX + 1] = { (char *)(uintptr_t)PROGRAM };
	char *rest = copy, *word;
	size_t count = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) && count < ARGUMENTS_MAX)
		if (*word)
			arguments[count++] = word;
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(PROGRAM, arguments);
	_exit(127);
}

/* Start it with the words of a line; out < 0: what it prints is kept. */
static struct said program_run_to(int out, const char *line)
{
	FILE *outs = tmpfile(), *errs = tmpfile();
	struct said said;
	pid_t pid;

	assert_true(outs && errs);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		program_become(line, out < 0 ? fileno(outs) : out, fileno(errs));
	said.status = program_wait(pid);
	said.out = program_take(outs);
	said.err = program_take(errs);
	return said;
}

__attribute__((unused)) static struct said program_run(const char *line)
{
	return program_run_to(-1, line);
}

__attribute__((unused)) static void said_free(struct said *said)
{
	free(said->out);
	free(said->err);
}

#endif
