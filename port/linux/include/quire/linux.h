/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file linux.h
 * The Linux port: real pages, really mapped, in an ordinary process.
 *
 * A port is one window of virtual addresses over one finite pool of physical pages:
 *
 * - *frames* are the pages of a memfd, in banks (see frames.h). A bank that is off has no memory at
 *   all behind it: what was in it is lost, and comes back as zeros;
 * - the *window* is address space without access. Touching a page that is not mapped is a SIGSEGV
 *   at that address; writing to a read-only page, or executing data, is one too;
 * - the *alias*, if wanted, is a second window onto the same frames: what an uncached alias is to
 *   firmware. It is never executable, and never writable where the window is executable.
 *
 * Pages that are adjacent in the window and in the pool are one call and one mapping of the kernel,
 * so map() takes adjacent frames where it can.
 *
 * **Units.** Pages and frames are page_size bytes; sizes in bytes say so.
 *
 * **Ownership.** The struct is the caller's and must not move between init and fini. The port owns
 * the windows, the memfd and its own tables.
 *
 * **Threads.** The struct quire_mmu may be used by any number of threads as mmu.h prescribes: map,
 * unmap and protect under the transition lock. The other functions here say what they need.
 *
 * **Failures.** map() answers QUIRE_ENOPHYS when frames run out and QUIRE_EDRIVER when the kernel
 * refuses, most likely because it allows a process only so many mappings (65 530 unless
 * vm.max_map_count says otherwise); everything is undone then, and quire_linux_error tells the
 * errno. A few mappings are held in reserve, so that undoing and unmapping succeed even at that
 * limit; map() refuses while it cannot have its reserve. Only unmapping many separate pieces out of
 * the middle of long mappings *at* the limit can be refused, because the kernel cannot represent
 * the result. Mapping a mapped page, and protecting one that is not, is QUIRE_EDRIVER.
 *
 * **Not promised.** Memory: the kernel finds a page when it is first touched, and a process that it
 * finds none for gets a SIGBUS. Real-time behaviour. Protection between user and kernel: QUIRE_USER
 * is not enforced, so it is refused. A fork shares the frames and must not use the port.
 *
 * **Cost.** One system call per physical run and window to map, one per window to unmap or protect.
 *
 * Example: the memory of a small DSP, 22 banks of 32 pages behind 2048 addresses.
 * @code
 *	struct quire_linux port;
 *	struct quire_linux_config config = {
 *		.pages = 2048, .base = 0xa0020000, .alias = true,
 *		.banks = 22, .frames_per_bank = 32,
 *	};
 *
 *	if (quire_linux_init(&port, &config))
 *		return -1;
 *	... use &port.mmu, with a window of 2048 pages at port.window ...
 *	quire_linux_fini(&port);
 * @endcode
 */
#ifndef QUIRE_LINUX_H
#define QUIRE_LINUX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/frames.h"
#include "quire/mmu.h"
#include "quire/observe.h"
#include "quire/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All that is 0, NULL or false has a sensible meaning, but for the sizes. */
struct quire_linux_config {
	size_t pages;             /**< of the window: 1 ... QUIRE_EXTENTS_MAX_UNITS */
	size_t page_size;         /**< the host's or a power of two times it; 0: the host's */
	size_t cache_line;        /**< bytes, as told to Quire; 0: 64 */
	uintptr_t base;           /**< where the window should be, if it can be had; 0: anywhere */
	uint32_t banks;           /**< of the pool, at least 1 */
	uint32_t frames_per_bank; /**< at least 1 */
	struct quire_observer *observer; /**< told of banks going on and off, from inside map and
					  *   unmap: it must not ask the port anything; may be NULL */
	uint32_t image_frames; /**< the first so many are taken from the start, as by firmware */
	bool incoherent;       /**< tell Quire that its cores do not see each other's writes */
	bool alias;            /**< have a second window */
	bool single_thread;    /**< have no locks */
	bool check_locks;      /**< abort when a lock is taken twice or another's given back */
};

/** What the port did so far. */
struct quire_linux_counters {
	uint64_t runs;           /**< physical runs mapped, each one mmap per window */
	uint64_t mmap_calls;     /**< that put frames behind pages */
	uint64_t unmap_calls;    /**< that took them away: a mmap without access each */
	uint64_t mprotect_calls; /**< that changed a protection */
	uint64_t failed_calls;   /**< of these three, failed ones */
	uint64_t banks_switched_on;
	uint64_t banks_switched_off;
	uint64_t writebacks;    /**< calls; none where the port is coherent */
	uint64_t invalidations; /**< calls; none where the port is coherent */
};

struct quire_linux {
	struct quire_mmu mmu; /**< what a vspace is given */
	void *window;         /**< its first page */
	size_t pages;         /**< its length */

	/* Private. */
	unsigned page_shift;
	char *view[2];    /* window and alias; NULL: no alias */
	uint32_t *behind; /* each page of the window */
	struct quire_frames frames;
	void *frames_storage;
	size_t free_frames;   /* these three are atomic: no lock is held */
	size_t writebacks;    /* calls */
	size_t invalidations; /* calls */
	int memfd;
	int error;
	char *reserve; /* mappings to fall back on, NULL while given up */
	struct quire_linux_counters counters;
	pthread_mutex_t lock;
	pthread_mutex_t transition;
};

/**
 * Make a port: pool, window, nothing mapped.
 * @return QUIRE_OK; QUIRE_EINVAL for impossible sizes; QUIRE_ENOVIRT if the address space is not
 *         there; QUIRE_EDRIVER if the kernel refuses anything else. errno is left as the kernel set
 *         it, and nothing stays behind unless QUIRE_OK.
 */
int32_t quire_linux_init(struct quire_linux *port, const struct quire_linux_config *config);

/** Unmap everything and give it all back to the kernel. Nothing may use the port any more. */
void quire_linux_fini(struct quire_linux *port);

/**
 * The pool, to look at (quire_frames_banks_on, ...) while nothing is being mapped or unmapped.
 * The pool is the port's: nobody else may take from it or give to it.
 */
const struct quire_frames *quire_linux_frames(const struct quire_linux *port);

/**
 * Which frame is behind this address, in the window or the alias; QUIRE_NOWHERE if none is.
 * Callable by the owner of the page, or by anyone while nothing is being mapped or unmapped.
 */
uint32_t quire_linux_frame_of(const struct quire_linux *port, const void *ptr);

/**
 * Map one frame a second time, anywhere, read-only: what a DMA engine or another core would see.
 * The caller unmaps it with munmap(view, page_size).
 * @return the view, or NULL: no such frame, or the kernel refused
 */
void *quire_linux_view_frame(const struct quire_linux *port, uint32_t frame);

/** What was done so far. Takes the transition lock. */
void quire_linux_counters(struct quire_linux *port, struct quire_linux_counters *counters);

/** errno of the last call that the kernel refused, or 0. Takes the transition lock. */
int quire_linux_error(struct quire_linux *port);

/** Pretend that this thread enters or leaves interrupt context. */
void quire_linux_set_interrupt(bool inside);

#ifdef __cplusplus
}
#endif

#endif
