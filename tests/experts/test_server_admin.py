"""The admin's routes: state, pause, raters, export; figures as the store has them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pandas as pd
import pytest
from rating_studies import small_study, url
from serving import Page, answer_to, running_server

from synmedbench.experts import win_shares


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple]:
    """A study that two raters have finished: anna finds all plausible but the generator's neutrophils."""
    study = small_study(url(tmp_path_factory.mktemp("admin")), n=30, n_real=40, overlap=1.0)
    with running_server(study) as base:
        for rater in ("anna", "ben"):
            page = Page(f"{base}/r/{study.link_token(rater)}")
            while tasks := page.tasks(20):
                for task in tasks:
                    good = task["requested"]["label"] == "basophil"
                    page.post("/api/answer", answer_to(task, plausible=int(good)))
            page.close()
        yield study, base
    study.close()


@pytest.fixture
def admin(served) -> Iterator[Page]:
    study, base = served
    page = Page(f"{base}/r/{study.admin_token}")
    yield page
    page.close()


def test_the_state_is_that_of_the_store(served, admin):
    study, base = served
    state = admin.get("/api/admin/state").json()
    assert state["done"] == state["total"] == sum(study.progress(rater).total for rater in ("anna", "ben"))
    assert [row["rater"] for row in state["raters"]] == ["anna", "ben"]
    for row in state["raters"]:
        assert row["seconds"] == 2.5
        assert row["repeats"] == row["repeats_equal"] > 0
        assert row["link"] == f"{base}/r/{study.link_token(row['rater'])}"
    shares = {row["name"]: row for row in state["shares"]}
    assert set(shares) == {"real", "diffusion"}
    assert shares["diffusion"]["n"] == 60
    assert shares["diffusion"]["lo"] < shares["diffusion"]["share"] == 0.5 < shares["diffusion"]["hi"]
    pairs = {row["raters"]: (row["agree"], row["kappa"]) for row in state["pairs"]}
    assert pairs["anna and ben"] == (1.0, 1.0)
    assert any("equal 1.00" in line for line in state["agreement"])
    assert any(line.startswith("diffusion and real") for line in state["plan"])
    assert state["trouble"] is None


def test_pause_holds_until_it_is_resumed(served, admin):
    study, _ = served
    assert admin.post("/api/admin/pause", {"paused": True}).json() == {"paused": True}
    assert study.paused
    assert admin.get("/api/admin/state").json()["paused"] is True
    admin.post("/api/admin/pause", {"paused": False})
    assert not study.paused


def test_raters_come_and_links_change(served, admin):
    base = served[1]
    link = admin.post("/api/admin/raters", {"rater": " zoé ", "action": "add"}).json()["link"]
    page = Page(link)
    assert link.startswith(f"{base}/r/")
    assert page.get("/api/session").json()["rater"] == "zoé"
    newer = admin.post("/api/admin/raters", {"rater": "zoé", "action": "renew"}).json()["link"]
    assert newer != link
    assert page.get("/api/session").status_code in (401, 410)
    assert admin.post("/api/admin/raters", {"rater": "zoé", "action": "revoke"}).json() == {"link": None}
    assert Page(newer).get("/api/session").status_code == 410
    row = next(row for row in admin.get("/api/admin/state").json()["raters"] if row["rater"] == "zoé")
    assert (row["link"], row["holds"]) == (None, "revoked")


@pytest.mark.parametrize(
    "form",
    [
        {"rater": "nobody", "action": "renew"},
        {"rater": "nobody", "action": "revoke"},
        {"rater": "anna", "action": "add"},
        {"rater": "", "action": "add"},
        {"rater": "a\u0000b", "action": "add"},
        {"rater": "x" * 200, "action": "add"},
        {"rater": "simulated: me", "action": "add"},
        {"rater": "anna", "action": "delete"},
        {"rater": "anna"},
        {},
    ],
)
def test_a_rater_that_cannot_be_is_told(admin, form):
    reply = admin.post("/api/admin/raters", form)
    assert reply.status_code == 422, reply.text
    assert reply.json()["error"]


@pytest.mark.parametrize("form", ["events", "ratings", "images", "preferences"])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_every_form_can_be_taken_away(admin, form, format):
    reply = admin.get(f"/api/admin/export?form={form}&format={format}")
    assert reply.status_code == 200, reply.text
    read = pd.read_csv if format == "csv" else pd.read_parquet
    table = read(io.BytesIO(reply.content))
    assert len(table) == int(reply.headers["x-rows"])
    assert (len(table) == 0) is (form == "preferences")
    assert reply.headers["content-disposition"] == f'attachment; filename="noise-{form}.{format}"'


def test_an_export_of_no_known_form_is_told(admin):
    assert "did you mean 'ratings'" in admin.get("/api/admin/export?form=rating").json()["error"]
    assert admin.get("/api/admin/export?format=xls").status_code == 422


def test_a_study_without_answers_has_a_state(tmp_path):
    study = small_study(url(tmp_path), n_real=0, raters=("anna",))
    with running_server(study) as base:
        page = Page(f"{base}/r/{study.admin_token}")
        state = page.get("/api/admin/state").json()
        assert (state["done"], state["shares"], state["agreement"], state["plan"]) == (0, [], [], [])
        assert [row["seconds"] for row in state["raters"]] == [None]
        for form in ("ratings", "images", "events", "preferences"):
            assert page.get(f"/api/admin/export?form={form}").headers["x-rows"] == "0"
    study.close()


def test_a_study_in_pairs_has_a_state(tmp_path):
    study = small_study(url(tmp_path), n=40, n_real=20, mode="compare", raters=("anna",), repeats=0)
    with running_server(study) as base:
        rater, admin = (Page(f"{base}/r/{token}") for token in (study.link_token("anna"), study.admin_token))
        for _ in range(study.progress("anna").total):
            (task,) = rater.tasks(1)
            assert rater.post("/api/answer", answer_to(task)).status_code == 200
        state = admin.get("/api/admin/state").json()
        assert state["mode"] == "compare"
        assert [row["name"] for row in state["shares"]] == ["diffusion", "real"]
        found = win_shares(study.store.preferences()).iloc[0]
        assert [row["share"] for row in state["shares"]] == pytest.approx(
            [found["share"], 1 - found["share"]]
        )
        assert all(row["lo"] < row["share"] < row["hi"] for row in state["shares"])
        assert int(admin.get("/api/admin/export?form=preference-events").headers["x-rows"]) == state["done"]
    study.close()


def test_a_decomposed_name_is_the_composed_one_and_the_bare_address_is_a_page(served):
    study, base = served
    with httpx.Client(base_url=base) as client:
        headers = {"Authorization": f"Bearer {study.admin_token}"}
        given = {"rater": " Zoe\u0308 ", "action": "add"}
        added = client.post("/api/admin/raters", json=given, headers=headers)
        assert added.status_code == 200, added.text
        assert client.get(added.json()["link"]).status_code == 200
        bare = client.get("/")
        assert bare.status_code == 404
        assert "link" in bare.text
        assert bare.headers["content-type"].startswith("text/html")
