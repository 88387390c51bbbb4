/* SPDX-License-Identifier: BSD-3-Clause */
/* ground: see ground.h. */
#include "ground.h"

#include <string.h>

#include "machine.h"
#include "start.h"
#include "table.h"

#define BUDGETS 8u
#define STORAGE ((size_t)64 * KIB)

struct ground ground;

static _Alignas(4096) unsigned char tables[GROUND_TABLES * QUIRE_BARE_TABLE_BYTES];
static _Alignas(uintptr_t) unsigned char port_storage[QUIRE_BARE_STORAGE(GROUND_BANKS, GROUND_BANK,
									 GROUND_TABLES)];
static _Alignas(uintptr_t) unsigned char vs_storage[QUIRE_VSPACE_STORAGE(GROUND_PAGES, BUDGETS)];
static _Alignas(64) unsigned char storage[STORAGE];

/* Root entries of a window that a failed case left behind. */
static void forget(uintptr_t base, size_t pages)
{
	uintptr_t mask = ((uintptr_t)1 << BARE_BITS(0)) - 1;
	uintptr_t last = (base + (pages - 1) * PAGE) >> BARE_SHIFT(0);

	for (uintptr_t slot = base >> BARE_SHIFT(0); slot <= last; slot++)
		bare_root[slot & mask] = BARE_ABSENT;
}

/* Tables that were never taken hold nothing either, so that ground_tables_are_dead can look at all. */
static void empty_tables(void)
{
	bare_entry *entry = (void *)tables;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*entry); i++)
		entry[i] = BARE_ABSENT;
}

void ground_begin(const struct ground_config *config)
{
	uint32_t table_count = config->tables ? config->tables : GROUND_TABLES;
	struct quire_bare_config port = {
		.window = machine_window,
		.pages = GROUND_PAGES,
		.alias = config->alias ? machine_alias : 0,
		.spare = machine_spare,
		.memory = machine_memory,
		.banks = GROUND_BANKS,
		.frames_per_bank = GROUND_BANK,
		.root = bare_root,
		.tables = tables,
		.tables_bytes = table_count * QUIRE_BARE_TABLE_BYTES,
		.to_physical = machine_to_physical,
		.shoot_down = config->shoot_down,
		.storage = port_storage,
		.storage_bytes = sizeof(port_storage),
	};
	struct quire_vspace_config vs = {
		.mmu = &ground.port.mmu,
		.base = (void *)machine_window,
		.pages = GROUND_PAGES,
		.budgets = BUDGETS,
		.retain = config->retain,
		.storage = vs_storage,
		.storage_bytes = sizeof(vs_storage),
	};

	forget(machine_window, GROUND_PAGES);
	forget(machine_alias, GROUND_PAGES);
	forget(machine_spare, 1);
	empty_tables();
	bare_publish();
	bare_flush_all();
	bare_flushed();
	if (quire_bare_init(&ground.port, &port) || quire_vspace_init(&ground.vs, &vs))
		tap_fail("the port or the vspace cannot be made", __FILE__, __LINE__);
}

const char *ground_end(void)
{
	const char *broken = quire_vspace_check(&ground.vs);

	if (!broken)
		broken = quire_bare_check(&ground.port);
	if (broken)
		return broken;
	if (quire_vspace_fini(&ground.vs))
		return "something is still allocated";
	if (ground_free_frames() != GROUND_FRAMES)
		return "a frame is lost";
	if (quire_bare_tables(&ground.port))
		return "a page table is lost";
	return quire_bare_check(&ground.port);
}

bool ground_tables_are_dead(void)
{
	const bare_entry *entry = (const void *)tables;
	const bare_entry *past = (const void *)(tables + sizeof(tables));

	while (entry < past && (*entry == BARE_ABSENT || *entry == bare_retire(*entry)))
		entry++;
	return entry == past;
}

uint32_t ground_free_frames(void)
{
	return quire_frames_free(quire_bare_frames(&ground.port));
}

void *ground_storage(size_t *bytes)
{
	*bytes = sizeof(storage);
	memset(storage, 0xa5, sizeof(storage));
	return storage;
}
