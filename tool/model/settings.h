/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Settings files: INI files in which each key is known, typed and bounded. Private to tool/model.
 */
#ifndef QUIRE_TOOL_SETTINGS_H
#define QUIRE_TOOL_SETTINGS_H

#include <ini.h>

#include "model/board.h"

/** A file that is being read. */
struct settings {
	FILE *stream;
	unsigned int line; /**< 0 before the first */
	bool failed;       /**< error is filled; only the first counts */
	struct board_error *error;
};

enum setting_form {
	FORM_NAME,    /**< one word */
	FORM_TITLE,   /**< any text */
	FORM_SIZE,    /**< size_t, bytes or a count */
	FORM_KIB,     /**< size_t, from KiB */
	FORM_COUNT,   /**< uint32_t */
	FORM_ADDRESS, /**< uint64_t */
	FORM_SWITCH,  /**< bool */
};

/** A key: where it goes, and what it may look like. */
struct setting {
	const char *section;
	const char *name;
	enum setting_form form;
	size_t offset;    /**< in struct board */
	uint64_t largest; /**< as written */
};

/** Notes what is wrong, unless something was before. @return false */
__attribute__((format(printf, 3, 4))) bool settings_refuse(struct settings *settings,
							   unsigned int line, const char *format,
							   ...);

/** Notes that a key was met before, on that line. @return false */
bool settings_met_before(struct settings *settings, const char *name, unsigned int line);

/**
 * Looks for a file: a path as it is, a name in the folders that board_load() tells of.
 *
 * @param part of the folder: "" or "tables/"
 * @param path BOARD_FILE_BYTES of room
 */
bool settings_find(const char *name, const char *part, char *path);

/** Notes that it was not found. @return -1 */
int settings_not_found(const char *name, const char *what, struct board_error *error);

/** Calls the handler for each key; settings->line says where it stands. @return false if refused */
bool settings_read(struct settings *settings, const char *path, ini_handler handler, void *context);

/** Decimal or 0x hexadecimal: no sign, no octal, nothing behind it. */
bool settings_number(const char *text, uint64_t *number);

/** Checks a value by its form and stores it in a field of the type that the form says. */
bool settings_store(struct settings *settings, const struct setting *setting, void *field,
		    const char *value);

#endif
