#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Source distribution, wheel built from it, demo in an environment with nothing else.
set -euo pipefail
source .ci/common.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/build"
python3 -m pip --python "$folder/build" install --quiet "scikit-build-core>=0.11" "pybind11>=3.0"
"$folder/build/bin/python" - "$folder/dist" <<'PYTHON'
import sys

from scikit_build_core.build import build_sdist

print(build_sdist(sys.argv[1]))
PYTHON
python3 -m pip wheel --quiet --no-deps --wheel-dir "$folder/dist" "$folder"/dist/gftcore-*.tar.gz

python3 - "$folder"/dist/gftcore-*.whl <<'PYTHON'
import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
print(sys.argv[1].rsplit("/", 1)[1], len(names), "files")
foreign = [n for n in names if not n.startswith(("gftcore/", "gftcore-"))]
wanted = ["gftcore/_core.pyi", "gftcore/py.typed"]
wanted += [f"gftcore/assets/{name}" for name in ("demo_octa.png", "staging.safetensors")]
wanted += ["gftcore/tabulation/table.schema.json"]
wanted += [f"gftcore/report/templates/{name}" for name in ("case.html", "index.html", "style.css")]
absent = [n for n in wanted if n not in names]
if not any(n.startswith("gftcore/_core.") and n.endswith(".so") for n in names):
    absent.append("gftcore/_core.*.so")
if foreign or absent:
    sys.exit(f"foreign files {foreign}, missing files {absent}")
PYTHON
if have auditwheel; then
  auditwheel show "$folder"/dist/gftcore-*.whl
else
  skipped "auditwheel is not installed"
fi

python3 -m venv --without-pip "$folder/bare"
python3 -m pip --python "$folder/bare" install --quiet "$folder"/dist/gftcore-*.whl
cd "$folder"
offline bare/bin/gftcore demo --out demo --quiet
demo_written demo
offline bare/bin/gftcore stage demo/demo_octa.png --json | grep -q '"prediction"'
