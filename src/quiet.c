/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quiet: runs of pages that are held and let go without the driver, page by page; what was done is
 * undone where that ends. quiet.h says when.
 *
 * Bound: a step per page, or two. In builds for size there is nothing: pages.c does it all.
 */
#include "quiet.h"

#ifndef __OPTIMIZE_SIZE__

bool quire_pages_join(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t as_held,
		      struct quire_budget *budget, size_t *held)
{
	struct quire_page *page = &vs->page[first], *end = page + count;
	size_t before = *held, peak = budget->peak, held_peak = vs->held_peak;

	for (; page < end; page++)
		if (!quire_page_join(vs, page, as_held, budget, held))
			break;
	if (page == end)
		return true;
	while (page-- > &vs->page[first])
		quire_page_leave(vs, page, budget, page->users, SIZE_MAX);
	*held = before;
	budget->peak = peak;
	vs->held_peak = held_peak;
	return false;
}

/* Hold what was let go of, whatever the limit says by now. Out of the way of what is usual. */
static __attribute__((noinline)) bool hold_again(struct quire_vspace *vs, struct quire_page *first,
						 struct quire_page *past,
						 struct quire_budget *budget)
{
	while (past-- > first) {
		if (!past->users++) {
			vs->retained--;
			quire_ledger_charge(&vs->ledger, budget, 1);
		}
	}
	return false;
}

bool quire_pages_part(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t as_held,
		      struct quire_budget *budget, size_t *held)
{
	struct quire_page *page = &vs->page[first], *end = page + count;
	size_t before = *held;

	for (; page < end; page++) {
		enum quire_parted parted = quire_page_part(vs, page, as_held, budget);

		if (parted == PARTED_NOT)
			break;
		*held -= parted == PARTED_LAST;
	}
	if (page == end)
		return true;
	*held = before;
	return hold_again(vs, &vs->page[first], page, budget);
}

#endif
