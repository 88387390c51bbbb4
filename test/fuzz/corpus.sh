#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every input that the fuzzers keep (fuzz/corpus), against the models, with this build's compiler.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
export CMOCKA_TEST_ABORT=1

cases=()
for program in "$QUIRE_BINARY_DIR"/fuzz/fuzz_*; do
	[ -f "$program" ] || continue
	target=${program##*/fuzz_}
	eval "the_corpus_of_$target() { '$program' 'fuzz/corpus/$target'; }"
	cases+=("the_corpus_of_$target")
done

. test/support/tap.sh
tap "${cases[@]}"
