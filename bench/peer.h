/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How any allocator takes part in the benchmark: it is wrapped as a *peer*, a shared object of some
 * forty lines that `bench --peer FILE.so` loads, and plays the same scripts as Quire in the same
 * repetitions. This header is all that a peer needs; doc/peers.md has a complete one.
 *
 * A peer defines one object, `const struct quire_peer quire_peer`, and with it up to three ways of
 * being asked, each with calls of its own: for any number of bytes, for runs of pages, and for
 * blocks of one size. Those that it leaves out are not asked of it.
 *
 * What alloc answers is a *handle*: nonzero, and what free takes. That is the pointer where there
 * is one; an allocator of offsets may answer the offset plus one. The benchmark neither reads nor
 * writes what is behind it.
 *
 * All calls come from one thread, never two at a time, and one context is in use together with
 * others of the same peer. The time of alloc, alloc_range and free is taken, together with that of
 * the call through a pointer: do nothing in them that a user of the allocator would not do.
 */
#ifndef QUIRE_BENCH_PEER_H
#define QUIRE_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Changes whenever a peer has to be compiled afresh. */
#define QUIRE_PEER_INTERFACE 1u

/** One way of being asked. Without init there is none; of the others only init, alloc and free must be. */
struct quire_peer_calls {
	/**
	 * Everything comes from the pool, so requests are refused when it is full. Peers that take
	 * their memory from the system leave this false: the share of memory that they use before
	 * they refuse is not measured.
	 */
	bool bounded;

	/**
	 * Begin with nothing allocated.
	 * @param pool  `size` bytes, aligned to 4096 or to `unit`, whichever is more. For pages these are
	 *              addresses with no memory behind them, for others memory.
	 * @param unit  bytes of a page or of a block; for bytes the alignment of all requests
	 * @return a context that the other calls are given, or NULL if this is too large or too small
	 */
	void *(*init)(void *pool, size_t size, size_t unit);

	/** End; all has been freed. */
	void (*fini)(void *context);

	/**
	 * @param size   bytes; pages if it is pages that are asked for. Blocks: always the unit
	 * @param align  of the address, in bytes: a power of two
	 * @return a handle, or NULL if it is refused
	 */
	void *(*alloc)(void *context, size_t size, size_t align);

	/** At least `least`, at best `most`, otherwise as alloc; how much it was goes to *granted. */
	void *(*alloc_range)(void *context, size_t least, size_t most, size_t align,
			     size_t *granted);

	/** @return 0, or anything else if the handle was found to be wrong */
	int32_t (*free)(void *context, void *handle);

	/** Bytes of records outside the pool; without this call, none. */
	size_t (*metadata)(void *context);

	/**
	 * Whether the allocator itself says that this live handle is one of its own. Where it is
	 * there, the benchmark asks once, so that nobody measures another allocator by mistake.
	 */
	bool (*owns)(void *context, void *handle);
};

struct quire_peer {
	uint32_t interface;         /**< QUIRE_PEER_INTERFACE */
	const char *name;           /**< one word */
	const char *(*about)(void); /**< a sentence: what it is, which version, what is called */
	struct quire_peer_calls bytes;
	struct quire_peer_calls pages;
	struct quire_peer_calls blocks;
};

/** What the benchmark looks for. */
#define QUIRE_PEER_SYMBOL "quire_peer"
extern const struct quire_peer quire_peer;

#endif
