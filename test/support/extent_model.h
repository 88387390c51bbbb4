/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent_model: an array that names the owner of every unit, and a set that is held to it call by
 * call. Each call below is made on both; what the set answers is compared with what the array says,
 * and a refusal fails the test if the header promises that the request succeeds.
 */
#ifndef QUIRE_TEST_EXTENT_MODEL_H
#define QUIRE_TEST_EXTENT_MODEL_H

#include "quire/extent.h"

#include "support/storage.h"
#include "support/test.h"

struct extent_model {
	struct quire_extents set;
	struct test_storage storage;
	enum quire_extents_precision precision;
	uint32_t units;
	uint32_t *owner; /* per unit: the first unit of its live run, QUIRE_NOWHERE if free */
};

/* Bytes that the macro names. */
size_t extent_model_storage(uint32_t units, enum quire_extents_precision precision);

void extent_model_open(struct extent_model *model, uint32_t units,
		       enum quire_extents_precision precision);
void extent_model_close(struct extent_model *model);

/* What the array says. */
bool extent_model_is_free(const struct extent_model *model, uint32_t unit);
bool extent_model_starts_live(const struct extent_model *model, uint32_t unit);
uint32_t extent_model_size(const struct extent_model *model, uint32_t start);
uint32_t extent_model_room(const struct extent_model *model, uint32_t start);

/* Compare all that the set tells, its own check included: everything, what it tells without being
 * asked about a unit, or that about one unit. */
void extent_model_check(const struct extent_model *model);
void extent_model_check_runs(const struct extent_model *model);
void extent_model_check_unit(const struct extent_model *model, uint32_t unit);

/* The calls. take asks first what it would be given, which must change no byte. */
uint32_t extent_model_take(struct extent_model *model, struct quire_extent_wish wish);
void extent_model_take_low(struct extent_model *model, struct quire_extent_wish wish,
			   uint32_t from);
void extent_model_take_at(struct extent_model *model, uint32_t start, uint32_t count);
void extent_model_resize(struct extent_model *model, uint32_t start, uint32_t count);
void extent_model_free(struct extent_model *model, uint32_t start);

#endif
