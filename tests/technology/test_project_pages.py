"""Pages of a project: every act through a browser, what is refused, and who reads what."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from jiebang.boards.agreements.models import Agreement
from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.permissions import Role
from jiebang.core.uploads import Upload
from jiebang.orgs.notices.models import Notice
from jiebang.technology.projects.models import Acceptance, Milestone, ProjectInstalment, Request
from jiebang.technology.projects.services.archive import safe_name
from jiebang.technology.projects.workflow import ProjectState
from jiebang.technology.results.models import Case
from tests.conftest import post
from tests.factories import World
from tests.technology.projects_scene import PDF, Running, running_in
from tests.technology.test_project_money_and_time import switched_on

SECRET = "焊丝配方甲零七"


def page(running: Running, who: Any) -> str:
    found = running.world.browser(who).get(f"/projects/{running.id}")
    assert found.status_code == 200, found.status_code
    return found.text


def send(running: Running, who: Any, url: str, **form: Any) -> Any:
    return post(running.world.browser(who), url, form)


def one(running: Running, kind: type[Any], number: int = -1) -> int:
    return int(running.rows(kind)[number].id)


def test_a_project_from_milestone_to_closing_in_pages(world: World) -> None:
    running = running_in(world)
    client, solver = running.client, running.solver
    assert "等本单位" in world.browser(solver).get("/projects/").text or "项目" in page(
        running, solver
    )
    first = one(running, Milestone, 0)
    empty = send(running, solver, f"/projects/milestones/{first}/file", text=" ")
    assert empty.status_code == 422 and "请写明交付了什么" in empty.text
    with_file = send(running, solver, f"/projects/milestones/{first}/file", text="样件三件",
                     file=(io.BytesIO(PDF), "报告.pdf"))  # fmt: skip
    assert with_file.status_code == 303
    assert "样件三件" in page(running, client)
    refused = send(running, client, f"/projects/milestones/{first}/rectify", reason="")
    assert refused.status_code == 422 and "请写一句话说明" in refused.text
    assert send(running, client, f"/projects/milestones/{first}/rectify",
                reason="缺盐雾试验").status_code == 303  # fmt: skip
    assert "缺盐雾试验" in page(running, solver)
    send(running, solver, f"/projects/milestones/{first}/file", text="补做了")
    send(running, client, f"/projects/milestones/{first}/pass")
    money = one(running, ProjectInstalment, 0)
    wrong = send(running, client, f"/projects/instalments/{money}/report", amount="三十万",
                 paid_on="2026-99-99")  # fmt: skip
    assert wrong.status_code == 422 and 'value="三十万"' in wrong.text
    too_much = send(running, client, f"/projects/instalments/{money}/report", amount="30.01万元",
                    paid_on=clock.today().isoformat())  # fmt: skip
    assert too_much.status_code == 422 and "超过这一笔还应付的" in too_much.text
    send(running, client, f"/projects/instalments/{money}/report", amount="30万元",
         paid_on=clock.today().isoformat(), voucher="银行-1")  # fmt: skip
    assert send(running, solver, f"/projects/instalments/{money}/confirm").status_code == 303
    running.passed(1)
    running.paid(1)
    form = world.browser(solver).get(f"/projects/{running.id}/acceptance").text
    assert "平面度" in form
    missing = send(running, solver, f"/projects/{running.id}/acceptance", summary="完成")
    assert missing.status_code == 422 and "实测值" in missing.text and "完成" in missing.text
    assert send(running, solver, f"/projects/{running.id}/acceptance", summary="完成",
                **{"measured-0": "0.8 mm", "verdict-0": "met"}).status_code == 303  # fmt: skip
    acceptance = one(running, Acceptance)
    day = (clock.today() + timedelta(days=9)).isoformat()
    assert send(running, client, f"/projects/acceptances/{acceptance}/condition",
                reason="补手册", by="x").status_code == 422  # fmt: skip
    send(running, client, f"/projects/acceptances/{acceptance}/condition", reason="补手册", by=day)
    send(running, solver, f"/projects/acceptances/{acceptance}/supplement", reason="手册已补")
    send(running, client, f"/projects/acceptances/{acceptance}/pass")
    running.paid(2)
    assert running.project().state is ProjectState.CLOSED
    assert "已结题" in page(running, client) and "结题：验收通过" in page(running, solver)


def test_requests_and_money_back_in_pages(world: World) -> None:
    running = running_in(world)
    base = f"/projects/{running.id}"
    running.passed(0)
    running.paid(0)
    assert send(running, running.solver, f"{base}/ask/extension", months="13",
                reason="推迟").status_code == 422  # fmt: skip
    send(running, running.solver, f"{base}/ask/extension", months="2", reason="原料推迟")
    assert "原料推迟" in page(running, running.client)
    send(running, running.client, f"/projects/requests/{one(running, Request)}/agree")
    send(running, running.client, f"{base}/ask/termination", code="market", reason="车型取消")
    send(running, running.solver, f"/projects/requests/{one(running, Request)}/agree")
    assert "项目已终止：市场或需求变化" in page(running, running.client)
    wrong = send(running, running.client, f"{base}/recovery", amount="31万元", basis="未用")
    assert wrong.status_code == 422 and "最多退回" in wrong.text
    send(running, running.client, f"{base}/recovery", amount="10万元", basis="样件未用")
    assert "样件未用" in page(running, running.solver)


def test_a_grant_in_pages(world: World) -> None:
    running = running_in(world)
    table = switched_on(world)
    assert "启动资助" in page(running, running.client)
    url = f"/projects/{running.id}/grants"
    form = {"table": str(table), "name": "启动资助"}
    assert "请填写项目周期" in send(running, running.client, url, **form).text
    over = send(running, running.client, url, **form, months="40")
    assert over.status_code == 422 and "不符合条件" in over.text
    assert send(running, running.client, url, **form, months="12").status_code == 303
    todo = world.browser(running.operator).get("/todo").text
    assert "奖补“启动资助”" in todo and "固定金额 1万元" in page(running, running.operator)


def test_todo_names_what_waits_and_for_whom(world: World) -> None:
    running = running_in(world)
    solver = world.browser(running.solver).get("/todo").text
    assert "里程碑“样件” · 待提交" in solver and "里程碑“中试”" not in solver
    running.evidence(0)
    assert "里程碑“样件” · 待评定" in world.browser(running.client).get("/todo").text
    running.judge(0, "pass")
    assert "付款“样件” · 应付" in world.browser(running.client).get("/todo").text
    assert "付款“样件” · 应付 · 等委托方" in world.browser(running.solver).get("/todo").text


def walk(running: Running) -> list[str]:
    """Every page and file of a project."""
    with running.world.database.reading() as session:
        names = session.scalars(select(Upload.original_name)).all()
    assert names
    return ["/", "/todo", "/notices/", "/projects/", f"/projects/{running.id}", "/results/",
            f"/projects/{running.id}/files/1", f"/projects/{running.id}/files/2",
            f"/projects/{running.id}/archive", "/operations/", "/operations/audit",
            "/operations/overdue", f"/listings/{running.answers.scene.code}",
            f"/?q={SECRET}"]  # fmt: skip


def test_what_is_handed_in_is_seen_by_the_parties_alone(world: World) -> None:
    """A secret in the evidence, in its file's name and in a reason: nobody else finds it."""
    running = running_in(world)
    first = one(running, Milestone, 0)
    send(running, running.solver, f"/projects/milestones/{first}/file", text=SECRET,
         file=(io.BytesIO(PDF), f"{SECRET}.pdf"))  # fmt: skip
    send(running, running.client, f"/projects/milestones/{first}/rectify", reason=f"{SECRET}不够")
    assert SECRET in page(running, running.solver) and SECRET in page(running, running.client)
    people = [None, running.stranger, *(world.actor(world.user(role)) for role in Role)]
    for who in people:
        browser = world.browser(who)
        for url in walk(running):
            found = browser.get(url, buffered=True)
            assert SECRET not in found.get_data(as_text=True), (who, url)
        assert browser.get(f"/projects/{running.id}").status_code in (303, 404)
    with world.database.reading() as session:
        for row in session.scalars(select(AuditEntry)):
            assert SECRET not in f"{row.detail}"
        sides = {running.client.user_id, running.solver.user_id}
        for notice in session.scalars(select(Notice)):
            assert notice.user_id in sides or SECRET not in notice.title + notice.text


