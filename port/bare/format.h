/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * format: which page unit this is. A folder for each has two headers, which are all that differs
 * below the shared code:
 *
 * format.h, pure arithmetic:
 *
 *	bare_entry              an unsigned integer: an entry of a table, of any level
 *	BARE_LEVELS             2 or 3, counted from the root, which is level 0
 *	BARE_BITS(level)        log2 of the entries of a table
 *	BARE_SHIFT(level)       the lowest bit of an address that chooses among them
 *	BARE_ABSENT             the entry behind which there is nothing
 *	BARE_ENFORCES           as quire_mmu.enforces
 *	BARE_CACHE_LINE         bytes
 *	BARE_CACHES_ABSENT      whether the unit may remember that nothing was there
 *	BARE_FLUSH_REACHES_TABLES
 *	                        whether the flush of a page forgets the tables above it, too
 *	bare_leaf(frame, prot, cached)   a page: physical address, protection
 *	bare_link(table)        a table of the next level, by physical address
 *	bare_target(entry)      the physical address in either of them
 *	bare_prot(entry)        the protection of a page
 *	bare_retire(entry)      the page as an entry that the unit takes for absent and that still
 *	                        has its address; not equal to BARE_ABSENT
 *	bare_reaches(va)        whether the root leads to this address
 *	bare_is_page(entry)     whether the entry of the last level is a page that is there
 *
 * cpu.h, the instructions:
 *
 *	BARE_HAS_CACHES         whether the functions on caches do anything
 *	bare_publish()          entries written before are seen by walks that begin after
 *	bare_flush(va)          this page is forgotten; tables above it: BARE_FLUSH_REACHES_TABLES
 *	bare_flush_all()        everything is
 *	bare_flushed()          the flushes before have taken place
 *	bare_writeback(ptr, bytes), bare_invalidate(ptr, bytes), bare_clean(ptr, bytes)
 *	                        lines of the data cache: written back, dropped, both in that order.
 *	                        Any bytes; invalidate may write back what it drops
 *	bare_icache_sync(ptr, bytes)
 */
#ifndef BARE_FORMAT_H
#define BARE_FORMAT_H

#include "quire/mmu.h"

#if defined(__riscv) && __riscv_xlen == 64
#include "riscv64/cpu.h"
#include "riscv64/format.h"
#elif defined(__aarch64__)
#include "aarch64/cpu.h"
#include "aarch64/format.h"
#elif defined(__arm__)
#include "armv7a/cpu.h"
#include "armv7a/format.h"
#elif defined(__xtensa__)
#include "xtensa/cpu.h"
#include "xtensa/format.h"
#else
#error "port/bare has no format for this processor: see doc/porting.md"
#endif

#endif
