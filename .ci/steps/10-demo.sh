#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The first set-up command of the README, in a clean clone; then the demo alone, without network.
set -euo pipefail
source .ci/common.sh

command=$(readme_command 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --no-hardlinks . "$folder/gftcore"
cd "$folder/gftcore"
echo "$command"
bash -c "$command"
demo_written gftcore-demo

offline .venv/bin/gftcore demo --out "$folder/offline" --quiet
demo_written "$folder/offline"
