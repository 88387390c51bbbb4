/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modules: what each asks for, step by step.
 *
 * Every object is an allocation of its own. What a module's own code takes (private memory, blobs)
 * goes through its object pool, whose sets double when they are full. Where regions are for
 * data-processing modules only, context, pins, list entry and stack stay on the system heap, as
 * does the DMA, and the history on the virtual heap; where they are for every module or pipeline,
 * all of it goes into the region.
 */
#include "model/parts.h"
#include "model/size.h"

/* Whether an object of a data-processing module is in its region today. */
enum today {
	IN_REGION,
	ON_HEAP,
};

static const struct topology_module *described(const struct life *life,
					       const struct part_module *module)
{
	return &life->topology->modules[module->index];
}

bool module_is_dp(const struct life *life, const struct part_module *module)
{
	return described(life, module)->domain == TOPOLOGY_DOMAIN_DP;
}

struct region *module_region(struct life *life, struct part *part, struct part_module *module)
{
	struct region *region = &module->region;

	if (life->options.regions == LIFE_REGIONS_PIPELINE)
		region = &part->region;
	return region->id != 0 ? region : NULL;
}

static bool give_object(struct life *life, struct part *part, struct part_module *module,
			enum action_purpose purpose, size_t bytes, enum today today)
{
	struct action action = action_for(life, part, module);
	struct region *region = module_region(life, part, module);

	if (bytes == 0)
		return true;
	if (life->options.regions == LIFE_REGIONS_DP && today == ON_HEAP)
		region = NULL;
	action.place = action_is_buffer(purpose) ? PLACE_VIRTUAL_HEAP : PLACE_SYSTEM_HEAP;
	action.purpose = purpose;
	action.size = size_round_up(bytes, 1);
	action.min = action.size;
	action.align = SIZE_ALIGN;
	return give(life, &module->created, region, &action);
}

/* 2, 4, 8, 16, 32, 32 ... objects */
static bool grow_pool(struct life *life, struct part *part, struct part_module *module)
{
	size_t objects = module->pool_capacity + SIZE_POOL_FIRST;

	if (objects > SIZE_POOL_LARGEST)
		objects = SIZE_POOL_LARGEST;
	if (!give_object(life, part, module, PURPOSE_POOL, size_pool_set(objects), IN_REGION))
		return false;
	module->pool_capacity += objects;
	return true;
}

static bool give_own(struct life *life, struct part *part, struct part_module *module,
		     enum action_purpose purpose, size_t bytes)
{
	if (bytes == 0)
		return true;
	if (module->pool_used == module->pool_capacity && !grow_pool(life, part, module))
		return false;
	module->pool_used++;
	return give_object(life, part, module, purpose, bytes, IN_REGION);
}

static bool wants_region(const struct life *life, const struct part_module *module)
{
	switch (life->options.regions) {
	case LIFE_REGIONS_DP:
		return module_is_dp(life, module);
	case LIFE_REGIONS_MODULE:
		return true;
	default:
		return false;
	}
}

static bool make_region(struct life *life, struct part *part, struct part_module *module)
{
	struct action action = action_for(life, part, module);

	if (!wants_region(life, module))
		return true;
	if (!life->rehearsing)
		region_measure(life, &life->tally->module_needs[module->index], &action);
	return region_create(life, &module->region, &action);
}

static size_t gateway_private(enum topology_kind kind)
{
	switch (kind) {
	case TOPOLOGY_HOST_PLAYBACK:
	case TOPOLOGY_HOST_CAPTURE:
		return SIZE_COPIER_HOST;
	case TOPOLOGY_DAI_PLAYBACK:
	case TOPOLOGY_DAI_CAPTURE:
		return SIZE_COPIER_DAI;
	default:
		return 0;
	}
}

static bool create_component(struct life *life, struct part *part, struct part_module *module)
{
	const struct topology_module *what = described(life, module);
	size_t pins = (size_t)what->input_pins + what->output_pins;
	uint32_t channels = module->side[TOPOLOGY_INPUT].channels;

	return give_object(life, part, module, PURPOSE_MODULE, SIZE_MODULE, IN_REGION) &&
	       give_object(life, part, module, PURPOSE_MODULE, SIZE_CONTEXT, ON_HEAP) &&
	       give_object(life, part, module, PURPOSE_MODULE, SIZE_DEVICE, IN_REGION) &&
	       give_object(life, part, module, PURPOSE_MODULE, SIZE_LIST_ENTRY, ON_HEAP) &&
	       give_object(life, part, module, PURPOSE_MODULE, SIZE_PARAMS, IN_REGION) &&
	       give_object(life, part, module, PURPOSE_PINS, pins * SIZE_PIN, ON_HEAP) &&
	       give_own(life, part, module, PURPOSE_PRIVATE, size_private(what->kind, channels)) &&
	       give_own(life, part, module, PURPOSE_PRIVATE, gateway_private(what->kind));
}

