/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RISC-V: from reset in machine mode to main in supervisor mode, with Sv39 on.
 *
 * Hart 0 runs the image. The others wait until the machine gives them a function (hart_entry) and run it in
 * supervisor mode, on a stack of their own, with the same tables. In machine mode there remains one
 * handler: a software interrupt is another hart's request to forget translations. It is answered by
 * counting it in hart_answers, and needs nothing of what runs on this hart.
 */
#define HARTS      2
#define CLINT_MSIP 0x02000000

	.section .text.start, "ax"
	.globl _start
_start:
	csrr	t0, mhartid
	li	t1, HARTS
	bgeu	t0, t1, stop

	/* Supervisor mode may use all memory, count instructions, and gets its own traps. */
	li	t1, -1
	csrw	pmpaddr0, t1
	li	t1, 0x1f
	csrw	pmpcfg0, t1
	li	t1, 0xb1ff	/* all exceptions but a call from supervisor mode */
	csrw	medeleg, t1
	li	t1, 7
	csrw	mcounteren, t1
	csrw	scounteren, t1
	la	t1, flush_request
	csrw	mtvec, t1
	la	t1, machine_trap
	csrw	stvec, t1
	li	t1, 1 << 3	/* software interrupts of machine mode */
	csrw	mie, t1
	bnez	t0, other_hart

	la	t1, bss_start
	la	t2, bss_end
1:	bgeu	t1, t2, 2f
	sd	zero, 0(t1)
	addi	t1, t1, 8
	j	1b
2:	la	sp, stack_end
	la	t1, first_hart
	csrw	mepc, t1
enter_supervisor:
	/* MPP: supervisor; SUM: the kernel may touch pages of the user. */
	li	t1, 3 << 11
	csrc	mstatus, t1
	li	t1, 1 << 11 | 1 << 18
	csrs	mstatus, t1
	mret

first_hart:
	call	bare_start
	call	main
stop:	wfi
	j	stop

other_hart:
	/* hart_entry is behind cleared memory only when hart 0 has come so far: it is data. */
	la	t1, hart_entry
1:	ld	t2, 0(t1)
	beqz	t2, 1b
	fence	rw, rw
	la	sp, other_stack_end
	la	t1, 2f
	csrw	mepc, t1
	j	enter_supervisor
2:	call	bare_unit_on
	la	t1, hart_entry
	ld	t1, 0(t1)
	jalr	t1
	j	stop

	/* Machine mode: forget all translations, say so, go on. */
	.balign	4
flush_request:
	csrw	mscratch, t0
	sfence.vma
	la	t0, flush_scratch
	sd	t1, 0(t0)
	csrr	t1, mhartid
	slli	t1, t1, 2
	li	t0, CLINT_MSIP
	add	t0, t0, t1
	sw	zero, 0(t0)
	fence	rw, rw
	la	t0, hart_answers
	li	t1, 1
	amoadd.d zero, t1, (t0)
	la	t0, flush_scratch
	ld	t1, 0(t0)
	csrr	t0, mscratch
	mret

	.section .data
	.balign	8
	.globl hart_entry
hart_entry:
	.dword	0
	.globl hart_answers
hart_answers:
	.dword	0
flush_scratch:		/* one hart at a time is asked */
	.dword	0
