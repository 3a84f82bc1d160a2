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


@pytest.mark.parametrize("images", [1, 1264])
def test_a_synthetic_cohort_is_known(manifest: datasets.Manifest, images: int) -> None:
    text = f'{{"schema": "gftcore-cohort/1", "images": {images}}}'
    (manifest.folder / "cohort.json").write_text(text)
    assert datasets.is_synthetic(manifest)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"schema": 1, "images": 1}',
        '{"schema": "other", "images": 1}',
        '{"schema": "gftcore-cohort/1"}',
        '{"schema": "gftcore-cohort/1", "images": "9"}',
        '{"schema": "gftcore-cohort/1", "images": true}',
        # The manifest lists more images than the cohort has.
        '{"schema": "gftcore-cohort/1", "images": 0}',
    ],
)
def test_other_folders_are_not(manifest: datasets.Manifest, text: str | None) -> None:
    if text is not None:
        (manifest.folder / "cohort.json").write_text(text)
    assert not datasets.is_synthetic(manifest)


def test_only_manifests_are_asked_for() -> None:
    with pytest.raises(ArgumentTypeError, match="manifest must come from read_manifest, got str"):
        datasets.is_synthetic("manifest.csv")  # type: ignore[arg-type]
