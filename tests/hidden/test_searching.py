"""Asking for a hidden word finds nothing, and nothing that is sent or kept says one to others."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from jiebang import wiring
from jiebang.accounts.models import User
from jiebang.boards.standing import services as standing
from jiebang.boards.views import browse
from jiebang.cli import Commands
from jiebang.core import logs, outbox
from jiebang.core.audit import AuditEntry
from jiebang.core.boards import Board
from jiebang.core.outbox import Job
from jiebang.discovery.models import SearchText
from jiebang.models import metadata
from jiebang.orgs.notices.models import Notice
from jiebang.worker import Worker
from matching.prepared import Prepared
from tests.conftest import post
from tests.hidden.reading import letter, said
from tests.hidden.scene import Told

WORD = "zq"


def by_user(told: Told) -> dict[int, str]:
    return {each.user_id: who for who, each in told.people.items() if each and each.user_id}


def may_of(told: Told, user_id: int) -> set[str]:
    who = by_user(told).get(user_id)
    return told.may(who) if who else set()


# In this order: what was sent and kept is read before anybody asks for hidden words themselves, for
# one's own search and one's own draft may say them again.


def test_notices_and_letters_tell_each_what_is_theirs(told: Told) -> None:
    world = told.world
    with world.database.reading() as session:
        notices = session.scalars(select(Notice)).all()
        address = {email: key for email, key in session.execute(select(User.email, User.id))}
    assert len(notices) > 20
    wrong = []
    for each in notices:
        found = {word for word in told.knows if word in f"{each.title}{each.text}{each.url}"}
        wrong += [(each.title, word) for word in found - may_of(told, each.user_id)]
    files = list(world.settings.mailbox.glob("*.eml"))
    assert len(files) > 20
    for path in files:
        to, text = letter(path.read_bytes())
        found = {word for word in told.knows if word in text}
        for one in to:
            wrong += [(one, word) for word in found - may_of(told, address.get(one) or 0)]
    assert wrong == []


def test_audit_jobs_and_logs_are_silent(told: Told) -> None:
    world = told.world
    with world.database.reading() as session:
        trail = str(
            session.execute(
                select(AuditEntry.detail, AuditEntry.actor_label, AuditEntry.target_id)
            ).all()
        )
        jobs = str(session.scalars(select(Job.payload)).all())
        wait = str(session.scalars(select(Job.key)).all()) if hasattr(Job, "key") else ""
    assert [word for word in told.knows if word in trail + wait] == []
    assert [word for word in told.knows if word in told.logged.getvalue()] == []
    # a letter that waits to be sent says what it will say, and no more
    with world.database.reading() as session:
        notices = str(session.execute(select(Notice.title, Notice.text)).all())
    letters = "".join(letter(p.read_bytes())[1] for p in world.settings.mailbox.glob("*.eml"))
    known = {word for word in told.knows if word in notices + letters}
    assert {word for word in told.knows if word in jobs} <= known


def test_suggestions_give_no_reason_from_hidden_text(told: Told) -> None:
    """Every stored pair, explained as 我的待办 and the specialist's desk explain it."""
    world, shown = told.world, ""
    for who in ("stranger", "issuer", "specialist", "leader"):
        text = said(told.browser(who).get("/todo")) + said(told.browser(who).get("/brokering/"))
        shown += text
        assert {word for word in told.knows if word in text} <= told.may(who)
    with world.database.reading() as session:
        kept = "".join(
            str(tuple(row))
            for name, table in metadata().tables.items()
            if name.startswith(("search", "suggestion", "feedback", "standing"))
            for row in session.execute(select(table))
        )
        for text in session.scalars(select(SearchText.prepared)):
            prepared = Prepared.from_bytes(text)
            kept += "".join([*prepared.title_segments, *prepared.body_segments])
            kept += text.decode("latin-1")
    behind = {
        word
        for word, code in told.holds.items()
        if world.listing(code).disclosure.value != "invited"
    }
    assert "焊接" in kept, "what is kept can be read by this test"
    assert [word for word in behind if word in kept] == []


