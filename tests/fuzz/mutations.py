# SPDX-License-Identifier: Apache-2.0
"""Malformed files: valid images, masks and graphs, and ways to damage them.

Everything follows from the generator it is given, so that a case can be made again from its number.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

Rng = np.random.Generator
#: Integers at which readers go wrong: limits of widths, signs, and sizes no file has.
EDGES = (
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
)
JUNK = (b"", b"\0" * 64, b"GIF89a" + bytes(30), b"DICM" + bytes(200), b"<svg/>", b"%PDF-1.4\n")


def valid_images() -> dict[str, bytes]:
    """Return small files of every kind `read_image` takes, by name with suffix."""
    rng = np.random.default_rng(0)
    grey = Image.fromarray(rng.integers(0, 255, (24, 31), dtype=np.uint8))
    deep = Image.fromarray(rng.integers(0, 65535, (24, 31), dtype=np.uint16))
    real = Image.fromarray(rng.random((24, 31), dtype=np.float32))
    colour = Image.merge("RGB", (grey, grey, grey))
    alpha = Image.merge("RGBA", (grey, grey, grey, grey))
    palette = colour.quantize(16)
    bits = grey.convert("1")
    out: dict[str, bytes] = {}

    def add(name: str, image: Image.Image, kind: str, **options: object) -> None:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        out[name] = stream.getvalue()

    for name, image in {
        "grey": grey, "deep": deep, "colour": colour, "alpha": alpha, "palette": palette,
        "bits": bits,
    }.items():  # fmt: skip
        add(f"{name}.png", image, "PNG")
        if name != "alpha":
            add(f"{name}.tif", image, "TIFF")
    add("real.tif", real, "TIFF")
    add("interlaced.png", grey, "PNG", optimize=True)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        add(f"{compression}.tif", grey, "TIFF", compression=compression)
    add("group4.tif", bits, "TIFF", compression="group4")
    add("pages.tif", grey, "TIFF", save_all=True, append_images=[bits])
    add("grey.jpg", grey, "JPEG")
    add("colour.jpeg", colour, "JPEG", progressive=True)
    for name, image in {"grey": grey, "colour": colour, "palette": palette, "bits": bits}.items():
        add(f"{name}.bmp", image, "BMP")
    for name, array in {
        "grey": np.asarray(grey), "double": np.ones((9, 5)), "stack": np.ones((4, 5, 3), np.uint8),
        "fortran": np.asfortranarray(np.arange(12).reshape(3, 4)), "bool": np.eye(6, dtype=bool),
        "big": np.ones((3, 4), ">i4"), "text": np.array([["a", "b"]]), "flat": np.arange(5),
    }.items():  # fmt: skip
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        out[f"{name}.npy"] = stream.getvalue()
    return out | bombs()


def bombs() -> dict[str, bytes]:
    """Return small files that would unpack to much: pixels, text, a profile, a header alone."""
    zeros = zlib.compress(bytes(48 << 20), 9)
    header = struct.pack(">IIBBBBB", 700, 900, 8, 0, 0, 0, 0)
    large = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    row = zlib.compress(bytes(901 * 700), 1)
    return {
        "pixels.png": _png((b"IHDR", header), (b"IDAT", zeros)),
        "text.png": _png((b"IHDR", header), (b"zTXt", b"a\0\0" + zeros), (b"IDAT", row)),
        "profile.png": _png((b"IHDR", header), (b"iCCP", b"a\0\0" + zeros), (b"IDAT", row)),
        "header.png": _png((b"IHDR", large), (b"IDAT", zeros)),
    }


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in (*chunks, (b"IEND", b"")):
        out += (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )
    return out


def damaged(rng: Rng, data: bytes, others: list[bytes]) -> bytes:
    """Return `data` after one to four random mutations."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](rng, out, others)
    return bytes(out)


def damaged_image(rng: Rng, name: str, data: bytes, others: list[bytes]) -> bytes:
    """As `damaged`; a PNG often gets right checksums again, so that its decoder is reached."""
    if rng.random() < 0.02:
        return JUNK[int(rng.integers(len(JUNK)))]
    out = damaged(rng, data, others)
    if name.endswith(".png") and rng.random() < 0.6:
        out = with_checksums(rng, out)
    return out


def with_checksums(rng: Rng, data: bytes) -> bytes:
    """Return a PNG whose chunks are as long as they say, with right checksums."""
    at = 8
    chunks = []
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        length = min(length, len(data) - at - 12)
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IDAT" and rng.random() < 0.3:
            # The picture's bytes themselves: filters, lengths of rows.
            try:
                pixels = zlib.decompressobj().decompress(body, 1 << 16)
            except zlib.error:
                pixels = body
            body = zlib.compress(damaged(rng, pixels, [body]), 1)
        if kind == b"IHDR" and rng.random() < 0.5:
            body = _other_header(rng, body)
        chunks.append((kind, body))
    return _png(*chunks)


