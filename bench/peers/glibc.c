/* SPDX-License-Identifier: BSD-3-Clause */
/* The malloc of the C library, which the benchmark itself uses too. */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>

#include "../peer.h"

static const char *about(void)
{
	static char words[80];

	snprintf(words, sizeof(words), "glibc %s: aligned_alloc and free", gnu_get_libc_version());
	return words;
}

static void *init(void *pool, size_t size, size_t unit)
{
	(void)size, (void)unit;
	return pool; /* any address that is not NULL */
}

static void *alloc(void *context, size_t size, size_t align)
{
	(void)context;
	return aligned_alloc(align, (size + align - 1) & ~(align - 1)); /* as it demands */
}

static void *alloc_pages(void *context, size_t pages, size_t align)
{
	(void)context;
	return aligned_alloc(align, pages * align);
}

static int32_t give_back(void *context, void *handle)
{
	(void)context;
	free(handle);
	return 0;
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "glibc",
	.about = about,
	.bytes = { .init = init, .alloc = alloc, .free = give_back },
	.pages = { .init = init, .alloc = alloc_pages, .free = give_back },
	.blocks = { .init = init, .alloc = alloc, .free = give_back },
};
