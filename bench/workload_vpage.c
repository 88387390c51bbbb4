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

#define FRAMES ((size_t)64)
#define PAGES  (2 * FRAMES)
#define MANY   16u
#define FLAGS  (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define SHARED (MAP_SHARED | MAP_FIXED)

/*
 * Something stays allocated, so that the bank of frames is never empty and switched off: the last page,
 * or, so that no two free frames are adjacent, a page with every other frame.
 */
struct pages {
	struct machine machine;
	char *window;
	size_t page_size; /* the host's */
	void *kept[FRAMES];
	size_t count; /* of each request */
	uint32_t requests;
};

static void *page_at(struct pages *pages, size_t page)
{
	void *ptr = quire_vpage_alloc_at(&pages->machine.vs,
					 pages->window + page * pages->page_size, 1, QUIRE_RW);

	if (!ptr)
		die("no page %zu", page);
	return ptr;
}

static void free_page(struct pages *pages, void *ptr)
{
	must(quire_vpage_free(&pages->machine.vs, ptr), "freeing a page");
}

/* All frames are taken, and those with odd numbers go back. */
static void scatter(struct pages *pages)
{
	for (size_t i = 0; i < FRAMES; i++)
		pages->kept[i] = page_at(pages, PAGES - 1 - i);
	for (size_t i = 0; i < FRAMES; i++) {
		if (quire_linux_frame_of(&pages->machine.port, pages->kept[i]) % 2 == 0)
			continue;
		free_page(pages, pages->kept[i]);
		pages->kept[i] = NULL;
	}
}

static void begin(struct pages *pages, const struct bench *bench, size_t count, size_t retain,
		  bool scattered)
{
	*pages = (struct pages){ .count = count };
	machine_begin_linux_frames(&pages->machine, PAGES, FRAMES, retain);
	pages->page_size = pages->machine.port.mmu.page_size;
	pages->window = pages->machine.port.window;
	if (scattered)
		scatter(pages);
	else
		pages->kept[0] = page_at(pages, PAGES - 1);
	pages->requests = scaled(bench, retain ? 50000 : 5000);
}

static void end(struct pages *pages)
{
	for (size_t i = 0; i < FRAMES; i++)
		if (pages->kept[i])
			free_page(pages, pages->kept[i]);
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
	raw->memfd = memfd_create("bench", MFD_CLOEXEC);
	if (raw->memfd < 0 || ftruncate(raw->memfd, (off_t)(FRAMES * raw->page_size)))
		die("memfd: %s", strerror(errno));
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

static void time_pages(struct bench *bench, size_t count)
{
	struct pages retained, mapped;
	struct raw raw;
	struct subject subjects[3];
	const struct row *rows;

	begin(&retained, bench, count, PAGES, false);
	begin(&mapped, bench, count, 0, false);
	begin_raw(&raw, &mapped);
	subjects[0] = subject(&retained, text("%zu, retained", count), text("no driver call"));
	subjects[1] = subject(&mapped, text("%zu, mapped", count), text("map, unmap"));
	subjects[2] = raw_subject(&raw, text("%zu, kernel alone", count));
	rows = measure(bench, subjects, COUNT_OF(subjects));
	add_ratio(bench, &rows[1], &rows[2], text("%zu, mapped to kernel alone", count),
		  text("of the two rows above"));
	close(raw.memfd);
	end(&mapped);
	end(&retained);
}

static void time_scattered(struct bench *bench, size_t count)
{
	struct pages mapped;
	struct raw raw;
	struct subject subjects[2];
	const struct row *rows;

	begin(&mapped, bench, count, 0, true);
	begin_raw(&raw, &mapped);
	subjects[0] = subject(&mapped, text("%zu scattered, mapped", count),
			      text("no two free frames are adjacent"));
	subjects[1] = raw_subject(&raw, text("%zu scattered, kernel alone", count));
	rows = measure(bench, subjects, COUNT_OF(subjects));
	add_ratio(bench, &rows[0], &rows[1], text("%zu scattered, to kernel alone", count),
		  text("of the two rows above"));
	close(raw.memfd);
	end(&mapped);
}

static void run(struct bench *bench)
{
	time_pages(bench, 1);
	time_pages(bench, MANY);
	time_scattered(bench, MANY);
}

const struct workload workload_vpage = {
	.name = "vpage",
	.about = "1 and 16 pages of the Linux port (with its locks), allocated and freed at once, "
		 "from a pool that is nearly empty and from one whose free frames are scattered: "
		 "retained pages, pages that the kernel maps and unmaps each time, and the kernel "
		 "calls alone. Pages are not touched; the first touch of a page costs a fault in "
		 "either case. The ratio is what Quire adds to the kernel.",
	.run = run,
};
