"""The connection goes and comes back, the server cannot save: nothing is lost, nothing is doubled."""

from __future__ import annotations

from typing import Any

from rater_page import RaterPage, answers, verdicts


def lose(page: RaterPage) -> None:
    """Take the page's connection away."""
    page.context.set_offline(True)


def regain(page: RaterPage) -> None:
    """Give it back."""
    page.context.set_offline(False)


def test_answers_given_without_connection_are_sent_in_order_once(anna):
    study, page = anna(n=7, n_real=0)
    page.rate("1")
    page.open()
    page.saved()
    lose(page)
    page.rate("0", "1", "Enter")
    page.page.wait_for_selector("#lost:visible")
    page.rate("1")
    page.rate("0", "2", "Enter")
    assert page.text("#lost") == "Connection lost: 3 answers wait, they are kept on this device."
    assert page.text("#count").startswith("4 of 7"), "what waits is done for the rater"
    assert verdicts(study) == [1]
    regain(page)
    page.saved()
    page.page.wait_for_selector("#lost", state="hidden")
    for _ in range(3):
        page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 0, 1, 0, 1, 1, 1]
    assert len(study.store.ratings(criterion="verdict")) == 7
    assert study.progress("anna").done == 7


def test_a_page_without_further_images_waits_and_goes_on_by_itself(anna):
    study, page = anna(n=10, n_real=0)
    lose(page)
    rated = 0
    while rated < 10 and page.page.evaluate("() => document.body.dataset.screen") == "rate":
        page.rate("1")
        rated += 1
    assert 3 <= rated < 10, "some images were loaded ahead, not all"
    assert "kept on this device" in page.screen("wait")
    regain(page)
    page.at(rated)
    page.saved()
    assert verdicts(study) == [1] * rated


def test_an_answer_whose_receipt_got_lost_is_not_doubled(anna):
    study, page = anna(n=3, n_real=0)
    lost: list[Any] = []

    def swallow(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch())
            route.abort()

    page.page.route("**/api/answer", swallow)
    page.rate("0", "Enter")
    page.open()
    page.saved()
    assert lost[0].ok
    for _ in range(2):
        page.rate("1")
    page.screen("done")
    assert verdicts(study) == [0, 1, 1]
    assert len(study.store.ratings(criterion="verdict")) == 3


def test_answers_outlive_the_page(anna, visit):
    study, page = anna(n=4, n_real=0)
    lose(page)
    page.rate("0", "Enter")
    page.rate("0", "Enter")
    page.open()
    page.page.close()
    assert verdicts(study) == []
    regain(page)
    again = visit(page.link, beside=page)
    assert again.open() == 2
    again.saved()
    assert verdicts(study) == [0, 0]


def test_undo_without_connection(anna):
    study, page = anna(n=4, n_real=0)
    page.rate("1")
    page.open()
    page.saved()
    lose(page)
    page.rate("1")
    page.rate("1")
    page.open()
    page.press("u").at(2).press("u").at(1).press("u").at(0)
    page.rate("0", "Enter")
    page.rate("0", "Enter")
    page.rate("1")
    page.open()
    regain(page)
    page.saved()
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [0, 0, 1, 1]
    kept = study.store.ratings(criterion="verdict")
    assert kept["withdrawn"].sum() == 2, "one was saved, one may have been; the third never left this device"


def test_a_server_that_cannot_save_gets_the_answer_later(anna):
    study, page = anna(n=3, n_real=0)
    full: list[Any] = []

    def refuse(route: Any) -> None:
        full.append(route)
        if len(full) < 3:
            route.fulfill(status=503, json={"error": "not saved"})
        else:
            route.continue_()

    page.page.route("**/api/answer", refuse)
    page.rate("1")
    page.page.wait_for_selector("#lost:visible:has-text('cannot answer at the moment: 1 answer waits')")
    page.rate("0", "Enter")
    page.open()
    page.saved()
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 0, 1]


def test_a_refusal_that_is_not_the_servers_own_loses_nothing(anna):
    study, page = anna(n=2, n_real=0)
    between = iter([404, 405, 421])

    def refuse(route: Any) -> None:
        status = next(between, None)
        route.continue_() if status is None else route.fulfill(status=status, body="a proxy in between")

    page.page.route("**/api/answer", refuse)
    page.rate("1")
    page.rate("0", "Enter")
    page.screen("done")
    page.saved()
    assert verdicts(study) == [1, 0]


def test_an_answer_that_the_server_refuses_is_told_and_asked_again(anna):
    study, page = anna(n=2, n_real=0)
    refused: list[Any] = []

    def refuse(route: Any) -> None:
        if refused:
            return route.continue_()
        refused.append(route)
        return route.fulfill(status=422, json={"error": "note is not text"})

    page.page.route("**/api/answer", refuse)
    page.rate("1")
    page.told("did not take an answer: note is not text")
    page.rate("1")
    assert page.at(0).text("#count").startswith("1 of 2")
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 1]


def test_a_browser_that_stores_nothing_still_sends_everything(serve, visit):
    study, base = serve(n=3, n_real=0)
    page = visit("about:blank")
    page.page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page.page.goto(f"{base}/r/{study.link_token('anna')}")
    page.begin()
    lose(page)
    page.rate("0", "Enter")
    page.page.wait_for_selector("#lost:visible:has-text('in this window only')")
    regain(page)
    for _ in range(2):
        page.rate("1")
    page.screen("done")
    assert verdicts(study) == [0, 1, 1]
    assert set(answers(study)[1].values()) == {"yes"}


def test_a_page_opened_while_the_server_is_away_begins_by_itself(serve, visit):
    study, base = serve(n=2, n_real=0)
    page = visit("about:blank")
    away: list[Any] = []

    def refuse(route: Any) -> None:
        away.append(route)
        route.abort() if len(away) == 1 else route.continue_()

    page.page.route("**/api/session", refuse)
    page.page.goto(f"{base}/r/{study.link_token('anna')}")
    page.page.wait_for_selector("#cover:has-text('No connection')")
    page.begin().rate("1")
    page.rate("1")
    page.screen("done")
    assert verdicts(study) == [1, 1]
