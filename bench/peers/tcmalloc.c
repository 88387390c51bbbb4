/* SPDX-License-Identifier: BSD-3-Clause */
/* tcmalloc of gperftools, the minimal build, by the names that only it has. */
#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>
#include <stdio.h>

#include "../peer.h"

static const char *about(void)
{
	static char words[80];

	snprintf(words, sizeof(words), "%s: tc_memalign and tc_free", tc_version(NULL, NULL, NULL));
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
	return tc_memalign(align, size);
}

static void *alloc_pages(void *context, size_t pages, size_t align)
{
	(void)context;
	return tc_memalign(align, pages * align);
}

static int32_t give_back(void *context, void *handle)
{
	(void)context;
	tc_free(handle);
	return 0;
}

static bool owns(void *context, void *handle)
{
	(void)context;
	return MallocExtension_GetOwnership(handle) == MallocExtension_kOwned;
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "tcmalloc",
	.about = about,
	.bytes = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
	.pages = { .init = init, .alloc = alloc_pages, .free = give_back, .owns = owns },
	.blocks = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
};
