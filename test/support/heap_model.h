/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * heap_model: what a heap must do, said in the most obvious way, and a heap held to it call by
 * call.
 *
 * The model is an array of live allocations, and for a table an array of all blocks, which it
 * learns by taking every block of a fresh heap once. From these it recounts everything after
 * each call: who overlaps whom, which pages must be mapped and who pays for them, what the
 * statistics must say, which block a request had to get, and whether a request that was refused
 * could have been served. Every byte of every allocation carries its owner's pattern.
 *
 * The driver may be told to fail in the next call (test_mmu_fail). A call that fails for it must leave
 * everything as the model says, but for an unmap that fails: then freeing what was to give pages back is
 * all that is left to do with it.
 */
#ifndef QUIRE_TEST_HEAP_MODEL_H
#define QUIRE_TEST_HEAP_MODEL_H

#include "support/random.h"
#include "support/space.h"

#define KIB ((size_t)1024)

struct heap_live {
	unsigned char *ptr;
	size_t asked; /* bytes that it was granted */
	size_t usable;
	uint32_t owner;
	bool own;                   /* whole pages of its own */
	bool dead;                  /* an unmap failed */
	struct quire_budget *payer; /* of its own pages; NULL: the heap's */
};

struct heap_block {
	unsigned char *ptr;
	size_t bundle;
	bool taken;
};

struct heap_model {
	struct test_space *space;
	struct quire_vmh_config config;
	struct test_heap on;
	struct quire_vmh *heap; /* on.heap */
	unsigned char *base;    /* of its window */
	size_t window;          /* in whole pages */
	size_t bytes;           /* as the statistics say */
	size_t page;
	size_t unit; /* elastic */
	struct heap_live *live;
	size_t count, room;
	struct heap_block *block; /* of a table, in address order */
	size_t blocks;
	uint64_t *exhausted; /* by bundle */
	size_t *used_peak;
	uint64_t served;
	size_t in_use_peak;
	uint32_t owners;
};

/* Make the heap, and learn where its blocks are. */
void heap_model_open(struct heap_model *model, struct test_space *space,
		     const struct quire_vmh_config *config);

/* Free what is live, assert that nothing remains, and end the heap. */
void heap_model_close(struct heap_model *model);

/* Free the model's own memory: for a test that went past the model and ended the heap itself. */
void heap_model_forget(struct heap_model *model);

/* Recount everything. Contents are looked at by heap_model_check_contents. */
void heap_model_check(struct heap_model *model);
void heap_model_check_contents(struct heap_model *model);

/* Make the request, asserting everything that can be asserted about the answer. */
void *heap_model_request(struct heap_model *model, struct quire_request *request);

/* The same for a fixed size and alignment. */
void *heap_model_alloc(struct heap_model *model, size_t size, size_t align);

/* The same at an address; any pointer into the window will do to ask for. Not in a spanning heap. */
void *heap_model_alloc_at(struct heap_model *model, unsigned char *ptr, size_t size);

/* Number `index` of the live ones: checked, freed, forgotten. */
void heap_model_free(struct heap_model *model, size_t index);
void heap_model_free_ptr(struct heap_model *model, void *ptr);
void heap_model_free_all(struct heap_model *model);

/* Resize number `index`; both answers are checked. */
int32_t heap_model_resize(struct heap_model *model, size_t index, size_t min, size_t preferred);

/* Which live allocation begins there; fails if none does. */
size_t heap_model_find(const struct heap_model *model, const void *ptr);

/* `steps` random calls, sizes up to `largest` on a log scale. */
struct heap_program {
	uint64_t seed;
	size_t steps;
	uint32_t octaves;            /* sizes 1 ... 2^octaves */
	uint32_t align_octaves;      /* of some requests: 2^0 ... 2^align_octaves */
	struct quire_budget *budget; /* named by some requests; may be NULL */
};

void heap_model_run(struct heap_model *model, const struct heap_program *program);

/* Addresses: pages of [ptr, ptr + bytes), and the longest gap of an elastic heap. */
size_t heap_model_pages_mapped(struct heap_model *model);
size_t heap_model_longest_gap(const struct heap_model *model);

/* Base and unused end of a window by iteration. */
unsigned char *heap_base(struct quire_vmh *heap);

#endif
