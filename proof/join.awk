# SPDX-License-Identifier: BSD-3-Clause
#
# Puts notes before lines of a source file: awk -v file=NAME -f join.awk NOTES SOURCE.
#
# A note begins with a line `FILE FUNCTION: LINE`, where LINE is one of the function's lines without
# its indentation; indented lines follow, which become a comment before it.

FNR == NR {
	if (/^#/ || /^$/)
		next
	if (!/^[ \t]/) {
		mine = $1 == file
		key = $0
		sub(/^[^ ]+ /, "", key)
		if (mine)
			left[key] = 1
	} else if (mine) {
		text[key] = text[key] (text[key] == "" ? "" : "\n") $0
	}
	next
}
/^[A-Za-z].*\(/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
}
{
	line = $0
	sub(/^[ \t]+/, "", line)
	key = name ": " line
	if (key in left) {
		print "/*@" text[key] " */"
		delete left[key]
	}
	print
}
END {
	for (key in left) {
		print "no such line: " key >"/dev/stderr"
		wrong = 1
	}
	exit wrong
}
