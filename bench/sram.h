/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * SRAM in banks behind a window, without the memory: a page unit that keeps account of frames and
 * does nothing else, so that a long life on a large board takes milliseconds.
 */
#ifndef QUIRE_BENCH_SRAM_H
#define QUIRE_BENCH_SRAM_H

#include "quire/frames.h"
#include "quire/vpage.h"

struct sram {
	struct quire_mmu mmu;
	struct quire_vspace vs;
	struct quire_frames frames;
	uint32_t *behind; /* frame + 1 of each page */
	uint32_t image;   /* frames that are always in use */
	void *frames_storage;
	void *vs_storage;
};

/** A window of so many pages; the first `image` frames are taken. */
void sram_begin(struct sram *sram, uint32_t banks, uint32_t per_bank, uint32_t image,
		uint32_t pages);

/** Everything has been freed. */
void sram_end(struct sram *sram);

/** Banks that the frames in use would fill. */
uint32_t sram_least_banks(const struct sram *sram);

#endif
