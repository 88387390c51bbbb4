#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The core is for firmware: it needs a compiler and four functions of string.h, on 32 and 64 bit,
# and keeps no state of its own.
set -u
cd "$QUIRE_SOURCE_DIR" || exit 1
library=$QUIRE_BINARY_DIR/libquire.a

only_freestanding_headers_are_included() {
	local headers='float|iso646|limits|stdalign|stdarg|stdbool|stddef|stdint|stdnoreturn|string'
	! grep -nE '^ *# *include *<' src/*.[ch] include/quire/*.h |
		grep -vE "<($headers)\.h>|<quire/[a-z]+\.h>"
}

# compiles_with COMPILER...: the core and the flat port, with no C library in sight.
compiles_with() {
	local source
	for source in src/*.c port/flat/*.c; do
		"$@" -std=c11 -ffreestanding -Wall -Wextra -Wconversion -Werror -Iinclude \
			-Iport/flat/include -isystem test/package/include \
			-c "$source" -o /dev/null || return
	done
}
clang() { clang-14 -nostdlibinc "$@"; }
it_compiles_for_armv7a() { compiles_with clang --target=armv7a-none-eabi; }
it_compiles_for_aarch64() { compiles_with clang --target=aarch64-none-elf; }
it_compiles_for_riscv32() { compiles_with clang --target=riscv32-none-elf; }
it_compiles_for_riscv64() { compiles_with clang --target=riscv64-none-elf; }
it_compiles_for_i386() { compiles_with clang --target=i386-none-elf; }
every_header_stands_alone() {
	local header
	for header in include/quire/*.h; do
		echo "#include <quire/${header##*/}>" |
			clang -std=c11 -ffreestanding -Wall -Wextra -Werror -Iinclude \
				-isystem test/package/include -fsyntax-only -x c - || return
	done
}

nothing_but_memory_functions_is_called() {
	! nm "$library" | awk '
		NF == 2 && $1 == "U"	{ wanted[$2] }
		NF == 3			{ defined[$3] }
		END {
			for (name in wanted)
				if (!(name in defined) && name !~ /^mem(set|cpy|move|cmp)$/)
					print "called: " name
		}' | grep .
}
there_is_no_global_state() {
	! size -A "$library" | awk '
		/\(ex /							{ object = $1 }
		/^\.t?(data|bss)/ && !/^\.data\.rel\.ro/ && $2 > 0	{ print object, $1, $2 }' | grep .
}

. test/support/tap.sh
tap only_freestanding_headers_are_included every_header_stands_alone \
	it_compiles_for_{armv7a,aarch64,riscv32,riscv64,i386} \
	nothing_but_memory_functions_is_called there_is_no_global_state
