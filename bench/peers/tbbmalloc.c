/* SPDX-License-Identifier: BSD-3-Clause */
/* The scalable allocator of oneTBB. */
#include <oneapi/tbb/scalable_allocator.h>

#include "../peer.h"

static const char *about(void)
{
	return "oneTBB's scalable allocator: scalable_aligned_malloc and scalable_aligned_free";
}

static void *init(void *pool, size_t size, size_t unit)
{
	(void)size, (void)unit;
	return pool; /* any address that is not NULL */
}

static void *alloc(void *context, size_t size, size_t align)
{
	(void)context;
	return scalable_aligned_malloc(size, align);
}

static void *alloc_pages(void *context, size_t pages, size_t align)
{
	(void)context;
	return scalable_aligned_malloc(pages * align, align);
}

static int32_t give_back(void *context, void *handle)
{
	(void)context;
	scalable_aligned_free(handle);
	return 0;
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "tbbmalloc",
	.about = about,
	.bytes = { .init = init, .alloc = alloc, .free = give_back },
	.pages = { .init = init, .alloc = alloc_pages, .free = give_back },
	.blocks = { .init = init, .alloc = alloc, .free = give_back },
};
