/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worlds: every reachable state of something small, times every operation.
 *
 * A state is some memory: the records under test, what lies below them, and the model that they are
 * held to. It is saved as bytes and put back at the same addresses, so pointers inside it hold. Two
 * states are one if they have the same name, which the model gives. Beginning with the state as it is,
 * breadth first, each operation is carried out in each state that was reached; the operation itself
 * asserts what must be true after it.
 */
#ifndef QUIRE_TEST_WORLDS_H
#define QUIRE_TEST_WORLDS_H

#include "support/space.h"

#define WORLDS_PARTS 12u
#define WORLDS_NAME  128u

struct worlds {
	void *context;
	size_t operations;
	void (*act)(void *context, size_t operation);
	size_t (*name)(void *context, unsigned char *name); /* at most WORLDS_NAME bytes */

	size_t states; /* out: how many there are ... */
	size_t steps;  /* ... and operations carried out */

	/* Private. */
	struct {
		unsigned char *memory;
		size_t bytes;
	} part[WORLDS_PARTS];
	size_t parts, bytes;
	const unsigned char *before;
	struct worlds_state *state; /* in the order in which they were reached */
	size_t room;
	size_t *slot; /* by name; 0: none, else the number of a state and one */
	size_t slots;
};

/* Called first by a program whose states hold a vspace: a state of the model of the ADSP, which its driver
 * could stand on (support/adsp.h), is not all in memory. */
void worlds_on_host_memory(void);

/* Memory that is part of a state. */
void worlds_add(struct worlds *worlds, void *memory, size_t bytes);

/* A vspace of small pages that nobody observes: its records, its driver and what is in its window. */
void worlds_add_space(struct worlds *worlds, struct test_space *space);

void worlds_explore(struct worlds *worlds);

/* During an operation: whether every byte of the state is as it was before. */
bool worlds_unchanged(const struct worlds *worlds);

#endif
