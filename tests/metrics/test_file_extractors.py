"""Extractors made of a user's file: TorchScript, medical checkpoints, features that were computed elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from safetensors.torch import save_file

from synmedbench.classifiers import Preprocessing
from synmedbench.core import UserError, file_hash, registry
from synmedbench.imagesets import ImageSet
from synmedbench.metrics import (
    ArrayExtractor,
    Extractor,
    PanDermExtractor,
    RadImageNetExtractor,
    TorchscriptExtractor,
    extract,
)


def images(n: int = 5, size: int = 24, seed: int = 0, names: list[str] | None = None) -> ImageSet:
    pixels = np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    return ImageSet.from_arrays(pixels, pd.DataFrame({"file_name": names}) if names else None)


# TorchScript


class Small(torch.nn.Module):
    def __init__(self, maps: bool = False) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 7, 3)
        self.maps = maps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.layer(x)
        return found if self.maps else found.mean(dim=[2, 3])


class Pair(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


def script(path: Path, module: torch.nn.Module | None = None, extra: dict[str, str] | None = None) -> Path:
    torch.manual_seed(0)
    torch.jit.script((module or Small()).eval()).save(str(path), _extra_files=extra or {})
    return path


KNOWN = {"size": 16, "mean": 0.5, "std": 0.25}


def test_torchscript_runs_the_pinned_file_alone(tmp_path: Path) -> None:
    path = script(tmp_path / "net.pt")
    good = registry("extractors").build(
        f"torchscript:{path}?sha256={file_hash(path)}&size=16&mean=0.5&std=0.25"
    )
    found = extract(good, images(), tmp_path / "cache")
    assert isinstance(good, Extractor)
    assert found.shape == (5, 7)
    for wrong in ({}, {"sha256": "0" * 64}, {"trust": False}):
        with pytest.raises(UserError, match=rf"net\.pt: not known.*{file_hash(path)}.*pin that SHA-256"):
            TorchscriptExtractor(str(path), **KNOWN, **wrong).fit(images())  # type: ignore[arg-type]
    np.testing.assert_array_equal(
        TorchscriptExtractor(str(path), **KNOWN, trust=True).features(images()), found
    )  # type: ignore[arg-type]
    upper = TorchscriptExtractor(str(path), **KNOWN, sha256=file_hash(path).upper())  # type: ignore[arg-type]
    assert upper.key == good.key


def test_torchscript_sees_the_stated_pixels_and_maps_are_averaged(tmp_path: Path) -> None:
    module = Small(maps=True)
    path = script(tmp_path / "net.pt", module)
    batch = images()
    found = TorchscriptExtractor(str(path), **KNOWN, trust=True).features(batch)  # type: ignore[arg-type]
    x = torch.from_numpy(batch.images()).permute(0, 3, 1, 2).float() / 255
    x = torch.nn.functional.interpolate(x, (16, 16), mode="bicubic", antialias=True).clamp(0, 1)
    with torch.no_grad():
        want = module((x - 0.5) / 0.25).mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(found, want, atol=1e-5)
    np.testing.assert_array_equal(
        TorchscriptExtractor(str(path), **KNOWN, trust=True).features(batch.subset([4])),
        found[4:],  # type: ignore[arg-type]
    )


def test_preprocessing_that_the_file_carries(tmp_path: Path) -> None:
    import json

    stated = Preprocessing(16, "bilinear", (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)).to_json()
    carrying = script(tmp_path / "a.pt", extra={"preprocessing.json": json.dumps(stated)})
    bare = script(tmp_path / "b.pt")
    told = {"size": 16, "interpolation": "bilinear", "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]}
    np.testing.assert_array_equal(
        TorchscriptExtractor(str(carrying), trust=True).features(images()),
        TorchscriptExtractor(str(bare), trust=True, **told).features(images()),  # type: ignore[arg-type]
    )
    with pytest.raises(UserError, match="nobody stated mean, std"):
        TorchscriptExtractor(str(bare), trust=True, size=16).fit(images())
    keys = {
        TorchscriptExtractor(str(carrying), trust=True, **more).key
        for more in ({}, {"size": 12}, {"mean": 0.0})
    }
    assert len(keys) == 3


@pytest.mark.parametrize("text", ["{", "[1]", '{"sise": 3}', '{"size": 16, "std": [0, 1, 1]}'])
def test_what_a_file_carries_may_be_wrong(text: str, tmp_path: Path) -> None:
    path = script(tmp_path / "a.pt", extra={"preprocessing.json": text})
    with pytest.raises(UserError):
        TorchscriptExtractor(str(path), trust=True).fit(images())


def test_torchscript_faults_are_told_by_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/nowhere/a\.pt: the weights are not there"):
        _ = TorchscriptExtractor("/nowhere/a.pt", trust=True, **KNOWN).key  # type: ignore[arg-type]
    text = tmp_path / "text.pt"
    text.write_text("no network")
    with pytest.raises(UserError, match=r"text\.pt: not a TorchScript network"):
        TorchscriptExtractor(str(text), trust=True, **KNOWN).fit(images())  # type: ignore[arg-type]
    cut = script(tmp_path / "cut.pt")
    cut.write_bytes(cut.read_bytes()[:-300])
    with pytest.raises(UserError, match="not a TorchScript network"):
        TorchscriptExtractor(str(cut), trust=True, **KNOWN).fit(images())  # type: ignore[arg-type]
    pair = script(tmp_path / "pair.pt", Pair())
    with pytest.raises(UserError, match="gives a tuple"):
        TorchscriptExtractor(str(pair), trust=True, **KNOWN).features(images())  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"failed on \(32, 3, 2, 2\)"):
        TorchscriptExtractor(str(script(tmp_path / "net.pt")), trust=True, size=2, mean=0, std=1).features(
            images()
        )


# Medical checkpoints


@pytest.mark.parametrize(
    ("extractor", "words"),
    [
        (RadImageNetExtractor, r"radimagenet/ResNet50\.pt: .*BMEII-AI/RadImageNet.*licence: MIT"),
        (PanDermExtractor, r"panderm/panderm_ll_data6_checkpoint-499\.pth: .*CC BY-NC-ND 4\.0"),
    ],
)
def test_a_missing_checkpoint_is_told_with_place_and_licence(
    extractor: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match=words):
        extractor().fit(images())
    with pytest.raises(UserError, match=r"/nowhere/x\.pt"):
        _ = extractor(weights="/nowhere/x.pt").key


def test_radimagenet_in_the_names_of_its_publication(tmp_path: Path) -> None:
    from torchvision.models import resnet50

    torch.manual_seed(0)
    children = list(resnet50(weights=None).children())[:9]
    published = torch.nn.Sequential(*children).eval()
    path = tmp_path / "ResNet50.pt"
    torch.save({f"backbone.{key}": value for key, value in published.state_dict().items()}, path)
    some = images(2, size=224)
    extractor = RadImageNetExtractor(weights=str(path))
    with torch.no_grad():
        x = torch.from_numpy(some.images()).permute(0, 3, 1, 2).float() / 127.5 - 1
        want = published(x).flatten(1).numpy()
    found = extractor.features(some)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-4)


def test_panderm_in_the_names_of_its_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {**PanDermExtractor.published.options, "embed_dim": 24, "depth": 2, "num_heads": 2}
    monkeypatch.setattr(PanDermExtractor, "published", replace(PanDermExtractor.published, options=small))
    torch.manual_seed(0)
    network = timm.create_model("beit_large_patch16_224", num_classes=0, **small).eval()
    names = {
        "cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "norm.weight", "norm.bias",
        *(f"blocks.{i}.{part}" for i in range(2) for part in (
            "gamma_1", "gamma_2", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "attn.q_bias",
            "attn.v_bias", "attn.qkv.weight", "attn.proj.weight", "attn.proj.bias", "mlp.fc1.weight", "mlp.fc1.bias",
            "mlp.fc2.weight", "mlp.fc2.bias")),
    }  # fmt: skip
    state = {key: value for key, value in network.state_dict().items() if key in names}
    assert set(state) == names, "the tensors of the published network"
    path = tmp_path / "panderm.pth"
    torch.save({"model": {f"encoder.{key}": value for key, value in state.items()} | {"regressor.norm.weight":
               torch.zeros(3)}}, path)  # fmt: skip
    some = images(2, size=256)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.228, 0.224, 0.225)))
    x = torch.from_numpy(some.images()).permute(0, 3, 1, 2).float()[..., 16:240, 16:240] / 255
    with torch.no_grad():
        want = network((x - mean) / std).numpy()
    found = PanDermExtractor(weights=str(path)).features(some)
    assert found.shape == (2, 24)
    np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-4)


def test_a_checkpoint_of_another_network_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file(timm.create_model("test_byobnet").state_dict(), path)
    with pytest.raises(UserError, match=r"does not fit 'resnet50'"):
        RadImageNetExtractor(weights=str(path)).fit(images())


# Features that the user brings

NAMES = ["ä.png", "b.png", "007.png", "d.png"]
FEATURES = np.random.default_rng(0).standard_normal((4, 11)).astype(np.float32)


def written(folder: Path, kind: str, *, names: list[str] | None = NAMES, values: Any = FEATURES) -> Path:
    path = folder / f"features{kind}"
    table = pd.DataFrame({f"f{i}": values[:, i] for i in range(np.shape(values)[1])})
    if names is not None:
        table.insert(0, "file_name", names)
        table["age"] = 50
    if kind == ".npy":
        np.save(path, values)
    elif kind == ".npz":
        np.savez(path, features=values, **({"file_name": np.array(names)} if names else {}))
    elif kind == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", [".npz", ".csv", ".parquet"])
def test_features_are_joined_by_name_in_any_order(kind: str, tmp_path: Path) -> None:
    extractor = registry("extractors").build(f"array:{written(tmp_path, kind)}")
    some = images(3, names=["d.png", "ä.png", "007.png"])
    found = extract(extractor, some, tmp_path / "cache")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, FEATURES[[3, 0, 2]], rtol=1e-6)
    with pytest.raises(UserError, match=r"1 of 2 images .* such as 'e\.png'"):
        extractor.features(images(2, names=["b.png", "e.png"]))


@pytest.mark.parametrize("kind", [".npy", ".npz", ".csv", ".parquet"])
def test_features_in_order_belong_to_one_set_of_that_size(kind: str, tmp_path: Path) -> None:
    extractor = ArrayExtractor(str(written(tmp_path, kind, names=None)))
    some = images(4)
    np.testing.assert_allclose(extractor.features(some), FEATURES, rtol=1e-6)
    np.testing.assert_allclose(extractor.features(some.subset([2, 1])), FEATURES[[2, 1]], rtol=1e-6)
    with pytest.raises(UserError, match="4 rows of features for the 5 images"):
        extractor.features(images(5))
    with pytest.raises(UserError, match="serve one image set"):
        extractor.features(images(4, seed=9))


def test_files_for_sets_by_name(tmp_path: Path) -> None:
    from synmedbench.imagesets import About

    a, b = written(tmp_path, ".npy", names=None), written(tmp_path, ".csv", names=None, values=FEATURES * 2)
    extractor = registry("extractors").build({"name": "array", "files": {"real": str(a), "fake": str(b)}})
    real, fake, other = (
        ImageSet.from_arrays(images(4, seed=i).images(), about=About(name))
        for i, name in enumerate(("real", "fake", "raal"))
    )
    np.testing.assert_allclose(extractor.features(real) * 2, extractor.features(fake), rtol=1e-6)
    with pytest.raises(UserError, match=r"no features were given for the image set 'raal' .*'real'"):
        extractor.features(other)


def test_files_for_folders_and_names_that_two_sets_share(tmp_path: Path) -> None:
    from synmedbench.imagesets import read_folder, write_folder

    for i, name in enumerate(("one", "two")):
        write_folder(images(4, seed=i), tmp_path / name)
        np.save(tmp_path / f"{name}.npy", FEATURES + i)
    one, two = read_folder(tmp_path / "one"), read_folder(tmp_path / "two")
    assert one.about.name == two.about.name
    paired = ArrayExtractor(files={name: str(tmp_path / f"{name}.npy") for name in ("one", "two")})
    np.testing.assert_allclose(paired.features(two) - paired.features(one), 1, atol=1e-5)
    shared = ArrayExtractor(
        str(written(tmp_path, ".npz", names=[str(name) for name in one.table["file_name"]]))
    )
    np.testing.assert_array_equal(shared.features(one), shared.features(one.subset([0, 1, 2, 3])))
    with pytest.raises(UserError, match="different images in two sets"):
        shared.features(two)


def test_the_key_of_features_is_their_content(tmp_path: Path) -> None:
    first = ArrayExtractor(str(written(tmp_path, ".npy"))).key
    (tmp_path / "else").mkdir()
    assert ArrayExtractor(str(written(tmp_path / "else", ".npy"))).key == first
    assert ArrayExtractor(str(written(tmp_path / "else", ".npy", values=FEATURES + 1))).key != first


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros(4), "features are"),
        (np.zeros((4, 0)), "features are"),
        (np.zeros((2, 2, 2)), "features are"),
        (np.array([["a"]]), "features are"),
        (np.array([[1.0], [np.nan], [3.0], [np.inf]]), "2 rows hold NaN or infinity, first row 2"),
        (np.array([[1e300]]), "first row 1"),
    ],
)
def test_what_is_no_features_is_told(values: Any, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(UserError, match=words):
        ArrayExtractor(str(tmp_path / "x.npy")).fit(images())


def test_faults_of_feature_files_are_told(tmp_path: Path) -> None:
    for name, data, words in [
        ("a.npy", b"", "not readable"),
        ("b.npy", b"\x93NUMPY", "not readable"),
        ("c.npz", b"PK\x03\x04", "not readable"),
        ("d.txt", b"1 2", "not a form"),
        ("e.csv", b"label,age\na,3\n", "columns f0, f1"),
        ("g.csv", b"f0,f2\n1,3\n", "without a gap"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError, match=words):
            ArrayExtractor(str(tmp_path / name)).fit(images())
    np.save(tmp_path / "p.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(UserError, match="not readable"):
        ArrayExtractor(str(tmp_path / "p.npy")).fit(images())
    np.savez(tmp_path / "q.npz", other=FEATURES)
    with pytest.raises(UserError, match="no array 'features'"):
        ArrayExtractor(str(tmp_path / "q.npz")).fit(images())
    np.savez(tmp_path / "r.npz", features=FEATURES, file_name=np.array(NAMES[:2]))
    with pytest.raises(UserError, match="4 rows of features but 2 names"):
        ArrayExtractor(str(tmp_path / "r.npz")).fit(images())
    twice = ArrayExtractor(str(written(tmp_path, ".csv", names=["a", "a", "b", "c"])))
    with pytest.raises(UserError, match="1 names stand twice"):
        twice.features(images(1, names=["a"]))
    with pytest.raises(UserError, match=r"/nowhere/f\.npy"):
        _ = ArrayExtractor("/nowhere/f.npy").key
    for wrong in ({}, {"argument": "a.npy", "files": {"x": "b.npy"}}):
        with pytest.raises(UserError, match="one file, or files"):
            ArrayExtractor(**wrong)  # type: ignore[arg-type]


def test_other_pixels_have_no_features(tmp_path: Path) -> None:
    extractor = ArrayExtractor(str(written(tmp_path, ".npy")))
    assert not extractor.from_pixels
    with pytest.raises(UserError, match="for their images alone"):
        extractor.features(images(4).images())


# timm, with options in the spec


def test_options_of_a_timm_network_in_its_spec(tmp_path: Path) -> None:
    torch.manual_seed(0)
    same = timm.create_model("mobilenetv2_050", pad_type="same")
    path = tmp_path / "weights.safetensors"
    save_file(same.state_dict(), path)
    spec = f"timm:mobilenetv2_050?weights={path}&mean=0.5&std=0.5&size=64"
    padded, plain = (registry("extractors").build(s) for s in (f"{spec}&pad_type=same", spec))
    some = images(2, size=64)
    same.reset_classifier(0)
    with torch.no_grad():
        want = same.eval()(torch.from_numpy(some.images()).permute(0, 3, 1, 2).float() / 127.5 - 1).numpy()
    np.testing.assert_allclose(padded.features(some), want, atol=1e-4)
    assert np.abs(plain.features(some) - want).max() > 1e-3
    assert padded.key != plain.key
    with pytest.raises(UserError, match="timm cannot make"):
        registry("extractors").build(f"{spec}&no_such_option=1").fit(some)
