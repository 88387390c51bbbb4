/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private data is a list of vendor arrays {size, type, count}, each followed by elements of one
 * type: uuid 20 bytes, string 48, all others 8 (a token and a value). The walk hands out one element
 * after the other.
 *
 * Bound: an array takes at least its 12 bytes, an element at least 8 of the data.
 */
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct snd_soc_tplg_vendor_array) == 12, "vendor array");
_Static_assert(sizeof(struct snd_soc_tplg_vendor_uuid_elem) == 20, "uuid element");
_Static_assert(sizeof(struct snd_soc_tplg_vendor_string_elem) == 48, "string element");
_Static_assert(sizeof(struct snd_soc_tplg_vendor_value_elem) == 8, "value element");

/* 0 = no such type. */
static size_t element_bytes(uint32_t type)
{
	switch (type) {
	case SND_SOC_TPLG_TUPLE_TYPE_UUID:
		return sizeof(struct snd_soc_tplg_vendor_uuid_elem);
	case SND_SOC_TPLG_TUPLE_TYPE_STRING:
		return sizeof(struct snd_soc_tplg_vendor_string_elem);
	case SND_SOC_TPLG_TUPLE_TYPE_BOOL:
	case SND_SOC_TPLG_TUPLE_TYPE_BYTE:
	case SND_SOC_TPLG_TUPLE_TYPE_WORD:
	case SND_SOC_TPLG_TUPLE_TYPE_SHORT:
		return sizeof(struct snd_soc_tplg_vendor_value_elem);
	default:
		return 0;
	}
}

static bool check_array(struct reader *reader, const struct snd_soc_tplg_vendor_array *array,
			size_t offset)
{
	size_t bytes = le32toh(array->size);
	size_t each = element_bytes(le32toh(array->type));

	if (bytes < sizeof(*array))
		return topology_refuse(reader, offset, "vendor array says it has %zu bytes", bytes);
	if (each == 0)
		return topology_refuse(reader, offset, "vendor array of unknown type %u",
				       le32toh(array->type));
	if (le32toh(array->num_elems) > (bytes - sizeof(*array)) / each)
		return topology_refuse(
			reader, offset,
			"vendor array says %u elements of %zu bytes, but has %zu bytes",
			le32toh(array->num_elems), each, bytes - sizeof(*array));
	return true;
}

static bool enter_array(struct reader *reader, struct token_walk *walk)
{
	size_t offset = walk->data.at;
	const uint8_t *bytes = topology_take(
		reader, &walk->data, sizeof(struct snd_soc_tplg_vendor_array), "vendor array");
	struct snd_soc_tplg_vendor_array array;

	if (bytes == NULL)
		return false;
	memcpy(&array, bytes, sizeof(array));
	if (!check_array(reader, &array, offset))
		return false;
	walk->type = le32toh(array.type);
	walk->left = le32toh(array.num_elems);
	return topology_take_part(reader, &walk->data, le32toh(array.size) - sizeof(array),
				  &walk->array, "vendor array");
}

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return le32toh(word);
}

int topology_next_token(struct reader *reader, struct token_walk *walk, struct token *token)
{
	const uint8_t *bytes;

	while (walk->left == 0) {
		if (walk->data.at == walk->data.end)
			return 0;
		if (!enter_array(reader, walk))
			return -1;
	}
	walk->left--;
	token->offset = walk->array.at;
	bytes = topology_take(reader, &walk->array, element_bytes(walk->type), "vendor token");
	if (bytes == NULL)
		return -1;
	token->id = word_at(bytes);
	token->type = walk->type;
	token->bytes = bytes + sizeof(uint32_t);
	token->value = word_at(token->bytes);
	return 1;
}
