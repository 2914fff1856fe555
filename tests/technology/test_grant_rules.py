"""The vocabulary of grant rules: what is refused, by which name, and how amounts are computed."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from jiebang.core import clock
from jiebang.core.audit import AuditEntry
from jiebang.core.errors import Conflict, Forbidden, Invalid
from jiebang.core.permissions import Actor, Role
from jiebang.technology.grants import queries, services, shipped
from jiebang.technology.grants.compute import compute
from jiebang.technology.grants.models import GrantTable
from jiebang.technology.grants.rules import Input, parse
from jiebang.technology.grants.services import Values
from tests.factories import World

GOOD: dict[str, Any] = {
    "rounding": "down",
    "guards": [{"kind": "times", "left": "rd_budget", "right": "city_money", "factor": "4"}],
    "instalments": [
        {"name": "首笔", "when": "start", "kind": "fixed", "amount": 100},
        {"name": "二笔", "when": "accepted", "kind": "percent", "of": "agreement",
         "percent": "12.5", "cap": 500},
        {"name": "三笔", "when": "accepted", "kind": "flat", "of": "agreement",
         "bands": [{"up_to": 10, "percent": "1"}, {"up_to": None, "percent": "2"}]},
    ],
    "caps": [{"kind": "total", "amount": 900}, {"kind": "input", "input": "solver_due"}],
}  # fmt: skip


def test_a_good_table_is_read() -> None:
    found = parse(GOOD)
    assert found.total_cap == 900 and found.instalments[1].percent == Decimal("12.5")
    assert found.inputs == (
        Input.AGREEMENT, Input.CITY_MONEY, Input.RD_BUDGET, Input.SOLVER_DUE,
    )  # fmt: skip


BAD = [
    (["rounding"], "up", "rounding"),
    (["code"], "__import__('os')", "code"),
    (["guards"], "x", "guards"),
    (["guards", 0, "kind"], "eval", "guards[1].kind"),
    (["guards", 0, "left"], "profit", "guards[1].left"),
    (["guards", 0, "right"], "rd_budget", "guards[1].right"),
    (["guards", 0, "right"], "months", "guards[1].left"),
    (["guards", 0, "factor"], 4, "guards[1].factor"),
    (["guards", 0, "factor"], "-4", "guards[1].factor"),
    (["guards", 0, "factor"], "1e9", "guards[1].factor"),
    (["guards", 0], {"kind": "at_most", "left": "months", "value": 3.5}, "guards[1].value"),
    (["guards"], [{}] * 13, "guards"),
    (["instalments", 0, "amount"], 1.5, "instalments[1].amount"),
    (["instalments", 0, "amount"], 0, "instalments[1].amount"),
    (["instalments", 0, "amount"], True, "instalments[1].amount"),
    (["instalments", 0, "amount"], 10**20, "instalments[1].amount"),
    (["instalments", 0, "name"], "", "instalments[1].name"),
    (["instalments", 1, "name"], "首笔", "instalments[2].name"),
    (["instalments", 0, "when"], "soon", "instalments[1].when"),
    (["instalments", 0, "percent"], "3", "instalments[1].percent"),
    (["instalments", 1, "percent"], "100.5", "instalments[2].percent"),
    (["instalments", 1, "percent"], 12.5, "instalments[2].percent"),
    (["instalments", 1, "of"], "months", "instalments[2].of"),
    (["instalments", 1, "cap"], -1, "instalments[2].cap"),
    (["instalments", 2, "bands"], [], "instalments[3].bands"),
    (["instalments", 2, "bands", 0, "up_to"], None, "instalments[3].bands[1].up_to"),
    (["instalments", 2, "bands", 1, "up_to"], 50, "instalments[3].bands[2].up_to"),
    (["instalments", 2, "bands", 0, "percent"], "%", "instalments[3].bands[1].percent"),
    (["caps", 0, "kind"], "most", "caps[1].kind"),
    (["caps", 1, "kind"], "total", "caps[2].kind"),
    (["caps", 1, "input"], "months", "caps[2].input"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "field"), BAD)
def test_a_bad_rule_is_refused_by_its_name(path: list[Any], value: object, field: str) -> None:
    body: Any = copy.deepcopy(GOOD)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Invalid) as caught:
        parse(body)
    assert field in caught.value.errors
    message = caught.value.errors[field]
    assert message.startswith(field) and message.endswith("。")


def test_nothing_at_all_and_bands_out_of_order_are_refused() -> None:
    for body in ({"rounding": "down"}, [], None, "x", 3):
        with pytest.raises(Invalid):
            parse(body)
    body: Any = copy.deepcopy(GOOD)
    body["instalments"][2]["bands"].insert(1, {"up_to": 10, "percent": "5"})
    with pytest.raises(Invalid) as caught:
        parse(body)
    assert "从小到大" in caught.value.message


def test_missing_inputs_are_named() -> None:
    with pytest.raises(Invalid) as caught:
        compute(parse(GOOD), {Input.AGREEMENT: 5, Input.CITY_MONEY: -1})
    assert set(caught.value.errors) == {"city_money", "rd_budget", "solver_due"}


def test_a_failed_condition_grants_nothing_and_says_why() -> None:
    inputs = {Input.AGREEMENT: 1000, Input.CITY_MONEY: 10, Input.RD_BUDGET: 39,
              Input.SOLVER_DUE: 1000}  # fmt: skip
    found = compute(parse(GOOD), inputs)
    assert not found.eligible and found.total == 0
    assert "＜ 4 倍财政资金" in found.checks[0].text
    assert all(line.steps == ["条件不满足，不予拨付"] for line in found.lines)


def test_every_step_is_told() -> None:
    inputs = {Input.AGREEMENT: 10_001, Input.CITY_MONEY: 1, Input.RD_BUDGET: 4,
              Input.SOLVER_DUE: 100_000}  # fmt: skip
    found = compute(parse(GOOD), inputs)
    assert [line.amount for line in found.lines] == [100, 500, 200]
    assert found.lines[1].steps == ["合同金额 100.01元 × 12.5%", "不足一分舍去，得 12.5元"]
    assert found.lines[1].capped == ["本笔不超过 5元"]
    assert "最高一档" in found.lines[2].steps[0]


@pytest.mark.parametrize(("rounding", "granted"), [("down", 0), ("half_up", 1)])
def test_half_a_fen(rounding: str, granted: int) -> None:
    body = {"rounding": rounding, "instalments": [
        {"name": "一笔", "when": "start", "kind": "percent", "of": "agreement", "percent": "50"},
    ]}  # fmt: skip
    assert compute(parse(body), {Input.AGREEMENT: 1}).total == granted


@given(
    agreement=st.integers(0, 10**13),
    due=st.integers(0, 10**13),
    percents=st.lists(st.integers(1, 1000), min_size=4, max_size=4),
    mode=st.sampled_from(["flat", "marginal"]),
)
def test_caps_hold_and_marginal_equals_a_plain_sum(
    agreement: int, due: int, percents: list[int], mode: str
) -> None:
    limits = [500_000_000, 1_000_000_000, 2_000_000_000, None]
    body = {
        "rounding": "down",
        "instalments": [
            {"name": "一笔", "when": "accepted", "kind": mode, "of": "agreement", "bands": [
                {"up_to": limit, "percent": f"{p / 10:.1f}"}
                for limit, p in zip(limits, percents, strict=True)
            ]},
        ],
        "caps": [{"kind": "input", "input": "solver_due"}],
    }  # fmt: skip
    found = compute(parse(body), {Input.AGREEMENT: agreement, Input.SOLVER_DUE: due})
    # the same in whole tenths of a per cent, without decimals
    thousandths, low = 0, 0
    for limit, p in zip(limits, percents, strict=True):
        high = agreement if limit is None else min(agreement, limit)
        if mode == "marginal":
            thousandths += max(0, high - low) * p
            low = max(low, high)
        elif limit is None or agreement <= limit:
            thousandths = agreement * p
            break
    assert found.total == min(thousandths // 1000, due)


# the tables in the database


def values(**changes: Any) -> Values:
    known: dict[str, Any] = {
        "source": "市科技局文件", "valid_from": clock.today(), "valid_to": None, "verified": True,
        "rules": GOOD,
    }  # fmt: skip
    return Values(**{**known, **changes})


def act(world: World, who: Actor, name: str, key: str, *more: Any, **named: Any) -> None:
    with world.database.transaction() as session:
        identity = session.scalars(select(GrantTable.id).where(GrantTable.key == key)).one()
        found = queries.table(session, identity, lock=True)
        getattr(services, name)(session, who, found, *more, **named)


def test_the_examples_are_there_unverified_and_off(world: World) -> None:
    with world.database.reading() as session:
        found = queries.tables(session)
        assert {each.key for each in found} == {"nanchang", "jilin", "ganzhou"}
        assert not any(each.active or each.versions[0].verified for each in found)
        assert queries.in_use(session, clock.today()) == []
        assert {row["key"] for row in shipped.tables()} == {each.key for each in found}


def test_only_what_was_compared_can_be_switched_on_with_a_reason(any_world: World) -> None:
    world = any_world
    who = world.operator()
    with pytest.raises(Conflict, match="未核对原文"):
        act(world, who, "switch", "nanchang", on=True, reason="试用")
    act(world, who, "add_version", "nanchang", values())
    with pytest.raises(Invalid):
        act(world, who, "switch", "nanchang", on=True, reason=" ")
    act(world, who, "switch", "nanchang", on=True, reason="已与原文逐条核对")
    with pytest.raises(Conflict, match="已经启用"):
        act(world, who, "switch", "nanchang", on=True, reason="再开")
    with pytest.raises(Conflict, match="先与原文核对"):
        act(world, who, "add_version", "nanchang", values(verified=False))
    with world.database.reading() as session:
        [(table, version)] = queries.in_use(session, clock.today())
        assert (table.key, version.number) == ("nanchang", 2)
        assert queries.in_use(session, clock.today() - timedelta(days=400)) == []
    act(world, who, "switch", "nanchang", on=False, reason="政策到期")
    with world.database.reading() as session:
        assert queries.in_use(session, clock.today()) == []
        said = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.target_type == "grant_table")
            .order_by(AuditEntry.id)
        ).all()
    assert [each.action for each in said] == ["grant.version", "grant.on", "grant.off"]
    assert said[-1].detail["note"] == "政策到期"


def test_versions_follow_their_dates(world: World) -> None:
    who = world.operator()
    today = clock.today()
    act(world, who, "add_version", "jilin", values(valid_from=today + timedelta(days=10)))
    act(world, who, "add_version", "jilin",
        values(valid_from=today, valid_to=today + timedelta(days=5)))  # fmt: skip
    with world.database.reading() as session:
        table = session.scalars(select(GrantTable).where(GrantTable.key == "jilin")).one()
        numbers = [
            getattr(table.on(today + timedelta(days=days)), "number", None)
            for days in (0, 5, 6, 10, 1000)
        ]
        assert numbers == [3, 3, 1, 2, 2]
        assert table.on(date(2025, 12, 31)) is None


def test_what_is_wrong_with_a_version_is_named(world: World) -> None:
    who = world.operator()
    today = clock.today()
    with pytest.raises(Invalid) as caught:
        act(world, who, "add_version", "jilin", values(
            source="", valid_to=today - timedelta(days=1), rules={"rounding": "x"},
        ))  # fmt: skip
    assert set(caught.value.errors) == {"source", "valid_to", "rounding", "instalments"}
    with pytest.raises(Invalid) as caught, world.database.transaction() as session:
        services.add_table(session, who, "JILIN!", "", "", values(valid_from=None))
    assert set(caught.value.errors) == {"place", "programme", "key", "valid_from"}
    with pytest.raises(Invalid, match="已有规则表"), world.database.transaction() as session:
        services.add_table(session, who, "jilin", "吉林省", "重复", values())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_operators_keep_rules(world: World, role: Role) -> None:
    who = world.actor(world.user(role))
    with pytest.raises(Forbidden):
        act(world, who, "add_version", "jilin", values())
    with pytest.raises(Forbidden):
        act(world, who, "switch", "jilin", on=True, reason="试用")


FILES = [
    (b"\xff\xfe", "file"),
    (b"[" * 100_000, "file"),
    (b"[]", "file"),
    (b'{"key": 3}', "key"),
    (b'{"valid_from": "2026-13-01"}', "valid_from"),
    (b'{"valid_to": 7}', "valid_to"),
    (b'{"verified": "yes"}', "verified"),
    (b'{"python": "x"}', "python"),
    (b" " * 200_001, "file"),
]


@pytest.mark.parametrize(("data", "field"), FILES)
def test_a_bad_file_is_refused_by_its_field(data: bytes, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        services.read_file(data)
    assert field in caught.value.errors


def test_a_file_cannot_verify_itself(world: World) -> None:
    data = shipped.DATA.read_text(encoding="utf-8")
    one = json.loads(data)["tables"][0] | {"key": "city-x", "verified": True}
    with world.database.transaction() as session:
        found = services.load_file(session, world.operator(), json.dumps(one).encode())
        assert not found.active and not found.versions[0].verified
