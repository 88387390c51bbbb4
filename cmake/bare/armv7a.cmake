# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_PROCESSOR armv7a)
set(triple armv7a-none-eabi)
set(flags "-mcpu=cortex-a15 -marm -mfloat-abi=soft -mno-unaligned-access")
set(emulator "qemu-system-arm -M virt -cpu cortex-a15 -nic none -semihosting -m 32M -display none -serial stdio -monitor none -no-reboot -kernel")
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
