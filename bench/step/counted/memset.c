/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one function of the C library that operations which are counted call. The linker puts this in
 * its place (--wrap=memset): it has the real one counted by single-stepping, once for each size and
 * place within a page, on which its way depends.
 */
#include <stddef.h>
#include <stdint.h>

#include "../step.h"

#define PLACES  4096u
#define ENTRIES 4096u /* of the table; a power of two */

void *__wrap_memset(void *to, int value, size_t bytes);
void step_memset_as_called(void);

/* As the library calls it, through the linkage table, and one jump more. */
__asm__(".pushsection .text\n"
	"step_memset_as_called:\n"
	"	jmp	__real_memset@PLT\n"
	".popsection\n");

static struct entry {
	uint64_t key; /* 0: none */
	uint64_t instructions;
} entries[ENTRIES];

void *__wrap_memset(void *to, int value, size_t bytes)
{
	uint64_t key = ((uint64_t)bytes * PLACES + (uintptr_t)to % PLACES) * 2 + 1;
	struct entry *entry = &entries[key * 0x9e3779b97f4a7c15u >> 52];
	const struct step_call call = {
		.function = step_memset_as_called,
		.argument = { (uintptr_t)to, (uintptr_t)value, bytes },
	};

	_Static_assert(ENTRIES == 1u << (64 - 52), "as the hash has it");
	if (!step_counting || entry->key == key) {
		step_plain(&call);
	} else {
		entry->key = key;
		step_trapped(&call, &entry->instructions);
		entry->instructions--;
	}
	step_counter += entry->instructions;
	return to;
}
