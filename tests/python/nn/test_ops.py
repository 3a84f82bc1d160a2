# SPDX-License-Identifier: Apache-2.0
"""The operators of torch: registration, derivatives, determinism, refusals.

Exactness: 1e-12 of the scale against dense matrices in float64, 2e-5 in float32; same bytes for
any number of threads.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")

from gftcore import nn  # noqa: E402
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError  # noqa: E402
from gftcore.graph.batch import DIRECTED, GraphBatch  # noqa: E402
from networks import SIZES, random_batch  # noqa: E402

TYPES = ("vessel", "ica", "faz")
RELS = [TYPES.index(end) for ends in DIRECTED.values() for end in ends]
SMALL = ({"vessel": 6, "ica": 3, "faz": 1}, {"vessel": 4, "ica": 5, "faz": 0})
ACTS = ("none", "relu", "leaky", "elu")


def csr_of(batch: GraphBatch) -> list[Any]:
    parts = (batch.rowptr, batch.col, batch.colptr, batch.row)
    return [torch.tensor(part[r].astype(np.int32)) for r in DIRECTED for part in parts]


def drawn(
    batch: GraphBatch, *, dtype: Any = torch.float64, width: int = 4, depth: Any = (5, 4, 3)
) -> tuple[Any, ...]:
    """Values h, S, M, c that need derivatives."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()

    h = [draw(len(batch.x[t]), d) for t, d in zip(TYPES, depth, strict=True)]
    S = [draw(d, width) for d in depth]
    M = [draw(depth[s], width) for s in RELS[::2]]
    return h, S, M, [draw(width) for _ in TYPES]


def dense(batch: GraphBatch, h: Any, S: Any, M: Any, c: Any, act: str) -> list[Any]:
    """The same layer with a full matrix for each relation."""
    z = [h[t] @ S[t] + c[t] for t in range(3)]
    for i, relation in enumerate(DIRECTED):
        s, t = RELS[2 * i : 2 * i + 2]
        mean = torch.zeros(len(h[t]), len(h[s]), dtype=h[0].dtype)
        for u, v in batch.edge_index(relation).T:
            mean[v, u] += 1
        z[t] = z[t] + mean / mean.sum(dim=1, keepdim=True).clamp(min=1) @ h[s] @ M[i]
    functional = torch.nn.functional
    phi = {
        "none": lambda x: x,
        "relu": functional.relu,
        "leaky": lambda x: functional.leaky_relu(x, 0.01),
        "elu": functional.elu,
    }[act]
    return [phi(values) for values in z]


def flat(parts: Any) -> list[Any]:
    return [tensor for part in parts for tensor in part]


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("dtype", "width", "depth", "limit"),
    [
        ("float64", 4, (5, 4, 3), 1e-12),
        ("float32", 16, (16, 16, 16), 2e-5),
        ("float32", 7, (5, 4, 3), 2e-5),
    ],
)
def test_values_and_derivatives_equal_dense_matrices(
    act: str, dtype: str, width: int, depth: Any, limit: float, threads: int
) -> None:
    assert threads == torch.get_num_threads()
    batch = random_batch(1, SIZES)
    given = drawn(batch, dtype=getattr(torch, dtype), width=width, depth=depth)
    found = nn.sage_layer(*given, csr_of(batch), RELS, act)
    wanted = dense(batch, *given, act)
    g = [torch.randn_like(values) for values in wanted]
    leaves = flat(given)
    derivatives = [
        torch.autograd.grad(sum((o * w).sum() for o, w in zip(out, g, strict=True)), leaves)
        for out in (found, wanted)
    ]
    pairs = [*zip(found, wanted, strict=True), *zip(*derivatives, strict=True)]
    for ours, theirs in pairs:
        scale = float(theirs.detach().abs().max()) if theirs.numel() else 1.0
        torch.testing.assert_close(ours, theirs, rtol=0, atol=limit * scale)


@pytest.mark.parametrize("sizes", [SMALL, [size | {"ica": 0} for size in SMALL]])
@pytest.mark.parametrize("act", ACTS)
def test_gradcheck(act: str, sizes: Any) -> None:
    batch = random_batch(2, sizes, without=("vi", "ff"))
    given = drawn(batch, width=2, depth=(2, 3, 2))
    counts = [len(part) for part in given]

    def layer(*tensors: Any) -> tuple[Any, ...]:
        parts = iter(tensors)
        lists = [[next(parts) for _ in range(count)] for count in counts]
        return tuple(nn.sage_layer(*lists, csr_of(batch), RELS, act))

    assert torch.autograd.gradcheck(layer, tuple(flat(given)))


