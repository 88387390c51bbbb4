/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two pipelines, each with a region and a deep buffer. Each is guaranteed what it needs at least; the first asks
 * for all there is, and the second gets its share all the same.
 */
#include <zephyr/kernel.h>

#include "quire/zephyr.h"

#define PAGE ((size_t)CONFIG_MM_DRV_PAGE_SIZE)

struct pipeline {
	struct quire_budget budget;
	struct quire_vregion *region;
	void *deep;
};

static struct pipeline pipelines[2];

static int32_t start(struct pipeline *pipeline, size_t deep_bytes)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	const struct quire_zephyr_region wish = { .lifetime = 2 * PAGE,
						  .interim = 4 * PAGE,
						  .budget = &pipeline->budget };
	struct quire_request deep = {
		.size = deep_bytes, .min = 2 * PAGE, .step = PAGE, .budget = &pipeline->budget
	};
	int32_t why = QUIRE_OK;

	pipeline->region = quire_zephyr_region_create(&wish, &why);
	if (!pipeline->region)
		return why;
	if (!quire_vregion_alloc(pipeline->region, QUIRE_LIFETIME, 1000, 0))
		return QUIRE_ENOPHYS;
	pipeline->deep = quire_vpage_request(vs, &deep, QUIRE_RW);
	printk("a deep buffer of %zu bytes, at best %zu\n", deep.granted, deep_bytes);
	return deep.why;
}

static void stop(struct pipeline *pipeline)
{
	if (pipeline->deep)
		quire_vpage_free(quire_zephyr_vspace(), pipeline->deep);
	if (pipeline->region)
		quire_vregion_put(pipeline->region);
	quire_vspace_dismiss(quire_zephyr_vspace(), &pipeline->budget);
}

int main(void)
{
	struct quire_vspace *vs = quire_zephyr_vspace();
	struct quire_vspace_stats stats;
	int32_t status = QUIRE_OK;

	if (!vs) {
		printk("Quire is off: the boot log says why\n");
		return 0;
	}
	quire_vspace_stats(vs, &stats);
	for (int i = 0; i < 2 && !status; i++)
		status = quire_vspace_admit(vs, &pipelines[i].budget, 8, QUIRE_NO_LIMIT);
	for (int i = 0; i < 2 && !status; i++)
		status = start(&pipelines[i], stats.physical * PAGE / 2);
	for (int i = 0; i < 2; i++)
		stop(&pipelines[i]);
	printk("%s\n", status ? quire_status_text(status) : "both pipelines ran");
	return 0;
}
