"""Non-inferiority: its level, its bounds, and its place among the claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.benchmark import ScoreRow, decide
from synmedbench.benchmark._claims import Evidence
from synmedbench.benchmark._non_inferiority import non_inferiority
from synmedbench.benchmark._recipe import ClaimPart
from synmedbench.core import UserError, wilson

values = st.lists(st.floats(0, 1).map(lambda x: round(x, 4)), min_size=5, max_size=12)


@settings(deadline=None)
@given(values, st.floats(0.001, 0.5))
def test_shown_bound_and_p_agree(differences, margin):
    found = non_inferiority(differences, [0.3] * len(differences), margin)
    if found.shown is None:
        assert found.p is None
        return
    assert found.lo < found.value < found.hi
    assert found.shown == (found.lo > -margin)
    assert found.shown == (found.p < 0.05) or abs(found.p - 0.05) < 1e-9
    assert 0 <= found.p <= 1


def test_a_loss_of_exactly_the_margin_is_called_not_inferior_at_its_level():
    draw, n = np.random.default_rng(0), 1500
    shown = 0
    for _ in range(n):
        control = draw.normal(0.5, 0.1, 5)
        ours = control - 0.05 + draw.normal(0, 0.03, 5)
        shown += bool(non_inferiority(list(ours), list(control), 0.05).shown)
    interval = wilson(shown, n)
    assert interval.lo <= 0.05 <= interval.hi


def test_few_seeds_no_seeds_and_no_spread_claim_nothing():
    for a in ([], [0.5], [0.5] * 4):
        assert non_inferiority(a, [0.4] * len(a), 0.05).shown is None
    flat = non_inferiority([0.5] * 5, [0.5] * 5, 0.05)
    assert flat.shown is None
    assert "no spread" in flat.words
    assert non_inferiority([0.6, 0.7, 0.3, 0.1, 0.1], [0.5, 0.6, 0.2, 0.0, 0.0], 0.05).shown is None
    with pytest.raises(UserError, match="above 0"):
        non_inferiority([0.5] * 5, [0.5] * 5, 0.0)


def rows(metric: str, better: bool | None, **sides: list[float]) -> list[ScoreRow]:
    return [
        ScoreRow(generator=name, imageset="x", extractor="e", metric=metric, seed=seed, value=value,
                 higher_is_better=better)
        for name, found in sides.items()
        for seed, value in enumerate(found)
    ]  # fmt: skip


def evidence(scores: list[ScoreRow]) -> Evidence:
    return Evidence(scores, [], [], [], list(range(5)), "e", "fd", margin=0.05, control="control")


OURS, CONTROL = [0.50, 0.49, 0.51, 0.50, 0.52], [0.51, 0.50, 0.50, 0.51, 0.50]


def test_the_claim_takes_the_recipes_margin_and_control():
    (claim,) = decide(
        [ClaimPart(id="c", compare="non-inferiority", a="ours")],
        evidence(rows("coverage", True, ours=OURS, control=CONTROL)),
    )
    assert claim.verdict == "shown"
    assert "margin 0.05" in claim.contrast
    assert claim.lo > -0.05
    assert claim.p < 0.05
    assert claim.per_seed == pytest.approx(np.subtract(OURS, CONTROL))


def test_a_tight_margin_is_not_shown_and_a_claims_own_margin_counts():
    part = ClaimPart(
        id="c", compare="non-inferiority", a="ours", b="control", metric="coverage", margin=0.001
    )
    (claim,) = decide([part], evidence(rows("coverage", True, ours=OURS, control=CONTROL)))
    assert claim.verdict == "not shown"
    assert "0.001" in claim.words


def test_its_p_value_stands_in_the_holm_family():
    scores = rows("coverage", True, ours=OURS, control=CONTROL)
    parts = [ClaimPart(id=f"c{i}", compare="non-inferiority", a="ours", margin=0.016) for i in range(3)]
    alone = decide(parts[:1], evidence(scores))[0]
    family = decide(parts, evidence(scores))[0]
    assert alone.verdict == "shown"
    assert family.p == alone.p
    assert family.p_adjusted == pytest.approx(min(1, 3 * alone.p))
    assert family.verdict == ("shown" if 3 * alone.p < 0.05 else "not shown")
    assert ("no longer shown" in family.words) == (family.verdict == "not shown")


def test_where_lower_is_better_a_rise_is_the_loss():
    near = [10.0, 10.2, 9.9, 10.1, 10.0]
    far = [12.0, 12.1, 12.3, 11.9, 12.2]
    part = ClaimPart(id="c", compare="non-inferiority", a="ours", b="control", metric="fd", margin=1.0)
    (worse,) = decide([part], evidence(rows("fd", False, ours=far, control=near)))
    (better,) = decide([part], evidence(rows("fd", False, ours=near, control=far)))
    assert (worse.verdict, better.verdict) == ("not shown", "shown")
    assert worse.value == pytest.approx(np.mean(np.subtract(far, near)))
    assert worse.lo < worse.value < worse.hi
    assert worse.words.startswith("turned round, as lower is better: difference -2.")


def test_an_unmeasured_side_or_no_control_is_unknown():
    part = ClaimPart(id="c", compare="non-inferiority", a="ours")
    (claim,) = decide([part], evidence(rows("coverage", True, ours=OURS)))
    assert claim.verdict == "cannot be known from these data"
    assert claim.p is None


def test_a_metric_without_a_better_direction_decides_nothing():
    part = ClaimPart(id="c", compare="non-inferiority", a="ours", b="control", metric="odd")
    (claim,) = decide([part], evidence(rows("odd", None, ours=OURS, control=CONTROL)))
    assert claim.verdict == "cannot be known from these data"
    assert claim.p is None
    assert "which direction" in claim.words
