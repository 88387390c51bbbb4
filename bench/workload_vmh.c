/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual memory heaps: with a block table and elastic, without and with mapping. */
#include "machine.h"
#include "workloads.h"

#define WINDOW (1u << 20)
#define PAGES  512u

/* SOF's, as in boards/tables/sof.ini, without its two single blocks. */
static const struct quire_bundle table[] = {
	{ 128, 32 },  { 512, 8 },   { 1024, 44 }, { 2048, 8 },
	{ 4096, 11 }, { 8192, 10 }, { 32768, 8 }, { 65536, 3 },
};

#define BLOCKS 124u

struct load {
	struct machine machine;
	struct heap heap;
	struct churn churn;
};

static struct script_plan plan_for(const struct bench *bench)
{
	return (struct script_plan){
		.fill = 75,
		.warm = scaled(bench, 20000),
		.timed = scaled(bench, 50000),
		.seed = bench->options->seed,
	};
}

static void begin_table(struct load *load, const struct bench *bench)
{
	struct script_plan plan = plan_for(bench);
	struct candidate candidate = heap_candidate(&load->heap);

	plan.sizes = (struct sizes){ SIZES_TABLE, .table = table, .lines = COUNT_OF(table) };
	plan.unit = WINDOW; /* a request is one block, whatever its size */
	plan.capacity = BLOCKS;
	heap_begin_table(&load->heap, &load->machine, table, COUNT_OF(table));
	churn_begin(&load->churn, &plan, &candidate);
}

static void begin_elastic(struct load *load, const struct bench *bench)
{
	struct script_plan plan = plan_for(bench);
	struct candidate candidate = heap_candidate(&load->heap);

	plan.sizes = (struct sizes){ SIZES_LOG, .low = 6, .high = 14 };
	plan.unit = 64;
	plan.capacity = WINDOW / 64;
	heap_begin_elastic(&load->heap, &load->machine, WINDOW);
	churn_begin(&load->churn, &plan, &candidate);
}

static void end(struct load *load)
{
	churn_end(&load->churn);
	heap_end(&load->heap);
	machine_end(&load->machine);
}

static void time_both(struct bench *bench, struct load loads[2])
{
	struct subject subjects[2];

	begin_table(&loads[0], bench);
	begin_elastic(&loads[1], bench);
	subjects[0] = churn_subject(&loads[0].churn, text("table"),
				    text("%zu bundles, %u blocks", COUNT_OF(table), BLOCKS));
	subjects[1] = churn_subject(&loads[1].churn, text("elastic"),
				    text("64 to 16384 bytes in a window of %u KiB", WINDOW / 1024));
	measure(bench, subjects, COUNT_OF(subjects));
}

/* ---- without mapping ------------------------------------------------------------------------- */

static void run_retained(struct bench *bench)
{
	struct load loads[2];

	machine_begin_flat(&loads[0].machine, PAGES);
	machine_begin_flat(&loads[1].machine, PAGES);
	time_both(bench, loads);
	end(&loads[0]);
	end(&loads[1]);
}

const struct workload workload_vmh = {
	.name = "vmh",
	.about =
		"Virtual memory heaps on the flat port, all pages retained, so that no driver is "
		"called: buffers come and go. Table: SOF's block table (boards/tables/sof.ini) "
		"without its two single blocks, three quarters of the blocks in use; requests take "
		"more than half of a block, and a larger block where theirs are used up. Elastic: "
		"three quarters of the window in use.",
	.run = run_retained,
};

/* ---- with mapping ---------------------------------------------------------------------------- */

/* Calls of the driver while the timed part of the script is played. */
static uint64_t count_calls(struct load *load)
{
	struct subject subject = churn_subject(&load->churn, NULL, NULL);
	struct quire_vspace_stats before, after;

	subject.prepare(subject.context);
	quire_vspace_stats(&load->machine.vs, &before);
	subject.work(subject.context);
	quire_vspace_stats(&load->machine.vs, &after);
	subject.restore(subject.context);
	return after.map_calls + after.unmap_calls - before.map_calls - before.unmap_calls;
}

static void add_calls(struct bench *bench, struct load *load, const char *name)
{
	double calls = (double)count_calls(load);

	add_exact(bench, ROW_COUNT, calls / (double)load->churn.script.timed,
		  text("%s, driver calls", name), text("map and unmap, for each operation"));
}

static void run_mapping(struct bench *bench)
{
	struct load loads[2];

	machine_begin_linux(&loads[0].machine, PAGES, 0);
	machine_begin_linux(&loads[1].machine, PAGES, 0);
	time_both(bench, loads);
	add_calls(bench, &loads[0], "table");
	add_calls(bench, &loads[1], "elastic");
	end(&loads[0]);
	end(&loads[1]);
}

const struct workload workload_vmh_mapping = {
	.name = "vmh-mapping",
	.about = "The same on the Linux port with no page retained: pages are mapped and unmapped "
		 "by "
		 "the kernel as buffers need them. The memory is not touched. How often the driver "
		 "is called is exact for a host's size of pages.",
	.run = run_mapping,
};
