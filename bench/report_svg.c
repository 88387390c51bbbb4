/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report_svg: the times of all who played the same scripts, as a picture. A band for each script, a
 * line in it for each who took part, on a logarithmic scale: a bar from the least to the most of the
 * repetitions, and a mark at the median. It needs nothing but itself, and follows the reader's light
 * or dark background.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define WIDTH  960.0
#define LEFT   190.0
#define RIGHT  30.0
#define LINE   9.0  /* from one who took part to the next */
#define GAP    14.0 /* between bands */
#define LEGEND 24.0 /* a row of it */
#define COLUMN 128.0
#define HEAD   34.0
#define FOOT   44.0

/* Of medium lightness, like lines and (where the scheme is not known) words: clear on white and black. */
static const char *const colours[] = { "#8a8f98", "#e5484d", "#3e8fd8", "#2fa36b", "#c98a1b",
				       "#9a6be0", "#17a2b0", "#d65fa8", "#7a9a2e", "#b3703f" };

struct chart {
	FILE *file;
	const struct bench *bench;
	double most; /* ns at the right end: a power of ten */
	double top;  /* of the bands */
	double bottom;
};

static const char style[] = "<style>\n"
			    "text { font: 12px sans-serif; fill: #757c86; }\n"
			    ".head { font-size: 15px; font-weight: bold; }\n"
			    ".value { font-size: 10px; font-weight: bold; }\n"
			    ".grid { stroke: #757c86; stroke-opacity: 0.3; }\n"
			    ".band { fill: #757c86; fill-opacity: 0.1; }\n"
			    "@media (prefers-color-scheme: light) { text { fill: #24292f; } }\n"
			    "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }\n"
			    "</style>\n";

static const char *colour_of(const struct chart *chart, const struct quire_peer *peer)
{
	const struct peers *peers = &chart->bench->peers;
	size_t i = 0;

	while (i + 1 < peers->count && peers->all[i].peer != peer)
		i++;
	return colours[i % COUNT_OF(colours)];
}

static void print_escaped(FILE *file, const char *words)
{
	for (; *words; words++) {
		switch (*words) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		default:
			fputc(*words, file);
		}
	}
}