def test_the_archive_is_whole_and_its_index_tells_the_truth(world: World) -> None:
    running = running_in(world)
    running.evidence(0, "样件检测合格", file=True)
    running.judge(0, "pass")
    running.paid(0)
    found = world.browser(running.client).get(f"/projects/{running.id}/archive", buffered=True)
    assert found.status_code == 200 and found.headers["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(found.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
    assert "00-目录.html" in names and "07-审计摘录.html" in names
    assert "04-交付材料/里程碑01-样件/02-报告.pdf" in names
    assert texts["03-协议.pdf"].startswith(b"%PDF-")
    assert texts["04-交付材料/里程碑01-样件/02-报告.pdf"] == PDF
    index = texts["00-目录.html"].decode()
    for name in set(names) - {"00-目录.html"}:
        assert name in index and hashlib.sha256(texts[name]).hexdigest() in index
    assert "银行-1" in texts["05-款项.html"].decode()
    assert "样件检测合格" in texts["04-里程碑与验收.html"].decode()
    assert "milestone.pass" in texts["07-审计摘录.html"].decode()
    assert not any(name.startswith(("/", "\\")) or ".." in name for name in names)


def test_who_gets_the_archive(world: World) -> None:
    running = running_in(world)
    url = f"/projects/{running.id}/archive"
    assert world.browser(running.stranger).get(url).status_code == 404
    for role in Role:
        assert world.browser(world.actor(world.user(role))).get(url).status_code in (303, 404)
    operator = f"/operations{url}"
    assert send(running, running.client, operator, reason="看看").status_code == 403
    assert send(running, running.operator, operator, reason="").status_code == 422
    taken = send(running, running.operator, operator, reason="处理投诉")
    assert taken.status_code == 200 and taken.data.startswith(b"PK")
    taken.close()
    overview = world.browser(running.operator).get("/operations/projects").text
    assert running.answers.scene.code in overview
    assert "平台运营查看项目档案" in page(running, running.client)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b:c*?.pdf", "a_b_c_.pdf"),
        ("CON.pdf", "文件_CON.pdf"),
        ("\u202egnp.pdf", "gnp.pdf"),
        ("  . ", "文件"),
        ("长" * 200 + ".pdf", "长" * 76 + ".pdf"),
    ],
)
def test_names_in_the_archive_are_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def accepted(world: World, **values: Any) -> Running:
    running = running_in(world, **values)
    running.passed(0)
    running.passed(1)
    running.accept_filed()
    running.decide("pass")
    return running


