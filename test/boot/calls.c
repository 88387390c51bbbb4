/* SPDX-License-Identifier: BSD-3-Clause */
/* calls: each layer of the library, used as a firmware would at boot, on real page tables. */
#include <string.h>

#include "cases.h"
#include "ground.h"
#include "machine.h"
#include "touch.h"

/* ---- contents ------------------------------------------------------------------------------- */

static void fill(void *ptr, size_t bytes, unsigned char owner)
{
	unsigned char *byte = ptr;

	for (size_t i = 0; i < bytes; i += 61)
		byte[i] = (unsigned char)(owner + i / 61);
	byte[bytes - 1] = owner;
}

static bool is_filled(const void *ptr, size_t bytes, unsigned char owner)
{
	const unsigned char *byte = ptr;

	for (size_t i = 0; i < bytes - 1; i += 61)
		if (byte[i] != (unsigned char)(owner + i / 61))
			return false;
	return byte[bytes - 1] == owner;
}

/* ---- vpage ---------------------------------------------------------------------------------- */

static void pages_are_allocated_and_freed(void)
{
	unsigned char *a, *b;

	ground_begin(&(struct ground_config){ 0 });
	a = quire_vpage_alloc(&ground.vs, 3, QUIRE_RW);
	b = quire_vpage_alloc(&ground.vs, 70, QUIRE_RW); /* more than is flushed page by page */
	CHECK(a && b);
	fill(a, 3 * PAGE, 1);
	fill(b, 70 * PAGE, 2);
	CHECK(is_filled(a, 3 * PAGE, 1) && is_filled(b, 70 * PAGE, 2));
	CHECK(quire_vpage_size(&ground.vs, b) == 70);
	CHECK(quire_vpage_owner(&ground.vs, b + 5 * PAGE, NULL) == b);
	CHECK(ground_free_frames() == GROUND_FRAMES - 73);
	CHECK_SOUND(quire_bare_check(&ground.port));
	CHECK(!quire_vpage_free(&ground.vs, a));
	CHECK(quire_vpage_free(&ground.vs, a) == QUIRE_EFREE);
	CHECK(is_filled(b, 70 * PAGE, 2));
	CHECK(!quire_vpage_free(&ground.vs, b));
	CHECK_SOUND(ground_end());
}

static void pages_are_had_where_they_are_wanted(void)
{
	unsigned char *base = (unsigned char *)machine_window;
	unsigned char *last = base + (GROUND_PAGES - 1) * PAGE;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(quire_vpage_alloc_at(&ground.vs, last, 1, QUIRE_RW) == last);
	CHECK(quire_vpage_alloc_at(&ground.vs, base + 767 * PAGE, 2, QUIRE_RW) ==
	      base + 767 * PAGE);
	CHECK(!quire_vpage_alloc_at(&ground.vs, base + 768 * PAGE, 1, QUIRE_RW));
	fill(last, PAGE, 3);
	fill(base + 767 * PAGE, 2 * PAGE, 4); /* across a boundary of tables */
	CHECK(is_filled(last, PAGE, 3) && is_filled(base + 767 * PAGE, 2 * PAGE, 4));
	CHECK(!quire_vpage_free(&ground.vs, last));
	CHECK(!quire_vpage_free(&ground.vs, base + 767 * PAGE));
	CHECK_SOUND(ground_end());
}

static void reservations_are_committed_in_parts(void)
{
	unsigned char *held;

	ground_begin(&(struct ground_config){ 0 });
	held = quire_vpage_reserve(&ground.vs, 1000); /* more than there is memory */
	CHECK(held && ground_free_frames() == GROUND_FRAMES);
	CHECK(!quire_vpage_commit(&ground.vs, held + 500 * PAGE, 4, QUIRE_RW, NULL));
	CHECK(quire_vpage_commit(&ground.vs, held + 503 * PAGE, 2, QUIRE_RW, NULL) == QUIRE_EBUSY);
	fill(held + 500 * PAGE, 4 * PAGE, 5);
	CHECK(!quire_vpage_decommit(&ground.vs, held + 501 * PAGE, 1));
	CHECK(is_filled(held + 502 * PAGE, 1, held[502 * PAGE]));
	CHECK(ground_free_frames() == GROUND_FRAMES - 3);
	CHECK(!quire_vpage_free(&ground.vs, held));
	CHECK_SOUND(ground_end());
}

