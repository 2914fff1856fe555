"""The quick ways to the lexical values and to levels give what the plain ways give, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from indexes.pairs import top_pairs
from indexes.postings import Postings
from indexes.vectors import FaissVectors, scores_of
from matching import board as board_module
from matching import words as words_module
from matching.board import levels_of
from matching.documents import Kind
from matching.encoder import load_encoder
from matching.engine import Attributes, Engine, Filter
from matching.features import LEXICAL, asked_bags, lexical, lexical_bag
from matching.fusion import bundled
from matching.words import Words, _highest
from tests.matching.texts import GOOD, NEED, random_texts


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Engine:
    """600 listings, 400 of them mapped from a snapshot, some removed."""
    engine = Engine(load_encoder())
    texts = [(text[:15], text[15:]) for text in random_texts(598, 4)] + [NEED, GOOD]
    items = [
        (number, prepared, Attributes(industry=str(number % 7)))
        for number, prepared in enumerate(engine.prepare_many(texts), 1)
    ]
    engine.apply(Kind.OUTCOME, items[:400])
    folder = tmp_path_factory.mktemp("words")
    engine.save(folder, 1)
    engine.load(folder)
    engine.apply(Kind.OUTCOME, items[400:], range(5, 50, 5))
    return engine


ASKED = [NEED, (GOOD[0], ""), ("", GOOD[1]), ("Q345B 焊接", "的"), ("zzqxv", "")]


@pytest.mark.parametrize("text", ASKED)
def test_values_of_candidates_are_those_of_the_postings(filled: Engine, text) -> None:
    texts, query = filled.board(Kind.OUTCOME).collection.texts, filled.prepare(*text)
    bags = asked_bags(query.title_segments, query.body_segments)
    slots = np.flatnonzero(filled.board(Kind.OUTCOME).collection.live())[::3].astype(np.int64)
    plain = [
        lexical(texts[name], bag)[slots] for name in ("words", "title")
        for bag in (bags[0], bags[-1])
    ]  # fmt: skip
    found = Words(query, texts).at(slots)
    assert len(found) == len(LEXICAL)
    for ours, theirs in zip(found, plain, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("text", ASKED)
def test_candidates_are_the_best_of_the_weighted_sum(filled: Engine, text) -> None:
    collection, query = filled.board(Kind.OUTCOME).collection, filled.prepare(*text)
    allowed = Filter(industry="3").mask(collection)
    weights = np.asarray([0.5, 0.0, 2.0, 1.0])
    words = Words(query, collection.texts)
    every = words.at(np.arange(len(allowed), dtype=np.int64))
    sums = sum(w * v for w, v in zip(weights, every, strict=True)) * allowed
    best, found = words.best(weights, 12, allowed)
    slots = np.flatnonzero(allowed).astype(np.int64)
    part = words.part(weights, slots, found[slots])
    assert (part.low <= sums[slots]).all() and (sums[slots] <= part.high).all()
    assert (part.high - part.low).max() < 1e-4 and np.array_equal(part.look(slots)[0], sums[slots])
    assert not found[~allowed].any()
    assert len(best) == min(12, int((sums > 0).sum())) and allowed[best].all()
    if len(best):
        least = np.sort(sums)[len(sums) - len(best)]
        assert (sums[best] >= least * (1 - 1e-5)).all()


@pytest.mark.parametrize("count", [1, 40, 5_000])
def test_the_highest_are_found_whatever_the_sample_shows(count: int) -> None:
    rng = np.random.default_rng(1)
    for sums in (rng.random(4_000), np.where(np.arange(4_000) % 16 == 0, 9.0, 1.0),
                  np.zeros(4_000), (rng.random(4_000) < 0.001) * 1.0):  # fmt: skip
        total = sums.astype(np.float32)
        found = _highest(total, count)
        kept = np.sort(total[total > 0])[::-1][:count]
        assert np.array_equal(np.sort(total[found])[::-1], kept)


def test_a_search_by_candidates_is_the_search_over_everything(filled: Engine, monkeypatch) -> None:
    for text in ASKED:
        plain = filled.search(filled.prepare(*text), Kind.OUTCOME, 20)
        with monkeypatch.context() as patch:
            patch.setattr(board_module, "SCORE_ALL", 10)
            patch.setattr(board_module, "CANDIDATES", 250)
            assert filled.search(filled.prepare(*text), Kind.OUTCOME, 20) == plain


def test_scores_at_counts_a_term_once_more_after_a_removal() -> None:
    postings = Postings()
    postings.add([{"甲": 2, "乙": 1}, {"乙": 70_000}, {"甲": 1}])
    postings.remove(0)
    slots = np.asarray([2, 1], np.int64)
    asked = [{"乙": 1.5, "甲": 1.0, "丙": 1.0}, {"甲": 2.0}]
    for some, every in zip(
        postings.scores_at(postings.asked(asked), slots), postings.scores_of(asked), strict=True
    ):
        assert np.array_equal(some, every[slots])


def test_levels_of_many_are_those_of_each() -> None:
    fusion = bundled()
    values = np.linspace(-12, 12, 4_001)
    assert levels_of(fusion, values) == [fusion.level(float(value)) for value in values]


def test_products_of_several_queries_are_those_of_each() -> None:
    rng = np.random.default_rng(2)
    shard = FaissVectors(8)
    shard.extend(np.arange(50), rng.standard_normal((50, 8)))
    asked, slots = rng.standard_normal((3, 8)), np.asarray([3, 40, 7], np.int64)
    for query, found in zip(asked, scores_of(shard, list(asked), slots), strict=True):
        assert np.array_equal(found, shard.scores(query, slots))


def test_many_equal_vectors_all_tie(monkeypatch) -> None:
    for equal in (30, 400):  # few: asked for a little deeper; many: everything near
        rng = np.random.default_rng(equal)
        rows = rng.standard_normal((600, 8)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows[100 : 100 + equal] = rows[100]
        shard = FaissVectors(8)
        shard.extend(np.arange(600), rows)
        allowed = np.ones(600, bool)
        allowed[105] = False
        found = shard.search(rows[100], 3, allowed)
        expected = [slot for slot in range(100, 100 + equal) if slot != 105]
        assert sorted(found.tolist()) == expected


@pytest.mark.parametrize("k", [0, 3, 40, 90])
def test_all_pairs_are_the_best_of_the_whole_product(k: int) -> None:
    rng = np.random.default_rng(k)
    needs = rng.standard_normal((70, 6)).astype(np.float32)
    rows = rng.standard_normal((40, 6)).astype(np.float32)
    seen = 0
    for first, places, scores in top_pairs(needs, rows, k, block=16):
        assert first == seen
        exact = -np.sort(-(needs[first : first + len(places)] @ rows.T), axis=1)[:, :k]
        assert np.allclose(scores, exact, atol=1e-5)
        taken = np.einsum("id,ikd->ik", needs[first : first + len(places)], rows[places])
        assert np.allclose(taken, scores, atol=1e-5)
        seen += len(places)
    assert seen == 70


def test_common_words_that_propose_nobody_still_count(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "SCORE_ALL", 10)
    monkeypatch.setattr(board_module, "CANDIDATES", 40)
    monkeypatch.setattr(board_module, "_REFINED", 30)
    query = filled.prepare(*NEED)
    texts = filled.board(Kind.OUTCOME).collection.texts
    words = lexical_bag((*query.title_segments, *query.body_segments))
    asked = texts["words"].asked([words]).numbers
    rare = texts["words"].rarest(asked, 60)
    names = [texts["words"].names[number] for number in asked]
    occurs = np.asarray([(texts["words"].scores({name: 1})[0] > 0).sum() for name in names])
    assert rare.any() and not rare.all() and occurs[rare].sum() <= 60
    assert occurs[rare].max() <= occurs[~rare].min()
    assert texts["words"].rarest(asked, 10**9).all()
    patient = filled.search(query, Kind.OUTCOME, 5)
    monkeypatch.setattr(words_module, "MOST", 60)
    hasty, weights = Words(query, texts), np.ones(len(LEXICAL))
    every = np.arange(len(filled.board(Kind.OUTCOME).collection.live()), dtype=np.int64)
    _, sums = hasty.best(weights, 40, np.ones(len(every), bool))
    part = hasty.part(weights, every, sums)
    exact, off = part.look(every)
    assert off == 0.0 and (part.low <= exact).all() and (exact <= part.high).all()
    assert (part.low < exact - 0.01).any(), "words were left out"
    found = filled.search(query, Kind.OUTCOME, 5)
    assert found[0] == patient[0]
    values = {match.id: match for match in filled.search(query, Kind.OUTCOME, 600)}
    monkeypatch.setattr(words_module, "MOST", 10**9)
    exact = {match.id: match for match in filled.search(query, Kind.OUTCOME, 600)}
    assert all(exact[key] == match for key, match in values.items() if key in exact)
    assert len(values.keys() & exact.keys()) > 20


def test_grammar_says_nothing_where_a_query_has_other_words() -> None:
    assert asked_bags(["耐磨", "的", "涂层"], ["在", "涂层"]) == [
        {"耐磨": 1, "涂层": 2},
        {"耐磨": 1, "涂层": 1},
    ]
    assert asked_bags([], ["在", "的", "的"]) == [{"在": 1, "的": 2}]
    assert asked_bags(["的"], ["涂层"]) == [{"涂层": 1}, {"的": 1}]
    engine = Engine(load_encoder())
    texts = [("耐磨涂层", "用于叶片的涂层"), ("会计的培训", "在线的课程")]
    engine.apply(Kind.OUTCOME, [
        (number, prepared, Attributes())
        for number, prepared in enumerate(engine.prepare_many(texts), 1)
    ])  # fmt: skip

    def found(query: str) -> list[int]:
        asked = engine.prepare("", query)
        return [match.id for match in engine.search(asked, Kind.OUTCOME, 5, method="lexical")]

    assert found("叶片的涂层") == [1]
    assert sorted(found("的")) == [1, 2]
