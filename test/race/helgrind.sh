#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The programs with threads under helgrind, some of their rounds: any report fails. And both helgrind and the
# programs by themselves must notice a short lock that keeps nobody out.
set -u
. "$QUIRE_SOURCE_DIR/test/support/tap.sh"
programs=$QUIRE_BINARY_DIR/test/race

command -v valgrind >/dev/null || {
	echo '1..1'
	echo 'ok 1 # SKIP no valgrind'
	exit
}

# helgrind PROGRAM: 0 if it passes and nothing is told; 99 if something is.
helgrind() {
	QUIRE_TEST_PERCENT=1 valgrind --tool=helgrind --history-level=approx --error-exitcode=99 \
		--default-suppressions=no --suppressions="$QUIRE_SOURCE_DIR/test/race/helgrind.supp" \
		"$programs/$1"
}

pages_and_heaps_have_no_race() { helgrind test_threads; }
every_layer_has_no_race() { helgrind test_layers; }
moving_pages_has_no_race() { helgrind test_moves; }
sofs_names_have_no_race() { helgrind test_sof; }

helgrind_notices_an_open_lock() {
	QUIRE_TEST_OPEN_LOCK=yes timeout -k 1 60 "$BASH" -c "$(declare -f helgrind)"'
		programs=$1; helgrind test_threads' - "$programs" 2>&1 | grep 'Possible data race' |
		head -n 1 | grep .
}

# A program that hangs or dies has noticed too.
threads_notice_an_open_lock() {
	! QUIRE_TEST_OPEN_LOCK=yes timeout -k 1 20 "$programs/test_layers"
}

tap pages_and_heaps_have_no_race every_layer_has_no_race moving_pages_has_no_race \
	sofs_names_have_no_race helgrind_notices_an_open_lock threads_notice_an_open_lock
