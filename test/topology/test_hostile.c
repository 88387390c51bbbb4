/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the topology reader makes of files that are broken or meant to break it: it refuses them with
 * the file, the offset and the reason, or reads what is left of them; it never crashes, hangs, or
 * takes memory out of proportion. The whole program runs under a ceiling of address space (where no
 * sanitizer needs it all) and an alarm, and every parse is measured.
 *
 * The files that are mutated: one built here, our own examples when they are built, and shipped ones
 * where a folder beside the sources has them.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder.h"
#include "promises.h"

#define SHIPPED QUIRE_SOURCE_DIR "/../shared/data/topologies/*.tplg"
#define OWN     QUIRE_BINARY_DIR "/example/topologies/*.tplg"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
	MUTATIONS = 10000,
	FILES_MAX = 64,
	SPARE_BYTES = 128 << 20, /* address space beyond what the program has at its start */
	LEAK_BYTES = 1 << 20,    /* the allocator's own caches stay far below */
	SECONDS_MAX = 300,       /* for everything here; a hundred times what it takes */
};

/* The files that mutations start from. */
static struct sample {
	uint8_t *data;
	size_t size;
} samples[FILES_MAX];
static size_t sample_count;

static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t random_below(size_t bound)
{
	return bound == 0 ? 0 : (size_t)(random_next() % bound);
}

/* The file must be refused at this offset with these words. */
static void assert_refused(const struct builder *file, size_t offset, const char *words)
{
	struct topology_error error;

	if (parse_measured(file->bytes, file->size, &error))
		fail_msg("accepted, expected: %s", words);
	if (error.offset != offset || strstr(error.what, words) == NULL)
		fail_msg("0x%zx: %s; expected 0x%zx: %s", error.offset, error.what, offset, words);
}

static void a_header_that_lies_is_refused(void **state)
{
	struct builder file = { 0 };

	(void)state;
	build_playback(&file);
	set_word(&file, 0, 0x12345678);
	assert_refused(&file, 0, "no block starts here: magic 0x12345678");
	set_word(&file, 0, __builtin_bswap32(SND_SOC_TPLG_MAGIC));
	assert_refused(&file, 0, "big-endian");
	set_word(&file, 0, SND_SOC_TPLG_MAGIC);
	set_word(&file, 4, 4);
	assert_refused(&file, 0, "ABI 4");
	set_word(&file, 4, 5);
	set_word(&file, 16, 40);
	assert_refused(&file, 0, "header says it has 40 bytes");
	set_word(&file, 16, 36);
	set_word(&file, 24, 0xffffffff);
	assert_refused(&file, 36, "manifest needs 4294967295 bytes");
}

static void a_count_that_does_not_fit_is_refused_where_the_block_ends(void **state)
{
	struct builder file = { 0 };

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	for (int i = 0; i < 7; i++)
		put_virtual(&file, "out");
	end_block(&file);
	set_word(&file, 32, 12);
	assert_refused(&file, file.size, "widget block says 12 elements but ends after 7");
	set_word(&file, 32, 0xffffffff);
	assert_refused(&file, file.size, "says 4294967295 elements but ends after 7");
	set_word(&file, 32, 6);
	assert_refused(&file, file.size - 132, "132 bytes behind its 6 elements");
}

