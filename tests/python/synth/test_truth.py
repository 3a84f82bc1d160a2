# SPDX-License-Identifier: Apache-2.0
"""Truth files: what is written is read back; what is damaged is refused."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from gftcore.errors import FormatError, GftcoreError, MissingFileError
from gftcore.synth import (
    GrowthOptions,
    draw_parameters,
    make_eye,
    read_truth,
    truth_json,
    unedited_eye,
    write_truth,
)


@pytest.fixture(scope="module", params=["Healthy", "NPDR", "PDR"])
def eye(request):
    parameters = draw_parameters(request.param, seed=3).replace(growth=GrowthOptions.test_profile())
    return make_eye(seed=3, parameters=parameters)


def test_round_trip(eye, tmp_path):
    write_truth(tmp_path / "eye.json", eye.truth, mask_sha256="00")
    truth = read_truth(tmp_path / "eye.json")
    assert truth_json(truth) == truth_json(eye.truth)
    assert truth.parameters == eye.truth.parameters
    assert len(truth.voids_rowcol_px) == len(truth.parameters.voids_mm2)
    for got, expected in zip(truth.lesions, eye.truth.lesions, strict=True):
        np.testing.assert_array_equal(got.polygon_rowcol_px, expected.polygon_rowcol_px)
        assert got.place == expected.place


def test_an_eye_is_made_again_from_its_truth(eye, tmp_path):
    write_truth(tmp_path / "eye.json", eye.truth)
    truth = read_truth(tmp_path / "eye.json")
    again = make_eye(seed=truth.seed, stream=truth.stream, parameters=truth.parameters)
    np.testing.assert_array_equal(again.mask, eye.mask)
    np.testing.assert_array_equal(again.image, eye.image)
    edges, segment = unedited_eye(truth)
    assert len(edges) == len(segment)


def test_document(eye):
    document = json.loads(truth_json(eye.truth, graph_sha256="ab"))
    assert document["schema"] == "gftcore-eye-truth/1"
    assert "not for clinical use" in document["notice"]
    assert document["graph_sha256"] == "ab"
    assert document["label"] == eye.truth.label
    assert set(document["edits"]) == {"loss", "void", "tortuosity", "beading"}
    for lesion in document["lesions"]:
        assert set(lesion) == {
            "id", "type", "severity", "area_mm2", "quadrant", "side", "clock_hour", "zone",
            "segment_ids", "first_row", "num_rows", "polygon_rowcol_px",
        }  # fmt: skip


def test_damaged_files_are_refused(eye, tmp_path):
    """Cut, mixed up and with other values: an error of this package, or a valid truth."""
    data = truth_json(eye.truth)
    rng = random.Random(1)
    file = tmp_path / "eye.json"
    refused = 0
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(damaged))
            kind = rng.randrange(3)
            if kind == 0:
                del damaged[start:]
            elif kind == 1:
                damaged[start : start + rng.randint(1, 20)] = b""
            else:
                damaged[start] = rng.choice(b'{}[]",:0e-.nN\xff')
            if not damaged:
                break
        file.write_bytes(bytes(damaged))
        try:
            read_truth(file)
        except FormatError as error:
            refused += 1
            assert str(error).startswith(str(file))
    assert refused > 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(schema="gftcore-splits/1"), "must have the schema gftcore-eye-truth/1"),
        (lambda d: d.pop("lesions"), "no truth of an eye: KeyError"),
        (lambda d: d["parameters"].update(label="Sick"), "label must be one of"),
        (lambda d: d["parameters"].update(curl=1), "no truth of an eye: TypeError"),
        (lambda d: d.update(edits=[]), "no truth of an eye"),
        (lambda d: d["lesions"][0].update(type="drusen"), "lesion 0 must have .* a known type"),
        (lambda d: d["lesions"][0].update(id=4), "lesion 0 must have its number"),
        (lambda d: d["lesions"][0].update(polygon_rowcol_px=[1, 2]), "polygon_rowcol_px must be"),
        (lambda d: d["edits"]["loss"]["segment"].append(1), "columns of one length"),
        (lambda d: d["edits"]["beading"]["value"].pop(), "columns of one length"),
        (
            lambda d: d["edits"]["beading"]["value"].__setitem__(0, float("nan")),
            "value must be fin",
        ),
        (lambda d: d.update(label="PDR"), "label must be that of its parameters, got 'PDR'"),
        (lambda d: d.update(lesions=[]), "label must be that of its lesions, got 'Healthy'"),
        (lambda d: d.update(eye="OS"), "eye must be that of its parameters"),
        (lambda d: d.update(mask_px=608), "mask_px must be 1216, got 608"),
        (lambda d: d.update(seed=1.5), "seed must be an integer"),
        (lambda d: d.update(stream=-1), "stream must be between 0"),
        (
            lambda d: d.update(voids=[[[1, 2], [3, 4]]]),
            "voids must have at least 3 vertices, got 2",
        ),
        (lambda d: d["lesions"][0].update(area_mm2=-1), "area_mm2 must be that of its polygon"),
        (lambda d: d["lesions"][0].update(severity=7), "severity must be between 0 and 1, got 7"),
        (lambda d: d["lesions"][0].update(quadrant="XX"), "quadrant must be one of"),
        (lambda d: d["lesions"][0].update(side="left"), "side must be one of"),
        (lambda d: d["lesions"][0].update(clock_hour=13), "clock_hour must be between 1 and 12"),
        (lambda d: d["lesions"][0].update(zone="far"), "zone must be one of"),
        (lambda d: d["lesions"][0].update(segment_ids=[-1]), "segment_ids must be >= 0"),
    ],
)
def test_what_is_wrong_is_named(change, words, tmp_path):
    parameters = draw_parameters("NPDR", seed=3).replace(growth=GrowthOptions.test_profile())
    document = json.loads(truth_json(make_eye(seed=3, parameters=parameters).truth))
    change(document)
    (tmp_path / "eye.json").write_text(json.dumps(document))
    with pytest.raises(FormatError, match=words):
        read_truth(tmp_path / "eye.json")


def test_no_file(tmp_path):
    with pytest.raises(MissingFileError):
        read_truth(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(GftcoreError, match="schema"):
        read_truth(tmp_path / "list.json")
