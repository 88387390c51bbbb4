/* SPDX-License-Identifier: BSD-3-Clause */
#include "setup/account.h"

#include <stdlib.h>
#include <string.h>

#include "setup/host.h"

void amount_add(struct amount *amount, size_t more)
{
	amount->now += more;
	if (amount->now > amount->peak)
		amount->peak = amount->now;
}

void amount_remove(struct amount *amount, size_t less)
{
	amount->now -= less;
}

void account_init(struct account *account, size_t pipelines, const struct account_window *window)
{
	size_t banks = (window->pages_before + window->pages) / window->pages_per_bank + 1;

	memset(account, 0, sizeof(*account));
	account->pipelines = pipelines;
	account->base = (uintptr_t)window->base;
	account->page_bytes = window->page_bytes;
	account->window_pages = window->pages;
	account->pages_per_bank = window->pages_per_bank;
	account->pages_before = window->pages_before;
	account->pipeline = host_alloc(pipelines + 1, sizeof(*account->pipeline));
	account->touched = host_alloc((pipelines + 1) * window->pages, sizeof(*account->touched));
	account->users = host_alloc(window->pages, sizeof(*account->users));
	account->bank_pages = host_alloc(banks, sizeof(*account->bank_pages));
	for (size_t bank = 0; bank * window->pages_per_bank < window->pages_before; bank++) {
		account->bank_pages[bank] = 1; /* whatever is before the window stays there */
		amount_add(&account->banks, 1);
	}
}

void account_fini(struct account *account)
{
	free(account->pipeline);
	free(account->touched);
	free(account->users);
	free(account->bank_pages);
	memset(account, 0, sizeof(*account));
}

static size_t row_of(const struct account *account, const struct account_entry *entry)
{
	return entry->pipeline < account->pipelines ? entry->pipeline : account->pipelines;
}

/* The pages that an entry touches: first, and one past the last. */
static void span_of(const struct account *account, const struct account_entry *entry, size_t *first,
		    size_t *end)
{
	uintptr_t offset = (uintptr_t)entry->ptr - account->base;

	*first = offset / account->page_bytes;
	*end = (offset + entry->bytes + account->page_bytes - 1) / account->page_bytes;
	if (*end > account->window_pages)
		*end = account->window_pages;
}

static uint32_t *bank_of(struct account *account, size_t page)
{
	return &account->bank_pages[(account->pages_before + page) / account->pages_per_bank];
}

static void page_in_use(struct account *account, size_t page)
{
	amount_add(&account->total.pages, 1);
	if ((*bank_of(account, page))++ == 0)
		amount_add(&account->banks, 1);
}

static void page_unused(struct account *account, size_t page)
{
	amount_remove(&account->total.pages, 1);
	if (--*bank_of(account, page) == 0)
		amount_remove(&account->banks, 1);
}

void account_add(struct account *account, const struct account_entry *entry)
{
	size_t row = row_of(account, entry), page, end;
	uint16_t *touched = account->touched + row * account->window_pages;

	for (span_of(account, entry, &page, &end); page < end; page++) {
		if (touched[page]++ != 0)
			continue;
		amount_add(&account->pipeline[row].pages, 1);
		if (account->users[page]++ == 0)
			page_in_use(account, page);
	}
	amount_add(&account->pipeline[row].asked, entry->asked);
	amount_add(&account->total.asked, entry->asked);
	amount_add(&account->pipeline[row].addresses, entry->addresses);
	amount_add(&account->total.addresses, entry->addresses);
}

void account_remove(struct account *account, const struct account_entry *entry)
{
	size_t row = row_of(account, entry), page, end;
	uint16_t *touched = account->touched + row * account->window_pages;

	for (span_of(account, entry, &page, &end); page < end; page++) {
		if (--touched[page] != 0)
			continue;
		amount_remove(&account->pipeline[row].pages, 1);
		if (--account->users[page] == 0)
			page_unused(account, page);
	}
	amount_remove(&account->pipeline[row].asked, entry->asked);
	amount_remove(&account->total.asked, entry->asked);
	amount_remove(&account->pipeline[row].addresses, entry->addresses);
	amount_remove(&account->total.addresses, entry->addresses);
}
