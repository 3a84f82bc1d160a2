# SPDX-License-Identifier: Apache-2.0
"""One record of each format, as the library that reads it wants it.

============  ==========================================================================
trl           the collator of `trl.SFTTrainer` puts the image before the first user turn itself
swift         ms-swift puts it where ``<image>`` stands
llamafactory  LLaMA-Factory too; ``dataset_info.json`` names the files and their columns
llava         one JSON array; the first human turn begins with ``<image>`` and a new line
openai        data URLs in user turns; images have to be RGB there, so grey ones become that
============  ==========================================================================
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from gftcore.errors import FormatError
from gftcore.instructions.records import Instruction
from gftcore.io.images import read_image

__all__ = ["INFO", "MAX_IMAGE_BYTES", "RECORDS", "SUFFIX", "TARGETS", "data_url", "dataset_info"]

#: Names of the formats.
TARGETS = ("trl", "swift", "llamafactory", "llava", "openai")
#: Formats to the ends of their files; a ``.json`` file is one array, a ``.jsonl`` a record a line.
SUFFIX: Mapping[str, str] = {name: ".json" if name == "llava" else ".jsonl" for name in TARGETS}
#: LLaMA-Factory's list of data sets.
INFO = "dataset_info.json"
#: Larger images are refused by OpenAI.
MAX_IMAGE_BYTES = 10_000_000
_IMAGE = "<image>"
_FROM = {"user": "human", "assistant": "gpt"}

Record: TypeAlias = "dict[str, Any]"


def _messages(one: Instruction, mark: str = "") -> list[Record]:
    """Role and text of each message; a mark stands before the first text of the user."""
    first = next(place for place, each in enumerate(one.messages) if each.role == "user")
    return [
        {"role": each.role, "content": mark * (place == first) + each.content}
        for place, each in enumerate(one.messages)
    ]


def _trl(one: Instruction, _picture: str) -> Record:
    return {"images": [one.image], "messages": _messages(one)}


def _swift(one: Instruction, _picture: str) -> Record:
    return {"messages": _messages(one, _IMAGE), "images": [one.image]}


def _llava(one: Instruction, _picture: str) -> Record:
    turns = [
        {"from": _FROM[each["role"]], "value": each["content"]}
        for each in _messages(one, f"{_IMAGE}\n")
    ]
    # The name of the file says nothing of whose image it is; image_id may.
    name = f"{PurePosixPath(one.image).stem}/{one.slot}"
    return {"id": name, "image": one.image, "conversations": turns}


def _openai(one: Instruction, picture: str) -> Record:
    messages = _messages(one)
    for each in messages:
        if each["role"] == "user":
            part = {"type": "image_url", "image_url": {"url": picture}}
            each["content"] = [part, {"type": "text", "text": each["content"]}]
            break
    return {"messages": messages}


#: Format to the function that makes a record of an instruction and the data URL of its image.
RECORDS: Mapping[str, Callable[[Instruction, str], Record]] = {
    "trl": _trl,
    "swift": _swift,
    "llamafactory": _swift,
    "llava": _llava,
    "openai": _openai,
}


def data_url(path: Any, name: str) -> str:
    """Return an image as data URL of an RGB PNG without any tags.

    Raises
    ------
    FormatError
        If that is larger than 10 MB.
    """
    grey = read_image(path)
    if grey.dtype != np.uint8:
        raise FormatError(f"{name}: must have 8 bit, got {grey.dtype}")
    stream = io.BytesIO()
    Image.fromarray(grey).convert("RGB").save(stream, format="PNG")
    data = stream.getvalue()
    if len(data) > MAX_IMAGE_BYTES:
        raise FormatError(
            f"{name}: has {len(data)} bytes as RGB, OpenAI takes {MAX_IMAGE_BYTES}; use smaller "
            "images"
        )
    return "data:image/png;base64," + base64.b64encode(data).decode()


def dataset_info(splits: list[str]) -> bytes:
    """Return LLaMA-Factory's list of data sets, ``gftcore_train`` and so on."""
    document = {
        f"gftcore_{split}": {
            "file_name": split + SUFFIX["llamafactory"],
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "images": "images"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        }
        for split in splits
    }
    return (json.dumps(document, indent=2) + "\n").encode()
