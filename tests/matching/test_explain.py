"""Explanations: exact shares, readable words, both directions, conditions with both values."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from matching import analysis, explain
from matching.conditions import check, money, same_region
from matching.documents import OPPOSITE, Conditions, Document, Kind
from matching.encoder import load_encoder
from matching.engine import Engine
from matching.explain import Explanation, readable, shown_words
from matching.highlight import highlight
from matching.text import segment

NEED = (
    "高强度螺栓热处理后延迟断裂问题",
    "我公司生产风电用 42CrMo 高强度螺栓，调质热处理后硬度波动大，部分批次在装配 48 小时后"
    "出现延迟断裂。希望改进淬火与回火工艺，使疲劳寿命提高 30%，氢含量低于 2ppm。",
)
GOOD = (
    "风电螺栓用钢的抗氢脆热处理工艺",
    "通过优化淬火冷却速度和回火温度控制碳化物析出，降低高强度螺栓的氢致延迟断裂敏感性，"
    "疲劳寿命提高四成，已在两家紧固件企业试用。",
)
FAR = ("草莓采后保鲜包装", "可降解薄膜与气调包装，草莓货架期由五天延长到九天。")
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_encoder())


NONE = Conditions()


def document(kind: Kind, text: tuple[str, str], conditions: Conditions = NONE) -> Document:
    return Document(1, kind, *text, conditions)


def test_shares_add_up_to_the_cosine(engine: Engine) -> None:
    for one, two in ((NEED, GOOD), (NEED, FAR), (GOOD, GOOD)):
        _, _, matrix = engine._explainer.shares(one, two)
        left, right = engine.prepare(*one), engine.prepare(*two)
        assert matrix.sum() == pytest.approx(
            float(left.whole_vector @ right.whole_vector), abs=1e-5
        )


def test_words_and_sentences_add_up_to_the_text(engine: Engine) -> None:
    """Every segment is booked once: on the word and the sentence it stands in."""
    body = "符合GB/T 1591-2018的Q345B钢板，焊接接头在-40℃冲击功≥47J。锂离子电池电解液！" + GOOD[1]
    (found,) = engine._explainer._taken_apart([(GOOD[0], body)])
    encoder = engine.encoder
    for sentence, vector in zip(found.sentences, found.sentence_vectors, strict=True):
        assert vector == pytest.approx(encoder.encode([segment(sentence)])[0], abs=1e-6)
    whole = encoder.encode([[one for text in found.sentences for one in segment(text)]])[0]
    added = found.word_vectors.sum(axis=0)
    assert added / np.linalg.norm(added) == pytest.approx(whole, abs=1e-6)
    assert {"风电", "螺栓"} <= found.title


def test_reasons_name_the_words_people_read(engine: Engine) -> None:
    found = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, GOOD))
    assert found.reasons[0].startswith("共同关注：")
    assert (
        sum(word in found.reasons[0] for word in ("螺栓", "断裂", "热处理", "淬火", "回火", "风电"))
        >= 3
    )
    assert any(reason.startswith("最相关的句子") for reason in found.reasons)
    assert found.conditions == []
    assert found.words == sorted(found.words, key=lambda pair: -pair.share)
    for pair in found.words:
        assert 0 < pair.share < 1
        for word in (pair.query, pair.document):
            assert readable(word)
            assert word in segment(" ".join(NEED + GOOD))
    assert found.evidence
    for evidence in found.evidence:
        assert evidence.query in "".join(NEED)
        assert evidence.document in "".join(GOOD)
        assert 0 < evidence.score <= 1.0001


def test_unrelated_texts_have_little_to_say(engine: Engine) -> None:
    near = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, GOOD))
    far = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, FAR))
    assert sum(pair.share for pair in far.words) < 0.5 * sum(pair.share for pair in near.words)
    assert not any(reason.startswith("共同关注") for reason in far.reasons)
    missing = [gap for gap in far.gaps if gap.startswith("对方文本未提到")]
    assert missing
    assert "螺栓" in missing[0]


def test_same_text_and_empty_text(engine: Engine) -> None:
    same = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, NEED))
    assert same.evidence[0].score == pytest.approx(1.0, abs=1e-5)
    assert same.gaps == []
    for text in (("", ""), ("？", "😀"), ("qqzzxx", "")):
        empty = engine.explain(document(Kind.NEED, text), document(Kind.OUTCOME, GOOD))
        assert (empty.words, empty.evidence, empty.reasons) == ([], [], [])
        engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, text))
    long = ("焊接" * 500, "焊接机器人。" * 20_000)
    engine.explain(document(Kind.NEED, long), document(Kind.OUTCOME, long))


def test_explaining_is_quick(engine: Engine) -> None:
    query = document(Kind.NEED, NEED)
    others = [
        document(Kind.OUTCOME, (f"{GOOD[0]}{n}", GOOD[1] + f"第{n}批试验。")) for n in range(60)
    ]
    began = time.perf_counter()
    for other in others:
        engine.explain(query, other)
    assert (time.perf_counter() - began) / len(others) < 0.03


def test_many_are_explained_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is taken apart at the same time, and in whichever way vectors are added up."""
    query = document(Kind.NEED, NEED)
    texts = [GOOD, FAR, NEED, ("", ""), ("Q345B", "的" * 40 + "。焊接" * 30), (GOOD[1], FAR[1])]
    others = [document(Kind.OUTCOME, text) for text in texts]
    expected = [Engine(load_encoder()).explain(query, other) for other in others]
    assert len({repr(each) for each in expected}) == len(texts)
    for together, short in ((64, 16), (64, 0), (64, 1), (1, 16), (4, 3)):
        monkeypatch.setattr(explain, "_TOGETHER", together)
        monkeypatch.setattr(analysis, "_SHORT", short)
        assert Engine(load_encoder()).explain_many(query, others) == expected
    assert Engine(load_encoder()).explain_many(query, []) == []
    nothing = document(Kind.NEED, ("", ""))
    assert Engine(load_encoder()).explain(nothing, nothing) == Explanation()


