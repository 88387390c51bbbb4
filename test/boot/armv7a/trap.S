/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARMv7-A: accesses that may trap, and the vectors: see access.h. The one record: 0 resume, 4 stack, 8
 * cause, 12 address, 16 pc. A cause is the number of the vector, from bit 16 on, and the status register
 * that belongs to it.
 */
	.syntax unified
	.arm
	.text
	.balign	32
	.globl	machine_trap
machine_trap:
	b	other
	b	other
	b	call
	b	fetch
	b	data
	b	other
	b	other
	b	other

other:	mov	r8, #7 << 16
	mov	r9, #0
	b	trapped
call:	mov	r8, #2 << 16
	mov	r9, #0
	b	trapped
fetch:	mrc	p15, 0, r8, c5, c0, 1	@ IFSR
	mrc	p15, 0, r9, c6, c0, 2	@ IFAR
	orr	r8, r8, #3 << 16
	sub	lr, lr, #4
	b	trapped
data:	mrc	p15, 0, r8, c5, c0, 0	@ DFSR
	mrc	p15, 0, r9, c6, c0, 0	@ DFAR
	orr	r8, r8, #4 << 16
	sub	lr, lr, #8
trapped:
	ldr	r10, =records
	ldr	r11, [r10]
	cmp	r11, #0
	beq	unexpected
	mov	r12, #0
	str	r12, [r10]
	str	r8, [r10, #8]
	str	r9, [r10, #12]
	str	lr, [r10, #16]
	mov	lr, r11
	mov	r12, #0xd3	@ supervisor mode, interrupts masked
	msr	spsr_cxsf, r12
	movs	pc, lr
unexpected:
	mov	r0, r8
	mov	r1, r9
	mov	r2, lr
	cps	#0x13
	ldr	sp, =stack_end
	b	trap_unexpected

	/* trap_try(access, pointer, value) */
	.globl	trap_try
trap_try:
	push	{r4-r11, lr}
	ldr	r10, =records
	str	sp, [r10, #4]
	mvn	r11, #0
	str	r11, [r10, #8]
	adr	r11, 9f
	str	r11, [r10]
	cmp	r0, #1
	blo	1f
	beq	2f
	cmp	r0, #2
	beq	3f
	mov	r0, r2
	mov	r12, #0xd0	@ user mode
	msr	spsr_cxsf, r12
	mov	lr, r1
	movs	pc, lr
1:	ldrb	r0, [r1]
	b	9f
2:	strb	r2, [r1]
	b	9f
3:	blx	r1
	/* A trap comes here too, with whatever is in the registers. */
9:	ldr	r10, =records
	mov	r11, #0
	str	r11, [r10]
	ldr	sp, [r10, #4]
	pop	{r4-r11, pc}

	.section .rodata
	.balign	4
	.globl	machine_code_return, machine_code_return_end
machine_code_return:
	bx	lr
machine_code_return_end:
	.globl	machine_code_user, machine_code_user_end
machine_code_user:
	ldrb	r0, [r0]
	svc	#0
machine_code_user_end:
