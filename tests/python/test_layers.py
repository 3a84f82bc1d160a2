# SPDX-License-Identifier: Apache-2.0
"""Who may include whom in the core, and who loads it."""

from __future__ import annotations

import re

import pytest

from checkout import ROOT

# The areas each area may use besides itself; `simd` is a leaf that kernels call.
USES = {
    "common": set(),
    "simd": set(),
    "morphology": {"common", "simd"},
    "image": {"common", "simd", "morphology"},
    "vessel": {"common", "morphology"},
    "intercapillary": {"common", "simd", "morphology"},
    "graph": {"common", "morphology", "image", "vessel", "intercapillary"},
    "synth": {"common"},
    "biomarkers": {"common", "morphology", "intercapillary"},
    "metrics": {"common"},
    "nn": {"common", "simd", "graph"},
    "attribution": {"common", "simd", "graph", "nn"},
}
INCLUDE = re.compile(r'#include "(?:\.\./)?(?:gftcore/)?(\w+)/')


def areas_used(area: str) -> set[str]:
    folders = [ROOT / "cpp" / "include" / "gftcore" / area, ROOT / "cpp" / "src" / area]
    files = [path for folder in folders for path in folder.glob("*.*")]
    assert files
    return {name for path in files for name in INCLUDE.findall(path.read_text())} - {area}


@pytest.mark.parametrize("area", USES)
def test_areas_include_only_what_lies_below(area: str) -> None:
    assert areas_used(area) <= USES[area]


def test_every_area_is_listed() -> None:
    assert {path.name for path in (ROOT / "cpp" / "src").iterdir()} == set(USES)


def test_one_module_loads_the_core() -> None:
    package = ROOT / "python" / "gftcore"
    loading = re.compile(r"^\s*(from gftcore import .*\b_core\b|import gftcore\._core)", re.M)
    users = [path.name for path in package.rglob("*.py") if loading.search(path.read_text())]
    assert users == ["_native.py"]


def test_evidence_page_names_every_test_file() -> None:
    page = (ROOT / "docs" / "development" / "evidence.md").read_text()
    tests = ROOT / "tests" / "python"
    files = {path.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    missing = {name for name in files if name not in page}
    assert not missing, f"docs/development/evidence.md does not name {sorted(missing)}"
