/* SPDX-License-Identifier: BSD-3-Clause */
/* worlds: a queue of saved states, and a table that finds them by name. See worlds.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/worlds.h"

struct worlds_state {
	unsigned char *saved; /* freed once every operation was carried out in it */
	unsigned char *name;
	size_t length;
};

void worlds_on_host_memory(void)
{
	unsetenv("QUIRE_TEST_PORT");
}

void worlds_add(struct worlds *worlds, void *memory, size_t bytes)
{
	assert_true(worlds->parts < WORLDS_PARTS);
	worlds->part[worlds->parts].memory = memory;
	worlds->part[worlds->parts].bytes = bytes;
	worlds->parts++;
	worlds->bytes += bytes;
}

void worlds_add_space(struct worlds *worlds, struct test_space *space)
{
	assert_null(space->vs.observer);
	worlds_add(worlds, &space->mmu, sizeof(space->mmu));
	worlds_add(worlds, space->mmu.window, space->mmu.bytes);
	worlds_add(worlds, space->mmu.prot, space->mmu.config.pages);
	worlds_add(worlds, &space->vs, sizeof(space->vs));
	worlds_add(worlds, space->storage.memory, space->storage.bytes);
}

static unsigned char *save(const struct worlds *worlds)
{
	unsigned char *saved = malloc(worlds->bytes);
	unsigned char *at = saved;

	assert_non_null(saved);
	for (size_t i = 0; i < worlds->parts; at += worlds->part[i++].bytes)
		memcpy(at, worlds->part[i].memory, worlds->part[i].bytes);
	return saved;
}

static void restore(const struct worlds *worlds, const unsigned char *saved)
{
	for (size_t i = 0; i < worlds->parts; saved += worlds->part[i++].bytes)
		memcpy(worlds->part[i].memory, saved, worlds->part[i].bytes);
}

bool worlds_unchanged(const struct worlds *worlds)
{
	const unsigned char *at = worlds->before;

	for (size_t i = 0; i < worlds->parts; at += worlds->part[i++].bytes)
		if (memcmp(worlds->part[i].memory, at, worlds->part[i].bytes) != 0)
			return false;
	return true;
}

static size_t hash(const unsigned char *name, size_t length)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ name[i]) * 0x100000001b3u;
	return (size_t)(sum ^ sum >> 29);
}

/* Where the state of this name is, or would be. */
static size_t *find_slot(const struct worlds *worlds, const unsigned char *name, size_t length)
{
	size_t slot = hash(name, length) & (worlds->slots - 1);

	for (; worlds->slot[slot]; slot = (slot + 1) & (worlds->slots - 1)) {
		const struct worlds_state *state = &worlds->state[worlds->slot[slot] - 1];

		if (state->length == length && memcmp(state->name, name, length) == 0)
			break;
	}
	return &worlds->slot[slot];
}

static void grow(struct worlds *worlds)
{
	worlds->room = worlds->room ? 2 * worlds->room : 1024;
	worlds->slots = 2 * worlds->room;
	worlds->state = realloc(worlds->state, worlds->room * sizeof(*worlds->state));
	free(worlds->slot);
	worlds->slot = calloc(worlds->slots, sizeof(*worlds->slot));
	assert_true(worlds->state && worlds->slot);
	for (size_t i = 0; i < worlds->states; i++)
		*find_slot(worlds, worlds->state[i].name, worlds->state[i].length) = i + 1;
}

/* The state as it is now joins the queue unless it is known. */
static void reach(struct worlds *worlds)
{
	unsigned char name[WORLDS_NAME];
	size_t length = worlds->name(worlds->context, name);
	struct worlds_state *state;
	size_t *slot;

	assert_true(length <= sizeof(name));
	if (worlds->states == worlds->room)
		grow(worlds);
	slot = find_slot(worlds, name, length);
	if (*slot)
		return;
	state = &worlds->state[worlds->states++];
	*slot = worlds->states;
	state->saved = save(worlds);
	state->length = length;
	state->name = malloc(length + 1);
	assert_non_null(state->name);
	memcpy(state->name, name, length);
}

static void act_everywhere(struct worlds *worlds, size_t number)
{
	unsigned char *saved = worlds->state[number].saved;

	worlds->before = saved;
	for (size_t operation = 0; operation < worlds->operations; operation++) {
		restore(worlds, saved);
		worlds->act(worlds->context, operation);
		worlds->steps++;
		reach(worlds);
	}
	restore(worlds, saved);
	worlds->state[number].saved = NULL;
	free(saved);
}

void worlds_explore(struct worlds *worlds)
{
	unsigned char *first = save(worlds);

	reach(worlds);
	for (size_t number = 0; number < worlds->states; number++)
		act_everywhere(worlds, number);
	restore(worlds, first);
	free(first);
	for (size_t number = 0; number < worlds->states; number++)
		free(worlds->state[number].name);
	free(worlds->state);
	free(worlds->slot);
}
