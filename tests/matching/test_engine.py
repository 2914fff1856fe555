"""The engine: filters against plain Python, freshness, conditions, snapshots, threads."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from indexes.checks import VectorInvalid
from matching import board as boards
from matching.documents import DEMAND_SIDE, OPPOSITE, Conditions, Kind
from matching.encoder import load_encoder
from matching.engine import Attributes, Engine, Filter, Prepared, PreparedInvalid, SnapshotInvalid
from matching.features import FEATURES

NEED = (
    "高强度螺栓延迟断裂",
    "风电螺栓调质热处理后硬度波动，装配后出现延迟断裂，希望改进淬火回火工艺。",
)
GOOD = (
    "螺栓钢的抗氢脆热处理",
    "优化淬火和回火，降低高强度螺栓的延迟断裂敏感性，已在紧固件企业试用。",
)
FAR = ("草莓采后保鲜包装", "可降解薄膜与气调包装延长草莓冷链货架期。")
TOPICS = ["焊接机器人", "锂电池回收", "草莓保鲜", "污水处理膜", "轴承故障诊断", "图像识别质检",
          "注塑模具", "数控机床", "光伏逆变器", "中药提取"]  # fmt: skip


@pytest.fixture(scope="module")
def prepared() -> list[Prepared]:
    rng = random.Random(1)
    texts = []
    for _ in range(240):
        one, two = rng.sample(TOPICS, 2)
        texts.append((one + "装置", f"用于{one}的设备，也可用于{two}。" * rng.randrange(1, 4)))
    return Engine(load_encoder()).prepare_many(texts)


def attributes(rng: random.Random) -> Attributes:
    day = date(2026, 1, 1) + timedelta(days=rng.randrange(300))
    return Attributes(
        visibility=rng.randrange(3),
        organisation=rng.randrange(4),
        industry=rng.choice(["", "制造业", "农业"]),
        chain=rng.choice(["", "风电"]),
        region=rng.choice(["", "济南市历下区", "济南市", "青岛市"]),
        modes=frozenset(rng.sample(["转让", "许可", "开发"], rng.randrange(3))),
        trl=rng.choice([None, 3, 6, 9]),
        money_low=rng.choice([None, 100, 5000]),
        money_high=rng.choice([None, 8000]),
        deadline=rng.choice([None, day]),
        education=rng.choice(["", "本科"]),
    )


def random_filter(rng: random.Random) -> Filter:
    maybe = lambda value: value if rng.random() < 0.25 else None  # noqa: E731
    ids = frozenset(rng.sample(range(240), rng.randrange(1, 120)))
    return Filter(
        max_visibility=rng.choice([0, 1, 2, 2, 2]),
        allowed_ids=maybe(frozenset(rng.sample(range(300), 20))),
        exclude_organisation=maybe(rng.randrange(4)),
        industry=maybe("制造业"),
        chain=maybe("风电"),
        region=maybe(rng.choice(["济南市", "济南市历下区", "青"])),
        mode=maybe("许可"),
        trl_at_least=maybe(5),
        money_at_most=maybe(6000),
        deadline_after=maybe(date(2026, 3, 1)),
        open_on=maybe(date(2026, 6, 1)),
        only_ids=maybe(ids),
        education=maybe("本科"),
    )


def passes(key: int, a: Attributes, f: Filter) -> bool:
    low = a.money_low if a.money_low is not None else a.money_high
    return all((
        a.visibility <= f.max_visibility or key in (f.allowed_ids or ()),
        f.exclude_organisation is None or a.organisation != f.exclude_organisation,
        f.industry is None or a.industry == f.industry,
        f.chain is None or a.chain == f.chain,
        f.region is None or a.region.startswith(f.region),
        f.mode is None or f.mode in a.modes,
        f.trl_at_least is None or (a.trl is not None and a.trl >= f.trl_at_least),
        f.money_at_most is None or (low is not None and low <= f.money_at_most),
        f.deadline_after is None or (a.deadline is not None and a.deadline > f.deadline_after),
        f.open_on is None or a.deadline is None or a.deadline >= f.open_on,
        f.only_ids is None or key in f.only_ids,
        f.education is None or a.education == f.education,
    ))  # fmt: skip


@pytest.mark.parametrize("score_all", [5000, 20])
def test_a_thousand_random_filters(
    prepared: list[Prepared], monkeypatch: pytest.MonkeyPatch, score_all: int
) -> None:
    """Exactly min(k, rows that pass) rows, the same as from ranking everything and filtering."""
    monkeypatch.setattr(boards, "SCORE_ALL", score_all)
    monkeypatch.setattr(boards, "CANDIDATES", 60)
    rng = random.Random(score_all)
    columns = [attributes(rng) for _ in prepared]
    engine = Engine(load_encoder())
    engine.apply(Kind.OUTCOME, [(n, p, columns[n]) for n, p in enumerate(prepared)])
    query = engine.prepare("焊接机器人装置", "用于焊接与锂电池回收的设备")
    everything = engine.search(query, Kind.OUTCOME, 240, Filter(max_visibility=2))
    for _ in range(500):
        where, k = random_filter(rng), rng.randrange(1, 30)
        found = engine.search(query, Kind.OUTCOME, k, where)
        wanted = [m for m in everything if passes(m.id, columns[m.id], where)]
        assert [m.id for m in found] == [m.id for m in wanted][:k]
        assert [m.score for m in found] == pytest.approx([m.score for m in wanted[:k]])


def test_the_right_one_wins_and_levels_say_so() -> None:
    engine = Engine(load_encoder())
    rows = engine.prepare_many([GOOD, FAR])
    engine.apply(Kind.OUTCOME, [(1, rows[0], Attributes()), (2, rows[1], Attributes())])
    for method in ("hybrid", "dense", "lexical"):
        found = engine.search(engine.prepare(*NEED), Kind.OUTCOME, 5, method=method)
        assert found[0].id == 1, method
    found = engine.search(engine.prepare(*NEED), Kind.OUTCOME)
    assert found[0].level in {"强", "较强"}
    assert all(m.level == "无" for m in found[1:])
    assert all(0 <= m.score <= 1 and set(m.parts) == {*FEATURES, "conditions"} for m in found)
    with pytest.raises(ValueError, match="没有检索方法"):
        engine.search(rows[0], Kind.OUTCOME, method="magic")


def test_the_level_does_not_depend_on_the_board(prepared: list[Prepared]) -> None:
    engine = Engine(load_encoder())
    row, query = engine.prepare(*GOOD), engine.prepare(*NEED)
    engine.apply(Kind.OUTCOME, [(9999, row, Attributes())])
    alone = engine.search(query, Kind.OUTCOME, 1)[0]
    engine.apply(Kind.OUTCOME, [(n, p, Attributes()) for n, p in enumerate(prepared)])
    crowd = engine.search(query, Kind.OUTCOME, 1)[0]
    assert crowd.id == alone.id == 9999
    assert abs(crowd.score - alone.score) < 0.2


def test_changes_are_seen_at_once() -> None:
    engine = Engine(load_encoder())
    good, far, query = engine.prepare_many([GOOD, FAR, NEED])
    engine.apply(Kind.NEED, [(7, far, Attributes())])
    assert all(m.level == "无" for m in engine.search(query, Kind.NEED))
    engine.apply(Kind.NEED, [(7, good, Attributes())])
    assert engine.search(query, Kind.NEED)[0].level != "无"
    engine.apply(Kind.NEED, [(7, good, Attributes(visibility=2))])
    assert engine.search(query, Kind.NEED) == []
    invited = Filter(allowed_ids=frozenset({7, 12345}))
    assert [m.id for m in engine.search(query, Kind.NEED, where=invited)] == [7]
    engine.apply(Kind.NEED, [], removes=[7, 8])
    assert engine.size(Kind.NEED) == 0
    assert engine.search(query, Kind.NEED, where=invited) == []


def test_nothing_in_the_query_finds_nothing(prepared: list[Prepared]) -> None:
    engine = Engine(load_encoder())
    engine.apply(Kind.OUTCOME, [(n, p, Attributes()) for n, p in enumerate(prepared)])
    for title, body in (("", ""), ("？！", "😀"), ("qqzzxx", "")):
        assert engine.search(engine.prepare(title, body), Kind.OUTCOME) == []
    assert engine.search(engine.prepare("焊接", ""), Kind.OUTCOME, 0) == []
    assert engine.search(engine.prepare("", "焊接机器人的设备"), Kind.OUTCOME, 3)
    long = engine.prepare("焊接机器人", "用于焊接。" * 25_000)
    assert len(long.body_segments) < 40_000
    assert engine.search(long, Kind.OUTCOME, 3)


def test_conditions_move_mildly_in_the_right_direction() -> None:
    engine = Engine(load_encoder())
    row, query = engine.prepare(*GOOD), engine.prepare(*NEED)
    cheap, dear = Attributes(money_low=10, trl=8), Attributes(money_low=10_000, trl=3)
    engine.apply(Kind.OUTCOME, [(1, row, dear), (2, row, cheap), (3, row, Attributes())])
    plain = engine.search(query, Kind.OUTCOME)
    asked = Conditions(money_high=500, trl=6)
    found = engine.search(query, Kind.OUTCOME, conditions=asked)
    assert [m.id for m in plain] == [1, 2, 3]
    assert [m.id for m in found] == [2, 3, 1]
    assert abs(found[0].score - found[2].score) < 0.25
    engine.apply(Kind.NEED, [(1, row, cheap), (2, row, dear)])  # the other way round
    offered = Conditions(money_low=500, trl=5)
    assert [m.id for m in engine.search(query, Kind.NEED, conditions=offered)] == [2, 1]


def test_kinds_are_paired() -> None:
    assert all(OPPOSITE[OPPOSITE[kind]] is kind for kind in Kind)
    assert all((kind in DEMAND_SIDE) != (OPPOSITE[kind] in DEMAND_SIDE) for kind in Kind)


def test_wrong_dimension_nan_and_wrong_model_are_refused() -> None:
    engine = Engine(load_encoder())
    row = engine.prepare(*GOOD)
    engine.apply(Kind.OUTCOME, [(1, row, Attributes())])
    short = replace(row, whole_vector=row.whole_vector[:5])
    broken = replace(row, title_vector=np.full_like(row.title_vector, np.nan))
    for bad in (short, broken):
        with pytest.raises(VectorInvalid):
            engine.apply(Kind.OUTCOME, [(1, bad, Attributes())], removes=[1])
    with pytest.raises(PreparedInvalid, match="另一个模型"):
        engine.apply(Kind.OUTCOME, [(2, replace(row, model="other"), Attributes())])
    with pytest.raises(PreparedInvalid):
        engine.search(replace(row, model="other"), Kind.OUTCOME)
    assert [m.id for m in engine.search(row, Kind.OUTCOME)] == [1]


def test_prepared_bytes() -> None:
    engine = Engine(load_encoder())
    for title, body in (NEED, ("", ""), ("", "只有正文"), ("只有标题", ""), ("焊", "接" * 30_000)):
        one = engine.prepare(title, body)
        again = Prepared.from_bytes(one.to_bytes())
        assert again == one
        assert again.title_segments == one.title_segments
        assert again.body_segments == one.body_segments
        np.testing.assert_array_equal(again.whole_vector, one.whole_vector)
        assert again.model == engine.encoder.fingerprint
    data = engine.prepare(*NEED).to_bytes()
    for place in range(len(data)):
        with pytest.raises(PreparedInvalid):
            Prepared.from_bytes(data[:place] + bytes([data[place] ^ 8]) + data[place + 1 :])
    for cut in range(0, len(data), 7):
        with pytest.raises(PreparedInvalid):
            Prepared.from_bytes(data[:cut])


def test_snapshot(prepared: list[Prepared], tmp_path: Path) -> None:
    rng = random.Random(3)
    engine = Engine(load_encoder())
    engine.apply(Kind.OUTCOME, [(n, p, attributes(rng)) for n, p in enumerate(prepared)])
    engine.apply(Kind.NEED, [(5, prepared[0], Attributes(deadline=date(2026, 5, 1)))])
    engine.apply(Kind.OUTCOME, [], removes=range(0, 240, 9))
    engine.save(tmp_path, 41)
    other = Engine(load_encoder())
    assert other.load(tmp_path) == 41
    assert [other.size(kind) for kind in Kind] == [engine.size(kind) for kind in Kind]
    query = engine.prepare("光伏逆变器", "数控机床")
    for _ in range(50):
        where = random_filter(rng)
        ours = engine.search(query, Kind.OUTCOME, 20, where)
        theirs = other.search(query, Kind.OUTCOME, 20, where)
        assert [(m.id, m.level) for m in ours] == [(m.id, m.level) for m in theirs]
        assert [m.score for m in ours] == pytest.approx([m.score for m in theirs])
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    (tmp_path / "manifest.json").write_text(text.replace(engine.encoder.fingerprint, "0" * 16))
    with pytest.raises(SnapshotInvalid, match="model"):
        other.load(tmp_path)
    assert all(other.size(kind) == 0 for kind in Kind)
    assert other.search(query, Kind.OUTCOME) == []


@pytest.mark.parametrize("old", ['"need": 1', '"dim": 256', '"revision": 41'])
def test_snapshot_that_contradicts_itself(
    prepared: list[Prepared], tmp_path: Path, old: str
) -> None:
    engine = Engine(load_encoder())
    engine.apply(Kind.NEED, [(5, prepared[0], Attributes())])
    engine.save(tmp_path, 41)
    path = tmp_path / "manifest.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    name = old.partition(":")[0]
    path.write_text(text.replace(old, name + ': "x"'), encoding="utf-8")
    with pytest.raises(SnapshotInvalid):
        engine.load(tmp_path)
    assert engine.size(Kind.NEED) == 0


def test_searching_while_another_thread_changes(prepared: list[Prepared]) -> None:
    engine = Engine(load_encoder())
    engine.apply(Kind.OUTCOME, [(n, p, Attributes()) for n, p in enumerate(prepared)])
    stop, failures = threading.Event(), []

    def change() -> None:
        n = 0
        while not stop.is_set():
            key = n % 100
            engine.apply(Kind.OUTCOME, [(key, prepared[key], Attributes())], removes=[key + 100])
            engine.apply(Kind.OUTCOME, [(key + 100, prepared[key + 100], Attributes())])
            n += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(60):
            found = engine.search(prepared[230], Kind.OUTCOME, 240)
            if len({m.id for m in found}) != len(found) or found[0].score < 0.5:
                failures.append(found)
    finally:
        stop.set()
        thread.join()
    assert not failures
    assert engine.size(Kind.OUTCOME) == 240
