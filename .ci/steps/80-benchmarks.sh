#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every benchmark runs, and its answers equal those of its peers. A speed goal that is missed on a
# busy machine is reported, not failed; the rows are written only when all answers were right.
# Then this version beside the commit before: a confirmed slow-down fails.
set -uo pipefail
source .ci/common.sh
use_venv || exit 1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ratios() {
  python benchmarks/ratios.py --rounds 3 --json "$folder/ratios.json"
  local code=$?
  if [[ ! -s "$folder/ratios.json" ]] || ((code > 1)); then
    echo "benchmarks/ratios.py ended with $code"
    return 1
  fi
  ((code == 0)) || echo "REPORT: a speed goal was missed, see above"
}
check "ratios beside peers" ratios

if git rev-parse --quiet --verify 'HEAD~1^{commit}' >/dev/null 2>&1; then
  check "speed beside the commit before" python benchmarks/compare.py --base HEAD~1
else
  skipped "speed beside the commit before: this clone does not hold it"
fi
((failures == 0))
