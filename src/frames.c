/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frames: physical pages in banks, a helper beside the layers. Ports that own their physical memory
 * draw from it; nothing in the core does.
 *
 * 1. One bit per frame says whether it is taken. A bank begins on a word of its own, and the bits
 *    that its last word has to spare count as taken for ever, so a search never runs into them.
 * 2. Per bank there is the number of frames taken and whether it has power. A bank with a frame
 *    taken has power; an empty one has it only without a power callback or if switching it off
 *    failed.
 * 3. A take walks the free runs of each powered bank that may have a better one than the best so
 *    far: long enough if that is not, or in a fuller bank. So few runs are needed, and full banks go
 *    on filling up while emptier ones drain, fall empty and can be switched off. Where no run is
 *    long enough the longest is taken, wherever it is: filling up the holes of the fullest bank
 *    instead took twice as many runs and kept no fewer banks on.
 * 4. Nothing longer than the longest free run is looked for. A take that finds less than it wants
 *    has learned how long that is; what is given back, or switched on, makes it unknown again. So
 *    a request that is served in many pieces looks through all free runs once, not for each piece.
 * 5. Only if no powered bank has a free frame is another switched on, the lowest that obeys.
 * 6. A bank is worth emptying if one powered bank less would hold all that is taken. Which frames
 *    of it can move, the port and its users know; so all such banks are told one after another, the
 *    one with the fewest frames first, and frames to move to come from the others.
 *
 * Bound: a take walks the bitmap at most once, a give touches the words of its range twice; both
 * look at each bank at most twice. Nothing depends on what was taken before.
 *
 * Source: filling the fullest first is best fit on banks, as in any bin packing; the rest is
 * counting.
 */
#include <string.h>

#include "bits.h"
#include "quire/frames.h"
#include "quire/status.h"

#define BITS QUIRE_WORD_BITS_

/* ---- bits ----------------------------------------------------------------------------------- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The bits of [*start, end) that lie in the word of *start, which moves behind them. */
static quire_word next_mask(uint32_t *start, uint32_t end)
{
	uint32_t bit = *start % BITS;
	uint32_t count = smaller(BITS - bit, end - *start);

	*start += count;
	return ~(quire_word)0 >> (BITS - count) << bit;
}

/* ---- the frames of one bank ----------------------------------------------------------------- */

/* Part of a bank; a range of the pool is walked as one of these for each bank it touches. */
struct part {
	uint32_t bank;
	uint32_t start; /* counted from the bank's first frame */
	uint32_t end;
};

static struct part first_part(const struct quire_frames *frames, uint32_t start, uint32_t count)
{
	uint32_t per_bank = frames->config.frames_per_bank;
	struct part part = { .bank = start / per_bank, .start = start % per_bank };

	part.end = part.start + smaller(count, per_bank - part.start);
	return part;
}

static quire_word *bits_of(const struct quire_frames *frames, uint32_t bank)
{
	return &frames->taken[(size_t)bank * frames->words_per_bank];
}

/* Whether every frame of the part is taken, or with flip ~0 every one is free. */
static bool all_taken(const struct quire_frames *frames, struct part part, quire_word flip)
{
	const quire_word *word = bits_of(frames, part.bank) + part.start / BITS;
	quire_word other = 0;

	while (part.start < part.end)
		other |= ~(*word++ ^ flip) & next_mask(&part.start, part.end);
	return !other;
}

/* Take frames that are all free, or give frames that are all taken. */
static void toggle(struct quire_frames *frames, struct part part, bool take)
{
	quire_word *word = bits_of(frames, part.bank) + part.start / BITS;
	uint32_t count = take ? part.end - part.start : part.start - part.end;

	while (part.start < part.end)
		*word++ ^= next_mask(&part.start, part.end);
	frames->used[part.bank] += count;
	frames->total_used += count;
}

/* The first bit at or above `from` that is set in bits ^ flip, or the end of the bank's words. */
static uint32_t next_bit(const struct quire_frames *frames, uint32_t bank, uint32_t from,
			 quire_word flip)
{
	const quire_word *bits = bits_of(frames, bank);
	quire_word ignore = from % BITS ? ~(quire_word)0 >> (BITS - from % BITS) : 0;

	for (uint32_t word = from / BITS; word < frames->words_per_bank; word++) {
		quire_word found = (bits[word] ^ flip) & ~ignore;

		if (found)
			return word * BITS + lowest_bit(found);
		ignore = 0;
	}
	return frames->words_per_bank * BITS;
}

