"""Parity with the packages that people use, on random features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synmedbench.metrics import frechet_distance, kernel_distance, prdc, vendi_score

SETS = [(160, 120, 24), (300, 200, 64), (90, 300, 8)]


def drawn(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    n, m, width = shape
    rng = np.random.default_rng(shape)
    mix = rng.standard_normal((width, width)) / np.sqrt(width)
    return rng.standard_normal((n, width)) @ mix, rng.standard_normal((m, width)) @ mix * 1.2 + 0.2


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features.mean(axis=0), np.cov(features, rowvar=False)


def of_peer(call: Callable[[], float]) -> float:
    """Return the peer's number; where the peer itself breaks on this SciPy, that is no finding about ours."""
    try:
        return float(call())
    except (TypeError, AttributeError, ImportError) as error:
        pytest.skip(f"the peer breaks: {error}")


@pytest.mark.parametrize("shape", SETS)
def test_frechet_distance_of_pytorch_fid(shape: tuple[int, int, int]) -> None:
    peer = pytest.importorskip("pytorch_fid.fid_score")
    x, y = drawn(shape)
    theirs = of_peer(lambda: peer.calculate_frechet_distance(*moments(x), *moments(y)))
    assert frechet_distance(x, y) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("shape", SETS)
def test_frechet_and_kernel_distance_of_clean_fid(shape: tuple[int, int, int]) -> None:
    peer = pytest.importorskip("cleanfid.fid")
    x, y = drawn(shape)
    theirs = of_peer(lambda: peer.frechet_distance(*moments(x), *moments(y)))
    assert frechet_distance(x, y) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("shape", SETS)
def test_kernel_distance_of_torch_fidelity(shape: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torch_fidelity.metric_kid")
    x, y = drawn(shape)
    n = min(len(x), len(y))
    sets = torch.from_numpy(x[:n]), torch.from_numpy(y[:n])
    theirs = of_peer(
        lambda: peer.kid_features_to_metric(*sets, kid_subsets=2, kid_subset_size=n, verbose=False)[
            "kernel_inception_distance_mean"
        ]
    )
    assert kernel_distance(x[:n], y[:n]) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("shape", SETS)
def test_precision_and_recall_of_torch_fidelity(shape: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torch_fidelity.metric_prc")
    version = pytest.importorskip("torch_fidelity").__version__
    if tuple(map(int, version.split(".")[:2])) < (0, 4):
        pytest.skip("before 0.4 precision and recall were swapped")
    x, y = drawn(shape)
    generated_then_real = torch.from_numpy(y), torch.from_numpy(x)
    theirs = peer.prc_features_to_metric(
        *generated_then_real, prc_neighborhood=3, prc_batch_size=64, verbose=False
    )
    ours = prdc(x, y, 3)
    assert [theirs["precision"], theirs["recall"]] == pytest.approx(
        [ours.precision, ours.recall], abs=1.5 / min(len(x), len(y))
    )


@pytest.mark.parametrize("shape", SETS)
def test_kernel_distance_of_torchmetrics(shape: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torchmetrics.image.kid")
    x, y = drawn(shape)
    n = min(len(x), len(y))
    theirs = of_peer(lambda: peer.poly_mmd(torch.from_numpy(x[:n]), torch.from_numpy(y[:n])))
    assert kernel_distance(x[:n], y[:n]) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("shape", SETS)
def test_prdc_of_prdc(shape: tuple[int, int, int], k: int) -> None:
    peer = pytest.importorskip("prdc")
    x, y = drawn(shape)
    theirs = peer.compute_prdc(x, y, nearest_k=k)
    assert prdc(x, y, k)._asdict() == pytest.approx({name: float(value) for name, value in theirs.items()})


@pytest.mark.parametrize("shape", SETS)
def test_vendi_score_of_vendi_score(shape: tuple[int, int, int]) -> None:
    peer = pytest.importorskip("vendi_score.vendi")
    _, y = drawn(shape)
    theirs = of_peer(lambda: peer.score_dual(y, normalize=True))
    assert vendi_score(y) == pytest.approx(theirs, rel=1e-9)
