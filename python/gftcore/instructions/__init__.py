# SPDX-License-Identifier: Apache-2.0
"""Questions and answers about images, from which vision-language models learn.

A data set is a folder with ``instructions.parquet`` and the images that it names. It is checked,
exported for other libraries and described by a quality sheet.

Examples
--------
>>> from gftcore import instructions
>>> question = instructions.Message(role="user", content="What is the stage?")
>>> answer = instructions.Message(role="assistant", content="The image shows PDR.")
>>> one = instructions.Instruction(
...     stage=1, slot="stage", image_id="a", image="images/0.png", image_sha256="0" * 64,
...     table_sha256="1" * 64, label="PDR", eye="OD", split="train", subject=0,
...     teacher="template/1", messages=(question, answer),
... )
>>> one.id
'a/stage'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.instructions.checking import CheckReport, SetProblem, check_instructions
    from gftcore.instructions.export import Exported, export_instructions
    from gftcore.instructions.exporters import TARGETS
    from gftcore.instructions.quality import QUALITY_SCHEMA, quality_figures
    from gftcore.instructions.records import STAGE_SLOTS, Instruction, InstructionSet, Message
    from gftcore.instructions.sheet import quality_sheet
    from gftcore.instructions.store import SCHEMA, STORE, read_instructions, write_instructions
    from gftcore.instructions.turns import placeholders, turn_fault

__all__ = [
    "QUALITY_SCHEMA",
    "SCHEMA",
    "STAGE_SLOTS",
    "STORE",
    "TARGETS",
    "CheckReport",
    "Exported",
    "Instruction",
    "InstructionSet",
    "Message",
    "SetProblem",
    "check_instructions",
    "export_instructions",
    "placeholders",
    "quality_figures",
    "quality_sheet",
    "read_instructions",
    "turn_fault",
    "write_instructions",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "QUALITY_SCHEMA": "quality",
        "SCHEMA": "store",
        "STAGE_SLOTS": "records",
        "STORE": "store",
        "TARGETS": "exporters",
        "CheckReport": "checking",
        "Exported": "export",
        "Instruction": "records",
        "InstructionSet": "records",
        "Message": "records",
        "SetProblem": "checking",
        "check_instructions": "checking",
        "export_instructions": "export",
        "placeholders": "turns",
        "turn_fault": "turns",
        "quality_figures": "quality",
        "quality_sheet": "sheet",
        "read_instructions": "store",
        "write_instructions": "store",
    },
)
