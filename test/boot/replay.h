/* SPDX-License-Identifier: BSD-3-Clause */
/* replay: what a topology asks for, as `quire run --trace` told it and replay.awk wrote it down. */
#ifndef QUIRE_TEST_REPLAY_H
#define QUIRE_TEST_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#define REPLAY_IDS     1024u
#define REPLAY_REGIONS 16u

enum replay_what { REPLAY_ALLOC, REPLAY_FREE, REPLAY_CREATE, REPLAY_SEAL, REPLAY_PUT };

/** Keys of the trace, by the same names. region 0: the heap. */
struct replay_step {
	uint8_t what;
	uint16_t id;
	uint8_t region;
	uint8_t lifetime;
	uint32_t size, min, step, align, granted;
};

extern const struct replay_step replay_steps[];
extern const size_t replay_count;
extern const size_t replay_peak; /**< pages that were mapped at a time */

#endif