static void sizes_inside_a_widget_are_held_against_its_block(void **state)
{
	struct builder file = { 0 };
	size_t widget = 36;
	size_t array = widget + 132;

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_module(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	end_block(&file);
	set_word(&file, widget, 131);
	assert_refused(&file, widget, "widget says it has 131 bytes");
	set_word(&file, widget, 132);
	set_word(&file, array, 0);
	assert_refused(&file, array, "vendor array says it has 0 bytes");
	set_word(&file, array, 0x7fffffff);
	assert_refused(&file, array + 12, "vendor array needs");
	set_word(&file, array, 20);
	set_word(&file, array + 8, 2);
	assert_refused(&file, array, "vendor array says 2 elements of 8 bytes, but has 8 bytes");
	set_word(&file, array + 8, 0x20000001);
	assert_refused(&file, array, "vendor array says 536870913 elements");
	set_word(&file, array + 8, 1);
	set_word(&file, array + 4, 99);
	assert_refused(&file, array, "unknown type 99");
	set_word(&file, array + 4, 4);
	set_word(&file, widget + 124, 0xffffffff);
	assert_refused(&file, file.size, "control needs 204 bytes, only 0 are left");
	set_word(&file, widget + 124, 0);
	set_word(&file, widget + 128, 0xfffffff0);
	assert_refused(&file, array, "private data of a widget needs");
}

static void a_control_of_no_class_or_too_much_data_is_refused(void **state)
{
	struct builder file = { 0 };
	size_t control;

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_EFFECT, "eq.1", "");
	put_word_token(&file, 411, 1);
	control = file.size;
	put_bytes_control(&file, "blob", 5, 0, "", 1);
	end_widget(&file);
	end_block(&file);
	set_word(&file, control + 64, 77);
	set_word(&file, control + 4, 9);
	assert_refused(&file, control, "neither mixer, enum nor bytes: info 77, type 9");
	set_word(&file, control + 64, 5);
	set_word(&file, control + 236, 0x80000000);
	assert_refused(&file, control + 240, "private data of a control needs");
	set_word(&file, control + 64, 4);
	assert_refused(&file, control, "control needs 1764 bytes");
}

static void a_name_without_an_end_is_refused(void **state)
{
	struct builder file = { 0 };

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	put_virtual(&file, "a name that fills its field to the very last");
	end_block(&file);
	assert_refused(&file, 36, "not terminated");
}

static void more_pins_than_make_sense_are_refused(void **state)
{
	struct builder file = { 0 };

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_MIXER, "mixin.1", "");
	put_word_token(&file, 412, 0x40000000);
	end_widget(&file);
	end_block(&file);
	assert_refused(&file, 36, "0 input and 1073741824 output pins");
}

static void a_stated_number_of_formats_takes_no_memory(void **state)
{
	struct builder file = { 0 };
	struct topology_error error;

	(void)state;
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&file, SND_SOC_TPLG_DAPM_PGA, "gain.1", "");
	put_word_token(&file, 415, 0xfffffffe);
	put_word_token(&file, 416, 0x10000000);
	put_format(&file, 1930, 48000, 32, 32, 2);
	end_widget(&file);
	end_block(&file);
	assert_true(parse_measured(file.bytes, file.size, &error));
}

static void files_for_two_kinds_of_firmware_do_not_mix(void **state)
{
	struct builder ipc4 = { 0 };
	struct builder ipc3 = { 0 };
	struct topology_image images[2];
	struct topology *topology;
	struct topology_error error;

	(void)state;
	put_manifest(&ipc4, 6);
	put_manifest(&ipc3, 3);
	images[0] = image_of("new.tplg", &ipc4);
	images[1] = image_of("old.tplg", &ipc3);
	assert_int_equal(topology_parse(images, 2, &topology, &error), -1);
	assert_string_equal(error.file, "old.tplg");
	assert_non_null(strstr(error.what, "IPC3"));
	assert_int_equal(topology_parse(images, 0, &topology, &error), -1);
}

/* A file of any size: the element of a one-element block, repeated, each with its number for a name. */
struct large_file {
	uint8_t *data;
	size_t size;
};

enum { NAME_BYTES = 7 };

static void print_name(void *at, uint32_t number)
{
	char name[NAME_BYTES + 5];

	snprintf(name, sizeof(name), "m%05u", number % 100000);
	memcpy(at, name, NAME_BYTES);
}

