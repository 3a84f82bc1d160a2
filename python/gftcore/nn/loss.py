# SPDX-License-Identifier: Apache-2.0
"""What is minimised: cross-entropy with class weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gftcore._lazy import require
from gftcore.errors import ArgumentError

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.nn.parallel import Reduction

__all__ = ["class_weights", "target_rows", "weighted_loss"]


def class_weights(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float64]:
    """Return N / (K n_c) for each class number c, where K classes have an image; 0 for the others.

    Examples
    --------
    >>> class_weights(np.array([0, 0, 0, 2]), 3).round(3).tolist()
    [0.667, 0.0, 2.0]
    """
    counts = np.bincount(labels, minlength=num_classes)
    there = counts > 0
    if there.sum() < 2:
        raise ArgumentError("the training images must be of two classes at least, got one")
    out = np.zeros(num_classes)
    out[there] = len(labels) / (there.sum() * counts[there])
    return out


def target_rows(num_classes: int, smoothing: str) -> NDArray[np.float64]:
    """Return the target distribution of each class [C, C]; rows add up to 1.

    Examples
    --------
    >>> target_rows(3, "ordinal").round(3).tolist()
    [[0.96, 0.04, 0.0], [0.04, 0.92, 0.04], [0.0, 0.04, 0.96]]
    """
    if smoothing == "none":
        return np.eye(num_classes)
    out = np.eye(num_classes) * 0.919
    place = np.arange(num_classes - 1)
    out[place, place + 1] = out[place + 1, place] = 0.040
    out[0, 0] = out[-1, -1] = 0.960
    rows: NDArray[np.float64] = out / out.sum(axis=1, keepdims=True)
    return rows


def weighted_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    weights: Tensor,
    targets: Tensor,
    reduction: Reduction | None = None,
) -> Tensor:
    """Sum of w_y times the cross-entropy with the target row of y, over the sum of w_y.

    With several processes both sums go over the images of all, and each has its own share of the
    loss.
    """
    chosen = weights[labels]
    each = -(targets[labels] * torch.log_softmax(logits, dim=1)).sum(dim=1)
    total = chosen.sum()
    if reduction is not None:
        total = reduction.sum(total)
    return (chosen * each).sum() / total
