# SPDX-License-Identifier: Apache-2.0
"""Disease of an eye: vessels are cut and added, and each lesion is remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gftcore.errors import ArgumentError
from gftcore.synth.lesions import Lesion, area_mm2, place_of, to_pixels
from gftcore.synth.options import FOV_MM
from gftcore.synth.outlines import area_of, blob, capsule, contains, cut, distances, scaled
from gftcore.synth.raster import HALF_WIDTH_PER_RADIUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.synth.draws import Draws
    from gftcore.synth.network import Network, SegmentTable
    from gftcore.synth.parameters import EyeParameters

__all__ = ["Disease"]

CENTRE = np.array([0.5, 0.5])
_TRIES = 100
_PATCH_JAGGEDNESS = 0.14
# Around areas without perfusion, in mm: how near microaneurysms and tufts lie.
_BESIDE_MM = 0.12
_APART_MM = 0.06
_TUFT_VEIN_MM = 0.003


@dataclass(slots=True)
class Disease:
    """Vessels that get lesion after lesion.

    Attributes
    ----------
    network
        The vessels as they are now.
    table
        Segments of the unedited eye.
    parameters
        What the eye gets.
    draws
        Source of places and shapes.
    lesions
        Those that it has.
    voids
        Outlines [n, 2] of natural voids in pixels of the mask.
    void_segments
        int64 [n] segments that natural voids cut, ascending.
    areas
        Polygons without capillaries, in fields of view: the enlarged FAZ, voids, and where
        perfusion was lost.
    """

    network: Network
    table: SegmentTable
    parameters: EyeParameters
    draws: Draws
    lesions: list[Lesion] = field(default_factory=list)
    voids: list[NDArray[np.float64]] = field(default_factory=list)
    void_segments: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    areas: list[NDArray[np.float64]] = field(default_factory=list)
    _clear_of: list[NDArray[np.float64]] = field(default_factory=list)
    _perfusion_lost: list[NDArray[np.float64]] = field(default_factory=list)
    _rims: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add_all(self) -> None:
        """Give the eye every lesion of its parameters, and its natural voids before."""
        outline = _faz_outline(self.network)
        for area in self.parameters.voids_mm2:
            polygon = self._free_place(area / FOV_MM**2, outline, at_faz=False)
            self.void_segments = np.union1d(self.void_segments, self._cut_capillaries(polygon))
            self.voids.append(to_pixels(polygon))
            self._clear_of.append(polygon)
        if self.parameters.faz_factor > 1:
            outline = self._enlarge_faz(outline)
        for number, area in enumerate(self.parameters.patches_mm2):
            self._add_patch(area / FOV_MM**2, outline, number < self.parameters.patches_at_faz)
        self._find_rims()
        taken: list[NDArray[np.float64]] = []
        for diameter in self.parameters.microaneurysms_mm:
            self._add_microaneurysm(diameter / 2 / FOV_MM, taken)
        for diameter in self.parameters.tufts_mm:
            self._add_tuft(diameter / 2 / FOV_MM)

    def _enlarge_faz(self, outline: NDArray[np.float64]) -> NDArray[np.float64]:
        factor, jaggedness = self.parameters.faz_factor, self.parameters.faz_jaggedness
        shape = blob(CENTRE, self.draws, jaggedness=jaggedness) - CENTRE
        radius = np.sqrt((shape * shape).sum(axis=1, keepdims=True))
        grown = scaled(CENTRE + radius * (outline - CENTRE), CENTRE, factor * area_of(outline))
        self._remove("faz_enlargement", grown, severity=(factor - 1) / 1.5)
        return grown

    def _add_patch(self, area: float, faz: NDArray[np.float64], at_faz: bool) -> None:
        small, large = np.log(0.02), np.log(1.0)
        severity = float((np.log(area * FOV_MM**2) - small) / (large - small))
        self._remove("non_perfusion", self._free_place(area, faz, at_faz=at_faz), severity=severity)

    def _free_place(
        self, area: float, faz: NDArray[np.float64], *, at_faz: bool
    ) -> NDArray[np.float64]:
        """Return a blob at the rim of the FAZ, or clear of it and of all that was cut before.

        Where there is no such place, the clearest of those tried.
        """
        radius = np.sqrt(area / np.pi)
        best: NDArray[np.float64] | None = None
        room = -np.inf
        for _ in range(_TRIES):
            shape = blob(np.zeros(2), self.draws, jaggedness=_PATCH_JAGGEDNESS)
            shape = scaled(shape, np.zeros(2), area)
            if at_faz:
                side = self.draws.uniform(0, 2 * np.pi)
                towards = np.array([np.cos(side), np.sin(side)])
                rim = ((faz - CENTRE) @ towards).max()
                centre = CENTRE + (rim + 0.6 * radius) * towards
            else:
                reach = np.abs(shape).max()
                centre = reach + (1 - 2 * reach) * self.draws.uniforms(2)
            polygon = centre + shape
            clear = _clearance(polygon, self._clear_of if at_faz else [*self._clear_of, faz])
            if clear > room:
                best, room = polygon, clear
            if clear > 0:
                break
        assert best is not None
        return best

    def _add_microaneurysm(self, radius: float, taken: list[NDArray[np.float64]]) -> None:
        near = self._beside(self.table.is_capillary, radius * 2)
        nodes = self.network.distal[near, :2]
        free = np.ones(len(near), dtype=bool)
        for other in taken:
            apart = nodes - other
            free &= np.sqrt((apart * apart).sum(axis=1)) * FOV_MM > _APART_MM
        host = self.draws.pick(near[free] if free.any() else near)
        foot = self.network.distal[host]
        turn = self.draws.uniform(0, 2 * np.pi)
        tip = foot + 0.5 * radius * np.array([np.cos(turn), np.sin(turn), 0.0])
        taken.append(foot[:2])
        outline = capsule(foot[:2], tip[:2], HALF_WIDTH_PER_RADIUS * radius)
        severity = (2 * radius * FOV_MM - 0.02) / 0.04
        self._append(
            "microaneurysm", outline, np.vstack([foot, tip]), radius, host, severity=severity
        )

    def _add_tuft(self, radius: float) -> None:
        veins = self.table.is_vein & (self.table.radius * FOV_MM > _TUFT_VEIN_MM)
        host = self.draws.pick(self._beside(veins, radius))
        foot = self.network.distal[host]
        loops = 5 + int(5 * self.draws.uniform())
        lines, first = [], self.draws.uniform(0, 2 * np.pi)
        for number in range(loops):
            turn = first + 2 * np.pi * (number + self.draws.uniform(-0.3, 0.3)) / loops
            size = 0.9 * radius * self.draws.uniform(0.6, 1.0)
            lines.append(foot + _loop(turn, size, self.draws.uniform(0.2, 0.35)))
        angle = 2 * np.pi * np.arange(48) / 48
        circle = foot[:2] + radius * np.column_stack([np.cos(angle), np.sin(angle)])
        calibre = self.draws.uniform(0.0035, 0.0055) / FOV_MM
        severity = (2 * radius * FOV_MM - 0.1) / 0.2
        self._append("tuft", circle, np.stack(lines), calibre, host, severity=severity)

    def _find_rims(self) -> None:
        """Find the grown edges that end near, but not in, an area that lost its capillaries."""
        end = self.network.distal[:, :2]
        within = np.zeros(len(end), dtype=bool)
        beside = np.zeros(len(end), dtype=bool)
        reach = _BESIDE_MM / FOV_MM
        for polygon in self._perfusion_lost:
            low, high = polygon.min(axis=0) - reach, polygon.max(axis=0) + reach
            close = np.flatnonzero(((end > low) & (end < high)).all(axis=1))
            within[close] |= contains(polygon, end[close])
            beside[close] |= distances(polygon, end[close]) < reach
        self._rims = np.flatnonzero(beside & ~within)

    def _beside(self, may: NDArray[np.bool_], margin: float) -> NDArray[np.int64]:
        """Return edges of segments that may be chosen, at a rim and inside of the field's margin.

        Where there are none: those not at a rim; then all that there are.
        """

        def fits(edges: NDArray[np.int64]) -> NDArray[np.int64]:
            inner = (np.abs(self.network.distal[edges, :2] - CENTRE) < 0.5 - margin).all(axis=1)
            fitting: NDArray[np.int64] = edges[inner & may[self.network.segment[edges]]]
            return fitting

        grown = np.flatnonzero(self.network.segment >= 0)
        if not len(grown):
            raise ArgumentError("parameters must leave a vessel that lesions can hang on, got none")
        for edges in (fits(self._rims), fits(grown), grown):
            if len(edges):
                break
        return edges

    def _cut_capillaries(self, polygon: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cut them within a polygon, and return the numbers of their segments."""
        may = (self.network.segment >= 0) & self.table.is_capillary[self.network.segment]
        self.network, segments = cut(self.network, polygon, may)
        self.areas.append(polygon)
        return segments

    def _remove(self, kind: str, polygon: NDArray[np.float64], *, severity: float) -> None:
        segments = self._cut_capillaries(polygon)
        self._remember(kind, to_pixels(polygon), segments, rows=0, severity=severity)
        if kind == "non_perfusion":
            self._clear_of.append(polygon)
            self._perfusion_lost.append(polygon)

    def _append(
        self,
        kind: str,
        polygon: NDArray[np.float64],
        lines: NDArray[np.float64],
        radius: float,
        host: int,
        *,
        severity: float,
    ) -> None:
        """Add the edges of polylines [..., n, 3], which hang on the far end of an edge."""
        segments = self.network.segment[host : host + 1].copy()
        proximal = lines[..., :-1, :].reshape(-1, 3)
        count = len(proximal)
        added = type(self.network)(
            proximal=proximal,
            distal=lines[..., 1:, :].reshape(-1, 3),
            radius=np.full(count, radius),
            segment=np.full(count, -1),
            lesion=np.full(count, len(self.lesions)),
        )
        self.network = self.network.joined(added)
        self._remember(kind, to_pixels(polygon), segments, rows=count, severity=severity)

    def _remember(
        self,
        kind: str,
        outline: NDArray[np.float64],
        segments: NDArray[np.int64],
        *,
        rows: int,
        severity: float,
    ) -> None:
        self.lesions.append(
            Lesion(
                id=len(self.lesions),
                type=kind,
                polygon_rowcol_px=outline,
                segment_ids=segments,
                first_row=len(self.network) - rows,
                num_rows=rows,
                area_mm2=area_mm2(outline),
                severity=round(min(max(severity, 0.0), 1.0), 4),
                place=place_of(outline, self.parameters.eye),
            )
        )