/* The name stands `name_offset` behind the start of the element; the first gets `number`. */
static void append_repeated(struct large_file *large, struct builder *block, uint32_t times,
			    size_t name_offset, uint32_t number)
{
	size_t each = block->size - 36;
	uint8_t *at;

	set_word(block, 24, (uint32_t)each * times);
	set_word(block, 32, times);
	large->data = realloc(large->data, large->size + 36 + each * times);
	assert_non_null(large->data);
	at = large->data + large->size;
	memcpy(at, block->bytes, 36);
	at += 36;
	for (uint32_t i = 0; i < times; i++, at += each) {
		memcpy(at, block->bytes + 36, each);
		print_name(at + name_offset, number + i);
	}
	large->size += 36 + each * times;
	memset(block, 0, sizeof(*block));
}

/* 1000 streams of 16 000 modules each would be 128 MB of lists for 5.5 MB of file. */
static void streams_times_modules_stay_under_the_ceiling(void **state)
{
	static struct builder block;
	struct large_file large = { 0 };
	struct topology_error error;

	(void)state;
	begin_block(&block, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 1);
	begin_widget(&block, SND_SOC_TPLG_DAPM_AIF_IN, "", "all");
	put_word_token(&block, 411, 1);
	end_widget(&block);
	end_block(&block);
	append_repeated(&large, &block, 16000, 8, 0);
	begin_block(&block, SND_SOC_TPLG_TYPE_PCM, 0);
	put_pcm(&block, 1, "", "all", "");
	end_block(&block);
	append_repeated(&large, &block, 1000, 4, 0);
	begin_block(&block, SND_SOC_TPLG_TYPE_DAPM_GRAPH, 0);
	put_route(&block, "m00000", "");
	end_block(&block);
	append_repeated(&large, &block, 15999, 0, 1);
	assert_false(parse_measured(large.data, large.size, &error));
	assert_non_null(strstr(error.what, "describes more than files of this size"));
	free(large.data);
}

static void assert_load_refused(const char *path, const char *words)
{
	struct topology *topology;
	struct topology_error error;

	assert_int_equal(topology_load(&path, 1, &topology, &error), -1);
	assert_null(topology);
	assert_ptr_equal(error.file, path);
	if (strstr(error.what, words) == NULL)
		fail_msg("%s; expected: %s", error.what, words);
}

static void what_is_no_file_is_refused(void **state)
{
	char folder[] = "/tmp/quire-hostile-XXXXXX";
	char path[sizeof(folder) + 8];
	int file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x", folder);
	assert_load_refused(folder, "directory");
	assert_load_refused(path, "cannot be opened: No such file");
	assert_load_refused("/dev/zero", "not a regular file");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_load_refused(path, "not a regular file");
	unlink(path);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(file >= 0);
	assert_load_refused(path, "empty");
	assert_int_equal(ftruncate(file, (off_t)TOPOLOGY_FILE_BYTES_MAX + 1), 0);
	assert_load_refused(path, "too large");
	assert_int_equal(fchmod(file, 0), 0);
	if (geteuid() != 0)
		assert_load_refused(path, "cannot be opened: Permission denied");
	close(file);
	unlink(path);
	rmdir(folder);
}

static bool is_block_border(const struct sample *sample, size_t offset)
{
	size_t at = 0;

	while (at < offset) {
		uint32_t payload;

		memcpy(&payload, sample->data + at + 24, sizeof(payload));
		at += 36 + le32toh(payload);
	}
	return at == offset;
}

static void assert_truncations(const struct sample *sample, size_t step)
{
	struct topology_error error;

	for (size_t size = 1; size < sample->size; size += step)
		assert_int_equal(parse_measured(sample->data, size, &error),
				 is_block_border(sample, size));
}

static void a_file_cut_off_anywhere_is_refused_unless_between_blocks(void **state)
{
	(void)state;
	assert_truncations(&samples[0], 1);
	for (size_t i = 1; i < sample_count; i++)
		assert_truncations(&samples[i], samples[i].size < 25000 ? 1 : 41);
}

/* A file on its way to be broken; it may grow to twice the size of the largest sample. */
struct mutant {
	uint8_t *data;
	size_t size;
	size_t room;
};

static void flip_bits(struct mutant *mutant)
{
	size_t flips = 1 + random_below(16);

	for (size_t i = 0; i < flips; i++)
		mutant->data[random_below(mutant->size)] ^= (uint8_t)(1u << random_below(8));
}

