"""Degenerate features and bad input, beside the packages that people use: where a peer fails, ours must not."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import (
    alpha_beta_interval,
    alpha_precision_beta_recall,
    auth_pct,
    authenticity,
    authenticity_interval,
    closest_record_ratio,
    cmmd,
    cmmd_interval,
    data_copying_interval,
    data_copying_score,
    frechet_distance,
    frechet_distance_infinity,
    frechet_infinity_interval,
    frechet_interval,
    inception_score,
    inception_score_interval,
    intra_class_distance,
    intra_class_interval,
    intra_class_ratio,
    kernel_distance,
    kernel_interval,
    memorisation,
    nearest,
    nearest_others,
    prdc,
    prdc_interval,
    sliced_wasserstein,
    sliced_wasserstein_interval,
    vendi_interval,
    vendi_score,
)

Array = np.ndarray
GOOD = np.random.default_rng(0).standard_normal((60, 4))
HUGE = GOOD.copy()
HUGE[3, 1] = 1e12
ODD = {
    "random": GOOD,
    "constant": np.ones((60, 4)),
    "duplicated": np.repeat(GOOD[:2], 30, axis=0),
    "n < D": np.random.default_rng(1).standard_normal((20, 50)),
    "n = 2": GOOD[:2],
    "one huge value": HUGE,
    "dead column": GOOD * np.array([1, 1, 0, 1]),
}


def other(odd: Array) -> Array:
    return np.random.default_rng(2).standard_normal((15, odd.shape[1]))


def of_peer(call: Callable[[], float]) -> float | None:
    """Return the peer's number, or None where it raises or says NaN, infinity or a complex number."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            value = complex(call())
    except (ValueError, TypeError, AttributeError, ImportError, np.linalg.LinAlgError, RuntimeError):
        return None
    return value.real if value.imag == 0 and np.isfinite(value.real) else None


def moments(features: Array) -> tuple[Array, Array]:
    return features.mean(axis=0), np.cov(features, rowvar=False)


def by_pytorch_fid(x: Array, y: Array) -> float:
    return float(
        pytest.importorskip("pytorch_fid.fid_score").calculate_frechet_distance(*moments(x), *moments(y))
    )


def by_clean_fid(x: Array, y: Array) -> float:
    return float(pytest.importorskip("cleanfid.fid").frechet_distance(*moments(x), *moments(y)))


def by_torch_fidelity(x: Array, y: Array) -> float:
    peer = pytest.importorskip("torch_fidelity.metric_fid")
    found = [dict(zip(("mu", "sigma"), moments(each), strict=True)) for each in (x, y)]
    return float(peer.fid_statistics_to_metric(*found, verbose=False)["frechet_inception_distance"])


def by_torchmetrics(x: Array, y: Array) -> float:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torchmetrics.image.fid")
    return float(peer._compute_fid(*(torch.from_numpy(part) for each in (x, y) for part in moments(each))))


FRECHET = [by_pytorch_fid, by_clean_fid, by_torch_fidelity, by_torchmetrics]


@pytest.mark.parametrize("peer", FRECHET)
@pytest.mark.parametrize("name", ODD)
def test_frechet_distance_of_peers(name: str, peer: Callable[[Array, Array], float]) -> None:
    """Theirs takes roots of a product of singular covariances: good to 1e-7 of the traces there."""
    x, y = ODD[name], other(ODD[name])
    theirs = of_peer(lambda: peer(x, y))
    ours = frechet_distance(x, y)
    assert np.isfinite(ours)
    assert ours >= 0
    if theirs is None:
        pytest.skip("the peer gives no number here")
    assert ours == pytest.approx(theirs, rel=1e-7)


@pytest.mark.parametrize("peer", FRECHET)
def test_self_distance_is_0_where_that_of_peers_is_negative(peer: Callable[[Array, Array], float]) -> None:
    """With one huge value the peers say about -1e15, with n < D about -1e-6."""
    found = {name: of_peer(lambda odd=odd: peer(odd, odd)) for name, odd in ODD.items()}  # type: ignore[misc]
    numbers = [value for value in found.values() if value is not None]
    assert not numbers or min(numbers) < 0, "the peer has been mended"
    for name, odd in ODD.items():
        assert 0 <= frechet_distance(odd, odd) <= 1e-12 * max(1.0, float(odd.var(axis=0).sum())), name


def exact_kernel_distance(x: Array, y: Array) -> float:
    """The U-statistic in fractions: what every digit is measured against."""

    def kernel(a: list[Fraction], b: list[Fraction]) -> Fraction:
        return (sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0)) / len(a) + 1) ** 3

    left, right = ([[Fraction(float(value)) for value in row] for row in rows] for rows in (x, y))
    n, m = len(left), len(right)
    within = [
        sum((kernel(a, b) for i, a in enumerate(rows) for b in rows[i + 1 :]), Fraction(0))
        * Fraction(2, len(rows) * (len(rows) - 1))
        for rows in (left, right)
    ]
    between = sum((kernel(a, b) for a in left for b in right), Fraction(0)) * Fraction(2, n * m)
    return float(within[0] + within[1] - between)


