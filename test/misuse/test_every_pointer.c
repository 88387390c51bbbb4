/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Misuse is answered, never obeyed: what test_misuse.c does for heaps, for pages and regions. On a rig
 * of everything (support/rig.h) every byte address in and around the window, by both aliases, is given
 * to every call of vpage that takes a pointer, and to those of a region. A plain list of what was
 * allocated says the status and the nearest owner of each; not a byte of any record changes. The same
 * for an allocation whose unmap has failed, and for sizes that reach beyond the end of anything.
 */
#include <string.h>

#include "support/rig.h"

#define AROUND 520u /* bytes on either side: two pages and a bit */
#define RUNS   24u

/* A live run of addresses, as its maker knows it. */
struct run {
	unsigned char *base;
	size_t pages; /* that may be named: the guard not counted */
	size_t guard;
	bool object;    /* of a heap or region */
	uint32_t there; /* bit per page: committed */
	bool condemned; /* an unmap has failed */
};

struct stage {
	struct rig *rig;
	struct run run[RUNS];
	size_t runs;
};

/* ---- what there is --------------------------------------------------------------------------- */

static void add(struct stage *stage, void *base, size_t pages, size_t guard, bool object,
		uint32_t there)
{
	assert_true(stage->runs < RUNS);
	if (base)
		stage->run[stage->runs++] = (struct run){ .base = base,
							  .pages = pages,
							  .guard = guard,
							  .object = object,
							  .there = there };
}

static void add_heap(struct stage *stage, const struct quire_vmh *heap)
{
	size_t page = stage->rig->page;

	add(stage, (void *)heap->base, (heap->window + page - 1) / page, 0, true, ~0u); // NOLINT
}

static void add_region(struct stage *stage, struct quire_vregion *vr)
{
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	add(stage, info.base, info.size / stage->rig->page, 0, true, ~0u);
}

static void open_stage(struct stage *stage, enum rig_state state, bool on_linux)
{
	struct rig *rig = rig_open(state, on_linux);

	memset(stage, 0, sizeof(*stage));
	stage->rig = rig;
	add(stage, rig->piece[RIG_PLAIN].ptr, 5, 0, false, 0x1f);
	add(stage, rig->piece[RIG_GUARDED].ptr, 3, 1, false, 0x7);
	add(stage, rig->piece[RIG_MIXED].ptr, 6, 0, false, 0x3f);
	add(stage, rig->piece[RIG_PATCH].ptr, 9, 0, false, 0xdb);
	add(stage, rig->piece[RIG_USER].ptr, 2, 0, false, 0x3);
	add_heap(stage, &rig->table);
	add_heap(stage, &rig->spanning);
	add_heap(stage, &rig->elastic);
	add_heap(stage, &rig->brief);
	add_region(stage, rig->vr);
	add_region(stage, rig->lazy);
	add_region(stage, rig->asleep);
}

/* ---- what a pointer is ----------------------------------------------------------------------- */

/* By its cached alias; NULL: outside of the vspace. */
static unsigned char *inside(const struct stage *stage, unsigned char *ptr)
{
	unsigned char *window = (unsigned char *)stage->rig->vs.base; // NOLINT
	size_t bytes = stage->rig->vs.pages * stage->rig->page;

	if ((uintptr_t)ptr - (uintptr_t)window >= bytes)
		ptr = quire_cached(stage->rig->mmu, ptr);
	return (uintptr_t)ptr - (uintptr_t)window < bytes ? ptr : NULL;
}

/* The run that holds it, its guard included, or the last one below it; NULL: none. */
static const struct run *nearest(const struct stage *stage, const unsigned char *ptr)
{
	const struct run *best = NULL;

	for (size_t i = 0; ptr && i < stage->runs; i++)
		if (stage->run[i].base <= ptr && (!best || stage->run[i].base > best->base))
			best = &stage->run[i];
	return best;
}

static const struct run *holder(const struct stage *stage, const unsigned char *ptr)
{
	const struct run *run = nearest(stage, ptr);
	size_t page = stage->rig->page;

	return run && ptr < run->base + (run->pages + run->guard) * page ? run : NULL;
}

/* ---- the calls and what they must answer ----------------------------------------------------- */

static int32_t expect_whole(const struct stage *stage, unsigned char *ptr)
{
	const struct run *run = holder(stage, ptr);

	if (!ptr || (run && run->object))
		return QUIRE_EFOREIGN;
	return run && run->base == ptr ? QUIRE_OK : QUIRE_EFREE;
}

/* A resize of what only a free is left for is refused. */
static int32_t expect_resize(const struct stage *stage, unsigned char *ptr)
{
	int32_t status = expect_whole(stage, ptr);

	return !status && holder(stage, ptr)->condemned ? QUIRE_EFREE : status;
}

