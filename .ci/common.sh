# SPDX-License-Identifier: Apache-2.0
# What the steps share. Sourced in the root of the checkout.

readonly JOBS=2

# The reason of each skip is printed, so that a log shows what was not checked.
skipped() { echo "SKIPPED: $*"; }

have() { command -v "$1" >/dev/null 2>&1; }

# Debian's packages of what is no Python package; only those that are missing.
install_system_tools() {
  local missing=()
  [[ -e /usr/include/doctest/doctest.h ]] || missing+=(doctest-dev)
  have clang-format || missing+=(clang-format)
  have clang-tidy || missing+=(clang-tidy)
  have valgrind || missing+=(valgrind)
  ((${#missing[@]})) || return 0
  if [[ $(id -u) -ne 0 ]] || ! have apt-get; then
    skipped "installation of ${missing[*]}: needs root and apt-get"
    return 0
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >/dev/null 2>&1 || skipped "installation of ${missing[*]}: apt-get failed"
}

# Set-up command number $1 of the README, word for word.
readme_command() {
  sed -n '/^```sh$/,/^```$/p' README.md | grep '^python3 ' | sed -n "${1}p"
}

# Tools of the development environment that step 20 made.
use_venv() {
  if [[ ! -x .venv/bin/python ]]; then
    echo "no .venv: the second set-up command of the README has not run"
    return 1
  fi
  PATH="$PWD/.venv/bin:$PATH"
}

# Runs a check, shows its name and its result, and remembers a failure in `failures`.
failures=0
check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok: $name"
  else
    echo "FAILED: $name"
    failures=$((failures + 1))
  fi
}

# The files of a demo run in folder $1 are there and not empty.
demo_written() {
  local file
  for file in demo_octa.{png,npz,junctions.csv,nodes.csv,edges.csv,overlay.png} \
    columns.csv run.json; do
    [[ -s "$1/$file" ]] || { echo "the demo did not write $file"; return 1; }
  done
}

# Runs a command without network, where the kernel allows it.
offline() {
  if unshare -rn true 2>/dev/null; then
    unshare -rn "$@"
  else
    skipped "isolation from the network: unshare -rn is not allowed"
    "$@"
  fi
}
