# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation that knows what to do with less than two rows, and with several processes."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from gftcore._lazy import require
from gftcore.errors import GftcoreWarning
from gftcore.nn.parallel import Reduction
from gftcore.nn.row_ops import FUSED, activated, batch_norm

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

__all__ = ["BatchNorm", "measured"]

_EPS = 1e-5
_MOMENTUM = 0.1


class Moments:
    """Mean and variance of several batches together."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.square = torch.zeros(())

    def add(self, count: int, mean: Tensor, var: Tensor) -> None:
        whole = self.count + count
        far = mean - self.mean
        self.square = self.square + var * count + far.square() * (self.count * count / whole)
        self.mean = self.mean + far * (count / whole)
        self.count = whole


class BatchNorm(nn.Module):
    """y = (x - mean) / sqrt(var + 1e-5) * weight + bias over the rows of a batch.

    In training, mean and variance are those of the batch's rows, of all processes where
    `reduction` joins several, and the running ones follow with momentum 0.1. A batch of less than
    two rows has no variance: it is normalised by the running statistics, which stay, and a warning
    says so once.

    Parameters
    ----------
    width
        Number of columns.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))
        self.reduction: Reduction | None = None
        self.measured: Moments | None = None
        self._warned = False

    def settle(self) -> None:
        """Take over what was measured, if anything was."""
        found = self.measured
        if found is not None and found.count >= 2:
            self.running_mean.copy_(found.mean)
            self.running_var.copy_(found.square / (found.count - 1))

    def forward(self, x: Tensor, shift: Tensor | None = None, *, act: str = "none") -> Tensor:
        """Normalise the rows of x + shift, then activation.

        The batch's own statistics do not see a shift.
        """
        if self.training and self.reduction is not None:
            z = self._joint(x, shift, self.reduction)
        elif self.training and self._enough(x.shape[0]):
            out: Tensor
            out, mean, var = batch_norm(x, self.weight, self.bias, act if act in FUSED else "none")
            self._follow(mean, var, x.shape[0], shift)
            return out if act in FUSED else activated(out, act)
        else:
            z = functional.batch_norm(
                x if shift is None else x + shift,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                eps=_EPS,
            )
        return activated(z, act, inplace=True)

    @torch.no_grad()
    def _follow(self, mean: Tensor, var: Tensor, rows: int, shift: Tensor | None) -> None:
        """Let the running statistics follow those of a batch, or keep those for `measure`."""
        whole = mean if shift is None else mean + shift
        if self.measured is not None:
            self.measured.add(rows, whole.double(), var.double())
            return
        self.running_mean.lerp_(whole.to(self.running_mean.dtype), _MOMENTUM)
        self.running_var.lerp_((var * (rows / (rows - 1))).to(self.running_var.dtype), _MOMENTUM)

    def _enough(self, rows: int) -> bool:
        if rows >= 2:
            return True
        if not self._warned:
            self._warned = True
            text = (
                f"SMALL_BATCH: a batch norm got {rows} rows, which have no variance; it used its "
                "running statistics"
            )
            warnings.warn(text, GftcoreWarning, stacklevel=2)
        return False

    def _joint(self, x: Tensor, shift: Tensor | None, reduction: Reduction) -> Tensor:
        """Statistics over the rows of all processes; derivatives flow through them."""
        count = int(reduction.sum(torch.tensor([x.shape[0]], dtype=torch.float64)).item())
        if not self._enough(count):
            mean, var = self.running_mean, self.running_var
            x = x if shift is None else x + shift
        else:
            mean = reduction.sum(x.sum(dim=0)) / count
            var = reduction.sum((x - mean).square().sum(dim=0)) / count
            self._follow(mean, var, count, shift)
        return (x - mean) * torch.rsqrt(var + _EPS) * self.weight + self.bias


@contextlib.contextmanager
def measured(network: nn.Module) -> Iterator[None]:
    """Make the running statistics of a network's norms those of all batches of the block.

    Those that follow with a momentum lag behind the weights, and dropout distorts them. Where
    thousands of normalised rows are added up that is more than what tells graphs apart.
    """
    norms = [part for part in network.modules() if isinstance(part, BatchNorm)]
    for norm in norms:
        norm.measured = Moments()
    try:
        yield
        for norm in norms:
            norm.settle()
    finally:
        for norm in norms:
            norm.measured = None
