/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step: three ways to count the instructions of one call. Each calls through a few lines of
 * assembly, because what the compiler would put around the call is not to be counted.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "step.h"

#include <stdio.h>
#include <sys/mman.h>

uint64_t step_counter;
bool step_counting;
extern uint64_t step_spare;
uint64_t step_spare; /* where counting code keeps a register meanwhile */

void step_add(struct step_counts *counts, uint64_t instructions)
{
	if (instructions > counts->worst) {
		counts->worst = instructions;
		counts->worst_at = counts->operations;
	}
	counts->instructions += instructions;
	counts->operations++;
}

double step_mean(const struct step_counts *counts)
{
	return counts->operations ? (double)counts->instructions / (double)counts->operations : 0;
}

void *step_shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void step_unshare(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}

#if defined(__x86_64__) && defined(__linux__)

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the calls ------------------------------------------------------------------------------- */

/*
 * step_asm_plain(call): only the call.
 * step_asm_trap(call): with the trap flag set from before the call until after it.
 * step_asm_ptrace(call): between step_ptrace_begin, where the parent is told, and
 * step_ptrace_end, where it stops stepping.
 *
 * Each call has its stack at the same place within a page: the way of a memset depends on that.
 */
__asm__(".pushsection .text\n"
	".macro step_load\n"
	"	pushq	%rbx\n"
	"	pushq	%rbp\n"
	"	movq	%rsp, %rbp\n"
	"	andq	$-4096, %rsp\n"
	"	movq	%rdi, %rbx\n"
	"	movq	8(%rbx), %rdi\n"
	"	movq	16(%rbx), %rsi\n"
	"	movq	24(%rbx), %rdx\n"
	"	movq	32(%rbx), %rcx\n"
	"	movq	40(%rbx), %r8\n"
	"	movq	48(%rbx), %r9\n"
	"	xorl	%eax, %eax\n"
	"	movq	(%rbx), %r11\n"
	".endm\n"
	".macro step_leave\n"
	"	movq	%rbp, %rsp\n"
	"	popq	%rbp\n"
	"	popq	%rbx\n"
	"	ret\n"
	".endm\n"
	"step_asm_plain:\n"
	"	step_load\n"
	"	call	*%r11\n"
	"	step_leave\n"
	"step_asm_trap:\n"
	"	step_load\n"
	"	pushfq\n"
	"	orl	$0x100, (%rsp)\n"
	"	popfq\n"
	"	call	*%r11\n"
	"	pushfq\n"
	"	andl	$~0x100, (%rsp)\n"
	"	popfq\n"
	"	step_leave\n"
	"step_asm_ptrace:\n"
	"	step_load\n"
	"	int3\n"
	"step_ptrace_begin:\n"
	"	call	*%r11\n"
	"step_ptrace_end:\n"
	"	step_leave\n"
	"step_one:\n" /* a function of one instruction, and one of 203: 1 + 2 * 100 + 1 + 1 */
	"	ret\n"
	"step_many:\n"
	"	movl	$100, %ecx\n"
	"1:	decl	%ecx\n"
	"	jnz	1b\n"
	"	nop\n"
	"	ret\n"
	".popsection\n");

uintptr_t step_asm_plain(const struct step_call *call);
uintptr_t step_asm_trap(const struct step_call *call);
uintptr_t step_asm_ptrace(const struct step_call *call);
extern const char step_ptrace_begin[], step_ptrace_end[];
void step_one(void);
void step_many(void);

#define MANY_INSTRUCTIONS 203u

_Static_assert(offsetof(struct step_call, argument) == 8, "as the assembly has it");

/* What the parent tells the child. */
struct shared {
	volatile uint64_t steps;
};

static struct {
	enum step_how how;
	uint64_t added; /* by the machinery to each count */
	volatile uint64_t traps;
	struct shared *shared;
} now;

uintptr_t step_plain(const struct step_call *call)
{
	return step_asm_plain(call);
}

uintptr_t step_trapped(const struct step_call *call, uint64_t *count)
{
	uintptr_t result;

	now.traps = 0;
	result = step_asm_trap(call);
	*count = now.traps - now.added;
	return result;
}

static uintptr_t step_traced(const struct step_call *call, uint64_t *count)
{
	uintptr_t result = step_asm_ptrace(call);

	*count = now.shared->steps - now.added;
	return result;
}

uintptr_t step_counted(const struct step_call *call, uint64_t *count)
{
	uint64_t before = step_counter;
	uintptr_t result;

	if (now.how == STEP_TRAP)
		return step_trapped(call, count);
	if (now.how == STEP_PTRACE)
		return step_traced(call, count);
	step_counting = true;
	result = step_asm_plain(call);
	step_counting = false;
	*count = step_counter - before;
	return result;
}

