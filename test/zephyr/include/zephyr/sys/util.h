/* SPDX-License-Identifier: BSD-3-Clause */
/* util: the macros of Zephyr that the module uses. */
#ifndef HOST_ZEPHYR_UTIL_H
#define HOST_ZEPHYR_UTIL_H

#define ARRAY_SIZE(array)       (sizeof(array) / sizeof((array)[0]))
#define DIV_ROUND_UP(n, d)      (((n) + (d)-1) / (d))
#define MIN(a, b)               ((a) < (b) ? (a) : (b))
#define BIT(n)                  (1UL << (n))
#define ARG_UNUSED(x)           (void)(x)
#define BUILD_ASSERT(test, ...) _Static_assert(test, "" __VA_ARGS__)
#ifndef __weak
#define __weak __attribute__((weak))
#endif

/* 1 if an option is defined as 1, else 0. */
#define IS_ENABLED(option)               HOST_IS_ONE_(option)
#define HOST_IS_ONE_(value)              HOST_SECOND_IF_(HOST_COMMA_##value)
#define HOST_COMMA_1                     0,
#define HOST_SECOND_IF_(comma)           HOST_SECOND_(comma 1, 0)
#define HOST_SECOND_(first, second, ...) second

#endif
