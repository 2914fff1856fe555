"""The URL map as cases to walk: every rule, method and word, with samples for its arguments."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from jiebang.boards.agreements import services as agreement_services
from jiebang.boards.batches import services as batches
from jiebang.boards.responses import services as responses
from jiebang.boards.responses.services.filing import Reply
from jiebang.boards.reviews import services as reviews
from jiebang.boards.reviews.models import Stage
from jiebang.boards.services import attachments
from jiebang.boards.standing import services as standing
from jiebang.boards.threads import confidentiality
from jiebang.boards.threads import services as threads
from jiebang.boards.threads.models import FileLevel
from jiebang.boards.views import browse
from jiebang.brokering import services as brokering
from jiebang.brokering.filling import services as filling
from jiebang.core import clock, uploads
from jiebang.core.boards import Board
from jiebang.core.permissions import ROLE_PERMISSIONS, Actor, OrganisationRole, Role
from jiebang.core.tokens import token_hash
from jiebang.core.uploads import Received
from jiebang.orgs.models import Claim, Invitation, Organisation, VerificationRequest
from jiebang.orgs.relations import services as relations
from jiebang.technology.publicity import services as publicity
from jiebang.technology.publicity.models import Basis
from jiebang.web.access import Access, declaration
from tests.conftest import post
from tests.factories import World, complete
from tests.web.samples import project_in, response_in, selected_in

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TOKEN = "a-token-that-was-mailed-to-the-owner-000000"

FORMS: dict[str, Callable[[Setting], dict[str, Any]]] = {
    "orgs.switch": lambda s: {"organisation_id": str(s.owner.organisation_id)},
    "boards.keep": lambda s: {"board": "need", "text": "焊接变形怎么控制"},
    "boards.receive": lambda s: {"file": (io.BytesIO("标题\n甲乙丙丁\n".encode()), "表.csv")},
}
"""Bodies without which a route would not get as far as its object; others get an empty one."""


@dataclass
class Setting:
    """The people and the objects of every sample."""

    world: World
    owner: Actor
    stranger: Actor
    seatless: Actor
    invited: Actor
    staff: dict[Role, Actor]
    file: Path
    samples: dict[Any, Any]
    hidden: dict[Any, Any]

    def restore(self) -> None:
        """Puts the database back: what one request changed does not touch the next."""
        self.world.database.dispose()
        path = Path(self.world.database.url.database or "")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.file, path)
        self.world.discovery.live.reset()


def setting_in(world: World, folder: Path) -> Setting:
    owner, stranger = world.owner(name="样品一号有限公司"), world.owner()
    invited = world.actor(world.user(email="invited@example.com"))
    seatless = world.actor(world.user())
    staff = {role: world.actor(world.user(role)) for role in Role}
    assert owner.organisation_id is not None and owner.user_id is not None
    public = world.published(owner)
    partner = world.published(stranger, Board.OUTCOME)
    draft, formal = world.draft(owner), world.published(owner, track="competition")
    closed = world.published(stranger, Board.OUTCOME, disclosure="agreement")
    third = world.owner(name="样品三号有限公司")
    offered = world.published(third, Board.OUTCOME)
    signed, proposed = world.published(third), world.published(owner)
    public_need = world.published(third)
    formal_need = world.submitted(owner, track="competition", title="待评审的样品需求")
    mate = world.member(owner.organisation_id, world.user(), OrganisationRole.AGENT)
    moment = clock.now()
    with world.database.transaction() as session:
        files = [
            attachments.attach(
                session, owner, world._load(session, code), Received(io.BytesIO(PDF), "附件.pdf"),
                folder=world.settings.uploads, limit=10_000, protected=False,
            ).id
            for code in (public, draft)
        ]  # fmt: skip
        paper = uploads.store(
            session, owner, Received(io.BytesIO(PDF), "执照.pdf"), folder=world.settings.uploads,
            limit=10_000, purpose="licence", organisation_id=owner.organisation_id,
        )  # fmt: skip
        session.flush()
        request = VerificationRequest(
            organisation_id=owner.organisation_id, credit_code="91370100MA0000001X",
            licence_id=paper.id, authorisation_id=paper.id, submitted_by=owner.user_id,
            submitted_at=moment,
        )  # fmt: skip
        unclaimed = Organisation(
            name="待认领样品有限公司", category="enterprise", claimed=False, created_at=moment
        )
        session.add_all([request, unclaimed])
        session.flush()
        claim = Claim(
            organisation_id=unclaimed.id, user_id=seatless.user_id, evidence_id=paper.id,
            submitted_at=moment,
        )  # fmt: skip
        invitation = Invitation(
            organisation_id=owner.organisation_id, identifier="invited@example.com",
            token_hash=token_hash(TOKEN), role=OrganisationRole.AGENT, scopes=["technology"],
            invited_by=owner.user_id, created_at=moment, expires_at=moment.replace(year=2099),
        )  # fmt: skip
        session.add_all([claim, invitation])
        session.flush()
        thread = threads.express_interest(
            session, third, world._load(session, public), "我们做过同类工艺，想了解指标。"
        )
        spoken = threads.say(
            session, third, thread, "先发一份样品说明。",
            received=Received(io.BytesIO(PDF), "样品.pdf"), level=FileLevel.BOTH,
            folder=world.settings.uploads, limit=10_000,
        )  # fmt: skip
        threads.say(session, owner, thread, "可以谈。")
        session.flush()
        meeting = threads.propose_meeting(
            session, third, thread, moment + timedelta(days=3), "一号会议室"
        )
        behind = threads.express_interest(
            session, owner, world._load(session, closed), "想了解工艺和指标。"
        )
        threads.agree(session, owner, behind, confidentiality.VERSION)
        file_behind = attachments.attach(
            session, stranger, world._load(session, closed), Received(io.BytesIO(PDF), "协议.pdf"),
            folder=world.settings.uploads, limit=10_000, protected=False,
        )  # fmt: skip
        soon = clock.to_beijing(moment)
        batch = batches.open_batch(session, staff[Role.OPERATOR], {
            "name": "样品批次", "list_type": "enterprise",
            "opens_at": (soon - timedelta(hours=1)).isoformat(),
            "closes_at": (soon + timedelta(days=30)).isoformat(),
        })  # fmt: skip
        opened = responses.begin(session, third, world._load(session, public))
        reply = [Reply("met", "测过。")] * len(opened.answers)
        texts = {"leader": "赵工", "approach": "激光焊。", "plan": "三个月。"}
        responses.save(session, third, opened, texts, 0, reply)
        responses.file(session, third, opened)
        checked = responses.begin(session, third, world._load(session, formal))
        responses.save(session, third, checked, texts, 0, reply)
        responses.file(session, third, checked)
        own_draft = responses.begin(session, owner, world._load(session, partner))
        listed = world._load(session, offered)
        assert owner.organisation_id is not None
        brokering.assign(
            session, staff[Role.OPERATOR], owner.organisation_id, staff[Role.SPECIALIST].user_id
        )
        filled = filling.begin_listing(
            session, staff[Role.SPECIALIST], owner.organisation_id, Board.NEED,
            complete(Board.NEED, title="代填的样品需求"),
        )  # fmt: skip
        filling.propose(session, staff[Role.SPECIALIST], filled)
        introduction = brokering.request(session, owner, listed, "先问批量。")
        where, typed, name = browse.asked(Board.NEED, {"q": "焊接变形"})
        search = standing.save(session, owner, world.discovery, where, typed, name)
        reviewed = world._load(session, formal_need)
        expert = staff[Role.EXPERT]
        assert expert.user_id is not None
        panel = reviews.open_panel(
            session, staff[Role.OPERATOR], reviewed, Stage.NEED, [expert.user_id]
        )
        reviews.accept(session, expert, panel.assignments[0])
        signing = selected_in(session, world, third, owner, signed)
        for each in (owner, third):
            agreement_services.confirm(session, each, signing, signing.newest.hash)
        confirming = selected_in(session, world, owner, third, proposed)
        project = project_in(session, world, owner, signing, expert)
        shown = publicity.begin(
            session, third, response_in(session, world, third, stranger, public_need), Basis.TRACK,
            "规则",
        )  # fmt: skip
        objection = publicity.raise_objection(
            session, owner, shown, "拟合作方的业绩与事实不符，见附件。",
            received=Received(io.BytesIO(PDF), "证明.pdf"), folder=world.settings.uploads,
            limit=10_000,
        )  # fmt: skip
        relation = relations.declare(session, owner, "up", "上级控股有限公司", "control", "")
        session.flush()
        samples: dict[Any, Any] = {
            "response_id": opened.id,
            "relation_id": relation.id,
            "introduction_id": introduction.id,
            "search_id": search.id,
            "filling_id": filled.id,
            "track_name": "market",
            "batch_id": batch.id,
            ("operations.put_in", "code"): formal_need,
            ("filling.new", "organisation_id"): owner.organisation_id,
            ("filling.respond", "organisation_id"): owner.organisation_id,
            ("filling.respond", "code"): partner,
            ("threads.protected", "code"): closed,
            ("threads.protected_file", "code"): closed,
            ("threads.protected_file", "attachment_id"): file_behind.id,
            ("operations.open_protected_file", "code"): closed,
            ("operations.open_protected_file", "attachment_id"): file_behind.id,
            ("brokering.ask", "code"): partner,
            ("brokering.send", "code"): partner,
            ("brokering.organisation", "organisation_id"): owner.organisation_id,
            "assignment_id": panel.assignments[0].id,
            ("reviews.of", "code"): formal_need,
            ("reviews.ask", "code"): formal_need,
            ("reviews.conclude", "code"): formal_need,
            **project,
            "agreement_id": confirming.id,
            "number": 1,
            **{
                (f"registration.{name}", "agreement_id"): signing.id
                for name in ("registration", "step", "sheet")
            },
            "publicity_id": shown.id,
            "objection_id": objection.id,
            ("responses.check", "response_id"): checked.id,
            ("responses.edit", "response_id"): own_draft.id,
            ("responses.split", "response_id"): own_draft.id,
            ("responses.save_split", "response_id"): own_draft.id,
            ("responses.sign", "response_id"): own_draft.id,
            ("responses.save", "response_id"): own_draft.id,
            ("responses.start", "code"): partner,
            ("responses.begin", "code"): partner,
            "thread_id": thread.id,
            "message_id": spoken.id,
            "meeting_id": meeting.id,
            ("threads.interest", "code"): partner,
            ("threads.send", "code"): partner,
            "code": public,
            "other": partner,
            "board_name": "need",
            "step_key": "topic",
            "attachment_id": files[0],
            "organisation_id": stranger.organisation_id,
            "user_id": seatless.user_id,
            "token": TOKEN,
            "filename": "css/base.css",
            "membership_id": mate,
            "invitation_id": invitation.id,
            "request_id": request.id,
            "claim_id": claim.id,
            "upload_id": paper.id,
            ("orgs.claim", "organisation_id"): unclaimed.id,
        }
    hidden: dict[Any, Any] = {
        ("threads.protected", "code"): draft,
        ("threads.protected_file", "code"): draft,
        ("threads.interest", "code"): draft,
        ("threads.send", "code"): draft,
        ("brokering.ask", "code"): draft,
        ("brokering.send", "code"): draft,
        ("responses.start", "code"): draft,
        ("responses.begin", "code"): draft,
        "case_id": 2**30,
        "code": draft,
        "attachment_id": files[1],
        "token": "nobody-was-sent-this-token",
        "upload_id": samples["upload_id"],
    }
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.database.dispose()
    file = folder / "as-it-was.db"
    shutil.copyfile(Path(world.database.url.database or ""), file)
    return Setting(
        world, owner, stranger, seatless, invited, staff, file, samples, hidden
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One rule with one method and one set of arguments."""

    rule: Rule
    method: str
    url: str
    declared: Access

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule} as {self.url} ({self.rule.endpoint})"


