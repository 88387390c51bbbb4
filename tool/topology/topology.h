/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Topology files: what an audio firmware is asked to build.
 *
 * A card is described by one or several ALSA topology files (.tplg, IPC4 or IPC3). This reader
 * turns them into one model: pipelines made of modules, connections between modules, and the
 * streams that an application can open. Nothing in the model points into the files; everything
 * belongs to the struct topology and goes away with topology_free().
 *
 * References between the parts are indexes into the arrays of struct topology, so that a user can
 * keep arrays of its own beside them; TOPOLOGY_NONE stands for "there is none".
 *
 * What a caller may rely on, whatever the files contained:
 *  - every name is terminated and printable ASCII (other bytes became '?');
 *  - every index is in its array, or TOPOLOGY_NONE where that is said to be possible;
 *  - every format has rate 1 ... TOPOLOGY_RATE_MAX, depth 8 ... 64 and a multiple of 8, valid bits
 *    1 ... depth, channels 1 ... TOPOLOGY_CHANNELS_MAX and at most TOPOLOGY_FORMAT_BYTES_MAX bytes
 *    a period;
 *  - a module has at most TOPOLOGY_PINS_MAX input and as many output pins;
 *  - the memory asked for, the files' own bytes not counted, is never more than
 *    TOPOLOGY_MEMORY_FACTOR times those bytes, plus TOPOLOGY_MEMORY_EXTRA.
 *
 * The graph may contain cycles, modules that nothing reaches, and streams without a host module.
 * All functions are reentrant; a loaded topology is never changed and can be read by many threads.
 *
 * @code
 * const char *paths[] = {"laptop.tplg"};
 * struct topology_error error;
 * struct topology *topology;
 *
 * if (topology_load(paths, 1, &topology, &error) != 0) {
 *	topology_error_print(stderr, &error);
 *	return 2;
 * }
 * for (size_t i = 0; i < topology->stream_count; i++)
 *	printf("%s needs %zu pipelines\n", topology->streams[i].name,
 *	       topology->streams[i].pipeline_count);
 * topology_free(topology);
 * @endcode
 */
#ifndef QUIRE_TOOL_TOPOLOGY_H
#define QUIRE_TOOL_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** "No such element", wherever an index is expected. */
#define TOPOLOGY_NONE SIZE_MAX

#define TOPOLOGY_NAME_BYTES       45u         /**< 44 bytes in a file, and a terminator */
#define TOPOLOGY_FILE_BYTES_MAX   (64u << 20) /**< more in one load, all files together, is refused */
#define TOPOLOGY_FILES_MAX        64u         /**< more files in one load are refused */
#define TOPOLOGY_WARNINGS_MAX     64u         /**< further warnings are only counted */
#define TOPOLOGY_PINS_MAX         64u         /**< firmware knows 8 per side */
#define TOPOLOGY_RATE_MAX         1536000u    /**< Hz */
#define TOPOLOGY_CHANNELS_MAX     64u
#define TOPOLOGY_FORMAT_BYTES_MAX (1u << 20)
#define TOPOLOGY_PIPELINES_MAX    1024u /**< more are refused; the same for the next two */
#define TOPOLOGY_STREAMS_MAX      1024u
#define TOPOLOGY_LINKS_MAX        1024u
#define TOPOLOGY_MEMORY_FACTOR    12u
#define TOPOLOGY_MEMORY_EXTRA     (64u << 10)

