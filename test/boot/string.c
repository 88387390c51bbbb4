/* SPDX-License-Identifier: BSD-3-Clause */
/* string: what the library expects of a C library, for images that have none. */
#include <stdint.h>
#include <string.h>

/* Words where that is possible: pages are cleared and copied at every turn. */
#define WORD        sizeof(uintptr_t)
#define ALIGNED(at) ((uintptr_t)(at) % WORD == 0)

typedef uintptr_t __attribute__((may_alias)) word;

void *memset(void *to, int byte, size_t bytes)
{
	unsigned char *at = to;

	if (ALIGNED(at)) {
		word pattern = (word)-1 / 255 * (unsigned char)byte;

		for (; bytes >= WORD; bytes -= WORD, at += WORD)
			*(volatile word *)(void *)at = pattern;
	}
	while (bytes--)
		*(volatile unsigned char *)at++ = (unsigned char)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	return memmove(to, from, bytes);
}

static void copy_up(unsigned char *to, const unsigned char *from, size_t bytes)
{
	if (ALIGNED(to) && ALIGNED(from))
		for (; bytes >= WORD; bytes -= WORD, to += WORD, from += WORD)
			*(volatile word *)(void *)to = *(const word *)(const void *)from;
	while (bytes--)
		*(volatile unsigned char *)to++ = *from++;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *at = to;
	const unsigned char *source = from;

	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		copy_up(to, from, bytes);
	else
		while (bytes--)
			((volatile unsigned char *)at)[bytes] = source[bytes];
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *left = a, *right = b;

	for (; bytes; bytes--, left++, right++)
		if (*left != *right)
			return *left - *right;
	return 0;
}
