"""Networks of transformers: their own preprocessing, features that depend on the image alone, files by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

pytest.importorskip("transformers")

import hf_models

from synmedbench.core import UserError, registry
from synmedbench.imagesets import ImageSet
from synmedbench.metrics import (
    ClipExtractor,
    Dinov2Extractor,
    Extractor,
    HfExtractor,
    RadDinoExtractor,
    TimmExtractor,
    extract,
)


def by_hand(images: ImageSet, edge: int, side: int) -> torch.Tensor:
    """Resize, crop and normalise in plain torch, in float, as the processor's configuration says."""
    x = torch.from_numpy(images.images()).permute(0, 3, 1, 2).float()
    x = (
        torch.nn.functional.interpolate(x, (edge, edge), mode="bicubic", antialias=True).round().clamp(0, 255)
        / 255
    )
    cut = (edge - side) // 2
    x = x[..., cut : cut + side, cut : cut + side]
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (hf_models.MEAN, hf_models.STD))
    return (x - mean) / std


def test_dinov2_is_the_class_token_of_the_images_its_processor_makes(tmp_path: Path) -> None:
    import transformers

    folder, images = hf_models.dinov2(tmp_path / "m"), hf_models.images()
    extractor = Dinov2Extractor("s", weights=str(folder))
    found = extract(extractor, images, tmp_path / "cache")
    model = transformers.Dinov2Model.from_pretrained(folder).eval()
    with torch.no_grad():
        want = model(by_hand(images, 32, 28)).last_hidden_state[:, 0].numpy()
    assert found.dtype == np.float32
    assert isinstance(extractor, Extractor)
    np.testing.assert_allclose(found, want, atol=0.02)
    assert np.corrcoef(found.ravel(), want.ravel())[0, 1] > 0.9999


def test_clip_gives_image_embeddings_of_a_whole_clip(tmp_path: Path) -> None:
    import transformers

    folder, images = hf_models.clip(tmp_path / "m"), hf_models.images()
    found = ClipExtractor("336", weights=str(folder)).features(images)
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model.vision_model(by_hand(images, 32, 32)).pooler_output
        want = model.visual_projection(hidden).numpy()
    assert found.shape == (5, 12)
    np.testing.assert_allclose(found, want, atol=0.02)
    np.testing.assert_allclose(HfExtractor(str(folder)).features(images), found, atol=1e-5)


MAKERS: list[Callable[[Path], Path]] = [hf_models.dinov2, hf_models.clip, hf_models.vit, hf_models.resnet]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_features_depend_on_the_image_alone(make: Callable[[Path], Path], tmp_path: Path) -> None:
    extractor, images = HfExtractor(str(make(tmp_path / "m"))), hf_models.images(35)
    whole = extractor.features(images)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole[33:], extractor.features(images.subset([33, 34])))
    np.testing.assert_array_equal(whole, extractor.features(images.images()))
    np.testing.assert_array_equal(extractor.features(images, batch_size=3), whole)
    assert extractor.features(images.subset([])).shape[0] == 0


def test_images_of_several_sizes_and_shapes(tmp_path: Path) -> None:
    class Two:
        def __len__(self) -> int:
            return 2

        def read(self, row: int) -> np.ndarray:
            return np.full([(50, 40, 3), (30, 90, 3)][row], 130, np.uint8)

    import pandas as pd

    mixed = ImageSet(Two(), pd.DataFrame({"file_name": ["a", "b"]}))
    found = HfExtractor(str(hf_models.vit(tmp_path / "m"))).features(mixed)
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_pooling_by_the_stated_rule(tmp_path: Path) -> None:
    import transformers

    images = hf_models.images(3)
    whole, headless = hf_models.vit(tmp_path / "a"), hf_models.vit(tmp_path / "b", drop=("pooler",))
    model = transformers.ViTModel.from_pretrained(whole).eval()
    x = torch.nn.functional.interpolate(
        torch.from_numpy(images.images()).permute(0, 3, 1, 2).float(),
        (32, 32),
        mode="bilinear",
        antialias=True,
    )
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (hf_models.MEAN, hf_models.STD))
    with torch.no_grad():
        made = model((x / 255 - mean) / std)
    want = {
        "pooled": made.pooler_output,
        "cls": made.last_hidden_state[:, 0],
        "mean": made.last_hidden_state.mean(1),
    }
    for pool, rows in want.items():
        np.testing.assert_allclose(
            HfExtractor(str(whole), pool=pool).features(images), rows.numpy(), atol=0.02
        )
    auto = {folder: HfExtractor(str(folder)).features(images) for folder in (whole, headless)}
    np.testing.assert_array_equal(auto[whole], HfExtractor(str(whole), pool="pooled").features(images))
    np.testing.assert_array_equal(auto[headless], HfExtractor(str(whole), pool="cls").features(images))
    with pytest.raises(UserError, match="lack 2 of"):
        HfExtractor(str(headless), pool="pooled").fit(images)
    with pytest.raises(UserError, match="no class token"):
        HfExtractor(str(hf_models.resnet(tmp_path / "c")), pool="cls").fit(images)
    with pytest.raises(UserError, match="one of auto"):
        HfExtractor(str(whole), pool="max")


