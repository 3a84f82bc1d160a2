# SPDX-License-Identifier: Apache-2.0
"""Whether contributions say what the network does: nodes removed and put back in their order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import (
    describe,
    require_array,
    require_choice,
    require_int,
    require_iterator,
    require_mapping,
    require_real,
)
from gftcore.attribution.baselines import Baseline, baseline_rows
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import GraphBatch
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.metrics.localisation import top_scores
from gftcore.model.files import Model
from gftcore.model.standardisation import standardised_batch
from gftcore.processors import thread_count
from gftcore.staging.inference import predict

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FRACTIONS", "Faithfulness", "faithfulness"]

#: Dense at both ends: few nodes make most of a change.
FRACTIONS = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faithfulness:
    """Curves of one graph. Read-only.

    Attributes
    ----------
    target, against, kind
        What was computed along the curves: class, the other class of a margin, and ``logit``,
        ``margin`` or ``prob``.
    num_nodes
        How many nodes were ordered.
    fractions
        [K] shares of them.
    deletion
        [K] the target with so many nodes, highest scores first, at the baseline.
    insertion
        [K] the target with so many nodes, highest scores first, as they are, and all other ordered
        ones at the baseline.
    deletion_area, insertion_area
        Areas under the curves, by trapezoids. The better an order, the smaller the first and the
        larger the second.
    random_deletion, random_insertion
        [R, K] the same for random orders.
    random_deletion_area, random_insertion_area
        [R].
    """

    target: str
    against: str | None
    kind: str
    num_nodes: int
    fractions: NDArray[np.float64]
    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]
    deletion_area: float
    insertion_area: float
    random_deletion: NDArray[np.float64]
    random_insertion: NDArray[np.float64]
    random_deletion_area: NDArray[np.float64]
    random_insertion_area: NDArray[np.float64]


def faithfulness(
    model: Model,
    graph: HeteroGraph | GraphBatch,
    scores: Mapping[str, ArrayLike],
    *,
    target: str | None = None,
    kind: Literal["logit", "margin", "prob"] = "logit",
    against: str | None = None,
    baseline: Baseline = "zero",
    fractions: Iterable[float] = FRACTIONS,
    random_orders: int = 5,
    seed: int = 0,
    threads: int | None = None,
) -> Faithfulness:
    """Set nodes to the baseline, and put them back, in the order of their scores.

    Edges stay, so that nodes are replaced by others and none is cut out.

    Parameters
    ----------
    model
        The network.
    graph
        A graph, or a batch of one graph from `gftcore.model.standardised_batch`.
    scores
        Node type to a score of each node [N_t], such as ``contribution`` of a result of
        `integrated_gradients`. Nodes of all types go in one order; of equal scores, those of
        earlier types and lower numbers come first. Types that are left out stay as they are.
    target, kind, against, baseline
        What is computed, and what removed nodes become; as for `integrated_gradients`.
    fractions
        Shares of the nodes, rising from 0 to 1.
    random_orders
        How many random orders are tried beside, 0 to 1000.
    seed
        Of the random orders, 0 to 2**63 - 1.
    threads
        How many variants of the graph are computed at once; None means one per usable processor.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If an argument is outside its domain.

    References
    ----------
    Petsiuk, V., Das, A., Saenko, K. (2018). RISE: randomized input sampling for explanation of
    black-box models. arXiv:1806.07421

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.attribution import integrated_gradients
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> cross = np.zeros((48, 48), dtype=bool)
    >>> cross[23:26, :] = cross[:, 23:26] = True
    >>> vessels = graph.extract(cross)
    >>> (found,) = integrated_gradients(network, [vessels])
    >>> curves = faithfulness(network, vessels, found.nodes.contribution, fractions=(0, 0.5, 1))
    >>> bool(curves.deletion[-1] == curves.insertion[0]), curves.num_nodes
    (True, 4)
    """
    curve = _Curves.of(model, graph, scores, target, kind, against, baseline)
    shares = _fractions(fractions)
    orders = require_int(random_orders, "random_orders", 0, 1000)
    random = np.random.default_rng(require_int(seed, "seed", 0, 2**63 - 1))
    count = thread_count(threads)
    total = sum(len(values) for values in curve.scores.values())
    removed = np.rint(shares * total).astype(np.int64)
    _, place, row = top_scores(curve.scores, total)
    both = np.stack([place, row])
    # Putting back in an order is removing in the reverse order, read from its end.
    walks = [both, both[:, ::-1]]
    for _ in range(orders):
        drawn = both[:, random.permutation(total)]
        walks += [drawn, drawn[:, ::-1]]
    ways = [removed, (total - removed)[::-1]]
    jobs = [(walk, int(n)) for i, walk in enumerate(walks) for n in ways[i % 2]]
    with ThreadPoolExecutor(count) as pool:
        found = np.array(list(pool.map(lambda job: curve.value(*job), jobs)))
    values = found.reshape(len(walks), len(shares))
    deletion, insertion = values[0::2], values[1::2, ::-1]
    areas = [_areas(curves, shares) for curves in (deletion, insertion)]
    return Faithfulness(
        target=curve.classes[0],
        against=curve.classes[1] if kind == "margin" else None,
        kind=kind,
        num_nodes=total,
        fractions=read_only(shares),
        deletion=read_only(deletion[0].copy()),
        insertion=read_only(insertion[0].copy()),
        deletion_area=float(areas[0][0]),
        insertion_area=float(areas[1][0]),
        random_deletion=read_only(deletion[1:].copy()),
        random_insertion=read_only(insertion[1:].copy()),
        random_deletion_area=read_only(areas[0][1:].copy()),
        random_insertion_area=read_only(areas[1][1:].copy()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """A network's answer to variants of a graph."""

    model: Model
    batch: GraphBatch
    scores: Mapping[str, NDArray[np.float64]]
    x0: Mapping[str, NDArray[Any]]
    classes: tuple[str, str]
    kind: str

    @staticmethod
    def of(
        model: Model,
        graph: HeteroGraph | GraphBatch,
        scores: Mapping[str, ArrayLike],
        target: str | None,
        kind: str,
        against: str | None,
        baseline: Baseline,
    ) -> _Curves:
        if not isinstance(model, Model):
            raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
        config = model.config
        require_choice(kind, ("logit", "margin", "prob"), "kind")
        if kind != "margin" and against is not None:
            raise ArgumentError(f"against needs kind 'margin', got '{kind}'")
        batch: object = graph
        graphs = None
        if isinstance(graph, HeteroGraph):
            graphs = [graph]
            batch = standardised_batch(config, graphs)
        if not isinstance(batch, GraphBatch) or batch.num_graphs != 1:
            raise ArgumentTypeError(f"graph must be one graph, got {describe(graph)}")
        given = require_mapping(scores, config.types, "scores", "node types of the model")
        ordered = {t: _scores(given[t], t, len(batch.x[t])) for t in config.types if t in given}
        if not ordered:
            raise ArgumentError("scores must have at least one node type, got none")
        _, rows = baseline_rows(model, batch, graphs, baseline, "float32")
        zeros = [np.zeros_like(batch.x[t], dtype=np.float32) for t in config.types]
        order = np.argsort(-predict(model, batch, threads=1).logits[0], kind="stable").tolist()
        # A margin over the predicted class is that of the largest of the others.
        names = [config.classes[i] for i in order if config.classes[i] != against]
        first = names[0] if target is None else require_choice(target, config.classes, "target")
        others = [config.classes[i] for i in order if config.classes[i] != first]
        second = others[0] if against is None else require_choice(against, others, "against")
        return _Curves(
            model=model,
            batch=batch,
            scores=ordered,
            x0=dict(zip(config.types, rows or zeros, strict=True)),
            classes=(first, second),
            kind=kind,
        )

    def value(self, order: NDArray[np.int64], removed: int) -> float:
        """Return the target with the first nodes of an order at the baseline."""
        x = dict(self.batch.x)
        place, row = order[:, :removed]
        for i, name in enumerate(self.scores):
            gone = row[place == i]
            x[name] = x[name].astype(np.float32)
            x[name][gone] = self.x0[name][gone]
        said = predict(
            self.model, dataclasses.replace(self.batch, x=MappingProxyType(x)), threads=1
        )
        first, second = (said.classes.index(name) for name in self.classes)
        if self.kind == "prob":
            return float(said.probabilities[0, first])
        logits = said.logits[0].astype(np.float64)
        return float(logits[first] - (logits[second] if self.kind == "margin" else 0.0))


def _scores(values: ArrayLike, name: str, count: int) -> NDArray[np.float64]:
    label = f"scores[{name!r}]"
    out: NDArray[np.float64] = require_array(values, np.float64, name=label, ndim=1)
    if len(out) != count:
        raise ShapeError(f"{label} must have {count} values, one a node, got {len(out)}")
    return out


def _fractions(values: Iterable[float]) -> NDArray[np.float64]:
    given: Sequence[Any] = list(require_iterator(values, "fractions", "a sequence of numbers"))
    out = np.array([require_real(value, "fractions") for value in given])
    if len(out) < 2 or out[0] != 0 or out[-1] != 1 or bool((np.diff(out) <= 0).any()):
        raise ArgumentError("fractions must rise from 0 to 1")
    return out


def _areas(curves: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = (curves[:, 1:] + curves[:, :-1]) / 2 @ np.diff(shares)
    return out
