"""Segmentation: designations, units, width, robustness; the lexicon against jieba itself."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from matching import compiled, cutting, lexicon, text
from matching.highlight import highlight
from matching.lexicon import (
    PACKED,
    Lexicon,
    _pairs,
    default_lexicon,
    jieba_dictionary,
    pack_default,
    read_terms,
    source_of,
)
from matching.pieces import BIGRAM

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("符合 GB/T 1591-2018 标准", "ＧＢ／Ｔ１５９１", "gb/t1591"),
        ("GB 1591", "GB/T 1591—2018", "gb1591"),
        ("Q345B 钢板", "q345 钢", "q345"),
        ("6061-T6 铝", "6061T6铝", "6061t6"),
        ("M8×30 螺栓", "m8*30螺栓", "m8x30"),
        ("STM32F103 单片机", "stm32 系列", "stm32"),
        ("耐温120 ℃", "耐１２０度高温", "120°c"),
        ("120°C", "120摄氏度", "120°c"),
        ("壁厚 1.50mm", "壁厚1.5毫米", "1.5mm"),
        ("1,500 转/分", "1500rpm", "1500rpm"),
        ("C++ 编程", "熟悉c++", "c++"),
        ("锂离子电池", "锂电池", "电池"),
        ("ＭＥＳ系统", "mes 系统", "mes"),
        ("粒径 5μm", "粒径5微米", "5um"),
    ],
)
def test_variants_meet(one: str, other: str, shared: str) -> None:
    assert shared in text.segment(one)
    assert shared in text.segment(other)


def test_designations_stay_whole_and_bigrams_are_marked() -> None:
    found = text.segment("用于Q345B热处理，6061-T6")
    assert {"q345b", "6061-t6", "热处理", "处理"} <= set(found)
    assert "~热处" in found
    assert not any(item.startswith("~") and item[1:] in found for item in found)
    assert all(item and not any(c.isspace() for c in item) for item in found)


def test_list_numbers_are_no_words() -> None:
    assert text.segment("1、焊接；2、喷涂") == text.segment("焊接；喷涂")


def test_normalise_is_idempotent_and_folds() -> None:
    assert text.normalise("  Ｑ345Ｂ\u3000\n 钢\u200b ") == "q345b 钢"
    rng = random.Random(2)
    for _ in range(500):
        raw = "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(30))
        once = text.normalise(raw)
        assert text.normalise(once) == once


@pytest.mark.parametrize("raw", ["", " ", "。，！", "😀🚀", "——……", "\u200b", "_"])
def test_nothing_in_it(raw: str) -> None:
    assert not text.has_content(raw)
    assert text.segment(raw) == []
    assert text.sentences(raw) == []


@pytest.mark.parametrize("raw", ["钢", "a", "７", "é", "ق", "電"])
def test_something_in_it(raw: str) -> None:
    assert text.has_content(raw)


def test_long_and_odd_texts() -> None:
    began = time.perf_counter()
    assert len(text.segment("高强度螺栓疲劳寿命试验" * 9000)) > 50_000
    assert text.segment("a" * 100_000)
    assert text.segment("1." * 50_000) is not None
    assert text.segment("a-" * 50_000)
    assert text.segment("１２３４" * 25_000)
    assert len(text.sentences("没有标点的长句" * 10_000)) > 100
    assert time.perf_counter() - began < 20
    assert "电池" in "".join(w for w in text.words("鋰離子電池的回收"))
    assert text.segment("😀焊接😀") == text.segment("焊接")
    assert text.segment("\ud800焊接") == text.segment("焊接")  # a lone surrogate


def test_sentences_are_as_written() -> None:
    raw = "第一句。第二句！还有Ａ１；\n最后"
    assert text.sentences(raw) == ["第一句。", "第二句！", "还有Ａ１；", "最后"]
    long = "很长的一句话，" * 60
    assert all(len(part) <= 120 for part in text.sentences(long))
    assert "".join(text.sentences(long)) == long


def generated(rng: random.Random, vocabulary: list[str]) -> str:
    marks = ["", "", "", "，", "。", " ", "的", "120℃", "Q345B", "x"]
    return "".join(rng.choice(vocabulary) + rng.choice(marks) for _ in range(rng.randrange(1, 30)))


def test_both_ways_through_a_text_agree() -> None:
    rng = random.Random(4)
    terms = [word for word, _ in read_terms()]
    for _ in range(400):
        raw = generated(rng, terms)
        assert text.segment(raw) == [t.segment for t in text.tokens(text.normalise(raw))]


def test_many_texts_are_cut_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever way they go: one after the other or side by side, all at once or in parts."""
    rng = random.Random(11)
    terms = [word for word, _ in read_terms()]
    raws = [generated(rng, terms) for _ in range(300)] + ["", "。", "钢", "的" * 500, "高强钢"]
    expected = [text.segment(raw) for raw in raws]
    assert len({len(each) for each in expected}) > 50
    for few, together, short in (
        (0, 10**9, 0), (10**9, 10**9, 0), (0, 10**9, 10**9), (0, 40, 0), (10**9, 40, 20), (1, 0, 0),
    ):  # fmt: skip
        monkeypatch.setattr(cutting, "_FEW", few)
        monkeypatch.setattr(text, "_TOGETHER", together)
        monkeypatch.setattr(text, "_SHORT", short)
        assert text.segment_many(raws) == expected
        found = text.occurrences(map(text.normalise, raws))
        words = [each if isinstance(each, str) else each[0] for each in found.words]
        for raw, (first, last) in zip(raws, pairwise([0, *found.ends]), strict=True):
            assert words[first:last] == text.words(raw)
    assert text.segment_many([]) == []


