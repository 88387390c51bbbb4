/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What each stream takes with it: worked out once for a topology, never changed afterwards.
 *
 * A stream takes the pipelines that the graph reaches from its host, in the order in which the
 * sound passes them. A pipeline that no stream reaches but that a connection joins to one (a
 * keyword detector behind the history, an echo reference) goes along with it, after the others.
 * What is joined to nothing stays idle.
 */
#ifndef QUIRE_TOOL_PLAN_H
#define QUIRE_TOOL_PLAN_H

#include "topology/topology.h"

struct plan_pipeline {
	size_t pipeline;
	bool own; /**< a second copy of the stream gets its own one */
};

struct plan_stream {
	struct plan_pipeline *pipelines;
	size_t count;
};

/** Connections by the module at one end: those of `module` are items[first[module]] ... */
struct plan_ends {
	size_t *first; /**< [module_count + 1] */
	size_t *items; /**< indexes of connections, ascending for each module */
};

struct plan {
	const struct topology *topology;
	struct plan_stream *streams;
	size_t *users;     /**< of each pipeline: streams that take it along */
	size_t *position;  /**< of each module: in its pipeline's list */
	bool *joint;       /**< of each pipeline: it holds a mixer or a link */
	size_t *companion; /**< of a pipeline that no stream reaches: whom it goes along with */
	struct plan_ends sources; /**< connections by source */
	struct plan_ends sinks;   /**< connections by sink */
};

/** @return NULL if memory is short */
struct plan *plan_new(const struct topology *topology);
void plan_free(struct plan *plan);

#endif
