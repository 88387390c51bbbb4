/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quiet: holding pages and letting go of them where no driver is needed, which is nearly always: the
 * same records as pages.c keeps, under the short lock. What is not that simple is left as it was, for
 * pages.c to decide: a page that is not present, or that was used in a way that will not do; a budget
 * that may not have it; one page more than may be retained.
 */
#ifndef QUIRE_QUIET_H
#define QUIRE_QUIET_H

#include "pages.h"

/* ---- one page: inline, because most allocations lie in one ---------------------------------- */

static inline bool quire_charge_one(struct quire_ledger *ledger, struct quire_budget *budget)
{
	if (budget->used < budget->guaranteed)
		ledger->promised--;
	else if (budget->used >= budget->limit ||
		 ledger->capacity - ledger->used <= ledger->promised)
		return false;
	ledger->used++;
	budget->used++;
	return true;
}

static inline void quire_refund_one(struct quire_ledger *ledger, struct quire_budget *budget)
{
	ledger->used--;
	if (--budget->used < budget->guaranteed)
		ledger->promised++;
}

/* What pages look like that can be shared or used again as they are: one word to compare with. Not how
 * many hold it, and not the marks of whole windows, which a heap's first page may bear. */
static inline uint32_t quire_page_word(struct quire_page page)
{
	uint32_t word;

	__builtin_memcpy(&word, &page, sizeof(word));
	return word;
}

static inline uint32_t quire_page_as_held(uint32_t prot, const struct quire_budget *budget)
{
	return quire_page_word((struct quire_page){
		.state = PAGE_PRESENT, .prot = prot & 0xf, .payer = budget->id });
}

static inline bool quire_page_is(const struct quire_page *page, uint32_t as_held)
{
	const struct quire_page looks = {
		.state = 0x3, .prot = 0xf, .payer = 0xff, .own = 1, .aside = 1
	};

	return (quire_page_word(*page) & quire_page_word(looks)) == as_held;
}

/* Hold a page; *held counts pages that nobody held before. A budget may have got another number
 * since it was asked what pages look like. */
static inline bool quire_page_join(struct quire_vspace *vs, struct quire_page *page,
				   uint32_t as_held, struct quire_budget *budget, size_t *held)
{
	if (!quire_page_is(page, as_held))
		return false;
	if (!page->users) {
		if (page->payer != budget->id || !quire_charge_one(&vs->ledger, budget))
			return false;
		vs->retained--;
		if (budget->used > budget->peak)
			budget->peak = budget->used;
		if (vs->ledger.used > vs->held_peak)
			vs->held_peak = vs->ledger.used;
		++*held;
	}
	page->users++;
	return true;
}

enum quire_parted { PARTED_NOT, PARTED_SHARED, PARTED_LAST };

/* Let go of a page that is held and present: when nobody holds it, it is one of `most` retained
 * ones. */
static inline enum quire_parted quire_page_leave(struct quire_vspace *vs, struct quire_page *page,
						 struct quire_budget *budget, uint32_t users,
						 size_t most)
{
	if (users > 1) {
		page->users--;
		return PARTED_SHARED;
	}
	if (vs->retained >= most)
		return PARTED_NOT;
	page->users--;
	vs->retained++;
	quire_refund_one(&vs->ledger, budget);
	return PARTED_LAST;
}

/* Let go of a page that is held, if it can be retained. */
static inline enum quire_parted quire_page_part(struct quire_vspace *vs, struct quire_page *page,
						uint32_t as_held, struct quire_budget *budget)
{
	const struct quire_page now = *page;

	return quire_page_is(&now, as_held)
		       ? quire_page_leave(vs, page, budget, now.users, vs->retain)
		       : PARTED_NOT;
}

/* ---- a run of pages, of which all are held or none ------------------------------------------ */

bool quire_pages_join(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t as_held,
		      struct quire_budget *budget, size_t *held);
bool quire_pages_part(struct quire_vspace *vs, uint32_t first, uint32_t count, uint32_t as_held,
		      struct quire_budget *budget, size_t *held);

#endif
