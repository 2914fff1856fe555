"""BM25 against its definition, under additions, replacements and removals."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from indexes.postings import K1, B, Background, Postings
from indexes.rows import Rows, inverted


def definition(texts: list[Counter[str]], query: Counter[str], text: Counter[str]) -> float:
    mean = sum(sum(t.values()) for t in texts) / len(texts)
    length = sum(text.values())
    total = 0.0
    for term, weight in query.items():
        df = sum(term in t for t in texts)
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        tf = text[term]
        total += weight * idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean))
    return total


def made(rng: random.Random, size: int) -> Counter[str]:
    return Counter(f"t{int(rng.paretovariate(0.7)) % 60}" for _ in range(size))


@pytest.mark.parametrize("count", [1, 7, 90, 700])
def test_scores_are_the_formula(count: int) -> None:
    rng = random.Random(count)
    texts = [made(rng, rng.randrange(1, 30)) for _ in range(count)]
    postings = Postings()
    for start in range(0, count, 37):  # several additions: base and tail both take part
        postings.add(texts[start : start + 37])
    query = made(rng, 12)
    scores, bound = postings.scores(query)
    expected = [definition(texts, query, text) for text in texts[:60]]
    np.testing.assert_allclose(scores[:60], expected, rtol=2e-6)
    assert scores.max() <= (K1 + 1) * bound


def test_removed_texts_count_no_more() -> None:
    rng = random.Random(3)
    texts = [made(rng, 15) for _ in range(80)]
    postings = Postings()
    postings.add(texts)
    gone = set(rng.sample(range(80), 30))
    for slot in gone:
        postings.remove(slot)
    left = [n for n in range(80) if n not in gone]
    query = made(rng, 10)
    expected = [definition([texts[n] for n in left], query, texts[n]) for n in left]
    np.testing.assert_allclose(postings.scores(query)[0][left], expected, rtol=2e-6)
    postings.retain(np.asarray(left))
    assert len(postings) == 50
    np.testing.assert_allclose(postings.scores(query)[0], expected, rtol=2e-6)


def test_a_later_term_is_found_in_the_tail_at_once() -> None:
    postings = Postings()
    postings.add([Counter({"钢": 1})] * 600)
    postings.add([Counter({"镍": 2})])
    assert postings.scores({"镍": 1.0})[0].argmax() == 600
    assert postings.scores({"钛": 1.0})[0].max() == 0.0


def test_background_makes_a_common_word_weak_on_a_tiny_board() -> None:
    background = Background({"的": 950, "蜗杆": 3}, 1000, 300.0)
    postings = Postings(background)
    postings.add([Counter({"的": 1, "蜗杆": 1})])
    assert postings.idf("的") < 0.1
    assert postings.idf("蜗杆") > 3
    assert postings.idf("没见过的词") > postings.idf("蜗杆")


def test_empty_index_and_empty_query() -> None:
    postings = Postings()
    assert postings.scores({"x": 1.0})[0].shape == (0,)
    postings.add([Counter(), Counter({"a": 1})])
    assert postings.scores({})[0].tolist() == [0.0, 0.0]
    assert postings.scores({"a": 1.0})[0][0] == 0.0


def stored(texts: list[Counter[str]]) -> tuple[list[str], Rows]:
    made_ = Postings()
    made_.add(texts)
    frozen = made_.frozen()
    return frozen.terms, frozen.rows(np.arange(len(texts)))


@pytest.mark.parametrize("broken", ["ids", "starts", "terms", "inverted"])
def test_a_base_that_does_not_fit_is_refused(broken: str) -> None:
    terms, rows = stored([Counter("abc"), Counter("bcd")])
    starts, slots, tf = inverted(rows, len(terms))
    if broken == "ids":
        rows = Rows(rows.starts, rows.ids[:-1], rows.counts)
    elif broken == "starts":
        starts = starts[::-1].copy()
    elif broken == "terms":
        terms = ["a"] * len(terms)
    else:
        slots = slots[:-1]
    with pytest.raises(ValueError, match=r"数组|重复"):
        Postings().open(terms, rows, starts, slots, tf)


def test_base_and_tail_score_alike_to_the_last_bit() -> None:
    """Processes hold the same texts in different places: their orders must not differ."""
    rng = random.Random(8)
    texts = [made(rng, rng.randrange(1, 40)) for _ in range(900)]
    query = made(rng, 14)
    plain = Postings()
    plain.add(texts)
    terms, rows = stored(texts[:500])
    mapped = Postings()
    mapped.open(terms, rows, *inverted(rows, len(terms)))
    for start in range(500, 900, 50):
        mapped.add(texts[start : start + 50])
    assert mapped.scores(query)[0].tolist() == plain.scores(query)[0].tolist()
    for slot in (3, 499, 500, 899):
        plain.remove(slot)
        mapped.remove(slot)
    assert mapped.scores(query)[0].tolist() == plain.scores(query)[0].tolist()
    mapped.retain(np.asarray([n for n in range(500, 900) if n != 500 and n != 899]))
    left = [n for n in range(900) if n not in (500, 899)]
    assert mapped.scores(query)[0].tolist() == plain.scores(query)[0][left].tolist()


def test_several_queries_cost_their_terms_once_and_score_alike() -> None:
    rng = random.Random(9)
    postings = Postings()
    postings.add([made(rng, 20) for _ in range(300)])
    one, two = made(rng, 12), made(rng, 3)
    both = postings.scores_of([one, two])
    assert both[0].tolist() == postings.scores(one)[0].tolist()
    assert both[1].tolist() == postings.scores(two)[0].tolist()


@pytest.mark.parametrize("step", [1, 7, 300])
def test_searches_between_additions_see_what_one_at_the_end_sees(step: int) -> None:
    """What is read text by text, and what was merged, by whoever asked when."""
    rng = random.Random(step)
    texts = [made(rng, rng.randrange(0, 30)) for _ in range(700 if step == 1 else 1_400)]
    query, asked, whole = made(rng, 12), Postings(), Postings()
    for start in range(0, len(texts), step):
        asked.add(texts[start : start + step])
        scores = asked.scores(query)[0]
        slots = np.asarray([0, len(asked) // 2, len(asked) - 1])
        assert scores[slots].tolist() == asked.scores_at(asked.asked([query]), slots)[0].tolist()
    whole.add(texts)
    assert asked.scores(query)[0].tolist() == whole.scores(query)[0].tolist()
    assert asked.names == whole.names


def test_what_was_frozen_stays_as_it_was() -> None:
    rng = random.Random(12)
    postings = Postings()
    postings.add([made(rng, 9) for _ in range(40)])
    frozen, every = postings.frozen(), np.arange(40)
    before = [part.copy() for part in (frozen.rows(every).ids, frozen.rows(every).counts)]
    names = list(frozen.terms)
    postings.add([Counter({"后来的词": 3})] * 2_000)
    postings.retain(np.arange(20, 2_040))
    after = frozen.rows(every)
    assert frozen.terms == names
    assert [part.tolist() for part in before] == [after.ids.tolist(), after.counts.tolist()]


def test_more_terms_than_sixteen_bits_are_turned_over_in_order() -> None:
    rng = np.random.default_rng(4)
    ids = rng.integers(0, 200_000, 60_000).astype(np.int32)
    starts = np.arange(0, 60_001, 30, dtype=np.int64)
    rows = Rows(starts, ids, np.ones(60_000, np.uint16))
    begins, slots, _ = inverted(rows, 200_000)
    order = np.argsort(ids, kind="stable")
    assert slots.tolist() == (order // 30).tolist()
    assert np.diff(begins).tolist() == np.bincount(ids, minlength=200_000).tolist()
