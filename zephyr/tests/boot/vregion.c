/* SPDX-License-Identifier: BSD-3-Clause */
/* vregion: regions as pipelines have them. */
#include "boot.h"

ZTEST_SUITE(quire_vregion, boot_has_heap, NULL, boot_before, boot_after, NULL);

ZTEST(quire_vregion, one_call_gives_everything_back)
{
	const struct quire_zephyr_region wish = { .lifetime = 2 * PAGE,
						  .interim = 4 * PAGE,
						  .tag = 7 };
	struct quire_vregion *vr = quire_zephyr_region_create(&wish, NULL);

	zassert_not_null(vr);
	zassert_not_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 500, 0));
	zassert_not_null(quire_vregion_alloc(vr, QUIRE_INTERIM, 5000, 64));
	zassert_ok(quire_vregion_put(vr));
}

ZTEST(quire_vregion, a_lazy_region_is_split_when_it_is_sealed)
{
	const struct quire_zephyr_region wish = { .lifetime = 6 * PAGE,
						  .flags = QUIRE_VREGION_LAZY };
	struct quire_vregion *vr = quire_zephyr_region_create(&wish, NULL);
	void *kept, *interim;

	zassert_not_null(vr);
	kept = quire_vregion_alloc(vr, QUIRE_LIFETIME, 3000, 0);
	zassert_not_null(kept);
	boot_fill(kept, 3000, 3);
	zassert_is_null(quire_vregion_alloc(vr, QUIRE_INTERIM, 64, 0));
	zassert_ok(quire_vregion_seal(vr));
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, 4 * PAGE, 0);
	zassert_not_null(interim);
	boot_fill(interim, 4 * PAGE, 4);
	zassert_true(boot_is_filled(kept, 3000, 3));
	zassert_is_null(quire_vregion_alloc(vr, QUIRE_LIFETIME, 8, 0));
	zassert_ok(quire_vregion_free(vr, interim));
	zassert_ok(quire_vregion_put(vr));
}

ZTEST(quire_vregion, as_many_as_there_are_records_and_no_more)
{
	const struct quire_zephyr_region wish = { .lifetime = PAGE };
	struct quire_vregion *all[CONFIG_QUIRE_VREGION_MAX];
	int32_t why = QUIRE_OK;

	for (size_t i = 0; i < CONFIG_QUIRE_VREGION_MAX; i++)
		zassert_not_null(all[i] = quire_zephyr_region_create(&wish, &why), "region %zu", i);
	zassert_is_null(quire_zephyr_region_create(&wish, &why));
	zassert_equal(why, QUIRE_ENOVIRT);
	zassert_ok(quire_vregion_put(all[1]));
	all[1] = quire_zephyr_region_create(&wish, &why);
	zassert_not_null(all[1]);
	for (size_t i = 0; i < CONFIG_QUIRE_VREGION_MAX; i++)
		zassert_ok(quire_vregion_put(all[i]));
	zassert_is_null(quire_zephyr_region_nth(0));
}
