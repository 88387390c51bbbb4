/* SPDX-License-Identifier: BSD-3-Clause */
/* The words for actions, in tables and traces. */
#include "model/action.h"

bool action_is_buffer(enum action_purpose purpose)
{
	switch (purpose) {
	case PURPOSE_BUFFER:
	case PURPOSE_HOST_DMA:
	case PURPOSE_DAI_DMA:
	case PURPOSE_CHAIN_DMA:
	case PURPOSE_HISTORY:
		return true;
	default:
		return false;
	}
}

static const char *name_of(const char *const *names, size_t count, unsigned int which)
{
	return which < count ? names[which] : "?";
}

const char *action_kind_name(enum action_kind kind)
{
	static const char *const names[ACTION_KIND_COUNT] = {
		[ACTION_ALLOC] = "alloc",
		[ACTION_FREE] = "free",
		[ACTION_REGION_CREATE] = "region-create",
		[ACTION_REGION_SEAL] = "region-seal",
		[ACTION_REGION_PUT] = "region-put",
		[ACTION_BEGIN] = "begin",
		[ACTION_RUNNING] = "running",
		[ACTION_REFUSED] = "refused",
		[ACTION_STOPPED] = "stopped",
		[ACTION_PIPELINE_CREATE] = "pipeline-create",
		[ACTION_PIPELINE_DELETE] = "pipeline-delete",
	};

	return name_of(names, ACTION_KIND_COUNT, kind);
}

const char *action_purpose_name(enum action_purpose purpose)
{
	static const char *const names[PURPOSE_COUNT] = {
		[PURPOSE_PIPELINE] = "pipeline",   [PURPOSE_MODULE] = "module",
		[PURPOSE_PRIVATE] = "private",     [PURPOSE_POOL] = "pool",
		[PURPOSE_PINS] = "pins",           [PURPOSE_BLOB] = "blob",
		[PURPOSE_BUFFER] = "buffer",       [PURPOSE_BUFFER_OBJECT] = "buffer-object",
		[PURPOSE_HOST_DMA] = "host-dma",   [PURPOSE_DAI_DMA] = "dai-dma",
		[PURPOSE_CHAIN_DMA] = "chain-dma", [PURPOSE_STACK] = "stack",
		[PURPOSE_TASK] = "task",           [PURPOSE_HISTORY] = "history",
	};

	return name_of(names, PURPOSE_COUNT, purpose);
}

const char *action_place_name(enum action_place place)
{
	static const char *const names[PLACE_COUNT] = {
		[PLACE_SYSTEM_HEAP] = "system",
		[PLACE_VIRTUAL_HEAP] = "virtual",
		[PLACE_LIFETIME] = "lifetime",
		[PLACE_INTERIM] = "interim",
	};

	return name_of(names, PLACE_COUNT, place);
}
