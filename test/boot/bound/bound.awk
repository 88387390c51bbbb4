# SPDX-License-Identifier: BSD-3-Clause
#
# Judges what the image `bound` counted by bounds.tsv, or writes that file.
#
#	IMAGE | awk -f bound.awk bounds.tsv -			TAP
#	IMAGE | awk -v record=1 -f bound.awk bounds.tsv -	a new bounds.tsv; its order is that of the image
#
# A line of bounds.tsv: the call; what a step takes by its contract, and what a step is; a and b; then
# for each window the worst and the mean, less the steps. In no window may the worst be more than
#	a + b * log2(units),
# and no more than what is recorded; means are rounded up and may not grow either.
#
# That a line fits says little if it is steep, so the shape is asserted too: at least half of the growth
# from the smallest window to the largest comes before 4096 units. A logarithm has 60 % of it there, a
# square root 23 %, a scan of the window 6 %. What is bad in a window is as bad in larger ones, whether the
# histories find it there or not, so the worst up to a window counts. LUMP is what another level of summaries
# may take, and a tenth what histories may miss in a smaller window.
function log2(n) { return log(n) / log(2) }
function ceiling(x) { return x == int(x) || x < 0 ? int(x) : int(x) + 1 }
function fail(why) { print "# " call[row] ": " why; failed = 1 }
function case_ends(name) {
	unlike += failed
	print (failed ? "not ok " : "ok ") ++cases " - " name
	failed = 0
}

BEGIN { FS = OFS = "\t"; FIRST = 64; MIDDLE = 4096; LAST = 65536; LUMP = 96 }

/^#/ { next }

# ---- bounds.tsv ---------------------------------------------------------------------------------
FILENAME != "-" {
	bound_steps[$1] = $2 OFS $3
	bound_a[$1] = $4
	bound_b[$1] = $5
	known[++bounds] = $1
	for (i = 6; i <= NF; i++) {
		split($i, cell, /[=\/]/)
		bound_worst[$1, cell[1]] = cell[2]
		bound_mean[$1, cell[1]] = cell[3]
	}
	next
}

# ---- the image ----------------------------------------------------------------------------------
$1 == "bound" {
	if (!($2 in steps)) {
		call[++rows] = $2
		steps[$2] = $3 OFS $4
	}
	if (!($5 in seen_window)) {
		seen_window[$5]
		window[++windows] = $5
	}
	worst[$2, $5] = $7
	mean[$2, $5] = $8
	history[$2, $5] = $9
}
$1 == "broken" { broken = $2 }
$1 == "end" { ended = 1 }

# The line through the smallest and the largest window, moved up until no window is above it, and on to a
# round number, since it is about growth; through 0 if it would begin below.
function fit(name,  i, n, low, high) {
	low = high = 0
	for (i = windows; i; i--)
		if ((name, window[i]) in worst) {
			low = window[i]
			if (!high)
				high = low
		}
	b = low < high ? (worst[name, high] - worst[name, low]) / log2(high / low) : 0
	b = b > 0 ? ceiling(b) : 0
	a = -1e9
	for (i = 1; i <= windows; i++) {
		n = window[i]
		if ((name, n) in worst && worst[name, n] - b * log2(n) > a)
			a = worst[name, n] - b * log2(n)
	}
	a = ceiling(a)
	if (a > 100)
		a = 100 * ceiling(a / 95)
	if (a >= 0)
		return
	a = b = 0
	for (i = 1; i <= windows; i++) {
		n = window[i]
		if ((name, n) in worst && worst[name, n] / log2(n) > b)
			b = worst[name, n] / log2(n)
	}
	b = ceiling(b * 1.05)
}

function write_bounds(  name, i) {
	print "# SPDX-License-Identifier: BSD-3-Clause"
	print "# Written by bound.awk, which says what it means: call, instructions of a step, step, a, b,"
	print "# window=worst/mean ..."
	for (row = 1; row <= rows; row++) {
		name = call[row]
		fit(name)
		printf "%s\t%s\t%d\t%d", name, steps[name], a, b
		for (i = 1; i <= windows; i++)
			if ((name, window[i]) in worst)
				printf "\t%d=%d/%d", window[i], worst[name, window[i]],
					mean[name, window[i]]
		print ""
	}
}

# The window in which it is most over tells for all.
function compare(what, measured, bound, n) {
	less += measured < bound
	if (measured - bound <= over[what])
		return
	over[what] = measured - bound
	why[what] = sprintf("%s %d in %d units (%s), %d may be", what, measured, n,
			    history[call[row], n], bound)
}

function judge_numbers(name,  i, n) {
	over["worst"] = over["mean"] = 0
	if (!(name in bound_steps))
		fail("has no bound")
	else if (bound_steps[name] != steps[name])
		fail("its bound is for steps of " bound_steps[name])
	for (i = 1; i <= windows; i++) {
		n = window[i]
		if (((name, n) in worst) != ((name, n) in bound_worst))
			fail("no count or no bound for " n " units")
		else if ((name, n) in worst) {
			compare("worst", worst[name, n], bound_worst[name, n], n)
			compare("mean", mean[name, n], bound_mean[name, n], n)
		}
	}
	for (i in over)
		if (over[i])
			fail(why[i])
	case_ends(name " takes no more than is recorded")
}

function worst_up_to(name, most,  i, high) {
	high = 0
	for (i = 1; i <= windows; i++)
		if (window[i] <= most && (name, window[i]) in worst && worst[name, window[i]] > high)
			high = worst[name, window[i]]
	return high
}

function judge_growth(name,  i, n, rise, late) {
	for (i = 1; i <= windows; i++) {
		n = window[i]
		if ((name, n) in worst && worst[name, n] > bound_a[name] + bound_b[name] * log2(n) + 1e-6)
			above = above " " n
	}
	if (above)
		fail("above the line in units of" above)
	above = ""
	if ((name, FIRST) in worst && (name, MIDDLE) in worst && (name, LAST) in worst) {
		rise = worst_up_to(name, LAST) - worst[name, FIRST]
		late = worst_up_to(name, LAST) - worst_up_to(name, MIDDLE)
		if (late > rise / 2 + LUMP + worst_up_to(name, LAST) / 10)
			fail("of a growth of " rise ", " late " comes after " MIDDLE " units")
	}
	case_ends(sprintf("%s grows no faster than %d + %d log2(units)", name, bound_a[name],
			  bound_b[name]))
}

END {
	if (record) {
		write_bounds()
		exit !ended
	}
	for (row = 1; row <= rows; row++) {
		judge_numbers(call[row])
		judge_growth(call[row])
	}
	for (row = 0; bounds; bounds--)
		if (!(known[bounds] in steps)) {
			print "# there is no " known[bounds]
			failed = 1
		}
	case_ends("every call that has a bound is made")
	if (!ended)
		print "# the image did not come to its end " broken
	failed = !ended
	case_ends("the image ends with everything free and sound")
	if (less)
		print "# " less " figures are less than recorded, and can be recorded anew"
	if (unlike)
		print "# What is meant to take more is recorded anew by test/boot/bound/record.sh"
	print "1.." cases
	exit !ended
}
