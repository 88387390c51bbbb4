/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmh: every call of a heap: elastic in cache lines; a bundle that requests may span; a table of bundles.
 * A page of an allocation is a step by contract, also of one that is refused.
 */
#include "play.h"
#include "space.h"

#include "quire/vmh.h"

#define LINE 64u

enum {
	ALLOC,
	ALLOC_RANGE,

	/* Where an alignment may have to be searched for, */
	ALIGNED_ALLOC,
	REQUEST,
	REQUEST_OWN,
	WOULD_FIT,
	/* and the same among single blocks. */
	ALIGNED_SINGLE,
	REQUEST_SINGLE,
	REQUEST_OWN_SINGLE,
	WOULD_FIT_SINGLE,

	ALLOC_AT,
	RESIZE,
	RESIZE_RANGE,
	FREE,
	FREE_REFUSED,
	USABLE_SIZE,
	SET_ASIDE,
	CONTAINS,
	NEXT,
	STATS,
	BUNDLE_STATS,
	INIT,
	FINI,
	ROWS
};

#define PER_PAGE(name, instructions)                                                     \
	{                                                                                \
		.call = (name), .each = (instructions), .step = "page of the allocation" \
	}

#define PER_WORD(name, instructions)                                               \
	{                                                                          \
		.call = (name), .each = (instructions), .step = "64 single blocks" \
	}

static struct bound_row rows[ROWS] = {
	[ALLOC] = PER_PAGE("alloc", 140),
	[ALIGNED_ALLOC] = PER_PAGE("aligned_alloc", 140),
	[ALLOC_RANGE] = PER_PAGE("alloc_range", 140),
	[REQUEST] = PER_PAGE("request, in steps", 140),
	[REQUEST_OWN] = PER_PAGE("request, of whole pages", 140),
	[ALIGNED_SINGLE] = PER_WORD("aligned_alloc", 6),
	[REQUEST_SINGLE] = PER_WORD("request, in steps", 6),
	[REQUEST_OWN_SINGLE] = PER_WORD("request, of whole pages", 6),
	[WOULD_FIT_SINGLE] = PER_WORD("would_fit", 6),
	[ALLOC_AT] = PER_PAGE("alloc_at", 140),
	[WOULD_FIT] = PER_PAGE("would_fit", 16),
	[RESIZE] = PER_PAGE("resize", 140),
	[RESIZE_RANGE] = PER_PAGE("resize_range", 140),
	[FREE] = PER_PAGE("free", 140),
	[FREE_REFUSED] = PER_WORD("free, refused", 6),
	[USABLE_SIZE] = { .call = "usable_size" },
	[SET_ASIDE] = { .call = "set_aside" },
	[CONTAINS] = { .call = "contains" },
	[NEXT] = { .call = "next" },
	[STATS] = { .call = "stats" },
	[BUNDLE_STATS] = { .call = "bundle_stats" },
	[INIT] = { .call = "init", .each = 4, .step = "word of storage", .lets_go = true },
	[FINI] = { .call = "fini" },
};

static struct quire_vmh heap;
static struct quire_budget other;
static size_t block; /* bytes that a history calls a unit */
static size_t most;  /* bytes that can be asked for */

#define HEAP POINTER(&heap)

static void begin(struct quire_vmh_config *config, uint32_t pages)
{
	space_begin(pages);
	config->storage_bytes = quire_vmh_storage_needed(space.mmu, config);
	config->storage = bound_storage(config->storage_bytes);
	if (COUNT_STEPS(&rows[INIT], (uint32_t)(config->storage_bytes / sizeof(uintptr_t)),
			quire_vmh_init, HEAP, POINTER(&space), POINTER(config)) ||
	    quire_vspace_admit(&space, &other, pages / 8, QUIRE_NO_LIMIT))
		__builtin_trap();
}

static uint32_t pages_of(size_t bytes)
{
	return (uint32_t)((bytes + PAGE - 1) / PAGE);
}

