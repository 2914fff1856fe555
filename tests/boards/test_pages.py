"""Pages as people use them: from one sentence to a draft, forms without scripts, files."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from jiebang.boards import queries
from jiebang.boards.models import Listing
from jiebang.boards.storage import read
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Line, OrganisationRole
from jiebang.orgs.models import Organisation
from tests.boards.looking import value_of
from tests.conftest import post
from tests.factories import World, complete, later


def test_forms_keep_what_was_typed_beside_the_message(shared: World) -> None:
    client = shared.browser(shared.owner())
    typed = {"title": "", "summary": "已经写好的很长的摘要", "need_kind": "scenario"}
    page = post(client, "/listings/new/need", typed)
    assert page.status_code == 422 and "请填写“标题”" in page.text
    assert value_of(page.text, "summary") == "已经写好的很长的摘要"
    assert re.search(r'value="scenario"[^>]*checked|checked[^>]*value="scenario"', page.text)


def test_wrong_values_stay_and_are_named(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner)
    page = post(
        shared.browser(owner),
        f"/listings/{code}/edit/terms",
        {
            "trl": "十二",
            "deadline": "明年春天",
            "money": "很多钱",
            "indicators-0-name": "",
            "indicators-0-comparator": "≥",
            "indicators-0-value": "980",
            "indicators-1-name": "强度",
            "indicators-1-value": "很高",
        },
    )
    assert page.status_code == 422
    for name, typed in (("trl", "十二"), ("deadline", "明年春天"), ("money", "很多钱"),
                        ("indicators-0-value", "980"), ("indicators-1-name", "强度")):  # fmt: skip
        assert value_of(page.text, name) == typed
    for label in ("最低技术成熟度", "期望完成日期", "目标指标"):
        assert f"“{label}”" in page.text
    assert read(shared.listing(code))["trl"] == 6, "nothing is saved by halves"


def test_rows_are_added_and_removed_without_scripts(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner)
    client, url = shared.browser(owner), f"/listings/{code}/edit/terms"
    first = {"indicators-0-name": "平面度", "indicators-0-comparator": "≤",
             "indicators-0-value": "1", "trl": "7"}  # fmt: skip
    page = post(client, url, {**first, "add_row": "indicators"})
    assert page.status_code == 200
    assert value_of(page.text, "indicators-0-name") == "平面度"
    assert value_of(page.text, "indicators-1-name") == ""
    assert value_of(page.text, "trl") == "7", "other fields keep what was typed"
    second = {"indicators-1-name": "节拍", "indicators-1-value": "2"}
    page = post(client, url, {**first, **second, "remove_row": "indicators-0"})
    assert value_of(page.text, "indicators-0-name") == "节拍"
    assert 'name="indicators-1-name"' not in page.text
    assert read(shared.listing(code))["trl"] == 6, "buttons for rows save nothing"
    assert post(client, url, {**first, **second}).status_code == 303
    kept = read(shared.listing(code))
    assert [row["name"] for row in kept["indicators"]] == ["平面度", "节拍"]
    full = {f"indicators-{n}-name": f"指标{n}" for n in range(20)}
    page = post(client, url, {**full, "add_row": "indicators"})
    assert 'name="indicators-20-name"' not in page.text, "no more rows than are kept"


def test_autosave_saves_counts_and_refuses_in_json(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner, tried=None)
    client, url = shared.browser(owner), f"/listings/{code}/edit/content"
    page = client.get(url).text
    version = value_of(page, "version")
    fields = {name: value_of(page, name) for name in ("present_state", "problem", "tried")}
    quiet = {"X-Requested-With": "autosave"}
    typed = {**fields, "tried": "试过工装夹具", "version": version}
    saved = post(client, url, typed, headers=quiet)
    assert saved.status_code == 200
    assert saved.json is not None and re.fullmatch(r"\d\d:\d\d", saved.json["saved_at"])
    assert saved.json["version"] == int(version) + 1
    assert 0 < saved.json["completeness"]["done"] <= saved.json["completeness"]["total"]
    assert read(shared.listing(code))["tried"] == "试过工装夹具"
    stale = post(client, url, {**typed, "tried": "旧页面上的话"}, headers=quiet)
    assert stale.status_code == 422 and stale.json is not None
    assert "同事修改了" in stale.json["errors"][""]
    renewed = {**typed, "version": str(saved.json["version"])}
    wrong = post(client, url, {**renewed, "tried": "长" * 2001}, headers=quiet)
    assert wrong.status_code == 422 and wrong.json is not None
    assert set(wrong.json["errors"]) == {"tried"}
    assert read(shared.listing(code))["tried"] == "试过工装夹具"


def test_a_stale_form_says_so_and_keeps_the_text(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner)
    client, url = shared.browser(owner), f"/listings/{code}/edit/topic"
    page = client.get(url).text
    version = value_of(page, "version")
    shared.change(code, owner, {"title": "同事先改好的标题"})
    typed = {"title": "我后改的标题", "summary": "我写的一大段摘要，不能丢。", "version": version,
             "need_kind": "research", "track": "market"}  # fmt: skip
    response = post(client, url, typed)
    assert response.status_code == 422
    assert "同事修改了这份内容" in response.text
    assert value_of(response.text, "title") == "我后改的标题"
    assert value_of(response.text, "summary") == "我写的一大段摘要，不能丢。"
    assert shared.listing(code).title == "同事先改好的标题"


def test_the_way_from_new_to_published_through_pages(shared: World) -> None:
    owner, operator = shared.owner(), shared.operator()
    client, desk = shared.browser(owner), shared.browser(operator)
    made = post(
        client, "/listings/new/order",
        {"title": "数控焊接订单班二十人", "summary": "要会机器人焊接的毕业生", "level": "college"},
    )  # fmt: skip
    assert made.status_code == 303 and made.location.endswith("/edit/content")
    code = made.location.split("/")[2]
    gaps = post(client, f"/listings/{code}/submit")
    assert gaps.location == f"/listings/{code}/check"
    page = client.get(gaps.location).text
    assert "请填写“产业领域”" in page and "请填写“岗位与人数”" in page
    assert shared.listing(code).state == "draft"
    steps = {
        "content": {"posts-0-name": "焊接技工", "posts-0-headcount": "20", "skills": "机器人焊接"},
        "terms": {"modes": ["订单班"], "money": "6500-9000", "deadline": later().isoformat()},
        "reach": {"industry": "equipment", "region": "济南市", "disclosure": "public"},
    }
    for step, fields in steps.items():
        done = post(client, f"/listings/{code}/edit/{step}", fields)
        assert done.status_code == 303, done.text
    assert done.location == f"/listings/{code}/check"
    assert post(client, f"/listings/{code}/submit").location == f"/listings/{code}"
    assert "等平台运营" in client.get("/todo").text
    assert shared.app.test_client().get(f"/listings/{code}").status_code == 404
    assert code in desk.get("/operations/review").text
    assert post(desk, f"/operations/review/{code}/return", {"reason": ""}).status_code == 422
    assert post(desk, f"/operations/review/{code}/approve").status_code == 303
    twice = post(desk, f"/operations/review/{code}/approve")
    assert twice.status_code == 409 and "刷新页面" in twice.text
    assert "数控焊接订单班" in shared.app.test_client().get("/boards/order").text
    asked = client.get(f"/listings/{code}/withdraw").text
    assert "立即从榜单和匹配结果中消失" in asked
    assert post(client, f"/listings/{code}/withdraw", {"reason": " "}).status_code == 422
    assert post(client, f"/listings/{code}/withdraw", {"reason": "招满"}).status_code == 303
    assert shared.app.test_client().get(f"/listings/{code}").status_code == 404


def test_an_import_keeps_the_good_rows_and_names_the_broken_one(world: World) -> None:
    owner = world.owner()
    lines = ["标题,公开摘要,期望完成日期,最低技术成熟度"]
    for row in range(2, 41):
        day = "2027-13-45" if row == 17 else "2027-06-30"
        lines.append(f"壳体焊接变形控制第{row}号,控制焊接后的平面度与残余应力,{day},6")
    file = (io.BytesIO("\n".join(lines).encode("utf-8-sig")), "需求.csv")
    client = world.browser(owner)
    page = post(client, "/listings/import/need", {"file": file})
    assert page.status_code == 200
    (row,) = re.findall(r"<tr>\s*<t[dh][^>]*>\s*(\d+)\s*</t[dh]>.*?</tr>", page.text, re.DOTALL)
    assert row == "17" and "2027-13-45" in page.text and "期望完成日期" in page.text
    with world.database.reading() as session:
        kept = session.scalars(select(Listing)).all()
    assert len(kept) == 38
    assert {listing.organisation_id for listing in kept} == {owner.organisation_id}
    assert {listing.state for listing in kept} == {"draft"}
    assert "第17号" not in "".join(listing.title for listing in kept)
    again = post(
        client, "/listings/import/need",
        {"file": (io.BytesIO("\n".join(lines).encode()), "需求.csv")},
    )  # fmt: skip
    assert again.status_code == 200
    with world.database.reading() as session:
        assert len(session.scalars(select(Listing.id)).all()) == 38, "the same rows, not new ones"


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "空.csv"), (b"\x00\x01\x02" * 99, "乱.csv"), (b"PK\x03\x04broken", "坏.xlsx"),
     (b"a,b\n1,2\n", "没有认识的列.csv"), (b"MZ", "程序.exe")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_on_the_page(
    shared: World, content: bytes, name: str
) -> None:
    client = shared.browser(shared.owner())
    page = post(client, "/listings/import/need", {"file": (io.BytesIO(content), name)})
    assert page.status_code in (200, 422)
    assert "没有读进来" in page.text or "有问题" in page.text


def test_files_of_a_listing_come_and_go(shared: World) -> None:
    owner = shared.owner()
    code = shared.published(owner)
    client, visitor = shared.browser(owner), shared.app.test_client()
    data = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    url = f"/listings/{code}/attachments"
    for name, extra in (("公开说明.pdf", {}), ("内部图纸.pdf", {"protected": "1"})):
        done = post(client, url, {"file": (io.BytesIO(data), name), **extra})
        assert done.status_code == 303
    page = visitor.get(f"/listings/{code}").text
    assert "公开说明" in page and "内部图纸" not in page
    links = re.findall(rf"{url}/(\d+)\b", client.get(f"/listings/{code}").text)
    numbers = sorted({int(number) for number in links})
    assert len(numbers) == 2
    given = visitor.get(f"{url}/{numbers[0]}", buffered=True)
    assert given.data == data
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert visitor.get(f"{url}/{numbers[1]}").status_code == 404
    refused = post(client, url, {"file": (io.BytesIO(b"<html>"), "网页.pdf")})
    assert refused.status_code == 303
    assert len(set(re.findall(rf"{url}/(\d+)\b", client.get(f"/listings/{code}").text))) == 2
    assert post(client, f"{url}/{numbers[0]}/remove").status_code == 303
    assert visitor.get(f"{url}/{numbers[0]}").status_code == 404


def test_an_invitation_opens_and_closes_the_door(shared: World) -> None:
    owner, guest = shared.owner(), shared.owner()
    code = shared.published(owner, disclosure="invited")
    client, visitor = shared.browser(owner), shared.browser(guest)
    with shared.database.reading() as session:
        name = session.get_one(Organisation, guest.organisation_id).name
    assert visitor.get(f"/listings/{code}").status_code == 404
    assert post(client, f"/listings/{code}/invitations", {"name": name}).status_code == 303
    assert visitor.get(f"/listings/{code}").status_code == 200
    assert code in visitor.get("/boards/need?q=铝合金焊接变形").text
    url = f"/listings/{code}/invitations/{guest.organisation_id}/remove"
    assert post(client, url).status_code == 303
    assert visitor.get(f"/listings/{code}").status_code == 404
    assert code not in visitor.get("/boards/need?q=铝合金焊接变形").text


def test_dismissing_a_pair_needs_a_reason_and_hides_it(shared: World) -> None:
    owner, other = shared.owner(), shared.owner()
    mine = shared.published(owner, title="zqdismiss壳体焊接变形")
    pair = shared.published(other, Board.OUTCOME, title="zqdismiss壳体焊接变形校正工艺")
    client = shared.browser(owner)
    page = client.get(f"/listings/{mine}/matches").text
    assert pair in page and "从对方看：" in page and "两边合起来" in page
    assert "/boards/outcome?sort=new" in page, "a way that does not depend on who asks"
    url = f"/listings/{mine}/matches/{pair}/dismiss"
    post(client, url, {"reason": "nonsense"})
    assert pair in client.get(f"/listings/{mine}/matches").text
    post(client, url, {"reason": "too_expensive"})
    assert pair not in re.sub(r"(?s)<div class=.flash.*?</div>", "", client.get(
        f"/listings/{mine}/matches").text)  # fmt: skip
    assert pair in shared.app.test_client().get(f"/listings/{mine}/matches").text


def test_modes_as_older_versions_wrote_them_are_found(world: World) -> None:
    """In escapes; what is written now is Chinese as it is."""
    owner = world.owner()
    older, newer = (
        world.published(owner, Board.OUTCOME, title=f"叶片修复工艺{n}", modes=["作价入股"])
        for n in range(2)
    )
    with world.database.transaction() as session:
        kept = session.scalars(text("SELECT modes FROM listing")).all()
        assert kept == ['["作价入股"]'] * 2
        session.execute(
            text("UPDATE listing SET modes = :modes WHERE code = :code"),
            {"modes": json.dumps(["作价入股"]), "code": older},
        )
    with world.database.reading() as session:
        where = queries.BoardFilter(Board.OUTCOME, mode="作价入股")
        rows, _ = queries.page(session, where, ANONYMOUS, 1)
        assert {listing.code for listing, _ in rows} == {older, newer}
        assert all(listing.modes == ["作价入股"] for listing, _ in rows)


def test_filters_of_a_board_narrow_it(any_world: World) -> None:
    """In SQL and in the index alike, on both databases."""
    world, owner = any_world, any_world.owner()
    wanted = world.published(
        owner, Board.OUTCOME, title="高温合金叶片修复工艺", modes=["技术转让", "作价入股"],
        region="青岛市市南区", chain="工业母机", trl=8, industry="materials", deadline=later(90),
    )  # fmt: skip
    other = world.published(
        owner, Board.OUTCOME, title="高温合金叶片检测方法", modes=["技术许可"], trl=4,
        deadline=later(5), money=None,
    )  # fmt: skip
    filters: dict[str, object] = {
        "mode": "作价入股", "region": "青岛", "chain": "工业母机", "trl": 7,
        "industry": "materials", "until": later(30), "money": 6_000_000,
    }  # fmt: skip
    with world.database.reading() as session:
        for name, value in filters.items():
            where = queries.BoardFilter(Board.OUTCOME, **{name: value})  # type: ignore[arg-type]
            rows, total = queries.page(session, where, ANONYMOUS, 1)
            assert [listing.code for listing, _ in rows] == [wanted], name
            assert total == 1
        for mode in ("技术", '"', "%", "\\u6280", "技术许可”"):
            where = queries.BoardFilter(Board.OUTCOME, mode=mode)
            assert queries.page(session, where, ANONYMOUS, 1) == ([], 0), mode
        for sort in queries.SORTS:
            rows, _ = queries.page(
                session, queries.BoardFilter(Board.OUTCOME, sort=sort), ANONYMOUS, 1
            )
            order = [listing.code for listing, _ in rows]
            assert order == ([wanted, other] if sort == "money" else [other, wanted]), sort
    client = world.app.test_client()
    texts = {**filters, "money": "6万元", "until": later(30).isoformat()}
    for name, value in texts.items():
        for q in ("", "高温合金叶片"):
            page = client.get("/boards/outcome", query_string={name: value, "q": q}).text
            assert wanted in page and other not in page, (name, q)


def test_a_wrong_filter_is_said_and_not_used(shared: World, client_of: FlaskClient) -> None:
    code = shared.published(shared.owner(), Board.PROGRAMME)
    page = client_of.get("/boards/programme?until=明年&trl=99&mode=不存在&page=x&sort=x").text
    assert code in page and "截止日期应形如" in page
    page = client_of.get("/boards/product?money=很多").text
    assert "这一项没有起作用" in page


@pytest.fixture
def client_of(shared: World) -> FlaskClient:
    return shared.app.test_client()


def test_a_seat_of_another_line_sees_no_form(shared: World) -> None:
    owner, user_id = shared.owner(), shared.user()
    assert owner.organisation_id is not None
    shared.member(owner.organisation_id, user_id, OrganisationRole.AGENT, (Line.TALENT,))
    client = shared.browser(user_id)
    refused = post(
        client, "/listings/new/need",
        {"title": "不在范围内", "need_kind": "research", "track": "market"},
    )  # fmt: skip
    assert refused.status_code == 403 and "经办范围" in refused.text


def test_dates_are_beijings(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 23:30 UTC it is already tomorrow in 北京: numbers and days follow."""
    moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    code = shared.draft(shared.owner())
    assert code.startswith("XQ27")


def test_complete_is_complete(shared: World) -> None:
    owner = shared.owner()
    for board in Board:
        assert set(complete(board)) <= set(read(shared.listing(shared.draft(owner, board))))
