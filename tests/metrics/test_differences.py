"""Differences of two generators: paired, symmetric, honest about what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError, benjamini_hochberg, jackknife
from synmedbench.metrics import (
    PRDC,
    LeftOut,
    compare_generators,
    difference,
    difference_of,
    frechet_distance,
    frechet_interval,
    kernel_distance,
    left_out,
    load_left_out,
    prdc,
    save_left_out,
    share_difference,
    vendi_score,
)
from synmedbench.metrics._blocks import paired_blocks

METRICS = (
    "frechet_distance",
    "kernel_distance",
    "cmmd",
    "vendi_score",
    "precision",
    "recall",
    "density",
    "coverage",
)
RNG = np.random.default_rng(5)
REAL, A, B = RNG.standard_normal((3, 80, 6))
OFF = B * 0.6 + 0.4


@pytest.mark.parametrize("metric", METRICS)
def test_equal_generators_do_not_differ(metric):
    found = difference(REAL, A, A, metric)
    assert (found.value, found.lo, found.hi, found.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("metric", METRICS)
def test_swapping_the_two_turns_the_sign_alone(metric):
    one, two = difference(REAL, A, OFF, metric), difference(REAL, OFF, A, metric)
    assert (one.value, one.lo, one.hi) == pytest.approx((-two.value, -two.hi, -two.lo), abs=1e-12)
    assert one.p == pytest.approx(two.p, rel=1e-6)
    assert one.lo < one.value < one.hi


@pytest.mark.parametrize("metric", METRICS)
def test_the_p_value_agrees_with_the_interval(metric):
    for other in (B, B * 0.9, B + 0.15, OFF):
        found = difference(REAL, A, other, metric)
        assert (found.p < 0.05) == found.excludes(0), found
        at_p = difference(REAL, A, other, metric, level=1 - min(max(found.p, 1e-9), 1 - 1e-9))
        assert min(abs(at_p.lo), abs(at_p.hi)) < max(1e-9, 1e-3 * (at_p.hi - at_p.lo))


def test_the_value_is_the_difference_of_the_metrics():
    expected = {
        "frechet_distance": frechet_distance(REAL, A) - frechet_distance(REAL, OFF),
        "kernel_distance": kernel_distance(REAL, A) - kernel_distance(REAL, OFF),
        "vendi_score": vendi_score(A) - vendi_score(OFF),
        **PRDC(*np.subtract(prdc(REAL, A), prdc(REAL, OFF)))._asdict(),
    }
    for metric, value in expected.items():
        assert difference(REAL, A, OFF, metric).value == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_the_jackknife_is_that_of_the_difference_computed_anew():
    of_x, of_a = paired_blocks(80, 80)
    left = [
        frechet_distance(REAL[of_x != b], A[of_a != b]) - frechet_distance(REAL[of_x != b], OFF[of_a != b])
        for b in range(20)
    ]
    plain = jackknife(left, 0.0)
    found = difference(REAL, A, OFF)
    assert found.hi - found.value == pytest.approx(plain.hi, rel=1e-7)


def test_pairing_through_the_real_images_narrows_the_interval():
    """Few real patients that differ much: both generators suffer from them alike."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(12), 5)
    real = rng.standard_normal((12, 4))[patient] * 3 + rng.standard_normal((60, 4)) * 0.1
    a = rng.standard_normal((300, 4)) * 3
    b = a + rng.standard_normal((300, 4)) * 0.3
    found = difference(real, a, b, groups_real=patient)
    alone = [frechet_interval(real, each, patient) for each in (a, b)]
    unpaired = np.hypot(*(each.hi - each.value for each in alone))
    assert found.hi - found.value < 0.3 * unpaired


def test_a_metric_of_ones_own_is_compared_too():
    class Reach:
        name, higher_is_better, needs = "reach", True, 2

        def __call__(self, real: np.ndarray, synthetic: np.ndarray) -> float:
            return float(np.abs(synthetic).mean())

    found = difference(REAL, A, OFF, Reach())
    assert found.value == pytest.approx(np.abs(A).mean() - np.abs(OFF).mean())
    assert difference(REAL, A, OFF, "precision?k=3").value == pytest.approx(
        prdc(REAL, A, 3).precision - prdc(REAL, OFF, 3).precision
    )


def test_a_leaderboard_is_adjusted_over_all_pairs_and_metrics():
    sets = {"a": A, "b": B, "off": OFF, "Ä ö": A + 3}
    found = compare_generators(REAL, sets, ("frechet_distance", "coverage"))
    assert len(found) == 2 * 6
    p = [each.difference.p for each in found]
    assert [each.p_adjusted for each in found] == pytest.approx(benjamini_hochberg(p).tolist())
    one = next(each for each in found if (each.a, each.b, each.metric) == ("a", "off", "coverage"))
    assert one.difference == difference(REAL, A, OFF, "coverage")


