/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bound: the image that counts what every public call takes at the worst. It prints a line for each
 * call and window, and `end` if all went well; bound.awk judges.
 */
#include "machine.h"
#include "play.h"
#include "tap.h"

static const struct bound_layer *const layers[] = {
	&bound_extent_compact, &bound_extent_exact, &bound_frames,
	&bound_vpage,          &bound_vmh_elastic,  &bound_vmh_spanning,
	&bound_vmh_table,      &bound_vregion,      &bound_buffer,
};

static void stop_if(const char *broken, const char *where)
{
	if (!broken)
		return;
	tap_print("broken\t%s: %s\n", where, broken);
	machine_exit(1);
}

int main(void)
{
	stop_if(bound_begin(), "counter");
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		stop_if(bound_play(layers[i]), layers[i]->name);
	tap_print("end\n");
	machine_exit(0);
}
