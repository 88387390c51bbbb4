/* SPDX-License-Identifier: BSD-3-Clause */
/* touch: the child answers by its exit status; anything but the two expected ones is a failure. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"
#include "support/touch.h"

#define SURVIVED 0
#define FAULTED  42

static void on_fault(int signal_number)
{
	(void)signal_number;
	_exit(FAULTED);
}

static void catch_faults(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static bool faults(unsigned char *ptr, bool write)
{
	volatile unsigned char *byte = ptr;
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		catch_faults();
		if (write)
			*byte = *byte; /* the page is shared with the parent */
		else
			(void)*byte;
		_exit(SURVIVED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == SURVIVED || WEXITSTATUS(status) == FAULTED);
	return WEXITSTATUS(status) == FAULTED;
}

bool test_read_faults(const void *ptr)
{
	return faults((unsigned char *)(uintptr_t)ptr, false);
}

bool test_write_faults(void *ptr)
{
	return faults(ptr, true);
}
