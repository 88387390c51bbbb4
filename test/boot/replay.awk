# SPDX-License-Identifier: BSD-3-Clause
#
# Turns a trace (doc/trace.md) into the table that replay.c plays: awk -f replay.awk FILE >replay_table.c
function value(key,    i)
{
	for (i = 4; i <= NF; i++)
		if (index($i, key "=") == 1)
			return substr($i, length(key) + 2)
	return 0
}
function number(text,    i, result)
{
	if (text !~ /^0x/)
		return text + 0
	for (i = 3; i <= length(text); i++)
		result = result * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return result
}
function step(what)
{
	printf "\t{ %s, %d, %d, %d, %d, %d, %d, %d, %d },\n", what, value("id"), value("region"),
		value("place") == "lifetime", value("size"), value("min"), value("step"), value("align"), value("granted")
	steps++
}
function pages(change,    page, first)
{
	first = number(value("at")) / 4096
	for (page = first; page < first + value("size") / 4096; page++) {
		mapped += change - (page in present ? 1 : 0)
		if (change)
			present[page]
		else
			delete present[page]
	}
	if (mapped > peak)
		peak = mapped
}
NR == 1 {
	if ($0 != "quire-trace 1") {
		print "replay.awk: not a trace of version 1" >"/dev/stderr"
		exit failed = 1
	}
	print "/* Made by replay.awk from a trace of `quire run`. */"
	print "#include \"replay.h\"\n"
	print "const struct replay_step replay_steps[] = {"
}
$3 == "alloc"		{ step("REPLAY_ALLOC"); if (value("id") > ids) ids = value("id") }
$3 == "free"		{ step("REPLAY_FREE") }
$3 == "region-create"	{ step("REPLAY_CREATE"); if (value("region") > regions) regions = value("region") }
$3 == "region-seal"	{ step("REPLAY_SEAL") }
$3 == "region-put"	{ step("REPLAY_PUT") }
$3 == "map"		{ pages(1) }
$3 == "unmap"		{ pages(0) }
$3 ~ /^(refused|leak|misuse|resize)$/ {
	print "replay.awk: cannot replay: " $0 >"/dev/stderr"
	exit failed = 1
}
$1 == "end"		{ ended = 1 }
END {
	if (failed)
		exit 1
	if (!ended || !steps) {
		print "replay.awk: the trace is cut off, or empty" >"/dev/stderr"
		exit 1
	}
	print "};"
	printf "const size_t replay_count = %d;\nconst size_t replay_peak = %d;\n", steps, peak
	printf "_Static_assert(%d < REPLAY_IDS && %d < REPLAY_REGIONS, \"room\");\n", ids, regions
}
