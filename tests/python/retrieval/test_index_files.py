# SPDX-License-Identifier: Apache-2.0
"""Files of cases: read back to the bit, equal bytes, nobody named, damage refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore.datasets import Record
from gftcore.errors import ArgumentTypeError, FormatError, MissingFileError
from gftcore.retrieval import CaseIndex, build_index, index_json, load_index


def built(z_scores: bool = True) -> CaseIndex:
    rng = np.random.default_rng(5)
    records = [
        Record(id=f"{i}é", subject=f"Meier{i // 2}", eye="OD", path=f"{i}.png", label="PDR")
        for i in range(6)
    ]
    return build_index(records, rng.standard_normal((6, 8)) / 3, mode="count", z_scores=z_scores)


@pytest.mark.parametrize("z_scores", [False, True])
def test_read_back(tmp_path: Path, z_scores: bool) -> None:
    index = built(z_scores)
    index.save(tmp_path / "cases.json")
    data = (tmp_path / "cases.json").read_bytes()
    back = load_index(tmp_path / "cases.json")
    assert index_json(back) == data == index_json(index)
    assert back.vectors.tobytes() == index.vectors.tobytes()
    assert (back.mean.tobytes(), back.sd.tobytes()) == (index.mean.tobytes(), index.sd.tobytes())
    assert back.nearest([0.1] * 8) == index.nearest([0.1] * 8)
    assert (back.mode, back.z_scores, back.subjects) == ("count", z_scores, (0, 0, 1, 1, 2, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["cases.json"]


def test_bytes() -> None:
    record = Record(id="a", subject="Meier", eye="OD", path="a.png", label="PDR")
    index = build_index([record], [[0.25, -0.0, 1, 0, 0, 0, 0, 1e-7]], mode="fraction")
    document = json.loads(index_json(index))
    assert document.pop("gftcore")
    assert document == {
        "schema": "gftcore-cases/1", "manifest_sha256": "", "splits_seed": None, "model": None,
        "mode": "fraction", "z_scores": False,
        "cases": [{"id": "a", "label": "PDR", "subject": 0,
                   "vector": [0.25, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1e-07]}],
    }  # fmt: skip
    assert b"-0.0" not in index_json(index)
    with pytest.raises(ArgumentTypeError, match="index must be a CaseIndex"):
        index_json(record)  # type: ignore[arg-type]


def test_no_subject_is_named() -> None:
    index = built()
    assert b"Meier" not in index_json(index)
    assert "Meier" not in repr(index)


def changed(**values: Any) -> bytes:
    return json.dumps({**json.loads(index_json(built())), **values}).encode()


def with_case(**values: Any) -> bytes:
    cases = json.loads(index_json(built()))["cases"]
    cases[2] |= values
    return changed(cases=cases)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "must be JSON"),
        (b"\xff", "must be JSON"),
        (b"[" * 100_000, "must be JSON"),
        (b"[]", "must have the schema gftcore-cases/1"),
        (changed(schema="gftcore-cases/2"), "must have the schema"),
        (changed(more=1), "must have the keys"),
        (changed(mode="counts"), "mode must be one of"),
        (changed(z_scores=1), "z_scores must be True or False"),
        (changed(model="1"), "model must be a whole number or null"),
        (changed(model=True), "model must be a whole number or null"),
        (changed(manifest_sha256=None), "manifest_sha256 must be text"),
        (changed(cases=[]), "at least one case"),
        (changed(cases={}), "at least one case"),
        (changed(cases=[1]), r"cases\[0\] must have the keys"),
        (with_case(name="x"), r"cases\[2\] must have the keys"),
        (with_case(id=2), r"cases\[2\] must have two texts"),
        (with_case(subject="Meier"), r"cases\[2\] must have two texts"),
        (with_case(subject=7), "subjects must count from 0"),
        (with_case(subject=True), r"cases\[2\] must have two texts"),
        (with_case(vector=[0.0] * 7), r"cases\[2\] must have two texts"),
        (with_case(vector=["0"] * 8), r"cases\[2\] must have two texts"),
        (with_case(vector=[[0.0]] * 8), r"cases\[2\] must have two texts"),
        (with_case(vector=[float("nan")] * 8), "holds NaN"),
        (with_case(vector=[10**400] * 8), "must be finite"),
        (with_case(vector=[1e300] * 8), "finite and at most"),
        (with_case(id="9é"), "ids must be sorted"),
        (with_case(id="1é"), "ids must be sorted"),
        (index_json(built()).replace(b'"mode"', b'"model"', 1), "twice|keys"),
        (index_json(built())[:-30], "must be JSON"),
    ],
)
def test_damaged_files(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "cases.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=words) as found:
        load_index(path)
    assert str(path) in str(found.value)


def test_the_file_is_good_before_it_is_damaged(tmp_path: Path) -> None:
    for data in (changed(), with_case()):
        (tmp_path / "cases.json").write_bytes(data)
        assert len(load_index(tmp_path / "cases.json")) == 6


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        load_index(tmp_path / "cases.json")
