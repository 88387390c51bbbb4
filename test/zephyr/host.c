/* SPDX-License-Identifier: BSD-3-Clause */
/* host: see host.h. One core, one thread: a lock that is taken twice is an error and not a wait. */
#include "host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/cache.h>
#include <zephyr/drivers/mm/system_mm.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/shell/shell.h>
#include <zephyr/ztest.h>

#define TLB_PAGES 1024u
#define FRAMES    CONFIG_QUIRE_PHYSICAL_PAGES
#define LIBRARIES 64u /* first page of each region */
#define WINDOW    256u

struct quire_adsp host_adsp;

static struct quire_adsp_region told[4];
static unsigned int fail_in, failures_left;
static bool failed, interrupt, has_suites;
static char text[65536];
static size_t text_length;

static void stop(const char *words)
{
	printf("Bail out! %s\n", words);
	abort();
}

/* ---- kernel ---------------------------------------------------------------------------------- */

k_spinlock_key_t k_spin_lock(struct k_spinlock *l)
{
	if (l->held++)
		stop("a spinlock was taken twice");
	return (k_spinlock_key_t){ 1 };
}

void k_spin_unlock(struct k_spinlock *l, k_spinlock_key_t key)
{
	if (key.key != 1 || --l->held)
		stop("a spinlock was given back that was not held");
}

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout)
{
	if (timeout.ticks >= 0 || pthread_mutex_trylock(&mutex->host))
		stop("a mutex was taken twice");
	return 0;
}

int k_mutex_unlock(struct k_mutex *mutex)
{
	return pthread_mutex_unlock(&mutex->host);
}

bool k_is_in_isr(void)
{
	return interrupt;
}

void host_set_interrupt(bool inside)
{
	interrupt = inside;
}

/* ---- threads and domains: a thread runs when it is started, on the memory of its domain's partition ---- */

int k_mem_domain_init(struct k_mem_domain *domain, uint8_t num_parts,
		      struct k_mem_partition *parts[])
{
	domain->partition = num_parts ? parts[0] : NULL;
	return 0;
}

/* As the kernel asks: whole pages. */
int k_mem_domain_add_partition(struct k_mem_domain *domain, struct k_mem_partition *part)
{
	if (!part->size || part->start % CONFIG_MM_DRV_PAGE_SIZE ||
	    part->size % CONFIG_MM_DRV_PAGE_SIZE)
		return -EINVAL;
	domain->partition = part;
	return 0;
}

int k_mem_domain_remove_partition(struct k_mem_domain *domain, struct k_mem_partition *part)
{
	if (domain->partition != part)
		return -ENOENT;
	domain->partition = NULL;
	return 0;
}

int k_mem_domain_add_thread(struct k_mem_domain *domain, k_tid_t thread)
{
	uintptr_t offset = (uintptr_t)thread->parameter[0] - domain->partition->start;

	return offset < domain->partition->size ? 0 : -EINVAL;
}

k_tid_t k_thread_create(struct k_thread *new_thread, k_thread_stack_t *stack, size_t stack_size,
			void (*entry)(void *, void *, void *), void *p1, void *p2, void *p3,
			int prio, uint32_t options, k_timeout_t delay)
{
	(void)prio;
	if (!stack || !stack_size || options != K_USER || delay.ticks >= 0)
		stop("a thread that is not made to be started in user mode");
	*new_thread = (struct k_thread){ entry, { p1, p2, p3 } };
	return new_thread;
}

void k_thread_start(k_tid_t thread)
{
	thread->entry(thread->parameter[0], thread->parameter[1], thread->parameter[2]);
}

int k_thread_join(struct k_thread *thread, k_timeout_t timeout)
{
	(void)thread, (void)timeout;
	return 0;
}

static struct host_init *inits;

void host_add_init(struct host_init *init)
{
	struct host_init **at = &inits;

	while (*at && (*at)->priority <= init->priority)
		at = &(*at)->next;
	init->next = *at;
	*at = init;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_text(const char *format, va_list arguments)
{
	size_t room = sizeof(text) - text_length;
	int length = vsnprintf(text + text_length, room, format, arguments);

	if (length > 0)
		text_length += (size_t)length < room ? (size_t)length : room - 1;
}

static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_text(format, arguments);
	va_end(arguments);
}

void host_log(const char *module, char level, const char *format, ...)
{
	va_list arguments;

	say("%c %s: ", level, module);
	va_start(arguments, format);
	add_text(format, arguments);
	va_end(arguments);
	say("\n");
}

