/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run as all parts of the output see it: names, sizes, and whether it fits.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"

const char *run_module_name(const struct run *run, size_t module)
{
	return module == TOPOLOGY_NONE ? "-" : run->topology->modules[module].name;
}

const char *run_pipeline_name(const struct run *run, size_t pipeline)
{
	return pipeline == TOPOLOGY_NONE ? "-" : run->topology->pipelines[pipeline].name;
}

size_t run_memory_pages(const struct run *run)
{
	return (run->board.sram_bytes - run->board.image_bytes) / run->board.page_bytes;
}

size_t run_bank_count(const struct run *run)
{
	return run->board.sram_bytes / run->board.bank_bytes;
}

static bool is_sound(const struct figures *figures)
{
	return figures->corruptions == 0 && figures->violations == 0;
}

bool run_fits(const struct run *run)
{
	for (size_t i = 0; i < SETUP_KIND_COUNT; i++)
		if (!is_sound(&run->columns[i].figures))
			return false;
	return figures_fit(&run->columns[SETUP_ELASTIC].figures);
}

void run_out_of_memory(void)
{
	fprintf(stderr, "quire run: this machine has not enough memory for that\n");
	exit(COMMAND_BAD_INPUT);
}
