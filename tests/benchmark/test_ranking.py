from __future__ import annotations

from synmedbench.benchmark import Memorisation, ScoreRow, rank


def rows(name: str, *bounds: tuple[float, float, float] | None) -> list[ScoreRow]:
    found = []
    for seed, bound in enumerate(bounds):
        value, lo, hi = bound or (None, None, None)
        reason = None if bound else "too few images"
        found.append(
            ScoreRow(generator=name, imageset="x", extractor="e", metric="fd", seed=seed, value=value, lo=lo, hi=hi,
                     higher_is_better=False, reason=reason)
        )  # fmt: skip
    return found


def ranked(scores, copies=(), kinds=None):
    names = dict.fromkeys([row.generator for row in scores])
    kinds = kinds or dict.fromkeys(names, "generator")
    return rank(scores, kinds, copies, metric="fd", extractor="e", higher_is_better=False)


def test_order_with_intervals_of_places_and_ties():
    scores = [*rows("a", (1, 0.5, 1.5)), *rows("b", (1.4, 1.1, 1.9)), *rows("c", (9, 8, 10))]
    a, b, c = ranked(scores).rows
    assert [row.generator for row in (a, b, c)] == ["a", "b", "c"]
    assert (a.rank_lo, a.rank_hi, a.tied_with) == (1, 2, ["b"])
    assert (b.rank_lo, b.rank_hi, b.tied_with) == (1, 2, ["a"])
    assert (c.rank_lo, c.rank_hi, c.tied_with) == (3, 3, [])


def test_a_higher_is_better_metric_turns_the_order():
    scores = [*rows("a", (1, 0.5, 1.5)), *rows("c", (9, 8, 10))]
    ranking = rank(
        scores, dict.fromkeys("ac", "generator"), [], metric="fd", extractor="e", higher_is_better=True
    )
    assert [row.generator for row in ranking.rows] == ["c", "a"]


def test_a_memorising_generator_is_unranked_whatever_its_score():
    copy = Memorisation(
        generator="copy", seed=0, memorising=True, copy_share=1.0, words="all of them are copies"
    )
    scores = [*rows("copy", (0.1, 0.0, 0.2)), *rows("honest", (5, 4, 6))]
    honest, copies = ranked(scores, [copy]).rows
    assert (honest.generator, honest.rank) == ("honest", 1)
    assert copies.rank is None
    assert "all of them are copies" in (copies.reason or "")
    assert copies.value == 0.1


def test_a_missing_seed_is_null_and_never_a_mean_of_what_is_there():
    scores = [*rows("a", (1, 0.5, 1.5), None), *rows("b", (2, 1, 3), (2, 1, 3))]
    b, a = ranked(scores).rows
    assert (b.generator, a.generator, a.rank, a.value, a.reason) == ("b", "a", None, None, "too few images")


def test_few_seeds_give_the_envelope_and_five_a_t_interval():
    two = ranked(rows("a", (1, 0.5, 1.5), (2, 1.5, 3.0))).rows[0]
    assert (two.value, two.lo, two.hi) == (1.5, 0.5, 3.0)
    five = ranked(rows("a", *[(v, v - 1, v + 1) for v in (1.0, 1.1, 0.9, 1.0, 1.0)]))
    assert five.method == "t over seeds, patients within, 5 seeds"
    assert five.rows[0].lo is not None
    assert -0.1 < five.rows[0].lo < 0.05  # the patients' +-1 does not shrink with the number of seeds


def test_nothing_to_rank():
    assert ranked(rows("a", None)).rows[0].rank is None
