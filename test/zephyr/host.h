/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host: Zephyr as far as the module in zephyr/ uses it, on Linux: the interfaces in include/zephyr
 * are what its documentation declares, the driver below them is that of the ADSP model, in either
 * behaviour.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/adsp.h"

extern struct quire_adsp host_adsp;

struct host_config {
	enum quire_adsp_behaviour behaviour;
	size_t region_pages;  /**< of the region for virtual pages; 0: there is none */
	size_t library_pages; /**< of that for libraries; 0: there is none */
	bool suites;          /**< let the application run them; otherwise it has none */
	size_t misplaced;     /**< bytes by which the first begins behind a page */
};

/** Make the machine and run what was registered with SYS_INIT. */
void host_boot(const struct host_config *config);

/** The end of a machine: NULL, or what does not add up. */
const char *host_halt(void);

/** The n-th call of the driver from now on fails, and so do those behind it, `count` in all; 0, 0:
 * none does.
 *  @return whether the first one that was asked for last came */
bool host_fail(unsigned int n, unsigned int count);

/** Run all suites, a TAP line each test. @return how many failed */
unsigned int host_run_suites(unsigned int *number);

/** How many tests were run, and failed, by the application itself since the last call: at boot. */
unsigned int host_take_boot_tests(unsigned int *failures);

/** How many tests there are. */
unsigned int host_count_tests(void);

/** What was logged or printed on the shell since the last call. */
const char *host_take_text(void);

/** Run a command line of the shell. @return what it returned; -100: there is no such command */
int host_shell(const char *command, const char *sub);

/** Pretend to be in an interrupt. */
void host_set_interrupt(bool inside);

#endif
