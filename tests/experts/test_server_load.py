"""Many raters who answer at once, without a pause between answers: none is lost, none doubled, all are quick."""

from __future__ import annotations

from pathlib import Path

import pytest
from rating_load import Load, run_load
from rating_studies import noise_set
from serving import Command

from synmedbench.experts import RatingStore
from synmedbench.imagesets import write_folder


def _serve_and_load(store: str, folder: Path, raters: int, ratings: int, *, twice: bool) -> Load:
    write_folder(noise_set(ratings, 1, generator="diffusion", side=8), folder / "made")
    names = ",".join(f"rater{i:02d}" for i in range(raters))
    words = [folder / "made", "--criteria", "blood", "--store", store, "--raters", names, "--port", "0"]
    command = Command(*words, "--overlap", "1", "--repeats", "0", cwd=folder).ready()
    try:
        load = run_load(list(command.links.values()), ratings, twice=twice)
    finally:
        command.stop()
    assert "".join(command.told) == ""
    return load


def _check_store(store: str, load: Load, raters: int, ratings: int) -> None:
    kept = RatingStore(store)
    verdicts = kept.ratings(criterion="verdict")
    events = [event.rpartition(":")[0] for event in verdicts["event_id"]]
    assert len(load.saved) == raters * ratings
    assert sorted(events) == sorted(load.saved)
    assert (verdicts.groupby("rater")["image_key"].nunique() == ratings).all()
    trail = kept.events(kind="answered")
    assert sorted(trail["event_id"]) == sorted(load.saved)
    kept.close()


@pytest.mark.parametrize("twice", [False, True])
def test_a_few_raters_at_once(store_url, tmp_path, twice):
    load = _serve_and_load(store_url, tmp_path, 4, 12, twice=twice)
    _check_store(store_url, load, 4, 12)


@pytest.mark.slow
@pytest.mark.parametrize("twice", [False, True])
def test_fifty_raters_at_once(store_url, tmp_path, twice, capsys):
    load = _serve_and_load(store_url, tmp_path, 50, 100, twice=twice)
    _check_store(store_url, load, 50, 100)
    with capsys.disabled():
        print(f"\n  {store_url.partition(':')[0]}{', each sent twice' if twice else ''}: {load.words()}")
