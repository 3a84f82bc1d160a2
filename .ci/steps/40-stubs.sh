#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The committed stub of the compiled core is the one that the core gives.
set -euo pipefail
source .ci/common.sh
use_venv

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python tests/stubs.py "$folder/_core.pyi"
diff -u python/gftcore/_core.pyi "$folder/_core.pyi"