def test_what_is_inside_a_word_is_what_it_adds_to_a_text() -> None:
    words = ["热处理工艺", "高强钢", "焊接", "钢", "中华人民共和国", "㐀㐁㐂"]
    for word, (segments, pairs) in zip(words, text.inner_segments(words), strict=True):
        assert segments[0] == word
        if text.words(word) == [word]:
            assert segments + pairs == text.segment(word)
    assert text.inner_segments([]) == []


def test_every_bigram_stands_in_a_word_or_across_two() -> None:
    rng = random.Random(12)
    terms = [word for word, _ in read_terms()]
    for raw in [generated(rng, terms) for _ in range(100)] + ["", "的", "。钢"]:
        found = text.occurrences([text.normalise(raw)])
        words = [each for each in found.words if isinstance(each, str)]
        inside = [pair for _, pairs in text.inner_segments(words) for pair in pairs]
        across = [BIGRAM + pair for pair in found.pairs]
        assert Counter(inside + across) == Counter(
            each for each in text.segment(raw) if each[0] == BIGRAM
        )
        for pair, right in zip(found.pairs, found.right.tolist(), strict=True):
            left, following = found.words[right - 1 : right + 1]
            assert pair == left[-1] + following[0]


def test_cut_equals_jieba() -> None:
    """In a process of its own: importing jieba must not disturb the others."""
    script = """
import random, sys
from matching.baseline import _jieba
from matching.lexicon import Lexicon, _pairs, jieba_dictionary, read_terms
with jieba_dictionary().open(encoding="utf-8") as lines:
    plain = Lexicon(_pairs(lines))
rng = random.Random(1)
words = [w for w, _ in read_terms()]
common = [chr(c) for c in range(0x4E00, 0x9FD0, 3)]
runs = []
for n in range(3000):
    part = [rng.choice(words) if rng.random() < 0.6 else rng.choice(common) for _ in range(8)]
    run = "".join(w[: rng.randrange(1, 9)] for w in part)
    runs.append(run)
expected = [list(_jieba().cut(run, HMM=False)) for run in runs]
assert plain.cut_many(runs) == expected  # side by side
assert [plain.cut(run) for run in runs] == expected  # and each by itself
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # quiet


def test_jieba_cache_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    script = "from matching.baseline import plain_words; print(plain_words('高强钢的热处理'))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, timeout=100,
        env={**os.environ, "JIEBANG_HOME": str(home)}, capture_output=True, text=True,
    )  # fmt: skip
    assert "热处理" in done.stdout
    assert list((home / "cache").glob("jieba*"))
    assert (home / "cache").stat().st_mode & 0o077 == 0


def test_domain_terms_win_as_a_whole() -> None:
    lexicon = default_lexicon()
    terms = [word for word, _ in read_terms()]
    assert len(terms) > 1000
    whole = sum(lexicon.cut(word) == [word] for word in terms)
    assert whole > 0.95 * len(terms)
    assert jieba_dictionary().name == "dict.txt"


def test_the_packed_dictionary_is_the_installed_one() -> None:
    """`python -m matching.training.lexicon` makes it anew."""
    with jieba_dictionary().open(encoding="utf-8") as lines:
        fresh = Lexicon(_pairs(lines), read_terms())
    stored = compiled.read(PACKED)
    assert stored.source == source_of(jieba_dictionary())
    packed = Lexicon.of(stored)
    words = random.Random(3).sample(sorted(dict(read_terms())), 500)
    for word in words:
        assert packed.cut(word + "的" + word[::-1]) == fresh.cut(word + "的" + word[::-1])
    anew = compiled.unpack(pack_default())
    np.testing.assert_array_equal(stored.characters, anew.characters)
    for one, two in zip(stored.levels, anew.levels, strict=True):
        for name in ("keys", "scores", "opens"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_another_dictionary_is_packed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "dict.txt"
    other.write_text("高强 50 a\n高强钢 3 n\n钢板 9 n\n", encoding="utf-8")
    monkeypatch.setattr(lexicon, "jieba_dictionary", lambda: other)
    plain = lexicon.plain_lexicon.__wrapped__()
    assert "高强钢" in plain and "热处理" not in plain
    monkeypatch.setattr(lexicon, "PACKED", tmp_path / "none.npz")
    assert lexicon.plain_lexicon.__wrapped__().cut("高强钢板") == plain.cut("高强钢板")


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04", b"no file at all"])
def test_a_broken_packed_dictionary_is_refused(broken: bytes) -> None:
    with pytest.raises(compiled.CompiledInvalid, match="词典文件"):
        compiled.unpack(broken)
    whole = PACKED.read_bytes()
    with pytest.raises(compiled.CompiledInvalid):
        compiled.unpack(whole[: len(whole) // 2])


def test_own_terms_stay_whole_and_change_nothing_else() -> None:
    plain = lexicon.plain_lexicon()
    own = ["泉城智链", "济阳", "鲁中", "锻压机床群控器", "钢研", "泉城智链平台"]
    assert [plain.cut(word) == [word] for word in own].count(True) < len(own)
    extended = plain.with_terms(own)
    for word in own:
        assert extended.cut(word) == [word]
        assert word in extended
    assert extended.cut("我市泉城智链平台与泉城智链的钢研所") == [
        "我市", "泉城智链平台", "与", "泉城智链", "的", "钢研", "所",
    ]  # fmt: skip
    untouched = "高强钢的热处理工艺参数优化与疲劳寿命预测"
    assert extended.cut(untouched) == plain.cut(untouched)
    again = extended.with_terms(["热处理线", "泉城智链"])
    assert again.cut("热处理线") == ["热处理线"]
    assert "泉城智链" in again and "锻压机床群控器" not in again  # these replace the former ones


def test_an_empty_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="词典"):
        Lexicon([])


@pytest.mark.parametrize(
    ("raw", "words", "marked"),
    [
        ("高强钢Ｑ345Ｂ的热处理。", ["q345b", "热处理"], ["Ｑ345Ｂ", "热处理"]),
        ("耐温120 ℃以上", ["120°c"], ["120 ℃"]),
        ("符合 GB/T 1591-2018", ["gb/t1591"], ["GB/T 1591-2018"]),
        ("用MES管理，不是MESH", ["mes"], ["MES"]),
        ("锂离子电池，锂电池", ["电池"], ["电池", "电池"]),
        ("cafe\u0301机", ["café"], ["cafe\u0301"]),
        ("ﬁn管", ["fin"], ["ﬁn"]),
        ("没有", ["别的"], []),
        ("疲劳寿命试验", ["劳寿"], ["劳寿"]),
    ],
)
def test_highlight(raw: str, words: list[str], marked: list[str]) -> None:
    pieces = highlight(raw, words)
    assert "".join(piece for piece, _ in pieces) == raw
    assert [piece for piece, on in pieces if on] == marked


def test_highlight_never_changes_a_text() -> None:
    rng = random.Random(8)
    for _ in range(300):
        raw = "".join(
            rng.choice(
                ["焊接", "Ａ", "ﬁ", "é", "e\u0301", "😀", "\u200b", "½", "㎏", "ß", "İ", " ", "3"]
            )
            for _ in range(20)
        )
        pieces = highlight(raw, {"焊接", "fi", "kg", "ss", "a", "3", "i"})
        assert "".join(piece for piece, _ in pieces) == raw
        assert all(piece for piece, _ in pieces)
        assert all(one[1] != two[1] for one, two in pairwise(pieces))
    assert highlight("", ["x"]) == []


def test_traditional_characters_are_found_by_simplified_ones() -> None:
    assert text.segment("鋰電池熱處理機器人焊接") == text.segment("锂电池热处理机器人焊接")
    assert text.segment("著名專家") == text.segment("著名专家")
    assert len(text.fold("鋁合金壓鑄")) == len("鋁合金壓鑄"), "places in the text stay"
    assert highlight("鋁合金壓鑄件", {"铝合金"})[0] == ("鋁合金", True)
