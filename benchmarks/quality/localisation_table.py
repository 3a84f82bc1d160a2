# SPDX-License-Identifier: Apache-2.0
"""The tables of `localisation.py`: scores of all eyes together, goals, Markdown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gftcore.metrics import Localisation, LocalisationSummary, summarise_localisation
from lesion_truth import TRUTHS, TURNS, turned

TRUTH = next(iter(TRUTHS))
#: Rankings that goals are about; the first one decides.
JUDGED = ("contribution", "magnitude")
NAMES = {"ica": "areas", "vessel": "vessels", "nodes": "areas and vessels"}

Eyes = Sequence[Mapping[str, Any]]


def tables(
    eyes: Eyes, explained: Eyes, weights: Mapping[str, Any], *, resamples: int
) -> dict[str, Any]:
    """Put the results of eyes together."""
    correct = [eye for eye in eyes if eye["predicted"] == eye["label"]]
    with_lesions = [eye for eye in correct if "nodes" in eye]
    rows = []
    for part in ("nodes", "edges"):
        rows += summaries(with_lesions, part, resamples)
    rows += summaries(explained, "nodes", resamples)
    if explained:  # on few eyes, so that ours stand beside on the same ones
        few = {one["id"] for one in explained}
        same = summaries([eye for eye in with_lesions if eye["id"] in few], "nodes", resamples)
        chosen = [row for row in same if row["rank"] in JUDGED and row["truth"] == TRUTH]
        rows += [{**row, "rank": f"{row['rank']}, the same eyes"} for row in chosen]
    return {
        "images": len(eyes),
        "correct": len(correct),
        "with_lesions": len(with_lesions),
        "without_lesions": len(correct) - len(with_lesions),
        "by_label": dict(Counter(eye["label"] for eye in correct)),
        "baseline": baseline_rows(correct),
        "rows": rows,
        "resamples": resamples,
        "curves": curve_rows(correct),
        "weights": dict(weights),
        "explainer_ids": [one["id"] for one in explained],
        "cpu_s": sum(eye.get("cpu_s", 0.0) for eye in eyes),
        "explainer_cpu_s": sum(one["cpu_s"] for one in explained),
    }


def summaries(eyes: Eyes, part: str, resamples: int) -> list[dict[str, Any]]:
    """Return a row for each truth, kind of structure and rank."""
    if not eyes:
        return []
    subjects = [eye["subject"] for eye in eyes]
    rows = []
    for truth, groups in eyes[0][part].items():
        for group, ranks in groups.items():
            for rank in ranks:
                images = [Localisation(**eye[part][truth][group][rank]) for eye in eyes]
                found = summarise_localisation(images, subjects=subjects, resamples=resamples)
                rows.append(
                    {"part": part, "truth": truth, "group": group, "rank": rank, **plain(found)}
                )
    return rows


def plain(found: LocalisationSummary) -> dict[str, Any]:
    """Return figures as plain JSON values; what does not exist is null."""
    out: dict[str, Any] = {
        "eyes": found.num_images,
        "subjects": found.num_subjects,
        "without_hit": found.num_without,
    }
    for name in ("auroc", "odds_ratio"):
        interval = getattr(found, f"{name}_interval")
        out[name] = {
            "value": real(getattr(found, name)),
            "low": real(interval.low),
            "high": real(interval.high),
        }
    for name in ("auroc_where_defined", "top_share", "expected_share", "mass_share", "hit_share"):
        out[name] = real(getattr(found, name))
    return out


def real(value: float) -> float | None:
    return value if math.isfinite(value) else None


def baseline_rows(eyes: Eyes) -> list[dict[str, Any]]:
    """How often the class at the baseline is that at the input, for each label and in all."""
    rows = []
    for label in [None, *dict.fromkeys(eye["label"] for eye in eyes)]:
        some = [eye for eye in eyes if label in (None, eye["label"])]
        same = sum(eye["at_baseline"] == eye["predicted"] for eye in some)
        rows.append({"label": label or "all", "eyes": len(some), "same": same})
    return rows


def curve_rows(eyes: Eyes) -> list[dict[str, Any]]:
    """Mean areas, for eyes with lesions and without, and how often an order beats random ones."""
    rows = []
    for what, some in (
        ("lesions", [eye for eye in eyes if "nodes" in eye]),
        ("no lesions", [eye for eye in eyes if "nodes" not in eye]),
    ):
        if not some:
            continue
        names = [name for name in some[0]["curves"] if name != "fractions"]
        random = [eye["curves"]["random order"] for eye in some]
        for name in names:
            own = [eye["curves"][name] for eye in some]
            rows.append(
                {
                    "eyes": what,
                    "num": len(some),
                    "order": name,
                    **{
                        area: float(np.mean([one[area] for one in own]))
                        for area in ("deletion_area", "insertion_area")
                    },
                    "deletion_better": better(own, random, "deletion_area", -1),
                    "insertion_better": better(own, random, "insertion_area", 1),
                }
            )
    return rows


def better(own: Eyes, random: Eyes, area: str, sign: int) -> int:
    return sum(sign * (a[area] - b[area]) > 0 for a, b in zip(own, random, strict=True))


def find(document: Mapping[str, Any], truth: str, group: str, rank: str) -> dict[str, Any]:
    for row in document["rows"]:
        if (row["truth"], row["group"], row["rank"]) == (truth, group, rank):
            return dict(row["auroc"])
    raise KeyError(f"{truth}, {group}, {rank}")


def goals(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whether the intervals of rankings lie above .5, size and the turned truth."""
    rows = []
    for rank in JUDGED:
        for group in ("ica", "vessel"):
            low = find(document, TRUTH, group, rank)["low"]
            others = {"0.5": 0.5, "size": find(document, TRUTH, group, "size")["high"]}
            for turn in TURNS:
                name = turned(turn)
                others[name] = find(document, name, group, rank)["high"]
            for name, high in others.items():
                rows.append(
                    {
                        "rank": rank,
                        "group": group,
                        "above": name,
                        "low": low,
                        "other_high": high,
                        "met": low is not None and high is not None and low > high,
                        "decides": rank == JUDGED[0],
                    }
                )
    return rows