def test_results_count_what_is_true(world: World) -> None:
    visitor = world.browser(None)
    before = visitor.get("/results/").text
    assert re.search(r"已签协议</p>\s*<p class=\"kpi__value\">0", before)
    assert "已经办成的" not in visitor.get("/").text
    running = running_in(world)
    running.passed(0)
    running.report(0, 10_000_000)
    text = visitor.get("/results/").text
    assert re.search(r"已签协议</p>\s*<p class=\"kpi__value\">1", text)
    assert re.search(r"通过验收</p>\s*<p class=\"kpi__value\">0", text)
    assert re.search(r"实际到账</p>\s*<p class=\"kpi__value\">0元", text), "reported is not paid"
    running.answer(0, "confirm")
    assert re.search(
        r"实际到账</p>\s*<p class=\"kpi__value\">10万元", visitor.get("/results/").text
    )
    start = visitor.get("/").text
    assert "已经办成的" in start
    assert re.search(r"实际到账</dt><dd>10万元", start) and "通过验收</dt>" not in start


def test_a_case_is_public_while_both_agree_to_its_words(world: World) -> None:
    running = accepted(world)
    base = f"/projects/{running.id}/result"
    assert send(running, running.client, base, title="", text="").status_code == 422
    send(running, running.client, base, title="壳体变形降到一毫米", text="节拍提高三成。")
    [case] = _cases(world)
    url = f"/results/{case.id}"
    visitor = world.browser(None)

    def agree(who: Any, **more: str) -> int:
        version = str(_cases(world)[0].version)
        return int(send(running, who, f"{base}/agree", version=version, **more).status_code)

    assert visitor.get(url).status_code == 404
    assert send(running, running.solver, f"{base}/agree", version="99").status_code == 409
    agree(running.client, named="1")
    assert visitor.get(url).status_code == 404, "one word is not enough"
    agree(running.solver)
    shown = visitor.get(url).text
    assert "节拍提高三成" in shown and "历下机电" in shown and "泉城工业大学" not in shown
    assert "某高校" in shown and "壳体变形" in visitor.get("/results/").text
    send(running, running.solver, base, title="另一个标题", text="改过的文字")
    assert visitor.get(url).status_code == 404, "changed words need both again"
    agree(running.client)
    agree(running.solver, named="1")
    assert visitor.get(url).status_code == 200
    send(running, running.client, f"{base}/withdraw")
    assert visitor.get(url).status_code == 404
    assert world.browser(running.stranger).get(base).status_code == 404


def test_an_anonymous_issuer_stays_so_in_its_case(world: World) -> None:
    running = accepted(world, disclosure="anonymous")
    base = f"/projects/{running.id}/result"
    send(running, running.client, base, title="一个成果", text="效果很好。")
    version = str(_cases(world)[0].version)
    assert send(running, running.client, f"{base}/agree", version=version,
                named="1").status_code == 422  # fmt: skip
    send(running, running.client, f"{base}/agree", version=version)
    send(running, running.solver, f"{base}/agree", version=str(_cases(world)[0].version))
    text = world.browser(None).get(f"/results/{_cases(world)[0].id}").text
    assert "历下机电" not in text and "某企业" in text


def _cases(world: World) -> list[Case]:
    with world.database.reading() as session:
        return list(session.scalars(select(Case)).unique())


def test_a_project_not_accepted_has_nothing_to_show(world: World) -> None:
    running = running_in(world)
    assert send(running, running.client, f"/projects/{running.id}/result", title="快",
                text="看").status_code == 409  # fmt: skip
    with world.database.reading() as session:
        assert session.get_one(Agreement, 1).agreed_at is not None


def test_the_first_line_says_whose_turn_it_is_today(world: World) -> None:
    """What was handed in waits for the client now; the next milestone's day is far away."""
    running = running_in(world)
    assert "提交“样件”的成果证据" in page(running, running.solver)
    running.evidence(0)
    for who, name in ((running.client, "本单位（委托方）"), (running.solver, "委托方")):
        text = page(running, who)
        assert re.search(rf">\s*{name}\s*<", text)
        assert "评定“样件”：通过，或写明要整改什么" in text
    listed = world.browser(running.client).get("/projects/").text
    assert "等本单位（委托方）评定“样件”" in listed and "已付 0元 / 100万元" in listed
