/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of one size on a list that runs through the free ones: the least that such an allocator
 * can do. It checks nothing, and whoever writes to a free block breaks it.
 */
#include <stdlib.h>

#include "../peer.h"

struct block {
	struct block *next;
};

struct list {
	struct block *free;
};

static const char *about(void)
{
	return "a list through the free blocks, last in first out";
}

static void push(struct list *list, void *block)
{
	((struct block *)block)->next = list->free;
	list->free = block;
}

static void *init(void *pool, size_t size, size_t unit)
{
	struct list *list = calloc(1, sizeof(*list));

	for (size_t at = size / unit * unit; list && at; at -= unit)
		push(list, (char *)pool + at - unit);
	return list;
}

static void *alloc(void *context, size_t size, size_t align)
{
	struct list *list = context;
	struct block *block = list->free;

	(void)size, (void)align;
	if (block)
		list->free = block->next;
	return block;
}

static int32_t give_back(void *context, void *handle)
{
	push(context, handle);
	return 0;
}

const struct quire_peer quire_peer = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "list",
	.about = about,
	.blocks = { .bounded = true,
		    .init = init,
		    .fini = free,
		    .alloc = alloc,
		    .free = give_back },
};
