/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table: page tables in the format of format.h, below bare.c.
 *
 * 1. The root is the start-up's; tables of all lower levels come from the pool and have one size.
 * 2. For each table of the pool its number of entries in use is kept beside the pool. A table that has
 *    none is detached from the one above, which may fall empty by that, and so on up to the root.
 * 3. Free tables form a list: each holds the number of the next in its first entry, in a form that the
 *    unit takes for absent, because a detached table may still be walked until the flush.
 *
 * Bound: a walk is one step per level. Grow and prune take a walk per table of the range.
 */
#include "table.h"

#define LAST (BARE_LEVELS - 1)

_Static_assert(sizeof(bare_entry) << BARE_BITS(LAST) == QUIRE_BARE_TABLE_BYTES,
	       "a table of the pool is a table of the last level");
_Static_assert(BARE_LEVELS == 2 || BARE_BITS(1) == BARE_BITS(LAST), "all lower levels are alike");

/* ---- tables of the pool --------------------------------------------------------------------- */

static bare_entry *table_number(const struct quire_bare *port, uint32_t number)
{
	unsigned char *tables = port->config.tables;

	return (bare_entry *)(void *)(tables + (size_t)number * QUIRE_BARE_TABLE_BYTES);
}

static uint32_t number_of(const struct quire_bare *port, const bare_entry *entry)
{
	return (uint32_t)(((uintptr_t)entry - (uintptr_t)port->config.tables) /
			  QUIRE_BARE_TABLE_BYTES);
}

static bool is_of_pool(const struct quire_bare *port, const bare_entry *entry)
{
	return number_of(port, entry) < port->table_count;
}

static uintptr_t physical_address(const struct quire_bare *port, uint32_t number)
{
	return (uintptr_t)table_number(port, number) + port->config.to_physical;
}

static bare_entry *table_behind(const struct quire_bare *port, bare_entry link)
{
	uintptr_t offset = bare_target(link) - physical_address(port, 0);

	return table_number(port, (uint32_t)(offset / QUIRE_BARE_TABLE_BYTES));
}

/* The list through tables that are free or detached. */
static void set_next(const struct quire_bare *port, uint32_t number, uint32_t next)
{
	*(volatile bare_entry *)table_number(port, number) =
		bare_retire(bare_leaf((uintptr_t)next * QUIRE_BARE_PAGE, QUIRE_READ, true));
}

static uint32_t next_of(const struct quire_bare *port, uint32_t number)
{
	return (uint32_t)(bare_target(*table_number(port, number)) / QUIRE_BARE_PAGE);
}

void bare_tables_init(struct quire_bare *port)
{
	for (uint32_t number = 0; number < port->table_count; number++) {
		set_next(port, number, number + 1);
		port->table_entries[number] = 0;
	}
	port->free_table = 0;
}

/* An empty table, or NULL. */
static bare_entry *take_table(struct quire_bare *port)
{
	bare_entry *table;

	if (port->free_table == port->table_count)
		return NULL;
	table = table_number(port, port->free_table);
	port->free_table = next_of(port, port->free_table);
	for (uint32_t i = 0; i < (uint32_t)1 << BARE_BITS(LAST); i++)
		table[i] = BARE_ABSENT;
	port->tables_used++;
	if (port->tables_used > port->tables_peak)
		port->tables_peak = port->tables_used;
	return table;
}

void bare_tables_give(struct quire_bare *port, uint32_t list)
{
	while (list != port->table_count) {
		uint32_t next = next_of(port, list);

		set_next(port, list, port->free_table);
		port->free_table = list;
		port->tables_used--;
		list = next;
	}
}

/* ---- entries -------------------------------------------------------------------------------- */

static bare_entry *entry_in(bare_entry *table, uintptr_t va, uint32_t level)
{
	return &table[va >> BARE_SHIFT(level) & (((uintptr_t)1 << BARE_BITS(level)) - 1)];
}

/* The entry of this level for an address; NULL if a table above it is missing. */
static bare_entry *entry_of_level(const struct quire_bare *port, uintptr_t va, uint32_t level)
{
	bare_entry *entry = entry_in(port->config.root, va, 0);

	for (uint32_t at = 1; at <= level; at++) {
		if (*entry == BARE_ABSENT)
			return NULL;
		entry = entry_in(table_behind(port, *entry), va, at);
	}
	return entry;
}

