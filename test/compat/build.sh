#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# compat/sof as it is built: every function that its headers declare is there, it needs no more than
# the core does, and a configuration that cannot work does not build.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
headers=(quire/sof.h rtos/alloc.h sof/lib/{regions_mm,vpage,vpages,vregion}.h)
includes=(-Iinclude -Icompat/sof/include)
libraries=("$QUIRE_BINARY_DIR/compat/sof/libquire_sof.a" "$QUIRE_BINARY_DIR/libquire.a")

cc() { gcc -std=c11 -Wall -Wextra -Werror "${includes[@]}" "$@"; }

# declared DEFINITION...: names of the functions that the headers declare and do not define.
declared() {
	printf '#include <%s>\n' "${headers[@]}" >"$work/all.c"
	cc "$@" -aux-info "$work/info" -c "$work/all.c" -o "$work/all.o" &&
		sed -nE '\|compat/sof/include|s/.*\*\/ extern .*[ *]([a-z_0-9]+) \(.*\);.*/\1/p' "$work/info" |
		sort -u
}

# links DEFINITION...: a program that refers to all of them.
links() {
	local names
	names=$(declared "$@") && [ "$(wc -l <<<"$names")" -gt 40 ] || return
	{
		printf '#include <%s>\n' "${headers[@]}"
		echo 'typedef void function(void);'
		echo 'function *volatile all[] = {'
		printf '(function *)%s,\n' $names
		echo '}; int main(void) { return all[0] == 0; }'
	} >"$work/link.c"
	cc "$@" -Wno-cast-function-type "$work/link.c" "${libraries[@]}" -o "$work/link" &&
		"$work/link"
}
every_declared_function_links() { links; }
those_of_march_2026_link_too() { links -DQUIRE_SOF_VREGION_TYPED; }

every_name_is_declared() {
	local known
	known=$(declared; declared -DQUIRE_SOF_VREGION_TYPED)
	! nm "${libraries[0]}" | awk '$2 ~ /^[TDB]$/ && $3 !~ /^quire_sof_/ { print $3 }' |
		grep -vxF "$known" | grep .
}

every_header_stands_alone() {
	local header define
	for header in "${headers[@]}"; do
		for define in X QUIRE_SOF_VREGION_TYPED CONFIG_SOF_VREGIONS=0; do
			echo "#include <$header>" | cc -D$define -fsyntax-only -x c - || return
		done
	done
}

# compiles_for TARGET ARGUMENT...: with no C library in sight.
compiles_for() {
	local source
	for source in compat/sof/*.c; do
		clang-14 -nostdlibinc --target="$1" -std=c11 -ffreestanding -Wall -Wextra -Wconversion \
			-Werror "${includes[@]}" -isystem test/package/include "${@:2}" -c "$source" \
			-o "$work/object.o" || return
	done
}
it_compiles_for_armv7a() { compiles_for armv7a-none-eabi; }
it_compiles_for_riscv64() { compiles_for riscv64-none-elf; }
it_compiles_without_regions() { compiles_for riscv64-none-elf -DCONFIG_SOF_VREGIONS=0; }

nothing_but_memory_functions_and_quire_is_called() {
	! nm "${libraries[@]}" | awk '
		NF == 2 && $1 == "U"	{ wanted[$2] }
		NF == 3			{ defined[$3] }
		END {
			for (name in wanted)
				if (!(name in defined) && name !~ /^mem(set|cpy|move|cmp)$/)
					print "called: " name
		}' | grep -v _GLOBAL_OFFSET_TABLE_ | grep .
}

one_pointer_is_all_the_state() {
	[ "$(nm "${libraries[0]}" | awk '$2 ~ /^[dDbB]$/ { print $3 }')" = quire_sof_instance ]
}

# table BYTES: whether the sources build with this window of a heap.
table() { compiles_for riscv64-none-elf "-DCONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE=$1"; }
a_table_larger_than_its_window_does_not_build() {
	table 0x140000 && table 0x13ffff && table 0x100000 && ! table 0xfffff
}

# Pages and regions together may hold 16 pages, whatever there is.
the_size_of_the_page_region_is_a_limit() {
	cat >"$work/limit.c" <<-'EOF'
	#include <quire/flat.h>
	#include <quire/sof.h>
	static _Alignas(4096) unsigned char window[2048 * 4096];
	static _Alignas(64) unsigned char storage[QUIRE_SOF_STORAGE(2048)];
	static unsigned char bits[QUIRE_FLAT_STORAGE(2048)];
	int main(void)
	{
		static struct quire_flat flat;
		struct quire_flat_config port = { .memory = window, .pages = 2048,
			.page_size = 4096, .storage = bits, .storage_bytes = sizeof(bits) };
		struct quire_sof_config config = { .mmu = &flat.mmu, .base = window, .pages = 2048,
			.storage = storage, .storage_bytes = sizeof(storage) };
		struct vregion *vr;
		void *ptr;

		if (quire_flat_init(&flat, &port) || quire_sof_init(&config))
			return 1;
		ptr = vpage_alloc(10);
		vr = vregion_create(10 * 4096);
		if (!ptr || vpage_alloc(7) || !vregion_alloc(vr, 6 * 4096) || vpage_alloc(1))
			return 2;
		vpage_free(ptr);
		return !rballoc(0, 500000) || !vpage_alloc(10) || vpage_alloc(1) ? 3 : 0;
	}
	EOF
	cc -Iport/flat/include -DCONFIG_SOF_ZEPHYR_VIRTUAL_PAGE_REGION_SIZE=0x10000 "$work/limit.c" \
		compat/sof/*.c port/flat/*.c "${libraries[1]}" -o "$work/limit" && "$work/limit"
}

a_caller_with_another_configuration_does_not_link() {
	echo '#include <quire/sof.h>
	int main(void) { return quire_sof_init(0); }' >"$work/caller.c"
	cc -Wno-nonnull "$work/caller.c" "${libraries[@]}" -o "$work/caller" &&
		! cc -Wno-nonnull -DCONFIG_QUIRE_SOF_REGIONS=32 "$work/caller.c" "${libraries[@]}" \
			-o "$work/caller"
}

. test/support/tap.sh
tap every_declared_function_links those_of_march_2026_link_too every_name_is_declared \
	every_header_stands_alone it_compiles_for_{armv7a,riscv64} it_compiles_without_regions \
	nothing_but_memory_functions_and_quire_is_called one_pointer_is_all_the_state \
	a_table_larger_than_its_window_does_not_build the_size_of_the_page_region_is_a_limit \
	a_caller_with_another_configuration_does_not_link
