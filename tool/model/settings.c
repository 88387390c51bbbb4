/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings files: finding them, reading them by libinih, and what a value may look like. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/settings.h"

#define KIB 1024u

bool settings_refuse(struct settings *settings, unsigned int line, const char *format, ...)
{
	va_list arguments;

	if (settings->failed)
		return false;
	settings->failed = true;
	settings->error->line = line;
	va_start(arguments, format);
	vsnprintf(settings->error->what, sizeof(settings->error->what), format, arguments);
	va_end(arguments);
	return false;
}

/* Files */

/* libinih counts lines only for itself; a line that it would cut in two is refused. */
static char *next_line(char *text, int bytes, void *context)
{
	struct settings *settings = context;

	if (settings->failed || fgets(text, bytes, settings->stream) == NULL)
		return NULL;
	settings->line++;
	if (strchr(text, '\n') == NULL && !feof(settings->stream))
		settings_refuse(settings, settings->line,
				"the line is too long, or holds a zero byte: at most %d characters",
				bytes - 2);
	return text;
}

bool settings_read(struct settings *settings, const char *path, ini_handler handler, void *context)
{
	int bad_line;

	snprintf(settings->error->file, sizeof(settings->error->file), "%s", path);
	settings->stream = fopen(path, "r");
	if (settings->stream == NULL)
		return settings_refuse(settings, 0, "cannot be opened: %s", strerror(errno));
	bad_line = ini_parse_stream(next_line, settings, handler, context);
	if (ferror(settings->stream))
		settings_refuse(settings, 0, "cannot be read: %s", strerror(errno));
	fclose(settings->stream);
	if (bad_line > 0 && (unsigned int)bad_line < settings->error->line)
		settings->failed = false; /* it goes before what was noted */
	if (bad_line > 0)
		settings_refuse(
			settings, (unsigned int)bad_line,
			"neither `[section]` nor `key = value` nor a comment; begin comments with "
			"`;`");
	return !settings->failed;
}

static bool is_path(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') != NULL || (length > 4 && strcmp(name + length - 4, ".ini") == 0);
}

static bool exists(const char *folder, const char *part, const char *name, char *path)
{
	int length = snprintf(path, BOARD_FILE_BYTES, "%s/%s%s.ini", folder, part, name);

	return length > 0 && (size_t)length < BOARD_FILE_BYTES && access(path, R_OK) == 0;
}

/* The folder of the executable, then up one and down into share. */
static bool installed_folder(char *folder, size_t room)
{
	char program[BOARD_FILE_BYTES];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	int written;

	if (length <= 0)
		return false;
	program[length] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(program, '/');

		if (slash == NULL)
			return false;
		*slash = '\0';
	}
	written = snprintf(folder, room, "%s/share/quire/boards", program);
	return written > 0 && (size_t)written < room;
}

bool settings_find(const char *name, const char *part, char *path)
{
	const char *said = getenv("QUIRE_BOARDS");
	char folder[BOARD_FILE_BYTES];

	if (is_path(name)) {
		snprintf(path, BOARD_FILE_BYTES, "%s", name);
		return strlen(name) < BOARD_FILE_BYTES;
	}
	if (said != NULL && said[0] != '\0')
		return exists(said, part, name, path);
#ifdef QUIRE_BOARDS_DIR
	if (exists(QUIRE_BOARDS_DIR, part, name, path))
		return true;
#endif
	return installed_folder(folder, sizeof(folder)) && exists(folder, part, name, path);
}

int settings_not_found(const char *name, const char *what, struct board_error *error)
{
	error->line = 0;
	snprintf(error->file, sizeof(error->file), "%s", name);
	snprintf(error->what, sizeof(error->what),
		 "no such %s here; give the path of a file, with a / or ending in .ini, or set "
		 "QUIRE_BOARDS to the folder that holds %s.ini",
		 what, strlen(name) < 64 ? name : "NAME");
	return -1;
}

bool settings_number(const char *text, uint64_t *number)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? text + 2 : text;
	char *end;

	if (!isxdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	*number = strtoull(digits, &end, hexadecimal ? 16 : 10);
	return *end == '\0' && end != digits && errno == 0;
}

static bool store_text(struct settings *settings, const struct setting *setting, char *field,
		       const char *value)
{
	size_t room = setting->form == FORM_NAME ? BOARD_NAME_BYTES : BOARD_TITLE_BYTES;

	if (value[0] == '\0' || strlen(value) >= room)
		return settings_refuse(settings, settings->line,
				       "%s is text of 1 to %zu characters", setting->name,
				       room - 1);
	for (const char *at = value; *at != '\0'; at++) {
		if (!isprint((unsigned char)*at) || (setting->form == FORM_NAME && *at == ' '))
			return settings_refuse(settings, settings->line, "%s is printable text%s",
					       setting->name,
					       setting->form == FORM_NAME ? " without spaces" : "");
	}
	memcpy(field, value, strlen(value) + 1);
	return true;
}

static bool store_switch(struct settings *settings, const struct setting *setting, bool *field,
			 const char *value)
{
	*field = strcmp(value, "yes") == 0;
	if (*field || strcmp(value, "no") == 0)
		return true;
	return settings_refuse(settings, settings->line, "%s is yes or no", setting->name);
}

static bool store_number(struct settings *settings, const struct setting *setting, void *field,
			 const char *value)
{
	uint64_t number;

	if (!settings_number(value, &number))
		return settings_refuse(settings, settings->line,
				       "%s is a number, decimal or 0x hexadecimal, without a unit",
				       setting->name);
	if (number > setting->largest)
		return settings_refuse(settings, settings->line, "%s is at most %" PRIu64,
				       setting->name, setting->largest);
	if (setting->form == FORM_COUNT)
		*(uint32_t *)field = (uint32_t)number;
	else if (setting->form == FORM_ADDRESS)
		*(uint64_t *)field = number;
	else
		*(size_t *)field = (size_t)(setting->form == FORM_KIB ? number * KIB : number);
	return true;
}

bool settings_met_before(struct settings *settings, const char *name, unsigned int line)
{
	return settings_refuse(settings, settings->line,
			       "%.40s is there already, on line %u; write it once, and do not "
			       "indent lines",
			       name, line);
}

bool settings_store(struct settings *settings, const struct setting *setting, void *field,
		    const char *value)
{
	switch (setting->form) {
	case FORM_NAME:
	case FORM_TITLE:
		return store_text(settings, setting, field, value);
	case FORM_SWITCH:
		return store_switch(settings, setting, field, value);
	default:
		return store_number(settings, setting, field, value);
	}
}
