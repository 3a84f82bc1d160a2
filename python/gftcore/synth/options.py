# SPDX-License-Identifier: Apache-2.0
"""Settings of the growth of vessels."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

from gftcore._validation import describe, require_bool, require_int, require_real
from gftcore.config import canonical_json, config_dict, require_fields
from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["FOV_MM", "GrowthMode", "GrowthOptions"]

FOV_MM = 3.0
# Thinner vessels vanish in the rounding of coordinates and of Murray's law.
LEAST_RADIUS_MM = 1e-5
MOST_ITERATIONS = 1000
MOST_TRIES = 100_000
MOST_TREES = 1000


def _positive(value: object, name: str, most: float) -> float:
    number = require_real(value, name)
    if not 0 < number <= most:
        raise ArgumentError(f"{name} must be greater than 0 and at most {most:g}, got {number:g}")
    return number


def _between(value: object, name: str, low: float, high: float) -> float:
    number = require_real(value, name)
    if not low <= number <= high:
        raise ArgumentError(f"{name} must be between {low:g} and {high:g}, got {number:g}")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthMode:
    """A stage of growth. Frozen, keyword-only, validated when made.

    Lengths are in mm at the start of the stage; the growth of the tissue divides them.

    Parameters
    ----------
    iterations
        0 to 1000.
    tries
        Random places for sinks in each iteration, 0 to 100000.
    eps_n_mm
        Arteries within this distance, or within ``eps_k_mm`` if that is larger, may perfuse a
        place, so that it becomes no sink.
    eps_s_mm
        Sinks are farther apart than this.
    eps_k_mm
        A new node satisfies the sinks within this distance.
    delta_mm
        A node perceives the sinks within this distance.
    gamma_degrees
        Full angle of the cone of perception, up to 180.
    omega
        Share of the old direction in the new one, 0 to 1.
    kappa
        Exponent of Murray's law, 2 to 4.
    turn_floor
        Least value of the square of the turn around the fovea, 0 to 1.
    steps_shrink
        Whether steps shrink with the growth of the tissue; if not, all are the least one.

    Examples
    --------
    >>> GrowthOptions().dvc.replace(iterations=20).iterations
    20
    """

    iterations: int
    tries: int = 2000
    eps_n_mm: float
    eps_s_mm: float
    eps_k_mm: float
    delta_mm: float
    gamma_degrees: float
    omega: float
    kappa: float
    turn_floor: float = 0.0
    steps_shrink: bool = False

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("iterations", require_int(self.iterations, "iterations", 0, MOST_ITERATIONS))
        put("tries", require_int(self.tries, "tries", 0, MOST_TRIES))
        for name in ("eps_n_mm", "eps_s_mm", "eps_k_mm", "delta_mm"):
            put(name, _positive(getattr(self, name), name, FOV_MM))
        put("gamma_degrees", _positive(self.gamma_degrees, "gamma_degrees", 180))
        put("omega", _between(self.omega, "omega", 0, 1))
        put("kappa", _between(self.kappa, "kappa", 2, 4))
        put("turn_floor", _between(self.turn_floor, "turn_floor", 0, 1))
        put("steps_shrink", require_bool(self.steps_shrink, "steps_shrink"))

    def replace(self, **changes: Any) -> GrowthMode:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)


SVC = GrowthMode(
    iterations=100,
    eps_n_mm=0.18,
    eps_s_mm=0.135,
    eps_k_mm=0.135,
    delta_mm=0.2925,
    gamma_degrees=50,
    omega=0.3,
    kappa=2.55,
    steps_shrink=True,
)
DVC = GrowthMode(
    iterations=155,
    eps_n_mm=0.09,
    eps_s_mm=0.0675,
    eps_k_mm=0.0675,
    delta_mm=0.14625,
    gamma_degrees=90,
    omega=0.0,
    kappa=2.9,
    turn_floor=0.01,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthOptions:
    """How vessels grow into an empty field of view. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    svc
        First stage: the superficial vascular complex.
    dvc
        Second stage: the deep vascular complex, which grows on.
    trees
        Arterial trees, and as many venous ones, 1 to 1000.
    depth
        Depth of the slab, in fields of view.
    step_mm
        Length of a vessel's first pieces.
    least_step_mm
        Length below which pieces do not shrink.
    radius_mm
        Radius of terminal vessels.
    faz_mean_mm
        Mean of the foveal parameter F, which is normal. No sink lies within F / 2 of the centre.
    faz_sd_mm
        Standard deviation of the foveal parameter.
    turn_radius
        Distance from the centre, in fields of view, within which vessels turn around it.
    turn_after
        Number of the last iteration, from 0 and over both stages, without such turns.
    spread_degrees
        Standard deviation of the angles to its sinks above which a tip may split, up to 180.
    tissue_growth
        What each iteration adds to the scale that divides the lengths of a stage, 0 to 1.

    Examples
    --------
    >>> options = GrowthOptions(faz_mean_mm=0.6)
    >>> options.svc.iterations, options.hash == GrowthOptions().hash
    (100, False)
    """

    svc: GrowthMode = SVC
    dvc: GrowthMode = DVC
    trees: int = 8
    depth: float = 0.0131
    step_mm: float = 0.1
    least_step_mm: float = 0.04
    radius_mm: float = 0.0025
    faz_mean_mm: float = 0.44
    faz_sd_mm: float = 0.04
    turn_radius: float = 0.35
    turn_after: int = 15
    spread_degrees: float = 15.0
    tissue_growth: float = 0.02

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        for name in ("svc", "dvc"):
            mode = getattr(self, name)
            if not isinstance(mode, GrowthMode):
                raise ArgumentTypeError(f"{name} must be a GrowthMode, got {describe(mode)}")
        put("trees", require_int(self.trees, "trees", 1, MOST_TREES))
        put("depth", _positive(self.depth, "depth", 1))
        put("radius_mm", _between(self.radius_mm, "radius_mm", LEAST_RADIUS_MM, FOV_MM))
        for name in ("step_mm", "least_step_mm"):
            put(name, _positive(getattr(self, name), name, FOV_MM))
        for name in ("faz_mean_mm", "faz_sd_mm"):
            put(name, _between(getattr(self, name), name, 0, FOV_MM))
        put("turn_radius", _between(self.turn_radius, "turn_radius", 0, 1))
        put("turn_after", require_int(self.turn_after, "turn_after", 0, 2 * MOST_ITERATIONS))
        put("spread_degrees", _between(self.spread_degrees, "spread_degrees", 0, 180))
        put("tissue_growth", _between(self.tissue_growth, "tissue_growth", 0, 1))

    @classmethod
    def test_profile(cls, *, svc: int = 30, dvc: int = 40) -> GrowthOptions:
        """Return the defaults with fewer iterations: a sparse eye, ten times faster.

        Examples
        --------
        >>> GrowthOptions.test_profile().dvc.iterations
        40
        """
        return cls(svc=SVC.replace(iterations=svc), dvc=DVC.replace(iterations=dvc))

    def replace(self, **changes: Any) -> GrowthOptions:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values; stages are dicts."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "svc": self.svc.to_dict(), "dvc": self.dvc.to_dict()}

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return hashlib.sha256(canonical_json(self.to_dict()).encode()).hexdigest()
