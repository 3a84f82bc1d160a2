# SPDX-License-Identifier: Apache-2.0
"""Unit and meaning of the attributes that an extraction has in GraphML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gftcore.formats.dictionary import data_dictionary, unit_of
from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS, Column

__all__ = ["descriptions"]

_LINES = {
    "points": ("px", "smoothed centreline between the nodes, r,c;r,c"),
    "radius_px": ("px", "radius at each of the points, r;r"),
    "start_row": ("px", "row of the node that the points run from"),
    "start_col": ("px", "column of the node that the points run from"),
}
_CONTACTS = {
    "relation": ("", "types of both nodes"),
    "shared_node": ("", "lowest number of a skeleton node that both vessels have"),
    "border_px": ("px", "shared border in centreline points"),
}


def descriptions(owner: str, names: Iterable[str], *, contacts: bool) -> Mapping[str, str]:
    """Return what attributes of the graph, its nodes or its edges mean, with their unit.

    Parameters
    ----------
    owner
        ``graph``, ``node`` or ``edge``.
    names
        The attributes; of others than an extraction has nothing is said.
    contacts
        Whether the graph says what touches what; else it has the vessels.
    """
    known = _known(owner, contacts=contacts)
    found = {name: known[name] for name in names if name in known}
    return {name: f"{text} [{unit}]" if unit else text for name, (unit, text) in found.items()}


def _known(owner: str, *, contacts: bool) -> dict[str, tuple[str, str]]:
    if owner == "graph":
        return _table("images")
    if owner == "node":
        return {**_areas_and_vessels(), **_table("nodes")} if contacts else _table("junctions")
    if contacts:
        return _CONTACTS
    return {**{name: _feature(info) for name, info in VESSEL_COLUMNS.items()}, **_LINES}


def _table(table: str) -> dict[str, tuple[str, str]]:
    plain = (field for field in data_dictionary()[table] if not field.feature)
    return {field.name: (field.unit, field.meaning) for field in plain}


def _areas_and_vessels() -> dict[str, tuple[str, str]]:
    out = {name: _feature(info) for name, info in VESSEL_COLUMNS.items()}
    for name, (unit, meaning) in ((name, _feature(info)) for name, info in ICA_COLUMNS.items()):
        text = f"vessel: {out[name][1]}; ica, faz: {meaning}" if name in out else meaning
        out[name] = (unit, text)
    return out


def _feature(info: Column) -> tuple[str, str]:
    return unit_of(info), info.meaning
