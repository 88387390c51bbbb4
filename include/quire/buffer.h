/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file buffer.h
 * A ring buffer whose size is a range, for deep buffering.
 *
 * The memory comes from a heap or from the interim area of a region. The buffer asks for at least
 * `min` and at best `preferred` bytes and uses what it is granted. It can be resized while it holds
 * data: in place if possible, else by moving to a new allocation; if neither works the old buffer goes
 * on as it was.
 *
 * One producer and one consumer. The calls themselves do not lock: produce and consume may run on two
 * threads or cores only if the caller orders them. Nothing is mapped or allocated except by create,
 * resize and destroy.
 *
 * Data is reached in place: quire_buffer_free_span tells the contiguous space at the write position,
 * then quire_buffer_produce says how much of it was filled; the same with data_span and consume.
 * quire_buffer_write and _read copy and wrap by themselves.
 *
 * Example.
 * @code
 *	struct quire_buffer ring;
 *	struct quire_buffer_source source = quire_buffer_on_vmh(&heap);
 *	struct quire_request wanted = { .size = 38400, .min = 1536, .step = 1536, .align = 128 };
 *
 *	if (quire_buffer_create(&ring, &source, &wanted))
 *		return -1;
 *	quire_buffer_write(&ring, samples, bytes);
 * @endcode
 */
#ifndef QUIRE_BUFFER_H
#define QUIRE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "quire/vmh.h"
#include "quire/vregion.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a buffer gets its memory: exactly one of the two. */
struct quire_buffer_source {
	struct quire_vmh *heap;
	struct quire_vregion *region;
};

struct quire_buffer_source quire_buffer_on_vmh(struct quire_vmh *heap);
struct quire_buffer_source quire_buffer_on_vregion(struct quire_vregion *region);

/** A ring. All members are private. */
struct quire_buffer {
	struct quire_buffer_source source;
	struct quire_request wish; /* what it was created with: step, align, budget, tag */
	unsigned char *base;
	unsigned char *stale; /* memory that it moved out of and that could not be freed yet */
	size_t size;          /* bytes of the ring */
	size_t read;          /* offset of the oldest byte */
	size_t level;         /* bytes held */
};

/**
 * Make an empty ring. `wanted` is copied; its granted and why are filled in.
 * @return QUIRE_OK or the reason, as for quire_vmh_request
 */
int32_t quire_buffer_create(struct quire_buffer *buffer, const struct quire_buffer_source *source,
			    struct quire_request *wanted);

/** Free the memory. @return as for quire_vmh_free; after a failure only destroy may be called */
int32_t quire_buffer_destroy(struct quire_buffer *buffer);

/**
 * Change the size to at least `min`, at best `preferred`; the data that is held stays in order. Sizes
 * are min + k * step, with the step of the request that made the buffer. A buffer that already has
 * `min` bytes is never refused: it grows as far as it can.
 * @return QUIRE_OK; QUIRE_EINVAL (preferred 0, min > preferred); QUIRE_EBUSY if more data is held than
 *         `preferred` allows; else why neither growing in place nor moving was possible, and the
 *         buffer is as it was. If the pages behind a smaller ring could not be unmapped,
 *         QUIRE_EDRIVER, and only destroy may be called (vpage.h, "all or nothing")
 */
int32_t quire_buffer_resize(struct quire_buffer *buffer, size_t min, size_t preferred);

/** Bytes of the ring, bytes held, bytes free. */
size_t quire_buffer_size(const struct quire_buffer *buffer);
size_t quire_buffer_level(const struct quire_buffer *buffer);
size_t quire_buffer_space(const struct quire_buffer *buffer);

/** Contiguous free bytes at the write position; may be less than the space. Never NULL. */
void *quire_buffer_free_span(const struct quire_buffer *buffer, size_t *bytes);

/** Contiguous data at the read position; may be less than the level. Never NULL. */
const void *quire_buffer_data_span(const struct quire_buffer *buffer, size_t *bytes);

/** Say that bytes were filled or used up. QUIRE_EINVAL if that is more than there is. */
int32_t quire_buffer_produce(struct quire_buffer *buffer, size_t bytes);
int32_t quire_buffer_consume(struct quire_buffer *buffer, size_t bytes);

/** Copy in or out, across the wrap; as much as fits or is there. @return bytes copied */
size_t quire_buffer_write(struct quire_buffer *buffer, const void *data, size_t bytes);
size_t quire_buffer_read(struct quire_buffer *buffer, void *data, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
