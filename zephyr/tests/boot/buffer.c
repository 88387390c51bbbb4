/* SPDX-License-Identifier: BSD-3-Clause */
/* buffer: a ring on the heap that the firmware booted with. */
#include "boot.h"

ZTEST_SUITE(quire_buffer, boot_has_heap, NULL, boot_before, boot_after, NULL);

ZTEST(quire_buffer, a_refused_resize_leaves_the_buffer_working)
{
	struct quire_request wish = { .size = 3000, .min = 3000, .step = 500 };
	struct quire_buffer_source source = quire_buffer_on_vmh(quire_zephyr_heap());
	struct quire_buffer buffer;

	zassert_ok(quire_buffer_create(&buffer, &source, &wish));
	zassert_equal(quire_buffer_write(&buffer, "abcdef", 6), 6);
	zassert_true(quire_buffer_resize(&buffer, SIZE_MAX / 2, SIZE_MAX / 2) != QUIRE_OK);
	zassert_equal(quire_buffer_level(&buffer), 6);
	zassert_ok(quire_buffer_resize(&buffer, 6000, 9000));
	zassert_equal(quire_buffer_level(&buffer), 6);
	zassert_ok(quire_buffer_destroy(&buffer));
}
