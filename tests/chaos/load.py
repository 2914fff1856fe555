"""Browsers that publish, change and withdraw listings, and remember what they were promised.

A promise is an answer that says "done". Before each step a browser reads the database: what was
promised must stand there. A step whose answer never came may have happened or not, nothing between.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from itsdangerous import URLSafeTimedSerializer

from jiebang.core.permissions import Actor
from tests.factories import World

RAW = "0123456789abcdef" * 2
ANSWER_WITHIN = 600.0
"""Seconds, beyond any busy machine: a step given up while its server lives could still happen."""
STEPS = {
    "submitted": ("approve",),
    "published": ("change", "change", "withdraw"),
    "withdrawn": ("reopen",),
    "draft": ("submit",),
}
TARGETS = {
    "approve": "published",
    "withdraw": "withdrawn",
    "reopen": "draft",
    "submit": "submitted",
}


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass
class Cookie:
    """A signed-in browser as its two secrets."""

    session: str
    token: str


def cookie(world: World, who: Actor) -> Cookie:
    """Signs a person in by writing the session, as tests do."""
    client = world.browser(who)
    with client.session_transaction() as session:
        session["csrf_token"] = RAW
    found = client.get_cookie("jiebang")
    assert found is not None
    key = world.app.config["SECRET_KEY"]
    return Cookie(found.value, URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(RAW))


@dataclass
class Listed:
    """One listing and what it must be."""

    code: str
    owner: Cookie
    state: str
    title: str


@dataclass
class Load:
    """Threads of browsers over all listings; each listing is in one thread's hands."""

    world: World
    ports: list[int]
    operator: Cookie
    listings: list[Listed]
    seed: int
    threads: int = 3
    pause: float = 0.02
    promised: int = 0
    unknown: int = 0
    problems: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _words: int = 0

    def start(self) -> None:
        """Begins; `stop` ends it after the steps in hand."""
        self._stop.clear()
        self._running = [
            threading.Thread(target=self._run, args=(self.listings[n :: self.threads], n))
            for n in range(self.threads)
        ]
        for thread in self._running:
            thread.start()

    def stop(self) -> None:
        """Ends the load after the steps in hand; `problems` then holds every broken promise."""
        self._stop.set()
        for thread in self._running:
            thread.join()

    def moved_on(self, before: int, within: float) -> None:
        """Returns when more was promised than `before`, or after so many seconds: kills that come
        faster than a slow machine can answer would only ever hit starting processes."""
        until = time.monotonic() + within
        while self.promised <= before and not self.problems and time.monotonic() < until:
            time.sleep(0.02)

    def _run(self, mine: list[Listed], number: int) -> None:
        dice = random.Random(self.seed * 1000 + number + self.promised)
        while not self._stop.is_set() and not self.problems:
            try:
                self._step(dice.choice(mine), dice)
            except Broken as error:
                self.problems.append(str(error))
            except Exception as error:
                self.problems.append(f"the load itself failed: {error!r}")
            self._stop.wait(self.pause)

    def _step(self, listed: Listed, dice: random.Random) -> None:
        self.verify(listed)
        name, port = dice.choice(STEPS[listed.state]), dice.choice(self.ports)
        title = listed.title
        if name == "approve":
            url, form, who = f"/operations/review/{listed.code}/approve", {}, self.operator
        elif name == "change":
            with self._counting:
                self._words += 1
                title = f"壳体焊接变形控制zq{self.seed}w{self._words}x"
            url, who = f"/listings/{listed.code}/edit/topic", listed.owner
            form = {"title": title, "summary": f"控制焊接后的平面度，{title}。", "save": "1",
                    "need_kind": "research", "track": "market"}  # fmt: skip
        else:
            url, who = f"/listings/{listed.code}/{name}", listed.owner
            form = {"reason": "已解决"} if name == "withdraw" else {}
        target = TARGETS.get(name, listed.state)
        status = send(port, url, form, who)
        if status == 303:
            self.promised += 1
            listed.state, listed.title = target, title
        elif status is None or status >= 500:
            self.unknown += 1
            self._settle(listed, target, title)
        else:
            raise Broken(f"{listed.code}: {name} answered {status} in state {listed.state}")

    def _settle(self, listed: Listed, state: str, title: str) -> None:
        """Finds out what became of a step without an answer: done, or not begun."""
        time.sleep(0.5)  # a server may still be ending what its dead client had sent
        row = self.world.listing(listed.code)
        found = (str(row.state), row.title)
        if found not in ((listed.state, listed.title), (state, title)):
            raise Broken(f"{listed.code} is {found}, neither before nor after the step")
        listed.state, listed.title = found

    def verify(self, listed: Listed) -> None:
        """Raises Broken unless the database says what was promised."""
        row = self.world.listing(listed.code)
        if (str(row.state), row.title) != (listed.state, listed.title):
            raise Broken(
                f"{listed.code} is {row.state} {row.title!r}, "
                f"promised was {listed.state} {listed.title!r}"
            )


def send(port: int, url: str, form: dict[str, str], who: Cookie) -> int | None:
    """Posts a form; the status, or None when no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
    headers = {
        "Cookie": f"jiebang={who.session}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        connection.request("POST", url, urlencode({**form, "csrf_token": who.token}), headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
