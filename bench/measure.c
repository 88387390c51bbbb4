/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * measure: times subjects and keeps the rows. The yardstick and all subjects of one call take
 * turns, the first turn is thrown away, and the clock is read only around the work of a whole
 * repetition, so that reading it, which is a call of the kernel, does not count.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "quire/status.h"

#include "bench.h"

#define CLOCK_READS 10001u

/* ---- small things ---------------------------------------------------------------------------- */

void die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, list);
	fprintf(stderr, "\n");
	va_end(list);
	exit(EXIT_FAILURE);
}

void must(int32_t status, const char *what)
{
	if (status)
		die("%s: %s", what, quire_status_text(status));
}

void *memory(size_t count, size_t bytes)
{
	void *all = calloc(count ? count : 1, bytes);

	if (!all)
		die("no memory for %zu times %zu bytes", count, bytes);
	return all;
}

char *text(const char *format, ...)
{
	va_list list;
	char *result;
	int length;

	va_start(list, format);
	length = vasprintf(&result, format, list);
	va_end(list);
	if (length < 0)
		die("no memory for a line of text");
	return result;
}

char *beside_program(const char *name)
{
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length < 0)
		die("cannot find out where this program is");
	program[length] = '\0';
	return text("%.*s/%s", (int)(strrchr(program, '/') - program), program, name);
}

uint32_t scaled(const struct bench *bench, uint32_t count)
{
	return bench->options->quick ? (count + 9) / 10 : count;
}

/* ---- figures of many samples ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The median is the mean of the two in the middle if there are two. */
struct figure summarize(const double *samples, size_t count)
{
	double *sorted = memory(count, sizeof(*sorted));
	struct figure figure;

	memcpy(sorted, samples, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	figure.median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	figure.least = sorted[0];
	figure.most = sorted[count - 1];
	free(sorted);
	return figure;
}

/* ns of processor time that this thread had. */
static uint64_t processor_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

double measure_clock(void)
{
	double *samples = memory(CLOCK_READS, sizeof(*samples));
	struct figure figure;

	for (size_t i = 0; i < CLOCK_READS; i++) {
		uint64_t begun = processor_time();

		samples[i] = (double)(processor_time() - begun);
	}
	figure = summarize(samples, CLOCK_READS);
	free(samples);
	return figure.median;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct row *add_row(struct bench *bench, enum row_kind kind, char *name, char *did)
{
	size_t bytes = (bench->row_count + 1) * sizeof(*bench->rows);
	struct row *rows = realloc(bench->rows, bytes);

	if (!rows)
		die("no memory for a row");
	bench->rows = rows;
	rows += bench->row_count++;
	*rows = (struct row){ .workload = bench->workload, .kind = kind };
	rows->name = name;
	rows->did = did;
	return rows;
}

void add_exact(struct bench *bench, enum row_kind kind, double value, char *name, char *did)
{
	add_row(bench, kind, name, did)->figure = (struct figure){ value, value, value };
}

void add_ratio(struct bench *bench, const struct row *row, const struct row *base, char *name,
	       char *did)
{
	size_t repetitions = bench->options->repetitions;
	struct row *ratio;
	double *samples;

	if (bench->options->exact)
		return;
	samples = memory(repetitions, sizeof(*samples));
	for (size_t i = 0; i < repetitions; i++)
		samples[i] = row->samples[i] / base->samples[i];
	ratio = add_row(bench, ROW_RATIO, name, did);
	ratio->samples = samples;
	ratio->figure = summarize(samples, repetitions);
}

static void add_time(struct bench *bench, const struct subject *subject)
{
	struct row *row = add_row(bench, ROW_TIME, subject->name, subject->did);

	row->figure = row->yardsticks = (struct figure){ NAN, NAN, NAN };
	if (bench->options->exact)
		return;
	row->samples = memory(bench->options->repetitions, sizeof(*row->samples));
	row->in_yardsticks = memory(bench->options->repetitions, sizeof(*row->in_yardsticks));
	row->operations = subject->operations;
}

/* ---- timing ---------------------------------------------------------------------------------- */

/* ns for one operation of one repetition. */
static double time_once(const struct subject *subject, uint64_t *refused)
{
	uint64_t begun, time;

	if (subject->prepare)
		subject->prepare(subject->context);
	begun = processor_time();
	*refused = subject->work(subject->context);
	time = processor_time() - begun;
	if (subject->restore)
		subject->restore(subject->context);
	return (double)time / (double)subject->operations;
}

/* One turn of all; the first is not kept. */
static void take_turn(const struct bench *bench, const struct subject *subjects, struct row *rows,
		      size_t count, size_t turn)
{
	uint64_t refused;
	double yardstick = time_once(&bench->yardstick, &refused);

	for (size_t i = 0; i < count; i++) {
		double sample = time_once(&subjects[i], &rows[i].refused);

		if (!turn)
			continue;
		rows[i].samples[turn - 1] = sample;
		rows[i].in_yardsticks[turn - 1] = sample / yardstick;
	}
}

struct row *measure(struct bench *bench, const struct subject *subjects, size_t count)
{
	size_t repetitions = bench->options->repetitions;
	struct row *rows;

	for (size_t i = 0; i < count; i++)
		add_time(bench, &subjects[i]);
	rows = bench->rows + bench->row_count - count;
	if (bench->options->exact)
		return rows;
	for (size_t turn = 0; turn <= repetitions; turn++) {
		progress_show(&bench->progress, bench->workload->name);
		take_turn(bench, subjects, rows, count, turn);
	}
	for (size_t i = 0; i < count; i++) {
		rows[i].figure = summarize(rows[i].samples, repetitions);
		rows[i].yardsticks = summarize(rows[i].in_yardsticks, repetitions);
	}
	return rows;
}
