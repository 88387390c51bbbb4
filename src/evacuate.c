/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evacuate: empty a bank of physical pages, so that it can be switched off.
 *
 * 1. Choose: the driver tells banks from the emptiest on. One will do if all its pages in use are
 *    pages of this window that are present, and retained or paid by a budget with a mover.
 * 2. With no lock held, those payers are quiesced. Meanwhile others go on: so under the transition
 *    lock the bank is looked at again, and must have no payer more.
 * 3. Retained pages are unmapped, the others moved. A page that moves is *arriving* for that time:
 *    whoever would come to hold it, or let go of it, waits for the transition lock.
 * 4. Whoever was quiesced is resumed. A bank that would not do is passed over for the next.
 *
 * Bound: a step and a call of bank_of for each page of the window, for each bank looked at twice.
 * The short lock is let go every few pages: under the transition lock no page comes or goes, and
 * who holds one is asked again when it is its turn.
 */
#include "pages.h"
#include "quire/status.h"

struct job {
	struct quire_vspace *vs;
	size_t most;
	size_t moved;
	uint32_t bank;
	size_t in_use;
	uint32_t payers[(QUIRE_BUDGETS_MAX + 31) / 32]; /* a bit for each */
};

APART bool has_payer(const struct job *job, uint32_t id)
{
	return job->payers[id / 32] >> id % 32 & 1;
}

static bool lies_in(const struct job *job, uint32_t page)
{
	const struct quire_mmu *mmu = job->vs->mmu;

	return job->vs->page[page].state != PAGE_ABSENT &&
	       mmu->bank_of(mmu, quire_page_address(job->vs, page)) == job->bank;
}

/* Whether the bank can be emptied. Unless its payers are known already, they are noted. */
static bool will_do(struct job *job, bool known)
{
	struct quire_vspace *vs = job->vs;
	size_t pages = 0, moves = 0;

	for (uint32_t i = 0; i < vs->pages; i++) {
		const struct quire_page *page = &vs->page[i];

		quire_let_others_in(vs, i);
		if (!lies_in(job, i))
			continue;
		pages++;
		if (!page->users)
			continue;
		moves++;
		if (page->state != PAGE_PRESENT || !vs->ledger.budgets[page->payer]->mover ||
		    (known && !has_payer(job, page->payer)))
			return false;
		job->payers[page->payer / 32] |= (uint32_t)1 << page->payer % 32;
	}
	return pages == job->in_use && moves <= job->most;
}

/* Banks come from the emptiest on: whether this one and all behind it have more to move than is
 * wanted. */
static bool is_too_full(const struct job *job)
{
	return job->in_use > job->vs->retained && job->in_use - job->vs->retained > job->most;
}

/* The next bank that will do; false if there is none. */
static bool choose(struct job *job)
{
	struct quire_section section;
	bool found = false;

	quire_section_enter_deep(&section, job->vs);
	while (!found) {
		job->bank = job->vs->mmu->emptiest(job->vs->mmu, job->bank, &job->in_use);
		if (job->bank == QUIRE_NOWHERE || is_too_full(job))
			break;
		memset(job->payers, 0, sizeof(job->payers));
		found = will_do(job, false);
	}
	quire_section_leave(&section);
	return found;
}

/* The number behind the last payer that is quiet. */
static uint32_t quiesce(const struct job *job)
{
	struct quire_budget **budgets = job->vs->ledger.budgets;
	uint32_t id = 0;

	for (; id < job->vs->ledger.slots; id++)
		if (has_payer(job, id) &&
		    budgets[id]->mover->quiesce(budgets[id]->mover, budgets[id]))
			break;
	return id;
}

static void resume(const struct job *job, uint32_t past)
{
	struct quire_budget **budgets = job->vs->ledger.budgets;

	for (uint32_t id = 0; id < past; id++)
		if (has_payer(job, id))
			budgets[id]->mover->resume(budgets[id]->mover, budgets[id]);
}

