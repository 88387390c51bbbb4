/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes: every formula against figures worked out by hand. */
#include "model/size.h"

#include "support/test.h"

#define PERIOD 384u /* 48 kHz, 2 channels, 32 bit */

static void assert_range(struct size_range range, size_t min, size_t preferred)
{
	assert_int_equal(range.min, min);
	assert_int_equal(range.step, min);
	assert_int_equal(range.preferred, preferred);
}

static void a_hundred_milliseconds_of_48_khz_prefer_38400_bytes_and_need_1536(void **state)
{
	(void)state;
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, PERIOD, 100, false, 32), 1536, 38400);
	assert_int_equal(38400 / 1536, 25);
}

static void ten_milliseconds_are_rounded_up_to_whole_minimums(void **state)
{
	(void)state;
	/* 3840 bytes are two and a half minimums */
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, PERIOD, 10, false, 32), 1536, 4608);
}

static void host_dma_that_is_not_deep_is_four_periods(void **state)
{
	(void)state;
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, PERIOD, 0, false, 32), 1536, 1536);
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, PERIOD, 3, false, 32), 1536, 1536);
}

static void capture_is_never_deep(void **state)
{
	(void)state;
	assert_range(size_host_dma(TOPOLOGY_CAPTURE, PERIOD, 100, false, 32), 1536, 1536);
}

static void periods_of_host_dma_are_whole_units_of_the_engine(void **state)
{
	(void)state;
	/* 45 frames of 4 bytes are 180: 192 in units of 32 */
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, 180, 0, false, 32), 768, 768);
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, 180, 100, false, 32), 768, 18432);
	assert_range(size_host_dma(TOPOLOGY_CAPTURE, 180, 0, false, 32), 768, 768);
}

static void packed_24_bit_periods_are_units_of_96(void **state)
{
	(void)state;
	/* 48 frames of 6 bytes are 288, three units; 45 frames are 270, up to three units */
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, 288, 0, true, 32), 1152, 1152);
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, 270, 0, true, 32), 1152, 1152);
	assert_range(size_host_dma(TOPOLOGY_PLAYBACK, 290, 0, true, 32), 1536, 1536);
}

static void dai_dma_is_four_periods_when_nothing_is_converted(void **state)
{
	(void)state;
	assert_range(size_dai_dma(TOPOLOGY_PLAYBACK, PERIOD, PERIOD, 32), 1536, 1536);
	assert_range(size_dai_dma(TOPOLOGY_CAPTURE, PERIOD, PERIOD, 32), 1536, 1536);
}

static void dai_dma_of_a_narrower_link_has_more_periods(void **state)
{
	(void)state;
	/* 4 * 384 bytes are 8 periods of 192 */
	assert_range(size_dai_dma(TOPOLOGY_PLAYBACK, 384, 192, 32), 1536, 1536);
	assert_range(size_dai_dma(TOPOLOGY_CAPTURE, 192, 384, 32), 1536, 1536);
}

static void dai_dma_of_a_wider_link_has_four_of_its_periods(void **state)
{
	(void)state;
	assert_range(size_dai_dma(TOPOLOGY_PLAYBACK, 192, 384, 32), 1536, 1536);
	assert_range(size_dai_dma(TOPOLOGY_CAPTURE, 384, 192, 32), 1536, 1536);
}

static void dai_dma_that_does_not_divide_prefers_the_period_more(void **state)
{
	(void)state;
	/* 1536 bytes are 5.33 periods of 288: 5 are needed, 1440; 6 are preferred, 1728, which is
	 * two of the minimum */
	assert_range(size_dai_dma(TOPOLOGY_PLAYBACK, 384, 288, 32), 1440, 2880);
}

static void chain_dma_is_ten_milliseconds_captured_and_five_played(void **state)
{
	(void)state;
	assert_int_equal(size_chain_dma(TOPOLOGY_CAPTURE, 384, 128), 3840);
	assert_int_equal(size_chain_dma(TOPOLOGY_PLAYBACK, 384, 128), 1920);
	assert_int_equal(size_chain_dma(TOPOLOGY_PLAYBACK, 180, 128), 1024); /* from 900 */
}

static void buffers_are_two_of_the_larger_period(void **state)
{
	(void)state;
	assert_int_equal(size_buffer(384, 192), 768);
	assert_int_equal(size_buffer(192, 384), 768);
	assert_int_equal(size_buffer_behind_dp(192), 384);
}

static void rings_are_three_of_the_larger_period_in_whole_lines(void **state)
{
	(void)state;
	assert_int_equal(size_ring(384, 384), 1152);
	assert_int_equal(size_ring(180, 90), 576); /* from 540 */
}

static void pools_start_at_60_bytes_and_sets_double(void **state)
{
	static const size_t bytes[] = { 60, 100, 180, 340, 660 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bytes); i++)
		assert_int_equal(size_pool_set((size_t)2 << i), bytes[i]);
}

static void keyword_history_is_2100_milliseconds_at_16_khz(void **state)
{
	(void)state;
	assert_int_equal(size_history(2, 16), 134400);
	assert_int_equal(size_history(6, 32), 806400);
	assert_int_equal(size_history(2, 24), 268800);
}

