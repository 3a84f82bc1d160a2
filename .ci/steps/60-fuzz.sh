#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The fuzz targets under the sanitizers: kept inputs, planted bugs, then a million executions.
# libFuzzer drives them where clang has it, generated inputs elsewhere.
set -uo pipefail
source .ci/common.sh
use_venv || exit 1
have ninja && export CMAKE_GENERATOR=Ninja

built() {
  rm -rf build/fuzz
  mkdir -p build/fuzz
  { cmake --preset fuzz "$@" && fixed_addresses cmake --build --preset fuzz -j "$JOBS"; } \
    >build/fuzz/build.log 2>&1 || { tail -n 40 build/fuzz/build.log; return 1; }
}

compiler=()
if has_libfuzzer; then
  compiler=(-DCMAKE_CXX_COMPILER=clang++)
else
  skipped "libFuzzer: clang or its runtime is not installed; inputs are generated instead"
fi
check "build" built "${compiler[@]}"
((failures == 0)) || exit 1
check "kept inputs and planted bugs" fixed_addresses ctest --preset fuzz -j "$JOBS" --quiet
check "a million executions" \
  fixed_addresses python tests/fuzz/run.py --executions 1000000 --least 30000 --jobs "$JOBS"
((failures == 0))
