/* SPDX-License-Identifier: BSD-3-Clause */
/* runtime: arithmetic that the compiler expects of a library, or of the boot ROM that its own core has. */
#include <stdint.h>

uint32_t __udivsi3(uint32_t value, uint32_t by);
uint32_t __umodsi3(uint32_t value, uint32_t by);
uint64_t __muldi3(uint64_t a, uint64_t b);

uint32_t __udivsi3(uint32_t value, uint32_t by)
{
	uint32_t quotient = 0;
	uint32_t bit = 1;

	while (by < value && !(by >> 31)) {
		by <<= 1;
		bit <<= 1;
	}
	for (; bit; bit >>= 1, by >>= 1) {
		if (value >= by) {
			value -= by;
			quotient |= bit;
		}
	}
	return quotient;
}

uint32_t __umodsi3(uint32_t value, uint32_t by)
{
	return value - __udivsi3(value, by) * by;
}

/* All 64 bits of a product of 32-bit numbers, from halves. */
static uint64_t product(uint32_t a, uint32_t b)
{
	uint32_t low = (a & 0xffff) * (b & 0xffff);
	uint32_t cross = (a >> 16) * (b & 0xffff) + (low >> 16);
	uint32_t other = (a & 0xffff) * (b >> 16) + (cross & 0xffff);
	uint32_t high = (a >> 16) * (b >> 16) + (cross >> 16) + (other >> 16);

	return (uint64_t)high << 32 | (other << 16 | (low & 0xffff));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
	uint32_t a_high = (uint32_t)(a >> 32), b_high = (uint32_t)(b >> 32);
	uint64_t result = product((uint32_t)a, (uint32_t)b);

	return result + ((uint64_t)(a_high * (uint32_t)b + (uint32_t)a * b_high) << 32);
}
