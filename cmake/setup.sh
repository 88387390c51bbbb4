# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What ./run and ./check share: the packages they need, and how they install and build.

run_packages=(
	gcc libc6-dev cmake ninja-build pkg-config	# build
	libinih-dev libcjson-dev			# the tool reads boards and writes JSON
	libasound2-dev alsa-utils			# topology structures, and alsatplg for the examples
)
check_packages=(
	libcmocka-dev spin valgrind			# tests, the model of a protocol, helgrind
	clang-14 libclang-rt-14-dev			# second compiler, sanitizers
	clang-format-14 clang-tidy-14			# form and lint
	lld-14 llvm-14 gcc-xtensa-lx106 qemu-system-misc qemu-system-arm	# images for bare machines, and emulators
	gcovr						# coverage
	gcc-arm-none-eabi gcc-riscv64-unknown-elf	# code for small processors, only measured
	libjemalloc-dev libmimalloc-dev			# allocators that the benchmark compares with
	libgoogle-perftools-dev libtbb-dev
)
# The 32-bit tests run where the processor can.
[ "$(uname -m)" != x86_64 ] || check_packages+=(gcc-12-multilib)

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

# quietly LOG COMMAND...: keeps the output of COMMAND in LOG, and shows it only if it fails.
quietly() {
	local log=$1 status
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	status=$?
	cat "$log" >&2
	printf '%s: this failed: %s\n' "${0##*/}" "$*" >&2
	return $status
}

# need WHAT-FOR PACKAGE...: installs the Debian packages that are missing.
need() {
	local what_for=$1 missing=() package root=()
	shift
	command -v dpkg-query >/dev/null || {
		echo "Not Debian: to $what_for, install what Debian calls: $*" >&2
		return
	}
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	echo "Installing what is missing to $what_for: ${missing[*]}"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "not root and no sudo: as root, run: apt-get install ${missing[*]}"
		root=(sudo)
	fi
	local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive
		apt-get -qq -o DPkg::Lock::Timeout=600)
	local log
	log=$(mktemp)
	quietly "$log" "${apt[@]}" update
	quietly "$log" "${apt[@]}" install --no-install-recommends -y "${missing[@]}" ||
		die "cannot install; once these are there, start again: ${missing[*]}"
	rm -f "$log"
}

# build PRESET [TARGET...]: configures and builds; the output goes to the build folder's log.
build() {
	local preset=$1 folder=build-$1
	shift
	[ "$preset" != release ] || folder=build
	mkdir -p "$folder" && [ -w "$folder" ] || die "cannot write to $PWD/$folder"
	quietly "$folder/configure.log" cmake --preset "$preset" &&
		quietly "$folder/build.log" cmake --build "$folder" --target "${@:-all}" -- --quiet
}
