/* SPDX-License-Identifier: BSD-3-Clause */
/* boot: see boot.h. */
#include "boot.h"

static struct quire_vspace_stats before;

void *boot_setup(void)
{
	zassert_not_null(quire_zephyr_vspace(), "Quire is off: the log says why");
	return NULL;
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
