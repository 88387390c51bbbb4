/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pages: the protocol of src/pages.c as a model for spin. Processes allocate and free blocks whose first and
 * last pages belong to their neighbours too, give retained pages back and move pages, over a driver whose
 * calls may fail. spin looks at every order in which that can happen; spin.sh says how, and with which sizes.
 *
 * What is here has the names that it has in src/pages.c, src/vmh.c and src/evacuate.c. A stretch under the short
 * lock is one step, because its records are touched under that lock alone: ThreadSanitizer and helgrind
 * look after that. Between the stretches, and at both ends of every call of the driver, anybody may go on.
 *
 * Where the code decides by what is not modelled, the model may decide either way: whether a retained page
 * will do (protection, payer), and whether the driver fails. A guard page, a region that is saved and the
 * plain way (quiet.h, the same changes of the same records) add no step of another kind.
 *
 * Asserted, besides that nobody waits for ever:
 *   in every call of the driver	the transition lock is held, the short one is not; nothing is mapped that is
 *					mapped, nothing unmapped that somebody may touch
 *   whenever a lock is given back	a page has as many holders as blocks that live in it, a payer exactly while it
 *					has holders, and a frame if its state says so; accounts agree with pages
 *   when an allocation succeeds	all its pages are there, mapped as it needs them
 *   when frames run short		what was charged can be mapped, if nothing fails but for want of frames
 *   when a free is called twice	one succeeds
 *
 * Sizes, by -D: USERS processes, PAGES, BLOCKS, FRAMES, RETAIN; what can happen: MAP_FAILS, UNMAP_FAILS, MOVES,
 * FREES_TWICE. BREAK_... takes a piece of the protocol out, and must be noticed.
 */
#define NOBODY 0

#ifdef SMALL_BLOCK /* in the page that two larger ones share */
#define FIRST(b) ((b) > 0)
#define LAST(b)	 (1 + ((b) > 1))
#elif defined APART /* of one page, the third of two, which are nobody else's */
#define FIRST(b) ((b) + ((b) > 2))
#define LAST(b)	 ((b) + ((b) > 1))
#else /* of two pages, each shared with the next block */
#define FIRST(b) (b)
#define LAST(b)	 ((b) + 1)
#endif

mtype = { ABSENT, ARRIVING, PRESENT, LEAVING };
mtype = { OK, EFREE, EDRIVER, ENOPHYS };

/* ---- records, under the short lock ------------------------------------------------------------ */

typedef page {
	mtype state = ABSENT;
	byte users;
	byte payer
};

page vs[PAGES];
bit live[4];       /* taken, in the set of blocks */
byte retained;
byte retain = RETAIN;
byte used;           /* of the ledger */
byte paid[USERS + 1] /* of each budget */

/* ---- what is really so ------------------------------------------------------------------------ */

byte lock = NOBODY, transition = NOBODY;
bit mapped[PAGES];
byte frames = FRAMES;
bit stale[PAGES];    /* mapped in a way that will not do for its holder */
bit touched[4];    /* its owner may use it */
bit to_free[4];    /* its owner has called free, which has not succeeded yet */
byte owner[4];
byte calls[4];     /* frees of it that have not returned */

#define HELD(p)	     (vs[p].users > 0)
#define UNHELD(p)    (vs[p].users == 0)
#define IS_MAPPED(p) (vs[p].state == PRESENT || vs[p].state == LEAVING)
#define HAS(b, p)    (FIRST(b) <= p && p <= LAST(b))

/* Every way out of the short lock. */
inline audit() {
	d_step {
		i = 0; n = 0; m = 0;
		do
		:: i < PAGES ->
			b = 0; k = 0;
			do
			:: b < BLOCKS -> k = k + (live[b] && HAS(b, i)); b++
			:: else -> break
			od;
			assert(vs[i].users == k);
			assert(vs[i].state != PRESENT || mapped[i]);
			assert(vs[i].state != ABSENT || (!mapped[i] && UNHELD(i)));
			assert(vs[i].state != ARRIVING || HELD(i));
			assert(vs[i].state != ARRIVING || transition != NOBODY || !mapped[i]);
			assert((vs[i].payer == NOBODY) == UNHELD(i));
			n = n + (UNHELD(i) && IS_MAPPED(i));
			m = m + HELD(i);
			i++
		:: else -> break
		od;
		assert(retained == n && used == m && used <= FRAMES);
#ifndef MAP_FAILS	/* which makes an allocation let go of what it had taken of these */
		assert(retained <= RETAIN);
#endif
		i = 1; k = 0;
		do
		:: i <= USERS -> k = k + paid[i]; i++
		:: else -> break
		od;
		assert(used == k);
		i = 0; n = 0; m = 0; k = 0; b = 0
	}
}

