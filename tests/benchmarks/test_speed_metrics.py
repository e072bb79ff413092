"""Speed beside the peers, in one run: ``make bench``. Read the ratios, not the seconds."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.metrics import frechet_distance, kernel_distance, prdc, score_panel, vendi_score

pytestmark = pytest.mark.slow

N, D = 3000, 1024


@pytest.fixture(scope="module")
def features() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.standard_normal((N, D)), generator.standard_normal((N, D)) * 1.1 + 0.1


@pytest.mark.benchmark(group="prdc")
def test_prdc(benchmark, features):
    ours = benchmark.pedantic(prdc, args=features, rounds=3)
    assert 0 <= ours.coverage <= 1


@pytest.mark.benchmark(group="prdc")
def test_prdc_of_the_peer(benchmark, features):
    peer = pytest.importorskip("prdc")
    theirs = benchmark.pedantic(peer.compute_prdc, args=features, kwargs={"nearest_k": 5}, rounds=3)
    assert prdc(*features).precision == pytest.approx(theirs["precision"])


@pytest.mark.benchmark(group="vendi")
def test_vendi(benchmark, features):
    assert benchmark.pedantic(vendi_score, args=features[:1], rounds=3) > 1


@pytest.mark.benchmark(group="vendi")
def test_vendi_of_the_peer(benchmark, features):
    peer = pytest.importorskip("vendi_score.vendi")
    theirs = benchmark.pedantic(peer.score_dual, args=features[:1], kwargs={"normalize": True}, rounds=3)
    assert vendi_score(features[0]) == pytest.approx(float(theirs))


@pytest.mark.benchmark(group="frechet")
def test_frechet(benchmark, features):
    assert benchmark.pedantic(frechet_distance, args=features, rounds=3) > 0


@pytest.mark.benchmark(group="frechet")
def test_frechet_of_the_peer(benchmark, features):
    from torchmetrics.image.fid import _compute_fid

    torch = pytest.importorskip("torch")
    x, y = (torch.from_numpy(part) for part in features)
    found = benchmark.pedantic(
        lambda: float(_compute_fid(x.mean(0), x.T.cov(), y.mean(0), y.T.cov())), rounds=3
    )
    assert frechet_distance(*features) == pytest.approx(found, rel=1e-6)


@pytest.mark.benchmark(group="kernel")
def test_kernel(benchmark, features):
    assert benchmark.pedantic(kernel_distance, args=features, rounds=3) > 0


@pytest.mark.benchmark(group="whole panel with intervals")
def test_the_whole_panel_with_intervals(benchmark, features):
    real, synthetic = (part[:2000] for part in features)
    scores = benchmark.pedantic(score_panel, args=(real, synthetic), rounds=1)
    assert all(
        score.value is not None for score in scores if score.metric not in ("authenticity", "copy_share")
    )
