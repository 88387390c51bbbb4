# SPDX-License-Identifier: BSD-3-Clause
#
# The image that counts instructions, on the histories of bench/step. The counter is exact for one core
# that is emulated by the instruction.
set(QUIRE_BOUND_TIMES 1 CACHE STRING "Count so many times as many allocations; bounds are recorded for 1")
set(bench ${PROJECT_SOURCE_DIR}/bench)
file(GLOB bound_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
image(bound quire_bare ${bound_sources} ${bench}/random.c ${bench}/step/history.c)
target_compile_definitions(bound PRIVATE BOUND_TIMES=${QUIRE_BOUND_TIMES}u)
target_include_directories(bound PRIVATE ${bench}/step)
set(bound ${CMAKE_CURRENT_LIST_DIR})
emulated(bound bound "timeout 1200 @emulator_command@ $<TARGET_FILE:bound> -smp 1 -icount shift=0 |
	exec awk \"$@\" -f @bound@/bound.awk @bound@/bounds.tsv -")
emulated(bound-doc bound "echo 1..1
awk -f @bound@/table.awk @bound@/bounds.tsv | cmp -s - @PROJECT_SOURCE_DIR@/doc/bounds.md || printf 'not '
echo 'ok 1 - doc/bounds.md tells the bounds that are asserted'")
