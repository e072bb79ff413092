"""What alignments came to at their last step, paired with the control and with a shuffled reward."""

from __future__ import annotations

import pytest

from synmedbench.benchmark import TrajectoryPoint
from synmedbench.reports._results_unstopped import last_points, shuffled_twins, unstopped_table

from .aligned_record import aligned_record


def point(generator: str, seed: int, step: int, h: float | None) -> TrajectoryPoint:
    return TrajectoryPoint(generator=generator, seed=seed, step=step, n=10, H=h, coverage=0.5, R_mean=0.4)


def planted(seeds: int = 5):
    record = aligned_record(seeds=seeds)
    methods = ["real-only", "draft?late=0.9", "shuffled:draft?late=0.9", {"name": "nft", "alias": "ours"}]
    record.asked = {"resolved": {"base": "diffusion", "alignment": {"methods": methods, "control": "real-only"}}}
    record.trajectories = [
        point(name, seed, step, level + 0.01 * seed + (noise * (seed % 2) if step else 0))
        for name, level, noise in (
            ("real-only", 0.5, 0.0), ("draft", 0.4, 0.02), ("shuffled", 0.35, 0.0), ("ours", 0.6, 0.02)
        )
        for seed in range(seeds)
        for step in (0, 50, 100)
    ]  # fmt: skip
    return record


def test_the_last_step_counts_paired_by_seed():
    lines = unstopped_table(planted()).splitlines()
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in lines[2:]}
    assert list(cells) == ["draft", "shuffled", "ours"]
    assert cells["draft"][1] == "100"
    assert cells["draft"][2].startswith("-0.092 [")
    assert cells["draft"][5].startswith("+0.058 [")
    assert cells["ours"][5].startswith("–")


def test_few_seeds_have_no_interval_and_a_missing_verdict_no_number():
    record = planted(seeds=3)
    assert "[" not in unstopped_table(record).splitlines()[2]
    for each in record.trajectories:
        if each.generator == "draft":
            each.H = None
    assert unstopped_table(record).splitlines()[2].split(" | ")[2] == "–"


def test_without_trajectories_or_control_there_is_no_table():
    record = planted()
    record.asked = {}
    assert unstopped_table(record) is None
    record = planted()
    record.trajectories = [each for each in record.trajectories if each.step == 0]
    assert unstopped_table(record) is None
    assert last_points(record) == {}


@pytest.mark.parametrize(
    ("methods", "found"),
    [
        (["draft?late=0.9", "shuffled:draft?late=0.9"], {"draft": "shuffled"}),
        (["draft?late=0.3", "shuffled:draft?late=0.9"], {}),
        (
            [{"name": "draft", "late": 0.9, "alias": "a"}, {"name": "shuffled:draft", "late": 0.9, "alias": "b"}],
            {"a": "b"},
        ),
        (["draft", "shuffled:draft", "shuffled:nft"], {"draft": "shuffled"}),
        ([], {}),
    ],
)  # fmt: skip
def test_a_twin_has_the_same_method_and_options(methods, found):
    assert shuffled_twins({"methods": methods}) == found