def markdown(document: Mapping[str, Any]) -> str:
    """Return all tables as Markdown."""
    parts = [head(document)]
    truths = dict.fromkeys(row["truth"] for row in document["rows"])
    turns = [turned(turn) for turn in TURNS]
    parts += [score_table(document, truth) for truth in truths if truth not in turns]
    parts.append(turn_table(document, turns))
    parts += [goal_table(document), curve_table(document), weight_table(document)]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(document: Mapping[str, Any]) -> str:
    same = ", ".join(f"{r['label']} {r['same']} of {r['eyes']}" for r in document["baseline"])
    lines = [
        f"{document['correct']} of {document['images']} test images are staged correctly "
        f"({', '.join(f'{k} {v}' for k, v in document['by_label'].items())}); "
        f"{document['with_lesions']} of them have lesions. Network "
        f"{document['model_sha256'][:12]}. Brackets: 95 % intervals over {document['resamples']} "
        "resamples of subjects; eyes without a hit count as .5.",
        f"The class at the baseline is that at the input: {same}.",
    ]
    if document["explainer_ids"]:
        lines.append(
            f"GNNExplainer: {document['explainer_epochs']} epochs on "
            f"{len(document['explainer_ids'])} eyes, {document['explainer_ids'][0]} to "
            f"{document['explainer_ids'][-1]}, {document['explainer_cpu_s']:.0f} s of CPU; all "
            f"else {document['cpu_s']:.0f} s."
        )
    if document["synthetic"]:
        lines.append("Synthetic eyes, made by a program: the figures say nothing of patients.")
    return "\n\n".join(lines)


def score_table(document: Mapping[str, Any], truth: str) -> str:
    lines = [
        f"### Truth: {truth}",
        "",
        "| structures | rank | AUROC | where defined | no hit | odds ratio of the top 20 "
        "| hits in top 20 (expected) | positive sum in hits (their share) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {NAMES.get(row['group'], 'edges ' + row['group'])} | {row['rank']} "
        f"| {shown(row['auroc'], 3)} | {number(row['auroc_where_defined'], 3)} "
        f"| {row['without_hit']} of {row['eyes']} | {shown(row['odds_ratio'], 1)} "
        f"| {number(row['top_share'], 3)} ({number(row['expected_share'], 3)}) "
        f"| {number(row['mass_share'], 3)} ({number(row['hit_share'], 3)}) |"
        for row in document["rows"]
        if row["truth"] == truth
    ]
    return "\n".join(lines)


def turn_table(document: Mapping[str, Any], turns: Sequence[str]) -> str:
    """AUROCs of the turned truth, which a ranking that points to lesions does not find."""
    lines = [
        f"### AUROC of the truth: {TRUTH}, turned",
        "",
        "| structures | rank | " + " | ".join(turns) + " |",
        "|---|---|" + "---|" * len(turns),
    ]
    for group, name in NAMES.items():
        for rank in (*JUDGED, "size"):
            cells = [shown(find(document, turn, group, rank), 3) for turn in turns]
            lines.append(f"| {name} | {rank} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def goal_table(document: Mapping[str, Any]) -> str:
    lines = [
        "### Goals",
        "",
        "| rank | structures | AUROC above that of | low end | its high end | |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['rank']} | {NAMES[row['group']]} | {row['above']} | {number(row['low'], 3)} "
        f"| {number(row['other_high'], 3)} | {'met' if row['met'] else 'NOT MET'} |"
        for row in document["goals"]
    ]
    return "\n".join(lines)


def curve_table(document: Mapping[str, Any]) -> str:
    lines = [
        "### Deletion and insertion of the label's logit",
        "",
        "| eyes | order | deletion area | below random | insertion area | above random |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['eyes']} | {row['order']} | {row['deletion_area']:.2f} "
        f"| {row['deletion_better']} of {row['num']} | {row['insertion_area']:.2f} "
        f"| {row['insertion_better']} of {row['num']} |"
        for row in document["curves"]
    ]
    return "\n".join(lines)


def weight_table(document: Mapping[str, Any]) -> str:
    weights = document["weights"]
    if not weights:
        return ""
    columns = [(name, t) for name in JUDGED for t in ("ica", "vessel")]
    lines = [
        f"### Random weights: rank correlation with the original, {weights['eyes']} eyes",
        "",
        "| layers drawn anew | " + " | ".join(f"{n}, {NAMES[t]}" for n, t in columns) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    for k, layer in enumerate(weights["layers"]):
        cells = [number(weights[name][t][k], 2) for name, t in columns]
        lines.append(f"| down to {layer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def shown(score: Mapping[str, float | None], digits: int) -> str:
    ends = ", ".join(number(score[end], digits) for end in ("low", "high"))
    return f"{number(score['value'], digits)} [{ends}]"
