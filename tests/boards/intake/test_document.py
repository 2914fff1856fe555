"""From a file to a listing: proposed side by side, taken over only where ticked."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jiebang.boards.intake import reading
from jiebang.boards.intake.propose import propose
from jiebang.boards.storage import read
from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from tests.boards.looking import value_of
from tests.conftest import post
from tests.factories import World

from .files import excel, scanned_pdf, word

LIMIT = 5 * 1024 * 1024


def values(board: Board, data: bytes, name: str) -> dict[str, Any]:
    found = propose(board, reading.read(data, name, limit=LIMIT).blocks, {})
    return {each.field.name: each.value for each in found.found}


def test_headings_labels_and_sentences_become_values() -> None:
    found = values(Board.NEED, word(), "需求.docx")
    assert found["title"] == "精密减速器齿面磨损过快"
    assert found["problem"].startswith("谐波减速器柔轮")
    assert [row["name"] for row in found["indicators"]] == ["使用寿命", "回差"]
    assert found["deadline"].isoformat() == "2030-06-30"
    assert (found["money"].low, found["money"].high) == (80_000_000, 120_000_000)
    assert found["ip_ownership"] == "joint"
    assert "industry" not in found, "what the file does not say is not invented"


def test_tables_of_forms_are_read_by_their_labels() -> None:
    found = values(Board.NEED, word(lines=(), table=True), "表.docx")
    assert found["title"] == "铝壳体焊接变形" and "氩弧焊" in found["present_state"]
    assert found["indicators"][0] == {"name": "平面度", "comparator": "≤", "value": "0.3",
                                      "unit": "mm"}  # fmt: skip


def test_a_sheet_with_headings_is_its_first_row() -> None:
    rows: list[list[object]] = [["成果名称", "简介", "技术成熟度"],
                                ["低温树脂", "风电叶片低温快速固化环氧树脂。", 6]]  # fmt: skip
    found = values(Board.OUTCOME, excel(rows), "成果.xlsx")
    assert (found["title"], found["trl"]) == ("低温树脂", 6)


def test_what_is_not_understood_is_named_and_not_taken() -> None:
    blocks = [("p", "标题：水泵密封泄漏"), ("p", "完成时间：2030年2月31日"), ("p", "预算：若干")]
    found = propose(Board.NEED, blocks, {})
    assert {each.field.name for each in found.found} == {"title"}
    assert any("若干" in note for note in found.notes)


def upload(world: World, who: Actor, url: str, data: bytes, name: str) -> TestResponse:
    return post(world.browser(who), url, {"file": (io.BytesIO(data), name)})


def test_nothing_is_filled_that_was_not_ticked(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner, problem="我自己写的问题。", ip_ownership="")
    before = read(shared.listing(code))
    page = upload(shared, owner, f"/listings/{code}/document", word(), "需求.docx")
    assert page.status_code == 200
    assert "我自己写的问题" in page.text and "谐波减速器" in page.text, "side by side"
    assert not re.search(r'name="take"[^>]*checked', page.text)
    assert read(shared.listing(code)) == before, "reading keeps nothing"
    url = f"/listings/{code}/document/take"
    form = {"proposed": ["title", "problem", "ip_ownership"], "title": value_of(page.text, "title"),
            "problem": value_of(page.text, "problem"), "ip_ownership": "joint"}  # fmt: skip
    none = post(shared.browser(owner), url, form)
    assert none.status_code == 422 and "还没有勾选" in none.text
    assert value_of(none.text, "title") == "精密减速器齿面磨损过快"
    taken = post(shared.browser(owner), url, {**form, "take": ["ip_ownership"]})
    assert taken.status_code == 303
    after = read(shared.listing(code))
    assert after == {**before, "ip_ownership": "joint"}


def test_a_new_draft_is_what_was_ticked_and_corrected(shared: World) -> None:
    owner = shared.owner()
    page = upload(shared, owner, "/listings/new/need/document", word(), "需求.docx")
    assert page.status_code == 200
    url = "/listings/new/need/document/take"
    form = {"proposed": ["title", "money"], "take": ["title"], "title": "改过的标题：减速器磨损",
            "money": "80万元-120万元"}  # fmt: skip
    nameless = post(shared.browser(owner), url, {**form, "take": ["money"]})
    assert nameless.status_code == 422 and "标题" in nameless.text
    wrong = post(shared.browser(owner), url, {**form, "take": ["title", "money"], "money": "很多"})
    assert wrong.status_code == 422 and value_of(wrong.text, "money") == "很多"
    made = post(shared.browser(owner), url, form)
    assert made.status_code == 303
    code = made.headers["Location"].split("/")[2]
    listing = shared.listing(code)
    assert listing.title == "改过的标题：减速器磨损" and listing.money_low is None
    assert listing.organisation_id == owner.organisation_id


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [(scanned_pdf(), "扫描.pdf", "扫描件"), (b"", "", "请先选择文件")],
)
def test_refusals_stand_beside_the_input(shared: World, data: bytes, name: str, says: str) -> None:
    page = upload(shared, shared.owner(), "/listings/new/outcome/document", data, name)
    assert page.status_code == 422 and says in page.text


def test_others_and_what_is_under_review_are_left_alone(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner)
    url = f"/listings/{code}/document"
    assert upload(shared, shared.owner(), url, word(), "需求.docx").status_code == 404
    form = {"proposed": "title", "take": "title", "title": "别人的标题"}
    assert post(shared.browser(shared.owner()), f"{url}/take", form).status_code == 404
    submitted = shared.submitted(owner)
    assert upload(shared, owner, f"/listings/{submitted}/document", word(),
                  "需求.docx").status_code == 409  # fmt: skip
