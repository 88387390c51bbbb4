#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the README promises: its program compiles and runs, and what it points to is there.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

the_program_compiles_and_runs() {
	awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md >"$folder/a.c" &&
		[ -s "$folder/a.c" ] &&
		cc -std=gnu11 -Wall -Wextra -Werror -Iinclude -Iport/linux/include "$folder/a.c" src/*.c \
			port/linux/*.c -pthread -o "$folder/a" &&
		"$folder/a"
}

every_link_leads_somewhere() {
	local link missing=0
	for link in $(grep -oE '\]\([^)#:]+\)' README.md doc/*.md example/topologies/README.md boards/README.md |
		sed 's/^\([^:]*\):](\(.*\))$/\1|\2/'); do
		[ -e "$(dirname "${link%%|*}")/${link#*|}" ] || { echo "${link%%|*}: ${link#*|}" && missing=1; }
	done
	return $missing
}

. test/support/tap.sh
tap the_program_compiles_and_runs every_link_leads_somewhere