/** What a module does. Told by its uuid where that is known, else by its widget type and name. */
enum topology_kind {
	TOPOLOGY_HOST_PLAYBACK, /**< copier that takes a stream from the host's memory */
	TOPOLOGY_HOST_CAPTURE,  /**< copier that hands a stream to the host's memory */
	TOPOLOGY_DAI_PLAYBACK,  /**< copier that feeds a link out of the DSP */
	TOPOLOGY_DAI_CAPTURE,   /**< copier that is fed by a link into the DSP */
	TOPOLOGY_COPIER,        /**< copier between modules */
	TOPOLOGY_BUFFER,        /**< IPC3: an explicit buffer, see buffer_bytes */
	TOPOLOGY_MIXER,         /**< IPC3: the two halves in one */
	TOPOLOGY_MIXIN,
	TOPOLOGY_MIXOUT,
	TOPOLOGY_GAIN,
	TOPOLOGY_SRC,
	TOPOLOGY_ASRC,
	TOPOLOGY_SIGGEN,
	TOPOLOGY_EQ_IIR,
	TOPOLOGY_EQ_FIR,
	TOPOLOGY_DRC,
	TOPOLOGY_MULTIBAND_DRC,
	TOPOLOGY_TDFB, /**< time domain fixed beamformer */
	TOPOLOGY_DCBLOCK,
	TOPOLOGY_ARIA,
	TOPOLOGY_KPB,     /**< keyword history */
	TOPOLOGY_KEYWORD, /**< keyword detector */
	TOPOLOGY_MICSEL,
	TOPOLOGY_MUX,
	TOPOLOGY_DEMUX,
	TOPOLOGY_CROSSOVER,
	TOPOLOGY_UP_DOWN_MIXER,
	TOPOLOGY_LEVEL_MULTIPLIER,
	TOPOLOGY_STFT,
	TOPOLOGY_PHASE_VOCODER,
	TOPOLOGY_MFCC,
	TOPOLOGY_SOUND_DOSE,
	TOPOLOGY_SMART_AMP,
	TOPOLOGY_NOISE_REDUCTION,
	TOPOLOGY_ECHO_CANCELLER,
	TOPOLOGY_CODEC, /**< wrapper around a codec library */
	TOPOLOGY_ENCODER,
	TOPOLOGY_DECODER,
	TOPOLOGY_EFFECT, /**< processes audio, and no more is known */
	TOPOLOGY_OTHER,  /**< a module of an unknown sort */
	TOPOLOGY_KIND_COUNT
};

/** Where a module is scheduled (token 418). */
enum topology_domain {
	TOPOLOGY_DOMAIN_UNSAID, /**< the file does not say: the same as default */
	TOPOLOGY_DOMAIN_DEFAULT,
	TOPOLOGY_DOMAIN_LL, /**< low latency: every period, cooperatively */
	TOPOLOGY_DOMAIN_DP, /**< data processing: a thread of its own */
};

enum topology_direction {
	TOPOLOGY_PLAYBACK,
	TOPOLOGY_CAPTURE,
};

/** The two sides of a module. */
enum topology_side {
	TOPOLOGY_INPUT,
	TOPOLOGY_OUTPUT,
};

/** One audio format that a side of a module offers. */
struct topology_format {
	uint32_t rate;       /**< Hz */
	uint32_t depth;      /**< bits of the container */
	uint32_t valid_bits; /**< bits of the sample in it */
	uint32_t channels;
	uint32_t pin;          /**< which pin of this side it is for */
	uint32_t period_bytes; /**< ibs or obs as the file states it; 0 if it does not */
};

enum topology_control_class {
	TOPOLOGY_CONTROL_MIXER,
	TOPOLOGY_CONTROL_ENUM,
	TOPOLOGY_CONTROL_BYTES,
};

/** A control. Those of a module stand together; others belong to none (module TOPOLOGY_NONE). */
struct topology_control {
	char name[TOPOLOGY_NAME_BYTES];
	enum topology_control_class class;
	size_t module;
	uint32_t max_bytes;     /**< bytes controls: largest blob that may be sent, 0 = unsaid */
	uint32_t private_bytes; /**< private data as stored in the file */
	uint32_t payload_bytes; /**< bytes controls: private data without SOF's 32 byte header */
};

/** A component that the firmware creates. */
struct topology_module {
	char name[TOPOLOGY_NAME_BYTES];
	char stream_name[TOPOLOGY_NAME_BYTES]; /**< PCM or link it belongs to, often empty */
	char uuid_text[37];                    /**< as printed, empty if the file gives none */
	uint8_t uuid[16];                      /**< as stored */
	uint32_t widget;                       /**< SND_SOC_TPLG_DAPM_... */
	enum topology_kind kind;
	enum topology_domain domain;
	size_t file;     /**< which of the loaded files */
	size_t offset;   /**< of its widget in that file */
	size_t pipeline; /**< index, never TOPOLOGY_NONE */
	size_t link;     /**< DAI copiers: index of the DAI link, or TOPOLOGY_NONE */

