/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the core may expect of a C library. */
#pragma once

#include <stddef.h>

void *memset(void *to, int byte, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
