/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Xtensa: accesses that may trap, and what is left to the machine of exceptions: see access.h. The one
 * record: 0 resume, 4 stack, 8 cause, 12 address, 16 pc.
 */
	.text
	.literal_position
	.align	4
	.globl	machine_trap
machine_trap:
	movi	a9, records
	l32i	a10, a9, 0
	rsr	a2, exccause
	rsr	a3, excvaddr
	rsr	a4, epc1
	beqz	a10, 1f
	movi	a11, 0
	s32i	a11, a9, 0
	s32i	a2, a9, 8
	s32i	a3, a9, 12
	s32i	a4, a9, 16
	wsr	a10, epc1
	movi	a11, 0x10		/* EXCM; the kernel's ring */
	wsr	a11, ps
	rsync
	rfe
1:	movi	a1, stack_end
	movi	a11, 0
	wsr	a11, ps
	rsync
	call0	trap_unexpected

	/* trap_try(access, pointer, value) */
	.align	4
	.globl	trap_try
trap_try:
	addi	a1, a1, -32
	s32i	a0, a1, 0
	s32i	a12, a1, 4
	s32i	a13, a1, 8
	s32i	a14, a1, 12
	s32i	a15, a1, 16
	movi	a9, records
	s32i	a1, a9, 4
	movi	a10, -1
	s32i	a10, a9, 8
	movi	a10, 9f
	s32i	a10, a9, 0
	beqz	a2, 1f
	beqi	a2, 1, 2f
	beqi	a2, 2, 3f
	wsr	a3, epc1
	mov	a2, a4
	movi	a10, 0x70		/* ring 1, user mode, EXCM until rfe */
	wsr	a10, ps
	rsync
	rfe
1:	l8ui	a2, a3, 0
	j	9f
2:	s8i	a4, a3, 0
	j	9f
3:	callx0	a3
	/* A trap comes here too, with whatever is in the registers. */
	.align	4
9:	movi	a9, records
	movi	a10, 0
	s32i	a10, a9, 0
	l32i	a1, a9, 4
	l32i	a0, a1, 0
	l32i	a12, a1, 4
	l32i	a13, a1, 8
	l32i	a14, a1, 12
	l32i	a15, a1, 16
	addi	a1, a1, 32
	ret

	.section .rodata
	.align	4
	.globl	machine_code_return, machine_code_return_end
machine_code_return:
	.byte	0x80, 0x00, 0x00	/* ret */
machine_code_return_end:
	.align	4
	.globl	machine_code_user, machine_code_user_end
machine_code_user:
	.byte	0x22, 0x02, 0x00	/* l8ui a2, a2, 0 */
	.byte	0x00, 0x50, 0x00	/* syscall */
machine_code_user_end:
