#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Installs the build to a folder of its own and uses it from there as a stranger would.
set -u
consumer=$QUIRE_SOURCE_DIR/test/package/consumer
prefix=$(mktemp -d) || exit 1
trap 'rm -rf "$prefix"' EXIT
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig CMAKE_PREFIX_PATH=$prefix

everything_is_installed() {
	cmake --install "$QUIRE_BINARY_DIR" --prefix "$prefix" &&
		cd "$prefix" &&
		ls bin/quire include/quire/{quire,linux,flat,adsp,sof}.h include/sof/lib/vpage.h share/man/man1/quire*.1 \
			share/quire/boards/mtl.ini share/quire/topologies/laptop.tplg
}

a_program_builds_with_pkg_config() {
	local flags
	flags=$(pkg-config --cflags --libs quire-linux) &&
		cc "$consumer/main.c" $flags -o "$prefix/a" && "$prefix/a"
}

a_program_builds_with_find_package() {
	cmake -G Ninja -S "$consumer" -B "$prefix/b" && cmake --build "$prefix/b" && "$prefix/b/consumer"
}

the_installed_tool_finds_its_boards() {
	cd / && "$prefix/bin/quire" run --board mtl "$prefix/share/quire/topologies/laptop.tplg"
}

. "$QUIRE_SOURCE_DIR/test/support/tap.sh"
tap everything_is_installed a_program_builds_with_pkg_config a_program_builds_with_find_package \
	the_installed_tool_finds_its_boards
