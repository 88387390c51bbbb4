/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who holds how much: bytes asked, pages touched and address space, by pipeline and in all.
 *
 * A page counts for every pipeline that has a byte on it, so that the pages of two pipelines that
 * share one add up to more than are mapped. Pipeline number `pipelines` stands for what belongs to no
 * pipeline.
 */
#ifndef QUIRE_TOOL_ACCOUNT_H
#define QUIRE_TOOL_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/** A sum now, and the most that it ever was. */
struct amount {
	size_t now;
	size_t peak;
};

void amount_add(struct amount *amount, size_t more);
void amount_remove(struct amount *amount, size_t less);

struct usage {
	struct amount asked;     /**< bytes; what was granted of a range */
	struct amount pages;     /**< that are touched */
	struct amount addresses; /**< bytes */
};

struct account {
	struct usage *pipeline; /**< [pipelines + 1] */
	struct usage total;
	struct amount banks; /**< with a page that is touched */
	size_t pipelines;

	/* Private. */
	uintptr_t base; /* of the window */
	size_t page_bytes;
	size_t window_pages;
	size_t pages_per_bank;
	size_t pages_before;
	uint16_t *touched;    /* [pipelines + 1][window_pages]: holdings of a pipeline on a page */
	uint32_t *users;      /* [window_pages]: pipelines on a page */
	uint32_t *bank_pages; /* pages that are touched, by bank */
};

/** Where the memory lies that is accounted for. */
struct account_window {
	const void *base;
	size_t pages;
	size_t page_bytes;
	size_t pages_per_bank;
	size_t pages_before; /**< in banks from the first one on, and always in use: the image */
};

void account_init(struct account *account, size_t pipelines, const struct account_window *window);
void account_fini(struct account *account);

/** What a holding adds. `asked` and `addresses` may be 0 where only pages count. */
struct account_entry {
	size_t pipeline; /**< TOPOLOGY_NONE: none */
	const void *ptr;
	size_t bytes; /**< whose pages are touched */
	size_t asked;
	size_t addresses;
};

void account_add(struct account *account, const struct account_entry *entry);
void account_remove(struct account *account, const struct account_entry *entry);

#endif