/* ---- sections --------------------------------------------------------------------------------- */

/* All that a user does is atomic but for these places, where others may go on: a handshake ends atomicity. */
chan handshake = [0] of { bit };

active proctype others() {
end:
	do
	:: handshake?_
	od
}

inline let_others_go_on() { handshake!0 }

inline quire_lock() { lock == NOBODY; lock = me }
inline quire_unlock() { assert(lock == me); audit(); lock = NOBODY; let_others_go_on() }
inline transition_lock() { transition == NOBODY; transition = me }

inline quire_section_deepen() {
	if
	:: deep
	:: else ->
		deep = 1;
		quire_unlock();
		transition_lock();
		quire_lock()
	fi
}

inline quire_section_enter_deep() {
	deep = 1;
	transition_lock();
	quire_lock()
}

inline quire_section_leave() {
	quire_unlock();
	if
	:: deep -> assert(transition == me); transition = NOBODY; deep = 0
	:: else
	fi
}

/* ---- the driver ------------------------------------------------------------------------------- */

inline may_call_driver() { assert(transition == me && lock != me) }

inline map_pages(from, to) {
	d_step {
		i = from;
		do
		:: i < to ->
			assert(!mapped[i]);
			mapped[i] = 1; stale[i] = 0; frames--; i++
		:: else -> i = 0; break
		od
	}
}

/* mmu->map is all or nothing; for USER pages the step after it may fail, and what is there is to be undone. */
inline drive_map(from, to) {
	there = 0;
#ifndef BREAK_LOCK_OVER_DRIVER
	quire_unlock();
#endif
	may_call_driver();
	if
	:: frames >= to - from -> map_pages(from, to); there = 1; status = OK
	:: frames < to - from -> status = ENOPHYS
#ifdef MAP_FAILS
	:: status = EDRIVER
	:: frames >= to - from -> map_pages(from, to); there = 1; status = EDRIVER
#endif
	fi;
#ifndef BREAK_LOCK_OVER_DRIVER
	let_others_go_on();
	quire_lock()
#endif
}

inline unmap_page(p) {
	d_step {
		b = 0;
		do
		:: b < BLOCKS -> assert(!touched[b] || !HAS(b, p)); b++
		:: else -> b = 0; break
		od;
		frames = frames + mapped[p];
		mapped[p] = 0; stale[p] = 0
	}
}

/* mmu->unmap passes over what is absent; when it fails, any part of its range may be unmapped. */
inline drive_unmap(from, to) {
	quire_unlock();
	may_call_driver();
	assert(from < to);
	status = OK;
#ifdef UNMAP_FAILS
	if
	:: status = OK
	:: status = EDRIVER
	fi;
#endif
	i = from;
	do
	:: i < to -> unmap_page(i); i++
	:: i < to && status != OK -> i++
	:: i == to -> i = 0; break
	od;
	let_others_go_on();
	quire_lock()
}

/* ---- records of pages, as in pages.c ---------------------------------------------------------- */

inline next_in_state(p, to, wanted) {
	do
	:: p < to && vs[p].state != wanted -> p++
	:: else -> break
	od
}

inline next_in_other(p, to, wanted) {
	do
	:: p < to && vs[p].state == wanted -> p++
	:: else -> break
	od
}

inline set_state(from, to, was, is) {
	d_step {
		i = from;
		do
		:: i < to -> if :: vs[i].state == was -> vs[i].state = is :: else fi; i++
		:: else -> i = 0; break
		od
	}
}

