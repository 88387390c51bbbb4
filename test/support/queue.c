/* SPDX-License-Identifier: BSD-3-Clause */
/* queue: see the header. */
#include <string.h>

#include "support/queue.h"
#include "support/test.h"

void test_queue_stream(struct test_queue *queue, unsigned char *to, size_t bytes)
{
	assert_true(queue->level + bytes <= sizeof(queue->byte));
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)(queue->next++ * 7 + 3);
	memcpy(queue->byte + queue->level, to, bytes);
	queue->level += bytes;
}

void test_queue_write(struct test_queue *queue, struct quire_buffer *ring, size_t bytes)
{
	static unsigned char data[sizeof(queue->byte)];
	size_t space = quire_buffer_space(ring);
	size_t fits = bytes < space ? bytes : space;

	test_queue_stream(queue, data, fits);
	assert_int_equal(quire_buffer_write(ring, data, bytes), fits);
}

void test_queue_read(struct test_queue *queue, struct quire_buffer *ring, size_t bytes)
{
	static unsigned char data[sizeof(queue->byte)];
	size_t there = bytes < queue->level ? bytes : queue->level;

	assert_int_equal(quire_buffer_read(ring, data, bytes), there);
	assert_memory_equal(data, queue->byte, there);
	memmove(queue->byte, queue->byte + there, queue->level - there);
	queue->level -= there;
}

void test_queue_check(const struct test_queue *queue, const struct quire_buffer *ring)
{
	struct quire_buffer look = *ring;
	size_t seen = 0, span;

	assert_int_equal(quire_buffer_level(ring), queue->level);
	assert_int_equal(quire_buffer_space(ring), quire_buffer_size(ring) - queue->level);
	assert_non_null(quire_buffer_free_span(ring, &span));
	assert_true(span <= quire_buffer_space(ring));
	assert_int_equal(span > 0, quire_buffer_space(ring) > 0);
	while (seen < queue->level) {
		const void *data = quire_buffer_data_span(&look, &span);

		assert_true(span > 0 && span <= queue->level - seen);
		assert_memory_equal(data, queue->byte + seen, span);
		assert_ok(quire_buffer_consume(&look, span));
		seen += span;
	}
	assert_non_null(quire_buffer_data_span(&look, &span));
	assert_int_equal(span, 0);
}