/* The next free run of a bank at or above `from`; false if there is none. */
static bool next_free_run(const struct quire_frames *frames, struct part *run, uint32_t from)
{
	run->start = next_bit(frames, run->bank, from, ~(quire_word)0);
	if (run->start >= frames->config.frames_per_bank)
		return false;
	run->end = next_bit(frames, run->bank, run->start, 0);
	return true;
}

/* ---- power ---------------------------------------------------------------------------------- */

static void tell(struct quire_frames *frames, enum quire_event_kind kind, uint32_t bank)
{
	struct quire_observer *observer = frames->config.observer;
	struct quire_event event = { .kind = kind, .object = frames, .size = bank };

	if (observer)
		observer->notify(observer, &event);
}

static int32_t power_on(struct quire_frames *frames, uint32_t bank)
{
	if (frames->powered[bank])
		return QUIRE_OK;
	if (frames->config.power(frames->config.context, bank, true))
		return QUIRE_EDRIVER;
	frames->powered[bank] = 1;
	frames->longest = frames->config.frames_per_bank;
	frames->switches++;
	frames->banks_on++;
	if (frames->banks_on > frames->banks_on_peak)
		frames->banks_on_peak = frames->banks_on;
	tell(frames, QUIRE_EVENT_POWER_ON, bank);
	return QUIRE_OK;
}

static void power_off_if_empty(struct quire_frames *frames, uint32_t bank)
{
	if (!frames->config.power || !frames->powered[bank] || frames->used[bank] ||
	    frames->config.power(frames->config.context, bank, false))
		return;
	frames->powered[bank] = 0;
	frames->banks_on--;
	tell(frames, QUIRE_EVENT_POWER_OFF, bank);
}

/* ---- searching ------------------------------------------------------------------------------ */

static uint32_t length(struct part run)
{
	return run.end - run.start;
}

/* Look through a bank for a better run than the best, of which `found` frames are of use: one that
 * suffices, or is longer; if they are equal, one in a fuller bank, then a shorter one. Returns how
 * many frames of the best are of use now. */
static uint32_t search_bank(const struct quire_frames *frames, uint32_t bank, uint32_t want,
			    struct part *best, uint32_t found)
{
	bool fuller = frames->used[bank] > frames->used[best->bank];
	uint32_t free_frames = frames->config.frames_per_bank - frames->used[bank];
	struct part run = { .bank = bank };

	if (!frames->powered[bank] || free_frames < found || (found == want && !fuller))
		return found;
	while (length(run) != want && next_free_run(frames, &run, run.end)) {
		uint32_t useful = smaller(length(run), want);

		if (useful > found ||
		    (useful == found &&
		     (best->bank == bank ? length(run) < length(*best) : fuller))) {
			*best = run;
			found = useful;
		}
	}
	return found;
}

/* The best run of all powered banks but one, the lowest of equals; it is empty if there is none. */
static struct part search_powered(const struct quire_frames *frames, uint32_t want, uint32_t except)
{
	struct part best = { .bank = 0 };
	uint32_t found = 0;

	for (uint32_t bank = 0; bank < frames->config.banks; bank++)
		if (bank != except)
			found = search_bank(frames, bank, want, &best, found);
	return best;
}

/* Power for the lowest bank without it that obeys. */
static int32_t power_another(struct quire_frames *frames)
{
	for (uint32_t bank = 0; bank < frames->config.banks; bank++)
		if (!frames->powered[bank] && !power_on(frames, bank))
			return QUIRE_OK;
	return frames->total_used < quire_frames_total(frames) ? QUIRE_EDRIVER : QUIRE_ENOPHYS;
}

/* ---- public --------------------------------------------------------------------------------- */

static bool is_possible(const struct quire_frames_config *config)
{
	return config->banks && config->frames_per_bank &&
	       config->frames_per_bank <= QUIRE_EXTENTS_MAX_UNITS / config->banks &&
	       config->storage && (uintptr_t)config->storage % sizeof(quire_word) == 0 &&
	       config->storage_bytes >=
		       QUIRE_FRAMES_STORAGE(config->banks, config->frames_per_bank);
}