static void begin_elastic(uint32_t units)
{
	begin(&(struct quire_vmh_config){ .window = (size_t)units * LINE },
	      pages_of((size_t)units * LINE));
	block = LINE;
	most = heap.window;
}

/* Blocks that are no power of two, so that an alignment has to be searched for. */
static void begin_spanning(uint32_t units)
{
	const struct quire_bundle table = { 3 * LINE, units };

	begin(&(struct quire_vmh_config){ .bundles = &table,
					  .bundle_count = 1,
					  .flags = QUIRE_VMH_SPANNING },
	      pages_of(units * table.block_size));
	block = table.block_size;
	most = heap.window;
}

/* Blocks below a page, of a part of a page and of several. */
static void begin_table(uint32_t units)
{
	const struct quire_bundle table[] = {
		{ 64, units / 2 }, { 320, units / 4 }, { 2048, units / 8 }, { 12288, units / 8 }
	};
	uint32_t pages = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		pages += pages_of(table[i].block_size * table[i].blocks) + 1;
	begin(&(struct quire_vmh_config){ .bundles = table,
					  .bundle_count = sizeof(table) / sizeof(table[0]) },
	      pages);
	block = LINE;
	most = 12288;
}

static void probe_table(void);

static const char *end(void)
{
	const char *broken = quire_vmh_check(&heap);

	if (broken)
		return broken;
	if (heap.single_most)
		probe_table();
	if (COUNT(&rows[FINI], quire_vmh_fini, HEAP) || quire_vspace_dismiss(&space, &other))
		return "something is still allocated in the heap";
	return space_end();
}

/* ---- taking and giving ----------------------------------------------------------------------- */

/* Pages that lie between here and there. */
static uint32_t pages_at(uintptr_t pointer, size_t bytes)
{
	return pointer ? (uint32_t)((pointer % PAGE + bytes + PAGE - 1) / PAGE) : 0;
}

static uint32_t pages_held(uintptr_t pointer)
{
	return pages_at(pointer, quire_vmh_usable_size(&heap, (void *)pointer));
}

static size_t bytes_for(uint32_t count)
{
	size_t bytes = count * block;

	return bytes < most ? bytes : most;
}

/* A step per word of a table is what searches take, and a wrong pointer, below which the last live allocation
 * is looked for. */
static uint32_t single_words(void)
{
	uint32_t words = 0;

	for (uint32_t kind = 0; kind < heap.block_kinds && heap.single_most; kind++)
		words += (heap.blocks[kind].blocks + 63) / 64;
	return words;
}

static struct bound_row *searching(uint32_t row)
{
	return &rows[heap.single_most ? row - ALIGNED_ALLOC + ALIGNED_SINGLE : row];
}

static bool is_search(const struct bound_row *row)
{
	return row >= &rows[ALIGNED_SINGLE] && row <= &rows[WOULD_FIT_SINGLE];
}

static uintptr_t take(struct bound_row *row, size_t bytes, const struct step_call *call)
{
	uint64_t taken;
	uintptr_t pointer = bound_call(call, &taken);

	if (is_search(row))
		bound_add(row, single_words(), taken);
	else
		bound_add(row, pointer ? pages_held(pointer) : pages_of(bytes) + 1, taken);
	return pointer;
}

static void give_back(uintptr_t pointer)
{
	if (pointer)
		COUNT_STEPS(&rows[FREE], pages_held(pointer), quire_vmh_free, HEAP, pointer);
}

static uintptr_t address(uint32_t line)
{
	return heap.base + (uintptr_t)line * LINE;
}

static uint32_t alloc(void *context, uint32_t count)
{
	uintptr_t pointer = take(&rows[ALLOC], bytes_for(count),
				 &CALL(quire_vmh_alloc, HEAP, bytes_for(count)));

	(void)context;
	return pointer ? (uint32_t)((pointer - heap.base) / LINE) : HISTORY_REFUSED;
}