/* One page from there on. *page: its number in its run. */
static int32_t expect_part(const struct stage *stage, unsigned char *ptr, size_t *page)
{
	const struct run *run = holder(stage, ptr);

	if (!ptr)
		return QUIRE_EFOREIGN;
	if ((uintptr_t)ptr % stage->rig->page)
		return QUIRE_EINVAL;
	if (!run)
		return QUIRE_EFREE;
	*page = (size_t)(ptr - run->base) / stage->rig->page;
	if (run->object)
		return QUIRE_EFOREIGN;
	return *page >= run->pages || run->condemned ? QUIRE_EFREE : QUIRE_OK;
}

static bool is_there(const struct stage *stage, unsigned char *ptr, size_t page)
{
	return holder(stage, ptr)->there >> page & 1;
}

static int32_t expect_protect(const struct stage *stage, unsigned char *ptr)
{
	size_t page = 0;
	int32_t status = expect_part(stage, ptr, &page);

	return !status && !is_there(stage, ptr, page) ? QUIRE_EFREE : status;
}

static int32_t expect_commit(const struct stage *stage, unsigned char *ptr)
{
	size_t page = 0;
	int32_t status = expect_part(stage, ptr, &page);

	return !status && is_there(stage, ptr, page) ? QUIRE_EBUSY : status;
}

static int32_t expect_decommit(const struct stage *stage, unsigned char *ptr)
{
	size_t page = 0;

	return expect_part(stage, ptr, &page);
}

static int32_t try_free(struct rig *rig, void *ptr)
{
	return quire_vpage_free(&rig->vs, ptr);
}

static int32_t try_resize(struct rig *rig, void *ptr)
{
	return quire_vpage_resize(&rig->vs, ptr, 7);
}

static int32_t try_protect(struct rig *rig, void *ptr)
{
	return quire_vpage_protect(&rig->vs, ptr, 1, QUIRE_READ);
}

static int32_t try_commit(struct rig *rig, void *ptr)
{
	return quire_vpage_commit(&rig->vs, ptr, 1, QUIRE_RW, NULL);
}

static int32_t try_decommit(struct rig *rig, void *ptr)
{
	return quire_vpage_decommit(&rig->vs, ptr, 1);
}

struct call {
	const char *name;
	int32_t (*act)(struct rig *rig, void *ptr);
	int32_t (*expect)(const struct stage *stage, unsigned char *ptr);
};

static const struct call calls[] = {
	{ "free", try_free, expect_whole },
	{ "resize", try_resize, expect_resize },
	{ "protect", try_protect, expect_protect },
	{ "commit", try_commit, expect_commit },
	{ "decommit", try_decommit, expect_decommit },
};

/* ---- every pointer --------------------------------------------------------------------------- */

static void check_event(const struct stage *stage, const unsigned char *ptr, int32_t why)
{
	bool misuse = why == QUIRE_EFOREIGN || why == QUIRE_EFREE;
	uint32_t kind = misuse ? QUIRE_EVENT_MISUSE : QUIRE_EVENT_FAIL;
	struct quire_event event = test_observer_last(&stage->rig->observer, kind);
	const struct run *run = nearest(stage, inside(stage, (unsigned char *)(uintptr_t)ptr));

	assert_int_equal(stage->rig->observer.told, 1);
	assert_status(event.why, why);
	assert_ptr_equal(event.ptr, ptr);
	assert_ptr_equal(event.object, &stage->rig->vs);
	if (!misuse)
		return;
	assert_ptr_equal(event.owner, run ? run->base : NULL);
	assert_int_equal(event.owner_size, run ? (run->pages + run->guard) * stage->rig->page : 0);
}

/* @return whether it was one to be refused */
static bool try_pointer(struct stage *stage, const struct call *call, unsigned char *ptr)
{
	int32_t expected = call->expect(stage, inside(stage, ptr)), status;

	if (!expected)
		return false;
	test_observer_clear(&stage->rig->observer);
	status = call->act(stage->rig, ptr);
	if (status != expected)
		print_error("%s of %p, page %td\n", call->name, (void *)ptr,
			    (ptr - stage->rig->window) / (ptrdiff_t)stage->rig->page);
	assert_status(status, expected);
	check_event(stage, ptr, expected);
	return true;
}

static size_t try_window(struct stage *stage, const struct call *call, unsigned char *base)
{
	size_t bytes = stage->rig->vs.pages * stage->rig->page, tried = 0;

	for (size_t i = 0; i < AROUND + bytes + AROUND; i++)
		tried += try_pointer(stage, call, base - AROUND + i);
	return tried;
}

