/* SPDX-License-Identifier: BSD-3-Clause */
/* sizes: see sizes.h. */
#include "sizes.h"

/* The block size of the n-th block of the table. */
static uint32_t block_size(const struct sizes *sizes, size_t block)
{
	const struct quire_bundle *line = sizes->table;

	while (block >= line->blocks)
		block -= line++->blocks;
	return (uint32_t)line->block_size;
}

static uint32_t draw_from_table(const struct sizes *sizes, struct random *random)
{
	size_t blocks = 0;
	uint32_t size;

	for (size_t line = 0; line < sizes->lines; line++)
		blocks += sizes->table[line].blocks;
	size = block_size(sizes, random_below(random, (uint32_t)blocks));
	return random_between(random, size / 2 + 1, size);
}

uint32_t sizes_draw(const struct sizes *sizes, struct random *random)
{
	switch (sizes->kind) {
	case SIZES_LOG:
		return random_log(random, sizes->low, sizes->high);
	case SIZES_POWERS:
		return 1u << random_between(random, sizes->low, sizes->high);
	case SIZES_TABLE:
		return draw_from_table(sizes, random);
	default:
		return random_between(random, sizes->low, sizes->high);
	}
}
