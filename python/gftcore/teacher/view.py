# SPDX-License-Identifier: Apache-2.0
"""What a prompt may say of a table: numbers, and words of closed lists. No text of a table passes.

Every word here comes from this file or from a list of the package; a table's own text only chooses
among them, and a row whose text is on no list is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gftcore.findings.vocabulary import LOCATED_FINDINGS, NO_ABNORMALITY, Cell, Finding
from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS
from gftcore.narrative.phrases import FEATURE_WORDS, join_regions, place_words
from gftcore.tabulation.places import CENTRE_REGION, QUADRANTS, REGIONS, ZONES
from gftcore.tabulation.table import EdgeRow, NodeRow, RangeCell, Table
from gftcore.teacher.cases import LABELS, TeachingCase
from gftcore.teacher.survivors import cell_regions

__all__ = ["table_view"]

_STRUCTURES = {
    "vessel": "vessel segment",
    "ica": "area between capillaries",
    "faz": "the FAZ",
}
_CONTACTS = {
    "vv": "two vessel segments",
    "ii": "two areas between capillaries",
    "vi": "a vessel segment and an area between capillaries",
    "vf": "a vessel segment and the FAZ",
    "if": "an area between capillaries and the FAZ",
}
_BANDS = {
    "below": "below the usual range",
    "lower": "in the lower part of the usual range",
    "middle": "in the middle of the usual range",
    "upper": "in the upper part of the usual range",
    "above": "above the usual range",
}
_UNITS = ("mm", "mm2", "rad")
#: Measurement to its words and unit; others are not told.
_MEASURES = {
    "vessel_density": ("vessel density", ""),
    "skeleton_density": ("density of centrelines", ""),
    "vessel_length_mm": ("length of all vessels", "mm"),
    "calibre_um": ("mean calibre", "um"),
    "tortuosity": ("mean tortuosity, 1 is straight", ""),
    "faz_area_mm2": ("area of the FAZ", "mm2"),
    "faz_circularity": ("circularity of the FAZ, 1 is a disc", ""),
    "box_dimension": ("fractal dimension of the vessels", ""),
    "etdrs_centre_density": ("vessel density at the centre", ""),
    "etdrs_superior_density": ("vessel density of the superior sector", ""),
    "etdrs_inferior_density": ("vessel density of the inferior sector", ""),
    "etdrs_nasal_density": ("vessel density of the nasal sector", ""),
    "etdrs_temporal_density": ("vessel density of the temporal sector", ""),
    "vessels": ("vessel segments", ""),
    "icas": ("areas between capillaries", ""),
    "largest_ica_parafoveal_mm2": ("largest area between capillaries, parafoveal zone", "mm2"),
    "largest_ica_outer_mm2": ("largest area between capillaries, outer zone", "mm2"),
}
#: Nodes, edges, features of a node: the first are the most important.
_MOST_NODES, _MOST_EDGES, _MOST_FEATURES = 12, 8, 3


def table_view(case: TeachingCase) -> dict[str, Any]:
    """Return the lines about an image that a prompt may hold, by part."""
    table = case.table
    return {
        "eye": case.eye,
        "label": case.label,
        "fov_mm": f"{table.image.fov_mm:.1f}",
        "answers": [f"{n} {p:.2f}" for n, p in table.probabilities.items() if n in LABELS],
        "quadrants": list(_quadrants(table)),
        "measures": list(_measures(table)),
        "faz": table.faz is not None,
        "nodes": [line for row in table.nodes[:_MOST_NODES] if (line := _node(row, table))],
        "edges": [line for row in table.edges[:_MOST_EDGES] if (line := _edge(row, table))],
        "findings": [*_findings(case)],
    }


def _quadrants(table: Table) -> Iterator[str]:
    words = REGIONS[table.image.eye]
    shares = _shares(table)
    for i, (name, region) in enumerate(zip(QUADRANTS, words, strict=True)):
        row = table.quadrants[name]
        density = row.vessel_density_pct
        dense = "unknown" if density is None else f"{density:.1f} %"
        line = (
            f"{region}: vessel density {dense}, area between capillaries {row.ica_area_mm2:.2f} mm2"
        )
        if shares:
            line += f"; {shares[i]:.2f} of all structures, {shares[4 + i]:.2f} of all contacts"
        yield line


def _shares(table: Table) -> Sequence[float]:
    """Return the 8-vector where it holds shares; counts are no words of an image."""
    return table.vector8 if table.vector8_mode == "fraction" and len(table.vector8) == 8 else ()


def _measures(table: Table) -> Iterator[str]:
    for name, (words, unit) in _MEASURES.items():
        value = table.biomarkers.get(name)
        if value is not None:
            band = _band(table.ranges.get(name))
            yield f"{words}: {_number(value)} {unit}".rstrip() + (f", {band}" if band else "")


def _band(cell: RangeCell | None) -> str:
    return "" if cell is None or cell.band is None else _BANDS.get(cell.band, "")


def _place(row: NodeRow | EdgeRow, table: Table) -> str | None:
    """Return region, clock hour and zone; None if one of them is on no list."""
    hours = (None, *range(1, 13))
    known = (CENTRE_REGION, *REGIONS[table.image.eye])
    if row.region not in known or row.zone not in ZONES or row.clock_hour not in hours:
        return None
    where = join_regions((row.region,))
    cells = place_words([Cell(row.clock_hour, row.zone)])
    return cells if row.region == CENTRE_REGION else f"{where}, {cells}"


def _node(row: NodeRow, table: Table) -> str:
    place = _place(row, table)
    if place is None or row.type not in _STRUCTURES:
        return ""
    columns: Mapping[str, Any] = VESSEL_COLUMNS if row.type == "vessel" else ICA_COLUMNS
    told: dict[str, str] = {}
    for cell in row.features:
        info = columns.get(cell.name)
        if info is None or info.unit == "position" or cell.value is None:
            continue
        if cell.name not in FEATURE_WORDS:
            continue  # of which nobody speaks in plain words
        words = FEATURE_WORDS[cell.name][cell.z < 0]
        unit = cell.unit if cell.unit in _UNITS else ""
        band = _band(cell.reference)
        line = f"{words}, {_number(cell.value)} {unit}".rstrip()
        # Several columns say the same in words; the first counts most.
        told.setdefault(words, f"{line} ({band})" if band else line)
    where = "" if row.type == "faz" else f" {place}"
    line = f"{_STRUCTURES[row.type]}{where}, {_speaks(row)}"
    return f"{line}: {'; '.join([*told.values()][:_MOST_FEATURES])}" if told else line


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _edge(row: EdgeRow, table: Table) -> str:
    place = _place(row, table)
    if place is None or row.relation not in _CONTACTS:
        return ""
    return f"between {_CONTACTS[row.relation]} {place}, {_speaks(row)}"


def _speaks(row: NodeRow | EdgeRow) -> str:
    return "speaks for the stage" if row.contribution > 0 else "speaks against the stage"


def _findings(case: TeachingCase) -> Iterator[str]:
    """Say what answers are checked against: the lesions where they are known."""
    if not case.facts.known:
        return
    if not case.facts.abnormal:
        yield NO_ABNORMALITY
    for one in case.facts.abnormal:
        if one.name not in LOCATED_FINDINGS:
            yield one.name
            continue
        cells = [Cell(*cell) for cell in one.cells]
        regions = one.regions if isinstance(one, Finding) else cell_regions(cells, case.eye)
        where = "" if tuple(regions) == (CENTRE_REGION,) else f"{join_regions(regions)}, "
        yield f"{one.name}: {where}{place_words(cells)}"
