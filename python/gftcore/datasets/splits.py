# SPDX-License-Identifier: Apache-2.0
"""Six folds of whole subjects: one fixed test set, five models on the others."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gftcore import __version__
from gftcore._validation import describe, require_int
from gftcore.datasets.assign import ALGORITHM, NUM_FOLDS, assign_folds
from gftcore.datasets.check import require_manifest
from gftcore.datasets.manifest import Manifest
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, GftcoreWarning
from gftcore.io.files import atomic_path, require_file

__all__ = ["TEST_FOLD", "SplitView", "Splits", "fold_table", "read_splits", "split_subjects"]
__all__ += ["splits_json", "stored_folds", "write_splits"]

SCHEMA = "gftcore-splits/1"
TEST_FOLD = 0
#: Larger files are no list of folds.
MAX_BYTES = 1 << 28
_KEYS = {"schema", "gftcore", "algorithm", "seed", "num_folds", "manifest_sha256", "folds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitView:
    """Ids of the images of one model, each in the order of the manifest.

    Attributes
    ----------
    train, validate, test
        Four folds, fold k, fold 0.
    """

    train: tuple[str, ...] = field(repr=False)
    validate: tuple[str, ...] = field(repr=False)
    test: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The fold of each image.

    Attributes
    ----------
    fold_of_id
        Fold 0 to 5 of each id, in the order of the manifest.
    seed
        Seed they were drawn with.
    manifest_sha256
        SHA-256 of the manifest.
    algorithm
        Name and version of the rule that made them.
    """

    fold_of_id: Mapping[str, int] = field(repr=False)
    seed: int
    manifest_sha256: str
    algorithm: str = ALGORITHM

    def __post_init__(self) -> None:
        object.__setattr__(self, "fold_of_id", MappingProxyType(dict(self.fold_of_id)))

    def ids(self, *folds: int) -> tuple[str, ...]:
        """Return the ids in some folds, in the order of the manifest."""
        for fold in folds:
            require_int(fold, "fold", 0, NUM_FOLDS - 1)
        return tuple(name for name, fold in self.fold_of_id.items() if fold in folds)

    def view(self, k: int) -> SplitView:
        """Return what model `k` learns from, is chosen by and is tested on.

        Parameters
        ----------
        k
            1 to 5: the fold to validate on. Fold 0 is the test set of all five models.
        """
        require_int(k, "k", 1, NUM_FOLDS - 1)
        others = [fold for fold in range(NUM_FOLDS) if fold not in (TEST_FOLD, k)]
        return SplitView(train=self.ids(*others), validate=self.ids(k), test=self.ids(TEST_FOLD))


def split_subjects(manifest: Manifest, *, seed: int = 0) -> Splits:
    """Distribute the subjects of a manifest over six folds with balanced classes.

    All images of a subject are in one fold, every image is in one, and the order of the rows does
    not matter; `assign_folds` has the rule. The column ``split`` is not looked at.

    Parameters
    ----------
    manifest
        From `read_manifest`.
    seed
        0 to 2**63 - 1. The same seed and manifest give the same folds on every machine.

    Warns
    -----
    GftcoreWarning
        ``FOLD_LACKS_CLASS`` if a class of the manifest is missing in a fold, as it must be with
        fewer than six subjects that have it.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.datasets import LABELS, Record, write_manifest
    >>> records = [
    ...     Record(id=f"{i}", subject=f"{i // 2}", eye="OD", path=f"{i}.png", label=LABELS[i % 3])
    ...     for i in range(48)
    ... ]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     splits = split_subjects(write_manifest(Path(folder) / "m.csv", records), seed=1)
    >>> [len(part) for part in (splits.view(3).train, splits.view(3).validate, splits.ids(0))]
    [32, 8, 8]
    """
    records = require_manifest(manifest).records
    folds = assign_folds(
        [record.subject for record in records],
        [record.label for record in records],
        seed=seed,
        classes=manifest.classes,
    )
    splits = Splits(
        fold_of_id={r.id: fold for r, fold in zip(records, folds.tolist(), strict=True)},
        seed=seed,
        manifest_sha256=manifest.sha256,
    )
    table = fold_table(manifest, splits)
    lacking = []
    for label in manifest.classes:
        empty = [str(row["fold"]) for row in table if not row[label]]
        if empty and len(empty) < NUM_FOLDS:
            lacking.append(f"{label} in fold {', '.join(empty)}")
    if lacking:
        text = f"FOLD_LACKS_CLASS: no image of {'; '.join(lacking)}"
        warnings.warn(text, GftcoreWarning, stacklevel=2)
    return splits


