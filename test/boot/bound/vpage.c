/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpage: every call of a vspace. Up to MAPPED pages are allocated, more are reserved; by contract a
 * page of an allocation is a step.
 */
#include "play.h"
#include "space.h"

#define MAPPED 64u
#define SOME   8u

enum {
	ALLOC,
	ALLOC_AT,
	REQUEST,
	REQUEST_ALIGNED,
	RESERVE,
	WOULD_FIT,
	COMMIT,
	DECOMMIT,
	PROTECT,
	RESIZE,
	FREE,
	FREE_RESERVED,
	FREE_REFUSED,
	SIZE,
	OWNER,
	IS_MAPPED,
	SET_ASIDE,
	STATS,
	INIT,
	ADMIT,
	CHANGE,
	DISMISS,
	SET_MOVER,
	EVACUATE,
	TRIM,
	FINI,
	ROWS
};

#define PER_PAGE(name, instructions)                                                     \
	{                                                                                \
		.call = (name), .each = (instructions), .step = "page of the allocation" \
	}

#define OF_WINDOW(name, instructions, lets_go_)                                       \
	{                                                                             \
		.call = (name), .each = (instructions), .step = "page of the window", \
		.lets_go = (lets_go_)                                                 \
	}

static struct bound_row rows[ROWS] = {
	[ALLOC] = PER_PAGE("alloc", 135),
	[ALLOC_AT] = PER_PAGE("alloc_at", 135),
	[REQUEST] = PER_PAGE("request, a range", 135),
	[REQUEST_ALIGNED] = PER_PAGE("request, aligned and with a guard", 135),
	[RESERVE] = { .call = "reserve" },
	[WOULD_FIT] = { .call = "would_fit" },
	[COMMIT] = PER_PAGE("commit", 135),
	[DECOMMIT] = PER_PAGE("decommit", 81),
	[PROTECT] = PER_PAGE("protect", 97),
	[RESIZE] = PER_PAGE("resize", 135),
	[FREE] = PER_PAGE("free", 80),
	[FREE_RESERVED] = PER_PAGE("free, reserved", 26),
	[FREE_REFUSED] = { .call = "free, refused" },
	[SIZE] = { .call = "size" },
	[OWNER] = { .call = "owner" },
	[IS_MAPPED] = { .call = "is_mapped" },
	[SET_ASIDE] = { .call = "set_aside" },
	[STATS] = { .call = "stats" },
	[INIT] = { .call = "init", .each = 4, .step = "word of storage", .lets_go = true },
	[ADMIT] = { .call = "admit" },
	[CHANGE] = { .call = "change" },
	[DISMISS] = OF_WINDOW("dismiss", 17, false),
	[SET_MOVER] = { .call = "set_mover" },
	[EVACUATE] = OF_WINDOW("evacuate", 91, true),
	[TRIM] = OF_WINDOW("trim", 46, true),
	[FINI] = { .call = "fini" },
};

static struct quire_budget other;
static uint32_t probes; /* of this history */

#define SPACE POINTER(&space)

static void begin(uint32_t units)
{
	probes = 0;
	space_init_row = &rows[INIT];
	space_begin(units);
	space_init_row = NULL;
	if (quire_vspace_admit(&space, &other, units / 8, units / 2))
		__builtin_trap();
}

static uintptr_t address(uint32_t page)
{
	return SPACE_BASE + page * PAGE;
}

static uint32_t page_of(uintptr_t pointer)
{
	return pointer ? (uint32_t)((pointer - SPACE_BASE) / PAGE) : QUIRE_NOWHERE;
}

static void give_pages(uintptr_t pointer, size_t pages)
{
	COUNT_STEPS(&rows[FREE], (uint32_t)pages, quire_vpage_free, SPACE, pointer);
}

static uint32_t alloc(void *context, uint32_t count)
{
	(void)context;
	if (count <= MAPPED)
		return page_of(COUNT_STEPS(&rows[ALLOC], count, quire_vpage_alloc, SPACE, count,
					   QUIRE_RW));
	return page_of(COUNT(&rows[RESERVE], quire_vpage_reserve, SPACE, count));
}

static void give(void *context, uint32_t start)
{
	size_t pages = quire_vpage_size(&space, (void *)address(start));

	(void)context;
	if (pages <= MAPPED)
		give_pages(address(start), pages);
	else
		COUNT_STEPS(&rows[FREE_RESERVED], (uint32_t)pages, quire_vpage_free, SPACE,
			    address(start));
}

/* ---- requests ---------------------------------------------------------------------------------- */

