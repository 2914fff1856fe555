"""What is left out, read in another way or looked at alone changes no result, to the last bit."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from indexes.brute import BruteVectors
from indexes.postings import Postings
from indexes.vectors import FaissVectors, bounded, nearly
from matching import board as board_module
from matching.documents import Conditions, Kind
from matching.encoder import load_encoder
from matching.engine import Attributes, Engine, Filter
from matching.features import FEATURES
from matching.near import TOLD, Near
from matching.shortlist import Part, promising
from tests.matching.texts import GOOD, NEED, random_texts

TEXTS = [(text[:15], text[15:]) for text in random_texts(598, 9)] + [NEED, GOOD]
ASKED = [NEED, (GOOD[0], ""), ("", GOOD[1]), TEXTS[7], TEXTS[30], ("Q345B 焊接", "的"), ("无", "")]


def filled(order: list[int]) -> Engine:
    """The same 600 listings, added in this order: so words have other numbers and places."""
    engine = Engine(load_encoder())
    prepared = engine.prepare_many(TEXTS)
    items = [(n + 1, prepared[n], Attributes(industry=str(n % 3), trl=n % 9)) for n in order]
    engine.apply(Kind.OUTCOME, items)
    return engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    return filled(list(range(600)))


@pytest.mark.parametrize("score_all", [10, 5_000])
def test_a_search_that_looks_at_few_is_the_search_that_looks_at_all(
    engine: Engine, monkeypatch, score_all: int
) -> None:
    monkeypatch.setattr(board_module, "SCORE_ALL", score_all)
    monkeypatch.setattr(board_module, "CANDIDATES", 60)
    monkeypatch.setattr(board_module, "_REFINED", 20)
    left_out = []
    for text in ASKED:
        query = engine.prepare(*text)
        for where in (Filter(), Filter(industry="1")):
            for conditions in (None, Conditions(trl=4, industry="1")):
                asked = (query, Kind.OUTCOME, 7, where, conditions)
                few = engine.search(*asked)
                with monkeypatch.context() as patch:
                    patch.setattr(board_module, "promising", lambda *_: None)
                    assert engine.search(*asked) == few

        def noted(*parts):
            found = promising(*parts)
            left_out.append(found is not None and len(found) < len(parts[0]))
            return found

        with monkeypatch.context() as patch:
            patch.setattr(board_module, "promising", noted)
            engine.search(query, Kind.OUTCOME, 7)
    assert any(left_out)


def test_results_do_not_depend_on_the_order_of_adding_nor_on_the_snapshot(
    engine: Engine, tmp_path
) -> None:
    other = filled(np.random.default_rng(3).permutation(600).tolist())
    mapped = Engine(load_encoder())
    other.save(tmp_path, 1)
    mapped.load(tmp_path)
    for text in ASKED:
        query = engine.prepare(*text)
        for where in (Filter(), Filter(industry="2")):
            found = engine.search(query, Kind.OUTCOME, 30, where)
            assert other.search(query, Kind.OUTCOME, 30, where) == found
            assert mapped.search(query, Kind.OUTCOME, 30, where) == found


def test_nearness_of_a_text_does_not_depend_on_what_stands_beside_it(engine: Engine) -> None:
    texts, words = engine.board(Kind.OUTCOME).collection.texts["words"], NEED[1]
    asked = engine.prepare("", words).body_segments
    near = Near(texts, engine.encoder)
    every = np.arange(600, dtype=np.int64)
    covers, covered = near.covers(every, asked), near.covered(every, asked)
    assert covers.any() and covered.any()
    rng = np.random.default_rng(5)
    for size in (1, 3, 40, 333):
        some = rng.permutation(600)[:size].astype(np.int64)
        assert np.array_equal(near.covers(some, asked), covers[some])
        assert np.array_equal(near.covered(some, asked), covered[some])


def test_words_that_come_later_are_near_like_those_that_were_there(tmp_path) -> None:
    texts = [
        ("蓄电池", "动力蓄电池的隔膜"),
        ("焊接", "钢板焊接"),
        ("锂电池", "锂电池电芯的正极材料"),
    ]
    query = ("电池", "储能电池与电极")
    at_once, later = Engine(load_encoder()), Engine(load_encoder())
    items = [(n, each, Attributes()) for n, each in enumerate(at_once.prepare_many(texts))]
    at_once.apply(Kind.OUTCOME, items)
    asked = at_once.prepare(*query)
    expected = at_once.features(asked, Kind.OUTCOME, [0, 1, 2])
    assert (expected[2, -3:] > 0.3).all()
    later.apply(Kind.OUTCOME, items[:1])
    before = later.features(asked, Kind.OUTCOME, [0])
    later.apply(Kind.OUTCOME, items[1:2])
    later.save(tmp_path, 1)
    later.load(tmp_path)
    assert not np.array_equal(later.features(asked, Kind.OUTCOME, [0]), before)  # idf, mean length
    later.apply(Kind.OUTCOME, items[2:])
    assert np.array_equal(later.features(asked, Kind.OUTCOME, [0, 1, 2]), expected)


def test_the_words_a_query_is_told_by_are_its_rarest_and_lists_do_not_mix(engine: Engine) -> None:
    texts = engine.board(Kind.OUTCOME).collection.texts["words"]
    near = Near(texts, engine.encoder)
    one = engine.prepare(*NEED)
    whole = (*one.title_segments, *one.body_segments)
    told = near.told(whole)
    assert len(told) == len(set(told)) == TOLD < len(set(whole))
    least = min(texts.idf(word) for word in told)
    others = {word for word in whole if not word.startswith("~")} - set(told)
    assert all(texts.idf(word) <= least for word in others)
    every = np.arange(600, dtype=np.int64)
    both = near.covers(every, one.title_segments, told)
    assert np.array_equal(both[:, :1], near.covers(every, one.title_segments))
    assert np.array_equal(both[:, 1:], near.covers(every, told))
    assert not np.array_equal(both[:, 0], both[:, 1])
    itself = np.asarray([598], np.int64)  # the need stands on the board, too: all words are there
    np.testing.assert_allclose(near.covers(itself, one.title_segments, told), 1.0)
    assert not near.covers(every, [], ["的"])[:, 0].any()
    found = engine.features(one, Kind.OUTCOME, [599])[0]
    assert found[FEATURES.index("covers_told")] == pytest.approx(1.0)


def placed(slots: np.ndarray, values: np.ndarray, some: np.ndarray) -> tuple[np.ndarray, float]:
    """The values of some of the slots, and that they are exact."""
    return values[np.searchsorted(slots, some)], 0.0


@pytest.mark.parametrize("each", [0, 5_000])
def test_bounds_keep_all_that_can_be_among_the_best(
    each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexes.vectors.EACH", each)
    rng = np.random.default_rng(8)
    for _ in range(50):
        rows = rng.standard_normal((700, 8)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        shard = FaissVectors(8)
        shard.extend(np.arange(700), rows)
        query, allowed = rng.standard_normal(8), rng.random(700) < 0.8
        some = np.flatnonzero(allowed)
        words = np.maximum(rng.standard_normal(len(some)), 0.0)
        found = bounded(shard, query, 90, allowed)
        assert found is not None
        products = shard.scores(query, some)
        sums = words + 2.0 * products
        looked: list[int] = []

        def look(slots, query=query, shard=shard, looked=looked):
            looked.extend(slots.tolist())
            values, off = nearly(shard, query, slots)
            assert 0.0 < np.abs(values - shard.scores(query, slots)).max() <= off < 1e-4
            return values, off

        vector = Part.of(some, found, 2.0, look)
        assert (vector.low <= 2.0 * products).all() and (2.0 * products <= vector.high).all()
        rough = rng.random(len(some))  # bounds of the words that are 1 apart
        lexical = Part(words - rough, words - rough + 1.0, partial(placed, some, words))
        kept = promising(some, [vector, lexical], words > 0, 25)
        best = np.argsort(np.where(words > 0, -sums, np.inf))[:25]
        assert kept is not None and set(best.tolist()) <= set(kept.tolist())
        assert len(kept) < len(some) and len(looked) == len(set(looked)) < len(some)


def test_scores_by_postings_and_by_texts_are_the_same_bits(monkeypatch) -> None:
    rng = np.random.default_rng(2)
    words = [f"词{n}" for n in range(40)]
    postings = Postings()
    for _ in range(30):  # arrays of the tail, and what came after them
        chosen = [rng.choice(words, rng.integers(1, 30)) for _ in range(40)]
        postings.add([{str(w): int(rng.integers(1, 5)) for w in set(each)} for each in chosen])
    queries = [{word: rng.random() for word in words[:9]}, {words[3]: 1.0, "无": 2.0}]
    slots = rng.permutation(1_200)[:300].astype(np.int64)
    expected = [scores[slots] for scores in postings.scores_of(queries)]
    for factor in (0, 1_000):  # never, always by the postings
        monkeypatch.setattr("indexes.postings._CHEAPER", factor)
        for found, plain in zip(
            postings.scores_at(postings.asked(queries), slots), expected, strict=True
        ):
            assert np.array_equal(found, plain)
        twice = np.concatenate([slots, slots[:5]])
        for found, plain in zip(
            postings.scores_at(postings.asked(queries), twice), expected, strict=True
        ):
            assert np.array_equal(found, np.concatenate([plain, plain[:5]]))


def test_a_remembered_idf_is_forgotten_with_every_change() -> None:
    postings = Postings()
    postings.add([{"甲": 1}])
    first = postings.idf("甲")
    postings.add([{"乙": 1}])
    second = postings.idf("甲")
    postings.remove(1)
    assert second > first == postings.idf("甲")


def test_few_allowed_vectors_are_searched_like_many() -> None:
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((6_000, 8)).astype(np.float32)
    rows[10:20] = rows[10]
    shard, plain = FaissVectors(8), BruteVectors(8)
    for each in (shard, plain):
        each.extend(np.arange(6_000), rows)
    for some in (np.asarray([5, 10, 11, 19, 5_999]), np.arange(0, 6_000, 90)):
        allowed = np.zeros(6_000, bool)
        allowed[some] = True
        for k in (1, 2, 50):
            for query in (rows[10], rng.standard_normal(8)):
                found = np.sort(shard.search(query, k, allowed)).tolist()
                assert found == np.sort(plain.search(query, k, allowed)).tolist()