@pytest.mark.parametrize("name", ["sage_layer", "sage_layer_backward", "segment_pool"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_opcheck(name: str) -> None:
    batch = random_batch(3, SMALL)
    given = drawn(batch, width=3)
    csr = csr_of(batch)
    if name == "sage_layer":
        args: tuple[Any, ...] = (*given, csr, RELS, "leaky")
    elif name == "sage_layer_backward":
        plain = [[tensor.detach() for tensor in part] for part in given]
        out = nn.sage_layer(*plain, csr, RELS, "leaky")
        args = ([torch.randn_like(values) for values in out], out, *plain[:3], csr, RELS, "leaky")
    else:
        args = (given[0][0], torch.tensor([0, 3, 3, 10]), True)
    results = torch.library.opcheck(getattr(nn, name), args)
    assert set(results.values()) == {"SUCCESS"}


def test_pools() -> None:
    x = torch.tensor([[1.0, -5], [3, -5], [3, -9], [-2, 4]], requires_grad=True)
    ptr = torch.tensor([0, 3, 3, 4])
    total, largest, place = nn.segment_pool(x, ptr, True)
    assert total.tolist() == [[7, -19], [0, 0], [-2, 4]]
    assert largest.tolist() == [[3, -5], [0, 0], [-2, 4]]
    assert place.tolist() == [[1, 0], [-1, -1], [3, 3]]  # the first of equal rows
    (largest * torch.tensor([[1.0, 2], [3, 4], [5, 6]])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 2], [1, 0], [0, 0], [5, 6]]
    total, largest, place = nn.segment_pool(x, ptr, False)
    assert total[0].tolist() == [7, -19]
    assert not largest.any()
    assert (place == -1).all()
    exact = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    ptr = torch.tensor([0, 0, 4, 6])
    for largest_too in (True, False):
        pool = lambda x, too=largest_too: nn.segment_pool(x, ptr, too)[:2]  # noqa: E731
        assert torch.autograd.gradcheck(pool, exact)
    empty = torch.zeros(0, 2, requires_grad=True)
    pools = nn.segment_pool(empty, torch.tensor([0, 0]), True)
    (pools[0].sum() + pools[1].sum()).backward()
    assert empty.grad is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_threads_gives_the_same_bytes(dtype: str) -> None:
    batch = random_batch(4, SIZES * 6)
    given = drawn(batch, dtype=getattr(torch, dtype), width=16, depth=(16, 16, 16))
    before = torch.get_num_threads()
    found = []
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        out = nn.sage_layer(*given, csr_of(batch), RELS, "elu")
        found.append([*out, *torch.autograd.grad(sum(o.square().sum() for o in out), flat(given))])
    torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_derivatives_of_derivatives_are_refused() -> None:
    batch = random_batch(5, SMALL)
    given = drawn(batch)
    out = nn.sage_layer(*given, csr_of(batch), RELS, "elu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that such graphs may leak
        first = torch.autograd.grad(out[0].square().sum(), given[0][0], create_graph=True)[0]
    with pytest.raises(RuntimeError, match="gftcore::sage_layer has first derivatives only"):
        first.sum().backward()


def test_what_does_not_fit_is_refused() -> None:
    batch = random_batch(6, SMALL)
    h, S, M, c = ([t.detach() for t in part] for part in drawn(batch))
    csr = csr_of(batch)
    with pytest.raises(ArgumentError, match="act must be one of none, relu"):
        nn.sage_layer(h, S, M, c, csr, RELS, "tanh")
    with pytest.raises(ArgumentTypeError, match=r"must be torch.float64, got torch.float32"):
        nn.sage_layer(h, S, M, [part.float() for part in c], csr, RELS, "relu")
    with pytest.raises(ArgumentTypeError, match="float32 or float64"):
        nn.sage_layer([part.half() for part in h], S, M, c, csr, RELS, "relu")
    with pytest.raises(ArgumentTypeError, match=r"must be torch.int32"):
        nn.sage_layer(h, S, M, c, [part.long() for part in csr], RELS, "relu")
    with pytest.raises(ShapeError):
        nn.sage_layer(h, S[::-1], M, c, csr, RELS, "relu")
    with pytest.raises(ArgumentError, match="edges must join nodes"):
        nn.sage_layer(h, S, M, c, [csr[0], csr[1] + 100, *csr[2:]], RELS, "relu")
