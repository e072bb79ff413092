"""Folders of small image sets that the tests of evaluation share."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn_sets import drawn

from synmedbench.imagesets import write_folder


@pytest.fixture(scope="session")
def small_sets(tmp_path_factory) -> Path:
    """Folders real, held, train, fake, and fake-1 and fake-2, which together are fake; a space and an umlaut around."""
    root = tmp_path_factory.mktemp("Häute und Zellen")
    for seed, (name, n) in enumerate((("real", 160), ("held", 80), ("train", 120), ("fake", 120))):
        write_folder(drawn(n, seed), root / name)
    fake = drawn(120, 3)
    write_folder(fake.subset(range(50)), root / "fake-1")
    write_folder(fake.subset(range(50, 120)), root / "fake-2")
    return root