static void private_memory_is_what_was_measured(void **state)
{
	static const struct {
		enum topology_kind kind;
		size_t bytes;
	} measured[] = {
		{ TOPOLOGY_GAIN, 688 },
		{ TOPOLOGY_MIXIN, 156 },
		{ TOPOLOGY_MIXOUT, 168 },
		{ TOPOLOGY_EQ_IIR, 332 },
		{ TOPOLOGY_EQ_FIR, 2352 },
		{ TOPOLOGY_DRC, 4268 },
		{ TOPOLOGY_MULTIBAND_DRC, 15104 },
		{ TOPOLOGY_SRC, 352 },
		{ TOPOLOGY_ASRC, 2636 },
		{ TOPOLOGY_DCBLOCK, 84 },
		{ TOPOLOGY_TDFB, 1448 },
		{ TOPOLOGY_MICSEL, 464 },
		{ TOPOLOGY_ARIA, 936 },
		{ TOPOLOGY_STFT, 15128 },
		{ TOPOLOGY_PHASE_VOCODER, 73480 },
		{ TOPOLOGY_COPIER, 452 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(measured); i++)
		assert_int_equal(size_private(measured[i].kind, 2), measured[i].bytes);
}

static void every_kind_has_private_memory(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < TOPOLOGY_KIND_COUNT; kind++)
		assert_true(size_private((enum topology_kind)kind, 1) > 0);
}

static void a_rate_converter_of_eight_channels_takes_14_kib(void **state)
{
	(void)state;
	assert_int_equal(size_private(TOPOLOGY_SRC, 1), 352);
	assert_int_equal(size_private(TOPOLOGY_SRC, 8), 14336);
}

static void stacks_come_in_two_sizes_and_unsaid_is_large(void **state)
{
	(void)state;
	assert_int_equal(size_stack(0), 8192);
	assert_int_equal(size_stack(4096), 4096);
	assert_int_equal(size_stack(4097), 8192);
}

static void periods_are_as_stated_or_else_counted(void **state)
{
	struct topology_format format = { .rate = 44100, .depth = 32, .channels = 2 };

	(void)state;
	assert_int_equal(size_period(&format), 360); /* 45 frames, not 44.1 */
	format.period_bytes = 352;
	assert_int_equal(size_period(&format), 352);
}

static void whatever_a_file_says_sizes_stay_under_the_limit(void **state)
{
	struct size_range range =
		size_host_dma(TOPOLOGY_PLAYBACK, SIZE_MAX, UINT32_MAX, true, 4096);

	(void)state;
	assert_true(range.min <= SIZE_LIMIT && range.preferred <= SIZE_LIMIT);
	range = size_dai_dma(TOPOLOGY_PLAYBACK, SIZE_MAX, 1, 32);
	assert_true(range.min <= SIZE_LIMIT && range.preferred <= SIZE_LIMIT);
	assert_true(size_buffer(SIZE_MAX, 1) <= SIZE_LIMIT);
	assert_true(size_ring(SIZE_MAX, 1) <= SIZE_LIMIT);
	assert_true(size_chain_dma(TOPOLOGY_CAPTURE, SIZE_MAX, 128) <= SIZE_LIMIT);
	assert_true(size_history(UINT32_MAX, 32) <= SIZE_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_milliseconds_of_48_khz_prefer_38400_bytes_and_need_1536),
		cmocka_unit_test(ten_milliseconds_are_rounded_up_to_whole_minimums),
		cmocka_unit_test(host_dma_that_is_not_deep_is_four_periods),
		cmocka_unit_test(capture_is_never_deep),
		cmocka_unit_test(periods_of_host_dma_are_whole_units_of_the_engine),
		cmocka_unit_test(packed_24_bit_periods_are_units_of_96),
		cmocka_unit_test(dai_dma_is_four_periods_when_nothing_is_converted),
		cmocka_unit_test(dai_dma_of_a_narrower_link_has_more_periods),
		cmocka_unit_test(dai_dma_of_a_wider_link_has_four_of_its_periods),
		cmocka_unit_test(dai_dma_that_does_not_divide_prefers_the_period_more),
		cmocka_unit_test(chain_dma_is_ten_milliseconds_captured_and_five_played),
		cmocka_unit_test(buffers_are_two_of_the_larger_period),
		cmocka_unit_test(rings_are_three_of_the_larger_period_in_whole_lines),
		cmocka_unit_test(pools_start_at_60_bytes_and_sets_double),
		cmocka_unit_test(keyword_history_is_2100_milliseconds_at_16_khz),
		cmocka_unit_test(private_memory_is_what_was_measured),
		cmocka_unit_test(every_kind_has_private_memory),
		cmocka_unit_test(a_rate_converter_of_eight_channels_takes_14_kib),
		cmocka_unit_test(stacks_come_in_two_sizes_and_unsaid_is_large),
		cmocka_unit_test(periods_are_as_stated_or_else_counted),
		cmocka_unit_test(whatever_a_file_says_sizes_stay_under_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
