/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel: of Zephyr's kernel what the module uses, as its documentation has it. */
#ifndef HOST_ZEPHYR_KERNEL_H
#define HOST_ZEPHYR_KERNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zephyr/sys/util.h>

struct k_spinlock {
	int held;
};

typedef struct {
	int key;
} k_spinlock_key_t;

k_spinlock_key_t k_spin_lock(struct k_spinlock *l);
void k_spin_unlock(struct k_spinlock *l, k_spinlock_key_t key);

struct k_mutex {
	pthread_mutex_t host;
};

typedef struct {
	int64_t ticks;
} k_timeout_t;

#define K_FOREVER     \
	(k_timeout_t) \
	{             \
		-1    \
	}
#define K_MUTEX_DEFINE(name) struct k_mutex name = { PTHREAD_MUTEX_INITIALIZER }

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);

bool k_is_in_isr(void);

typedef uint32_t k_mem_partition_attr_t;

struct k_mem_partition {
	uintptr_t start;
	size_t size;
	k_mem_partition_attr_t attr;
};

#define K_MEM_PARTITION_P_RW_U_RW ((k_mem_partition_attr_t)3)

struct k_mem_domain {
	struct k_mem_partition *partition;
};

struct k_thread {
	void (*entry)(void *, void *, void *);
	void *parameter[3];
};

typedef struct k_thread *k_tid_t;
typedef char k_thread_stack_t;

#define K_USER                            4u
#define K_THREAD_STACK_DEFINE(name, size) k_thread_stack_t name[size]
#define K_THREAD_STACK_SIZEOF(name)       sizeof(name)

int k_mem_domain_init(struct k_mem_domain *domain, uint8_t num_parts,
		      struct k_mem_partition *parts[]);
int k_mem_domain_add_partition(struct k_mem_domain *domain, struct k_mem_partition *part);
int k_mem_domain_remove_partition(struct k_mem_domain *domain, struct k_mem_partition *part);
int k_mem_domain_add_thread(struct k_mem_domain *domain, k_tid_t thread);
k_tid_t k_thread_create(struct k_thread *new_thread, k_thread_stack_t *stack, size_t stack_size,
			void (*entry)(void *, void *, void *), void *p1, void *p2, void *p3,
			int prio, uint32_t options, k_timeout_t delay);
void k_thread_start(k_tid_t thread);
int k_thread_join(struct k_thread *thread, k_timeout_t timeout);

void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
