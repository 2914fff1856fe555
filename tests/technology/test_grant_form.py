"""The form of grant rules: fields in the closed vocabulary, rows without a script, nothing lost."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Invalid
from jiebang.technology.grants import forms, shipped
from jiebang.technology.grants.models import GrantTable
from jiebang.technology.grants.rules import GUARD_LABELS, KIND_LABELS, MOST, parse
from tests.conftest import post
from tests.factories import World
from tests.technology.test_grant_rules import GOOD

BASE = "/operations/grants"


def table_of(world: World, key: str) -> GrantTable:
    with world.database.reading() as session:
        found = session.scalars(select(GrantTable).where(GrantTable.key == key)).one()
        assert found.versions
        return found


def fields(page: str) -> dict[str, str]:
    """What a browser would send of the page's main form."""
    form = page[page.index('name="preview"') : page.index("</form>", page.index('name="preview"'))]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[unescape(name[1])] = unescape(value[1]) if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    for name, body in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = unescape(body)
    return found


@pytest.mark.parametrize("rules", [GOOD, *(row["rules"] for row in shipped.tables())])
def test_the_form_says_what_the_table_says(rules: dict[str, Any]) -> None:
    assert parse(forms.read(forms.flat(rules))) == parse(rules)


WRONG = [
    ("guards-0-factor", "四", "条件第 1 个的“倍数”"),
    ("guards-0-left", "", "条件第 1 个的“比较的一项”：请选择"),
    ("guards-0-right", "rd_budget", "条件第 1 个的“与之比较的一项”：两项不能相同"),
    ("instalments-0-amount", "很多", "拨付第 1 笔的“金额”"),
    ("instalments-0-amount", "0", "大于 0 的金额"),
    ("instalments-0-amount", "1万元-2万元", "一个大于 0 的金额"),
    ("instalments-1-name", "首笔", "拨付第 2 笔的“名称”：“首笔”与前面一笔重名"),
    ("instalments-1-name", "", "请写这一笔的名称"),
    ("instalments-1-percent", "101", "拨付第 2 笔的“比例”：应大于 0、不超过 100"),
    ("instalments-1-percent", "-3", "请填大于 0 的数"),
    ("instalments-1-when", "", "请选择一项"),
    ("instalments-1-cap", "x", "拨付第 2 笔的“本笔上限”"),
    ("instalments-2-of", "months", "周期不是金额"),
    ("instalments-2-bands-0-up_to", "", "第 3 笔第 1 档的“这一档到多少”"),
    ("instalments-2-bands-1-up_to", "5万元", "只有最后一档不写上限"),
    ("instalments-2-bands-1-percent", "", "第 3 笔第 2 档的“比例”"),
    ("caps-0-amount", "", "上限第 1 个的“金额”"),
    ("caps-1-input", "", "上限第 2 个的“哪一项金额”"),
]


@pytest.mark.parametrize(("field", "value", "said"), WRONG)
def test_a_bad_value_is_named_by_its_field_in_words(field: str, value: str, said: str) -> None:
    typed = {**forms.flat(GOOD), field: value}
    with pytest.raises(Invalid) as refused:
        forms.read(typed)
    assert set(refused.value.errors) == {field}
    message = refused.value.errors[field]
    assert said in message and message.endswith("。")
    assert not re.search(r"\[\d+\]|instalments|guards|caps", message), "no code in the words"


def test_nothing_at_all_and_two_totals_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        forms.read({"rounding": "down"})
    assert "至少要有一笔拨付或一个条件" in refused.value.errors["instalments"]
    typed = {**forms.flat(GOOD), "caps-5-kind": "total", "caps-5-amount": "9万元"}
    with pytest.raises(Invalid) as refused:
        forms.read(typed)
    assert "只能有一个" in refused.value.errors["caps-5-kind"]


