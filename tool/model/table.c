/* SPDX-License-Identifier: BSD-3-Clause */
/* Block tables: a list of bundles, and a sum that guards against slips. */
#include <inttypes.h>
#include <string.h>

#include "model/settings.h"

#define TABLE_BYTES_MAX BOARD_SRAM_MAX

struct table_reader {
	struct settings settings;
	struct board_table *table;
	unsigned int name_line;
	unsigned int total_line;
	unsigned int lines[BOARD_BUNDLES_MAX];
};

static bool take_bundle(struct table_reader *reader, const char *size, const char *blocks)
{
	struct board_table *table = reader->table;
	unsigned int line = reader->settings.line;
	uint64_t bytes;
	uint64_t count;

	if (!settings_number(size, &bytes) || !settings_number(blocks, &count) || bytes == 0 ||
	    count == 0 || bytes > TABLE_BYTES_MAX || count > TABLE_BYTES_MAX)
		return settings_refuse(
			&reader->settings, line,
			"a bundle is `bytes of a block = number of blocks`, both from 1 to %u",
			TABLE_BYTES_MAX);
	for (size_t i = 0; i < table->count; i++) {
		if (table->bundles[i].block_size == bytes)
			return settings_met_before(&reader->settings, size, reader->lines[i]);
	}
	if (table->count == BOARD_BUNDLES_MAX)
		return settings_refuse(&reader->settings, line, "more than %u bundles",
				       BOARD_BUNDLES_MAX);
	reader->lines[table->count] = line;
	table->bundles[table->count].block_size = (size_t)bytes;
	table->bundles[table->count++].blocks = (size_t)count;
	return true;
}

static bool take_once(struct table_reader *reader, const struct setting *key, unsigned int *line,
		      void *field, const char *value)
{
	if (*line != 0)
		return settings_met_before(&reader->settings, key->name, *line);
	*line = reader->settings.line;
	return settings_store(&reader->settings, key, field, value);
}

static int take_table_key(void *context, const char *section, const char *name, const char *value)
{
	static const struct setting name_key = { "table", "name", FORM_NAME, 0, 0 };
	static const struct setting total_key = { "table", "total_bytes", FORM_SIZE, 0,
						  TABLE_BYTES_MAX };
	struct table_reader *reader = context;
	bool in_table = strcmp(section, "table") == 0;

	if (strcmp(section, "bundles") == 0)
		return take_bundle(reader, name, value);
	if (in_table && strcmp(name, name_key.name) == 0)
		return take_once(reader, &name_key, &reader->name_line, reader->table->name, value);
	if (in_table && strcmp(name, total_key.name) == 0)
		return take_once(reader, &total_key, &reader->total_line,
				 &reader->table->total_bytes, value);
	return settings_refuse(&reader->settings, reader->settings.line,
			       "there is no key %.40s in section [%.40s] of a block table; see "
			       "boards/README.md",
			       name, section);
}

static bool check_table(struct table_reader *reader)
{
	const struct board_table *table = reader->table;
	uint64_t sum = 0;

	if (reader->name_line == 0 || reader->total_line == 0)
		return settings_refuse(&reader->settings, 0, "%s is missing in section [table]",
				       reader->name_line == 0 ? "name" : "total_bytes");
	if (table->count == 0)
		return settings_refuse(&reader->settings, 0,
				       "there is no bundle in section [bundles]");
	for (size_t i = 0; i < table->count; i++)
		sum += (uint64_t)table->bundles[i].block_size * table->bundles[i].blocks;
	if (sum != table->total_bytes)
		return settings_refuse(&reader->settings, reader->total_line,
				       "total_bytes is %zu, but the bundles add up to %" PRIu64,
				       table->total_bytes, sum);
	return true;
}

int board_table_load(const char *name, struct board_table *table, struct board_error *error)
{
	struct table_reader reader = { .settings.error = error, .table = table };

	*table = (struct board_table){ 0 };
	if (!settings_find(name, "tables/", table->file))
		return settings_not_found(name, "block table", error);
	if (settings_read(&reader.settings, table->file, take_table_key, &reader) &&
	    check_table(&reader))
		return 0;
	return -1;
}
