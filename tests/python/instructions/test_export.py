# SPDX-License-Identifier: Apache-2.0
"""Exports load in the libraries that they are for; what they would misread is refused."""

from __future__ import annotations

import base64
import hashlib
import io as buffers
import json
import os
import signal
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import datasets
import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gftcore import io
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingFileError,
    RefusedError,
)
from gftcore.instructions import (
    TARGETS,
    Instruction,
    InstructionSet,
    Message,
    export_instructions,
    exporters,
    read_instructions,
)
from instruction_cases import (
    as_set,
    changed,
    instruction,
    of_image,
    said,
    small_set,
    written,
)
from small_cohort import digests

Case = tuple[Path, list[Instruction]]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("set")
    return folder, small_set(folder)


def exported(case: Case, dest: Path, to: str, **more: Any) -> Path:
    export_instructions(as_set(case[1]), case[0], dest, to=to, **more)
    return dest


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("to", TARGETS)
def test_every_row_is_there_once_in_its_split(case: Case, to: str, tmp_path: Path) -> None:
    made = export_instructions(as_set(case[1]), case[0], tmp_path / "out", to=to)
    end = ".json" if to == "llava" else ".jsonl"
    assert made.examples == {f"train{end}": 72, f"validate{end}": 18, f"test{end}": 18}
    assert made.images == 36
    for split in ("train", "validate", "test"):
        path = tmp_path / "out" / f"{split}{end}"
        found = json.loads(path.read_text()) if to == "llava" else lines(path)
        rows = [row for row in case[1] if row.split == split]
        assert len(found) == len(rows)
        for one, row in zip(found, rows, strict=True):
            turns = one.get("messages") or one["conversations"]
            texts = [turn.get("content") or turn["value"] for turn in turns]
            if to == "openai":
                texts[0] = texts[0][1]["text"]
            mark = {"swift": "<image>", "llamafactory": "<image>", "llava": "<image>\n"}.get(to, "")
            assert texts == [mark + row.question, row.answer]


def test_records_by_hand(case: Case, tmp_path: Path) -> None:
    row = case[1][0]
    question, answer = row.question, row.answer
    for to in ("trl", "swift", "llamafactory"):
        mark = "" if to == "trl" else "<image>"
        assert lines(exported(case, tmp_path / to, to) / "train.jsonl")[0] == {
            "images": [row.image],
            "messages": [
                {"role": "user", "content": mark + question},
                {"role": "assistant", "content": answer},
            ],
        }
    assert json.loads((exported(case, tmp_path / "v", "llava") / "train.json").read_text())[0] == {
        "id": f"{Path(row.image).stem}/stage",
        "image": row.image,
        "conversations": [
            {"from": "human", "value": "<image>\n" + question},
            {"from": "gpt", "value": answer},
        ],
    }


@pytest.mark.parametrize("to", TARGETS)
def test_nobody_is_named(case: Case, to: str, tmp_path: Path) -> None:
    out = exported(case, tmp_path / "out", to)
    secrets = ["0000_OD", "subject", "Meier", str(tmp_path), str(case[0])]
    for path in out.rglob("*.json*"):
        text = path.read_text()
        assert not [one for one in secrets if one in text], path


@pytest.mark.parametrize("to", TARGETS)
def test_equal_bytes_and_nothing_done_twice(case: Case, to: str, tmp_path: Path) -> None:
    first = digests(exported(case, tmp_path / "a", to))
    assert digests(exported(case, tmp_path / "b", to)) == first
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    again = export_instructions(as_set(case[1]), case[0], tmp_path / "a", to=to)
    assert again.written == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")} == times


def test_images_are_copies(case: Case, tmp_path: Path) -> None:
    out = exported(case, tmp_path / "out", "trl")
    for row in case[1]:
        assert io.file_sha256(out / row.image) == row.image_sha256
        assert (out / row.image).stat().st_nlink == 1
    assert not (exported(case, tmp_path / "o", "openai") / "images").exists()
    document = json.loads((out / "export.json").read_text())
    assert document["examples"] == {"train.jsonl": 72, "validate.jsonl": 18, "test.jsonl": 18}
    assert document["files"]["train.jsonl"] == io.file_sha256(out / "train.jsonl")
    assert "synthetic" in document["notice"]


