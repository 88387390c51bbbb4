/* SPDX-License-Identifier: BSD-3-Clause */
/* runtime: the functions that code for the Arm EABI calls by other names. */
#include <string.h>

void __aeabi_memcpy(void *to, const void *from, size_t bytes);
void __aeabi_memset(void *to, size_t bytes, int byte);
void __aeabi_memclr(void *to, size_t bytes);

void __aeabi_memcpy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

void __aeabi_memset(void *to, size_t bytes, int byte)
{
	memset(to, byte, bytes);
}

void __aeabi_memclr(void *to, size_t bytes)
{
	memset(to, 0, bytes);
}

#define SAME(other, function) __asm__(".globl " #other "\n" #other " = " #function)

SAME(__aeabi_memcpy4, __aeabi_memcpy);
SAME(__aeabi_memcpy8, __aeabi_memcpy);
SAME(__aeabi_memset4, __aeabi_memset);
SAME(__aeabi_memset8, __aeabi_memset);
SAME(__aeabi_memclr4, __aeabi_memclr);
SAME(__aeabi_memclr8, __aeabi_memclr);
SAME(__aeabi_memmove, memmove);
