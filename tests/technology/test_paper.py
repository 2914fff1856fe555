"""The PDF: the same bytes each time, searchable, rare characters included; the registration."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from jiebang.boards.agreements.content import digest
from jiebang.core import clock
from jiebang.core.errors import Invalid
from jiebang.core.working_days import add_working_days
from jiebang.technology.contracts.amounts import in_words
from jiebang.technology.contracts.outline import compare, pieces
from jiebang.technology.contracts.pdf import render
from jiebang.technology.contracts.views.paper import printed
from jiebang.technology.registration import queries, services
from jiebang.technology.registration.rules import rule_on
from jiebang.technology.registration.services import Said
from jiebang.technology.registration.workflow import RegistrationState
from tests.conftest import post
from tests.factories import World
from tests.technology.agreements_scene import Signing, complete, signing_in

S = RegistrationState
RARE = "䶮𠅤堃科技😀"


def text_of(data: bytes) -> str:
    reader = PdfReader(io.BytesIO(data))
    return "\n".join(page.extract_text() for page in reader.pages)


def test_the_paper_says_what_was_confirmed(world: World) -> None:
    signing = signing_in(world)
    url = f"/agreements/{signing.agreement_id}/versions"
    draft = text_of(world.browser(signing.issuer).get(f"{url}/1.pdf").data)
    assert "尚未成立" in draft and "尚无一方确认" in draft
    signing.save(signing.issuer, lambda content: {**complete(content), "subject": f"与{RARE}合作"})
    signing.propose()
    signing.confirm(signing.issuer)
    signing.confirm(signing.responder)
    found, browser = signing.get(), world.browser(signing.responder)
    data = browser.get(f"{url}/2.pdf").data
    assert data == browser.get(f"{url}/2.pdf").data == render(printed(found, found.newest))
    text = text_of(data)
    flat = "".join(text.split())
    assert "䶮𠅤堃科技〔U+1F600〕" in flat
    assert found.newest.hash in flat and digest(found.newest.content) == found.newest.hash
    for word in found.newest.confirmations:
        assert word.user_name in flat and clock.moment_text(word.at).replace(" ", "") in flat
    assert "捌拾万元整" in flat and "历下机电有限公司" in flat and "确认成立" in flat
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in PdfReader(io.BytesIO(data)).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert fonts and all("+NotoSansSC" in name for name in fonts), "a subset, embedded"
    assert len(data) < 300_000
    old = text_of(browser.get(f"{url}/1.pdf").data)
    assert "尚未成立" in old
    assert browser.get(f"{url}/9.pdf").status_code == 404


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "人民币零元整"),
        (80_000_000, "人民币捌拾万元整"),
        (10_000_000_500, "人民币壹亿零伍元整"),
        (1_001_000_000, "人民币壹仟零壹万元整"),
        (1_234_567, "人民币壹万贰仟叁佰肆拾伍元陆角柒分"),
        (1_005, "人民币壹拾元零伍分"),
        (5, "人民币伍分"),
    ],
)
def test_amounts_in_words(fen: int, words: str) -> None:
    assert in_words(fen) == words


def test_versions_side_by_side(world: World) -> None:
    signing = signing_in(world)
    signing.fill()
    old, new = (each.content for each in signing.get().versions)
    states = {(pair.group, pair.label): pair.state for pair in compare(old, new)}
    assert states["基本", "合同名称"] == "same" and states["基本", "起止时间"] == "changed"
    assert states["金额与付款", "中期成果"] == "removed"
    assert states["金额与付款", "首付"] == "added"
    assert pieces("付款30日", "付款45日") == (
        [("付款", False), ("30", True), ("日", False)],
        [("付款", False), ("45", True), ("日", False)],
    )
    text = world.browser(signing.issuer).get(f"/agreements/{signing.agreement_id}/compare").text
    assert "<ins>" in text and "<del>" in text


def test_the_form_keeps_what_was_typed(world: World) -> None:
    signing = signing_in(world)
    browser, url = world.browser(signing.issuer), f"/agreements/{signing.agreement_id}/edit"
    typed = {"base": "1", "title": "名称", "kind": "service", "total": "很多钱", "starts": "明天",
             "ip-0-what": "专利", "ip-0-share1": "200", "clauses-0-heading": "只有标题",
             "split-2-work": "", "subject": "x" * 3001}  # fmt: skip
    bad = post(browser, url, typed)
    assert bad.status_code == 422 and signing.get().number == 1
    for words in ("看不懂金额", "2026-12-31", "0 到 100", "条款要有标题和内容", "最多 3000 字"):
        assert words in bad.text
    assert 'value="很多钱"' in bad.text and 'value="200"' in bad.text
    more = post(browser, url, {**typed, "add_row": "criteria"})
    assert more.status_code == 200 and 'name="criteria-0-name"' in more.text
    less = post(browser, url, {**typed, "remove_row": "ip-0"})
    assert 'name="ip-0-what"' not in less.text


def test_another_kind_brings_its_clauses(world: World) -> None:
    signing = signing_in(world)
    browser, url = world.browser(signing.issuer), f"/agreements/{signing.agreement_id}/edit"
    typed: dict[str, Any] = {
        "base": "1", "title": "名称", "kind": "licence", "total": "80万元", "subject": "许可",
        "clauses-0-heading": "自己加的", "clauses-0-text": "内容。", "clauses-0-key": "",
        "clauses-1-heading": "风险", "clauses-1-text": "旧类型。", "clauses-1-key": "dev_risk",
        "hand_over": "1",
    }  # fmt: skip
    assert post(browser, url, typed).status_code == 303
    found = signing.get()
    keys = [row["key"] for row in found.newest.content["clauses"]]
    assert "lic_scope" in keys and "dev_risk" not in keys and "" in keys
    assert found.holder is not None and found.holder.value == "responder"
    stale = post(browser, url, typed)
    assert (
        stale.status_code == 409 and "对方已保存第 2 版" in stale.text and "自己加的" in stale.text
    )


def step(signing: Signing, name: str, **said: Any) -> None:
    who = signing.responder
    with signing.world.database.transaction() as session:
        found = queries.registration(session, signing.agreement_id, who, lock=True)
        services.step(session, who, found, name, Said(**said))


def registered(signing: Signing) -> Any:
    with signing.world.database.reading() as session:
        return queries.registration(session, signing.agreement_id, signing.issuer)


def test_the_registrations_clocks_and_guards(any_world: World) -> None:
    signing = signing_in(any_world)
    signing.agreed()
    assert registered(signing).state is S.OPEN and registered(signing).due is None
    today = clock.today()
    with pytest.raises(Invalid, match="不能晚于今天"):
        step(signing, "file", day=today + timedelta(days=1))
    step(signing, "file", office="济南登记站")
    assert registered(signing).due == add_working_days(today, 15)
    step(signing, "accept")
    with pytest.raises(Invalid):
        step(signing, "supplement")
    step(signing, "supplement", reason="缺授权委托书。")
    assert registered(signing).reason == "缺授权委托书。"
    step(signing, "resubmit")
    with pytest.raises(Invalid) as caught:
        step(signing, "approve", contract_amount=1, technology_amount=2)
    assert set(caught.value.errors) == {"number", "technology_amount"}
    step(signing, "approve", number="2026370100000001", contract_amount=80_000_000,
         technology_amount=60_000_000)  # fmt: skip
    assert registered(signing).state is S.APPROVED and registered(signing).due is None


def test_the_longer_clock_is_data_with_a_source() -> None:
    rule = rule_on(date(2026, 11, 1))
    assert rule.source and not rule.verified
    assert rule.limit(499_999_999, disputed=False) == 15
    assert rule.limit(500_000_000, disputed=False) == 30
    assert rule.limit(1, disputed=True) == 30


def test_the_sheet_has_no_formulas(world: World) -> None:
    signing = signing_in(world)
    signing.save(signing.issuer, lambda content: {**complete(content), "title": "=1+1"})
    signing.propose()
    signing.confirm(signing.issuer)
    signing.confirm(signing.responder)
    url = f"/agreements/{signing.agreement_id}/registration"
    data = world.browser(signing.responder).get(f"{url}.xlsx", buffered=True).data
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.values)  # type: ignore[union-attr]
    assert ("合同名称", "'=1+1") in rows
    values = dict(rows)
    assert values["合同总金额"] == "80万元"
    assert any(str(label).startswith("卖方") and value == "泉城工业大学" for label, value in rows)
    page = world.browser(signing.issuer).get(url).text
    assert "由卖方决定是否办理" in page
    seller = world.browser(signing.responder)
    bad = post(seller, f"{url}/file", {"day": "昨天", "office": "济南登记站"})
    assert bad.status_code == 422 and "2026-12-31" in bad.text and "济南登记站" in bad.text
    assert post(seller, f"{url}/file", {"office": "济南登记站"}).status_code == 303
    assert post(world.browser(signing.issuer), f"{url}/accept").status_code == 403
    with world.database.transaction() as session:
        queries.registration(session, signing.agreement_id, signing.responder).due = (
            clock.today() - timedelta(days=1)
        )
    with world.database.transaction() as session:
        assert services.run_clock(session) == 1 and services.run_clock(session) == 0
    assert "办理期限已过" in seller.get("/todo").text
