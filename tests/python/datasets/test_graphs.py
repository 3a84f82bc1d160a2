# SPDX-License-Identifier: Apache-2.0
"""Graphs of a manifest: errors name the row and the reason; who decides on grey values."""

from __future__ import annotations

from pathlib import Path

import pytest

from gftcore.datasets import Manifest, manifest_graphs
from gftcore.datasets.graphs import have_grey_values
from gftcore.errors import FormatError, GftcoreWarning
from labelled import mask_manifest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return mask_manifest(tmp_path_factory.mktemp("masks"), 6)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_image_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, threads: int
) -> None:
    manifest = mask_manifest(tmp_path, 6)
    (tmp_path / "003.png").write_text("no image")
    found = []
    with pytest.raises(FormatError) as caught:
        found += [record.id for record, _ in manifest_graphs(manifest, threads=threads)]
    message = str(caught.value)
    assert message.startswith("1 images cannot be read, the first in row 5: ")
    assert str(tmp_path / "003.png") in message
    assert "either" not in message  # no word about arguments that the user did not give
    (tmp_path / "001.png").unlink()
    with pytest.raises(FormatError, match=r"2 images .* in row 3: .*001\.png"):
        found += [record.id for record, _ in manifest_graphs(manifest, threads=threads)]


def kinds(manifest: Manifest, *masks: str) -> dict[str, str]:
    return {record.id: "mask" if record.id in masks else "image" for record in manifest}


def test_grey_values_are_read_where_all_have_them(manifest: Manifest) -> None:
    ids = [record.id for record in manifest]
    assert have_grey_values(manifest, kinds(manifest))
    assert not have_grey_values(manifest, kinds(manifest, *ids))
    # Images to test on decide nothing.
    assert not have_grey_values(manifest, kinds(manifest, *ids[:4]), ids[:4])
    with pytest.raises(FormatError, match="2 images to test on are masks, the first in row 6:"):
        have_grey_values(manifest, kinds(manifest, *ids[4:]), ids[:4])
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED: 2 of 4 .* the first in row 3;"):
        assert not have_grey_values(manifest, kinds(manifest, ids[1], ids[3]), ids[:4])
    with pytest.warns(GftcoreWarning, match="GREY_VALUES_UNUSED: 1 of 6 .* the first in row 7;"):
        assert not have_grey_values(manifest, kinds(manifest, ids[5]))
