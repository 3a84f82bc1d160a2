# SPDX-License-Identifier: Apache-2.0
"""Reference ranges: how features and measurements spread over healthy eyes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe, require_int, require_iterator, require_real
from gftcore.biomarkers.results import Biomarkers
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.columns import column_info
from gftcore.graph.hetero_graph import NODE_TYPES, HeteroGraph
from gftcore.tabulation.numbers import all_numbers, unit_and_factor
from gftcore.tabulation.table import RangeCell, ReferenceInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["BANDS", "LEVELS", "ReferenceEye", "ReferenceRanges", "reference_of", "reference_ranges"]

#: Shares of the reference eyes below the five numbers of a range.
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)
#: Where a value lies: below the first number, up to the second, the fourth, the last, above.
BANDS = ("below", "lower", "middle", "upper", "above")
#: Under which name the record of a training holds ranges.
RECORD = "reference"
#: Ends of numbers that say how well something was measured and nothing of the eye.
_OF_THE_MEASUREMENT = ("_coverage", "_error")
#: Of quantiles, and of what is compared with them, so that equal values are equal.
_DIGITS = 6

Numbers = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRanges:
    """Quantiles of features of nodes and of numbers of images over reference eyes.

    Attributes
    ----------
    info
        What eyes.
    nodes
        Node type to column to the five quantiles of `LEVELS`; lengths and areas in mm and mm2. All
        nodes of all eyes together, each eye weighing the same. Positions have none.
    image
        Name of a number, see `gftcore.tabulation.graph_numbers` and
        `gftcore.biomarkers.Biomarkers.to_dict`, to its five quantiles over the eyes that have it.
        Coverages and standard errors have none.

    Examples
    --------
    >>> eyes = ReferenceInfo(eyes=3, label="Healthy", data="synthetic")
    >>> ranges = ReferenceRanges(info=eyes, image={"faz_area_mm2": (0.2, 0.3, 0.35, 0.4, 0.5)})
    >>> ranges.of_image("faz_area_mm2", 0.6)
    RangeCell(low=0.2, high=0.5, band='above')
    """

    info: ReferenceInfo
    nodes: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)
    image: Mapping[str, Numbers] = field(default_factory=dict)

    def of_node(self, node_type: str, column: str, value: float | None) -> RangeCell | None:
        """Return where a feature in the unit of a table lies; None without a range."""
        return _cell(self.nodes.get(node_type, {}).get(column), value)

    def of_image(self, name: str, value: float | None) -> RangeCell | None:
        """Return where a number of an image lies; None without a range."""
        return _cell(self.image.get(name), value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, as the record of a training holds them."""
        return {
            "eyes": self.info.eyes,
            "label": self.info.label,
            "data": self.info.data,
            "levels": list(LEVELS),
            "nodes": {
                name: {column: list(five) for column, five in columns.items()}
                for name, columns in self.nodes.items()
            },
            "image": {name: list(five) for name, five in self.image.items()},
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> ReferenceRanges:
        """Build it from `to_dict`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If something is missing, of another type, or no rising row of five numbers.

        Examples
        --------
        >>> eyes = ReferenceInfo(eyes=3, label="Healthy", data="synthetic")
        >>> ranges = ReferenceRanges(info=eyes, nodes={"ica": {"area": (1, 2, 3, 4, 5)}})
        >>> ReferenceRanges.from_dict(ranges.to_dict()) == ranges
        True
        """
        record = _object(values, RECORD)
        missing = [n for n in ("eyes", "label", "data", "levels", "nodes", "image")
                   if n not in record]  # fmt: skip
        if missing:
            raise ArgumentError(f"{RECORD} lacks {', '.join(missing)}")
        if record["levels"] != list(LEVELS):
            raise ArgumentError(
                f"{RECORD} levels must be {list(LEVELS)}, got {record['levels']!r:.80}"
            )
        for name in ("label", "data"):
            if not isinstance(record[name], str):
                raise ArgumentTypeError(f"{RECORD} {name} must be text")
        return ReferenceRanges(
            info=ReferenceInfo(
                eyes=require_int(record["eyes"], f"{RECORD} eyes", 1),
                label=record["label"],
                data=record["data"],
            ),
            nodes={
                name: _ranges(columns, f"{RECORD} nodes {name}")
                for name, columns in _object(record["nodes"], f"{RECORD} nodes").items()
            },
            image=_ranges(record["image"], f"{RECORD} image"),
        )


def reference_of(config: ModelConfig) -> ReferenceRanges | None:
    """Return the ranges that the record of a network's training holds; None without any.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is something else under ``training["reference"]``.

    Examples
    --------
    >>> from gftcore.model import FeatureSet, ModelConfig
    >>> lengths = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> eyes = ReferenceInfo(eyes=3, label="Healthy", data="synthetic")
    >>> record = ReferenceRanges(info=eyes).to_dict()
    >>> reference_of(ModelConfig(features={"vessel": lengths}, training={"reference": record})).info
    ReferenceInfo(eyes=3, label='Healthy', data='synthetic')
    """
    record = config.training.get(RECORD)
    return None if record is None else ReferenceRanges.from_dict(record)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferenceEye:
    """What ranges take from one eye; much smaller than its graph.

    Attributes
    ----------
    columns
        Node type to the names of its features.
    nodes
        Node type to column to the values that there are, in the unit of a table.
    image
        Numbers of the image by name.

    Examples
    --------
    >>> from gftcore import graph
    >>> bar = graph.extract([[0] * 9, [1] * 9, [0] * 9])
    >>> reference_ranges([ReferenceEye.of(bar)]) == reference_ranges([(bar, None)])
    True
    """

    columns: Mapping[str, tuple[str, ...]]
    nodes: Mapping[str, Mapping[str, NDArray[np.float32]]]
    image: Mapping[str, float]

    @staticmethod
    def of(graph: HeteroGraph, biomarkers: Biomarkers | None = None) -> ReferenceEye:
        """Take it from a graph and its biomarkers."""
        nodes: dict[str, dict[str, NDArray[np.float32]]] = {name: {} for name in NODE_TYPES}
        columns = {name: _columns(graph, name) for name in NODE_TYPES}
        for name, names in columns.items():
            table = graph.features(name)
            for i, column in enumerate(names):
                if column_info(name, column).unit == "position":
                    continue
                factor = unit_and_factor(name, column, graph.meta.mm_per_px)[1]
                each = table[np.isfinite(table[:, i]), i] * factor
                # Half the memory; the values are rounded further.
                nodes[name][column] = each.astype(np.float32)
        image = {
            word: value
            for word, value in all_numbers(graph, biomarkers).items()
            if not word.endswith(_OF_THE_MEASUREMENT)
        }
        return ReferenceEye(columns=columns, nodes=nodes, image=image)


def reference_ranges(
    eyes: Iterable[tuple[HeteroGraph, Biomarkers | None] | ReferenceEye],
    *,
    label: str = "Healthy",
    data: str = "unknown",
) -> ReferenceRanges:
    """Compute reference ranges from the graphs of healthy eyes.

    Parameters
    ----------
    eyes
        Graph and biomarkers of each eye, or what was taken from them, read one by one; without
        biomarkers there are ranges of the graph's own numbers only.
    label
        Class of the eyes.
    data
        ``synthetic`` if a program made them; it stands in every table.

    Raises
    ------
    ArgumentError
        If there is no eye, or if graphs have different columns.

    Notes
    -----
    A quantile q of nodes is the least value such that nodes up to it weigh at least q, where the
    nodes of an eye that have the feature weigh 1 together. Over images each eye weighs the same.
    Values have six digits.

    Examples
    --------
    >>> from gftcore import graph
    >>> bars = [graph.extract([[0] * n, [1] * n, [0] * n]) for n in (8, 9, 12)]
    >>> ranges = reference_ranges([(bar, None) for bar in bars], data="synthetic")
    >>> ranges.info.eyes, ranges.image["vessels"]
    (3, (1.0, 1.0, 1.0, 1.0, 1.0))
    """
    of_nodes: dict[str, dict[str, list[NDArray[np.float32]]]] = {name: {} for name in NODE_TYPES}
    of_images: dict[str, list[float]] = {}
    columns: Mapping[str, tuple[str, ...]] | None = None
    count = 0
    expected = "pairs of a HeteroGraph and its Biomarkers or None"
    for given in require_iterator(eyes, "eyes", expected):
        eye = given if isinstance(given, ReferenceEye) else ReferenceEye.of(*_pair(given, expected))
        if columns not in (None, eye.columns):
            raise ArgumentError("eyes must have graphs with the same feature columns")
        columns, count = eye.columns, count + 1
        for name, of_columns in eye.nodes.items():
            for column, each in of_columns.items():
                of_nodes[name].setdefault(column, []).append(each)
        for word, value in eye.image.items():
            of_images.setdefault(word, []).append(value)
    if not count:
        raise ArgumentError("eyes must hold at least one eye, got none")
    return ReferenceRanges(
        info=ReferenceInfo(eyes=count, label=label, data=data),
        nodes={
            name: {c: five for c, each in found.items() if (five := _five(each)) is not None}
            for name, found in of_nodes.items()
        },
        image={
            word: five
            for word, values in of_images.items()
            if (five := _five([np.array([v]) for v in values if math.isfinite(v)])) is not None
        },
    )


def _columns(graph: HeteroGraph, node_type: str) -> tuple[str, ...]:
    return graph.vessel_columns if node_type == "vessel" else graph.ica_columns


def _pair(pair: object, expected: str) -> tuple[HeteroGraph, Biomarkers | None]:
    if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], HeteroGraph):
        graph, markers = pair
        if markers is None or isinstance(markers, Biomarkers):
            return graph, markers
    raise ArgumentTypeError(f"eyes must hold {expected}, got {describe(pair)}")


