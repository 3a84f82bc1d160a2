# SPDX-License-Identifier: Apache-2.0
"""What users of the generator get wrong: messages say the argument, the domain and what came."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gftcore import _core, synth
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.synth import Edges, GrowthMode, GrowthOptions

NONE = Edges(node1_xyz=[], node2_xyz=[], radius=[])


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("iterations", -1, ArgumentError, "iterations must be between 0 and 1000, got -1"),
        ("iterations", 10.0, ArgumentTypeError, "iterations must be an integer, got float"),
        ("tries", 100_001, ArgumentError, "tries must be between 0 and 100000"),
        ("eps_n_mm", 0, ArgumentError, "eps_n_mm must be greater than 0 and at most 3, got 0"),
        ("eps_s_mm", np.nan, ArgumentError, "eps_s_mm must be finite"),
        ("eps_k_mm", 3.5, ArgumentError, "eps_k_mm must be greater than 0 and at most 3, got 3.5"),
        ("delta_mm", "far", ArgumentTypeError, "delta_mm must be a real number, got str"),
        ("gamma_degrees", 181, ArgumentError, "gamma_degrees must be .* at most 180, got 181"),
        ("omega", 1.5, ArgumentError, "omega must be between 0 and 1, got 1.5"),
        ("kappa", 1, ArgumentError, "kappa must be between 2 and 4, got 1"),
        ("turn_floor", -0.1, ArgumentError, "turn_floor must be between 0 and 1"),
        ("steps_shrink", 1, ArgumentTypeError, "steps_shrink must be True or False"),
    ],
)
def test_mode_refuses(field, value, error, words):
    with pytest.raises(error, match=words):
        GrowthOptions().dvc.replace(**{field: value})


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("svc", {"iterations": 3}, ArgumentTypeError, "svc must be a GrowthMode, got dict"),
        ("dvc", None, ArgumentTypeError, "dvc must be a GrowthMode, got NoneType"),
        ("trees", 0, ArgumentError, "trees must be between 1 and 1000, got 0"),
        ("depth", 0.0, ArgumentError, "depth must be greater than 0 and at most 1, got 0"),
        ("step_mm", -1, ArgumentError, "step_mm must be greater than 0"),
        ("least_step_mm", 4, ArgumentError, "least_step_mm must be greater than 0 and at most 3"),
        ("radius_mm", 1e-7, ArgumentError, "radius_mm must be between 1e-05 and 3, got 1e-07"),
        ("radius_mm", None, ArgumentTypeError, "radius_mm must be a real number"),
        ("faz_mean_mm", -0.1, ArgumentError, "faz_mean_mm must be between 0 and 3, got -0.1"),
        ("faz_sd_mm", np.inf, ArgumentError, "faz_sd_mm must be finite"),
        ("turn_radius", 1.1, ArgumentError, "turn_radius must be between 0 and 1"),
        ("turn_after", -1, ArgumentError, "turn_after must be between 0"),
        ("spread_degrees", 200, ArgumentError, "spread_degrees must be between 0 and 180"),
        ("tissue_growth", 2, ArgumentError, "tissue_growth must be between 0 and 1"),
    ],
)
def test_options_refuse(field, value, error, words):
    with pytest.raises(error, match=words):
        GrowthOptions(**{field: value})


def test_unknown_fields_are_named():
    with pytest.raises(ArgumentTypeError, match="did you mean 'faz_mean_mm'"):
        GrowthOptions().replace(faz_mean=1)
    with pytest.raises(ArgumentTypeError, match="GrowthMode has no field 'iteration'"):
        GrowthOptions().svc.replace(iteration=1)


def test_options_are_a_frozen_value():
    options = GrowthOptions.test_profile()
    assert (options.svc.iterations, options.dvc.iterations) == (30, 40)
    assert options == GrowthOptions.test_profile()
    assert hash(options) == hash(GrowthOptions.test_profile())
    assert options.hash == GrowthOptions.test_profile().hash != GrowthOptions().hash
    assert options.replace(trees=2).trees == 2
    fields = options.to_dict()
    assert GrowthMode(**fields["dvc"]) == options.dvc
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.trees = 2
    with pytest.raises(TypeError):
        GrowthOptions(options.svc)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"seed": -1}, ArgumentError, "seed must be between 0 and 18446744073709551615, got -1"),
        ({"seed": 2**64}, ArgumentError, "seed must be between 0"),
        ({"seed": 1.5}, ArgumentTypeError, "seed must be an integer, got float"),
        ({"seed": 1, "stream": -1}, ArgumentError, "stream must be between 0"),
        ({"seed": 1, "options": {}}, ArgumentTypeError, "options must be GrowthOptions or None"),
    ],
)
def test_growth_refuses(given, error, words):
    with pytest.raises(error, match=words):
        synth.grow_vessels(**given)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: synth.draw_mask(NONE, side_px=0), ArgumentError, "side_px must be between 1 and"),
        (lambda: synth.draw_mask(NONE, side_px=32768), ArgumentError, "side_px .* 32767, got"),
        (lambda: synth.draw_image(NONE, side_px=8192), ArgumentError, "side_px .* 8191, got 8192"),
        (lambda: synth.draw_image(NONE, oversampling=65), ArgumentError, "oversampling .* 1 and"),
        (lambda: synth.draw_image(NONE, side_px=3.0), ArgumentTypeError, "side_px must be an int"),
        (
            lambda: synth.draw_mask(
                Edges(node1_xyz=[[2e6, 0, 0]], node2_xyz=[[0, 0, 0]], radius=[1])
            ),
            ArgumentError,
            "edges must lie within 1e\\+06 fields of view",
        ),
    ],
)
def test_drawing_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()


def bad_options(**changes):
    fields = GrowthOptions().to_dict()
    mode = changes.pop("mode", {})
    fields["svc"].update(mode)
    fields.update(changes)
    return fields


VESSEL = np.zeros((1, 5))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: _core.grow_vessels(bad_options(trees=0), 1, 0), r"trees must lie in 1\.\.1000"),
        (lambda: _core.grow_vessels(bad_options(depth=np.nan), 1, 0), "depth must be greater"),
        (
            lambda: _core.grow_vessels(bad_options(mode={"kappa": 9.0}), 1, 0),
            r"svc.kappa must lie in 2\.\.4, got 9",
        ),
        (lambda: _core.draw_mask(VESSEL, 8), "radii must be greater than 0"),
        (lambda: _core.draw_mask(VESSEL * np.nan, 8), "coordinates must be finite"),
        (lambda: _core.draw_mask(VESSEL[:, :4].copy(), 8), r"vessels must be an \[n, 5\] array"),
        (lambda: _core.draw_mask(VESSEL, 0), r"side_px must lie in 1\.\.32767, got 0"),
        (lambda: _core.draw_vessels(VESSEL, 4, 0), "side_px must lie in"),
        (lambda: _core.draw_vessels(VESSEL, 30000, 4), r"side_px must lie in 1\.\.8191"),
        (lambda: _core.random_stream(1, 0, -1, False), "count must not be negative"),
    ],
)
def test_core_refuses_too(call, words):
    with pytest.raises(GftcoreError, match=words):
        call()


def test_refused_shapes_are_shape_errors():
    with pytest.raises(ShapeError):
        _core.draw_mask(VESSEL, 0)
