"""FD-infinity, sliced Wasserstein, Inception score, C_T, closest records, distances inside a class, Vendi orders."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError, registry
from synmedbench.metrics import _builtin as builtin
from synmedbench.metrics import (
    closest_record_ratio,
    data_copying_interval,
    data_copying_score,
    frechet_distance,
    frechet_distance_infinity,
    frechet_infinity_interval,
    inception_score,
    inception_score_interval,
    intra_class_distance,
    intra_class_interval,
    intra_class_ratio,
    kernel_distance,
    metric_card,
    score_panel,
    sliced_wasserstein,
    sliced_wasserstein_interval,
    vendi_score,
)

X, Y, Z = np.random.default_rng(0).standard_normal((3, 240, 5))
PATIENTS = np.repeat(np.arange(60), 4)


def test_extrapolation_undoes_the_bias() -> None:
    rng = np.random.default_rng(1)
    sets = [rng.standard_normal((2, 200, 12)) for _ in range(30)]
    assert np.mean([frechet_distance(x, y) for x, y in sets]) > 0.3
    assert abs(np.mean([frechet_distance_infinity(x, y) for x, y in sets])) < 0.05


def test_sets_of_different_n_compare() -> None:
    rng, shift = np.random.default_rng(2), np.array([[[0.0]], [[0.5]]])
    small, large = ([rng.standard_normal((2, n, 8)) + shift for _ in range(20)] for n in (60, 480))
    plain = [np.mean([frechet_distance(x, y) for x, y in sets]) for sets in (small, large)]
    infinite = [np.mean([frechet_distance_infinity(x, y) for x, y in sets]) for sets in (small, large)]
    assert plain[0] - plain[1] > 0.4
    assert infinite == pytest.approx([2.0, 2.0], abs=0.25)


def test_extrapolation_is_seeded_and_keeps_patients_together() -> None:
    assert frechet_distance_infinity(X, Y, seed=1) == frechet_distance_infinity(X, Y, seed=1)
    assert frechet_distance_infinity(X, Y, seed=1) != frechet_distance_infinity(X, Y, seed=2)
    twins = np.repeat(X[::4], 4, axis=0)
    found = frechet_distance_infinity(twins, Y, np.repeat(np.arange(60), 4))
    assert found != frechet_distance_infinity(twins, Y)


def test_leaving_a_block_out_equals_extrapolating_from_the_rest() -> None:
    """Subsets without a block are those that the whole set has, less that block's rows."""
    from synmedbench.metrics._frechet_infinity import _checked, _Nested

    x, y = _checked(X, Y)
    gone = np.arange(240) % 20 == 3
    whole = _Nested.of(x, y, None, None, 0)
    apart = _Nested(
        *(
            type(side).of(side.rows[~gone], side.segment[~gone], len(side.counts))
            for side in (whole.x, whole.y)
        ),
        whole.subsets,
    )
    assert whole.extrapolated((gone, gone)) == pytest.approx(apart.extrapolated(), rel=1e-9)


def test_interval_of_the_extrapolation_holds_its_value() -> None:
    found = frechet_infinity_interval(X, Y, PATIENTS)
    assert found.value == pytest.approx(frechet_distance_infinity(X, Y, PATIENTS), rel=1e-12)
    assert found.lo < 0 < found.hi


def test_one_giant_patient_leaves_nothing_to_nest() -> None:
    with pytest.raises(UserError, match="not enough data"):
        frechet_distance_infinity(X, Y, np.zeros(240))


def test_sliced_wasserstein_is_exact_in_one_dimension() -> None:
    from scipy.stats import wasserstein_distance

    x, y = np.random.default_rng(0).integers(0, 2, (2, 30, 1)).astype(float)
    y = y[:17]
    assert sliced_wasserstein(x, y) ** 2 == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]), abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(7, 13), (12, 18), (20, 20), (5, 40)])
def test_unequal_n_is_that_of_every_image_repeated(n: int, m: int) -> None:
    x, y = X[:n], Y[:m] + 1
    repeated = np.repeat(x, m, axis=0), np.repeat(y, n, axis=0)
    assert sliced_wasserstein(x, y) == pytest.approx(sliced_wasserstein(*repeated), rel=1e-12)


