/* SPDX-License-Identifier: BSD-3-Clause */
/* start: the map that the kernel runs with, in blocks. See start.h. */
#include "start.h"

#include "unit.h"

_Alignas(sizeof(bare_entry) << BARE_BITS(0)) bare_entry bare_root[(size_t)1 << BARE_BITS(0)];

#if BARE_BLOCK_LEVEL > 0
/* Between root and blocks: enough for regions in so many entries of the root. */
#define MIDDLES 4u

static _Alignas(4096) bare_entry middle[MIDDLES][512];
static uint32_t middles_used;

static bare_entry *block_entry(uintptr_t address)
{
	bare_entry *top = &bare_root[address >> BARE_SHIFT(0)];

	if (*top == BARE_ABSENT) {
		if (middles_used == MIDDLES)
			__builtin_trap();
		*top = bare_link((uintptr_t)middle[middles_used++]);
	}
	return (bare_entry *)bare_target(*top) + (address >> BARE_SHIFT(1) & 511);
}
#else
static bare_entry *block_entry(uintptr_t address)
{
	return &bare_root[address >> BARE_SHIFT(0)];
}
#endif

void bare_start(void)
{
	for (size_t entry = 0; entry < (size_t)1 << BARE_BITS(0); entry++)
		bare_root[entry] = BARE_ABSENT;
	for (size_t i = 0; i < bare_region_count; i++) {
		const struct bare_region *region = &bare_regions[i];

		for (size_t block = 0; block < region->blocks; block++) {
			uintptr_t address = region->start + block * BARE_BLOCK;

			*block_entry(address) = bare_block(address, region->kind);
		}
	}
	bare_publish();
	bare_unit_on();
}