/* Sizes and counts stand at multiples of four more often than not, but not always. */
static void make_extreme(struct mutant *mutant)
{
	const uint32_t extremes[] = { 0,    1,    2,          11,         12,         35,
				      36,   131,  0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
				      1900, 1930, 415,        0x10000 };
	uint32_t value = htole32(extremes[random_below(sizeof(extremes) / sizeof(extremes[0]))]);
	size_t offset;

	if (mutant->size < sizeof(value))
		return;
	offset = random_below(mutant->size - sizeof(value) + 1);
	if (random_below(4) != 0)
		offset -= offset % 4;
	memcpy(mutant->data + offset, &value, sizeof(value));
}

/* The start of a block picked at random, as far as the blocks can be followed; its end in *end. */
static size_t pick_block(const struct mutant *mutant, size_t *end)
{
	size_t skip = random_below(20);
	size_t at = 0;
	uint32_t payload = 0;

	for (;;) {
		if (mutant->size - at < 36)
			break;
		memcpy(&payload, mutant->data + at + 24, sizeof(payload));
		if (le32toh(payload) > mutant->size - at - 36)
			break;
		if (skip-- == 0 || mutant->size - at - 36 - le32toh(payload) < 36)
			break;
		at += 36 + (size_t)le32toh(payload);
	}
	payload = mutant->size - at < 36 ? 0 : le32toh(payload);
	*end = at + 36 + payload <= mutant->size ? at + 36 + payload : mutant->size;
	return at;
}

static void spoil_header(struct mutant *mutant)
{
	size_t end;
	size_t at = pick_block(mutant, &end) + 4 * random_below(9);
	uint32_t value;

	if (mutant->size - at < sizeof(value))
		return;
	memcpy(&value, mutant->data + at, sizeof(value));
	value += (uint32_t)random_below(9) - 4;
	memcpy(mutant->data + at, &value, sizeof(value));
}

static void insert(struct mutant *mutant, size_t at, const uint8_t *bytes, size_t size)
{
	if (size > mutant->room - mutant->size)
		return;
	memmove(mutant->data + at + size, mutant->data + at, mutant->size - at);
	memcpy(mutant->data + at, bytes, size);
	mutant->size += size;
}

static void duplicate_block(struct mutant *mutant)
{
	size_t end;
	size_t at = pick_block(mutant, &end);
	uint8_t *copy = malloc(end - at + 1);

	assert_non_null(copy);
	memcpy(copy, mutant->data + at, end - at);
	insert(mutant, at, copy, end - at);
	free(copy);
}

static void drop_block(struct mutant *mutant)
{
	size_t end;
	size_t at = pick_block(mutant, &end);

	if (end - at == mutant->size)
		return;
	memmove(mutant->data + at, mutant->data + end, mutant->size - end);
	mutant->size -= end - at;
}

static void splice_in(struct mutant *mutant)
{
	const struct sample *other = &samples[random_below(sample_count)];
	size_t from = random_below(other->size);
	size_t size = 1 + random_below(other->size - from);
	size_t at = random_below(mutant->size);

	if (random_below(2) == 0) {
		insert(mutant, at, other->data + from, size);
		return;
	}
	if (size > mutant->size - at)
		size = mutant->size - at;
	memcpy(mutant->data + at, other->data + from, size);
}

static void cut_off(struct mutant *mutant)
{
	mutant->size = 1 + random_below(mutant->size);
}

static void mutate(struct mutant *mutant)
{
	static void (*const ways[])(struct mutant *) = {
		flip_bits,    flip_bits,    make_extreme, make_extreme,    make_extreme, splice_in,
		spoil_header, spoil_header, drop_block,   duplicate_block, cut_off,
	};
	size_t times = 1 + random_below(4);

	for (size_t i = 0; i < times; i++)
		ways[random_below(sizeof(ways) / sizeof(ways[0]))](mutant);
}

