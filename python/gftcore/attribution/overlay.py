# SPDX-License-Identifier: Apache-2.0
"""A picture of what contributed: vessels, areas and FAZ in colour over the image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gftcore._validation import describe, require_int, require_iterator
from gftcore.attribution.legend import colours, legend
from gftcore.attribution.results import Attribution
from gftcore.attribution.selection import Selection, require_same_nodes
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import RELATIONS, HeteroGraph
from gftcore.pictures.pixels import canvas_xy, stretched_grey

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.attribution.results import NodeAttribution

__all__ = ["MAP_KEEP", "colour_limit", "draw_contributions"]

#: What `gftcore.graph.extract` must keep for `draw_contributions`.
MAP_KEEP = ("vessel_label", "ica_label")

#: How much of a vessel's and of an area's pixels is colour; the rest is the image.
_VESSEL_ALPHA, _AREA_ALPHA = 0.7, 0.5
_TARGET_PX = 1200


def draw_contributions(
    found: Attribution,
    graph: HeteroGraph,
    *,
    background: ArrayLike | None = None,
    selection: Selection | None = None,
    scale: int | None = None,
    notes: Iterable[str] = (),
) -> NDArray[np.uint8]:
    """Draw contributions of nodes as RGB image [rows, cols, 3] with a legend below.

    Orange raises the explained quantity and blue lowers it; what contributed nothing is grey.
    Equal colours are equal contributions, whatever the type of the node. The colours end where
    99 of 100 nodes lie within, at least 1/20 of the largest contribution.

    Parameters
    ----------
    found
        Attribution with nodes.
    graph
        What was explained, extracted with ``keep=("vessel_label", "ica_label")``.
    background
        Grey image below the colours: the mask's shape, or both sides divided by one integer.
    selection
        If given, its nodes get their rank as number and its edges become lines.
    scale
        Enlargement; None means about 1200 px.
    notes
        Further lines of text below the legend.

    Raises
    ------
    ArgumentError
        If the graph does not hold the two images, or the attribution no nodes or other ones.

    Examples
    --------
    >>> from gftcore import attribution, graph
    >>> from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
    >>> lengths = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> config = ModelConfig(features={"vessel": lengths}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]], keep=MAP_KEEP)
    >>> (found,) = attribution.integrated_gradients(network, [bar])
    >>> draw_contributions(found, bar, scale=100).shape[1:]
    (300, 3)
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    if not isinstance(found, Attribution):
        raise ArgumentTypeError(f"found must be an Attribution, got {describe(found)}")
    if found.nodes is None:
        raise ArgumentError("found must have contributions of nodes; ask for of='nodes' or 'both'")
    if selection is not None and not isinstance(selection, Selection):
        raise ArgumentTypeError(f"selection must be a Selection, got {describe(selection)}")
    lines = [str(line) for line in require_iterator(notes, "notes", "a sequence of lines")]
    missing = [name for name in MAP_KEEP if name not in graph.kept]
    if missing:
        raise ArgumentError(f"graph holds no {missing[0]}; extract it with keep={MAP_KEEP}")
    require_same_nodes(found.nodes, graph)
    shape = graph.meta.shape
    factor = max(1, round(_TARGET_PX / max(shape))) if scale is None else scale
    factor = min(require_int(factor, "scale", 1, 2000), 32767 // max(shape))
    limit = colour_limit(found.nodes)
    pixels = _coloured(graph, found.nodes, limit, stretched_grey(background, shape))
    canvas = Image.fromarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1))
    if selection is not None:
        _draw_selection(canvas, graph, selection, factor)
    ranked_by = None if selection is None else selection.by
    strip = legend(found, limit, canvas.width, ranked_by=ranked_by, notes=lines)
    return np.vstack([np.asarray(canvas), strip])


def colour_limit(nodes: NodeAttribution) -> float:
    """Where the colours end; 0 if nothing contributed."""
    size = np.abs(np.concatenate([values for values in nodes.contribution.values()]))
    if not len(size):
        return 0.0
    return max(float(np.quantile(size, 0.99)), float(size.max()) / 20)


def _coloured(
    graph: HeteroGraph,
    nodes: NodeAttribution,
    limit: float,
    grey: NDArray[np.float32] | None,
) -> NDArray[np.uint8]:
    """The image with each node's pixels in the colour of its contribution."""
    vessel, area = graph.kept["vessel_label"], graph.kept["ica_label"]
    if grey is None:
        grey = np.where(vessel > 0, np.float32(0.6), np.float32(0.15))
    place = np.where(vessel > 0, vessel, area + graph.num_segments * (area > 0))
    # What has no contribution, as a dropped void, is the image alone.
    values = np.full(1 + graph.num_segments + int(area.max(initial=0)), np.nan)
    alpha = np.full(len(values), _AREA_ALPHA)
    alpha[: 1 + graph.num_segments] = _VESSEL_ALPHA
    shift = graph.num_segments
    if "vessel" in nodes.contribution:
        values[1 : 1 + shift] = nodes.contribution["vessel"]
    if "ica" in nodes.contribution:
        values[graph.ica_label_id + shift] = nodes.contribution["ica"]
    if "faz" in nodes.contribution and graph.faz_info.label > 0:
        values[graph.faz_info.label + shift] = nodes.contribution["faz"][0]
    alpha[np.isnan(values)] = 0
    colour = alpha[:, None] * colours(np.nan_to_num(values), limit)
    rest = (255 * (1 - alpha)).astype(np.float32)
    out = colour.astype(np.float32).take(place, axis=0) + (rest.take(place) * grey)[..., None]
    return np.rint(out, out=out).astype(np.uint8)


def _draw_selection(
    canvas: Image.Image, graph: HeteroGraph, selection: Selection, factor: int
) -> None:
    draw = ImageDraw.Draw(canvas)
    for edge in selection.edges:
        both = zip(RELATIONS[edge.relation], edge.ends, strict=True)
        ends = np.array([graph.positions(name)[node] for name, node in both])
        draw.line(canvas_xy(ends, factor), fill=(255, 255, 255), width=2)
    size = max(9, min(canvas.width // 70, 28))
    font = ImageFont.load_default(size)
    for node in reversed(selection.nodes):  # the first ones on top
        ((x, y),) = canvas_xy(np.array([[node.row, node.col]]), factor)
        _number(draw, node.rank, x, y, canvas, font)


def _number(
    draw: ImageDraw.ImageDraw, rank: int, x: float, y: float, canvas: Image.Image, font: Any
) -> None:
    """A number centred at a position, moved inside the picture."""
    left, top, right, bottom = draw.textbbox((0, 0), str(rank), font=font, stroke_width=2)
    width, height = right - left, bottom - top
    x = min(max(x - width / 2, 0), max(canvas.width - width, 0)) - left
    y = min(max(y - height / 2, 0), max(canvas.height - height, 0)) - top
    draw.text(
        (x, y), str(rank), fill=(255, 255, 255), font=font, stroke_width=2, stroke_fill=(0, 0, 0)
    )
