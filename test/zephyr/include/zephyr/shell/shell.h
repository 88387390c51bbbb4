/* SPDX-License-Identifier: BSD-3-Clause */
/* shell: commands that the module registers. */
#ifndef HOST_ZEPHYR_SHELL_H
#define HOST_ZEPHYR_SHELL_H

#include <stddef.h>

struct shell;

struct host_command {
	const char *name;
	const char *help;
	int (*handler)(const struct shell *sh, size_t argc, char **argv);
	const struct host_command *sub;
};

void shell_print(const struct shell *sh, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void shell_error(const struct shell *sh, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void host_add_command(const struct host_command *command);

#define SHELL_CMD(syntax, subcommands, words, function) \
	{                                               \
#syntax, words, function, subcommands   \
	}
#define SHELL_SUBCMD_SET_END           \
	{                              \
		NULL, NULL, NULL, NULL \
	}
#define SHELL_STATIC_SUBCMD_SET_CREATE(name, ...) \
	static const struct host_command name[] = { __VA_ARGS__ }
#define SHELL_CMD_REGISTER(syntax, subcommands, words, function)                       \
	__attribute__((constructor)) static void host_add_command_##syntax(void)       \
	{                                                                              \
		static const struct host_command command = { #syntax, words, function, \
							     *(subcommands) };         \
		host_add_command(&command);                                            \
	}                                                                              \
	_Static_assert(1, "")

#endif