def test_the_command_line_prints_only_what_everybody_may_see(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, leaks = told.world, []
    monkeypatch.setenv("JIEBANG_HOME", str(world.settings.home))
    monkeypatch.setenv("JIEBANG_DATABASE_URL", world.settings.database_url)
    monkeypatch.setattr(logs, "configure", lambda: None)  # this process logs where it did
    commands, run = Commands(), CliRunner()
    known = set(commands.list_commands(None))  # type: ignore[arg-type]
    # each command prints no listings, or is called here
    silent = {"bench", "demo", "evaluate", "import", "init", "serve", "train", "user", "worker"}
    assert known == silent | {"audit", "doctor", "match", "reindex", "suggest"}

    def call(*words: str) -> str:
        done = run.invoke(commands, list(words))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.output

    printed = call("audit", "verify") + call("doctor") + call("suggest", "--all")
    printed += call("reindex")
    leaks += [("", word) for word in told.knows if word in printed]
    for key in ("need", "outcome", "needsbehind", "outcomesbehind", "needsanonymous",
                "outcomesanonymous", "needsinvited"):  # fmt: skip
        code = told.codes[key]
        board = world.listing(code).board
        for way in ([], ["--json"]):
            text = call("match", code, "--to", board.opposite.value, *way)
            # its own open words may come back among the reasons, to whoever runs the machine
            own = {w for w, c in told.holds.items() if c == code and key.endswith("invited")}
            leaks += [(code, word) for word in set(told.knows) - own if word in text]
    for word in [*told.holds, *sorted(told.knows)[::8]]:
        text = call("match", "--text", f"{word} 焊接变形", "--to", "need", "--json")
        leaks += [(word, each) for each in told.knows if each in text and each != word]
    assert leaks == []


@pytest.mark.parametrize("who", ["visitor", "loser"])
def test_asking_for_a_hidden_word_finds_nothing(told: Told, who: str) -> None:
    """The start page, the board's search and its filters, for each word by itself."""
    browser, found, asked = told.browser(who), [], 0
    hidden = sorted(set(told.knows) - told.may(who))
    words = hidden if who == "visitor" else [*told.holds, *hidden[::5]]  # the same index for all
    for word in words:
        for board in (Board.NEED, Board.OUTCOME):
            text = said(
                post(browser, "/ask", {"text": f"请问{word}怎么解决", "board": board.value})
            )
            text += said(browser.get(f"/boards/{board.value}?q={word}&chain={word}"))
            asked += 1
            others = {each for each in told.knows if each in text} - told.may(who) - {word}
            found += [(word, other) for other in others]
            if word in told.holds and told.holds[word] in text:
                found.append((word, told.holds[word]))
    assert found == [] and asked > 50


@pytest.mark.parametrize("who", ["stranger", "buyer"])
def test_a_listing_written_with_a_hidden_word_is_led_to_nobody(told: Told, who: str) -> None:
    """Advice while writing, matches and the team finder of one's own draft with the words in it."""
    browser, actor, leaks = told.browser(who), told.actor(who), []
    words = sorted(set(told.holds) - told.may(who))
    assert len(words) >= 2
    for board in (Board.NEED, Board.OUTCOME):
        typed = {"title": "".join(words)[:90], "summary": f"铝合金焊接变形，{'、'.join(words)}。"}
        answer = post(browser, f"/listings/new/{board.value}/advice", typed)
        advice = json.loads(answer.data)["advice"]
        text = json.dumps([advice["alike"], advice["examples"]], ensure_ascii=False)
        leaks += [(board, word) for word in set(told.knows) - told.may(who) if word in text]
        own = told.world.draft(actor, board, **typed)
        pages = "".join(
            said(browser.get(f"/listings/{own}{page}")) for page in ("/matches", "/team", "")
        )
        hidden = {told.holds[word] for word in words if told.holds[word] in pages}
        own_words = set(words) | told.may(who)
        leaks += [(own, word) for word in set(told.knows) - own_words if word in pages]
        # a listing whose name or text is hidden may fit by what it shows, never by what it hides
        for code in hidden:
            title = told.world.listing(code).title
            leaks += [(own, code)] if title not in pages else []
    assert leaks == []


def test_a_saved_search_for_hidden_words_is_told_nothing(told: Told) -> None:
    world, stranger = told.world, told.actor("loser")
    assert stranger.user_id is not None
    words = sorted(set(told.knows) - told.may("loser"))[:12]
    with world.database.transaction() as session:
        before = set(session.scalars(select(Notice.id)))
        for word in words:
            where, typed, name = browse.asked(Board.NEED, {"q": word})
            saved = standing.save(session, stranger, world.discovery, where, typed, name)
            session.flush()
            outbox.enqueue(session, standing.SEARCH, {"search_id": saved.id})
    Worker(world.database, wiring.jobs(world.settings, world.database, world.discovery)).drain()
    with world.database.reading() as session:
        fresh = [each for each in session.scalars(select(Notice)) if each.id not in before]
    told_them = "".join(f"{each.title}{each.text}{each.url}" for each in fresh)
    # the name of a search is what one typed oneself
    assert [w for w in told.knows if w in told_them and w not in words and w not in
            told.may("loser")] == []  # fmt: skip
    assert [code for word, code in told.holds.items() if code in told_them] == []
