/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a module is: by its uuid where that is known, else by its widget type, for mixers also by
 * its name. The uuids are those that SOF's registry assigns to its components; some components have
 * one for each kind of firmware.
 */
#include <string.h>

#include "reader.h"

struct known_uuid {
	const char *uuid;
	enum topology_kind kind;
};

static const struct known_uuid known_uuids[] = {
	{ "9ba00c83-ca12-4a83-943c-1fa2e82f9dda", TOPOLOGY_COPIER },
	{ "39656eb2-3b71-4049-8d3f-f92cd5c43c09", TOPOLOGY_MIXIN },
	{ "3c56505a-24d7-418f-bddc-c1f5a3ac2ae0", TOPOLOGY_MIXOUT },
	{ "bc06c037-12aa-417c-9a97-89282e321a76", TOPOLOGY_MIXER },
	{ "61bca9a8-18d0-4a18-8e7b-2639219804b7", TOPOLOGY_GAIN },
	{ "b77e677e-5ff4-4188-af14-fba8bdbf8682", TOPOLOGY_GAIN }, /* volume, IPC3 */
	{ "8a171323-94a3-4e1d-afe9-fe5dbaa4c393", TOPOLOGY_GAIN }, /* volume, IPC4 */
	{ "c1c5326d-8390-46b4-aa47-95c3beca6550", TOPOLOGY_SRC },  /* IPC3 */
	{ "e61bb28d-149a-4c1f-b709-46823ef5f5ae", TOPOLOGY_SRC },  /* IPC4 */
	{ "33441051-44cd-466a-83a3-178478708aea", TOPOLOGY_SRC },  /* lite */
	{ "c8ec72f6-8526-4faf-9d39-a23d0b541de2", TOPOLOGY_ASRC }, /* IPC3 */
	{ "66b4402d-b468-42f2-81a7-b37121863dd4", TOPOLOGY_ASRC }, /* IPC4 */
	{ "04e3f894-2c5c-4f2e-8dc1-694eeaab53fa", TOPOLOGY_SIGGEN },
	{ "5150c0e6-27f9-4ec8-8351-c705b642d12f", TOPOLOGY_EQ_IIR },
	{ "43a90ce7-f3a5-41df-ac06-ba98651ae6a3", TOPOLOGY_EQ_FIR },
	{ "b36ee4da-006f-47f9-a06d-fecbe2d8b6ce", TOPOLOGY_DRC },
	{ "0d9f2256-8e4f-47b3-8448-239a334f1191", TOPOLOGY_MULTIBAND_DRC },
	{ "dd511749-d9fa-455c-b3a7-13585693f1af", TOPOLOGY_TDFB },
	{ "b809efaf-5681-42b1-9ed6-04bb012dd384", TOPOLOGY_DCBLOCK },
	{ "99f7166d-372c-43ef-81f6-22007aa15f03", TOPOLOGY_ARIA },
	{ "d8218443-5ff3-4a4c-b388-6cfe07b9562e", TOPOLOGY_KPB }, /* IPC3 */
	{ "a8a0cb32-4a77-4db1-85c7-53d7ee07bce6", TOPOLOGY_KPB }, /* IPC4 */
	{ "eba8d51f-7827-47b5-82ee-de6e7743af67", TOPOLOGY_KEYWORD },
	{ "c3c74249-058e-414f-8240-4da5f3fc2389", TOPOLOGY_KEYWORD },
	{ "55a88ed5-3d18-46ca-88f1-0ee6eae9930f", TOPOLOGY_MICSEL }, /* selector, IPC3 */
	{ "32fe92c1-1e17-4fc2-9758-c7f3542e980a", TOPOLOGY_MICSEL }, /* selector, IPC4 */
	{ "c607ff4d-9cb6-49dc-b678-7da3c63ea557", TOPOLOGY_MUX },    /* IPC3 */
	{ "64ce6e35-857a-4878-ace8-e2a2f42e3069", TOPOLOGY_MUX },    /* IPC4 */
	{ "c4b26868-1430-470e-a089-15d1c77f851a", TOPOLOGY_DEMUX },
	{ "948c9ad1-806a-4131-ad6c-b2bda9e35a9f", TOPOLOGY_CROSSOVER },
	{ "42f8060c-832f-4dbf-b247-51e961997b34", TOPOLOGY_UP_DOWN_MIXER },
	{ "30397456-4661-4644-97e5-39a9e5ab1778", TOPOLOGY_LEVEL_MULTIPLIER },
	{ "0d116ea6-9150-46de-98b8-b2b3a791da29", TOPOLOGY_STFT },
	{ "09fbcb7a-a9c5-4a57-8434-4440e598ab24", TOPOLOGY_PHASE_VOCODER },
	{ "db10a773-1aa4-4cea-a21f-2d57a5c982eb", TOPOLOGY_MFCC },
	{ "a43f9d7c-ea75-44d5-942d-967991a33809", TOPOLOGY_SOUND_DOSE },
	{ "167a961e-8ae4-11ea-89f1-000c29ce1635", TOPOLOGY_SMART_AMP },
	{ "64a794f0-55d3-4bca-9d5b-7b588badd037", TOPOLOGY_SMART_AMP },
	{ "0cd84e80-ebd3-11ea-adc1-0242ac120002", TOPOLOGY_SMART_AMP },
	{ "696ae2bc-2877-11eb-adc1-0242ac120002", TOPOLOGY_NOISE_REDUCTION },
	{ "5c7ca334-e15d-11eb-ba80-0242ac130004", TOPOLOGY_NOISE_REDUCTION },
	{ "7ae671a7-4617-4a09-bf6d-9d29c998dbc1", TOPOLOGY_NOISE_REDUCTION },
	{ "b780a0a6-269f-466f-b477-23dfa05af758", TOPOLOGY_ECHO_CANCELLER },
	{ "d8218443-5ff3-4a4c-b388-6cfe07b956aa", TOPOLOGY_CODEC },
};

