"""Files of every form give back what was written; faulty ones are refused by row; nothing is doubled."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from rated_tables import event_rows, in_order, rating_tables

from synmedbench.core import UserError
from synmedbench.experts import (
    OracleExpert,
    RatingStore,
    check_ratings,
    export_ratings,
    exported,
    images_form,
    import_ratings,
    latest,
    load_criteria,
    ratings_form,
    read_exchange,
    verdicts,
)
from synmedbench.imagesets import open_imageset


def store_of(*rows: dict[str, object]) -> RatingStore:
    store = RatingStore("sqlite://")
    store.add(check_ratings(pd.DataFrame(list(rows))))
    return store


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@settings(deadline=None, max_examples=30)
@given(before=rating_tables())
def test_the_ratings_form_gives_back_what_holds(suffix: str, before: pd.DataFrame) -> None:
    store = RatingStore("sqlite://")
    store.add(before)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"r{suffix}"
        export_ratings(store, path, "ratings")
        after = read_exchange(path).ratings
        assert after is not None
        pd.testing.assert_frame_equal(in_order(after, ids=False), in_order(latest(before), ids=False))
        named = latest(before)["event_id"].str.contains(":")
        assert set(latest(before)["event_id"][named]) <= set(after["event_id"])
        assert import_ratings(store, path) == 0


@settings(deadline=None, max_examples=30)
@given(before=rating_tables())
def test_label_studio_gives_back_what_holds(before: pd.DataFrame) -> None:
    store = RatingStore("sqlite://")
    store.add(before)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "r.json"
        export_ratings(
            store, path, "label-studio", criteria=load_criteria("skin").model_copy(update={"name": "skin"})
        )
        after = read_exchange(path).ratings
        assert after is not None
        alike = in_order(latest(before), ids=False)
        # Tasks are per image: Label Studio has one data set, label and request of an image.
        per_task = ["imageset", "label", "requested"]
        pd.testing.assert_frame_equal(
            in_order(after, ids=False).drop(columns=per_task), alike.drop(columns=per_task)
        )
        assert import_ratings(store, path) == 0


@settings(deadline=None, max_examples=30)
@given(before=rating_tables())
def test_the_ratings_form_is_one_row_per_rater_image_and_repeat(before: pd.DataFrame) -> None:
    form = ratings_form(before)
    assert not form.duplicated(["rater", "image_key", "repeat", "study", "criteria_version"]).any()
    counted = form.filter(regex="^answer_|^realism$|^note$").notna().sum().sum()
    assert counted == (latest(before)["criterion"] != "verdict").sum()


def test_answers_taken_back_are_in_events_alone() -> None:
    first = event_rows("e1", "anna", "x", answers={"size": "no"}, plausible=0)
    undone = [
        {**row, "event_id": "u1:" + row["criterion"], "plausible": None, "withdrawn": 1} for row in first
    ]
    again = event_rows("e2", "anna", "x", answers={"size": "yes"}, plausible=1)
    store = store_of(*first, *undone, *again)
    assert len(exported(store, "events")) == 6
    form = exported(store, "ratings")
    assert form[["event", "plausible", "answer_size"]].values.tolist() == [["e2", 1, "yes"]]
    store = store_of(*first, *undone)
    assert len(exported(store, "ratings")) == len(exported(store, "images")) == 0


def test_images_form_counts_raters_once_and_leaves_repeats_out() -> None:
    rows = event_rows("1", "anna", "x", answers={"size": "yes", "realism": "5"}, plausible=1)
    rows += event_rows("2", "anna", "x", answers={"size": "no"}, plausible=0, repeat=1)
    rows += event_rows("3", "ben", "x", answers={"size": "no", "realism": "2"}, plausible=0)
    rows += event_rows("4", "cem", "x", answers={"size": "cannot tell"}, plausible=1)
    rows += event_rows("5", "cem", "y", answers={"note": "no verdict"}, named=False)
    form = images_form(check_ratings(pd.DataFrame(rows))).set_index("image")
    assert form.loc["x", ["n_raters", "n_plausible", "verdict"]].tolist() == [3, 2, 1]
    assert form.loc["x", "share"] == pytest.approx(2 / 3)
    assert form.loc["x", "yes_size"] == 0.5
    assert form.loc["x", "realism"] == 3.5
    assert form.loc["y", "n_raters"] == 0
    assert form.loc["y", ["share", "verdict", "yes_size"]].isna().all()


@settings(deadline=None, max_examples=30)
@given(before=rating_tables())
def test_images_form_has_the_verdicts_of_verdicts(before: pd.DataFrame) -> None:
    before = before.assign(
        criteria_version=1, study=None, imageset="s", label=None, requested=None, origin=None
    )
    form = images_form(check_ratings(before)).dropna(subset="verdict").set_index("image")
    pd.testing.assert_series_equal(
        form["verdict"].astype(int).sort_index(), verdicts(before), check_names=False, check_index_type=False
    )


def test_one_raters_images_come_in_by_name(tmp_path: Path) -> None:
    images = open_imageset("phantom-derm?n=4&size=32&diseases=2")
    path = tmp_path / "mine.csv"
    names = images.column("file_name").tolist()
    path.write_text(
        f"image,plausible,size\n{names[0]},1,yes\n{Path(names[1]).name},no,no\n", encoding="utf-8"
    )
    store = RatingStore("sqlite://")
    assert import_ratings(store, path, rater="Zoë", criteria=load_criteria("skin"), images=images) == 2
    ratings = store.ratings()
    assert ratings["image_key"].tolist() == images.image_keys[:2]
    assert ratings["image"].tolist() == names[:2]
    assert ratings["plausible"].tolist() == [1, 0]
    assert set(ratings["criteria"]) == {"skin"}
    assert json.loads(ratings["requested"][0])["label"] == images.column("label")[0]
    assert import_ratings(store, path, rater="Zoë", criteria=load_criteria("skin"), images=images) == 0
    export_ratings(store, tmp_path / "images.csv", "images")
    other = RatingStore("sqlite://")
    assert import_ratings(other, tmp_path / "images.csv", rater="Zoë") == 2
    assert verdicts(other.ratings()).to_dict() == verdicts(ratings).to_dict()


def test_an_aggregated_table_is_refused_with_the_way_out(tmp_path: Path) -> None:
    rows = [row for rater in "ab" for row in event_rows(rater, rater, "x", plausible=1)]
    export_ratings(store_of(*rows), tmp_path / "i.csv", "images")
    with pytest.raises(UserError, match=r"aggregated over several raters.*--form ratings"):
        read_exchange(tmp_path / "i.csv", rater="anna")
    with pytest.raises(UserError, match=r"whose judgement\?.*--rater"):
        read_exchange(tmp_path / "i.csv")


def test_unknown_images_are_refused_by_name_or_kept(tmp_path: Path) -> None:
    images = open_imageset("phantom-derm?n=2&size=32&diseases=2")
    path = tmp_path / "r.csv"
    lines = [f"strange-{i:02d}.png,anna,1" for i in range(12)]
    path.write_text("\n".join(["image,rater,plausible", *lines]), encoding="utf-8")
    store = RatingStore("sqlite://")
    with pytest.raises(UserError) as caught:
        import_ratings(store, path, images=images)
    assert "12 images are not in the image set" in str(caught.value)
    assert str(caught.value).count("strange-") == 10
    assert "--keep-unknown" in str(caught.value)
    assert not len(store.ratings())
    told: list[str] = []
    assert import_ratings(store, path, images=images, keep_unknown=True, told=told.append) == 12
    assert told == ["12 images are not in the image set 'phantom-derm', and kept all the same"]
    with pytest.raises(UserError, match="12 images are not in the store"):
        import_ratings(RatingStore("sqlite://"), path)
    assert import_ratings(store, path) == 0


FAULTY = {
    "empty": ("", "empty"),
    "header alone": ("rater,image,image_key,plausible\n", "no rows"),
    "no columns of ours": ("colour,number\nred,1\n", "belong to no form"),
    "semicolons": ("rater;image;plausible\na;x;1\n", "parted by semicolons"),
    "verdict": ("rater,image,image_key,plausible\na,x,k,2\n", "row 1: plausible must be 0 or 1, got '2'"),
    "huge": (
        "rater,image,image_key,plausible,repeat\na,x,k,1,99999999999999999999\n",
        "repeat must be a whole number",
    ),
    "infinite": (
        "rater,image,image_key,plausible,seconds\na,x,k,1,inf\n",
        "seconds must be a number from 0, got 'inf'",
    ),
    "nan": (
        "rater,image,image_key,plausible,realism\na,x,k,1,nan\n",
        "realism must be a whole number from 1 to 5",
    ),
    "answer": (
        "rater,image,image_key,answer_size\na,x,k,maybe\n",
        "answer_size must be yes, no or cannot tell",
    ),
    "no rater": ("rater,image,image_key,plausible\n,x,k,1\n", "row 1: rater missing"),
    "nothing": ("rater,image,image_key,plausible\na,x,k,\n", "row 1: nothing is answered"),
    "unknown": ("rater,image,image_key,plausible,colour\na,x,k,1,red\n", "unknown columns: 'colour'"),
    "misspelt": ("rater,image,image_key,plausible,relism\na,x,k,1,3\n", "did you mean 'realism'"),
    "twice": ("image,image_key,plausible\nx,k,1\nx,k,0\n", "1 image stands there twice"),
    "rated twice": (
        "rater,image,image_key,plausible\na,x,k,1\na,x,k,0\n",
        "row 2: rater 'a' rated image 'x' already",
    ),
    "verdict as question": (
        "rater,image,image_key,answer_verdict\na,x,k,yes\n",
        "unknown columns: 'answer_verdict'",
    ),
    "zero byte": ("rater,image,image_key,plausible\na\0,x,k,1\n", "rater has letters that cannot be kept"),
    "ragged": ("rater,image,image_key,plausible\na,x\n", "line 2 has 2 cells"),
    "huge repeat": (
        "event_id,rater,image,image_key,criterion,answer,plausible,repeat\ne,a,x,k,size,yes,1,99999999999999999999\n",
        "repeat must be a whole number",
    ),
    "realism of two digits": (
        "event_id,rater,image,image_key,criterion,answer,plausible\ne,a,x,k,realism,23,1\n",
        "realism must be 1 to 5",
    ),
    "huge event": (
        "event_id,rater,image,image_key,criterion,answer,plausible\ne,a,x,k,size,yes,99999999999999999999\n",
        "plausible must be 0 or 1",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_tables_are_told_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = FAULTY[name]
    (tmp_path / "r.csv").write_text(content, encoding="utf-8")
    rater = "anna" if name == "twice" else None
    with pytest.raises(UserError) as caught:
        read_exchange(tmp_path / "r.csv", rater=rater)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_broken_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("rater,image\nZoë,x".encode("latin-1"))
    (tmp_path / "r.parquet").write_bytes(b"PAR1 cut off")
    (tmp_path / "r.xlsx").write_bytes(b"PK")
    for name, expected in (("r.csv", "not UTF-8"), ("r.parquet", "not a readable Parquet"), ("r.xlsx", "read from"),
                           ("none.csv", "does not exist")):  # fmt: skip
        with pytest.raises(UserError, match=expected):
            read_exchange(tmp_path / name)
    with pytest.raises(UserError, match=r"no form 'rating', did you|did you mean 'ratings'"):
        export_ratings(RatingStore("sqlite://"), tmp_path / "x.csv", "rating")
    with pytest.raises(UserError, match=r"written as \.csv or \.parquet"):
        export_ratings(RatingStore("sqlite://"), tmp_path / "x.json", "ratings")


def test_parquet_of_other_types_is_read(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"rater": ["a"], "image": [7], "image_key": ["k"], "plausible": [1.0], "seconds": [2]}
    )
    table.to_parquet(tmp_path / "r.parquet")
    ratings = read_exchange(tmp_path / "r.parquet").ratings
    assert ratings is not None
    assert ratings[["image", "plausible", "seconds"]].values.tolist() == [["7", 1, 2.0]]


def test_criteria_check_the_questions(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("rater,image,image_key,answer_sise\na,x,k,yes\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"no question 'sise' \(did you mean 'size'\?\)"):
        read_exchange(path, criteria=load_criteria("skin"))
    path.write_text("rater,image,image_key,answer_size,criteria\na,x,k,yes,blood\n", encoding="utf-8")
    with pytest.raises(UserError, match="answers are to blood version 1"):
        read_exchange(path, criteria=load_criteria("skin"))


def test_simulated_ratings_go_out_and_in_once(tmp_path: Path) -> None:
    images = open_imageset("phantom-derm?n=6&size=32&diseases=2")
    store = RatingStore("sqlite://")
    store.add(OracleExpert("phantom-derm", noise=0.2).rate(images, seed=0))
    for form, suffix in (
        ("events", ".csv"),
        ("ratings", ".csv"),
        ("ratings", ".parquet"),
        ("label-studio", ".json"),
    ):
        path = tmp_path / f"{form}{suffix}"
        assert export_ratings(store, path, form) > 0
        assert import_ratings(store, path) == 0
        other = RatingStore("sqlite://")
        assert import_ratings(other, path) == len(store.ratings())
        assert verdicts(other.ratings()).to_dict() == verdicts(store.ratings()).to_dict()


def test_no_ratings_of_that_study(tmp_path: Path) -> None:
    store = store_of(*event_rows("e", "anna", "x", plausible=1, study="blood-1"))
    with pytest.raises(UserError, match=r"no ratings of study 'blod-1' \(did you mean 'blood-1'\?\)"):
        export_ratings(store, tmp_path / "x.csv", "ratings", study="blod-1")
    assert export_ratings(store, tmp_path / "x.csv", "ratings", study="blood-1") == 1
