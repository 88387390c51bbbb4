/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes name their ends; a sorted table of all widgets turns names into modules. An end in the
 * route's own file comes before one of another file. Where both ends are modules the route becomes
 * a connection, once, however often it is stated.
 *
 * Bound: O((widgets + routes) log widgets) comparisons of names, and 2 * TOPOLOGY_PINS_MAX for each
 * connection; memory in proportion to widgets and routes.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

struct name_entry {
	const char *name;
	size_t file;
	size_t module; /* TOPOLOGY_NONE: a virtual widget */
};

struct name_table {
	struct name_entry *entries;
	size_t count;
};

static int compare_sizes(size_t left, size_t right)
{
	return (left > right) - (left < right);
}

/* By name, then file, then place in the file, virtual widgets last. */
static int compare_entries(const void *left_entry, const void *right_entry)
{
	const struct name_entry *left = left_entry;
	const struct name_entry *right = right_entry;
	int order = strcmp(left->name, right->name);

	if (order == 0)
		order = compare_sizes(left->file, right->file);
	if (order == 0)
		order = compare_sizes(left->module, right->module);
	return order;
}

static void warn_of_namesakes(struct reader *reader, const struct name_table *table)
{
	for (size_t i = 1; i < table->count; i++) {
		const struct name_entry *entry = &table->entries[i];

		if (entry->module != TOPOLOGY_NONE && strcmp(entry[-1].name, entry->name) == 0)
			topology_warn(reader, entry->file,
				      reader->topology->modules[entry->module].offset,
				      "another widget is called \"%s\" too", entry->name);
	}
}

static bool build_table(struct reader *reader, struct name_table *table)
{
	const struct topology *topology = reader->topology;

	table->count = topology->module_count + topology->virtual_count;
	table->entries = topology_allocate(reader, table->count, sizeof(*table->entries));
	if (table->entries == NULL)
		return false;
	for (size_t i = 0; i < topology->module_count; i++)
		table->entries[i] = (struct name_entry){ topology->modules[i].name,
							 topology->modules[i].file, i };
	for (size_t i = 0; i < topology->virtual_count; i++)
		table->entries[topology->module_count + i] =
			(struct name_entry){ topology->virtuals[i].name, topology->virtuals[i].file,
					     TOPOLOGY_NONE };
	qsort(table->entries, table->count, sizeof(*table->entries), compare_entries);
	warn_of_namesakes(reader, table);
	return true;
}