def fold_table(manifest: Manifest, splits: Splits) -> tuple[dict[str, int], ...]:
    """Return one row per fold: ``fold``, ``subjects``, ``images``, and images of each label."""
    if require_manifest(manifest).sha256 != splits.manifest_sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
    empty = dict.fromkeys(("subjects", "images", *manifest.classes), 0)
    table = [{"fold": fold} | empty for fold in range(NUM_FOLDS)]
    subjects: set[str] = set()
    for record in manifest:
        row = table[splits.fold_of_id[record.id]]
        row["images"] += 1
        row[record.label] += 1
        row["subjects"] += record.subject not in subjects
        subjects.add(record.subject)
    return tuple(table)


def splits_json(splits: Splits) -> bytes:
    """Return the bytes of a splits file; equal splits of one version give equal bytes."""
    if not isinstance(splits, Splits):
        raise ArgumentTypeError(f"splits must be Splits, got {describe(splits)}")
    document = {
        "schema": SCHEMA,
        "gftcore": __version__,
        "algorithm": splits.algorithm,
        "seed": splits.seed,
        "num_folds": NUM_FOLDS,
        "manifest_sha256": splits.manifest_sha256,
        "folds": dict(splits.fold_of_id),
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def write_splits(path: str | Path, splits: Splits) -> None:
    """Write a splits file, as a whole or not at all.

    Parameters
    ----------
    path
        JSON file; replaced if it exists.
    splits
        From `split_subjects`.
    """
    data = splits_json(splits)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def read_splits(path: str | Path, manifest: Manifest) -> Splits:
    """Read a splits file and check that it belongs to a manifest.

    Parameters
    ----------
    path
        File of `write_splits`.
    manifest
        The manifest that was split, unchanged to the byte.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is damaged, of another kind or of another manifest, if an image has no fold, or if a
        subject has several.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.datasets import Record, write_manifest
    >>> records = [
    ...     Record(id=f"{i}", subject=f"{i}", eye="OD", path=f"{i}.png", label="PDR")
    ...     for i in range(6)
    ... ]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = write_manifest(Path(folder) / "manifest.csv", records)
    ...     write_splits(Path(folder) / "splits.json", split_subjects(manifest))
    ...     read_splits(Path(folder) / "splits.json", manifest) == split_subjects(manifest)
    True
    """
    file = require_file(path)
    require_manifest(manifest)
    try:
        return _checked(_parsed(_content(file)), manifest)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error


def stored_folds(path: str | Path) -> bytes | None:
    """Return the bytes of a splits file of any manifest, or None for any other file."""
    data = _content(require_file(path))
    try:
        _parsed(data)
    except FormatError:
        return None
    return data


def _content(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise FormatError(f"holds more than {MAX_BYTES} bytes")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        if len(out) != len(pairs):
            raise FormatError(f"a key is there twice, {len(pairs) - len(out)} in all")
        return out

    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:  # Unicode and JSON, and JSON without an end
        raise FormatError(f"must be JSON, got {type(error).__name__}: {error!s:.100}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise FormatError(f"must have the schema {SCHEMA}")
    if set(document) != _KEYS:
        raise FormatError(f"must have the keys {', '.join(sorted(_KEYS))}")
    return document


def _checked(document: dict[str, Any], manifest: Manifest) -> Splits:
    seed, algorithm, folds = document["seed"], document["algorithm"], document["folds"]
    if document["num_folds"] != NUM_FOLDS:
        raise FormatError(f"num_folds must be {NUM_FOLDS}, got {document['num_folds']!r:.40}")
    if type(seed) is not int or not 0 <= seed < 2**63:
        raise FormatError(f"seed must be an integer from 0 to 2**63 - 1, got {seed!r:.40}")
    if not isinstance(algorithm, str) or not algorithm.isprintable():
        raise FormatError(f"algorithm must be printable text, got {algorithm!r:.40}")
    digest = document["manifest_sha256"]
    if digest != manifest.sha256:
        raise FormatError(
            f"belongs to another manifest, or this one was changed: its SHA-256 must begin with "
            f"{digest!s:.12}, got {manifest.sha256:.12}; split it anew"
        )
    if not isinstance(folds, dict):
        raise FormatError(f"folds must map ids to folds, got {type(folds).__name__}")
    wrong = sum(type(k) is not int or not 0 <= k < NUM_FOLDS for k in folds.values())
    if wrong:
        raise FormatError(f"folds must be integers from 0 to {NUM_FOLDS - 1}, got {wrong} others")
    ids = {record.id for record in manifest}
    if ids != set(folds):
        raise FormatError(
            f"must have a fold for each of the {len(ids)} ids, got {len(ids - set(folds))} "
            f"without one and {len(set(folds) - ids)} unknown"
        )
    fold_of_subject: dict[str, int] = {}
    crossing = {
        record.subject
        for record in manifest
        if fold_of_subject.setdefault(record.subject, folds[record.id]) != folds[record.id]
    }
    if crossing:
        raise FormatError(f"must keep a subject in one fold, got {len(crossing)} in several")
    return Splits(
        fold_of_id={record.id: folds[record.id] for record in manifest},
        seed=seed,
        manifest_sha256=manifest.sha256,
        algorithm=algorithm,
    )
