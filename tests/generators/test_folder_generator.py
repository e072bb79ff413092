from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synmedbench.core import UserError
from synmedbench.generators import Conditions, Folder, sample_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    names, labels = [f"images/{i}.png" for i in range(6)], list("ababab")
    for i, name in enumerate(names):
        Image.fromarray(np.full((4, 4, 3), 40 * i, np.uint8)).save(tmp_path / name)
    pd.DataFrame({"file_name": names, "label": labels}).to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path


def asked(labels: str) -> Conditions:
    return Conditions(pd.DataFrame({"label": list(labels)}))


def test_requests_are_answered_in_order_by_label(folder: Path) -> None:
    images = sample_images(Folder(folder), asked("bbaab"), seed=7, batch_size=2)
    assert (images.images()[:, 0, 0, 0] // 40).tolist() == [1, 3, 0, 2, 5]
    assert images.labels == list("bbaab")


def test_too_few_images_of_a_label_are_counted(folder: Path) -> None:
    with pytest.raises(UserError, match="has 3 images with label 'a', 5 are needed"):
        sample_images(Folder(folder), asked("aaaaa"), seed=0)
    with pytest.raises(UserError, match="has 0 images with label 'c', 1 are needed"):
        sample_images(Folder(folder), asked("c"), seed=0)
    assert len(sample_images(Folder(folder, reuse=True), asked("aaaaa"), seed=0)) == 5


def test_the_card_is_read(folder: Path) -> None:
    assert Folder(folder).card.trained_on == "unknown"
    stated = {
        "name": "foreign-gan",
        "version": 3,
        "licence": "CC-BY-4.0",
        "columns": ["label"],
        "trained_on": "abc",
    }
    (folder / "card.json").write_text(json.dumps(stated))
    card = Folder(folder).card
    assert (card.name, card.version, card.licence, card.columns) == (
        "foreign-gan",
        "3",
        "CC-BY-4.0",
        ("label",),
    )
    assert card.trained_on == "abc"
    (folder / "card.json").write_text("[1, 2")
    with pytest.raises(UserError, match=r"card\.json"):
        Folder(folder)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Folder(tmp_path / "nowhere")
