/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring buffer between a producer and a consumer that move periods of audio, and the copying
 * alone.
 */
#include <string.h>

#include "quire/buffer.h"

#include "machine.h"
#include "workloads.h"

#define PERIOD ((size_t)384) /* 1 ms of 48 kHz, 2 channels, 32 bit */
#define PAGES  16u

struct ring {
	struct quire_buffer buffer;
	unsigned char period[PERIOD];
	size_t period_bytes; /* PERIOD, but the compiler does not know */
	uint32_t periods;    /* in each repetition */
};

static uint64_t work_ring(void *context)
{
	struct ring *ring = context;
	size_t moved = 0;

	for (uint32_t i = 0; i < ring->periods; i++) {
		moved += quire_buffer_write(&ring->buffer, ring->period, PERIOD);
		moved += quire_buffer_read(&ring->buffer, ring->period, PERIOD);
	}
	if (moved != 2 * PERIOD * ring->periods)
		die("a ring lost data");
	return 0;
}

/* The compiler must not see that nobody looks at the copies. */
static void copy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
	__asm__ volatile("" : : "r"(to) : "memory");
}

static uint64_t work_copy(void *context)
{
	struct ring *ring = context;
	unsigned char memory[PERIOD];

	for (uint32_t i = 0; i < ring->periods; i++) {
		copy(memory, ring->period, ring->period_bytes);
		copy(ring->period, memory, ring->period_bytes);
	}
	return 0;
}

/* Half full, so that what is read is not what was written just before. */
static void begin(struct ring *ring, struct heap *heap, const struct bench *bench, size_t size)
{
	struct quire_buffer_source source = quire_buffer_on_vmh(&heap->vmh);
	struct quire_request wanted = { .size = size };

	*ring = (struct ring){ .period_bytes = PERIOD, .periods = scaled(bench, 50000) };
	must(quire_buffer_create(&ring->buffer, &source, &wanted), "making a ring");
	quire_buffer_write(&ring->buffer, ring->period, PERIOD);
	quire_buffer_write(&ring->buffer, ring->period, PERIOD);
}

static struct subject subject(struct ring *ring, uint64_t (*work)(void *), char *name, char *did)
{
	return (struct subject){
		.name = name,
		.did = did,
		.context = ring,
		.work = work,
		.operations = 2 * (uint64_t)ring->periods,
	};
}

static void time_rings(struct bench *bench, struct heap *heap)
{
	struct ring whole, split;
	struct subject subjects[3];

	begin(&whole, heap, bench, 4 * PERIOD);
	begin(&split, heap, bench, 4 * PERIOD + PERIOD / 2);
	subjects[0] = subject(&whole, work_ring, text("whole periods"),
			      text("ring of %zu bytes: no period crosses its end", 4 * PERIOD));
	subjects[1] = subject(&split, work_ring, text("split periods"),
			      text("ring of %zu bytes: some do", 4 * PERIOD + PERIOD / 2));
	subjects[2] = subject(&whole, work_copy, text("copying alone"), text("memcpy"));
	measure(bench, subjects, COUNT_OF(subjects));
	must(quire_buffer_destroy(&whole.buffer), "destroying a ring");
	must(quire_buffer_destroy(&split.buffer), "destroying a ring");
}

static void run(struct bench *bench)
{
	struct machine machine;
	struct heap heap;

	machine_begin_flat(&machine, PAGES);
	heap_begin_elastic(&heap, &machine, (size_t)PAGES * PAGE);
	time_rings(bench, &heap);
	heap_end(&heap);
	machine_end(&machine);
}

const struct workload workload_buffer = {
	.name = "buffer",
	.about =
		"A ring buffer, half full, that a period of 1 ms is written to and then read from: "
		"384 bytes, 48 kHz, 2 channels, 32 bit. Writing a period and reading one are an "
		"operation each.",
	.run = run,
};
