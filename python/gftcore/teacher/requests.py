# SPDX-License-Identifier: Apache-2.0
"""Requests in one canonical form, and their keys."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import MAX_SIDE, as_array, describe, require_int, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["MAX_REQUEST_BYTES", "TeacherRequest", "canonical", "chat_request"]

#: What hosts of such services commonly accept.
MAX_REQUEST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """A request and its key; made by `chat_request`.

    Attributes
    ----------
    key
        SHA-256 of body, stage and slots, as hexadecimal text. In place of an encoded image the
        key covers its pixels, so that another compressor does not make another key.
    body
        The JSON that is sent: sorted keys, no blanks, UTF-8.
    stage
        What the reply is for.
    slots
        What the reply has to answer, in order.
    input_bytes
        Bytes of all texts: no tokenizer makes more tokens of them.
    images
        Number of images.
    max_output_tokens
        Limit of the reply.
    """

    key: str
    body: bytes
    stage: str
    slots: tuple[str, ...]
    input_bytes: int
    images: int
    max_output_tokens: int


def canonical(value: object) -> bytes:
    """Return JSON that is the same for equal values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def chat_request(
    *,
    model: str,
    system: str,
    user: str,
    stage: str,
    slots: Sequence[str],
    image: ArrayLike | None = None,
    max_output_tokens: int = 4096,
    options: Mapping[str, Any] | None = None,
    max_bytes: int = MAX_REQUEST_BYTES,
) -> TeacherRequest:
    """Return a chat request that holds what is passed in and nothing else.

    Parameters
    ----------
    model
        Name of the model at the service.
    system, user
        The two texts.
    stage, slots
        What the reply is for; part of the key, not sent.
    image
        Pixels, uint8 [H, W] or [H, W, 3]. They are encoded anew as PNG without metadata.
    max_output_tokens
        Sent as ``max_completion_tokens``; bounds the cost.
    options
        More fields of the body, such as ``{"temperature": 0}``.
    max_bytes
        Largest body.

    Raises
    ------
    ArgumentError
        If the body is larger than allowed, or if `options` has a field that this function writes,
        or one that changes how many replies come or in which form.

    Examples
    --------
    >>> one = chat_request(model="m", system="s", user="u", stage="one", slots=["stage"])
    >>> one.body.decode()[:60]
    '{"max_completion_tokens":4096,"messages":[{"content":"s","ro'
    >>> len(one.key)
    64
    """
    for name, text in {"model": model, "system": system, "user": user, "stage": stage}.items():
        _require_text(text, name)
    names = tuple(require_iterator(slots, "slots", "a list of texts"))
    for slot in names:
        _require_text(slot, "slots")
    limit = require_int(max_output_tokens, "max_output_tokens", 1)
    body = _options(options) | {"model": model, "max_completion_tokens": limit}
    content: object = user
    pixels = None
    if image is not None:
        pixels = _require_pixels(image)
        url = "data:image/png;base64," + base64.b64encode(_png(pixels)).decode()
        content = _with_image(user, url)
    sent = canonical(body | {"messages": _messages(system, content)})
    if len(sent) > require_int(max_bytes, "max_bytes", 1):
        raise ArgumentError(
            f"the request must have at most {max_bytes} bytes, got {len(sent)}; "
            "make the image smaller or the texts shorter"
        )
    if pixels is not None:
        digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        content = _with_image(user, digest)
    identity = {
        "body": body | {"messages": _messages(system, content)},
        "stage": stage,
        "slots": names,
    }
    return TeacherRequest(
        key=hashlib.sha256(canonical(identity)).hexdigest(),
        body=sent,
        stage=stage,
        slots=names,
        # Everything but the image counts, so that tokens of options are bounded too.
        input_bytes=len(canonical(identity["body"])),
        images=0 if pixels is None else 1,
        max_output_tokens=limit,
    )


def _require_text(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be text, got {describe(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{name} must be valid Unicode; remove lone surrogates") from error


#: Written here, or turning one reply into several or into a stream.
_RESERVED = frozenset(
    {"max_completion_tokens", "max_tokens", "messages", "model", "n", "stream", "stream_options"}
)


def _options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise ArgumentTypeError(f"options must be a mapping, got {describe(options)}")
    if taken := sorted(_RESERVED & set(options)):
        raise ArgumentError(f"options must not have {', '.join(taken)}; remove it")
    try:
        json.dumps(dict(options), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"options must be JSON: {error}") from error
    return dict(options)


def _messages(system: str, content: object) -> list[dict[str, object]]:
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def _with_image(user: str, url: str) -> list[dict[str, object]]:
    return [
        {"type": "text", "text": user},
        {"type": "image_url", "image_url": {"url": url}},
    ]


def _require_pixels(image: ArrayLike) -> np.ndarray[Any, np.dtype[np.uint8]]:
    expected = "a uint8 array [H, W] or [H, W, 3]"
    array = as_array(image, "image", expected)
    if array.dtype != np.uint8:
        raise ArgumentTypeError(f"image must be {expected}, got {describe(array)}; scale it first")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ShapeError(f"image must be {expected}, got shape {array.shape}")
    if not all(1 <= side <= MAX_SIDE for side in array.shape):
        raise ShapeError(f"image must have 1 to {MAX_SIDE} rows and columns, got {array.shape}")
    return np.ascontiguousarray(array)


def _png(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    # Made from the array alone, the picture has no metadata that could be written.
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()
