# SPDX-License-Identifier: BSD-3-Clause
#
# What `cmake --install build` puts where: the libraries with pkg-config and CMake package files,
# the tool, its manual pages, the boards and the compiled example topologies.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/quire)

set_target_properties(quire_linux PROPERTIES EXPORT_NAME linux)
set_target_properties(quire_flat PROPERTIES EXPORT_NAME flat)
set_target_properties(quire_adsp PROPERTIES EXPORT_NAME adsp)
set_target_properties(quire_sof PROPERTIES EXPORT_NAME sof)
install(TARGETS quire quire_linux quire_flat quire_adsp quire_sof EXPORT quire
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT quire DESTINATION ${package} NAMESPACE quire:: FILE quireTargets.cmake)
configure_file(cmake/quireConfig.cmake.in quireConfig.cmake @ONLY)
write_basic_package_version_file(quireConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/quireConfig.cmake ${PROJECT_BINARY_DIR}/quireConfigVersion.cmake
	DESTINATION ${package})

# quire_pc(NAME DESCRIPTION REQUIRES LIBS) writes NAME.pc, which finds its prefix from its own place.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
	BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE up)
function(quire_pc name description requires libs)
	configure_file(cmake/quire.pc.in ${name}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
quire_pc(quire "${PROJECT_DESCRIPTION}" "" "-lquire")
quire_pc(quire-linux "Quire on Linux pages" quire "-lquire_linux -pthread")
quire_pc(quire-flat "Quire on memory without a page unit" quire "-lquire_flat")
quire_pc(quire-sof "SOF's own function names over Quire" quire "-lquire_sof")
quire_pc(quire-adsp "Quire on a model of the Intel ADSP" quire "-lquire_adsp -pthread")

install(DIRECTORY include/ port/linux/include/ port/flat/include/ port/adsp/include/
	compat/sof/include/
	TYPE INCLUDE FILES_MATCHING PATTERN *.h)

if(TARGET quire_tool)
	set(data ${CMAKE_INSTALL_DATADIR}/quire)
	install(TARGETS quire_tool)
	install(DIRECTORY doc/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN *.1)
	install(DIRECTORY boards DESTINATION ${data} FILES_MATCHING PATTERN *.ini)
	install(DIRECTORY ${PROJECT_BINARY_DIR}/example/topologies/ DESTINATION ${data}/topologies
		FILES_MATCHING PATTERN *.tplg PATTERN CMakeFiles EXCLUDE)
endif()
