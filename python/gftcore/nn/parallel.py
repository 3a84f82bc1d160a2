# SPDX-License-Identifier: Apache-2.0
"""Sums over the processes of a training run, derivatives included."""

from __future__ import annotations

from typing import Any, cast

from gftcore._lazy import require
from gftcore._native import core
from gftcore._validation import require_int

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor, distributed  # noqa: E402

__all__ = ["Reduction", "keep_freed_memory", "use_threads"]


def use_threads(count: int) -> None:
    """Let torch and the operators of this package use so many threads.

    The graph layers give the same bytes for any number; torch's own operators need not.
    """
    torch.set_num_threads(require_int(count, "count", 1, 1024))


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, for good and whatever it does.

    Each step of a training allocates the same large tensors; clearing their pages anew
    takes time. ``gftcore train`` calls this, nothing else does: a process that does more
    than train may want its memory back. Elsewhere than with the GNU C library nothing changes.
    """
    core.keep_freed_memory()


class _Sum(torch.autograd.Function):
    """y = sum of x over the processes; each process has a share of the loss in its own y."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ARG004
        total = x.detach().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # noqa: ARG004
        total = g.clone()
        distributed.all_reduce(total)
        return total


class Reduction:
    """Sums over all processes that torchrun started, which meet in the same order of calls."""

    def __init__(self) -> None:
        self.size = distributed.get_world_size()
        self.rank = distributed.get_rank()

    def sum(self, x: Tensor) -> Tensor:
        """Return the sum of a tensor over all processes; can be differentiated."""
        return cast("Tensor", _Sum.apply(x))  # type: ignore[no-untyped-call]

    def add_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Replace each gradient by the sum over all processes.

        A parameter without one has none in any process: which ones do not depends on the network
        and on the rows of all processes.
        """
        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([cast("Tensor", p.grad).reshape(-1) for p in parameters])
        distributed.all_reduce(flat)
        parts = torch.split(flat, [p.numel() for p in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            cast("Tensor", parameter.grad).copy_(part.view_as(parameter))
