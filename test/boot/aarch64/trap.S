/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64: accesses that may trap, and the vectors: see access.h. The one record: 0 resume, 8 stack, 16
 * cause, 24 address, 32 pc.
 */
	.text
	.balign	2048
	.globl	machine_trap
machine_trap:
	.rept	16
	b	trapped
	.balign	128
	.endr

trapped:
	adrp	x9, records
	add	x9, x9, :lo12:records
	ldr	x10, [x9]
	mrs	x11, esr_el1
	mrs	x12, far_el1
	mrs	x13, elr_el1
	cbz	x10, unexpected
	str	xzr, [x9]
	stp	x11, x12, [x9, 16]
	str	x13, [x9, 32]
	msr	elr_el1, x10
	mov	x11, 0x3c5	/* EL1, its own stack, all interrupts masked */
	msr	spsr_el1, x11
	eret
unexpected:
	mov	x0, x11
	mov	x1, x12
	mov	x2, x13
	b	trap_unexpected

	/* trap_try(access, pointer, value) */
	.globl	trap_try
trap_try:
	stp	x29, x30, [sp, -96]!
	stp	x19, x20, [sp, 16]
	stp	x21, x22, [sp, 32]
	stp	x23, x24, [sp, 48]
	stp	x25, x26, [sp, 64]
	stp	x27, x28, [sp, 80]
	adrp	x9, records
	add	x9, x9, :lo12:records
	mov	x10, sp
	str	x10, [x9, 8]
	mov	x10, -1
	str	x10, [x9, 16]
	adr	x10, 9f
	str	x10, [x9]
	cbz	w0, 1f
	cmp	w0, 2
	b.lo	2f
	b.eq	3f
	msr	elr_el1, x1
	mov	x0, x2
	mov	x10, 0x3c0	/* EL0 */
	msr	spsr_el1, x10
	eret
1:	ldrb	w0, [x1]
	b	9f
2:	strb	w2, [x1]
	b	9f
3:	blr	x1
	/* A trap comes here too, with whatever is in the registers. */
9:	adrp	x9, records
	add	x9, x9, :lo12:records
	str	xzr, [x9]
	ldr	x10, [x9, 8]
	mov	sp, x10
	ldp	x19, x20, [sp, 16]
	ldp	x21, x22, [sp, 32]
	ldp	x23, x24, [sp, 48]
	ldp	x25, x26, [sp, 64]
	ldp	x27, x28, [sp, 80]
	ldp	x29, x30, [sp], 96
	ret

	.section .rodata
	.balign	4
	.globl	machine_code_return, machine_code_return_end
machine_code_return:
	ret
machine_code_return_end:
	.globl	machine_code_user, machine_code_user_end
machine_code_user:
	ldrb	w0, [x0]
	svc	0
machine_code_user_end:
