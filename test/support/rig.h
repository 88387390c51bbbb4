/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rig: one of everything on one vspace, on the model driver or on the Linux port, and every public call
 * of the layers that stand on a vspace as an *act* on it.
 *
 * The rig is the same whenever it is made: page allocations with a guard, with gaps and with pages of
 * several protections; heaps of each kind whose allocations share pages; regions that are open, lazy
 * and saved; rings that hold data; budgets with guarantees and with addresses set aside. What it holds
 * is filled and can be checked, and all its records can be written down to the last byte.
 *
 * An act makes one call that succeeds if the driver does. Acts are a table, so that a test can make
 * every call under a hazard, and show that it left none out: rig_check_table compares the table with
 * what the headers declare.
 */
#ifndef QUIRE_TEST_RIG_H
#define QUIRE_TEST_RIG_H

#include "quire/linux.h"
#include "quire/quire.h"

#include "support/heap_archive.h"
#include "support/mmu.h"
#include "support/observer.h"
#include "support/storage.h"
#include "support/test.h"

/* ---- faults ---------------------------------------------------------------------------------- */

/** Which driver calls fail, from the n-th on. */
enum rig_pattern {
	RIG_ONCE,
	RIG_TWICE,
	RIG_THREE_TIMES,
	RIG_EVERY_SECOND,
	RIG_FOR_EVER,
	RIG_PATTERNS
};

struct rig_faults {
	uint64_t from; /**< the n-th call from now on; 0: none */
	enum rig_pattern pattern;
	enum test_part part; /**< what a failing unmap unmaps all the same */
	int32_t why;         /**< what a failing map answers */

	uint64_t calls;  /**< since they were armed */
	uint64_t struck; /**< of them failed */
	uint64_t struck_unmaps;
};

/* ---- the rig --------------------------------------------------------------------------------- */

enum rig_state {
	RIG_FRESH,    /**< nothing has happened before */
	RIG_AGED,     /**< much has come and gone, and some of it is left between the rest */
	RIG_RETAINED, /**< pages that nobody needs are mapped wherever something is to come */
	RIG_CACHED,   /**< fresh, and cores do not see each other's writes; not on Linux */
	RIG_STATES
};

/** What is filled with a pattern. */
enum rig_piece {
	RIG_PLAIN, /**< page allocations */
	RIG_GUARDED,
	RIG_MIXED,
	RIG_PATCH,
	RIG_USER,
	RIG_BLOCK, /**< of the table */
	RIG_PAGE_BLOCK,
	RIG_BIG_BLOCK,
	RIG_SPAN, /**< of the table that spans */
	RIG_NEXT_SPAN,
	RIG_RUN, /**< of the elastic heap */
	RIG_NEXT_RUN,
	RIG_LONG_RUN,
	RIG_OWN_RUN,
	RIG_GUEST_RUN,
	RIG_LIFE, /**< of the region */
	RIG_SHARED,
	RIG_CODE,
	RIG_SCRATCH,
	RIG_NEXT_SCRATCH,
	RIG_LAZY_LIFE,
	RIG_LITTER,
	RIG_PIECES = RIG_LITTER + 16
};

struct rig_block {
	unsigned char *ptr;
	size_t bytes;
};

struct rig {
	enum rig_state state;
	const struct quire_mmu *mmu;
	unsigned char *window;
	size_t page;
	struct test_mmu *model;   /**< what it stands on, or ... */
	struct quire_linux *port; /**< ... this */
	struct rig_faults faults;

	struct test_observer observer;
	struct quire_vspace vs;
	struct quire_vspace side; /**< has a retained page and nothing else */
	struct quire_vspace more; /**< to be made */
	struct quire_budget payer, guest, idle, newcomer;
	struct quire_mover mover;
	unsigned quiet; /**< what the mover stopped and did not start again */
	struct quire_vmh table, spanning, elastic;
	struct quire_vmh brief; /**< empty */
	struct quire_vmh made;  /**< to be made */
	struct quire_vregion *vr, *lazy, *asleep, *created;
	struct quire_buffer ring, deep, fresh;
	struct heap_archive archive, spare_archive;
	struct rig_block piece[RIG_PIECES];
	struct test_storage storage[12];
	size_t storages;

