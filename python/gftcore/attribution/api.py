# SPDX-License-Identifier: Apache-2.0
"""Integrated gradients of graphs, one result a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

import gftcore
from gftcore._validation import (
    describe,
    require_bool,
    require_choice,
    require_int,
    require_iterator,
    require_real,
)
from gftcore.attribution.baselines import Baseline, baseline_rows
from gftcore.attribution.paths import Integral, PathRunner, bisected, doubled, fixed, sha256_of
from gftcore.attribution.results import Attribution, edge_result, node_result
from gftcore.attribution.rules import METHODS
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import GraphBatch
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.model.files import Model
from gftcore.model.standardisation import standardised_batch
from gftcore.processors import thread_count
from gftcore.staging.inference import engine_arrays, softmax

if TYPE_CHECKING:
    from gftcore.model.config import ModelConfig

__all__ = ["integrated_gradients", "resolution"]

Method = Literal["secant", "gausslegendre", "riemann_left", "riemann_right", "riemann_middle",
                 "riemann_trapezoid"]  # fmt: skip
Target = str | None

_PATHS = {"nodes": ("nodes",), "edges": ("edges",), "both": ("nodes", "edges")}
_DEFAULT_PANELS = {"logit": 16, "margin": 16, "prob": 64}
_DEFAULT_POINTS = 50
_MOST = 4096


def integrated_gradients(
    model: Model,
    graphs: GraphBatch | Iterable[HeteroGraph],
    *,
    of: Literal["nodes", "edges", "both"] = "nodes",
    target: Target | Sequence[Target] = None,
    kind: Literal["logit", "margin", "prob"] = "logit",
    against: Target | Sequence[Target] = None,
    method: Method = "secant",
    n: int | None = None,
    rtol: float | None = None,
    baseline: Baseline = "zero",
    estimate_error: bool = True,
    threads: int | None = None,
    dtype: Literal["float32", "float64"] = "float32",
) -> tuple[Attribution, ...]:
    """Explain what a network says about graphs by integrated gradients.

    A node's feature gets (x - x0) times the mean derivative of the target along the straight path
    from the baseline x0 to x. For edges, all messages are multiplied by a factor that goes from 0
    to 1, and an edge gets the mean derivative by its own factor. A graph's result is the same, bit
    for bit, alone or among others and for any number of threads.

    Parameters
    ----------
    model
        The network.
    graphs
        As for `gftcore.staging.predict`.
    of
        What gets contributions: features of nodes, edges, or both, each by a path of its own.
    target
        The explained class, or one for each graph; None means the predicted one, that with the
        largest logit at the end of the path. These logits round otherwise than those of
        `gftcore.staging.predict`, so that of two classes whose logits agree but for rounding it may
        be the other one.
    kind
        The class's ``logit``; its ``margin`` over ``against``; its ``prob``, whose change happens
        on a short stretch of the path, so that it needs more panels.
    against
        For margins: the other class, or one for each graph; None means the largest other logit.
        With a class here and ``target`` None, the target is the largest of the others, also where
        the class given here is the predicted one.
    method
        ``secant``: panels whose contributions add up to the target's change, however few they are;
        ``gausslegendre``: points; with 50 of them as captum does; ``riemann_left``,
        ``riemann_right``, ``riemann_middle``, ``riemann_trapezoid``. Where the left rule and the
        trapezoid begin, at the baseline, many nodes are alike, and rounding chooses which of them a
        maximum belongs to; panels do not have this.
    n
        Number of panels or points. None means 16 panels (64 for ``prob``), or 50 points.
    rtol
        In place of ``n``, with ``secant``: add panels until the estimated L1 error is this small
        relative to the contributions' L1 norm. ``error`` is larger if 256 panels do not suffice.
    baseline
        ``zero``: the training set's mean node; ``spatial``: its mean node at the place of each
        node, see `gftcore.model.Model.spatial_baseline`, which needs a model with grids and graphs
        instead of a batch; or node type to x0, standardised: [F_t] for all nodes of the type or
        [N_t, F_t]; a missing type has 0. Edges do not use it.
    estimate_error
        Whether to compare n panels with half as many, n at least 2, for ``prob`` 24; costs half as
        much again on the way back. Points are never compared.
    threads
        Number of threads, which take graphs first and panels second; None means one per usable
        processor.
    dtype
        ``float32``, or ``float64`` for a slow check without any folding of weights.

    Raises
    ------
    ArgumentError
        If a class, method or other option is unknown or options exclude each other, a graph lacks
        a column of the model, or values of it or of a baseline overflow.
    ArgumentTypeError, ShapeError
        If an argument has another type or shape.

    Notes
    -----
    The error made with panels: a product of means over a panel replaces the mean of a product.
    Between ends of different sign, an activation's multiplier is its secant's slope, and a maximum
    is shared by the rows that lead at the ends, at the place where one overtakes the other.

    References
    ----------
    Sundararajan, M., Taly, A., Yan, Q. (2017). Axiomatic attribution for deep networks.
    arXiv:1703.01365

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, ModelConfig, initial_weights
    >>> features = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> (found,) = integrated_gradients(network, [bar], target="PDR", rtol=0.01)
    >>> found.target, found.nodes.error <= 0.01
    ('PDR', True)
    """
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
    paths = _PATHS[require_choice(of, tuple(_PATHS), "of")]
    require_choice(kind, tuple(_DEFAULT_PANELS), "kind")
    require_choice(method, METHODS, "method")
    require_choice(dtype, ("float32", "float64"), "dtype")
    estimate = require_bool(estimate_error, "estimate_error")
    count = thread_count(threads)
    panels, tolerance = resolution(kind, method, n, rtol)
    config = model.config
    if "edges" in paths and config.conv == "gcn":
        raise ArgumentError("of must be 'nodes' for a network of graph convolutions")
    if isinstance(graphs, HeteroGraph):
        raise ArgumentTypeError("graphs must be several graphs; put a single one into a list")
    given = None
    if not isinstance(graphs, GraphBatch):
        hint = "; put a single graph into a list"
        given = list(require_iterator(graphs, "graphs", "a sequence of HeteroGraph", hint))
        graphs = standardised_batch(config, given, dtype=dtype)
    arrays = engine_arrays(config, graphs, np.dtype(dtype))
    places = _places(config, graphs.num_graphs, kind, target, against)
    word, x0 = baseline_rows(model, graphs, given, baseline, dtype)
    found: dict[str, list[Integral]] = {}
    for path in paths:
        runner = PathRunner(
            model=model,
            dtype=dtype,
            arrays=arrays,
            baseline=x0 if path == "nodes" else [],
            targets=places,
            kind=kind,
            over=path,
            threads=count,
        )
        if tolerance is not None:
            refine = bisected if kind == "prob" else doubled
            found[path] = refine(runner, graphs.num_graphs, tolerance)
        else:
            found[path] = fixed(runner, graphs.num_graphs, method, panels, estimate=estimate)
        # Both paths end in the same logits but for rounding, and must explain the same class.
        places = [(integral.place, integral.against) for integral in found[path]]
    sha256 = sha256_of(model)
    return tuple(
        _attribution(
            config,
            graphs,
            g,
            {path: integrals[g] for path, integrals in found.items()},
            kind=kind,
            method=method,
            baseline=word,
            dtype=dtype,
            simd=gftcore.simd_target(),
            model_sha256=sha256,
        )
        for g in range(graphs.num_graphs)
    )


def resolution(
    kind: str, method: str, n: int | None, rtol: float | None
) -> tuple[int, float | None]:
    """Return how many panels or points are taken, or else to which tolerance."""
    if rtol is not None:
        if n is not None:
            raise ArgumentError("n and rtol must not be given both")
        if method != "secant":
            raise ArgumentError(f"rtol needs method 'secant', got '{method}'")
        tolerance = require_real(rtol, "rtol", above=0.0)
        return 0, tolerance
    default = _DEFAULT_PANELS[kind] if method == "secant" else _DEFAULT_POINTS
    return default if n is None else require_int(n, "n", 1, _MOST), None


def _places(
    config: ModelConfig,
    graphs: int,
    kind: str,
    target: Target | Sequence[Target],
    against: Target | Sequence[Target],
) -> list[tuple[int, int]]:
    """Numbers of both classes for each graph; -1 where the core finds them."""
    if kind != "margin" and against is not None:
        raise ArgumentError(f"against needs kind 'margin', got '{kind}'")
    both = []
    for name, given in (("target", target), ("against", against)):
        one = given is None or isinstance(given, str)
        if not one and not (isinstance(given, Sequence) and len(given) == graphs):
            raise ArgumentError(
                f"{name} must be a class or one for each of {graphs} graphs, got {describe(given)}"
            )
        words = [given] * graphs if one else list(given or ())
        both.append([-1 if w is None else _place(config, w, name) for w in words])
    for first, second in zip(*both, strict=True):
        if first == second >= 0:
            raise ArgumentError(f"against must be another class than '{config.classes[first]}'")
    return list(zip(*both, strict=True))


def _place(config: ModelConfig, word: object, name: str) -> int:
    return config.classes.index(require_choice(word, config.classes, name))


def _attribution(
    config: ModelConfig,
    batch: GraphBatch,
    graph: int,
    found: Mapping[str, Integral],
    *,
    kind: str,
    **record: str,
) -> Attribution:
    first = next(iter(found.values()))
    nodes, edges = found.get("nodes"), found.get("edges")
    return Attribution(
        nodes=node_result(config, kind, nodes) if nodes else None,
        edges=edge_result(config, kind, edges, batch, graph) if edges else None,
        classes=config.classes,
        target=config.classes[first.place],
        against=config.classes[first.against] if kind == "margin" else None,
        kind=kind,
        logits=read_only(first.end),
        logits_baseline=read_only(nodes.start) if nodes else None,
        probabilities=read_only(softmax(first.end)),
        **record,
    )
