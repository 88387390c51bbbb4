/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The workloads: each file defines those of one concern.
 */
#ifndef QUIRE_BENCH_WORKLOADS_H
#define QUIRE_BENCH_WORKLOADS_H

#include "bench.h"

extern const struct workload workload_bundle;
extern const struct workload workload_heap_512k;
extern const struct workload workload_heap_4m;
extern const struct workload workload_pages_1024;
extern const struct workload workload_pages_65536;
extern const struct workload workload_pages_1m;
extern const struct workload workload_range;
extern const struct workload workload_resize;
extern const struct workload workload_owner;
extern const struct workload workload_vmh;
extern const struct workload workload_vmh_mapping;
extern const struct workload workload_vpage;
extern const struct workload workload_frames;
extern const struct workload workload_vregion;
extern const struct workload workload_buffer;
extern const struct workload workload_metadata;
extern const struct workload workload_instructions;
#ifdef QUIRE_BENCH_MODEL
extern const struct workload workload_churn;
extern const struct workload workload_power;
#endif

#endif