def test_what_cannot_be_compared_has_a_reason_and_no_number():
    sets = {"a": A, "b": B, "few": A[:6], "less": A[:60]}
    found = {
        (each.a, each.b, each.metric): each
        for each in compare_generators(REAL, sets, ("frechet_distance", "kernel_distance"))
    }
    assert found["a", "b", "frechet_distance"].p_adjusted is not None
    few = found["a", "few", "kernel_distance"]
    assert few.difference is None
    assert few.p_adjusted is None
    assert "6 independent" in few.reason
    assert "80 and 60" in found["a", "less", "frechet_distance"].reason
    assert found["a", "less", "kernel_distance"].difference is not None
    with pytest.raises(UserError, match="80 and 60"):
        difference(REAL, A, A[:60], "vendi_score")


def test_kept_replicates_compare_later(tmp_path):
    for name, rows in (("a", A), ("ö", OFF)):
        save_left_out(left_out(REAL, rows, METRICS), tmp_path / f"{name}.npz")
    a, b = load_left_out(tmp_path / "a.npz"), load_left_out(tmp_path / "ö.npz")
    for metric, one, two in zip(METRICS, a, b, strict=True):
        assert difference_of(one, two) == difference(REAL, A, OFF, metric)
    with pytest.raises(UserError, match="not one metric"):
        difference_of(a[0], b[1])


def test_other_real_images_seeds_or_blocks_are_refused():
    base = left_out(REAL, A, ["frechet_distance", "recall"])
    for other in (
        left_out(REAL + 1e-9, B, ["frechet_distance", "recall"]),
        left_out(REAL, B, ["frechet_distance", "recall"], seed=1),
    ):
        for one, two in zip(base, other, strict=True):
            with pytest.raises(UserError, match="different real images"):
                difference_of(one, two)
    with pytest.raises(UserError, match="different real images"):
        difference_of(base[0], left_out(REAL, B, ["frechet_distance"], most_blocks=15)[0])


def test_what_is_no_file_of_replicates_is_told(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(UserError, match="no such file"):
        load_left_out(path)
    save_left_out(left_out(REAL, A, ["kernel_distance"]), path)
    whole = path.read_bytes()
    for content in (b"", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(UserError, match="not a file"):
            load_left_out(path)


@pytest.mark.parametrize("metric", ["authenticity", "copy_share", "frechet_distance_floor"])
def test_metrics_that_read_other_sets_are_refused(metric):
    with pytest.raises(UserError, match="alone"):
        left_out(REAL, A, [metric])


@pytest.mark.parametrize("bad", [np.full((80, 6), np.nan), np.zeros((80, 5)), np.zeros(80), np.zeros((0, 6))])
def test_bad_features_raise(bad):
    with pytest.raises(UserError):
        compare_generators(REAL, {"a": A, "b": bad})
    with pytest.raises(UserError):
        difference(REAL, A, bad)


def test_degenerate_features_have_an_interval_or_a_reason():
    same = np.ones((40, 3))
    for metric in METRICS:
        found = compare_generators(same, {"a": same, "b": same + 1}, [metric])[0]
        assert (found.difference is None) == (found.reason is not None)
        if found.difference is not None:
            assert 0 <= found.difference.p <= 1


def test_shares_unpaired_and_paired():
    a, b = [1] * 48 + [0] * 2, [1] * 36 + [0] * 12 + [1] * 2
    paired = share_difference(a, b, paired=True)
    assert (paired.lo, paired.hi) == pytest.approx((0.0569, 0.3404), abs=5e-5)  # Newcombe 1998, method 10
    assert paired.p == pytest.approx(2 * (1 + 14 + 91) / 2**14)
    unpaired = share_difference(a, b)
    assert (unpaired.p < 0.05) == unpaired.excludes(0)
    assert share_difference([1], [0]).p > 0.05
    assert share_difference(a, a, paired=True).p == 1
    for other in ([], [0.5], ["x"], [[1]], [None]):
        with pytest.raises(UserError):
            share_difference(a, other)
    with pytest.raises(UserError, match="paired"):
        share_difference(a, b[:-1], paired=True)


def test_left_out_says_how_it_was_dealt():
    found: LeftOut = left_out(REAL, A, ["density"], k=4)[0]
    assert (found.k, found.halves, found.n_real, found.n_synthetic) == (4, True, 80, 80)
