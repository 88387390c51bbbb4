/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A region as today's firmware has it: memory that was taken as a whole, cut up once it is there.
 *
 * Used by the set-ups that pay for all of a region from the start.
 */
#ifndef QUIRE_TOOL_NEST_H
#define QUIRE_TOOL_NEST_H

#include "setup/holdings.h"

struct nest;

/** In the first `bytes` of region->ptr, whole lines; becomes region->owner. @return a status */
int32_t nest_open(struct holding *region, size_t bytes, size_t line);
void nest_close(struct nest *nest);

/** As for the set-up itself (backend.h). */
int32_t nest_alloc(struct nest *nest, struct holding *holding);
int32_t nest_free(struct nest *nest, struct holding *holding);
int32_t nest_seal(struct nest *nest);

#endif
