/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/thrift.h"

#include <string.h>

void thrift_init(struct thrift *thrift, size_t page_bytes, size_t line_bytes)
{
	memset(thrift, 0, sizeof(*thrift));
	thrift->page_bytes = page_bytes;
	thrift->line_bytes = line_bytes;
}

static size_t in_units(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit;
}

static size_t in_lines(const struct thrift *thrift, size_t bytes)
{
	return in_units(bytes, thrift->line_bytes) * thrift->line_bytes;
}

static size_t in_pages(const struct thrift *thrift, size_t bytes)
{
	return in_units(bytes, thrift->page_bytes);
}

void thrift_add(struct thrift *thrift, size_t bytes)
{
	thrift->bytes += in_lines(thrift, bytes);
	thrift->heap_bytes += in_lines(thrift, bytes);
}

void thrift_remove(struct thrift *thrift, size_t bytes)
{
	thrift->bytes -= in_lines(thrift, bytes);
	thrift->heap_bytes -= in_lines(thrift, bytes);
}

static void set_area(struct thrift *thrift, size_t *area, size_t bytes)
{
	thrift->own_pages -= in_pages(thrift, *area);
	*area = bytes;
	thrift->own_pages += in_pages(thrift, *area);
}

void thrift_add_apart(struct thrift *thrift, size_t *area, size_t bytes)
{
	thrift->bytes += in_lines(thrift, bytes);
	set_area(thrift, area, *area + in_lines(thrift, bytes));
}

void thrift_remove_apart(struct thrift *thrift, size_t *area, size_t bytes)
{
	thrift->bytes -= in_lines(thrift, bytes);
	set_area(thrift, area, *area - in_lines(thrift, bytes));
}

static void look(struct thrift_pages *pages, size_t now)
{
	pages->now = now;
	if (now > pages->peak)
		pages->peak = now;
}

void thrift_look(struct thrift *thrift, size_t used, size_t retained)
{
	look(&thrift->used, used);
	look(&thrift->retained, retained);
	look(&thrift->least, in_pages(thrift, thrift->bytes));
	look(&thrift->apart, in_pages(thrift, thrift->heap_bytes) + thrift->own_pages);
}

void thrift_count(struct thrift *thrift)
{
	thrift->moments++;
	thrift->used.sum += thrift->used.now;
	thrift->retained.sum += thrift->retained.now;
	thrift->least.sum += thrift->least.now;
	thrift->apart.sum += thrift->apart.now;
}