def test_jackknife_of_sliced_wasserstein_leaves_out_and_computes_anew() -> None:
    from synmedbench.core import jackknife
    from synmedbench.metrics._blocks import paired_blocks

    of_x, of_y = paired_blocks(60, 45)
    left = [sliced_wasserstein(X[:60][of_x != b], Y[:45][of_y != b]) for b in range(20)]
    found, expected = (
        sliced_wasserstein_interval(X[:60], Y[:45]),
        jackknife(left, sliced_wasserstein(X[:60], Y[:45])),
    )
    assert (found.value, found.hi) == pytest.approx((expected.value, expected.hi), rel=2e-2)


def test_inception_score_counts_classes() -> None:
    assert inception_score(np.repeat(np.eye(7), 5, axis=0)) == pytest.approx(7, rel=1e-12)
    assert inception_score(np.full((20, 7), 1 / 7)) == 1.0
    assert inception_score(np.repeat(np.eye(7)[:1], 5, axis=0)) == 1.0
    sure = inception_score_interval(np.tile(np.eye(4), (10, 1)))
    assert sure.value == 4.0
    assert sure.hi == 4.0


def test_data_copying_compares_place_by_place() -> None:
    """Copies in one of two places alone, made up for by distant images in the other: one cell for all cannot see it."""
    places = [np.zeros(5), np.full(5, 60.0)]
    rng = np.random.default_rng(12)
    train, holdout, fresh = ([rng.standard_normal((200, 5)) + place for place in places] for _ in range(3))
    made = [train[0] + 0.001, fresh[1] + 3.0]
    joined = [np.concatenate(each) for each in (train, made, holdout)]
    alone = [data_copying_score(train[i], made[i], holdout[i], cells=1) for i in (0, 1)]
    assert alone[0] < -5 < 5 < alone[1]
    assert data_copying_score(*joined, cells=2) == pytest.approx(np.mean(alone), rel=0.05)


def test_data_copying_uses_the_mann_whitney_statistic() -> None:
    from scipy.stats import mannwhitneyu

    distances = [np.linalg.norm(each[:, None] - X[None], axis=2).min(axis=1) for each in (Y, Z)]
    u = mannwhitneyu(*distances).statistic
    expected = (u - 240 * 240 / 2) / np.sqrt(240 * 240 * 481 / 12)
    assert data_copying_score(X, Y, Z, cells=1) == pytest.approx(expected, rel=1e-12)


def test_data_copying_interval_covers_zero_for_a_fair_generator() -> None:
    rng = np.random.default_rng(5)
    found = [data_copying_interval(*rng.standard_normal((3, 120, 4)), cells=3) for _ in range(25)]
    assert sum(each.lo < 0 < each.hi for each in found) >= 20


def test_data_copying_tells_when_no_place_holds_enough() -> None:
    with pytest.raises(UserError, match="not enough data: no cell holds"):
        data_copying_score(X, Y[:8], Z)


def test_closest_record_is_fair_where_many_images_share_a_nearest_one() -> None:
    """In 24 dimensions a few hubs are nearest to most images: the binomial p-value is below .05 far too often, the
    permutation's is not, and the interval covers one half."""
    rng = np.random.default_rng(7)
    found = [
        closest_record_ratio(*(rng.standard_normal((n, 24)) for n in (100, 600, 100))) for _ in range(40)
    ]
    assert np.mean([each.p_value < 0.05 for each in found]) <= 0.15
    assert np.mean([each.p_binomial < 0.05 for each in found]) >= 0.15
    assert np.mean([each.share.lo <= 0.5 <= each.share.hi for each in found]) >= 0.85


def test_closest_record_draws_equally_many_and_splits_ties() -> None:
    found = closest_record_ratio(X, Y, Z[:50])
    assert found.n_each == 50
    assert found == closest_record_ratio(X, Y, Z[:50])
    same = closest_record_ratio(X, Y, X)
    assert same.share.value == 0.5
    assert same.p_binomial == 1.0