static const char *const kind_names[TOPOLOGY_KIND_COUNT] = {
	[TOPOLOGY_HOST_PLAYBACK] = "host-playback",
	[TOPOLOGY_HOST_CAPTURE] = "host-capture",
	[TOPOLOGY_DAI_PLAYBACK] = "dai-playback",
	[TOPOLOGY_DAI_CAPTURE] = "dai-capture",
	[TOPOLOGY_COPIER] = "copier",
	[TOPOLOGY_BUFFER] = "buffer",
	[TOPOLOGY_MIXER] = "mixer",
	[TOPOLOGY_MIXIN] = "mixin",
	[TOPOLOGY_MIXOUT] = "mixout",
	[TOPOLOGY_GAIN] = "gain",
	[TOPOLOGY_SRC] = "src",
	[TOPOLOGY_ASRC] = "asrc",
	[TOPOLOGY_SIGGEN] = "siggen",
	[TOPOLOGY_EQ_IIR] = "eq-iir",
	[TOPOLOGY_EQ_FIR] = "eq-fir",
	[TOPOLOGY_DRC] = "drc",
	[TOPOLOGY_MULTIBAND_DRC] = "multiband-drc",
	[TOPOLOGY_TDFB] = "tdfb",
	[TOPOLOGY_DCBLOCK] = "dcblock",
	[TOPOLOGY_ARIA] = "aria",
	[TOPOLOGY_KPB] = "kpb",
	[TOPOLOGY_KEYWORD] = "keyword",
	[TOPOLOGY_MICSEL] = "micsel",
	[TOPOLOGY_MUX] = "mux",
	[TOPOLOGY_DEMUX] = "demux",
	[TOPOLOGY_CROSSOVER] = "crossover",
	[TOPOLOGY_UP_DOWN_MIXER] = "up-down-mixer",
	[TOPOLOGY_LEVEL_MULTIPLIER] = "level-multiplier",
	[TOPOLOGY_STFT] = "stft",
	[TOPOLOGY_PHASE_VOCODER] = "phase-vocoder",
	[TOPOLOGY_MFCC] = "mfcc",
	[TOPOLOGY_SOUND_DOSE] = "sound-dose",
	[TOPOLOGY_SMART_AMP] = "smart-amp",
	[TOPOLOGY_NOISE_REDUCTION] = "noise-reduction",
	[TOPOLOGY_ECHO_CANCELLER] = "echo-canceller",
	[TOPOLOGY_CODEC] = "codec",
	[TOPOLOGY_ENCODER] = "encoder",
	[TOPOLOGY_DECODER] = "decoder",
	[TOPOLOGY_EFFECT] = "effect",
	[TOPOLOGY_OTHER] = "other",
};

