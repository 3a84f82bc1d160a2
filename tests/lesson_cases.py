# SPDX-License-Identifier: Apache-2.0
"""Small teaching cases, of tables made by hand and of drawn findings."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gftcore.findings import CELLS, Cell, Finding
from gftcore.findings.vocabulary import FAZ_FINDINGS, LOCATED_FINDINGS, NO_ABNORMALITY
from gftcore.tabulation import QuadrantRow, region_word
from gftcore.teacher import TeachingCase
from words_cases import findings, table

EYES = ("OD", "OS", "unknown")
LABELS = ("Healthy", "NPDR", "PDR")


def teaching_case(eye: str = "OD", label: str = "NPDR", **changes: Any) -> TeachingCase:
    """Return the table and the findings by hand, which are the facts too."""
    found = changes.pop("findings", findings(eye))
    given: dict[str, Any] = {
        "image_id": "a",
        "table": dataclasses.replace(changes.pop("table", table(eye)), target=label),
        "findings": found,
        "label": label,
        "image": pixels(0),
    }
    return TeachingCase(**{**given, **changes})


def pixels(seed: int, side: int = 16) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)


def drawn_case(seed: int) -> TeachingCase:
    """Return an eye with findings anywhere; eyes, labels, densities and answers differ."""
    rng = np.random.default_rng(seed)
    eye, label = EYES[seed % 3], LABELS[seed // 3 % 3]
    quadrants = {
        name: QuadrantRow(
            nodes=9, edges=20, node_frac=0.25, edge_frac=0.25, ica_area_mm2=1.0,
            vessel_density_pct=None if seed % 17 == 16 else float(rng.uniform(25, 35)),
        )
        for name in ("TL", "TR", "BL", "BR")
    }  # fmt: skip
    p = rng.dirichlet([1, 1, 1]).tolist()
    given = table(eye, quadrants=quadrants, probabilities=dict(zip(LABELS, p, strict=True)))
    if seed % 11 == 10:
        given = dataclasses.replace(given, faz=None, nodes=(), edges=(), warnings=("NO_FAZ",))
    found = drawn_findings(rng, eye) if seed % 13 != 12 else ()
    return teaching_case(eye, label, table=given, findings=found, image=pixels(seed))


def drawn_findings(rng: np.random.Generator, eye: str) -> tuple[Finding, ...]:
    found: list[tuple[str, tuple[Cell, ...]]] = []
    for name in LOCATED_FINDINGS:
        for _ in range(int(rng.choice([0, 0, 1, 1, 2]))):
            some = rng.choice(len(CELLS), size=rng.integers(1, 6), replace=False)
            found.append((name, tuple(CELLS[i] for i in sorted(some.tolist()))))
    found += [(name, (CELLS[0],)) for name in FAZ_FINDINGS if rng.random() < 0.3]
    if not found or rng.random() < 0.1:
        found = [(NO_ABNORMALITY, ())]
    return tuple(
        Finding(
            name=name, cells=cells,
            regions=tuple(dict.fromkeys(region(cell, eye) for cell in cells)),
            evidence=tuple(("ica", 9 * i + j) for j in range(rng.integers(1, 3))),
            value=2.0, threshold=1.0, strength=float(rng.uniform(1, 4)),
        )
        for i, (name, cells) in enumerate(found)
    )  # fmt: skip


def region(cell: Cell, eye: str) -> str:
    if cell.clock_hour is None:
        return "centre"
    angle = np.pi * cell.clock_hour / 6
    return region_word(-float(np.cos(angle)), float(np.sin(angle)), eye)
