/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Controls, in blocks of their own or behind their widget: a mixer of 360 bytes, an enum of 1764 or
 * bytes of 240, each with private data behind it. The header says which in the operation "info" or,
 * where that is 0 or unknown, in its type. For memory only the bytes controls count: their private
 * data is the blob that configures the module.
 *
 * Bound: a control takes at least 240 bytes.
 */
#include <string.h>

#include "reader.h"

_Static_assert(sizeof(struct snd_soc_tplg_ctl_hdr) == 204, "control header");
_Static_assert(sizeof(struct snd_soc_tplg_mixer_control) == 360, "mixer control");
_Static_assert(sizeof(struct snd_soc_tplg_enum_control) == 1764, "enum control");
_Static_assert(sizeof(struct snd_soc_tplg_bytes_control) == 240, "bytes control");

/* SOF begins a blob with a header of its own: a magic number, then type, size and so on. */
enum {
	SOF_BLOB_HEADER_BYTES = 32,
	SOF_BLOB_MAGIC_IPC3 = 0x00464f53, /* "SOF" */
	SOF_BLOB_MAGIC_IPC4 = 0x34464f53, /* "SOF4" */
};

static bool class_from_info(uint32_t info, enum topology_control_class *class)
{
	switch (info) {
	case SND_SOC_TPLG_CTL_VOLSW:
	case SND_SOC_TPLG_CTL_VOLSW_SX:
	case SND_SOC_TPLG_CTL_VOLSW_XR_SX:
	case SND_SOC_TPLG_CTL_RANGE:
	case SND_SOC_TPLG_CTL_STROBE:
	case SND_SOC_TPLG_DAPM_CTL_VOLSW:
	case SND_SOC_TPLG_DAPM_CTL_PIN:
		*class = TOPOLOGY_CONTROL_MIXER;
		return true;
	case SND_SOC_TPLG_CTL_ENUM:
	case SND_SOC_TPLG_CTL_ENUM_VALUE:
	case SND_SOC_TPLG_DAPM_CTL_ENUM_DOUBLE:
	case SND_SOC_TPLG_DAPM_CTL_ENUM_VIRT:
	case SND_SOC_TPLG_DAPM_CTL_ENUM_VALUE:
		*class = TOPOLOGY_CONTROL_ENUM;
		return true;
	case SND_SOC_TPLG_CTL_BYTES:
		*class = TOPOLOGY_CONTROL_BYTES;
		return true;
	default:
		return false;
	}
}

static bool class_from_type(uint32_t type, enum topology_control_class *class)
{
	switch (type) {
	case SND_SOC_TPLG_TYPE_MIXER:
		*class = TOPOLOGY_CONTROL_MIXER;
		return true;
	case SND_SOC_TPLG_TYPE_ENUM:
		*class = TOPOLOGY_CONTROL_ENUM;
		return true;
	case SND_SOC_TPLG_TYPE_BYTES:
		*class = TOPOLOGY_CONTROL_BYTES;
		return true;
	default:
		return false;
	}
}

/* Up to and with the size of the private data. */
static size_t fixed_bytes(enum topology_control_class class)
{
	switch (class) {
	case TOPOLOGY_CONTROL_MIXER:
		return sizeof(struct snd_soc_tplg_mixer_control);
	case TOPOLOGY_CONTROL_ENUM:
		return sizeof(struct snd_soc_tplg_enum_control);
	default:
		return sizeof(struct snd_soc_tplg_bytes_control);
	}
}

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return le32toh(word);
}

static uint32_t payload_bytes(const uint8_t *data, uint32_t bytes)
{
	uint32_t magic;

	if (bytes < SOF_BLOB_HEADER_BYTES)
		return bytes;
	magic = word_at(data);
	if (magic != SOF_BLOB_MAGIC_IPC3 && magic != SOF_BLOB_MAGIC_IPC4)
		return bytes;
	return bytes - SOF_BLOB_HEADER_BYTES;
}

static bool take_private(struct reader *reader, struct cursor *cursor, const uint8_t *fixed,
			 struct topology_control *control)
{
	const uint8_t *data;

	control->private_bytes = word_at(fixed + fixed_bytes(control->class) - sizeof(uint32_t));
	data = topology_take(reader, cursor, control->private_bytes, "private data of a control");
	if (data == NULL)
		return false;
	if (control->class != TOPOLOGY_CONTROL_BYTES)
		return true;
	control->max_bytes = word_at(fixed + offsetof(struct snd_soc_tplg_bytes_control, max));
	control->payload_bytes = payload_bytes(data, control->private_bytes);
	return true;
}

/* Looks at the header only: how many bytes to take depends on the class in it. */
static bool peek_header(struct reader *reader, struct cursor cursor,
			struct topology_control *control)
{
	size_t offset = cursor.at;
	const uint8_t *bytes =
		topology_take(reader, &cursor, sizeof(struct snd_soc_tplg_ctl_hdr), "control");
	struct snd_soc_tplg_ctl_hdr header;

	if (bytes == NULL)
		return false;
	memcpy(&header, bytes, sizeof(header));
	if (!class_from_info(le32toh(header.ops.info), &control->class) &&
	    !class_from_type(le32toh(header.type), &control->class))
		return topology_refuse(reader, offset,
				       "control is neither mixer, enum nor bytes: info %u, type %u",
				       le32toh(header.ops.info), le32toh(header.type));
	return topology_take_name(reader, control->name, header.name, offset);
}

static bool take_control(struct reader *reader, struct cursor *cursor,
			 struct topology_control *control)
{
	const uint8_t *fixed;

	if (!peek_header(reader, *cursor, control))
		return false;
	fixed = topology_take(reader, cursor, fixed_bytes(control->class), "control");
	return fixed != NULL && take_private(reader, cursor, fixed, control);
}

bool topology_read_control(struct reader *reader, struct cursor *cursor, size_t module)
{
	struct topology *topology = reader->topology;
	struct topology_control control = { .module = module };
	struct topology_control *controls;

	if (!take_control(reader, cursor, &control))
		return false;
	controls = topology_grow(reader, topology->controls, &reader->room.controls,
				 topology->control_count, sizeof(*controls));
	if (controls == NULL)
		return false;
	topology->controls = controls;
	controls[topology->control_count++] = control;
	return true;
}
