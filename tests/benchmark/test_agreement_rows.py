"""Agreement in a record: over generators alone and with the reference arms, means over seeds, null with reasons."""

from __future__ import annotations

import pytest

from synmedbench.benchmark import ScoreRow
from synmedbench.benchmark._agreement_rows import agreement_rows

KINDS = {**{f"g{i}": "generator" for i in range(5)}, "blur:1": "reference", "noise": "reference"}


def row(
    generator: str, extractor: str, value: float | None, seed: int = 0, metric: str = "coverage"
) -> ScoreRow:
    return ScoreRow(
        generator=generator, imageset="x", extractor=extractor, metric=metric, seed=seed, value=value
    )


def rows(extractor: str, values: list[float | None]) -> list[ScoreRow]:
    return [row(name, extractor, value) for name, value in zip(KINDS, values, strict=True)]


def test_rows_over_generators_and_with_the_arms() -> None:
    scores = rows("domain", [1, 2, 3, 4, 5, 9, 10]) + rows("texture", [1, 2, 3, 5, 4, 9, 10])
    alone, arms = agreement_rows(scores, KINDS)
    assert (alone.over, alone.n, alone.first, alone.second) == ("generators", 5, "domain", "texture")
    assert alone.tau == pytest.approx(0.8)
    assert (arms.over, arms.n) == ("generators and reference arms", 7)
    assert arms.tau is not None
    assert arms.tau > 0.8


def test_seeds_are_averaged_and_a_lost_seed_is_no_score() -> None:
    first = rows("a", [1, 2, 3, 4, 5, 6, 7])
    scores = [*first, row("g0", "a", 99, seed=1), *rows("b", [1, 2, 3, 4, 5, 6, 7])]
    assert agreement_rows(scores, KINDS)[0].tau == pytest.approx(0.2), (
        "g0 is the highest of a, the lowest of b"
    )
    lost = agreement_rows([*scores, row("g0", "b", None, seed=1)], KINDS)[0]
    assert lost.tau is None
    assert lost.reason == "not enough data: 4 generators scored by both, 5 needed"


def test_judges_strata_and_single_extractors_give_no_row() -> None:
    one = rows("domain", [1, 2, 3, 4, 5, 6, 7])
    assert agreement_rows(one, KINDS) == []
    assert agreement_rows(one + rows("R", [1, 2, 3, 4, 5, 6, 7]), KINDS) == []
    by_class = [each.model_copy(update={"stratum": "label=a", "extractor": "texture"}) for each in one]
    assert agreement_rows(one + by_class, KINDS) == []
    assert agreement_rows([], {}) == []
