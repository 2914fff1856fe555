"""What two sides decide about a pair is kept for the ranking to learn from, with its features."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from jiebang.core.boards import Board
from jiebang.core.permissions import Actor
from jiebang.core.reasons import ReasonCode
from jiebang.discovery.learning import collect
from jiebang.discovery.models import Feedback, Verdict
from matching.features import FEATURES
from matching.fusion import RELATED, WORTH
from tests.boards.responses_scene import Answers
from tests.boards.threads_scene import Scene, scene_in
from tests.conftest import post
from tests.factories import World


def words_in(world: World) -> list[Feedback]:
    with world.database.reading() as session:
        return list(session.scalars(select(Feedback).order_by(Feedback.id)))


def send(scene: Scene, who: Actor, url: str, **form: str) -> int:
    return post(scene.world.browser(who), url, form).status_code


def check(word: Feedback, scene: Scene, who: Actor) -> None:
    own, other = scene.world.listing(scene.code).id, scene.world.listing(scene.own).id
    assert (word.listing_id, word.other_id) == (own, other)
    assert word.organisation_id == who.organisation_id
    assert set(FEATURES) <= set(word.parts)
    assert word.model == scene.world.discovery.live.engine.version


def test_an_accepted_interest_is_a_word_for_the_pair(world: World) -> None:
    scene = scene_in(world)
    found = scene.open()
    assert words_in(world) == []  # the scene opens it by the service; the page says the word
    assert send(scene, scene.issuer, f"/threads/{found}/say", text="可以，先说说节拍。") == 303
    (word,) = words_in(world)
    assert word.verdict is Verdict.FITS
    check(word, scene, scene.issuer)
    assert send(scene, scene.issuer, f"/threads/{found}/say", text="另外，批量多大？") == 303
    assert len(words_in(world)) == 1  # talking on is no further word


def test_lines_of_who_asked_say_nothing(world: World) -> None:
    scene = scene_in(world)
    found = scene.open()
    assert send(scene, scene.responder, f"/threads/{found}/say", text="补充：我们有样件。") == 303
    assert words_in(world) == []


def test_a_declined_interest_is_a_word_against_with_its_reason(world: World) -> None:
    scene = scene_in(world)
    found = scene.open()
    form = {"code": ReasonCode.TOO_EXPENSIVE.value, "reason": "超出我们的预算。"}
    assert send(scene, scene.issuer, f"/threads/{found}/decline", code=form["code"]) == 422
    assert words_in(world) == []
    assert send(scene, scene.issuer, f"/threads/{found}/decline", **form) == 303
    (word,) = words_in(world)
    assert (word.verdict, word.reason, word.note) == (Verdict.UNFIT, "too_expensive", "")
    check(word, scene, scene.issuer)


def test_withdrawing_or_an_interest_without_a_pair_says_nothing(world: World) -> None:
    scene = scene_in(world)
    found = scene.open()
    assert send(scene, scene.responder, f"/threads/{found}/withdraw", reason="改期再谈。") == 303
    found = scene.open(own=False)
    assert send(scene, scene.issuer, f"/threads/{found}/say", text="可以谈。") == 303
    assert words_in(world) == []


@pytest.mark.parametrize("own", [True, False])
def test_a_selection_is_the_word_of_whoever_selects(world: World, own: bool) -> None:
    scene = scene_in(world)
    thread = scene.open(own=own)
    scene.say(thread, scene.issuer, "可以，请揭榜。")
    found = Answers(scene).filed(scene.responder)
    assert send(scene, scene.issuer, f"/responses/{found}/select", to_others="已选定。") == 303
    words = words_in(world)
    assert len(words) == int(own)
    for word in words:
        assert word.verdict is Verdict.FITS
        check(word, scene, scene.issuer)


def test_training_takes_these_words_at_their_grades(world: World) -> None:
    scene = scene_in(world)
    found = scene.open()
    send(scene, scene.issuer, f"/threads/{found}/say", text="可以，先说说节拍。")
    fingerprint = world.discovery.live.engine.encoder.fingerprint
    with world.database.reading() as session:
        assert collect(session, fingerprint).pairs.grades.tolist() == [WORTH]
    other = replace(scene, code=world.published(scene.issuer, Board.NEED))
    found = other.open()
    form = {"code": ReasonCode.TOO_EXPENSIVE.value, "reason": "超出我们的预算。"}
    send(other, other.issuer, f"/threads/{found}/decline", **form)
    with world.database.reading() as session:
        learnt = collect(session, fingerprint)
    assert sorted(learnt.pairs.grades.tolist()) == [RELATED, WORTH]
    assert (learnt.silent, learnt.outdated) == (0, 0)
