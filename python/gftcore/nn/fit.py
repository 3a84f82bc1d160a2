# SPDX-License-Identifier: Apache-2.0
"""One network: epochs of training, the best of them chosen on the validation images."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._lazy import require
from gftcore.config import canonical_json
from gftcore.runs.epochs import EpochReport
from gftcore.runs.predictions import balanced_accuracy

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from gftcore.nn.batches import NetworkInput, join_inputs, network_input  # noqa: E402
from gftcore.nn.checkpoint import (  # noqa: E402
    Checkpoint,
    optimiser_state,
    set_optimiser_state,
)
from gftcore.nn.epochs import is_best, run_epochs  # noqa: E402
from gftcore.nn.features import fit_features  # noqa: E402
from gftcore.nn.loss import class_weights, target_rows, weighted_loss  # noqa: E402
from gftcore.nn.modules import GraphNetwork  # noqa: E402
from gftcore.nn.norm import BatchNorm, measured  # noqa: E402
from gftcore.nn.parallel import Reduction  # noqa: E402
from gftcore.nn.spatial import spatial_grids  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.files import Model
    from gftcore.nn.data import LabelledGraphs
    from gftcore.nn.settings import TrainConfig

__all__ = ["FitResult", "fit_model"]

#: Images at once where nothing is learned.
_EVALUATED = 32
#: Training images that the norms are measured on after each epoch.
_MEASURED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """A trained network.

    Attributes
    ----------
    model
        Weights of the best epoch, with a record of the training.
    best_epoch
        Its number, from 0.
    history
        All epochs.
    """

    model: Model
    best_epoch: int
    history: tuple[EpochReport, ...]


def fit_model(
    data: LabelledGraphs,
    train: Sequence[str],
    validate: Sequence[str],
    config: TrainConfig,
    *,
    checkpoint: Path | None = None,
    record: Mapping[str, Any] | None = None,
    report: Callable[[EpochReport, bool], None] | None = None,
) -> FitResult:
    """Train one network.

    Statistics of features, weights of classes and `spatial_grids` come from the training images
    alone; the last need the places of their nodes. After each epoch the validation images are
    classified; the epoch with the best balanced accuracy counts, the earlier of equals. The same
    settings give the same bytes, whether or not the training was interrupted, on one machine with
    one number of threads.

    Parameters
    ----------
    data
        Graphs of all images.
    train, validate
        Ids of the images to learn from, and to choose the epoch by.
    config
        Settings.
    checkpoint
        File to go on from if it exists, written after each epoch; None keeps nothing.
    record
        Plain values to add to the model's record of the training.
    report
        Called with each epoch, and whether it is new or was stored in the checkpoint.

    Raises
    ------
    ArgumentError
        If the training images are all of one class, or if the first epoch diverged.
    RefusedError
        If the checkpoint is that of another training.
    """
    fit = _Fit(data, train, validate, config)
    history = run_epochs(
        fit, config.epochs, patience=config.patience, checkpoint=checkpoint, report=report
    )
    best = next(entry for entry in reversed(history) if entry.best)
    training = {
        "config": config.to_dict(),
        "data_sha256": data.sha256,
        "num_train": len(train),
        "num_validate": len(validate),
        "best_epoch": best.epoch,
        "validation_balanced_accuracy": best.validation_balanced_accuracy,
        "class_weights": dict(zip(data.classes, fit.weights.tolist(), strict=True)),
        **data.made_from(fit.train),
        **(record or {}),
    }
    return FitResult(model=fit.best_model(training), best_epoch=best.epoch, history=tuple(history))


class _Fit:
    """Network, optimiser and inputs of one training."""

    def __init__(
        self,
        data: LabelledGraphs,
        train: Sequence[str],
        validate: Sequence[str],
        config: TrainConfig,
    ) -> None:
        self.config = config
        self.train, self.validate = data.places(train), data.places(validate)
        self.labels: NDArray[np.int64] = np.array(data.labels, dtype=np.int64)
        tables = [data.graphs[place].x for place in self.train]
        features = fit_features(data.columns, tables, scaling=config.scaling)
        self.model_config = config.model_config(features, data.classes)
        self.inputs: dict[int, NetworkInput] = {
            place: network_input(data.graphs[place], features, config.dtype)
            for place in (*self.train, *self.validate)
        }
        self.positions = [data.graphs[place].positions for place in self.train]
        self.sum_scale = _sum_scale(tables)
        self.network = GraphNetwork(
            self.model_config, seed=config.seed, dropout=config.dropout, sum_scale=self.sum_scale
        )
        dtype = getattr(torch, config.dtype)
        self.network.to(dtype)
        classes = len(data.classes)
        balanced = class_weights(self.labels[self.train], classes)
        self.weights = torch.tensor(
            balanced if config.class_weights == "balanced" else np.ones(classes), dtype=dtype
        )
        self.targets = torch.tensor(target_rows(classes, config.smoothing), dtype=dtype)
        self.named = dict(self.network.named_parameters())
        self.optimiser = torch.optim.AdamW(
            self.named.values(), lr=config.lr, weight_decay=config.weight_decay
        )
        self.best = _copy(self.network.state_dict())
        joined = torch.distributed.is_available() and torch.distributed.is_initialized()
        self.reduction = Reduction() if joined else None
        for part in self.network.modules():
            if isinstance(part, BatchNorm):
                part.reduction = self.reduction
        of = [config.recipe, config.to_dict(), data.sha256, list(train), list(validate)]
        size = 1 if self.reduction is None else self.reduction.size
        self.run = hashlib.sha256(canonical_json([*of, size]).encode()).hexdigest()

    @property
    def first(self) -> bool:
        """Whether this process writes files."""
        return self.reduction is None or self.reduction.rank == 0

    def resume(self, stored: Checkpoint) -> None:
        self.network.load_state_dict(stored.network)
        set_optimiser_state(self.optimiser, self.named, stored.optimiser)
        self.best = stored.best

    def state(self, history: Sequence[EpochReport]) -> Checkpoint:
        names = {parameter: name for name, parameter in self.named.items()}
        return Checkpoint(
            epochs=len(history),
            run=self.run,
            network=_copy(self.network.state_dict()),
            best=self.best,
            optimiser=optimiser_state(self.optimiser, names),
            history=[entry.to_dict() for entry in history],
        )

    def epoch(self, number: int, history: Sequence[EpochReport]) -> EpochReport:
        """Learn from all training images once, then look at the validation images."""
        config = self.config
        lr = config.lr * config.lr_decay**number
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        loss, found = self._learn(number)
        self._measure()
        truth = self.labels[self.train]
        order = np.argsort(found[:, 0], kind="stable")
        learned = balanced_accuracy(truth[np.argsort(self.train)], found[order, 1])
        logits = self._logits(self.validate)
        labels = self.labels[self.validate]
        reached = balanced_accuracy(labels, logits.argmax(dim=1).numpy())
        with torch.no_grad():
            validation_loss = self._loss(logits, torch.from_numpy(labels)).item()
        entry = EpochReport(
            epoch=number,
            lr=lr,
            loss=loss,
            train_balanced_accuracy=learned,
            validation_loss=validation_loss if bool(logits.isfinite().all()) else math.nan,
            validation_balanced_accuracy=reached,
            best=False,
        )
        if not is_best(entry, history):
            return entry
        self.best = _copy(self.network.state_dict())
        return replace(entry, best=True)

    def _loss(self, logits: Tensor, labels: Tensor, reduction: Reduction | None = None) -> Tensor:
        return weighted_loss(
            logits, labels, weights=self.weights, targets=self.targets, reduction=reduction
        )

    def _learn(self, number: int) -> tuple[float, NDArray[np.int64]]:
        """Return the mean loss, and (place, predicted class) of each training image."""
        self.network.train()
        reduction = self.reduction
        rank, size = (0, 1) if reduction is None else (reduction.rank, reduction.size)
        # Nothing is drawn from a generator whose state an interruption would lose.
        order = np.random.default_rng([self.config.seed, 1, number]).permutation(self.train)
        losses, found = [], []
        with torch.random.fork_rng(devices=[]):
            draw = np.random.default_rng([self.config.seed, 2, number, rank])
            torch.manual_seed(int(draw.integers(2**63)))
            for start in range(0, len(order), self.config.batch_size):
                places = order[start : start + self.config.batch_size]
                mine = places[rank::size]
                logits = self.network(self._joined(mine))
                loss = self._loss(logits, torch.from_numpy(self.labels[mine]), reduction)
                self.optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                if reduction is not None:
                    reduction.add_gradients(list(self.named.values()))
                self.optimiser.step()
                shared = torch.zeros(len(places), 2, dtype=torch.float64)
                shared[rank::size, 0] = torch.from_numpy(mine.astype(np.float64))
                shared[rank::size, 1] = logits.detach().argmax(dim=1).double()
                total = loss.detach().double()
                if reduction is not None:
                    shared, total = reduction.sum(shared), reduction.sum(total)
                losses.append(total.item() * len(places))
                found.append(shared.long().numpy())
        return sum(losses) / len(order), np.concatenate(found)

    def _measure(self) -> None:
        """Take the statistics of the norms without dropout, with the weights as they are now."""
        network, reduction = self.network, self.reduction
        rank, size = (0, 1) if reduction is None else (reduction.rank, reduction.size)
        chosen = np.random.default_rng([self.config.seed, 3]).permutation(self.train)[:_MEASURED]
        dropout, network.dropout = network.dropout, 0.0
        network.train()
        try:
            with torch.no_grad(), measured(network):
                for start in range(0, len(chosen), _EVALUATED):
                    network(self._joined(chosen[start : start + _EVALUATED][rank::size]))
        finally:
            network.dropout = dropout

    def _joined(self, places: Sequence[int] | NDArray[Any]) -> Any:
        graphs = [self.inputs[int(place)] for place in places]
        return join_inputs(self.model_config, graphs, dtype=self.config.dtype)

    def _logits(self, places: Sequence[int]) -> Tensor:
        """Logits without dropout, with running statistics; images shared among processes."""
        self.network.eval()
        reduction = self.reduction
        rank, size = (0, 1) if reduction is None else (reduction.rank, reduction.size)
        out = torch.zeros(len(places), len(self.model_config.classes), dtype=self.weights.dtype)
        with torch.no_grad():
            mine = range(rank, len(places), size)
            for start in range(0, len(mine), _EVALUATED):
                rows = list(mine[start : start + _EVALUATED])
                out[rows] = self.network(self._joined([places[row] for row in rows]))
        return out if reduction is None else reduction.sum(out)

    def best_model(self, training: Mapping[str, Any]) -> Model:
        network = GraphNetwork(self.model_config, sum_scale=self.sum_scale)
        network.to(self.weights.dtype).load_state_dict(self.best)
        model = network.to_model(training=training)
        if not all(self.positions):
            return model
        grids = spatial_grids(self.positions, [self.inputs[place].x for place in self.train])
        return replace(model, spatial=grids)


def _sum_scale(tables: Sequence[Mapping[str, NDArray[np.float64]]]) -> dict[str, float]:
    """1 / (mean number of nodes) of each type, so that pooled sums have the size of means."""
    count = {name: sum(len(table[name]) for table in tables) for name in tables[0]}
    return {name: len(tables) / max(total, 1) for name, total in count.items()}


def _copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
