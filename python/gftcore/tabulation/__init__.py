# SPDX-License-Identifier: Apache-2.0
"""What a network said about one eye as a table: measured, placed, compared, written.

Examples
--------
>>> from gftcore import tabulation
>>> fovea = tabulation.Fovea(shape=(400, 400), row=199.5, col=199.5, mm_per_px=0.0075, eye="OS")
>>> tabulation.ZONES, fovea.place(100, 100).region
(('foveal', 'parafoveal', 'outer'), 'superior nasal')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.tabulation.build import make_table
    from gftcore.tabulation.document import (
        TABLE_SCHEMA,
        parse_table,
        read_table,
        rounded,
        table_json,
        table_schema,
        write_table,
    )
    from gftcore.tabulation.legacy import (
        LegacyCase,
        legacy_case,
        read_legacy_csv,
        write_legacy_csv,
    )
    from gftcore.tabulation.numbers import graph_numbers
    from gftcore.tabulation.places import (
        REGIONS,
        WARNINGS,
        ZONES,
        Fovea,
        Place,
        region_word,
    )
    from gftcore.tabulation.reference import (
        BANDS,
        LEVELS,
        ReferenceEye,
        ReferenceRanges,
        reference_of,
        reference_ranges,
    )
    from gftcore.tabulation.render import table_markdown, write_table_csv, write_table_markdown
    from gftcore.tabulation.table import (
        AttributionInfo,
        EdgeRow,
        FazRow,
        FeatureCell,
        ImageInfo,
        ModelInfo,
        NodeRow,
        QuadrantRow,
        RangeCell,
        ReferenceInfo,
        Table,
    )

__all__ = [
    "BANDS",
    "LEVELS",
    "REGIONS",
    "TABLE_SCHEMA",
    "WARNINGS",
    "ZONES",
    "AttributionInfo",
    "EdgeRow",
    "FazRow",
    "FeatureCell",
    "Fovea",
    "ImageInfo",
    "LegacyCase",
    "ModelInfo",
    "NodeRow",
    "Place",
    "QuadrantRow",
    "RangeCell",
    "ReferenceEye",
    "ReferenceInfo",
    "ReferenceRanges",
    "Table",
    "graph_numbers",
    "legacy_case",
    "make_table",
    "parse_table",
    "read_legacy_csv",
    "read_table",
    "reference_of",
    "reference_ranges",
    "region_word",
    "rounded",
    "table_json",
    "table_markdown",
    "table_schema",
    "write_legacy_csv",
    "write_table",
    "write_table_csv",
    "write_table_markdown",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BANDS": "reference",
        "LEVELS": "reference",
        "REGIONS": "places",
        "TABLE_SCHEMA": "document",
        "WARNINGS": "places",
        "ZONES": "places",
        "AttributionInfo": "table",
        "EdgeRow": "table",
        "FazRow": "table",
        "FeatureCell": "table",
        "Fovea": "places",
        "ImageInfo": "table",
        "LegacyCase": "legacy",
        "ModelInfo": "table",
        "NodeRow": "table",
        "Place": "places",
        "QuadrantRow": "table",
        "RangeCell": "table",
        "ReferenceEye": "reference",
        "ReferenceInfo": "table",
        "ReferenceRanges": "reference",
        "Table": "table",
        "graph_numbers": "numbers",
        "legacy_case": "legacy",
        "make_table": "build",
        "parse_table": "document",
        "read_legacy_csv": "legacy",
        "read_table": "document",
        "reference_of": "reference",
        "reference_ranges": "reference",
        "region_word": "places",
        "rounded": "document",
        "table_json": "document",
        "table_markdown": "render",
        "table_schema": "document",
        "write_legacy_csv": "legacy",
        "write_table": "document",
        "write_table_csv": "render",
        "write_table_markdown": "render",
    },
)
