# SPDX-License-Identifier: Apache-2.0
"""Whether contributions point to the lesions of a synthetic cohort, and say what the network does.

    python benchmarks/quality/localisation.py COHORT --graphs DIR --out DIR [--model FILE]
    python benchmarks/quality/localisation.py COHORT --graphs DIR --out DIR --pictures

COHORT holds manifest.csv, splits.json and the truth of all eyes, as `gftcore data synth` makes
them; --graphs is the folder of its graphs, as `staging.py` keeps them. Everything is measured on
the test images that the network stages correctly, and explains their label. DIR gets a file for
each eye, localisation.json and localisation.md; run it again after an interruption: eyes that are
there stay. With --pictures, also pictures of the worst and of typical eyes. Intervals resample the
subjects. Exit code: 0 if the AUROC of contributions is, for areas and vessels, above .5, above that
of ranking by size and above that of the turned truth, with intervals that do not touch; 1 if not; 2
for a failure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before anything loads a library that starts threads.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from exits import MET, MISSED, exit_with
from gftcore import datasets, graph, simd_target
from gftcore.attribution import faithfulness, integrated_gradients, weight_randomisation
from gftcore.graph import GraphBatch, HeteroGraph
from gftcore.io import atomic_path
from gftcore.metrics import edge_hits, localisation_scores
from gftcore.model import Model, default_model, standardised_batch
from gftcore.pipeline import model_source
from gftcore.staging import predict
from lesion_truth import EyeTruth, read_eye
from localisation_pictures import draw_eyes
from localisation_table import goals, markdown, tables
from machine import header
from some_eyes import some_test_eyes

TYPES = ("ica", "vessel")
RELATIONS = ("ii", "vv", "vi")
TOP = 20
RANDOM_ORDERS = 3
#: The ranks whose curves are drawn: nodes are removed in this order.
CURVES = ("contribution", "magnitude", "gradient x input", "size")
VERSION = 1  # of the files of eyes

Scores = Mapping[str, np.ndarray]
Nodes = dict[str, dict[str, np.ndarray]]


def node_scores(model: Model, batch: GraphBatch, eye: HeteroGraph, label: str) -> Nodes:
    """Every way to rank nodes: name to type to scores."""

    def explained(**options: Any) -> Any:
        options = {"target": label, "threads": 1, "estimate_error": False, **options}
        return integrated_gradients(model, batch, **options)[0].nodes

    logit, at_input = explained(), explained(method="riemann_right", n=1)
    healthy = model.config.classes[0]
    against = healthy if label != healthy else None
    margin = explained(kind="margin", against=against)
    # One unit away from the input, a single point at the input gives the plain gradient.
    unit_away = {t: batch.x[t].astype(np.float64) - 1 for t in model.config.types}
    gradient = explained(method="riemann_right", n=1, baseline=unit_away)
    size = {"vessel": eye.vessel("length"), "ica": eye.ica("area"), "faz": eye.faz("area")}
    size = {t: np.nan_to_num(values) for t, values in size.items()}
    return {
        "contribution": dict(logit.contribution),
        "magnitude": dict(logit.magnitude),
        "contribution to the margin over Healthy": dict(margin.contribution),
        "magnitude of the margin over Healthy": dict(margin.magnitude),
        "gradient, magnitude": dict(gradient.magnitude),
        "gradient x input": dict(at_input.contribution),
        "gradient x input, magnitude": dict(at_input.magnitude),
        "size": size,
    }


def score_nodes(ranks: Nodes, eye: EyeTruth) -> dict[str, Any]:
    """Truth to type to rank to scores; ``nodes`` are the areas and vessels together."""
    out: dict[str, Any] = {}
    for truth, hits in eye.hits.items():
        groups = {t: (t,) for t in TYPES if t in hits}
        if set(TYPES) <= set(hits):
            groups["nodes"] = tuple(reversed(TYPES))
        out[truth] = {}
        for group, types in groups.items():
            out[truth][group] = {
                name: as_dict({t: scores[t] for t in types}, {t: hits[t] for t in types})
                for name, scores in ranks.items()
            }
    return out


def score_edges(found: Any, eye: EyeTruth) -> dict[str, Any]:
    """Truth to relation to rank to scores."""
    out: dict[str, Any] = {}
    pairs = {r: found.edge_pairs[r] for r in RELATIONS}
    for truth, hits in eye.hits.items():
        if not set(TYPES) <= set(hits):
            continue
        both = edge_hits(pairs, hits)
        out[truth] = {}
        for relation in RELATIONS:
            value = found.edge_contribution_undirected[relation]
            out[truth][relation] = {
                "contribution": as_dict({relation: value}, {relation: both[relation]}),
                "size of the contribution": as_dict(
                    {relation: np.abs(value)}, {relation: both[relation]}
                ),
            }
    return out


def as_dict(scores: Scores, hits: Scores) -> dict[str, Any]:
    return dataclasses.asdict(localisation_scores(scores, hits, top=TOP))


def score_curves(model: Model, batch: GraphBatch, ranks: Nodes, label: str) -> dict[str, Any]:
    """Areas under the curves of deletion and insertion of the label's logit."""
    out: dict[str, Any] = {}
    for i, name in enumerate(CURVES):
        found = faithfulness(
            model,
            batch,
            ranks[name],
            target=label,
            random_orders=0 if i else RANDOM_ORDERS,
            threads=1,
        )
        out[name] = {
            "deletion_area": found.deletion_area,
            "insertion_area": found.insertion_area,
            "deletion": found.deletion.tolist(),
            "insertion": found.insertion.tolist(),
        }
        if not i:
            out["random order"] = {
                "deletion_area": float(found.random_deletion_area.mean()),
                "insertion_area": float(found.random_insertion_area.mean()),
                "deletion": found.random_deletion.mean(axis=0).tolist(),
                "insertion": found.random_insertion.mean(axis=0).tolist(),
            }
            out["fractions"] = found.fractions.tolist()
    return out


