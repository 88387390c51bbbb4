/* SPDX-License-Identifier: BSD-3-Clause */
/* boot: see boot.h. In an application of their own the suites are run by ztest; in any other at the end of the
 * initialisation, and the application goes on whatever they find. */
#include <zephyr/init.h>

#include "boot.h"

#define LEAST_PAGES 64u

static struct quire_vspace_stats before;

#ifdef CONFIG_QUIRE_BOOT_TEST_AT_INIT
static int run_suites(void)
{
	ztest_run_all(NULL, false, 1, 1);
	return 0;
}

SYS_INIT(run_suites, APPLICATION, 99);
#endif

/* Some memory, and addresses for all of it. */
bool boot_has_window(const void *state)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_vspace_stats stats;

	(void)state;
	if (!vs)
		return false;
	quire_vspace_stats(vs, &stats);
	return stats.physical >= LEAST_PAGES && stats.largest >= stats.physical - stats.held;
}

bool boot_has_heap(const void *state)
{
	return boot_has_window(state) && quire_zephyr_heap();
}

void boot_before(void *fixture)
{
	(void)fixture;
	quire_vspace_stats(quire_zephyr_vspace(), &before);
}

void boot_after(void *fixture)
{
	struct quire_vspace_stats after;

	(void)fixture;
	quire_vspace_stats(quire_zephyr_vspace(), &after);
	zassert_equal(after.allocations, before.allocations, "allocations are left");
	zassert_equal(after.held, before.held, "pages are left");
	zassert_equal(after.free, before.free, "addresses are left");
	zassert_is_null(quire_vspace_check(quire_zephyr_vspace()), "an invariant is broken");
}

void boot_fill(void *ptr, size_t bytes, unsigned int seed)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)ptr)[i] = (unsigned char)(i * 7 + i / 251 + seed);
}

bool boot_is_filled(const void *ptr, size_t bytes, unsigned int seed)
{
	for (size_t i = 0; i < bytes; i++)
		if (((const unsigned char *)ptr)[i] != (unsigned char)(i * 7 + i / 251 + seed))
			return false;
	return true;
}
