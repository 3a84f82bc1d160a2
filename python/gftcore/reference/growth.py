# SPDX-License-Identifier: Apache-2.0
"""Growth of vessels by the definition: every distance is measured, angles are angles.

It consumes the numbers of NumPy's Philox generator in the order of the definition, as the core's
own generator does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gftcore.synth.options import FOV_MM, GrowthMode, GrowthOptions

Points = NDArray[np.float64]

CENTRE = np.array([0.5, 0.5])


@dataclass(kw_only=True, eq=False)
class Forest:
    """Trees while they grow: one entry per node and list; ``children`` holds up to two."""

    xyz: list[Points] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    kappa: list[float] = field(default_factory=list)
    tree: list[int] = field(default_factory=list)

    def add(self, xyz: Points, parent: int, radius: float, kappa: float) -> int:
        """Add a root (parent -1) or a child; return its index."""
        node = len(self.parent)
        self.xyz.append(xyz)
        self.parent.append(parent)
        self.children.append([])
        self.radius.append(radius)
        self.kappa.append(kappa)
        if parent < 0:
            self.tree.append(max(self.tree, default=-1) + 1)
        else:
            self.tree.append(self.tree[parent])
            self.children[parent].append(node)
        return node

    def growable(self) -> NDArray[np.int64]:
        """Nodes that are no roots and have less than two children."""
        kept = [n for n, up in enumerate(self.parent) if up >= 0 and len(self.children[n]) < 2]
        return np.array(kept, dtype=np.int64)

    def restore_murray(self) -> None:
        """Set every radius by its children, from the tips to the roots."""
        for node in reversed(range(len(self.parent))):
            below = [self.radius[child] for child in self.children[node]]
            if len(below) == 1:
                self.radius[node] = below[0]
            elif below:
                kappa = self.kappa[node]
                self.radius[node] = sum(r**kappa for r in below) ** (1 / kappa)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrownForest:
    """Both forests, arteries first; the fields of `gftcore.synth.VesselForest`."""

    node_xyz: Points
    parent: NDArray[np.int64]
    radius: Points
    kappa: Points
    tree: NDArray[np.int32]
    is_vein: NDArray[np.bool_]
    faz: float


def unit(v: Points) -> Points:
    """Direction of a vector; zero for zero."""
    size = np.linalg.norm(v)
    out: Points = v / size if size > 0 else np.zeros_like(v)
    return out


def distances(points: Points, p: Points) -> Points:
    """Distance of each row of `points` from a point."""
    x, y, z = points.T
    out: Points = np.sqrt((x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2)
    return out


def angles_to(direction: Points, vectors: Points) -> Points:
    """Angles in degrees between a unit vector and the rows of `vectors`."""
    cosine = vectors @ direction / np.linalg.norm(vectors, axis=1)
    out: Points = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return out


def perfusion_distance(radius: Points) -> Points:
    """Distance in fields of view within which an artery leaves no tissue without oxygen."""
    q = FOV_MM * radius / 0.0035
    return 2 * 0.02 * 0.2039 * q * np.exp(1 - q)


def branching_angles(r1: float, r2: float, kappa: float) -> tuple[float, float]:
    """Angles in degrees at which two vessels leave their stem."""
    stem = (r1**kappa + r2**kappa) ** (1 / kappa)
    cosines = (
        (stem**4 + r1**4 - r2**4) / (2 * stem**2 * r1**2),
        (stem**4 + r2**4 - r1**4) / (2 * stem**2 * r2**2),
    )
    first, second = (math.degrees(math.acos(min(1.0, max(-1.0, c)))) for c in cosines)
    return first, second


def main_axis(points: Points) -> Points:
    """Direction in which points are spread most; its largest component is positive."""
    centred = points - points.mean(axis=0)
    axis: Points = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return axis if axis[np.abs(axis).argmax()] > 0 else -axis


class Growth:
    """Two forests, sinks and sources, and the numbers that are left to draw."""

    def __init__(self, options: GrowthOptions, seed: int, stream: int) -> None:
        key = np.array([seed, stream], dtype=np.uint64)
        self.random = np.random.Generator(np.random.Philox(key=key)).random
        self.options = options
        self.sinks: list[Points] = []
        self.sources: list[Points] = []
        self.radius = options.radius_mm / FOV_MM
        self.faz = max(0.0, self.normal() * options.faz_sd_mm + options.faz_mean_mm) / FOV_MM
        self.arteries, self.veins = Forest(), Forest()
        for forest in (self.arteries, self.veins):
            for _ in range(options.trees):
                self.plant(forest)

    def normal(self) -> float:
        """One normal number by the polar method; its twin is thrown away."""
        while True:
            x, y = 2 * self.random() - 1, 2 * self.random() - 1
            s = x * x + y * y
            if 0 < s < 1:
                return float(x * math.sqrt(-2 * math.log(s) / s))

    def plant(self, forest: Forest) -> None:
        """Add a stump: a root on a wall and a child one step into the field."""
        wall, place = int(4 * self.random()), self.random()
        z = self.random() * self.options.depth
        step = self.options.step_mm / FOV_MM
        inward = 0.1 + (1 - 0.1) * self.random()
        low, high = (-1 if place - step > 0 else 0), (1 if place + step < 1 else 0)
        along = low + (high - low) * self.random()
        level = wall % 2
        into = -inward if level else inward
        root, direction = [level, place, z], [into, along, 0]
        if wall >= 2:
            root, direction = [place, level, z], [along, into, 0]
        kappa = self.options.svc.kappa
        start = np.array(root, dtype=np.float64)
        node = forest.add(start, -1, self.radius, kappa)
        forest.add(start + step * unit(np.array(direction)), node, self.radius, kappa)

    def run(self) -> None:
        """Grow both stages."""
        t = 0
        for mode in (self.options.svc, self.options.dvc):
            scale = 1.0
            for _ in range(mode.iterations):
                self.iterate(mode, scale, t)
                scale += self.options.tissue_growth
                t += 1

    def iterate(self, mode: GrowthMode, scale: float, t: int) -> None:
        """One iteration of all steps."""
        eps_k = mode.eps_k_mm / FOV_MM / scale
        self.draw_sinks(mode, scale)
        new = self.grow(self.arteries, self.sinks, mode, scale, t)
        gone = _within_any(self.sinks, new, eps_k)
        vanished = [sink for sink, near in zip(self.sinks, gone, strict=True) if near]
        self.sinks = [sink for sink, near in zip(self.sinks, gone, strict=True) if not near]
        supplied = _within_any(vanished, self.veins.xyz, eps_k)
        self.sources += [s for s, near in zip(vanished, supplied, strict=True) if not near]
        new = self.grow(self.veins, self.sources, mode, scale, t)
        gone = _within_any(self.sources, new, eps_k)
        self.sources = [s for s, near in zip(self.sources, gone, strict=True) if not near]

    def draw_sinks(self, mode: GrowthMode, scale: float) -> None:
        """Step 1: places without oxygen, apart from each other."""
        eps_s = mode.eps_s_mm / FOV_MM / scale
        search = max(mode.eps_n_mm, mode.eps_k_mm) / FOV_MM / scale
        nodes = np.array(self.arteries.xyz)
        perfused = np.minimum(search, perfusion_distance(np.array(self.arteries.radius)))
        tries = self.random((mode.tries, 3)) * [1, 1, self.options.depth]
        sinks = np.empty((len(self.sinks) + len(tries), 3))
        sinks[: len(self.sinks)] = np.array(self.sinks).reshape(-1, 3)
        for p in tries:
            known = sinks[: len(self.sinks)]
            if (
                np.linalg.norm(p[:2] - CENTRE) > self.faz / 2
                and not (distances(known, p) <= eps_s).any()
                and not (distances(nodes, p) <= perfused).any()
            ):
                sinks[len(self.sinks)] = p
                self.sinks.append(p)

    def grow(
        self, forest: Forest, sinks: list[Points], mode: GrowthMode, scale: float, t: int
    ) -> list[Points]:
        """Steps 2 to 5: let a forest grow towards its sinks; return the new nodes."""
        delta = mode.delta_mm / FOV_MM / scale
        step = self.options.least_step_mm / FOV_MM
        if mode.steps_shrink:
            step = max(self.options.step_mm / FOV_MM / scale, step)
        nodes = forest.growable()
        places = np.array(forest.xyz)[nodes]
        attracted: dict[int, list[Points]] = {}
        for sink in sinks:
            distance = distances(places, sink)
            nearest = int(distance.argmin())
            if distance[nearest] <= delta:
                attracted.setdefault(int(nodes[nearest]), []).append(sink)
        shoots: list[tuple[int, Points]] = []
        for node in sorted(attracted):
            p = forest.xyz[node]
            towards = np.array(attracted[node]) - p
            towards = towards[(towards != 0).any(axis=1)]
            leaf = not forest.children[node]
            decide = self.leaf_directions if leaf else self.sprout_directions
            directions = decide(forest, node, towards, mode, step, t)
            shoots += [(node, p + step * unit(direction)) for direction in directions]
        for node, position in shoots:
            forest.add(position, node, self.radius, mode.kappa)
        forest.restore_murray()
        return [position for _, position in shoots]

    def gate_opens(self, p: Points) -> bool:
        """Whether the distance from the fovea lets a vessel branch; draws a number."""
        ratio = np.linalg.norm(CENTRE - p[:2]) / (2 * self.faz)
        return bool(ratio**5 > self.random())

    def leaf_directions(
        self, forest: Forest, node: int, towards: Points, mode: GrowthMode, step: float, t: int
    ) -> list[Points]:
        """Directions of the children of a leaf: two, one or none."""
        p = forest.xyz[node]
        v = unit(p - forest.xyz[forest.parent[node]])
        angles = angles_to(v, towards)
        seen = angles <= mode.gamma_degrees / 2
        towards, angles = towards[seen], angles[seen]
        if not len(towards):
            return []
        a = np.sum([unit(row) for row in towards], axis=0)
        if angles.std() > self.options.spread_degrees and (
            self.faz == 0 or (self.gate_opens(p) and (CENTRE - p[:2]) @ a[:2] < 0)
        ):
            psi = math.radians(branching_angles(self.radius, self.radius, mode.kappa)[0])
            ahead, aside = unit(towards.mean(axis=0)), main_axis(towards)
            return [math.cos(psi) * ahead + s * math.sin(psi) * aside for s in (1, -1)]
        g = mode.omega * v + (1 - mode.omega) * unit(a)
        if t > self.options.turn_after:
            g = self.turned(p, unit(g), mode, step)
        return [g] if g.any() else []

    def turned(self, p: Points, g: Points, mode: GrowthMode, step: float) -> Points:
        """Bend a direction so that vessels run around the fovea."""
        outward = np.append(unit(p[:2] - CENTRE), 0)
        if not outward.any():
            return g
        distance = np.linalg.norm((p + step * g)[:2] - CENTRE)
        k = math.sqrt(max(mode.turn_floor, self.options.turn_radius - float(distance)))
        tangent = np.array([outward[1], -outward[0], 0])
        if g[:2] @ tangent[:2] < 0:
            tangent = -tangent
        return (1 - k) * g + 0.7 * k * tangent + 0.3 * k * outward

    def sprout_directions(
        self, forest: Forest, node: int, towards: Points, mode: GrowthMode, step: float, t: int
    ) -> list[Points]:
        """Direction of the second child of a node that has one: one or none."""
        del step, t
        p = forest.xyz[node]
        child = forest.children[node][0]
        v = unit(p - forest.xyz[forest.parent[node]])
        w = unit(forest.xyz[child] - p)
        psi1, psi2 = branching_angles(forest.radius[child], self.radius, mode.kappa)
        half = mode.gamma_degrees / 2
        opening = np.abs(angles_to(w, towards) - (psi1 + psi2))
        towards = towards[(opening <= half) & (angles_to(v, towards) <= psi2 + half)]
        if not len(towards):
            return []
        a = np.sum([unit(row) for row in towards], axis=0)
        axis = unit(np.cross(w, a))
        if not axis.any():
            return []
        if self.faz > 0 and not self.gate_opens(p) and (CENTRE - p[:2]) @ a[:2] >= 0:
            return []
        psi = math.radians(psi2)
        turned = math.cos(psi) * w + math.sin(psi) * np.cross(axis, w)
        g = mode.omega * turned + (1 - mode.omega) * unit(a)
        return [g] if g.any() else []

    def result(self) -> GrownForest:
        """Return both forests as arrays."""
        arteries, veins = self.arteries, self.veins
        offset = len(arteries.parent)
        down = [up + offset if up >= 0 else -1 for up in veins.parent]
        return GrownForest(
            node_xyz=np.array(arteries.xyz + veins.xyz),
            parent=np.array(arteries.parent + down, dtype=np.int64),
            radius=np.array(arteries.radius + veins.radius),
            kappa=np.array(arteries.kappa + veins.kappa),
            tree=np.array(
                arteries.tree + [i + self.options.trees for i in veins.tree], dtype=np.int32
            ),
            is_vein=np.arange(offset + len(veins.parent)) >= offset,
            faz=self.faz,
        )


def _within_any(points: list[Points], others: list[Points], reach: float) -> list[bool]:
    """Which points lie within `reach` of any of the others."""
    if not others:
        return [False] * len(points)
    places = np.array(others)
    return [bool((distances(places, p) <= reach).any()) for p in points]


def grow_vessels(
    *, seed: int, options: GrowthOptions | None = None, stream: int = 0
) -> GrownForest:
    """Grow arterial and venous trees, slowly; see `gftcore.synth.grow_vessels`."""
    growth = Growth(GrowthOptions() if options is None else options, seed, stream)
    growth.run()
    return growth.result()
