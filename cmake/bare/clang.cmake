# SPDX-License-Identifier: BSD-3-Clause
#
# What the toolchains of bare machines share that clang can build for. A file for each sets `triple`,
# `flags` and `emulator` and includes this one.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER clang-14)
set(CMAKE_ASM_COMPILER clang-14)
set(CMAKE_C_COMPILER_TARGET ${triple})
set(CMAKE_ASM_COMPILER_TARGET ${triple})
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_ASM_FLAGS_INIT "${flags}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=/usr/bin/ld.lld-14 -nostdlib -static -Wl,--build-id=none")
set(CMAKE_AR llvm-ar-14)
set(CMAKE_RANLIB llvm-ranlib-14)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(QUIRE_EMULATOR "${emulator}" CACHE STRING "Runs an image, which is its last argument")