@pytest.mark.parametrize("name", [name for name in ODD if name != "one huge value"])
def test_kernel_distance_of_peers_and_of_fractions(name: str) -> None:
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("torchmetrics.image.kid")
    x, y = ODD[name], other(ODD[name])
    n = min(len(x), len(y))
    ours = kernel_distance(x[:n], y[:n])
    assert ours == pytest.approx(exact_kernel_distance(x[:n], y[:n]), rel=1e-10)
    theirs = of_peer(lambda: float(peer.poly_mmd(torch.from_numpy(x[:n]), torch.from_numpy(y[:n]))))
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("size", [1e2, 1e3, 1e4, 1e5])
def test_kernel_distance_with_one_large_value_where_torchmetrics_is_off_by_a_thousandth(size: float) -> None:
    """A large row's product with itself is added there and taken off again: its pairs with others go with it."""
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("torchmetrics.image.kid")
    x, y = GOOD[:15].copy(), other(GOOD)
    x[3, 1] = size
    exact = exact_kernel_distance(x, y)
    theirs = of_peer(lambda: float(peer.poly_mmd(torch.from_numpy(x), torch.from_numpy(y))))
    assert theirs is not None
    assert abs(kernel_distance(x, y) - exact) < abs(theirs - exact)
    assert kernel_distance(x, y) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("size", [1e7, 1e12])
def test_kernel_distance_with_one_huge_value(size: float) -> None:
    """Peers: four times too large."""
    x, y = GOOD[:15].copy(), other(GOOD)
    x[3, 1] = size
    assert kernel_distance(x, y) == pytest.approx(exact_kernel_distance(x, y), rel=1e-9)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("name", [name for name in ODD if name != "n = 2"])
def test_prdc_of_prdc(name: str, k: int) -> None:
    peer = pytest.importorskip("prdc")
    x, y = ODD[name], other(ODD[name])
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = peer.compute_prdc(x, y, nearest_k=k)
    assert prdc(x, y, k)._asdict() == pytest.approx({key: float(value) for key, value in theirs.items()})


def test_prdc_of_two_images_where_prdc_breaks() -> None:
    """Two images have one neighbour each; prdc looks for a third."""
    peer = pytest.importorskip("prdc")
    x, y = GOOD[:2], other(GOOD)
    assert of_peer(lambda: peer.compute_prdc(x, y, nearest_k=1)["precision"]) is None
    assert prdc(x, y, 1).recall in (0.0, 0.5, 1.0)