void printk(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_text(format, arguments);
	va_end(arguments);
}

const char *host_take_text(void)
{
	static char taken[sizeof(text)];

	memcpy(taken, text, text_length);
	taken[text_length] = 0;
	text_length = 0;
	return taken;
}

/* ---- shell ----------------------------------------------------------------------------------- */

static const struct host_command *commands[8];

void host_add_command(const struct host_command *command)
{
	size_t i = 0;

	while (commands[i])
		i++;
	commands[i] = command;
}

void shell_print(const struct shell *sh, const char *format, ...)
{
	va_list arguments;

	(void)sh;
	va_start(arguments, format);
	add_text(format, arguments);
	va_end(arguments);
	say("\n");
}

void shell_error(const struct shell *sh, const char *format, ...)
{
	va_list arguments;

	(void)sh;
	say("error: ");
	va_start(arguments, format);
	add_text(format, arguments);
	va_end(arguments);
	say("\n");
}

int host_shell(const char *command, const char *sub)
{
	for (size_t i = 0; commands[i]; i++)
		for (const struct host_command *at = commands[i]->sub; at->name; at++)
			if (!strcmp(commands[i]->name, command) && !strcmp(at->name, sub))
				return at->handler(NULL, 1, NULL);
	return -100;
}

/* ---- the driver and caches ------------------------------------------------------------------- */

bool host_fail(unsigned int n, unsigned int count)
{
	bool came = failed;

	fail_in = n;
	failures_left = count;
	failed = false;
	return came;
}

/* Calls are counted before anything is done. */
static bool fails(void)
{
	if (!failures_left || (fail_in && --fail_in))
		return false;
	failures_left--;
	failed = true;
	return true;
}

int sys_mm_drv_map_page(void *virt, uintptr_t phys, uint32_t flags)
{
	return fails() ? -EIO : quire_adsp_map_page(&host_adsp, virt, phys, flags);
}

int sys_mm_drv_map_region(void *virt, uintptr_t phys, size_t size, uint32_t flags)
{
	return fails() ? -EIO : quire_adsp_map_region(&host_adsp, virt, phys, size, flags);
}

int sys_mm_drv_unmap_page(void *virt)
{
	return fails() ? -EIO : quire_adsp_unmap_page(&host_adsp, virt);
}

int sys_mm_drv_unmap_region(void *virt, size_t size)
{
	return fails() ? -EIO : quire_adsp_unmap_region(&host_adsp, virt, size);
}

int sys_mm_drv_update_page_flags(void *virt, uint32_t flags)
{
	return fails() ? -EIO : quire_adsp_update_page_flags(&host_adsp, virt, flags);
}

int sys_mm_drv_page_phys_get(void *virt, uintptr_t *phys)
{
	return fails() ? -EIO : quire_adsp_page_phys_get(&host_adsp, virt, phys);
}

_Static_assert(sizeof(struct sys_mm_drv_region) == sizeof(struct quire_adsp_region),
	       "the model's regions are Zephyr's");

const struct sys_mm_drv_region *sys_mm_drv_query_memory_regions(void)
{
	memcpy(told, quire_adsp_query_regions(&host_adsp), sizeof(told));
	return (const struct sys_mm_drv_region *)told;
}

void sys_mm_drv_query_memory_regions_free(const struct sys_mm_drv_region *regions)
{
	if ((const void *)regions != (const void *)told)
		stop("a list of regions was given back that is not the driver's");
	memset(told, 0xa5, sizeof(told));
}

int sys_cache_data_flush_range(void *addr, size_t size)
{
	host_adsp.mmu.writeback(&host_adsp.mmu, addr, size);
	return 0;
}

int sys_cache_data_invd_range(void *addr, size_t size)
{
	host_adsp.mmu.invalidate(&host_adsp.mmu, addr, size);
	return 0;
}

int sys_cache_instr_invd_range(void *addr, size_t size)
{
	host_adsp.mmu.icache_sync(&host_adsp.mmu, addr, size);
	return 0;
}

void *sys_cache_cached_ptr_get(void *ptr)
{
	return quire_cached(&host_adsp.mmu, ptr);
}

/* Static data is linked to uncached addresses, so it is its own alias. */
void *sys_cache_uncached_ptr_get(void *ptr)
{
	uintptr_t offset = (uintptr_t)ptr - (uintptr_t)host_adsp.window;

	return offset < host_adsp.pages * CONFIG_MM_DRV_PAGE_SIZE
		       ? quire_uncached(&host_adsp.mmu, ptr)
		       : ptr;
}