def test_of_equal_pairs_the_first_in_the_texts_are_shown(engine: Engine) -> None:
    """A text beside itself: a pair and its mirror image add equally much."""
    query, same = document(Kind.NEED, NEED), document(Kind.OUTCOME, NEED)
    words = engine._explainer.shares(NEED, NEED)[0]
    found = engine.explain(query, same).words
    places = [(-one.share, words.index(one.query), words.index(one.document)) for one in found]
    assert places == sorted(places)


def test_highlighting_an_explanation(engine: Engine) -> None:
    found = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, GOOD))
    pieces = highlight(GOOD[1], shown_words(found, "document"))
    assert "".join(piece for piece, _ in pieces) == GOOD[1]
    assert any(on for _, on in pieces)


ASKED = Conditions(
    trl=6, money_high=50_000_000, deadline=date(2026, 6, 1), region="济南市历下区",
    modes=frozenset({"转让"}), industry="制造业", quantity=100, education="本科",
)  # fmt: skip
OFFERED = Conditions(
    trl=4, money_low=80_000_000, lead_days=200, region="济南市槐荫区",
    modes=frozenset({"许可"}), industry="制造业", quantity=40, education="高职",
)  # fmt: skip


def test_failing_conditions_give_both_values() -> None:
    found = check(document(Kind.NEED, NEED, ASKED), document(Kind.OUTCOME, GOOD, OFFERED), TODAY)
    by_name = {one.name: one for one in found}
    assert by_name["trl"].text == "要求 TRL≥6，成果为 TRL 4"
    assert by_name["money"].text == "预算 50万元 < 报价 80万元"
    assert by_name["time"].text == "2026-06-01 前需要，交付周期 200 天（最早 2026-09-17）"
    assert by_name["modes"].text == "合作方式不一致：转让 / 许可"
    assert by_name["region"].text == "同在济南市"
    assert {n for n, c in by_name.items() if c.state == "fails"} == {
        "trl", "money", "time", "modes", "education",
    }  # fmt: skip
    assert {n for n, c in by_name.items() if c.state == "fits"} == {"region", "industry"}
    assert [c.state for c in found] == sorted(
        (c.state for c in found), key=["fails", "fits", "unknown"].index
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_the_direction_comes_from_the_kind(kind: Kind) -> None:
    """Whichever side asks, the states are the same and only the values change places."""
    demand = kind in (Kind.NEED, Kind.DEMAND, Kind.ORDER)
    ours, theirs = (ASKED, OFFERED) if demand else (OFFERED, ASKED)
    one = document(kind, NEED, ours)
    two = document(OPPOSITE[kind], GOOD, theirs)
    forth, back = check(one, two, TODAY), check(two, one, TODAY)
    assert [(c.name, c.state, c.text) for c in forth] == [(c.name, c.state, c.text) for c in back]
    assert [(c.query_value, c.document_value) for c in forth] == [
        (c.document_value, c.query_value) for c in back
    ]
    assert {c.name: c.state for c in forth}["money"] == "fails"


@pytest.mark.parametrize(
    ("changes", "name", "state"),
    [
        ({"trl": 6}, "trl", "fits"),
        ({"trl": None}, "trl", "unknown"),
        ({"money_low": 50_000_000}, "money", "fits"),
        ({"money_low": None, "negotiable": True}, "money", "unknown"),
        ({"money_low": None}, "money", "unknown"),
        ({"lead_days": 92}, "time", "fits"),
        ({"lead_days": 93}, "time", "fails"),
        ({"lead_days": None}, "time", "unknown"),
        ({"modes": frozenset({"许可", "转让"})}, "modes", "fits"),
        ({"education": "硕士"}, "education", "fits"),
        ({"quantity": 100}, "quantity", "fits"),
        ({"region": "青岛市"}, "region", "unknown"),
    ],
)
def test_each_condition_at_its_edge(changes: dict[str, object], name: str, state: str) -> None:
    offered = replace(OFFERED, **changes)
    found = check(document(Kind.NEED, NEED, ASKED), document(Kind.OUTCOME, GOOD, offered), TODAY)
    assert {c.name: c.state for c in found}[name] == state


def test_gaps_say_what_is_missing(engine: Engine) -> None:
    query = document(Kind.NEED, NEED, Conditions(money_high=50_000_000, trl=6))
    found = engine.explain(query, document(Kind.OUTCOME, GOOD), TODAY)
    assert any("成果未写报价" in gap for gap in found.gaps)
    assert any("成果未写成熟度" in gap for gap in found.gaps)
    free = engine.explain(document(Kind.NEED, NEED), document(Kind.OUTCOME, GOOD, OFFERED), TODAY)
    assert free.conditions == []
    assert not any("未写" in gap for gap in free.gaps)


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0元"), (8_050, "80.5元"), (50_000_000, "50万元"), (1_234_500_000, "1234万元"),
     (12_000_000_000, "1.2亿元"), (999_900, "9999元"), (100, "1元")],
)  # fmt: skip
def test_money(fen: int, text: str) -> None:
    assert money(fen) == text


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("济南市历下区", "济南市槐荫区", "济南市"),
        ("济南市", "济南市历下区", "济南市"),
        ("济南市历下区", "青岛市", ""),
        ("山东省济南市", "山东省青岛市", ""),
        ("", "济南市", ""),
    ],
)
def test_same_region(one: str, other: str, common: str) -> None:
    assert same_region(one, other) == common
    assert same_region(other, one) == common


def test_word_vectors_of_a_stop_word_are_never_shown(engine: Engine) -> None:
    text = ("的研究与应用", "通过进行研究，提高水平，解决问题。")
    found = engine.explain(document(Kind.NEED, text), document(Kind.OUTCOME, text))
    assert not any(pair.query in ("的", "研究", "进行", "问题", "通过") for pair in found.words)
    assert np.isfinite([pair.share for pair in found.words]).all()
