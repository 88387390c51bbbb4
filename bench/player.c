/* SPDX-License-Identifier: BSD-3-Clause */
/* player: see player.h. */
#include "player.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

const struct quire_peer_calls *load_calls(const struct load *load, const struct quire_peer *peer)
{
	switch (load->kind) {
	case LOAD_PAGES:
		return &peer->pages;
	case LOAD_BLOCKS:
		return &peer->blocks;
	default:
		return &peer->bytes;
	}
}

static void begin_pool(struct player *player, const struct load *load)
{
	int protection = load->kind == LOAD_PAGES ? PROT_NONE : PROT_READ | PROT_WRITE;

	player->pool_bytes = (size_t)load->units * load->unit;
	player->pool = mmap(NULL, player->pool_bytes, protection,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (player->pool == MAP_FAILED)
		die("no memory for a pool of %zu bytes: %s", player->pool_bytes, strerror(errno));
}

static void end_pool(struct player *player)
{
	munmap(player->pool, player->pool_bytes);
}

/* That it is really this allocator that answers: by its own word, and by how the answer lies. */
static void try(struct player *player, const struct load *load)
{
	size_t size = load->kind == LOAD_PAGES ? 1 : load->unit;
	void *handle = player->calls->alloc(player->context, size, load->unit);

	if (!handle)
		die("%s refuses its first request, of %zu", player->peer->name, size);
	if (player->calls->owns && !player->calls->owns(player->context, handle))
		die("%s says that what it gave is not its own", player->peer->name);
	must(player->calls->free(player->context, handle), "freeing the first request");
}

bool player_begin(struct player *player, const struct load *load, const struct quire_peer *peer)
{
	*player = (struct player){ .peer = peer, .calls = load_calls(load, peer) };
	if (!player->calls->init)
		return false;
	begin_pool(player, load);
	player->context = player->calls->init(player->pool, player->pool_bytes, load->unit);
	if (player->context)
		try(player, load);
	else
		end_pool(player);
	return player->context;
}

void player_end(struct player *player)
{
	if (player->calls->fini)
		player->calls->fini(player->context);
	end_pool(player);
}

struct candidate player_candidate(const struct player *player, const struct load *load)
{
	return (struct candidate){
		.context = player->context,
		.align = load->unit,
		.alloc = player->calls->alloc,
		.free = player->calls->free,
	};
}

size_t player_metadata(const struct player *player)
{
	return player->calls->metadata ? player->calls->metadata(player->context) : 0;
}