static void pages_grow_and_shrink_in_place(void)
{
	unsigned char *ptr;

	ground_begin(&(struct ground_config){ .retain = 4 });
	ptr = quire_vpage_alloc(&ground.vs, 2, QUIRE_RW);
	CHECK(ptr);
	fill(ptr, 2 * PAGE, 6);
	CHECK(!quire_vpage_resize(&ground.vs, ptr, 9));
	CHECK(is_filled(ptr, 2 * PAGE, 6));
	fill(ptr, 9 * PAGE, 7);
	CHECK(!quire_vpage_resize(&ground.vs, ptr, 1));
	CHECK(ptr[0] == 7);
	CHECK(!quire_vpage_free(&ground.vs, ptr));
	CHECK(!quire_vspace_trim(&ground.vs));
	CHECK_SOUND(ground_end());
}

/* ---- vmh ------------------------------------------------------------------------------------ */

static bool make_heap(struct quire_vmh *heap, struct quire_vmh_config config)
{
	config.storage = ground_storage(&config.storage_bytes);
	return !quire_vmh_init(heap, &ground.vs, &config);
}

static const struct quire_bundle table[] = { { 200, 64 }, { 4096, 16 }, { 65536, 16 } };

static void a_table_gives_blocks_and_maps_what_they_need(void)
{
	struct quire_vmh heap;
	unsigned char *small, *large;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(make_heap(&heap, (struct quire_vmh_config){ .bundles = table, .bundle_count = 3 }));
	small = quire_vmh_alloc(&heap, 150);
	large = quire_vmh_alloc(&heap, 48 * KIB);
	CHECK(small && large);
	CHECK(ground_free_frames() == GROUND_FRAMES - 1 - 12);
	fill(large, 48 * KIB, 8);
	CHECK(!quire_vmh_resize(&heap, large, 64 * KIB));
	CHECK(ground_free_frames() == GROUND_FRAMES - 1 - 16);
	CHECK(is_filled(large, 48 * KIB, 8));
	CHECK(!quire_vmh_resize(&heap, large, 4 * KIB));
	CHECK(ground_free_frames() == GROUND_FRAMES - 1 - 1);
	CHECK(!quire_vmh_free(&heap, small));
	CHECK(quire_vmh_free(&heap, small) == QUIRE_EFREE);
	CHECK(quire_vmh_free(&heap, large + 64) == QUIRE_EFREE);
	CHECK(!quire_vmh_free(&heap, large));
	CHECK_SOUND(quire_vmh_check(&heap));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

static void a_request_spans_blocks_where_that_is_allowed(void)
{
	struct quire_vmh heap;
	unsigned char *span;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(make_heap(&heap, (struct quire_vmh_config){ .bundles = table,
							  .bundle_count = 3,
							  .flags = QUIRE_VMH_SPANNING }));
	span = quire_vmh_alloc(&heap, 150 * KIB);
	CHECK(span && quire_vmh_usable_size(&heap, span) >= 150 * KIB);
	fill(span, 150 * KIB, 9);
	CHECK(is_filled(span, 150 * KIB, 9));
	CHECK(!quire_vmh_free(&heap, span));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

static void an_elastic_heap_gives_any_size_at_any_alignment(void)
{
	static unsigned char *held[64];
	struct quire_vmh heap;

	ground_begin(&(struct ground_config){ .retain = 2 });
	CHECK(make_heap(&heap, (struct quire_vmh_config){ .window = 1024 * KIB }));
	for (size_t round = 0; round < 4; round++) {
		for (size_t i = 0; i < 64; i++) {
			size_t size = 40 + i * i * 3 + round * 100;

			held[i] = quire_vmh_aligned_alloc(&heap, (size_t)64 << i % 4, size);
			CHECK(held[i] && (uintptr_t)held[i] % ((size_t)64 << i % 4) == 0);
			fill(held[i], size, (unsigned char)i);
		}
		for (size_t i = round & 1; i < 64; i += 2) {
			CHECK(is_filled(held[i], 40 + i * i * 3 + round * 100, (unsigned char)i));
			CHECK(!quire_vmh_free(&heap, held[i]));
		}
		for (size_t i = !(round & 1); i < 64; i += 2) {
			CHECK(is_filled(held[i], 40 + i * i * 3 + round * 100, (unsigned char)i));
			CHECK(!quire_vmh_free(&heap, held[i]));
		}
	}
	CHECK_SOUND(quire_vmh_check(&heap));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

static void a_range_takes_what_there_is(void)
{
	struct quire_request deep = { .size = 600 * KIB, .min = 4 * KIB, .step = 4 * KIB };
	struct quire_vmh heap;
	void *buffer;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(make_heap(&heap, (struct quire_vmh_config){ .window = 1024 * KIB }));
	CHECK(quire_vmh_would_fit(&heap, &deep) == GROUND_FRAMES * PAGE);
	buffer = quire_vmh_request(&heap, &deep);
	CHECK(buffer && deep.granted == GROUND_FRAMES * PAGE);
	CHECK(!quire_vmh_request(&heap, &deep) && deep.why == QUIRE_ENOPHYS);
	CHECK(!quire_vmh_resize(&heap, buffer, 100 * KIB));
	CHECK(!quire_vmh_free(&heap, buffer));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

static void a_guarantee_holds_against_a_greedy_range(void)
{
	struct quire_budget modest, greedy;
	struct quire_request first = { .size = 128 * 4 * KIB, .min = 16 * KIB, .budget = &greedy };
	struct quire_request second = { .size = 64 * KIB, .budget = &modest };
	void *a, *b;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(!quire_vspace_admit(&ground.vs, &modest, 16, QUIRE_NO_LIMIT));
	CHECK(!quire_vspace_admit(&ground.vs, &greedy, 4, QUIRE_NO_LIMIT));
	a = quire_vpage_request(&ground.vs, &first, QUIRE_RW);
	CHECK(a && first.granted == (GROUND_FRAMES - 16) * PAGE);
	b = quire_vpage_request(&ground.vs, &second, QUIRE_RW);
	CHECK(b && second.granted == 64 * KIB);
	CHECK(!quire_vpage_alloc(&ground.vs, 1, QUIRE_RW));
	CHECK(!quire_vpage_free(&ground.vs, a));
	CHECK(!quire_vpage_free(&ground.vs, b));
	CHECK(!quire_vspace_dismiss(&ground.vs, &modest));
	CHECK(!quire_vspace_dismiss(&ground.vs, &greedy));
	CHECK_SOUND(ground_end());
}

/* ---- buffer --------------------------------------------------------------------------------- */

static void a_deep_buffer_wraps_and_grows(void)
{
	struct quire_request wanted = { .size = 8 * KIB, .min = 1536, .step = 512 };
	static unsigned char block[3000], back[3000];
	struct quire_buffer buffer;
	struct quire_vmh heap;

	ground_begin(&(struct ground_config){ 0 });
	CHECK(make_heap(&heap, (struct quire_vmh_config){ .window = 256 * KIB }));
	CHECK(!quire_buffer_create(&buffer, &(struct quire_buffer_source){ .heap = &heap },
				   &wanted));
	for (unsigned char round = 0; round < 8; round++) {
		fill(block, sizeof(block), round);
		CHECK(quire_buffer_write(&buffer, block, sizeof(block)) == sizeof(block));
		if (round == 5)
			CHECK(!quire_buffer_resize(&buffer, 12 * KIB, 32 * KIB));
		CHECK(quire_buffer_read(&buffer, back, sizeof(back)) == sizeof(back));
		CHECK(is_filled(back, sizeof(back), round));
	}
	CHECK(quire_buffer_size(&buffer) >= 12 * KIB);
	CHECK(!quire_buffer_destroy(&buffer));
	CHECK(!quire_vmh_fini(&heap));
	CHECK_SOUND(ground_end());
}

/* ---- vregion -------------------------------------------------------------------------------- */

static struct quire_vregion *make_region(struct quire_vregion_config config)
{
	config.storage = ground_storage(&config.storage_bytes);
	return quire_vregion_create(&ground.vs, &config, NULL);
}

static void a_region_serves_all_its_areas(void)
{
	struct quire_vregion *vr;
	unsigned char *lifetime, *interim, *shared, *text;

	ground_begin(&(struct ground_config){ 0 });
	vr = make_region((struct quire_vregion_config){
		.lifetime = 12 * KIB, .interim = 64 * KIB, .text = 4 * KIB, .shared = 4 * KIB });
	CHECK(vr);
	lifetime = quire_vregion_alloc(vr, QUIRE_LIFETIME, 5000, 0);
	shared = quire_vregion_alloc(vr, QUIRE_SHARED, 100, 0);
	text = quire_vregion_alloc(vr, QUIRE_TEXT, 100, 0);
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, 9000, 64);
	CHECK(lifetime && shared && text && interim);
	fill(lifetime, 5000, 1);
	fill(interim, 9000, 2);
	fill(shared, 100, 3);
	CHECK(!quire_vregion_seal(vr));
	CHECK(!quire_vregion_alloc(vr, QUIRE_LIFETIME, 64, 0));
	CHECK(is_filled(lifetime, 5000, 1) && is_filled(interim, 9000, 2) &&
	      is_filled(shared, 100, 3));
	CHECK(!quire_vregion_free(vr, interim));
	CHECK_SOUND(quire_vregion_check(vr));
	CHECK(quire_vregion_get(vr) == vr);
	CHECK(!quire_vregion_put(vr));
	CHECK(!quire_vregion_put(vr));
	CHECK_SOUND(ground_end());
}

static void a_lazy_region_splits_when_it_is_sealed(void)
{
	struct quire_vregion *vr;
	void *lifetime, *interim;

	ground_begin(&(struct ground_config){ 0 });
	vr = make_region((struct quire_vregion_config){ .lifetime = 200 * KIB,
							.flags = QUIRE_VREGION_LAZY });
	CHECK(vr);
	lifetime = quire_vregion_alloc(vr, QUIRE_LIFETIME, 20000, 0);
	CHECK(lifetime && !quire_vregion_alloc(vr, QUIRE_INTERIM, 64, 0));
	CHECK(ground_free_frames() == GROUND_FRAMES - 5);
	CHECK(!quire_vregion_seal(vr));
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, 100 * KIB, 0);
	CHECK(interim);
	fill(interim, 100 * KIB, 4);
	CHECK(!quire_vregion_put(vr)); /* and all goes with it */
	CHECK_SOUND(ground_end());
}

/* ---- saving --------------------------------------------------------------------------------- */

struct memory_archive {
	struct quire_archive archive;
	unsigned char data[40 * 1024];
	size_t written;
	size_t read;
};

static int32_t archive_write(struct quire_archive *archive, const void *data, size_t bytes)
{
	struct memory_archive *to = (struct memory_archive *)archive;

	if (bytes > sizeof(to->data) - to->written)
		return QUIRE_EDRIVER;
	memcpy(to->data + to->written, data, bytes);
	to->written += bytes;
	return QUIRE_OK;
}

static int32_t archive_read(struct quire_archive *archive, void *data, size_t bytes)
{
	struct memory_archive *from = (struct memory_archive *)archive;

	if (bytes > from->written - from->read)
		return QUIRE_EDRIVER;
	memcpy(data, from->data + from->read, bytes);
	from->read += bytes;
	return QUIRE_OK;
}

static void a_saved_region_comes_back_at_its_addresses(void)
{
	static struct memory_archive archive;
	struct quire_vregion *vr;
	unsigned char *lifetime, *interim;

	archive = (struct memory_archive){ .archive = { .write = archive_write,
							.read = archive_read } };
	ground_begin(&(struct ground_config){ 0 });
	vr = make_region((struct quire_vregion_config){ .lifetime = 8 * KIB, .interim = 32 * KIB });
	CHECK(vr);
	lifetime = quire_vregion_alloc(vr, QUIRE_LIFETIME, 6000, 0);
	interim = quire_vregion_alloc(vr, QUIRE_INTERIM, 7000, 0);
	CHECK(lifetime && interim);
	fill(lifetime, 6000, 5);
	fill(interim, 7000, 6);
	CHECK(!quire_vregion_save(vr, &archive.archive));
	CHECK(ground_free_frames() == GROUND_FRAMES);
	CHECK(!quire_vregion_restore(vr, &archive.archive));
	CHECK(is_filled(lifetime, 6000, 5) && is_filled(interim, 7000, 6));
	CHECK(!quire_vregion_put(vr));
	CHECK_SOUND(ground_end());
}

/* The whole window, with tables of its own: those go too, and are made anew. Somebody else is first at
 * the frames. */
static void a_saved_window_comes_back_in_other_frames(void)
{
	static struct memory_archive archive;
	struct quire_mmu *mmu = &ground.port.mmu;
	uintptr_t behind = machine_window + (uintptr_t)(GROUND_PAGES - 4) * PAGE;
	struct quire_vregion *vr;
	unsigned char *pages, *far, *lifetime;
	bool others;

	archive = (struct memory_archive){ .archive = { .write = archive_write,
							.read = archive_read } };
	ground_begin(&(struct ground_config){ 0 });
	vr = make_region((struct quire_vregion_config){ .lifetime = 8 * KIB, .interim = 32 * KIB });
	pages = quire_vpage_alloc(&ground.vs, 2, QUIRE_RW);
	far = quire_vpage_alloc_at(&ground.vs, (unsigned char *)machine_window + 767 * PAGE, 2,
				   QUIRE_RW);
	CHECK(vr && pages && far);
	lifetime = quire_vregion_alloc(vr, QUIRE_LIFETIME, 6000, 0);
	CHECK(lifetime);
	fill(pages, 2 * PAGE, 7);
	fill(far, 2 * PAGE, 8);
	fill(lifetime, 6000, 9);
	CHECK(!quire_vpage_protect(&ground.vs, pages, 2, QUIRE_READ));
	CHECK(!quire_vspace_save(&ground.vs, &archive.archive));
	CHECK(ground_free_frames() == GROUND_FRAMES);
	CHECK_SOUND(quire_bare_check(&ground.port));
	CHECK(traps(MACHINE_READ, pages) && traps(MACHINE_READ, lifetime));
	others = !mmu->map(mmu, behind, 3, QUIRE_RW);
	CHECK(others);
	archive.data[9000] ^= 1;
	CHECK(quire_vspace_restore(&ground.vs, &archive.archive) == QUIRE_EINVAL);
	CHECK(ground_free_frames() == GROUND_FRAMES - 3);
	archive.data[9000] ^= 1;
	archive.read = 0;
	CHECK(!quire_vspace_restore(&ground.vs, &archive.archive));
	CHECK(is_filled(pages, 2 * PAGE, 7) && is_filled(far, 2 * PAGE, 8));
	CHECK(is_filled(lifetime, 6000, 9));
	CHECK(traps(MACHINE_WRITE, pages) && traps(MACHINE_WRITE, pages + PAGE));
	CHECK(!mmu->unmap(mmu, behind, 3));
	CHECK(!quire_vregion_put(vr) && !quire_vpage_free(&ground.vs, pages) &&
	      !quire_vpage_free(&ground.vs, far));
	CHECK_SOUND(ground_end());
}

const struct tap_case calls_cases[] = {
	TAP_CASE(pages_are_allocated_and_freed),
	TAP_CASE(pages_are_had_where_they_are_wanted),
	TAP_CASE(reservations_are_committed_in_parts),
	TAP_CASE(pages_grow_and_shrink_in_place),
	TAP_CASE(a_table_gives_blocks_and_maps_what_they_need),
	TAP_CASE(a_request_spans_blocks_where_that_is_allowed),
	TAP_CASE(an_elastic_heap_gives_any_size_at_any_alignment),
	TAP_CASE(a_range_takes_what_there_is),
	TAP_CASE(a_guarantee_holds_against_a_greedy_range),
	TAP_CASE(a_deep_buffer_wraps_and_grows),
	TAP_CASE(a_region_serves_all_its_areas),
	TAP_CASE(a_lazy_region_splits_when_it_is_sealed),
	TAP_CASE(a_saved_region_comes_back_at_its_addresses),
	TAP_CASE(a_saved_window_comes_back_in_other_frames),
};
const size_t calls_count = sizeof(calls_cases) / sizeof(calls_cases[0]);