/* The first entry that is not before (name, file). */
static size_t lower_bound(const struct name_table *table, const char *name, size_t file)
{
	const struct name_entry key = { name, file, 0 };
	size_t low = 0;
	size_t high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_entries(&table->entries[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_called(const struct name_table *table, size_t entry, const char *name)
{
	return entry < table->count && strcmp(table->entries[entry].name, name) == 0;
}

static const struct name_entry *look_up(const struct name_table *table, const char *name,
					size_t file)
{
	size_t entry = lower_bound(table, name, file);

	if (is_called(table, entry, name) && table->entries[entry].file == file)
		return &table->entries[entry];
	entry = lower_bound(table, name, 0);
	return is_called(table, entry, name) ? &table->entries[entry] : NULL;
}

static void resolve_route(struct topology *topology, const struct name_table *table,
			  struct topology_route *route)
{
	const struct name_entry *source = look_up(table, route->source, route->file);
	const struct name_entry *sink = look_up(table, route->sink, route->file);

	route->source_module = source != NULL ? source->module : TOPOLOGY_NONE;
	route->sink_module = sink != NULL ? sink->module : TOPOLOGY_NONE;
	if (source == NULL || sink == NULL) {
		route->state = TOPOLOGY_ROUTE_UNRESOLVED;
		topology->unresolved_route_count++;
	} else if (source->module == TOPOLOGY_NONE || sink->module == TOPOLOGY_NONE) {
		route->state = TOPOLOGY_ROUTE_VIRTUAL;
		topology->virtual_route_count++;
	} else {
		route->state = TOPOLOGY_ROUTE_CONNECTION;
		topology->connection_count++;
	}
}

static bool resolve_routes(struct reader *reader)
{
	struct topology *topology = reader->topology;
	struct name_table table;

	if (!build_table(reader, &table))
		return false;
	for (size_t i = 0; i < topology->route_count; i++) {
		struct topology_route *route = &topology->routes[i];

		resolve_route(topology, &table, route);
		if (route->state == TOPOLOGY_ROUTE_UNRESOLVED)
			topology_warn(reader, route->file, route->offset,
				      "route \"%s\" to \"%s\": an end is in none of the files",
				      route->source, route->sink);
	}
	topology_release(reader, table.entries, table.count, sizeof(*table.entries));
	return true;
}

static bool collect_connections(struct reader *reader)
{
	struct topology *topology = reader->topology;
	size_t count = 0;

	topology->connections = topology_allocate(reader, topology->connection_count,
						  sizeof(*topology->connections));
	if (topology->connections == NULL)
		return false;
	for (size_t i = 0; i < topology->route_count; i++) {
		const struct topology_route *route = &topology->routes[i];

		if (route->state == TOPOLOGY_ROUTE_CONNECTION)
			topology->connections[count++] =
				(struct topology_connection){ route->source_module,
							      route->sink_module, TOPOLOGY_NONE,
							      TOPOLOGY_NONE };
	}
	return true;
}

static size_t end_of(const struct topology_connection *connection, bool downstream)
{
	return downstream ? connection->source : connection->sink;
}

/* Counts per module, sums up, and fills from the back so that `first` ends where it should. */
static void fill_adjacency(const struct topology *topology, struct adjacency *adjacency,
			   bool downstream)
{
	size_t *first = adjacency->first;

	for (size_t i = 0; i < topology->connection_count; i++)
		first[end_of(&topology->connections[i], downstream)]++;
	for (size_t i = 1; i <= adjacency->module_count; i++)
		first[i] += first[i - 1];
	for (size_t i = topology->connection_count; i-- > 0;)
		adjacency->items[--first[end_of(&topology->connections[i], downstream)]] = i;
}

bool topology_adjacency(struct reader *reader, struct adjacency *adjacency, bool downstream)
{
	const struct topology *topology = reader->topology;

	adjacency->module_count = topology->module_count;
	adjacency->item_count = topology->connection_count;
	adjacency->first = topology_allocate(reader, adjacency->module_count + 1, sizeof(size_t));
	adjacency->items = topology_allocate(reader, adjacency->item_count, sizeof(size_t));
	if (adjacency->first == NULL || adjacency->items == NULL)
		return false;
	fill_adjacency(topology, adjacency, downstream);
	return true;
}

void topology_adjacency_release(struct reader *reader, struct adjacency *adjacency)
{
	topology_release(reader, adjacency->first, adjacency->module_count + 1, sizeof(size_t));
	topology_release(reader, adjacency->items, adjacency->item_count, sizeof(size_t));
}

/* Marks repeated connections by taking their source away; `seen` holds zeros. */
static size_t mark_repeated(struct topology *topology, const struct adjacency *adjacency,
			    size_t *seen)
{
	size_t repeated = 0;

	for (size_t source = 0; source < topology->module_count; source++) {
		for (size_t i = adjacency->first[source]; i < adjacency->first[source + 1]; i++) {
			struct topology_connection *connection =
				&topology->connections[adjacency->items[i]];

			if (seen[connection->sink] == source + 1) {
				connection->source = TOPOLOGY_NONE;
				repeated++;
			}
			seen[connection->sink] = source + 1;
		}
	}
	return repeated;
}

static void drop_marked(struct topology *topology)
{
	size_t kept = 0;

	for (size_t i = 0; i < topology->connection_count; i++) {
		if (topology->connections[i].source != TOPOLOGY_NONE)
			topology->connections[kept++] = topology->connections[i];
	}
	topology->connection_count = kept;
}

static bool drop_repeated(struct reader *reader)
{
	struct topology *topology = reader->topology;
	size_t *seen = topology_allocate(reader, topology->module_count, sizeof(size_t));
	struct adjacency adjacency = { 0 };
	bool done = seen != NULL && topology_adjacency(reader, &adjacency, true);
	size_t repeated = done ? mark_repeated(topology, &adjacency, seen) : 0;

	topology_adjacency_release(reader, &adjacency);
	topology_release(reader, seen, topology->module_count, sizeof(size_t));
	if (repeated != 0) {
		drop_marked(topology);
		topology_warn(reader, 0, 0, "%zu connections are stated more than once", repeated);
	}
	return done;
}

/* Where the bindings of each module start; they were read in the order of the modules. */
static size_t *index_bindings(struct reader *reader)
{
	size_t modules = reader->topology->module_count;
	size_t *first = topology_allocate(reader, modules + 1, sizeof(size_t));

	if (first == NULL)
		return NULL;
	for (size_t i = 0; i < reader->binding_count; i++)
		first[reader->bindings[i].module + 1]++;
	for (size_t i = 1; i <= modules; i++)
		first[i] += first[i - 1];
	return first;
}

static size_t bound_pin(const struct reader *reader, const size_t *first, size_t module,
			enum topology_side side, const char *peer)
{
	for (size_t i = first[module]; i < first[module + 1]; i++) {
		const struct binding *binding = &reader->bindings[i];

		if (binding->side == side && strcmp(binding->name, peer) == 0)
			return binding->pin;
	}
	return TOPOLOGY_NONE;
}

static bool bind_pins(struct reader *reader)
{
	struct topology *topology = reader->topology;
	const struct topology_module *modules = topology->modules;
	size_t *first = index_bindings(reader);

	if (first == NULL)
		return false;
	for (size_t i = 0; i < topology->connection_count; i++) {
		struct topology_connection *connection = &topology->connections[i];

		connection->source_pin = bound_pin(reader, first, connection->source,
						   TOPOLOGY_OUTPUT, modules[connection->sink].name);
		connection->sink_pin = bound_pin(reader, first, connection->sink, TOPOLOGY_INPUT,
						 modules[connection->source].name);
	}
	topology_release(reader, first, topology->module_count + 1, sizeof(size_t));
	return true;
}

bool topology_join_routes(struct reader *reader)
{
	return resolve_routes(reader) && collect_connections(reader) && drop_repeated(reader) &&
	       bind_pins(reader);
}