static void give(void *context, uint32_t line)
{
	(void)context;
	give_back(address(line));
}

static uint32_t alloc_at(uint32_t start, uint32_t count)
{
	const uintptr_t pointer = heap.base + start * block;

	return take(&rows[ALLOC_AT], count * block,
		    &CALL(quire_vmh_alloc_at, HEAP, pointer, count * block))
		       ? (uint32_t)((pointer - heap.base) / LINE)
		       : HISTORY_REFUSED;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void probe_request(uint32_t row, struct quire_request request)
{
	struct quire_request asked = request;
	uint64_t taken;

	bound_call(&CALL(quire_vmh_would_fit, HEAP, POINTER(&asked)), &taken);
	bound_add(searching(WOULD_FIT),
		  heap.single_most ? single_words() : pages_of(request.size) + 1, taken);
	give_back(take(searching(row), request.size,
		       &CALL(quire_vmh_request, HEAP, POINTER(&request))));
}

static void probe_requests(size_t bytes)
{
	size_t more = bytes + random_below(&bound_random, 4 * (uint32_t)bytes);
	size_t much = 16 * bytes < most ? 16 * bytes : most;
	size_t granted;

	give_back(take(&rows[ALLOC_RANGE], more,
		       &CALL(quire_vmh_alloc_range, HEAP, bytes, more, POINTER(&granted))));
	give_back(take(&rows[ALLOC_RANGE], much,
		       &CALL(quire_vmh_alloc_range, HEAP, bytes, much, POINTER(&granted))));
	for (size_t align = 32; align <= 2 * PAGE; align *= 4)
		give_back(take(searching(ALIGNED_ALLOC), bytes,
			       &CALL(quire_vmh_aligned_alloc, HEAP, align, bytes)));
	probe_request(REQUEST, (struct quire_request){
				       .size = more, .min = bytes, .step = 96, .align = 128 });
	probe_request(REQUEST_OWN,
		      (struct quire_request){ .size = bytes, .flags = QUIRE_OWN_PAGES });
	probe_request(REQUEST_OWN,
		      (struct quire_request){ .size = more, .min = 1, .budget = &other });
}

static void probe_aligned(uint32_t count, uint32_t align)
{
	size_t bytes = count * block, bytes_aligned = align * (size_t)LINE;

	if (heap.single_most)
		return;
	give_back(take(&rows[ALIGNED_ALLOC], bytes,
		       &CALL(quire_vmh_aligned_alloc, HEAP, bytes_aligned, bytes)));
	for (uint32_t more = 0; more <= 4 * count; more += more ? more : 1)
		probe_request(REQUEST, (struct quire_request){ .size = bytes + more * block,
							       .min = bytes,
							       .align = bytes_aligned });
	if (bytes_aligned == PAGE)
		probe_request(REQUEST_OWN,
			      (struct quire_request){ .size = bytes, .flags = QUIRE_OWN_PAGES });
}

/* Once for each table: all blocks that begin a page are taken, so that such a block is looked for in each word
 * of the bundles that have others, and in vain. */
static void probe_table(void)
{
	static uint32_t done;
	size_t bytes = heap.blocks[1].block_size;

	if (done == heap.blocks[1].blocks)
		return;
	done = heap.blocks[1].blocks;
	while (quire_vmh_aligned_alloc(&heap, PAGE, bytes))
		continue;
	probe_requests(bytes);
	take(searching(ALIGNED_ALLOC), bytes, &CALL(quire_vmh_aligned_alloc, HEAP, PAGE, bytes));
	for (uintptr_t pointer = heap.base; pointer < heap.base + heap.window; pointer += PAGE)
		quire_vmh_free(&heap, (void *)pointer);
}

/* ---- one allocation -------------------------------------------------------------------------- */

static void resize(uintptr_t pointer, size_t bytes)
{
	uint32_t before = pages_held(pointer);
	uint32_t after = pages_at(pointer, bytes);

	COUNT_STEPS(&rows[RESIZE], before > after ? before : after, quire_vmh_resize, HEAP, pointer,
		    bytes);
}

static void probe_resizes(uintptr_t pointer, size_t bytes)
{
	uint32_t before = pages_held(pointer), after;
	uint64_t taken;
	size_t granted;

	bound_call(&CALL(quire_vmh_resize_range, HEAP, pointer, bytes, 16 * bytes,
			 POINTER(&granted)),
		   &taken);
	after = pages_held(pointer);
	bound_add(&rows[RESIZE_RANGE], before > after ? before : after, taken);
	resize(pointer, bytes);
	resize(pointer, 1);
	resize(pointer, 2 * bytes);
	resize(pointer, bytes);
}

static void probe_allocation(size_t bytes)
{
	uintptr_t pointer = take(&rows[ALLOC], bytes, &CALL(quire_vmh_alloc, HEAP, bytes));

	if (!pointer)
		return;
	probe_resizes(pointer, bytes);
	give_back(pointer);
	give_back(take(&rows[ALLOC_AT], bytes, &CALL(quire_vmh_alloc_at, HEAP, pointer, bytes)));
}

/* ---- places ---------------------------------------------------------------------------------- */

static void probe_place(uintptr_t pointer, size_t bytes)
{
	struct quire_vmh_extent extent;

	COUNT(&rows[CONTAINS], quire_vmh_contains, HEAP, pointer);
	COUNT(&rows[NEXT], quire_vmh_next, HEAP, pointer, POINTER(&extent));
	if (!COUNT(&rows[USABLE_SIZE], quire_vmh_usable_size, HEAP, pointer))
		COUNT_STEPS(&rows[FREE_REFUSED], single_words(), quire_vmh_free, HEAP, pointer);
	give_back(take(&rows[ALLOC_AT], bytes, &CALL(quire_vmh_alloc_at, HEAP, pointer, bytes)));
}

static void look(uint32_t unit)
{
	if (!heap.single_most)
		probe_place(heap.base + unit * block, 1);
}

static void probe_aside(size_t bytes)
{
	if (!heap.is_elastic)
		return;
	COUNT(&rows[SET_ASIDE], quire_vmh_set_aside, HEAP, POINTER(&other), bytes, PAGE);
	COUNT(&rows[SET_ASIDE], quire_vmh_set_aside, HEAP, POINTER(&other), 0, 0);
}

static void probe(uint32_t count)
{
	uint32_t line = random_below(&bound_random, (uint32_t)(heap.window / LINE));
	struct quire_vmh_stats stats;
	struct quire_bundle_stats bundle;
	size_t bytes = bytes_for(count);

	COUNT(&rows[STATS], quire_vmh_stats, HEAP, POINTER(&stats));
	if (!heap.is_elastic)
		COUNT(&rows[BUNDLE_STATS], quire_vmh_bundle_stats, HEAP, heap.block_kinds - 1,
		      POINTER(&bundle));
	probe_aside(bytes);
	probe_requests(bytes);
	probe_allocation(bytes);
	probe_place(address(line), bytes);
	probe_place(address(line), 1);
}

#define LAYER(name_, begin_, crowds_)                                                             \
	{                                                                                         \
		.name = (name_), .rows = rows, .row_count = ROWS, .most = 600, .asked = 1u << 20, \
		.crowds = (crowds_), .begin = (begin_), .alloc = alloc, .free = give,             \
		.probe = probe, .alloc_at = alloc_at, .look = look, .aligned = probe_aligned,     \
		.end = end,                                                                       \
	}

const struct bound_layer bound_vmh_elastic = LAYER("vmh, elastic", begin_elastic, true);
const struct bound_layer bound_vmh_spanning = LAYER("vmh, spanning", begin_spanning, true);
const struct bound_layer bound_vmh_table = LAYER("vmh, table", begin_table, false);