	uint32_t core;
	uint32_t input_pins;
	uint32_t output_pins;
	uint32_t stack_bytes; /**< as declared, 0 = unsaid */
	uint32_t heap_bytes;  /**< as declared, 0 = unsaid */
	uint32_t is_pages;    /**< pages declared for the module's instance, 0 = unsaid */
	uint32_t node_type;   /**< copiers: what kind of gateway, see has_node_type */
	bool has_node_type;
	uint32_t deep_buffer_ms;            /**< host copiers: 0 = not a deep buffer */
	uint32_t dai_index;                 /**< DAI copiers */
	char dai_type[TOPOLOGY_NAME_BYTES]; /**< DAI copiers: "SSP", "ALH", "HDA", "DMIC" ... */

	uint32_t buffer_bytes;   /**< IPC3 buffers */
	uint32_t buffer_caps;    /**< IPC3 buffers */
	uint32_t sink_periods;   /**< IPC3 */
	uint32_t source_periods; /**< IPC3 */

	const struct topology_format *inputs; /**< in the file's order */
	size_t input_count;
	const struct topology_format *outputs;
	size_t output_count;
	const struct topology_control *controls;
	size_t control_count;
	size_t blob_bytes; /**< sum of private_bytes over its bytes controls */
};

/** A pipeline. Its modules stand in creation order: the order of the file. */
struct topology_pipeline {
	uint32_t id;                    /**< as in the file */
	char name[TOPOLOGY_NAME_BYTES]; /**< of its scheduler widget */
	bool declared;                  /**< false: modules name it, no scheduler widget does */
	size_t file;                    /**< of its scheduler widget, or of its first module */
	size_t offset;                  /**< of that widget in that file */
	uint32_t period_us;             /**< 0 = unsaid: one millisecond */
	uint32_t priority;
	uint32_t core;
	bool time_from_dma; /**< token 205 is 0 */
	bool dynamic;       /**< created when a stream needs it */
	bool low_power;
	bool chain_dma;        /**< host and link DMA joined: no module is created */
	const size_t *modules; /**< indexes */
	size_t module_count;
};

/** Source module feeds sink module. */
struct topology_connection {
	size_t source;     /**< module */
	size_t sink;       /**< module */
	size_t source_pin; /**< if the file binds pins by name, else TOPOLOGY_NONE */
	size_t sink_pin;   /**< the same */
};

enum topology_route_state {
	TOPOLOGY_ROUTE_CONNECTION, /**< both ends are modules: it has a topology_connection */
	TOPOLOGY_ROUTE_VIRTUAL,    /**< an end is a widget that is no module */
	TOPOLOGY_ROUTE_UNRESOLVED, /**< an end is in none of the files */
};

/** A graph element as the file has it; every one is kept. */
struct topology_route {
	char source[TOPOLOGY_NAME_BYTES];
	char control[TOPOLOGY_NAME_BYTES];
	char sink[TOPOLOGY_NAME_BYTES];
	enum topology_route_state state;
	size_t source_module; /**< or TOPOLOGY_NONE */
	size_t sink_module;   /**< or TOPOLOGY_NONE */
	size_t file;
	size_t offset; /**< in that file */
};

/** A widget that exists for the sound system only: inputs, outputs, virtual links. */
struct topology_virtual {
	char name[TOPOLOGY_NAME_BYTES];
	uint32_t widget; /**< SND_SOC_TPLG_DAPM_... */
	size_t file;
};

/** One direction of a PCM: what an application opens. */
struct topology_stream {
	uint32_t pcm_id;
	char name[TOPOLOGY_NAME_BYTES]; /**< of the PCM; both its directions share it */
	char dai_name[TOPOLOGY_NAME_BYTES];
	char caps_name[TOPOLOGY_NAME_BYTES]; /**< what its host copier calls stream_name */
	enum topology_direction direction;
	bool compress;
	size_t file;
	size_t offset;     /**< of the PCM in that file */
	uint64_t formats;  /**< mask, SNDRV_PCM_FMTBIT_... */
	uint32_t rates;    /**< mask, SNDRV_PCM_RATE_... */
	uint32_t rate_min; /**< Hz; taken from the mask if the file has 0; 0 = unknown */
	uint32_t rate_max; /**< the same */
	uint32_t channels_min;
	uint32_t channels_max;
	size_t host;           /**< its host copier, or TOPOLOGY_NONE */
	const size_t *modules; /**< reached from the host copier, nearest first, itself included */
	size_t module_count;
	const size_t *pipelines; /**< those that the modules belong to, in the same order */
	size_t pipeline_count;
};

