/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What was measured, on standard output: for a reader, for a machine, as a document.
 */
#ifndef QUIRE_BENCH_REPORT_H
#define QUIRE_BENCH_REPORT_H

#include "bench.h"

void report_text(const struct bench *bench);
void report_json(const struct bench *bench);
void report_markdown(const struct bench *bench);

/** Into a file of this name. Ends the program with status 1 if that cannot be written. */
void report_svg(const struct bench *bench, const char *path);

/** The rows from `first` on that belong to the same workload: one past the last. */
size_t end_of_workload(const struct bench *bench, size_t first);

#endif
