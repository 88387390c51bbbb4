/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Traces keep the rules of doc/trace.md: a reader that trusts nothing goes through whole ones.
 */
#define _GNU_SOURCE

#include "program.h"

#define PAGES_MAX  4096
#define IDS_MAX    200000
#define TRACE_FILE "/tmp/quire-test-trace-XXXXXX"

struct block {
	bool live, used;
	size_t at, granted;
	size_t region; /* 0: none */
};

/* What a reader knows while it reads. */
struct reader {
	size_t page, line_number, events;
	bool ended;
	bool mapped[PAGES_MAX];
	size_t mapped_pages;
	size_t live, live_regions, leaks;
	struct block blocks[IDS_MAX], regions[IDS_MAX];
	const struct block *newest; /* of the blocks */
};

static struct reader reader;

static const char *find(const char *line, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = line; (at = strchr(at, ' ')); at++)
		if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=')
			return at + length + 2;
	return NULL;
}

static size_t value(const char *line, const char *key)
{
	const char *text = find(line, key);
	char *end = NULL;
	size_t number = text ? strtoull(text, &end, 0) : 0;

	if (!text || end == text || (*end && *end != ' '))
		fail_msg("line %zu: no %s: %s", reader.line_number, key, line);
	return number;
}

static size_t optional(const char *line, const char *key)
{
	return find(line, key) ? value(line, key) : 0;
}

static struct block *block_at(struct block *blocks, size_t id)
{
	assert_true(id > 0 && id < IDS_MAX);
	return &blocks[id];
}

static void read_pages(const char *line, bool on)
{
	size_t first, count;

	assert_true(reader.page > 0);
	first = value(line, "at") / reader.page;
	count = value(line, "size") / reader.page;
	assert_true(count > 0 && first + count <= PAGES_MAX);
	for (size_t i = first; i < first + count; i++) {
		if (on)
			assert_false(reader.mapped[i]);
		reader.mapped_pages += (size_t)on - (size_t)reader.mapped[i];
		reader.mapped[i] = on;
	}
}

static void assert_alone(const struct block *block)
{
	for (const struct block *other = &reader.blocks[1]; other <= reader.newest; other++)
		if (other->live && other != block && other->at < block->at + block->granted &&
		    block->at < other->at + other->granted)
			fail_msg("line %zu: overlaps another allocation", reader.line_number);
}

static void assert_mapped(const struct block *block)
{
	size_t last;

	assert_true(reader.page > 0);
	last = (block->at + block->granted - 1) / reader.page;
	for (size_t i = block->at / reader.page; i <= last; i++)
		assert_true(reader.mapped[i]);
}

static void read_alloc(const char *line)
{
	struct block *block = block_at(reader.blocks, value(line, "id"));
	size_t least = find(line, "min") ? value(line, "min") : value(line, "size");

	assert_false(block->used);
	*block = (struct block){ true, true, value(line, "at"), value(line, "granted"),
				 optional(line, "region") };
	reader.live++;
	reader.newest = block > reader.newest ? block : reader.newest;
	assert_true(block->granted >= least);
	assert_int_equal(block->at % value(line, "align"), 0);
	assert_true(!block->region || block_at(reader.regions, block->region)->live);
	assert_mapped(block);
	assert_alone(block);
}

static void read_free(const char *line)
{
	struct block *block = block_at(reader.blocks, value(line, "id"));

	assert_true(block->live);
	block->live = false;
	reader.live--;
}

static void read_region(const char *line, bool on)
{
	struct block *region = block_at(reader.regions, value(line, "region"));

	assert_int_equal(region->live, !on);
	assert_false(on && region->used);
	*region = (struct block){ on, true, 0, 0, 0 };
	if (on) {
		reader.live_regions++;
		return;
	}
	reader.live_regions--;
	for (struct block *block = reader.blocks; block <= reader.newest; block++) {
		if (!block->live || block->region != value(line, "region"))
			continue;
		block->live = false;
		reader.live--;
	}
}