def _other_header(rng: Rng, body: bytes) -> bytes:
    fields = list(struct.unpack(">IIBBBBB", body.ljust(13, b"\0")[:13]))
    which = int(rng.integers(len(fields)))
    fields[which] = int(rng.choice([0, 1, 2, 3, 4, 6, 8, 16, 200]))
    if which < 2 and rng.random() < 0.5:
        fields[which] = int(rng.choice([999, 1001, 65536, 2**31 - 1, 2**32 - 1]))
    return struct.pack(">IIBBBBB", *fields)


def members(data: bytes) -> dict[str, bytes]:
    """Return the content of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(content: dict[str, bytes]) -> bytes:
    """Return a sound zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name, data in content.items():
            out.writestr(name, data)
    return stream.getvalue()


def damaged_graph(rng: Rng, data: bytes, others: list[bytes]) -> bytes:
    """Return a graph file damaged as bytes, in a member of a sound archive, or in its JSON."""
    kind = rng.random()
    if kind < 0.3:
        return damaged(rng, data, others)
    content = members(data)
    name = str(rng.choice(list(content)))
    if kind < 0.5:
        name = "meta.npy"
        content[name] = with_header(other_json(rng, content[name][128:]))
    elif kind < 0.55:
        del content[name]
    elif kind < 0.57:
        content[name] = content[name][:128] + bytes(24 << 20)
    elif kind < 0.6:
        content[name] = content[str(rng.choice(list(content)))]
    elif kind < 0.8:
        # The header says something else about the same bytes.
        head = bytearray(content[name][:128])
        at = head.find(b"(") + int(rng.integers(0, 12))
        head[at % 128] = int(rng.choice(list(b"0123456789,()-L ")))
        content[name] = bytes(head) + content[name][128:]
    else:
        content[name] = damaged(rng, content[name], list(content.values()))
    return archive(content)


def with_header(text: bytes) -> bytes:
    """Return bytes as a ``.npy`` member."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.frombuffer(text, np.uint8), version=(1, 0))
    return stream.getvalue()


def other_json(rng: Rng, text: bytes) -> bytes:
    """Return JSON text with one value replaced, removed or nested deeper."""
    document = json.loads(text)
    holder = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = keys[int(rng.integers(len(keys)))]
        inner = holder[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.4:
            break
        holder = inner
    values = [
        None,
        True,
        -1,
        0,
        1,
        2**31,
        2**70,
        1e308,
        0.5,
        "",
        "x",
        "\ud800",
        [],
        {},
        [[]],
        {"a": 1},
    ]
    if rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = values[int(rng.integers(len(values)))]
    changed = json.dumps(document).encode("utf-8", "surrogatepass")
    if rng.random() < 0.1:
        changed = changed.replace(b"1", rng.choice([b"NaN", b"Infinity", b"1e999", b"-0"]))
    return damaged(rng, changed, [text]) if rng.random() < 0.2 else changed


def _flip(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    for _time in range(int(rng.integers(1, 9)) if out else 0):
        out[_place(rng, out)] ^= 1 << int(rng.integers(8))


def _cut(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    del out[int(rng.integers(len(out) + 1)) :]


def _cut_out(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    at = _place(rng, out)
    del out[at : at + int(rng.integers(1, 40))]


def _splice(rng: Rng, out: bytearray, others: list[bytes]) -> None:
    other = others[int(rng.integers(len(others)))]
    begin = int(rng.integers(len(other) + 1))
    at = _place(rng, out)
    piece = other[begin : begin + int(rng.integers(1, 200))]
    out[at : at + (len(piece) if rng.random() < 0.5 else 0)] = piece


def _repeat(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    at = _place(rng, out)
    out[at:at] = out[at : at + int(rng.integers(1, 60))] * int(rng.integers(1, 5))


def _number(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    """Write an edge of the integers, in either byte order."""
    width = int(rng.choice([1, 2, 4, 8]))
    value = EDGES[int(rng.integers(len(EDGES)))] & ((1 << 8 * width) - 1)
    order = "little" if rng.random() < 0.5 else "big"
    at = _place(rng, out)
    out[at : at + width] = value.to_bytes(width, order)  # type: ignore[arg-type]


def _fill(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    at = _place(rng, out)
    size = min(int(rng.integers(1, 33)), len(out) - at)
    out[at : at + size] = bytes([int(rng.choice([0, 255, 65]))]) * size


def _append(rng: Rng, out: bytearray, _: list[bytes]) -> None:
    out += rng.bytes(int(rng.integers(1, 300)))


def _place(rng: Rng, out: bytearray) -> int:
    """Return an offset, half of the time near the start, where headers are."""
    if not out:
        return 0
    limit = min(len(out), 90) if rng.random() < 0.5 else len(out)
    return int(rng.integers(limit))


_MUTATIONS: tuple[Callable[[Rng, bytearray, list[bytes]], None], ...] = (
    _flip, _flip, _cut, _cut_out, _splice, _repeat, _number, _number, _fill, _append,
)  # fmt: skip
