/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * jemalloc. `aligned_alloc` and `free` are those of the C library here, since the benchmark loads
 * peers without letting them replace anything: they are looked up in jemalloc's own library. Of the
 * calls that promise an alignment they are the quickest; mallocx and dallocx take a fifth more. The
 * size must be a multiple of the alignment.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdio.h>

#include "../peer.h"

static void *(*its_aligned_alloc)(size_t align, size_t size);
static void (*its_free)(void *ptr);

static const char *about(void)
{
	static char words[120];
	const char *version = "of unknown version";
	size_t bytes = sizeof(version);

	mallctl("version", (void *)&version, &bytes, NULL, 0);
	snprintf(words, sizeof(words), "jemalloc %s: aligned_alloc and free", version);
	return words;
}

/* The library that has mallctl, which only jemalloc has. */
static void *init(void *pool, size_t size, size_t unit)
{
	Dl_info where;
	void *library;

	(void)size, (void)unit;
	if (!dladdr((void *)(uintptr_t)mallctl, &where))
		return NULL;
	library = dlopen(where.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	if (!library)
		return NULL;
	*(void **)&its_aligned_alloc = dlsym(library, "aligned_alloc");
	*(void **)&its_free = dlsym(library, "free");
	dlclose(library); /* this object needs it, so it stays */
	return pool;      /* any address that is not NULL */
}

static void *alloc(void *context, size_t size, size_t align)
{
	(void)context;
	return its_aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

static void *alloc_pages(void *context, size_t pages, size_t align)
{
	(void)context;
	return its_aligned_alloc(align, pages * align);
}

static int32_t give_back(void *context, void *handle)
{
	(void)context;
	its_free(handle);
	return 0;
}

/* What this thread has been given so far, by jemalloc's own count. */
static uint64_t given(void)
{
	uint64_t bytes = 0;
	size_t size = sizeof(bytes);

	mallctl("thread.allocated", &bytes, &size, NULL, 0);
	return bytes;
}

/* Asking about a pointer of somebody else would not end well: is the next request counted there? */
static bool owns(void *context, void *handle)
{
	uint64_t before = given();
	void *another = alloc(context, 64, 64);
	bool counted = given() == before + 64;

	(void)handle;
	give_back(context, another);
	return counted;
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "jemalloc",
	.about = about,
	.bytes = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
	.pages = { .init = init, .alloc = alloc_pages, .free = give_back, .owns = owns },
	.blocks = { .init = init, .alloc = alloc, .free = give_back, .owns = owns },
};
