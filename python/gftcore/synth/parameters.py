# SPDX-License-Identifier: Apache-2.0
"""What is drawn for an eye before its vessels grow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from gftcore._validation import describe, require_choice, require_int, require_real
from gftcore.config import require_fields
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.synth.draws import Draws, alike
from gftcore.synth.image_options import ImageOptions
from gftcore.synth.lesions import LARGE_MM2
from gftcore.synth.options import GrowthOptions

__all__ = ["EyeParameters", "draw_parameters"]

LABELS = ("Healthy", "NPDR", "PDR")
EYES = ("OD", "OS")

# Ranges by class: extent of disease as this project sets it, its directions as published (Tang et
# al. 2020, Mastropasqua et al. 2017). An area of 0.2 mm2 or more makes an eye proliferative.
_RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "Healthy": {
        "faz_factor": (1.0, 1.0),
        "tortuous_share": (0.0, 0.28),
        "arc_per_chord": (1.05, 1.18),
    },
    "NPDR": {
        "patches": (2, 6),
        "patch_mm2": (0.02, 0.19),
        "faz_factor": (1.1, 1.6),
        "faz_jaggedness": (0.05, 0.15),
        "tortuous_share": (0.1, 0.3),
        "arc_per_chord": (1.08, 1.2),
        "beaded_share": (0.1, 0.3),
        "beading_depth": (0.15, 0.15),
        "microaneurysms": (3, 20),
    },
    "PDR": {
        "patches": (0, 4),
        "patch_mm2": (0.02, 0.19),
        "large_patches": (2, 5),
        "large_patch_mm2": (0.205, 1.0),
        "faz_factor": (1.5, 2.5),
        "faz_jaggedness": (0.1, 0.2),
        "tortuous_share": (0.2, 0.4),
        "arc_per_chord": (1.1, 1.3),
        "beaded_share": (0.2, 0.4),
        "beading_depth": (0.3, 0.3),
        "microaneurysms": (5, 30),
        "tufts": (0, 2),
    },
}
# Healthy eyes differ, too; without it, one number such as the area
# of the FAZ or the shape of the mean intercapillary area would tell the class.
_FAZ_NATURAL = (0.6, 1.3)
_DVC_ITERATIONS = (150, 174)
_STEP_MM = (0.037, 0.043)
_CAPILLARY_LOSS = (0.0, 0.08)
_VOIDS = (0, 3)
_VOID_MM2 = (0.015, 0.08)
# How an eye is photographed, whatever its class. Artefacts are in a part of the images only.
_GAIN = (1.05, 1.35)
_SPECKLE = (0.5, 0.7)
_BLUR_PX = (0.5, 0.75)
_VIGNETTING = (0.3, 0.1, 0.3)
_SHADOW = (0.15, 0.2, 0.5)
_STRIPES = (0.3, 1, 5)
_MICROANEURYSM_MM = (0.02, 0.06)
_TUFT_MM = (0.1, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeParameters:
    """All that distinguishes one eye from another, apart from its random numbers.

    Lengths are in mm, areas in mm2, shares and factors plain numbers.

    Parameters
    ----------
    label
        ``Healthy``, ``NPDR`` or ``PDR``; `draw_parameters` draws the others to suit it.
    eye
        ``OD`` or ``OS``.
    growth
        How the vessels grow, with the foveal parameter of this eye.
    capillary_loss
        Share of capillary segments that are lost at random; no lesion.
    voids_mm2
        Areas that never had capillaries; no lesions, healthy eyes have them, too. At most 16.
    patches_mm2
        Areas without perfusion, at most 32; none within 1e-5 of 0.2, where rounding would decide
        the label. They keep clear of each other as long as there is room, and overlap then.
    patches_at_faz
        How many of them, the largest first, merge with the FAZ.
    faz_factor
        Area of the FAZ as a multiple of the grown one; 1 leaves it as it is.
    faz_jaggedness
        Standard deviation of the radius of its new outline.
    tortuous_share, arc_per_chord
        Share of segments that wind, and the range of how much.
    beaded_share, beading_depth
        Share of larger venous segments whose calibre varies, and its amplitude.
    microaneurysms_mm
        Diameters, at most 256.
    tufts_mm
        Diameters of neovascular tufts, at most 32.
    image
        How the eye is photographed.
    """

    label: str = "Healthy"
    eye: str = "OD"
    growth: GrowthOptions = field(default_factory=GrowthOptions)
    capillary_loss: float = 0.0
    voids_mm2: tuple[float, ...] = ()
    patches_mm2: tuple[float, ...] = ()
    patches_at_faz: int = 0
    faz_factor: float = 1.0
    faz_jaggedness: float = 0.0
    tortuous_share: float = 0.0
    arc_per_chord: tuple[float, float] = (1.0, 1.0)
    beaded_share: float = 0.0
    beading_depth: float = 0.0
    microaneurysms_mm: tuple[float, ...] = ()
    tufts_mm: tuple[float, ...] = ()
    image: ImageOptions = field(default_factory=ImageOptions)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("label", require_choice(self.label, LABELS, "label"))
        put("eye", require_choice(self.eye, EYES, "eye"))
        if not isinstance(self.growth, GrowthOptions):
            raise ArgumentTypeError(f"growth must be GrowthOptions, got {describe(self.growth)}")
        if not isinstance(self.image, ImageOptions):
            raise ArgumentTypeError(f"image must be ImageOptions, got {describe(self.image)}")
        for name, low, high in (
            ("capillary_loss", 0.0, 1.0),
            ("faz_factor", 1.0, 4.0),
            ("faz_jaggedness", 0.0, 0.3),
            ("tortuous_share", 0.0, 1.0),
            ("beaded_share", 0.0, 1.0),
            ("beading_depth", 0.0, 0.9),
        ):
            put(name, _between(getattr(self, name), name, low, high))
        put("arc_per_chord", _numbers(self.arc_per_chord, "arc_per_chord", 1.0, 2.0))
        bends: tuple[float, ...] = self.arc_per_chord
        if len(bends) != 2 or bends[0] > bends[1]:
            raise ArgumentError(f"arc_per_chord must be (low, high), got {self.arc_per_chord}")
        for name, low, high, count in (
            ("voids_mm2", 0.001, 0.19, 16),
            ("patches_mm2", 0.001, 2.0, 32),
            ("microaneurysms_mm", 0.01, 0.2, 256),
            ("tufts_mm", 0.05, 0.6, 32),
        ):
            put(name, _numbers(getattr(self, name), name, low, high))
            if len(getattr(self, name)) > count:
                raise ArgumentError(
                    f"{name} must have at most {count} numbers, got {len(getattr(self, name))}"
                )
        if any(abs(area - LARGE_MM2) < 1e-5 for area in self.patches_mm2):
            raise ArgumentError(f"patches_mm2 must differ from {LARGE_MM2} by at least 1e-5")
        most = len(self.patches_mm2)
        put("patches_at_faz", require_int(self.patches_at_faz, "patches_at_faz", 0, most))
        large = any(area >= LARGE_MM2 for area in self.patches_mm2)
        stage = "NPDR" if self.patches_mm2 or self.microaneurysms_mm else "Healthy"
        if (stage := "PDR" if large or self.tufts_mm else stage) != self.label:
            raise ArgumentError(f"label must suit the lesions, which make it {stage}")

    def replace(self, **changes: Any) -> EyeParameters:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        out = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        lists = {name: list(value) for name, value in out.items() if isinstance(value, tuple)}
        return {**out, **lists, "growth": self.growth.to_dict(), "image": self.image.to_dict()}


def draw_parameters(
    label: str = "Healthy",
    *,
    eye: str = "OD",
    seed: int,
    stream: int = 0,
    subject_stream: int | None = None,
) -> EyeParameters:
    """Draw the parameters of an eye of a class.

    Parameters
    ----------
    label
        ``Healthy``, ``NPDR`` or ``PDR``.
    eye
        ``OD`` or ``OS``.
    seed, stream
        As for `make_eye`.
    subject_stream
        The eyes of a subject share it: each of their numbers then lies within 15 % of its range
        from the subject's. None: no other eye is like this one.

    Examples
    --------
    >>> right, left = (
    ...     draw_parameters("NPDR", eye=eye, seed=5, stream=k, subject_stream=0)
    ...     for k, eye in enumerate(("OD", "OS"))
    ... )
    >>> abs(right.faz_factor - left.faz_factor) < 2 * 0.15 * 0.5
    True
    """
    require_choice(label, LABELS, "label")
    draw = _Range(seed, stream, subject_stream)
    ranges = _RANGES[label]

    def between(name: str) -> float:
        # Every number takes its turn in every class, so that all classes see the same ones.
        return draw.between(*ranges.get(name, (0.0, 0.0)))

    def count(name: str) -> int:
        return draw.count(*ranges.get(name, (0, 0)))

    def several(number: int, most: int, low: float, high: float) -> list[float]:
        # Small ones are frequent: the logarithm is uniform.
        all_ = [low * math.exp(math.log(high / low) * draw.next()) for _ in range(most)]
        return [round(value, 4) for value in all_[:number]]

    growth = GrowthOptions()
    faz_mm = growth.faz_mean_mm + growth.faz_sd_mm * NormalDist().inv_cdf(draw.inner())
    faz_mm = max(faz_mm, 0.0) * math.sqrt(draw.between(*_FAZ_NATURAL))
    iterations = round(draw.between(*_DVC_ITERATIONS))
    step_mm = draw.between(*_STEP_MM)
    loss = draw.between(*_CAPILLARY_LOSS)
    voids = several(draw.count(*_VOIDS), 3, *_VOID_MM2)
    faz_factor = between("faz_factor")
    small = several(count("patches"), 6, *_RANGES["NPDR"]["patch_mm2"])
    large = several(count("large_patches"), 5, *_RANGES["PDR"]["large_patch_mm2"])
    merged = int(2 * draw.next()) + 1
    jaggedness = between("faz_jaggedness")
    tortuous_share = between("tortuous_share")
    beaded_share = between("beaded_share")
    depth = between("beading_depth")
    aneurysms = several(count("microaneurysms"), 30, *_MICROANEURYSM_MM)
    tufts = several(count("tufts"), 2, *_TUFT_MM)
    return EyeParameters(
        label=label,
        eye=eye,
        growth=growth.replace(
            faz_mean_mm=round(faz_mm, 5),
            faz_sd_mm=0.0,
            least_step_mm=round(step_mm, 5),
            dvc=growth.dvc.replace(iterations=iterations),
        ),
        capillary_loss=round(loss, 4),
        voids_mm2=tuple(voids),
        patches_mm2=tuple(sorted(large + small, reverse=True)),
        patches_at_faz=min(merged, len(large)),
        faz_factor=round(faz_factor, 4),
        faz_jaggedness=round(jaggedness, 4),
        tortuous_share=round(tortuous_share, 4),
        arc_per_chord=ranges.get("arc_per_chord", (1.0, 1.0)),
        beaded_share=round(beaded_share, 4),
        beading_depth=depth,
        microaneurysms_mm=tuple(aneurysms),
        tufts_mm=tuple(tufts),
        image=_photograph(draw),
    )


def _photograph(draw: _Range) -> ImageOptions:
    def sometimes(chance: float, low: float, high: float) -> float:
        there, size = draw.own() < chance, low + (high - low) * draw.own()
        return round(size, 4) if there else 0.0

    def between(low: float, high: float) -> float:
        return round(low + (high - low) * draw.own(), 4)

    return ImageOptions(
        gain=between(*_GAIN),
        speckle=between(*_SPECKLE),
        blur_sigma_px=between(*_BLUR_PX),
        vignetting=sometimes(*_VIGNETTING),
        shadow=sometimes(*_SHADOW),
        stripes=round(sometimes(*_STRIPES)),
    )


class _Range:
    """Uniform numbers of an eye, near those of its subject if it has one."""

    def __init__(self, seed: int, stream: int, subject_stream: int | None) -> None:
        own = Draws(seed, stream_of(stream, "parameters"))
        numbers = own.uniforms(_NUMBERS)
        if subject_stream is not None:
            shared = Draws(seed, stream_of(subject_stream, "subject")).uniforms(_NUMBERS)
            numbers = alike(numbers, shared)
        self._numbers = iter(numbers.tolist())
        self._own = own

    def own(self) -> float:
        """Return a number that no other eye is near to."""
        return self._own.uniform()

    def next(self) -> float:
        return float(next(self._numbers))

    def count(self, low: float, high: float) -> int:
        return int(low + (high - low + 1) * self.next())

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.next()

    def inner(self) -> float:
        """Return one without 0 and 1."""
        return min(max(self.next(), 1e-9), 1 - 1e-9)


_NUMBERS = 64
_PURPOSES = ("growth", "background", "image", "edits", "parameters", "subject", "cohort", "areas")
MOST_STREAMS = 2**61


def stream_of(stream: int, purpose: str) -> int:
    """Return the random stream of one purpose of an eye; an eye has eight."""
    return 8 * stream + _PURPOSES.index(purpose)


def _between(value: object, name: str, low: float, high: float) -> float:
    number = require_real(value, name)
    if not low <= number <= high:
        raise ArgumentError(f"{name} must be between {low:g} and {high:g}, got {number:g}")
    return number


def _numbers(values: object, name: str, low: float, high: float) -> tuple[float, ...]:
    if not isinstance(values, (tuple, list, np.ndarray)):
        raise ArgumentTypeError(f"{name} must be a sequence of numbers, got {describe(values)}")
    return tuple(_between(value, f"{name}[{i}]", low, high) for i, value in enumerate(values))
