# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(triple riscv64-none-elf)
set(flags "-march=rv64imac -mabi=lp64 -mcmodel=medany -mno-relax")
set(emulator "qemu-system-riscv64 -M virt -smp 2 -bios none -m 32M -display none -serial stdio -monitor none -no-reboot -kernel")
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
