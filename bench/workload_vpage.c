/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages from the Linux port: retained, mapped each time, and what the kernel alone takes to map the
 * same frames of another pool at the same addresses. Elsewhere it would not do: what a mapping
 * costs depends on how many there are around it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"
#include "workloads.h"

#define PAGES  ((size_t)64)
#define MANY   16u
#define FLAGS  (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define SHARED (MAP_SHARED | MAP_FIXED)

/* The last page stays allocated, so that the bank of frames is never empty and switched off. */
struct pages {
	struct machine machine;
	char *window;
	size_t page_size; /* the host's */
	void *kept;
	size_t count; /* of each request */
	uintptr_t free_address;
	uint32_t requests;
};

static void begin(struct pages *pages, const struct bench *bench, size_t count, size_t retain)
{
	machine_begin_linux(&pages->machine, PAGES, retain);
	pages->page_size = pages->machine.port.mmu.page_size;
	pages->window = pages->machine.port.window;
	pages->kept = quire_vpage_alloc_at(
		&pages->machine.vs, pages->window + (PAGES - 1) * pages->page_size, 1, QUIRE_RW);
	pages->count = count;
	pages->requests = scaled(bench, retain ? 50000 : 5000);
}

static void end(struct pages *pages)
{
	must(quire_vpage_free(&pages->machine.vs, pages->kept), "freeing a page");
	machine_end(&pages->machine);
}

static uint64_t work(void *context)
{
	struct pages *pages = context;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < pages->requests; i++) {
		void *ptr = quire_vpage_alloc(&pages->machine.vs, pages->count, QUIRE_RW);

		wrong |= quire_vpage_free(&pages->machine.vs, ptr);
	}
	must(wrong, "allocating and freeing pages");
	return 0;
}

static struct subject subject(struct pages *pages, char *name, char *did)
{
	return (struct subject){
		.name = name,
		.did = did,
		.context = pages,
		.work = work,
		.operations = 2 * (uint64_t)pages->requests,
	};
}

/* Single free frames only: every other one belongs to what stays allocated. */
static void *scatter(struct pages *pages)
{
	struct quire_vspace *vs = &pages->machine.vs;
	char *stays = quire_vpage_reserve(vs, PAGES / 2 - 1);
	char *goes = quire_vpage_reserve(vs, PAGES / 2 - 1);

	for (size_t offset = 0; offset < (PAGES / 2 - 1) * pages->page_size;
	     offset += pages->page_size) {
		must(quire_vpage_commit(vs, goes + offset, 1, QUIRE_RW, NULL), "committing");
		must(quire_vpage_commit(vs, stays + offset, 1, QUIRE_RW, NULL), "committing");
	}
	must(quire_vpage_free(vs, goes), "freeing pages");
	return stays;
}

/* ---- the driver alone ------------------------------------------------------------------------ */

/* At addresses that are free; the vspace does not know. */
static uint64_t work_driver(void *context)
{
	struct pages *pages = context;
	const struct quire_mmu *mmu = &pages->machine.port.mmu;
	int32_t wrong = 0;

	for (uint32_t i = 0; i < pages->requests; i++) {
		wrong |= mmu->map(mmu, pages->free_address, pages->count, QUIRE_RW);
		wrong |= mmu->unmap(mmu, pages->free_address, pages->count);
	}
	must(wrong, "mapping and unmapping pages");
	return 0;
}

/* ---- the kernel alone ------------------------------------------------------------------------ */

/* Adjacent frames behind adjacent pages. */
struct run {
	size_t page;
	size_t count;
	off_t frame;
};

struct raw {
	char *window; /* the port's: between its calls nothing is mapped there */
	size_t page_size;
	int memfd;
	struct run runs[MANY];
	size_t run_count;
	size_t page; /* the first of the allocation */
	size_t count;
	uint32_t requests;
};

