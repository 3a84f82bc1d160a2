# SPDX-License-Identifier: Apache-2.0
"""Rows of instruction data sets are validated when made."""

from __future__ import annotations

from typing import Any

import pytest

from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError
from gftcore.instructions import STAGE_SLOTS, InstructionSet, Message
from gftcore.narrative import PLAN
from instruction_cases import instruction, said


def test_a_row_says_what_was_asked_and_answered() -> None:
    turns = (Message(role="system", content="Be short."), *said("a?", "b"), *said("c?", "d"))
    row = instruction(messages=turns)
    assert (row.id, row.question, row.answer) == ("0000_OD/stage", "a?", "d")


def test_slots_are_those_of_the_stage() -> None:
    assert {1: ("stage",), 2: PLAN} == STAGE_SLOTS
    for slot in PLAN:
        assert instruction(stage=2, slot=slot).slot == slot
    for stage, slot in ((1, "faz.1"), (2, "stage"), (2, "faz.5"), (3, "stage"), (0, "stage")):
        with pytest.raises(ArgumentError):
            instruction(stage=stage, slot=slot)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image", "/images/a.png"),
        ("image", "images/../a.png"),
        ("image", "images/./a.png"),
        ("image", "images//a.png"),
        ("image", "images\\a.png"),
        ("image", "C:/images/a.png"),
        ("image", "a.png"),
        ("image", "images/"),
        ("image", "images/..png/.."),
        ("image", "images/a b.png"),
        ("image", "images/" + "a" * 201),
        ("image", ""),
        ("image", None),
        ("image_sha256", "0" * 63),
        ("image_sha256", "G" * 64),
        ("image_sha256", "A" * 64),
        ("table_sha256", ""),
        ("label", ""),
        ("label", 1),
        ("image_id", ""),
        ("image_id", "a\nb"),
        ("image_id", "\ud800"),
        ("teacher", ""),
        ("eye", "right"),
        ("split", "val"),
        ("subject", -1),
        ("subject", True),
        ("subject", 2**31),
        ("subject", "Meier"),
        ("stage", 1.0),
        ("messages", ()),
        ("messages", "text"),
        ("messages", None),
        ("messages", ({"role": "user", "content": "a"},)),
    ],
)
def test_a_wrong_value_is_named(name: str, value: Any) -> None:
    with pytest.raises(GftcoreError, match=name):
        instruction(**{name: value})


@pytest.mark.parametrize("role", ["", "human", "User", "tool", None])
def test_roles(role: Any) -> None:
    with pytest.raises(GftcoreError, match="role"):
        Message(role=role, content="a")


@pytest.mark.parametrize("content", ["", "a\0", "\udfff", None, b"a", "a" * 1_000_001])
def test_contents(content: Any) -> None:
    with pytest.raises(GftcoreError, match="content"):
        Message(role="user", content=content)


def test_turns_and_repetitions_are_left_to_the_check() -> None:
    turns = said("a?", "b")
    assert instruction(messages=turns[:1]).answer == ""
    assert instruction(messages=turns[::-1]).question == "a?"
    assert len(InstructionSet(records=(instruction(), instruction()))) == 2


def test_a_set_holds_instructions_alone() -> None:
    with pytest.raises(ArgumentTypeError, match="must be of Instruction"):
        InstructionSet(records=("a",))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="data"):
        InstructionSet(records=(), data="real")
    assert "0000" not in repr(InstructionSet(records=(instruction(),)))
