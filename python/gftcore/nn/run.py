# SPDX-License-Identifier: Apache-2.0
"""Five networks of one data set: a folder with models, histories, logs and predictions."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gftcore._lazy import require
from gftcore.datasets import NUM_FOLDS
from gftcore.datasets.graphs import GraphSource
from gftcore.datasets.origin import origin_record
from gftcore.model.files import Model
from gftcore.runs.epochs import HISTORY_FILE, EpochReport, write_history
from gftcore.runs.folder import (
    CHECKPOINT_FILE,
    FoldResult,
    RunProgress,
    Silence,
    begin_run,
    finished_fold,
    fold_seed,
    fold_view,
    require_folds,
    run_document,
    write_fold,
)
from gftcore.runs.predictions import split_parts

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402

from gftcore.nn.batches import join_inputs, network_input  # noqa: E402
from gftcore.nn.data import LabelledGraphs, read_graphs  # noqa: E402
from gftcore.nn.fit import FitResult, fit_model  # noqa: E402
from gftcore.nn.modules import GraphNetwork  # noqa: E402
from gftcore.nn.settings import TrainConfig  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets import Manifest, Splits

__all__ = ["train_folds"]

_EVALUATED = 32


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
    ArgumentError
        If a training diverged in its first epoch.
    RefusedError
        If `out` holds a training of other data or settings, or if another process is at work on
        one of the folds.
    FormatError
        If images cannot be read, or if a test image lacks features that the others have.
    """
    config = config or TrainConfig()
    source = source or GraphSource()
    progress = progress or Silence()
    wanted = require_folds(folds)
    document = run_document(
        manifest,
        splits,
        model="gnn",
        config=config.to_dict(),
        config_hash=config.hash,
        source=source,
        packages={"torch": torch.__version__},
        recipe=config.recipe,
    )
    about = origin_record(manifest)
    run = begin_run(out, document, splits, folds=wanted, overwrite=overwrite)
    with _processes() as first, run if first else contextlib.nullcontext():
        place = cache or out / "graphs"
        if not first:
            torch.distributed.barrier()
        data = read_graphs(
            manifest,
            place,
            source,
            learned=splits.ids(*range(1, NUM_FOLDS)),
            threads=threads,
            write=first,
            step=progress.graph,
        )
        if first and torch.distributed.is_initialized():
            torch.distributed.barrier()
        return tuple(
            _train_fold(k, data, splits, out / f"fold-{k}", config, progress, about, first=first)
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


def _train_fold(
    k: int,
    data: LabelledGraphs,
    splits: Splits,
    folder: Path,
    config: TrainConfig,
    progress: RunProgress,
    about: Mapping[str, str],
    *,
    first: bool,
) -> FoldResult:
    done = finished_fold(k, folder, data.sha256, recipe=config.recipe)
    if done is not None:
        progress.fold(done)
        return done
    view = fold_view(splits, k)
    # Each network has weights of its own, and its own order of images.
    own = config.replace(seed=fold_seed(config.seed, k))
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
                **about,
            },
            report=report,
        )
    result = _write_fold(k, data, view.validate, view.test, folder, fitted, write=first)
    progress.fold(result)
    return result


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

    def log(entry: EpochReport) -> None:
        nonlocal writer
        if writer is None:
            writer = SummaryWriter(str(folder), purge_step=entry.epoch)
        for name in names:
            writer.add_scalar(name, getattr(entry, name), entry.epoch)
        writer.flush()

    def resume() -> None:
        """Log the last stored epoch again: an interruption may have come before its log did."""
        if writer is None and history:
            log(history[-1])

    def write(entry: EpochReport, new: bool) -> None:
        if new:
            resume()
            log(entry)
        history.append(entry)
        if new:
            write_history(folder / HISTORY_FILE, history)

    try:
        yield write
        resume()
        write_history(folder / HISTORY_FILE, history)
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
    parts = split_parts(data, validate, test, lambda places: _probabilities(data, model, places))
    best = next(entry for entry in fitted.history if entry.epoch == fitted.best_epoch)
    result = FoldResult(
        fold=k,
        folder=folder,
        best_epoch=fitted.best_epoch,
        validation_balanced_accuracy=best.validation_balanced_accuracy,
        test_balanced_accuracy=parts[1].balanced_accuracy,
        model_sha256=model.sha256,
    )
    if write:
        model.save(folder)
        recipe = TrainConfig.recipe
        write_fold(result, parts, data.classes, data_sha256=data.sha256, recipe=recipe)
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
