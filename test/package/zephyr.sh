#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the files of the Zephyr module say of each other: without Zephyr's tree nothing else reads them.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1

used() { grep -rhoE '\bCONFIG_QUIRE[A-Z_]*' zephyr | sed 's/^CONFIG_//' | sort -u; }
defined() { sed -nE 's/^(menu)?config +(QUIRE[A-Z_]*).*/\2/p' zephyr/Kconfig | sort -u; }

# The template of Zephyr's logging makes this one.
every_option_that_is_used_is_defined() {
	local missing
	missing=$(comm -23 <(used) <(defined; echo QUIRE_LOG_LEVEL) | grep -vx QUIRE_LOG_LEVEL)
	[ -z "$missing" ] || { echo "not in zephyr/Kconfig: $missing"; return 1; }
}

every_option_decides_something() {
	local idle
	idle=$(comm -13 <(used; grep -oE '(if|depends on|default y if) .*' zephyr/Kconfig |
		grep -oE 'QUIRE[A-Z_]*' | sort -u) <(defined) | while read -r option; do
		grep -qx "$option" <(used) || echo "$option"; done |
		grep -vxE 'QUIRE|QUIRE_VMH_TABLE_SOF_LINUX|QUIRE_TRANSITION_SPINLOCK')
	[ -z "$idle" ] || { echo "nobody asks for: $idle"; return 1; }
}

every_source_that_is_built_is_there() {
	local file
	for file in $(grep -oE '[a-z_./]+\.c\b' zephyr/CMakeLists.txt); do
		[ -f "zephyr/$file" ] || { echo "no zephyr/$file"; return 1; }
	done
	for file in src/*.c; do
		case $file in
		src/frames.c | src/evacuate.c) continue ;; # frames are the driver's, and it cannot move them
		esac
		grep -q "\.\./$file" zephyr/CMakeLists.txt || { echo "$file is not built"; return 1; }
	done
}

compiles_with_a_heap_of() {
	cc -std=gnu11 -fsyntax-only -Iinclude -Izephyr/include -isystem test/zephyr/include \
		-include test/zephyr/config_table.h -include <(
			echo "#undef CONFIG_QUIRE_VMH_SIZE"
			echo "#define CONFIG_QUIRE_VMH_SIZE $1"
		) zephyr/quire_zephyr.c 2>&1
}

a_table_larger_than_its_window_fails_the_build() {
	compiles_with_a_heap_of 0x140000 &&
		! compiles_with_a_heap_of 0x13ffff >/dev/null &&
		compiles_with_a_heap_of 0x13ffff | grep -q 'the block table is larger than CONFIG_QUIRE_VMH_SIZE'
}

key() { sed -nE "s/^$2 *= *([0-9]+).*/\1/p" "boards/$1.ini"; }
option() { sed -nE "s/^CONFIG_$2=(.*)/\1/p" "zephyr/boards/$1.conf"; }

each_board_has_a_fragment_that_agrees_with_its_geometry() {
	local board pages
	for board in mtl lnl ptl wcl nvl nvls; do
		pages=$((($(key $board sram_kib) - $(key $board image_kib) - $(key $board system_heap_kib)) / 4))
		[ "$(option $board MM_DRV_INTEL_VIRTUAL_REGION_COUNT)" = 3 ] &&
			[ "$(option $board MM_DRV_INTEL_ADSP_TLB_REMAP_UNUSED_RAM)" = y ] &&
			[ "$(option $board QUIRE_PHYSICAL_PAGES)" = $pages ] &&
			[ "$(option $board QUIRE_LIBRARY_PAGES)" -lt $pages ] || { echo "$board"; return 1; }
	done
}

. test/support/tap.sh
tap every_option_that_is_used_is_defined every_option_decides_something \
	every_source_that_is_built_is_there a_table_larger_than_its_window_fails_the_build each_board_has_a_fragment_that_agrees_with_its_geometry
