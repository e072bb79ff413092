from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synmedbench.benchmark import CellRow, Memorisation, ScoreRow, decide
from synmedbench.benchmark._cell_key import CellKey
from synmedbench.benchmark._claims import Evidence
from synmedbench.benchmark._recipe import ClaimPart


def score(generator: str, seed: int, value: float, metric: str = "fd", extractor: str = "e") -> ScoreRow:
    return ScoreRow(generator=generator, imageset="x", extractor=extractor, metric=metric, seed=seed, value=value,
                    lo=value - 1, hi=value + 1, higher_is_better=metric == "plausible_share")  # fmt: skip


def evidence(scores=(), cells=(), memorisation=(), seeds=5) -> Evidence:
    names = list(dict.fromkeys(row.generator for row in scores))
    return Evidence(list(scores), list(cells), list(memorisation), names, list(range(seeds)), "e", "fd")


def one(claim: dict, found: Evidence):
    return decide([ClaimPart(id="c", **claim)], found)[0]


def test_a_difference_that_every_one_of_five_seeds_shows():
    scores = [score("gan", s, 5 + 0.1 * s) for s in range(5)] + [score("noise", s, 50 + s) for s in range(5)]
    claim = one({"compare": "score", "a": "gan", "b": "noise"}, evidence(scores))
    assert claim.verdict == "shown"
    assert claim.hi is not None
    assert claim.hi < 0
    assert claim.p_adjusted == claim.p


def test_the_wrong_direction_is_not_shown_however_sure():
    scores = [score("gan", s, 5 + 0.1 * s) for s in range(5)] + [score("noise", s, 50 + s) for s in range(5)]
    assert one({"compare": "score", "a": "noise", "b": "gan"}, evidence(scores)).verdict == "not shown"


def test_two_seeds_cannot_show_anything_but_are_shown():
    scores = [score("gan", s, 5) for s in range(2)] + [score("noise", s, 50) for s in range(2)]
    claim = one({"compare": "score", "a": "gan", "b": "noise"}, evidence(scores, seeds=2))
    assert claim.verdict == "cannot be known from these data"
    assert claim.per_seed == [-45, -45]
    assert claim.p is None


def test_holm_over_all_registered_contrasts_can_take_a_verdict_back():
    weak = [0.3, 0.1, 0.25, 0.02, 0.2]
    scores = [score("a", s, weak[s], "plausible_share", "H") for s in range(5)]
    scores += [score("b", s, 0.0, "plausible_share", "H") for s in range(5)]
    part = {"compare": "plausibility", "a": "a", "b": "b"}
    alone = one(part, evidence(scores))
    assert alone.verdict == "shown"
    nulls = [ClaimPart(id=f"n{i}", compare="plausibility", a="b", b="a") for i in range(9)]
    among = decide([ClaimPart(id="c", **part), *nulls], evidence(scores))[0]
    assert among.verdict == "not shown"
    assert among.p_adjusted == pytest.approx(10 * (alone.p or 0))


def test_a_registered_claim_that_could_not_be_tested_counts_in_holms_family():
    scores = [score("gan", s, 5 + 0.1 * s) for s in range(5)] + [score("noise", s, 50 + s) for s in range(5)]
    part = ClaimPart(id="c", compare="score", a="gan", b="noise")
    missing = ClaimPart(id="m", compare="score", a="gan", b="nobody")
    never = ClaimPart(id="n", compare="memorisation", a="gan")
    found = decide([part, missing, never], evidence(scores))
    assert found[0].p_adjusted == pytest.approx(2 * (found[0].p or 0))
    assert found[1].p_adjusted is None


def test_classifier_arms_are_paired_by_seed():
    def cell(arm: str, generator: str | None, seed: int, value: float, n: int = 8) -> CellRow:
        return CellRow(arm=arm, generator=generator, n_real_train=n, ratio=2, classifier="t", seed=seed, n_test=99,
                       metric="macro_auroc", value=value)  # fmt: skip

    cells = [cell("real-only", None, s, 0.7 + 0.1 * s) for s in range(5)]
    cells += [cell("real+synthetic", "gan", s, 0.75 + 0.1 * s + 0.001 * s) for s in range(5)]
    cells += [cell("real+synthetic", "gan", s, 0.1, n=32) for s in range(5)]
    claim = one(
        {"compare": "classifier", "a": "real+synthetic/gan", "b": "real-only", "n_real": 8},
        evidence(cells=cells),
    )
    assert claim.verdict == "shown"
    assert claim.value == pytest.approx(0.052)


