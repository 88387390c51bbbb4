/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file budget.h
 * Guarantees and limits, in pages: who may still be given memory, whatever others asked for.
 *
 * A budget is {guaranteed, limit, used}. The guarantees of all budgets of a ledger never add up to
 * more than its physical pages: a new one is admitted or refused up front. A commit within one's own
 * guarantee always finds its pages; a commit beyond it may use only what nobody else is guaranteed.
 * So a greedy range is clipped where it begins to eat into promises to others.
 *
 * Every page that is held has exactly one payer. Pages that several allocations of one heap share are
 * paid by the heap; a request that names another budget gets whole pages of its own.
 *
 * **A guarantee of pages is not one of addresses**: a window can be too fragmented for a long run.
 * quire_vpage_set_aside and quire_vmh_set_aside hold addresses for a budget's largest request. With
 * both, such a request succeeds whatever the history; so it does in a region or a table, whose
 * addresses are nobody else's, and which its own budget pays.
 *
 * The ledger belongs to a vspace, which does the locking; applications only make budgets known
 * (quire_vspace_admit) and name them in requests. Everything here is O(1), but for a step per slot to
 * admit, and quire_vspace_dismiss, which takes a step per page of the window while pages are retained.
 *
 * Source: the admission rule is the one of reservation-based resource managers ("reserves" of
 * resource kernels), reduced to one resource.
 */
#ifndef QUIRE_BUDGET_H
#define QUIRE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/extent.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A limit that never binds. */
#define QUIRE_NO_LIMIT SIZE_MAX

/** The most budgets of one ledger, the vspace's own included. */
#define QUIRE_BUDGETS_MAX 255u

struct quire_mover;

/** Who pays. Zero it before it is admitted; members are to be read, not written. */
struct quire_budget {
	size_t guaranteed; /**< pages that are always there for this budget */
	size_t limit;      /**< pages it may hold at most, at least `guaranteed` */
	size_t used;       /**< pages it holds now */
	size_t peak;       /**< the most it ever held */
	size_t refused;    /**< commits that were refused for want of budget */
	uint8_t id;        /**< its number in the ledger; the payer that pages remember */
	bool admitted;

	struct quire_mover *mover; /* private: see quire_vspace_set_mover */

	/* Private: a run of addresses for its largest request. */
	struct quire_extents *aside_set;
	uint32_t aside_start;
	uint32_t aside_count;
	uint32_t aside_left; /* units held, at the end of the run: all, or what is left over */
	uint32_t aside_align;
	uint32_t aside_phase;
};

/** All budgets over one supply of pages. Private to the vspace. */
struct quire_ledger {
	size_t capacity; /* physical pages, QUIRE_UNKNOWN if nobody can tell */
	size_t used;     /* of all budgets */
	size_t promised; /* guarantees that are not used yet, of all budgets */
	uint32_t slots;
	struct quire_budget **budgets; /* by id; NULL: free slot */
};

/** Make a ledger with room for `slots` budgets, whose pointers live in `table`. */
int32_t quire_ledger_init(struct quire_ledger *ledger, size_t capacity, struct quire_budget **table,
			  uint32_t slots);

/**
 * Admit a budget.
 * @return QUIRE_OK; QUIRE_EINVAL if limit < guaranteed, already admitted, or guaranteed > 0 while the
 *         capacity is unknown; QUIRE_EBUDGET if the guarantees would exceed what is there or free;
 *         QUIRE_EBUSY if no slot is free
 */
int32_t quire_ledger_admit(struct quire_ledger *ledger, struct quire_budget *budget,
			   size_t guaranteed, size_t limit);

/** Change guarantee and limit of an admitted budget; the same refusals, and nothing changes then. */
int32_t quire_ledger_change(struct quire_ledger *ledger, struct quire_budget *budget,
			    size_t guaranteed, size_t limit);

/** Forget a budget. QUIRE_EBUSY while it pays for a page. */
int32_t quire_ledger_dismiss(struct quire_ledger *ledger, struct quire_budget *budget);

/** How many pages this budget may commit now if `free_pages` are free. */
size_t quire_ledger_allowance(const struct quire_ledger *ledger, const struct quire_budget *budget,
			      size_t free_pages);

/** Record that a budget holds more, or fewer, pages. The caller has asked for the allowance; it
 *  also keeps the peak, because a commit can still fail and must leave no trace then. */
void quire_ledger_charge(struct quire_ledger *ledger, struct quire_budget *budget, size_t pages);
void quire_ledger_refund(struct quire_ledger *ledger, struct quire_budget *budget, size_t pages);

/** NULL if the sums agree with the budgets, else what does not, in words. */
const char *quire_ledger_check(const struct quire_ledger *ledger);

#ifdef __cplusplus
}
#endif

#endif
