/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * history: see history.h. What is live is an array in the order of allocation; HISTORY_REFUSED where
 * it was freed. On a set with nothing but free units, equal requests are served from the lowest
 * address upwards, so that the n-th of them is the n-th in memory; no history fails if they are
 * not, it is only less hard then.
 */
#include "history.h"

#include "../random.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Lengths at which words, octaves and classes begin or end. */
static const uint32_t edges[] = {
	1,    2,    3,    4,     7,     8,     15,    16,    31,     32,     33,     48,
	61,   62,   63,   64,    65,    66,    71,    72,    95,     96,     126,    127,
	128,  129,  130,  191,   192,   193,   254,   255,   256,    257,    319,    320,
	383,  384,  511,  512,   513,   575,   1023,  1024,  1025,   2047,   4095,   4096,
	4097, 8191, 8192, 16383, 16384, 32767, 32768, 65535, 131072, 262143, 262144, 524287,
};

/* ---- small steps ----------------------------------------------------------------------------- */

static uint32_t take(struct history_player *player, uint32_t count)
{
	uint32_t start;

	if (player->count == HISTORY_ROOM(player->units))
		return HISTORY_REFUSED;
	start = player->alloc(player->context, count);
	if (start != HISTORY_REFUSED)
		player->live[player->count++] = start;
	return start;
}

static void give(struct history_player *player, uint32_t which)
{
	if (player->live[which] != HISTORY_REFUSED)
		player->free(player->context, player->live[which]);
	player->live[which] = HISTORY_REFUSED;
}

static void give_from(struct history_player *player, uint32_t first, uint32_t step)
{
	for (uint32_t which = first; which < player->count; which += step)
		give(player, which);
}

static void give_backwards(struct history_player *player, uint32_t step)
{
	for (uint32_t which = player->count; which >= step; which -= step)
		give(player, which - 1);
}

/* Everything, from the oldest to the newest. */
static void give_all(struct history_player *player)
{
	give_from(player, 0, 1);
	player->count = 0;
}

/* Runs of this length until there is no more room for one. */
static void fill(struct history_player *player, uint32_t count)
{
	while (take(player, count) != HISTORY_REFUSED)
		continue;
}

static void shuffle(struct history_player *player)
{
	struct random random = { player->units };

	for (uint32_t i = 0; i < player->count; i++)
		player->order[i] = i;
	for (uint32_t i = player->count; i > 1; i--) {
		uint32_t other = random_below(&random, i), kept = player->order[i - 1];

		player->order[i - 1] = player->order[other];
		player->order[other] = kept;
	}
}

static void give_shuffled(struct history_player *player, uint32_t step)
{
	shuffle(player);
	for (uint32_t i = 0; i < player->count; i++)
		if (player->order[i] % step == 0)
			give(player, player->order[i]);
}

/* ---- checkerboards --------------------------------------------------------------------------- */

/* Every other run is freed, the same is taken again, every other again, then the walls go. */
static void checkerboard(struct history_player *player, uint32_t length)
{
	fill(player, length);
	give_from(player, 0, 2);
	fill(player, length);
	give_all(player);
	fill(player, length);
	give_from(player, 0, 2);
	give_from(player, 1, 2);
	player->count = 0;
}

static void checkerboard_of_units(struct history_player *player)
{
	checkerboard(player, 1);
}

static void checkerboard_backwards(struct history_player *player)
{
	fill(player, 1);
	give_backwards(player, 2);
	give_backwards(player, 1);
	player->count = 0;
}

static void checkerboard_shuffled(struct history_player *player)
{
	fill(player, 1);
	give_shuffled(player, 2);
	fill(player, 1);
	give_all(player);
	fill(player, 1);
	give_shuffled(player, 2);
	give_shuffled(player, 1);
	player->count = 0;
}

static void checkerboards_at_word_edges(struct history_player *player)
{
	for (uint32_t length = 61; length <= 67; length++)
		checkerboard(player, length);
	for (uint32_t length = 126; length <= 130; length++)
		checkerboard(player, length);
	for (uint32_t length = 3; length < player->units / 4; length = 2 * length + 1)
		checkerboard(player, length);
}

/* ---- runs that are split and grow ------------------------------------------------------------ */

/* Lengths 1, 2, 3 ...; the last come back first, so that one run grows downwards. */
static void split_and_grow_downwards(struct history_player *player)
{
	for (uint32_t length = 1; take(player, length) != HISTORY_REFUSED; length++)
		continue;
	give_backwards(player, 1);
	player->count = 0;
}