static void print_text(const struct chart *chart, double x, double y, const char *attributes,
		       const char *words)
{
	fprintf(chart->file, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	print_escaped(chart->file, words);
	fprintf(chart->file, "</text>\n");
}

/* From 1 ns on. */
static double place(const struct chart *chart, double ns)
{
	double part = ns <= 1 ? 0 : log(ns) / log(chart->most);

	return LEFT + part * (WIDTH - LEFT - RIGHT);
}

/* ---- what is around the figures -------------------------------------------------------------- */

static void print_grid(const struct chart *chart)
{
	for (double decade = 1; decade <= chart->most; decade *= 10) {
		for (int times = 1; times <= 5; times += times == 1 ? 1 : 3) {
			double x = place(chart, decade * times);
			char *label;

			if (decade * times > chart->most)
				break;
			label = text("%.0f", decade * times);
			fprintf(chart->file,
				"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
				"y2=\"%.1f\"/>\n",
				x, chart->top, x, chart->bottom);
			print_text(chart, x, chart->bottom + 16, "text-anchor=\"middle\"", label);
			free(label);
		}
	}
	print_text(chart, (LEFT + WIDTH - RIGHT) / 2, chart->bottom + 34, "text-anchor=\"middle\"",
		   "ns for one operation, logarithmic");
}

static size_t legend_columns(void)
{
	return (size_t)((WIDTH - 20) / COLUMN);
}

static void print_mark(const struct chart *chart, const struct quire_peer *peer, double x, double y)
{
	const char *colour = colour_of(chart, peer);

	if (peer == &peer_quire)
		fprintf(chart->file,
			"<path d=\"M%.1f %.1fl5.5 5.5 -5.5 5.5 -5.5 -5.5z\" fill=\"%s\"/>\n", x,
			y - 5.5, colour);
	else
		fprintf(chart->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x,
			y, colour);
}

static void print_legend(const struct chart *chart)
{
	const struct peers *peers = &chart->bench->peers;

	print_text(chart, 10, 20, "class=\"head\"", "Time of an allocation or a free");
	for (size_t i = 0; i < peers->count; i++) {
		double x = 16 + COLUMN * (double)(i % legend_columns());
		double y = HEAD + 12 + LEGEND * (double)(i / legend_columns());

		print_mark(chart, peers->all[i].peer, x, y - 4);
		print_text(chart, x + 10, y, "", peers->all[i].peer->name);
	}
}

/* ---- figures --------------------------------------------------------------------------------- */

static bool is_shown(const struct row *row)
{
	return row->facts && !isnan(row->figure.median);
}

/* One past the last row of the script that row `first` belongs to. */
static size_t end_of_band(const struct bench *bench, size_t first)
{
	size_t past = first;

	while (past < bench->row_count && is_shown(&bench->rows[past]) &&
	       bench->rows[past].workload == bench->rows[first].workload &&
	       bench->rows[past].facts->load == bench->rows[first].facts->load)
		past++;
	return past;
}

static void print_row(const struct chart *chart, const struct row *row, double y)
{
	double middle = place(chart, row->figure.median);
	char *value;

	fprintf(chart->file,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
		"stroke-width=\"2\"/>\n",
		place(chart, row->figure.least), y, place(chart, row->figure.most), y,
		colour_of(chart, row->facts->peer));
	print_mark(chart, row->facts->peer, middle, y);
	if (row->facts->peer != &peer_quire)
		return;
	value = text("%.1f", row->figure.median);
	print_text(chart, place(chart, row->figure.most) + 8, y + 4, "class=\"value\"", value);
	free(value);
}

static void print_band(const struct chart *chart, size_t first, size_t past, double y)
{
	const struct row *row = &chart->bench->rows[first];
	double height = LINE * (double)(past - first);

	fprintf(chart->file,
		"<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
		LEFT, y, WIDTH - LEFT - RIGHT, height);
	print_text(chart, LEFT - 10, y + height / 2 - 3, "text-anchor=\"end\" font-weight=\"bold\"",
		   row->workload->name);
	print_text(chart, LEFT - 10, y + height / 2 + 12, "text-anchor=\"end\"", row->facts->load);
	for (size_t i = first; i < past; i++)
		print_row(chart, &chart->bench->rows[i], y + LINE * ((double)(i - first) + 0.5));
}

/* Print the bands, or only tell how far down they reach. */
static double walk_bands(const struct chart *chart, bool print)
{
	const struct bench *bench = chart->bench;
	double y = chart->top;

	for (size_t first = 0, past; first < bench->row_count; first = past) {
		past = end_of_band(bench, first);
		if (past == first) {
			past++;
			continue;
		}
		if (print)
			print_band(chart, first, past, y);
		y += LINE * (double)(past - first) + GAP;
	}
	return y;
}

static void measure_chart(struct chart *chart)
{
	const struct bench *bench = chart->bench;
	size_t rows = (bench->peers.count + legend_columns() - 1) / legend_columns();

	chart->most = 10;
	for (size_t i = 0; i < bench->row_count; i++)
		while (is_shown(&bench->rows[i]) && bench->rows[i].figure.most > chart->most)
			chart->most *= 10;
	chart->top = HEAD + LEGEND * (double)rows + 8;
	chart->bottom = walk_bands(chart, false);
}

void report_svg(const struct bench *bench, const char *path)
{
	struct chart chart = { .bench = bench, .file = fopen(path, "w") };
	bool wrong;

	if (!chart.file)
		die("%s: %s", path, strerror(errno));
	measure_chart(&chart);
	fprintf(chart.file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
		"width=\"%.0f\" height=\"%.0f\" role=\"img\">\n"
		"<title>Time of an allocation or a free, in ns, of all compared</title>\n%s",
		WIDTH, chart.bottom + FOOT, WIDTH, chart.bottom + FOOT, style);
	print_legend(&chart);
	print_grid(&chart);
	walk_bands(&chart, true);
	fprintf(chart.file, "</svg>\n");
	errno = 0;
	wrong = ferror(chart.file);
	wrong |= fclose(chart.file) != 0;
	if (wrong)
		die("%s could not be written: %s", path, errno ? strerror(errno) : "write error");
}
