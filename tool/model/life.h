/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The life of streams: what firmware allocates, seals and frees while streams come and go.
 *
 * A struct life is a firmware that runs one topology. Starting a stream creates the pipelines that
 * it needs and that are not there yet, and goes through the firmware's steps in the firmware's
 * order; each allocation on the way is an action (action.h) that the performer carries out:
 *
 *	create    for each pipeline its object, then for each of its modules region and objects
 *	blobs     what the host sends to each module
 *	bind      a buffer for each connection whose two ends are there
 *	complete  tasks; regions are sealed
 *	prepare   DMA buffers and keyword history
 *	run
 *	reset     frees what prepare allocated
 *	unbind    buffers within a pipeline
 *	delete    modules in creation order, of each module the newest object first, then the
 *	          pipeline's. A buffer between two pipelines goes after the first of them, freed by
 *	          the core of the other
 *
 * A pipeline that several streams reach exists once: the first creates it, the last takes it along.
 *
 * A stream can be started more than once. Copy 0 is the stream itself; copy n has pipelines of its
 * own where an application that opens another substream would: the host's, and each that only this
 * stream reaches and that holds neither a mixer nor a link. What lies behind stays shared.
 *
 * Every allocation is paid for by one pipeline (action.pipeline and action.copy); a buffer between
 * two by the one that fewer streams use. ACTION_PIPELINE_CREATE tells beforehand what a pipeline
 * will ask of the virtual heap, from a rehearsal of the start.
 *
 * If an action is refused the stream does not start: what it had got goes the way of reset, unbind
 * and delete, and all other streams go on.
 *
 * Everything is deterministic: the same calls give the same actions. What the model itself needs is
 * malloc'd; if that fails it counts as a refusal.
 *
 * @code
 * struct life_options options = LIFE_OPTIONS_DEFAULT;
 * struct life *life = life_new(topology, &options, &set_up.performer);
 *
 * if (life_start(life, 0, 0))
 *	life_stop(life, 0, 0);
 * life_free(life);
 * @endcode
 */
#ifndef QUIRE_TOOL_LIFE_H
#define QUIRE_TOOL_LIFE_H

#include "model/action.h"
#include "topology/topology.h"

/** Who gets a region of its own. */
enum life_regions {
	LIFE_REGIONS_NONE,     /**< nobody: everything on the two heaps */
	LIFE_REGIONS_DP,       /**< data-processing modules, of dp_region_pages each, as today */
	LIFE_REGIONS_MODULE,   /**< every module, as large as it needs */
	LIFE_REGIONS_PIPELINE, /**< every pipeline, as large as it needs */
	LIFE_REGIONS_COUNT
};

/** What a stream carries. 0 stands for "not said". */
struct life_format {
	uint32_t rate;     /**< Hz */
	uint32_t channels; /**< */
	uint32_t bits;     /**< of a sample */
};

/** A format for one PCM. */
struct life_choice {
	const char *pcm; /**< its name, or its number in decimal; both directions */
	struct life_format format;
};

struct life_options {
	struct life_format format;         /**< for all streams */
	const struct life_choice *choices; /**< these go before; borrowed */
	size_t choice_count;
	enum life_regions regions;
	bool dma_on_system_heap; /**< host and DAI DMA buffers, as upstream since June 2026 */
	size_t page_bytes;       /**< of the board; for region sizes */
	size_t dp_region_pages;
	size_t dma_address_align; /**< of the board; a power of two */
	size_t dma_size_align;    /**< of the board */
};

/** Heaps only, 4 KiB pages, DMA alignments of all six boards, DP regions of 7 pages. */
#define LIFE_OPTIONS_DEFAULT                                                        \
	{                                                                           \
		.page_bytes = 4096, .dp_region_pages = 7, .dma_address_align = 128, \
		.dma_size_align = 32,                                               \
	}

