/* SPDX-License-Identifier: BSD-3-Clause */
/* mimalloc, by the names that only mimalloc has. */
#include <mimalloc.h>
#include <stdio.h>

#include "../peer.h"

static const char *about(void)
{
	static char words[80];
	int version = mi_version();

	snprintf(words, sizeof(words), "mimalloc %d.%d.%d: mi_malloc_aligned and mi_free",
		 version / 100, version / 10 % 10, version % 10);
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
	return mi_malloc_aligned(size, align);
}

static void *alloc_pages(void *context, size_t pages, size_t align)
{
	(void)context;
	return mi_malloc_aligned(pages * align, align);
}

static int32_t give_back(void *context, void *handle)
{
	(void)context;
	mi_free(handle);
	return 0;
}

static bool owns(void *context, void *handle)
{
	(void)context;
	return mi_check_owned(handle);
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "mimalloc",
	.about = about,
	.bytes = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
	.pages = { .init = init, .alloc = alloc_pages, .free = give_back, .owns = owns },
	.blocks = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
};
