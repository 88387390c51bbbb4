#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Says where a C file differs from .clang-format; with --fix, mends it.
set -u
cd "$(dirname "$0")/.." || exit 2

how=(--dry-run -Werror)
[ "${1-}" != --fix ] || how=(-i)
find . \( -path ./.git -o -path './build*' \) -prune -o -name '*.[ch]' -print0 |
	xargs -0 -r clang-format-14 "${how[@]}"
