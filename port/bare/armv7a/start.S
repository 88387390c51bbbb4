/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARMv7-A: from reset in supervisor mode to main with translation on. Tables are written with caches off and
 * then walked through them: a boot loader that ran with caches on must have cleaned them.
 */
	.syntax unified
	.arm
	.section .text.start, "ax"
	.globl	_start
_start:
	mrc	p15, 0, r0, c0, c0, 5	@ MPIDR
	ands	r0, r0, #0xff
	bne	stop
	cpsid	aif, #0x13
	mrc	p15, 0, r0, c1, c0, 1	@ ACTLR: this core takes part in coherency
	orr	r0, r0, #1 << 6
	mcr	p15, 0, r0, c1, c0, 1
	ldr	r0, =machine_trap
	mcr	p15, 0, r0, c12, c0, 0	@ VBAR
	ldr	sp, =stack_end
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	bhs	2f
	str	r2, [r0], #4
	b	1b
2:	bl	bare_start
	bl	main
stop:	wfe
	b	stop