static int32_t move_page(struct job *job, uint32_t index)
{
	struct quire_vspace *vs = job->vs;
	uintptr_t address = quire_page_address(vs, index);
	int32_t status;

	vs->page[index].state = PAGE_ARRIVING;
	quire_unlock(vs);
	status = vs->mmu->move(vs->mmu, address);
	if (!status)
		quire_tell_about(vs, QUIRE_EVENT_MOVE, vs, quire_pointer(address), vs->page_size,
				 0);
	quire_lock(vs);
	vs->page[index].state = PAGE_PRESENT;
	vs->moved_pages += !status;
	job->moved += !status;
	return status;
}

static int32_t empty_page(struct job *job, struct quire_section *section, uint32_t index)
{
	const struct quire_page *page = &job->vs->page[index];

	if (!page->users)
		return quire_pages_evict(section, index, 1);
	if (page->state != PAGE_PRESENT || !has_payer(job, page->payer))
		return QUIRE_EBUSY; /* retained when it was looked at, and taken since */
	return move_page(job, index);
}

static int32_t empty_bank(struct job *job)
{
	struct quire_section section;
	int32_t status;

	quire_section_enter_deep(&section, job->vs);
	status = will_do(job, true) ? QUIRE_OK : QUIRE_EBUSY;
	for (uint32_t page = 0; !status && page < job->vs->pages; page++) {
		quire_let_others_in(job->vs, page);
		if (lies_in(job, page))
			status = empty_page(job, &section, page);
	}
	quire_section_leave(&section);
	return status;
}

static int32_t refuse(struct quire_vspace *vs, int32_t why)
{
	return quire_refuse_call(vs, &vs->refused, why, vs, 0, 0);
}

int32_t quire_vspace_evacuate(struct quire_vspace *vs, size_t most_pages, size_t *moved)
{
	struct job job = { .vs = vs, .most = most_pages, .bank = QUIRE_NOWHERE };
	int32_t status;

	if (moved)
		*moved = 0;
	if (!vs || !vs->mmu->move)
		return QUIRE_EINVAL;
	status = quire_forbidden(vs);
	if (status)
		return refuse(vs, status);
	status = QUIRE_EBUSY;
	while (status == QUIRE_EBUSY && choose(&job)) {
		uint32_t past = quiesce(&job);

		if (past == vs->ledger.slots)
			status = empty_bank(&job);
		resume(&job, past);
	}
	if (moved)
		*moved = job.moved;
	return status;
}

/* 64 bits are not multiplied or divided: processors of 32 bits call a library for that. */
APART uint64_t times(uint64_t count, uint32_t factor)
{
	uint64_t product = 0;

	for (; factor; factor >>= 1, count <<= 1)
		product += factor & 1 ? count : 0;
	return product;
}

static size_t earned_moves(struct quire_vspace *vs, uint32_t percent)
{
	struct quire_section section = quire_section_enter(vs);
	uint64_t earned = times(vs->mapped_pages, percent), made = times(vs->moved_pages, 100);
	uint64_t left = earned > made ? earned - made : 0; /* hundredths */

	quire_section_leave(&section);
	return left < UINT32_MAX ? (uint32_t)left / 100 : UINT32_MAX / 100;
}

int32_t quire_vspace_save_power(struct quire_vspace *vs, uint32_t percent, size_t *moved)
{
	size_t moved_now = 0, moved_in_all = 0;
	int32_t status = QUIRE_OK;

	if (!vs || !percent || percent > 100)
		status = QUIRE_EINVAL;
	while (!status) {
		status = quire_vspace_evacuate(vs, earned_moves(vs, percent), &moved_now);
		moved_in_all += moved_now;
	}
	if (moved)
		*moved = moved_in_all;
	return status == QUIRE_EBUSY ? QUIRE_OK : status;
}

int32_t quire_vspace_set_mover(struct quire_vspace *vs, struct quire_budget *budget,
			       struct quire_mover *mover)
{
	struct quire_section section;
	int32_t status = QUIRE_EINVAL;

	if (!vs || (mover && (!mover->quiesce || !mover->resume)))
		return QUIRE_EINVAL;
	if (quire_forbidden(vs) == QUIRE_ECONTEXT)
		return refuse(vs, QUIRE_ECONTEXT);
	budget = budget ? budget : &vs->common;
	section = quire_section_enter(vs);
	if (quire_ledger_knows(&vs->ledger, budget)) {
		budget->mover = mover;
		status = QUIRE_OK;
	}
	quire_section_leave(&section);
	return status;
}
