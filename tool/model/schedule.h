/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Schedules: in which order the streams of a topology come and go.
 *
 *	all       every stream is started, then every stream is stopped, oldest first
 *	sequence  one stream after the other is started, prepared again and stopped; then `all`
 *	churn     `streams` slots; in each of `cycles` steps a slot drawn at random is started if it
 *	          stands still and stopped if it runs
 *
 * Churn's slot i stands for stream i modulo their number, and for its copy i divided by their
 * number (life.h says what a copy is): 20 slots on 8 streams are 8 streams, 8 second and 4 third
 * copies. With fewer slots than streams they are spread evenly over the streams.
 *
 * Streams without a host module are left out. A stream that was refused stands still, and is tried
 * again when it is drawn again. Every schedule ends with nothing running. The same options on the
 * same topology give the same calls on every machine; nothing is read from a clock.
 */
#ifndef QUIRE_TOOL_SCHEDULE_H
#define QUIRE_TOOL_SCHEDULE_H

#include "model/life.h"

enum schedule_kind { SCHEDULE_ALL, SCHEDULE_SEQUENCE, SCHEDULE_CHURN, SCHEDULE_KIND_COUNT };

struct schedule_options {
	enum schedule_kind kind;
	size_t streams; /**< churn: slots; 0: one for each stream */
	size_t cycles;  /**< churn: steps */
	uint64_t seed;  /**< churn */

	/** After each step, `done` of `total`; may be NULL. */
	void (*progress)(void *context, size_t done, size_t total);
	/** All that could be started runs: just before the last streams are stopped; may be NULL. */
	void (*settled)(void *context);
	void *context;
};

struct schedule_result {
	size_t slots;        /**< streams and copies that took part */
	size_t started;      /**< that ran */
	size_t refused;      /**< that could not start, or not be prepared again */
	size_t prepared;     /**< again */
	size_t stopped;      /**< */
	size_t most_running; /**< at once */
};

/**
 * Runs a schedule on a life in which nothing runs.
 *
 * @param result may be NULL
 * @return 0, or -1 if memory is short, before anything was started
 */
int schedule_run(struct life *life, const struct schedule_options *options,
		 struct schedule_result *result);

/** "all", "sequence", "churn". */
const char *schedule_name(enum schedule_kind kind);

/** @return false and *kind unchanged if there is no such name */
bool schedule_parse(const char *name, enum schedule_kind *kind);

#endif
