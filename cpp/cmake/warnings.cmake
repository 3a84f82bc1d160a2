# SPDX-License-Identifier: Apache-2.0
# The warnings that all of the project's own C++ is free of.
add_library(gftcore_warnings INTERFACE)
target_compile_options(
  gftcore_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${GFTCORE_WERROR}>:-Werror>
)
