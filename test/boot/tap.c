/* SPDX-License-Identifier: BSD-3-Clause */
/* tap: see tap.h. */
#include "tap.h"

#include <stdarg.h>

#include "machine.h"

static bool failed;

static void put_text(const char *text)
{
	while (*text)
		machine_putc(*text++);
}

static void put_number(uintptr_t value, unsigned base)
{
	char digits[24];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		machine_putc(digits[--count]);
}

static void put_signed(int value)
{
	if (value < 0)
		machine_putc('-');
	put_number(value < 0 ? (uintptr_t)0 - (uintptr_t)value : (uintptr_t)value, 10);
}

void tap_print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	for (; *format; format++) {
		if (*format != '%') {
			machine_putc(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_text(va_arg(arguments, const char *));
			break;
		case 'd':
			put_signed(va_arg(arguments, int));
			break;
		case 'u':
			put_number(va_arg(arguments, unsigned), 10);
			break;
		case 'x':
			put_number(va_arg(arguments, uintptr_t), 16);
			break;
		default:
			machine_putc(*format);
		}
	}
	va_end(arguments);
}

void tap_fail(const char *what, const char *file, int line)
{
	failed = true;
	tap_print("# %s:%d: %s\n", file, line, what);
}

_Noreturn void tap_run(const struct tap_case *cases, size_t count)
{
	unsigned failures = 0;

	tap_print("1..%u\n", (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		failed = false;
		cases[i].run();
		failures += failed;
		tap_print("%sok %u - %s\n", failed ? "not " : "", (unsigned)i + 1, cases[i].name);
	}
	machine_exit(failures != 0);
}
