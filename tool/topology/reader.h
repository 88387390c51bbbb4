/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to the topology reader: what its parts share while files are being read.
 *
 *	file.c		files into memory
 *	parse.c		the order of it all: from files in memory to a model or a refusal
 *	reader.c	refusals, warnings, memory under a ceiling, bounded reading
 *	block.c		a file is a sequence of blocks, a block a sequence of elements
 *	token.c		private data: vendor arrays of tokens
 *	widget.c	widgets: modules, pipelines, and those that are neither
 *	format.c	the formats of a module out of its tokens; choosing one
 *	control.c	controls, alone or behind their widget
 *	pcm.c		streams and DAI links
 *	kind.c		what a module is, by its uuid
 *	join.c		after all files: kinds, the members of pipelines, links, and the order of the rest
 *	graph.c		names of routes into modules, routes into connections
 *	reach.c		the host module of a stream and what it needs
 *
 * Rules that make a hostile file harmless. Bytes are reached only through topology_take() and a
 * cursor inside the file, and structures are copied out. Memory comes only from topology_allocate()
 * and topology_grow(), which keep a ceiling in proportion to the files. A loop over a count from a
 * file takes bytes of the file in every turn. After the files are read nothing is worse than
 * O(n log n) in their bytes, but for what the limits on streams, links and pipelines multiply.
 */
#ifndef QUIRE_TOOL_TOPOLOGY_READER_H
#define QUIRE_TOOL_TOPOLOGY_READER_H

#include <endian.h>
#include <sys/types.h>

#include <sound/asound.h>

#include <alsa/sound/uapi/asoc.h>

#include "topology.h"

/* A stretch of the file that is being read, by offsets; at <= end <= size of the file. */
struct cursor {
	size_t at;
	size_t end;
};

/* "This pin goes to the widget of that name." */
struct binding {
	size_t module;
	enum topology_side side;
	uint32_t pin;
	char name[TOPOLOGY_NAME_BYTES];
};

struct reader {
	struct topology *topology;
	struct topology_error *error;

	/* The file that is being read. */
	const char *name;
	const uint8_t *data;
	size_t size;
	size_t file;
	unsigned int manifest_ipc; /* 0 = not said */
	bool ipc3_tokens;
	bool ipc4_tokens;

	/* Bytes asked for and not given back, and how many there may be. */
	size_t held;
	size_t ceiling;

	/* How many elements fit in the growing arrays. */
	struct {
		size_t pipelines;
		size_t modules;
		size_t virtuals;
		size_t routes;
		size_t streams;
		size_t links;
		size_t controls;
		size_t bindings;
	} room;

	struct binding *bindings; /* in the order of the modules */
	size_t binding_count;
};

/* One token of private data. */
struct token {
	uint32_t id;
	uint32_t type;        /* SND_SOC_TPLG_TUPLE_TYPE_... */
	uint32_t value;       /* neither uuid nor string */
	const uint8_t *bytes; /* uuid: 16, string: 44 */
	size_t offset;
};

/* Where a walk over private data stands. */
struct token_walk {
	struct cursor data;
	struct cursor array; /* elements of the array that the walk is in */
	uint32_t type;
	uint32_t left; /* elements still to come in it */
};

