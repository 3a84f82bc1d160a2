# SPDX-License-Identifier: Apache-2.0
# Settings that every target of this project shares.

function(gftcore_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(
    ${target}
    PROPERTIES
      CXX_EXTENSIONS OFF
      CXX_VISIBILITY_PRESET hidden
      VISIBILITY_INLINES_HIDDEN ON
      POSITION_INDEPENDENT_CODE ON
      # The linker must never see through the instruction sets of single files.
      INTERPROCEDURAL_OPTIMIZATION OFF
  )
  target_compile_options(
    ${target}
    PRIVATE
      # A fused multiply-add rounds once: results would depend on the compiler's choice.
      -ffp-contract=off
      -Wall
      -Wextra
      -Wpedantic
      -Wconversion
      -Wshadow
      $<$<BOOL:${GFTCORE_WERROR}>:-Werror>
  )
  if(GFTCORE_SANITIZE)
    target_compile_options(
      ${target}
      PRIVATE
        -fsanitize=${GFTCORE_SANITIZE}
        -fno-sanitize-recover=all
        -fno-omit-frame-pointer
    )
    target_link_options(${target} PUBLIC -fsanitize=${GFTCORE_SANITIZE})
  endif()
endfunction()
