# SPDX-License-Identifier: Apache-2.0
"""The folder of a training: what it is for, and what each of its folds came to."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gftcore._validation import require_int, require_iterator
from gftcore.datasets import NUM_FOLDS
from gftcore.datasets.splits import splits_json
from gftcore.errors import ArgumentError, RefusedError
from gftcore.io import atomic_path, provenance
from gftcore.io.files import held_folder
from gftcore.model.files import CONFIG_FILE, WEIGHTS_FILE
from gftcore.runs.epochs import HISTORY_FILE
from gftcore.runs.predictions import PREDICTIONS_FILE, RESULT_FILE, Part, write_predictions

if TYPE_CHECKING:
    from gftcore.datasets import GraphSource, Manifest, Splits, SplitView
    from gftcore.runs.epochs import EpochReport

__all__ = ["CHECKPOINT_FILE", "RESULT_FILE", "RUN_FILE", "FoldResult", "RunProgress", "Silence"]
__all__ += [
    "begin_run",
    "finished_fold",
    "fold_seed",
    "fold_view",
    "require_folds",
    "run_document",
    "run_manifest",
    "run_model",
]
__all__ += ["write_fold"]

RUN_FILE = "run.json"
CHECKPOINT_FILE = "checkpoint.safetensors"
_RUN_SCHEMA = "gftcore-training/1"
_FOLD_SCHEMA = "gftcore-fold/1"
#: Entries that another version or machine may change without making it another training.
_FREE = ("gftcore", "simd_target", "packages")
#: The recipe of records without a number.
_UNNUMBERED = 1
#: All that a training leaves in the folder of a fold; the first one vouches for the others.
_FOLD_FILES = (
    *(RESULT_FILE, PREDICTIONS_FILE, HISTORY_FILE, CHECKPOINT_FILE, WEIGHTS_FILE, CONFIG_FILE),
    "events.out.tfevents.*",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """One of the models of a training.

    Attributes
    ----------
    fold
        Its validation fold.
    folder
        Where its files lie.
    best_epoch, validation_balanced_accuracy
        The epoch that counts, None for a model without epochs, and the score that chose it.
    test_balanced_accuracy
        On fold 0; None if that has no image.
    model_sha256
        Of the model file; None if there is none.
    choice
        What was chosen on the way, such as a feature and its thresholds; None if nothing was.
    """

    fold: int
    folder: Path
    best_epoch: int | None
    validation_balanced_accuracy: float
    test_balanced_accuracy: float | None
    model_sha256: str | None
    choice: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, without the folder, and without an empty choice."""
        names = [name for name in self.__slots__ if name not in ("folder", "choice")]
        out = {name: getattr(self, name) for name in names}
        return out if self.choice is None else {**out, "choice": dict(self.choice)}


class RunProgress(Protocol):
    """What is called while models are trained."""

    def graph(self) -> None:
        """One more image has been read."""

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None:
        """One more epoch is done, in this run or in an earlier one."""

    def fold(self, result: FoldResult) -> None:
        """One more model is there."""


class Silence:
    """A `RunProgress` that says nothing."""

    def graph(self) -> None:
        """Nothing."""

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None:
        """Nothing."""

    def fold(self, result: FoldResult) -> None:
        """Nothing."""


