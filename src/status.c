/* SPDX-License-Identifier: BSD-3-Clause */
/* status: the names and the words of the reasons, in one table in the order of the enum. */
#include <stddef.h>

#include "quire/status.h"

static const struct {
	const char *name;
	const char *text;
} statuses[QUIRE_STATUSES] = {
	{ "QUIRE_OK", "all is well" },
	{ "QUIRE_EINVAL", "bad argument" },
	{ "QUIRE_ENOVIRT", "no address space" },
	{ "QUIRE_ENOPHYS", "no physical pages" },
	{ "QUIRE_EBUDGET", "a limit or somebody else's guarantee is in the way" },
	{ "QUIRE_EFOREIGN", "the pointer is not from here" },
	{ "QUIRE_EFREE", "already free, or not the start of an allocation" },
	{ "QUIRE_EDRIVER", "the driver refused" },
	{ "QUIRE_EBUSY", "still in use" },
	{ "QUIRE_ECONTEXT", "not allowed from interrupt context" },
	{ "QUIRE_ESTATE", "not possible in this state" },
};

_Static_assert(-QUIRE_ESTATE == QUIRE_STATUSES - 1, "the table ends with the last status");

static size_t index_of(int32_t status)
{
	return status <= 0 && status > -QUIRE_STATUSES ? (size_t)-status : QUIRE_STATUSES;
}

const char *quire_status_name(int32_t status)
{
	size_t index = index_of(status);

	return index < QUIRE_STATUSES ? statuses[index].name : "QUIRE_?";
}

const char *quire_status_text(int32_t status)
{
	size_t index = index_of(status);

	return index < QUIRE_STATUSES ? statuses[index].text : "unknown status";
}