# --- the libraries -------------------------------------------------------------------------------


def loaded(out: Path, cache: Path, split: str = "train", end: str = ".jsonl") -> datasets.Dataset:
    return datasets.load_dataset(
        "json", data_files={split: str(out / (split + end))}, split=split, cache_dir=str(cache)
    )


@pytest.mark.train
def test_trl(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` opens the images, TRL's own function puts them before the first turn."""
    from trl import is_conversational, prepare_multimodal_messages

    monkeypatch.chdir(exported(case, tmp_path / "out", "trl"))
    some = loaded(Path(), tmp_path / "cache")
    some = some.cast_column("images", datasets.List(datasets.Image()))
    rows = [row for row in case[1] if row.split == "train"]
    assert len(some) == 72
    for one, row in zip(some, rows, strict=True):
        assert is_conversational(one)
        (image,) = one["images"]
        assert np.array_equal(np.asarray(image), io.read_image(case[0] / row.image))
        assert prepare_multimodal_messages(one["messages"], images=one["images"]) == [
            {
                "role": "user",
                "content": [
                    {"type": "image", "image": image},
                    {"type": "text", "text": row.question},
                ],
            },
            {"role": "assistant", "content": [{"type": "text", "text": row.answer}]},
        ]


@pytest.mark.train
def test_trl_without_the_right_column_fails(case: Case, tmp_path: Path) -> None:
    """Negative control: TRL counts placeholders, and notices one that stands in two places."""
    from trl import prepare_multimodal_messages

    (one, *_) = lines(exported(case, tmp_path / "out", "trl") / "train.jsonl")
    parts = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "What?"}]
    with pytest.raises(ValueError, match="placeholders"):
        prepare_multimodal_messages([{"role": "user", "content": parts}], images=one["images"])


MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "additionalProperties": False,
    "properties": {
        "role": {"enum": ["system", "user", "assistant"]},
        "content": {"type": "string", "minLength": 1},
    },
}
#: ms-swift and LLaMA-Factory as their pages of custom data sets describe a record.
MARKED = {
    "type": "object",
    "required": ["messages", "images"],
    "additionalProperties": False,
    "properties": {
        "messages": {"type": "array", "minItems": 2, "items": MESSAGE},
        "images": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
}
#: ``dataset_info.json`` as LLaMA-Factory's data/README.md describes it.
INFO = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "required": ["file_name", "formatting", "columns", "tags"],
        "additionalProperties": False,
        "properties": {
            "file_name": {"type": "string", "pattern": r"\.jsonl?$"},
            "formatting": {"const": "sharegpt"},
            "columns": {
                "type": "object",
                "required": ["messages", "images"],
                "additionalProperties": {"type": "string"},
            },
            "tags": {
                "type": "object",
                "required": ["role_tag", "content_tag", "user_tag", "assistant_tag"],
                "additionalProperties": {"type": "string"},
            },
        },
    },
}


@pytest.mark.parametrize("to", ["swift", "llamafactory"])
def test_one_mark_for_each_image(case: Case, to: str, tmp_path: Path) -> None:
    out = exported(case, tmp_path / "out", to)
    some = loaded(out, tmp_path / "cache")
    assert set(some.column_names) == {"messages", "images"}
    for one in some:
        jsonschema.validate(one, MARKED)
        texts = [each["content"] for each in one["messages"]]
        assert sum(text.count("<image>") for text in texts) == len(one["images"]) == 1
        assert texts[0].startswith("<image>")
        assert all((out / name).is_file() for name in one["images"])


def converted(info: dict[str, Any], example: dict[str, Any], media_dir: Path) -> Any:
    """What LLaMA-Factory's rules for sharegpt make of an example; None if it skips it.

    Written from its documentation: tags name the keys, user and assistant take turns after a
    message of the system, paths that exist below media_dir are taken there.
    """
    tags, messages = info["tags"], example[info["columns"]["messages"]]
    role, content = tags["role_tag"], tags["content_tag"]
    system = ""
    if messages[0][role] == tags.get("system_tag", "system"):
        system, messages = messages[0][content], messages[1:]
    for number, each in enumerate(messages):
        if each[role] != (tags["user_tag"], tags["assistant_tag"])[number % 2]:
            return None
    if len(messages) % 2:
        return None
    images = [str(media_dir / name) for name in example[info["columns"]["images"]]]
    if not all(Path(name).is_file() for name in images):
        return None
    return system, messages[:-1], messages[-1], images


def test_llamafactory_finds_files_columns_and_images(case: Case, tmp_path: Path) -> None:
    turns = (Message(role="system", content="Be short."), *said("Which?", "That."))
    rows = changed(case[1], 0, messages=turns)
    out = exported((case[0], rows), tmp_path / "out", "llamafactory")
    info = json.loads((out / "dataset_info.json").read_text())
    jsonschema.validate(info, INFO)
    assert list(info) == ["gftcore_train", "gftcore_validate", "gftcore_test"]
    count = 0
    for entry in info.values():
        for one in lines(out / entry["file_name"]):
            system, prompt, answer, images = converted(entry, one, out)
            assert (len(prompt), len(images)) == (1, 1)
            assert answer["role"] == "assistant"
            assert prompt[0]["content"].count("<image>") == 1
            assert system == ("Be short." if answer["content"] == "That." else "")
            count += 1
    assert count == 108
    # Negative controls: the default tags of sharegpt, and another folder, find nothing.
    entry = info["gftcore_train"]
    one = lines(out / "train.jsonl")[1]
    other = {**entry, "tags": {**entry["tags"], "user_tag": "human"}}
    assert converted(other, one, out) is None
    assert converted(entry, one, tmp_path) is None


LLAVA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "image", "conversations"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string"},
            "image": {"type": "string"},
            "conversations": {
                "type": "array",
                "minItems": 2,
                "items": {
                    "type": "object",
                    "required": ["from", "value"],
                    "additionalProperties": False,
                    "properties": {
                        "from": {"enum": ["human", "gpt"]},
                        "value": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    },
}


def test_llava(case: Case, tmp_path: Path) -> None:
    out = exported(case, tmp_path / "out", "llava")
    some = json.loads((out / "train.json").read_text("utf-8"))
    jsonschema.validate(some, LLAVA)
    assert len({one["id"] for one in some}) == len(some)
    for one in some:
        first, second = one["conversations"]
        assert (first["from"], second["from"]) == ("human", "gpt")
        assert (first["value"] + second["value"]).count("<image>") == 1
        assert (out / one["image"]).is_file()
    assert len(loaded(out, tmp_path / "cache", end=".json")) == len(some)


def test_openai(case: Case, tmp_path: Path) -> None:
    """The client's own types take every message, the images are RGB as the service asks."""
    chat = pytest.importorskip("openai.types.chat")  # in the environment of `teach`, not in dev
    pydantic = pytest.importorskip("pydantic")
    messages = pydantic.TypeAdapter(list[chat.ChatCompletionMessageParam])
    out = exported(case, tmp_path / "out", "openai")
    for one, row in zip(lines(out / "train.jsonl"), case[1], strict=False):
        assert list(one) == ["messages"]
        messages.validate_python(one["messages"])
        check_openai(one, case[0] / row.image)


def check_openai(one: dict[str, Any], image: Path) -> None:
    pictures = []
    for message in one["messages"]:
        parts = message["content"] if isinstance(message["content"], list) else []
        assert not parts or message["role"] == "user"
        pictures += [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert len(pictures) == 1
    head, data = pictures[0].split(",")
    assert head == "data:image/png;base64"
    raw = base64.b64decode(data, validate=True)
    assert len(raw) <= 10_000_000
    with Image.open(buffers.BytesIO(raw)) as opened:
        assert (opened.mode, opened.format, opened.info) == ("RGB", "PNG", {})
        assert np.array_equal(np.asarray(opened)[..., 1], io.read_image(image))


def test_openai_by_its_page(case: Case, tmp_path: Path) -> None:
    turns = (Message(role="system", content="Be short."), *said("a?", "b"), *said("c?", "d"))
    rows = changed(case[1], 0, messages=turns)
    out = exported((case[0], rows), tmp_path / "out", "openai")
    one = lines(out / "train.jsonl")[0]
    check_openai(one, case[0] / rows[0].image)
    roles = [message["role"] for message in one["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]
    assert one["messages"][3]["content"] == "c?"
    for each in lines(out / "train.jsonl")[1:]:
        assert [part["type"] for part in each["messages"][0]["content"]] == ["image_url", "text"]


# --- limits and refusals -------------------------------------------------------------------------


def some_rows(folder: Path, number: int) -> InstructionSet:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    io.write_image(folder / "images" / "a.png", np.zeros((1, 1), dtype=np.uint8))
    digest = io.file_sha256(folder / "images" / "a.png")
    row = instruction(image="images/a.png", image_sha256=digest)
    return InstructionSet(records=(row,) * number)


@pytest.mark.parametrize(("number", "told"), [(9, True), (10, False), (50_000, False),
                                              (50_001, True)])  # fmt: skip
def test_openai_takes_10_to_50_000(number: int, told: bool, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        export_instructions(some_rows(tmp_path / "a", number), tmp_path / "a", tmp_path / "b",
                            to="openai")  # fmt: skip
    messages = [str(one.message) for one in caught if one.category is GftcoreWarning]
    assert [text.startswith("EXAMPLES: ") for text in messages] == [True] * told
    assert all(f"train.jsonl has {number}" in text for text in messages)


def test_openai_takes_10_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_rows(tmp_path / "a", 10)
    size = len(base64.b64decode(exporters.data_url(tmp_path / "a/images/a.png", "a").split(",")[1]))
    monkeypatch.setattr(exporters, "MAX_IMAGE_BYTES", size)
    export_instructions(rows, tmp_path / "a", tmp_path / "b", to="openai")
    monkeypatch.setattr(exporters, "MAX_IMAGE_BYTES", size - 1)
    with pytest.raises(FormatError, match=r"images/a\.png: has .* bytes"):
        export_instructions(rows, tmp_path / "a", tmp_path / "c", to="openai")


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"messages": said("Is <image> here?", "Yes.")}, "'<image>'"),
        ({"messages": said("Is it?", "See <|image_pad|>.")}, r"<\|image_pad\|>"),
        ({"messages": said("a?", "b")[:1]}, "must end with the assistant"),
        ({"messages": said("a?", "b")[::-1]}, "must take turns"),
    ],
)
def test_what_libraries_would_misread(
    case: Case, to: str, changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    rows = changed(case[1], 7, **changes)
    with pytest.raises(ArgumentError, match=told) as caught:
        exported((case[0], rows), tmp_path / "out", to)
    assert rows[7].id in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_llava_has_no_system(case: Case, tmp_path: Path) -> None:
    turns = (Message(role="system", content="Be short."), *said("a?", "b"))
    rows = changed(case[1], 7, messages=turns)
    with pytest.raises(ArgumentError, match="llava has no place"):
        exported((case[0], rows), tmp_path / "out", "llava")
    exported((case[0], rows), tmp_path / "out", "trl")


@pytest.mark.parametrize("to", ["trl", "openai"])
def test_images_have_to_be_those_that_were_described(case: Case, to: str, tmp_path: Path) -> None:
    rows = of_image(case[1], 7, image_sha256="1" * 64)
    with pytest.raises(FormatError, match="is not the image"):
        exported((case[0], rows), tmp_path / "out", to)
    rows = changed(case[1], 7, image="images/none.png")
    with pytest.raises(MissingFileError, match=r"none\.png"):
        exported((case[0], rows), tmp_path / "other", to)
    rows = changed(case[1], 7, image_sha256="1" * 64)
    with pytest.raises(FormatError, match="than in other rows"):
        exported((case[0], rows), tmp_path / "third", to)


def test_wrong_arguments(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="to must be one of"):
        exported(case, tmp_path / "out", "sharegpt")
    with pytest.raises(ArgumentTypeError, match="read_instructions"):
        export_instructions(case[1], case[0], tmp_path / "o", to="trl")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="got none"):
        export_instructions(as_set([]), case[0], tmp_path / "out", to="trl")
    with pytest.raises(ArgumentError, match="another folder"):
        exported(case, case[0], "trl")
    (tmp_path / "file").write_text("a")
    with pytest.raises(RefusedError, match="is no folder"):
        exported(case, tmp_path / "file", "trl")


def test_other_content_is_refused(case: Case, tmp_path: Path) -> None:
    out = exported(case, tmp_path / "out", "trl")
    whole = digests(out)
    with pytest.raises(RefusedError, match=r"another export|no part"):
        exported(case, out, "openai")
    with pytest.raises(RefusedError, match="another export"):
        exported((case[0], changed(case[1], 0, messages=said("a?", "b"))), out, "trl")
    assert digests(out) == whole
    (out / "notes.txt").write_text("mine")
    exported(case, out, "trl")  # it is whole, and stays so
    (out / "export.json").unlink()
    with pytest.raises(RefusedError, match=r"notes\.txt"):
        exported(case, out, "trl")
    (out / "notes.txt").unlink()
    (out / "train.jsonl").write_text("{}\n")
    with pytest.raises(RefusedError, match=r"train\.jsonl exists and holds something else"):
        exported(case, out, "trl")


def test_overwrite_replaces_an_export_and_keeps_what_is_not_ours(
    case: Case, tmp_path: Path
) -> None:
    out = exported(case, tmp_path / "out", "llamafactory")
    (out / "notes.txt").write_text("mine")
    few = [row for row in case[1] if row.split == "train"][:30]
    exported((case[0], few), out, "llava", overwrite=True)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"export.json", "train.json", "notes.txt", *(row.image for row in few)}
    (out / "notes.txt").unlink()
    fresh = exported((case[0], few), tmp_path / "fresh", "llava")
    assert digests(out) == digests(fresh)


def test_a_folder_holds_one_export_at_a_time(case: Case, tmp_path: Path) -> None:
    from gftcore.io.files import held_folder

    with held_folder(tmp_path / "out"), pytest.raises(RefusedError, match="another process"):
        exported(case, tmp_path / "out", "trl")


@settings(max_examples=12)
@given(wait=st.integers(1, 60), to=st.sampled_from(TARGETS))
def test_a_killed_export_goes_on(
    wait: int, to: str, case: Case, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Killed after some writes; the second run ends with the bytes of an undisturbed one."""
    out = tmp_path_factory.mktemp("killed") / "out"
    written(case[0], case[1], data="synthetic")
    program = textwrap.dedent(
        f"""
        import os, signal
        from gftcore.instructions import export_instructions, read_instructions
        from gftcore.instructions import export
        from pathlib import Path
        left, replace = {wait}, Path.replace

        def one(self, target):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(self, target)

        Path.replace = one
        rows = read_instructions({str(case[0])!r})
        export_instructions(rows, {str(case[0])!r}, {str(out)!r}, to={to!r})
        """
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    assert (done.returncode == 0) == (out / "export.json").exists()
    rows = read_instructions(case[0])
    export_instructions(rows, case[0], out, to=to)
    whole = out.with_name("whole")
    export_instructions(rows, case[0], whole, to=to)
    assert digests(out) == digests(whole)


def test_texts_come_back_as_they_are(case: Case, tmp_path: Path) -> None:
    text = "Ärzte: “2 o'clock” \u2028 line\nnext\ttab 🙂 \\n"
    rows = changed(case[1], 0, messages=said(text, text))
    out = exported((case[0], rows), tmp_path / "out", "trl")
    first = (out / "train.jsonl").read_bytes().split(b"\n")[0]
    assert [one["content"] for one in json.loads(first)["messages"]] == [text, text]
    assert loaded(out, tmp_path / "cache")[0]["messages"][1]["content"] == text
    assert hashlib.sha256((out / "train.jsonl").read_bytes()).hexdigest()
