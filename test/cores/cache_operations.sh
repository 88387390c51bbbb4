#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Whether each cache operation of the library is needed: builds it without one of them at a time,
# and sees the tests of cores that do not see each other's writes (test_cores.c) fail. An operation
# is a call, in src/, of the mmu's writeback, invalidate or icache_sync, or of a function that wraps
# them. What passes without it is either not needed or not tested.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
wrapped='(quire_(relinquish|fresh_cache|tail_cache|pages_relinquish)|forget_cache|relinquish(_behind)?)'
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# A line each: FILE:LINE. Definitions begin a line, and declarations are in headers.
operations() {
	grep -nE "(mmu->(writeback|invalidate|icache_sync)|\b$wrapped)\(" src/*.c |
		grep -vE '^[^:]+:[0-9]+:(void|static)' | grep -v '&&' | cut -d: -f1,2
}

includes="-Iinclude -Iport/adsp/include -Itest"
flags="-std=gnu11 -O1 -w $includes"

# The program without one operation, of which only the changed file is compiled again.
build_without() {
	local file=$1 line=$2 folder=$3
	mkdir -p "$folder"
	sed -E "${line}s/(vs->|vr->|heap->)*(mmu->(writeback|invalidate|icache_sync)|\b$wrapped)\(/if (0) &/" \
		"$file" >"$folder/changed.c"
	! cmp -s "$file" "$folder/changed.c" &&
		cc $flags -Isrc -c "$folder/changed.c" -o "$folder/$(basename "$file" .c).o" &&
		cc -o "$folder/cores" "$work"/test/*.o "$folder/$(basename "$file" .c).o" \
			$(ls "$work"/core/*.o | grep -v "/$(basename "$file" .c).o\$") -lcmocka -lpthread
}

compile() {
	local folder=$work/$1 source
	shift
	mkdir -p "$folder"
	for source; do
		cc $flags -Isrc -c "$source" -o "$folder/$(basename "$source" .c).o" &
	done
	wait
}

# is_needed FILE LINE: fails to build, or passes without, or only takes too long: it is not.
is_needed() {
	local folder=$work/$(basename "$1")-$2.d status
	build_without "$1" "$2" "$folder" || return 1
	timeout 60 "$folder/cores" >"$folder/log" 2>&1
	status=$?
	[ $status != 0 ] && [ $status != 124 ]
}

compile core src/*.c
compile test port/adsp/*.c test/cores/test_cores.c test/support/{random,test}.c
mapfile -t found < <(operations)
echo "1..$((${#found[@]} + 1))"
if cc -o "$work/cores" "$work"/test/*.o "$work"/core/*.o -lcmocka -lpthread &&
	"$work/cores" >"$work/log" 2>&1; then
	echo "ok 1 - with all of them no byte is lost"
else
	echo "not ok 1 - with all of them no byte is lost"
	sed 's/^/# /' "$work/log"
fi
for at in "${found[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	is_needed "${at%:*}" "${at#*:}" && touch "$work/${at//\//-}.needed" &
done
wait
number=1
for at in "${found[@]}"; do
	number=$((number + 1))
	words=$(sed -n "${at#*:}s/^[[:space:]]*//p" "${at%:*}")
	if [ -e "$work/${at//\//-}.needed" ]; then
		echo "ok $number - ${at%:*}: $words"
	else
		echo "not ok $number - nothing fails without $at: $words"
	fi
done
