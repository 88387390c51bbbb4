# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash

# tap FUNCTION...: runs each function as a test case; its output is shown only if it fails.
tap() {
	local n=0 case output
	echo "1..$#"
	for case; do
		n=$((n + 1))
		if output=$("$case" 2>&1); then
			echo "ok $n - $case"
		else
			echo "not ok $n - $case"
			printf '%s\n' "$output" | sed 's/^/# /'
		fi
	done
}