/* state_for() looks at protection and payer; here a retained page does or does not do. */
inline quire_pages_hold(from, to) {
	i = from;
	do
	:: i < to ->
		if
		:: HELD(i)
		:: else ->
			used++; paid[me]++; vs[i].payer = me;
			if
			:: vs[i].state == ABSENT -> vs[i].state = ARRIVING
			:: vs[i].state == PRESENT -> retained--
			:: vs[i].state == PRESENT -> retained--; vs[i].state = LEAVING; stale[i] = 1
			:: vs[i].state == LEAVING -> retained--; stale[i] = 1
			fi
		fi;
		vs[i].users++; i++
	:: else -> i = 0; break
	od
}

inline quire_pages_drop(from, to) {
	d_step {
		i = from;
		do
		:: i < to ->
			if
			:: UNHELD(i)
			:: else ->
				vs[i].users--;
				if
				:: HELD(i)
				:: else ->
					used--; paid[vs[i].payer]--; vs[i].payer = NOBODY;
					if
					:: vs[i].state == ARRIVING -> vs[i].state = ABSENT
					:: vs[i].state == ABSENT
					:: else -> retained++; stale[i] = 0
					fi
				fi
			fi;
			i++
		:: else -> i = 0; break
		od
	}
}

/* quiet: what may stay without the driver. */
inline quire_pages_quiet(from, to) {
	d_step {
		i = from; n = 0; quiet = 1;
		do
		:: i < to ->
			if
			:: vs[i].users == 1 && vs[i].state == PRESENT -> n++
			:: HELD(i) && vs[i].state != PRESENT -> quiet = 0
			:: else
			fi;
			if
			:: retained + n > retain && n > 0 -> quiet = 0
			:: else
			fi;
			i++
		:: else -> i = 0; n = 0; break
		od
	}
}

/* ---- arriving --------------------------------------------------------------------------------- */

inline clear_leaving(from, to) {
	status = OK; p = from;
	do
	:: status == OK ->
		next_in_state(p, to, LEAVING);
		if
		:: p >= to -> break
		:: else
		fi;
		q = p;
		next_in_other(q, to, LEAVING);
		drive_unmap(p, q);
		if
		:: status == OK -> set_state(p, q, LEAVING, ARRIVING); p = q
#ifdef BREAK_TRY_FOR_EVER
		:: else -> status = OK
#else
		:: else
#endif
		fi
	:: else -> break
	od;
	p = 0; q = 0
}

/* After an unmap: pages that are still held will arrive or be dropped, the others are gone. */
inline forget_mapping(from, to) {
	d_step {
		i = from;
		do
		:: i < to ->
			if
			:: HELD(i) -> vs[i].state = ARRIVING
			:: UNHELD(i) && vs[i].state != ABSENT -> vs[i].state = ABSENT; retained--
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od
	}
}

/* unmap_mapped() of what nobody holds: quire_pages_evict and quire_pages_trim. `status`: of any of them. */
inline quire_pages_trim() {
	any = OK; r = 0;
	do
	:: r < PAGES && retained > 0 ->
		e = r + 1;
		if
		:: UNHELD(r) && IS_MAPPED(r) ->
			e = r;
			do
			:: e < PAGES && UNHELD(e) && IS_MAPPED(e) -> e++
			:: else -> break
			od;
			set_state(r, e, PRESENT, LEAVING);
#ifdef BREAK_RECORD_BEFORE_UNMAP
			forget_mapping(r, e);
			drive_unmap(r, e);
			if
			:: status != OK -> any = status
			:: else
			fi
#else
			drive_unmap(r, e);
			if
			:: status != OK -> any = status
			:: else -> forget_mapping(r, e)
			fi
#endif
		:: else
		fi;
		r = e
	:: else -> break
	od;
	status = any; any = OK; r = 0; e = 0
}

inline map_or_trim(from, to) {
	drive_map(from, to);
	if
	:: status == ENOPHYS && retained > 0 ->
#ifndef BREAK_RETAIN_WHILE_TRIMMING
		retain = 0;
#endif
		quire_pages_trim();
		drive_map(from, to);
		retain = RETAIN
	:: else
	fi;
#ifndef UNMAP_FAILS	/* what is charged never exceeds what there is */
	assert(status != ENOPHYS)
#endif
}

