# SPDX-License-Identifier: Apache-2.0
"""Five networks of one data set: a folder with models, histories, logs and predictions."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gftcore._lazy import require
from gftcore._validation import require_int, require_iterator
from gftcore.datasets import NUM_FOLDS
from gftcore.datasets.graphs import GraphSource
from gftcore.datasets.splits import splits_json
from gftcore.errors import ArgumentError, RefusedError
from gftcore.io import atomic_path, provenance, write_csv
from gftcore.model.files import Model

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402

from gftcore.nn.batches import join_inputs, network_input  # noqa: E402
from gftcore.nn.checkpoint import CHECKPOINT_FILE  # noqa: E402
from gftcore.nn.data import LabelledGraphs, read_graphs  # noqa: E402
from gftcore.nn.fit import EpochReport, FitResult, fit_model  # noqa: E402
from gftcore.nn.loss import balanced_accuracy  # noqa: E402
from gftcore.nn.modules import GraphNetwork  # noqa: E402
from gftcore.nn.settings import TrainConfig  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import Manifest, Splits

__all__ = ["FoldResult", "RunProgress", "train_folds"]

RUN_FILE = "run.json"
RESULT_FILE = "fold.json"
_RUN_SCHEMA = "gftcore-training/1"
_FOLD_SCHEMA = "gftcore-fold/1"
_EVALUATED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """One of the networks.

    Attributes
    ----------
    fold
        Its validation fold.
    folder
        Where its files lie.
    best_epoch, validation_balanced_accuracy
        The epoch that counts, and the score that chose it.
    test_balanced_accuracy
        On fold 0; None if that has no image.
    model_sha256
        Of the model.
    """

    fold: int
    folder: Path
    best_epoch: int
    validation_balanced_accuracy: float
    test_balanced_accuracy: float | None
    model_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, without the folder."""
        names = [name for name in self.__slots__ if name != "folder"]
        return {name: getattr(self, name) for name in names}


class RunProgress(Protocol):
    """What is called while networks are trained."""

    def graph(self) -> None:
        """One more graph has been read."""

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None:
        """One more epoch is done, in this run or in an earlier one."""

    def fold(self, result: FoldResult) -> None:
        """One more network is there."""


class _Silence:
    def graph(self) -> None: ...

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None: ...

    def fold(self, result: FoldResult) -> None: ...


def train_folds(
    manifest: Manifest,
    splits: Splits,
    out: Path,
    config: TrainConfig | None = None,
    *,
    folds: Sequence[int] = (1, 2, 3, 4, 5),
    source: GraphSource | None = None,
    cache: Path | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: RunProgress | None = None,
) -> tuple[FoldResult, ...]:
    """Train a network for each fold and classify the test images with it.

    An interrupted training goes on where it stopped: finished folds are kept, others go on after
    their last epoch, and the results are the same to the byte. Processes that torchrun started
    share the images of each step.

    Parameters
    ----------
    manifest, splits
        The data set, and the fold of each image; fold 0 is the test set.
    out
        Folder for ``run.json``, ``splits.json`` and a folder ``fold-K`` for each network with
        ``model.safetensors``, ``config.json``, ``history.csv``, ``predictions.csv``,
        ``fold.json``, ``checkpoint.safetensors`` and a log for TensorBoard.
    config
        Settings; None means the defaults.
    folds
        Validation folds, each 1 to 5.
    source
        How images become graphs.
    cache
        Folder of the graphs; None means ``out / "graphs"``.
    threads
        Number of images that are extracted at once.
    overwrite
        Start anew where `out` holds another training.
    progress
        Called on the way.

    Raises
    ------
    RefusedError
        If `out` holds a training of other data or settings.
    FormatError
        If images cannot be read.
    """
    config = config or TrainConfig()
    source = source or GraphSource()
    progress = progress or _Silence()
    if splits.manifest_sha256 != manifest.sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
    each = require_iterator(folds, "folds", "a sequence of fold numbers")
    wanted = tuple(dict.fromkeys(require_int(k, "folds", 1, NUM_FOLDS - 1) for k in each))
    if not wanted:
        raise ArgumentError("folds must hold at least one number from 1 to 5, got none")
    with _processes() as first:
        if first:
            _begin(out, _run_document(manifest, splits, config, source), splits, overwrite)
        place = cache or out / "graphs"
        if not first:
            torch.distributed.barrier()
        data = read_graphs(
            manifest, place, source, threads=threads, write=first, step=progress.graph
        )
        if first and torch.distributed.is_initialized():
            torch.distributed.barrier()
        return tuple(
            _train_fold(k, data, splits, out / f"fold-{k}", config, progress, first=first)
            for k in wanted
        )


