/* SPDX-License-Identifier: BSD-3-Clause */
/* report_json: everything that is known of each row, its samples too. */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "goals.h"
#include "report.h"

static const char *const kinds[] = {
	[ROW_TIME] = "ns",     [ROW_RATIO] = "ratio", [ROW_SHARE] = "share",
	[ROW_BYTES] = "bytes", [ROW_COUNT] = "count",
};

static cJSON *figure_object(const struct figure *figure, const double *samples, size_t count)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddNumberToObject(object, "median", figure->median);
	cJSON_AddNumberToObject(object, "least", figure->least);
	cJSON_AddNumberToObject(object, "most", figure->most);
	cJSON_AddItemToObject(object, "samples", cJSON_CreateDoubleArray(samples, (int)count));
	return object;
}

/* NAN becomes null. */
static cJSON *facts_object(const struct facts *facts)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "load", facts->load);
	cJSON_AddStringToObject(object, "peer", facts->peer->name);
	cJSON_AddNumberToObject(object, "quire_to_it_gross", facts->gross.median);
	cJSON_AddNumberToObject(object, "quire_to_it_net", facts->net.median);
	cJSON_AddNumberToObject(object, "p9999_ns_alloc", facts->tail_alloc);
	cJSON_AddNumberToObject(object, "p9999_ns_free", facts->tail_free);
	cJSON_AddNumberToObject(object, "instructions_mean_alloc", facts->mean_alloc);
	cJSON_AddNumberToObject(object, "instructions_mean_free", facts->mean_free);
	cJSON_AddNumberToObject(object, "instructions_worst_alloc", facts->worst_alloc);
	cJSON_AddNumberToObject(object, "instructions_worst_free", facts->worst_free);
	cJSON_AddNumberToObject(object, "usable_fresh", facts->usable_fresh);
	cJSON_AddNumberToObject(object, "usable_aged", facts->usable_aged);
	cJSON_AddNumberToObject(object, "metadata_bytes", facts->metadata);
	return object;
}

static void add_figures(const struct bench *bench, cJSON *object, const struct row *row)
{
	size_t count = row->samples ? bench->options->repetitions : 0;

	cJSON_AddItemToObject(object, "figure", figure_object(&row->figure, row->samples, count));
	if (row->kind != ROW_TIME)
		return;
	cJSON_AddItemToObject(object, "yardsticks",
			      figure_object(&row->yardsticks, row->in_yardsticks, count));
	cJSON_AddNumberToObject(object, "operations", (double)row->operations);
	cJSON_AddNumberToObject(object, "refused", (double)row->refused);
}

static cJSON *row_object(const struct bench *bench, const struct row *row)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "workload", row->workload->name);
	cJSON_AddStringToObject(object, "row", row->name);
	cJSON_AddStringToObject(object, "did", row->did);
	cJSON_AddStringToObject(object, "unit", kinds[row->kind]);
	cJSON_AddBoolToObject(object, "exact", row->kind > ROW_RATIO);
	if (row->facts)
		cJSON_AddItemToObject(object, "facts", facts_object(row->facts));
	if (row->kind <= ROW_RATIO)
		add_figures(bench, object, row);
	else
		cJSON_AddNumberToObject(object, "value", row->figure.median);
	return object;
}

/* Seeds do not all fit into a double: text. */
static void add_run(const struct bench *bench, cJSON *root)
{
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)bench->options->seed);
	cJSON_AddBoolToObject(root, "quick", bench->options->quick);
	cJSON_AddStringToObject(root, "seed", seed);
	cJSON_AddNumberToObject(root, "repetitions", (double)bench->options->repetitions);
	cJSON_AddNumberToObject(root, "pointer_bits", 8.0 * sizeof(void *));
	cJSON_AddNumberToObject(root, "clock_ns", bench->clock_ns);
	cJSON_AddNumberToObject(root, "single_call_clock_ns", bench->tail_clock_ns);
}

static void add_peers(const struct bench *bench, cJSON *root)
{
	cJSON *peers = cJSON_AddArrayToObject(root, "peers");

	for (size_t i = 0; i < bench->peers.count; i++) {
		const struct quire_peer *peer = bench->peers.all[i].peer;
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "name", peer->name);
		cJSON_AddStringToObject(object, "about", peer->about());
		cJSON_AddItemToArray(peers, object);
	}
}

static void add_goals(const struct bench *bench, cJSON *root)
{
	static const char *const verdicts[] = { "unknown", "missed", "reached" };
	cJSON *list = cJSON_AddArrayToObject(root, "goals");

	for (size_t i = 0; i < goal_count; i++) {
		cJSON *object = cJSON_CreateObject();
		enum verdict verdict;
		char *words = goals[i].reached(bench, &verdict);

		cJSON_AddStringToObject(object, "area", goals[i].area);
		cJSON_AddStringToObject(object, "goal", goals[i].wanted);
		cJSON_AddStringToObject(object, "measured", words);
		cJSON_AddStringToObject(object, "verdict", verdicts[verdict]);
		cJSON_AddItemToArray(list, object);
		free(words);
	}
}

void report_json(const struct bench *bench)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *rows;
	char *printed;

	add_run(bench, root);
	add_peers(bench, root);
	rows = cJSON_AddArrayToObject(root, "rows");
	for (size_t i = 0; i < bench->row_count; i++)
		cJSON_AddItemToArray(rows, row_object(bench, &bench->rows[i]));
	add_goals(bench, root);
	printed = cJSON_Print(root);
	if (!printed)
		die("no memory for the output");
	printf("%s\n", printed);
	free(printed);
	cJSON_Delete(root);
}
