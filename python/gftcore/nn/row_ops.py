# SPDX-License-Identifier: Apache-2.0
"""Batch norm with activation as an operator of torch, in the compiled core.

It is functional, works on the CPU in float32 and float64, and gives the same bytes for any number
of threads.
"""

from __future__ import annotations

from typing import Any, NoReturn

from gftcore._lazy import require
from gftcore.nn.ops import core_views, kernels, precision_of

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

__all__ = ["FUSED", "activated", "batch_norm", "batch_norm_backward"]

#: Activations that `batch_norm` takes.
FUSED = ("none", "relu", "leaky")


@torch.library.custom_op("gftcore::batch_norm", mutates_args=())
def batch_norm(x: Tensor, weight: Tensor, bias: Tensor, act: str) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise rows by their own mean and variance, then activation.

    Parameters
    ----------
    x
        Rows [N, W], N >= 1.
    weight, bias
        [W].
    act
        ``none``, ``relu`` or ``leaky`` (slope 0.01).

    Returns
    -------
    rows [N, W]; mean and variance of the columns of x, float64 [W]
    """
    rows, *shape = core_views([x, weight, bias], precision_of([x]))
    out, mean, variance = _empty_norm(x)
    threads = torch.get_num_threads()
    moments = mean.numpy(), variance.numpy()
    kernels.column_moments(rows, threads, *moments)
    kernels.batch_norm(
        rows,
        *moments,
        *shape,
        act,
        threads,
        out.numpy(),
    )
    return out, mean, variance


def _empty_norm(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    width = x.shape[1]
    moments = [x.new_empty(width, dtype=torch.float64) for _ in range(2)]
    return x.new_empty(x.shape), moments[0], moments[1]


@batch_norm.register_fake
def _(x: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    return _empty_norm(x)


@torch.library.custom_op("gftcore::batch_norm_backward", mutates_args=())
def batch_norm_backward(
    g: Tensor,
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor,
    bias: Tensor,
    act: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by x, weight and bias of `batch_norm`, from those by its rows."""
    grads = _empty_gradients(x)
    above, rows, *shape = core_views([g, x, weight, bias], precision_of([x]))
    kernels.batch_norm_backward(
        above,
        rows,
        *core_views([mean, variance], torch.float64),
        *shape,
        act,
        torch.get_num_threads(),
        *(grad.numpy() for grad in grads),
    )
    return grads


def _empty_gradients(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return x.new_empty(x.shape), x.new_empty(x.shape[1]), x.new_empty(x.shape[1])


@batch_norm_backward.register_fake
def _(g: Tensor, x: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ARG001
    return _empty_gradients(x)


def _keep_norm(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, weight, bias, ctx.act = inputs
    _, mean, variance = output
    ctx.save_for_backward(x, mean, variance, weight, bias)
    ctx.mark_non_differentiable(mean, variance)


def _norm_back(ctx: Any, g: Tensor, *_: Any) -> tuple[Any, ...]:
    grads = batch_norm_backward(g, *ctx.saved_tensors, ctx.act)
    return *grads, None


def _no_second_derivative(ctx: Any, *g: Any) -> NoReturn:  # noqa: ARG001
    raise RuntimeError("gftcore::batch_norm has first derivatives only; it cannot be used twice")


batch_norm.register_autograd(_norm_back, setup_context=_keep_norm)
batch_norm_backward.register_autograd(_no_second_derivative)


def activated(z: Tensor, act: str, *, inplace: bool = False) -> Tensor:
    """Return act(z): ``none``, ``relu``, ``leaky`` or ``elu``."""
    if act == "relu":
        return functional.relu(z, inplace=inplace)
    if act == "leaky":
        return functional.leaky_relu(z, 0.01, inplace=inplace)
    return functional.elu(z, inplace=inplace) if act == "elu" else z
