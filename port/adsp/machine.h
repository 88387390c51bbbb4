/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine: what the parts of the model share. TLB, SRAM and banks are in machine.c, the caches in
 * cache.c; the driver is in driver.c, above both; the port is in adsp.c, above the driver.
 *
 * Inside, a *page* is the number of an entry of the TLB, a *frame* the number of a page of SRAM,
 * and an *offset* counts bytes from the first address of the TLB.
 */
#ifndef QUIRE_ADSP_MACHINE_H
#define QUIRE_ADSP_MACHINE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "quire/adsp.h"

#define NO_PAGE SIZE_MAX

/* ---- machine.c ------------------------------------------------------------------------------ */

int32_t adsp_make_machine(struct quire_adsp *adsp);
void adsp_drop_machine(struct quire_adsp *adsp);

/* What firmware would not survive. The first one is kept. */
void adsp_break(struct quire_adsp *adsp, const char *words);

/* Bytes of all entries; whether the host can take a single page away. */
size_t adsp_bytes(const struct quire_adsp *adsp);
bool adsp_is_enforced(const struct quire_adsp *adsp);

/* The page in which an address of either alias lies, or NO_PAGE; the same in bytes. */
size_t adsp_page_of(const struct quire_adsp *adsp, const void *ptr);
size_t adsp_offset_of(const struct quire_adsp *adsp, const void *ptr);

bool adsp_is_mapped(const struct quire_adsp *adsp, size_t page);

/* The frame that an entry names, enabled or not; it may be none of the SRAM. */
uint32_t adsp_frame_named(const struct quire_adsp *adsp, size_t page);
uint16_t adsp_page_number(const struct quire_adsp *adsp, uint32_t frame);

/* Memory itself: a frame's, and what is behind an offset, NULL if nothing is. */
unsigned char *adsp_frame(const struct quire_adsp *adsp, uint32_t frame);
unsigned char *adsp_behind(const struct quire_adsp *adsp, size_t offset);

/* Write an entry: what the core that runs may touch follows. */
void adsp_write_entry(struct quire_adsp *adsp, size_t page, uint16_t entry);

/* A bank has one page more, or one less, that is used; the last one takes what it holds along. */
void adsp_use_bank(struct quire_adsp *adsp, uint32_t frame);
void adsp_leave_bank(struct quire_adsp *adsp, uint32_t frame);

/* What the host lets a program do to a page of the cached alias. */
int adsp_host_access(const struct quire_adsp *adsp, size_t page);

/* A file of the host, and all of it mapped, readable and writable; NULL: there is no room. */
unsigned char *adsp_make_memory(size_t bytes, int *file);

/* ---- cache.c -------------------------------------------------------------------------------- */

int32_t adsp_make_cores(struct quire_adsp *adsp);
void adsp_drop_cores(struct quire_adsp *adsp);

/* The lines that these bytes touch, in the cache of the core that runs. */
void adsp_writeback(struct quire_adsp *adsp, size_t offset, size_t bytes);
void adsp_invalidate(struct quire_adsp *adsp, size_t offset, size_t bytes);
void adsp_sync_code(struct quire_adsp *adsp, size_t offset, size_t bytes);

#endif
