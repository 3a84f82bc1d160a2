# SPDX-License-Identifier: Apache-2.0
"""The figures of a data set as a page for readers: no script, no network, no other file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe
from gftcore.datasets.origin import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.instructions.polar import SIDE, polar_map, ramp_colours
from gftcore.instructions.quality import NOTICE, QUALITY_SCHEMA
from gftcore.report.render import CSP

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["quality_sheet"]

_GROUPS: Mapping[str, str] = {
    "stage": "stage of the eye",
    "diagnosis": "diagnosis",
    "faz": "FAZ",
    "perfusion": "perfusion",
    "vessels": "vessels",
    "density": "density compared",
    "clock": "places by the clock",
    "why-not": "why no other stage",
    "certainty": "certainty and quality",
}
_REFERENCES: Mapping[str, str] = {
    "findings": "the findings of the tables",
    "lesions": "the lesions that are there",
}


@functools.cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    from gftcore.report.digits import percent, shown

    # Everything that a template prints is escaped, whatever the name of the template. The frame of
    # the page is that of the reports.
    made = Environment(
        loader=ChoiceLoader(
            [PackageLoader("gftcore.instructions"), PackageLoader("gftcore.report")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"counted": counted, "percent": percent, "shown": shown}
    return made


def counted(number: int, thing: str) -> str:
    """Return a number of things in words: ``1 image``, ``2 images``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def quality_sheet(figures: Mapping[str, Any]) -> str:
    """Return the figures of a data set as an HTML page.

    Parameters
    ----------
    figures
        From `quality_figures`, or read from JSON.

    Returns
    -------
    str
        The page; equal figures give equal text. `gftcore.report.write_page` writes it.

    Raises
    ------
    ArgumentError
        If the figures are of another kind.

    Examples
    --------
    >>> from gftcore.instructions import InstructionSet, quality_figures
    >>> page = quality_sheet(quality_figures(InstructionSet(records=()), {}))
    >>> page.startswith("<!DOCTYPE html>"), "<script" in page
    (True, False)
    """
    if not isinstance(figures, Mapping):
        raise ArgumentTypeError(f"figures must come from quality_figures, got {describe(figures)}")
    if figures.get("schema") != QUALITY_SCHEMA:
        raise ArgumentError(
            f"figures must have the schema {QUALITY_SCHEMA}, got {figures.get('schema')!r:.60}"
        )
    cells = figures["coverage"]["cells"]
    maps = []
    for key, words in (("asserted", "asserted"), ("denied", "denied")):
        most = max(int(cell[key]) for cell in cells)
        maps.append((words, most, polar_map(cells, key, most)))
    claims = [
        (_REFERENCES[name], name, figures["claims"][name])
        for name in _REFERENCES
        if figures["claims"][name] is not None
    ]
    return (
        _environment()
        .get_template("quality.html")
        .render(
            csp=CSP,
            title="Quality of a set of instructions",
            notice=NOTICE,
            synthetic=SYNTHETIC_NOTICE if figures["data"] == "synthetic" else "",
            groups=_GROUPS,
            claims=claims,
            maps=maps,
            side=SIDE,
            hours=_hours(),
            ramp=ramp_colours(),
            **{
                key: figures[key]
                for key in ("counts", "teachers", "recall", "wording", "coverage", "dropped")
            },
            origin=f"{figures['schema']} of gftcore {figures['gftcore']}",
        )
    )


def _hours() -> list[tuple[str, int, int]]:
    """Words at the sides of a map, and where they stand."""
    middle, end = SIDE // 2, SIDE - 8
    return [("12", middle, 14), ("3", end, middle + 4), ("6", middle, end), ("9", 8, middle + 4)]
