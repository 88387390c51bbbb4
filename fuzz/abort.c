/* SPDX-License-Identifier: BSD-3-Clause */
/* Under libFuzzer: an assertion that fails ends the target with abort(), so that it tells the input. */
#include <stdlib.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}
