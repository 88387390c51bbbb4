/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frames: every call of a pool of physical pages, in banks of 32 as boards have them. Its search goes
 * from bank to bank by contract, so a bank is a step, and the power switch is an empty function.
 */
#include "play.h"

#include "quire/frames.h"
#include "quire/status.h"

#define BANK 32u
#define FEW  1024u

enum {
	INIT,
	TAKE,
	TAKE_OUTSIDE,
	TAKE_AT,
	GIVE,
	GIVE_REFUSED,
	EMPTIEST,
	USED_OF,
	IS_TAKEN,
	TOTAL,
	FREE,
	BANKS_ON,
	BANKS_ON_PEAK,
	ROWS
};

#define PER_BANK(name, instructions)                                   \
	{                                                              \
		.call = (name), .each = (instructions), .step = "bank" \
	}

static struct bound_row rows[ROWS] = {
	[INIT] = PER_BANK("init", 12),
	[TAKE] = PER_BANK("take", 2005),
	[TAKE_OUTSIDE] = PER_BANK("take_outside", 2005),
	[TAKE_AT] = PER_BANK("take_at", 138),
	[GIVE] = PER_BANK("give", 138),
	[GIVE_REFUSED] = { .call = "give, refused" },
	[EMPTIEST] = PER_BANK("emptiest", 36),
	[USED_OF] = { .call = "used_of" },
	[IS_TAKEN] = { .call = "is_taken" },
	[TOTAL] = { .call = "total" },
	[FREE] = { .call = "free" },
	[BANKS_ON] = { .call = "banks_on" },
	[BANKS_ON_PEAK] = { .call = "banks_on_peak" },
};

static struct quire_frames pool;
static uint32_t *counts; /* of the run that starts in a frame */
static bool has_walls;

#define POOL POINTER(&pool)

static int32_t switched(void *context, uint32_t bank, bool on)
{
	(void)context, (void)bank, (void)on;
	return QUIRE_OK;
}

static uint32_t banks_of(uint32_t start, uint32_t count)
{
	return (start + count - 1) / BANK - start / BANK + 1;
}

static void give_run(uint32_t start, uint32_t count)
{
	COUNT_STEPS(&rows[GIVE], banks_of(start, count), quire_frames_give, POOL, start, count);
}

/* The hardest pool to search has only single frames. Histories are too short to make it large. */
static void build_walls(uint32_t units)
{
	quire_frames_take_at(&pool, 0, units);
	for (uint32_t frame = 0; frame < units; frame += 2)
		quire_frames_give(&pool, frame, 1);
}

static void begin(uint32_t units)
{
	struct quire_frames_config config = {
		.banks = units / BANK,
		.frames_per_bank = BANK,
		.power = switched,
		.storage_bytes = QUIRE_FRAMES_STORAGE(units / BANK, BANK),
	};

	counts = bound_storage(units * sizeof(*counts));
	config.storage = bound_storage(config.storage_bytes);
	COUNT_STEPS(&rows[INIT], config.banks, quire_frames_init, POOL, POINTER(&config));
	has_walls = units > FEW;
	if (has_walls)
		build_walls(units);
}

static const char *end(void)
{
	for (uint32_t frame = 1; has_walls && frame < quire_frames_total(&pool); frame += 2)
		quire_frames_give(&pool, frame, 1);
	if (quire_frames_free(&pool) != quire_frames_total(&pool))
		return "a frame is still taken";
	return quire_frames_check(&pool);
}

static uint32_t take(struct bound_row *row, const struct step_call *call,
		     const struct quire_frame_run *run)
{
	if (bound_count(row, pool.config.banks, call))
		return QUIRE_NOWHERE;
	counts[run->start] = run->count;
	return run->start;
}

static uint32_t alloc(void *context, uint32_t count)
{
	struct quire_frame_run run;

	(void)context;
	return take(&rows[TAKE], &CALL(quire_frames_take, POOL, count, POINTER(&run)), &run);
}

static void give(void *context, uint32_t start)
{
	(void)context;
	give_run(start, counts[start]);
}

static void probe_searches(uint32_t count)
{
	uint32_t bank = random_below(&bound_random, pool.config.banks);
	struct quire_frame_run run;
	uint32_t taken =
		take(&rows[TAKE_OUTSIDE],
		     &CALL(quire_frames_take_outside, POOL, bank, count, POINTER(&run)), &run);

	if (taken != QUIRE_NOWHERE)
		give(NULL, taken);
	bank = (uint32_t)COUNT_STEPS(&rows[EMPTIEST], pool.config.banks, quire_frames_emptiest,
				     POOL, QUIRE_NOWHERE);
	COUNT_STEPS(&rows[EMPTIEST], pool.config.banks, quire_frames_emptiest, POOL, bank);
}

/* From a frame by chance, as many as asked for and one. */
static void probe_range(uint32_t start, uint32_t count)
{
	if (count > pool.config.banks * BANK - start)
		count = pool.config.banks * BANK - start;
	if (COUNT_STEPS(&rows[TAKE_AT], banks_of(start, count), quire_frames_take_at, POOL, start,
			count))
		return;
	give_run(start, count);
	COUNT(&rows[GIVE_REFUSED], quire_frames_give, POOL, start, count);
}

static void probe(uint32_t count)
{
	uint32_t frame = random_below(&bound_random, pool.config.banks * BANK);

	probe_searches(count);
	probe_range(frame, count);
	probe_range(frame, 1);
	COUNT(&rows[USED_OF], quire_frames_used_of, POOL, frame / BANK);
	COUNT(&rows[IS_TAKEN], quire_frames_is_taken, POOL, frame);
	COUNT(&rows[TOTAL], quire_frames_total, POOL);
	COUNT(&rows[FREE], quire_frames_free, POOL);
	COUNT(&rows[BANKS_ON], quire_frames_banks_on, POOL);
	COUNT(&rows[BANKS_ON_PEAK], quire_frames_banks_on_peak, POOL);
}

const struct bound_layer bound_frames = {
	.name = "frames",
	.rows = rows,
	.row_count = ROWS,
	.work = 1u << 16,
	.begin = begin,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.end = end,
};
