from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.generators._edm import denoising_loss, precondition, stratified_uniform, training_sigmas


@given(st.floats(0.002, 80.0), st.floats(0.05, 2.0))
@settings(deadline=None)
def test_network_input_and_target_have_unit_variance(sigma: float, sigma_data: float) -> None:
    c_skip, c_out, c_in, _ = (
        float(c) for c in precondition(torch.tensor(sigma, dtype=torch.float64), sigma_data)
    )
    assert c_in**2 * (sigma_data**2 + sigma**2) == pytest.approx(1.0)
    assert ((1 - c_skip) ** 2 * sigma_data**2 + c_skip**2 * sigma**2) / c_out**2 == pytest.approx(1.0)


def test_a_network_that_says_nothing_has_loss_one_at_every_noise_level() -> None:
    draw = torch.Generator().manual_seed(0)
    sigma = torch.tensor([0.05, 0.5, 5.0])
    clean = 0.4 * torch.randn(3, 3, 64, 64, generator=draw)
    noisy = clean + sigma[:, None, None, None] * torch.randn(clean.shape, generator=draw)
    c_skip = precondition(sigma, 0.4)[0]
    loss = denoising_loss(c_skip[:, None, None, None] * noisy, clean, sigma, 0.4)
    assert loss.tolist() == pytest.approx([1.0] * 3, abs=0.06)


def test_noise_levels_are_log_normal_and_stratified() -> None:
    uniform = stratified_uniform(1000, torch.Generator().manual_seed(3))
    assert sorted((uniform * 1000).long().tolist()) == list(range(1000))
    logs = training_sigmas(uniform, -1.0, 1.2).log()
    assert float(logs.mean()) == pytest.approx(-1.0, abs=0.01)
    assert float(logs.std()) == pytest.approx(1.2, abs=0.02)
