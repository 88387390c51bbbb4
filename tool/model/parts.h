/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a life is made of. Private to tool/model.
 *
 *	life.c     starting and stopping: the steps, in their order
 *	part.c     pipelines that exist, and the modules in them
 *	give.c     one action: place, region, identifier, record; and giving it back
 *	module.c   what a module asks for in each step
 *	connect.c  buffers between modules
 *	carry.c    formats, from the host through the pipelines
 *	tally.c    sums over a rehearsal, for budgets and for the size of regions
 *	demand.c   what a topology needs
 *	plan.c     what each stream takes along
 *	size.c     how many bytes
 *
 * A *part* is a pipeline that exists: copy 0 for the one in the topology, copy n for the one that
 * the n-th copy of a stream brought. A *run* is a copy of a stream that runs, or is about to. Every
 * allocation is recorded in exactly one list: that of its module and step, of its part, or of its
 * connection. Teardown empties lists, so it undoes a start that went half-way like any other.
 */
#ifndef QUIRE_TOOL_PARTS_H
#define QUIRE_TOOL_PARTS_H

#include "model/life.h"
#include "model/plan.h"

/** Exists while id is not 0: until its owner is gone and everything in it is freed. */
struct region {
	uint32_t id;
	bool sealed;
	bool abandoned; /**< by the module or pipeline that it was made for */
	size_t live;    /**< allocations in it */
	struct action created;
};

/** A live allocation. */
struct record {
	struct action action;  /**< that asked for it */
	struct region *region; /**< that it lies in, or NULL */
};

/** Oldest first. */
struct record_list {
	struct record *items;
	size_t count;
	size_t capacity;
};

struct part_module {
	size_t index;                   /**< in the topology */
	bool carries;                   /**< the formats are known */
	struct topology_format side[2]; /**< by enum topology_side */
	struct region region;
	size_t pool_used;     /**< objects of the pool */
	size_t pool_capacity; /**< */
	struct record_list created;
	struct record_list prepared;
};

struct part {
	struct part *next_copy; /**< of the same pipeline */
	size_t pipeline;
	uint32_t copy;
	size_t stream;  /**< whose it is alone, or TOPOLOGY_NONE */
	size_t users;   /**< runs */
	bool fresh;     /**< the run that is starting creates it */
	bool announced; /**< PIPELINE_CREATE was granted */
	struct region region;
	struct record_list objects;
	struct part_module *modules;
	size_t module_count; /**< 0 if it is a DMA chain, which the firmware builds no modules for */
	struct topology_format chain; /**< what a DMA chain carries */
	struct record_list chained;   /**< its buffer */
};

/** A connection that is bound. */
struct bond {
	size_t connection;
	struct part *source;
	struct part *sink;
	struct record_list records;
};

struct run {
	size_t stream;
	uint32_t copy;
	struct part **parts; /**< in the order of the plan */
	size_t count;
};

struct life {
	const struct topology *topology;
	struct life_options options;
	struct performer *performer;
	struct plan *plan;
	struct part **parts; /**< by pipeline: its copies, newest first */
	struct bond *bonds;  /**< in the order in which they were bound */
	size_t bond_count;
	size_t bond_capacity;
	struct run *runs; /**< oldest first */
	size_t run_count;
	size_t run_capacity;
	uint32_t next_id;
	uint32_t next_region;
	struct life_counts counts;
	bool rehearsing;        /**< regions have no size yet, pipelines no figures */
	struct life *rehearsal; /**< another life of the same topology, to measure a start */
	struct tally *tally;    /**< what the rehearsal asked for */
};

/* part.c */

/** @return the part that this copy of the stream has for the pipeline, or NULL */
struct part *part_of(const struct life *life, const struct run *run, size_t pipeline);

struct part_module *part_module(const struct life *life, const struct part *part, size_t module);

/** Fills run->parts, making those that are missing. @return false if memory is short */
bool parts_enter(struct life *life, struct run *run);

/** Takes a part out of the life. It holds nothing any more. */
void part_drop(struct life *life, struct part *part);

bool part_is_going(const struct part *part);

/* give.c */

/** An action on behalf of a part. @param module may be NULL */
struct action action_for(const struct life *life, const struct part *part,
			 const struct part_module *module);
bool act(struct life *life, const struct action *action);

/** Performs an allocation and records it. @param region NULL for a heap */
bool give(struct life *life, struct record_list *list, struct region *region,
	  const struct action *what);

/** Frees the newest record first. @param core that frees, TOPOLOGY_NONE: that asked */
void take_back(struct life *life, struct record_list *list, size_t core);

bool region_create(struct life *life, struct region *region, const struct action *what);
void region_seal(struct life *life, struct region *region);
void region_abandon(struct life *life, struct region *region);
void list_free(struct record_list *list);

/* module.c */

bool module_create(struct life *life, struct part *part, struct part_module *module);
bool module_configure(struct life *life, struct part *part, struct part_module *module);
bool module_complete(struct life *life, struct part *part, struct part_module *module);
bool module_prepare(struct life *life, struct part *part, struct part_module *module);
void module_reset(struct life *life, struct part_module *module);
void module_delete(struct life *life, struct part_module *module);
bool module_is_dp(const struct life *life, const struct part_module *module);

/** Where what the module needs goes, under the policy of regions; NULL: on a heap. */
struct region *module_region(struct life *life, struct part *part, struct part_module *module);

/* connect.c */

/** Binds what has two ends now and had not before. */
bool bind_all(struct life *life, const struct run *run);

/** Unbinds what lies within parts that are going. */
void unbind_within(struct life *life);

/** Unbinds what touches a part that has just been deleted; the core of the other end does it. */
void unbind_from(struct life *life, const struct part *part);

/* carry.c */

/** The format that a stream takes at its host. */
struct topology_format carry_at_host(const struct life *life, size_t stream,
				     struct life_taken *taken);

/** Gives formats to the modules of fresh parts. */
void carry_through(struct life *life, const struct run *run);

/* tally.c */

/** Bytes that go into a region. */
struct tally_need {
	size_t lifetime;
	size_t interim;
};

/** A performer that grants everything and adds up what was asked. */
struct tally {
	struct performer performer;
	const struct topology *topology;
	struct life_amount total;
	struct life_amount *pipelines;
	struct tally_need *module_needs;
	struct tally_need *pipeline_needs;
	size_t *sizes; /**< of buffers, for counting how many different ones there are */
	size_t size_count;
	size_t size_capacity;
	bool keep_sizes;
	bool failed; /**< memory was short */
};

struct tally *tally_new(const struct topology *topology);
void tally_clear(struct tally *tally);
void tally_free(struct tally *tally);

/** Plays the start of a stream and leaves in life->tally what it asked for. */
bool rehearse(struct life *life, size_t stream);

/** Fills size and lifetime of a region. */
void region_measure(const struct life *life, const struct tally_need *need, struct action *what);

#endif