bool sys_cache_is_ptr_uncached(void *ptr)
{
	return sys_cache_uncached_ptr_get(ptr) == ptr;
}

/* ---- booting --------------------------------------------------------------------------------- */

static void add_region(size_t first, size_t pages, size_t misplaced, uint32_t attr)
{
	struct quire_adsp_region *region = host_adsp.region;

	while (region->size)
		region++;
	if (pages)
		*region = (struct quire_adsp_region){
			(char *)host_adsp.window + first * CONFIG_MM_DRV_PAGE_SIZE + misplaced,
			pages * CONFIG_MM_DRV_PAGE_SIZE, attr
		};
}

void host_boot(const struct host_config *config)
{
	const struct quire_adsp_config machine = {
		.pages = TLB_PAGES,
		.frames = FRAMES,
		.base = 0xa0020000,
		.uncached_xor = 0xe0000000,
		.behaviour = config->behaviour,
		.user = true,
		.fresh = 0xa5,
	};

	has_suites = config->suites;
	if (quire_adsp_init(&host_adsp, &machine))
		stop("no machine");
	add_region(0, 4, 0, 1);
	add_region(LIBRARIES, config->library_pages, 0, 2);
	add_region(WINDOW, config->region_pages, config->misplaced, 3);
	for (struct host_init *init = inits; init; init = init->next)
		if (init->function())
			stop("an init function failed");
}

/* The frames are the driver's here, and not the model's own port's. */
const char *host_halt(void)
{
	const char *wrong = host_adsp.broken;

	for (size_t i = 0; i < FRAMES && !wrong; i++)
		if (host_adsp.taken[i])
			wrong = "a frame is still taken";
	quire_adsp_fini(&host_adsp);
	return wrong;
}

/* ---- ztest ----------------------------------------------------------------------------------- */

static struct host_suite *suites;
static struct host_test *tests;
static jmp_buf end_of_test;
static bool test_runs;

void host_add_suite(struct host_suite *suite)
{
	suite->next = suites;
	suites = suite;
}

void host_add_test(struct host_test *test)
{
	test->next = tests;
	tests = test;
}

void host_assert(bool holds, const char *file, int line, const char *what, const char *format, ...)
{
	va_list arguments;

	if (holds)
		return;
	printf("# %s:%d: %s ", file, line, what);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (!test_runs)
		stop("an assertion failed outside of a test");
	longjmp(end_of_test, 1);
}

static void run_parts(const struct host_suite *suite, const struct host_test *test)
{
	void *fixture = suite->setup ? suite->setup() : NULL;

	if (suite->before)
		suite->before(fixture);
	test->function();
	if (suite->after)
		suite->after(fixture);
	if (suite->teardown)
		suite->teardown(fixture);
}

static bool run_test(const struct host_suite *suite, const struct host_test *test)
{
	bool passed;

	test_runs = true;
	passed = setjmp(end_of_test) == 0;
	if (passed)
		run_parts(suite, test);
	test_runs = false;
	return passed;
}

unsigned int host_count_tests(void)
{
	unsigned int count = 0;

	for (struct host_test *test = tests; test; test = test->next)
		count++;
	return count;
}

/* number: of the last line of TAP; NULL: print none. */
static unsigned int run_suites(unsigned int *number, unsigned int *run)
{
	unsigned int failures = 0;

	for (struct host_suite *suite = suites; suite; suite = suite->next)
		for (struct host_test *test = tests; test; test = test->next) {
			bool passed;

			if (strcmp(test->suite, suite->name) ||
			    (suite->predicate && !suite->predicate(NULL)))
				continue;
			passed = run_test(suite, test);
			failures += !passed;
			++*run;
			if (number)
				printf("%sok %u - %s.%s\n", passed ? "" : "not ", ++*number,
				       suite->name, test->name);
		}
	return failures;
}

unsigned int host_run_suites(unsigned int *number)
{
	unsigned int run = 0;

	return run_suites(number, &run);
}

static unsigned int boot_tests, boot_failures;

void ztest_run_all(const void *state, bool shuffle, int suite_iter, int case_iter)
{
	if (state || shuffle || suite_iter != 1 || case_iter != 1)
		stop("tests in another order than they were written");
	if (has_suites)
		boot_failures += run_suites(NULL, &boot_tests);
}

unsigned int host_take_boot_tests(unsigned int *failures)
{
	unsigned int run = boot_tests;

	*failures = boot_failures;
	boot_tests = boot_failures = 0;
	return run;
}
