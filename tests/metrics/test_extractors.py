"""Extractors: what they learn, what they need, and that files are checked before they are run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from safetensors.torch import save_file

from synmedbench.core import UserError, file_hash, registry
from synmedbench.imagesets import ImageSet, group_numbers, read_folder
from synmedbench.metrics import DomainExtractor, Extractor, InceptionExtractor, TimmExtractor, extract


def two_classes(n: int = 48, seed: int = 0, size: int = 32) -> ImageSet:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(60, 200, (n, size, size, 3), dtype=np.uint8)
    for i in range(n):
        pixels[i, 8:20, 8:20, 2 * (i % 2)] = 250
    return ImageSet.from_arrays(pixels, pd.DataFrame({"label": ["ab"[i % 2] for i in range(n)]}))


@pytest.fixture(scope="module")
def domain() -> DomainExtractor:
    extractor = DomainExtractor(steps=25, batch_size=16)
    extractor.fit(two_classes(), seed=1)
    return extractor


def test_domain_features_tell_the_classes_apart(domain: DomainExtractor) -> None:
    test = two_classes(40, seed=5)
    features = domain.features(test)
    a, b = features[::2], features[1::2]
    direction = a.mean(0) - b.mean(0)
    assert features.shape == (40, 96)
    assert features.dtype == np.float32
    assert (a @ direction).min() > (b @ direction).max()
    assert isinstance(domain, Extractor)
    assert domain.learns


def test_domain_is_one_network_for_one_seed_and_comes_back_from_disk(
    domain: DomainExtractor, tmp_path: Path
) -> None:
    again = DomainExtractor(steps=25, batch_size=16)
    again.fit(two_classes(), seed=1)
    assert again.key == domain.key
    again.fit(two_classes(), seed=2)
    assert again.key != domain.key
    domain.save(tmp_path / "domain")
    back = DomainExtractor.load(tmp_path / "domain")
    assert back.key == domain.key
    np.testing.assert_array_equal(back.features(two_classes(9)), domain.features(two_classes(9)))


def test_arrays_and_image_sets_of_any_size_are_read_alike(domain: DomainExtractor, tmp_path: Path) -> None:
    test = two_classes(35, seed=6)
    np.testing.assert_array_equal(domain.features(test), domain.features(test.images()))
    np.testing.assert_array_equal(domain.features(test)[3:5], domain.features(test.subset([3, 4])))
    larger = two_classes(4, seed=6, size=64)
    assert domain.features(larger).shape == (4, 96)


def test_domain_says_what_it_lacks() -> None:
    one = two_classes().where(label="a")
    with pytest.raises(UserError, match="fewer than two"):
        DomainExtractor(steps=1).fit(one)
    with pytest.raises(UserError, match="not fitted"):
        DomainExtractor().features(one)


def test_timm_from_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    source = timm.create_model("test_byobnet", num_classes=4)
    save_file(source.state_dict(), path)
    extractor = TimmExtractor("test_byobnet", weights=str(path), mean=0.5, std=0.5, size=48)
    images = two_classes(5)
    features = extract(extractor, images, tmp_path / "cache")
    source.reset_classifier(0)
    x = torch.from_numpy(images.images()).permute(0, 3, 1, 2).float() / 255
    x = torch.nn.functional.interpolate(x, (48, 48), mode="bicubic", antialias=True).clamp(0, 1) * 2 - 1
    with torch.no_grad():
        expected = source.eval()(x).numpy()
    np.testing.assert_allclose(features, expected, atol=1e-4, rtol=1e-3)


def test_the_key_of_timm_follows_weights_and_preprocessing(tmp_path: Path) -> None:
    paths = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        paths.append(str(tmp_path / f"{seed}.safetensors"))
        save_file(timm.create_model("test_byobnet").state_dict(), paths[-1])
    keys = {
        TimmExtractor("test_byobnet", weights=paths[0]).key,
        TimmExtractor("test_byobnet", weights=paths[1]).key,
        TimmExtractor("test_byobnet", weights=paths[0], size=64).key,
        TimmExtractor("test_byobnet", weights=paths[0], mean=0.1).key,
    }
    assert len(keys) == 4
    assert TimmExtractor("test_byobnet", weights=paths[0]).key in keys


def test_images_of_several_sizes(tmp_path: Path) -> None:
    from PIL import Image

    for name, side in (("a.png", 20), ("b.png", 31)):
        Image.new("RGB", (side, side + 4), "red").save(tmp_path / name)

    class Files:
        def __len__(self) -> int:
            return 2

        def read(self, row: int) -> np.ndarray:
            return np.asarray(Image.open(tmp_path / ["a.png", "b.png"][row]))

    images = ImageSet(Files(), pd.DataFrame({"file_name": ["a.png", "b.png"]}))
    features = TimmExtractor("test_byobnet", weights="random", size=32).features(images)
    np.testing.assert_allclose(features[0], features[1], atol=1e-4)
    with pytest.raises(UserError, match="several sizes"):
        TimmExtractor("test_byobnet", weights="random").features(images)


def test_missing_weights_are_told_by_file() -> None:
    with pytest.raises(UserError, match="weights=FILE"):
        TimmExtractor("resnet18")
    with pytest.raises(UserError, match=r"/nowhere/a\.pth"):
        TimmExtractor("resnet18", weights="/nowhere/a.pth").fit(two_classes(2))
    with pytest.raises(UserError, match=r"inception-2015-12-05\.pt"):
        InceptionExtractor(weights="/nowhere/inception-2015-12-05.pt").fit(two_classes(2))


class Layers(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = torch.nn.functional.adaptive_avg_pool2d(x, [32, 64])
        return pooled.mean(1).flatten(1)


class Scripted(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = Layers()

    def forward(self, x: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        return self.layers((x - 128) / 128)


@pytest.fixture
def inception_file(tmp_path: Path) -> Path:
    path = tmp_path / "anything.pt"
    torch.jit.script(Scripted()).save(path)
    return path


def test_inception_runs_only_what_is_allowed(inception_file: Path) -> None:
    with pytest.raises(UserError, match="not the published"):
        InceptionExtractor(weights=str(inception_file)).fit(two_classes(2))
    with pytest.raises(UserError, match="not the published"):
        InceptionExtractor(weights=str(inception_file), trust="0" * 64).fit(two_classes(2))
    InceptionExtractor(weights=str(inception_file), trust=file_hash(inception_file)).fit(two_classes(2))
    text = inception_file.with_name("text.pt")
    text.write_text("not a network")
    with pytest.raises(UserError, match="not a TorchScript"):
        InceptionExtractor(weights=str(text), trust=True).fit(two_classes(2))


def test_inception_sees_what_clean_fid_would_show_it(inception_file: Path) -> None:
    from PIL import Image

    extractor = InceptionExtractor(weights=str(inception_file), trust=True)
    images = two_classes(3)
    channels = [
        [
            Image.fromarray(i[..., c].astype(np.float32)).resize((299, 299), Image.Resampling.BICUBIC)
            for c in range(3)
        ]
        for i in images.images()
    ]
    pixels = np.stack([np.stack([np.asarray(c) for c in image]) for image in channels]).clip(0, 255)
    with torch.no_grad():
        expected = Layers()((torch.from_numpy(pixels) - 128) / 128).numpy()
    features = extractor.features(images)
    assert features.shape == (3, 2048)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert extractor.key == InceptionExtractor(weights=str(inception_file), trust=True).key


@pytest.mark.slow
def test_a_linear_probe_on_real_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """Multinomial logistic regression on standardised features; identical images stay on one side."""
    folder = Path(os.environ.get("SYNMEDBENCH_DATA", "/nowhere"))
    weights = folder / "mobilenetv2_100_imagenet.safetensors"
    if not weights.is_file() or not (folder / "pbc64").is_dir():
        pytest.skip("needs pbc64 and the MobileNetV2 weights in SYNMEDBENCH_DATA")
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.preprocessing import StandardScaler

    cells = read_folder(folder / "pbc64")
    groups = group_numbers(cells)
    order = np.random.default_rng(0).permutation(len(cells))
    train = order[:800]
    test = order[800:][~np.isin(groups[order[800:]], groups[train])][:800]
    spec = f"timm:mobilenetv2_100?weights={weights}&pad_type=same&mean=0.5&std=0.5"
    features = registry("extractors").build(spec).features(cells.subset(np.concatenate([train, test])))
    labels = np.array(cells.labels)
    scaler = StandardScaler().fit(features[:800])
    probe = LogisticRegression(max_iter=3000).fit(scaler.transform(features[:800]), labels[train])
    reached = balanced_accuracy_score(labels[test], probe.predict(scaler.transform(features[800:])))
    with capsys.disabled():
        print(
            f"\nlinear probe on pbc64, MobileNetV2 features, 800 + {len(test)}: balanced accuracy {reached:.3f}"
        )
    assert len(test) == 800
    assert reached >= 0.88