def test_the_key_follows_weights_preprocessing_and_pooling_and_not_the_place(tmp_path: Path) -> None:
    first, other = hf_models.vit(tmp_path / "a"), hf_models.vit(tmp_path / "b", seed=1)
    same = hf_models.vit(tmp_path / "ä c")
    changed = hf_models.vit(tmp_path / "d")
    pixels = json.loads((changed / "preprocessor_config.json").read_text())
    (changed / "preprocessor_config.json").write_text(json.dumps({**pixels, "image_mean": [0, 0, 0]}))
    key = HfExtractor(str(first)).key
    assert HfExtractor(str(same)).key == key
    assert len({key, HfExtractor(str(other)).key, HfExtractor(str(changed)).key,
                HfExtractor(str(first), pool="mean").key}) == 4  # fmt: skip


def test_weights_in_shards_are_one_network(tmp_path: Path) -> None:
    whole, images = hf_models.vit(tmp_path / "a"), hf_models.images(2)
    shards = hf_models.vit(tmp_path / "b")
    state = load_file(shards / "model.safetensors")
    names = sorted(state)
    parts = {"model-1.safetensors": names[: len(names) // 2], "model-2.safetensors": names[len(names) // 2 :]}
    for file, keys in parts.items():
        save_file({key: state[key] for key in keys}, shards / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: file for file, keys in parts.items() for key in keys}}
    (shards / "model.safetensors.index.json").write_text(json.dumps(index))
    (shards / "model.safetensors").unlink()
    np.testing.assert_array_equal(
        HfExtractor(str(shards)).features(images), HfExtractor(str(whole)).features(images)
    )
    (shards / "model-2.safetensors").unlink()
    with pytest.raises(UserError, match=r"model-2\.safetensors: this part"):
        HfExtractor(str(shards)).fit(images)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)
    return tmp_path / "hub"


@pytest.mark.usefixtures("empty_cache")
def test_a_missing_model_is_one_sentence_with_file_place_and_licence() -> None:
    images = hf_models.images(2)
    wanted = [
        (HfExtractor("nobody/nothing"), r"model\.safetensors of https://huggingface\.co/nobody/nothing"),
        (Dinov2Extractor("l"), r"facebook/dinov2-large.*licence: Apache-2\.0"),
        (ClipExtractor(), r"openai/clip-vit-large-patch14-336.*licence: MIT"),
        (RadDinoExtractor(), r"microsoft/rad-dino.*licence"),
        (HfExtractor("/nowhere/at-all"), r"/nowhere/at-all: the model's folder does not exist"),
        (HfExtractor("../a/b/c"), "folder does not exist"),
    ]
    for extractor, words in wanted:
        with pytest.raises(UserError, match=words) as caught:
            extractor.fit(images)
        assert "\n" not in str(caught.value)


def test_a_model_in_the_cache_is_found_by_its_id(empty_cache: Path) -> None:
    repository = empty_cache / "models--some--net"
    hf_models.vit(repository / "snapshots" / "abc")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    found = HfExtractor("some/net").features(hf_models.images(2))
    assert found.shape == (2, 24)
    assert registry("extractors").build("hf:some/net@main").key == HfExtractor("some/net").key
    with pytest.raises(UserError, match="not in the Hugging Face cache"):
        HfExtractor("some/net", revision="v9").fit(hf_models.images(2))


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_file_of_a_folder_is_named(name: str, tmp_path: Path) -> None:
    folder = hf_models.vit(tmp_path / "m")
    (folder / name).unlink()
    with pytest.raises(UserError, match=rf"m: {name} is missing \(put the model's {name} there"):
        HfExtractor(str(folder)).fit(hf_models.images(2))