/* The first come back first, so that one run grows upwards through all lengths. */
static void split_and_grow_upwards(struct history_player *player)
{
	for (uint32_t length = 1; take(player, length) != HISTORY_REFUSED; length++)
		continue;
	give_all(player);
	fill(player, 1);
	give_all(player);
}

/* From the middle, left and right in turn. */
static void grow_both_ways(struct history_player *player)
{
	uint32_t middle;

	fill(player, 1);
	middle = player->count / 2;
	for (uint32_t i = 0; i < middle; i++) {
		give(player, middle + i);
		give(player, middle - i - 1);
	}
	give_all(player);
}

/* One wall between two long free runs: its end merges both, and both go from class to class. */
static void wall(struct history_player *player, uint32_t before, uint32_t length)
{
	if (!before || before + length >= player->units)
		return;
	take(player, before);
	take(player, length);
	take(player, player->units - before - length);
	give(player, 0);
	give(player, 2);
	give_all(player);
}

static void walls_between_long_runs(struct history_player *player)
{
	struct random random = { 1 };

	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		for (size_t length = 0; length < COUNT_OF(edges); length++)
			wall(player, edges[i], edges[length]);
		if (edges[i] < player->units) {
			wall(player, player->units - edges[i], 1);
			wall(player, player->units / 2 + edges[i], 1);
		}
	}
	for (int i = 0; i < 2000; i++)
		wall(player, random_below(&random, player->units), random_log(&random, 0, 8));
}

/* ---- nearly empty and nearly full ------------------------------------------------------------ */

static uint32_t next_length(const struct history_player *player, uint32_t length)
{
	return length + 1 + (player->units > 4096 && length > 1024 ? length / 64 : 0);
}

/* In an otherwise empty set: the only free run is in the last class. */
static void alone_at_every_length(struct history_player *player)
{
	for (uint32_t length = 1; length <= player->units; length = next_length(player, length)) {
		take(player, length);
		give_all(player);
	}
}

/* Behind a wall in the first unit, so that runs start at odd places. */
static void nearly_alone_at_every_length(struct history_player *player)
{
	for (uint32_t length = 1; length < player->units; length = next_length(player, length)) {
		take(player, 1);
		take(player, length);
		take(player, 1);
		give(player, 1);
		give_all(player);
	}
}

/* A full set with one hole, at every place: its key is alone, up to the first and the last. */
static void one_hole_in_a_full_set(struct history_player *player)
{
	fill(player, 1);
	for (uint32_t which = 0; which < player->count; which++) {
		give(player, which);
		player->live[which] = player->alloc(player->context, 1);
	}
	give_backwards(player, 1);
	player->count = 0;
}

/* Two holes far apart, and requests that neither is long enough for. */
static void refused_in_a_full_set(struct history_player *player)
{
	fill(player, 1);
	for (uint32_t which = 0; which < player->count; which += 61) {
		give(player, which);
		take(player, 2);
		take(player, player->units / 2);
		player->live[which] = player->alloc(player->context, 1);
	}
	give_shuffled(player, 1);
	player->count = 0;
}

static void full_and_empty_in_turn(struct history_player *player)
{
	for (size_t i = 0; i < COUNT_OF(edges) && edges[i] <= player->units; i++) {
		fill(player, edges[i]);
		fill(player, 1);
		if (i % 3 == 0)
			give_all(player);
		else if (i % 3 == 1)
			give_shuffled(player, 1);
		else
			give_backwards(player, 1);
		player->count = 0;
	}
}

/* ---- combs: holes of many lengths at once ---------------------------------------------------- */

/* A hole and a wall, hole upon hole. @return how many units are left */
static uint32_t tooth(struct history_player *player, uint32_t hole, uint32_t left)
{
	if (left < hole + 1)
		return 0;
	take(player, hole);
	take(player, 1);
	return left - hole - 1;
}

static void open_holes(struct history_player *player)
{
	for (uint32_t which = 0; which < player->count; which += 2)
		give(player, which);
}

/* All holes are there: ask for every length, upwards or downwards, also for too much. */
static void ask_upwards(struct history_player *player, uint32_t longest)
{
	for (uint32_t length = 1; length <= longest; length++)
		take(player, length);
	for (uint32_t length = longest; length; length--)
		take(player, length);
}

