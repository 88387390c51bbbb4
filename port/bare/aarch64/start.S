/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64: from reset at EL1 to main with translation on. Tables are written with caches off and then
 * walked through them: what the caches hold of this memory from before is nobody's, but a boot loader
 * that ran with caches on must have cleaned them.
 */
	.section .text.start, "ax"
	.globl	_start
_start:
	mrs	x0, mpidr_el1
	and	x0, x0, 0xff
	cbnz	x0, stop
	adrp	x0, machine_trap
	add	x0, x0, :lo12:machine_trap
	msr	vbar_el1, x0
	adrp	x0, stack_end
	add	x0, x0, :lo12:stack_end
	msr	spsel, 1
	mov	sp, x0
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
1:	cmp	x0, x1
	b.hs	2f
	str	xzr, [x0], 8
	b	1b
2:	bl	bare_start
	bl	main
stop:	wfe
	b	stop