static void probe_request(struct bound_row *row, struct quire_request request)
{
	struct quire_request asked = request;
	uint64_t taken;
	uintptr_t pointer;

	COUNT(&rows[WOULD_FIT], quire_vpage_would_fit, SPACE, POINTER(&asked));
	pointer = bound_call(&CALL(quire_vpage_request, SPACE, POINTER(&request), QUIRE_READ),
			     &taken);
	bound_add(row, (uint32_t)(request.granted / PAGE), taken);
	if (pointer)
		give_pages(pointer, request.granted / PAGE);
}

static void probe_requests(uint32_t count)
{
	size_t bytes = count * PAGE;
	size_t more = bytes + random_below(&bound_random, MAPPED) * PAGE;

	probe_request(&rows[REQUEST], (struct quire_request){ .size = more, .min = bytes });
	probe_request(&rows[REQUEST],
		      (struct quire_request){
			      .size = more, .min = 1, .step = 3 * PAGE, .budget = &other });
	probe_request(&rows[REQUEST_ALIGNED], (struct quire_request){ .size = bytes,
								      .align = 16 * PAGE,
								      .flags = QUIRE_GUARD });
}

static void probe_aligned(uint32_t count, uint32_t align)
{
	size_t bytes = count * PAGE;

	if (count > MAPPED)
		return;
	probe_request(&rows[REQUEST_ALIGNED], (struct quire_request){ .size = bytes,
								      .align = align * PAGE,
								      .flags = QUIRE_GUARD });
	for (uint32_t more = 0; more <= 4 * count; more += more ? more : 1)
		probe_request(&rows[REQUEST_ALIGNED],
			      (struct quire_request){ .size = bytes + more * PAGE,
						      .min = bytes,
						      .align = align * PAGE });
}

/* ---- one allocation ---------------------------------------------------------------------------- */

static void probe_parts(uintptr_t pointer, uint32_t count)
{
	uint32_t part = count / 2 + 1;

	COUNT_STEPS(&rows[COMMIT], count, quire_vpage_commit, SPACE, pointer, part, QUIRE_RW, 0);
	COUNT_STEPS(&rows[PROTECT], count, quire_vpage_protect, SPACE, pointer, part, QUIRE_READ);
	COUNT_STEPS(&rows[DECOMMIT], count, quire_vpage_decommit, SPACE, pointer, part);
	COUNT_STEPS(&rows[DECOMMIT], count, quire_vpage_decommit, SPACE, pointer, count);
	COUNT_STEPS(&rows[COMMIT], count, quire_vpage_commit, SPACE, pointer, count, QUIRE_RW,
		    POINTER(&other));
	COUNT_STEPS(&rows[PROTECT], count, quire_vpage_protect, SPACE, pointer, count, QUIRE_READ);
}

static void probe_resizes(uintptr_t pointer, uint32_t count)
{
	const uint32_t counts[] = { 2 * count, count / 2 + 1, count + 1, 1, count };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t before = quire_vpage_size(&space, (void *)pointer);
		size_t longer = counts[i] > before ? counts[i] : before;

		COUNT_STEPS(&rows[RESIZE], (uint32_t)longer, quire_vpage_resize, SPACE, pointer,
			    counts[i]);
	}
}

/* Every other page, or the others with another protection: what comes next meets as many runs of pages
 * as it can, and the driver is called for each. */
static void checker(uintptr_t pointer, uint32_t count, uint32_t step)
{
	for (uint32_t page = 0; page < count; page += step)
		quire_vpage_commit(&space, (void *)(pointer + page * PAGE), 1,
				   page % 2 ? QUIRE_READ : QUIRE_RW, NULL);
}

static void probe_checkers(uintptr_t pointer, uint32_t count)
{
	COUNT_STEPS(&rows[DECOMMIT], count, quire_vpage_decommit, SPACE, pointer, count);
	checker(pointer, count, 1);
	COUNT_STEPS(&rows[PROTECT], count, quire_vpage_protect, SPACE, pointer, count, QUIRE_READ);
	COUNT_STEPS(&rows[DECOMMIT], count, quire_vpage_decommit, SPACE, pointer, count);
	COUNT_STEPS(&rows[COMMIT], count, quire_vpage_commit, SPACE, pointer, count, QUIRE_RW, 0);
	COUNT_STEPS(&rows[DECOMMIT], count, quire_vpage_decommit, SPACE, pointer, count);
	checker(pointer, count, 2);
}

/* When it is freed, what was its is retained or not, page by page, for the next one. */
static void probe_reservation(uint32_t count)
{
	uintptr_t pointer = COUNT(&rows[RESERVE], quire_vpage_reserve, SPACE, count);

	if (!pointer)
		return;
	probe_parts(pointer, count);
	probe_resizes(pointer, count);
	if (probes == SOME || !random_below(&bound_random, 8))
		probe_checkers(pointer, count);
	give_pages(pointer, quire_vpage_size(&space, (void *)pointer));
	pointer = COUNT_STEPS(&rows[ALLOC], count, quire_vpage_alloc, SPACE, count, QUIRE_RW);
	if (pointer)
		give_pages(pointer, count);
}

