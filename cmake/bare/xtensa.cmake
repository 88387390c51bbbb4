# SPDX-License-Identifier: BSD-3-Clause
#
# Debian's gcc for Xtensa is for a smaller core, whose instructions are a subset of the dc232b's.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR xtensa)
set(CMAKE_C_COMPILER xtensa-lx106-elf-gcc)
set(CMAKE_ASM_COMPILER xtensa-lx106-elf-gcc)
set(CMAKE_C_FLAGS_INIT "-mlongcalls -mtext-section-literals")
set(CMAKE_ASM_FLAGS_INIT "-mlongcalls -mtext-section-literals")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib -static -Wl,--build-id=none")
set(CMAKE_C_STANDARD_LIBRARIES_INIT "-lgcc")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(QUIRE_EMULATOR "qemu-system-xtensa -M sim -cpu dc232b -semihosting -m 160M -display none -monitor none -no-reboot -kernel" CACHE STRING "Runs an image, which is its last argument")
