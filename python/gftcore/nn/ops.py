# SPDX-License-Identifier: Apache-2.0
"""Operators of torch: graph layers, which run in the compiled core, and pools over graphs.

They are functional, work on the CPU in float32 and float64, and give the same bytes for any number
of threads. `torch.compile` takes them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gftcore._lazy import require
from gftcore._native import core
from gftcore.errors import ArgumentError, ArgumentTypeError

require("torch", extra="train", user="gftcore.nn")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "core_view",
    "core_views",
    "kernels",
    "precision_of",
    "sage_layer",
    "sage_layer_backward",
    "segment_pool",
]


#: The compiled core: a view has the element type of its tensor, which its own type does not say.
kernels: Any = core


def core_view(tensor: Tensor) -> NDArray[Any]:
    """Return the memory of a tensor as array; the core takes nothing else."""
    if tensor.device.type != "cpu":
        raise ArgumentError(f"tensors must be on the CPU, got one on {tensor.device}")
    return tensor.detach().contiguous().numpy()


def core_views(tensors: Sequence[Tensor], dtype: torch.dtype) -> list[NDArray[Any]]:
    """Return the memory of tensors that must have this type."""
    for tensor in tensors:
        if tensor.dtype != dtype:
            raise ArgumentTypeError(f"tensors must be {dtype}, got {tensor.dtype}")
    return [core_view(tensor) for tensor in tensors]


def precision_of(tensors: Sequence[Tensor]) -> torch.dtype:
    """Return the type of the first tensor, float32 or float64."""
    dtype = tensors[0].dtype if tensors else torch.float32
    if dtype not in (torch.float32, torch.float64):
        raise ArgumentTypeError(f"values must be float32 or float64, got {dtype}")
    return dtype


def _pairs(rels: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(rels[::2], rels[1::2], strict=True))


@torch.library.custom_op("gftcore::sage_layer", mutates_args=())
def sage_layer(
    h: Sequence[Tensor],
    S: Sequence[Tensor],
    M: Sequence[Tensor],
    c: Sequence[Tensor],
    csr: Sequence[Tensor],
    rels: Sequence[int],
    act: str,
) -> list[Tensor]:
    """One graph layer: act(h_t S_t + sum over r = (s -> t) of A_r h_s M_r + c_t) for each type t.

    A_r h_s is the mean over a node's edges of relation r, 0 where it has none.

    Parameters
    ----------
    h
        Of each type [N_t, D_t].
    S, c
        Of each type [D_t, W] and [W].
    M
        Of each relation [D_s, W].
    csr
        int32 ``rowptr`` [N_t + 1], ``col`` [E], ``colptr`` [N_s + 1], ``row`` [E] of each relation.
    rels
        Places of source and target type of each relation, one after the other.
    act
        ``none``, ``relu``, ``leaky`` (slope 0.01) or ``elu``.

    Returns
    -------
    list of [N_t, W]
    """
    dtype = precision_of(h)
    out = [h_t.new_empty((h_t.shape[0], S_t.shape[1])) for h_t, S_t in zip(h, S, strict=True)]
    kernels.sage_layer(
        *(core_views(tensors, dtype) for tensors in (h, S, M, c)),
        core_views(csr, torch.int32),
        _pairs(rels),
        act,
        torch.get_num_threads(),
        [tensor.numpy() for tensor in out],
    )
    return out


@sage_layer.register_fake
def _(h: Any, S: Any, M: Any, c: Any, csr: Any, rels: Any, act: str) -> list[Tensor]:  # noqa: ARG001
    return [h_t.new_empty((h_t.shape[0], S_t.shape[1])) for h_t, S_t in zip(h, S, strict=True)]


@torch.library.custom_op("gftcore::sage_layer_backward", mutates_args=())
def sage_layer_backward(
    g: Sequence[Tensor],
    out: Sequence[Tensor],
    h: Sequence[Tensor],
    S: Sequence[Tensor],
    M: Sequence[Tensor],
    csr: Sequence[Tensor],
    rels: Sequence[int],
    act: str,
) -> list[Tensor]:
    """Derivatives of a graph layer by h, S, M and c, one list after the other.

    Parameters
    ----------
    g
        Of each type [N_t, W]: derivatives by what the layer returns.
    out
        What the layer returned.
    h, S, M, csr, rels, act
        As for `sage_layer`.
    """
    dtype = precision_of(h)
    grads = _empty_gradients(h, S, M)
    kernels.sage_layer_backward(
        *(core_views(tensors, dtype) for tensors in (g, out, h, S, M)),
        core_views(csr, torch.int32),
        _pairs(rels),
        act,
        torch.get_num_threads(),
        *([tensor.numpy() for tensor in part] for part in grads),
    )
    return [tensor for part in grads for tensor in part]


def _empty_gradients(
    h: Sequence[Tensor],
    S: Sequence[Tensor],
    M: Sequence[Tensor],
) -> tuple[list[Tensor], ...]:
    parts = [[part.new_empty(part.shape) for part in parts] for parts in (h, S, M)]
    return *parts, [S_t.new_empty(S_t.shape[1]) for S_t in S]


@sage_layer_backward.register_fake
def _(g: Any, out: Any, h: Any, S: Any, M: Any, *_: Any) -> list[Tensor]:  # noqa: ARG001
    return [tensor for part in _empty_gradients(h, S, M) for tensor in part]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    h, S, M, _, csr, rels, act = inputs
    ctx.save_for_backward(*output, *h, *S, *M, *csr)
    ctx.counts = [len(part) for part in (output, h, S, M, csr)]
    ctx.rels, ctx.act = rels, act


def _backward(ctx: Any, g: list[Tensor | None]) -> tuple[Any, ...]:
    saved = list(ctx.saved_tensors)
    parts = []
    for count in ctx.counts:
        parts.append(saved[:count])
        del saved[:count]
    out, h, S, M, csr = parts
    filled = [
        torch.zeros_like(out_t) if g_t is None else g_t for g_t, out_t in zip(g, out, strict=True)
    ]
    flat = sage_layer_backward(filled, out, h, S, M, csr, ctx.rels, ctx.act)
    ends = np.cumsum([0, len(h), len(S), len(M), len(S)]).tolist()
    grads = [flat[a:b] for a, b in pairwise(ends)]
    # torch takes an empty list of numbers for one of tensors.
    return *grads, [None] * len(csr), None if ctx.rels else [], None


def _no_second_derivative(ctx: Any, *g: Any) -> NoReturn:  # noqa: ARG001
    raise RuntimeError("gftcore::sage_layer has first derivatives only; it cannot be used twice")


sage_layer.register_autograd(_backward, setup_context=_keep)
sage_layer_backward.register_autograd(_no_second_derivative)


@torch.library.custom_op("gftcore::segment_pool", mutates_args=())
def segment_pool(x: Tensor, ptr: Tensor, largest: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Sums and largest values of the rows ``ptr[g]:ptr[g + 1]`` of x [N, W].

    Parameters
    ----------
    x
        Rows.
    ptr
        int64 [B + 1], rising from 0 to N.
    largest
        Whether the largest values are asked for.

    Returns
    -------
    sums, largest values, their rows, each [B, W]
        The first of equal rows counts. A segment without rows gives 0 and the row -1, and so do all
        where the largest are not asked for.
    """
    rows = core_view(x)
    ends = core_view(ptr).tolist()
    shape = (len(ends) - 1, rows.shape[1])
    total, most = np.zeros(shape, dtype=rows.dtype), np.zeros(shape, dtype=rows.dtype)
    place = np.full(shape, -1, dtype=np.int64)
    for g, (a, b) in enumerate(pairwise(ends)):
        if b > a:
            rows[a:b].sum(axis=0, out=total[g])
        if b > a and largest:
            # argmax along the first axis is slow where rows are short, and it takes the first.
            place[g] = np.ascontiguousarray(rows[a:b].T).argmax(axis=1) + a
            most[g] = np.take_along_axis(rows, place[g : g + 1], axis=0)[0]
    return torch.from_numpy(total), torch.from_numpy(most), torch.from_numpy(place)


@segment_pool.register_fake
def _(x: Tensor, ptr: Tensor, largest: bool) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ARG001
    shape = (ptr.shape[0] - 1, x.shape[1])
    return x.new_empty(shape), x.new_empty(shape), ptr.new_empty(shape)


def _keep_places(ctx: Any, inputs: tuple[Tensor, Tensor, bool], output: tuple[Tensor, ...]) -> None:
    x, ptr, ctx.largest = inputs
    ctx.save_for_backward(ptr, output[2])
    ctx.rows = x.shape[0]
    ctx.mark_non_differentiable(output[2])


def _spread(ctx: Any, total: Tensor, most: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
    ptr, place = ctx.saved_tensors
    out = total.repeat_interleave(ptr.diff(), dim=0, output_size=ctx.rows)
    if ctx.largest and ctx.rows > 0:
        # Each row of a column is the largest of one segment at most. Empty ones add 0 to row 0.
        kept = torch.where(place < 0, 0, most)
        out.scatter_add_(0, place.clamp(min=0), kept)
    return out, None, None


segment_pool.register_autograd(_spread, setup_context=_keep_places)