	/* Private: what keeps room while it is made, and the driver's own functions. */
	void *room[2];
	int32_t (*map)(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot);
	int32_t (*unmap)(const struct quire_mmu *mmu, uintptr_t va, size_t pages);
	int32_t (*protect)(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot);
	int32_t (*move)(const struct quire_mmu *mmu, uintptr_t va);
};

/** Make it. One at a time. */
struct rig *rig_open(enum rig_state state, bool on_linux);

/** Free everything, and assert that nothing was left behind; the rig is gone. */
void rig_close(struct rig *rig);

/** From now on, calls of the driver fail; or not any more. */
void rig_arm(struct rig *rig, const struct rig_faults *faults);
void rig_heal(struct rig *rig);

void rig_set_interrupt(struct rig *rig, bool inside);

/** All checks of the library and the driver, and that records and driver agree on what is mapped. */
void rig_check(struct rig *rig);

/** All pieces but those with a bit in `except` hold what they were filled with, and so do the rings. */
void rig_check_contents(struct rig *rig, uint64_t except);

/** A piece of these pages may have lost its contents. */
#define RIG_BIT(piece) ((uint64_t)1 << (piece))

/* ---- pictures: every byte of every record ---------------------------------------------------- */

/** What a picture leaves out. */
#define RIG_BUT_STATES 1u /**< whether a held page is there, or could not be unmapped */
#define RIG_BUT_PROTS  2u /**< the protection of held pages */

struct rig_picture {
	unsigned char *bytes;
	size_t count;
	size_t room;
};

/**
 * All structs and all storage. Left out are counters of calls and failures, and what has no meaning:
 * the record of a page that nobody holds beyond what owns its address (it may be retained or not),
 * numbers in words of a bitmap that lie inside a run, and sizes of allocations that are gone.
 */
struct rig_picture rig_picture_records(struct rig *rig, uint32_t but);

/** What can be said without an address or a hint: the same for two rigs that hold the same. */
struct rig_picture rig_picture_meaning(struct rig *rig);

/** Where two of them differ; SIZE_MAX: nowhere. */
size_t rig_picture_difference(const struct rig_picture *a, const struct rig_picture *b);
void rig_picture_free(struct rig_picture *picture);

/* ---- acts ------------------------------------------------------------------------------------ */

enum rig_kind {
	RIG_LOOKS, /**< changes nothing */
	RIG_NOTES, /**< changes records alone */
	RIG_MAKES, /**< needs the driver; a failure changes nothing */
	RIG_ENDS   /**< may have to unmap; a failure keeps what was to be given back */
};

struct rig_act {
	const char *function; /**< the public call */
	const char *what;
	enum rig_kind kind;
	int32_t (*act)(struct rig *rig); /**< QUIRE_OK if the call did what it is for */

	uint64_t ends; /**< pieces whose contents it may end */

	/** After a failure: what is legal then, and must succeed. NULL: the same again. */
	void (*settle)(struct rig *rig);
	bool in_parts;     /**< a failure may have done some of it */
	bool stays_asleep; /**< pages that it mapped may stay where a region sleeps */
	bool protects;     /**< may leave protections that cannot be put back */
	bool other_ways;   /**< may succeed in another way while the driver fails */
	bool moves;        /**< only where pages can be moved */
	bool users;        /**< only where there are USER pages */
};

extern const struct rig_act rig_acts[];
extern const size_t rig_act_count;

/** Assert that every function that the headers of vpage, vmh, vregion and buffer declare is in the
 *  table, and that there are no headers that nobody knows. `source`: QUIRE_SOURCE_DIR. */
void rig_check_table(const char *source);

#endif
