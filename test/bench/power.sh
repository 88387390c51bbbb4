#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Banks of SRAM that are on under churn, on each board: exact figures, so they are bounds.
set -u
rows=$("$QUIRE_BINARY_DIR/bench" --exact -w power) || exit 1

# share NAME: the figure of a row.
share() { awk -F '  +' -v name="$1" '$2 == name { print $3 }' <<<"$rows"; }
holds() { awk "BEGIN { exit !($*) }"; }

each_board() {
	local board
	for board in mtl lnl ptl wcl nvl nvls; do
		"$@" $board || { echo "$board: $(grep " $board" <<<"$rows")"; return 1; }
	done
}

within_ten_per_cent() { holds "$(share "$1, 5 %") <= 1.10 && $(share "$1, 3 %") <= 1.10"; }
few_moved() { holds "$(share "$1, 5 %, moved") <= 0.05 && $(share "$1, 5 %, moved") > 0.03"; }
better_than_placement() { holds "$(share "$1, 5 %") < $(share "$1, 3 %") && $(share "$1, 3 %") < $(share "$1")"; }
placed_well() { holds "$(share "$1") <= 1.16"; }

banks_on_are_within_ten_per_cent_of_the_least() { each_board within_ten_per_cent; }
moved_pages_stay_below_what_was_allowed() { each_board few_moved; }
each_page_moved_is_worth_it() { each_board better_than_placement; }
placement_alone_keeps_banks_few() { each_board placed_well; }

. "$QUIRE_SOURCE_DIR/test/support/tap.sh"
tap banks_on_are_within_ten_per_cent_of_the_least moved_pages_stay_below_what_was_allowed \
	each_page_moved_is_worth_it placement_alone_keeps_banks_few