/** A link out of the DSP (block types 6 and 10). */
struct topology_link {
	uint32_t id;
	char name[TOPOLOGY_NAME_BYTES];
	char stream_name[TOPOLOGY_NAME_BYTES];
	char dai_type[TOPOLOGY_NAME_BYTES]; /**< "SSP", "ALH" ..., empty if unsaid */
	uint32_t dai_index;
	size_t file;
};

/** Something that was tolerated, or that refused a file. */
struct topology_error {
	const char *file; /**< borrowed: the string that the caller gave */
	size_t offset;    /**< in that file */
	char what[192];   /**< one line, no full stop */
};

/** A card. */
struct topology {
	unsigned int ipc; /**< 3 or 4 */
	size_t file_count;
	char **files; /**< paths, copied */

	struct topology_pipeline *pipelines; /**< in the order in which the files name them */
	size_t pipeline_count;
	struct topology_module *modules; /**< in the order of the files */
	size_t module_count;
	struct topology_connection *connections;
	size_t connection_count;
	struct topology_route *routes;
	size_t route_count;
	size_t virtual_route_count;
	size_t unresolved_route_count;
	struct topology_virtual *virtuals;
	size_t virtual_count;
	struct topology_stream *streams;
	size_t stream_count;
	struct topology_link *links;
	size_t link_count;
	struct topology_control *controls;
	size_t control_count;

	struct topology_error *warnings; /**< file points into files */
	size_t warning_count;
	size_t warnings_left_out; /**< beyond TOPOLOGY_WARNINGS_MAX */
};

/** A file that is already in memory. */
struct topology_image {
	const char *name;
	const void *data;
	size_t size;
};

/** Which way topology_pick_format() went. */
enum topology_match {
	TOPOLOGY_MATCH_EXACT,     /**< rate, channels and valid bits */
	TOPOLOGY_MATCH_CONTAINER, /**< rate, channels and container; valid bits differ */
	TOPOLOGY_MATCH_FIRST,     /**< none fits: the first that the module offers */
	TOPOLOGY_MATCH_NONE,      /**< the module offers none: NULL */
};

/**
 * Reads the files of one card and joins them: routes of one file reach widgets of another, and
 * pipelines of the same number become one.
 *
 * @return 0 and a topology in *out, or -1, NULL in *out and the reason in *error. Refused are:
 *	files that cannot be read, are empty, not regular or too large;
 *	blocks, elements, counts, sizes and names that do not fit in what is around them; files
 *	for IPC3 and for IPC4 mixed; want of memory.
 */
int topology_load(const char *const *paths, size_t count, struct topology **out,
		  struct topology_error *error);

/** The same for files in memory, which the caller keeps and may free afterwards. */
int topology_parse(const struct topology_image *images, size_t count, struct topology **out,
		   struct topology_error *error);

/** Frees everything; NULL is allowed. */
void topology_free(struct topology *topology);

/** Prints `file: 0x1a40: what is wrong` and a newline. */
void topology_error_print(FILE *stream, const struct topology_error *error);

/**
 * Looks for the format of a side that carries a stream. A rate, channels or bits of 0 fit any.
 * Bits are compared with the valid bits first and, if no format fits so, with the container.
 *
 * @param match says which way it went; may be NULL
 * @return a format, NULL only if the side offers none
 */
const struct topology_format *topology_pick_format(const struct topology_module *module,
						   enum topology_side side, uint32_t rate,
						   uint32_t channels, uint32_t bits,
						   enum topology_match *match);

/** Bytes that the format moves in one millisecond: channels * ceil(rate / 1000) * container. */
size_t topology_format_bytes(const struct topology_format *format);

/** @return index of the module of that name, or TOPOLOGY_NONE. Linear in the modules. */
size_t topology_find_module(const struct topology *topology, const char *name);

/** @return index of the pipeline with that id, or TOPOLOGY_NONE. Linear in the pipelines. */
size_t topology_find_pipeline(const struct topology *topology, uint32_t id);

/** @return index of the stream, or TOPOLOGY_NONE. Linear in the streams. */
size_t topology_find_stream(const struct topology *topology, uint32_t pcm_id,
			    enum topology_direction direction);

/** Short names for messages: "host-playback", "mixin", "eq-iir" ...; "LL" ...; "playback" ... */
const char *topology_kind_name(enum topology_kind kind);
const char *topology_domain_name(enum topology_domain domain);
const char *topology_direction_name(enum topology_direction direction);

#endif
