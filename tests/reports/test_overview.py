from __future__ import annotations

import numpy as np
from PIL import Image
from sample_record import sample_record, thin_record, write_sample

from synmedbench.benchmark import write_record
from synmedbench.reports import build_overview


def test_the_overview_shows_images_and_scores(tmp_path):
    write_sample(tmp_path, sample_record())
    path = build_overview(tmp_path)
    assert path is not None
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] > 1000
    half = pixels.shape[1] // 2
    assert len(np.unique(pixels[:, :half].reshape(-1, 3), axis=0)) > 200
    assert pixels[:, half:].min() < 100


def test_a_run_without_images_has_no_overview(tmp_path):
    write_record(thin_record(), tmp_path / "record.json")
    assert build_overview(tmp_path) is None
