/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs of all calls of buffer.h, in a heap or a region that others use too, on a driver that fails
 * where the input says, against a queue of bytes that cannot wrap (support/queue.h).
 */
#include <string.h>

#include "input.h"

#include "support/queue.h"
#include "support/space.h"

#define MOST_STEPS 150
#define PAGE       64u
#define PAGES      40u
#define NEIGHBOURS 6u
#define INTERIM    (32 * PAGE)

struct rig {
	struct test_space space;
	struct test_heap on;
	struct test_region in;
	struct quire_buffer_source source;
	struct quire_buffer ring;
	struct quire_request wish;
	bool live;            /* the ring is */
	enum test_call fault; /* of the driver, the last that was planned */
	void *neighbour[NEIGHBOURS];
};

static struct test_queue queue;

/* ---- where memory comes from ----------------------------------------------------------------- */

static void open_rig(struct input *input, struct rig *rig)
{
	uint32_t how = input_byte(input);
	struct test_space_config config = {
		.mmu = { .pages = PAGES,
			 .frames = input_between(input, PAGES / 2, PAGES),
			 .page_size = PAGE,
			 .cache_line = 16,
			 .not_coherent = how & 2 },
		.retain = how & 4,
	};
	struct quire_vmh_config heap = { .window = INTERIM, .unit = how & 8 ? 1 : 16 };
	struct quire_vregion_config region = { .interim = INTERIM };

	memset(rig, 0, sizeof(*rig));
	test_space_init(&rig->space, &config);
	if (how & 1) {
		assert_non_null(test_region_init(&rig->in, &rig->space, &region));
		rig->source = quire_buffer_on_vregion(rig->in.vr);
		return;
	}
	test_heap_init(&rig->on, &rig->space, &heap);
	rig->source = quire_buffer_on_vmh(&rig->on.heap);
}

static void *request(struct rig *rig, struct quire_request *wanted)
{
	return rig->source.heap ? quire_vmh_request(rig->source.heap, wanted)
				: quire_vregion_request(rig->source.region, QUIRE_INTERIM, wanted);
}

static size_t would_fit(struct rig *rig, struct quire_request wanted)
{
	return rig->source.heap
		       ? quire_vmh_would_fit(rig->source.heap, &wanted)
		       : quire_vregion_would_fit(rig->source.region, QUIRE_INTERIM, &wanted);
}

static int32_t give_back(struct rig *rig, void *ptr)
{
	return rig->source.heap ? quire_vmh_free(rig->source.heap, ptr)
				: quire_vregion_free(rig->source.region, ptr);
}

static size_t usable(struct rig *rig, const void *ptr)
{
	return rig->source.heap ? quire_vmh_usable_size(rig->source.heap, ptr)
				: quire_vregion_usable_size(rig->source.region, ptr);
}

static void check(struct rig *rig)
{
	test_space_check(&rig->space);
	if (rig->source.heap)
		test_heap_check(&rig->on);
	else
		assert_sound(quire_vregion_check(rig->in.vr));
	if (rig->live)
		test_queue_check(&queue, &rig->ring);
}

/* ---- the ring -------------------------------------------------------------------------------- */

static size_t some_bytes(struct input *input)
{
	uint32_t choice = input_byte(input);

	return choice < 128 ? choice : (choice - 128) * 8;
}

static size_t some_step(struct input *input)
{
	uint32_t choice = input_byte(input);

	if (choice < 128)
		return 0;
	return choice < 250 ? choice - 128 : SIZE_MAX - (choice - 250) * 100;
}

static size_t steps_of(const struct rig *rig)
{
	return rig->wish.step > 1 ? rig->wish.step : 1;
}

static void create(struct input *input, struct rig *rig)
{
	static const size_t aligns[] = { 0, 0, 16, 64, 128 };
	struct quire_request wanted = { .size = some_bytes(input) };
	size_t fits;

	wanted.step = some_step(input);
	wanted.min = input_byte(input) * wanted.size / 255;
	wanted.align = input_pick(input, aligns);
	fits = would_fit(rig, wanted);
	rig->wish = wanted;
	queue.level = 0;
	rig->live = !quire_buffer_create(&rig->ring, &rig->source, &wanted);
	assert_int_equal(rig->live, wanted.why == QUIRE_OK);
	if (wanted.why == QUIRE_EDRIVER)
		return;
	assert_int_equal(wanted.granted, fits);
	if (rig->live)
		assert_int_equal(quire_buffer_size(&rig->ring), fits);
}

static void destroy(struct rig *rig)
{
	test_mmu_heal(&rig->space.mmu);
	assert_ok(quire_buffer_destroy(&rig->ring));
	assert_status(quire_buffer_destroy(&rig->ring), QUIRE_EFREE);
	rig->live = false;
}

