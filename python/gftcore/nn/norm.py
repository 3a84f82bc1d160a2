# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation that knows what to do with less than two rows, and with several processes."""

from __future__ import annotations

import warnings

from gftcore._lazy import require
from gftcore.errors import GftcoreWarning
from gftcore.nn.parallel import Reduction

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

__all__ = ["BatchNorm"]

_EPS = 1e-5
_MOMENTUM = 0.1


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
        self._warned = False

    def forward(self, x: Tensor, shift: Tensor | None = None) -> Tensor:
        """Normalise the rows of x + shift; the batch's own statistics do not see a shift."""
        if self.training and self.reduction is not None:
            return self._joint(x, shift, self.reduction)
        batch = self.training and self._enough(x.shape[0])
        if shift is not None and not batch:
            x = x + shift
        # Autograd keeps what it was given, so that is a copy where the statistics change.
        mean, var = self.running_mean, self.running_var
        if batch:
            mean, var = mean.clone(), var.clone()
        out = functional.batch_norm(
            x,
            mean,
            var,
            self.weight,
            self.bias,
            training=batch,
            momentum=_MOMENTUM,
            eps=_EPS,
        )
        if batch:
            whole = mean if shift is None else mean + _MOMENTUM * shift.detach()
            self.running_mean.copy_(whole)
            self.running_var.copy_(var)
        return out

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
            with torch.no_grad():
                whole = mean if shift is None else mean + shift
                self.running_mean.lerp_(whole, _MOMENTUM)
                self.running_var.lerp_(var * count / (count - 1), _MOMENTUM)
        return (x - mean) * torch.rsqrt(var + _EPS) * self.weight + self.bias
