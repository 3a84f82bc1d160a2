# SPDX-License-Identifier: Apache-2.0
# What all of the project's own C++ is compiled with. Included before any target is made.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Link-time optimisation would see through the instruction sets of single files.
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)

add_library(gftcore_warnings INTERFACE)
target_compile_options(
  gftcore_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${GFTCORE_WERROR}>:-Werror>
)

if(GFTCORE_SANITIZE)
  add_compile_options(
    -fsanitize=${GFTCORE_SANITIZE}
    -fno-sanitize-recover=all
    -fno-omit-frame-pointer
  )
  add_link_options(-fsanitize=${GFTCORE_SANITIZE})
endif()