def test_a_limit_on_months_is_no_money() -> None:
    typed = {"rounding": "down", "guards-0-kind": "at_most", "guards-0-left": "months",
             "guards-0-value": "36 个月"}  # fmt: skip
    assert forms.read(typed)["guards"] == [{"kind": "at_most", "left": "months", "value": 36}]
    for value in ("36万元", "0", "1201", "三年"):
        with pytest.raises(Invalid, match="单位是月"):
            forms.read({**typed, "guards-0-value": value})
    money = {**typed, "guards-0-left": "agreement", "guards-0-value": "500万元"}
    assert forms.read(money)["guards"][0]["value"] == 500_000_000


def test_rows_come_and_go_by_their_kind() -> None:
    typed: dict[str, str] = {"rounding": "down"}
    for group, kinds in forms.ADDED.items():
        for kind in kinds:
            typed["add_row"] = f"{group}:{kind}"
            assert forms.move_rows(typed).startswith(group)
    assert [row.kind for row in forms.rows(typed, "instalments")] == [k.value for k in KIND_LABELS]
    assert [row.label for row in forms.rows(typed, "guards")] == list(GUARD_LABELS.values())
    banded = forms.rows(typed, "instalments")[2]
    assert len(banded.bands) == 2
    typed["add_row"] = banded.prefix
    assert forms.move_rows(typed) == f"{banded.prefix}-bands-2-percent"
    typed["remove_row"] = f"{banded.prefix}-bands-0"
    assert forms.move_rows(typed) == banded.prefix
    assert forms.rows(typed, "instalments")[2].bands == (
        f"{banded.prefix}-bands-1", f"{banded.prefix}-bands-2",
    )  # fmt: skip
    typed["remove_row"] = "instalments-0"
    forms.move_rows(typed)
    assert len(forms.rows(typed, "instalments")) == 3
    for nonsense in ("python:exec", "guards:eval", "instalments", "", "caps-9"):
        before = dict(typed)
        assert forms.move_rows({**typed, "add_row": nonsense}) == ""
        assert typed == before
    for _ in range(MOST + 3):
        typed["add_row"] = "caps:input"
        forms.move_rows(typed)
    assert len(forms.rows(typed, "caps")) == MOST


def opened(world: World, key: str = "jilin") -> tuple[FlaskClient, str, dict[str, str]]:
    browser, url = world.browser(world.operator()), f"{BASE}/{table_of(world, key).id}"
    return browser, url, fields(browser.get(url).text)


def test_the_whole_way_without_a_script(world: World) -> None:
    browser, url, typed = opened(world)
    assert typed["instalments-0-bands-3-percent"] == "15" and typed["caps-0-amount"] == "300万元"
    # a band more, one less, a condition more; what was typed stays
    typed["instalments-0-bands-0-percent"] = "31"
    page = post(browser, f"{url}/preview", {**typed, "add_row": "guards:at_most"})
    assert page.status_code == 200 and "autofocus" in page.text
    typed = fields(page.text)
    assert typed["instalments-0-bands-0-percent"] == "31" and typed["guards-0-kind"] == "at_most"
    typed |= {"guards-0-left": "months", "guards-0-value": "36"}
    page = post(browser, f"{url}/preview", {**typed, "remove_row": "instalments-0-bands-1"})
    typed = fields(page.text)
    assert "instalments-0-bands-1-up_to" not in typed and typed["guards-0-value"] == "36"
    # the preview asks for what the rules as typed need, and computes them
    assert {"agreement", "months", "solver_due"} <= set(typed)
    empty = post(browser, f"{url}/preview", typed)
    assert empty.status_code == 422 and "请填写合同金额" in empty.text
    typed |= {"agreement": "400万元", "months": "24", "solver_due": "1000万元"}
    tried = unescape(post(browser, f"{url}/preview", typed).text)
    assert "试算结果：124万元" in tried and "× 31%" in tried
    assert table_of(world, "jilin").versions[0].number == 1, "nothing is saved"
    # a wrong value: named, linked, and everything still there
    bad = post(browser, f"{url}/versions", {**typed, "caps-0-amount": "三百"})
    text = unescape(bad.text)
    assert bad.status_code == 422 and 'href="#caps-0-amount"' in text
    assert 'id="caps-0-amount-error"' in text and 'value="三百"' in text
    assert fields(bad.text)["instalments-0-bands-0-percent"] == "31"
    assert fields(bad.text)["agreement"] == "400万元"
    day = post(browser, f"{url}/versions", {**typed, "valid_from": "明天", "source": ""})
    assert day.status_code == 422 and 'id="valid_from-error"' in day.text
    saved = post(
        browser, f"{url}/versions", {**typed, "source": "吉科发〔2026〕3号", "verified": "1"}
    )
    assert saved.status_code == 303
    newest = table_of(world, "jilin").versions[0]
    assert newest.number == 2 and newest.verified and newest.valid_from == clock.today()
    assert newest.rules["guards"] == [{"kind": "at_most", "left": "months", "value": 36}]
    assert [band["percent"] for band in newest.rules["instalments"][0]["bands"]] == [
        "31", "20", "15",
    ]  # fmt: skip
    assert "不超过 36 个月" in unescape(browser.get(url).text)


