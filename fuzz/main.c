/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target without libFuzzer: plays the files and folders it is given, or what comes on standard
 * input. So each target can be built by any compiler to replay an input, and by AFL++ to fuzz.
 * An assertion that fails ends it with abort().
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

#define MOST_BYTES ((size_t)1 << 20)

static size_t played;

/* In an allocation of just its size, so that a sanitizer sees the first byte too far. */
static void play(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	played++;
}

static void play_stream(FILE *stream)
{
	static uint8_t data[MOST_BYTES];

	play(data, fread(data, 1, sizeof(data), stream));
}

static int play_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	FILE *file;

	(void)status;
	(void)where;
	if (kind != FTW_F)
		return 0;
	file = fopen(path, "rb");
	if (!file)
		return 1;
	play_stream(file);
	fclose(file);
	return 0;
}

int main(int count, char **paths)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	if (count == 1)
		play_stream(stdin);
	for (int i = 1; i < count; i++) {
		if (nftw(paths[i], play_file, 16, FTW_PHYS) != 0) {
			fprintf(stderr, "%s: cannot be read\n", paths[i]);
			return 2;
		}
	}
	printf("%zu inputs played\n", played);
	return 0;
}
