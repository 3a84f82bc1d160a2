# SPDX-License-Identifier: Apache-2.0
"""The page of one eye."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore import tabulation
from gftcore._validation import describe, require_int
from gftcore.attribution import Attribution
from gftcore.attribution.legend import colours
from gftcore.biomarkers.sectors import INNER_MM, OUTER_MM
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS, HeteroGraph
from gftcore.io import provenance
from gftcore.pictures.pixels import data_url
from gftcore.report.digits import shown
from gftcore.report.pictures import grey_picture
from gftcore.report.render import relative_href, rendered, require_notice
from gftcore.report.scene import Scene, anchor, make_scene, require_images
from gftcore.report.sentences import NAMED, Said, Sentence, checked_sentences, name_of, require_refs
from gftcore.report.tables import (
    edge_lines,
    exactness_lines,
    glossary,
    measure_lines,
    node_lines,
    quadrant_lines,
)
from gftcore.report.words import EYES, SIDES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["SCHEMA", "STATEMENT", "case_page"]

SCHEMA = "gftcore-page/1"
STATEMENT = (
    "This page explains what a network computed from a graph of this image. It does not say where "
    "a disease is, nor that there is one."
)


def case_page(
    table: tabulation.Table,
    sentences: Iterable[Said],
    graph: HeteroGraph,
    image: ArrayLike | None = None,
    *,
    attribution: Attribution | None = None,
    notice: str | None = None,
    model: str = "",
    meanings: Mapping[str, str] | None = None,
    crops: int = 6,
    home: str = "",
) -> str:
    """Return one HTML page that says everything about one eye, without script or other files.

    Parameters
    ----------
    table
        What is known, see `gftcore.tabulation.make_table`.
    sentences
        Text with the structures that each sentence rests on.
    graph
        The graph with the images of `gftcore.attribution.MAP_KEEP`.
    image
        The image that the graph comes from: the mask's shape, or both sides divided by one
        integer. None shows the mask of the vessels.
    attribution
        If given, all structures have the colour of their contribution, not only those that the
        table lists.
    notice
        What has to stand on the page; None means that of the table. It must say that this is not
        a medical device.
    model
        A line about the network, see `model_line`.
    meanings
        Code of a warning to what it means.
    crops
        Number of best nodes that are shown enlarged.
    home
        Path of an index page relative to this one; empty for none.

    Returns
    -------
    str
        The same for the same input, byte for byte. There is no time, host or path in it, and in
        its title no more than eight digits of the image's SHA-256.

    Raises
    ------
    ArgumentError
        If graph, table and sentences do not belong together, or the notice lacks something.

    Notes
    -----
    The text of a table is untrusted: all of it is escaped, and the page forbids itself to run or
    load anything (`CSP`). Name no image after a person, since the page shows the name.

    Examples
    --------
    >>> from importlib import resources
    >>> from gftcore import pipeline, tabulation
    >>> with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as sample:
    ...     (eye,) = pipeline.explain_images([sample])
    >>> table = tabulation.make_table(
    ...     eye.graph,
    ...     eye.attribution,
    ...     eye.selection,
    ...     probabilities=eye.staged.probabilities,
    ...     config_hash="",
    ...     image_id="demo",
    ...     notice=eye.notice,
    ... )
    >>> page = case_page(table, [], eye.graph, eye.staged.pixels)
    >>> page.startswith("<!DOCTYPE html>"), "<script" in page, "://" in page
    (True, False, False)
    """
    for value, kind, name in ((table, tabulation.Table, "table"), (graph, HeteroGraph, "graph")):
        if not isinstance(value, kind):
            raise ArgumentTypeError(f"{name} must be of {kind.__name__}, got {describe(value)}")
    if attribution is not None and not isinstance(attribution, Attribution):
        raise ArgumentTypeError(f"attribution must be an Attribution, got {describe(attribution)}")
    require_images(graph)
    _require_one_eye(table, graph, attribution)
    text = checked_sentences(sentences, graph, table)
    scene = make_scene(graph, table, text, attribution)
    wanted = table.nodes[: require_int(crops, "crops", 0, 1000)]
    enlarged = [
        (scene.crop(scene.shape((row.type, row.id)), graph.meta.mm_per_px), row) for row in wanted
    ]
    best = max(table.probabilities, key=lambda name: table.probabilities[name], default="")
    return rendered(
        "case.html",
        title=f"OCTA report {table.image.sha256[:8]}".strip(),
        table=table,
        eye=EYES.get(table.image.eye, table.image.eye),
        sides=SIDES.get(table.image.eye, SIDES["unknown"]),
        notice=require_notice(table.notice if notice is None else notice),
        statement=STATEMENT,
        model=model,
        home=home and relative_href(home, "home"),
        sure=best == table.prediction,
        warnings=[(code, (meanings or {}).get(code, "")) for code in table.warnings],
        sentences=[_lines(number, one, scene) for number, one in enumerate(text, 1)],
        scene=scene,
        zones_mm=(INNER_MM, OUTER_MM),
        coloured=attribution is not None,
        ramp=_ramp(),
        picture=data_url(grey_picture(_image(graph, image), graph.meta.shape)),
        has_image=image is not None,
        crops=enlarged,
        nodes=node_lines(table),
        edges=edge_lines(table),
        glossary=glossary(table),
        quadrants=quadrant_lines(table),
        measures=measure_lines(table),
        exactness=exactness_lines(table),
        origin=_origin(table, graph),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A sentence with its links: to all structures, and to each."""

    target: str
    text: str
    links: tuple[tuple[str, str, str], ...]
    more: int


