/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frames_model: a byte per frame and per switch, and a pool that is held to them call by call. What
 * a search must answer is found by looking at every free run there is.
 */
#ifndef QUIRE_TEST_FRAMES_MODEL_H
#define QUIRE_TEST_FRAMES_MODEL_H

#include "quire/frames.h"

#include "support/observer.h"
#include "support/storage.h"
#include "support/test.h"

#define FRAMES_MOST_BANKS 5u
#define FRAMES_MOST       (FRAMES_MOST_BANKS * (size_t)65)

struct frames_model {
	struct quire_frames frames;
	struct test_storage storage;
	struct test_observer observer;
	uint32_t banks;
	uint32_t per_bank;
	bool switched; /* false: all banks are always on */
	bool taken[FRAMES_MOST];
	bool on[FRAMES_MOST_BANKS];
	bool stuck[FRAMES_MOST_BANKS]; /* its switch does not work */
	bool refused;                  /* some switch did not work when it was needed */
};

void frames_model_open(struct frames_model *model, uint32_t banks, uint32_t per_bank,
		       bool switched);
void frames_model_close(struct frames_model *model);

/* The pool says what the model knows. */
void frames_model_check(struct frames_model *model);

uint32_t frames_model_used_of(const struct frames_model *model, uint32_t bank);

/* The calls; each asserts what must be answered. @return the run, of no frames if there is none */
struct quire_frame_run frames_model_take(struct frames_model *model, uint32_t want);
struct quire_frame_run frames_model_take_outside(struct frames_model *model, uint32_t bank,
						 uint32_t want);
int32_t frames_model_take_at(struct frames_model *model, uint32_t start, uint32_t count);
int32_t frames_model_give(struct frames_model *model, uint32_t start, uint32_t count);

#endif
