/* SPDX-License-Identifier: BSD-3-Clause */
/* sram: the mmu of sram.h. Addresses are numbers; nobody ever touches what is behind them. */
#include "sram.h"

#include <stdlib.h>

#include "machine.h"
#include "script.h"

#define BASE ((uintptr_t)1 << 24)

static uint32_t index_of(uintptr_t va)
{
	return (uint32_t)((va - BASE) / PAGE);
}

static int32_t sram_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct sram *sram = mmu->context;

	for (uint32_t *page = &sram->behind[index_of(va)]; pages--; page++) {
		if (*page)
			must(quire_frames_give(&sram->frames, *page - 1, 1), "giving a frame back");
		*page = 0;
	}
	return QUIRE_OK;
}

static int32_t sram_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct sram *sram = mmu->context;
	uint32_t *page = &sram->behind[index_of(va)];

	(void)prot;
	if (quire_frames_free(&sram->frames) < pages)
		return QUIRE_ENOPHYS;
	while (pages) {
		struct quire_frame_run run;

		must(quire_frames_take(&sram->frames, (uint32_t)pages, &run), "taking frames");
		pages -= run.count;
		while (run.count--)
			*page++ = ++run.start;
	}
	return QUIRE_OK;
}

static int32_t sram_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	(void)mmu, (void)va, (void)pages, (void)prot;
	return QUIRE_OK;
}

static uint32_t sram_emptiest(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	const struct sram *sram = mmu->context;
	uint32_t bank = quire_frames_emptiest(&sram->frames, after);

	*in_use = quire_frames_used_of(&sram->frames, bank);
	return bank;
}

static uint32_t sram_bank_of(const struct quire_mmu *mmu, uintptr_t va)
{
	const struct sram *sram = mmu->context;
	uint32_t frame = sram->behind[index_of(va)];

	return frame ? (frame - 1) / sram->frames.config.frames_per_bank : QUIRE_NOWHERE;
}

static int32_t sram_move(const struct quire_mmu *mmu, uintptr_t va)
{
	struct sram *sram = mmu->context;
	uint32_t *page = &sram->behind[index_of(va)];
	struct quire_frame_run run;
	int32_t status = quire_frames_take_outside(&sram->frames, sram_bank_of(mmu, va), 1, &run);

	if (status)
		return status;
	must(quire_frames_give(&sram->frames, *page - 1, 1), "giving a frame back");
	*page = run.start + 1;
	return QUIRE_OK;
}

static size_t sram_available(const struct quire_mmu *mmu)
{
	const struct sram *sram = mmu->context;

	return quire_frames_free(&sram->frames);
}

static int32_t power(void *context, uint32_t bank, bool on)
{
	(void)context, (void)bank, (void)on;
	return QUIRE_OK;
}

void sram_begin(struct sram *sram, uint32_t banks, uint32_t per_bank, uint32_t image,
		uint32_t pages)
{
	struct quire_frames_config frames = {
		.banks = banks,
		.frames_per_bank = per_bank,
		.power = power,
		.storage_bytes = QUIRE_FRAMES_STORAGE(banks, per_bank),
	};
	struct quire_vspace_config space = {
		.mmu = &sram->mmu,
		.base = (void *)BASE,
		.pages = pages,
		.storage_bytes = QUIRE_VSPACE_STORAGE(pages, 0),
	};

	*sram = (struct sram){ .image = image };
	sram->mmu = (struct quire_mmu){
		.context = sram,
		.page_size = PAGE,
		.cache_line = 64,
		.coherent = true,
		.map = sram_map,
		.unmap = sram_unmap,
		.protect = sram_protect,
		.emptiest = sram_emptiest,
		.bank_of = sram_bank_of,
		.move = sram_move,
		.available = sram_available,
	};
	sram->behind = memory(pages, sizeof(*sram->behind));
	frames.storage = sram->frames_storage = memory(1, frames.storage_bytes);
	must(quire_frames_init(&sram->frames, &frames), "making a pool");
	if (image)
		must(quire_frames_take_at(&sram->frames, 0, image), "taking the image's frames");
	space.storage = sram->vs_storage = memory(1, space.storage_bytes);
	must(quire_vspace_init(&sram->vs, &space), "making a vspace");
}

void sram_end(struct sram *sram)
{
	must(quire_vspace_fini(&sram->vs), "ending a vspace");
	free(sram->behind);
	free(sram->frames_storage);
	free(sram->vs_storage);
}

uint32_t sram_least_banks(const struct sram *sram)
{
	uint32_t used = quire_frames_total(&sram->frames) - quire_frames_free(&sram->frames);
	uint32_t per_bank = sram->frames.config.frames_per_bank;

	return (used + per_bank - 1) / per_bank;
}
