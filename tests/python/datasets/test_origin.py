# SPDX-License-Identifier: Apache-2.0
"""A cohort made by a program is known as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gftcore import datasets
from gftcore.errors import ArgumentTypeError


@pytest.fixture
def manifest(tmp_path: Path) -> datasets.Manifest:
    path = tmp_path / "manifest.csv"
    path.write_text("id,subject,eye,path,label\n1,a,OD,1.png,Healthy\n")
    return datasets.read_manifest(path)


def test_a_synthetic_cohort_is_known(manifest: datasets.Manifest) -> None:
    (manifest.folder / "cohort.json").write_text('{"schema": "gftcore-cohort/1"}')
    assert datasets.is_synthetic(manifest)


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", '{"schema": 1}', '{"schema": "other"}']
)
def test_other_folders_are_not(manifest: datasets.Manifest, text: str | None) -> None:
    if text is not None:
        (manifest.folder / "cohort.json").write_text(text)
    assert not datasets.is_synthetic(manifest)


def test_only_manifests_are_asked_for() -> None:
    with pytest.raises(ArgumentTypeError, match="manifest must come from read_manifest, got str"):
        datasets.is_synthetic("manifest.csv")  # type: ignore[arg-type]