static void *must_map(void *ptr)
{
	if (ptr == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return ptr;
}

static void map_run(const struct raw *raw, const struct run *run)
{
	must_map(mmap(raw->window + run->page * raw->page_size, run->count * raw->page_size,
		      PROT_READ | PROT_WRITE, SHARED, raw->memfd,
		      run->frame * (off_t)raw->page_size));
}

static uint64_t work_raw(void *context)
{
	const struct raw *raw = context;

	for (uint32_t i = 0; i < raw->requests; i++) {
		for (size_t run = 0; run < raw->run_count; run++)
			map_run(raw, &raw->runs[run]);
		must_map(mmap(raw->window + raw->page * raw->page_size, raw->count * raw->page_size,
			      PROT_NONE, FLAGS | MAP_FIXED, -1, 0));
	}
	return 0;
}

static off_t frame_of(const struct pages *pages, const char *ptr, size_t page)
{
	return (off_t)quire_linux_frame_of(&pages->machine.port, ptr + page * pages->page_size);
}

/* The runs that the port maps for such a request. */
static void learn_runs(struct raw *raw, struct pages *pages)
{
	char *ptr = quire_vpage_alloc(&pages->machine.vs, pages->count, QUIRE_RW);

	pages->free_address = (uintptr_t)ptr;
	raw->page = (size_t)(ptr - pages->window) / pages->page_size;
	raw->count = pages->count;
	for (size_t page = 0; page < pages->count; page++) {
		struct run *last = raw->runs + raw->run_count - 1;
		off_t frame = frame_of(pages, ptr, page);

		if (raw->run_count && frame == last->frame + (off_t)last->count)
			last->count++;
		else
			raw->runs[raw->run_count++] = (struct run){ raw->page + page, 1, frame };
	}
	must(quire_vpage_free(&pages->machine.vs, ptr), "freeing pages");
}

static void begin_raw(struct raw *raw, struct pages *pages)
{
	*raw = (struct raw){ .requests = pages->requests, .window = pages->window };
	raw->page_size = pages->page_size;
	raw->memfd = pages->machine.port.memfd;
	learn_runs(raw, pages);
}

static struct subject raw_subject(struct raw *raw, char *name)
{
	return (struct subject){
		.name = name,
		.did = text("the same frames by mmap alone, in %zu piece%s", raw->run_count,
			    raw->run_count == 1 ? "" : "s"),
		.context = raw,
		.work = work_raw,
		.operations = 2 * (uint64_t)raw->requests,
	};
}

/* ---- the rows -------------------------------------------------------------------------------- */

/* Map and unmap, by vpage and by its driver, and what the kernel alone takes for the same. */
static void time_mapping(struct bench *bench, size_t count, bool scattered)
{
	const char *where = scattered ? " scattered" : "";
	struct pages mapped;
	struct raw raw;
	struct subject subjects[3];
	struct row rows[COUNT_OF(subjects)];
	void *stays = NULL;

	begin(&mapped, bench, count, 0);
	if (scattered)
		stays = scatter(&mapped);
	begin_raw(&raw, &mapped);
	subjects[0] = subject(&mapped, text("%zu%s, mapped", count, where), text("map, unmap"));
	subjects[1] = subject(&mapped, text("%zu%s, driver alone", count, where),
			      text("the same by the functions of the port alone"));
	subjects[1].work = work_driver;
	subjects[2] = raw_subject(&raw, text("%zu%s, kernel alone", count, where));
	memcpy(rows, measure(bench, subjects, COUNT_OF(subjects)), sizeof(rows));
	add_ratio(bench, &rows[0], &rows[2], text("%zu%s, mapped to kernel alone", count, where),
		  text("of the rows above"));
	add_ratio(bench, &rows[1], &rows[2], text("%zu%s, driver to kernel alone", count, where),
		  text("of the rows above"));
	if (stays)
		must(quire_vpage_free(&mapped.machine.vs, stays), "freeing pages");
	end(&mapped);
}

static void time_retained(struct bench *bench, size_t count)
{
	struct pages retained;
	struct subject subjects[1];

	begin(&retained, bench, count, PAGES);
	subjects[0] = subject(&retained, text("%zu, retained", count), text("no driver call"));
	measure(bench, subjects, COUNT_OF(subjects));
	end(&retained);
}

static void run(struct bench *bench)
{
	time_retained(bench, 1);
	time_retained(bench, MANY);
	time_mapping(bench, 1, false);
	time_mapping(bench, MANY, false);
	time_mapping(bench, MANY, true);
}

const struct workload workload_vpage = {
	.name = "vpage",
	.about = "1 and 16 pages of the Linux port (with its locks), allocated and freed at once: "
		 "retained pages, pages that the kernel maps and unmaps each time, the same by the "
		 "port's map and unmap without the layers above, and the kernel calls alone. "
		 "Scattered: no two free frames are adjacent. Pages are not touched; the first "
		 "touch of a page costs a fault in either case. The ratio is what Quire adds to "
		 "the kernel.",
	.run = run,
};
