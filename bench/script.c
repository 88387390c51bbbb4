/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * script: writes scripts and plays them. The player is what the row "nothing behind it" times
 * alone: per step a read of eight bytes, a branch that depends on chance, a slot, and a call
 * through a pointer.
 */
#include "script.h"

#include <stdlib.h>

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
	const struct script_plan *plan;
	struct random random;
	struct script *script;
	uint32_t *units;  /* of what is in each slot */
	uint32_t *live;   /* slots in use, in no order */
	uint32_t *unused; /* slots that were in use, a stack */
	uint32_t live_count;
	uint32_t unused_count;
	uint64_t live_units;
};

static uint32_t unused_slot(struct writer *writer)
{
	return writer->unused_count ? writer->unused[--writer->unused_count]
				    : writer->script->slots++;
}

static struct step write_alloc(struct writer *writer)
{
	struct step step = {
		.slot = unused_slot(writer),
		.size = sizes_draw(&writer->plan->sizes, &writer->random),
	};

	writer->units[step.slot] = (step.size - 1) / writer->plan->unit + 1;
	writer->live_units += writer->units[step.slot];
	writer->live[writer->live_count++] = step.slot;
	return step;
}

static struct step write_free(struct writer *writer)
{
	uint32_t which = random_below(&writer->random, writer->live_count);
	struct step step = { .slot = writer->live[which] };

	writer->live[which] = writer->live[--writer->live_count];
	writer->live_units -= writer->units[step.slot];
	writer->unused[writer->unused_count++] = step.slot;
	return step;
}

static struct script write_script(const struct script_plan *plan)
{
	struct script script = { .warm = plan->warm, .timed = plan->timed };
	struct writer writer = { .plan = plan, .script = &script, .random = { plan->seed } };
	uint64_t full = (uint64_t)plan->capacity * plan->fill / 100;
	uint32_t all = plan->warm + plan->timed;

	script.steps = memory(all, sizeof(*script.steps));
	writer.units = memory(plan->capacity + 1, sizeof(*writer.units));
	writer.live = memory(plan->capacity + 1, sizeof(*writer.live));
	writer.unused = memory(plan->capacity + 1, sizeof(*writer.unused));
	for (uint32_t i = 0; i < all; i++)
		script.steps[i] =
			writer.live_units < full ? write_alloc(&writer) : write_free(&writer);
	free(writer.units);
	free(writer.live);
	free(writer.unused);
	return script;
}

/* ---- playing --------------------------------------------------------------------------------- */

static uint64_t play(struct churn *churn, uint32_t from, uint32_t count)
{
	const struct candidate candidate = churn->candidate;
	const struct step *past = churn->script.steps + from + count;
	void **slots = churn->slots;
	uint64_t refused = 0;
	int32_t wrong = 0;

	for (const struct step *step = past - count; step < past; step++) {
		if (step->size) {
			slots[step->slot] =
				candidate.alloc(candidate.context, step->size, candidate.align);
			refused += !slots[step->slot];
		} else if (slots[step->slot]) {
			wrong |= candidate.free(candidate.context, slots[step->slot]);
			slots[step->slot] = NULL;
		}
	}
	must(wrong, "freeing what was allocated");
	return refused;
}

static uint64_t play_timed(void *context)
{
	struct churn *churn = context;

	return play(churn, churn->script.warm, churn->script.timed);
}

void churn_prepare(void *context)
{
	struct churn *churn = context;

	play(churn, 0, churn->script.warm);
}

void churn_restore(void *context)
{
	struct churn *churn = context;
	int32_t wrong = 0;

	for (uint32_t slot = 0; slot < churn->script.slots; slot++) {
		if (churn->slots[slot])
			wrong |=
				churn->candidate.free(churn->candidate.context, churn->slots[slot]);
		churn->slots[slot] = NULL;
	}
	must(wrong, "freeing what is left");
}

void churn_begin(struct churn *churn, const struct script_plan *plan,
		 const struct candidate *candidate)
{
	churn->script = write_script(plan);
	churn->candidate = *candidate;
	churn->slots = memory(churn->script.slots, sizeof(*churn->slots));
}

void churn_end(struct churn *churn)
{
	free(churn->script.steps);
	free(churn->slots);
}

struct subject churn_subject(struct churn *churn, char *name, char *did)
{
	return (struct subject){
		.name = name,
		.did = did,
		.context = churn,
		.prepare = churn_prepare,
		.work = play_timed,
		.restore = churn_restore,
		.operations = churn->script.timed,
	};
}
