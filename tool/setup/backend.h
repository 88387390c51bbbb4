/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What differs between set-ups. Private to this folder.
 *
 * setup.c deals with identifiers, patterns and numbers once for all; a backend says how memory is found.
 * All of them use the same library: they differ in how it is configured and in what they ask of it.
 */
#ifndef QUIRE_TOOL_BACKEND_H
#define QUIRE_TOOL_BACKEND_H

#include "quire/quire.h"
#include "setup/holdings.h"
#include "setup/setup.h"

struct backend;

struct backend_ops {
	/** Serve holding->action: fill in ptr, usable, addresses, owner, and tries in any case.
	 *  region: the one that the action names, or NULL. @return a status */
	int32_t (*alloc)(struct backend *self, struct holding *holding, struct holding *region);
	int32_t (*free)(struct backend *self, struct holding *holding, struct holding *region);

	/** The same for a region: ptr, usable, addresses, and mapped if it is so from the start. */
	int32_t (*region_create)(struct backend *self, struct holding *region);
	int32_t (*region_seal)(struct backend *self, struct holding *region);
	int32_t (*region_put)(struct backend *self, struct holding *region);

	/** A stream has come or gone, and the others go on: time to save power. Optional. */
	void (*rest)(struct backend *self);

	/** pages, largest and, if banks_peak is not NULL, banks; setup.c has filled in the rest. */
	void (*measure)(struct backend *self, struct snapshot *snapshot);

	/** The most banks that ever were on; NULL: those with a page that is touched. */
	size_t (*banks_peak)(struct backend *self);

	/** What only this set-up knows of the whole schedule. Optional. */
	void (*sum_up)(struct backend *self, struct figures *figures);

	/** NULL if the library's records agree with each other, else what does not. */
	const char *(*check)(struct backend *self);

	/** Give everything back. @return pages that are still mapped though nothing is allocated */
	size_t (*close)(struct backend *self);
};

struct backend {
	const struct backend_ops *ops;
	struct account_window window; /**< where its memory lies */
};

/** @name Constructors. NULL and a reason in `error` if the port or the library refuses. @{ */
struct backend *table_open(const struct setup_options *options, struct setup_error *error);
struct backend *classic_open(const struct setup_options *options, struct setup_error *error);
struct backend *elastic_open(const struct setup_options *options, struct setup_error *error);
/** @} */

#endif
