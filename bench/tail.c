/* SPDX-License-Identifier: BSD-3-Clause */
/* tail: see tail.h. On x86-64 the clock is the processor's, with fences so that nothing overtakes it. */
#include "tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COST_READS 10000u
#define LEARN_NS   20000000u
#define PART       0.9999

static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	uint64_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return high << 32 | low;
#else
	return now();
#endif
}

struct tail_clock tail_clock_learn(void)
{
	struct tail_clock clock = { .cost = UINT64_MAX };
	uint64_t begun_ns = now(), begun = ticks();
	uint64_t ns;

	for (uint32_t i = 0; i < COST_READS; i++) {
		uint64_t first = ticks();
		uint64_t took = ticks() - first;

		if (took < clock.cost)
			clock.cost = took;
	}
	do
		ns = now() - begun_ns;
	while (ns < LEARN_NS);
	clock.ns_per_tick = (double)ns / (double)(ticks() - begun);
	return clock;
}

void tail_begin(struct tail *tail, struct churn *churn)
{
	size_t bytes = churn->script.timed * sizeof(*tail->least);

	*tail = (struct tail){ .churn = churn };
	tail->least = memory(1, bytes);
	memset(tail->least, 0xff, bytes);
}

static void keep_least(uint32_t *least, uint64_t took)
{
	if (took < *least)
		*least = (uint32_t)took;
}

static void play(struct tail *tail)
{
	struct churn *churn = tail->churn;
	const struct candidate candidate = churn->candidate;
	const struct step *steps = churn->script.steps + churn->script.warm;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < churn->script.timed; i++) {
		void **slot = &churn->slots[steps[i].slot];
		uint32_t size = steps[i].size;
		uint64_t begun;

		if (size) {
			begun = ticks();
			*slot = candidate.alloc(candidate.context, size, candidate.align);
		} else if (*slot) {
			begun = ticks();
			wrong |= candidate.free(candidate.context, *slot);
			*slot = NULL;
		} else {
			continue;
		}
		keep_least(&tail->least[i], ticks() - begun);
	}
	must(wrong, "freeing what was allocated");
}

void tail_take(struct tail *tail)
{
	churn_prepare(tail->churn);
	play(tail);
	churn_restore(tail->churn);
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* In ns, of the steps that are allocations, or of the others. */
static double percentile(const struct tail *tail, const struct tail_clock *clock, bool allocations)
{
	const struct script *script = &tail->churn->script;
	const struct step *steps = script->steps + script->warm;
	uint32_t *sorted = memory(script->timed, sizeof(*sorted));
	uint32_t count = 0, ticks = 0;

	for (uint32_t i = 0; i < script->timed; i++)
		if (!steps[i].size == !allocations && tail->least[i] != UINT32_MAX)
			sorted[count++] = tail->least[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	if (count)
		ticks = sorted[(uint32_t)ceil(PART * count) - 1];
	free(sorted);
	if (!count)
		return NAN;
	return ticks > clock->cost ? (double)(ticks - clock->cost) * clock->ns_per_tick : 0;
}

void tail_end(struct tail *tail, const struct tail_clock *clock, double *of_alloc, double *of_free)
{
	*of_alloc = percentile(tail, clock, true);
	*of_free = percentile(tail, clock, false);
	free(tail->least);
}
