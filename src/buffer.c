/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * buffer: a ring of bytes in memory whose size is a range. Offsets, not pointers: read position and
 * level. Resizing keeps what is held, in order:
 *
 *	growing in place	the part that had wrapped to the front moves behind the old end, as
 *				far as it fits; the rest moves to the front
 *	shrinking in place	the data is first turned so that it begins at the front
 *	moving			copied in order into the new memory, which is there before the old goes
 *
 * Bound: produce and consume are a few instructions; a resize copies at most what is held, twice.
 */
#include <stdbool.h>
#include <string.h>

#include "pages.h"
#include "quire/buffer.h"

/* ---- memory from either source -------------------------------------------------------------- */

struct quire_buffer_source quire_buffer_on_vmh(struct quire_vmh *heap)
{
	return (struct quire_buffer_source){ .heap = heap };
}

struct quire_buffer_source quire_buffer_on_vregion(struct quire_vregion *region)
{
	return (struct quire_buffer_source){ .region = region };
}

static void *source_request(const struct quire_buffer_source *source, struct quire_request *request)
{
	if (source->heap)
		return quire_vmh_request(source->heap, request);
	return quire_vregion_request(source->region, QUIRE_INTERIM, request);
}

static int32_t source_free(const struct quire_buffer_source *source, void *ptr)
{
	if (source->heap)
		return quire_vmh_free(source->heap, ptr);
	return quire_vregion_free(source->region, ptr);
}

static int32_t source_resize(const struct quire_buffer_source *source, void *ptr, size_t min,
			     size_t preferred, size_t *granted)
{
	if (source->heap)
		return quire_vmh_resize_range(source->heap, ptr, min, preferred, granted);
	return quire_vregion_resize(source->region, ptr, min, preferred, granted);
}

/* ---- making and ending ---------------------------------------------------------------------- */

int32_t quire_buffer_create(struct quire_buffer *buffer, const struct quire_buffer_source *source,
			    struct quire_request *wanted)
{
	void *base;

	if (!buffer || !source || !wanted || !source->heap == !source->region)
		return QUIRE_EINVAL;
	base = source_request(source, wanted);
	if (!base)
		return wanted->why;
	*buffer = (struct quire_buffer){
		.source = *source, .wish = *wanted, .base = base, .size = wanted->granted
	};
	return QUIRE_OK;
}

/* Memory that a buffer moved out of, and that the driver would not take back then. */
APART int32_t free_stale(struct quire_buffer *buffer)
{
	int32_t status = buffer->stale ? source_free(&buffer->source, buffer->stale) : QUIRE_OK;

	if (!status)
		buffer->stale = NULL;
	return status;
}

int32_t quire_buffer_destroy(struct quire_buffer *buffer)
{
	int32_t status = QUIRE_OK;

	if (!buffer->base && !buffer->stale)
		return QUIRE_EFREE;
	if (buffer->base)
		status = source_free(&buffer->source, buffer->base);
	if (!status)
		buffer->base = NULL;
	if (!status)
		status = free_stale(buffer);
	return status;
}

/* ---- spans ---------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t write_offset(const struct quire_buffer *buffer)
{
	size_t to_end = buffer->size - buffer->read;

	return buffer->level < to_end ? buffer->read + buffer->level : buffer->level - to_end;
}

size_t quire_buffer_size(const struct quire_buffer *buffer)
{
	return buffer->size;
}

size_t quire_buffer_level(const struct quire_buffer *buffer)
{
	return buffer->level;
}

size_t quire_buffer_space(const struct quire_buffer *buffer)
{
	return buffer->size - buffer->level;
}

void *quire_buffer_free_span(const struct quire_buffer *buffer, size_t *bytes)
{
	size_t offset = write_offset(buffer);

	*bytes = least(buffer->size - offset, quire_buffer_space(buffer));
	return buffer->base + offset;
}

const void *quire_buffer_data_span(const struct quire_buffer *buffer, size_t *bytes)
{
	*bytes = least(buffer->size - buffer->read, buffer->level);
	return buffer->base + buffer->read;
}

int32_t quire_buffer_produce(struct quire_buffer *buffer, size_t bytes)
{
	if (bytes > quire_buffer_space(buffer))
		return QUIRE_EINVAL;
	buffer->level += bytes;
	return QUIRE_OK;
}

int32_t quire_buffer_consume(struct quire_buffer *buffer, size_t bytes)
{
	if (bytes > buffer->level)
		return QUIRE_EINVAL;
	buffer->level -= bytes;
	buffer->read = bytes < buffer->size - buffer->read ? buffer->read + bytes
							   : bytes - (buffer->size - buffer->read);
	return QUIRE_OK;
}

size_t quire_buffer_write(struct quire_buffer *buffer, const void *data, size_t bytes)
{
	const unsigned char *from = data;
	size_t done = 0, span;

	bytes = least(bytes, quire_buffer_space(buffer));
	while (done < bytes) {
		void *to = quire_buffer_free_span(buffer, &span);

		span = least(span, bytes - done);
		memcpy(to, from + done, span);
		quire_buffer_produce(buffer, span);
		done += span;
	}
	return done;
}

size_t quire_buffer_read(struct quire_buffer *buffer, void *data, size_t bytes)
{
	unsigned char *to = data;
	size_t done = 0, span;

	bytes = least(bytes, buffer->level);
	while (done < bytes) {
		const void *from = quire_buffer_data_span(buffer, &span);

		span = least(span, bytes - done);
		memcpy(to + done, from, span);
		quire_buffer_consume(buffer, span);
		done += span;
	}
	return done;
}

/* ---- resizing ------------------------------------------------------------------------------- */