static size_t largest_sample(void)
{
	size_t largest = 0;

	for (size_t i = 0; i < sample_count; i++) {
		if (samples[i].size > largest)
			largest = samples[i].size;
	}
	return largest;
}

static void ten_thousand_mutants_do_no_harm(void **state)
{
	struct mutant mutant = { .room = 2 * largest_sample() + 1 };
	struct topology_error error;
	size_t before = bytes_in_use();
	size_t accepted = 0;

	(void)state;
	mutant.data = malloc(mutant.room);
	assert_non_null(mutant.data);
	for (uint64_t seed = 1; seed <= MUTATIONS; seed++) {
		const struct sample *sample = &samples[seed % sample_count];

		random_state = seed * 0x9e3779b97f4a7c15u;
		mutant.size = sample->size;
		memcpy(mutant.data, sample->data, sample->size);
		mutate(&mutant);
		accepted += parse_measured(mutant.data, mutant.size, &error);
	}
	free(mutant.data);
	assert_true(bytes_in_use() <= before + LEAK_BYTES);
	/* Mutants that are all refused, or all accepted, would test little. */
	assert_in_range(accepted, MUTATIONS / 20, MUTATIONS * 19 / 20);
}

static void add_sample(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);

	if (copy == NULL || sample_count == FILES_MAX)
		abort();
	memcpy(copy, data, size);
	samples[sample_count++] = (struct sample){ copy, size };
}

static void add_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL)
		return;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	if (size > 0 && size < sizeof(data))
		add_sample(data, size);
}

static void add_files(const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && i < FILES_MAX / 2 - 1; i++)
			add_file(found.gl_pathv[i]);
	}
	globfree(&found);
}

static void add_built(void)
{
	static struct builder file;

	build_playback(&file);
	begin_block(&file, SND_SOC_TPLG_TYPE_DAPM_WIDGET, 7);
	begin_widget(&file, SND_SOC_TPLG_DAPM_EFFECT, "eq.7", "");
	put_string_token(&file, 413, "gain.1");
	put_string_token(&file, 418, "DP");
	put_mixer_control(&file, "volume", 1);
	put_enum_control(&file, "choice", 4);
	put_bytes_control(&file, "blob", 5, 128, "SOF4 and some more bytes", 24);
	end_widget(&file);
	end_block(&file);
	add_sample(file.bytes, file.size);
}

/* From here on, memory beyond a little more than there is now is not to be had. */
static void lower_ceilings(void)
{
	struct rlimit limit;
	long pages = 0;
	FILE *status = fopen("/proc/self/statm", "r");

	alarm(SECONDS_MAX);
	if (status == NULL || SANITIZED)
		return;
	if (fscanf(status, "%ld", &pages) != 1)
		pages = 0;
	fclose(status);
	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + SPARE_BYTES;
	if (pages != 0)
		setrlimit(RLIMIT_AS, &limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_that_lies_is_refused),
		cmocka_unit_test(a_count_that_does_not_fit_is_refused_where_the_block_ends),
		cmocka_unit_test(sizes_inside_a_widget_are_held_against_its_block),
		cmocka_unit_test(a_control_of_no_class_or_too_much_data_is_refused),
		cmocka_unit_test(a_name_without_an_end_is_refused),
		cmocka_unit_test(more_pins_than_make_sense_are_refused),
		cmocka_unit_test(a_stated_number_of_formats_takes_no_memory),
		cmocka_unit_test(files_for_two_kinds_of_firmware_do_not_mix),
		cmocka_unit_test(streams_times_modules_stay_under_the_ceiling),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_file_cut_off_anywhere_is_refused_unless_between_blocks),
		cmocka_unit_test(ten_thousand_mutants_do_no_harm),
	};
	int failed;

	add_built();
	add_files(OWN);
	add_files(SHIPPED);
	lower_ceilings();
	failed = cmocka_run_group_tests_name("topology files that are hostile", tests, NULL, NULL);
	for (size_t i = 0; i < sample_count; i++)
		free(samples[i].data);
	return failed;
}
