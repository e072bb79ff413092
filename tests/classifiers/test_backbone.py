"""Weights: from scratch, from a file, from timm's cache; never a download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from synmedbench.classifiers import Preprocessing, load_backbone, weights_key
from synmedbench.classifiers._preprocess import to_unit
from synmedbench.core import UserError


def test_a_small_image_keeps_two_by_two_positions() -> None:
    for name in ("test_resnet", "test_byobnet", "resnet10t"):
        for size in (28, 32, 64):
            module, _ = load_backbone(name, image_size=size)
            last = module.forward_features(torch.zeros(1, 3, size, size))
            assert min(last.shape[-2:]) >= 2, (name, size)


def test_the_stem_of_large_images_is_left_alone() -> None:
    module, _ = load_backbone("test_resnet", image_size=128)
    assert module.conv1[0].stride == (2, 2)


def test_a_network_of_fixed_size_is_built_for_the_images() -> None:
    module, _ = load_backbone("test_vit", image_size=48)
    assert module(torch.zeros(2, 3, 48, 48)).shape[0] == 2


@pytest.mark.parametrize("suffix", ["safetensors", "pth", "wrapped.pth"])
def test_local_checkpoints_in_half_precision(tmp_path: Path, suffix: str) -> None:
    source = timm.create_model("test_byobnet", num_classes=7)
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in source.state_dict().items()
    }
    path = tmp_path / f"weights.{suffix}"
    if suffix == "safetensors":
        save_file(state, path)
    else:
        torch.save(
            {"state_dict": {f"module.{k}": v for k, v in state.items()}} if "wrapped" in suffix else state,
            path,
        )
    module, preprocessing = load_backbone("test_byobnet", str(path))
    x = torch.rand(2, 3, 64, 64)
    source.reset_classifier(0)
    torch.testing.assert_close(module.eval()(x), source.eval()(x), atol=3e-2, rtol=3e-2)
    assert next(module.parameters()).dtype == torch.float32
    assert preprocessing.size == source.pretrained_cfg["input_size"][-1]


def test_pickled_code_is_never_run(tmp_path: Path) -> None:
    path, trap = tmp_path / "evil.pth", tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (trap,))

    torch.save({"x": Evil()}, path)
    with pytest.raises(UserError, match="cannot be read"):
        load_backbone("test_byobnet", str(path))
    assert not trap.exists()


def test_files_that_are_missing_or_of_another_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.safetensors"):
        load_backbone("test_byobnet", str(tmp_path / "nowhere.safetensors"))
    path = tmp_path / "other.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), path)
    with pytest.raises(UserError, match="does not fit"):
        load_backbone("test_byobnet", str(path))
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="cannot be read"):
        load_backbone("test_byobnet", str(tmp_path / "broken.safetensors"))


def test_pretrained_never_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"nothing is downloaded.*model\.safetensors.*weights=FILE"):
        load_backbone("resnet18", "pretrained")


def test_unknown_models_are_told_with_a_guess() -> None:
    with pytest.raises(UserError, match="did you mean 'resnet18'"):
        load_backbone("resnett18")
    with pytest.raises(UserError, match="cannot make"):
        load_backbone("resnet18", no_such_option=3)


def test_the_key_follows_the_content_of_the_file(tmp_path: Path) -> None:
    a, b, c = (tmp_path / f"{name}.safetensors" for name in "abc")
    save_file({"x": torch.zeros(2)}, a)
    save_file({"x": torch.zeros(2)}, b)
    save_file({"x": torch.ones(2)}, c)
    assert weights_key("resnet18", str(a)) == weights_key("resnet18", str(b))
    assert weights_key("resnet18", str(a)) != weights_key("resnet18", str(c))


def test_preprocessing_resizes_normalises_and_has_a_gradient() -> None:
    p = Preprocessing(size=16).changed(mean=0.5, std=[0.25, 0.5, 1.0], interpolation=None)
    x = torch.rand(2, 3, 32, 32, requires_grad=True)
    y = p(x)
    assert y.shape == (2, 3, 16, 16)
    y.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert float(x.grad.abs().min()) > 0
    assert Preprocessing.from_json(p.to_json()) == p
    with pytest.raises(UserError, match="interpolation"):
        Preprocessing(interpolation="magic")


def test_bytes_to_unit_and_back() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    unit = to_unit(images)
    assert unit.shape == (2, 3, 5, 4)
    np.testing.assert_array_equal((unit * 255).round().byte().permute(0, 2, 3, 1).numpy(), images)