def test_closest_record_deals_labels_to_whole_patients() -> None:
    """All copies are of one patient: with patients known, that is one event, not twenty."""
    rng = np.random.default_rng(11)
    train, holdout = rng.standard_normal((2, 200, 5))
    patients = np.repeat(np.arange(10), 20)
    made = np.concatenate([train[:20], rng.standard_normal((10, 5))])
    by_image = closest_record_ratio(train, made, holdout)
    by_patient = closest_record_ratio(
        train, made, holdout, groups_train=patients, groups_holdout=patients + 10
    )
    assert by_image.share.value == by_patient.share.value
    assert by_image.p_value < 0.01 < by_patient.p_value
    assert by_patient.share.hi - by_patient.share.lo > by_image.share.hi - by_image.share.lo


def test_distance_inside_a_class() -> None:
    from scipy.spatial.distance import pdist

    labels = np.where(np.arange(240) % 3 == 0, "a", "b")
    found = intra_class_distance(X, labels)
    assert found == pytest.approx({name: pdist(X[labels == name]).mean() for name in ("a", "b")}, rel=1e-12)
    assert intra_class_ratio(X, Y) == pytest.approx(pdist(Y).mean() / pdist(X).mean(), rel=1e-12)


def test_tiles_and_blocks_give_the_same_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = intra_class_ratio(X, Y), intra_class_interval(X, Y, PATIENTS)
    monkeypatch.setattr("synmedbench.metrics._intra_class.SIDE", 37)
    assert intra_class_ratio(X, Y) == pytest.approx(whole[0], rel=1e-12)
    assert intra_class_interval(X, Y, PATIENTS).hi == pytest.approx(whole[1].hi, rel=1e-10)


def test_two_photographs_of_one_lesion_are_no_variety() -> None:
    """Four equal images of each patient: distances inside a patient are 0 and left out."""
    photographs = np.repeat(X[:60], 4, axis=0)
    alone, of_patients = intra_class_ratio(X[:60], Y), intra_class_interval(photographs, Y, PATIENTS).value
    assert of_patients == pytest.approx(alone, rel=1e-12)
    assert intra_class_ratio(photographs, Y) > 1.01 * alone


def test_a_collapsed_class_shows() -> None:
    found = intra_class_interval(X, Y * 0.2)
    assert found.hi < 0.25
    assert intra_class_interval(X, np.tile(Y[:1], (30, 1))).value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("q", "name"), [(1, "vendi_score"), (2, "vendi_score_q2"), (0.5, "vendi_score_q0.5"),
                                         ("inf", "vendi_score_qinf")])  # fmt: skip
def test_vendi_orders_by_spec_have_names_of_their_own(q: float | str, name: str) -> None:
    metric = registry("metrics").build(f"vendi_score?q={q}")
    assert metric.name == name
    assert metric_card(name).family == "diversity"
    assert metric(X, Y) == vendi_score(Y, float(q))
    score = score_panel(X, Y, metrics=(f"vendi_score?q={q}",))[0]
    assert score.metric == name
    assert score.value == pytest.approx(vendi_score(Y, float(q)), rel=1e-12)
    assert score.lo is not None


@pytest.mark.parametrize("q", [0, -1, "nan", "many"])
def test_vendi_orders_that_are_none(q: object) -> None:
    with pytest.raises(ValueError, match=r"order q|cannot be made"):
        registry("metrics").build(f"vendi_score?q={q}")


FACTORIES = {
    "frechet_distance_infinity": (builtin.frechet_distance_infinity, frechet_distance_infinity(X, Y)),
    "sliced_wasserstein": (builtin.sliced_wasserstein, sliced_wasserstein(X, Y)),
    "intra_class_distance": (builtin.intra_class_distance, intra_class_ratio(X, Y)),
    "kernel_distance": (builtin.kernel_distance, kernel_distance(X, Y)),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_factories_make_the_metric_of_their_card(name: str) -> None:
    factory, expected = FACTORIES[name]
    metric = factory()
    assert metric.name == name
    assert metric.needs == metric_card(name).needs_n
    assert metric(X, Y) == expected


def test_inception_score_factory_takes_probabilities() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), 40)
    assert builtin.inception_score(splits=4)(p, p) == inception_score(p, 4)
    with pytest.raises(UserError, match="no distribution"):
        builtin.inception_score()(X, Y)