/* Tokens of SOF that the model is made of. */
enum {
	TOKEN_BUFFER_BYTES = 100,
	TOKEN_BUFFER_CAPS = 101,
	TOKEN_DAI_TYPE = 154,
	TOKEN_DAI_INDEX = 155,
	TOKEN_PERIOD_US = 200,
	TOKEN_PRIORITY = 201,
	TOKEN_PIPELINE_CORE = 203,
	TOKEN_TIME_DOMAIN = 205,
	TOKEN_DYNAMIC = 206,
	TOKEN_LOW_POWER = 207,
	TOKEN_CHAIN_DMA = 209,
	TOKEN_SINK_PERIODS = 400,
	TOKEN_SOURCE_PERIODS = 401,
	TOKEN_CORE = 404,
	TOKEN_UUID = 405,
	TOKEN_IS_PAGES = 409,
	TOKEN_FORMATS = 410,
	TOKEN_INPUT_PINS = 411,
	TOKEN_OUTPUT_PINS = 412,
	TOKEN_INPUT_BINDING = 413,
	TOKEN_OUTPUT_BINDING = 414,
	TOKEN_INPUT_FORMATS = 415,
	TOKEN_OUTPUT_FORMATS = 416,
	TOKEN_DOMAIN = 418,
	TOKEN_STACK_BYTES = 420,
	TOKEN_HEAP_BYTES = 421,
	TOKEN_INPUT_RATE = 1900,
	TOKEN_INPUT_DEPTH = 1901,
	TOKEN_INPUT_VALID_BITS = 1902,
	TOKEN_INPUT_CHANNELS = 1903,
	TOKEN_INPUT_PIN = 1908,
	TOKEN_OUTPUT_RATE = 1930,
	TOKEN_OUTPUT_DEPTH = 1931,
	TOKEN_OUTPUT_VALID_BITS = 1932,
	TOKEN_OUTPUT_CHANNELS = 1933,
	TOKEN_OUTPUT_PIN = 1938,
	TOKEN_INPUT_PERIOD_BYTES = 1970,
	TOKEN_OUTPUT_PERIOD_BYTES = 1971,
	TOKEN_NODE_TYPE = 1980,
	TOKEN_DEEP_BUFFER_MS = 1981,
};

/* reader.c */

/* States why the file is refused, and returns false. The first refusal stands. */
bool topology_refuse(struct reader *reader, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void topology_warn(struct reader *reader, size_t file, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Cleared memory, or NULL and a refusal; count 0 gives a valid pointer. */
void *topology_allocate(struct reader *reader, size_t count, size_t item_bytes);
/* Gives back memory of topology_allocate(), which does not remember its size. */
void topology_release(struct reader *reader, void *memory, size_t count, size_t item_bytes);
/* Room for one more item behind the `count` there are; the array may move. NULL = refused. */
void *topology_grow(struct reader *reader, void *items, size_t *room, size_t count,
		    size_t item_bytes);

/* The next bytes under the cursor, or NULL and a refusal that begins with `what`. */
const uint8_t *topology_take(struct reader *reader, struct cursor *cursor, size_t bytes,
			     const char *what);
/* Takes a stretch whole. */
bool topology_take_part(struct reader *reader, struct cursor *cursor, size_t bytes,
			struct cursor *part, const char *what);
/* Copies a name of 44 bytes, which must be terminated, and makes it printable. */
bool topology_take_name(struct reader *reader, char *name, const char *bytes, size_t offset);

/* block.c */
bool topology_read_blocks(struct reader *reader);

/* token.c: 1 = a token, 0 = no more, -1 = refused. */
int topology_next_token(struct reader *reader, struct token_walk *walk, struct token *token);

/* One element each; `index` is that of the block. */
bool topology_read_widget(struct reader *reader, struct cursor *cursor, uint32_t index);
bool topology_read_pcm(struct reader *reader, struct cursor *cursor, uint32_t index);
bool topology_read_link(struct reader *reader, struct cursor *cursor, uint32_t index);

/* control.c: module may be TOPOLOGY_NONE. */
bool topology_read_control(struct reader *reader, struct cursor *cursor, size_t module);

/* format.c: the formats of both sides. The stated numbers are UINT32_MAX if nothing states them. */
bool topology_read_formats(struct reader *reader, struct topology_module *module,
			   struct cursor data, const uint32_t stated[2]);

/* kind.c */
void topology_print_uuid(char text[37], const uint8_t uuid[16]);
enum topology_kind topology_module_kind(const struct topology_module *module, unsigned int ipc);

/* join.c */
bool topology_join(struct reader *reader);

/* Connections by one of their ends: those of module m are items[first[m]] ... items[first[m + 1]]. */
struct adjacency {
	size_t *first;
	size_t *items;
	size_t module_count;
	size_t item_count;
};

/* graph.c */
bool topology_join_routes(struct reader *reader);
/* By the source of the connections if `downstream`, else by their sink; in their order. */
bool topology_adjacency(struct reader *reader, struct adjacency *adjacency, bool downstream);
void topology_adjacency_release(struct reader *reader, struct adjacency *adjacency);

/* reach.c */
bool topology_join_streams(struct reader *reader);

#endif
