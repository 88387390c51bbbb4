/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file frames.h
 * Physical pages in banks: a helper for ports that own their physical memory.
 *
 * A pool of frames numbered 0 ... banks * frames_per_bank - 1; consecutive numbers are adjacent in
 * memory. Frames are given out as *runs* of adjacent frames, because a run costs one mapping where
 * single frames cost one each; frames are taken back in any pieces.
 *
 * **Placement.** Powered banks first; among them the fullest that has a run as long as wanted (the
 * lowest of equals), and in it the shortest such run, lowest first; failing that the longest run of
 * all, of several that in the fullest bank. Only when no powered bank has a free frame is another one
 * powered on, the lowest. A bank is powered off when its last frame comes back.
 *
 * **Cost.** To take: O(banks + words of bitmap), and a step per free run, of which a word can have
 * half as many as bits. To give: a step per bank and word of the range. Exact figures:
 * doc/bounds.md. **Storage** one bit per frame and 8 bytes per bank.
 *
 * **Not promised.** No locking: the port calls it with its own serialisation (Quire calls map and
 * unmap one at a time for each window). Contents of a frame after its bank was off.
 *
 * Example: 22 banks of 32 pages.
 * @code
 *	static _Alignas(uintptr_t) unsigned char storage[QUIRE_FRAMES_STORAGE(22, 32)];
 *	struct quire_frames frames;
 *	struct quire_frames_config config = {
 *		.banks = 22, .frames_per_bank = 32, .storage = storage, .storage_bytes = sizeof(storage),
 *	};
 *	struct quire_frame_run run;
 *
 *	quire_frames_init(&frames, &config);
 *	quire_frames_take(&frames, 16, &run);
 * @endcode
 */
#ifndef QUIRE_FRAMES_H
#define QUIRE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/extent.h"
#include "quire/observe.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Adjacent frames. */
struct quire_frame_run {
	uint32_t start;
	uint32_t count;
};

struct quire_frames_config {
	uint32_t banks;           /**< at least 1 */
	uint32_t frames_per_bank; /**< at least 1; QUIRE_EXTENTS_MAX_UNITS in all banks at most */

	/** Switch a bank. After power(on) its contents are undefined. QUIRE_OK or QUIRE_EDRIVER: a
	 *  bank that cannot be switched on is passed over, one that cannot be switched off stays on
	 *  and is tried again when it is next empty. A new pool takes all banks to be off. NULL: all
	 *  banks are always on. */
	int32_t (*power)(void *context, uint32_t bank, bool on);
	void *context; /**< for power() */

	void *storage;        /**< aligned as a uintptr_t, the pool's as long as the pool is used */
	size_t storage_bytes; /**< at least QUIRE_FRAMES_STORAGE(banks, frames_per_bank) */
	struct quire_observer *observer; /**< told of banks going on and off; may be NULL */
};

/** A pool. All members are private. */
struct quire_frames {
	struct quire_frames_config config;
	quire_word *taken; /* a bit per frame; each bank starts on a word */
	uint32_t *used;    /* frames taken, per bank */
	uint32_t *powered; /* 0 or 1, per bank */
	uint32_t words_per_bank;
	uint32_t longest; /* no free run in a powered bank is longer */
	uint32_t total_used;
	uint32_t banks_on;
	uint32_t banks_on_peak;
	uint32_t switches; /* how often a bank was switched on */
};

/** Bytes of storage, a constant expression. */
#define QUIRE_FRAMES_STORAGE(banks, frames_per_bank)                              \
	((size_t)(banks) *                                                        \
	 (QUIRE_DIVIDE_UP_((size_t)(frames_per_bank), (size_t)QUIRE_WORD_BITS_) * \
		  sizeof(quire_word) +                                            \
	  8u))

/** @return QUIRE_OK, or QUIRE_EINVAL for impossible geometry or too little storage */
int32_t quire_frames_init(struct quire_frames *frames, const struct quire_frames_config *config);

/**
 * Take a run of 1 ... want adjacent frames: call again for the rest.
 * @return QUIRE_OK; QUIRE_ENOPHYS if no frame is free; QUIRE_EDRIVER if frames are free, but only in
 *         banks that could not be powered on; QUIRE_EINVAL for want 0
 */
int32_t quire_frames_take(struct quire_frames *frames, uint32_t want, struct quire_frame_run *run);

/**
 * @name Emptying a bank
 * The pool does not know what its frames hold. Whoever moves the contents asks which bank to empty,
 * takes a frame outside it for each frame in it, copies, and gives the old one back; with the last
 * of them the bank goes off.
 * @{
 */

/**
 * The bank to empty: the one with the fewest frames taken, the lowest of equals, among those with a
 * frame taken. Only if one powered bank less would hold all frames that are taken, and banks are
 * switched at all.
 * @param after  a bank that cannot be emptied: the next one in that order is told. QUIRE_NOWHERE:
 *               the first
 * @return the bank, or QUIRE_NOWHERE if there is none. O(banks)
 */
uint32_t quire_frames_emptiest(const struct quire_frames *frames, uint32_t after);

/** How many frames of a bank are taken; 0 outside the pool. */
uint32_t quire_frames_used_of(const struct quire_frames *frames, uint32_t bank);

/**
 * quire_frames_take, but from any powered bank except this one, and no bank is switched on.
 * @return QUIRE_OK; QUIRE_ENOPHYS if no other powered bank has a free frame; QUIRE_EINVAL for want 0
 */
int32_t quire_frames_take_outside(struct quire_frames *frames, uint32_t bank, uint32_t want,
				  struct quire_frame_run *run);
/** @} */

/**
 * Take exactly these frames (what an image or a boot loader already occupies). Powers banks on.
 * @return QUIRE_OK; QUIRE_EBUSY if one of them is taken; QUIRE_EINVAL if outside the pool;
 *         QUIRE_EDRIVER if a bank cannot be powered on. Nothing is taken unless QUIRE_OK.
 */
int32_t quire_frames_take_at(struct quire_frames *frames, uint32_t start, uint32_t count);

/**
 * Give adjacent frames back, in pieces of any size; may cross banks.
 * @return QUIRE_OK; QUIRE_EFREE if one of them is not taken; QUIRE_EINVAL if outside the pool.
 *         Nothing is given back unless QUIRE_OK.
 */
int32_t quire_frames_give(struct quire_frames *frames, uint32_t start, uint32_t count);

/** Whether this frame is taken; false outside the pool. */
bool quire_frames_is_taken(const struct quire_frames *frames, uint32_t frame);

/** Frames in the pool, frames free, banks on now, and the most banks that were ever on. */
uint32_t quire_frames_total(const struct quire_frames *frames);
uint32_t quire_frames_free(const struct quire_frames *frames);
uint32_t quire_frames_banks_on(const struct quire_frames *frames);
uint32_t quire_frames_banks_on_peak(const struct quire_frames *frames);

/** NULL if the records agree with each other, else what does not, in words. O(frames). */
const char *quire_frames_check(const struct quire_frames *frames);

#ifdef __cplusplus
}
#endif

#endif
