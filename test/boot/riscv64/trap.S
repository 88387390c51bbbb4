/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RISC-V: accesses that may trap, and the trap handler: see access.h. tp points to the hart's record: 0
 * resume, 8 stack, 16 cause, 24 address, 32 pc.
 */
	.text
	.globl	machine_trap
	.balign	4
machine_trap:
	beqz	tp, unexpected
	ld	t0, 0(tp)
	beqz	t0, unexpected
	sd	zero, 0(tp)
	csrr	t1, scause
	sd	t1, 16(tp)
	csrr	t1, stval
	sd	t1, 24(tp)
	csrr	t1, sepc
	sd	t1, 32(tp)
	csrw	sepc, t0
	li	t1, 1 << 8
	csrs	sstatus, t1
	sret
unexpected:
	csrr	a0, scause
	csrr	a1, stval
	csrr	a2, sepc
	j	trap_unexpected

	/* trap_try(access, pointer, value) */
	.globl	trap_try
trap_try:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	sd	gp, 104(sp)
	sd	sp, 8(tp)
	li	t0, -1
	sd	t0, 16(tp)
	la	t0, 9f
	sd	t0, 0(tp)
	beqz	a0, 1f
	addi	a0, a0, -1
	beqz	a0, 2f
	addi	a0, a0, -1
	beqz	a0, 3f
	/* in user mode: the argument in a0 */
	csrw	sepc, a1
	mv	a0, a2
	li	t0, 1 << 8
	csrc	sstatus, t0
	sret
1:	lbu	a0, 0(a1)
	j	9f
2:	sb	a2, 0(a1)
	j	9f
3:	jalr	a1
	/* A trap comes here too, with whatever is in the registers but tp. */
9:	sd	zero, 0(tp)
	ld	sp, 8(tp)
	ld	ra, 0(sp)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	ld	gp, 104(sp)
	addi	sp, sp, 112
	ret

	.section .rodata
	.balign	4
	.globl	machine_code_return, machine_code_return_end
machine_code_return:
	ret
machine_code_return_end:
	.balign	4
	.globl	machine_code_user, machine_code_user_end
machine_code_user:
	lbu	a0, 0(a0)
	ecall
machine_code_user_end:
