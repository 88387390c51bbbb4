/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The storage that callers give, for some sizes that occur: exact figures, and what share they are.
 */
#include "quire/vregion.h"

#include "workloads.h"

#define KIB  ((size_t)1024)
#define PAGE (4 * KIB)

static void add(struct bench *bench, const char *name, size_t bytes, size_t of)
{
	add_exact(bench, ROW_BYTES, (double)bytes, text("%s", name),
		  text("%.2f %% of the %zu KiB that it keeps books of",
		       100 * (double)bytes / (double)of, of / KIB));
}

static void run(struct bench *bench)
{
	add(bench, "extents, 448 lines", QUIRE_EXTENTS_STORAGE(448), 28 * KIB);
	add(bench, "extents, heap-512K", QUIRE_EXTENTS_STORAGE(8192), 512 * KIB);
	add(bench, "extents, heap-4M", QUIRE_EXTENTS_STORAGE(65536), 4096 * KIB);
	add(bench, "extents, pages-1024", QUIRE_EXTENTS_STORAGE_EXACT(1024), 1024 * PAGE);
	add(bench, "extents, pages-65536", QUIRE_EXTENTS_STORAGE_EXACT(65536), 65536 * PAGE);
	add(bench, "vspace, 2048 pages, 8 budgets", QUIRE_VSPACE_STORAGE(2048, 8), 2048 * PAGE);
	add(bench, "vmh, SOF's table (126 blocks)", QUIRE_VMH_STORAGE(10, 126), 1280 * KIB);
	add(bench, "vmh, elastic, 1 MiB", QUIRE_VMH_ELASTIC_STORAGE(1024 * KIB, 64), 1024 * KIB);
	add(bench, "vregion, 64 KiB interim", QUIRE_VREGION_STORAGE(64 * KIB, 64), 64 * KIB);
}

const struct workload workload_metadata = {
	.name = "metadata",
	.about = "Exact for this width of pointers: bytes of storage by the macros of the headers. "
		 "The structs of vspace and heap themselves, which the caller also has, are not "
		 "included; that of a region is.",
	.run = run,
};
