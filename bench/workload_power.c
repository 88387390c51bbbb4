/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many banks of SRAM are on while streams come and go, beside how many would do: as frames are placed,
 * and with evacuation on top. Exact figures, on each board.
 */
#include "workloads.h"

#include <stdlib.h>

#include "model/board.h"
#include "random.h"
#include "script.h"
#include "sram.h"

#define STEPS   20000u
#define STREAMS 64u
#define PIECES  8u
#define LEAST   6u /* banks: with fewer, one more is too large a share to tell anything */

static const char *const boards[] = { "mtl", "lnl", "ptl", "wcl", "nvl", "nvls" };

/* A stream: regions and what lives in heaps' own pages, in pages; and buffers, which are freed and allocated again. */
struct stream {
	void *piece[PIECES];
};

struct life {
	struct sram sram;
	struct random random;
	struct stream streams[STREAMS];
	uint32_t goal;         /* pages in use that the load drifts to */
	uint32_t percent;      /* of the pages mapped, that may be moved; 0: no evacuation */
	uint64_t banks, least; /* sums over the moments that count, */
	uint64_t moments;      /* and how many these are */
};

/* Mostly what a pipeline needs; now and then a deep buffer. */
static uint32_t piece_pages(struct life *life)
{
	return random_below(&life->random, 12) ? random_between(&life->random, 1, 8)
					       : random_between(&life->random, 9, 40);
}

static void start_piece(struct life *life, void **piece)
{
	if (!*piece)
		*piece = quire_vpage_alloc(&life->sram.vs, piece_pages(life), QUIRE_RW);
}

static void stop_piece(struct life *life, void **piece)
{
	if (*piece)
		must(quire_vpage_free(&life->sram.vs, *piece), "freeing");
	*piece = NULL;
}

static void start(struct life *life, struct stream *stream)
{
	for (uint32_t i = 0; i < PIECES; i++)
		start_piece(life, &stream->piece[i]);
}

static void stop(struct life *life, struct stream *stream)
{
	for (uint32_t i = 0; i < PIECES; i++)
		stop_piece(life, &stream->piece[i]);
}

/* Reset and prepared again: half of it goes and comes. */
static void prepare(struct life *life, struct stream *stream)
{
	for (uint32_t i = 0; i < PIECES / 2; i++)
		stop_piece(life, &stream->piece[i]);
	for (uint32_t i = 0; i < PIECES / 2; i++)
		start_piece(life, &stream->piece[i]);
}

static uint32_t used(const struct life *life)
{
	return quire_frames_total(&life->sram.frames) - quire_frames_free(&life->sram.frames);
}

/* The load stays for a while, and then drifts to another one. */
static void drift(struct life *life)
{
	uint32_t room = quire_frames_total(&life->sram.frames) - life->sram.image;

	if (random_below(&life->random, 40) == 0)
		life->goal =
			life->sram.image + random_between(&life->random, room / 10, room * 9 / 10);
}

static void step(struct life *life)
{
	struct stream *stream = &life->streams[random_below(&life->random, STREAMS)];
	bool runs = stream->piece[PIECES - 1];

	drift(life);
	if (runs && random_below(&life->random, 4) == 0)
		prepare(life, stream);
	else if (runs && used(life) > life->goal)
		stop(life, stream);
	else if (!runs && used(life) < life->goal)
		start(life, stream);
}

static void look(struct life *life)
{
	uint32_t least = sram_least_banks(&life->sram);

	if (least < LEAST)
		return;
	life->moments++;
	life->least += least;
	life->banks += quire_frames_banks_on(&life->sram.frames);
}

static int32_t hold_still(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
	return QUIRE_OK;
}

static void go_on(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
}

static void add_rows(struct bench *bench, struct life *life, const char *name)
{
	double moments = life->moments ? (double)life->moments : 1;
	struct quire_vspace_stats stats;

	add_exact(bench, ROW_SHARE, (double)life->banks / (double)life->least, text("%s", name),
		  text("%.2f banks on / %.2f that would do", (double)life->banks / moments,
		       (double)life->least / moments));
	if (!life->percent)
		return;
	quire_vspace_stats(&life->sram.vs, &stats);
	add_exact(bench, ROW_SHARE, (double)stats.moved_pages / (double)stats.mapped_pages,
		  text("%s, moved", name),
		  text("%llu pages moved / %llu mapped", (unsigned long long)stats.moved_pages,
		       (unsigned long long)stats.mapped_pages));
}

static void live(struct bench *bench, const struct board *board, uint32_t percent)
{
	static struct quire_mover mover = { hold_still, go_on };
	struct life life = { .random.state = bench->options->seed, .percent = percent };
	uint32_t pages = (uint32_t)(board->sram_bytes / board->page_bytes);
	uint32_t per_bank = (uint32_t)(board->bank_bytes / board->page_bytes);
	char *name = percent ? text("%s, %u %%", board->name, percent) : text("%s", board->name);

	sram_begin(&life.sram, pages / per_bank, per_bank,
		   pages - (uint32_t)(board_free_bytes(board) / board->page_bytes),
		   (uint32_t)(board->window_bytes / board->page_bytes));
	must(quire_vspace_set_mover(&life.sram.vs, NULL, &mover), "allowing moves");
	for (uint32_t i = 0; i < scaled(bench, STEPS); i++) {
		step(&life);
		if (percent)
			must(quire_vspace_save_power(&life.sram.vs, percent, NULL), "evacuating");
		look(&life);
	}
	add_rows(bench, &life, name);
	for (uint32_t i = 0; i < STREAMS; i++)
		stop(&life, &life.streams[i]);
	sram_end(&life.sram);
	free(name);
}

static void run(struct bench *bench)
{
	static const uint32_t percents[] = { 0, 3, 5 };

	for (size_t i = 0; i < COUNT_OF(boards); i++) {
		struct board board;
		struct board_error error;

		if (board_load(boards[i], &board, &error) != 0)
			die("%s: %s", error.file, error.what);
		for (size_t j = 0; j < COUNT_OF(percents); j++)
			live(bench, &board, percents[j]);
	}
}

const struct workload workload_power = {
	.name = "power",
	.about =
		"Banks of SRAM that are on, divided by those that image and mapped pages would "
		"fill: sums over the moments after each of 20000 steps at which at least 6 banks "
		"would do. Streams of 8 pieces, mostly of 1 to 8 pages, some of 9 to 40, start, "
		"stop, "
		"and are reset and prepared again, under a load that drifts between a tenth and "
		"nine "
		"tenths of each board's memory. With a percentage: the same life with "
		"quire_vspace_save_power after each step, which moves at most so many of a hundred "
		"pages mapped; `moved` is what it did move. No page is retained.",
	.run = run,
};
