# SPDX-License-Identifier: Apache-2.0
"""Batch norm with activation in the core: beside torch's own, determinism, refusals.

Exactness: 1e-12 of the scale in float64, 1e-5 in float32; same bytes for any number of threads.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")

import gftcore  # noqa: E402
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError  # noqa: E402
from gftcore.nn import row_ops  # noqa: E402


def drawn(rows: int, width: int, dtype: str = "float64", *, seed: int = 0) -> tuple[Any, ...]:
    """x, weight and bias; the columns of x are far from 0."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = draw(rows, width) * 2 + 5 * draw(width)
    return tuple(
        part.to(getattr(torch, dtype)).requires_grad_() for part in (x, draw(width), draw(width))
    )


@pytest.mark.parametrize("target", gftcore.simd_targets())
@pytest.mark.parametrize("act", row_ops.FUSED)
@pytest.mark.parametrize(
    ("dtype", "rows", "width", "limit"),
    [
        ("float64", 700, 5, 1e-12),
        ("float32", 1000, 64, 1e-5),
        ("float32", 300, 20, 1e-5),
        ("float32", 3, 16, 1e-4),
    ],
)
def test_values_and_derivatives_equal_those_of_torch(
    dtype: str, rows: int, width: int, limit: float, act: str, target: str
) -> None:
    before = gftcore.simd_target()
    gftcore.set_simd_target(target)
    try:
        given = drawn(rows, width, dtype)
        found, mean, variance = row_ops.batch_norm(*given, act)
        exact = [part.detach().double().requires_grad_() for part in given]
        normed = torch.nn.functional.batch_norm(exact[0], None, None, *exact[1:], training=True)
        wanted = row_ops.activated(normed, act)
        g = torch.randn(rows, width, dtype=torch.float64)
        ours = torch.autograd.grad(found, given, g.to(found.dtype))
        theirs = torch.autograd.grad(wanted, exact, g)
    finally:
        gftcore.set_simd_target(before)
    for a, b in zip((found, *ours), (wanted, *theirs), strict=True):
        scale = float(b.detach().abs().max())
        torch.testing.assert_close(a.double(), b, rtol=0, atol=limit * scale)
    torch.testing.assert_close(mean, exact[0].mean(dim=0), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(variance, exact[0].var(dim=0, correction=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("act", row_ops.FUSED)
def test_gradcheck(act: str) -> None:
    def norm(x: Any, weight: Any, bias: Any) -> Any:
        return row_ops.batch_norm(x, weight, bias, act)[0]

    assert torch.autograd.gradcheck(norm, drawn(9, 3))


@pytest.mark.parametrize("name", ["batch_norm", "batch_norm_backward"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_opcheck(name: str) -> None:
    x, weight, bias = drawn(7, 3)
    args: tuple[Any, ...] = (x, weight, bias, "leaky")
    if name == "batch_norm_backward":
        x, weight, bias = (part.detach() for part in (x, weight, bias))
        _, mean, variance = row_ops.batch_norm(x, weight, bias, "leaky")
        args = (torch.randn_like(x), x, mean, variance, weight, bias, "leaky")
    results = torch.library.opcheck(getattr(row_ops, name), args)
    assert set(results.values()) == {"SUCCESS"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_threads_gives_the_same_bytes(dtype: str) -> None:
    given = drawn(2000, 16, dtype)
    before = torch.get_num_threads()
    found = []
    for count in (1, 2, 4):
        torch.set_num_threads(count)
        out = row_ops.batch_norm(*given, "leaky")
        found.append([*out, *torch.autograd.grad(out[0].square().sum(), given)])
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_derivatives_of_derivatives_are_refused() -> None:
    given = drawn(9, 3)
    out = row_ops.batch_norm(*given, "leaky")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that such graphs may leak
        first = torch.autograd.grad(out.square().sum(), given[0], create_graph=True)[0]
    with pytest.raises(RuntimeError, match="gftcore::batch_norm has first derivatives only"):
        first.sum().backward()


def test_what_does_not_fit_is_refused() -> None:
    x, weight, bias = (part.detach() for part in drawn(9, 3))
    with pytest.raises(ArgumentError, match="act must be one of none, relu, leaky"):
        row_ops.batch_norm(x, weight, bias, "elu")
    with pytest.raises(ArgumentTypeError, match=r"must be torch.float64, got torch.float32"):
        row_ops.batch_norm(x, weight.float(), bias, "relu")
    with pytest.raises(ArgumentTypeError, match="float32 or float64"):
        row_ops.batch_norm(x.half(), weight, bias, "relu")
    with pytest.raises(ShapeError, match="one value per column"):
        row_ops.batch_norm(x, weight[:2], bias, "relu")
    with pytest.raises(ShapeError, match="at least one row"):
        row_ops.batch_norm(x[:0], weight, bias, "relu")
