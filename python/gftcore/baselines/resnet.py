# SPDX-License-Identifier: Apache-2.0
"""A residual network of images, from scratch: the network of transformers, our training."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gftcore._lazy import require
from gftcore.config import canonical_json
from gftcore.runs.epochs import EpochReport
from gftcore.runs.predictions import balanced_accuracy

require("torch", extra="baselines", user="gftcore.baselines")
require("transformers", extra="baselines", user="gftcore.baselines")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from transformers import ResNetConfig, ResNetForImageClassification  # noqa: E402

from gftcore.nn.checkpoint import Checkpoint, optimiser_state, set_optimiser_state  # noqa: E402
from gftcore.nn.epochs import is_best  # noqa: E402
from gftcore.nn.loss import class_weights  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.baselines.pixels import LabelledImages
    from gftcore.baselines.settings import ImageConfig

__all__ = ["ImageFit", "image_network"]

_SCHEMA = "gftcore-resnet/1"


def image_network(num_classes: int, config: ImageConfig) -> Any:
    """Return a network for one-channel images with first weights drawn from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        # Fields of its base class are not known to type checkers.
        options: dict[str, Any] = {"num_labels": num_classes, "layer_type": "basic"}
        return ResNetForImageClassification(
            ResNetConfig(
                num_channels=1,
                embedding_size=config.widths[0],
                hidden_sizes=list(config.widths),
                depths=list(config.depths),
                **options,
            )
        )


class ImageFit:
    """Network, optimiser and images of one training, as `gftcore.nn.epochs.run_epochs` has it."""

    first = True

    def __init__(
        self,
        data: LabelledImages,
        train: Sequence[str],
        validate: Sequence[str],
        config: ImageConfig,
    ) -> None:
        self.config, self.data = config, data
        self.train, self.validate = data.places(train), data.places(validate)
        self.labels: NDArray[np.int64] = np.array(data.labels, dtype=np.int64)
        self.weights = torch.tensor(
            class_weights(self.labels[self.train], len(data.classes)), dtype=torch.float32
        )
        self.mean, self.sd = self._statistics()
        self.format = torch.channels_last if config.channels_last else torch.contiguous_format
        self.network = image_network(len(data.classes), config).to(memory_format=self.format)
        self.named: dict[str, torch.nn.Parameter] = dict(self.network.named_parameters())
        self.optimiser = torch.optim.AdamW(
            self.named.values(), lr=config.lr, weight_decay=config.weight_decay
        )
        self.best = _copy(self.network.state_dict())
        of: list[Any] = [config.to_dict(), data.sha256, list(train), list(validate)]
        if config.recipe > 1:  # the first recipe had no number
            of.append(config.recipe)
        self.run = hashlib.sha256(canonical_json(of).encode()).hexdigest()

    def _statistics(self) -> tuple[float, float]:
        """Mean and standard deviation of all pixels of the training images."""
        sums = np.zeros(2)
        for place in self.train:
            pixels = self.data.batch([place]).astype(np.float64)
            sums += pixels.mean(), (pixels**2).mean()
        mean, square = sums / len(self.train)
        return float(mean), math.sqrt(max(square - mean**2, 0.0)) or 1.0

    def resume(self, stored: Checkpoint) -> None:
        """Go on behind the last epoch of a checkpoint."""
        self.network.load_state_dict(stored.network)
        state = {}
        for name, value in stored.optimiser.items():
            parameter = self.named[name.rsplit(".", 1)[0]]
            # In the memory order of the parameter, as the optimiser itself would have made it.
            state[name] = torch.empty_like(parameter).copy_(value) if value.dim() else value
        set_optimiser_state(self.optimiser, self.named, state)
        self.best = stored.best

    def state(self, history: Sequence[EpochReport]) -> Checkpoint:
        """Return all that an interruption must not lose."""
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
        lr = self.config.lr * 0.5 * (1 + math.cos(math.pi * number / self.config.epochs))
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        loss, learned = self._learn(number)
        logits = self._logits(self.network, self.validate)
        labels = self.labels[self.validate]
        reached = balanced_accuracy(labels, logits.argmax(dim=1).numpy())
        finite = bool(logits.isfinite().all())
        entry = EpochReport(
            epoch=number,
            lr=lr,
            loss=loss,
            train_balanced_accuracy=learned,
            validation_loss=self._loss(logits, labels).item() if finite else math.nan,
            validation_balanced_accuracy=reached,
            best=False,
        )
        if not is_best(entry, history):
            return entry
        self.best = _copy(self.network.state_dict())
        return replace(entry, best=True)

    def probabilities(self, places: Sequence[int]) -> NDArray[np.float64]:
        """Return probabilities [n, C] of the weights of the best epoch."""
        network = image_network(len(self.data.classes), self.config).to(memory_format=self.format)
        network.load_state_dict(self.best)
        logits = self._logits(network, places)
        out: NDArray[np.float64] = torch.softmax(logits.double(), dim=1).numpy()
        return out

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write the weights of the best epoch, with what is needed to use them and know them."""
        from safetensors.torch import save_file

        record = {
            "schema": _SCHEMA,
            "classes": list(self.data.classes),
            "config": self.config.to_dict(),
            "pixel_mean": self.mean,
            "pixel_sd": self.sd,
            **about,
        }
        weights = {name: tensor.contiguous() for name, tensor in self.best.items()}
        save_file(weights, path, metadata={"model": canonical_json(record)})

    def _loss(self, logits: Tensor, labels: NDArray[np.int64]) -> Tensor:
        truth = torch.from_numpy(labels)
        return torch.nn.functional.cross_entropy(logits, truth, weight=self.weights)

    def _learn(self, number: int) -> tuple[float, float]:
        """Return mean loss and balanced accuracy of the training images."""
        self.network.train()
        # Nothing is drawn from a generator whose state an interruption would lose.
        order = np.random.default_rng([self.config.seed, 1, number]).permutation(self.train)
        turns = np.random.default_rng([self.config.seed, 2, number]).integers(8, size=len(order))
        losses, found = [], []
        for rows in _blocks(len(order), self.config.batch_size):
            places = order[rows]
            pixels = self.data.batch(places.tolist())
            if self.config.augment == "flips":
                pixels = np.stack([_turned(p, t) for p, t in zip(pixels, turns[rows], strict=True)])
            logits = self._run(self.network, pixels)
            loss = self._loss(logits, self.labels[places])
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            losses.append(loss.item() * len(places))
            found.append(logits.detach().argmax(dim=1).numpy())
        learned = balanced_accuracy(self.labels[order], np.concatenate(found))
        return sum(losses) / len(order), learned

    def _run(self, network: Any, pixels: NDArray[np.float32]) -> Tensor:
        """Return logits of images; sums of the loss stay in float32."""
        values = torch.from_numpy((pixels - np.float32(self.mean)) / np.float32(self.sd))
        inputs = values.unsqueeze(1).contiguous(memory_format=self.format)
        low = self.config.precision == "bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            logits = network(pixel_values=inputs).logits
        return cast("Tensor", logits.float())

    def _logits(self, network: Any, places: Sequence[int]) -> Tensor:
        network.eval()
        parts = [torch.zeros(0, len(self.data.classes))]
        with torch.no_grad():
            parts += [
                self._run(network, self.data.batch(places[rows]))
                for rows in _blocks(len(places), self.config.batch_size)
            ]
        return torch.cat(parts)


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))


def _turned(pixels: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """Return one of the eight ways to lay a square."""
    out = np.rot90(pixels, turn & 3)
    return out.T if turn & 4 else out


def _copy(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