def require_folds(folds: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers of validation folds, each once."""
    each = require_iterator(folds, "folds", "a sequence of fold numbers")
    wanted = tuple(dict.fromkeys(require_int(k, "folds", 1, NUM_FOLDS - 1) for k in each))
    if not wanted:
        raise ArgumentError("folds must hold at least one number from 1 to 5, got none")
    return wanted


def run_document(
    manifest: Manifest,
    splits: Splits,
    *,
    model: str,
    config: Mapping[str, Any],
    config_hash: str,
    source: GraphSource,
    packages: Mapping[str, str],
    recipe: int = 1,
) -> dict[str, Any]:
    """Return what ``run.json`` says: data, kind of model, settings, and versions of packages.

    `recipe` is another number when the same settings give another model.
    """
    if splits.manifest_sha256 != manifest.sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
    return {
        **provenance(_RUN_SCHEMA, config_hash=config_hash),
        "packages": dict(packages),
        "model": model,
        "recipe": recipe,
        "manifest_sha256": manifest.sha256,
        "splits": {"seed": splits.seed, "algorithm": splits.algorithm},
        "classes": list(manifest.classes),
        "config": dict(config),
        "source": source.to_dict(),
    }


@contextlib.contextmanager
def begin_run(
    out: Path,
    document: Mapping[str, Any],
    splits: Splits,
    *,
    folds: Sequence[int] = (),
    overwrite: bool = False,
) -> Iterator[None]:
    """Write what the folder is for, unless it says so already, and hold some folds of it.

    A record takes the place of another one as long as no fold has begun, as after a run that
    could not read an image of the manifest.

    Parameters
    ----------
    out
        Folder of the training.
    document, splits
        From `run_document`; the fold of each image.
    folds
        Folds that other processes are kept away from, in the block.
    overwrite
        Whether another training, and what its folds came to, makes room.

    Raises
    ------
    RefusedError
        If it is that of another training and must not be overwritten, or if another process is
        at work on it.
    """
    record = json.loads(json.dumps(document))
    own = [out / f"fold-{k}" for k in folds]
    with contextlib.ExitStack() as held:
        # One process at a time looks at the record and comes to its folds.
        with held_folder(out, wait=True):
            same = not overwrite and _require_same(out, record, splits)
            for folder in own:
                held.enter_context(held_folder(folder))
            if not same:
                _begin_anew(out, record, splits, own)
        yield


def _require_same(out: Path, record: Mapping[str, Any], splits: Splits) -> bool:
    """Whether a folder is that of a training; refuse it if it is that of another one."""
    path, splits_path = out / RUN_FILE, out / "splits.json"
    begun = any(
        (folder / name).exists()
        for folder in out.glob("fold-[1-5]")
        for name in (CHECKPOINT_FILE, RESULT_FILE)
    )
    if not path.exists():
        if begun:
            raise RefusedError(f"{out} holds folds but no {RUN_FILE}; use another folder")
        return False
    stored = _json(path) or {}
    one, other = _fixed(stored), _fixed(record)
    differing = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if not splits_path.exists() or splits_path.read_bytes() != splits_json(splits):
        differing.append(splits_path.name)
    if differing and (begun or stored.get("schema") != _RUN_SCHEMA):
        raise RefusedError(
            f"{path} belongs to a training with other data or settings "
            f"({', '.join(differing):.200}); use --overwrite or another folder"
        )
    return not differing


def _begin_anew(out: Path, record: Mapping[str, Any], splits: Splits, own: Sequence[Path]) -> None:
    folders = sorted(out.glob("fold-[1-5]"))
    with contextlib.ExitStack() as held:
        for folder in folders:
            if folder not in own:
                held.enter_context(held_folder(folder))
        for pattern in _FOLD_FILES:
            for file in out.glob(f"fold-[1-5]/{pattern}"):
                file.unlink()
        with atomic_path(out / "splits.json") as temporary:
            temporary.write_bytes(splits_json(splits))
        _write_json(out / RUN_FILE, record)


def run_model(folder: Path) -> str | None:
    """Return the kind of model that a folder holds; None if it is not that of a training."""
    document = _json(folder / RUN_FILE)
    return None if document is None else str(document.get("model", "unknown"))


def run_manifest(folder: Path) -> str | None:
    """Return the SHA-256 of the manifest of a training, None if its folder does not say."""
    sha256 = (_json(folder / RUN_FILE) or {}).get("manifest_sha256")
    return sha256 if isinstance(sha256, str) else None


def fold_seed(seed: int, k: int) -> int:
    """Return the seed of model `k`, so that each one has chances of its own."""
    return (seed + 1_000_003 * k) % 2**63


def fold_view(splits: Splits, k: int) -> SplitView:
    """Return what model `k` learns from, is chosen by and is tested on; the first two exist."""
    view = splits.view(k)
    for name, part in (("train on", view.train), ("validate on", view.validate)):
        if not part:
            raise ArgumentError(f"fold {k} must have images to {name}, got none")
    return view


def finished_fold(k: int, folder: Path, data_sha256: str, *, recipe: int = 1) -> FoldResult | None:
    """Return what an earlier run of the same data and recipe came to."""
    document = _json(folder / RESULT_FILE) or {}
    names = [name for name in FoldResult.__slots__ if name not in ("folder", "choice")]
    if not document.keys() >= {*names, "data_sha256"}:
        return None
    if (document["fold"], document["data_sha256"]) != (k, data_sha256):
        return None
    if document.get("recipe", _UNNUMBERED) != recipe:
        return None
    fields = {name: document[name] for name in names}
    return FoldResult(folder=folder, choice=document.get("choice"), **fields)


def write_fold(
    result: FoldResult,
    parts: Sequence[Part],
    classes: Sequence[str],
    *,
    data_sha256: str,
    recipe: int = 1,
) -> None:
    """Write the predictions of a model, then the file that says that its fold is done."""
    write_predictions(result.folder / PREDICTIONS_FILE, parts, classes)
    # Last, because its presence says that the others are complete.
    document = {**provenance(_FOLD_SCHEMA), "data_sha256": data_sha256, "recipe": recipe}
    _write_json(result.folder / RESULT_FILE, {**document, **result.to_dict()})


def _fixed(document: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {name: value for name, value in document.items() if name not in _FREE}
    return {"recipe": _UNNUMBERED, **fixed}


def _json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    with atomic_path(path) as temporary:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
