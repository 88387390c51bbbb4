/* SPDX-License-Identifier: BSD-3-Clause */
/* budget: what was guaranteed is there, whatever others asked for. */
#include "boot.h"

ZTEST_SUITE(quire_budget, boot_has_window, NULL, boot_before, boot_after, NULL);

ZTEST(quire_budget, a_guarantee_stays_available)
{
	static struct quire_budget pipeline;
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_request own = { .size = 8 * PAGE, .budget = &pipeline };
	struct quire_vspace_stats stats;
	void *greedy, *ptr;

	memset(&pipeline, 0, sizeof(pipeline));
	zassert_ok(quire_vspace_admit(vs, &pipeline, 8, QUIRE_NO_LIMIT));
	quire_vspace_trim(vs);
	quire_vspace_stats(vs, &stats);
	zassert_is_null(quire_vpage_alloc(vs, stats.physical - stats.held, QUIRE_RW));
	greedy = quire_vpage_alloc(vs, stats.physical - stats.held - 8, QUIRE_RW);
	zassert_not_null(greedy);
	ptr = quire_vpage_request(vs, &own, QUIRE_RW);
	zassert_not_null(ptr);
	zassert_ok(quire_vpage_free(vs, ptr));
	zassert_ok(quire_vpage_free(vs, greedy));
	zassert_ok(quire_vspace_dismiss(vs, &pipeline));
}

ZTEST(quire_budget, a_limit_holds)
{
	static struct quire_budget pipeline;
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_request two = { .size = 2 * PAGE, .budget = &pipeline };
	void *ptr;

	memset(&pipeline, 0, sizeof(pipeline));
	zassert_ok(quire_vspace_admit(vs, &pipeline, 0, 3));
	ptr = quire_vpage_request(vs, &two, QUIRE_RW);
	zassert_not_null(ptr);
	zassert_is_null(quire_vpage_request(vs, &two, QUIRE_RW));
	zassert_equal(two.why, QUIRE_EBUDGET);
	zassert_ok(quire_vpage_free(vs, ptr));
	zassert_ok(quire_vspace_dismiss(vs, &pipeline));
}
