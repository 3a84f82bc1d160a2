# SPDX-License-Identifier: Apache-2.0
"""Operators of torch on rows, in the compiled core: batch norm with activation, and dropout.

They are functional, work on the CPU in float32 and float64, and give the same bytes for any number
of threads. Which elements a dropout keeps is a function of a seed: nothing is stored for the way
back.
"""

from __future__ import annotations

from typing import Any, NoReturn

from gftcore._lazy import require
from gftcore.nn.ops import core_views, kernels, precision_of

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

__all__ = ["FUSED", "activated", "batch_norm", "batch_norm_backward", "drop_elements", "dropped"]

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


@torch.library.custom_op("gftcore::drop_elements", mutates_args=())
def drop_elements(x: Tensor, seed: Tensor, share: float) -> Tensor:
    """Dropout of x [N, W]; the way back is the same.

    Parameters
    ----------
    x
        Rows.
    seed
        int64 scalar: which elements are dropped.
    share
        Of elements that become 0, in [0, 1); the others are multiplied by 1 / (1 - share).
    """
    (rows,) = core_views([x], precision_of([x]))
    out = x.new_empty(x.shape)
    threads = torch.get_num_threads()
    kernels.drop_elements(rows, int(seed.item()), share, threads, out.numpy())
    return out


@drop_elements.register_fake
def _(x: Tensor, seed: Tensor, share: float) -> Tensor:  # noqa: ARG001
    return x.new_empty(x.shape)


def _keep_seed(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:  # noqa: ARG001
    _, seed, ctx.share = inputs
    ctx.save_for_backward(seed)


def _drop_back(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
    (seed,) = ctx.saved_tensors
    return drop_elements(g, seed, ctx.share), None, None


drop_elements.register_autograd(_drop_back, setup_context=_keep_seed)


def dropped(h: Tensor, share: float) -> Tensor:
    """Return h [N, W] after a dropout that torch's generator seeds."""
    out: Tensor = drop_elements(h, torch.randint(2**62, ()), share) if share > 0 else h
    return out


def activated(z: Tensor, act: str, *, inplace: bool = False) -> Tensor:
    """Return act(z): ``none``, ``relu``, ``leaky`` or ``elu``."""
    if act == "relu":
        return functional.relu(z, inplace=inplace)
    if act == "leaky":
        return functional.leaky_relu(z, 0.01, inplace=inplace)
    return functional.elu(z, inplace=inplace) if act == "elu" else z
