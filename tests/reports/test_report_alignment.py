"""The report's section on alignment: verdicts, prices, trajectories and R before and after, from the record alone."""

from __future__ import annotations

import re

import pytest
from aligned_record import GAINS, aligned_record
from sample_record import sample_record, thin_record

from synmedbench.benchmark import Record, Unfinished, write_record
from synmedbench.reports import build_leaderboard, build_report, leaderboard_table
from synmedbench.reports._alignment import alignment_rows, base_name, reward_rows
from synmedbench.reports._blocks import environment
from synmedbench.reports._figure_alignment import trails, trajectory_figure
from synmedbench.reports._section_alignment import alignment_blocks, audit_lines
from synmedbench.reports._section_alignment_trail import _reasons, trajectory_block


@pytest.fixture(scope="module")
def record() -> Record:
    return aligned_record()


def section(record: Record) -> str:
    """The section's blocks alone, without the rest of the page."""
    template = (
        '{% from "macros.html" import show_block %}{% for one in blocks %}{{ show_block(one) }}{% endfor %}'
    )
    return environment().from_string(template).render(blocks=alignment_blocks(record))


def test_the_page_tells_verdicts_gains_prices_ways_and_the_reward(tmp_path):
    record = aligned_record()
    keep = {"diffusion", "real-only", "draft", "nft", "best-of-4", "guidance:3"}
    record.scores = [row for row in record.scores if row.generator in keep and row.stratum == "all"]
    record.cells, record.memorisation = [], []
    write_record(record, tmp_path / "record.json")
    page = build_report(tmp_path).read_text(encoding="utf-8")
    text = page[page.index('id="alignment"') : page.index('id="limits"')]
    for audit in record.audits:
        assert audit.words.capitalize() in text or audit.words in text
    for verdict in ("helped", "hacked", "not shown"):
        assert f">{verdict}</span>" in text
    for anchor in ("audits", "prices", "trajectories", "reward-after", "reward-by-class"):
        assert f'<section id="{anchor}"' in text
    assert text.count("<svg ") == 3
    assert re.search(r"after nft it is 0\.6\d", text)
    assert "≤ 0.640" in text
    assert "Not measured: guidance:3 (Path KL: guidance changes the sampling itself)." in text
    assert "within 0.05 of the control" in text


def test_the_gain_over_the_base_is_paired_over_seeds(record):
    rows = {row.name: row for row in alignment_rows(record)}
    assert base_name(record) == "diffusion"
    assert [rows[name].role for name in ("diffusion", "real-only", "draft", "shuffled:draft", "best by E")] == [
        "base", "control", "method", "control", "chosen",
    ]  # fmt: skip
    shares = {
        (row.generator, row.seed): row.value
        for row in record.scores
        if (row.extractor, row.metric) == ("H", "plausible_share")
    }
    expected = [shares["draft", seed] - shares["diffusion", seed] for seed in record.seeds]
    found = rows["draft"].over_base["H"]
    assert found.value == pytest.approx(sum(expected) / 5)
    assert found.lo < found.value < found.hi
    assert rows["draft"].over_control["H"].value == pytest.approx(sum(record.audits[1].gains["H"]) / 5)
    assert rows["best by E"].over_base["H"].value is None


def test_few_seeds_have_no_interval():
    record = aligned_record(seeds=2)
    rows = {row.name: row for row in alignment_rows(record)}
    assert rows["draft"].over_base["H"].lo is None
    text = section(record)
    assert "5 seeds are needed" in text
    assert "seeds +0." in text


def test_a_way_begins_at_the_base_and_the_untrained_are_single_marks(record):
    ways = {way.name: way for way in trails(record)}
    assert list(ways) == list(GAINS)
    assert ways["draft"].steps == [0, 50, 100, 150, 200]
    assert ways["draft"].at(0, "path_kl").value == 0
    assert ways["draft"].at(0, "vendi").value == pytest.approx(1)
    assert (ways["best-of-4"].trained, ways["best-of-4"].placed) == (False, True)
    assert (ways["guidance:3"].trained, ways["guidance:3"].placed) == (False, False)
    assert trajectory_figure(record) is not None


def test_a_turn_of_h_is_told_only_where_five_seeds_show_it(record):
    block = trajectory_block(record)
    assert block is not None
    assert "nft (peak at step 0)" in block.says
    assert " draft (" not in block.says
    few = trajectory_block(aligned_record(seeds=3))
    assert few is not None
    assert few.says.startswith("Whether H turned along the way is not known")


