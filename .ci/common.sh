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
  have chromium || missing+=(chromium)
  install_packages "${missing[@]}"
  # shellcheck disable=SC2046 # no package or one
  has_libfuzzer || install_packages clang $(libfuzzer_package)
}

# Installs packages if there are any and the machine allows it; says so where it does not.
install_packages() {
  (($#)) || return 0
  if [[ $(id -u) -ne 0 ]] || ! have apt-get; then
    skipped "installation of $*: needs root and apt-get"
    return 0
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } \
    >/dev/null 2>&1 || skipped "installation of $*: apt-get failed"
}

# Whether clang can link a fuzz target: its runtime is a package of its own.
has_libfuzzer() {
  have clang++ || return 1
  local folder result
  folder=$(mktemp -d)
  clang++ -x c++ -fsanitize=fuzzer -o "$folder/target" - >/dev/null 2>&1 <<<'
    extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
  result=$?
  rm -rf "$folder"
  return $result
}

# The runtime for the version that the package `clang` stands for, where it is a package.
libfuzzer_package() {
  local version
  have apt-get && [[ $(id -u) -eq 0 ]] && apt-get update -qq >/dev/null 2>&1
  version=$(LC_ALL=C apt-cache depends clang 2>/dev/null |
    sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
  if apt-cache show "libclang-rt-$version-dev" >/dev/null 2>&1; then
    echo "libclang-rt-$version-dev"
  fi
}

# Randomised addresses of new kernels collide with the shadow memory of older sanitizers.
fixed_addresses() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
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
    demo_octa.{explanation.json,explanation.png,table.json,table.md,table.csv,text.json,report.html} \
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