/* What a resize to this range must answer: 1 is any reason, if it cannot grow to it. */
static int32_t expect(struct rig *rig, size_t min, size_t preferred)
{
	struct quire_request wanted = { .align = rig->wish.align, .step = rig->wish.step };
	size_t least = min ? min : preferred, step = steps_of(rig);

	if (!preferred || least > preferred)
		return QUIRE_EINVAL;
	while (least < queue.level && least <= preferred && preferred - least >= step)
		least += step;
	if (least < queue.level)
		return QUIRE_EBUSY;
	if (least <= quire_buffer_size(&rig->ring))
		return QUIRE_OK;
	wanted.size = wanted.min = least;
	return would_fit(rig, wanted) ? QUIRE_OK : 1;
}

static void resize(struct rig *rig, size_t min, size_t preferred)
{
	size_t before = quire_buffer_size(&rig->ring), size;
	size_t least = min ? min : preferred;
	int32_t expected = expect(rig, min, preferred);
	bool may_fail = test_mmu_fault_pending(&rig->space.mmu) || rig->ring.stale;
	int32_t status = quire_buffer_resize(&rig->ring, min, preferred);

	size = quire_buffer_size(&rig->ring);
	if (status == QUIRE_EDRIVER &&
	    rig->fault != TEST_MAP) { /* maybe an unmap: destroy is left */
		assert_true(may_fail);
		destroy(rig);
		return;
	}
	if (status) {
		assert_int_equal(size, before);
		assert_true(status == expected || expected == 1 || may_fail);
		return;
	}
	assert_true(!expected || expected == 1);
	assert_true(size >= least && size >= queue.level && size <= usable(rig, rig->ring.base));
	if (size == before)
		return;
	assert_true(size <= preferred);
	assert_int_equal((size - least) % steps_of(rig), 0);
}

static void fill_in_place(struct rig *rig, size_t bytes)
{
	size_t span;
	unsigned char *to = quire_buffer_free_span(&rig->ring, &span);

	assert_status(quire_buffer_produce(&rig->ring, quire_buffer_space(&rig->ring) + 1 + bytes),
		      QUIRE_EINVAL);
	assert_status(quire_buffer_consume(&rig->ring, queue.level + 1 + bytes), QUIRE_EINVAL);
	span = span < bytes ? span : bytes;
	test_queue_stream(&queue, to, span);
	assert_ok(quire_buffer_produce(&rig->ring, span));
}

static void use_ring(struct input *input, struct rig *rig, uint32_t kind)
{
	size_t bytes = some_bytes(input);

	if (kind < 3)
		test_queue_write(&queue, &rig->ring, bytes);
	else if (kind < 5)
		test_queue_read(&queue, &rig->ring, bytes);
	else if (kind < 6)
		fill_in_place(rig, bytes);
	else if (kind < 7)
		resize(rig, bytes, some_bytes(input));
	else
		resize(rig, input_byte(input) * bytes / 255, bytes);
}

/* ---- the others, and the driver -------------------------------------------------------------- */

static void use_neighbour(struct input *input, struct rig *rig)
{
	void **neighbour = &rig->neighbour[input_below(input, NEIGHBOURS)];
	struct quire_request wanted = { .size = 1 + some_bytes(input) };

	test_mmu_heal(&rig->space.mmu);
	if (!*neighbour) {
		*neighbour = request(rig, &wanted);
		return;
	}
	assert_ok(give_back(rig, *neighbour));
	*neighbour = NULL;
}

static void may_fail(struct input *input, struct rig *rig)
{
	test_mmu_heal(&rig->space.mmu);
	rig->fault = (enum test_call)input_below(input, TEST_CALLS);
	test_mmu_fail(&rig->space.mmu, rig->fault, 1 + input_below(input, 3), false);
}

static void step(struct input *input, struct rig *rig)
{
	uint32_t kind = input_below(input, 12);

	if (kind == 11)
		may_fail(input, rig);
	else if (kind == 10)
		use_neighbour(input, rig);
	else if (!rig->live)
		create(input, rig);
	else if (kind == 9)
		destroy(rig);
	else
		use_ring(input, rig, kind);
}

static void close_rig(struct rig *rig)
{
	test_mmu_heal(&rig->space.mmu);
	if (rig->live)
		destroy(rig);
	for (size_t i = 0; i < NEIGHBOURS; i++)
		if (rig->neighbour[i])
			assert_ok(give_back(rig, rig->neighbour[i]));
	check(rig);
	if (rig->source.heap) {
		test_heap_fini(&rig->on);
	} else {
		assert_ok(quire_vregion_put(rig->in.vr));
		test_region_fini(&rig->in);
	}
	test_space_fini(&rig->space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rig;
	struct input input = { data, data + size };

	queue.level = 0;
	queue.next = 0;
	open_rig(&input, &rig);
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		step(&input, &rig);
		check(&rig);
	}
	close_rig(&rig);
	return 0;
}
