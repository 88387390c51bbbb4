/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a set-up writes into a trace. doc/trace.md says what each line means.
 *
 * Every function does nothing where there is no trace.
 */
#ifndef QUIRE_TOOL_RECORD_H
#define QUIRE_TOOL_RECORD_H

#include "quire/observe.h"
#include "setup/holdings.h"
#include "setup/setup.h"
#include "trace/trace.h"

/** The names that events refer to by number. */
void record_names(struct trace *trace, const struct topology *topology);

/** What a set-up has, before its first event. */
void record_memory(struct trace *trace, const struct setup_options *options);

/** An allocation or a region, granted; at: where it starts in the window. */
void record_granted(struct trace *trace, const struct holding *holding, size_t at);

void record_refused(struct trace *trace, const struct action *action, int32_t why);

/** All other actions. */
void record_action(struct trace *trace, const struct action *action);

/** What the library tells: pages and banks come and go, misuse, leaks. Other events are known. */
void record_observed(struct trace *trace, const struct quire_event *event, uintptr_t base);

#endif
