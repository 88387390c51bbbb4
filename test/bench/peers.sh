#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Peers: the one of doc/peers.md takes part, and whatever is none is refused with a sentence.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
bench=$QUIRE_BINARY_DIR/bench

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' \
	"$QUIRE_SOURCE_DIR/doc/peers.md" >bump.c

# peer NAME [SED-SCRIPT]: builds NAME.so from the documented one, changed.
peer() {
	sed "${2-}" bump.c >"$1.c" && cmp -s bump.c "$1.c" && [ $# = 2 ] && return 1
	cc -Wall -Wextra -Werror -shared -fPIC -I "$QUIRE_SOURCE_DIR/bench" "$1.c" -o "$1.so"
}

# refused STATUS WORDS ARGUMENT...: ends with this status and a sentence that has these words.
refused() {
	local wanted=$1 words=$2
	shift 2
	"$bench" --quick -w heap-512K "$@" >out 2>err
	[ $? = "$wanted" ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$words" err && return
	cat out err
	return 1
}

the_documented_peer_takes_part() {
	peer documented && "$bench" --quick -w heap-512K --peer documented.so >out &&
		grep -q 'any size, bump' out && ! grep -q 'any size, glibc' out
}

a_file_that_is_not_there_is_told() { refused 2 'cannot load none.so' --peer none.so; }

an_object_without_the_symbol_is_told() {
	echo 'int nothing;' >empty.c && cc -shared -fPIC empty.c -o empty.so &&
		refused 2 'empty.so is no peer: it has no quire_peer' --peer empty.so
}

a_text_file_is_told() { refused 2 'cannot load bump.c' --peer bump.c; }

a_peer_of_another_interface_is_told() {
	peer old 's/= QUIRE_PEER_INTERFACE/= 999/' && refused 2 'interface 999' --peer old.so
}

a_peer_that_cannot_be_asked_is_told() {
	peer mute 's/\.alloc = alloc, //; s/^static void \*alloc/&_unused/; 1i #pragma GCC diagnostic ignored "-Wunused-function"' &&
		refused 2 'without alloc or free' --peer mute.so
}

two_peers_of_one_name_are_told() {
	peer documented && refused 2 'there is a peer bump already' --peer documented.so --peer documented.so
}

a_peer_whose_memory_is_not_its_own_is_told() {
	peer liar 's/^const struct quire_peer/static bool owns(void *a, void *b) { return !(a \&\& b); }\n&/
		s/\.bounded = true/.owns = owns/' && refused 1 'not its own' --peer liar.so
}

a_peer_that_gives_nothing_is_told() {
	peer miser 's/return start;/return NULL;/' && refused 1 'refuses its first request' --peer miser.so
}

peers_beside_the_program_take_part_unless_unwanted() {
	local file
	for file in "$QUIRE_BINARY_DIR"/peers/*.so; do
		"$bench" --list | grep -q "^$(basename "$file" .so) " || return 1
		! "$bench" --list --no-peers | grep -q "^$(basename "$file" .so) " || return 1
	done
}

a_peer_that_gives_more_than_its_pool_is_told() {
	peer cheat 's/bump->next = start + size;/bump->next = bump->first;/' &&
		refused 1 'more than its pool' --peer cheat.so
}

# The linker tells where each symbol of each file was found.
no_peer_replaces_what_others_call() {
	LD_DEBUG=bindings "$bench" --quick -w bundle >out 2>log &&
		grep -q 'binding file .*/glibc\.so .*aligned_alloc' log || return 1
	! grep -E 'binding file [^ ]*(/bench|/glibc\.so|libc\.so\.6) .* to [^ ]*(jemalloc|mimalloc|tcmalloc|tbbmalloc)' log
}

. "$QUIRE_SOURCE_DIR/test/support/tap.sh"
tap the_documented_peer_takes_part a_file_that_is_not_there_is_told an_object_without_the_symbol_is_told \
	a_text_file_is_told a_peer_of_another_interface_is_told a_peer_that_cannot_be_asked_is_told \
	two_peers_of_one_name_are_told a_peer_whose_memory_is_not_its_own_is_told \
	a_peer_that_gives_nothing_is_told a_peer_that_gives_more_than_its_pool_is_told no_peer_replaces_what_others_call \
	peers_beside_the_program_take_part_unless_unwanted
