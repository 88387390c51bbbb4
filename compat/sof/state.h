/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state: the one instance, and what the files of compat/sof share. Internal.
 *
 *	sof.c        init and end, slots, and who owns a pointer
 *	vpage.c      sof/lib/vpage.h
 *	regions_mm.c sof/lib/regions_mm.h
 *	vregion.c    sof/lib/vregion.h
 *	alloc.c      rtos/alloc.h
 *	report.c     what the host is told, and which bytes are whose
 *
 * A handle that SOF's code holds is a slot in the instance, never freed memory, so that a stale one
 * is told from a live one. The slots change under the short lock of the mmu, which is never held
 * over a call of Quire. An operation makes a slot SOF_BUSY first; only its own caller knows it
 * until it is live.
 */
#ifndef QUIRE_SOF_STATE_H
#define QUIRE_SOF_STATE_H

#include "quire/sof.h"

enum { SOF_FREE, SOF_BUSY, SOF_LIVE };

enum {
	SOF_EIO = 5,
	SOF_ENOMEM = 12,
	SOF_EBUSY = 16,
	SOF_ENODEV = 19,
	SOF_EINVAL = 22,
	SOF_ENOTEMPTY = 39,
	SOF_EALREADY = 114
};

extern struct quire_sof *quire_sof_instance; /* NULL: not yet */
#define sof quire_sof_instance

void quire_sof_lock(void);
void quire_sof_unlock(void);

/* A status of Quire as SOF's callers know it: 0 or a negative errno. */
int quire_sof_errno(int32_t status);

/* Memory for records, by its uncached alias; quire_sof_drop_records is tried again with a slot that
 * still has some. NULL, or true, on success. */
void *quire_sof_take_records(size_t bytes);
bool quire_sof_drop_records(void **records);

/* The state of a slot, which other cores ask for at any time. What else is in a slot is written
 * while it is SOF_BUSY, and read while it is SOF_LIVE. */
bool quire_sof_is_live(const uint32_t *state);
void quire_sof_set_state(uint32_t *state, uint32_t to);

/* A free slot made SOF_BUSY, or NULL. */
struct quire_sof_heap_slot *quire_sof_take_heap(void);
struct quire_sof_region_slot *quire_sof_take_region(void);

/* The slot behind a handle, or NULL if it is not that of a live one. */
struct quire_sof_heap_slot *quire_sof_heap_of(const void *handle);
struct quire_sof_region_slot *quire_sof_region_of(const void *handle);

/* Who owns a pointer; both NULL: a page allocation, or nobody. */
struct quire_sof_owner {
	struct quire_sof_heap_slot *heap;
	struct quire_sof_region_slot *region;
};
struct quire_sof_owner quire_sof_owner_of(const void *ptr);

/* Whether the address lies in the window, by either alias. */
bool quire_sof_in_window(const void *ptr);

/* The area that an allocation without a type comes from. */
enum quire_area quire_sof_area(const struct quire_sof_region_slot *slot);

/* Count an allocation for a module, or take its note out before it is freed; a free that fails puts
 * it back. quire_sof_forget takes out all notes of a window. */
void quire_sof_note_down(void *ptr, size_t bytes, uint32_t module);
struct quire_sof_note quire_sof_take_note(const void *ptr);
void quire_sof_forget(const void *base, size_t bytes);

/* Free what the owner gave, and its note. 0 or a negative errno. */
int quire_sof_free_from_heap(struct quire_sof_heap_slot *slot, void *ptr);
int quire_sof_free_from_region(struct quire_sof_region_slot *slot, void *ptr);

void quire_sof_describe_heap(struct quire_sof_heap_slot *slot, struct quire_sof_part *part);
void quire_sof_describe_region(struct quire_sof_region_slot *slot, struct quire_sof_part *part);

#endif
