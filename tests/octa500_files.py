# SPDX-License-Identifier: Apache-2.0
"""Made-up trees of OCTA-500: names, sizes and sheet as published, one image linked many times."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from PIL import Image

HEADER = ("ID", "Sex", "OS/OD", "Age", "Disease")
MASKS = ("GT_LargeVessel", "GT_Capillary", "GT_Artery", "GT_Vein", "GT_FAZ")
IDS_3MM = range(10301, 10501)

#: Half, maps, masks, sheet, each below the root: the ways in which the data set goes round.
LAYOUTS = {
    "old": ("OCTA_3M", "OCTA_3M/Projection Maps", "OCTA_3M", "OCTA_3M/Text labels.xlsx"),
    "new": ("OCTA_3mm", "OCTA_3mm/ProjectionMaps", "Label", "TextLabels.xlsx"),
    "inside": ("OCTA_3mm", "OCTA_3mm/Projection Maps", "OCTA_3mm/Label", "Label/TextLabels.xlsx"),
    "lower": ("octa_3m", "octa_3m/projectionmaps", "label", "octa_3m/text labels.csv"),
}


def published_rows() -> list[list[Any]]:
    """All 500 rows; of the 3 mm half 160 are NORMAL, 29 DR, 6 AMD and 5 CNV."""
    three = ["NORMAL"] * 160 + ["DR"] * 29 + ["AMD"] * 6 + ["CNV"] * 5
    six = ["NORMAL"] * 91 + ["DR"] * 35 + ["AMD", "CSC", "RVO", "OTHERS"] * 43 + ["CNV"] * 2
    rows = [[10001 + i, "F", "OD", 60, word] for i, word in enumerate(six)]
    spelt = {"DR": "DR ", "AMD": "amd", "NORMAL": " Normal"}
    return rows + [
        [10301 + i, "M", ("OD", "OS ", "os")[i % 3], 12 + i % 60, spelt.get(word, word)]
        for i, word in enumerate(three)
    ]


def write_sheet(path: Path, rows: Iterable[Sequence[Any]], header: Sequence[str] = HEADER) -> None:
    """Write a sheet as Excel or CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return
    book = openpyxl.Workbook()
    book.active.append(list(header))
    for row in rows:
        book.active.append(list(row))
    book.save(path)


def picture(path: Path, side: int, *, mask: bool = False) -> Path:
    """Write a BMP; that of an image has 8 bit."""
    rng = np.random.default_rng(side)
    pixels = rng.integers(0, 255, (side, side), dtype=np.uint8)
    Image.fromarray((pixels > 128) * np.uint8(255) if mask else pixels).save(path)
    return path


def tree(
    root: Path,
    layout: str = "new",
    *,
    ids: Iterable[int] = IDS_3MM,
    rows: Iterable[Sequence[Any]] | None = None,
    projections: Sequence[str] = ("OCTA(ILM_OPL)",),
    masks: Sequence[str] = MASKS,
) -> Path:
    """Make the 3 mm half."""
    half, maps, labels, sheet = LAYOUTS[layout]
    root.mkdir(parents=True, exist_ok=True)
    image, mask = picture(root / "i.tmp.bmp", 304), picture(root / "m.tmp.bmp", 304, mask=True)
    lower = layout == "lower"
    numbers = list(ids)
    for base, names, source in ((maps, projections, image), (labels, masks, mask)):
        for name in names:
            folder = root / base / (name.lower() if lower else name)
            folder.mkdir(parents=True)
            for number in numbers:
                os.link(source, folder / f"{number}.{'BMP' if lower else 'bmp'}")
    image.unlink()
    mask.unlink()
    (root / half).mkdir(exist_ok=True)
    write_sheet(root / sheet, published_rows() if rows is None else rows)
    return root


def few_rows(count: int = 6) -> list[list[Any]]:
    """Rows of the first ids of the 3 mm half: two in three NORMAL, one DR."""
    return [[10301 + i, "F", "OD", 50, "DR" if i % 3 == 2 else "NORMAL"] for i in range(count)]


def small_tree(root: Path, layout: str = "new", count: int = 6, **options: Any) -> Path:
    """A half of few images."""
    ids = range(10301, 10301 + count)
    return tree(root, layout, ids=ids, rows=few_rows(count), **options)
