/* SPDX-License-Identifier: BSD-3-Clause */
/* meter: see meter.h. */
#include "meter.h"

#include <stdio.h>

#include "place.h"

_Static_assert(QUIRE_NOWHERE + 1u == 0, "what is refused has the handle 0");

static bool chosen(struct meter *meter)
{
	meter->seen++;
	if (meter->quiet)
		return false;
	if (!meter->how.most || meter->operations <= meter->how.most)
		return true;
	return random_below(&meter->random, (uint32_t)meter->operations) < meter->how.most;
}

uintptr_t meter_call(struct meter *meter, const struct step_call *call, struct step_counts *counts)
{
	uintptr_t result;
	uint64_t count;

	if (!chosen(meter))
		return step_plain(call);
	result = step_counted(call, &count);
	step_add(counts, count);
	if (meter->how.each)
		printf("%s %llu\n", counts == &meter->counts->free ? "free" : "alloc",
		       (unsigned long long)count);
	return result;
}

uintptr_t meter_alloc(struct meter *meter, size_t size)
{
	struct target *target = &meter->target;
	uintptr_t result;

	target->alloc.argument[target->size_argument ? target->size_argument : 1] = size;
	result = meter_call(meter, &target->alloc, &meter->counts->alloc);
	return target->units ? (uint32_t)result + 1u : result;
}

void meter_free(struct meter *meter, uintptr_t handle)
{
	struct target *target = &meter->target;

	target->free.argument[1] = target->units ? handle - 1 : handle;
	must_do((int32_t)meter_call(meter, &target->free, &meter->counts->free));
}

struct target units_target(struct quire_extents *set)
{
	return (struct target){
		.alloc = CALL(quire_extents_alloc, POINTER(set), 0, 1),
		.free = CALL(quire_extents_free, POINTER(set), 0),
		.units = true,
	};
}

struct target heap_target(struct quire_vmh *heap)
{
	return (struct target){
		.alloc = CALL(quire_vmh_alloc, POINTER(heap), 0),
		.free = CALL(quire_vmh_free, POINTER(heap), 0),
	};
}
