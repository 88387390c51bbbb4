# SPDX-License-Identifier: BSD-3-Clause
#
# Lists the single changes that can be made to C sources in our form (kernel style, clang-format), for
# test/mutation. One line each, with tabs between:
#
#	file  number  changes in the file  line  function  kind  original  changed
#
# The two texts are the line as it was and as it would be, without its indent. Only function bodies are
# changed: comments, strings and preprocessor lines are left out. Binary operators are known by the
# blanks around them. A file's changes come in the order of their numbers, which are drawn by `seed` from
# the texts, the file and the function alone.

function operator(from, to, kind)
{
	operators++
	operator_from[operators] = from
	operator_to[operators] = to
	operator_kind[operators] = kind
}

BEGIN {
	operator(" < ", " <= ", "bound"); operator(" <= ", " < ", "bound")
	operator(" > ", " >= ", "bound"); operator(" >= ", " > ", "bound")
	operator(" < ", " > ", "relation"); operator(" > ", " < ", "relation")
	operator(" == ", " != ", "relation"); operator(" != ", " == ", "relation")
	operator(" && ", " || ", "logic"); operator(" || ", " && ", "logic")
	operator(" + ", " - ", "arithmetic"); operator(" - ", " + ", "arithmetic")
	operator(" * ", " / ", "arithmetic"); operator(" / ", " * ", "arithmetic")
	operator(" % ", " / ", "arithmetic")
	operator(" << ", " >> ", "arithmetic"); operator(" >> ", " << ", "arithmetic")
	operator(" & ", " | ", "bits"); operator(" | ", " & ", "bits"); operator("~", "", "bits")
	operator(" += ", " -= ", "arithmetic"); operator(" -= ", " += ", "arithmetic")
	operator(" += ", " = ", "assignment"); operator(" -= ", " = ", "assignment")
	operator(" |= ", " = ", "assignment"); operator(" &= ", " = ", "assignment")
	operator("++", "--", "arithmetic"); operator("--", "++", "arithmetic")
	operator(" + 1", "", "off by one"); operator(" - 1", "", "off by one")
	operator("true", "false", "constant"); operator("false", "true", "constant")
	operator("QUIRE_OK", "QUIRE_EDRIVER", "status")

	for (code = 32; code < 127; code++)
		code_of[sprintf("%c", code)] = code
	backslash = sprintf("%c", 92)
	keywords = " if for while do return else case default switch goto struct enum union const static "
}

# The line with everything blank that is no code.
function code_only(line,    out, i, c, two)
{
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				out = out " "
				i++
			}
			out = out " "
		} else if (quote != "") {
			if (c == backslash) {
				out = out " "
				i++
			} else if (c == quote) {
				quote = ""
			}
			out = out " "
		} else if (two == "/*") {
			in_comment = 1
			out = out "  "
			i++
		} else if (two == "//") {
			break
		} else if (c == "\"" || c == "'") {
			quote = c
			out = out " "
		} else {
			out = out c
		}
	}
	return out
}

function hash(text,    h, i)
{
	h = seed + 7
	for (i = 1; i <= length(text); i++)
		h = (h * 131 + code_of[substr(text, i, 1)]) % 2147483647
	for (i = 0; i < 3; i++)
		h = (h * 48271) % 2147483647
	return h
}

function trimmed(text)
{
	sub(/^[\t ]+/, "", text)
	return text
}

function word_byte(c)
{
	return c ~ /[A-Za-z0-9_]/
}

function emit(kind, changed)
{
	mutants++
	in_file[FILENAME]++
	file_of[mutants] = FILENAME
	text_of[mutants] = FNR "\t" name "\t" kind "\t" trimmed($0) "\t" trimmed(changed)
	hash_of[mutants] = hash(FILENAME name kind trimmed($0) trimmed(changed))
}