static void try_everywhere(struct stage *stage)
{
	struct rig *rig = stage->rig;
	unsigned char *alias = quire_uncached(rig->mmu, rig->window);

	for (size_t i = 0; i < TEST_COUNT(calls); i++) {
		struct rig_picture before = rig_picture_records(rig, 0), now;
		size_t tried = try_window(stage, &calls[i], rig->window);

		if (alias != rig->window)
			tried += try_window(stage, &calls[i], alias);
		tried += try_pointer(stage, &calls[i], NULL);
		tried += try_pointer(stage, &calls[i], (unsigned char *)UINTPTR_MAX); // NOLINT
		tried += try_pointer(stage, &calls[i], (unsigned char *)&stage);
		assert_true(tried > rig->vs.pages * (rig->page - 1));
		now = rig_picture_records(rig, 0);
		assert_true(rig_picture_difference(&before, &now) == SIZE_MAX);
		rig_picture_free(&before);
		rig_picture_free(&now);
	}
	rig_check(rig);
	rig_check_contents(rig, 0);
}

static void every_wrong_pointer_to_pages_is_answered(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, RIG_FRESH, false);
	try_everywhere(&stage);
	rig_close(stage.rig);
	open_stage(&stage, RIG_RETAINED, false);
	try_everywhere(&stage);
	rig_close(stage.rig);
}

static void either_alias_of_every_wrong_pointer_is_answered(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, RIG_CACHED, false);
	try_everywhere(&stage);
	rig_close(stage.rig);
}

