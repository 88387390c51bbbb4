# SPDX-License-Identifier: BSD-3-Clause
#
# Compiles one topology source: cmake -D compiler=... -D source=... -D output=... -P compile.cmake
#
# alsatplg looks for <confdir:...> includes in ALSA_CONFIG_DIR. It warns of a route to a widget that
# does not exist, and goes on; here a warning is an error.
cmake_path(GET source PARENT_PATH folder)
set(ENV{ALSA_CONFIG_DIR} ${folder})

execute_process(COMMAND ${compiler} -c ${source} -o ${output}
	RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)

if(NOT result EQUAL 0 OR NOT said STREQUAL "")
	file(REMOVE ${output})
	message(FATAL_ERROR "${source}: alsatplg ended with ${result} and said\n${said}")
endif()
