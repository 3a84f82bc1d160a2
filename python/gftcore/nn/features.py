# SPDX-License-Identifier: Apache-2.0
"""Which feature columns a network reads, and their statistics on the training split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gftcore._validation import require_choice
from gftcore.errors import ArgumentError
from gftcore.graph.hetero_graph import NODE_TYPES
from gftcore.model.config import FeatureSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["MODEL_COLUMNS", "SCALINGS", "Scaling", "common_columns", "fit_features"]

Scaling = Literal["standard", "robust", "minmax"]
SCALINGS = ("standard", "robust", "minmax")

_VESSEL = (
    "length", "distance", "curveness", "volume", "avgCrossSection", "minRadiusAvg", "minRadiusStd",
    "avgRadiusAvg", "avgRadiusStd", "roundnessAvg", "roundnessStd", "node1_degree", "node2_degree",
    "degree", "hetero_degree",
)  # fmt: skip
_AREA = (
    "centroid-0", "centroid-1", "area", "perimeter", "eccentricity", "equivalent_diameter_area",
    "solidity", "extent", "axis_major_length", "axis_minor_length", "intensity_max",
    "intensity_mean", "intensity_min", "degree", "hetero_degree",
)  # fmt: skip

#: Node type to the columns of the published data, which networks read by default.
MODEL_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"vessel": _VESSEL, "ica": _AREA, "faz": _AREA}
)
#: Median absolute deviation to the standard deviation of a normal distribution.
_MAD = 1.4826


def common_columns(graphs: Iterable[HeteroGraph]) -> dict[str, tuple[str, ...]]:
    """Return node type to those of `MODEL_COLUMNS` that all graphs have.

    Graphs of masks without images have no intensities.

    Examples
    --------
    >>> from gftcore import graph
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> len(common_columns([bar])["vessel"]), len(common_columns([bar])["ica"])
    (15, 12)
    """
    kept = {name: list(columns) for name, columns in MODEL_COLUMNS.items()}
    for graph in graphs:
        for name, columns in kept.items():
            there = graph.vessel_columns if name == "vessel" else graph.ica_columns
            columns[:] = [column for column in columns if column in there]
    return {name: tuple(columns) for name, columns in kept.items()}


def fit_features(
    columns: Mapping[str, Sequence[str]],
    tables: Iterable[Mapping[str, NDArray[np.float64]]],
    *,
    scaling: Scaling = "standard",
) -> dict[str, FeatureSet]:
    """Measure mean and standard deviation of each column over the nodes of all graphs.

    Parameters
    ----------
    columns
        Node type to the names of its columns.
    tables
        Of each graph of the training split: node type to raw features [N, F].
    scaling
        ``standard`` (mean, standard deviation), ``robust`` (median, 1.4826 times the median
        absolute deviation) or ``minmax`` (lowest value, range).

    Notes
    -----
    What is not finite is left out: it stands for a value that does not exist. A deviation of 0
    becomes 1, and so do the statistics of a column without any value, as mean 0.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"vessel": np.array([[1.0, 5], [3, 5], [np.nan, 5]])}
    >>> fit_features({"vessel": ("length", "degree")}, [table])["vessel"].sd
    (1.0, 1.0)
    """
    require_choice(scaling, SCALINGS, "scaling")
    given = list(tables)
    if not given:
        raise ArgumentError("tables must hold those of at least one graph, got none")
    out = {}
    for name in (name for name in NODE_TYPES if name in columns):
        pairs = [
            _statistics(np.concatenate([table[name][:, place] for table in given]), scaling)
            for place in range(len(columns[name]))
        ]
        out[name] = FeatureSet(
            columns=tuple(columns[name]),
            mean=tuple(mean for mean, _ in pairs),
            sd=tuple(sd for _, sd in pairs),
        )
    return out


def _statistics(values: NDArray[Any], scaling: str) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    if scaling == "robust":
        middle = float(np.median(values))
        spread = _MAD * float(np.median(np.abs(values - middle)))
    elif scaling == "minmax":
        middle = float(values.min())
        spread = float(values.max()) - middle
    else:
        middle, spread = float(values.mean()), float(values.std())
    return middle, spread if np.isfinite(spread) and spread > 0 else 1.0