def _values(rule: Rule, samples: dict[Any, Any], missing: list[str]) -> list[dict[str, Any]]:
    """Arguments for a rule; an `any(...)` argument gives one set for each of its words."""
    sets: list[dict[str, Any]] = [{}]
    for name in rule.arguments:
        words = re.search(rf"any\(([^)]*)\):{name}", rule.rule)
        if words:
            choices = [word.strip(" '\"") for word in words[1].split(",")]
        elif (rule.endpoint, name) in samples:
            choices = [samples[rule.endpoint, name]]
        elif name in samples:
            choices = [samples[name]]
        else:
            missing.append(f"{rule.rule}: {name}")
            choices = [1]
        sets = [{**each, name: choice} for each in sets for choice in choices]
    return sets


def cases(setting: Setting, changed: dict[Any, Any] | None = None) -> list[Case]:
    """Every rule, method and word of the URL map; fails for what has no sample."""
    app = setting.world.app
    samples = {**setting.samples, **(changed or {})}
    missing: list[str] = []
    found: list[Case] = []
    for rule in app.url_map.iter_rules():
        declared = declaration(app, rule.endpoint)
        assert declared is not None, f"{rule.rule} declares nothing"
        for values in _values(rule, samples, missing):
            built = rule.build(values, append_unknown=False)
            assert built is not None
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                found.append(Case(rule, method, built[1], declared))
    assert missing == [], "arguments without a sample in this test"
    return found


def call(setting: Setting, client: FlaskClient, case: Case, **data: Any) -> TestResponse:
    if case.method == "GET":
        return client.get(case.url, buffered=True)
    body = FORMS.get(case.rule.endpoint)
    return post(client, case.url, {**(body(setting) if body else {}), **data})


def right(setting: Setting, case: Case) -> Actor:
    """Somebody who may do it."""
    permission = case.declared.permission
    if permission is not None:
        role = next(role for role, held in ROLE_PERMISSIONS.items() if permission in held)
        return setting.staff[role]
    if case.rule.endpoint.startswith("reviews.") or "check_id" in case.rule.arguments:
        return setting.staff[Role.EXPERT]
    if case.rule.endpoint in ("orgs.invitation", "orgs.accept", "orgs.accept_own"):
        return setting.invited
    return setting.owner
