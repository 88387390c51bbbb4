/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file zephyr_table.h
 * The block table of CONFIG_QUIRE_VMH without CONFIG_QUIRE_VMH_ELASTIC, one line X(block_size,
 * blocks) each.
 *
 * CONFIG_QUIRE_VMH_TABLE_HEADER names another header that defines QUIRE_ZEPHYR_TABLE. Sizes and
 * order are free; that the blocks fit CONFIG_QUIRE_VMH_SIZE is checked when the module is built.
 */
#ifndef QUIRE_ZEPHYR_TABLE_H
#define QUIRE_ZEPHYR_TABLE_H

#define QUIRE_ZEPHYR_SHORT(X) X(128, 32) X(512, 8) X(1024, 44) X(2048, 8) X(4096, 11) X(8192, 10)
#define QUIRE_ZEPHYR_LONG(X)  X(65536, 3) X(131072, 1) X(524288, 1)

#ifdef CONFIG_QUIRE_VMH_TABLE_SOF
/* 0x140000 bytes, as Sound Open Firmware divides its virtual heap. */
#define QUIRE_ZEPHYR_TABLE(X) QUIRE_ZEPHYR_SHORT(X) X(32768, 8) QUIRE_ZEPHYR_LONG(X)
#else
/* 0x100000 bytes: the same without the blocks of 32 KiB, as Linux builds ship it. */
#define QUIRE_ZEPHYR_TABLE(X) QUIRE_ZEPHYR_SHORT(X) QUIRE_ZEPHYR_LONG(X)
#endif

#endif