/* IPC3 says how large its buffers are. */
static bool create_buffer(struct life *life, struct part *part, struct part_module *module)
{
	size_t bytes = described(life, module)->buffer_bytes;

	return give_object(life, part, module, PURPOSE_BUFFER_OBJECT, SIZE_BUFFER_OBJECT,
			   IN_REGION) &&
	       give_object(life, part, module, PURPOSE_BUFFER, bytes, IN_REGION);
}

bool module_create(struct life *life, struct part *part, struct part_module *module)
{
	if (!make_region(life, part, module))
		return false;
	if (described(life, module)->kind == TOPOLOGY_BUFFER)
		return create_buffer(life, part, module);
	return create_component(life, part, module);
}

bool module_configure(struct life *life, struct part *part, struct part_module *module)
{
	const struct topology_module *what = described(life, module);

	for (size_t i = 0; i < what->control_count; i++) {
		const struct topology_control *control = &what->controls[i];

		if (control->class == TOPOLOGY_CONTROL_BYTES &&
		    !give_own(life, part, module, PURPOSE_BLOB, control->payload_bytes))
			return false;
	}
	return true;
}

bool module_complete(struct life *life, struct part *part, struct part_module *module)
{
	size_t stack = size_stack(described(life, module)->stack_bytes);

	if (module_is_dp(life, module) &&
	    !give_object(life, part, module, PURPOSE_STACK, stack, ON_HEAP))
		return false;
	region_seal(life, &module->region);
	return true;
}

static bool give_dma(struct life *life, struct part *part, struct part_module *module,
		     enum action_purpose purpose, struct size_range range)
{
	struct action action = action_for(life, part, module);
	struct region *region = module_region(life, part, module);

	action.place = life->options.dma_on_system_heap ? PLACE_SYSTEM_HEAP : PLACE_VIRTUAL_HEAP;
	action.purpose = purpose;
	action.size = range.preferred;
	action.min = range.min;
	action.step = range.step;
	action.align = life->options.dma_address_align;
	if (life->options.regions == LIFE_REGIONS_DP)
		region = NULL;
	return give(life, &module->prepared, region, &action);
}

static bool prepare_host(struct life *life, struct part *part, struct part_module *module,
			 enum topology_direction direction)
{
	const struct topology_format *format =
		&module->side[direction == TOPOLOGY_PLAYBACK ? TOPOLOGY_INPUT : TOPOLOGY_OUTPUT];

	return give_dma(life, part, module, PURPOSE_HOST_DMA,
			size_host_dma(direction, size_period(format),
				      described(life, module)->deep_buffer_ms, format->depth == 24,
				      life->options.dma_size_align));
}

static bool prepare_dai(struct life *life, struct part *part, struct part_module *module,
			enum topology_direction direction)
{
	return give_dma(life, part, module, PURPOSE_DAI_DMA,
			size_dai_dma(direction, size_period(&module->side[TOPOLOGY_INPUT]),
				     size_period(&module->side[TOPOLOGY_OUTPUT]),
				     life->options.dma_size_align));
}

static bool prepare_history(struct life *life, struct part *part, struct part_module *module)
{
	const struct topology_format *format = &module->side[TOPOLOGY_INPUT];
	struct action action = action_for(life, part, module);
	struct region *region = module_region(life, part, module);

	action.place = PLACE_VIRTUAL_HEAP;
	action.purpose = PURPOSE_HISTORY;
	action.size = size_history(format->channels, format->valid_bits);
	action.min = action.size;
	action.align = SIZE_ALIGN;
	if (life->options.regions == LIFE_REGIONS_DP)
		region = NULL;
	return give(life, &module->prepared, region, &action);
}

bool module_prepare(struct life *life, struct part *part, struct part_module *module)
{
	switch (described(life, module)->kind) {
	case TOPOLOGY_HOST_PLAYBACK:
		return prepare_host(life, part, module, TOPOLOGY_PLAYBACK);
	case TOPOLOGY_HOST_CAPTURE:
		return prepare_host(life, part, module, TOPOLOGY_CAPTURE);
	case TOPOLOGY_DAI_PLAYBACK:
		return prepare_dai(life, part, module, TOPOLOGY_PLAYBACK);
	case TOPOLOGY_DAI_CAPTURE:
		return prepare_dai(life, part, module, TOPOLOGY_CAPTURE);
	case TOPOLOGY_KPB:
		return prepare_history(life, part, module);
	default:
		return true;
	}
}

void module_reset(struct life *life, struct part_module *module)
{
	take_back(life, &module->prepared, TOPOLOGY_NONE);
}

void module_delete(struct life *life, struct part_module *module)
{
	take_back(life, &module->created, TOPOLOGY_NONE);
	region_abandon(life, &module->region);
	module->pool_used = 0;
	module->pool_capacity = 0;
}
