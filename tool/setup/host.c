/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

void host_short(void)
{
	fprintf(stderr, "quire: this machine has not enough memory for that\n");
	exit(COMMAND_BAD_INPUT);
}

static void *not_null(void *memory)
{
	if (!memory)
		host_short();
	return memory;
}

void *host_alloc(size_t count, size_t bytes)
{
	return not_null(calloc(count ? count : 1, bytes ? bytes : 1));
}

void *host_resize(void *array, size_t count, size_t bytes)
{
	return not_null(reallocarray(array, count ? count : 1, bytes ? bytes : 1));
}

void *host_aligned(size_t align, size_t bytes)
{
	size_t whole = (bytes + align - 1) / align * align;

	return memset(not_null(aligned_alloc(align, whole ? whole : align)), 0, bytes);
}