/* The bits behind the last frame of each bank. */
static void mark_spare_bits(struct quire_frames *frames)
{
	uint32_t past = frames->words_per_bank * BITS;
	uint32_t spare = frames->config.frames_per_bank;
	quire_word *last = &frames->taken[spare / BITS];
	quire_word mask;

	if (spare == past)
		return;
	mask = next_mask(&spare, past);
	for (uint32_t bank = 0; bank < frames->config.banks; bank++)
		last[(size_t)bank * frames->words_per_bank] = mask;
}

int32_t quire_frames_init(struct quire_frames *frames, const struct quire_frames_config *config)
{
	size_t words;

	if (!frames || !config || !is_possible(config))
		return QUIRE_EINVAL;
	memset(frames, 0, sizeof(*frames));
	memset(config->storage, 0, QUIRE_FRAMES_STORAGE(config->banks, config->frames_per_bank));
	frames->config = *config;
	frames->words_per_bank = QUIRE_DIVIDE_UP_(config->frames_per_bank, BITS);
	frames->longest = config->frames_per_bank;
	words = (size_t)config->banks * frames->words_per_bank;
	frames->taken = config->storage;
	frames->used = (uint32_t *)(frames->taken + words);
	frames->powered = frames->used + config->banks;
	mark_spare_bits(frames);
	if (!config->power) {
		for (uint32_t bank = 0; bank < config->banks; bank++)
			frames->powered[bank] = 1;
		frames->banks_on = config->banks;
		frames->banks_on_peak = config->banks;
	}
	return QUIRE_OK;
}

static void take_part(struct quire_frames *frames, struct part found, uint32_t want,
		      struct quire_frame_run *run)
{
	found.end = found.start + smaller(want, length(found));
	toggle(frames, found, true);
	run->start = found.bank * frames->config.frames_per_bank + found.start;
	run->count = length(found);
}

int32_t quire_frames_take(struct quire_frames *frames, uint32_t want, struct quire_frame_run *run)
{
	struct part found;

	if (!want)
		return QUIRE_EINVAL;
	found = search_powered(frames, smaller(want, frames->longest), QUIRE_NOWHERE);
	if (!length(found)) {
		int32_t status = power_another(frames);

		if (status)
			return status;
		found = search_powered(frames, want, QUIRE_NOWHERE);
	}
	frames->longest = length(found) < want ? length(found) : frames->longest;
	take_part(frames, found, want, run);
	return QUIRE_OK;
}

int32_t quire_frames_take_outside(struct quire_frames *frames, uint32_t bank, uint32_t want,
				  struct quire_frame_run *run)
{
	struct part found;

	if (!want)
		return QUIRE_EINVAL;
	found = search_powered(frames, want, bank);
	if (!length(found))
		return QUIRE_ENOPHYS;
	take_part(frames, found, want, run);
	return QUIRE_OK;
}

/* The order in which banks are emptied: by frames taken, then by number. */
static bool is_before(const struct quire_frames *frames, uint32_t a, uint32_t b)
{
	return frames->used[a] < frames->used[b] || (frames->used[a] == frames->used[b] && a < b);
}

/* Whether one powered bank less would hold all that is taken. */
static bool one_can_go(const struct quire_frames *frames)
{
	return frames->config.power && frames->banks_on &&
	       frames->total_used <= (frames->banks_on - 1) * frames->config.frames_per_bank;
}

uint32_t quire_frames_emptiest(const struct quire_frames *frames, uint32_t after)
{
	uint32_t best = QUIRE_NOWHERE;

	for (uint32_t bank = 0; one_can_go(frames) && bank < frames->config.banks; bank++)
		if (frames->used[bank] &&
		    (after >= frames->config.banks || is_before(frames, after, bank)) &&
		    (best == QUIRE_NOWHERE || is_before(frames, bank, best)))
			best = bank;
	return best;
}

uint32_t quire_frames_used_of(const struct quire_frames *frames, uint32_t bank)
{
	return bank < frames->config.banks ? frames->used[bank] : 0;
}

static bool is_inside(const struct quire_frames *frames, uint32_t start, uint32_t count)
{
	uint32_t total = quire_frames_total(frames);

	return count && start < total && count <= total - start;
}

/* Whether every frame of a range is taken, or with flip ~0 every one is free. */
static bool range_taken(const struct quire_frames *frames, uint32_t start, uint32_t count,
			quire_word flip)
{
	bool all = true;

	while (all && count) {
		struct part part = first_part(frames, start, count);

		all = all_taken(frames, part, flip);
		start += length(part);
		count -= length(part);
	}
	return all;
}

