"""From one sentence to a draft: it survives registration, and is kept nowhere else."""

from __future__ import annotations

import io
import logging

import pytest
import structlog
from sqlalchemy import inspect, select, text

from jiebang.boards.models import Listing, PendingDraft
from tests.boards.looking import value_of
from tests.conftest import post
from tests.factories import World

SENTENCE = "zqtyped铝合金薄壁壳体焊接后变形太大。\n试过工装夹具，效果不好。"


def everything_but(world: World, *tables: str) -> str:
    """All rows of all other tables as text."""
    found = []
    with world.database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            if table not in tables:
                rows = connection.execute(text(f'SELECT * FROM "{table}"'))
                found.append(f"{table}: {rows.all()}")
    return "\n".join(found)


def test_a_sentence_survives_registration_and_stands_in_no_url_log_or_counter(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    logged, addresses = io.StringIO(), []
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(logged))
    caplog.set_level(logging.DEBUG)
    client = world.app.test_client()

    asked = post(client, "/ask", {"text": SENTENCE})
    assert asked.status_code == 200 and value_of(asked.text, "text") == SENTENCE
    assert "zqtyped" not in everything_but(world), "asking keeps nothing"

    kept = post(client, "/drafts", {"board": "need", "text": SENTENCE})
    assert (kept.status_code, kept.location) == (303, "/register")
    with world.database.reading() as session:
        assert session.scalars(select(PendingDraft)).one().text == SENTENCE
    assert "zqtyped" not in everything_but(world, "pending_draft")
    addresses += [kept.location, str(kept.headers)]

    registered = post(
        client,
        "/register",
        {
            "name": "张工",
            "identifier": "zhang@example.com",
            "password": "correct horse battery staple",
            "consent": "y",
        },
    )
    assert registered.status_code == 303, registered.text
    assert "zqtyped" not in client.get("/todo").text
    made = post(client, "/organisations/new", {"name": "新来的有限公司", "category": "enterprise"})
    assert made.status_code == 303, made.text
    assert "/drafts/adopt" in client.get("/todo").text
    adopted = post(client, "/drafts/adopt")
    assert adopted.status_code == 303
    addresses += [registered.location, made.location, adopted.location]
    page = client.get(adopted.location)
    assert value_of(page.text, "title") == "zqtyped铝合金薄壁壳体焊接后变形太大"
    assert "试过工装夹具" in value_of(page.text, "summary")

    with world.database.reading() as session:
        assert session.scalars(select(PendingDraft)).all() == []
        assert session.scalars(select(Listing)).one().organisation_id is not None
    again = post(client, "/drafts/adopt")
    assert again.status_code == 303 and again.location == "/todo"
    tables = ("listing", "need", "listing_version", "indicator")
    assert "zqtyped" not in everything_but(world, *tables)
    assert "zqtyped" not in f"{addresses}{logged.getvalue()}{caplog.text}"


def test_a_member_keeps_a_sentence_at_once(shared: World) -> None:
    owner = shared.owner()
    done = post(shared.browser(owner), "/drafts", {"board": "outcome", "text": SENTENCE})
    code = done.location.split("/")[2]
    assert done.location == f"/listings/{code}/edit/topic"
    assert shared.listing(code).title == "zqtyped铝合金薄壁壳体焊接后变形太大"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "请先写一句话"),
        ("   \r\n ", "请先写一句话"),
        ("。。。！？——", "只看到标点"),
        ("🙂🙂", "只看到标点"),
        ("焊" * 2001, "最多 2000 字，现在 2001 字"),
    ],
)
def test_a_sentence_that_cannot_be_answered_stays_in_the_box(
    shared: World, typed: str, says: str
) -> None:
    response = post(shared.app.test_client(), "/ask", {"text": typed})
    assert response.status_code == 422
    assert says in response.text
    assert value_of(response.text, "text").strip() == typed.strip()


def test_the_longest_sentence_is_answered(shared: World) -> None:
    response = post(shared.app.test_client(), "/ask", {"text": "铝合金焊接变形" * 285})
    assert response.status_code == 200


@pytest.mark.parametrize("typed", ["", "。。。", "长" * 2001])
def test_what_can_never_be_a_draft_is_refused(shared: World, typed: str) -> None:
    for client in (shared.app.test_client(), shared.browser(shared.owner())):
        response = post(client, "/drafts", {"board": "need", "text": typed})
        # a member's long text becomes a draft with a short title; a visitor's is not kept
        if len(typed) > 2000 and response.status_code == 303:
            continue
        assert response.status_code == 422
    with shared.database.reading() as session:
        assert session.scalars(select(PendingDraft)).all() == []