inline undo_arriving(from, to) {
	p = from;
	do
	:: true ->
		next_in_state(p, to, ARRIVING);
		if
		:: p >= to -> break
		:: else
		fi;
		q = p;
		next_in_other(q, to, ARRIVING);
		drive_unmap(p, q);
		if
		:: status == OK
		:: else -> set_state(p, q, ARRIVING, LEAVING)
		fi;
		p = q
	od
}

inline map_arriving(from, to) {
	status = OK; p = from;
	do
	:: true ->
		next_in_state(p, to, ARRIVING);
		if
		:: p >= to -> break
		:: else
		fi;
		q = p;
		next_in_other(q, to, ARRIVING);
		map_or_trim(p, q);
		if
		:: status == OK -> p = q
		:: else ->
			any = status;
			e = (there -> q : p);
#ifndef BREAK_UNDO
			undo_arriving(from, e);
#endif
			status = any; any = OK; e = 0;
			break
		fi
	od;
	if
	:: status == OK -> set_state(from, to, ARRIVING, PRESENT)
	:: else
	fi;
	p = 0; q = 0; there = 0
}

/* Pages at either end whose other holder has only its free left. */
#define CONDEMNED(p) (vs[p].state == LEAVING && vs[p].users > 1)

inline condemn_again(was, p) {
	if
	:: was && HELD(p) && vs[p].state == ARRIVING -> vs[p].state = LEAVING
	:: else
	fi
}

inline arrive(from, to) {
	first_condemned = CONDEMNED(from);
	last_condemned = CONDEMNED(to - 1);
	clear_leaving(from, to);
	if
	:: status == OK -> map_arriving(from, to)
	:: else
	fi;
	if
	:: status != OK ->
		quire_pages_drop(from, to);
#ifndef BREAK_CONDEMN_AGAIN
		condemn_again(first_condemned, from);
		condemn_again(last_condemned, to - 1)
#endif
	:: else
	fi;
	first_condemned = 0; last_condemned = 0
}

inline quire_pages_settle(from, to) {
	status = OK; p = from;
	next_in_other(p, to, PRESENT);
	if
#ifdef BREAK_TRANSITION
	:: p < to -> p = 0; arrive(from, to)
#elif defined(BREAK_STALE_PLAN) /* which pages arrive is decided before the transition lock is there */
	:: p < to ->
		e = p;
		next_in_other(e, to, ARRIVING);
		quire_section_deepen();
		if
		:: p < e -> map_or_trim(p, e); set_state(p, e, ARRIVING, PRESENT)
		:: else -> arrive(from, to)
		fi;
		p = 0; e = 0; there = 0
#else
	:: p < to -> p = 0; quire_section_deepen(); arrive(from, to)
#endif
	:: else -> p = 0
	fi
}

/* ---- leaving ---------------------------------------------------------------------------------- */

inline quire_pages_release(from, to) {
	status = OK; p = from; q = to;
	quire_pages_quiet(from, to);
	if
	:: deep && !quiet ->
		do
		:: p < q && vs[p].users != 1 -> p++
		:: else -> break
		od;
		do
		:: p < q && vs[q - 1].users != 1 -> q--
		:: else -> break
		od;
		if
		:: p < q ->
			e = p;
			next_in_state(e, q, ARRIVING);
			if
			:: e < q -> status = EFREE
			:: else ->
				set_state(p, q, PRESENT, LEAVING);
				drive_unmap(p, q);
#ifdef BREAK_FREE_WHATEVER_UNMAP_SAYS
				status = OK;
#endif
				if
				:: status == OK -> forget_mapping(p, q)
				:: else
				fi
			fi;
			e = 0
		:: else
		fi
	:: else
	fi;
	if
	:: status == OK -> quire_pages_drop(from, to)
	:: else
	fi;
	p = 0; q = 0; quiet = 0
}

/* ---- what users do ---------------------------------------------------------------------------- */

/* Whether the budget allows the pages that nobody holds: quire_pages_allowance. */
inline look_at_budget(from, to) {
	d_step {
		i = from; n = 0;
		do
		:: i < to -> n = n + UNHELD(i); i++
		:: else -> break
		od;
		status = (used + n <= FRAMES -> OK : ENOPHYS);
		i = 0; n = 0
	}
}

