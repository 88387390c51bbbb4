/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How many bytes the firmware asks for: the formulas of Sound Open Firmware (IPC4, August 2026).
 *
 * Pure functions. `ibs` and `obs` are the bytes that enter and leave a module in one period of one
 * millisecond, at least 1. They may be anything a file can say: results are at most SIZE_LIMIT,
 * which is more than any DSP has and small enough to add up a great many of them.
 */
#ifndef QUIRE_TOOL_SIZE_H
#define QUIRE_TOOL_SIZE_H

#include "topology/topology.h"

#define SIZE_LIMIT ((size_t)1 << 30) /**< bytes */
#define SIZE_ALIGN 64u               /**< of everything that no DMA engine touches: a cache line */

/* Objects. Each is an allocation of its own. */
#define SIZE_PIPELINE       124u
#define SIZE_LIST_ENTRY     20u
#define SIZE_MODULE         316u
#define SIZE_CONTEXT        8u
#define SIZE_DEVICE         144u
#define SIZE_PARAMS         84u
#define SIZE_PIN            32u
#define SIZE_COPIER         452u
#define SIZE_COPIER_HOST    284u
#define SIZE_COPIER_DAI     268u
#define SIZE_BUFFER_OBJECT  204u
#define SIZE_RING_OBJECT    88u
#define SIZE_TASK           76u
#define SIZE_TASKS          2u   /**< of them in a pipeline */
#define SIZE_POOL_FIRST     2u   /**< objects in the first set of a module's pool; sets double */
#define SIZE_POOL_LARGEST   32u  /**< objects in the largest set */
#define SIZE_PRIVATE_UNSAID 936u /**< of kinds nobody measured: the median of those measured */
#define SIZE_STACK_SMALL    4096u
#define SIZE_STACK_LARGE    8192u

/** A request that can be granted with less: min, min + step ... preferred. */
struct size_range {
	size_t min;
	size_t preferred; /**< a multiple of min */
	size_t step;      /**< equal to min */
};

/** Up to a multiple, which must not be 0. At most SIZE_LIMIT. */
size_t size_round_up(size_t bytes, size_t multiple);

/** ibs or obs: as the file states it, else counted. */
size_t size_period(const struct topology_format *format);

/** A set of an object pool: 60 bytes for the first two. */
size_t size_pool_set(size_t objects);

/** What the code of a module allocates for itself; without what copiers add for host or link. */
size_t size_private(enum topology_kind kind, uint32_t channels);

/** Stack of a data-processing thread. @param declared bytes, 0 = unsaid: then the large one. */
size_t size_stack(size_t declared);

/** Buffer between two modules of which the source is scheduled with low latency. */
size_t size_buffer(size_t source_obs, size_t sink_ibs);

/** Buffer behind a data-processing module. */
size_t size_buffer_behind_dp(size_t sink_ibs);

/** Ring beside the buffer when either end is data-processing. */
size_t size_ring(size_t source_obs, size_t sink_ibs);

/**
 * @param period_bytes at the side of the host: ibs in playback, obs in capture
 * @param deep_ms of the copier; capture is never deep
 * @param packed whether samples have 24 bits in 3 bytes
 * @param size_align of the DMA engine
 */
struct size_range size_host_dma(enum topology_direction direction, size_t period_bytes,
				uint32_t deep_ms, bool packed, size_t size_align);

/** Never deep, whatever feeds it. */
struct size_range size_dai_dma(enum topology_direction direction, size_t ibs, size_t obs,
			       size_t size_align);

/** Host and link DMA joined, no module between them. */
size_t size_chain_dma(enum topology_direction direction, size_t period_bytes, size_t align);

/** Keyword history: 2.1 seconds at 16 kHz. */
size_t size_history(uint32_t channels, uint32_t bits);

#endif
