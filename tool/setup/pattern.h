/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * An owner's mark on every byte it was given.
 *
 * Memory is filled when it is handed out and looked at when it is given back. The mark depends on the
 * owner and on the place in its memory, so that two owners of one byte, a page that lost its contents
 * and a page that shows up at the wrong address all differ from what was written.
 */
#ifndef QUIRE_TOOL_PATTERN_H
#define QUIRE_TOOL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/** What pattern_check() answers when every byte is as it was written. */
#define PATTERN_INTACT SIZE_MAX

void pattern_fill(void *memory, size_t bytes, uint32_t owner);

/** @return offset of the first byte that is not this owner's, or PATTERN_INTACT */
size_t pattern_check(const void *memory, size_t bytes, uint32_t owner);

#endif
