#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The C++ tests under the address, undefined-behaviour and thread sanitizers.
set -uo pipefail
source .ci/common.sh
use_venv || exit 1

if [[ ! -e /usr/include/doctest/doctest.h ]]; then
  skipped "doctest is not installed"
  exit 0
fi
have ninja && export CMAKE_GENERATOR=Ninja

sanitized() {
  rm -rf "build/$1"
  cmake --preset "$1" >/dev/null &&
    fixed_addresses cmake --build --preset "$1" -j "$JOBS" >"build/$1/build.log" 2>&1 ||
    { tail -n 40 "build/$1/build.log"; return 1; }
  fixed_addresses ctest --preset "$1"
}

check "address and undefined behaviour" sanitized asan
check "threads" sanitized tsan
((failures == 0))
