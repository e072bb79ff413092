"""Whole sessions in a real browser: by keyboard, taken back, loaded again, two raters at once, paused, cut off."""

from __future__ import annotations

from datetime import timedelta

from rater_page import answers, verdicts


def test_a_whole_session_by_keyboard(anna):
    study, page = anna(n=4, n_real=0)
    questions = study.criteria.ids
    assert page.text("#wish") in ("Basophil", "Neutrophil")
    page.rate("1")
    page.rate("0", "2", "j", "t", "Enter")
    page.open()
    page.press("r", "4", "c").page.keyboard.type("edge 1 blurred")
    page.press("Escape")
    page.rate("1")
    page.rate("0", "Enter")
    words = page.screen("done")
    assert "Thank you" in words
    assert "4" in words
    assert verdicts(study) == [1, 0, 1, 0]
    first, second, third, fourth = answers(study)
    assert {first[each] for each in questions} == {"yes"}
    assert {each: second[each] for each in questions if second[each] != "yes"} == {
        questions[1]: "no", questions[2]: "cannot tell",
    }  # fmt: skip
    assert (third["realism"], third["note"]) == ("4", "edge 1 blurred")
    assert fourth == {"verdict": "no"}, "nothing marked, so no question is answered"
    assert all(0.2 < seconds < 20 for seconds in study.store.ratings()["seconds"])


def test_digits_count_by_their_place_where_they_need_shift(anna):
    study, page = anna(n=2, n_real=0)
    french = "(key, code) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }))"
    page.page.evaluate(f"({french})('à', 'Digit0')")
    page.page.evaluate(f"({french})('é', 'Digit2')")
    page.rate("Enter")
    page.page.wait_for_selector("body[data-open='1']")
    page.page.evaluate(f"({french})('&', 'Digit1')")
    page.screen("done")
    assert verdicts(study) == [0, 1]
    assert answers(study)[0][study.criteria.ids[1]] == "no"


def test_every_question_by_its_own_key(anna):
    study, page = anna(n=2, n_real=0, detail="all")
    n = len(study.criteria.ids)
    page.press("1")
    page.told(f"{n} questions are open")
    page.press("y", "n", "t", "k", "k", "y")
    page.rate("a", "Enter")
    page.rate("a", "0")
    page.screen("done")
    one, other = answers(study)
    assert [one[each] for each in study.criteria.ids] == ["yes", "yes", "cannot tell", *["yes"] * (n - 3)]
    assert set(other.values()) == {"yes", "no"}
    assert verdicts(study) == [1, 0]


def test_the_verdict_alone(anna):
    study, page = anna(n=2, n_real=0, detail="verdict")
    page.rate("0")
    page.rate("1")
    page.screen("done")
    assert answers(study) == [{"verdict": "no"}, {"verdict": "yes"}]


def test_undo_shows_the_image_again_and_replaces_the_answer(anna):
    study, page = anna(n=3, n_real=0)
    first = page.seen()
    page.rate("0", "3", "Enter")
    page.open()
    second = page.seen()
    page.press("u").at(0)
    assert page.seen() == first != second
    assert page.page.get_attribute("#checklist li:nth-child(3)", "data-answer") == "no", (
        "what was said is shown"
    )
    page.press("0")
    page.rate("1")
    assert page.open() == 1
    assert page.seen() == second
    page.rate("1")
    page.rate("1")
    page.screen("done")
    page.press("u")
    assert page.open() == 2
    page.rate("0", "Enter")
    page.screen("done")
    assert verdicts(study) == [1, 1, 0]
    withdrawn = study.store.ratings(withdrawn=1)
    assert withdrawn["criterion"].tolist().count("verdict") == 2, "the trail keeps what was taken back"


def test_undo_of_an_answer_of_an_earlier_visit(anna):
    study, page = anna(n=3, n_real=0)
    first = page.seen()
    page.press("u")
    page.told("no answer")
    page.rate("1")
    page.open()
    page.saved().page.reload()
    assert page.open() == 1
    page.press("u").at(0)
    assert page.seen() == first
    page.rate("0", "Enter")
    page.rate("1")
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [0, 1, 1]


def test_a_reload_in_the_middle_goes_on_where_it_stopped(anna):
    study, page = anna(n=4, n_real=0)
    page.rate("1")
    page.rate("1")
    page.open()
    here = page.seen()
    page.press("0", "4", "c").page.keyboard.type("half a thought")
    page.press("Escape").saved().page.reload()
    assert page.open() == 2
    assert page.seen() == here
    assert page.text("#count").startswith("2 of 4")
    assert page.page.get_attribute("#checklist li:nth-child(4)", "data-answer") == "no"
    assert page.page.input_value("#note") == "half a thought"
    page.rate("Enter")
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 1, 0, 1]
    assert answers(study)[2]["note"] == "half a thought"


def test_two_raters_side_by_side(serve, visit):
    study, base = serve(n=4, n_real=0, raters=("anna", "ben"), overlap=1.0)
    anna, ben = (visit(f"{base}/r/{study.link_token(name)}").begin() for name in ("anna", "ben"))
    for _ in range(4):
        anna.rate("1")
        ben.rate("0", "1", "Enter")
    for page in (anna, ben):
        page.screen("done")
    assert verdicts(study, "anna") == [1] * 4
    assert verdicts(study, "ben") == [0] * 4
    assert "ben" not in anna.page.content()


def test_two_windows_of_one_rater_double_nothing(anna, visit):
    study, page = anna(n=4, n_real=0)
    other = visit(page.link, beside=page)
    other.begin()
    page.rate("1")
    page.open()
    page.saved()
    other.rate("0", "Enter")
    other.told("another window")
    for _ in range(3):
        other.rate("0", "Enter")
    other.screen("done")
    assert verdicts(study) == [1, 0, 0, 0]
    assert len(study.store.ratings(criterion="verdict")) == 4


def test_a_pause_keeps_the_answer_and_the_page_goes_on_by_itself(anna):
    study, page = anna(n=3, n_real=0)
    study.pause()
    page.rate("1")
    assert "paused" in page.screen("paused")
    assert page.waiting() == 1
    assert verdicts(study) == []
    page.press("1", "0", "u")
    study.resume()
    page.rate("1")
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 1, 1]


def test_links_that_are_wrong_or_have_run_out_say_so(serve, visit):
    study, base = serve(n=2, n_real=0)
    link = f"{base}/r/{study.link_token('anna')}"
    wrong = visit(f"{base}/r/{'0' * 32}")
    assert "does not work" in wrong.text("h1")
    assert "ask" in wrong.text("main").lower()
    clock = study.clock
    study.clock = lambda: clock() + timedelta(days=31)
    late = visit(link)
    assert "run out" in late.text("h1")
    assert late.box("h1")["height"] > 20, "the page has its style"


def test_answers_that_wait_outlive_a_renewed_link(anna, visit):
    study, page = anna(n=3, n_real=0)
    page.context.set_offline(True)
    page.rate("0", "Enter")
    token = study.renew("anna")
    page.context.set_offline(False)
    assert "no longer" in page.screen("gone")
    assert "1 answer waits" in page.text("#cover").replace("One", "1")
    assert verdicts(study) == []
    again = visit(page.link.rpartition("/")[0] + "/" + token, beside=page)
    assert again.open() == 1
    again.saved()
    assert verdicts(study) == [0]
