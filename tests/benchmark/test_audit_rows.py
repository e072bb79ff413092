"""Audits of a run: gains and prices by seed, what E would have chosen, and trajectories held where they stop."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.benchmark import ScoreRow, TrajectoryPoint
from synmedbench.benchmark._audit_rows import BEST_BY_E, Findings, audit_rows, candidates, choose_by_e
from synmedbench.benchmark._recipe import AlignmentPart

SEEDS = list(range(5))


def part(*methods: str, **more) -> AlignmentPart:
    return AlignmentPart(methods=["real-only", *methods], **more)


def row(name: str, metric: str, by: str, seed: int, value: float) -> ScoreRow:
    return ScoreRow(generator=name, imageset="x", extractor=by, metric=metric, seed=seed, value=value)


def judged(name: str, judge: str, values, metric: str = "plausible_share") -> list[ScoreRow]:
    return [row(name, metric, judge, seed, float(value)) for seed, value in enumerate(values)]


def findings(scores: list[ScoreRow], alignment: AlignmentPart, **more) -> Findings:
    return Findings(alignment, SEEDS, "e", scores, **more)


def a_run(draw: np.random.Generator, methods: tuple[str, ...], gain=0.0) -> list[ScoreRow]:
    """Every method gains as much on E and H, with noise of its own on each."""
    scores = []
    for judge in ("R", "E", "H"):
        for name in ("real-only", *methods):
            values = 0.6 + draw.normal(0, 0.04, 5) + (0.0 if name == "real-only" else gain)
            scores += judged(name, judge, values)
    return scores


def test_every_method_but_the_control_is_audited_with_its_prices():
    scores = a_run(np.random.default_rng(0), ("draft", "nft"), 0.2)
    for name, recall in (("real-only", 0.5), ("draft", 0.49), ("nft", 0.3)):
        noise = np.random.default_rng(len(name)).normal(0, 0.005, 5)
        scores += [row(name, "recall", "e", seed, recall + noise[seed]) for seed in SEEDS]
    rows = {each.aligner: each for each in audit_rows(findings(scores, part("draft", "nft")))}
    assert list(rows) == ["draft", "nft", BEST_BY_E]
    assert rows["draft"].verdict == "helped"
    assert [price.verdict for price in rows["draft"].prices] == [
        "not inferior",
        "cannot be known from these data",
    ]
    assert rows["nft"].prices[0].verdict == "not shown"
    assert rows["nft"].prices[0].per_seed == pytest.approx([-0.2] * 5, abs=0.03)
    assert rows["draft"].steps == 40
    assert rows["draft"].stopped_at == rows["draft"].path_kl == []


def test_e_chooses_by_the_other_seeds_alone():
    scores = judged("real-only", "E", [0] * 5)
    scores += judged("draft", "E", [0.9, 0.1, 0.1, 0.1, 0.1]) + judged("nft", "E", [0.2] * 5)
    choice = choose_by_e(findings(scores, part("draft", "nft")))
    assert choice == {0: "nft", 1: "draft", 2: "draft", 3: "draft", 4: "draft"}


def test_e_chooses_by_its_mean_probability_where_that_is_known():
    scores = []
    for metric, draft in (("plausible_share", 1.0), ("plausible_mean", 0.1)):
        scores += judged("real-only", "E", [0] * 5, metric) + judged("nft", "E", [0.5] * 5, metric)
        scores += judged("draft", "E", [draft] * 5, metric)
    assert set(choose_by_e(findings(scores, part("draft", "nft"))).values()) == {"nft"}


def test_controls_cannot_be_chosen_and_rerated_methods_can():
    alignment = part("draft", "nft", "shuffled:draft", "inverted:draft", rerate=["draft"])
    assert candidates(alignment) == ["draft", "nft", "draft-rerated"]
    assert choose_by_e(findings(judged("draft", "E", [1] * 5), part("draft"))) == {}


def test_the_row_says_what_was_chosen_and_has_its_gains():
    scores = a_run(np.random.default_rng(1), ("draft", "nft"))
    scores += judged("draft", "E", [0.9] * 5)
    row_ = audit_rows(findings(scores, part("draft", "nft")))[-1]
    assert row_.chosen_by_e
    assert row_.words.startswith("chosen by E on the other seeds: draft (5 seeds)")
    draft = next(
        each for each in audit_rows(findings(scores, part("draft", "nft"))) if each.aligner == "draft"
    )
    assert row_.gains == draft.gains


def test_what_e_chose_is_no_winners_curse():
    """Ten methods that do nothing, E and H seeing the same images: the chosen one gains nothing on H on average."""
    draw, gains, cursed = np.random.default_rng(0), [], []
    methods = tuple(f"m{i}" for i in range(10))
    alignment = AlignmentPart(methods=["real-only", *({"name": "draft", "alias": m} for m in methods)])
    for _ in range(60):
        truth = {name: draw.normal(0, 0.05, 5) for name in methods}
        scores = judged("real-only", "E", [0] * 5) + judged("real-only", "H", [0] * 5)
        for name in methods:
            scores += judged(name, "E", truth[name]) + judged(name, "H", truth[name])
        gains.append(np.mean(audit_rows(findings(scores, alignment))[-1].gains["H"]))
        cursed.append(max(values.mean() for values in truth.values()))
    standard_error = np.std(gains) / np.sqrt(len(gains))
    assert np.mean(gains) < 2.5 * standard_error
    assert np.mean(cursed) > 0.02


@pytest.mark.slow
def test_a_choice_among_methods_that_do_nothing_is_rarely_called_helped():
    draw, n = np.random.default_rng(0), 1500
    methods = ("draft", "nft", "kto", "best-of-n", "reward-weighted")
    alignment, helped = part(*methods), 0
    for _ in range(n):
        scores = a_run(draw, methods)
        helped += audit_rows(findings(scores, alignment))[-1].verdict == "helped"
    assert helped / n <= 0.05


def points(name: str, seed: int, h, chosen: int, kl=None) -> list[TrajectoryPoint]:
    return [
        TrajectoryPoint(generator=name, seed=seed, step=10 * i, n=9, H=value, chosen=10 * i == chosen,
                        path_kl=None if kl is None else kl[i])
        for i, value in enumerate(h)
    ]  # fmt: skip


def test_a_trajectory_is_held_from_the_state_that_was_sampled_on():
    draw = np.random.default_rng(2)
    along = [
        each
        for seed in SEEDS
        for each in points(
            "draft", seed, np.array([0.5, 0.7, 0.4]) + draw.normal(0, 0.01, 3), 10, [0, 1.0, 3.0]
        )
    ]
    scores = a_run(draw, ("draft",), 0.2)
    stopped = {("draft", seed): 10 for seed in SEEDS}
    (early,) = audit_rows(findings(scores, part("draft"), points=along, stopped=stopped))
    assert all(run[1] == run[2] for run in early.trajectory_h)
    assert early.verdict == "helped"
    assert early.stopped_at == [10] * 5
    assert early.path_kl == [1.0] * 5
    late = {key: 20 for key in stopped}
    (end,) = audit_rows(findings(scores, part("draft"), points=along, stopped=late))
    assert end.verdict == "hacked"
    assert "snapshot 1" in end.words


def test_a_seed_without_its_trajectory_leaves_the_rest():
    along = [each for seed in SEEDS[:4] for each in points("draft", seed, [0.5, 0.7, 0.4], 20)]
    stopped = {("draft", seed): 20 for seed in SEEDS[:4]}
    (found,) = audit_rows(
        findings(
            a_run(np.random.default_rng(0), ("draft",), 0.2), part("draft"), points=along, stopped=stopped
        )
    )
    assert len(found.trajectory_h) == 4
    assert found.stopped_at == [20, 20, 20, 20, None]
    assert found.verdict == "helped"


def test_a_doubt_about_h_claims_nothing_for_any_row():
    scores = a_run(np.random.default_rng(0), ("draft", "nft"), 0.2)
    rows = audit_rows(findings(scores, part("draft", "nft"), doubt="H is blind"))
    assert {each.verdict for each in rows} == {"cannot be known from these data"}


def test_a_trajectory_without_its_base_is_left_out_and_spoils_no_record():
    draw = np.random.default_rng(3)
    h = [np.array([0.5, 0.7, 0.4]) + draw.normal(0, 0.01, 3) for _ in SEEDS]
    along = [each for seed in SEEDS for each in points("draft", seed, h[seed], 20)]
    along = [each for each in along if (each.seed, each.step) != (0, 0)]
    stopped = {("draft", seed): 20 for seed in SEEDS}
    (found,) = audit_rows(findings(a_run(draw, ("draft",), 0.2), part("draft"), points=along, stopped=stopped))
    assert [len(run) for run in found.trajectory_h] == [3] * 4


def test_a_method_that_failed_on_every_seed_does_not_keep_e_from_choosing():
    scores = judged("real-only", "E", [0] * 5) + judged("draft", "E", [0.1] * 5) + judged("nft", "E", [0.2] * 5)
    assert set(choose_by_e(findings(scores, part("draft", "kto", "nft"))).values()) == {"nft"}


def test_seeds_on_which_e_preferred_the_base_are_told():
    along = [each for seed in SEEDS for each in points("draft", seed, [0.5, 0.4], 0)]
    stopped = {("draft", seed): 0 if seed < 2 else 10 for seed in SEEDS}
    scores = a_run(np.random.default_rng(0), ("draft",), 0.2)
    (found,) = audit_rows(findings(scores, part("draft"), points=along, stopped=stopped))
    assert "on 2 of 5 seeds E preferred the base itself" in found.words
