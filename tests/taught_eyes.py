# SPDX-License-Identifier: Apache-2.0
"""Eyes with random findings, what the plan of questions says of them, and what is there."""

from __future__ import annotations

import dataclasses
import hashlib
import random

from gftcore.claims import Facts
from gftcore.datasets import LABELS
from gftcore.findings import CELLS, Finding
from gftcore.findings.vocabulary import LOCATED_FINDINGS
from gftcore.instructions import Instruction
from gftcore.narrative import answer_plan, answer_stage
from gftcore.tabulation import region_word
from instruction_cases import instruction, said
from words_cases import NOTHING, finding, table

__all__ = ["Taught", "taught"]


@dataclasses.dataclass(frozen=True)
class Taught:
    """Rows, facts of the tables, and facts of what is there: some findings are elsewhere."""

    rows: list[Instruction]
    facts: dict[str, Facts]
    truth: dict[str, Facts]


def taught(number: int, *, seed: int = 0) -> Taught:
    draw = random.Random(seed)
    out = Taught([], {}, {})
    for i in range(number):
        eye, label = ("OD", "OS")[i % 2], LABELS[i // 2 % 3]
        name = f"{i // 2:04}_{eye}"
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        findings = tuple(_finding(draw, eye) for _ in range(draw.randint(1, 4)))
        if label == "Healthy":
            findings = NOTHING
        shares = dict.fromkeys(LABELS, 0.1) | {label: 0.8}
        case = table(eye, prediction=label, target=label, label=label, probabilities=shares)
        stage = answer_stage(case, findings, stage=label)
        for one in (stage, *answer_plan(case, findings, stage=label)):
            answer = " ".join(sentence.text for sentence in one.sentences)
            out.rows.append(
                instruction(
                    stage=1 if one is stage else 2,
                    slot="stage" if one is stage else one.slot,
                    image_id=name, image=f"images/{key}.png",
                    label=label, eye=eye, split=("train", "train", "validate", "test")[i // 6 % 4],
                    subject=i // 2, messages=said(one.question, answer),
                )
            )  # fmt: skip
        out.facts[name] = Facts.of_findings(eye=eye, stage=label, findings=findings)
        cells = {one: set() for one in LOCATED_FINDINGS}
        for one in findings:
            if one.name in cells and draw.random() < 0.8:
                cells[one.name] |= set(one.cells)
        out.truth[name] = Facts.of_truth(eye=eye, stage=label, cells=cells)
    return out


def _finding(draw: random.Random, eye: str) -> Finding:
    first = draw.randint(1, 12)
    zone = draw.choice(["parafoveal", "outer", "outer"])
    hours = [(first + i - 1) % 12 + 1 for i in range(draw.randint(1, 3))]
    cells = tuple(cell for cell in CELLS if cell.zone == zone and cell.clock_hour in hours)
    down, right = (-1 if first in (10, 11, 12, 1, 2) else 1), (1 if first < 6 else -1)
    name = draw.choice(LOCATED_FINDINGS)
    return finding(name, cells, (region_word(down, right, eye),), ("ica", draw.randint(0, 99)))