static void toggle_range(struct quire_frames *frames, uint32_t start, uint32_t count, bool take)
{
	while (count) {
		struct part part = first_part(frames, start, count);

		toggle(frames, part, take);
		power_off_if_empty(frames, part.bank);
		start += length(part);
		count -= length(part);
	}
}

/* Switch off the empty ones of these banks. */
static void release_banks(struct quire_frames *frames, uint32_t first, uint32_t past)
{
	for (uint32_t bank = first; bank < past; bank++)
		power_off_if_empty(frames, bank);
}

/* Power for every bank of a range of frames, or for none more than before. */
static int32_t power_range(struct quire_frames *frames, uint32_t start, uint32_t count)
{
	uint32_t first = start / frames->config.frames_per_bank;
	uint32_t last = (start + count - 1) / frames->config.frames_per_bank;

	for (uint32_t bank = first; bank <= last; bank++) {
		if (power_on(frames, bank)) {
			release_banks(frames, first, bank);
			return QUIRE_EDRIVER;
		}
	}
	return QUIRE_OK;
}

int32_t quire_frames_take_at(struct quire_frames *frames, uint32_t start, uint32_t count)
{
	int32_t status;

	if (!is_inside(frames, start, count))
		return QUIRE_EINVAL;
	if (!range_taken(frames, start, count, ~(quire_word)0))
		return QUIRE_EBUSY;
	status = power_range(frames, start, count);
	if (status)
		return status;
	toggle_range(frames, start, count, true);
	return QUIRE_OK;
}

int32_t quire_frames_give(struct quire_frames *frames, uint32_t start, uint32_t count)
{
	if (!is_inside(frames, start, count))
		return QUIRE_EINVAL;
	if (!range_taken(frames, start, count, 0))
		return QUIRE_EFREE;
	frames->longest = frames->config.frames_per_bank;
	toggle_range(frames, start, count, false);
	return QUIRE_OK;
}

bool quire_frames_is_taken(const struct quire_frames *frames, uint32_t frame)
{
	return frame < quire_frames_total(frames) && range_taken(frames, frame, 1, 0);
}

uint32_t quire_frames_total(const struct quire_frames *frames)
{
	return frames->config.banks * frames->config.frames_per_bank;
}

uint32_t quire_frames_free(const struct quire_frames *frames)
{
	return quire_frames_total(frames) - frames->total_used;
}

uint32_t quire_frames_banks_on(const struct quire_frames *frames)
{
	return frames->banks_on;
}

uint32_t quire_frames_banks_on_peak(const struct quire_frames *frames)
{
	return frames->banks_on_peak;
}

/* ---- the full check ------------------------------------------------------------------------- */

static const char *check_bank(const struct quire_frames *frames, uint32_t bank)
{
	uint32_t per_bank = frames->config.frames_per_bank;
	struct part run = { .bank = bank };
	uint32_t free_frames = 0, longest = 0;

	if (next_bit(frames, bank, per_bank, ~(quire_word)0) < frames->words_per_bank * BITS)
		return "a bit behind the last frame of a bank is clear";
	while (next_free_run(frames, &run, run.end)) {
		free_frames += length(run);
		longest = length(run) > longest ? length(run) : longest;
	}
	if (per_bank - free_frames != frames->used[bank])
		return "a bank counts other frames than its bits";
	if (frames->powered[bank] > 1)
		return "a bank is neither on nor off";
	if (!frames->powered[bank])
		return frames->used[bank] || !frames->config.power
			       ? "a bank is in use without power"
			       : NULL;
	return longest > frames->longest ? "a free run is longer than the longest" : NULL;
}

const char *quire_frames_check(const struct quire_frames *frames)
{
	uint32_t used = 0, on = 0;

	for (uint32_t bank = 0; bank < frames->config.banks; bank++) {
		const char *broken = check_bank(frames, bank);

		if (broken)
			return broken;
		used += frames->used[bank];
		on += frames->powered[bank];
	}
	if (used != frames->total_used || on != frames->banks_on)
		return "the totals do not agree with the banks";
	return frames->banks_on > frames->banks_on_peak ? "more banks are on than ever were" : NULL;
}
