# SPDX-License-Identifier: Apache-2.0
# Instruction sets are chosen per source file; no other file is compiled with these options. On
# other architectures than x86-64 the files are left out, and the kernels' dispatch, which asks the
# compiler for the same architecture, runs the scalar ones.

function(gftcore_simd_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "AVX2;AVX512")
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} -dM -E -x c++ /dev/null
    OUTPUT_VARIABLE macros
    ERROR_QUIET
  )
  if(NOT macros MATCHES "__x86_64__ 1")
    return()
  endif()
  target_sources(${target} PRIVATE ${arg_AVX2} ${arg_AVX512})
  set_source_files_properties(
    ${arg_AVX2}
    TARGET_DIRECTORY ${target}
    PROPERTIES COMPILE_OPTIONS "-mavx2;-mbmi2;-mfma;-fno-lto"
  )
  set_source_files_properties(
    ${arg_AVX512}
    TARGET_DIRECTORY ${target}
    PROPERTIES
      COMPILE_OPTIONS "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mbmi2;-fno-lto"
  )
endfunction()
