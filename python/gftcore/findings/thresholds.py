# SPDX-License-Identifier: Apache-2.0
"""From where on findings are asserted: quantiles of healthy eyes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import (
    describe,
    require_bool,
    require_int,
    require_iterator,
    require_mapping,
    require_real,
)
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings.measures import CELLS, CellMeasures, measure_cells
from gftcore.findings.vocabulary import FAZ_FINDINGS, LOCATED_FINDINGS
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.tabulation.places import ZONES, Fovea

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.model.config import ModelConfig

__all__ = ["QUANTILE", "HealthyEye", "Thresholds", "finding_thresholds"]

#: Part of the healthy eyes that have no such finding at all.
QUANTILE = 0.975
SCHEMA = "gftcore-findings/1"
_NAMES = (*LOCATED_FINDINGS, *FAZ_FINDINGS)
_ZONE_OF_CELL = np.array([ZONES.index(cell.zone) for cell in CELLS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What healthy eyes hardly pass. Computed by `finding_thresholds`.

    Attributes
    ----------
    num_eyes
        How many healthy eyes were measured.
    grey
        Whether their graphs have grey values; without them, darkness cannot be judged.
    median, limit
        Name of a finding to the median and to the 97.5 % quantile over healthy eyes, of the most
        marked cell of each eye, or of its FAZ. A limit is infinite if no eye could be measured.
    network_mm_per_mm2
        Zone to the median length of vessels for each mm^2 of its cells.
    """

    num_eyes: int
    grey: bool
    median: Mapping[str, float]
    limit: Mapping[str, float]
    network_mm_per_mm2: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; None stands for a limit that no value passes."""
        return {
            "schema": SCHEMA,
            "num_eyes": self.num_eyes,
            "grey": self.grey,
            "quantile": QUANTILE,
            "median": dict(self.median),
            "limit": {k: v if math.isfinite(v) else None for k, v in self.limit.items()},
            "network_mm_per_mm2": dict(self.network_mm_per_mm2),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Thresholds:
        """Return the thresholds that `to_dict` wrote.

        Raises
        ------
        ArgumentError
            If something is missing, or is of another version.
        """
        keys = ("schema", "num_eyes", "grey", "quantile", "median", "limit", "network_mm_per_mm2")
        given = require_mapping(values, keys, "thresholds", "fields")
        missing = [key for key in keys if key not in given]
        if missing or given["schema"] != SCHEMA or given["quantile"] != QUANTILE:
            raise ArgumentError(
                f"thresholds must be of {SCHEMA} at {QUANTILE}; make them again"
                + (f" (no {', '.join(missing)})" if missing else "")
            )
        return Thresholds(
            num_eyes=require_int(given["num_eyes"], "thresholds['num_eyes']", 1),
            grey=require_bool(given["grey"], "thresholds['grey']"),
            median=_numbers(given["median"], _NAMES, "median"),
            limit=_numbers(given["limit"], _NAMES, "limit", none_is_infinite=True),
            network_mm_per_mm2=_numbers(
                given["network_mm_per_mm2"], ZONES[1:], "network_mm_per_mm2"
            ),
        )


def _numbers(
    values: object, names: tuple[str, ...], name: str, none_is_infinite: bool = False
) -> Mapping[str, float]:
    given = require_mapping(values, names, f"thresholds[{name!r}]", "names")
    if set(given) != set(names):
        raise ArgumentError(f"thresholds[{name!r}] must have {', '.join(names)}")
    out: dict[str, float] = {}
    for key in names:
        missing = none_is_infinite and given[key] is None
        out[key] = math.inf if missing else require_real(given[key], f"thresholds[{name!r}]")
    return MappingProxyType(out)


def thresholds_of(config: ModelConfig) -> Thresholds | None:
    """Return the thresholds that the record of a network's training holds; None without any.

    Parameters
    ----------
    config
        Settings of a network.
    """
    stored = config.training.get("thresholds")
    return None if stored is None else Thresholds.from_dict(stored)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HealthyEye:
    """What thresholds take from the graph of a healthy eye; much smaller than that.

    Attributes
    ----------
    grey
        Whether the graph has grey values.
    cells
        What was measured in each cell, without the structures.
    faz
        Name of a finding of the FAZ to its value.

    Examples
    --------
    >>> from gftcore import graph
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> finding_thresholds([HealthyEye.of(bar)]) == finding_thresholds([bar])
    True
    """

    grey: bool
    cells: Mapping[str, CellMeasures]
    faz: Mapping[str, float]

    @staticmethod
    def of(graph: HeteroGraph) -> HealthyEye:
        """Measure the graph of a healthy eye."""
        if not isinstance(graph, HeteroGraph):
            raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
        grey = "intensity_mean" in graph.ica_columns
        cells = measure_cells(graph, Fovea.of(graph), grey=grey)
        bare = {name: _bare(one) for name, one in cells.items()}
        return HealthyEye(grey=grey, cells=bare, faz=faz_values(graph))


def finding_thresholds(graphs: Iterable[HeteroGraph | HealthyEye]) -> Thresholds:
    """Compute the thresholds of findings from graphs of healthy eyes.

    Parameters
    ----------
    graphs
        Graphs of healthy training eyes, made as those that findings are sought in, or what was
        measured in them; read one after the other.

    Notes
    -----
    For each finding and eye the most marked of its cells counts, so that the quantile is one of
    eyes: of those healthy, 2.5 % have the finding somewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from gftcore import graph
    >>> mask = np.zeros((120, 120), dtype=bool)
    >>> mask[::12] = mask[:, ::12] = True
    >>> found = finding_thresholds([graph.extract(mask)])
    >>> found.num_eyes, found.grey, found == Thresholds.from_dict(found.to_dict())
    (1, False, True)
    """
    eyes = []
    for graph in require_iterator(graphs, "graphs", "graphs of healthy eyes"):
        if not isinstance(graph, (HeteroGraph, HealthyEye)):
            raise ArgumentTypeError(f"graphs must hold HeteroGraphs, got {describe(graph)}")
        # Only the numbers of cells are needed; the graphs of many eyes would fill the memory.
        eyes.append(graph if isinstance(graph, HealthyEye) else HealthyEye.of(graph))
    if not eyes:
        raise ArgumentError("graphs must hold at least one graph, got none")
    if len({eye.grey for eye in eyes}) > 1:
        raise ArgumentError("graphs must all have grey values, or none of them")
    network = np.stack([eye.cells["sparse network"].values for eye in eyes])
    usual = {
        zone: _quantile(network[:, number == _ZONE_OF_CELL].ravel(), 0.5, 0.0)
        for number, zone in enumerate(ZONES)
        if number
    }
    most = {
        name: np.array(
            [np.nanmax(cell_values(eye.cells, usual)[name], initial=0.0) for eye in eyes]
        )
        for name in LOCATED_FINDINGS
    }
    most |= {name: np.array([eye.faz[name] for eye in eyes]) for name in FAZ_FINDINGS}
    return Thresholds(
        num_eyes=len(eyes),
        grey=eyes[0].grey,
        median=MappingProxyType({k: _quantile(v, 0.5, 0.0) for k, v in most.items()}),
        limit=MappingProxyType({k: _quantile(v, QUANTILE, math.inf) for k, v in most.items()}),
        network_mm_per_mm2=MappingProxyType(usual),
    )


def _bare(measures: CellMeasures) -> CellMeasures:
    none = np.empty(0, dtype=np.int64)
    return CellMeasures(values=measures.values, node_type=measures.node_type, cell=none, node=none,
                        score=np.empty(0))  # fmt: skip


def _quantile(values: NDArray[np.float64], at: float, otherwise: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, at)) if len(known) else otherwise


def cell_values(
    measures: Mapping[str, CellMeasures], usual: Mapping[str, float]
) -> Mapping[str, NDArray[np.float64]]:
    """Return what is compared with the thresholds, for each cell.

    That of ``sparse network`` is how much of the zone's usual length is missing, 0 to 1.
    """
    values = {name: measures[name].values for name in LOCATED_FINDINGS}
    whole = np.array([usual.get(cell.zone, 0.0) for cell in CELLS])
    with np.errstate(invalid="ignore"):
        short = 1 - values["sparse network"] / np.where(whole > 0, whole, np.nan)
    values["sparse network"] = np.clip(np.nan_to_num(short, nan=0.0), 0.0, 1.0)
    return values


def faz_values(graph: HeteroGraph) -> Mapping[str, float]:
    """Area of the FAZ in mm^2, and its perimeter^2 / (4 pi area); NaN without one."""
    if not len(graph.faz_x):
        return dict.fromkeys(FAZ_FINDINGS, math.nan)
    area, perimeter = float(graph.faz("area")[0]), float(graph.faz("perimeter")[0])
    shape = perimeter**2 / (4 * math.pi * area) if area > 0 else math.nan
    return {"FAZ enlarged": area * graph.meta.mm_per_px**2, "FAZ irregular": shape}
