#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The model pages.pml of the protocol of pages, looked at by spin: every order of what a few users do, with every
# outcome of the driver's calls. The number of states stands behind each case: none was left out.
#
#	spin.sh		what takes seconds
#	spin.sh more	what takes a minute; and the model is broken, a piece at a time: spin must notice
#	spin.sh all	also three users on a driver whose calls all fail: minutes, and 2 GB
set -u
cd "$(dirname "$0")" || exit 2
model=$PWD/pages.pml

command -v spin >/dev/null && command -v gcc >/dev/null || {
	echo '1..1'
	echo 'ok 1 # SKIP no spin, or no gcc'
	exit
}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

shared='-DPAGES=3 -DBLOCKS=2'	# two blocks and the page between them
three='-DSMALL_BLOCK -DPAGES=3 -DBLOCKS=3'	# and a block in that page
apart='-DAPART -DPAGES=5 -DBLOCKS=4'
bad='-DMAP_FAILS -DUNMAP_FAILS'
cases=0 failures=0

# search HOW DEFINITION...: all that can happen; sets `errors` and `states`. HOW: -DSAFETY for assertions and
# deadlocks, -DNP for users who never come to an end. Large ones want a
# $level and a $depth of their own.
search() {
	local way=$1 cycles=
	shift
	[ "$way" = -DSAFETY ] || cycles=-l
	rm -f pan* log
	spin -a "$@" "$model" >log 2>&1 &&
		gcc "${level:--O0}" "$way" -DNOFAIR -w -o pan pan.c >>log 2>&1 &&
		./pan $cycles -m"${depth:-3000000}" -w22 >>log 2>&1
	errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' log)
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
	# What was not looked at to its end does not count.
	! grep -q 'max search depth too small\|out of memory' log || errors='not known'
}

says() { # says YES-OR-NO NAME
	cases=$((cases + 1))
	if [ "$1" = yes ]; then
		echo "ok $cases - $2"
	else
		echo "not ok $cases - $2"
		failures=$((failures + 1))
		grep -v 'unreached\|pages.pml:' log | sed 's/^/# /'
	fi
}

# holds NAME DEFINITION...: nothing that is asserted is broken.
holds() {
	local name=$1
	shift
	search -DSAFETY "$@"
	says "$([ "$errors" = 0 ] && echo yes)" "$name ($states states)"
}

# ends NAME DEFINITION...: and there is no way to go on for ever without a call that ends.
ends() {
	local name=$1
	shift
	search -DNP "$@"
	says "$([ "$errors" = 0 ] && echo yes)" "$name: every call ends ($states states)"
}

# noticed WHAT NAME DEFINITION...: the model without WHAT breaks something that is asserted.
noticed() {
	local name=$2 what=-DBREAK_$1
	shift 2
	search "${how:--DSAFETY}" "$@" "$what"
	says "$(grep -q "^pan:1: ${sign:-assertion violated}" log && echo yes)" "noticed: $name"
}

# Each is a list of definitions, to be split.
# shellcheck disable=SC2086
few() {
	holds 'two users' -DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1
	holds 'two users, frames run short' -DUSERS=2 $shared -DFRAMES=2 -DRETAIN=2 -DMOVES
	holds 'two users, frames are in retained pages apart' -DUSERS=2 $apart -DFRAMES=3 -DRETAIN=3
	holds 'two users, the driver fails, frees come twice' \
		-DUSERS=2 $shared -DFRAMES=2 -DRETAIN=2 $bad -DFREES_TWICE
	holds 'three users, unmap fails' -DUSERS=3 $shared -DFRAMES=2 -DRETAIN=1 -DUNMAP_FAILS
}
# shellcheck disable=SC2086
more() {
	local level=-O1

	holds 'two users, the driver fails, frees come twice, pages move' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1 $bad -DFREES_TWICE -DMOVES
	holds 'two users, three holders of a page, the driver fails' \
		-DUSERS=2 $three -DFRAMES=3 -DRETAIN=1 $bad
	holds 'three users, frees come twice, pages move' \
		-DUSERS=3 $shared -DFRAMES=3 -DRETAIN=1 -DFREES_TWICE -DMOVES
	holds 'three users, map fails' -DUSERS=3 $shared -DFRAMES=3 -DRETAIN=1 -DMAP_FAILS
	ends 'two users, the driver fails, frees come twice, pages move' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1 $bad -DFREES_TWICE -DMOVES
	ends 'three users' -DUSERS=3 $shared -DFRAMES=3 -DRETAIN=1
}
# shellcheck disable=SC2086
all() {
	local level=-O2 depth=20000000

	holds 'three users, the driver fails' -DUSERS=3 $shared -DFRAMES=3 -DRETAIN=1 $bad
	holds 'three users, the driver fails, frees come twice, pages move' \
		-DUSERS=3 $shared -DFRAMES=2 -DRETAIN=1 $bad -DFREES_TWICE -DMOVES
}
# shellcheck disable=SC2086
broken() {
	noticed LOCK_OVER_DRIVER 'the short lock is kept over a call of the driver' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1
	noticed TRANSITION 'pages arrive without the transition lock' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1
	noticed STALE_PLAN 'what arrives is not looked at again under the transition lock' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1
	noticed SECOND_LOOK 'what is freed is not looked at again under the transition lock' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=0 -DFREES_TWICE
	noticed ADDRESSES_FIRST 'addresses are given back before the unmap' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=0
	noticed RECORD_BEFORE_UNMAP 'retained pages are forgotten before the unmap' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=2 -DUNMAP_FAILS
	noticed FREE_WHATEVER_UNMAP_SAYS 'a failed unmap is taken for one that succeeded' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=0 -DUNMAP_FAILS
	noticed UNDO 'a failed allocation leaves mapped what it had mapped' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=0 $bad
	noticed CONDEMN_AGAIN 'a page whose unmap had failed is not leaving again' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=0 $bad
	noticed RETAIN_WHILE_TRIMMING 'others retain pages while somebody waits for frames' \
		-DUSERS=2 $apart -DFRAMES=3 -DRETAIN=3
	how=-DNP sign='non-progress cycle' noticed TRY_FOR_EVER \
		'a failed unmap is tried until it succeeds' \
		-DUSERS=2 $shared -DFRAMES=3 -DRETAIN=1 -DUNMAP_FAILS
}

few
case ${1-} in
more) more && broken ;;
all) more && all && broken ;;
esac
echo "1..$cases"
[ "$failures" = 0 ]
