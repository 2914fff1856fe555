"""What people share by hand: for everybody's listings alone, nothing hidden, no script needed."""

from __future__ import annotations

import re
from html import unescape

import pytest
import segno

from jiebang.boards.views.share import share
from jiebang.core import clock
from jiebang.orgs.models import Organisation
from tests.factories import World, later


def text_of(page: str) -> str:
    found = re.search(r'<textarea[^>]*id="share-text"[^>]*>(.*?)</textarea>', page, re.S)
    return unescape(found[1]) if found else ""


def test_the_text_says_what_where_and_until_when(world: World) -> None:
    code = world.published(world.owner(), title="焊接变形控制", deadline=later(30))
    page = world.browser(None).get(f"/listings/{code}").text
    url = f"{world.settings.base_url}/listings/{code}"
    assert text_of(page) == f"【技术需求】焊接变形控制\n{clock.day_text(later(30))}截止\n{url}"
    with world.app.app_context():
        drawn = share(world.listing(code))
    assert drawn is not None
    modules = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn.code)
    whole = segno.make(url, error="m", micro=False).symbol_size(scale=4, border=4)
    assert modules and (int(modules[1]), int(modules[2])) == whole
    assert drawn.code in page


def test_an_endless_listing_says_so(world: World) -> None:
    code = world.published(world.owner(), deadline=None)
    assert "长期有效" in text_of(world.browser(None).get(f"/listings/{code}").text)


def test_an_anonymous_owner_and_what_needs_an_agreement_are_not_in_it(world: World) -> None:
    owner = world.owner()
    with world.database.transaction() as session:
        session.get_one(Organisation, owner.organisation_id).name = "zqnameless有限公司"
    for disclosure in ("anonymous", "agreement"):
        code = world.published(owner, disclosure=disclosure, tried="zqtried", problem="zqproblem")
        for who in (None, owner):
            text = text_of(world.browser(who).get(f"/listings/{code}").text)
            assert code in text and "zq" not in text


@pytest.mark.parametrize("disclosure", ["registered", "invited"])
def test_what_not_everybody_may_open_is_not_offered(world: World, disclosure: str) -> None:
    owner = world.owner()
    code = world.published(owner, disclosure=disclosure)
    assert text_of(world.browser(owner).get(f"/listings/{code}").text) == ""
    draft = world.draft(owner)
    assert text_of(world.browser(owner).get(f"/listings/{draft}").text) == ""


def test_a_title_cannot_break_out(world: World) -> None:
    code = world.published(world.owner(), title="</textarea><script>alert(1)</script>")
    page = world.browser(None).get(f"/listings/{code}").text
    assert "<script>alert" not in page and "</textarea><script>" in text_of(page)
