# SPDX-License-Identifier: Apache-2.0
"""One synthetic eye: vessels that grow, fall ill and are seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import describe, require_int
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.synth.course import beaded, lost, stems_for, winding
from gftcore.synth.disease import Disease
from gftcore.synth.draws import Draws
from gftcore.synth.growth import grow_vessels
from gftcore.synth.imaging import form_image
from gftcore.synth.lesions import label_of
from gftcore.synth.network import network_of
from gftcore.synth.options import FOV_MM
from gftcore.synth.outlines import cut
from gftcore.synth.parameters import MOST_STREAMS, EyeParameters, draw_parameters, stream_of
from gftcore.synth.raster import draw_image, draw_vessels
from gftcore.synth.truth import EyeTruth, SegmentEdit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.synth.edges import Edges
    from gftcore.synth.network import Network, SegmentTable

__all__ = ["SyntheticEye", "make_eye", "unedited_eye"]

# A segment that is thicker than a sixth of its length would not wind but swell.
_WINDING_WIDTH = 1 / 6
_WINDING_LEAST_MM = 0.03
_BEADED_VEIN_MM = 0.004
_LOST_BEHIND = (0.6, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticEye:
    """An eye, as `make_eye` returns it.

    Attributes
    ----------
    image
        uint8 [304, 304] angiogram.
    mask
        bool [1216, 1216] vessels.
    edges
        Vessels; `draw_mask` makes the mask of them.
    truth
        What is known of it.
    """

    image: NDArray[np.uint8] = field(repr=False)
    mask: NDArray[np.bool_] = field(repr=False)
    edges: Edges
    truth: EyeTruth


def make_eye(
    *,
    seed: int,
    stream: int = 0,
    label: str = "Healthy",
    eye: str = "OD",
    parameters: EyeParameters | None = None,
) -> SyntheticEye:
    """Make a synthetic eye of a class, with its vessels and lesions.

    Parameters
    ----------
    seed
        0 to 2**64 - 1.
    stream
        Number of an independent eye of the same seed, 0 to 2**61 - 1.
    label
        ``Healthy``, ``NPDR`` or ``PDR``.
    eye
        ``OD`` or ``OS``; it decides which side is called nasal.
    parameters
        From `draw_parameters`, perhaps changed; they hold label and eye, which are then not used.
        None: drawn for label and eye.

    Returns
    -------
    SyntheticEye
        The same bytes for the same arguments and version, from whichever thread.

    Notes
    -----
    Trees of arteries and veins grow (`grow_vessels`). Some capillaries are lost, segments wind and
    are beaded. Then capillaries are cut within the enlarged FAZ and within areas without perfusion;
    microaneurysms and tufts are added beside them. The image shows the vessels before the
    capillaries of another eye, with noise (`form_image`).

    Examples
    --------
    >>> from gftcore.synth import GrowthOptions
    >>> parameters = draw_parameters("NPDR", seed=3).replace(growth=GrowthOptions.test_profile())
    >>> made = make_eye(seed=3, parameters=parameters)
    >>> made.truth.label, made.image.shape, made.mask.shape
    ('NPDR', (304, 304), (1216, 1216))
    """
    seed = require_int(seed, "seed", 0, 2**64 - 1)
    stream = require_int(stream, "stream", 0, MOST_STREAMS - 1)
    if parameters is None:
        parameters = draw_parameters(label, eye=eye, seed=seed, stream=stream)
    if not isinstance(parameters, EyeParameters):
        raise ArgumentTypeError(
            f"parameters must be EyeParameters or None, got {describe(parameters)}"
        )
    disease, truth = _edited(seed, stream, parameters)
    edges = disease.network.edges()
    mask, vessels = draw_vessels(edges)
    image = form_image(
        vessels,
        _background(seed, stream, parameters, disease.areas),
        seed=seed,
        stream=stream_of(stream, "image"),
        options=parameters.image,
    )
    return SyntheticEye(image=image, mask=mask, edges=edges, truth=truth)


def unedited_eye(truth: EyeTruth) -> tuple[Edges, NDArray[np.int64]]:
    """Return the vessels of an eye before anything was lost, bent, cut or added.

    Returns
    -------
    edges : Edges
        The vessels as they grew, rounded as those of the eye.
    segment : int64 [E]
        Segment of each edge: the numbers that the truth uses.
    """
    network, _ = _grown(truth.seed, truth.stream, truth.parameters)
    return network.edges(), network.segment


def _grown(
    seed: int, stream: int, parameters: EyeParameters, purpose: str = "growth"
) -> tuple[Network, SegmentTable]:
    forest = grow_vessels(seed=seed, stream=stream_of(stream, purpose), options=parameters.growth)
    return network_of(forest)


def _background(
    seed: int, stream: int, parameters: EyeParameters, areas: list[NDArray[np.float64]]
) -> NDArray[np.float32]:
    """Draw the capillaries of another eye: those of deeper layers, and what only seems to flow.

    An area that lost the eye's own lacks most of these, too.
    """
    network, table = _grown(seed, stream, parameters, "background")
    capillaries = network.take(table.is_capillary[network.segment])
    draws = Draws(seed, stream_of(stream, "areas"))
    for polygon in areas:
        goes = draws.uniforms(len(table)) < draws.uniform(*_LOST_BEHIND)
        capillaries, _ = cut(capillaries, polygon, goes[capillaries.segment])
    return draw_image(capillaries.edges())


def _edited(seed: int, stream: int, parameters: EyeParameters) -> tuple[Disease, EyeTruth]:
    network, table = _grown(seed, stream, parameters)
    draws = Draws(seed, stream_of(stream, "edits"))

    network, gone = lost(network, table.is_capillary, parameters.capillary_loss, draws)
    present = np.ones(len(table), dtype=bool)
    present[gone] = False

    slender = (table.radius < _WINDING_WIDTH * table.length) & (
        table.length * FOV_MM > _WINDING_LEAST_MM
    )
    wound = stems_for(table, present & slender, parameters.tortuous_share, draws, least=3)
    low, high = parameters.arc_per_chord
    bends = (low + (high - low) * draws.uniforms(len(wound))).round(4)
    network = winding(network, table, wound, bends)

    veins = present & table.is_vein & (table.radius * FOV_MM > _BEADED_VEIN_MM)
    beads = stems_for(table, veins, parameters.beaded_share, draws, least=2)
    network = beaded(network, table, beads, parameters.beading_depth, draws.uniforms(len(table)))

    disease = Disease(network, table, parameters, draws)
    disease.add_all()
    label = label_of(disease.lesions)
    if label != parameters.label:
        raise ArgumentError(
            f"parameters must give an eye of their label {parameters.label}, got {label}"
        )
    depth = np.full(len(beads), parameters.beading_depth)
    truth = EyeTruth(
        label=label,
        seed=seed,
        stream=stream,
        parameters=parameters,
        lesions=tuple(disease.lesions),
        voids_rowcol_px=tuple(disease.voids),
        edits=tuple(
            _edit(kind, segments, value, disease.network)
            for kind, segments, value in (
                ("loss", gone, np.zeros(0)),
                ("void", disease.void_segments, np.zeros(0)),
                ("tortuosity", wound, bends),
                ("beading", beads, depth),
            )
        ),
    )
    return disease, truth


def _edit(
    kind: str, segments: NDArray[np.int64], value: NDArray[np.float64], network: Network
) -> SegmentEdit:
    # Edges of segments come in order, those of lesions (-1) after all of them.
    grown = network.segment[: int((network.segment >= 0).sum())]
    first = np.searchsorted(grown, segments)
    return SegmentEdit(
        kind=kind,
        segment=segments,
        first_row=first,
        num_rows=np.searchsorted(grown, segments, side="right") - first,
        value=value,
    )