/** The format that a stream took. */
struct life_taken {
	struct life_format format;
	uint32_t container_bits;
	enum topology_match
		match; /**< NONE: its host offers no formats, so it took what it asked */
	bool as_asked; /**< all that was said, or the default where nothing was */
};

/** Sums over actions. */
struct life_amount {
	size_t allocations;      /**< buffers and objects */
	size_t buffers;          /**< audio: between modules, DMA, chain DMA, keyword history */
	size_t objects;          /**< all else */
	size_t buffer_bytes;     /**< ranges at their preferred size */
	size_t buffer_min_bytes; /**< ranges at their minimum */
	size_t object_bytes;
	size_t regions;
	size_t region_bytes; /**< address space of the regions; what lies in them is counted above */
	/** The same by place, each request rounded up to its alignment: to size budgets. */
	struct life_place_amount {
		size_t allocations;
		size_t bytes;     /**< ranges at their preferred size */
		size_t min_bytes; /**< ranges at their minimum: what must be guaranteed */
		size_t largest;   /**< of the minimums */
	} places[PLACE_COUNT];
};

/** What a topology needs. */
struct life_demand {
	struct life_amount total;      /**< all streams running at once */
	struct life_amount *pipelines; /**< the same by pipeline, [pipeline_count] */
	struct life_amount *streams;   /**< each stream running alone, [stream_count] */
	size_t buffer_sizes;           /**< how many different sizes of buffers there are */
};

struct life_counts {
	size_t actions;
	size_t allocations;  /**< granted */
	size_t freed;        /**< */
	size_t live;         /**< allocations; 0 when no stream runs */
	size_t regions;      /**< granted */
	size_t live_regions; /**< 0 when no stream runs */
	size_t refused;      /**< streams that could not start or be prepared again */
	size_t running;      /**< streams, each copy counted */
};

struct life;

/**
 * @param topology borrowed until life_free(), and only read
 * @param options copied, except for what the choices point to
 * @param performer borrowed until life_free(); its functions must not call back into the life
 * @return NULL if memory is short
 */
struct life *life_new(const struct topology *topology, const struct life_options *options,
		      struct performer *performer);

/** Forgets everything without performing anything. Stop the streams first. NULL is allowed. */
void life_free(struct life *life);

/**
 * Starts a stream; without effect if that copy runs already.
 *
 * @param copy 0 for the stream itself
 * @return whether it runs now. A stream without a host module runs without allocating anything.
 */
bool life_start(struct life *life, size_t stream, uint32_t copy);

/**
 * Resets and prepares the pipelines that only this stream uses at the moment, as an application
 * does that changes its mind: DMA buffers are freed and asked for again.
 *
 * @return whether it still runs: if memory is refused the stream ends as if it could not start.
 *	False without effect if it does not run.
 */
bool life_prepare_again(struct life *life, size_t stream, uint32_t copy);

/** Stops a stream; without effect if that copy does not run. */
void life_stop(struct life *life, size_t stream, uint32_t copy);

/** Stops all that run, oldest first. */
void life_stop_all(struct life *life);

bool life_is_running(const struct life *life, size_t stream, uint32_t copy);

void life_counts(const struct life *life, struct life_counts *counts);

const struct topology *life_topology(const struct life *life);

/** The format that a stream takes; known without starting it. */
void life_format_taken(const struct life *life, size_t stream, struct life_taken *taken);

/** @return whether the choice is for that stream */
bool life_choice_is_for(const struct life_choice *choice, const struct topology_stream *stream);

/**
 * Adds up what a topology needs with these options, without allocating any of it.
 *
 * @return 0 and a demand to be given to life_demand_free(), or -1 if memory is short
 */
int life_demand(const struct topology *topology, const struct life_options *options,
		struct life_demand *demand);
void life_demand_free(struct life_demand *demand);

/** "none", "dp", "module", "pipeline". */
const char *life_regions_name(enum life_regions regions);

/** @return false and *regions unchanged if there is no such name */
bool life_regions_parse(const char *name, enum life_regions *regions);

#endif