def _faz_outline(network: Network) -> NDArray[np.float64]:
    """Outline of the region around the fovea that no vessel enters, seen from the fovea."""
    points = network.divided(np.ones(len(network), dtype=bool), 4).distal[:, :2] - CENTRE
    distance = np.sqrt((points * points).sum(axis=1))
    angle = np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi)
    count = 72
    radius = np.full(count, 0.45)
    np.minimum.at(radius, (angle / (2 * np.pi) * count).astype(int) % count, distance)
    # A ray may pass between the points of a vessel: take the nearest of three.
    radius = np.minimum(radius, np.minimum(np.roll(radius, 1), np.roll(radius, -1)))
    turn = 2 * np.pi * np.arange(count) / count
    outline: NDArray[np.float64] = CENTRE + radius[:, None] * np.column_stack(
        [np.cos(turn), np.sin(turn)]
    )
    return outline


def _clearance(polygon: NDArray[np.float64], others: list[NDArray[np.float64]]) -> float:
    """Least distance of the vertices to other polygons, less a margin; negative if they overlap."""
    least = np.inf
    for other in others:
        signed = np.where(contains(other, polygon), -1, 1) * distances(other, polygon)
        back = np.where(contains(polygon, other), -1, 1) * distances(polygon, other)
        least = min(least, float(signed.min()), float(back.min()))
    return least - 0.02


def _loop(turn: float, size: float, width: float) -> NDArray[np.float64]:
    """Closed loop [13, 3] from the origin to a distance and back."""
    t = 2 * np.pi * np.arange(13) / 12
    out, aside = size * (1 - np.cos(t)) / 2, size * width * np.sin(t)
    x = out * np.cos(turn) - aside * np.sin(turn)
    y = out * np.sin(turn) + aside * np.cos(turn)
    loop = np.column_stack([x, y, np.zeros(len(t))])
    loop[-1] = loop[0]
    return loop