bare_entry *bare_entry_for(const struct quire_bare *port, uintptr_t va)
{
	return entry_of_level(port, va, LAST);
}

bare_entry bare_entry_at(const struct quire_bare *port, uintptr_t va)
{
	const bare_entry *entry = bare_entry_for(port, va);

	return entry ? *entry : BARE_ABSENT;
}

void bare_entry_set(struct quire_bare *port, bare_entry *entry, bare_entry value)
{
	bool was = *entry != BARE_ABSENT;
	bool is = value != BARE_ABSENT;

	if (was != is && is_of_pool(port, entry)) {
		uint16_t *entries = &port->table_entries[number_of(port, entry)];

		*entries = (uint16_t)(is ? *entries + 1 : *entries - 1);
	}
	*(volatile bare_entry *)entry = value;
}

/* ---- growing and pruning -------------------------------------------------------------------- */

/* Bytes of addresses behind one entry of a level. */
static uintptr_t reach_of(uint32_t level)
{
	return (uintptr_t)1 << BARE_SHIFT(level);
}

static bool grow_to(struct quire_bare *port, uintptr_t va)
{
	bare_entry *entry = entry_in(port->config.root, va, 0);

	for (uint32_t level = 1; level < BARE_LEVELS; level++) {
		if (*entry == BARE_ABSENT) {
			bare_entry *table = take_table(port);

			if (!table)
				return false;
			bare_publish(); /* nobody sees it before it is empty */
			bare_entry_set(port, entry,
				       bare_link(physical_address(port, number_of(port, table))));
			port->tables_changed = true;
		}
		entry = entry_in(table_behind(port, *entry), va, level);
	}
	return true;
}

bool bare_tables_grow(struct quire_bare *port, uintptr_t va, size_t pages)
{
	uintptr_t last = va + (pages - 1) * QUIRE_BARE_PAGE;
	uintptr_t reach = reach_of(LAST - 1);

	for (va &= ~(reach - 1);; va += reach) {
		if (!grow_to(port, va))
			return false;
		if (last - va < reach)
			return true;
	}
}

/* Detach the empty tables of one level that the range touches. */
static uint32_t prune_level(struct quire_bare *port, uintptr_t va, uintptr_t last, uint32_t level,
			    uint32_t list)
{
	uintptr_t reach = reach_of(level);

	for (va &= ~(reach - 1);; va += reach) {
		bare_entry *link = entry_of_level(port, va, level);
		bare_entry *table = link && *link != BARE_ABSENT ? table_behind(port, *link) : NULL;

		if (table && !port->table_entries[number_of(port, table)]) {
			bare_entry_set(port, link, BARE_ABSENT);
			port->tables_changed = true;
			set_next(port, number_of(port, table), list);
			list = number_of(port, table);
		}
		if (last - va < reach)
			return list;
	}
}

uint32_t bare_tables_prune(struct quire_bare *port, uintptr_t va, size_t pages)
{
	uintptr_t last = va + (pages - 1) * QUIRE_BARE_PAGE;
	uint32_t list = port->table_count;

	for (uint32_t level = LAST; level--;)
		list = prune_level(port, va, last, level, list);
	return list;
}

/* ---- the check ------------------------------------------------------------------------------ */

const char *bare_tables_check(const struct quire_bare *port)
{
	uint32_t free_tables = 0, number = port->free_table;

	while (number < port->table_count && free_tables <= port->table_count) {
		if (port->table_entries[number])
			return "a free table has entries in use";
		number = next_of(port, number);
		free_tables++;
	}
	if (number != port->table_count || free_tables != port->table_count - port->tables_used)
		return "the free tables are not those that are not in use";
	for (number = 0; number < port->table_count; number++) {
		const bare_entry *table = table_number(port, number);
		uint32_t entries = 0;

		if (!port->table_entries[number])
			continue;
		for (uint32_t i = 0; i < (uint32_t)1 << BARE_BITS(LAST); i++)
			entries += table[i] != BARE_ABSENT;
		if (entries != port->table_entries[number])
			return "a table counts other entries than it has";
	}
	return NULL;
}
