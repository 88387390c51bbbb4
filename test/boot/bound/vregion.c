/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vregion: every call of a region but save and restore, which copy pages. Each history begins with the life
 * of a region up to its seal, in areas of one page up to a quarter of the window; then it plays in the
 * interim area, whose cache lines are the units of the window.
 */
#include "play.h"
#include "space.h"

#include "quire/vregion.h"

#define LINE 64u

enum {
	CREATE,
	ALLOC_LIFETIME,
	RESIZE_LIFETIME,
	FREE_LIFETIME,
	PROTECT,
	SEAL,
	ALLOC,
	ALLOC_COHERENT,
	REQUEST,
	WOULD_FIT,
	RESIZE,
	FREE,
	FREE_REFUSED,
	USABLE_SIZE,
	CONTAINS,
	INFO,
	GET,
	PUT,
	PUT_LAST,
	RESET_INTERIM,
	ROWS
};

#define STEPS(name, instructions, step_)                                \
	{                                                               \
		.call = (name), .each = (instructions), .step = (step_) \
	}
#define PER_PAGE(name, instructions) STEPS(name, instructions, "page of the allocation")

static struct bound_row rows[ROWS] = {
	[CREATE] = { .call = "create", .each = 4, .step = "word of storage", .lets_go = true },
	[ALLOC_LIFETIME] = PER_PAGE("alloc, lifetime", 140),
	[RESIZE_LIFETIME] = { .call = "resize, lifetime" },
	[FREE_LIFETIME] = { .call = "free, lifetime" },
	[PROTECT] = STEPS("protect", 32, "page of the area"),
	[SEAL] = { .call = "seal" },
	[ALLOC] = PER_PAGE("alloc", 140),
	[ALLOC_COHERENT] = PER_PAGE("alloc_coherent", 140),
	[REQUEST] = PER_PAGE("request", 140),
	[WOULD_FIT] = PER_PAGE("would_fit", 16),
	[RESIZE] = PER_PAGE("resize", 140),
	[FREE] = PER_PAGE("free", 140),
	[FREE_REFUSED] = { .call = "free, refused" },
	[USABLE_SIZE] = { .call = "usable_size" },
	[CONTAINS] = { .call = "contains" },
	[INFO] = { .call = "info" },
	[GET] = { .call = "get" },
	[PUT] = { .call = "put, not the last" },
	[PUT_LAST] = STEPS("put, the last", 57, "page that is there"),
	[RESET_INTERIM] = { .call = "reset_interim",
			    .each = 1332,
			    .step = "allocation",
			    .lets_go = true },
};

static struct quire_vregion *region;
static uint32_t lifetime_pages, interim_pages;

#define REGION POINTER(region)

static uint32_t pages_at(uintptr_t pointer, size_t bytes)
{
	return (uint32_t)((pointer % PAGE + bytes + PAGE - 1) / PAGE);
}

/* ---- the areas that only grow ------------------------------------------------------------------ */

static uintptr_t take_lifetime(uint32_t bytes, size_t align)
{
	return COUNT_STEPS(&rows[ALLOC_LIFETIME], pages_at(0, bytes) + 1, quire_vregion_alloc,
			   REGION, QUIRE_LIFETIME, bytes, align);
}

/* Until there is no room: allocations of up to two pages, the newest of which is resized, or freed and taken
 * again. */
static void fill_lifetime(void)
{
	uint32_t bytes;
	uintptr_t pointer;
	size_t granted;

	for (;;) {
		bytes = random_log(&bound_random, 4, 13);
		pointer = take_lifetime(bytes, random_below(&bound_random, 2) * 256);
		if (!pointer)
			return;
		COUNT(&rows[RESIZE_LIFETIME], quire_vregion_resize, REGION, pointer, bytes / 2 + 1,
		      2 * bytes, POINTER(&granted));
		if (random_below(&bound_random, 2)) {
			COUNT(&rows[FREE_LIFETIME], quire_vregion_free, REGION, pointer);
			take_lifetime(bytes, 0);
		}
	}
}

static void begin(uint32_t units)
{
	struct quire_vregion_config config = { .interim = (size_t)units * LINE };
	int32_t why;

	interim_pages = pages_at(0, config.interim);
	lifetime_pages = interim_pages < 64 ? interim_pages : 64;
	config.lifetime = lifetime_pages * PAGE;
	config.storage_bytes = QUIRE_VREGION_STORAGE(config.interim, LINE);
	space_begin(interim_pages + lifetime_pages);
	config.storage = bound_storage(config.storage_bytes);
	region = (struct quire_vregion *)COUNT_STEPS(
		&rows[CREATE],
		(uint32_t)(quire_extents_storage(units, QUIRE_COMPACT) / sizeof(quire_word)),
		quire_vregion_create, POINTER(&space), POINTER(&config), POINTER(&why));
	if (!region)
		__builtin_trap();
	fill_lifetime();
	COUNT_STEPS(&rows[PROTECT], lifetime_pages, quire_vregion_protect, REGION, QUIRE_LIFETIME,
		    QUIRE_READ);
	COUNT(&rows[SEAL], quire_vregion_seal, REGION);
}

/* As many allocations as there are pages, a line of each, are forgotten at once. */
static void forget_all(void)
{
	uint32_t count = 0;

	while (count < interim_pages && quire_vregion_alloc(region, QUIRE_INTERIM, PAGE - LINE, 0))
		count++;
	COUNT_STEPS(&rows[RESET_INTERIM], count, quire_vregion_reset_interim, REGION);
}