static const char *const domain_names[] = {
	[TOPOLOGY_DOMAIN_UNSAID] = "unsaid",
	[TOPOLOGY_DOMAIN_DEFAULT] = "default",
	[TOPOLOGY_DOMAIN_LL] = "LL",
	[TOPOLOGY_DOMAIN_DP] = "DP",
};

/* Three little-endian numbers of 4, 2 and 2 bytes, then 2 and 6 bytes as they come. */
void topology_print_uuid(char text[37], const uint8_t uuid[16])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		text[at++] = digits[uuid[order[i]] >> 4];
		text[at++] = digits[uuid[order[i]] & 15];
	}
	text[at] = '\0';
}

static enum topology_kind kind_of_mixer(const struct topology_module *module)
{
	if (strncmp(module->name, "mixin", 5) == 0)
		return TOPOLOGY_MIXIN;
	if (strncmp(module->name, "mixout", 6) == 0)
		return TOPOLOGY_MIXOUT;
	return TOPOLOGY_MIXER;
}

static enum topology_kind kind_of_widget(const struct topology_module *module, unsigned int ipc)
{
	switch (module->widget) {
	case SND_SOC_TPLG_DAPM_MUX:
		return TOPOLOGY_MUX;
	case SND_SOC_TPLG_DAPM_MIXER:
		return kind_of_mixer(module);
	case SND_SOC_TPLG_DAPM_PGA:
		return TOPOLOGY_GAIN;
	case SND_SOC_TPLG_DAPM_BUFFER:
		return ipc == 3 ? TOPOLOGY_BUFFER : TOPOLOGY_COPIER;
	case SND_SOC_TPLG_DAPM_EFFECT:
		return TOPOLOGY_EFFECT;
	case SND_SOC_TPLG_DAPM_SIGGEN:
		return TOPOLOGY_SIGGEN;
	case SND_SOC_TPLG_DAPM_SRC:
		return TOPOLOGY_SRC;
	case SND_SOC_TPLG_DAPM_ASRC:
		return TOPOLOGY_ASRC;
	case SND_SOC_TPLG_DAPM_ENCODER:
		return TOPOLOGY_ENCODER;
	case SND_SOC_TPLG_DAPM_DECODER:
		return TOPOLOGY_DECODER;
	default:
		return TOPOLOGY_OTHER;
	}
}

enum topology_kind topology_module_kind(const struct topology_module *module, unsigned int ipc)
{
	switch (module->widget) {
	case SND_SOC_TPLG_DAPM_AIF_IN:
		return TOPOLOGY_HOST_PLAYBACK;
	case SND_SOC_TPLG_DAPM_AIF_OUT:
		return TOPOLOGY_HOST_CAPTURE;
	case SND_SOC_TPLG_DAPM_DAI_IN:
		return TOPOLOGY_DAI_PLAYBACK;
	case SND_SOC_TPLG_DAPM_DAI_OUT:
		return TOPOLOGY_DAI_CAPTURE;
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(known_uuids) / sizeof(known_uuids[0]); i++) {
		if (strcmp(known_uuids[i].uuid, module->uuid_text) == 0)
			return known_uuids[i].kind;
	}
	return kind_of_widget(module, ipc);
}

const char *topology_kind_name(enum topology_kind kind)
{
	return (unsigned int)kind < TOPOLOGY_KIND_COUNT ? kind_names[kind] : "?";
}

const char *topology_domain_name(enum topology_domain domain)
{
	return (unsigned int)domain <= TOPOLOGY_DOMAIN_DP ? domain_names[domain] : "?";
}

const char *topology_direction_name(enum topology_direction direction)
{
	return direction == TOPOLOGY_PLAYBACK ? "playback" : "capture";
}
