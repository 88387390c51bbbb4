/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table: page tables, in whatever format: found, grown on demand from the pool and given back to it. What
 * stands in the entries of the last level is bare.c's business, but it sets them through here, so that
 * each table's number of entries in use is known.
 */
#ifndef BARE_TABLE_H
#define BARE_TABLE_H

#include "format.h"
#include "quire/bare.h"

/* Put all tables of the pool on the list of free ones. */
void bare_tables_init(struct quire_bare *port);

/* The entry of the last level for an address; NULL if there is no table for it. */
bare_entry *bare_entry_for(const struct quire_bare *port, uintptr_t va);

/* The entry for the page behind va, whose entry is known. */
static inline bare_entry *bare_entry_after(const struct quire_bare *port, bare_entry *entry,
					   uintptr_t va)
{
	uintptr_t last = ((uintptr_t)1 << BARE_BITS(BARE_LEVELS - 1)) - 1;

	if (entry && ((va >> BARE_SHIFT(BARE_LEVELS - 1)) & last) != last)
		return entry + 1;
	return bare_entry_for(port, va + QUIRE_BARE_PAGE);
}

/* What is there for an address, BARE_ABSENT if there is not even a table. */
bare_entry bare_entry_at(const struct quire_bare *port, uintptr_t va);

/* Change an entry for which there is a table. */
void bare_entry_set(struct quire_bare *port, bare_entry *entry, bare_entry value);

/* Have tables for all pages of a range. False if the pool runs out; prune takes back what is there. */
bool bare_tables_grow(struct quire_bare *port, uintptr_t va, size_t pages);

/* Detach the tables of a range that have no entry in use. They are free only after bare_tables_give: the
 * unit may still know them, so a flush comes between. Returns a list of them, or `table_count`. */
uint32_t bare_tables_prune(struct quire_bare *port, uintptr_t va, size_t pages);
void bare_tables_give(struct quire_bare *port, uint32_t list);

/* NULL, or what is wrong with the tables. */
const char *bare_tables_check(const struct quire_bare *port);

#endif