/* A copy that works where the two places overlap and the destination is lower. */
static void move_down(unsigned char *to, const unsigned char *from, size_t bytes)
{
	for (size_t index = 0; index < bytes; index++)
		to[index] = from[index];
}

APART void reverse(unsigned char *bytes, size_t count)
{
	for (size_t low = 0, high = count; low + 1 < high; low++) {
		unsigned char byte = bytes[low];

		bytes[low] = bytes[--high];
		bytes[high] = byte;
	}
}

/* Turn the ring so that its data begins at the front. */
static void turn_to_front(struct quire_buffer *buffer)
{
	if (buffer->read + buffer->level <= buffer->size) {
		move_down(buffer->base, buffer->base + buffer->read, buffer->level);
	} else {
		reverse(buffer->base, buffer->read);
		reverse(buffer->base + buffer->read, buffer->size - buffer->read);
		reverse(buffer->base, buffer->size);
	}
	buffer->read = 0;
}

/* The ring has become longer behind its old end: what had wrapped moves there, as far as it fits. */
static void unwrap(struct quire_buffer *buffer, size_t old_size)
{
	size_t wrapped, room;

	if (buffer->read + buffer->level <= old_size)
		return;
	wrapped = buffer->read + buffer->level - old_size;
	room = least(wrapped, buffer->size - old_size);
	memcpy(buffer->base + old_size, buffer->base, room);
	move_down(buffer->base, buffer->base + room, wrapped - room);
}

/* What a range is to become, and of what the memory has so many bytes. */
struct range {
	size_t min;
	size_t preferred;
	size_t step;
};

/* The largest size of the range that is no more than `bytes`, which are at least its min. */
static size_t round_down(const struct range *range, size_t bytes)
{
	size_t size = least(bytes, range->preferred);

	return range->step > 1 ? size - (size - range->min) % range->step : size;
}

/* Raise min to the smallest size of the range that is at least `bytes`; false if there is none. */
static bool raise_min(struct range *range, size_t bytes)
{
	size_t past, up;

	if (bytes <= range->min)
		return true;
	past = range->step > 1 ? (bytes - range->min) % range->step : 0;
	up = past ? range->step - past : 0;
	if (bytes > range->preferred || up > range->preferred - bytes)
		return false;
	range->min = bytes + up;
	return true;
}

/* Whether this is a moment to touch the memory; if not, its owner says why. */
static bool may_touch(const struct quire_buffer_source *source)
{
	const struct quire_vregion *region = source->region;

	if (region && (quire_image_number(&region->image) || region->ending))
		return false;
	return !quire_forbidden(region ? region->vs : source->heap->vs);
}

static int32_t shrink(struct quire_buffer *buffer, const struct range *range)
{
	size_t size = round_down(range, range->preferred), granted;
	int32_t status;

	if (may_touch(&buffer->source))
		turn_to_front(buffer);
	status = source_resize(&buffer->source, buffer->base, size, size, &granted);
	if (!status)
		buffer->size = size;
	return status;
}

static int32_t grow_in_place(struct quire_buffer *buffer, const struct range *range)
{
	size_t old_size = buffer->size, granted;
	int32_t status = source_resize(&buffer->source, buffer->base, range->min, range->preferred,
				       &granted);

	if (status)
		return status;
	buffer->size = round_down(range, granted);
	unwrap(buffer, old_size);
	return QUIRE_OK;
}

/* The new memory is there, and filled, before the old goes. */
APART int32_t move(struct quire_buffer *buffer, const struct range *range)
{
	struct quire_request request = buffer->wish;
	size_t level = buffer->level;
	unsigned char *base;

	request.size = range->preferred;
	request.min = range->min;
	base = source_request(&buffer->source, &request);
	if (!base)
		return request.why;
	quire_buffer_read(buffer, base, level);
	buffer->stale = buffer->base;
	buffer->base = base;
	buffer->size = request.granted;
	buffer->read = 0;
	buffer->level = level;
	free_stale(buffer);
	return QUIRE_OK;
}

/* To a size of the range that is larger than now, of which there is one. */
static int32_t grow(struct quire_buffer *buffer, struct range *range)
{
	bool enough = range->min <= buffer->size;
	int32_t status;

	raise_min(range, buffer->size + 1);
	status = grow_in_place(buffer, range);
	if (status)
		status = move(buffer, range);
	return enough ? QUIRE_OK : status;
}

int32_t quire_buffer_resize(struct quire_buffer *buffer, size_t min, size_t preferred)
{
	struct range range = { min ? min : preferred, preferred, buffer->wish.step };
	int32_t status = free_stale(buffer);

	if (!buffer->base || !preferred || range.min > preferred)
		return QUIRE_EINVAL;
	if (status)
		return status;
	if (!raise_min(&range, buffer->level))
		return QUIRE_EBUSY;
	if (round_down(&range, preferred) <= buffer->size)
		return shrink(buffer, &range);
	return grow(buffer, &range);
}
