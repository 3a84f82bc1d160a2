# SPDX-License-Identifier: Apache-2.0
"""Where a training stands, in one safetensors file that is replaced as a whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gftcore._lazy import require
from gftcore.errors import FormatError
from gftcore.io.files import atomic_path

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

__all__ = ["Checkpoint", "optimiser_state", "read_checkpoint", "set_optimiser_state"]
__all__ += ["write_checkpoint"]

_SCHEMA = "gftcore-checkpoint/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """State after a number of epochs.

    Attributes
    ----------
    epochs
        Epochs that are done.
    run
        SHA-256 of everything that the training depends on.
    network, best
        Weights now, and those of the best epoch so far.
    optimiser
        Its state: name of a parameter, a dot and the name of the value, to the value.
    history
        One entry per epoch, plain values.
    """

    epochs: int
    run: str
    network: dict[str, Tensor]
    best: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    history: list[dict[str, Any]]


_PARTS = ("network", "best", "optimiser")


def write_checkpoint(path: Path, state: Checkpoint) -> None:
    """Replace the file of a checkpoint; whoever reads it finds the old or the new one."""
    from safetensors.torch import save_file

    tensors = {
        f"{part}/{name}": tensor.detach().contiguous().clone()
        for part in _PARTS
        for name, tensor in getattr(state, part).items()
    }
    text = {"schema": _SCHEMA, "epochs": state.epochs, "run": state.run, "history": state.history}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={"checkpoint": json.dumps(text)})


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint of a file, None if there is no file.

    Raises
    ------
    FormatError
        If the file is damaged or of another kind.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in _PARTS}
    try:
        with safe_open(path, framework="pt") as opened:
            text = json.loads((opened.metadata() or {})["checkpoint"])
            for name in opened.keys():  # noqa: SIM118 - no mapping
                part, rest = name.split("/", 1)
                parts[part][rest] = opened.get_tensor(name)
        if text["schema"] != _SCHEMA:
            raise FormatError(f"{path}: schema must be {_SCHEMA!r}, got {text['schema']!r:.80}")
        return Checkpoint(
            epochs=int(text["epochs"]), run=str(text["run"]), history=list(text["history"]), **parts
        )
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise FormatError(
            f"{path}: is no checkpoint: {error!s:.100}; use another folder"
        ) from error


def optimiser_state(
    optimiser: torch.optim.Optimizer, names: dict[torch.nn.Parameter, str]
) -> dict[str, Tensor]:
    """Return the state of an optimiser by the names of the parameters."""
    return {
        f"{names[parameter]}.{key}": value
        for parameter, values in optimiser.state.items()
        if isinstance(parameter, torch.nn.Parameter)
        for key, value in values.items()
    }


def set_optimiser_state(
    optimiser: torch.optim.Optimizer,
    parameters: dict[str, torch.nn.Parameter],
    state: dict[str, Tensor],
) -> None:
    """Take a state over that `optimiser_state` returned."""
    for name, value in state.items():
        parameter, key = name.rsplit(".", 1)
        optimiser.state[parameters[parameter]][key] = value.clone()
