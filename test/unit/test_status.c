/* SPDX-License-Identifier: BSD-3-Clause */
/* status: every reason has a name and words of its own, and nothing else crashes or is NULL. */
#include <ctype.h>
#include <string.h>

#include "support/test.h"

static const int32_t unknown[] = { 1, 2, 1000, INT32_MAX, -QUIRE_STATUSES, -1000, INT32_MIN };

static void names_are_as_written_in_c(void **state)
{
	(void)state;
	assert_string_equal(quire_status_name(QUIRE_OK), "QUIRE_OK");
	assert_string_equal(quire_status_name(QUIRE_EINVAL), "QUIRE_EINVAL");
	assert_string_equal(quire_status_name(QUIRE_ENOVIRT), "QUIRE_ENOVIRT");
	assert_string_equal(quire_status_name(QUIRE_ENOPHYS), "QUIRE_ENOPHYS");
	assert_string_equal(quire_status_name(QUIRE_EBUDGET), "QUIRE_EBUDGET");
	assert_string_equal(quire_status_name(QUIRE_EFOREIGN), "QUIRE_EFOREIGN");
	assert_string_equal(quire_status_name(QUIRE_EFREE), "QUIRE_EFREE");
	assert_string_equal(quire_status_name(QUIRE_EDRIVER), "QUIRE_EDRIVER");
	assert_string_equal(quire_status_name(QUIRE_EBUSY), "QUIRE_EBUSY");
	assert_string_equal(quire_status_name(QUIRE_ECONTEXT), "QUIRE_ECONTEXT");
	assert_string_equal(quire_status_name(QUIRE_ESTATE), "QUIRE_ESTATE");
}

static void every_status_has_words_of_its_own(void **state)
{
	(void)state;
	for (int32_t status = 0; status > -QUIRE_STATUSES; status--) {
		const char *text = quire_status_text(status);

		assert_true(strlen(text) > 3);
		assert_true(islower((unsigned char)text[0]));
		assert_int_not_equal(text[strlen(text) - 1], '.');
		for (int32_t other = 0; other > status; other--) {
			assert_true(strcmp(text, quire_status_text(other)) != 0);
			assert_true(strcmp(quire_status_name(status), quire_status_name(other)) !=
				    0);
		}
	}
}

static void an_unknown_status_is_named_as_such(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(unknown); i++) {
		assert_string_equal(quire_status_name(unknown[i]), "QUIRE_?");
		assert_true(strlen(quire_status_text(unknown[i])) > 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_as_written_in_c),
		cmocka_unit_test(every_status_has_words_of_its_own),
		cmocka_unit_test(an_unknown_status_is_named_as_such),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
