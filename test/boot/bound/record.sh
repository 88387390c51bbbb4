#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Counts anew and writes bounds.tsv and doc/bounds.md: for changes that are meant to take more or less.
# `git diff` tells what they are.
set -eu
cd "$(dirname "$0")/../../.."
bound=test/boot/bound
new=$(mktemp)
trap 'rm -f "$new"' EXIT

cmake --preset riscv64 >/dev/null
cmake --build build-riscv64 --target bound
build-riscv64/test/boot/bound.sh -v record=1 >"$new"
cat "$new" >$bound/bounds.tsv
awk -f $bound/table.awk $bound/bounds.tsv >doc/bounds.md
