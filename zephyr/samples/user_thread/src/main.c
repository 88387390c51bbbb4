/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A region as the memory of a user-mode thread: its lifetime area is one partition of a memory domain, so the thread
 * reaches that and nothing else of the window. The region's records are the kernel's, out of its reach.
 */
#include <zephyr/kernel.h>

#include "quire/zephyr.h"

#define PAGE ((size_t)CONFIG_MM_DRV_PAGE_SIZE)

static K_THREAD_STACK_DEFINE(stack, 4096);
static struct k_thread thread;
static struct k_mem_domain domain;
static struct k_mem_partition partition;

static void run_in_user_mode(void *memory, void *unused, void *unused_too)
{
	ARG_UNUSED(unused);
	ARG_UNUSED(unused_too);
	*(int *)memory = 42;
}

/* All of the area, so that there is a page behind whatever the thread may touch. */
static int *allocate_all(struct quire_vregion *vr)
{
	return quire_vregion_alloc(vr, QUIRE_LIFETIME, 2 * PAGE, 0);
}

static int share(struct quire_vregion *vr)
{
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	partition = (struct k_mem_partition){
		.start = (uintptr_t)info.area[QUIRE_LIFETIME].base,
		.size = info.area[QUIRE_LIFETIME].size,
		.attr = K_MEM_PARTITION_P_RW_U_RW,
	};
	return k_mem_domain_init(&domain, 0, NULL) ||
	       k_mem_domain_add_partition(&domain, &partition);
}

static void run_thread(void *memory)
{
	k_tid_t id = k_thread_create(&thread, stack, K_THREAD_STACK_SIZEOF(stack), run_in_user_mode,
				     memory, NULL, NULL, 5, K_USER, K_FOREVER);

	k_mem_domain_add_thread(&domain, id);
	k_thread_start(id);
	k_thread_join(id, K_FOREVER);
}

int main(void)
{
	const struct quire_zephyr_region wish = { .lifetime = 2 * PAGE,
						  .prot = QUIRE_RW | QUIRE_USER };
	int32_t why = QUIRE_OK;
	struct quire_vregion *vr = quire_zephyr_region_create(&wish, &why);
	int *memory = vr ? allocate_all(vr) : NULL;

	if (!memory) {
		printk("no region: %s\n", quire_status_text(why));
	} else if (share(vr)) {
		printk("the region is no partition\n");
	} else {
		run_thread(memory);
		printk("the thread left %d\n", *memory);
		k_mem_domain_remove_partition(&domain, &partition);
	}
	if (vr)
		quire_vregion_put(vr);
	return 0;
}
