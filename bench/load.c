/* SPDX-License-Identifier: BSD-3-Clause */
/* load: see load.h. */
#include "load.h"

#include <math.h>
#include <stdlib.h>

#include "player.h"
#include "tail.h"
#include "usable.h"

#define LEAST_ABOVE_NOTHING 1.2
#define TAIL_TURNS_MOST     7u

/* All who take part, in the order of the peers: nothing is the first, Quire the second. */
struct cast {
	const struct load *load;
	struct player *players;
	struct churn *churns;
	struct subject *subjects;
	size_t count;
};

static struct script_plan plan_for(const struct bench *bench, const struct load *load)
{
	return (struct script_plan){
		.sizes = load->sizes,
		.unit = load->kind == LOAD_PAGES ? 1 : load->unit,
		.capacity = load->units,
		.fill = load->fill,
		.warm = scaled(bench, load->warm),
		.timed = scaled(bench, load->timed),
		.seed = bench->options->seed,
	};
}

static void engage(struct cast *cast, const struct bench *bench, const struct quire_peer *peer)
{
	struct player *player = &cast->players[cast->count];
	struct churn *churn = &cast->churns[cast->count];
	struct script_plan plan = plan_for(bench, cast->load);
	struct candidate candidate;

	if (!player_begin(player, cast->load, peer))
		return;
	candidate = player_candidate(player, cast->load);
	churn_begin(churn, &plan, &candidate);
	cast->subjects[cast->count++] = churn_subject(
		churn, text("%s, %s", cast->load->name, peer->name), text("%s", peer->about()));
}

static void begin(struct cast *cast, const struct bench *bench, const struct load *load)
{
	*cast = (struct cast){ .load = load };
	cast->players = memory(bench->peers.count, sizeof(*cast->players));
	cast->churns = memory(bench->peers.count, sizeof(*cast->churns));
	cast->subjects = memory(bench->peers.count, sizeof(*cast->subjects));
	for (size_t i = 0; i < bench->peers.count; i++)
		engage(cast, bench, bench->peers.all[i].peer);
}

static void end(struct cast *cast)
{
	for (size_t i = 0; i < cast->count; i++) {
		churn_end(&cast->churns[i]);
		player_end(&cast->players[i]);
	}
	free(cast->players);
	free(cast->churns);
	free(cast->subjects);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static const struct figure unknown = { NAN, NAN, NAN };

static struct facts no_facts(const struct load *load, const struct player *player)
{
	return (struct facts){
		.peer = player->peer,
		.load = load->name,
		.gross = unknown,
		.net = unknown,
		.tail_alloc = NAN,
		.tail_free = NAN,
		.mean_alloc = NAN,
		.mean_free = NAN,
		.worst_alloc = NAN,
		.worst_free = NAN,
		.usable_fresh = NAN,
		.usable_aged = NAN,
		.metadata = NAN,
	};
}

static double without(const struct row *row, const struct row *nothing, size_t i)
{
	return nothing ? row->samples[i] - nothing->samples[i] : row->samples[i];
}

/*
 * Quire's time divided by that of a row; nothing: not NULL to subtract it from both. What is hardly
 * more than nothing leaves a difference that is all chance.
 */
static struct figure ratio(const struct bench *bench, const struct row *quire,
			   const struct row *row, const struct row *nothing)
{
	size_t repetitions = bench->options->repetitions;
	struct figure figure;
	double *samples;

	if (nothing && row->figure.median < nothing->figure.median * LEAST_ABOVE_NOTHING)
		return unknown;
	samples = memory(repetitions, sizeof(*samples));
	for (size_t i = 0; i < repetitions; i++)
		samples[i] = without(quire, nothing, i) / without(row, nothing, i);
	figure = summarize(samples, repetitions);
	free(samples);
	return figure;
}

/* The slowest calls of all, in turns as everything that is timed. */
static void add_tails(struct bench *bench, struct cast *cast, struct row *rows)
{
	struct tail_clock clock = tail_clock_learn();
	size_t turns = bench->options->repetitions;
	struct tail *tails = memory(cast->count, sizeof(*tails));

	if (turns > TAIL_TURNS_MOST)
		turns = TAIL_TURNS_MOST;
	bench->tail_clock_ns = (double)clock.cost * clock.ns_per_tick;
	for (size_t i = 0; i < cast->count; i++)
		tail_begin(&tails[i], &cast->churns[i]);
	for (size_t turn = 0; turn < turns; turn++) {
		progress_show(&bench->progress, bench->workload->name);
		for (size_t i = 0; i < cast->count; i++)
			tail_take(&tails[i]);
	}
	for (size_t i = 0; i < cast->count; i++)
		tail_end(&tails[i], &clock, &rows[i].facts->tail_alloc, &rows[i].facts->tail_free);
	free(tails);
}

static const struct ageing fresh = { .refusals = 1 };

/* Exact: what does not depend on the machine. */
static void add_exact_facts(const struct bench *bench, const struct player *player,
			    const struct load *load, struct facts *facts)
{
	if (player->calls->bounded)
		facts->metadata = (double)player_metadata(player);
	if (!load->seeds)
		return;
	facts->usable_fresh = usable_share(bench, load, player->peer, &fresh);
	facts->usable_aged = usable_share(bench, load, player->peer, &load->aged);
}

void load_add_usable(struct bench *bench, const struct load *load, const struct ageing *ageing)
{
	for (size_t i = PEER_QUIRE; i < bench->peers.count; i++) {
		const struct quire_peer *peer = bench->peers.all[i].peer;
		double share = usable_share(bench, load, peer, ageing);

		if (isnan(share))
			continue;
		add_exact(bench, ROW_SHARE, share,
			  text("%s, %u %%, refusal %u, %s", load->name, ageing->percent,
			       ageing->refusals, peer->name),
			  text("usable; mean over %u seeds, %u steps of ageing",
			       scaled(bench, load->seeds), ageing->steps));
	}
}

static void add_facts(const struct bench *bench, const struct cast *cast, struct row *rows,
		      size_t which)
{
	struct facts *facts = memory(1, sizeof(*facts));
	const struct player *player = &cast->players[which];

	*facts = no_facts(cast->load, player);
	if (which > PEER_QUIRE && !bench->options->exact) {
		facts->gross = ratio(bench, &rows[PEER_QUIRE], &rows[which], NULL);
		facts->net = ratio(bench, &rows[PEER_QUIRE], &rows[which], &rows[PEER_NOTHING]);
	}
	if (which != PEER_NOTHING)
		add_exact_facts(bench, player, cast->load, facts);
	rows[which].facts = facts;
}

void load_run(struct bench *bench, const struct load *load)
{
	struct cast cast;
	struct row *rows;

	begin(&cast, bench, load);
	rows = measure(bench, cast.subjects, cast.count);
	for (size_t i = 0; i < cast.count; i++)
		add_facts(bench, &cast, rows, i);
	if (!bench->options->exact)
		add_tails(bench, &cast, rows);
	end(&cast);
}
