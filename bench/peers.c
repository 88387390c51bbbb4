/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * peers: loads shared objects so that their symbols stay among themselves. The benchmark's own
 * malloc remains that of the C library.
 *
 * Some allocators want more room for thread-local variables than the C library keeps for objects
 * that are loaded late. How much it keeps is read from the environment when a program starts: the
 * program then starts itself once more, with more.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "peers.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define TUNABLES "GLIBC_TUNABLES"
#define ROOM     "glibc.rtld.optional_static_tls=65536"

static char **arguments;

/* glibc gives all that were there to constructors. */
__attribute__((constructor)) static void keep_arguments(int count, char **all)
{
	(void)count;
	arguments = all;
}

/* Returns if it has been done already, or cannot be done. */
static void start_with_more_room(void)
{
	const char *before = getenv(TUNABLES);
	char *tunables;

	if (before && strstr(before, ROOM))
		return;
	tunables = before && *before ? text("%s:%s", before, ROOM) : text("%s", ROOM);
	if (!setenv(TUNABLES, tunables, 1))
		execv("/proc/self/exe", arguments);
	free(tunables);
}

static void *open_library(const char *file)
{
	/* Without a slash the search path of libraries would be searched. */
	char *path = strchr(file, '/') ? text("%s", file) : text("./%s", file);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	free(path);
	return library;
}

static const char *wrong_with_calls(const struct quire_peer_calls *calls)
{
	return calls->init && (!calls->alloc || !calls->free) ? "a way without alloc or free"
							      : NULL;
}

/* NULL if all is well. */
static const char *wrong_with(const struct quire_peer *peer)
{
	const char *wrong;

	if (!peer->name || !*peer->name || strpbrk(peer->name, " \t\n") || !peer->about)
		return "no name of one word, or no about";
	wrong = wrong_with_calls(&peer->bytes);
	if (!wrong)
		wrong = wrong_with_calls(&peer->pages);
	if (!wrong)
		wrong = wrong_with_calls(&peer->blocks);
	if (!wrong && !peer->bytes.init && !peer->pages.init && !peer->blocks.init)
		wrong = "no way of being asked";
	return wrong;
}

/* Why this cannot be a peer, in words from text(), or NULL and it is one. */
static char *load(struct loaded *loaded, const char *file)
{
	const char *wrong;

	loaded->library = open_library(file);
	if (!loaded->library) {
		wrong = dlerror();
		if (strstr(wrong, "static TLS"))
			start_with_more_room();
		return text("cannot load %s: %s", file, wrong);
	}
	loaded->peer = dlsym(loaded->library, QUIRE_PEER_SYMBOL);
	if (!loaded->peer)
		return text("%s is no peer: it has no %s", file, QUIRE_PEER_SYMBOL);
	if (loaded->peer->interface != QUIRE_PEER_INTERFACE)
		return text("%s is a peer of interface %u, and this program has %u: compile it "
			    "afresh",
			    file, loaded->peer->interface, QUIRE_PEER_INTERFACE);
	wrong = wrong_with(loaded->peer);
	return wrong ? text("%s is no peer: it has %s", file, wrong) : NULL;
}

static void unload(const struct loaded *loaded)
{
	if (loaded->library)
		dlclose(loaded->library);
}

static void add(struct peers *peers, struct loaded loaded)
{
	size_t bytes = (peers->count + 1) * sizeof(*peers->all);
	struct loaded *all = realloc(peers->all, bytes);

	if (!all)
		die("no memory for a peer");
	peers->all = all;
	all[peers->count++] = loaded;
}

static bool has(const struct peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->count; i++)
		if (!strcmp(peers->all[i].peer->name, name))
			return true;
	return false;
}

static void load_wanted(struct peers *peers, const char *file)
{
	struct loaded loaded = { 0 };
	char *wrong = load(&loaded, file);

	if (!wrong && has(peers, loaded.peer->name))
		wrong = text("%s: there is a peer %s already", file, loaded.peer->name);
	if (wrong) {
		fprintf(stderr, "bench: %s\n", wrong);
		free(wrong);
		exit(EXIT_BAD_ARGUMENTS);
	}
	add(peers, loaded);
}

/* One that is found but does not load is told and left out. */
static void load_found(struct peers *peers, const char *file)
{
	struct loaded loaded = { 0 };
	char *wrong = load(&loaded, file);

	if (wrong) {
		fprintf(stderr, "bench: %s; going on without it\n", wrong);
		unload(&loaded);
		free(wrong);
	} else {
		add(peers, loaded);
	}
}

static void load_beside(struct peers *peers)
{
	char *pattern = beside_program("peers/*.so");
	glob_t found = { 0 };

	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_found(peers, found.gl_pathv[i]);
	globfree(&found);
	free(pattern);
}

void peers_load(struct peers *peers, const struct options *options)
{
	*peers = (struct peers){ 0 };
	add(peers, (struct loaded){ .peer = &peer_nothing });
	add(peers, (struct loaded){ .peer = &peer_quire });
	if (!options->peer_count && !options->no_peers)
		load_beside(peers);
	for (size_t i = 0; i < options->peer_count; i++)
		load_wanted(peers, options->peers[i]);
}

void peers_unload(struct peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		unload(&peers->all[i]);
	free(peers->all);
}
