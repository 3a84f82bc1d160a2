# SPDX-License-Identifier: Apache-2.0
"""Splits: their file, what it is held to, and the views of the five models."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import datasets
from gftcore.datasets import Manifest, Record, Splits, read_splits, split_subjects, write_splits
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingFileError,
)


def manifest_of(folder: Path, counts: dict[str, int], name: str = "manifest.csv") -> Manifest:
    """Two eyes of each subject, some number of subjects per label."""
    records = [
        Record(id=f"{label}{i}_{eye}", subject=f"{label}{i}", eye=eye,
               path=f"{label}{i}_{eye}.png", label=label)  # type: ignore[arg-type]
        for label, many in counts.items() for i in range(many) for eye in ("OD", "OS")
    ]  # fmt: skip
    return datasets.write_manifest(folder / name, records)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """60 subjects, both eyes each."""
    return manifest_of(tmp_path, {"Healthy": 36, "NPDR": 18, "PDR": 6})


def test_folds_are_balanced_exactly_where_they_can_be(manifest: Manifest) -> None:
    splits = split_subjects(manifest, seed=3)
    row = {"subjects": 10, "images": 20, "Healthy": 12, "NPDR": 6, "PDR": 2}
    assert datasets.fold_table(manifest, splits) == tuple({"fold": k} | row for k in range(6))


def test_views_of_the_five_models(manifest: Manifest) -> None:
    splits = split_subjects(manifest, seed=3)
    order = [record.id for record in manifest]
    test = splits.ids(datasets.TEST_FOLD)
    validated: list[str] = []
    for k in range(1, 6):
        view = splits.view(k)
        assert (view.test, view.validate) == (test, splits.ids(k))
        assert sorted((*view.train, *view.validate, *view.test)) == sorted(order)
        assert len(view.train) == 80
        for part in (view.train, view.validate, view.test):
            assert [name for name in order if name in set(part)] == list(part)
        parts = [{r.subject for r in manifest.select(part)} for part in
                 (view.train, view.validate, view.test)]  # fmt: skip
        assert sum(map(len, parts)) == len(set.union(*parts))
        validated += view.validate
    assert sorted(validated) == sorted(set(order) - set(test))
    for k in (0, 6, True, 1.0, "1"):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="k must be"):
            splits.view(k)  # type: ignore[arg-type]
    assert manifest.records[0].id not in repr(view) + repr(splits)


def test_seed_and_row_order(tmp_path: Path, manifest: Manifest) -> None:
    first, again, other = (split_subjects(manifest, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.fold_of_id != other.fold_of_id
    turned = datasets.write_manifest(tmp_path / "turned.csv", manifest.records[::-1])
    assert dict(split_subjects(turned, seed=1).fold_of_id) == dict(first.fold_of_id)
    with pytest.raises(TypeError):
        first.fold_of_id["x"] = 1  # type: ignore[index]


def test_the_folds_of_a_seed_stay_the_same(manifest: Manifest) -> None:
    """Golden: another NumPy or machine, or a change of the rule, must not move anybody."""
    folds = split_subjects(manifest, seed=2025).fold_of_id
    assert "".join(str(folds[f"PDR{i}_OD"]) for i in range(6)) == "125430"
    assert "".join(str(folds[f"NPDR{i}_OD"]) for i in range(18)) == "511534033425020241"


def test_the_column_split_is_not_looked_at(tmp_path: Path, manifest: Manifest) -> None:
    records = [
        Record(id=r.id, subject=r.subject, eye=r.eye, path=r.path, label=r.label, split="test")
        for r in manifest
    ]
    told = datasets.write_manifest(tmp_path / "told.csv", records)
    assert dict(split_subjects(told).fold_of_id) == dict(split_subjects(manifest).fold_of_id)


def test_a_fold_without_a_class_is_told(tmp_path: Path) -> None:
    few = manifest_of(tmp_path, {"Healthy": 9, "PDR": 4})
    with pytest.warns(GftcoreWarning, match=r"FOLD_LACKS_CLASS: no image of PDR in fold \d, \d$"):
        splits = split_subjects(few)
    assert set(splits.fold_of_id) == {record.id for record in few}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a class that nobody has is not lacking
        split_subjects(manifest_of(tmp_path, {"Healthy": 9}, "healthy.csv"))


# --- files ---------------------------------------------------------------------------------------


def test_the_file(tmp_path: Path, manifest: Manifest) -> None:
    splits = split_subjects(manifest, seed=5)
    path = tmp_path / "splits.json"
    write_splits(path, splits)
    before = path.read_bytes()
    document = json.loads(before)
    folds = document.pop("folds")
    assert document == {
        "schema": "gftcore-splits/1", "gftcore": __import__("gftcore").__version__,
        "algorithm": datasets.ALGORITHM, "seed": 5, "num_folds": 6,
        "manifest_sha256": manifest.sha256,
    }  # fmt: skip
    assert folds == dict(splits.fold_of_id)
    assert read_splits(path, manifest) == splits
    write_splits(path, read_splits(path, manifest))
    assert path.read_bytes() == before
    # Subjects stay in the manifest: ids are there, their own cells are not.
    assert '"Healthy0"' not in before.decode()


def test_another_manifest_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    path = tmp_path / "splits.json"
    write_splits(path, split_subjects(manifest))
    text = (tmp_path / "manifest.csv").read_text()
    (tmp_path / "manifest.csv").write_text(text.replace("Healthy0_OD.png", "Healthy0_od.png"))
    changed = datasets.read_manifest(tmp_path / "manifest.csv")
    with pytest.raises(
        FormatError, match=f"splits.json: belongs to another .*{changed.sha256[:9]}"
    ):
        read_splits(path, changed)
    with pytest.raises(ArgumentError, match="those of another one"):
        datasets.fold_table(changed, split_subjects(manifest))


def change(document: dict[str, Any], **entries: Any) -> dict[str, Any]:
    return document | entries


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: d | {"schema": "gftcore-splits/2"}, "must have the schema gftcore-splits/1"),
        (list, "must have the schema"),
        (lambda d: d | {"more": 1}, "must have the keys"),
        (lambda d: {k: v for k, v in d.items() if k != "seed"}, "must have the keys"),
        (lambda d: d | {"num_folds": 5}, "num_folds must be 6, got 5"),
        (lambda d: d | {"seed": -1}, "seed must be an integer"),
        (lambda d: d | {"seed": 2**63}, "seed must be an integer"),
        (lambda d: d | {"seed": True}, "seed must be an integer"),
        (lambda d: d | {"algorithm": 1}, "algorithm must be printable text"),
        (lambda d: d | {"algorithm": "\ud800"}, "algorithm must be printable text"),
        (lambda d: d | {"manifest_sha256": None}, "belongs to another manifest"),
        (lambda d: d | {"folds": [0, 1]}, "folds must map ids to folds, got list"),
        (lambda d: d | {"folds": d["folds"] | {"PDR0_OD": 6}}, "from 0 to 5, got 1 others"),
        (lambda d: d | {"folds": d["folds"] | {"PDR0_OD": "1"}}, "from 0 to 5, got 1 others"),
        (lambda d: d | {"folds": d["folds"] | {"PDR0_OD": False}}, "from 0 to 5, got 1 others"),
        (lambda d: d | {"folds": d["folds"] | {"x": 1}}, "0 without one and 1 unknown"),
        (lambda d: d | {"folds": dict(list(d["folds"].items())[1:])}, "1 without one and 0"),
        (
            lambda d: d | {"folds": d["folds"] | {"PDR0_OD": (d["folds"]["PDR0_OS"] + 1) % 6}},
            "must keep a subject in one fold, got 1 in several",
        ),
    ],
)
def test_every_damage_is_named(
    tmp_path: Path, manifest: Manifest, damage: Any, message: str
) -> None:
    path = tmp_path / "splits.json"
    write_splits(path, split_subjects(manifest))
    path.write_text(json.dumps(damage(json.loads(path.read_bytes()))))
    with pytest.raises(FormatError, match=r"splits\.json: .*") as caught:
        read_splits(path, manifest)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b"null", b'{"schema": 1, "schema": 1}',
     b'{"schema": "gftcore-splits/1"}', b"\xef\xbb\xbf{}"],
    ids=["empty", "cut", "bytes", "deep", "digits", "null", "twice", "alone", "bom"],
)  # fmt: skip
def test_foreign_files_are_refused(tmp_path: Path, manifest: Manifest, data: bytes) -> None:
    path = tmp_path / "splits.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"splits\.json: "):
        read_splits(path, manifest)


def test_a_doubled_id_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    path = tmp_path / "splits.json"
    write_splits(path, split_subjects(manifest))
    text = path.read_text().replace('"PDR0_OD": ', '"PDR0_OD": 1,\n"PDR0_OD": ')
    path.write_text(text)
    with pytest.raises(FormatError, match="a key is there twice"):
        read_splits(path, manifest)


def test_damaged_files_are_read_or_refused(tmp_path: Path, manifest: Manifest) -> None:
    """1,000 files with bytes changed or cut."""
    path = tmp_path / "splits.json"
    write_splits(path, split_subjects(manifest))
    sound = path.read_bytes()
    rng = np.random.default_rng(6)
    refused = 0
    for number in range(1000):
        data = np.frombuffer(sound, dtype=np.uint8).copy()
        at = rng.integers(0, len(data), size=rng.integers(1, 3))
        data[at] = rng.integers(0, 256, size=len(at))
        path.write_bytes(data.tobytes()[: len(data) - (number % 3) * int(rng.integers(0, 99))])
        try:
            assert isinstance(read_splits(path, manifest), Splits)
        except FormatError:
            refused += 1
    assert 900 < refused <= 1000


def test_missing_files_and_wrong_arguments(tmp_path: Path, manifest: Manifest) -> None:
    with pytest.raises(MissingFileError):
        read_splits(tmp_path / "none.json", manifest)
    for call in (
        lambda: split_subjects(tmp_path / "manifest.csv"),  # type: ignore[arg-type]
        lambda: read_splits(tmp_path / "manifest.csv", None),  # type: ignore[arg-type]
        lambda: datasets.summarise("manifest.csv"),  # type: ignore[arg-type]
        lambda: write_splits(tmp_path / "s.json", {}),  # type: ignore[arg-type]
        lambda: split_subjects(manifest, seed=1.5),  # type: ignore[arg-type]
    ):
        with pytest.raises(ArgumentTypeError, match="must"):
            call()
    for seed in (-1, 2**63):
        with pytest.raises(ArgumentError, match="seed must be between 0 and"):
            split_subjects(manifest, seed=seed)
