/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/rehearsal.h"

#include "setup/account.h"
#include "setup/holdings.h"
#include "setup/setup.h"

struct rehearser {
	struct performer performer;
	struct holdings allocations;
	struct holdings regions;
	size_t page_bytes;
	struct amount needed;  /* bytes */
	struct amount deep;    /* pages */
	struct amount windows; /* pages of regions */
};

/* One sixteenth more for pages that fragmentation leaves half empty, and two pages. */
#define MARGIN_PARTS 16u
#define MARGIN_PAGES 2u

static size_t round_up(size_t value, size_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* What one holding adds to the sums, or takes away. */
static void count(struct rehearser *self, const struct action *action,
		  void (*change)(struct amount *, size_t))
{
	if (action->kind == ACTION_REGION_CREATE) {
		change(&self->windows, round_up(action->size, self->page_bytes) / self->page_bytes);
		change(&self->needed, round_up(action->size, self->page_bytes));
	} else if (action->region) {
		return; /* its region is counted */
	} else if (setup_is_deep(action, self->page_bytes)) {
		change(&self->deep, round_up(action->min, self->page_bytes) / self->page_bytes);
	} else {
		change(&self->needed, round_up(action->size, action->align));
	}
}

static void begin(struct rehearser *self, struct holdings *all, uint32_t id,
		  const struct action *action)
{
	holdings_add(all, id, action);
	count(self, action, amount_add);
}

static void end(struct rehearser *self, struct holdings *all, uint32_t id)
{
	const struct holding *holding = holdings_find(all, id);

	if (!holding)
		return;
	count(self, &holding->action, amount_remove);
	holdings_remove(all, id);
}

static bool perform(struct performer *performer, const struct action *action)
{
	struct rehearser *self = (struct rehearser *)performer;

	if (action->kind == ACTION_ALLOC)
		begin(self, &self->allocations, action->id, action);
	else if (action->kind == ACTION_FREE)
		end(self, &self->allocations, action->id);
	else if (action->kind == ACTION_REGION_CREATE)
		begin(self, &self->regions, action->region, action);
	else if (action->kind == ACTION_REGION_PUT)
		end(self, &self->regions, action->region);
	return true;
}

static void conclude(const struct rehearser *self, struct rehearsal *rehearsal)
{
	size_t pages = round_up(self->needed.peak, self->page_bytes) / self->page_bytes;

	rehearsal->needed_pages = pages + pages / MARGIN_PARTS + MARGIN_PAGES;
	rehearsal->deep_pages = self->deep.peak;
	rehearsal->region_pages = 2 * self->windows.peak;
}

int rehearse_schedule(const struct topology *topology, const struct life_options *life_options,
		      const struct schedule_options *schedule_options, size_t page_bytes,
		      struct rehearsal *rehearsal)
{
	struct rehearser self = { .performer.perform = perform, .page_bytes = page_bytes };
	struct schedule_options quiet = *schedule_options;
	struct life *life = life_new(topology, life_options, &self.performer);
	int result = -1;

	quiet.progress = NULL;
	quiet.settled = NULL;
	holdings_init(&self.allocations);
	holdings_init(&self.regions);
	if (life)
		result = schedule_run(life, &quiet, NULL);
	life_free(life);
	holdings_fini(&self.allocations);
	holdings_fini(&self.regions);
	conclude(&self, rehearsal);
	return result;
}