class Run:
    """A network, a cohort, and the folder of results."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.folder: Path = options.cohort
        self.graphs: Path = options.graphs
        self.out: Path = options.out
        self.model = Model.load(options.model) if options.model else default_model()
        self.source = model_source(self.model)
        self.manifest, self.records = some_test_eyes(self.folder, options.eyes)
        self.explainer = options.explainer_eyes, options.explainer_epochs
        self.randomised: int = options.randomised_eyes
        self.sha256 = self.model.sha256

    def graph(self, record: datasets.Record) -> HeteroGraph:
        return graph.load(self.graphs / f"{record.id}.npz")

    def stored(self, part: str, name: str, make: Callable[[], Any]) -> Any:
        """Return what a file holds, or make and write it; of the same network and version only."""
        path = self.out / part / f"{name}.json"
        wanted = {"version": VERSION, "model_sha256": self.sha256}
        if path.exists():
            known = json.loads(path.read_text())
            if {key: known.get(key) for key in wanted} == wanted:
                return known
        made = {**wanted, **make()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(made) + "\n")
        return made

    def eyes(self) -> Iterator[dict[str, Any]]:
        for k, record in enumerate(self.records):
            yield self.stored("eyes", record.id, lambda record=record: self.eye(record))
            print(f"eye {k + 1} of {len(self.records)}", file=sys.stderr, flush=True)

    def eye(self, record: datasets.Record) -> dict[str, Any]:
        """Everything but what is measured on few eyes only."""
        stored = self.graph(record)
        batch = standardised_batch(self.model.config, [stored])
        said = predict(self.model, batch, threads=1)
        zeros = {t: np.zeros_like(x) for t, x in batch.x.items()}
        start = predict(self.model, dataclasses.replace(batch, x=zeros), threads=1)
        out: dict[str, Any] = {
            "id": record.id,
            "subject": record.subject,
            "label": record.label,
            "predicted": said.labels[0],
            "at_baseline": start.labels[0],
            "logits": said.logits[0].tolist(),
            "logits_baseline": start.logits[0].tolist(),
        }
        if out["predicted"] != record.label:
            return out
        clock = time.process_time()
        ranks = node_scores(self.model, batch, stored, record.label)
        out["curves"] = score_curves(self.model, batch, ranks, record.label)
        if record.label != self.model.config.classes[0]:
            eye = read_eye(self.folder, record, stored, self.source)
            (edges,) = integrated_gradients(
                self.model, batch, of="edges", target=record.label, threads=1, estimate_error=False
            )
            out["nodes"] = score_nodes(ranks, eye)
            out["edges"] = score_edges(edges.edges, eye)
        out["cpu_s"] = time.process_time() - clock
        return out

    def explained_by_pyg(self, eyes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """GNNExplainer on the first eyes that have lesions."""
        count, epochs = self.explainer
        chosen = [eye for eye in eyes if "nodes" in eye][:count]
        if not chosen or not epochs:
            return []
        import torch  # it takes seconds

        torch.set_num_threads(1)
        return [
            self.stored(
                f"gnn-explainer-{epochs}", eye["id"], lambda eye=eye: self._pyg(eye, epochs)
            )
            for eye in chosen
        ]

    def _pyg(self, eye: dict[str, Any], epochs: int) -> dict[str, Any]:
        from peers.gnn_explainer import gnn_explainer_masks

        (record,) = self.manifest.select([eye["id"]])
        stored = self.graph(record)
        clock = time.process_time()
        batch = standardised_batch(self.model.config, [stored])
        masks = gnn_explainer_masks(self.model, batch, epochs=epochs)
        seconds = time.process_time() - clock
        truth = read_eye(self.folder, record, stored, self.source)
        found = score_nodes({"GNNExplainer": masks}, truth)
        return {"id": record.id, "subject": record.subject, "nodes": found, "cpu_s": seconds}

    def weights(self, eyes: list[dict[str, Any]]) -> dict[str, Any]:
        """Rank correlations with ever more layers drawn anew, on a few eyes with lesions."""
        chosen = [eye for eye in eyes if "nodes" in eye][: self.randomised]
        if not chosen:
            return {}
        name = f"{len(chosen)}-{chosen[0]['id']}"
        return self.stored("weights", name, lambda: self._weights(chosen))

    def _weights(self, eyes: list[dict[str, Any]]) -> dict[str, Any]:
        records = self.manifest.select([eye["id"] for eye in eyes])
        found = weight_randomisation(
            self.model,
            [self.graph(record) for record in records],
            target=[record.label for record in records],
            threads=1,
        )
        tables = {"contribution": found.contribution, "magnitude": found.magnitude}
        return {
            "eyes": len(eyes),
            "layers": found.layers,
            **{
                name: {t: table[t].mean(axis=1).tolist() for t in TYPES}
                for name, table in tables.items()
            },
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--graphs", type=Path, required=True, help="folder of the cohort's graphs")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--model", type=Path, help="network; the one of the package by default")
    parser.add_argument("--eyes", type=int, help="so many of the test images, evenly spaced")
    parser.add_argument("--explainer-eyes", type=int, default=10, help="0 leaves out GNNExplainer")
    parser.add_argument("--explainer-epochs", type=int, default=100, help="for each eye")
    parser.add_argument("--randomised-eyes", type=int, default=8, help="for random weights")
    parser.add_argument("--resamples", type=int, default=2000, help="of subjects")
    parser.add_argument("--pictures", action="store_true", help="draw worst and typical eyes")
    options = parser.parse_args()
    run = Run(options)
    eyes = list(run.eyes())
    if not any("nodes" in eye for eye in eyes):
        raise RuntimeError("no eye with lesions is staged correctly")
    document: dict[str, Any] = {
        **header("localisation", [simd_target()]),
        "synthetic": datasets.is_synthetic(run.manifest),
        "model_sha256": run.sha256,
        **tables(eyes, run.explained_by_pyg(eyes), run.weights(eyes), resamples=options.resamples),
        "explainer_epochs": options.explainer_epochs,
    }
    document["goals"] = goals(document)
    text = markdown(document)
    for name, content in (
        ("localisation.json", json.dumps(document, indent=1) + "\n"),
        ("localisation.md", text),
    ):
        with atomic_path(options.out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    print(text)
    if options.pictures:
        draw_eyes(run, eyes, options.out / "pictures")
    return MET if all(row["met"] for row in document["goals"] if row["decides"]) else MISSED


if __name__ == "__main__":
    exit_with(main)