# Bytes [at, at + size) of the line become `to`.
function put(kind, at, size, to)
{
	emit(kind, substr($0, 1, at - 1) to substr($0, at + size))
}

function change_operators(code,    op, from, at, next_at, before, behind)
{
	for (op = 1; op <= operators; op++) {
		from = operator_from[op]
		at = 1
		while ((next_at = index(substr(code, at), from)) > 0) {
			at += next_at - 1
			before = substr(code, at - 1, at > 1)
			behind = substr(code, at + length(from), 1)
			if (!(word_byte(substr(from, length(from))) && word_byte(behind)) &&
			    !(word_byte(substr(from, 1, 1)) && word_byte(before)))
				put(operator_kind[op], at, length(from), operator_to[op])
			at += length(from)
		}
	}
}

function change_numbers(code,    at, rest, number)
{
	at = 1
	while (match(substr(code, at), /[A-Za-z0-9_]+/)) {
		rest = substr(code, at + RSTART - 1, RLENGTH)
		at += RSTART - 1
		if (rest ~ /^[0-9]+u?$/) {
			number = rest + 0
			put("constant", at, length(rest), number + 1)
			if (number == 1)
				put("constant", at, length(rest), 0)
		} else if (rest ~ /^QUIRE_E[A-Z]+$/ && rest !~ /^QUIRE_(EXEC|EXACT|EXTENTS|EVENT)/) {
			put("status", at, length(rest), "QUIRE_OK")
		}
		at += length(rest)
	}
}

function change_negations(code,    at)
{
	for (at = 1; at <= length(code); at++)
		if (substr(code, at, 1) == "!" && substr(code, at + 1, 1) != "=")
			put("logic", at, 1, "")
}

function negate_condition(code,    open, i, depth, c)
{
	if (code !~ /^[\t ]*(} else )?(if|while) \(/)
		return
	open = index(code, "(")
	for (i = open; i <= length(code); i++) {
		c = substr(code, i, 1)
		depth += (c == "(") - (c == ")")
		if (c == ")" && !depth) {
			put("condition", open, i - open + 1, "(!" substr($0, open, i - open + 1) ")")
			return
		}
	}
}

function drop_statement(code,    text, indent, first)
{
	text = trimmed(code)
	indent = length(code) - length(text)
	first = text
	sub(/[^A-Za-z0-9_].*/, "", first)
	if (text ~ /^(break|continue);/)
		put("dropped jump", indent + 1, length(text), ";")
	if (!at_start || (first != "" && index(keywords, " " first " ")))
		return
	if (text ~ /^[A-Za-z_0-9]+ \**[A-Za-z_]/)
		return # a declaration
	if (text ~ /^[A-Za-z_][A-Za-z0-9_>.-]*\(/)
		put("dropped call", indent + 1, 0, "while (0) ")
	else if (text ~ / [-+|&^*<>%\/]*= / || text ~ /(\+\+|--)/)
		put("dropped assignment", indent + 1, 0, "while (0) ")
}

FNR == 1 {
	in_body = 0
	at_start = 1
}
{
	code = code_only($0)
	if (code ~ /^[A-Za-z].*\(/ && !in_body) {
		name = code
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
	}
	if (code ~ /^}/)
		in_body = 0
	if (in_body && code !~ /^[\t ]*#/ && code ~ /[^\t ]/) {
		change_operators(code)
		change_numbers(code)
		change_negations(code)
		negate_condition(code)
		drop_statement(code)
		at_start = code ~ /[;{}:][\t ]*$/ || code ~ /^[\t ]*(} else )?(if|for|while|else|do)( \(.*\))?[\t ]*$/
	}
	if (code ~ /^{/) {
		in_body = 1
		at_start = 1
	}
}

END {
	for (m = 1; m <= mutants; m++)
		printf "%s\t%010d\t%d\t%s\n", file_of[m], hash_of[m], in_file[file_of[m]], text_of[m] | \
			"LC_ALL=C sort"
}
