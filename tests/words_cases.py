# SPDX-License-Identifier: Apache-2.0
"""Small tables and findings made by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

from gftcore.findings import Cell, Finding
from gftcore.tabulation import (
    AttributionInfo,
    EdgeRow,
    FazRow,
    FeatureCell,
    ImageInfo,
    ModelInfo,
    NodeRow,
    QuadrantRow,
    Table,
    region_word,
)

FAZ = FazRow(area_mm2=0.3, circularity=0.1, row=600, col=600, method="auto", confidence=0.9)


def node(rank: int, node_type: str, number: int, down: float, right: float, eye: str) -> NodeRow:
    return NodeRow(
        rank=rank,
        id=number,
        type=node_type,
        contribution=1 / rank,
        magnitude=1 / rank,
        share=0.1 / rank,
        row=600 + down,
        col=600 + right,
        x_percent=50,
        y_percent=50,
        quadrant="TR",
        region=region_word(down, right, eye),
        clock_hour=2,
        zone="outer",
        faz_distance_mm=1.5,
        features=(
            FeatureCell(name="area", unit="mm2", value=0.1, z=3.0, ig=0.5),
            FeatureCell(name="intensity_mean", unit="", value=10.0, z=-2.0, ig=0.2),
        ),
    )


def edge(eye: str) -> EdgeRow:
    return EdgeRow(
        rank=1, relation="vi", id=77, src=4, dst=9, contribution=1.0, magnitude=1.0, share=0.1,
        row=500, col=700, x_percent=50, y_percent=50, quadrant="TR",
        region=region_word(-100, 100, eye), clock_hour=2, zone="outer", faz_distance_mm=1.5,
    )  # fmt: skip


def table(eye: str = "OD", **changes: Any) -> Table:
    quadrant = QuadrantRow(
        nodes=10, edges=20, node_frac=0.25, edge_frac=0.25, vessel_density_pct=35, ica_area_mm2=1
    )
    thin = dataclasses.replace(quadrant, vessel_density_pct=28.0)
    base = Table(
        image=ImageInfo(id="a", eye=eye, rows=1216, cols=1216, mm_per_px=3 / 1216, fov_mm=3.0),
        model=ModelInfo(sha256="0", config_hash="0"),
        attribution=AttributionInfo(
            kind="logit", method="secant", n_nodes=16, n_edges=16, error_nodes=0.003,
            error_edges=0.004, completeness_gap_nodes=0.0, completeness_gap_edges=0.0,
        ),
        label=None,
        prediction="NPDR",
        probabilities={"Healthy": 0.02, "NPDR": 0.83, "PDR": 0.15},
        target="NPDR",
        quadrants={"TL": quadrant, "TR": thin, "BL": quadrant, "BR": quadrant},
        vector8_mode="fraction",
        vector8=(0.25,) * 8,
        biomarkers={},
        faz=FAZ,
        warnings=(),
        nodes=(node(1, "ica", 9, -100, 100, eye), node(2, "vessel", 4, 100, -100, eye)),
        edges=(edge(eye),),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def finding(
    name: str, cells: tuple[Cell, ...], regions: tuple[str, ...], *refs: tuple[str, int]
) -> Finding:
    return Finding(
        name=name, cells=cells, regions=regions, evidence=refs, value=2.0, threshold=1.0,
        strength=2.0, cell_evidence=(refs,) * len(cells),
    )  # fmt: skip


def findings(eye: str = "OD") -> tuple[Finding, ...]:
    up, down = region_word(-1, 1, eye), region_word(1, -1, eye)
    return (
        finding(
            "non-perfusion", (Cell(1, "outer"), Cell(2, "outer")), (up,), ("ica", 9), ("ica", 8)
        ),
        finding("non-perfusion", (Cell(7, "parafoveal"),), (down,), ("ica", 3)),
        finding("FAZ enlarged", (Cell(None, "foveal"),), ("centre",), ("faz", 0)),
        finding("tortuous vessels", (Cell(8, "outer"),), (down,), ("vessel", 1), ("vessel", 2)),
        finding("microaneurysm-like dilation", (Cell(1, "outer"),), (up,), ("vessel", 4)),
    )


NOTHING = (
    Finding(
        name="no abnormality", cells=(), regions=(), evidence=(), value=None, threshold=None,
        strength=0.0,
    ),
)  # fmt: skip