@pytest.mark.parametrize("keep", [0, 6, 40, -7])
def test_a_truncated_safetensors_is_told(keep: int, tmp_path: Path) -> None:
    path = hf_models.vit(tmp_path / "m") / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"model\.safetensors: not a whole safetensors file"):
        HfExtractor(str(path.parent)).fit(hf_models.images(2))


def test_a_pickle_is_refused_with_a_way_out_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, images = hf_models.vit(tmp_path / "m"), hf_models.images(2)
    want = HfExtractor(str(folder)).features(images)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"pickled \(pytorch_model\.bin\)") as caught:
        HfExtractor(str(folder)).fit(images)
    line = str(caught.value).partition("convert once: ")[2].rpartition(")")[0]
    monkeypatch.chdir(folder)
    import safetensors.torch

    exec(line, {"torch": torch, "safetensors": safetensors})
    np.testing.assert_array_equal(HfExtractor(str(folder)).features(images), want)


def test_the_wrong_architecture_is_told(tmp_path: Path) -> None:
    images = hf_models.images(2)
    with pytest.raises(UserError, match=r"no vision network: its model_type is 'bert'"):
        HfExtractor(str(hf_models.bert(tmp_path / "bert"))).fit(images)
    folder = hf_models.vit(tmp_path / "lacking", drop=("layers.1", "encoder.layer.1"))
    with pytest.raises(UserError, match="the weights lack"):
        HfExtractor(str(folder)).fit(images)
    with pytest.raises(UserError, match=r"lack|another shape|cannot load"):
        Dinov2Extractor("s", weights=str(hf_models.vit(tmp_path / "vit"))).fit(images)
    config = hf_models.vit(tmp_path / "wide") / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "intermediate_size": 48}))
    with pytest.raises(UserError, match="another shape"):
        HfExtractor(str(config.parent)).fit(images)


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path) -> None:
    folder = hf_models.vit(tmp_path / "m")
    path = folder / "config.json"
    alien = {"model_type": "alien", "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
    path.write_text(json.dumps({**json.loads(path.read_text()), **alien}))
    ran = str(tmp_path / "ran")
    (folder / "evil.py").write_text(f"open({ran!r}, 'w').close()\nclass Config: ...\nclass Model: ...")
    with pytest.raises(UserError, match=r"never run.*torchscript:FILE"):
        HfExtractor(str(folder)).fit(hf_models.images(2))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"image_processor_type": "NoSuchProcessor"}'])
def test_a_broken_processor_is_told(text: str, tmp_path: Path) -> None:
    folder = hf_models.vit(tmp_path / "m")
    (folder / "preprocessor_config.json").write_text(text)
    with pytest.raises(UserError, match="preprocessor_config"):
        HfExtractor(str(folder)).fit(hf_models.images(2))


def test_without_transformers_one_sentence_tells_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hf_models.vit(tmp_path / "m")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"pip install 'synmedbench\[hf\]'"):
        HfExtractor(str(folder)).fit(hf_models.images(2))


def test_loading_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ClipExtractor(weights=str(hf_models.clip(tmp_path / "m"))).fit(hf_models.images(2))
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_dinov2_from_a_timm_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = timm.create_model("vit_small_patch14_dinov2", num_classes=0)
    path = tmp_path / "model.safetensors"
    save_file({key: value.half() for key, value in network.state_dict().items()}, path)
    images = hf_models.images(2)
    extractor = Dinov2Extractor("s", weights=str(path))
    found = extractor.features(images)
    same = TimmExtractor("vit_small_patch14_dinov2", weights=str(path), size=224, dynamic_img_size=True)
    assert found.shape == (2, 384)
    np.testing.assert_allclose(found, same.features(images), atol=1e-5)
    with pytest.raises(UserError, match="does not fit"):
        Dinov2Extractor("b", weights=str(path)).fit(images)
    with pytest.raises(UserError, match="one of s, b, l, g"):
        Dinov2Extractor("xl")