def test_r_is_compared_with_itself_on_the_base_of_the_same_seed(record):
    rows = reward_rows(record)
    assert [row.images for row in rows] == ["the base (ratings held out of the fit)", *GAINS]
    cards = record.judges["R"]
    changes = [
        cards[f"seed {s}"]["after"]["nft"]["auroc"] - cards[f"seed {s}"]["auroc"] for s in record.seeds
    ]
    nft = next(row for row in rows if row.images == "nft")
    assert nft.change.value == pytest.approx(sum(changes) / 5)
    assert nft.by_class[record.data.classes[0]].value is None
    assert nft.by_class[record.data.classes[1]].value is not None


def test_a_card_without_numbers_shows_its_reason():
    record = aligned_record(seeds=1)
    empty = {"n": 12, "auroc": None, "by_class": {}, "reason": "not enough data: 1 plausible, 4 needed"}
    record.judges["R"]["seed 0"]["after"] = {"draft": empty}
    record.audits[1].path_kl = [None]
    assert "not enough data: 1 plausible, 4 needed" in section(record)


def test_nulls_and_holes_break_nothing():
    record = aligned_record(seeds=5)
    for index, point in enumerate(record.trajectories):
        if index % 3 == 0:
            point.H = point.vendi = point.path_kl = point.coverage = None
    record.trajectories = [p for p in record.trajectories if not (p.generator == "kto" and p.seed == 3)]
    record.trajectories = [p for p in record.trajectories if not (p.generator == "diffusion" and p.seed == 1)]
    record.audits[0].gains = {}
    record.audits[2].prices = record.audits[2].prices[:1]
    record.judges["R"]["seed 2"].pop("after")
    assert section(record).count("<section id=") == 5


@pytest.mark.parametrize(
    "change", [{"trajectories": []}, {"judges": {}}, {"asked": {"typed": ""}}, {"scores": []}]
)
def test_a_record_with_less_gives_a_shorter_section(change):
    text = section(aligned_record(seeds=1, **change))
    assert '<section id="audits"' in text
    assert ('id="trajectories"' in text) is ("trajectories" not in change)
    assert ('id="reward-after"' in text) is ("judges" not in change)


def test_a_record_of_before_the_trajectories_keeps_its_audit_and_its_leaderboard(tmp_path):
    record = sample_record()
    text = section(record)
    assert [line.verdict for line in audit_lines(record)] == ["cannot be known from these data"] * 2
    assert [part.anchor for part in alignment_blocks(record)] == ["audits", "prices"]
    assert "+0." in text
    none = sample_record(audits=[])
    assert section(none) == ""
    aligned = aligned_record(seeds=1)
    build_leaderboard([record, aligned], tmp_path / "board")
    assert leaderboard_table(aligned).row_count > 0


def test_names_cannot_become_markup():
    record = aligned_record(seeds=1)
    evil = "<script>alert(1)</script>$x_1$ ü"
    record.audits[0].aligner = record.audits[0].words = evil
    record.trajectories[1].generator = evil
    record.judges["R"]["seed 0"]["after"] = {evil: record.judges["R"]["seed 0"]["after"]["draft"]}
    text = section(record)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_run_stopped_at_its_budget_says_so_and_one_without_alignment_too(tmp_path):
    words = "stopped at its budget: 12 of 40 stages are done"
    unfinished = Unfinished(minutes=240, done=12, stages=40, words=words)
    record = thin_record(audits=[], unfinished=unfinished)
    write_record(record, tmp_path / "record.json")
    page = build_report(tmp_path).read_text(encoding="utf-8")
    assert words.capitalize() in page
    assert "No generator was aligned in this run" in page


def test_a_reason_is_told_once_and_a_price_names_its_metric():
    record = aligned_record(seeds=2)
    for point in record.trajectories:
        point.reason = "near_copies: not enough data: 48 hold-out images, 50 needed"
    names = list(dict.fromkeys(point.generator for point in record.trajectories))
    (told,) = _reasons(record)
    assert told.count("Near-copies: not enough data") == 1
    assert all(name in told for name in names)
    record.audits[0].prices[0].words = "one of the two sides was not measured"
    assert audit_lines(record)[0].prices[0] == "Recall: one of the two sides was not measured"
