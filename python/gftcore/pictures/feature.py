# SPDX-License-Identifier: Apache-2.0
"""Maps of features: segments or areas in the colours of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_choice
from gftcore.errors import ArgumentError
from gftcore.graph.columns import column_info
from gftcore.pictures.layout import Entry, Page, area_sample, box_sample, line_sample, scale_of
from gftcore.pictures.palette import FAZ_UNSCALED, GROUND, MISSING, MISSING_STRIPES, VOID
from gftcore.pictures.parts import (
    PICTURE_KEEP,
    about,
    centrelines,
    mean_radii,
    mm2_per_px,
    origin,
    require_hetero,
    vessel_mask,
)
from gftcore.pictures.picture import Picture
from gftcore.pictures.pixels import stretched_grey
from gftcore.pictures.scales import Scale, require_limits, robust_scale, showable
from gftcore.pictures.scene import Line, Panel, Raster, Region, Regions
from gftcore.pictures.words import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.graph.columns import Column
    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["draw_feature"]

_TARGET_PX = 1600
_WORDS = {"vessel": "vessel segments", "ica": "intercapillary areas"}
#: How bright the image below the colours is at most.
_DIMMED = 0.45
_STRIPE_PX = 6  # on the page
#: Features that count pixels, and are shown in mm2.
_MEANINGS = {"area": "area of its pixels", "volume": "area of the mask nearest to this segment"}
#: Digits of a limit: as few as set it apart from the values beyond it.
_DIGITS = range(3, 8)


def draw_feature(
    graph: HeteroGraph,
    node_type: str = "vessel",
    column: str = "radius_mean_px",
    *,
    limits: ArrayLike | None = None,
    background: ArrayLike | None = None,
    scale: int | None = None,
    name: str = "",
) -> Picture:
    """Draw the values of a feature: each segment or area in a colour of the bar below.

    Parameters
    ----------
    graph
        Graph, best extracted with ``keep=PICTURE_KEEP``, as ``gftcore extract`` does; areas need
        that.
    node_type
        ``vessel`` or ``ica``.
    column
        One of ``graph.vessel_columns`` or ``graph.ica_columns``. Lengths are shown in um, areas in
        mm2, other features in their own unit, see `gftcore.graph.column_info`.
    limits
        Low and high end of the colours in the unit shown, so that pictures can be compared; None
        means the 2nd and the 98th percentile. Values beyond have the colours of the ends, and
        arrows on the bar say that there are some.
    background
        Grey image below the colours: the mask's shape, or both sides divided by one integer.
    scale
        Enlargement; None means about 1600 px.
    name
        What the title calls the graph.

    Raises
    ------
    ArgumentError
        If there is no such column, or if the graph did not keep the areas.

    Notes
    -----
    Segments are the vessel pixels nearest to them. If the graph kept no ``vessel_label``, or no
    pixel is nearest, they are lines along their centreline, as wide as they are in the mean.
    Features in mm2 have a logarithmic scale, since sizes of areas differ by orders of magnitude.
    Missing values are grey, with stripes or dashes. The FAZ has no part in the scale of the areas.

    Examples
    --------
    >>> from gftcore import graph, pictures
    >>> cross = np.zeros((20, 20), dtype=bool)
    >>> cross[9:11, :] = cross[:, 9:11] = True
    >>> found = graph.extract(cross, keep=pictures.PICTURE_KEEP)
    >>> pictures.draw_feature(found, "ica", "area", scale=4).scene.title
    'area of intercapillary areas (mm2)'
    """
    require_hetero(graph)
    require_choice(node_type, tuple(_WORDS), "node_type")
    columns = graph.vessel_columns if node_type == "vessel" else graph.ica_columns
    require_choice(column, columns, "column")
    if node_type == "ica" and "ica_label" not in graph.kept:
        raise ArgumentError(f"graph holds no ica_label; extract it with keep={PICTURE_KEEP}")
    shown = _Shown.of(graph, node_type, column, limits)
    rows, cols = graph.meta.shape
    factor = scale_of((rows, cols), scale, _TARGET_PX)
    unit = f" ({shown.unit})" if shown.unit else ""
    title = f"{shown.name} of {_WORDS[node_type]}{unit}"
    title = f"{name}: {title}" if name else title
    page = Page(title, cols * factor)
    page.heading(title, f"{column}: {_MEANINGS.get(column, shown.info.meaning)}")
    page.panels.append(
        Panel(
            x=page.margin + (page.inner - cols * factor) // 2,
            y=page.y,
            rows=rows,
            cols=cols,
            scale=factor,
            images=(Raster(pixels=_ground(graph, background)), *shown.regions(graph, factor)),
            shapes=shown.lines(graph, factor),
        )
    )
    page.y += rows * factor
    page.gap()
    shown.add_legend(page, graph)
    page.ruler(graph.meta.mm_per_px, factor, cols, about(graph))
    return Picture(page.scene(origin(graph=graph)))


def _ground(graph: HeteroGraph, background: ArrayLike | None) -> NDArray[np.uint8]:
    """The dimmed image; without one a dark grey where there are neither vessels nor areas."""
    grey = stretched_grey(background, graph.meta.shape)
    if grey is not None:
        dimmed: NDArray[np.uint8] = np.rint(255 * _DIMMED * grey).astype(np.uint8)
        return dimmed
    mask = vessel_mask(graph)
    out = np.full(graph.meta.shape, GROUND[0], dtype=np.uint8)
    if mask is not None and "ica_label" in graph.kept:
        out[~mask & (graph.kept["ica_label"] == 0)] = VOID[0]
    return out


def _unit(info: Column, graph: HeteroGraph) -> tuple[float, str]:
    """Factor from the graph's unit to the one that is shown, and its name."""
    units = {
        "length": (1000 * graph.meta.mm_per_px, "um"),
        "area": (mm2_per_px(graph), "mm2"),
        "angle": (1.0, "rad"),
        "position": (1.0, "px"),
        "grey": (1.0, "grey value"),
    }
    return units.get(info.unit, (1.0, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A column in the unit and the colours in which it is shown."""

    node_type: str
    info: Column
    name: str
    unit: str
    values: NDArray[np.float64]
    scale: Scale | None
    given: bool

    @staticmethod
    def of(graph: HeteroGraph, node_type: str, column: str, limits: ArrayLike | None) -> _Shown:
        info = column_info(node_type, column)
        factor, unit = _unit(info, graph)
        raw = graph.vessel(column) if node_type == "vessel" else graph.ica(column)
        log = info.unit == "area"
        with np.errstate(all="ignore"):
            values = showable(raw * factor)
        if limits is None:
            scale = robust_scale(values, log=log)
        else:
            scale = Scale(*require_limits(limits, log=log), log)
        exported = info.exported_mm or info.exported
        for suffix in ("_mm", "_mm2", "_rad"):
            exported = exported.removesuffix(suffix)
        return _Shown(
            node_type=node_type,
            info=info,
            name=exported,
            unit=unit,
            values=values,
            scale=scale,
            given=limits is not None,
        )

    def colours(self) -> list[tuple[int, int, int] | None]:
        """Colours of the values; None where there is none."""
        there = np.isfinite(self.values)
        out: list[tuple[int, int, int] | None] = [None] * len(self.values)
        if self.scale is not None:
            found = self.scale.colours(self.values[there]).tolist()
            for index, colour in zip(np.flatnonzero(there).tolist(), found, strict=True):
                out[index] = tuple(colour)
        return out

    def words(self, value: float) -> str:
        unit = f" {self.unit}" if self.unit and np.isfinite(value) else ""
        return f"{self.name} {number(value)}{unit}"

    def looks(self, index: int) -> tuple[str, str]:
        """Anchor and title of a segment or area."""
        what = "segment" if self.node_type == "vessel" else "area"
        value = self.words(float(self.values[index]))
        return f"{what}-{index}", f"{what} {index}: {value}"

    def labels(self, graph: HeteroGraph) -> tuple[NDArray[np.int32] | None, list[int]]:
        """Image of what has colours, and the label of each row in it."""
        if self.node_type == "vessel":
            return graph.kept.get("vessel_label"), list(range(1, graph.num_segments + 1))
        return graph.kept["ica_label"], graph.ica_label_id.tolist()

    def regions(self, graph: HeteroGraph, factor: int) -> list[Regions]:
        """The pixels of segments or areas, if the graph kept them."""
        image, labels = self.labels(graph)
        if image is None:
            return []
        regions = []
        for index, (label, colour) in enumerate(zip(labels, self.colours(), strict=True)):
            name, title = self.looks(index)
            fill, stripes = (colour, None) if colour else (MISSING, MISSING_STRIPES)
            regions.append(
                Region(label=label, colour=fill, stripes=stripes, name=name, title=title)
            )
        if self.node_type == "ica" and graph.faz_info.label > 0:
            with np.errstate(all="ignore"):
                values = (graph.faz(self.info.name) * _unit(self.info, graph)[0]).tolist()
            values = values or [float("nan")]
            title = f"FAZ: {self.words(values[0])}"
            label = graph.faz_info.label
            regions.append(Region(label=label, colour=FAZ_UNSCALED, name="faz", title=title))
        width = max(1, round(_STRIPE_PX / factor))
        return [Regions(label=image, regions=tuple(regions), stripe_px=width)]

    def lines(self, graph: HeteroGraph, factor: int) -> tuple[Line, ...]:
        """Segments that have no pixels of their own; all if the graph kept none."""
        if self.node_type != "vessel":
            return ()
        image, labels = self.labels(graph)
        drawn = np.zeros(0, dtype=np.int32) if image is None else np.unique(image)
        widths = np.maximum(2 * mean_radii(graph), 1.5 / factor)
        colours, points = self.colours(), centrelines(graph)
        bare = np.flatnonzero(~np.isin(labels, drawn))
        out = []
        # Wide vessels last: thin ones begin on the centreline of the vessel that they come from.
        for index in bare[np.argsort(widths[bare], kind="stable")].tolist():
            name, title = self.looks(index)
            colour = colours[index]
            dash = None if colour else (max(3.0, 8 / factor), max(2.0, 5 / factor))
            width = float(widths[index]) if image is None else 1.5 / factor
            fill = colour or MISSING
            line = Line(
                points=points[index], width=width, colour=fill, dash=dash, name=name, title=title
            )
            out.append(line)
        return tuple(out)

    def add_legend(self, page: Page, graph: HeteroGraph) -> None:
        found = self.values[np.isfinite(self.values)]
        missing = len(self.values) - len(found)
        if self.scale is not None:
            below, above = _beyond(found, self.scale.low, self.scale.high)
            page.colour_bar(self.scale, self.unit, below=below > 0, above=above > 0)
            page.words(self.said(found))
        if not len(found):
            page.words(f"no {_WORDS[self.node_type]} with a value")
        entries = []
        if missing:
            # Segments without pixels of their own are dashes, all others stripes.
            image, labels = self.labels(graph)
            of_missing = np.array(labels)[~np.isfinite(self.values)]
            sample = line_sample(MISSING, GROUND, width=5, dash=(6, 4))
            if image is not None and np.isin(of_missing, image).any():
                sample = area_sample([MISSING], MISSING_STRIPES)
            entries.append(Entry(sample, f"without a value: {missing}"))
        if self.node_type == "ica" and graph.faz_info.label > 0:
            entries.append(Entry(box_sample(FAZ_UNSCALED), "FAZ, not in the scale"))
        if entries:
            page.entries(entries)

    def said(self, found: NDArray[np.float64]) -> str:
        """What the colours span."""
        assert self.scale is not None
        unit = f" {self.unit}" if self.unit else ""
        ends = self.scale.low, self.scale.high
        beyond = _beyond(found, *ends)
        extremes = found.min(), found.max()
        shown = [
            _apart(*pair) if count else number(pair[0])
            for *pair, count in zip(ends, extremes, beyond, strict=True)
        ]
        how = "as given" if self.given else "2nd to 98th percentile"
        steps = ", logarithmic" if self.scale.log else ""
        words = zip(beyond, ("below", "above"), strict=True)
        rest = ", ".join(f"{count} {where}" for count, where in words if count)
        return (
            f"Colours: {shown[0]} to {shown[1]}{unit} ({how}{steps}) of {len(found)} values"
            f"{'; ' if rest else ''}{rest}."
        )


def _beyond(values: NDArray[np.float64], low: float, high: float) -> tuple[int, int]:
    """How many values are less and how many are more, and not so by rounding alone."""
    slack = 1e-6 * max(abs(low), abs(high))
    return int((values < low - slack).sum()), int((values > high + slack).sum())


def _apart(limit: float, extreme: float) -> str:
    """A limit with so many digits that the value farthest beyond it reads otherwise."""
    shown = (digits for digits in _DIGITS if number(limit, digits) != number(extreme, digits))
    return number(limit, next(shown, _DIGITS[-1]))
