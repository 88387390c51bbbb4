/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The tool's own memory, as opposed to the memory that it models.
 *
 * A command cannot go on without it, so these do not fail: they end the program with a message and
 * the exit status of bad input.
 */
#ifndef QUIRE_TOOL_HOST_H
#define QUIRE_TOOL_HOST_H

#include <stddef.h>

/** Zeroed. Give back with free(). */
void *host_alloc(size_t count, size_t bytes);

/** An array made longer or shorter; what is new is not zeroed. */
void *host_resize(void *array, size_t count, size_t bytes);

/** What they end the program with. */
_Noreturn void host_short(void);

/** Zeroed and aligned to a power of two. Give back with free(). */
void *host_aligned(size_t align, size_t bytes);

#endif