@contextlib.contextmanager
def _processes() -> Iterator[bool]:
    """Join the processes that torchrun started; yields whether this one writes files."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        yield True
        return
    ours = not torch.distributed.is_initialized()
    if ours:
        # The others wait while the first one extracts all graphs.
        torch.distributed.init_process_group("gloo", timeout=datetime.timedelta(hours=24))
    try:
        yield torch.distributed.get_rank() == 0
    finally:
        if ours:
            torch.distributed.destroy_process_group()


def _run_document(
    manifest: Manifest, splits: Splits, config: TrainConfig, source: GraphSource
) -> dict[str, Any]:
    return {
        **provenance(_RUN_SCHEMA, config_hash=config.hash),
        "torch": torch.__version__,
        "manifest_sha256": manifest.sha256,
        "splits": {"seed": splits.seed, "algorithm": splits.algorithm},
        "classes": list(manifest.classes),
        "config": config.to_dict(),
        "source": source.to_dict(),
    }


#: Entries that another version or machine may change without making it another training.
_FREE = ("gftcore", "simd_target", "torch")


def _begin(out: Path, document: dict[str, Any], splits: Splits, overwrite: bool) -> None:
    """Write what the folder is for, unless it says so already."""
    path = out / RUN_FILE
    splits_path = out / "splits.json"
    data = splits_json(splits)
    if path.exists():
        stored = _json(path)
        same = stored is not None and _fixed(stored) == _fixed(json.loads(json.dumps(document)))
        same = same and splits_path.exists() and splits_path.read_bytes() == data
        if same and not overwrite:
            return
        if not overwrite:
            raise RefusedError(
                f"{path} belongs to a training with other data or settings; use --overwrite or "
                "another folder"
            )
        for folder in out.glob("fold-[1-5]"):
            for name in (CHECKPOINT_FILE, RESULT_FILE):
                (folder / name).unlink(missing_ok=True)
    elif out.exists() and any(out.glob("fold-*")) and not overwrite:
        raise RefusedError(f"{out} holds folds but no {RUN_FILE}; use another folder")
    with atomic_path(splits_path) as temporary:
        temporary.write_bytes(data)
    _write_json(path, document)


def _fixed(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _FREE}


def _json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _write_json(path: Path, document: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _train_fold(
    k: int,
    data: LabelledGraphs,
    splits: Splits,
    folder: Path,
    config: TrainConfig,
    progress: RunProgress,
    *,
    first: bool,
) -> FoldResult:
    done = _finished(k, folder, data)
    if done is not None:
        progress.fold(done)
        return done
    view = splits.view(k)
    for name, part in (("train on", view.train), ("validate on", view.validate)):
        if not part:
            raise ArgumentError(f"fold {k} must have images to {name}, got none")
    # Each network has weights of its own, and its own order of images.
    own = config.replace(seed=(config.seed + 1_000_003 * k) % 2**63)
    checkpoint = folder / CHECKPOINT_FILE
    with _logs(folder, enabled=first) as write:

        def report(entry: EpochReport, new: bool) -> None:
            write(entry, new)
            progress.epoch(k, entry, new=new)

        fitted = fit_model(
            data,
            view.train,
            view.validate,
            own,
            checkpoint=checkpoint,
            record={
                "fold": k,
                "split_seed": splits.seed,
                "manifest_sha256": splits.manifest_sha256,
            },
            report=report,
        )
    result = _write_fold(k, data, view.validate, view.test, folder, fitted, write=first)
    progress.fold(result)
    return result


def _finished(k: int, folder: Path, data: LabelledGraphs) -> FoldResult | None:
    """Return what an earlier run of the same data came to."""
    document = _json(folder / RESULT_FILE)
    if document is None or document.get("data_sha256") != data.sha256:
        return None
    fields = {name: document[name] for name in FoldResult.__slots__ if name != "folder"}
    return FoldResult(folder=folder, **fields) if fields["fold"] == k else None


@contextlib.contextmanager
def _logs(folder: Path, *, enabled: bool) -> Iterator[Callable[[EpochReport, bool], None]]:
    """Give a function that writes epochs to ``history.csv`` and to a log for TensorBoard."""
    if not enabled:
        yield lambda _entry, _new: None
        return
    require("tensorboard", extra="train", user="gftcore train")
    from torch.utils.tensorboard.writer import SummaryWriter

    folder.mkdir(parents=True, exist_ok=True)
    history: list[EpochReport] = []
    writer: SummaryWriter | None = None
    names = [name for name in EpochReport.__slots__ if name not in ("epoch", "best")]

    def write(entry: EpochReport, new: bool) -> None:
        nonlocal writer
        history.append(entry)
        if not new:
            return
        if writer is None:
            # What an interrupted run logged beyond its last checkpoint is no longer true.
            writer = SummaryWriter(str(folder), purge_step=entry.epoch)
        for name in names:
            writer.add_scalar(name, getattr(entry, name), entry.epoch)
        writer.flush()
        rows = [[getattr(each, column) for column in EpochReport.__slots__] for each in history]
        write_csv(folder / "history.csv", list(EpochReport.__slots__), rows)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


def _write_fold(
    k: int,
    data: LabelledGraphs,
    validate: Sequence[str],
    test: Sequence[str],
    folder: Path,
    fitted: FitResult,
    *,
    write: bool,
) -> FoldResult:
    model = fitted.model
    rows: list[list[Any]] = []
    scores: dict[str, float | None] = {"validate": None, "test": None}
    for split, ids in (("validate", validate), ("test", test)):
        probabilities = _probabilities(data, model, data.places(ids))
        labels = [data.labels[place] for place in data.places(ids)]
        found = probabilities.argmax(axis=1)
        if ids:
            scores[split] = balanced_accuracy(labels, found)
        for name, label, guess, p in zip(ids, labels, found, probabilities.tolist(), strict=True):
            rows.append([name, split, data.classes[label], data.classes[int(guess)], *p])
    best = next(entry for entry in fitted.history if entry.epoch == fitted.best_epoch)
    result = FoldResult(
        fold=k,
        folder=folder,
        best_epoch=fitted.best_epoch,
        validation_balanced_accuracy=best.validation_balanced_accuracy,
        test_balanced_accuracy=scores["test"],
        model_sha256=model.sha256,
    )
    if write:
        model.save(folder)
        columns = ["id", "split", "label", "predicted", *(f"p_{name}" for name in data.classes)]
        write_csv(folder / "predictions.csv", columns, rows)
        # Last, because its presence says that the others are complete.
        document = {**provenance(_FOLD_SCHEMA), "data_sha256": data.sha256, **result.to_dict()}
        _write_json(folder / RESULT_FILE, document)
    return result


def _probabilities(
    data: LabelledGraphs, model: Model, places: Sequence[int]
) -> NDArray[np.float64]:
    network = GraphNetwork.from_model(model).eval()
    dtype = str(next(iter(model.weights.values())).dtype)
    parts = [torch.zeros(0, len(data.classes), dtype=torch.float64)]
    with torch.no_grad():
        for start in range(0, len(places), _EVALUATED):
            chosen = [data.graphs[place] for place in places[start : start + _EVALUATED]]
            inputs = [network_input(graph, model.config.features, dtype) for graph in chosen]
            logits = network(join_inputs(model.config, inputs, dtype=dtype))
            parts.append(torch.softmax(logits.double(), dim=1))
    out: NDArray[np.float64] = torch.cat(parts).numpy()
    return out
