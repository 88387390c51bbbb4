/* SPDX-License-Identifier: BSD-3-Clause */
/* init: what runs at boot, in the order of levels and priorities. */
#ifndef HOST_ZEPHYR_INIT_H
#define HOST_ZEPHYR_INIT_H

struct host_init {
	int (*function)(void);
	int priority;
	struct host_init *next;
};

void host_add_init(struct host_init *init);

#define HOST_LEVEL_POST_KERNEL 1
#define HOST_LEVEL_APPLICATION 2
#define SYS_INIT(init_function, level, prio)                                    \
	__attribute__((constructor)) static void host_add_##init_function(void) \
	{                                                                       \
		static struct host_init init = {                                \
			.function = init_function,                              \
			.priority = HOST_LEVEL_##level * 100 + (prio),          \
		};                                                              \
		host_add_init(&init);                                           \
	}                                                                       \
	_Static_assert(1, "")

#endif