static const char *end(void)
{
	const char *broken = quire_vregion_check(region);

	if (broken)
		return broken;
	forget_all();
	if (COUNT_STEPS(&rows[PUT_LAST], lifetime_pages, quire_vregion_put, REGION))
		return "the region does not end";
	return space_end();
}

/* ---- the interim area -------------------------------------------------------------------------- */

static uint32_t pages_held(uintptr_t pointer)
{
	return pages_at(pointer, quire_vregion_usable_size(region, (void *)pointer));
}

static uintptr_t take(struct bound_row *row, size_t bytes, const struct step_call *call)
{
	uint64_t taken;
	uintptr_t pointer = bound_call(call, &taken);

	bound_add(row, pointer ? pages_held(pointer) : pages_at(0, bytes) + 1, taken);
	return pointer;
}

static void give_back(uintptr_t pointer)
{
	if (pointer)
		COUNT_STEPS(&rows[FREE], pages_held(pointer), quire_vregion_free, REGION, pointer);
}

static uint32_t alloc(void *context, uint32_t count)
{
	size_t bytes = (size_t)count * LINE;
	uintptr_t pointer = take(&rows[ALLOC], bytes,
				 &CALL(quire_vregion_alloc, REGION, QUIRE_INTERIM, bytes, 0));

	(void)context;
	return pointer ? (uint32_t)((pointer - region->interim.base) / LINE) : HISTORY_REFUSED;
}

static uintptr_t address(uint32_t line)
{
	return region->interim.base + (uintptr_t)line * LINE;
}

static void give(void *context, uint32_t line)
{
	(void)context;
	give_back(address(line));
}

static void probe_request(struct quire_request request)
{
	struct quire_request asked = request;
	uint64_t taken;

	bound_call(&CALL(quire_vregion_would_fit, REGION, QUIRE_INTERIM, POINTER(&asked)), &taken);
	bound_add(&rows[WOULD_FIT], pages_at(0, request.size) + 1, taken);
	give_back(take(&rows[REQUEST], request.size,
		       &CALL(quire_vregion_request, REGION, QUIRE_INTERIM, POINTER(&request))));
}

static void probe_requests(size_t bytes)
{
	size_t more = bytes + random_below(&bound_random, 4 * (uint32_t)bytes);

	probe_request(
		(struct quire_request){ .size = more, .min = bytes, .step = 96, .align = 128 });
	give_back(take(&rows[ALLOC_COHERENT], bytes,
		       &CALL(quire_vregion_alloc_coherent, REGION, QUIRE_INTERIM, bytes, LINE)));
}

static void probe_aligned(uint32_t count, uint32_t align)
{
	size_t bytes = (size_t)count * LINE;

	for (uint32_t more = 0; more <= 4 * count; more += more ? more : 1)
		probe_request((struct quire_request){
			.size = bytes + more * LINE, .min = bytes, .align = align * (size_t)LINE });
	give_back(take(&rows[ALLOC_COHERENT], bytes,
		       &CALL(quire_vregion_alloc_coherent, REGION, QUIRE_INTERIM, bytes,
			     align * (size_t)LINE)));
}

static void resize(uintptr_t pointer, size_t min, size_t preferred)
{
	uint32_t before = pages_held(pointer), after;
	uint64_t taken;
	size_t granted;

	bound_call(&CALL(quire_vregion_resize, REGION, pointer, min, preferred, POINTER(&granted)),
		   &taken);
	after = pages_held(pointer);
	bound_add(&rows[RESIZE], before > after ? before : after, taken);
}

static void probe_allocation(size_t bytes)
{
	uintptr_t pointer = take(&rows[ALLOC], bytes,
				 &CALL(quire_vregion_alloc, REGION, QUIRE_INTERIM, bytes, 0));

	if (!pointer)
		return;
	resize(pointer, bytes, interim_pages * PAGE);
	resize(pointer, bytes, bytes);
	resize(pointer, 1, 1);
	resize(pointer, bytes, 2 * bytes);
	give_back(pointer);
}

static void probe_place(uintptr_t pointer)
{
	struct quire_vregion_info info;

	COUNT(&rows[CONTAINS], quire_vregion_contains, REGION, pointer);
	if (!COUNT(&rows[USABLE_SIZE], quire_vregion_usable_size, REGION, pointer))
		COUNT(&rows[FREE_REFUSED], quire_vregion_free, REGION, pointer);
	COUNT(&rows[INFO], quire_vregion_info, REGION, POINTER(&info));
	COUNT(&rows[GET], quire_vregion_get, REGION);
	COUNT(&rows[PUT], quire_vregion_put, REGION);
}

static void look(uint32_t line)
{
	probe_place(address(line));
}

static void probe(uint32_t count)
{
	size_t bytes = (size_t)count * LINE;

	probe_requests(bytes);
	probe_allocation(bytes);
	probe_place(address(random_below(&bound_random, interim_pages * (uint32_t)(PAGE / LINE))));
}

const struct bound_layer bound_vregion = {
	.name = "vregion",
	.rows = rows,
	.row_count = ROWS,
	.most = 500,
	.asked = 1u << 21,
	.crowds = true,
	.begin = begin,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.look = look,
	.aligned = probe_aligned,
	.end = end,
};