def test_balls_of_radius_0_hold_nothing_where_prdc_decides_by_rounding() -> None:
    """Every image has a twin: no distance is below a radius of 0. In prdc rounding makes some of them so."""
    peer = pytest.importorskip("prdc")
    twins = ODD["duplicated"]
    assert prdc(twins, twins, 1) == (0.0, 0.0, 0.0, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        assert peer.compute_prdc(twins, twins, nearest_k=1)["coverage"] > 0


@pytest.mark.parametrize("name", ODD)
def test_vendi_score_of_vendi_score(name: str) -> None:
    peer = pytest.importorskip("vendi_score.vendi")
    theirs = of_peer(lambda: peer.score_dual(ODD[name]))
    assert vendi_score(ODD[name]) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("q", [0.5, 2, np.inf])
def test_vendi_orders_of_vendi_score(q: float) -> None:
    peer = pytest.importorskip("vendi_score.vendi")
    theirs = of_peer(lambda: peer.score_dual(GOOD, q="inf" if q == np.inf else q))
    assert vendi_score(GOOD, q) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("splits", [1, 5, 10])
def test_inception_score_of_torch_fidelity(splits: int) -> None:
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("torch_fidelity.metric_isc")
    logits = np.random.default_rng(0).standard_normal((203, 12)) * 2
    exponentials = np.exp(logits)
    theirs = peer.isc_features_to_metric(torch.from_numpy(logits), splits=splits, shuffle=False)
    ours = inception_score(exponentials / exponentials.sum(axis=1, keepdims=True), splits)
    assert ours == pytest.approx(theirs["inception_score_mean"], rel=1e-12)


def test_inception_score_of_sure_classes_where_peers_say_nan() -> None:
    """A class that no image has: its mean probability is 0, and 0 log 0 is taken for NaN there."""
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("torch_fidelity.metric_isc")
    logits = torch.from_numpy(np.eye(3, 4) * 2000)
    theirs = peer.isc_features_to_metric(logits, splits=1, shuffle=False)["inception_score_mean"]
    assert np.isnan(theirs)
    assert inception_score(np.eye(3, 4)) == pytest.approx(3, rel=1e-12)


FINITE: list[Callable[[Array, Array], object]] = [
    frechet_distance, kernel_distance, cmmd, sliced_wasserstein, alpha_precision_beta_recall, authenticity,
    auth_pct, authenticity_interval, lambda x, y: prdc(x, y, 1), lambda x, _: vendi_score(x),
    lambda x, _: vendi_score(x, 0.5), lambda x, _: vendi_score(x, np.inf),
]  # fmt: skip
INTERVALS: list[Callable[[Array, Array], object]] = [
    frechet_interval, kernel_interval, cmmd_interval, sliced_wasserstein_interval,
    lambda x, y: alpha_beta_interval(x, y, replicates=20), lambda x, _: vendi_interval(x),
    lambda x, y: prdc_interval(x, y, 2, replicates=20),
    lambda x, y: data_copying_interval(x, y, y[::-1], cells=1),
    lambda x, y: closest_record_ratio(x, y, y[::-1]).share,
]  # fmt: skip


def numbers(found: object) -> list[float]:
    if isinstance(found, tuple):
        return [number for part in found for number in numbers(part)]
    if hasattr(found, "lo"):
        assert found.lo <= found.value <= found.hi  # type: ignore[attr-defined]
        return [found.lo, found.value, found.hi]  # type: ignore[attr-defined]
    assert type(found) is float
    return [found]


@pytest.mark.parametrize("function", range(len(FINITE)))
@pytest.mark.parametrize("name", ODD)
def test_odd_features_give_finite_numbers_and_no_warning(name: str, function: int) -> None:
    odd = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x, y in ((odd, other(odd)), (other(odd), odd), (odd, odd)):
            assert np.isfinite(numbers(FINITE[function](x, y))).all()


@pytest.mark.parametrize("function", range(len(INTERVALS)))
@pytest.mark.parametrize("name", [name for name in ODD if name != "n = 2"])
def test_odd_features_give_finite_intervals_and_no_warning(name: str, function: int) -> None:
    odd = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x, y in ((odd, other(odd)), (other(odd), odd)):
            assert np.isfinite(numbers(INTERVALS[function](x, y))).all()


@pytest.mark.parametrize("name", [name for name in ODD if name not in ("n = 2", "n < D")])
def test_far_out_odd_features_give_finite_numbers(name: str) -> None:
    odd, good = ODD[name], GOOD[::-1] + 0.1
    assert np.isfinite(
        numbers((frechet_distance_infinity(odd, good), frechet_infinity_interval(odd, good)))
    ).all()
    assert np.isfinite(numbers(intra_class_interval(good, odd))).all()
    assert intra_class_ratio(good, ODD["constant"]) == pytest.approx(0, abs=1e-12)


def test_real_images_that_are_all_alike_are_no_measure_of_variety() -> None:
    with pytest.raises(UserError, match="all alike"):
        intra_class_ratio(ODD["constant"], GOOD)


@pytest.mark.parametrize("n", [19, 2])
def test_extrapolation_needs_five_images_for_each_feature(n: int) -> None:
    with pytest.raises(UserError, match=f"not enough data: {n} synthetic images, 20 needed"):
        frechet_distance_infinity(GOOD, GOOD[:n])
    with pytest.raises(UserError, match=f"not enough data: {n} real images, 20 needed"):
        frechet_infinity_interval(GOOD[:n], GOOD)


PAIRS: dict[str, Callable[[Array, Array], object]] = {
    "frechet_distance": frechet_distance,
    "frechet_interval": frechet_interval,
    "frechet_distance_infinity": frechet_distance_infinity,
    "frechet_infinity_interval": frechet_infinity_interval,
    "kernel_distance": kernel_distance,
    "kernel_interval": kernel_interval,
    "cmmd": cmmd,
    "cmmd_interval": cmmd_interval,
    "sliced_wasserstein": sliced_wasserstein,
    "sliced_wasserstein_interval": sliced_wasserstein_interval,
    "prdc": prdc,
    "prdc_interval": prdc_interval,
    "alpha_precision_beta_recall": alpha_precision_beta_recall,
    "alpha_beta_interval": alpha_beta_interval,
    "authenticity": authenticity,
    "authenticity_interval": authenticity_interval,
    "auth_pct": auth_pct,
    "intra_class_ratio": intra_class_ratio,
    "intra_class_interval": intra_class_interval,
    "data_copying_score: train, synthetic": lambda x, y: data_copying_score(x, y, GOOD),
    "data_copying_score: train, holdout": lambda x, y: data_copying_score(x, GOOD, y),
    "data_copying_interval": lambda x, y: data_copying_interval(x, y, GOOD),
    "closest_record_ratio: train, synthetic": lambda x, y: closest_record_ratio(x, y, GOOD),
    "closest_record_ratio: train, holdout": lambda x, y: closest_record_ratio(x, GOOD, y),
    "memorisation": lambda x, y: memorisation(x, y, GOOD),
    "memorisation: train, holdout": lambda x, y: memorisation(x, GOOD, y),
}
NEAREST: dict[str, Callable[[Array, Array], object]] = {"nearest": nearest}
ALONE: dict[str, Callable[[Array], object]] = {
    "vendi_score": vendi_score,
    "vendi_interval": vendi_interval,
    "nearest_others": nearest_others,
    "intra_class_distance": lambda x: intra_class_distance(x, ["a"] * np.shape(x)[0] if np.ndim(x) else []),
    "inception_score": inception_score,
    "inception_score_interval": inception_score_interval,
}
BAD = {
    "NaN": np.where(np.arange(60)[:, None] == 3, np.nan, GOOD),
    "infinity": np.where(np.arange(60)[:, None] == 3, -np.inf, GOOD),
    "rank 0": np.array(1.0),
    "rank 1": GOOD[0],
    "rank 3": GOOD[None],
    "no rows": GOOD[:0],
    "no columns": GOOD[:, :0],
    "overflow": GOOD * 1e80,
    "text": np.full((60, 4), "a"),
    "missing": np.full((60, 4), None),
}
ONE_ROW = {"one row": GOOD[:1]}
OTHER_WIDTH = {"other D": GOOD[:, :3]}


def one_clear_line(function: Callable[..., object], *sets: Array) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError) as error:
            function(*sets)
    assert isinstance(error.value, ValueError)
    assert 10 < len(str(error.value)) < 300
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [*PAIRS, *NEAREST])
@pytest.mark.parametrize("fault", [*BAD, *ONE_ROW, *OTHER_WIDTH])
@pytest.mark.parametrize("side", ["first", "second"])
def test_bad_input_raises_one_clear_error(name: str, fault: str, side: str) -> None:
    if fault in ONE_ROW and (name in NEAREST or (name, side) == ("memorisation", "second")):
        pytest.skip("one image has a nearest neighbour in another set")
    bad = {**BAD, **ONE_ROW, **OTHER_WIDTH}[fault]
    one_clear_line({**PAIRS, **NEAREST}[name], *((bad, GOOD) if side == "first" else (GOOD, bad)))


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("fault", [*BAD, *ONE_ROW])
def test_bad_single_set_raises_one_clear_error(name: str, fault: str) -> None:
    one_clear_line(ALONE[name], {**BAD, **ONE_ROW}[fault])


