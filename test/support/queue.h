/* SPDX-License-Identifier: BSD-3-Clause */
/* queue: a queue of bytes that cannot wrap, to which a ring buffer is held call by call. */
#ifndef QUIRE_TEST_QUEUE_H
#define QUIRE_TEST_QUEUE_H

#include "quire/buffer.h"

struct test_queue {
	size_t level;
	unsigned char next; /* value of the next byte to come */
	unsigned char byte[64 * 1024];
};

/* The next bytes of the stream join the queue, and are copied. */
void test_queue_stream(struct test_queue *queue, unsigned char *to, size_t bytes);

/* Write as much of this as fits, read as much as is there; what comes out is compared. */
void test_queue_write(struct test_queue *queue, struct quire_buffer *ring, size_t bytes);
void test_queue_read(struct test_queue *queue, struct quire_buffer *ring, size_t bytes);

/* Sizes agree with the queue, and so does everything that is held, span by span. */
void test_queue_check(const struct test_queue *queue, const struct quire_buffer *ring);

#endif
