"""协议: all agreements of the organisation, one of them, and two versions side by side."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from jiebang.boards.agreements import queries, services
from jiebang.boards.agreements.models import Agreement, AgreementVersion
from jiebang.boards.agreements.stages import role, stages, waiting
from jiebang.boards.agreements.workflow import (
    AGREEMENT,
    PENDING,
    STATE_LABELS,
    STATE_TONES,
    AgreementState,
)
from jiebang.core import clock
from jiebang.core.money import money_text
from jiebang.core.permissions import Actor
from jiebang.core.reasons import REASON_LABELS
from jiebang.core.sides import SIDE_LABELS
from jiebang.orgs.models import Organisation
from jiebang.web.access import Level, Tenancy, access, actor, db

from ...publicity import queries as public_queries
from ...publicity import stages as publicity
from .. import joint
from ..amounts import in_words
from ..kinds import library
from ..outline import compare, day, period, shares
from ..parts import titled
from ..terms import missing
from .blueprint import blueprint

BESIDE: list[Any] = []
"""Other rooms' callables (session, agreement, actor) -> HTML beside an agreement, or ""."""


@blueprint.get("/agreements/")
@access(Level.MEMBER)
def index() -> str:
    """What the organisation signs, those that moved last first."""
    session, who = db(), actor()
    assert who.organisation_id is not None
    return render_template(
        "contracts/index.html",
        rows=[
            {
                "agreement": each,
                "other": other_names(session, each, who),
                "waiting": waiting(each, who, services.barrier(session, each)),
                "state": (STATE_LABELS[each.state], STATE_TONES[each.state]),
            }
            for each in queries.of_organisation(session, who.organisation_id)
        ],
    )


def other_names(session: Any, found: Agreement, who: Actor) -> str:
    """The names of the other parties."""
    return "、".join(
        session.get_one(Organisation, each.organisation_id).name
        for each in found.parties
        if each.organisation_id != who.organisation_id
    )


@blueprint.get("/agreements/<int:agreement_id>")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def agreement(agreement_id: int) -> str:
    """The newest version, what it lacks, who has the ball."""
    return page(queries.agreement(db(), agreement_id, actor()))


def page(found: Agreement, errors: dict[str, str] | None = None) -> str:
    """The page; after a refused step with what stands against it."""
    session, who = db(), actor()
    version, barrier = found.newest, services.barrier(session, found)
    public = public_queries.latest_of(session, found.response_id)
    lacks = missing(found, version.content) if found.state is AgreementState.DRAFT else []
    return render_template(
        "contracts/agreement.html",
        agreement=found,
        listing=found.listing,
        state=(STATE_LABELS[found.state], STATE_TONES[found.state]),
        stages=stages(found, publicity.step(public)),
        public=public,
        may_publish=public is None and found.state in PENDING and who.acts_in(found.line),
        waiting=waiting(found, who, barrier),
        barrier=barrier,
        lacks=lacks,
        may={t.name for t in AGREEMENT.open_to(found, who)},
        at_once=may_at_once(session, found, who),
        must_ask=who.seat is not None and who.seat.must_ask,
        confirmed=_confirmed(found, version, who),
        other=other_names(session, found, who),
        version=version,
        shown=drawn(version),
        versions=_versions(found),
        reason=REASON_LABELS[found.reason_code] if found.reason_code else "",
        events=[
            {
                "time_text": clock.moment_text(event.at),
                "title": event.label,
                "text": event.reason,
                "actor": event.who,
            }
            for event in queries.events(session, found.id)
        ],
        beside=[part for each in BESIDE if (part := each(session, found, who))],
        errors=errors or {},
    )


def may_at_once(session: Session, found: Agreement, who: Actor) -> bool:
    """Whether a draft that lacks nothing may be proposed and confirmed in one act: where no
    publicity stands before it (a switch of the track), by somebody who may confirm."""
    return (
        found.state is AgreementState.DRAFT
        and AGREEMENT.refusal("propose", found, who) is None
        and not (who.seat is not None and who.seat.must_ask)
        and not services.barrier(session, found)
        and not missing(found, found.newest.content)
    )


def _confirmed(found: Agreement, version: AgreementVersion, who: Actor) -> dict[str, Any]:
    given = {each.organisation_id: each for each in version.confirmations if not each.voided_at}
    names = {
        each.organisation_id: db().get_one(Organisation, each.organisation_id).name
        for each in found.parties
    }
    rows = []
    for party in found.parties:
        word = given.get(party.organisation_id)
        rows.append(
            {
                "role": role(party.position),
                "organisation": names[party.organisation_id],
                "name": word.user_name if word else "",
                "at": clock.moment_text(word.at) if word else "",
            }
        )
    return {"rows": rows, "mine": who.organisation_id in given, "any": bool(given)}


def _versions(found: Agreement) -> list[dict[str, Any]]:
    return [
        {
            "number": each.number,
            "at": clock.moment_text(each.at),
            "who": SIDE_LABELS[each.side] if each.side else "平台拟稿",
            "changed": "、".join(each.changed),
            "void": any(word.voided_at for word in each.confirmations),
        }
        for each in reversed(found.versions)
    ]


def drawn(version: AgreementVersion) -> dict[str, Any]:
    """A version's content as pages draw it."""
    content = version.content
    kind = library().kind(content["kind"])
    return {
        **content,
        "kind_label": kind.label,
        "period": period(content),
        "words": in_words(content["total"]),
        "parties": [
            {**each, "role": titled(content, each["position"])} for each in content["parties"]
        ],
        "instalments": [{**each, "day": day(each["due"])} for each in content["instalments"]],
        "split": joint.drawn(content) if joint.is_joint(content) else [],
        "signed": content["signed"]["hash"] if content.get("signed") else "",
        "departures": joint.departures(content),
        "ip": [{**each, "text": shares(content, each)} for each in content["ip"]],
        "total_text": money_text(content["total"]),
    }


@blueprint.get("/agreements/<int:agreement_id>/compare")
@access(Level.MEMBER, tenancy=Tenancy.OWNER)
def versions(agreement_id: int) -> str:
    """Two versions side by side, differences marked; without a choice the last two."""
    session = db()
    found = queries.agreement(session, agreement_id, actor())
    new = queries.version(session, found, _number("new", found.number))
    old = queries.version(session, found, _number("old", max(1, new.number - 1)))
    pairs = compare(old.content, new.content)
    only = request.args.get("all") != "1"
    return render_template(
        "contracts/compare.html",
        agreement=found,
        old=old,
        new=new,
        numbers=[each.number for each in found.versions],
        pairs=[each for each in pairs if not only or each.state != "same"],
        same=sum(each.state == "same" for each in pairs),
        only=only,
        toggle=url_for(
            "contracts.versions",
            agreement_id=found.id,
            old=old.number,
            new=new.number,
            all=1 if only else None,
        ),
    )


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default
