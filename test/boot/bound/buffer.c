/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * buffer: every call of a ring, on an elastic heap that a history ages. Small windows are memory, so that
 * data is written, read and moved there; it is copied eight bytes at a time (test/boot/string.c), which is
 * the C library's share. In large ones rings are resized empty.
 */
#include "play.h"
#include "space.h"

#include "quire/buffer.h"

#define LINE         64u
#define MEMORY_UNITS 1024u /* of the largest window that is memory */

enum {
	CREATE,
	DESTROY,
	RESIZE,
	RESIZE_FULL,
	SIZE,
	LEVEL,
	SPACE,
	FREE_SPAN,
	DATA_SPAN,
	PRODUCE,
	CONSUME,
	WRITE,
	READ,
	ROWS
};

#define STEPS(name, instructions, step_)                                \
	{                                                               \
		.call = (name), .each = (instructions), .step = (step_) \
	}

static struct bound_row rows[ROWS] = {
	[CREATE] = STEPS("create", 140, "page of the ring"),
	[DESTROY] = STEPS("destroy", 140, "page of the ring"),
	[RESIZE] = STEPS("resize, empty", 280, "page of the ring"),
	[RESIZE_FULL] = { .call = "resize, full",
			  .each = 47,
			  .step = "8 bytes held",
			  .lets_go = true },
	[SIZE] = { .call = "size" },
	[LEVEL] = { .call = "level" },
	[SPACE] = { .call = "space" },
	[FREE_SPAN] = { .call = "free_span" },
	[DATA_SPAN] = { .call = "data_span" },
	[PRODUCE] = { .call = "produce" },
	[CONSUME] = { .call = "consume" },
	[WRITE] = STEPS("write", 6, "8 bytes"),
	[READ] = STEPS("read", 6, "8 bytes"),
};

static struct quire_vmh heap;
static struct quire_buffer_source source;
static struct quire_buffer ring;
static bool is_memory;

#define RING POINTER(&ring)

static void begin(uint32_t units)
{
	struct quire_vmh_config config = { .window = (size_t)units * LINE };
	uint32_t pages = (uint32_t)((config.window + PAGE - 1) / PAGE);

	is_memory = units <= MEMORY_UNITS;
	if (is_memory) {
		uintptr_t memory = (uintptr_t)bound_storage((pages + 1) * PAGE);

		space_begin_at((memory + PAGE - 1) / PAGE * PAGE, pages);
	} else {
		space_begin(pages);
	}
	config.storage_bytes = quire_vmh_storage_needed(space.mmu, &config);
	config.storage = bound_storage(config.storage_bytes);
	if (quire_vmh_init(&heap, &space, &config))
		__builtin_trap();
	source = quire_buffer_on_vmh(&heap);
}

static const char *end(void)
{
	const char *broken = quire_vmh_check(&heap);

	if (broken)
		return broken;
	return quire_vmh_fini(&heap) ? "a ring is still there" : space_end();
}

/* What ages the heap is not counted here. */
static uint32_t alloc(void *context, uint32_t count)
{
	const char *pointer = quire_vmh_alloc(&heap, (size_t)count * LINE);

	(void)context;
	return pointer ? (uint32_t)(((uintptr_t)pointer - heap.base) / LINE) : HISTORY_REFUSED;
}

static void give(void *context, uint32_t line)
{
	(void)context;
	quire_vmh_free(&heap, (void *)(heap.base + (uintptr_t)line * LINE));
}

static uint32_t pages_of(size_t bytes)
{
	return (uint32_t)((bytes + PAGE - 1) / PAGE + 1);
}

static void resize(size_t min, size_t preferred)
{
	size_t before = ring.size, held = ring.level;
	uint64_t taken;

	bound_call(&CALL(quire_buffer_resize, RING, min, preferred), &taken);
	if (held)
		bound_add(&rows[RESIZE_FULL], (uint32_t)(held / 8), taken);
	else
		bound_add(&rows[RESIZE], pages_of(before > ring.size ? before : ring.size), taken);
}

static void probe_positions(void)
{
	size_t bytes;

	COUNT(&rows[SIZE], quire_buffer_size, RING);
	COUNT(&rows[LEVEL], quire_buffer_level, RING);
	COUNT(&rows[SPACE], quire_buffer_space, RING);
	COUNT(&rows[FREE_SPAN], quire_buffer_free_span, RING, POINTER(&bytes));
	COUNT(&rows[PRODUCE], quire_buffer_produce, RING, bytes / 2);
	COUNT(&rows[DATA_SPAN], quire_buffer_data_span, RING, POINTER(&bytes));
	COUNT(&rows[CONSUME], quire_buffer_consume, RING, bytes);
	COUNT(&rows[CONSUME], quire_buffer_consume, RING, 1);
}

/* Around the end, so that what is held begins behind where it ends. */
static void probe_data(size_t bytes)
{
	static unsigned char data[MEMORY_UNITS * LINE];
	size_t most = ring.size / 8 * 8;

	COUNT_STEPS(&rows[WRITE], (uint32_t)(most / 8), quire_buffer_write, RING, POINTER(data),
		    most);
	COUNT_STEPS(&rows[READ], (uint32_t)(most / 16), quire_buffer_read, RING, POINTER(data),
		    most / 2);
	COUNT_STEPS(&rows[WRITE], (uint32_t)(most / 16), quire_buffer_write, RING, POINTER(data),
		    most / 2);
	resize(bytes, 2 * bytes);
	resize(3 * bytes, 4 * bytes);
	COUNT_STEPS(&rows[READ], (uint32_t)(ring.level / 8), quire_buffer_read, RING, POINTER(data),
		    ring.level);
}

static void probe(uint32_t count)
{
	size_t bytes = (size_t)count * LINE;
	struct quire_request wanted = {
		.size = 2 * bytes, .min = bytes, .step = LINE, .align = 128
	};
	uint64_t taken;
	int32_t status = (int32_t)bound_call(
		&CALL(quire_buffer_create, RING, POINTER(&source), POINTER(&wanted)), &taken);

	bound_add(&rows[CREATE], pages_of(wanted.size), taken);
	if (status)
		return;
	probe_positions();
	if (is_memory)
		probe_data(bytes);
	else
		quire_buffer_consume(&ring, ring.level);
	resize(4 * bytes, 8 * bytes);
	resize(1, bytes / 2 + 1);
	resize(bytes, 2 * bytes);
	COUNT_STEPS(&rows[DESTROY], pages_of(ring.size), quire_buffer_destroy, RING);
}

const struct bound_layer bound_buffer = {
	.name = "buffer",
	.rows = rows,
	.row_count = ROWS,
	.most = 500,
	.asked = 1u << 21,
	.crowds = true,
	.begin = begin,
	.alloc = alloc,
	.free = give,
	.probe = probe,
	.end = end,
};
