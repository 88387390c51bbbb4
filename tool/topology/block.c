/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A topology file is a sequence of blocks: a header of 36 bytes that says the type, how many bytes
 * follow and how many elements they are. The elements must fill the block exactly. Blocks of a type
 * that says nothing about memory are passed over.
 *
 * Bound: every block takes its header, every element at least its fixed part, so the walk ends
 * after size/36 blocks whatever the counts say.
 */
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct snd_soc_tplg_hdr) == 36, "block header");
_Static_assert(sizeof(struct snd_soc_tplg_manifest) == 112, "manifest");
_Static_assert(sizeof(struct snd_soc_tplg_dapm_graph_elem) == 132, "graph element");

/* Firmware for IPC3 writes its ABI as three bytes, for IPC4 as three 16 bit numbers and maybe more. */
enum {
	MANIFEST_IPC3_BYTES = 3,
	MANIFEST_IPC4_BYTES = 6,
};

static void note_manifest(struct reader *reader, size_t offset, size_t private_bytes)
{
	if (private_bytes == MANIFEST_IPC3_BYTES)
		reader->manifest_ipc = 3;
	else if (private_bytes >= MANIFEST_IPC4_BYTES)
		reader->manifest_ipc = 4;
	else
		topology_warn(reader, reader->file, offset,
			      "manifest with %zu bytes of private data: neither IPC3 nor IPC4",
			      private_bytes);
}

static bool read_manifest(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	size_t offset = cursor->at;
	const uint8_t *bytes =
		topology_take(reader, cursor, sizeof(struct snd_soc_tplg_manifest), "manifest");
	struct snd_soc_tplg_manifest manifest;
	size_t private_bytes;

	(void)index;
	if (bytes == NULL)
		return false;
	memcpy(&manifest, bytes, sizeof(manifest));
	if (le32toh(manifest.size) != sizeof(manifest))
		return topology_refuse(reader, offset, "manifest says it has %u bytes, not %zu",
				       le32toh(manifest.size), sizeof(manifest));
	private_bytes = le32toh(manifest.priv.size);
	if (topology_take(reader, cursor, private_bytes, "private data of the manifest") == NULL)
		return false;
	note_manifest(reader, offset, private_bytes);
	return true;
}

static bool read_route(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	struct topology *topology = reader->topology;
	size_t offset = cursor->at;
	const uint8_t *bytes = topology_take(
		reader, cursor, sizeof(struct snd_soc_tplg_dapm_graph_elem), "graph element");
	struct snd_soc_tplg_dapm_graph_elem element;
	struct topology_route *routes;

	(void)index;
	if (bytes == NULL)
		return false;
	routes = topology_grow(reader, topology->routes, &reader->room.routes,
			       topology->route_count, sizeof(*routes));
	if (routes == NULL)
		return false;
	topology->routes = routes;
	routes += topology->route_count;
	memcpy(&element, bytes, sizeof(element));
	*routes = (struct topology_route){ .file = reader->file, .offset = offset };
	topology->route_count++;
	return topology_take_name(reader, routes->sink, element.sink, offset) &&
	       topology_take_name(reader, routes->control, element.control, offset) &&
	       topology_take_name(reader, routes->source, element.source, offset);
}

static bool read_lone_control(struct reader *reader, struct cursor *cursor, uint32_t index)
{
	(void)index;
	return topology_read_control(reader, cursor, TOPOLOGY_NONE);
}

struct block_sort {
	uint32_t type;
	const char *name;
	bool (*read)(struct reader *reader, struct cursor *cursor, uint32_t index);
};

static const struct block_sort block_sorts[] = {
	{ SND_SOC_TPLG_TYPE_MIXER, "mixer control", read_lone_control },
	{ SND_SOC_TPLG_TYPE_BYTES, "bytes control", read_lone_control },
	{ SND_SOC_TPLG_TYPE_ENUM, "enum control", read_lone_control },
	{ SND_SOC_TPLG_TYPE_DAPM_GRAPH, "graph", read_route },
	{ SND_SOC_TPLG_TYPE_DAPM_WIDGET, "widget", topology_read_widget },
	{ SND_SOC_TPLG_TYPE_DAI_LINK, "DAI link", topology_read_link },
	{ SND_SOC_TPLG_TYPE_PCM, "PCM", topology_read_pcm },
	{ SND_SOC_TPLG_TYPE_MANIFEST, "manifest", read_manifest },
	{ SND_SOC_TPLG_TYPE_BACKEND_LINK, "backend link", topology_read_link },
};

static const struct block_sort *find_sort(uint32_t type)
{
	for (size_t i = 0; i < sizeof(block_sorts) / sizeof(block_sorts[0]); i++) {
		if (block_sorts[i].type == type)
			return &block_sorts[i];
	}
	return NULL;
}

static bool check_header(struct reader *reader, const struct snd_soc_tplg_hdr *header,
			 size_t offset)
{
	uint32_t magic = le32toh(header->magic);

	if (magic == __builtin_bswap32(SND_SOC_TPLG_MAGIC))
		return topology_refuse(reader, offset,
				       "is a big-endian topology file; only little-endian is read");
	if (magic != SND_SOC_TPLG_MAGIC)
		return topology_refuse(reader, offset,
				       "no block starts here: magic 0x%08x instead of 0x%08x",
				       magic, SND_SOC_TPLG_MAGIC);
	if (le32toh(header->abi) != SND_SOC_TPLG_ABI_VERSION)
		return topology_refuse(reader, offset, "topology ABI %u; only %u is read",
				       le32toh(header->abi), SND_SOC_TPLG_ABI_VERSION);
	if (le32toh(header->size) != sizeof(*header))
		return topology_refuse(reader, offset, "block header says it has %u bytes, not %zu",
				       le32toh(header->size), sizeof(*header));
	return true;
}

static bool read_elements(struct reader *reader, const struct block_sort *sort,
			  const struct snd_soc_tplg_hdr *header, struct cursor payload)
{
	uint32_t count = le32toh(header->count);

	for (uint32_t i = 0; i < count; i++) {
		if (payload.at == payload.end)
			return topology_refuse(reader, payload.at,
					       "%s block says %u elements but ends after %u",
					       sort->name, count, i);
		if (!sort->read(reader, &payload, le32toh(header->index)))
			return false;
	}
	if (payload.at != payload.end)
		return topology_refuse(reader, payload.at,
				       "%s block has %zu bytes behind its %u elements", sort->name,
				       payload.end - payload.at, count);
	return true;
}

static bool read_block(struct reader *reader, struct cursor *cursor)
{
	size_t offset = cursor->at;
	const uint8_t *bytes =
		topology_take(reader, cursor, sizeof(struct snd_soc_tplg_hdr), "block header");
	struct snd_soc_tplg_hdr header;
	const struct block_sort *sort;
	struct cursor payload;

	if (bytes == NULL)
		return false;
	memcpy(&header, bytes, sizeof(header));
	if (!check_header(reader, &header, offset))
		return false;
	sort = find_sort(le32toh(header.type));
	if (!topology_take_part(reader, cursor, le32toh(header.payload_size), &payload,
				sort != NULL ? sort->name : "block"))
		return false;
	if (sort != NULL)
		return read_elements(reader, sort, &header, payload);
	topology_warn(reader, reader->file, offset, "block of type %u is passed over",
		      le32toh(header.type));
	return true;
}

bool topology_read_blocks(struct reader *reader)
{
	struct cursor cursor = { 0, reader->size };

	while (cursor.at < cursor.end) {
		if (!read_block(reader, &cursor))
			return false;
	}
	return true;
}