/* Learn what the machinery adds, and see that it counts at all. */
static bool calibrate(uintptr_t (*step)(const struct step_call *call, uint64_t *count))
{
	const struct step_call one = { .function = step_one }, many = { .function = step_many };
	uint64_t count;

	now.added = 0;
	step(&one, &count);
	now.added = count - 1;
	step(&many, &count);
	return count == MANY_INSTRUCTIONS;
}

/* ---- the trap flag --------------------------------------------------------------------------- */

static void on_trap(int signal)
{
	(void)signal;
	now.traps++;
}

static const char *run_trapping(void (*body)(void *context), void *context)
{
	struct sigaction action = { .sa_handler = on_trap }, before;
	bool counts;

	if (sigaction(SIGTRAP, &action, &before))
		return "no handler for traps can be installed";
	counts = calibrate(step_trapped);
	if (counts)
		body(context);
	sigaction(SIGTRAP, &before, NULL);
	return counts ? NULL : "the trap flag does not trap here";
}

/* ---- ptrace ---------------------------------------------------------------------------------- */

enum child_exit { CHILD_DONE = 0, CHILD_MISCOUNTS = 64, CHILD_UNTRACED = 65 };

static uintptr_t place_of(pid_t child)
{
	return (uintptr_t)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, rip),
				 NULL);
}

/* From the beginning of a call to its end. Other signals are delivered. @return false: it died */
static bool step_through(pid_t child, int *status)
{
	uint64_t steps = 0;
	long signal = 0;

	do {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, signal) ||
		    waitpid(child, status, __WALL) != child || !WIFSTOPPED(*status))
			return false;
		signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
		steps += !signal;
	} while (place_of(child) != (uintptr_t)step_ptrace_end);
	now.shared->steps = steps;
	return true;
}

/* @return the status with which the child ended */
static int trace(pid_t child)
{
	int status = 0;
	long signal = 0;

	waitpid(child, &status, __WALL);
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL);
	while (WIFSTOPPED(status)) {
		signal = WSTOPSIG(status);
		if (signal == SIGTRAP && place_of(child) == (uintptr_t)step_ptrace_begin) {
			signal = 0;
			if (!step_through(child, &status))
				break;
		} else if (signal == SIGSTOP) {
			signal = 0;
		}
		ptrace(PTRACE_CONT, child, NULL, signal);
		waitpid(child, &status, __WALL);
	}
	return status;
}

static _Noreturn void be_traced(void (*body)(void *context), void *context)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(CHILD_UNTRACED);
	raise(SIGSTOP);
	if (!calibrate(step_traced))
		_exit(CHILD_MISCOUNTS);
	body(context);
	fflush(stdout);
	_exit(CHILD_DONE);
}

static const char *how_it_ended(int status)
{
	static char text[80];

	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_DONE)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_UNTRACED)
		return "ptrace is refused here";
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_MISCOUNTS)
		return "ptrace does not step exactly here";
	snprintf(text, sizeof(text), "what was counted ended with %s %d",
		 WIFEXITED(status) ? "status" : "signal",
		 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return text;
}

static const char *run_traced(void (*body)(void *context), void *context)
{
	pid_t child;
	int status;

	now.shared = step_shared(sizeof(*now.shared));
	if (!now.shared)
		return "no shared memory";
	fflush(stdout);
	child = fork();
	if (!child)
		be_traced(body, context);
	status = child < 0 ? 0 : trace(child);
	step_unshare(now.shared, sizeof(*now.shared));
	return child < 0 ? "no child process" : how_it_ended(status);
}

/* Parent and child take turns: on one processor that is four times as fast. */
static const char *run_traced_here(void (*body)(void *context), void *context)
{
	cpu_set_t before, here;
	bool pinned = !sched_getaffinity(0, sizeof(before), &before);
	const char *refused;

	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	refused = run_traced(body, context);
	if (pinned)
		sched_setaffinity(0, sizeof(before), &before);
	return refused;
}

/* ---- public ---------------------------------------------------------------------------------- */

const char *step_run(enum step_how how, void (*body)(void *context), void *context)
{
	now.how = how;
	if (how == STEP_PTRACE)
		return run_traced_here(body, context);
	return run_trapping(body, context);
}

#else

uintptr_t step_plain(const struct step_call *call)
{
	(void)call;
	return 0;
}

uintptr_t step_counted(const struct step_call *call, uint64_t *count)
{
	*count = 0;
	return step_plain(call);
}

uintptr_t step_trapped(const struct step_call *call, uint64_t *count)
{
	return step_counted(call, count);
}

const char *step_run(enum step_how how, void (*body)(void *context), void *context)
{
	(void)how, (void)body, (void)context;
	return "instructions are counted on x86-64 Linux only";
}

#endif
