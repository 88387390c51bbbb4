#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Output that cannot be written is an error, and wrong arguments are told.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
bench=$QUIRE_BINARY_DIR/bench
quick=(--quick --no-peers -w owner)

a_full_disk_is_an_error() {
	"$bench" "${quick[@]}" >/dev/full 2>err
	[ $? = 1 ] && grep -q 'could not be written' err
}

a_full_disk_is_an_error_for_a_picture() {
	"$bench" "${quick[@]}" --svg /dev/full >out 2>err
	[ $? = 1 ] && grep -q 'could not be written' err
}

a_picture_in_no_folder_is_an_error() {
	"$bench" "${quick[@]}" --svg none/a.svg >out 2>err
	[ $? = 1 ] && grep -q 'none/a.svg: No such file' err
}

a_pipe_that_nobody_reads_is_an_error() {
	"$bench" --quick --no-peers --json -w owner 2>err | sleep 0
	[ "${PIPESTATUS[0]}" != 0 ]
}

a_pipe_that_nobody_reads_is_told_when_the_signal_is_ignored() {
	(trap '' PIPE && "$bench" --quick --no-peers --json -w owner 2>err | sleep 0
		[ "${PIPESTATUS[0]}" = 1 ] && grep -q 'could not be written: Broken pipe' err)
}

a_workload_that_is_not_there_is_told() {
	"$bench" -w nothing >out 2>err
	[ $? = 2 ] && grep -q "no workload 'nothing'" err
}

a_picture_without_times_is_told() {
	"$bench" --exact --svg a.svg >out 2>err
	[ $? = 2 ] && grep -q 'exact takes none' err && [ ! -e a.svg ]
}

exact_figures_are_the_same_in_every_run() {
	local way=(--exact --quick -w heap-512K -w pages-1024 -w metadata)
	"$bench" "${way[@]}" --json | grep -v clock_ns >first &&
		"$bench" "${way[@]}" --json | grep -v clock_ns >second &&
		grep -q usable_aged first && cmp first second
}

. "$QUIRE_SOURCE_DIR/test/support/tap.sh"
tap a_full_disk_is_an_error a_full_disk_is_an_error_for_a_picture a_picture_in_no_folder_is_an_error \
	a_pipe_that_nobody_reads_is_an_error a_pipe_that_nobody_reads_is_told_when_the_signal_is_ignored \
	a_workload_that_is_not_there_is_told a_picture_without_times_is_told \
	exact_figures_are_the_same_in_every_run
