/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * input: a fuzzer's bytes as choices. A target makes one choice after the other; past the end each is
 * 0, so every input is a program and every prefix of it is one too. Choices take whole bytes, so that
 * a change of one changes one choice and leaves the others as they were. No two choices are made in one
 * expression or initialiser: compilers differ in which comes first, and an input must mean one program.
 */
#ifndef QUIRE_FUZZ_INPUT_H
#define QUIRE_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

/** What libFuzzer, AFL++ and main.c call: a target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline bool input_is_over(const struct input *input)
{
	return input->at == input->end;
}

/** 0 ... 255. */
static inline uint32_t input_byte(struct input *input)
{
	return input_is_over(input) ? 0 : *input->at++;
}

/** 0 ... bound - 1, bound at least 1; two bytes where one is too few. */
static inline uint32_t input_below(struct input *input, uint32_t bound)
{
	uint32_t value = input_byte(input);

	if (bound > 256)
		value = value << 8 | input_byte(input);
	return value % bound;
}

static inline uint32_t input_between(struct input *input, uint32_t lowest, uint32_t highest)
{
	return lowest + input_below(input, highest - lowest + 1);
}

/** One of an array. */
#define input_pick(input, array) \
	((array)[input_below((input), (uint32_t)(sizeof(array) / sizeof((array)[0])))])

#endif
