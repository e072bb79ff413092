"""Shards: evaluated apart and put together, the same as at once; what does not belong together is refused."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_sets import drawn, run

from synmedbench.benchmark import evaluate, merge
from synmedbench.core import UserError, silent
from synmedbench.imagesets import write_folder


def test_features_in_shards_give_exactly_the_scores_of_all_at_once(tmp_path):
    generator = np.random.default_rng(4)
    real, held = generator.standard_normal((2, 120, 6))
    fake = generator.standard_normal((150, 6)) * 1.2
    labels = np.array(["a", "b"])[np.arange(150) % 2]
    np.savez(tmp_path / "real.npz", features=real, label=labels[:120])
    np.save(tmp_path / "held.npy", held)
    options = {"holdout": str(tmp_path / "held.npy"), "by": ["label"], "progress": silent()}
    names = np.array([f"{i}.png" for i in range(150)])
    np.savez(tmp_path / "all.npz", features=fake, label=labels, file_name=names)
    whole = evaluate(str(tmp_path / "all.npz"), str(tmp_path / "real.npz"), **options)
    for name, rows in (("x", slice(0, 31)), ("z", slice(31, None))):
        np.savez(tmp_path / f"{name}.npz", features=fake[rows], label=labels[rows], file_name=names[rows])
        evaluate(
            str(tmp_path / f"{name}.npz"),
            str(tmp_path / "real.npz"),
            keep=tmp_path / f"{name}-kept",
            **options,
        )
    merged = merge([tmp_path / "x-kept", tmp_path / "z-kept"])
    assert merged.scores == whole.scores
    assert merged.memorisation == whole.memorisation
    assert merged.data == whole.data


def test_images_in_shards_give_the_scores_of_all_at_once(small_sets, tmp_path):
    options = {
        "extractors": ["domain?steps=20", "texture"],
        "by": ["label"],
        "holdout": "held",
        "train": "train",
    }
    whole = run(small_sets, **options)
    for name in ("fake-1", "fake-2"):
        run(small_sets, fake=name, keep=tmp_path / name, **options)
    merged = merge([tmp_path / "fake-1", tmp_path / "fake-2"])
    assert len(merged.scores) == len(whole.scores)
    for one, two in zip(merged.scores, whole.scores, strict=True):
        for name in ("generator", "metric", "stratum", "reason"):
            assert getattr(one, name) == getattr(two, name)
        assert one.value == (two.value and pytest.approx(two.value, rel=1e-3, abs=1e-5))
    assert merged.generators[0].version == whole.generators[0].version
    assert merged.data.content_hash == whole.data.content_hash


def test_no_pixels_are_in_a_shard(small_sets, tmp_path):
    run(small_sets, keep=tmp_path / "kept")
    pixels = 120 * 16 * 16 * 3
    for path in (tmp_path / "kept").glob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != np.uint8 and arrays[name].size < pixels for name in arrays.files)


@pytest.fixture(scope="module")
def shards(small_sets, tmp_path_factory):
    root = tmp_path_factory.mktemp("shards")
    write_folder(drawn(100, 40), root / "other-real")
    for name, options in {
        "one": {"fake": "fake-1"},
        "two": {"fake": "fake-2"},
        "again": {"fake": "fake"},
        "size": {"fake": "fake-2", "size": 12},
        "seed": {"fake": "fake-2", "seed": 1},
        "metrics": {"fake": "fake-2", "metrics": ["coverage"]},
        "strata": {"fake": "fake-2", "by": ["label"]},
        "held": {"fake": "fake-2", "holdout": "held"},
        "real": {"fake": "fake-2", "real": str(root / "other-real")},
        "extractors": {"fake": "fake-2", "extractors": ["texture?size=32"]},
    }.items():
        run(small_sets, keep=root / name, **options)
    return root


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("again", "50 of its 120 synthetic images are in .*one too"),
        ("size", "its size are 12"),
        ("seed", "its seed are 1"),
        ("metrics", "its metrics are coverage, those of .*one none"),
        ("strata", "its strata are label"),
        ("held", "its holdout images are others"),
        ("real", "its real images are others"),
        ("extractors", "the extractor 'texture' has other weights"),
        ("absent", "no shard is here"),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(shards, other, told):
    with pytest.raises(UserError, match=told) as caught:
        merge([shards / "one", shards / other])
    assert other in str(caught.value)


def test_one_shard_is_no_merge_and_a_broken_one_is_named(shards, tmp_path):
    import shutil

    with pytest.raises(UserError, match="at least 2 shards"):
        merge([shards / "one"])
    shutil.copytree(shards / "two", tmp_path / "cut")
    victim = tmp_path / "cut" / "synthetic.npz"
    victim.write_bytes(victim.read_bytes()[:500])
    with pytest.raises(UserError, match="not a whole shard"):
        merge([shards / "one", tmp_path / "cut"])


def test_a_shard_whose_table_was_changed_is_refused(shards, tmp_path):
    import shutil

    import pandas as pd

    shutil.copytree(shards / "two", tmp_path / "changed")
    path = tmp_path / "changed" / "synthetic.parquet"
    table = pd.read_parquet(path)
    table["label"] = "round"
    table.to_parquet(path)
    with pytest.raises(UserError, match="not those that were kept"):
        merge([shards / "one", tmp_path / "changed"])
