/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * region_model: what a region must do, from three pointers that move up and a list of live pieces, and
 * a region that is held to it call by call. What an area must grant is worked out from these numbers;
 * the interim area must grant what fits between two pieces while there are pages for it.
 *
 * The driver may be told to fail in the next call (test_mmu_fail). A call that fails for it must leave
 * everything as the model says, but for an unmap that fails: then what was to be given back is given
 * back again, which must succeed.
 */
#ifndef QUIRE_TEST_REGION_MODEL_H
#define QUIRE_TEST_REGION_MODEL_H

#include "support/space.h"

#define REGION_MODEL_PIECES 48u

struct region_piece {
	unsigned char *ptr;
	size_t size;
	uint32_t owner; /* its pattern */
	enum quire_area area;
};

struct region_arena {
	unsigned char *base;
	size_t bytes; /* address space */
	size_t used;
	size_t newest; /* offset; SIZE_MAX: it was freed, or there was none */
	size_t committed;
};

struct region_model {
	struct test_space space;
	struct test_region in;
	struct quire_vregion *vr;
	struct quire_vregion_config config;
	struct quire_budget budget;
	struct region_arena arena[QUIRE_INTERIM];
	uint32_t prot[QUIRE_AREAS];
	struct region_piece piece[REGION_MODEL_PIECES]; /* in no order */
	size_t pieces;
	size_t page, unit;
	uint32_t users, owners;
	bool sealed;
};

/* A region of the config in a new vspace; the payer is promised so many pages and may have so many. */
void region_model_open(struct region_model *model, const struct test_space_config *space,
		       const struct quire_vregion_config *config, size_t guaranteed, size_t limit);

/* Put the region, which gives everything back, and end the vspace. */
void region_model_close(struct region_model *model);
void region_model_check(struct region_model *model);

/* The calls. A piece more than there is room for is not asked for. */
void region_model_request(struct region_model *model, enum quire_area area,
			  struct quire_request *request);
void region_model_resize(struct region_model *model, size_t index, size_t min, size_t preferred);
void region_model_free(struct region_model *model, size_t index);
void region_model_protect(struct region_model *model, enum quire_area area, uint32_t prot);
void region_model_seal(struct region_model *model);
void region_model_reset(struct region_model *model);
void region_model_get(struct region_model *model);
void region_model_put(struct region_model *model); /* not the last one */

/* Put to sleep, try to wake it from an archive cut to so many bytes, and wake it. No fault then. */
void region_model_sleep(struct region_model *model, size_t cut);

#endif
