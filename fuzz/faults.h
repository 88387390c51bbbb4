/* SPDX-License-Identifier: BSD-3-Clause */
/* faults: whether, where and how the driver below fails in the next call, as the input says. */
#ifndef QUIRE_FUZZ_FAULTS_H
#define QUIRE_FUZZ_FAULTS_H

#include "input.h"

#include "quire/status.h"

#include "support/mmu.h"

/** In most calls it does not. Else the first call of the driver or one of the next two fails, of one kind
 *  or any, with one reason or the other. */
static inline void input_fault(struct input *input, struct test_mmu *mmu)
{
	uint32_t choice = input_byte(input);

	if (choice < 160)
		return;
	mmu->map_status = choice & 1 ? QUIRE_EDRIVER : QUIRE_ENOPHYS;
	mmu->part = (enum test_part)(choice >> 1 & 3);
	test_mmu_heal(mmu);
	test_mmu_fail(mmu, (enum test_call)(choice >> 3 & 3), 1 + input_below(input, 3), false);
}

#endif
