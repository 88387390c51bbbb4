# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(triple aarch64-none-elf)
set(flags "-mcpu=cortex-a53 -mgeneral-regs-only -mstrict-align")
set(emulator "qemu-system-aarch64 -M virt -cpu cortex-a53 -nic none -semihosting -m 32M -display none -serial stdio -monitor none -no-reboot -kernel")
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
