/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Numbers and names as the report prints them.
 */
#ifndef QUIRE_TOOL_TEXT_H
#define QUIRE_TOOL_TEXT_H

#include <stddef.h>

#define TEXT_BYTES 64u

/** Room for one piece of text; the functions return its `at`. */
struct text {
	char at[TEXT_BYTES];
};

/** "640 B", "12.5 KiB". */
const char *text_size(struct text *text, size_t bytes);

/** "1.5 KiB" or "1.5 to 37.5 KiB". */
const char *text_range(struct text *text, size_t least, size_t most);

/** A name cut to `width` characters, the last two of them dots if it was longer. */
const char *text_name(struct text *text, const char *name, size_t width);

/** "1 stream", "2 streams". */
const char *text_count(struct text *text, size_t count, const char *what);

/** "93.1 %"; "-" of nothing. */
const char *text_share(struct text *text, size_t part, size_t whole);

#endif
