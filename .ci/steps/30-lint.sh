#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Style, types, import rules. Every tool runs, so that one log shows all findings.
set -uo pipefail
source .ci/common.sh
use_venv || exit 1

generated=':!cpp/src/simd/thinning_rules.inl'
mapfile -t cpp_files < <(git ls-files '*.cpp' '*.hpp' '*.inl' '*.cu' '*.cuh' "$generated")
mapfile -t cpp_sources < <(git ls-files 'cpp/src/*.cpp')
mapfile -t cmake_files < <(git ls-files '*CMakeLists.txt' '*.cmake')

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "codespell" codespell
check "gersemi" gersemi --check "${cmake_files[@]}"
check "mypy" mypy
check "import-linter" lint-imports --no-cache

if have clang-format; then
  check "clang-format" clang-format --dry-run --Werror "${cpp_files[@]}"
else
  skipped "clang-format is not installed"
fi

tidy() {
  cmake --preset release >/dev/null &&
    printf '%s\0' "${cpp_sources[@]}" |
    xargs -0 -n 4 -P "$JOBS" clang-tidy --quiet -p build/release 2>/dev/null
}
if ! have clang-tidy; then
  skipped "clang-tidy is not installed"
elif [[ ! -e /usr/include/doctest/doctest.h ]]; then
  skipped "clang-tidy: the preset needs doctest, which is not installed"
else
  check "clang-tidy" tidy
fi
((failures == 0))
