/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the life of a pipeline asks of memory, one step at a time.
 *
 * The model of the firmware (life.h) knows *what* is allocated, when, and for whom; a set-up (the
 * block table, the classic heap, Quire elastic) knows *how*. Between them go actions: the model
 * calls perform() for each, and reacts to a refusal as the firmware would, by undoing what the
 * stream had got so far. Identifiers are never reused within one run.
 */
#ifndef QUIRE_TOOL_ACTION_H
#define QUIRE_TOOL_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action_kind {
	ACTION_ALLOC,         /**< memory: may be refused */
	ACTION_FREE,          /**< of `id`: never refused */
	ACTION_REGION_CREATE, /**< a region of `size` bytes with identifier `region`: may be refused */
	ACTION_REGION_SEAL, /**< lifetime ends, interim begins */
	ACTION_REGION_PUT,  /**< the region goes, with what is left in it */
	ACTION_BEGIN,       /**< a stream begins to start: `stream` */
	ACTION_RUNNING,     /**< it runs now */
	ACTION_REFUSED,     /**< it could not start; what it had got has been given back */
	ACTION_STOPPED,     /**< it is gone */
	/** A pipeline begins to be created: may be refused. It says what the pipeline will ask of
	 * the virtual heap while it lives: `size` bytes, ranges at their preferred size, at the
	 * least `min` bytes, each request rounded up to its alignment. A set-up that keeps budgets
	 * guarantees `min` here. */
	ACTION_PIPELINE_CREATE,
	ACTION_PIPELINE_DELETE, /**< it is gone, and nothing that it asked for is left */
	ACTION_KIND_COUNT
};

enum action_place {
	PLACE_SYSTEM_HEAP,  /**< objects */
	PLACE_VIRTUAL_HEAP, /**< audio buffers */
	PLACE_LIFETIME,     /**< of the region `region` */
	PLACE_INTERIM,      /**< of the region `region` */
	PLACE_COUNT
};

/** What an allocation is for. action_purpose_name() has the words. */
enum action_purpose {
	PURPOSE_PIPELINE, /**< pipeline object and list entry */
	PURPOSE_MODULE,   /**< module object, context, device, list entry, params */
	PURPOSE_PRIVATE,  /**< what the module's own code allocates */
	PURPOSE_POOL,     /**< object pool of a module */
	PURPOSE_PINS,
	PURPOSE_BLOB,   /**< configuration sent from the host */
	PURPOSE_BUFFER, /**< between two modules */
	PURPOSE_BUFFER_OBJECT,
	PURPOSE_HOST_DMA,
	PURPOSE_DAI_DMA,
	PURPOSE_CHAIN_DMA,
	PURPOSE_STACK, /**< of a data-processing thread */
	PURPOSE_TASK,
	PURPOSE_HISTORY, /**< keyword history */
	PURPOSE_COUNT
};

struct action {
	enum action_kind kind;
	enum action_place place;
	enum action_purpose purpose;
	uint32_t id;     /**< of the allocation; 0 for other kinds */
	uint32_t region; /**< of the region, 0: none */
	size_t size;     /**< bytes; of a range: preferred */
	size_t min;      /**< bytes; equal to size unless it is a range */
	size_t step;     /**< of a range; 0: any */
	size_t align;    /**< bytes, at least 1 */
	size_t lifetime; /**< REGION_CREATE: bytes of it that are for lifetime allocations */
	size_t stream;   /**< index in the topology; TOPOLOGY_NONE: belongs to none alone */
	size_t pipeline; /**< index in the topology, or TOPOLOGY_NONE; it pays for the memory */
	uint32_t copy;   /**< of that pipeline, or of `stream` where there is none; see life.h */
	size_t module;   /**< index in the topology, or TOPOLOGY_NONE */
	uint32_t core;   /**< that performs it */
};

/** Who carries actions out. */
struct performer {
	/** @return true, or false if memory was refused (ALLOC, REGION_CREATE and PIPELINE_CREATE only) */
	bool (*perform)(struct performer *self, const struct action *action);
};

/** Audio: between modules, DMA, chain DMA, keyword history. Objects are all else. */
bool action_is_buffer(enum action_purpose purpose);

/** Short names for tables and traces: "alloc" ...; "host-dma" ...; "system" ...; never NULL. */
const char *action_kind_name(enum action_kind kind);
const char *action_purpose_name(enum action_purpose purpose);
const char *action_place_name(enum action_place place);

#endif
