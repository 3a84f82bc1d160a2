#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The second set-up command of the README, here; then the base install on every other Python.
set -uo pipefail
source .ci/common.sh

command=$(readme_command 2)
echo "$command"
check "README command 2" bash -c "$command"

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
has_headers() {
  "$1" -c 'import sysconfig; open(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null
}

base_only() {
  local folder
  folder=$(mktemp -d)
  "$1" -m venv --without-pip "$folder/venv" &&
    python3 -m pip --python "$folder/venv" install --quiet . &&
    "$folder/venv/bin/gftcore" demo --out "$folder/demo" --quiet &&
    demo_written "$folder/demo"
  local result=$?
  rm -rf "$folder"
  return $result
}

seen=" $(version python3) "
for minor in 10 11 12 13 14; do
  python="python3.$minor"
  have "$python" && [[ $(version "$python") == "3.$minor" ]] || continue
  [[ "$seen" == *" 3.$minor "* ]] && continue
  if ! has_headers "$python"; then
    skipped "$python: it has no headers"
  elif ! "$python" -c 'import venv' 2>/dev/null; then
    skipped "$python: it has no module venv"
  else
    check "base install on $python" base_only "$python"
  fi
done
((failures == 0))
