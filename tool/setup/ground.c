/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup/host.h"

void *setup_refused(struct setup_error *error, const char *what, int32_t why)
{
	snprintf(error->what, sizeof(error->what), "%s: %s", what, quire_status_text(why));
	return NULL;
}

/* Where the board's addresses are taken on this machine, any others will do: reports are relative. */
static int32_t open_port(struct ground *ground, const struct board *board,
			 struct quire_observer *observer)
{
	struct quire_linux_config config = {
		.pages = board->window_bytes / board->page_bytes,
		.banks = (uint32_t)(board->sram_bytes / board->bank_bytes),
		.frames_per_bank = (uint32_t)(board->bank_bytes / board->page_bytes),
		.image_frames = (uint32_t)(board->image_bytes / board->page_bytes),
		.page_size = board->page_bytes,
		.cache_line = board->cache_line_bytes,
		.incoherent = !board->coherent,
		.single_thread = true,
		.base = (uintptr_t)board->window_base,
		.observer = observer,
	};

	return quire_linux_init(&ground->port, &config);
}

static int32_t open_space(struct ground *ground, size_t budgets, struct quire_observer *observer)
{
	struct quire_vspace_config config = {
		.mmu = &ground->port.mmu,
		.base = ground->port.window,
		.pages = ground->port.pages,
		.budgets = budgets,
		.observer = observer,
	};

	config.storage_bytes = QUIRE_VSPACE_STORAGE(config.pages, budgets);
	config.storage = ground->storage = host_alloc(1, config.storage_bytes);
	return quire_vspace_init(&ground->vs, &config);
}

static bool page_suits_host(const struct board *board, struct setup_error *error)
{
	size_t host = (size_t)sysconf(_SC_PAGESIZE);

	if (board->page_bytes % host == 0)
		return true;
	snprintf(error->what, sizeof(error->what),
		 "board %s has pages of %zu bytes, this machine maps %zu at a time", board->name,
		 board->page_bytes, host);
	return false;
}

bool ground_open(struct ground *ground, const struct board *board, size_t budgets,
		 struct quire_observer *observer, struct setup_error *error)
{
	int32_t status;

	if (!page_suits_host(board, error))
		return false;
	status = open_port(ground, board, observer);
	if (status != QUIRE_OK) {
		setup_refused(error, "the board's memory", status);
		return false;
	}
	status = open_space(ground, budgets, observer);
	if (status == QUIRE_OK)
		return true;
	quire_linux_fini(&ground->port);
	free(ground->storage);
	setup_refused(error, "the board's address window", status);
	return false;
}

size_t ground_close(struct ground *ground)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(&ground->vs, &stats);
	quire_vspace_fini(&ground->vs);
	quire_linux_fini(&ground->port);
	free(ground->storage);
	return stats.held;
}

struct account_window ground_window(const struct ground *ground, const struct board *board)
{
	return (struct account_window){
		.base = ground->port.window,
		.pages = ground->port.pages,
		.page_bytes = board->page_bytes,
		.pages_per_bank = board->bank_bytes / board->page_bytes,
	};
}

size_t ground_measure(struct ground *ground, struct snapshot *snapshot)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(&ground->vs, &stats);
	snapshot->pages = stats.held;
	snapshot->retained = stats.retained;
	snapshot->banks = quire_frames_banks_on(quire_linux_frames(&ground->port));
	return stats.physical - stats.held;
}
