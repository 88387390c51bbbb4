/* SPDX-License-Identifier: BSD-3-Clause */
/* misuse: what is wrong is refused and told, and stops nothing. */
#include "boot.h"

ZTEST_SUITE(quire_misuse, boot_has_heap, NULL, boot_before, boot_after, NULL);

ZTEST(quire_misuse, wrong_pointers_are_refused)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	char *ptr = quire_vpage_alloc(vs, 2, QUIRE_RW);
	int here;

	zassert_not_null(ptr);
	zassert_equal(quire_vpage_free(vs, &here), QUIRE_EFOREIGN);
	zassert_equal(quire_vpage_free(vs, NULL), QUIRE_EFOREIGN);
	zassert_equal(quire_vpage_free(vs, ptr + 1), QUIRE_EFREE);
	zassert_equal(quire_vpage_free(vs, ptr + PAGE), QUIRE_EFREE);
	zassert_ok(quire_vpage_free(vs, ptr));
	zassert_equal(quire_vpage_free(vs, ptr), QUIRE_EFREE);
}

ZTEST(quire_misuse, impossible_requests_are_refused)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_request odd = { .size = 100, .align = 48 }, none = { .size = 0 };

	zassert_is_null(quire_vpage_alloc(vs, 0, QUIRE_RW));
	zassert_is_null(quire_vpage_alloc(vs, SIZE_MAX, QUIRE_RW));
	zassert_is_null(quire_vpage_alloc(vs, 1, QUIRE_RW | QUIRE_EXEC));
	zassert_is_null(quire_vmh_request(quire_zephyr_heap(), &odd));
	zassert_equal(odd.why, QUIRE_EINVAL);
	zassert_is_null(quire_vmh_request(quire_zephyr_heap(), &none));
	zassert_equal(none.why, QUIRE_EINVAL);
}

ZTEST(quire_misuse, scribbling_over_all_of_a_buffer_harms_nobody)
{
	struct quire_vmh *heap = quire_zephyr_heap();
	void *neighbour = quire_vmh_alloc(heap, 200), *ptr = quire_vmh_alloc(heap, 200);

	zassert_true(neighbour && ptr);
	memset(ptr, 0xff, quire_vmh_usable_size(heap, ptr));
	zassert_is_null(quire_vmh_check(heap));
	zassert_ok(quire_vmh_free(heap, ptr));
	zassert_ok(quire_vmh_free(heap, neighbour));
}