inline allocate(B) {
	quire_lock();
	status = OK;
	if
	:: live[B] || calls[B] > 0 -> status = ENOPHYS	/* somebody else has it */
	:: else -> look_at_budget(FIRST(B), LAST(B) + 1)
	fi;
	if
	:: status == OK ->
		live[B] = 1;
		quire_pages_hold(FIRST(B), LAST(B) + 1);
		quire_pages_settle(FIRST(B), LAST(B) + 1);
		if
		:: status != OK -> live[B] = 0
		:: else ->
			d_step {
				i = FIRST(B);
				do
				:: i <= LAST(B) -> assert(mapped[i] && !stale[i]); i++
				:: else -> i = 0; break
				od
			};
			touched[B] = 1; owner[B] = me
		fi
	:: else
	fi;
	quire_section_leave()
}

inline find(B) { status = (live[B] -> OK : EFREE) }

/* free_grant() and free_piece(). */
inline free(B) {
	quire_lock();
	find(B);
	if
	:: status == OK ->
		quire_pages_quiet(FIRST(B), LAST(B) + 1);
		if
		:: quiet
		:: else ->
			quire_section_deepen();
#ifndef BREAK_SECOND_LOOK
			find(B)
#endif
		fi
	:: else
	fi;
	if
	:: status == OK ->
#ifdef BREAK_ADDRESSES_FIRST
		live[B] = 0;
#endif
		quire_pages_release(FIRST(B), LAST(B) + 1);
		if
		:: status == OK ->
			assert(to_free[B]);	/* nobody else has freed it */
			live[B] = 0; to_free[B] = 0
		:: else
		fi
	:: else
	fi;
	if
	:: status == EFREE -> assert(!to_free[B])
	:: else
	fi;
	quire_section_leave()
}

/* empty_bank() with one page: who pays for it does not touch it meanwhile, others may come and go. */
inline move(at) {
	if
	:: HELD(at) && vs[at].state == PRESENT ->
		vs[at].state = ARRIVING;
		quire_unlock();
		d_step { may_call_driver(); assert(mapped[at]) };
		quire_lock();
		vs[at].state = PRESENT
	:: else
	fi
}

/* What a user may begin: a free that has failed is for anybody to call again. */
#ifdef FREES_TWICE
#define at_once(x) true
#else
#define at_once(x) (calls[x] == 0)
#endif
#define can_allocate(x) (x < BLOCKS && !live[x] && calls[x] == 0)
#define can_free(x)	(x < BLOCKS && (owner[x] == me || (to_free[x] && at_once(x))))

/* The locals are 0 between calls, so that what was does not make states differ. */
active [USERS] proctype user() {
	byte me = _pid; /* `others` is 0 */
	bit deep, quiet, there, first_condemned, last_condemned;
	mtype status = OK, any = OK;
	byte i, n, m, k, b, p, q, r, e;	/* of the inlines above */
	byte B;

end:
progress:
	atomic {
	if
	:: can_allocate(0) -> B = 0; goto allocating
	:: can_allocate(1) -> B = 1; goto allocating
	:: can_allocate(2) -> B = 2; goto allocating
	:: can_allocate(3) -> B = 3; goto allocating
	:: can_free(0) -> B = 0; goto freeing
	:: can_free(1) -> B = 1; goto freeing
	:: can_free(2) -> B = 2; goto freeing
	:: can_free(3) -> B = 3; goto freeing
	:: retained > 0 -> goto trimming
#ifdef MOVES
	:: goto moving
#endif
	fi;
allocating:
	allocate(B);
	B = 0;
	goto progress;
freeing:
	if
	:: touched[B] -> touched[B] = 0; to_free[B] = 1; owner[B] = NOBODY
	:: else
	fi;
	calls[B]++;
	free(B);
	calls[B]--;
	B = 0;
	goto progress;
trimming:
	quire_section_enter_deep();
	quire_pages_trim();
	quire_section_leave();
	goto progress
#ifdef MOVES
	;
moving:
	quire_section_enter_deep();
	move(1);
	quire_section_leave();
	goto progress
#endif
	}
}
