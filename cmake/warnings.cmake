# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The compile options of every target of ours, generated code included.
set(ASSAY_WARNINGS -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wswitch-enum -Wcast-qual
    -Wcast-align -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wformat=2
    -Wpointer-arith -Wredundant-decls -Wdouble-promotion -Wimplicit-fallthrough -Wnull-dereference)

function(assay_target name)
  target_compile_options(${name} PRIVATE -pedantic-errors ${ASSAY_WARNINGS} -fno-common
                         -fvisibility=hidden -ffp-contract=off)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/core ${CMAKE_SOURCE_DIR}/core/include
                             ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L)
  if(ASSAY_WERROR)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
  if(ASSAY_HARSH)
    target_compile_definitions(${name} PRIVATE ASSAY_HARSH)
  endif()
  if(ASSAY_PARANOID OR ASSAY_SANITIZE)
    target_compile_definitions(${name} PRIVATE ASSAY_PARANOID)
  endif()
  if(ASSAY_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all
                           -fno-omit-frame-pointer)
    target_link_options(${name} PUBLIC -fsanitize=${ASSAY_SANITIZE})
  endif()
endfunction()
