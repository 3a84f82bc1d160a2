# SPDX-License-Identifier: Apache-2.0
"""Whether contributions depend on what a network learned: its weights drawn anew, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe, require_int, require_iterator
from gftcore.attribution.api import integrated_gradients
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.assemble import read_only
from gftcore.graph.batch import GraphBatch
from gftcore.metrics.ranks import rank_correlation
from gftcore.model.files import Model
from gftcore.model.weights import initial_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["WeightRandomisation", "randomised_models", "weight_randomisation"]

_FROM_THE_HEAD = ("head", "post", "conv", "pre")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightRandomisation:
    """How alike contributions are before and after weights were drawn anew. Read-only.

    Attributes
    ----------
    layers
        [L] names: the head's last layer first. All layers up to each one are drawn anew.
    targets
        Explained class of each graph.
    contribution
        Node type to [L, G] rank correlations of signed contributions with the original ones; NaN
        where all are equal, as without nodes.
    magnitude
        Node type to [L, G] the same for magnitudes.
    """

    layers: tuple[str, ...]
    targets: tuple[str, ...]
    contribution: Mapping[str, NDArray[np.float64]]
    magnitude: Mapping[str, NDArray[np.float64]]


def randomised_models(model: Model, *, seed: int) -> Iterator[tuple[str, Model]]:
    """Yield names of layers, and the network with all layers down to that one drawn anew.

    The head's last layer comes first, the first layer behind the features last. Weights and norms
    are drawn as those of an untrained network, by `gftcore.model.initial_weights`.

    Parameters
    ----------
    model
        The network, which stays as it is.
    seed
        As for `gftcore.model.initial_weights`.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> features = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": features}, hidden=8, n_pre=1, n_post=0)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> [name for name, _ in randomised_models(network, seed=2)]
    ['head.1', 'head.0', 'conv.2', 'conv.1', 'conv.0', 'pre.0']
    """
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}")
    return _randomised(model, require_int(seed, "seed", 0, 2**63 - 1))


def _randomised(model: Model, seed: int) -> Iterator[tuple[str, Model]]:
    drawn = initial_weights(model.config, seed=seed)
    weights = dict(model.weights)
    layers: dict[tuple[int, int], list[str]] = {}
    for name in weights:
        layers.setdefault(_depth(name), []).append(name)
    for stage, number in sorted(layers):
        weights.update({name: drawn[name] for name in layers[stage, number]})
        yield f"{_FROM_THE_HEAD[stage]}.{-number}", dataclasses.replace(model, weights=weights)


def _depth(name: str) -> tuple[int, int]:
    """Stage and negative number of a weight's layer: ascending from the head on."""
    stage, *rest = name.split(".")
    number = rest[0] if stage in ("head", "conv") else rest[1]
    return _FROM_THE_HEAD.index(stage), -int(number)


def weight_randomisation(
    model: Model,
    graphs: GraphBatch | Iterable[HeteroGraph],
    *,
    seed: int = 0,
    **options: Any,
) -> WeightRandomisation:
    """Compare contributions with those of the same network with ever more layers drawn anew.

    Contributions that hardly change do not show what was learned, but the input or the wiring. The
    class that is explained stays the one that the whole network was asked about.

    Parameters
    ----------
    model, graphs
        As for `integrated_gradients`.
    seed
        Of the weights.
    **options
        Others of `integrated_gradients`, but for ``of``.

    References
    ----------
    Adebayo, J. et al. (2018). Sanity checks for saliency maps. arXiv:1810.03292

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> features = FeatureSet(columns=("length", "degree"), mean=(30, 4), sd=(20, 2))
    >>> config = ModelConfig(features={"vessel": features}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> cross = np.zeros((48, 48), dtype=bool)
    >>> cross[23:26, :] = cross[:, 23:26] = True
    >>> found = weight_randomisation(network, [graph.extract(cross)], seed=2)
    >>> found.contribution["vessel"].shape
    (9, 1)
    """
    others = randomised_models(model, seed=seed)
    if "of" in options:
        raise ArgumentError("of must be left out: nodes are compared")
    if not isinstance(graphs, GraphBatch):
        graphs = tuple(require_iterator(graphs, "graphs", "graphs or a GraphBatch"))
    options = {"estimate_error": False, **options}
    before = integrated_gradients(model, graphs, of="nodes", **options)
    targets = tuple(found.target for found in before)
    options["target"] = targets
    if options.get("kind") == "margin":
        options["against"] = tuple(found.against for found in before)
    layers = []
    tables: dict[str, dict[str, list[list[float]]]] = {"contribution": {}, "magnitude": {}}
    for layer, other in others:
        layers.append(layer)
        after = integrated_gradients(other, graphs, of="nodes", **options)
        for name, table in tables.items():
            for t in model.config.types:
                row = [
                    rank_correlation(getattr(a.nodes, name)[t], getattr(b.nodes, name)[t])
                    for a, b in zip(before, after, strict=True)
                ]
                table.setdefault(t, []).append(row)
    return WeightRandomisation(
        layers=tuple(layers),
        targets=targets,
        **{
            name: MappingProxyType({t: read_only(np.array(rows)) for t, rows in table.items()})
            for name, table in tables.items()
        },
    )
