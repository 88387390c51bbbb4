#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The library that was assembled to count (build/count) tells the same number for each operation as
# ptrace does for the library as it is (build/step). Both choose the same operations.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${QUIRE_BINARY_DIR:-build}

skip() {
	printf '1..1\nok 1 # SKIP %s\n' "$1"
	exit
}
[ -x "$build/count" ] || skip 'no library that counts in this build'
[ -x "$build/step" ] || skip 'no program that single-steps in this build'
refused=$("$build/step" --ptrace --loads --workload bundle --operations 1 2>&1 >/dev/null)
[ $? != 3 ] || skip "$refused"

same() {
	local by_ptrace by_library
	by_ptrace=$("$build/step" --ptrace --loads --each --operations 15 --workload "$1") &&
		by_library=$("$build/count" --loads --each --operations 15 --workload "$1") ||
		return
	[ "$(grep -c '^\(alloc\|free\) [1-9]' <<<"$by_ptrace")" -gt 5 ] || {
		echo "too few operations were counted"
		return 1
	}
	diff <(echo "$by_ptrace") <(echo "$by_library")
}
units_agree() { same heap-4M; }
pages_agree() { same pages-1024; }
bundles_and_memset_agree() { same bundle; }
elastic_heaps_agree() { same elastic; }

. test/support/tap.sh
tap units_agree pages_agree bundles_and_memset_agree elastic_heaps_agree
