# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What an outside program gets: libassay.a and libassay_emulate.a, the public headers with the tables
# that they include, and a pkg-config file that needs no editing when the tree is moved.

# The library targets of the tree, put together into one archive.
function(assay_archive name)
  set(objects)
  foreach(part ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:${part}>)
  endforeach()
  add_library(installed_${name} STATIC ${objects})
  set_target_properties(installed_${name} PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME ${name}
                        ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/installed)
  install(TARGETS installed_${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# The public header DIR/MODULE.h and the tables beside it.
function(assay_headers dir)
  get_filename_component(module ${dir} NAME)
  string(REGEX REPLACE "^core/" "" place ${dir})
  file(GLOB tables CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/*.def)
  install(FILES ${CMAKE_SOURCE_DIR}/${dir}/${module}.h ${tables}
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/assay/${place})
endfunction()

assay_archive(assay assay_base assay_ir assay_settings assay_analysis assay_text assay_validate
              assay_builder assay_mach assay_opt assay_lower assay_regalloc assay_emit assay_x64 assay_a64
              assay_target assay_driver assay_jit)
set(engines assay_runtime assay_softfloat assay_executor assay_interp assay_marshal assay_machine assay_native
            assay_emulate)
set(ASSAY_PC_ENGINES)
if(ASSAY_UNICORN)
  list(APPEND engines assay_unicorn)
  set(ASSAY_PC_ENGINES -lunicorn)
endif()
assay_archive(assay_emulate ${engines})
foreach(dir core/base core/ir core/settings core/analysis core/text core/validate core/mach
            core/emit core/driver core/jit emulate emulate/executor)
  assay_headers(${dir})
endforeach()
install(DIRECTORY core/include/assay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.h)

assay_archive(assay_object assay_object)
assay_headers(core/object)

file(RELATIVE_PATH ASSAY_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/assay.pc.in assay.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/assay.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
