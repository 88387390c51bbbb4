/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The formulas of size.h. Sizes enter here from files, so this is where they are bounded: every
 * factor is clamped to SIZE_LIMIT before it is multiplied by one of at most 32 bits.
 */
#include "model/size.h"

#define DMA_PERIODS  4u
#define HISTORY_RATE 16u /* samples in a millisecond */
#define HISTORY_MS   2100u
#define SRC_WIDE     14336u /* bytes of a rate converter of 8 channels */
#define SRC_NARROW   352u   /* and of 2 */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t clamp(size_t bytes)
{
	return bytes < SIZE_LIMIT ? bytes : SIZE_LIMIT;
}

static size_t times(size_t bytes, uint32_t factor)
{
	return clamp(clamp(bytes) * factor);
}

size_t size_round_up(size_t bytes, size_t multiple)
{
	size_t bounded = clamp(bytes);
	size_t rest = bounded % multiple;

	return rest == 0 ? bounded : clamp(bounded + (multiple - rest));
}

size_t size_period(const struct topology_format *format)
{
	if (format->period_bytes != 0)
		return clamp(format->period_bytes);
	return topology_format_bytes(format);
}

size_t size_pool_set(size_t objects)
{
	return objects * 20 + 20;
}

/* Two channels were measured; from there to the eight that were measured in a straight line. */
static size_t rate_converter(uint32_t channels)
{
	if (channels <= 2)
		return SRC_NARROW;
	return SRC_NARROW + (channels - 2) * (SRC_WIDE - SRC_NARROW) / 6;
}

size_t size_private(enum topology_kind kind, uint32_t channels)
{
	static const size_t measured[TOPOLOGY_KIND_COUNT] = {
		[TOPOLOGY_HOST_PLAYBACK] = SIZE_COPIER,
		[TOPOLOGY_HOST_CAPTURE] = SIZE_COPIER,
		[TOPOLOGY_DAI_PLAYBACK] = SIZE_COPIER,
		[TOPOLOGY_DAI_CAPTURE] = SIZE_COPIER,
		[TOPOLOGY_COPIER] = SIZE_COPIER,
		[TOPOLOGY_MIXER] = 156 + 168,
		[TOPOLOGY_MIXIN] = 156,
		[TOPOLOGY_MIXOUT] = 168,
		[TOPOLOGY_GAIN] = 688,
		[TOPOLOGY_ASRC] = 2636,
		[TOPOLOGY_EQ_IIR] = 332,
		[TOPOLOGY_EQ_FIR] = 2352,
		[TOPOLOGY_DRC] = 4268,
		[TOPOLOGY_MULTIBAND_DRC] = 15104,
		[TOPOLOGY_TDFB] = 1448,
		[TOPOLOGY_DCBLOCK] = 84,
		[TOPOLOGY_ARIA] = 936,
		[TOPOLOGY_MICSEL] = 464,
		[TOPOLOGY_STFT] = 15128,
		[TOPOLOGY_PHASE_VOCODER] = 73480,
	};

	if (kind == TOPOLOGY_SRC)
		return rate_converter(channels);
	return measured[kind] != 0 ? measured[kind] : SIZE_PRIVATE_UNSAID;
}

size_t size_stack(size_t declared)
{
	return declared != 0 && declared <= SIZE_STACK_SMALL ? SIZE_STACK_SMALL : SIZE_STACK_LARGE;
}

size_t size_buffer(size_t source_obs, size_t sink_ibs)
{
	return times(larger(source_obs, sink_ibs), 2);
}

size_t size_buffer_behind_dp(size_t sink_ibs)
{
	return times(sink_ibs, 2);
}

size_t size_ring(size_t source_obs, size_t sink_ibs)
{
	return size_round_up(times(larger(source_obs, sink_ibs), 3), SIZE_ALIGN);
}

struct size_range size_host_dma(enum topology_direction direction, size_t period_bytes,
				uint32_t deep_ms, bool packed, size_t size_align)
{
	bool deep = direction == TOPOLOGY_PLAYBACK && deep_ms > DMA_PERIODS;
	size_t multiple = packed ? 3 * size_align : size_align;
	struct size_range range;

	range.min = times(size_round_up(period_bytes, multiple), DMA_PERIODS);
	range.preferred = times(period_bytes, deep ? deep_ms : DMA_PERIODS);
	range.preferred = size_round_up(range.preferred, range.min);
	range.step = range.min;
	return range;
}

struct size_range size_dai_dma(enum topology_direction direction, size_t ibs, size_t obs,
			       size_t size_align)
{
	size_t dsp = clamp(direction == TOPOLOGY_PLAYBACK ? ibs : obs);
	size_t link = clamp(direction == TOPOLOGY_PLAYBACK ? obs : ibs);
	size_t dma_bytes = dsp * DMA_PERIODS;
	size_t count = larger(DMA_PERIODS, dma_bytes / link);
	size_t preferred = larger(count, (dma_bytes + link - 1) / link);
	struct size_range range;

	range.min = size_round_up(count * link, size_align);
	range.preferred = size_round_up(size_round_up(preferred * link, size_align), range.min);
	range.step = range.min;
	return range;
}

size_t size_chain_dma(enum topology_direction direction, size_t period_bytes, size_t align)
{
	return size_round_up(times(period_bytes, direction == TOPOLOGY_CAPTURE ? 10 : 5), align);
}

size_t size_history(uint32_t channels, uint32_t bits)
{
	return times((size_t)HISTORY_RATE * HISTORY_MS * (bits == 16 ? 2 : 4), channels);
}
