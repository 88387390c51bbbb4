/* SPDX-License-Identifier: BSD-3-Clause */
/* ztest: suites and assertions, of which a failed one ends its test. */
#ifndef HOST_ZEPHYR_ZTEST_H
#define HOST_ZEPHYR_ZTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct host_suite {
	const char *name;
	bool (*predicate)(const void *state);
	void *(*setup)(void);
	void (*before)(void *fixture);
	void (*after)(void *fixture);
	void (*teardown)(void *fixture);
	struct host_suite *next;
};

struct host_test {
	const char *suite;
	const char *name;
	void (*function)(void);
	struct host_test *next;
};

void ztest_run_all(const void *state, bool shuffle, int suite_iter, int case_iter);

void host_add_suite(struct host_suite *suite);
void host_add_test(struct host_test *test);
void host_assert(bool holds, const char *file, int line, const char *what, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define ZTEST_SUITE(suite, predicate_fn, setup_fn, before_fn, after_fn, teardown_fn) \
	__attribute__((constructor)) static void host_add_suite_##suite(void)        \
	{                                                                            \
		static struct host_suite it = {                                      \
			.name = #suite,                                              \
			.predicate = predicate_fn,                                   \
			.setup = setup_fn,                                           \
			.before = before_fn,                                         \
			.after = after_fn,                                           \
			.teardown = teardown_fn,                                     \
		};                                                                   \
		host_add_suite(&it);                                                 \
	}                                                                            \
	_Static_assert(1, "")

#define ZTEST(suite, test)                                                            \
	static void suite##_##test(void);                                             \
	__attribute__((constructor)) static void host_add_##suite##_##test(void)      \
	{                                                                             \
		static struct host_test it = { #suite, #test, suite##_##test, NULL }; \
		host_add_test(&it);                                                   \
	}                                                                             \
	static void suite##_##test(void)

#define zassert_true(holds, ...)   host_assert((holds), __FILE__, __LINE__, #holds, " " __VA_ARGS__)
#define zassert_false(holds, ...)  zassert_true(!(holds), ##__VA_ARGS__)
#define zassert_equal(a, b, ...)   zassert_true((a) == (b), ##__VA_ARGS__)
#define zassert_not_null(ptr, ...) zassert_true((ptr) != NULL, ##__VA_ARGS__)
#define zassert_is_null(ptr, ...)  zassert_true((ptr) == NULL, ##__VA_ARGS__)
#define zassert_ok(status, ...)    zassert_true(!(status), ##__VA_ARGS__)
#define zassert_mem_equal(a, b, size, ...) \
	zassert_true(memcmp((a), (b), (size)) == 0, ##__VA_ARGS__)

#endif
