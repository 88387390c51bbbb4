/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xtensa MMUv2: from reset to main, the vectors, and second-level misses. Code and data are linked into the
 * segment from 0xd0000000 on, which the unit always maps to physical address 0; it reaches 128 MiB, so the
 * frames are to lie behind them. The call0 ABI is assumed: no register windows.
 *
 * A miss whose page of the page table is not in the unit either comes here. The directory, bare_root, tells
 * where that page is; it is put into way 7 of the data side, and the access is made again. An address that
 * has no such page is not mapped, and is the machine's business (machine_trap), with all registers as they
 * were but a0, which is in EXCSAVE1.
 */
	.section .reset, "ax"
	movi	a2, 0xd0
	slli	a2, a2, 24
	addmi	a2, a2, 0x400
	jx	a2

	/* The machine's vectors lie at fixed places from here on. */
	.section .vectors, "ax"
	.org	0x300
	j	exception		/* from the kernel */
	.org	0x340
	j	exception		/* from the user */
	.org	0x3c0
1:	j	1b			/* in a handler: a fault of this file */
	.org	0x400
	j	_start

	.text
	.literal_position
	.globl	_start
	.align	4
_start:
	movi	a2, 0
	wsr	a2, ps
	rsync
	movi	a1, stack_end
	movi	a2, bss_start
	movi	a3, bss_end
	movi	a4, 0
1:	bgeu	a2, a3, 2f
	s32i	a4, a2, 0
	addi	a2, a2, 4
	j	1b
2:	call0	bare_start
	call0	main
3:	j	3b

	.align	4
exception:
	wsr	a0, excsave1
	movi	a0, saved
	s32i	a2, a0, 0
	s32i	a3, a0, 4
	rsr	a2, exccause
	addi	a3, a2, -16		/* a fetch that missed */
	beqz	a3, 1f
	addi	a3, a2, -24		/* a load or store that missed */
	bnez	a3, 2f
1:	rsr	a3, excvaddr
	extui	a3, a3, 22, 10
	movi	a2, bare_root
	addx4	a2, a3, a2
	l32i	a2, a2, 0
	slli	a3, a3, 12
	s32i	a4, a0, 8
	movi	a4, 0xc0000007		/* XT_PAGE_TABLE and way 7 */
	add	a3, a3, a4
	addi	a4, a2, -0xc		/* BARE_ABSENT */
	beqz	a4, 3f
	.byte	0x20, 0xe3, 0x50	/* wdtlb a2, a3 */
	dsync
	l32i	a4, a0, 8
	l32i	a3, a0, 4
	l32i	a2, a0, 0
	rsr	a0, excsave1
	rfe
3:	l32i	a4, a0, 8
2:	l32i	a3, a0, 4
	l32i	a2, a0, 0
	j	machine_trap

	.section .bss
	.align	4
saved:	.space	12
