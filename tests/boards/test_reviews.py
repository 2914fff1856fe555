"""Experts: asked without conflicts, declared before they read, heard before anything goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from jiebang.boards.responses.workflow import ResponseState
from jiebang.boards.reviews import queries, services
from jiebang.boards.reviews.models import Panel, Review, ReviewAssignment, Score, Stage
from jiebang.boards.reviews.services import Entry
from jiebang.boards.reviews.services.following import lacking
from jiebang.boards.reviews.summary import summary
from jiebang.boards.reviews.workflow import AssignmentState, PanelState
from jiebang.boards.tracks.models import Criterion, TrackVersion
from jiebang.boards.workflow import ListingState
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import OrganisationRole
from jiebang.core.sides import Holder
from jiebang.orgs.relations import services as relations
from tests.boards.responses_scene import answers_in
from tests.boards.reviews_scene import entry, filed_in, response, reviewed_in
from tests.boards.test_response_races import at_once
from tests.boards.test_threads import told
from tests.conftest import post
from tests.factories import World

A = AssignmentState
SECRET = "只有这位专家写过的理由"


def need_in(world: World, **values: object) -> tuple[object, str]:
    owner = world.owner(name="历下机电有限公司")
    return owner, world.submitted(owner, track="competition", **values)


def test_a_need_is_published_after_its_review(any_world: World) -> None:
    world = any_world
    _, code = need_in(world)
    scene = reviewed_in(world)
    with pytest.raises(Conflict, match="先由专家评审再发布"):
        world.advance(code, "approve", scene.operator)
    panel = scene.open(code, Stage.NEED, 0, 1, 2)
    assert told(world, scene.experts[0].user_id)[-1] == f"请评审：{code}"
    assert world.listing(code).review_by == scene.panel(panel).due
    scene.score(panel, 0, 90, 80, 70, 60)
    scene.score(panel, 1, 80)
    with pytest.raises(Conflict, match="至少要有 3 位专家"):
        scene.conclude(panel)
    with pytest.raises(Conflict, match="先由专家评审"):
        world.advance(code, "approve", scene.operator)
    scene.score(panel, 2, 70, advice="improve")
    assert told(world, scene.operator.user_id)[-1] == f"专家评审已收齐：{code}"
    scene.conclude(panel)
    with world.database.reading() as session:
        found = queries.summary_of(session.get_one(Panel, panel), None)
    assert found is not None and found.number == 3
    # 90*.3+80*.2+70*.3+60*.2 = 76; 80; 70
    assert found.mean == Decimal("75.3") and found.spread == Decimal("4.1")
    assert (found.lines[0].low, found.lines[0].high) == (70, 90)
    world.advance(code, "approve", scene.operator)
    assert world.listing(code).state is ListingState.PUBLISHED
    assert world.listing(code).review_by is None
    with world.database.reading() as session:
        assert list(audit.verify(session)) == []


@pytest.mark.parametrize("asks", [True, False])
def test_the_switch_of_needs_both_ways(world: World, asks: bool) -> None:
    _, code = need_in(world)
    scene = reviewed_in(world)
    with world.database.transaction() as session:
        session.execute(update(TrackVersion).values(need_review=asks))
    with world.database.reading() as session:
        assert bool(lacking(session, world._load(session, code))) is asks
    if asks:
        assert scene.open(code, Stage.NEED)
        return
    with pytest.raises(Conflict, match="没有专家评审这一步"):
        scene.open(code, Stage.NEED)
    world.advance(code, "approve", scene.operator)
    assert world.listing(code).state is ListingState.PUBLISHED


def test_the_market_never_meets_experts(world: World) -> None:
    scene = reviewed_in(world)
    code = world.submitted(world.owner())
    assert "专家评审" not in world.browser(scene.operator).get(f"/operations/review/{code}").text
    with pytest.raises(Conflict, match="没有专家评审这一步"):
        scene.open(code, Stage.NEED)
    world.advance(code, "approve", scene.operator)
    answers = answers_in(world)
    identity = answers.filed(answers.scene.responder)
    assert answers.get(identity).holder is Holder.ISSUER
    page = world.browser(answers.scene.issuer).get(f"/responses/{identity}").text
    assert "专家评审" not in page
    answers.select(identity)
    outcome = world.submitted(world.owner(), Board.OUTCOME)
    with pytest.raises(Conflict, match="没有专家评审这一步"):
        scene.open(outcome, Stage.NEED)


def test_known_conflicts_are_barred(any_world: World) -> None:
    """The same house, and a chain of declared control to a party, in either direction."""
    world = any_world
    owner, code = need_in(world)
    scene = reviewed_in(world, 3)
    own, far, _ = scene.ids()
    world.member(owner.organisation_id, own, OrganisationRole.AGENT)  # type: ignore[attr-defined]
    house = world.organisation(far, name="子公司有限公司")
    with world.database.transaction() as session:
        above = world.actor(far)
        relations.declare(session, above, "up", "中间控股有限公司", "control", "")
        relations.declare(session, owner, "up", "中间控股有限公司", "control", "")  # type: ignore[arg-type]
    with world.database.reading() as session:
        listed = queries.experts(session, {owner.organisation_id})  # type: ignore[attr-defined]
    barred = {each.id: each.conflict for each in listed}
    assert "历下机电" in barred[own] and "中间控股" in barred[far] and house
    assert barred[scene.ids(2)[0]] == ""
    for number, words in ((0, "当事单位成员"), (1, "有关联")):
        with pytest.raises(Invalid, match=words):
            scene.open(code, Stage.NEED, number)
    assert scene.open(code, Stage.NEED, 2)


def test_what_becomes_known_later_stops_the_expert(world: World) -> None:
    _, code = need_in(world)
    scene = reviewed_in(world, 1)
    panel = scene.open(code, Stage.NEED)
    scene.do(panel, 0, "accept")
    scene.do(panel, 0, "save", {0: entry(Stage.NEED, 90)})
    world.organisation(scene.experts[0].user_id or 0, name="新东家有限公司")
    with world.database.transaction() as session:
        moved = world.actor(scene.experts[0].user_id or 0)
        relations.declare(session, moved, "up", "历下机电有限公司", "control", "")
    with pytest.raises(Conflict, match="声明回避"):
        scene.do(panel, 0, "submit")
    scene.do(panel, 0, "recuse", "我所在单位已被对方控股。")
    kept = scene.panel(panel).assignments[0]
    assert kept.state is A.RECUSED and kept.declared_at and kept.declaration == "1"
    assert told(world, scene.operator.user_id)[-1].startswith("专家回避，请另行分派")


def test_nothing_is_shown_before_the_declaration(world: World) -> None:
    _, code = need_in(world, problem="焊缝根部要一次成形的机密做法。")
    scene = reviewed_in(world, 2)
    panel = scene.open(code, Stage.NEED)
    browser, url = world.browser(scene.experts[0]), f"/reviews/desk/{scene.part(panel, 0)}"
    before = browser.get(url).text
    assert "历下机电有限公司" in before and "一次成形" not in before and "points-0" not in before
    assert code in browser.get("/reviews/").text
    assert "一次成形" not in browser.get("/todo").text
    assert post(browser, url, {"submit": "1"}).status_code == 409
    assert post(browser, f"{url}/accept").status_code == 303
    assert "一次成形" in browser.get(url).text
    # another expert's part, and an expert who was asked for nothing
    assert world.browser(scene.experts[1]).get(url).status_code == 404
    assert world.browser(scene.operator).get(url).status_code == 404
    scene.do(panel, 0, "recuse", "与负责人合作过。")
    assert "一次成形" not in browser.get(url).text


def test_an_anonymous_owner_is_not_named_to_experts(world: World) -> None:
    _, code = need_in(world, disclosure="anonymous")
    scene = reviewed_in(world, 1)
    panel = scene.open(code, Stage.NEED)
    browser, url = world.browser(scene.experts[0]), f"/reviews/desk/{scene.part(panel, 0)}"
    post(browser, f"{url}/accept")
    for page in (url, "/reviews/", "/todo", "/notices"):
        assert "历下机电" not in browser.get(page).text


def test_scores_are_the_operators_until_the_end(world: World) -> None:
    answers, found = filed_in(world, 2)
    scene = reviewed_in(world, 3)
    panel = scene.open(answers.scene.code, Stage.RESPONSES)
    for number in range(3):
        scene.do(panel, number, "accept")
    words = dict.fromkeys(("indicators", "approach", "basis", "plan"), SECRET)
    typed = {each: Entry("support", SECRET, dict.fromkeys(words, "88"), words) for each in found}
    scene.do(panel, 0, "save", typed)
    scene.do(panel, 0, "submit")
    listing = f"/listings/{answers.scene.code}"
    others = world.browser(scene.experts[1])
    for page in ("/reviews/", f"/reviews/desk/{scene.part(panel, 1)}", "/todo", "/notices"):
        assert SECRET not in others.get(page).text
    assert SECRET not in world.browser(answers.scene.issuer).get(listing).text
    operator = world.browser(scene.operator)
    assert SECRET in operator.get(f"/reviews/of/{answers.scene.code}/responses").text
    for number, points in ((1, 60), (2, 70)):
        scene.do(panel, number, "save", {each: entry(Stage.RESPONSES, points) for each in found})
        scene.do(panel, number, "submit")
    scene.conclude(panel)
    read = world.browser(answers.scene.issuer).get(listing).text
    assert SECRET in read and "72.7" in read and "专家0" not in read and "专家1" not in read
    for who in (answers.scene.responder, answers.scene.stranger, None):
        assert SECRET not in world.browser(who).get(listing).text
    with world.database.transaction() as session:
        session.execute(update(TrackVersion).values(issuer_reads=False))
    assert SECRET not in world.browser(answers.scene.issuer).get(listing).text


def test_the_shortlist_comes_after_the_review(any_world: World) -> None:
    world = any_world
    answers, found = filed_in(world, 2)
    assert {answers.get(each).holder for each in found} == {Holder.OPERATOR}
    for act in (lambda: answers.decide(found[0], "shortlist"), lambda: answers.select(found[0])):
        with pytest.raises(Conflict, match="先由专家评审"):
            act()
    scene = reviewed_in(world, 3)
    panel = scene.open(answers.scene.code, Stage.RESPONSES)
    answers.decide(found[1], "decline", "指标差得太多。", "below_indicators")
    for number in range(3):
        scene.score(panel, number, 80)
    scene.conclude(panel)
    kept = response(world, found[0])
    assert kept.holder is Holder.ISSUER and kept.reviewed_at is not None
    assert response(world, found[1]).reviewed_at is None, "declined meanwhile: not judged"
    answers.decide(found[0], "shortlist")
    answers.decide(found[0], "send_back", "请补充进度。")
    answers.file(found[0], answers.scene.responder)
    answers.check(found[0], scene.operator, "qualify")
    assert response(world, found[0]).reviewed_at is None, "filed anew, reviewed anew"
    with pytest.raises(Conflict, match="先由专家评审"):
        answers.decide(found[0], "shortlist")


@pytest.mark.parametrize("asks", [True, False])
def test_the_switch_of_responses_both_ways(world: World, asks: bool) -> None:
    answers, scene = answers_in(world, track="competition"), reviewed_in(world)
    answers.rules(formality=False, response_review=asks, shortlist=False)
    found = answers.filed(answers.scene.responder)
    if asks:
        with pytest.raises(Conflict, match="先由专家评审"):
            answers.select(found)
        return
    with pytest.raises(Conflict, match="没有专家评审这一步"):
        scene.open(answers.scene.code, Stage.RESPONSES)
    answers.select(found)


def test_what_runs_keeps_its_rules(world: World) -> None:
    """A version that comes later changes no round and no review that has begun."""
    answers, found = filed_in(world)
    with world.database.transaction() as session:
        newest = session.scalars(
            select(TrackVersion)
            .where(TrackVersion.track == "competition")
            .order_by(TrackVersion.number.desc())
        ).first()
        assert newest is not None
        session.add(
            TrackVersion(
                **{
                    c.name: getattr(newest, c.name)
                    for c in TrackVersion.__table__.columns
                    if c.name != "id"
                }
                | {"number": newest.number + 1, "response_review": False, "created_at": clock.now()}
            )
        )
    with pytest.raises(Conflict, match="先由专家评审"):
        answers.decide(found[0], "shortlist")


def test_what_is_wrong_is_named_and_kept(world: World) -> None:
    _, code = need_in(world)
    scene = reviewed_in(world, 1)
    panel = scene.open(code, Stage.NEED)
    browser, url = world.browser(scene.experts[0]), f"/reviews/desk/{scene.part(panel, 0)}"
    post(browser, f"{url}/accept")
    typed = {"points-0-necessity": "101", "words-0-necessity": "写得很长的理由", "submit": "1"}
    bad = post(browser, url, typed)
    assert bad.status_code == 422 and "0 到 100 的整数" in bad.text and 'value="101"' in bad.text
    typed["points-0-necessity"] = "90"
    short = post(browser, url, typed)
    assert short.status_code == 422 and "请给“创新性”打分" in short.text
    assert "写得很长的理由" in short.text
    assert post(browser, url, {**typed, "submit": ""} | {"save": "1"}).status_code in (303, 422)


def test_a_returned_need_is_reviewed_anew(world: World) -> None:
    owner, code = need_in(world)
    scene = reviewed_in(world, 3)
    first = scene.open(code, Stage.NEED)
    scene.score(first, 0, 50)
    world.advance(code, "return", scene.operator, "请写清指标。")
    ended = scene.panel(first)
    assert ended.state is PanelState.ENDED
    assert [each.state for each in ended.assignments] == [A.SUBMITTED, A.LAPSED, A.LAPSED]
    with pytest.raises(Conflict):
        scene.do(first, 1, "accept")
    world.advance(code, "submit", owner)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="先由专家评审"):
        world.advance(code, "approve", scene.operator)
    assert scene.open(code, Stage.NEED) != first


def test_overdue_reviews_climb(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, code = need_in(world)
    scene = reviewed_in(world, 2)
    panel = scene.open(code, Stage.NEED)
    scene.score(panel, 1, 80)
    real = clock.now

    def run(days: int) -> int:
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=days))
        with world.database.transaction() as session:
            return services.run_clock(session)

    assert run(0) == 0
    days = (scene.panel(panel).assignments[0].due - clock.today()).days
    assert run(days) == 0, "the day itself is in time"
    assert run(days + 1) == 1
    assert told(world, scene.experts[0].user_id)[-1] == f"评审逾期：{code}"
    assert not any("逾期" in each for each in told(world, scene.experts[1].user_id))
    assert run(days + 30) == 2, "the operators, and the panel that nobody concluded"
    assert {f"专家评审逾期：{code}", f"专家评审应已结束：{code}"} <= set(
        told(world, scene.operator.user_id)
    )
    assert run(days + 31) == 0
    assert "专家 专家0" in world.browser(scene.operator).get("/operations/overdue").text


def test_whoever_belongs_to_a_party_organises_nothing(world: World) -> None:
    owner, code = need_in(world)
    scene = reviewed_in(world, 2)
    world.member(owner.organisation_id, scene.operator.user_id)  # type: ignore[attr-defined, arg-type]
    inside = world.actor(scene.operator.user_id or 0)
    with pytest.raises(Forbidden), world.database.transaction() as session:
        listing = queries.for_operator(session, code, inside, lock=True)
        services.open_panel(session, inside, listing, Stage.NEED, scene.ids())
    with pytest.raises(NotFound), world.database.reading() as session:
        queries.for_operator(session, code, owner)  # type: ignore[arg-type]


def test_replacing_and_submitting_at_once(any_world: World) -> None:
    """Twenty submissions of one review and a replacement: one of them is what happened."""
    _, code = need_in(any_world)
    scene = reviewed_in(any_world, 2)
    panel = scene.open(code, Stage.NEED, 0)
    scene.do(panel, 0, "accept")
    scene.do(panel, 0, "save", {0: entry(Stage.NEED, 80)})
    works = [lambda: scene.do(panel, 0, "submit") for _ in range(20)]
    works.insert(7, lambda: scene.replace(panel, 0, 1))
    refused, unexpected = at_once(works)
    assert unexpected == [] and len(refused) == 20
    states = {each.expert_id: each.state for each in scene.panel(panel).assignments}
    first, second = scene.ids()
    assert states in ({first: A.SUBMITTED}, {first: A.REPLACED, second: A.ASSIGNED})
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Review)) == 1
        assert session.scalar(select(func.count()).select_from(Score)) == 4


def test_one_panel_at_a_time(any_world: World) -> None:
    _, code = need_in(any_world)
    scene = reviewed_in(any_world, 2)
    refused, unexpected = at_once([lambda: scene.open(code, Stage.NEED) for _ in range(10)])  # type: ignore[list-item, misc]
    assert unexpected == [] and len(refused) == 9
    with any_world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Panel)) == 1
        assert session.scalar(select(func.count()).select_from(ReviewAssignment)) == 2


def test_the_summary_is_arithmetic() -> None:
    criteria = (Criterion("a", "甲", 75, ""), Criterion("b", "乙", 25, ""))

    def one(a: int, b: int) -> Review:
        scores = [Score(criterion="a", points=a, words="甲"), Score(criterion="b", points=b)]
        return Review(scores=scores, comment="", advice=None)

    assert summary([], criteria) is None
    found = summary([one(100, 0), one(60, 40)], criteria)
    assert found is not None and (found.mean, found.spread) == (Decimal("65.0"), Decimal("10.0"))
    assert found.lines[0].mean == 80 and found.lines[0].spread == 20
    assert found.lines[1].words == ()


def test_shipped_weights_add_up(world: World) -> None:
    with world.database.reading() as session:
        for rules in session.scalars(select(TrackVersion)):
            for needs, asks in ((True, rules.need_review), (False, rules.response_review)):
                weights = [each.weight for each in rules.criteria(of_needs=needs)]
                assert (sum(weights) == 100) if asks else weights in ([], weights)
    assert ResponseState.QUALIFIED in queries.COMPARED