def test_a_new_table_is_typed(world: World) -> None:
    browser = world.browser(world.operator())
    typed = fields(browser.get(f"{BASE}/new").text)
    typed |= {"place": "山东省济南市", "programme": "揭榜挂帅奖补", "key": "Jinan!"}
    for kind in ("instalments:fixed", "caps:total"):
        typed = fields(post(browser, f"{BASE}/new", {**typed, "add_row": kind}).text)
    assert typed["place"] == "山东省济南市"
    typed |= {"instalments-0-name": "启动", "instalments-0-when": "start",
              "instalments-0-amount": "50万元", "caps-0-amount": "200万元"}  # fmt: skip
    tried = unescape(post(browser, f"{BASE}/new", {**typed, "preview": "1"}).text)
    assert "试算结果：50万元" in tried
    bad = post(browser, f"{BASE}/new", {**typed, "save": "1"})
    assert bad.status_code == 422
    assert 'id="key-error"' in bad.text and 'id="source-error"' in bad.text
    assert fields(bad.text)["instalments-0-amount"] == "50万元"
    good = {**typed, "key": "jinan-2026", "source": "济南市科技局文件", "save": "1"}
    assert post(browser, f"{BASE}/new", good).status_code == 303
    found = table_of(world, "jinan-2026")
    assert not found.active and not found.versions[0].verified
    assert found.versions[0].rules["instalments"][0]["amount"] == 50_000_000
    with world.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "grant.added" in actions


def test_json_is_a_second_way(world: World) -> None:
    browser, url, typed = opened(world)
    for text, said in (("{", "不是完整的 JSON"), ('{"rounding": "up"}', "规则有误")):
        bad = post(browser, f"{url}/preview", {**typed, "json": text, "fill": "1"})
        assert bad.status_code == 422 and said in unescape(bad.text)
        assert fields(bad.text)["json"] == text
        assert fields(bad.text)["caps-0-amount"] == "300万元", "the fields are still there"
    filled = post(
        browser, f"{url}/preview",
        {**typed, "source": "写到一半", "json": json.dumps(GOOD), "fill": "1"},
    )  # fmt: skip
    now = fields(filled.text)
    assert parse(forms.read(now)) == parse(GOOD) and now["source"] == "写到一半"
    assert table_of(world, "jilin").versions[0].number == 1
    sent = browser.get(f"{url}/export")
    row = json.loads(sent.data)
    assert row["rules"] == table_of(world, "jilin").versions[0].rules and row["key"] == "jilin"
    again = json.dumps({**row, "key": "jilin-copy"}).encode()
    loaded = post(browser, BASE, {"file": (io.BytesIO(again), "表.json")})
    assert loaded.status_code == 303 and table_of(world, "jilin-copy").versions[0].rules


def test_switching_keeps_the_version_of_today_in_the_form(world: World) -> None:
    browser, url, typed = opened(world)
    refused = post(browser, f"{url}/on", {"reason": "试用"})
    assert refused.status_code == 409 and "未核对原文" in refused.text
    assert fields(refused.text)["caps-0-amount"] == typed["caps-0-amount"]
