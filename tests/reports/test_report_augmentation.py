"""The report on an augmentation grid: each sentence follows the verdicts, and nothing breaks on what is missing."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from augmentation_sample import augmentation_record
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_record import sample_record, thin_record

from synmedbench.benchmark import (
    Augmentation,
    Contrast,
    CurvePoint,
    Equivalence,
    Leakage,
    LearningCurve,
    Record,
    read_record,
    write_record,
)
from synmedbench.reports import build_report
from synmedbench.reports._augmentation import Grid, arm_of, place_of
from synmedbench.reports._augmentation_cells import MAX_TABLE
from synmedbench.reports._parts import Part, as_block
from synmedbench.reports._section_augmentation import augmentation_blocks, augmentation_parts
from synmedbench.reports._utility import series

EVIL = "<script>alert(1)</script>$x_1$ ü\n|"


@pytest.fixture(scope="module")
def record() -> Record:
    return augmentation_record()


@pytest.mark.parametrize("change", [{"n_real_train": 0}, {"ratio": 0.0}])
def test_a_registered_mean_is_no_setting_of_the_grid(record, change):
    part = record.augmentation
    row = next(each for each in part.contrasts if each.id is None and arm_of(each.a) == "real+synthetic")
    mean = row.model_copy(update={"id": "mean", **change})
    more = record.model_copy(
        update={"augmentation": part.model_copy(update={"contrasts": [mean, *part.contrasts]})}
    )
    ours, theirs = (Grid(each).gains(row.classifier, metric=row.metric) for each in (record, more))
    assert [place_of(each) for each in theirs] == [place_of(each) for each in ours]
    assert all(each.id is None for each in theirs)


@pytest.fixture(scope="module")
def parts(record: Record) -> dict[str, Part]:
    return {part.anchor: part for part in augmentation_parts(record)}


def part_of(record: Record, anchor: str) -> Part:
    return next(part for part in augmentation_parts(record) if part.anchor.startswith(anchor))


def only(**fields: Any) -> Record:
    """A record that holds only these parts of an analysis."""
    return thin_record(cells=[], augmentation=Augmentation(**fields))


def gain(**changes: Any) -> Contrast:
    fixed: dict[str, Any] = {
        "classifier": "net",
        "metric": "macro_auroc",
        "stratum": "all",
        "a": "real+synthetic/diffusion",
        "b": "real-only",
        "n_real_train": 8,
        "ratio": 2.0,
        "n_test": 100,
        "value": 0.02,
        "lo": 0.01,
        "hi": 0.03,
        "p": 0.001,
        "p_adjusted": 0.002,
        "per_seed": [0.02] * 5,
        "verdict": "better",
        "words": "gain +0.020",
    }
    return Contrast(**{**fixed, **changes})


def test_the_page_holds_every_part_with_its_figure_table_and_sentence(tmp_path):
    record = augmentation_record(
        numbers=(8, 32, 128),
        generators={"diffusion": 0.02},
        columns={"sex": ("f", "m")},
        test_sets=("site=B",),
    )
    write_record(record, tmp_path / "record.json")
    assert read_record(tmp_path / "record.json").augmentation == record.augmentation
    text = build_report(tmp_path).read_text(encoding="utf-8")
    section = text[
        text.index('<section aria-labelledby="utility">') : text.index('aria-labelledby="plausibility"')
    ]
    found = re.findall(r'<section id="([^"]+)" class="block">', section)
    wanted = [
        "registered",
        "gains-mobilenetv2_100",
        "arms-mobilenetv2_100",
        "by-sex",
        "by-label",
        "other-test-sets",
        "fairness-sex",
        "worth-mobilenetv2_100",
        "worth-by-group",
        "saturation-mobilenetv2_100",
        "variance",
        "plausibility-gain",
        "sharing",
        "leakage",
        "tuning",
        "speed",
        "curves-mobilenetv2_100",
    ]
    assert found[: len(wanted)] == wanted
    assert "gains" not in found, "the plain gains would be a second answer to the same question"
    assert set(re.findall(r'<li><a href="#([^"]+)">', section)) == set(found)
    for part in re.split(r"<section id=", section)[1:]:
        assert '<p class="says">' in part
        assert part.count("<svg ") <= 1
        assert "<svg " not in part or "Table of this figure" in part
    ids = Counter(re.findall(r'\bid="([^"]+)"', text))
    assert max(ids.values()) == 1


def test_a_record_without_an_analysis_keeps_its_own_gains():
    assert augmentation_parts(sample_record()) == []
    assert augmentation_blocks(thin_record(augmentation=Augmentation())) == []


def test_the_sentence_counts_the_verdicts(record, parts):
    rows = [row for row in Grid(record).gains("mobilenetv2_100") if arm_of(row.a) == "real+synthetic"]
    counts = Counter(row.verdict for row in rows)
    says = parts["gains-mobilenetv2_100"].says
    assert len(rows) == 45
    assert f"Of 45 settings, {counts['better']} are shown to be better" in says
    assert f"for the other {counts['not shown']} neither is shown, which is not 'no effect'" in says
    repeated = {
        place_of(row): row.verdict for row in record.augmentation.contrasts if row.b == "real-repeated"
    }
    also = sum(repeated[place_of(row)] == "better" for row in rows if row.verdict == "better")
    assert f"{also} of {counts['better']} also beat real images repeated up to ×10 and" in says


def test_a_registered_contrast_is_not_counted_twice_but_counts_where_it_stands_alone():
    twice = only(contrasts=[gain(), gain(id="mine", verdict="not shown")])
    assert part_of(twice, "gains-").says.startswith("Of 1 setting, 1 is shown to be better")
    alone = only(contrasts=[gain(id="mine", verdict="not shown")])
    assert "none are shown to be better" in part_of(alone, "gains-").says
    assert part_of(alone, "registered").says == "Not shown: mine."


def test_few_seeds_conclude_nothing():
    for part in augmentation_parts(augmentation_record(seeds=2, test_sets=(), columns={"sex": ("f", "m")})):
        assert "shown to be" not in part.says, part.anchor
        if part.anchor.startswith(("gains-", "arms-", "by-")):
            assert part.says == "Nothing can be concluded: 2 seeds, 5 needed; each seed is drawn."
            assert "seeds +" in str(part.table) or "seeds -" in str(part.table)


def test_a_shuffled_control_that_gains_is_told():
    shuffled = gain(a="real+shuffled-synthetic/diffusion")
    assert (
        "label-shuffled images gained too in 1"
        in part_of(only(contrasts=[shuffled, gain(a="mixup")]), "arms-").says
    )
    honest = only(contrasts=[shuffled.model_copy(update={"verdict": "worse"}), gain(a="mixup")])
    assert "label-shuffled" not in part_of(honest, "arms-").says


def test_verdicts_under_the_second_labeller_are_counted():
    first = [gain(stratum=f"skin_tone={tone}") for tone in ("I-II", "V-VI")]
    second = [
        gain(stratum="skin_tone_2=I-II"),
        gain(stratum="skin_tone_2=V-VI", verdict="not shown", lo=-0.01),
    ]
    says = part_of(only(contrasts=first + second), "by-skin_tone").says
    assert says.endswith("1 of 2 of these verdicts stand under the second labeller, before correction.")
    assert "second labeller" not in part_of(only(contrasts=first), "by-skin_tone").says


def test_a_group_that_is_served_worse_is_named_and_classes_are_told_by_recall(parts):
    worse = gain(stratum="site=B", verdict="worse", value=-0.02, lo=-0.03, hi=-0.01)
    assert part_of(only(contrasts=[gain(stratum="site=A"), worse]), "by-site").says.endswith(
        "served worse: B (real + diffusion)."
    )
    assert parts["by-label"].table is not None
    assert parts["by-label"].table.caption.startswith("Gain in recall")


def test_each_arm_stands_at_one_ratio_the_one_that_most_have():
    rows = [gain(ratio=ratio) for ratio in (1.0, 4.0, 10.0)]
    rows += [gain(a="real+synthetic/draft", ratio=ratio) for ratio in (1.0, 4.0)] + [
        gain(a="mixup", ratio=0.0)
    ]
    kept = Grid(only(contrasts=rows)).focus(rows)
    assert [(row.a, row.ratio) for row in kept] == [
        ("real+synthetic/diffusion", 4.0),
        ("real+synthetic/draft", 4.0),
        ("mixup", 0.0),
    ]


def worth(**changes: Any) -> Equivalence:
    fixed: dict[str, Any] = {
        "classifier": "net",
        "metric": "macro_auroc",
        "stratum": "all",
        "arm": "real+synthetic",
        "generator": "diffusion",
        "n_real_train": 8,
        "ratio": 2.0,
        "synthetic": 16.0,
    }
    return Equivalence(**{**fixed, **changes})


def test_worth_is_told_from_intervals_and_never_extrapolated():
    known = worth(n_eff=12.0, n_eff_lo=10.0, n_eff_hi=None, ere=0.25, ere_lo=0.125, ere_hi=None)
    unsure = worth(
        n_real_train=16, n_eff=16.5, n_eff_lo=12.0, n_eff_hi=20.0, ere=0.02, ere_lo=-0.125, ere_hi=0.125
    )
    beyond = worth(n_real_train=32, censored="above", n_eff_lo=28.0)
    points = [CurvePoint(n=n, value=0.5 * n**-0.5, seeds=5) for n in (8, 16, 32)]
    curve = LearningCurve(
        classifier="net", metric="macro_auroc", stratum="all", points=points, a=0.5, b=0.5, c=0.0, seeds=5
    )
    part = part_of(only(equivalences=[known, unsure, beyond], curves=[curve]), "worth-")
    assert (
        "something in 1 of 3 settings (0.250 real ones where it can be read off) and less than nothing in none"
        in part.says
    )
    assert (
        "1 did better than the most real images that were trained, and nothing is extrapolated" in part.says
    )
    assert part.table is not None
    texts = [[(cell.text, cell.small) for cell in row] for row in part.table.rows]
    assert texts[0][3:] == [("12.0", "above 10.0"), ("+0.250", "above 0.125")]
    assert texts[1][3:] == [("16.5", "[12.0, 20.0]"), ("+0.020", "[-0.125, 0.125]")]
    assert texts[2][3:] == [("–", "more than were trained, at least 28.0"), ("–", "not known")]


def test_a_flagged_gap_is_named_and_silence_is_not_a_clean_bill(record, parts):
    assert parts["fairness-skin_tone"].says.endswith(
        "in 1 of 6: real + diffusion-closed, ×10 at 128 real a class."
    )
    rows = [row.model_copy(update={"flagged": False}) for row in record.augmentation.levelling]
    assert "does not show that it never does" in part_of(only(levelling=rows), "fairness-").says
    rows = [row.model_copy(update={"flagged": None}) for row in rows]
    assert "cannot be known" in part_of(only(levelling=rows), "fairness-").says


def test_saturation_is_said_only_where_it_was_tested(record, parts):
    says = parts["saturation-mobilenetv2_100"].says
    assert says.startswith(
        "In 6 of 9 settings the next synthetic image is estimated to stop paying between ratio 4.60"
    )
    assert "saturation, tested as equivalence, is shown in 2" in says
    assert "peak fits best for real + diffusion-closed at 8" in says
    rows = [row.model_copy(update={"equivalent_beyond": False}) for row in record.augmentation.saturation]
    assert "is shown in none" in part_of(only(saturation=rows), "saturation-").says
    rows = [row.model_copy(update={"pays_until": None}) for row in rows]
    assert "not known in any of 9" in part_of(only(saturation=rows), "saturation-").says


def test_no_gain_and_a_gain_that_goes_on_are_told_apart(record):
    first = next(row for row in record.augmentation.saturation if row.pays_until is not None)
    never = first.model_copy(update={"chosen": "none", "pays_until": 0.0, "pays_lo": None, "pays_hi": 4.0})
    on = first.model_copy(
        update={"chosen": "linear", "pays_until": None, "pays_lo": 4.0, "pays_hi": None, "censored": "above"}
    )
    part = part_of(only(saturation=[never, on]), "saturation-")
    assert part.says == (
        "In 1 of 2 settings the largest ratio is estimated to pay still; "
        "in 1 of 2 settings no gain at any ratio fits best."
    )
    assert part.table is not None
    assert [row[3].small for row in part.table.rows] == [
        "below 4.00",
        "beyond the largest ratio (1.0 · 4.0 · 10.0)",
    ]


def test_the_largest_share_of_variance_is_named(parts):
    assert (
        "71% [66, 76] of the variance of macro AUROC goes with the number of real images"
        in parts["variance"].says
    )


def test_plausibility_says_no_more_than_its_verdict(record, parts):
    assert "cannot be known from 3 generators" in parts["plausibility-gain"].says
    (row,) = record.augmentation.plausibility
    shown = row.model_copy(update={"verdict": "shown"})
    assert (
        "that one causes the other is not shown" in part_of(only(plausibility=[shown]), "plausibility").says
    )
    unshown = row.model_copy(
        update={"verdict": "not shown", "points": [{"generator": "x"}, {"measure": float("nan")}]}
    )
    assert "is not shown (3 generators)" in part_of(only(plausibility=[unshown]), "plausibility").says


def test_sharing_names_the_generator_that_gives_patients_back(record, parts):
    assert "copy gives back training patients" in parts["sharing"].says
    rows = [row for row in record.augmentation.sharing if row.generator != "copy"]
    assert "not known of every generator" in part_of(only(sharing=rows), "sharing").says
    rows = [row.model_copy(update={"memorising": False}) for row in rows]
    assert "no generator was caught" in part_of(only(sharing=rows), "sharing").says


def test_leakage_that_was_left_in_is_told(parts):
    assert parts["leakage"].says.startswith("Counted and left in: 4 images (synthetic near test, diffusion)")
    clear = Leakage(kind="patient", where="train, test", images=0, of=0, policy="counted", words="")
    assert "what was not looked for is not known" in part_of(only(leakage=[clear]), "leakage").says


def test_sixty_groups_stay_readable():
    sites = [f"Körperstelle {i}" for i in range(60)]
    record = augmentation_record(columns={"localization": sites}, numbers=(8,), test_sets=())
    part = part_of(record, "by-localization")
    assert part.table is not None
    assert len(part.table.rows) == 180 <= MAX_TABLE
    assert "the first 40 of 60 groups" in " ".join(part.notes)
    assert len(part.figure.axes[0].get_yticklabels()) == 40
    many = only(contrasts=[gain(n_real_train=n) for n in range(1, MAX_TABLE + 50)])
    table = part_of(many, "gains-").table
    assert table is not None
    assert len(table.rows) == MAX_TABLE
    assert f"The first {MAX_TABLE} of {MAX_TABLE + 49} rows" in table.note


def test_other_test_sets_do_not_enter_the_curves(record):
    more = [
        cell.model_copy(update={"test_set": "external:ddi", "value": 0.1})
        for cell in record.cells
        if cell.seed == 0
    ]
    whole = record.model_copy(update={"cells": [*record.cells, *more]})
    assert series(whole, "mobilenetv2_100") == series(record, "mobilenetv2_100")


def test_every_part_stands_alone(record):
    for name in Augmentation.model_fields:
        found = augmentation_parts(only(**{name: getattr(record.augmentation, name)}))
        assert found, name
        assert all(part.says and part.says.endswith(".") for part in found), name


def test_names_cannot_become_markup():
    rows = [
        gain(a=f"real+synthetic/{EVIL}", classifier=EVIL),
        gain(a=f"real+synthetic/{EVIL}", classifier=EVIL, id=EVIL),
    ]
    rows.append(gain(classifier=EVIL, stratum=f"site={EVIL}", verdict="worse"))
    for block in augmentation_blocks(only(contrasts=rows)):
        assert "<script>" not in str(block.figure)
        assert "\n" not in block.says
        assert "\n" not in block.title


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_nulls_and_odd_values_break_nothing(data):
    maybe = st.one_of(st.none(), st.floats(-1e9, 1e9, allow_nan=False), st.just(0.0))
    rows = [
        gain(
            value=data.draw(maybe),
            lo=data.draw(maybe),
            hi=data.draw(maybe),
            p_adjusted=data.draw(st.none() | st.floats(0, 1)),
            per_seed=data.draw(st.lists(st.floats(-1, 1), max_size=6)),
            n_real_train=data.draw(st.integers(0, 10**6)),
            ratio=data.draw(st.floats(0, 1000)),
            detectable=data.draw(maybe),
            stratum=stratum,
            verdict=data.draw(
                st.sampled_from(["better", "worse", "not shown", "cannot be known from these data"])
            ),
        )
        for stratum in ("all", "all", "site=A", "worst:site", "=", "site=")
    ]
    numbers = {
        name: data.draw(maybe) for name in ("n_eff", "n_eff_lo", "n_eff_hi", "ere", "ere_lo", "ere_hi")
    }
    record = only(
        contrasts=rows,
        equivalences=[worth(**numbers, censored=data.draw(st.sampled_from([None, "above", "below"])))],
    )
    for part in augmentation_parts(record):
        assert part.says
        assert part.table is not None


def test_a_drawn_part_keeps_its_words_as_text(parts):
    block = as_block(parts["sharing"])
    assert block.figure is not None
    assert re.search(r"<text[^>]*>diffusion-closed</text>", str(block.figure))
    assert not block.open_table
    assert as_block(parts["leakage"]).open_table