/* Its start may be freed, and that is all. */
static void of_pages_that_could_not_be_unmapped_only_the_start_can_be_freed(void **state)
{
	struct rig_faults for_ever = { .from = 1, .pattern = RIG_FOR_EVER, .part = TEST_NOTHING };
	struct stage stage;

	(void)state;
	open_stage(&stage, RIG_FRESH, false);
	rig_arm(stage.rig, &for_ever);
	assert_status(quire_vpage_free(&stage.rig->vs, stage.run[0].base), QUIRE_EDRIVER);
	rig_heal(stage.rig);
	stage.run[0].condemned = true;
	try_everywhere(&stage);
	assert_ok(quire_vpage_free(&stage.rig->vs, stage.run[0].base));
	rig_close(stage.rig);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void check_answers(const struct stage *stage, unsigned char *ptr)
{
	struct quire_vspace *vs = &stage->rig->vs;
	unsigned char *at = inside(stage, ptr);
	const struct run *run = holder(stage, at);
	bool start = run && !run->object && run->base == at;
	size_t pages = 1;

	assert_int_equal(quire_vpage_size(vs, ptr), start ? run->pages : 0);
	assert_ptr_equal(quire_vpage_owner(vs, ptr, &pages), run ? run->base : NULL);
	assert_int_equal(pages, run ? run->pages : 0);
}

static void what_is_asked_about_any_pointer_is_answered_rightly(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, RIG_CACHED, false);
	for (size_t i = 0; i < AROUND + stage.rig->vs.pages * stage.rig->page + AROUND; i++) {
		unsigned char *ptr = stage.rig->window - AROUND + i;

		check_answers(&stage, ptr);
		check_answers(&stage,
			      (unsigned char *)quire_uncached(stage.rig->mmu, stage.rig->window) -
				      AROUND + i);
	}
	rig_close(stage.rig);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void sizes_beyond_the_end_are_refused_at_every_page(void **state)
{
	static const size_t huge[] = { SIZE_MAX,           SIZE_MAX / 2, SIZE_MAX / 256,
				       SIZE_MAX / 256 + 1, UINT32_MAX,   (size_t)1 << 31 };
	struct stage stage;
	struct quire_vspace *vs;
	struct rig_picture before, now;

	(void)state;
	open_stage(&stage, RIG_FRESH, false);
	vs = &stage.rig->vs;
	before = rig_picture_records(stage.rig, 0);
	for (size_t i = 0; i < stage.runs; i++) {
		const struct run *run = &stage.run[i];

		for (size_t page = 0; !run->object && page < run->pages; page++) {
			unsigned char *ptr = run->base + page * stage.rig->page;
			size_t beyond = run->pages - page + 1;

			assert_status(quire_vpage_decommit(vs, ptr, 0), QUIRE_EINVAL);
			assert_status(quire_vpage_decommit(vs, ptr, beyond), QUIRE_EFREE);
			assert_status(quire_vpage_protect(vs, ptr, beyond, QUIRE_RW), QUIRE_EFREE);
			assert_status(quire_vpage_commit(vs, ptr, beyond, QUIRE_RW, NULL),
				      QUIRE_EFREE);
			for (size_t k = 0; k < TEST_COUNT(huge); k++) {
				assert_status(quire_vpage_decommit(vs, ptr, huge[k]), QUIRE_EFREE);
				assert_status(quire_vpage_protect(vs, ptr, huge[k], QUIRE_RW),
					      QUIRE_EFREE);
				assert_status(quire_vpage_commit(vs, ptr, huge[k], QUIRE_RW, NULL),
					      QUIRE_EFREE);
				assert_status(quire_vpage_resize(vs, ptr, huge[k]),
					      page ? QUIRE_EFREE : QUIRE_ENOVIRT);
			}
		}
	}
	now = rig_picture_records(stage.rig, 0);
	assert_true(rig_picture_difference(&before, &now) == SIZE_MAX);
	rig_picture_free(&before);
	rig_picture_free(&now);
	rig_close(stage.rig);
}

/* ---- regions --------------------------------------------------------------------------------- */

/* A region's own answers: its window, what is handed out of its areas, and interim allocations. */
static int32_t expect_in_region(const struct stage *stage, unsigned char *ptr, bool resize)
{
	struct rig *rig = stage->rig;
	struct quire_vregion_info info;
	unsigned char *newest[] = { rig->piece[RIG_LIFE].ptr, rig->piece[RIG_SHARED].ptr,
				    rig->piece[RIG_CODE].ptr };

	quire_vregion_info(rig->vr, &info);
	if (!ptr || !quire_vregion_contains(rig->vr, ptr))
		return QUIRE_EFOREIGN;
	if (ptr == rig->piece[RIG_SCRATCH].ptr || ptr == rig->piece[RIG_NEXT_SCRATCH].ptr ||
	    ptr == rig->deep.base)
		return QUIRE_OK;
	for (size_t i = 0; resize && i < TEST_COUNT(newest); i++)
		if (ptr == newest[i])
			return QUIRE_OK;
	for (size_t area = 0; !resize && area < QUIRE_INTERIM; area++)
		if ((size_t)(ptr - (unsigned char *)info.area[area].base) < info.area[area].used)
			return QUIRE_OK;
	return QUIRE_EFREE;
}

static void try_region(struct stage *stage, unsigned char *ptr, bool resize)
{
	struct rig *rig = stage->rig;
	int32_t expected = expect_in_region(stage, inside(stage, ptr), resize), status;
	struct quire_event event;
	size_t granted = 1;

	if (!expected)
		return;
	test_observer_clear(&rig->observer);
	status = resize ? quire_vregion_resize(rig->vr, ptr, 10, 20, &granted)
			: quire_vregion_free(rig->vr, ptr);
	event = test_observer_last(&rig->observer, QUIRE_EVENT_MISUSE);
	assert_status(status, expected);
	assert_status(event.why, expected);
	assert_ptr_equal(event.ptr, ptr);
	assert_true(!resize || granted == 0);
	assert_int_equal(rig->observer.told, 1);
	assert_int_equal(quire_vregion_usable_size(rig->vr, ptr), 0);
	if (inside(stage, ptr) && quire_vregion_contains(rig->vr, ptr))
		assert_non_null(event.owner);
}

static void every_wrong_pointer_to_a_region_is_answered(void **state)
{
	struct rig_picture before, now;
	struct stage stage;

	(void)state;
	open_stage(&stage, RIG_CACHED, false);
	before = rig_picture_records(stage.rig, 0);
	for (size_t i = 0; i < AROUND + stage.rig->vs.pages * stage.rig->page + AROUND; i++) {
		unsigned char *ptr = stage.rig->window - AROUND + i;
		unsigned char *alias = quire_uncached(stage.rig->mmu, stage.rig->window);

		for (int resize = 0; resize < 2; resize++) {
			try_region(&stage, ptr, resize);
			try_region(&stage, alias - AROUND + i, resize);
		}
	}
	try_region(&stage, NULL, false);
	try_region(&stage, NULL, true);
	now = rig_picture_records(stage.rig, 0);
	assert_true(rig_picture_difference(&before, &now) == SIZE_MAX);
	rig_picture_free(&before);
	rig_picture_free(&now);
	rig_check_contents(stage.rig, 0);
	rig_close(stage.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_pointer_to_pages_is_answered),
		cmocka_unit_test(either_alias_of_every_wrong_pointer_is_answered),
		cmocka_unit_test(of_pages_that_could_not_be_unmapped_only_the_start_can_be_freed),
		cmocka_unit_test(what_is_asked_about_any_pointer_is_answered_rightly),
		cmocka_unit_test(sizes_beyond_the_end_are_refused_at_every_page),
		cmocka_unit_test(every_wrong_pointer_to_a_region_is_answered),
	};

	return cmocka_run_group_tests_name("every pointer", tests, NULL, NULL);
}