def _five(each: list[NDArray[Any]]) -> Numbers | None:
    """Quantiles of values that lie in arrays of equal weight; None without any value."""
    filled = [values for values in each if len(values)]
    if not filled:
        return None
    values = np.concatenate(filled).astype(np.float64)
    weights = np.concatenate([np.full(len(v), 1 / len(v)) for v in filled]) / len(filled)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    # Rounding of the sum must not move a quantile to the next value.
    places = np.searchsorted(reached, np.array(LEVELS) - 1e-9)
    found = values[order][np.minimum(places, len(values) - 1)]
    a, b, c, d, e = map(_digits, found.tolist())
    return a, b, c, d, e


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _cell(five: Numbers | None, value: float | None) -> RangeCell | None:
    if five is None:
        return None
    band = None
    if value is not None and math.isfinite(value):
        band = _band(five, _digits(value))
    return RangeCell(low=five[0], high=five[4], band=band)


def _band(five: Numbers, value: float) -> str:
    low, quarter, _, three_quarters, high = five
    if value < low:
        return "below"
    if value > high:
        return "above"
    # A number such as a degree may equal several quantiles: the middle wins.
    if quarter <= value <= three_quarters:
        return "middle"
    return "lower" if value < quarter else "upper"


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{name} must be an object, got {describe(value)}")
    return value


def _ranges(values: object, name: str) -> Mapping[str, Numbers]:
    out = {}
    for key, five in _object(values, name).items():
        if not isinstance(five, (list, tuple)) or len(five) != len(LEVELS):
            raise ArgumentTypeError(f"{name} {key} must be {len(LEVELS)} numbers")
        a, b, c, d, e = (require_real(x, f"{name} {key}") for x in five)
        if not a <= b <= c <= d <= e:
            raise ArgumentError(f"{name} {key} must rise, got {list(five)}")
        out[str(key)] = (a, b, c, d, e)
    return MappingProxyType(out)
