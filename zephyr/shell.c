/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shell: what a person at the console asks. Everything is read by public calls, so it is as true as
 * what the firmware itself could know.
 */
#include <zephyr/kernel.h>
#include <zephyr/shell/shell.h>

#include "quire/zephyr.h"

static struct quire_vspace *window(const struct shell *sh)
{
	struct quire_vspace *vs = quire_zephyr_vspace();

	if (!vs)
		shell_error(sh, "Quire is off: the boot log says why");
	return vs;
}

static void print_refusals(const struct shell *sh, const uint64_t *refusals)
{
	for (int32_t why = 1; why < QUIRE_STATUSES; why++)
		if (refusals[why])
			shell_print(sh, "  refused %llu times: %s",
				    (unsigned long long)refusals[why], quire_status_text(-why));
}

static void print_window(const struct shell *sh, struct quire_vspace *vs)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(vs, &stats);
	shell_print(sh, "window: %zu pages, %zu free (longest run %zu), %zu allocations",
		    stats.pages, stats.free, stats.largest, stats.allocations);
	shell_print(sh, "memory: %zu pages, %zu held (most %zu), %zu promised, %zu retained",
		    stats.physical, stats.held, stats.held_peak, stats.promised, stats.retained);
	shell_print(sh, "driver: %llu maps, %llu unmaps; misuse: %llu",
		    (unsigned long long)stats.map_calls, (unsigned long long)stats.unmap_calls,
		    (unsigned long long)stats.misuses);
	print_refusals(sh, stats.refusals);
}

#ifdef CONFIG_QUIRE_VMH
static void print_heap(const struct shell *sh, struct quire_vmh *heap)
{
	struct quire_vmh_stats stats;
	struct quire_bundle_stats bundle;

	quire_vmh_stats(heap, &stats);
	shell_print(sh,
		    "heap: %zu bytes in use (most %zu), %zu mapped, %zu allocations, largest %zu",
		    stats.in_use, stats.in_use_peak, stats.mapped, stats.allocations,
		    stats.largest);
	for (size_t i = 0; quire_vmh_bundle_stats(heap, i, &bundle); i++)
		shell_print(sh, "  %zu blocks of %zu: %zu used (most %zu), exhausted %llu times",
			    bundle.blocks, bundle.block_size, bundle.used, bundle.used_peak,
			    (unsigned long long)bundle.exhausted);
	print_refusals(sh, stats.refusals);
}
#endif

static int command_stat(const struct shell *sh, size_t argc, char **argv)
{
	struct quire_vspace *vs = window(sh);

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (!vs)
		return -1;
	print_window(sh, vs);
#ifdef CONFIG_QUIRE_VMH
	if (quire_zephyr_heap())
		print_heap(sh, quire_zephyr_heap());
#endif
	return 0;
}

/* A line for each allocation of the window, and for what is free between them. */
static int command_map(const struct shell *sh, size_t argc, char **argv)
{
	struct quire_vspace *vs = window(sh);
	char *at, *end;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (!vs)
		return -1;
	at = (char *)vs->base;
	end = at + (size_t)vs->pages * vs->page_size;
	while (at < end) {
		size_t pages = 0, mapped = 0, count = 1;
		void *owner = quire_vpage_owner(vs, at, &pages);
		char *from = at;

		if (owner)
			count = pages;
		for (size_t i = 0; i < count; i++)
			mapped += quire_vspace_is_mapped(vs, at + i * vs->page_size);
		at += count * vs->page_size;
		while (!owner && at < end && !quire_vpage_owner(vs, at, NULL)) {
			mapped += quire_vspace_is_mapped(vs, at);
			at += vs->page_size;
		}
		shell_print(sh, "%p %6zu pages, %zu mapped, %s", (void *)from,
			    (size_t)(at - from) / vs->page_size, mapped, owner ? "taken" : "free");
	}
	return 0;
}

#ifdef CONFIG_QUIRE_VREGION
static int command_regions(const struct shell *sh, size_t argc, char **argv)
{
	struct quire_vregion *vr;
	uint32_t number = 0;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (!window(sh))
		return -1;
	while ((vr = quire_zephyr_region_nth(number++)) != NULL) {
		struct quire_vregion_info info;

		quire_vregion_info(vr, &info);
		shell_print(sh, "%p: %zu bytes, %zu committed (most %zu), %u users%s", info.base,
			    info.size, info.committed, info.committed_peak,
			    (unsigned int)info.users, info.sealed ? ", sealed" : "");
		shell_print(sh, "  lifetime %zu of %zu used, interim %zu of %zu in %zu allocations",
			    info.area[QUIRE_LIFETIME].used, info.area[QUIRE_LIFETIME].size,
			    info.area[QUIRE_INTERIM].used, info.area[QUIRE_INTERIM].size,
			    info.area[QUIRE_INTERIM].allocations);
	}
	return 0;
}
#endif

#ifdef CONFIG_QUIRE_VREGION
#define REGIONS SHELL_CMD(regions, NULL, "Each region and its areas.", command_regions),
#else
#define REGIONS
#endif

/* clang-format off */
SHELL_STATIC_SUBCMD_SET_CREATE(quire_commands,
	SHELL_CMD(stat, NULL, "Window, memory and heap in figures.", command_stat),
	SHELL_CMD(map, NULL, "Who has which pages.", command_map),
	REGIONS
	SHELL_SUBCMD_SET_END);
/* clang-format on */

SHELL_CMD_REGISTER(quire, &quire_commands, "Memory behind the page-mapping unit.", NULL);
