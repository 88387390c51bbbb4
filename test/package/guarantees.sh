#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What doc/guarantees.md says of its promises: each is numbered in order and held by something, and what
# holds it exists. A name is a file of test/ without .c, maybe with a case of it, or a path.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
page=doc/guarantees.md

# The third column of each promise, that is what holds it.
holders() { awk -F ' [|] ' '/^[|] [0-9]/ { print $3 }' $page; }
names() { holders | grep -oE '`[^`]+`' | tr -d '`'; }

promises_are_numbered_from_one_on() {
	awk -F ' *[|] *' '/^[|] [0-9]/ && $2 != ++n { print $2, "is not", n; wrong = 1 }
		END { exit wrong || n < 30 }' $page
}

each_is_held_by_something() {
	[ "$(holders | grep -c '`')" = "$(grep -c '^| [0-9]' $page)" ]
}

# exists NAME [CASE]
exists() {
	local file
	for file in "test/$1.c" "test/$1" "$1"; do
		[ -e "$file" ] || continue
		[ $# = 1 ] || grep -qw -- "$2" "$file"
		return
	done
	return 1
}

what_holds_them_exists() {
	local name missing=0
	while IFS= read -r name; do
		case $name in
		*': '*) exists "${name%%: *}" "${name#*: }" ;;
		*) exists "$name" ;;
		esac || { echo "$name" && missing=1; }
	done < <(names)
	return $missing
}

. test/support/tap.sh
tap promises_are_numbered_from_one_on each_is_held_by_something what_holds_them_exists
