#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documentation builds without a warning; the examples of the guide and the docstrings run.
set -uo pipefail
source .ci/common.sh
use_venv || exit 1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
check "sphinx" sphinx-build -q -W -n -b html docs "$folder/html"
check "examples of the guide" sphinx-build -q -W -b doctest docs "$folder/doctest"
check "examples of docstrings" python -m pytest -q --doctest-modules --pyargs gftcore
((failures == 0))
