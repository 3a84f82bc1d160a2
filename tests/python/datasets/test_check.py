# SPDX-License-Identifier: Apache-2.0
"""Files that a manifest names, and what is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import datasets, io
from gftcore.datasets import Manifest, Record, check_files, write_manifest

IMAGE = np.arange(8 * 10, dtype=np.uint8).reshape(8, 10)
MASK = np.kron(IMAGE % 2, np.ones((4, 4), dtype=np.uint8)).astype(bool)


def manifest_of(folder: Path, *rows: dict[str, Any]) -> Manifest:
    common = {"subject": "s", "eye": "OD", "label": "PDR"}
    records = [
        Record(**(common | {"id": f"{i}", "path": f"{i}.png"} | row)) for i, row in enumerate(rows)
    ]
    return write_manifest(folder / "manifest.csv", records)


def found(manifest: Manifest, **options: Any) -> list[tuple[int, str, str]]:
    return [
        (problem.row, problem.column, problem.message)
        for problems in check_files(manifest, **options)
        for problem in problems
    ]


def test_sound_files(tmp_path: Path) -> None:
    io.write_image(tmp_path / "0.png", IMAGE)
    io.write_image(tmp_path / "1.png", IMAGE + 1)
    io.write_image(tmp_path / "2.png", IMAGE + 2)
    io.write_image(tmp_path / "m.png", MASK)
    io.write_image(tmp_path / "m1.png", IMAGE > 9)
    rows = [{"mask_path": "m.png"}, {"mask_path": "m1.png"}, {}]
    assert found(manifest_of(tmp_path, *rows)) == []


def test_every_bad_file_is_told_by_row_and_column(tmp_path: Path) -> None:
    io.write_image(tmp_path / "0.png", IMAGE)
    (tmp_path / "2.png").write_text("no image")
    (tmp_path / "3.png").write_bytes((tmp_path / "0.png").read_bytes())
    io.write_image(tmp_path / "4.png", np.stack([IMAGE, IMAGE, IMAGE + 1], axis=2))
    (tmp_path / "5.png").mkdir()
    np.save(tmp_path / "6.npy", IMAGE[:0])
    for number in range(7, 12):
        io.write_image(tmp_path / f"{number}.png", IMAGE + number)
    io.write_image(tmp_path / "wide.png", np.kron(IMAGE, np.ones((1, 4), np.uint8)) > 9)
    io.write_image(tmp_path / "half.png", IMAGE[::2, ::2] > 9)
    io.write_image(tmp_path / "odd.png", np.pad(MASK, 1))
    rows: list[dict[str, Any]] = [
        {}, {}, {}, {}, {}, {}, {"path": "6.npy", "mask_path": "wide.png"},
        {"mask_path": "wide.png"}, {"mask_path": "half.png"}, {"mask_path": "odd.png"},
        {"mask_path": "0.png"}, {"mask_path": "gone.png"},
    ]  # fmt: skip
    got = found(manifest_of(tmp_path, *rows))
    assert [(row, column) for row, column, _ in got] == [
        (3, "path"), (4, "path"), (5, "path"), (6, "path"), (7, "path"), (8, "path"),
        (8, "mask_path"), (9, "mask_path"), (10, "mask_path"), (11, "mask_path"),
        (12, "mask_path"), (13, "mask_path"),
    ]  # fmt: skip
    text = [message for *_, message in got]
    assert text[0] == "No such file or directory"
    assert text[1].startswith("cannot be read as an image")
    assert text[2] == "must be an image of its own, got the same bytes as in row 2"
    assert text[3].startswith("is a colour image; choose channel")
    assert text[4] == "is a folder"
    assert text[5] == "must have rows and columns, got (0, 10)"
    assert text[7] == "must have the image's shape (8, 10) times an integer, got (8, 40)"
    assert text[10].startswith("must have at most two values")
    assert not [message for message in text if str(tmp_path) in message or ".png" in message]


def test_channel_and_limit_are_those_of_the_reader(tmp_path: Path) -> None:
    io.write_image(tmp_path / "0.png", np.stack([IMAGE, IMAGE, IMAGE + 1], axis=2))
    manifest = manifest_of(tmp_path, {})
    assert found(manifest, channel="red") == []
    assert "more than the limit of 79" in found(manifest, max_pixels=79)[0][2]


def test_files_are_read_one_by_one(tmp_path: Path) -> None:
    io.write_image(tmp_path / "0.png", IMAGE)
    rows = check_files(manifest_of(tmp_path, {}, {}))
    assert next(rows) == ()
    io.write_image(tmp_path / "1.png", IMAGE + 1)
    assert next(rows) == ()


def test_counts(tmp_path: Path) -> None:
    manifest = manifest_of(
        tmp_path,
        {"subject": "a", "label": "Healthy", "layer": "DCP", "split": "test"},
        {"subject": "a", "eye": "OS", "label": "NPDR", "layer": "SVC"},
        {"subject": "b", "eye": "unknown", "label": "Healthy", "layer": "DCP", "mask_path": "m"},
        {"subject": "c", "eye": "OS", "label": "Healthy"},
    )
    assert datasets.subject_labels(manifest) == {"a": "NPDR", "b": "Healthy", "c": "Healthy"}
    assert datasets.summarise(manifest) == datasets.ManifestSummary(
        images=4, subjects=3, masks=1, subjects_with_both_eyes=1,
        images_by_label={"Healthy": 3, "NPDR": 1, "PDR": 0},
        subjects_by_label={"Healthy": 2, "NPDR": 1, "PDR": 0},
        images_by_eye={"OD": 1, "OS": 2, "unknown": 1},
        images_by_layer={"DCP": 2, "SVC": 1}, images_by_split={"test": 1},
    )  # fmt: skip


def test_suspicions(tmp_path: Path) -> None:
    fine = [{"subject": "a1"}, {"subject": "a2"}, {"subject": "a1", "eye": "OS"}]
    assert datasets.suspicions(manifest_of(tmp_path, *fine)) == ()
    rows = [{"subject": "Ann"}, {"subject": "b", "split": "test"}, {"subject": "ann"},
            {"subject": "b", "split": "train"}, {"subject": "\uff21nn"}]  # fmt: skip
    similar, crossed = datasets.suspicions(manifest_of(tmp_path, *rows))
    assert similar.startswith("SIMILAR_SUBJECTS: rows 2 and 4 and 1 more")
    assert crossed.startswith("SPLIT_CROSSED: rows 3 and 5 put")
    assert "nn" not in similar.removeprefix("SIMILAR_SUBJECTS").replace("name", "")


@pytest.mark.parametrize("name", datasets.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(datasets, name) is not None