@pytest.mark.parametrize("k", [60, 61, 10**9, 0, -3])
def test_more_neighbours_than_there_are(k: int) -> None:
    one_clear_line(lambda: prdc(GOOD, GOOD, k))
    one_clear_line(lambda: prdc_interval(GOOD, GOOD, k))
    one_clear_line(lambda: nearest_others(GOOD, k))
    one_clear_line(lambda: nearest(GOOD, GOOD[:59], k))


def test_numbers_out_of_range() -> None:
    for cells in (0, -1, 61):
        one_clear_line(lambda cells=cells: data_copying_score(GOOD, GOOD, GOOD, cells=cells))  # type: ignore[misc]
    for splits in (0, 61):
        one_clear_line(lambda splits=splits: inception_score(np.full((60, 2), 0.5), splits))  # type: ignore[misc]
    one_clear_line(lambda: sliced_wasserstein(GOOD, GOOD, projections=0))
    one_clear_line(lambda: inception_score(GOOD))
    one_clear_line(lambda: inception_score([[0.4, 0.4], [0.5, 0.5]]))
    one_clear_line(lambda: intra_class_distance(GOOD, ["a"] * 59))
    one_clear_line(lambda: intra_class_distance(GOOD, ["a"] * 59 + ["b"]))


@pytest.mark.parametrize(
    "call",
    [
        lambda g: frechet_infinity_interval(GOOD, GOOD, g),
        lambda g: sliced_wasserstein_interval(GOOD, GOOD, g),
        lambda g: intra_class_interval(GOOD, GOOD, g),
        lambda g: alpha_beta_interval(GOOD, GOOD, groups_real=g),
        lambda g: inception_score_interval(np.full((60, 2), 0.5), groups=g),
        lambda g: data_copying_interval(GOOD, GOOD, GOOD, groups_holdout=g),
        lambda g: closest_record_ratio(GOOD, GOOD, GOOD, groups_holdout=g),
    ],
)
def test_intervals_need_ten_patients_and_one_for_each_row(call: Callable[[Array], object]) -> None:
    with pytest.raises(UserError, match="5 independent patients"):
        call(np.repeat(np.arange(5), 12))
    with pytest.raises(UserError, match="one group for each row"):
        call(np.arange(59))
