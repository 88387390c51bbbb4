/* SPDX-License-Identifier: BSD-3-Clause */
/* report_json: everything that is known of each row, its samples too. */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

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

static void add_figures(const struct bench *bench, cJSON *object, const struct row *row)
{
	size_t count = bench->options->repetitions;

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
	cJSON_AddBoolToObject(object, "exact", !row->samples);
	if (row->samples)
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
}

void report_json(const struct bench *bench)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *rows;
	char *printed;

	add_run(bench, root);
	rows = cJSON_AddArrayToObject(root, "rows");
	for (size_t i = 0; i < bench->row_count; i++)
		cJSON_AddItemToArray(rows, row_object(bench, &bench->rows[i]));
	printed = cJSON_Print(root);
	if (!printed)
		die("no memory for the output");
	printf("%s\n", printed);
	free(printed);
	cJSON_Delete(root);
}
