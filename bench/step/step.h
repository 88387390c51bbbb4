/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How many instructions a call takes, exactly: from the first instruction of the function to its
 * return, both counted, with everything that it calls. The caller's own instructions are not: what
 * the machinery adds is measured on functions of known length and subtracted.
 *
 * Three ways, which give the same numbers:
 *
 * - STEP_PTRACE: a child process is single-stepped by its parent, inside the call only. Works on
 *   any code, and is slow: microseconds for an instruction, on a virtual machine twenty of them.
 * - STEP_TRAP: the same with the processor's trap flag and a signal handler in this process. Faster,
 *   and on a virtual machine not much so.
 * - STEP_COUNTED: the library was assembled to count for itself (counted/as). Nearly full speed, so
 *   that every operation of a long history can be counted. Of the C library it sees memset
 *   (counted/memset.c), which is all that is called by what we count.
 *
 * A repeated string instruction (rep stos) counts once for each repetition, in all three. Functions
 * of the C library differ between processors (memset), the compiler's own code does not.
 *
 * On x86-64 Linux only: elsewhere step_begin says why not.
 */
#ifndef QUIRE_BENCH_STEP_H
#define QUIRE_BENCH_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEP_ARGUMENTS 6u

/** Whether the library of this program was assembled to count; the build says so. */
#ifndef STEP_LIBRARY_COUNTS
#define STEP_LIBRARY_COUNTS 0
#endif

enum step_how {
	STEP_COUNTED,
	STEP_TRAP,
	STEP_PTRACE,
};

/** Any function, by its address, with up to six integers or pointers. */
struct step_call {
	void (*function)(void);
	uintptr_t argument[STEP_ARGUMENTS];
};

/** What many calls took. */
struct step_counts {
	uint64_t operations;
	uint64_t instructions; /**< of all of them */
	uint64_t worst;
	uint64_t worst_at; /**< the number of the operation, from 0; the first of equals */
};

/** What a library that was assembled to count adds to. */
extern uint64_t step_counter;

/** A call is being counted by such a library. */
extern bool step_counting;

/**
 * Prepare to count. Before STEP_PTRACE all that is counted must be set up: it forks, and body runs
 * in the child; what body writes is lost unless it is in memory from step_shared.
 * @return NULL when body has run; else why nothing is counted here, or how it ended
 */
const char *step_run(enum step_how how, void (*body)(void *context), void *context);

/** Within body: call and count. @return what the function returned; *count is set. */
uintptr_t step_counted(const struct step_call *call, uint64_t *count);

/** The same by the trap flag, within a body that does not use ptrace. */
uintptr_t step_trapped(const struct step_call *call, uint64_t *count);

/** Call and do not count. */
uintptr_t step_plain(const struct step_call *call);

/** One call more. */
void step_add(struct step_counts *counts, uint64_t instructions);

double step_mean(const struct step_counts *counts);

/** Zeroed memory that a child of step_run shares. NULL: there is none. Free with step_unshare. */
void *step_shared(size_t bytes);
void step_unshare(void *memory, size_t bytes);

#endif
