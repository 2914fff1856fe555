"""The panel beside the form and its live answer: examples and look-alikes come from open texts."""

from __future__ import annotations

from typing import Any

import pytest

from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM
from tests.conftest import post
from tests.factories import World, later

GOOD = {
    "title": "空调压缩机壳体焊缝渗漏率降低",
    "summary": "用于家用空调压缩机壳体环缝焊接，渗漏率要从千分之三降低到0.05%以内。",
    "problem": "采用二氧化碳保护焊，壳体为低碳钢，渗漏率降低到0.05%以内。",
    "indicators": [{"name": "渗漏率", "comparator": "≤", "value": "0.05", "unit": "%"}],
    "ip_ownership": "joint",
    "industry": "equipment",
}


def ask(world: World, who: Any, url: str, **typed: str) -> dict[str, Any]:
    answer = post(world.browser(who), url, typed)
    assert answer.status_code == 200 and answer.json is not None
    advice: dict[str, Any] = answer.json["advice"]
    return advice


def marks(advice: dict[str, Any]) -> dict[str, str]:
    return {point["key"]: point["mark"] for point in advice["points"]}


def test_the_page_asks_back_without_scripts_and_the_answer_follows_what_is_typed(
    shared: World,
) -> None:
    owner = shared.owner()
    code = shared.draft(owner, indicators=[], deadline=None, money=None)
    page = shared.browser(owner).get(f"/listings/{code}/edit/terms").text
    assert "对方最想知道" in page and "希望什么时候做成" in page
    url = f"/listings/{code}/advice/terms"
    assert marks(ask(shared, owner, url))["deadline"] == "open"
    typed = ask(shared, owner, url, deadline=later().isoformat(), money="80-120万元",
                **{"indicators-0-name": "平面度", "indicators-0-comparator": "≤",
                   "indicators-0-value": "1", "indicators-0-unit": "mm"})  # fmt: skip
    for key in ("deadline", "money", "indicators"):
        assert marks(typed)[key] == "found", key
    assert shared.listing(code).deadline is None, "asking saves nothing"
    wrong = ask(shared, owner, url, deadline="明年春天", money="80万元")
    assert marks(wrong)["deadline"] == "open" and marks(wrong)["money"] == "found"


def test_the_check_page_asks_once_more(shared: World) -> None:
    owner = shared.owner()
    code = shared.draft(owner, money=None)
    page = shared.browser(owner).get(f"/listings/{code}/check").text
    assert "准备花多少钱" in page


def test_a_first_step_is_advised_before_there_is_a_draft(shared: World) -> None:
    advice = ask(shared, shared.owner(), "/listings/new/outcome/advice",
                 title="一种焊接方法", summary="其特征在于所述")  # fmt: skip
    assert marks(advice)["plain"] == "open"
    assert all(p["url"] is None or p["url"].startswith("#") for p in advice["points"])
    other = ask(shared, shared.owner(), "/listings/new/product/advice", title="激光焊接头")
    assert other["points"] == []
    assert post(shared.browser(shared.owner()), "/listings/new/nothing/advice").status_code == 404


def test_others_words_come_from_public_listings_alone(shared: World) -> None:
    asker = shared.owner()
    gap = {"title": "压缩机壳体焊缝渗漏怎么降低", "summary": "压缩机壳体环缝焊接总有渗漏，想降低。"}
    for level in ("registered", "invited", "agreement", "anonymous"):
        hidden = {**GOOD, "title": f"{GOOD['title']}{level}", "disclosure": level,
                  "indicators": [{"name": f"渗漏率zq{level}", "comparator": "≤", "value": "0.05",
                                  "unit": "%"}]}  # fmt: skip
        shared.published(shared.owner(), Board.NEED, **hidden)
    draft = {**GOOD, "title": "压缩机壳体渗漏zqdraft"}
    shared.draft(shared.owner(), Board.NEED, **draft)
    suspended = shared.owner()
    code = shared.published(suspended, Board.NEED, **{**GOOD, "title": "压缩机壳体zqsuspended"})
    shared.advance(code, "suspend", SYSTEM, "核实")
    public = {**GOOD, "tried": "zqtried试过钎焊，渗漏率降低到0.2%以内"}
    shared.published(shared.owner(), Board.NEED, **public)
    advice = ask(shared, asker, "/listings/new/need/advice", **gap)
    said = " ".join(each["phrase"] for each in advice["examples"])
    assert "渗漏率≤0.05%" in said
    assert "zq" not in said and "zqtried" not in str(advice)
    assert "zqdraft" not in str(advice) and "zqsuspended" not in str(advice)
    assert "zqinvited" not in str(advice)


def test_ones_own_words_are_no_example(shared: World) -> None:
    owner = shared.owner()
    only = {**GOOD, "title": "玻璃幕墙自清洁涂层耐候性", "summary": "用于玻璃幕墙的自清洁涂层耐候"}
    code = shared.published(owner, Board.NEED, **only)
    advice = ask(shared, owner, "/listings/new/need/advice", title="玻璃幕墙涂层", summary="要耐候")
    assert all(code not in each["url"] for each in advice["examples"])


@pytest.mark.parametrize("state", ["draft", "published"])
def test_what_one_wrote_before_is_named_and_stops_nobody(shared: World, state: str) -> None:
    owner = shared.owner()
    earlier = {
        "title": f"除尘滤袋清灰压降过高{state}",
        "summary": "水泥窑尾除尘滤袋清灰后压降过高。",
    }
    code = getattr(shared, state)(owner, Board.NEED, **earlier)
    advice = ask(shared, owner, "/listings/new/need/advice", **earlier)
    (alike,) = [each for each in advice["alike"] if code in each["url"]]
    assert alike["same"] and alike["note"].startswith("本单位")
    again = ask(shared, owner, f"/listings/{code}/advice/topic", **earlier)
    assert all(code not in each["url"] for each in again["alike"]), "not alike to itself"
    saved = post(shared.browser(owner), "/listings/new/need",
                 {**earlier, "need_kind": "research", "track": "market"})  # fmt: skip
    assert saved.status_code == 303
    stranger = ask(shared, shared.owner(), "/listings/new/need/advice", **earlier)
    found = any(code in each["url"] for each in stranger["alike"])
    assert found is (state == "published")


def test_an_anonymous_look_alike_stays_nameless(shared: World) -> None:
    nameless = shared.owner(name="zqnobody齿轮有限公司")
    text = {"title": "风电齿轮箱渗碳层深度不均", "summary": "风电齿轮箱大齿圈渗碳淬火后层深不均。"}
    code = shared.published(nameless, Board.NEED, **text, disclosure="anonymous")
    advice = ask(shared, shared.owner(), "/listings/new/need/advice", **text)
    assert any(code in each["url"] for each in advice["alike"])
    assert "zqnobody" not in str(advice)


def test_without_a_model_writing_goes_on(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from jiebang.discovery.encoders import SearchUnavailable

    def gone(*_args: object, **_named: object) -> list[object]:
        raise SearchUnavailable("没有模型")

    monkeypatch.setattr(shared.discovery, "search_text", gone)
    owner = shared.owner()
    code = shared.draft(owner)
    assert shared.browser(owner).get(f"/listings/{code}/edit/topic").status_code == 200