static bool is_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	return strncmp(line, word, length) == 0 && (line[length] == ' ' || !line[length]);
}

static void read_event(const char *line)
{
	static const char *const plain[] = {
		"region-seal",    "stream-begin",    "stream-running",  "stream-refused",
		"stream-stopped", "pipeline-create", "pipeline-delete", "bank-on",
		"bank-off",       "refused",
	};

	if (is_word(line, "alloc"))
		read_alloc(line);
	else if (is_word(line, "free"))
		read_free(line);
	else if (is_word(line, "map") || is_word(line, "unmap"))
		read_pages(line, is_word(line, "map"));
	else if (is_word(line, "region-create") || is_word(line, "region-put"))
		read_region(line, is_word(line, "region-create"));
	else if (is_word(line, "leak") || is_word(line, "misuse"))
		reader.leaks++;
	else
		for (size_t i = 0; !is_word(line, plain[i]); i++)
			if (i + 1 == TEST_COUNT(plain))
				fail_msg("line %zu: %s", reader.line_number, line);
}

static void read_line(const char *line)
{
	char *rest;

	assert_false(reader.ended);
	if (reader.line_number++ == 0) {
		assert_string_equal(line, "quire-trace 1");
		return;
	}
	if (is_word(line, "memory"))
		reader.page = value(line, "page");
	if (is_word(line, "end")) {
		assert_int_equal(value(line, "events"), reader.events);
		reader.ended = true;
	}
	if (line[0] < '0' || line[0] > '9')
		return;
	assert_int_equal(strtoull(line, &rest, 10), reader.events++);
	strtoull(rest, &rest, 10);
	assert_int_equal(*rest, ' ');
	read_event(rest + 1);
}

static void read_trace(const char *path)
{
	char *text = program_read_file(path), *rest = text, *line;

	memset(&reader, 0, sizeof(reader));
	while ((line = strsep(&rest, "\n")) && *line)
		read_line(line);
	assert_true(reader.ended);
	free(text);
}

static void trace_of(const char *options, int status)
{
	char path[] = TRACE_FILE, line[512];
	struct said said;
	int file = mkstemp(path);

	assert_true(file >= 0);
	close(file);
	snprintf(line, sizeof(line), "run --fast --quiet --trace %s %s", path, options);
	said = program_run(line);
	assert_int_equal(said.status, status);
	read_trace(path);
	unlink(path);
	said_free(&said);
}

static void assert_balanced(void)
{
	assert_true(reader.events > 100);
	assert_int_equal(reader.live, 0);
	assert_int_equal(reader.live_regions, 0);
	assert_int_equal(reader.mapped_pages, 0);
	assert_int_equal(reader.leaks, 0);
}

static void every_allocation_is_mapped_alone_and_freed(void **state)
{
	(void)state;
	trace_of(LAPTOP, 0);
	assert_balanced();
	trace_of("--schedule=sequence " EXAMPLE("headset"), 0);
	assert_balanced();
	trace_of("--schedule=churn --streams=20 --cycles=300 " LAPTOP, 0);
	assert_balanced();
}

static void regions_are_created_and_put(void **state)
{
	static const char *const who[] = { "dp", "module", "pipeline" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(who); i++) {
		char options[256];

		snprintf(options, sizeof(options),
			 "--board=ptl --regions=%s --schedule=churn "
			 "--cycles=100 %s",
			 who[i], EXAMPLE("dp"));
		trace_of(options, 0);
		assert_balanced();
		assert_true(reader.regions[1].used);
	}
}

static void a_refused_stream_gives_everything_back(void **state)
{
	(void)state;
	trace_of("--image=2520 " LAPTOP, 1);
	assert_balanced();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_is_mapped_alone_and_freed),
		cmocka_unit_test(regions_are_created_and_put),
		cmocka_unit_test(a_refused_stream_gives_everything_back),
	};

	return cmocka_run_group_tests_name("traces", tests, NULL, NULL);
}