def _lines(number: int, sentence: Sentence, scene: Scene) -> _Line:
    refs = sentence.evidence
    links = tuple((anchor(ref), scene.labels[ref], name_of(ref)) for ref in refs[:NAMED])
    target = f"places-{number}" if links else ""
    return _Line(target=target, text=sentence.text, links=links, more=len(refs) - len(links))


def _require_one_eye(
    table: tabulation.Table, graph: HeteroGraph, found: Attribution | None
) -> None:
    shape = (table.image.rows, table.image.cols)
    if shape != graph.meta.shape:
        raise ArgumentError(f"table must be of this graph, {graph.meta.shape}, got {shape}")
    for node in table.nodes:
        if node.type not in NODE_TYPES or not 0 <= node.id < len(graph.features(node.type)):
            raise ArgumentError(
                f"table must be of this graph, got node {node.type!r:.40} {node.id}"
            )
    for edge in table.edges:
        ends = RELATIONS.get(edge.relation)
        if ends is None or not all(
            0 <= number < len(graph.features(kind))
            for kind, number in zip(ends, (edge.src, edge.dst), strict=True)
        ):
            raise ArgumentError(
                f"table must be of this graph, got edge {edge.relation!r:.40} {edge.id}"
            )
    require_refs([(row.type, row.id) for row in table.nodes], graph, table)
    if found is None or found.nodes is None:
        return
    for kind, values in found.nodes.contribution.items():
        if len(values) != len(graph.features(kind)):
            raise ArgumentError(
                f"attribution must be of this graph, which has {len(graph.features(kind))} nodes "
                f"of {kind}, got {len(values)}"
            )


def _image(graph: HeteroGraph, image: ArrayLike | None) -> ArrayLike:
    return graph.kept["vessel_label"] > 0 if image is None else image


def _ramp() -> list[str]:
    """Colours of the scale, from what lowers to what raises."""
    places = np.rint(colours(np.linspace(-1, 1, 9), 1.0)).astype(int).tolist()
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in places]


def _origin(table: tabulation.Table, graph: HeteroGraph) -> list[tuple[str, str]]:
    """Where the page comes from; no host, user, path or time."""
    meta, made = graph.meta, provenance(SCHEMA)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(meta.versions.items()))
    out = {
        "page": f"{made['schema']} of gftcore {made['gftcore']}",
        "image (SHA-256)": table.image.sha256,
        "network (SHA-256)": table.model.sha256,
        "settings of the network (SHA-256)": table.model.config_hash,
        "settings of the graph (SHA-256)": meta.config_hash,
        "graph": f"{meta.schema}, {versions}",
        "instruction sets": ", ".join(
            dict.fromkeys(name for name in (meta.simd_target, table.simd_target) if name)
        ),
        "table made by": f"gftcore {table.gftcore}" if table.gftcore else "",
        "mask": f"{meta.shape[0]} x {meta.shape[1]} px, {shown(1000 * meta.mm_per_px)} µm each",
    }
    return [(name, value) for name, value in out.items() if value]
