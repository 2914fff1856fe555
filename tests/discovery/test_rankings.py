"""The ranking's parameters on an installation: chosen, installed, gone back from, learned."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from jiebang.boards.models import Listing
from jiebang.core.boards import Board
from jiebang.core.permissions import Line
from jiebang.discovery import feedback
from jiebang.discovery.learning import collect
from jiebang.discovery.models import Feedback
from jiebang.discovery.rankings import RankingStore
from matching.features import FEATURES
from matching.fusion import RELATED, WORTH, Fusion, RankingInvalid, bundled, parse
from matching.learning import Pairs, TooFew, improve
from tests.factories import World


def other() -> Fusion:
    """A ranking that differs from the bundled one."""
    return replace(bundled(), weights=tuple(w * 1.1 for w in bundled().weights))


def test_without_a_choice_the_bundled_ranking_serves(world: World) -> None:
    store = RankingStore(world.settings.home / "ranking")
    assert store.current() is bundled()
    assert store.versions() == []


def test_an_installed_ranking_serves_all_and_can_be_left_again(world: World) -> None:
    first, second = (RankingStore(world.settings.home / "ranking") for _ in range(2))
    assert second.current() is bundled()
    first.install(other())
    assert second.current().version == other().version != bundled().version
    assert RankingStore(first.folder).versions() == [other().version]
    assert second.choose(bundled().version) is bundled()
    assert first.current() is bundled()
    assert first.choose(other().version).version == other().version
    with pytest.raises(RankingInvalid, match="没有排序参数"):
        first.choose("nothing")


def test_a_broken_choice_is_logged_and_the_bundled_ranking_serves(world: World) -> None:
    store = RankingStore(world.settings.home / "ranking")
    store.install(other())
    (store.folder / f"{other().version}.json").write_text("{", encoding="utf-8")
    assert RankingStore(store.folder).current() is bundled()


def test_the_next_search_uses_the_new_ranking(world: World) -> None:
    owner = world.owner()
    world.published(owner, title="铝合金壳体焊接变形控制")
    door = world.another()
    assert door.live.engine.fusion is bundled()
    door.rankings.install(other())
    assert door.live.engine.version.endswith("+" + other().version)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": {}}, "不合规"),
        ({"curves": {"1": [1.0, 0.0]}}, "等级界限或校准曲线"),
        ({"bounds": {}}, "等级界限或校准曲线"),
        ({"curves": {"1": [-1.0, 0.0], "2": [1.0, 0.0]}}, "不得为负"),
    ],
)
def test_a_file_that_is_no_ranking_is_refused(change: dict[str, object], words: str) -> None:
    content = json.loads(bundled().to_json()) | change
    with pytest.raises(RankingInvalid, match=words):
        parse(json.dumps(content))
    assert parse(bundled().to_json()) == bundled()


def ids(world: World, *codes: str) -> list[int]:
    with world.database.reading() as session:
        return [session.scalars(select(Listing.id).where(Listing.code == c)).one() for c in codes]


def test_a_dismissal_keeps_what_the_ranking_saw(world: World) -> None:
    owner = world.owner()
    mine, theirs = ids(
        world,
        world.published(owner, title="铝合金壳体焊接变形控制"),
        world.published(world.owner(), Board.OUTCOME, title="铝合金薄壁件焊接变形预测"),
    )
    door = world.another()
    with world.database.transaction() as session:
        parts, version = door.parts(session, mine, theirs)
        assert set(parts) == set(FEATURES)
        assert parts["words"] > 0
        feedback.give(
            session, owner, Line.TECHNOLOGY, mine, theirs, "unrelated", "", parts, version
        )
    with world.database.reading() as session:
        kept = session.scalars(select(Feedback)).one()
        assert kept.model == door.live.engine.version
        assert kept.parts == parts
        words = collect(session, door.live.engine.encoder.fingerprint)
        assert words.pairs.grades.tolist() == [0]
        np.testing.assert_allclose(words.pairs.features[0], [parts[name] for name in FEATURES])
        assert collect(session, "another-model").outdated == 1


def test_reasons_become_grades_and_the_last_word_counts(world: World) -> None:
    owner = world.owner()
    mine = ids(world, world.published(owner, title="铝合金壳体焊接变形控制"))[0]
    supplier = world.owner()
    others = ids(
        world,
        *(world.published(supplier, Board.OUTCOME, title=f"焊接变形预测{n}") for n in range(3)),
    )
    door = world.another()
    model = door.live.engine.encoder.fingerprint
    with world.database.transaction() as session:
        for place, reason in ((0, "unrelated"), (1, "too_expensive"), (2, "solved")):
            parts, version = door.parts(session, mine, others[place])
            feedback.give(
                session, owner, Line.TECHNOLOGY, mine, others[place], reason, "", parts, version
            )
    with world.database.transaction() as session:
        words = collect(session, model)
        assert sorted(words.pairs.grades.tolist()) == [0, RELATED]
        assert words.silent == 1
        parts, version = door.parts(session, mine, others[0])
        feedback.agree(session, owner, mine, others[0], parts, version)
    with world.database.reading() as session:
        assert sorted(collect(session, model).pairs.grades.tolist()) == [RELATED, WORTH]


def simulated(askers: int, shift: float, seed: int = 3) -> Pairs:
    """Feedback of people who judge by the title's coverage alone, ten words an asker."""
    rng = np.random.default_rng(seed)
    features = rng.random((askers * 10, len(FEATURES)))
    near = features[:, FEATURES.index("covered")] + 0.1 * rng.standard_normal(len(features))
    grades = np.where(near > shift + 0.25, 2, np.where(near > shift, 1, 0))
    return Pairs(features, grades.astype(np.int64), np.repeat(np.arange(askers), 10))


def test_people_who_judge_otherwise_change_the_ranking_and_too_few_do_not() -> None:
    base = simulated(20, 0.5, seed=9)
    with pytest.raises(TooFew, match="30 条榜单的 200 条"):
        improve(base, simulated(10, 0.5), bundled(), {})
    new, compared = improve(base, simulated(60, 0.5), bundled(), {})
    assert compared.wins
    assert compared.new_loss < compared.old_loss
    assert compared.low > 0
    assert new.version != bundled().version
    again, twice = improve(base, simulated(60, 0.5), new, {})
    assert not twice.wins, "the same words again are no progress"
    assert again.weights == pytest.approx(new.weights)
