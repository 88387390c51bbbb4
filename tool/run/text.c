/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/text.h"

#include <stdio.h>
#include <string.h>

#define KIB 1024.0

const char *text_size(struct text *text, size_t bytes)
{
	if (bytes < 1024)
		snprintf(text->at, sizeof(text->at), "%zu B", bytes);
	else
		snprintf(text->at, sizeof(text->at), "%.1f KiB", (double)bytes / KIB);
	return text->at;
}

const char *text_range(struct text *text, size_t least, size_t most)
{
	if (least == most)
		return text_size(text, most);
	snprintf(text->at, sizeof(text->at), "%.1f to %.1f KiB", (double)least / KIB,
		 (double)most / KIB);
	return text->at;
}

const char *text_name(struct text *text, const char *name, size_t width)
{
	size_t length = strlen(name);

	if (width >= sizeof(text->at))
		width = sizeof(text->at) - 1;
	if (length <= width)
		snprintf(text->at, sizeof(text->at), "%s", name);
	else
		snprintf(text->at, sizeof(text->at), "%.*s..", (int)width - 2, name);
	return text->at;
}

const char *text_count(struct text *text, size_t count, const char *what)
{
	snprintf(text->at, sizeof(text->at), "%zu %s%s", count, what, count == 1 ? "" : "s");
	return text->at;
}

const char *text_share(struct text *text, size_t part, size_t whole)
{
	if (whole == 0)
		return "-";
	snprintf(text->at, sizeof(text->at), "%.1f %%", 100.0 * (double)part / (double)whole);
	return text->at;
}
