/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Set-ups: three ways of giving firmware the same memory, all made of the same library.
 *
 *	table    as SOF does today: a system heap, a virtual heap of blocks cut up at compile time,
 *		 regions of virtual pages for data-processing modules
 *	classic  one heap for everything, first fit, without virtual memory
 *	elastic  Quire: one heap without a table, budgets, regions that grow as they are used
 *
 * A set-up is a performer of actions (action.h). Everything that it hands out is filled with its owner's
 * pattern and looked at, byte for byte, when it is given back and at the end.
 */
#ifndef QUIRE_TOOL_SETUP_H
#define QUIRE_TOOL_SETUP_H

#include "model/action.h"
#include "model/board.h"
#include "quire/observe.h"
#include "setup/figures.h"
#include "topology/topology.h"

struct trace;

enum setup_kind { SETUP_TABLE, SETUP_CLASSIC, SETUP_ELASTIC, SETUP_KIND_COUNT };

struct setup_options {
	enum setup_kind kind;
	const struct board *board;
	const struct topology *topology;
	const struct board_table *table; /**< of the table set-up */
	bool spanning;                   /**< table: a request may take adjacent blocks */
	size_t needed_pages;             /**< elastic: to be guaranteed to all but deep ranges */
	size_t deep_pages;               /**< elastic: to be guaranteed to deep ranges */
	size_t region_pages; /**< elastic: address space for regions, beside the heap's */
	uint32_t evacuate;   /**< elastic: pages moved for 100 mapped, at most, to empty banks */
	bool is_trial;       /**< only whether all is served counts: be quick about it */
	struct trace *trace; /**< of this set-up, or NULL */
};

struct setup_error {
	char what[192]; /**< one line, no full stop */
};

struct setup;

/** @return NULL and a reason in *error if the machine cannot give what the board needs */
struct setup *setup_open(const struct setup_options *options, struct setup_error *error);

/** What the model's life is to be given. */
struct performer *setup_performer(struct setup *setup);

/** The schedule has come to this step; failures and the trace tell it. */
void setup_at_step(struct setup *setup, size_t step);

/** All that could be started is running: remember this moment. */
void setup_settled(struct setup *setup);

/**
 * The schedule is over: check what is still there, count it as leaks, and give everything back.
 * @return the figures, to be given to figures_fini(); the set-up is gone
 */
struct figures setup_close(struct setup *setup);

/** "table", "classic", "elastic". */
const char *setup_name(enum setup_kind kind);

/** Whether this set-up gives a range a budget of its own: it can take pages beyond its minimum. */
bool setup_is_deep(const struct action *action, size_t page_bytes);

#endif
