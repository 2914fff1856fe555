"""What is hidden leaves by no route: each one in the URL map, with each object, as everybody.

Pages are walked with all there is; files are opened, archives and what lies in them, too. A new
route is walked by being in the map; a new kind of argument fails until `walking.ARGUMENTS` knows
where its values come from.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from jiebang.core.permissions import Role
from tests.conftest import post
from tests.hidden.reading import said
from tests.hidden.scene import Told
from tests.hidden.walking import ARGUMENTS, Walk

PEOPLE = (
    "visitor", "without organisation", "stranger", "issuer", "leader", "member", "loser", "seller",
    "buyer", "specialist", "another specialist", "expert", "third expert", "another expert",
    *(role.value for role in Role if role not in (Role.EXPERT, Role.SPECIALIST)),
)  # fmt: skip
FILES = {
    "boards.download", "boards.template", "contracts.paper", "grants.export", "orgs.paper",
    "projects.archive", "projects.file", "publicity.evidence", "registration.sheet",
    "threads.download", "threads.protected_file",
}  # fmt: skip
"""Routes whose answers are opened as files; one that is missing here fails the test."""
UNREAD = {
    "accounts.confirm_email": "a token that was mailed: tests/accounts/test_registration.py",
    "accounts.reset": "a token that was mailed: tests/accounts/test_passwords.py",
    "orgs.invitation": "a token that was mailed: tests/orgs/test_members.py",
    "orgs.claim": "every organisation has people: tests/orgs/test_claims.py",
    "orgs.review_claim": "every organisation has people: tests/orgs/test_claims.py",
    "orgs.review": "nobody asks to be verified: tests/orgs/test_verification.py",
    "orgs.paper": "a licence, and nobody handed one in: tests/orgs/test_verification.py",
    "boards.diagnosis": "nothing is being diagnosed: tests/boards/test_disclosure.py",
    "filling.edit": "what was handed over is the firm's: tests/brokering/test_filling.py",
    "projects.check": "no expert was asked: tests/technology/test_milestone_experts.py",
    "projects.check_file": "no expert was asked: tests/technology/test_milestone_experts.py",
    "results.case": "both parties agreed to its words: tests/technology/test_project_pages.py",
    "standing.search": "leads on to a board: tests/boards/test_standing.py",
}
"""Routes that nobody of this world can open, and where what they say is looked at."""
OWN_WORDS = re.compile(r"zq(\w+?)(person|reach)(back)?qz")
"""Contacts stand on the other side's page: one's own are not shown again."""
SEEN_ONCE = {"zqnamelessqz", "zqneedsownerqz", "zqoutcomesownerqz"}


def leaks_in(told: Told, who: str, url: str, text: str) -> set[str]:
    """Planted words in an answer that its reader may not know."""
    found = {word for word in told.knows if word in text} - told.may(who)
    if re.fullmatch(r"/organisations/(\d+|claim/\d+)", url):
        # an organisation exists for everybody; its page leads to nothing that it hid its name on
        hidden = {told.codes["outcome"], told.codes["needsanonymous"]}
        hidden |= {told.codes["outcomesanonymous"]}
        if not any(code in text for code in hidden):
            found -= SEEN_ONCE
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_and_no_file_says_what_its_reader_may_not_know(told: Told, who: str) -> None:
    walk, browser = Walk(told), told.browser(who)
    leaks: list[tuple[str, str]] = []
    known: set[str] = set()
    opened: Counter[str] = Counter()
    for rule in walk.rules("GET"):
        for url in walk.urls(rule):
            response = browser.get(url, buffered=True)
            assert response.status_code < 500, url
            text = said(response)
            known |= {word for word in told.knows if word in text}
            leaks += [(url, word) for word in sorted(leaks_in(told, who, url, text))]
            if response.status_code == 200:
                opened[rule.endpoint] += 1
                as_file = "attachment" in response.headers.get("Content-Disposition", "")
                assert as_file <= (rule.endpoint in FILES), f"{rule.endpoint} hands out a file"
    assert leaks == []
    missing = {word for word in told.may(who) - known if not OWN_WORDS.fullmatch(word)}
    assert missing == set(), "the walk reaches what may be seen, so it would reach the rest"
    told.walked.update(opened)


def test_every_route_was_opened_by_somebody_and_every_kind_of_file(told: Told) -> None:
    """Runs after the walk: a page that nobody could open was not looked at."""
    if not told.walked:
        pytest.skip("the walk did not run")
    every = {rule.endpoint for rule in Walk(told).rules("GET")}
    assert every >= FILES
    unread = every - set(told.walked)
    assert unread == set(UNREAD)
    arguments = {name for rule in told.world.app.url_map.iter_rules() for name in rule.arguments}
    own = {name for name in arguments if name in ("name", "stage")}  # any(...) words of the map
    assert arguments - own == set(ARGUMENTS)


ASKING = ("visitor", "stranger", "loser", "another expert", "specialist", "operator", "auditor")
WITH_REASON = {
    "operations.open_protected", "operations.open_protected_file", "projects.archive_for_operator",
}  # fmt: skip
"""What an operator opens by writing why, logged and told to the owner (tests/boards/test_looks.py,
test_openings.py, tests/technology/test_project_pages.py)."""
TYPED = {"reason": "核实编号 17 的投诉所称的内容", "text": "请问这一条怎么办理"}


@pytest.mark.parametrize("who", ASKING)
def test_no_answer_to_a_form_says_it_either(told: Told, who: str, tmp_path: Path) -> None:
    walk, leaks, answered = Walk(told), [], 0
    walk.keep(tmp_path)
    for rule in walk.rules("POST"):
        for url in walk.urls(rule, most=2):
            response = post(told.browser(who), url, TYPED)
            assert response.status_code < 500, url
            answered += response.status_code in (200, 303, 409, 422)
            if who == "operator" and rule.endpoint in WITH_REASON:
                continue
            leaks += [(url, word) for word in sorted(leaks_in(told, who, url, said(response)))]
            if response.status_code in (200, 303):
                walk.restore()
    walk.restore()
    assert leaks == [] and answered >= 5
