# SPDX-License-Identifier: Apache-2.0
"""How exact contributions are, and whether the estimate of their error covers it.

    python benchmarks/quality/attribution_error.py COHORT --graphs DIR [--model FILE] [--json FILE]

COHORT holds manifest.csv and splits.json, as `gftcore data synth` makes them; DIR holds its graphs,
as `staging.py` keeps them. Graphs are those of test images, evenly over the list. Errors are L1
norms of differences, relative to that of a reference with many panels. The first table compares
rules on few graphs with a fine reference; the second one counts how often `error` is at least the
true error, on many graphs for logits, on few for others. A coarser reference does for that; how
far it is from the fine one stands below.
Exit code: 0 `error` covers the true one in at least 95 % of the graphs for the default of 16
panels, 1 it does not, 2 a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from exits import MET, MISSED, exit_with
from gftcore import graph, simd_target
from gftcore.attribution import Attribution, EdgeAttribution, NodeAttribution, integrated_gradients
from gftcore.model import Model, default_model, standardised_batch
from machine import header
from some_eyes import some_test_eyes

RULES: tuple[tuple[str, int], ...] = (
    ("secant", 4),
    ("secant", 8),
    ("secant", 16),
    ("secant", 24),
    ("secant", 32),
    ("gausslegendre", 50),  # what captum computes
    ("gausslegendre", 200),
)
#: What is estimated, and how it is asked for; the first one decides. The former are counted on many
#: graphs, the latter on few.
ESTIMATES: dict[str, dict[str, Any]] = {
    "logit, 16 panels": {"n": 16},
    "logit, 4 panels": {"n": 4},
    "logit, 8 panels": {"n": 8},
    "logit, 32 panels": {"n": 32},
    "logit, rtol .01": {"rtol": 0.01},
}
MORE_ESTIMATES: dict[str, dict[str, Any]] = {
    "margin, 16 panels": {"kind": "margin", "n": 16},
    "edges, 16 panels": {"of": "edges", "n": 16},
    "probability, rtol .01": {"kind": "prob", "rtol": 0.01},
    "probability, 64 panels": {"kind": "prob", "n": 64},
}
GOAL = 0.95


def parts_of(found: Attribution) -> dict[str, np.ndarray]:
    if found.edges is not None:
        return dict(found.edges.edge_contribution_by_layer)
    assert found.nodes is not None
    return dict(found.nodes.attributions)


def path_of(found: Attribution) -> NodeAttribution | EdgeAttribution:
    path = found.nodes or found.edges
    assert path is not None
    return path


def l1(ours: dict[str, np.ndarray], reference: dict[str, np.ndarray]) -> float:
    """L1 norm of the difference, relative to that of the reference; 0 for nothing."""
    size = sum(float(np.abs(part).sum()) for part in reference.values())
    change = sum(float(np.abs(ours[t] - part).sum()) for t, part in reference.items())
    return change / size if size > 0 else change


class Explained:
    """One graph and the contributions that were computed for it so far, by their options."""

    def __init__(self, model: Model, file: Path) -> None:
        self.name, self.model = file.stem, model
        self.batch = standardised_batch(model.config, [graph.load(file)])
        self.known: dict[str, Attribution] = {}

    def __call__(self, **options: Any) -> Attribution:
        key = json.dumps(options, sort_keys=True)
        if key not in self.known:
            options = {"estimate_error": False, **options}
            (self.known[key],) = integrated_gradients(self.model, self.batch, threads=1, **options)
        return self.known[key]


def rule_rows(items: Sequence[Explained], reference: int) -> list[dict[str, Any]]:
    """Errors of all rules on all graphs: median, 90 % quantile, largest; and their gaps."""
    errors: dict[tuple[str, int], list[tuple[float, float]]] = {rule: [] for rule in RULES}
    for k, item in enumerate(items):
        fine = parts_of(item(n=reference))
        for method, n in RULES:
            found = item(method=method, n=n)
            gap = path_of(found).completeness_gap_rel
            errors[method, n].append((l1(parts_of(found), fine), gap))
        item.known = {}
        print(f"rules: graph {k + 1} of {len(items)}", file=sys.stderr, flush=True)
    rows = []
    for (method, n), values in errors.items():
        error, gap = np.array(values).T
        rows.append(
            {
                "rule": method,
                "n": n,
                "error": summary(error),
                "gap": summary(gap),
                "errors": error.tolist(),
            }
        )
    return rows


def cover_rows(
    items: Sequence[Explained], estimates: dict[str, dict[str, Any]], reference: int
) -> list[dict[str, Any]]:
    """How often `error` is at least the true error, and how large the ratio of both is."""
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in estimates}
    for k, item in enumerate(items):
        for name, options in estimates.items():
            same = {key: options[key] for key in ("kind", "of") if key in options}
            fine = parts_of(item(**same, n=reference))
            result = item(**options, estimate_error=True)
            path = path_of(result)
            assert path.error is not None
            found[name].append((path.error, l1(parts_of(result), fine), path.n))
        item.known = {}
        print(f"estimates: graph {k + 1} of {len(items)}", file=sys.stderr, flush=True)
    rows = []
    for name, values in found.items():
        estimate, true, panels = np.array(values).T
        rows.append(
            {
                "what": name,
                "graphs": len(values),
                "covered": int((estimate >= true).sum()),
                "panels": summary(panels),
                "error": summary(true),
                "estimate": summary(estimate),
                "estimate_per_error": summary(estimate / np.maximum(true, 1e-300)),
                "least_ratio": float((estimate / np.maximum(true, 1e-300)).min()),
                "pairs": [[float(e), float(t)] for e, t in zip(estimate, true, strict=True)],
            }
        )
    return rows


def reference_error(items: Sequence[Explained], coarse: int, fine: int) -> dict[str, float]:
    """How far the coarser reference is from the fine one."""
    return summary(np.array([l1(parts_of(i(n=coarse)), parts_of(i(n=fine))) for i in items]))


def summary(values: np.ndarray) -> dict[str, float]:
    return {
        "median": float(np.median(values)),
        "q90": float(np.quantile(values, 0.9)),
        "most": float(values.max()),
    }


def markdown(document: dict[str, Any]) -> str:
    """Return both tables."""
    lines = [
        "| rule | n | L1 error: median | 90 % | largest | gap: largest |",
        "|---|---|---|---|---|---|",
    ]
    for row in document["rules"]:
        e = row["error"]
        lines.append(
            f"| {row['rule']} | {row['n']} | {e['median']:.2e} | {e['q90']:.2e} | {e['most']:.2e} "
            f"| {row['gap']['most']:.1e} |"
        )
    lines += ["", f"{len(document['rule_graphs'])} graphs, reference {document['fine']} panels."]
    lines += ["", "| estimate | covered | true error: median | largest | panels: median "
              "| estimate / error: median | least |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    for row in document["estimates"]:
        lines.append(
            f"| {row['what']} | {row['covered']} of {row['graphs']} "
            f"| {row['error']['median']:.2e} | {row['error']['most']:.2e} "
            f"| {row['panels']['median']:.0f} "
            f"| {row['estimate_per_error']['median']:.2f} | {row['least_ratio']:.2f} |"
        )
    own = document["reference_error"]
    lines += [
        "",
        f"Reference {document['coarse']} panels, itself {own['median']:.1e} (at most "
        f"{own['most']:.1e}) from {document['fine']} on the graphs of the first table (logits).",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--graphs", type=Path, required=True, help="folder of the cohort's graphs")
    parser.add_argument("--model", type=Path, help="network; the one of the package by default")
    parser.add_argument("--few", type=int, default=20, help="graphs of the first table")
    parser.add_argument("--many", type=int, default=100, help="graphs of the second table")
    parser.add_argument("--fine", type=int, default=1024, help="panels of the reference")
    parser.add_argument("--coarse", type=int, default=256, help="the same for the second table")
    parser.add_argument("--json", type=Path, help="where all figures go")
    options = parser.parse_args()
    model = Model.load(options.model) if options.model else default_model()

    def explained(count: int) -> list[Explained]:
        _, records = some_test_eyes(options.cohort, count)
        return [Explained(model, options.graphs / f"{record.id}.npz") for record in records]

    few = explained(options.few)
    document: dict[str, Any] = {
        **header("attribution_error", [simd_target()]),
        "model_sha256": model.sha256,
        "rule_graphs": [item.name for item in few],
        "fine": options.fine,
        "coarse": options.coarse,
        "reference_error": reference_error(few, options.coarse, options.fine),
        "rules": rule_rows(few, options.fine),
        "estimates": [
            *cover_rows(explained(options.many), ESTIMATES, options.coarse),
            *cover_rows(few, MORE_ESTIMATES, options.coarse),
        ],
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    print(markdown(document))
    first = document["estimates"][0]
    return MET if first["covered"] >= GOAL * first["graphs"] else MISSED


if __name__ == "__main__":
    exit_with(main)
