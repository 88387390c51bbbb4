# SPDX-License-Identifier: BSD-3-Clause
#
# quire_library(NAME FOLDER INCLUDE DIR LIBS ...)      a static library of all sources of a folder
# quire_program(NAME FILE PATH SOURCES ... LIBS ...)   a program, put at PATH in the build folder
#
# Both build with our warnings.

set(QUIRE_WARNINGS
	-Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla -Wpointer-arith -Wwrite-strings
	-Wstrict-prototypes -Wmissing-prototypes)

function(quire_library name folder)
	cmake_parse_arguments(PARSE_ARGV 2 arg "" "INCLUDE" "LIBS")
	cmake_path(ABSOLUTE_PATH arg_INCLUDE NORMALIZE)
	file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
	add_library(${name} STATIC ${sources})
	target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${arg_INCLUDE}>)
	target_compile_options(${name} PRIVATE ${QUIRE_WARNINGS})
	target_link_libraries(${name} PUBLIC ${arg_LIBS})
endfunction()

function(quire_program name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILE" "SOURCES;LIBS")
	cmake_path(GET arg_FILE PARENT_PATH folder)
	cmake_path(GET arg_FILE FILENAME file)
	add_executable(${name} ${arg_SOURCES})
	set_target_properties(${name} PROPERTIES
		OUTPUT_NAME ${file} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder})
	target_compile_options(${name} PRIVATE ${QUIRE_WARNINGS})
	target_link_libraries(${name} PRIVATE ${arg_LIBS})
endfunction()
