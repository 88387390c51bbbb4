/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file sof_config.h
 * What SOF's Kconfig says to compat/sof, and what holds where it says nothing.
 *
 * The names are those of the firmware's configuration. The library and all that include its headers
 * are compiled with the same values: they are part of the name of quire_sof_init, so that a mismatch
 * does not link.
 */
#ifndef QUIRE_SOF_CONFIG_H
#define QUIRE_SOF_CONFIG_H

/* Kconfig leaves a name away that is off, but nobody configures a build outside Zephyr. */
#if !defined(CONFIG_SOF_VREGIONS) && !defined(__ZEPHYR__)
#define CONFIG_SOF_VREGIONS 1
#endif

/** Live page allocations and reservations; 0: as many as there are pages. */
#ifndef CONFIG_SOF_VPAGE_MAX_ALLOCS
#define CONFIG_SOF_VPAGE_MAX_ALLOCS 128
#endif

/** Bytes that page allocations and regions may hold together; 0: all that is there. */
#ifndef CONFIG_SOF_ZEPHYR_VIRTUAL_PAGE_REGION_SIZE
#define CONFIG_SOF_ZEPHYR_VIRTUAL_PAGE_REGION_SIZE 0
#endif

/** Bytes of addresses that the block table of a heap may take. */
#ifndef CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE
#define CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE 0x140000
#endif

/** Heaps, and regions, that may live at a time. */
#ifndef CONFIG_QUIRE_SOF_HEAPS
#define CONFIG_QUIRE_SOF_HEAPS 8
#endif
#ifndef CONFIG_QUIRE_SOF_REGIONS
#define CONFIG_QUIRE_SOF_REGIONS 64
#endif

/** Modules whose bytes are counted, and live allocations that can be told to be theirs: a power of
 *  two, of which three quarters are used. */
#ifndef CONFIG_QUIRE_SOF_MODULES
#define CONFIG_QUIRE_SOF_MODULES 64
#endif
#ifndef CONFIG_QUIRE_SOF_NOTES
#define CONFIG_QUIRE_SOF_NOTES 1024
#endif

/** Bytes of addresses for the records of heaps and regions. A page costs memory only when used. */
#ifndef CONFIG_QUIRE_SOF_RECORDS_SIZE
#define CONFIG_QUIRE_SOF_RECORDS_SIZE 0x40000
#endif

#endif
