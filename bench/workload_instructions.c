/* SPDX-License-Identifier: BSD-3-Clause */
/* What single operations take in instructions, by chance and by malice. */
#include "instructions.h"
#include "workloads.h"

const struct workload workload_instructions = {
	.name = "instructions",
	.about = "Exact: what an operation takes, from the first instruction of the function to "
		 "its return, with all that it calls; the benchmark's own are not in it. Each "
		 "operation of the loads above is counted, and of histories that were made up to "
		 "be as bad as can be. The program build/count does this, and tells more.",
	.run = instructions_read,
};
