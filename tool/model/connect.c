/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections: the buffers between modules.
 *
 * A buffer that touches a data-processing module belongs to that module (to the source, if both
 * are), any other to the sink. It goes into its module's region, with one exception: where every
 * module or pipeline has a region, a buffer between two pipelines lies on the heap, because it
 * outlives one of them.
 *
 * It is paid for by the pipeline of its two that fewer streams use, so that a mixer does not pay
 * for all that is mixed. It is bound by the core of its source.
 *
 * IPC3 has its buffers as modules; connections allocate nothing there.
 */
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"
#include "model/size.h"

struct ends {
	struct bond *bond;
	struct part_module *source;
	struct part_module *sink;
	bool source_dp;
	bool sink_dp;
};

static struct part_module *end_module(const struct life *life, const struct part *part,
				      size_t module)
{
	return part == NULL ? NULL : part_module(life, part, module);
}

static bool find_ends(const struct life *life, struct bond *bond, struct ends *ends)
{
	const struct topology_connection *connection =
		&life->topology->connections[bond->connection];

	ends->bond = bond;
	ends->source = end_module(life, bond->source, connection->source);
	ends->sink = end_module(life, bond->sink, connection->sink);
	if (ends->source == NULL || ends->sink == NULL)
		return false;
	ends->source_dp = module_is_dp(life, ends->source);
	ends->sink_dp = module_is_dp(life, ends->sink);
	return true;
}

static const struct part *payer(const struct life *life, const struct bond *bond)
{
	const size_t *users = life->plan->users;

	return users[bond->sink->pipeline] < users[bond->source->pipeline] ? bond->sink
									   : bond->source;
}

static struct region *region_of(struct life *life, const struct ends *ends)
{
	bool crosses = ends->bond->source != ends->bond->sink;

	if (crosses && life->options.regions != LIFE_REGIONS_DP)
		return NULL;
	if (ends->source_dp)
		return module_region(life, ends->bond->source, ends->source);
	return module_region(life, ends->bond->sink, ends->sink);
}

static bool give_bound(struct life *life, const struct ends *ends, enum action_purpose purpose,
		       size_t bytes)
{
	struct action action = action_for(life, payer(life, ends->bond), ends->sink);

	if (ends->source_dp)
		action.module = ends->source->index;
	action.core = life->topology->modules[ends->source->index].core;
	action.place = action_is_buffer(purpose) ? PLACE_VIRTUAL_HEAP : PLACE_SYSTEM_HEAP;
	action.purpose = purpose;
	action.size = bytes;
	action.min = bytes;
	action.align = SIZE_ALIGN;
	return give(life, &ends->bond->records, region_of(life, ends), &action);
}

static bool give_buffers(struct life *life, const struct ends *ends)
{
	size_t obs = size_period(&ends->source->side[TOPOLOGY_OUTPUT]);
	size_t ibs = size_period(&ends->sink->side[TOPOLOGY_INPUT]);
	size_t bytes = ends->source_dp ? size_buffer_behind_dp(ibs) : size_buffer(obs, ibs);

	if (!ends->source_dp && !ends->sink_dp)
		return give_bound(life, ends, PURPOSE_BUFFER_OBJECT, SIZE_BUFFER_OBJECT) &&
		       give_bound(life, ends, PURPOSE_BUFFER, bytes);
	return give_bound(life, ends, PURPOSE_BUFFER, bytes) &&
	       give_bound(life, ends, PURPOSE_BUFFER_OBJECT, SIZE_RING_OBJECT) &&
	       give_bound(life, ends, PURPOSE_BUFFER, size_ring(obs, ibs));
}

static struct bond *add_bond(struct life *life)
{
	size_t capacity = life->bond_capacity == 0 ? 16 : life->bond_capacity * 2;
	struct bond *bonds;

	if (life->bond_count == life->bond_capacity) {
		bonds = realloc(life->bonds, capacity * sizeof(*bonds));
		if (bonds == NULL)
			return NULL;
		life->bonds = bonds;
		life->bond_capacity = capacity;
	}
	return &life->bonds[life->bond_count];
}

static bool is_new(const struct bond *bond)
{
	return bond->source != NULL && bond->sink != NULL &&
	       (bond->source->fresh || bond->sink->fresh);
}

static bool bind_one(struct life *life, const struct run *run, size_t index)
{
	const struct topology_connection *connection = &life->topology->connections[index];
	const struct topology_module *modules = life->topology->modules;
	struct bond *bond = add_bond(life);
	struct ends ends;

	if (bond == NULL)
		return false;
	*bond = (struct bond){
		.connection = index,
		.source = part_of(life, run, modules[connection->source].pipeline),
		.sink = part_of(life, run, modules[connection->sink].pipeline),
	};
	if (!is_new(bond) || !find_ends(life, bond, &ends))
		return true;
	life->bond_count++;
	return give_buffers(life, &ends);
}

bool bind_all(struct life *life, const struct run *run)
{
	if (life->topology->ipc == 3)
		return true;
	for (size_t i = 0; i < life->topology->connection_count; i++) {
		if (!bind_one(life, run, i))
			return false;
	}
	return true;
}

static uint32_t core_of(const struct life *life, const struct bond *bond, bool source)
{
	const struct topology_connection *connection =
		&life->topology->connections[bond->connection];

	return life->topology->modules[source ? connection->source : connection->sink].core;
}

/* Gives back the bonds that match and closes the gaps. part NULL: within any that is going. */
static void unbind(struct life *life, const struct part *part)
{
	size_t kept = 0;

	for (size_t i = 0; i < life->bond_count; i++) {
		struct bond bond = life->bonds[i];
		bool within = bond.source == bond.sink;

		if (part == NULL && within && part_is_going(bond.source))
			take_back(life, &bond.records, TOPOLOGY_NONE);
		else if (part != NULL && (bond.source == part || bond.sink == part))
			take_back(life, &bond.records, core_of(life, &bond, bond.source != part));
		else
			life->bonds[kept++] = bond;
	}
	life->bond_count = kept;
}

void unbind_within(struct life *life)
{
	unbind(life, NULL);
}

void unbind_from(struct life *life, const struct part *part)
{
	unbind(life, part);
}
