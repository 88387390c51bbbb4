/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes at all as a topology file, against the promises of the reader's header: it refuses with a place
 * and a reason, or what it tells is in bounds and in proportion (test/topology/promises.h). */
#include "input.h"

#include "../test/topology/promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology_error error;

	if (size)
		parse_measured(data, size, &error);
	return 0;
}