/* ---- places ------------------------------------------------------------------------------------ */

static void probe_place(uint32_t page, uint32_t count)
{
	uintptr_t pointer = address(page);
	size_t pages;

	COUNT(&rows[IS_MAPPED], quire_vspace_is_mapped, SPACE, pointer);
	COUNT(&rows[SIZE], quire_vpage_size, SPACE, pointer);
	if (COUNT(&rows[OWNER], quire_vpage_owner, SPACE, pointer, POINTER(&pages)) != pointer)
		COUNT(&rows[FREE_REFUSED], quire_vpage_free, SPACE, pointer);
	if (COUNT_STEPS(&rows[ALLOC_AT], count, quire_vpage_alloc_at, SPACE, pointer, count,
			QUIRE_RW))
		give_pages(pointer, count);
}

static void look(uint32_t page)
{
	probe_place(page, 1);
}

static void probe_aside(uint32_t count)
{
	COUNT(&rows[SET_ASIDE], quire_vpage_set_aside, SPACE, POINTER(&other), count);
	COUNT(&rows[SET_ASIDE], quire_vpage_set_aside, SPACE, POINTER(&other), 0);
}

/* ---- budgets and banks ------------------------------------------------------------------------- */

static void probe_budget(void)
{
	static struct quire_budget guest;

	guest.admitted = false;
	COUNT(&rows[ADMIT], quire_vspace_admit, SPACE, POINTER(&guest), 0, space.pages);
	COUNT(&rows[CHANGE], quire_vspace_change, SPACE, POINTER(&guest), 1, space.pages);
	COUNT_STEPS(&rows[DISMISS], space.pages, quire_vspace_dismiss, SPACE, POINTER(&guest));
}

static int32_t quiesce(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
	return QUIRE_OK;
}

static void resume(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover, (void)budget;
}

/* The first bank is emptied, with all that is mapped there. */
static void probe_banks(void)
{
	static struct quire_mover mover = { quiesce, resume };
	size_t moved;

	space_in_use = 0;
	for (uint32_t page = 0; page < SPACE_BANK; page++)
		space_in_use += quire_vspace_is_mapped(&space, (void *)address(page));
	COUNT(&rows[SET_MOVER], quire_vspace_set_mover, SPACE, 0, POINTER(&mover));
	COUNT(&rows[SET_MOVER], quire_vspace_set_mover, SPACE, POINTER(&other), POINTER(&mover));
	COUNT_STEPS(&rows[EVACUATE], space.pages, quire_vspace_evacuate, SPACE, SPACE_BANK,
		    POINTER(&moved));
}

/* What goes through the window. */
static void probe_window(void)
{
	probe_budget();
	probe_banks();
}

/* Once for each size of window, all of it: every page is held, and the first bank is emptied; then every
 * fourth page is retained, which is as many runs as there can be. */
static void probe_whole(void)
{
	static uint32_t done;

	if (done == space.pages)
		return;
	done = space.pages;
	quire_vpage_alloc(&space, space.pages, QUIRE_RW);
	probe_banks();
	quire_vpage_free(&space, (void *)address(0));
	quire_vspace_trim(&space);
	for (uint32_t page = 3; page < space.pages; page += 4) {
		quire_vpage_alloc_at(&space, (void *)address(page), 1, QUIRE_RW);
		quire_vpage_free(&space, (void *)address(page));
	}
}

static const char *end(void)
{
	const char *broken = quire_vspace_check(&space);

	if (broken)
		return broken;
	if (quire_vspace_dismiss(&space, &other))
		return "the budget is still in use";
	probe_whole();
	COUNT_STEPS(&rows[TRIM], space.pages, quire_vspace_trim, SPACE);
	return COUNT(&rows[FINI], quire_vspace_fini, SPACE) ? "something is still allocated" : NULL;
}

static void probe(uint32_t count)
{
	uint32_t page = random_below(&bound_random, space.pages);
	struct quire_vspace_stats stats;

	COUNT(&rows[STATS], quire_vspace_stats, SPACE, POINTER(&stats));
	probe_aside(count);
	if (++probes == SOME || !random_below(&bound_random, 1 + space.pages / 128))
		probe_window();
	if (count > MAPPED)
		count = MAPPED;
	probe_requests(count);
	probe_reservation(probes == SOME ? MAPPED : count);
	probe_place(page, count);
	probe_place(page, 1);
}

const struct bound_layer bound_vpage = {
	.name = "vpage",
	.rows = rows,
	.row_count = ROWS,
	.most = 600,
	.asked = 1u << 16,
	.crowds = true,
	.begin = begin,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.look = look,
	.aligned = probe_aligned,
	.end = end,
};
