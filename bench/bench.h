/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the parts of the benchmark share: workloads, the rows that they add, and how a row is timed.
 *
 * A *workload* is one concern (a heap of cache lines, the life of a region ...). It adds *rows*: a
 * time for one operation, or a figure that is exact. An *operation* is one call of the library
 * unless a row says otherwise; a row's time is the median over the repetitions of (time of all its
 * operations / their number). Time is processor time of this thread, in the kernel too: what others
 * get of the machine does not count.
 *
 * The *yardstick* is measured anew in each repetition of everything, and each time is also given in
 * yardsticks of its own repetition: a machine that others keep busy, or that changes its clock,
 * slows both down.
 *
 * A new workload is a file workload_NAME.c with a struct workload, a line in workloads.h and one in
 * main.c.
 */
#ifndef QUIRE_BENCH_H
#define QUIRE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "peers.h"
#include "progress.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct bench;

struct workload {
	const char *name;  /**< as --workload takes it */
	const char *about; /**< what its rows mean: sentences */
	void (*run)(struct bench *bench);
};

enum row_kind {
	ROW_TIME,  /**< ns for one operation */
	ROW_RATIO, /**< of the times of two rows, repetition by repetition */
	ROW_SHARE, /**< exact: a share of memory */
	ROW_BYTES, /**< exact */
	ROW_COUNT, /**< exact: so many for each operation */
};

/** Of many samples, or an exact figure three times. */
struct figure {
	double median;
	double least;
	double most;
};

/**
 * What is known of one of those who played the same script, beyond its time. NAN: not known, or it
 * means nothing there.
 */
struct facts {
	const struct quire_peer *peer;
	const char *load;    /**< what was asked: the same for all that are compared */
	struct figure gross; /**< Quire's time divided by its, repetition by repetition */
	struct figure net;   /**< the same without what the benchmark itself takes */
	double tail_alloc;   /**< ns: p99.99 over the calls of the least over the repetitions */
	double tail_free;
	double mean_alloc; /**< instructions, without those of the benchmark: exact */
	double mean_free;
	double worst_alloc;
	double worst_free;
	double usable_fresh; /**< share of memory at the first refusal: exact */
	double usable_aged;
	double metadata; /**< bytes outside the pool */
};

/** One line of the table. */
struct row {
	const struct workload *workload;
	enum row_kind kind;
	char *name;
	char *did;                /**< what was done, with its numbers */
	struct figure figure;     /**< of the samples, or exact */
	struct figure yardsticks; /**< ROW_TIME: the same in yardsticks */
	double *samples;          /**< one for each repetition; NULL if exact */
	double *in_yardsticks;    /**< ROW_TIME: the same in yardsticks */
	uint64_t operations;      /**< in each repetition; 0 where that means nothing */
	uint64_t refused;         /**< of them, in the last repetition */
	struct facts *facts;      /**< of who played a script; NULL for other rows */
};

/** Something to be timed. Nothing but work() is timed; prepare and restore may be NULL. */
struct subject {
	char *name; /**< from text(); the row takes it, and did */
	char *did;
	void *context;
	void (*prepare)(void *context);  /**< before each repetition */
	uint64_t (*work)(void *context); /**< @return how many operations were refused */
	void (*restore)(void *context);  /**< after each repetition */
	uint64_t operations;             /**< that work() does */
};

/** One run of the program. */
struct bench {
	const struct options *options;
	const struct workload *workload; /**< that adds rows now */
	struct peers peers;
	struct row *rows;
	size_t row_count;
	struct subject yardstick;
	double clock_ns;      /**< what reading the clock takes */
	double tail_clock_ns; /**< what reading that of single calls takes */
	struct progress progress;
};

/** All workloads, in the order of the table. */
extern const struct workload *const workloads[];
extern const size_t workload_count;

/**
 * Time several subjects, and add a row for each. In each repetition the yardstick and every subject
 * have their turn. One repetition more, the first, is not counted.
 * With --exact the rows have no figures.
 * @return the first of the rows, until the next row is added
 */
struct row *measure(struct bench *bench, const struct subject *subjects, size_t count);

/** Add a row: the time of `row` divided by that of `base`, both from the same measure(). */
void add_ratio(struct bench *bench, const struct row *row, const struct row *base, char *name,
	       char *did);

/** Add a row with an exact figure. */
void add_exact(struct bench *bench, enum row_kind kind, double value, char *name, char *did);

/** What reading the clock takes, in ns: the median of many. */
double measure_clock(void);

/** Of repetitions, of which at least one is there. */
struct figure summarize(const double *samples, size_t count);

/** This many, or a tenth for --quick. */
uint32_t scaled(const struct bench *bench, uint32_t count);

/** The path of what lies in the folder of this program; from text(). */
char *beside_program(const char *name);

/** As sprintf, into memory of its own. */
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);

/** Zeroed memory, or the end of the program. Free with free(). */
void *memory(size_t count, size_t bytes);

/** Tell what went wrong, and end the program with status 1. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/** Die unless the status is QUIRE_OK; `what` is what was tried. */
void must(int32_t status, const char *what);

#endif