def test_shared_test_patients_widen_a_classifier_contrast():
    def cell(arm: str, generator: str | None, seed: int, value: float) -> CellRow:
        return CellRow(arm=arm, generator=generator, n_real_train=8, ratio=2, classifier="t", seed=seed, n_test=99,
                       metric="macro_auroc", value=value)  # fmt: skip

    cells = [cell("real-only", None, s, 0.7) for s in range(5)]
    cells += [cell("real+synthetic", "gan", s, 0.75 + 0.001 * s) for s in range(5)]
    part = {"compare": "classifier", "a": "real+synthetic/gan", "b": "real-only", "n_real": 8}
    sure = one(part, evidence(cells=cells))
    assert sure.verdict == "shown"

    def drawn(spread: float):
        noise = np.random.default_rng(0).normal(0, spread, 300)
        found = {CellKey("real-only", None, 8, 2.0, "t", s): {"macro_auroc": np.zeros(301)} for s in range(5)}
        shifted = {"macro_auroc": np.concatenate([[0.0], noise])}
        return {**found, **{CellKey("real+synthetic", "gan", 8, 2.0, "t", s): shifted for s in range(5)}}

    close = one(part, replace(evidence(cells=cells), draws=drawn(0.01)))
    assert close.verdict == "shown"
    assert close.method == "t over seeds, patients within"
    assert (close.hi or 0) - (close.lo or 0) == pytest.approx(2 * 1.96 * 0.01, rel=0.1)
    assert one(part, replace(evidence(cells=cells), draws=drawn(0.05))).verdict == "not shown"


def test_memorisation_must_be_seen_in_every_seed():
    def entry(seed: int, memorising: bool | None) -> Memorisation:
        return Memorisation(
            generator="copy", seed=seed, memorising=memorising, copy_share=0.9, words="copies"
        )

    part = {"compare": "memorisation", "a": "copy"}
    assert one(part, evidence(memorisation=[entry(0, True), entry(1, True)])).verdict == "shown"
    assert one(part, evidence(memorisation=[entry(0, True), entry(1, False)])).verdict == "not shown"
    assert one(part, evidence(memorisation=[])).verdict == "cannot be known from these data"


def test_the_ceiling_holds_until_an_interval_lies_wholly_above_it():
    part = {"compare": "ceiling", "a": "real"}
    assert one(part, evidence([score("real", 0, 10), score("gan", 0, 9)], seeds=1)).verdict == "shown"
    beaten = one(part, evidence([score("real", 0, 10), score("gan", 0, 5)], seeds=1))
    assert beaten.verdict == "not shown"
    assert "gan" in beaten.words
    copies = Memorisation(generator="gan", seed=0, memorising=True, words="copies")
    found = evidence([score("real", 0, 10), score("gan", 0, 5)], memorisation=[copies], seeds=1)
    assert one(part, found).verdict == "shown"


def test_what_was_not_measured_cannot_be_known():
    claim = one({"compare": "plausibility", "a": "x", "b": "y"}, evidence())
    assert claim.verdict == "cannot be known from these data"
    assert "not measured" in claim.words


def test_a_doubtful_judge_shows_nothing_however_sure_the_seeds():
    scores = [score("a", s, 0.3 + 0.01 * s, "plausible_share", "H") for s in range(5)]
    scores += [score("b", s, 0.0, "plausible_share", "H") for s in range(5)]
    part = {"compare": "plausibility", "a": "a", "b": "b"}
    assert one(part, evidence(scores)).verdict == "shown"
    doubted = one(part, replace(evidence(scores), doubt="judge H is not reliable here"))
    assert doubted.verdict == "cannot be known from these data"
    assert doubted.p is None
