# SPDX-License-Identifier: BSD-3-Clause
#
# Writes doc/bounds.md from bounds.tsv, whose columns bound.awk tells; see record.sh.
function say(text) { print text }

function begin_layer(name) {
	layer = name
	say("\n## " name "\n")
	head("call")
}

BEGIN {
	FS = "\t"
	split("64 256 1024 4096 16384 65536", window, " ")
	say("# Instruction bounds\n")
	say("<!-- Written by test/boot/bound/table.awk. Do not edit. -->\n")
	say("What every public call takes, in instructions of a 64-bit RISC-V (rv64imac) as clang 14 -O2 generates")
	say("them: **worst / mean**, for windows of 64 to 65536 units. They are exact, so they are asserted: `./check`")
	say("fails if a call takes one instruction more, at the worst or on average, and says where it takes less.\n")
	say("    cmake --preset riscv64 && cmake --build build-riscv64 --target tests")
	say("    test/run-tests build-riscv64 \"boot/bound*\"     # asserts: 20 seconds")
	say("    test/boot/bound/record.sh                       # writes them and this page anew\n")
	say("- **What is counted.** From the first instruction of the function to its return, all that it calls included,")
	say("  by the processor's own counter of an emulated machine that counts exactly (QEMU, `-icount`). Reading the")
	say("  counter and calling are measured on functions of known length and taken off.")
	say("- **What is played.** The histories of `bench/step/history.c`, of malice and of chance, each cut off after some")
	say("  hundred or thousand allocations, in large windows nearly full ones; gaps that no aligned request fits; and places")
	say("  far from any boundary. In between all other calls are made, and leave everything as it was. What is worst *there*")
	say("  is recorded; no proof says that nothing is worse. Ten times as many allocations (`-D QUIRE_BOUND_TIMES=10`, 90")
	say("  seconds) find more than a twentieth more in 9 of 155 rows, and at the most 35 %.")
	say("- **The driver's share** is left out: map, unmap, protect, power and locks are empty functions of two or three")
	say("  instructions, and nothing is behind the addresses. What a page unit takes comes on top.")
	say("- **Steps.** What a call takes by its contract for each page, bank, word or slot comes on top of the figure, so")
	say("  many instructions for each of them, and the figure depends on the window alone. A step counts with the dearest")
	say("  there is: pages that are there and that are not take turns, and each needs a call of the driver of its own.")
	say("- **Growth.** No window's worst is above this line in n units (the logarithm to the base 2), and at least half of")
	say("  what the worst so far adds from 64 to 65536 units is there at 4096: so it is for a logarithm (60 %), not for a")
	say("  root (23 %) or a scan (6 %). A figure can be less in a larger window: a history that is cut off fills less of it.")
	say("- **Not here**: calls that copy (save and restore of a region or a vspace; a ring's write, read and move are, for small windows,")
	say("  with the C library's share), and checks, which walk everything.")
	say("- **Another compiler** gives other figures. These belong to the one that `./check` installs; compare, do not add up.")
	say("\n## What stands out\n")
	say("- *An alignment* beyond the units' own is dear at the worst: before a search gives up it looks at the 16 shortest")
	say("  runs, some 600 instructions each, for what is preferred and again for the least. A heap's request whose pages")
	say("  are not there yet searches twice, once on the plain way and once on the general one.")
	say("- *owner_of, next, alloc_at* and every wrong pointer look for the boundary below an address: some 115 instructions")
	say("  for each doubling of the window. A free that is right does not.")
	say("- *commit, decommit, protect* and *resize* of a vspace look at every page of the allocation, whatever the part; *trim*,")
	say("  *evacuate* and *dismiss* at every page of the window. All but the last are calls for the driver too, which takes")
	say("  longer than that for each page that it changes.")
	say("- *frames* look at each free run of each powered bank: at the worst 16 runs in a bank of 32, 2005 instructions. That")
	say("  is 44 000 for a board with 22 banks, in the driver, and not under the short lock.")
}

function head(first,  i) {
	printf "| %s | steps | growth", first
	for (i = 1; i in window; i++)
		printf " | %s", window[i]
	printf " |\n|---|---|---"
	for (i = 1; i in window; i++)
		printf "|--:"
	say("|")
}

function growth() { return $5 ? ($4 ? $4 " + " : "") $5 " log n" : $4 }

# How long the short lock is held: the calls are told together, behind the others.
/^locked, / {
	name[1] = substr($1, 9)
	line = "| " name[1] " | " ($2 ? "+ " $2 " a " $3 : "") " | " growth()
	split("", told)
	for (i = 6; i <= NF; i++) {
		split($i, cell, /[=\/]/)
		told[cell[1]] = cell[2]
		if (cell[2] > longest[cell[1]])
			longest[cell[1]] = cell[2]
	}
	for (i = 1; i in window; i++)
		line = line " | " told[window[i]]
	locked[++locks] = line " |"
	next
}

/^#/ { next }
{
	split($1, name, ": ")
	if (name[1] != layer)
		begin_layer(name[1])
	printf "| %s | %s | %s", name[2], $2 ? "+ " $2 " a " $3 : "", growth()
	split("", told)
	for (i = 6; i <= NF; i++) {
		split($i, cell, /[=\/]/)
		told[cell[1]] = cell[2] " / " cell[3]
	}
	for (i = 1; i in window; i++)
		printf " | %s", told[window[i]]
	say(" |")
}

END {
	say("\n## How long the short lock is held\n")
	say("The longest stretch from where the lock is had to where it is given back, in all calls of a kind: so long another")
	say("core spins at the most for each call that it finds there, or interrupts wait where the lock keeps them out. The driver is not called")
	say("meanwhile (`test/support/mmu.c` asserts it, and every program that finds it otherwise fails). Steps come on top where the lock is")
	say("kept from step to step; *trim*, *evacuate* and *reset_interim* let go of it every 32 pages, or for each allocation.")
	say("*dismiss* does not: a budget that goes while USER pages are retained looks at the window in one stretch.\n")
	head("call")
	printf "| **the longest of all** | | "
	for (i = 1; i in window; i++)
		printf " | %s", longest[window[i]]
	say(" |")
	for (i = 1; i <= locks; i++)
		say(locked[i])
}
