"""Near-duplicates: what is found, what is not, and how often strangers are taken for one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synmedbench.core import UserError
from synmedbench.imagesets import (
    Fingerprints,
    ImageSet,
    fingerprints,
    fit_square,
    group_numbers,
    near_duplicate_groups,
    near_pairs,
    open_imageset,
    perceptual_hash,
    phantom_blood,
    phantom_derm,
    split_by_group,
    view,
    with_near_duplicates,
)
from synmedbench.imagesets._views import AS_IS, TURNS

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "-"))


def photographs(n: int, side: int = 48, seed: int = 0) -> np.ndarray:
    """Images with structure at all scales: noise whose amplitude falls with frequency."""
    found = []
    for number in range(n):
        random = np.random.default_rng((seed, number))
        image = np.zeros((side, side, 3))
        for cells in (2, 4, 8, 16, 32):
            coarse = random.normal(128, 110 / np.sqrt(cells), (cells, cells, 3)).clip(0, 255).astype(np.uint8)
            image += (
                np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC), float)
                - 128
            )
        found.append((image + 128).clip(0, 255).astype(np.uint8))
    return np.stack(found)


PIXELS = photographs(30)


@pytest.mark.parametrize("name", TURNS)
def test_mirrored_and_turned_fingerprints_need_no_pixels(name: str) -> None:
    seen, made = fingerprints(view(PIXELS, name)), fingerprints(PIXELS).seen(name)
    np.testing.assert_allclose(seen.frequencies, made.frequencies, atol=0.05 * np.abs(made.frequencies).max())
    assert (seen.hashes == made.hashes).mean() > 0.8


def test_frequencies_are_those_of_scipy() -> None:
    from scipy.fft import dctn

    image = photographs(1, side=32)[0]
    grey = np.asarray(Image.fromarray(image).convert("L"), float)
    expected = dctn(grey, norm="ortho")[:16, :16]
    np.testing.assert_allclose(fingerprints(image[None]).frequencies[0], expected, rtol=1e-4, atol=1e-3)


def test_distance_of_hashes_is_what_pairs_report() -> None:
    changed = view(PIXELS, "jpeg:30")
    pairs = near_pairs(changed, PIXELS, likeness=0.5)
    bits = [f"{code:064b}" for code in perceptual_hash(changed)]
    other = [f"{code:064b}" for code in perceptual_hash(PIXELS)]
    for row, column, distance, seen in zip(
        pairs.rows, pairs.others, pairs.distances, pairs.views, strict=True
    ):
        if seen == AS_IS:
            assert sum(a != b for a, b in zip(bits[row], other[column], strict=True)) == distance
    assert (pairs.rows == pairs.others).sum() == len(PIXELS)


@pytest.mark.parametrize(
    "name",
    ["jpeg:75", "jpeg:50", "blur:1", "brightness:0.8", "across", "turn:90", "transpose:-1", "down+jpeg:75"],
)
def test_changed_images_are_found_under_their_view(name: str) -> None:
    groups = near_duplicate_groups(np.concatenate([PIXELS, view(PIXELS, name)]))
    assert groups[: len(PIXELS)].tolist() == list(range(len(PIXELS)))
    assert (groups[: len(PIXELS)] == groups[len(PIXELS) :]).mean() >= 0.95


def test_other_sizes_are_found() -> None:
    small = np.stack([fit_square(image, 28) for image in PIXELS])
    assert len(set(near_pairs(small, PIXELS).rows.tolist())) == len(PIXELS)


def test_turned_images_are_left_alone_where_asked() -> None:
    both = np.concatenate([PIXELS, PIXELS[:, :, ::-1]])
    assert len(set(near_duplicate_groups(both, turned=False).tolist())) == len(both)


def test_groups_are_closed_and_do_not_depend_on_the_order() -> None:
    chain = np.concatenate([PIXELS[:6], view(PIXELS[:6], "blur:1"), view(PIXELS[:3], "across+jpeg:50")])
    groups = near_duplicate_groups(chain)
    order = np.random.default_rng(3).permutation(len(chain))
    moved = near_duplicate_groups(chain[order])
    same = groups[:, None] == groups[None]
    assert (same[order][:, order] == (moved[:, None] == moved[None])).all()
    assert groups.max() + 1 == 6


def test_images_of_one_colour_are_nobodys_duplicates() -> None:
    plain = np.full((4, 16, 16, 3), 90, np.uint8)
    plain[2:] = 200
    assert near_duplicate_groups(plain).tolist() == [0, 1, 2, 3]
    ramp = np.repeat(np.arange(0, 64, 2, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(32, axis=0)
    stacked = np.stack([ramp, 255 - ramp, plain[0].repeat(2, 0).repeat(2, 1)])
    assert len(near_pairs(stacked, turned=False).rows) == 0


def test_tiny_images_have_no_detail_to_compare() -> None:
    small = np.stack([fit_square(image, 12) for image in PIXELS])
    assert not fingerprints(small).details.any()
    assert len(near_pairs(small, small).rows) == 0
    assert fingerprints(np.stack([fit_square(image, 16) for image in PIXELS])).details.any(axis=1).all()


def test_none_one_and_many_equal_images() -> None:
    none = np.zeros((0, 8, 8, 3), np.uint8)
    assert near_duplicate_groups(none).tolist() == []
    assert len(near_pairs(none, PIXELS).rows) == len(near_pairs(PIXELS, none).rows) == 0
    assert near_duplicate_groups(PIXELS[:1]).tolist() == [0]
    assert set(near_duplicate_groups(np.repeat(PIXELS[:1], 700, axis=0)).tolist()) == {0}


def test_wrong_values_are_refused() -> None:
    with pytest.raises(UserError, match="0 to 63 bits"):
        near_duplicate_groups(PIXELS, distance=64)
    with pytest.raises(UserError, match="likeness"):
        near_pairs(PIXELS, likeness=0)
    with pytest.raises(UserError, match="uint8"):
        fingerprints(PIXELS.astype(np.float64))  # type: ignore[arg-type]


def test_splits_keep_near_duplicates_together_beside_patients() -> None:
    copies = np.concatenate([PIXELS, view(PIXELS, "jpeg:60"), photographs(60, seed=5)])
    table = pd.DataFrame({"label": ["a", "b"] * 60, "patient_id": [f"p{i // 2}" for i in range(120)]})
    images = with_near_duplicates(ImageSet.from_arrays(copies, table))
    names = images.table["near_duplicate"]
    assert names[:60].notna().all()
    assert names[60:].isna().all()
    assert (names[:30].to_numpy() == names[30:60].to_numpy()).all()
    groups = group_numbers(images, "patient_id")
    assert (groups[:30] == groups[30:60]).all()
    assert groups[0] == groups[1] == groups[31]
    split = split_by_group(images, fractions={"train": 0.7, "test": 0.3}, group="patient_id").table["split"]
    assert (split[:30].to_numpy() == split[30:60].to_numpy()).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_any_array_has_a_fingerprint_and_is_like_itself(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    made = fingerprints(pixels)
    assert np.isfinite(made.frequencies).all()
    own = near_pairs(made, Fingerprints(made.frequencies.copy()), distance=0, likeness=0.99, turned=False)
    has_detail = set(np.flatnonzero(made.details.any(axis=1)).tolist())
    assert {int(row) for row, other in zip(own.rows, own.others, strict=True) if row == other} == has_detail


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "recall"), [(phantom_derm, 0.8), (phantom_blood, 0.95)])
def test_strangers_of_the_phantoms_are_not_paired(draw: object, recall: float) -> None:
    images = draw(n=2000)  # type: ignore[operator]
    pixels = images.images()
    made = fingerprints(pixels)
    assert len(near_pairs(made).rows) <= 2
    for name in ("jpeg:75", "blur:1", "across+brightness:0.8"):
        found = near_pairs(view(pixels[:200], name), made.subset(range(200)))
        assert len(set(found.rows[found.rows == found.others])) >= 200 * recall


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pbc64", "ham64"])
def test_real_strangers_are_not_paired_and_copies_are(name: str) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"SYNMEDBENCH_DATA has no {name}")
    pixels = open_imageset(DATA / name).images()
    made = fingerprints(pixels)
    assert len(near_pairs(made).rows) == 0
    for change in ("jpeg:50", "blur:1", "turn:90+brightness:0.8"):
        found = near_pairs(view(pixels[:300], change), made.subset(range(300)))
        assert len(set(found.rows[found.rows == found.others])) >= 0.98 * 300