static void comb_of_all_lengths(struct history_player *player)
{
	uint32_t left = player->units, longest = 0;

	while (left)
		left = tooth(player, ++longest, left);
	fill(player, 1);
	open_holes(player);
	ask_upwards(player, longest + 1);
	give_shuffled(player, 1);
	player->count = 0;
}

/* The same with the longest hole first. */
static void comb_downwards(struct history_player *player)
{
	uint32_t left = player->units, longest = 1;

	while ((uint64_t)longest * (longest + 3) / 2 < left)
		longest++;
	for (uint32_t hole = longest; hole && left; hole--)
		left = tooth(player, hole, left);
	fill(player, 1);
	open_holes(player);
	ask_upwards(player, longest + 1);
	give_backwards(player, 1);
	player->count = 0;
}

/*
 * Holes that are a little too short for what is asked, and in the same class: every look but the
 * last is in vain. Then all walls go.
 */
static void just_too_short(struct history_player *player)
{
	for (size_t i = 1; i < COUNT_OF(edges) && edges[i] < player->units / 4; i++) {
		uint32_t left = player->units;

		while (left && player->count < 512)
			left = tooth(player, edges[i], left);
		if (left)
			take(player, left);
		open_holes(player);
		for (uint32_t more = 1; more <= edges[i]; more = 2 * more + 1)
			take(player, edges[i] + more);
		fill(player, edges[i] - 1);
		give_shuffled(player, 1);
		player->count = 0;
	}
}

/* ---- chance, at its worst -------------------------------------------------------------------- */

static void give_one(struct history_player *player, struct random *random)
{
	uint32_t which = random_below(random, player->count);

	give(player, which);
	player->live[which] = player->live[--player->count];
}

/* Take until refused, give back so many, and so on. */
static void churn(struct history_player *player, uint32_t octaves, uint32_t steps, uint64_t seed)
{
	struct random random = { seed };

	while (steps--) {
		uint32_t length = octaves ? random_log(&random, 0, octaves) : 1;
		uint32_t back = random_below(&random, 8);

		if (take(player, length) == HISTORY_REFUSED)
			while (player->count && back--)
				give_one(player, &random);
	}
	give_all(player);
}

static uint32_t churn_steps(const struct history_player *player)
{
	return player->units < 50000 ? 4 * player->units + 1000 : 200000;
}

static void crowded_with_all_lengths(struct history_player *player)
{
	uint32_t octaves = 1;

	while (octaves < 20 && 4u << octaves <= player->units)
		octaves++;
	for (uint64_t seed = 1; seed <= 4; seed++)
		churn(player, octaves, churn_steps(player), seed);
}

static void crowded_with_short_runs(struct history_player *player)
{
	churn(player, 2, churn_steps(player), 5);
	churn(player, 3, churn_steps(player), 6);
	churn(player, 0, churn_steps(player), 7);
}

static void crowded_at_word_length(struct history_player *player)
{
	struct random random = { 8 };

	for (uint32_t steps = churn_steps(player); steps; steps--) {
		uint32_t back = random_below(&random, 8);

		if (take(player, random_between(&random, 58, 70)) == HISTORY_REFUSED)
			while (player->count && back--)
				give_one(player, &random);
	}
	give_all(player);
}

const struct history histories[] = {
	{ "checkerboard of units", false, checkerboard_of_units },
	{ "checkerboard backwards", false, checkerboard_backwards },
	{ "checkerboard shuffled", false, checkerboard_shuffled },
	{ "checkerboards at word edges", false, checkerboards_at_word_edges },
	{ "split and grow downwards", true, split_and_grow_downwards },
	{ "split and grow upwards", false, split_and_grow_upwards },
	{ "grow both ways", false, grow_both_ways },
	{ "walls between long runs", true, walls_between_long_runs },
	{ "alone at every length", true, alone_at_every_length },
	{ "nearly alone at every length", true, nearly_alone_at_every_length },
	{ "one hole in a full set", false, one_hole_in_a_full_set },
	{ "refused in a full set", false, refused_in_a_full_set },
	{ "full and empty in turn", false, full_and_empty_in_turn },
	{ "comb of all lengths", true, comb_of_all_lengths },
	{ "comb downwards", true, comb_downwards },
	{ "just too short", false, just_too_short },
	{ "crowded with all lengths", true, crowded_with_all_lengths },
	{ "crowded with short runs", false, crowded_with_short_runs },
	{ "crowded at word length", false, crowded_at_word_length },
};

const size_t history_count = COUNT_OF(histories);
