# SPDX-License-Identifier: Apache-2.0
"""Images to cases: table, findings, text and page belong together."""

from __future__ import annotations

from importlib import resources

import pytest

from drawn_eyes import untrained
from gftcore import pipeline, report
from gftcore.claims import Facts, banned_words, check_claims, text_claims
from gftcore.findings import find_findings, thresholds_of
from gftcore.model import default_model


@pytest.fixture(scope="module")
def said() -> pipeline.ExplainedImage:
    with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as sample:
        (eye,) = pipeline.explain_images([sample], keep=pipeline.CASE_KEEP)
    assert isinstance(eye, pipeline.ExplainedImage)
    return eye


def test_parts_belong_together(said: pipeline.ExplainedImage) -> None:
    case = pipeline.make_case(said, image_id="demo")
    thresholds = thresholds_of(default_model().config)
    assert thresholds is not None
    assert case.findings == find_findings(said.graph, thresholds)
    assert case.findings
    assert case.table.reference is not None
    assert case.table == pipeline.tabulate(said, image_id="demo")
    assert case.model == report.model_line(default_model())
    page = case.page(home="index.html")
    for sentence in case.text:
        assert sentence.text.rstrip(".") in page.replace("&#39;", "'")
    assert page == pipeline.make_case(said, image_id="demo").page(home="index.html")


def test_the_text_says_what_was_found(said: pipeline.ExplainedImage) -> None:
    """The claim checker, which knows nothing of the writer, finds no claim without support."""
    case = pipeline.make_case(said)
    facts = Facts.of_findings(
        eye=case.table.image.eye, stage=case.table.prediction, findings=case.findings
    )
    claims = [claim for one in case.text for claim in text_claims(one.text, eye=facts.eye)]
    assert claims
    checked = check_claims(claims, facts)
    assert {one.verdict for one in checked} == {"supported"}
    assert not [word for one in case.text for word in banned_words(one.text)]


def test_without_thresholds_nothing_is_looked_for(said: pipeline.ExplainedImage) -> None:
    network = untrained()
    case = pipeline.make_case(pipeline.explain_graph(said.graph, network), network)
    assert case.findings == ()
    facts = Facts.of_findings(eye="OD", stage="NPDR", findings=case.findings)
    (checked,) = check_claims(text_claims("No abnormality is seen.", eye="OD"), facts)
    assert checked.verdict == "unsupported"
    assert "could not be assessed" in " ".join(one.text for one in case.text)
