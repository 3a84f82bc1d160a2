# SPDX-License-Identifier: Apache-2.0
"""Images and masks from files of every kind, and from files that are none."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gftcore import io
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError

GREY = np.array([[0, 10, 200], [255, 7, 30]], dtype=np.uint8)
BITS = np.array([[0, 1, 1, 0, 0, 1, 0, 1, 1], [1, 0, 0, 0, 1, 0, 1, 0, 0]], dtype=bool)


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_grey_8_bit(tmp_path: Path, suffix: str) -> None:
    out = io.read_image(saved(tmp_path / f"a{suffix}", Image.fromarray(GREY)))
    assert out.dtype == np.uint8
    assert out.tolist() == GREY.tolist()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_one_bit(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(BITS))
    assert io.read_mask(path).tolist() == BITS.astype(int).tolist()
    # The naive threshold of a 1-bit image loses everything.
    if io.read_image(path).dtype == bool:
        assert not (io.read_image(path) > 127).any()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_grey_16_bit(tmp_path: Path, suffix: str) -> None:
    pixels = GREY.astype(np.uint16) * 256 + 3
    out = io.read_image(saved(tmp_path / f"a{suffix}", Image.fromarray(pixels)))
    assert out.dtype == np.uint16
    assert out.tolist() == pixels.tolist()


def test_float_tiff(tmp_path: Path) -> None:
    out = io.read_image(saved(tmp_path / "a.tif", Image.fromarray(GREY.astype(np.float32) / 7)))
    assert out.dtype == np.float32


def test_jpeg(tmp_path: Path) -> None:
    flat = np.full((16, 16), 90, dtype=np.uint8)
    assert io.read_image(saved(tmp_path / "a.jpg", Image.fromarray(flat))).tolist() == flat.tolist()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_stored_as_colour(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(GREY).convert(mode)
    assert io.read_image(saved(tmp_path / "a.png", image)).tolist() == GREY.tolist()


def test_colour_needs_a_channel(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 5, 4), dtype=np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(pixels))
    with pytest.raises(ArgumentError, match="choose channel red, green, blue, alpha or mean"):
        io.read_image(path)
    for index, channel in enumerate(("red", "green", "blue", "alpha")):
        out = io.read_image(path, channel=channel)  # type: ignore[arg-type]
        assert out.tolist() == pixels[..., index].tolist()
    mean = io.read_image(path, channel="mean")
    assert np.allclose(mean, pixels[..., :3].mean(axis=2))
    with pytest.raises(ArgumentError, match="channel must be one of"):
        io.read_image(path, channel="cyan")  # type: ignore[arg-type]


def test_a_grey_file_has_no_channels(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(GREY))
    for channel in ("red", "alpha"):
        with pytest.raises(ArgumentError, match="has no channel"):
            io.read_image(path, channel=channel)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["bool", "uint8", ">u2", "int64", "float64", "<f2"])
def test_npy(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(GREY.astype(dtype)))
    out = io.read_image(tmp_path / "a.npy")
    assert out.tolist() == GREY.astype(dtype).tolist()
    assert out.dtype.isnative


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3),
        np.zeros((2, 2, 7)),
        np.zeros((2, 2), dtype=complex),
        np.array([["a"]]),
        np.array([[None]], dtype=object),
        np.zeros((2, 2), dtype="M8[s]"),
    ],
)
def test_npy_of_something_else(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match=r"a\.npy"):
        io.read_image(tmp_path / "a.npy")


def png_bomb(path: Path, side: int) -> Path:
    """A small PNG whose header promises side x side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1 << 20), 9)
    magic = b"\x89PNG\r\n\x1a\n"
    path.write_bytes(magic + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("side", [9000, 12_000, 30_000, 2**31 - 1])
def test_bombs_are_refused_from_the_header(tmp_path: Path, side: int) -> None:
    path = png_bomb(tmp_path / "bomb.png", side)
    began = time.perf_counter()
    with pytest.raises(FormatError, match=r"bomb\.png"):
        io.read_image(path)
    assert time.perf_counter() - began < 1


def test_the_limit_is_a_choice(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(GREY))
    with pytest.raises(FormatError, match="2 x 3 px are more than the limit of 5"):
        io.read_image(path, max_pixels=5)
    assert io.read_image(path, max_pixels=6).shape == (2, 3)
    np.save(tmp_path / "a.npy", GREY)
    with pytest.raises(FormatError, match="limit of 5"):
        io.read_image(tmp_path / "a.npy", max_pixels=5)


def test_npy_that_lies_about_its_size(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", GREY)
    data = (tmp_path / "a.npy").read_bytes().replace(b"(2, 3)", b"(7, 9)")
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(FormatError):
        io.read_image(tmp_path / "a.npy")


def test_pages_are_refused(tmp_path: Path) -> None:
    page = Image.fromarray(GREY)
    path = saved(tmp_path / "a.tif", page, save_all=True, append_images=[page])
    with pytest.raises(FormatError, match="several pages"):
        io.read_image(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(20)])
@pytest.mark.parametrize("suffix", [".png", ".npy", ".tif"])
def test_no_images(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read as an image"):
        io.read_image(path)


def test_no_files(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path / ("x" * 5000), tmp_path):
        with pytest.raises(MissingFileError):
            io.read_image(path)
    for bad in (3, None, b"a.png", "a\0.png"):
        with pytest.raises(ArgumentTypeError, match="path must be"):
            io.read_image(bad)  # type: ignore[arg-type]


def valid_files(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    grey = Image.fromarray(rng.integers(0, 255, (40, 50), dtype=np.uint8))
    paths = [saved(tmp_path / f"v{suffix}", grey) for suffix in (".png", ".tif", ".jpg", ".bmp")]
    np.save(tmp_path / "v.npy", np.asarray(grey))
    bits = saved(tmp_path / "b.tif", grey.convert("1"), compression="group4")
    return [*paths, tmp_path / "v.npy", bits]


@pytest.mark.parametrize("seed", range(50))
def test_damaged_files(tmp_path: Path, seed: int) -> None:
    """Cut or flipped: some valid image or a documented error, never a crash or a hang."""
    rng = np.random.default_rng(seed)
    for path in valid_files(tmp_path):
        data = bytearray(path.read_bytes())
        if seed % 3 == 0:
            data = data[: rng.integers(0, len(data))]
        for at in rng.integers(0, max(len(data), 1), size=seed % 4):
            if data:
                data[min(at, len(data) - 1, 60 if seed % 2 else at)] ^= 1 << rng.integers(0, 8)
        path.write_bytes(data)
        try:
            assert io.read_image(path).ndim == 2
        except (FormatError, ArgumentError) as error:
            assert str(path) in str(error)


def test_masks_of_three_values_need_a_threshold(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(GREY))
    with pytest.raises(ArgumentError, match=r"mask a\.png must have at most two values"):
        io.read_mask(path)
    assert io.read_mask(path, threshold=100).tolist() == (GREY > 100).astype(int).tolist()


@pytest.mark.parametrize("image", [BITS, GREY, np.stack([GREY] * 3, axis=2)])
def test_written_images_are_read_back(tmp_path: Path, image: np.ndarray) -> None:
    io.write_image(tmp_path / "deep" / "a.png", image)
    plane = image if image.ndim == 2 else image[..., 0]
    scale = 255 if image.dtype == bool else 1
    assert io.read_image(tmp_path / "deep" / "a.png").tolist() == (plane * scale).tolist()


def test_write_image_refuses(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"must end with \.png"):
        io.write_image(tmp_path / "a.jpg", GREY)
    for bad in (GREY.astype(float), np.zeros((0, 3), dtype=bool), np.zeros(3, dtype=np.uint8)):
        with pytest.raises(ArgumentTypeError, match="image must be bool, uint8 or uint16"):
            io.write_image(tmp_path / "a.png", bad)
    assert list(tmp_path.iterdir()) == []
