# SPDX-License-Identifier: Apache-2.0
"""Rows of the tables of a page, as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS
from gftcore.graph.hetero_graph import RELATIONS
from gftcore.report.digits import MISSING, percent, shown, signed
from gftcore.report.scene import anchor
from gftcore.report.sentences import name_of
from gftcore.report.words import QUADRANT_WORDS, SIDES, measure_name, place_words, unit_word

if TYPE_CHECKING:
    from gftcore.tabulation.table import EdgeRow, FeatureCell, NodeRow, RangeCell, Table

__all__ = [
    "Measure",
    "RowLine",
    "edge_lines",
    "exactness_lines",
    "glossary",
    "measure_lines",
    "node_lines",
    "quadrant_lines",
]

_BANDS = {"below": "below", "lower": "within", "middle": "within", "upper": "within"}
_BANDS |= {"above": "above"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLine:
    """A node or an edge: where its row and its shape are, and the texts of its cells."""

    id: str
    shape: str
    rank: int
    name: str
    place: str
    share: str
    contribution: str
    magnitude: str
    distance: str
    features: tuple[Measure, ...] = ()
    between: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with its unit, its range, and whether it lies within; empty where unknown."""

    name: str
    value: str
    unit: str
    range: str
    band: str
    more: str = ""


def _row(
    one: NodeRow | EdgeRow, kind: str, *, features: tuple[Measure, ...] = (), between: str = ""
) -> RowLine:
    name = anchor((kind, one.id))
    return RowLine(
        id=f"row-{name}",
        shape=name,
        rank=one.rank,
        name=name_of((kind, one.id)),
        place=place_words(one.region, one.clock_hour, one.zone),
        share=percent(one.share),
        contribution=signed(one.contribution),
        magnitude=shown(one.magnitude),
        distance=f"{shown(one.faz_distance_mm)} mm",
        features=features,
        between=between,
    )


def _range(cell: RangeCell | None, *, factor: float = 1.0) -> tuple[str, str]:
    """Limits, and where the value lies."""
    if cell is None:
        return "", ""
    limits = f"{shown(factor * cell.low)} to {shown(factor * cell.high)}"
    return limits, "" if cell.band is None else _BANDS.get(cell.band, cell.band)


def _feature(one: FeatureCell) -> Measure:
    limits, band = _range(one.reference)
    return Measure(
        name=one.name,
        value=shown(one.value),
        unit=unit_word(one.unit) if one.value is not None else "",
        range=limits,
        band=band,
        more=f"z {signed(one.z)}, contribution {signed(one.ig)}",
    )


def node_lines(table: Table) -> list[RowLine]:
    """Return the rows of nodes."""
    return [_row(one, one.type, features=tuple(map(_feature, one.features))) for one in table.nodes]


def glossary(table: Table) -> list[tuple[str, str]]:
    """Return the features that are listed and what they mean, in the order of the graph."""
    known: dict[tuple[str, str], None] = {}
    for kind, columns in (("vessel", VESSEL_COLUMNS), ("ica", ICA_COLUMNS)):
        listed = {
            feature.name
            for node in table.nodes
            if (node.type == "vessel") == (kind == "vessel")
            for feature in node.features
        }
        words = "vessels" if kind == "vessel" else "areas and FAZ"
        for name, column in columns.items():
            if name in listed:
                known[name, f"{column.meaning} ({words})"] = None
    return list(known)


def edge_lines(table: Table) -> list[RowLine]:
    """Return the rows of edges."""
    out = []
    for one in table.edges:
        first, second = RELATIONS[one.relation]
        between = f"{name_of((first, one.src))} and {name_of((second, one.dst))}"
        out.append(_row(one, one.relation, between=between))
    return out


def quadrant_lines(table: Table) -> list[tuple[str, ...]]:
    """Return the rows of quarters: name, nodes, their share, edges, theirs, density, area."""
    left, right = SIDES.get(table.image.eye, SIDES["unknown"])
    out: list[tuple[str, ...]] = []
    for name, row in table.quadrants.items():
        words = QUADRANT_WORDS.get(name, name)
        if name in QUADRANT_WORDS and left != "left":
            vertical = "superior" if name[0] == "T" else "inferior"
            words += f" ({vertical} {left if name[1] == 'L' else right})"
        density = MISSING
        if row.vessel_density_pct is not None:
            density = f"{shown(row.vessel_density_pct)} %"
        shares = (percent(row.node_frac), percent(row.edge_frac))
        area = f"{shown(row.ica_area_mm2)} mm²"
        out.append((words, str(row.nodes), shares[0], str(row.edges), shares[1], density, area))
    return out


def measure_lines(table: Table) -> list[Measure]:
    """Return measurements of the image, those of quarters left out: they have their own table."""
    out = []
    for name, value in table.biomarkers.items():
        if name.startswith(("node_fraction_", "edge_fraction_", "quadrant_")):
            continue
        words, unit = measure_name(name)
        factor = 100.0 if unit == "%" else 1.0
        limits, band = _range(table.ranges.get(name), factor=factor)
        number = shown(None if value is None else factor * value)
        out.append(
            Measure(
                name=words,
                value=number,
                unit=unit if value is not None else "",
                range=limits,
                band=band,
            )
        )
    return out


def exactness_lines(table: Table) -> list[tuple[str, str, str, str]]:
    """Return the rows of errors: of what, number of steps, error, gap."""
    found = table.attribution
    rows = [
        ("nodes", found.n_nodes, found.error_nodes, found.completeness_gap_nodes),
        ("edges", found.n_edges, found.error_edges, found.completeness_gap_edges),
    ]
    return [(name, str(n), _error(error), _error(gap)) for name, n, error, gap in rows if n]


def _error(value: float | None) -> str:
    return "not estimated" if value is None else f"{shown(100 * value, 2)} %"
