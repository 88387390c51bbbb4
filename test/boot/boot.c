/* SPDX-License-Identifier: BSD-3-Clause */
/* boot: the image that tests Quire where a firmware would, at boot. */
#include "cases.h"

#define MOST_CASES 64u

int main(void)
{
	static struct tap_case all[MOST_CASES];
	size_t count = 0;

	for (size_t i = 0; i < calls_count && count < MOST_CASES; i++)
		all[count++] = calls_cases[i];
	for (size_t i = 0; i < unit_count && count < MOST_CASES; i++)
		all[count++] = unit_cases[i];
	tap_run(all, count);
}
