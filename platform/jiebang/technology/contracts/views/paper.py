"""A version as PDF."""

from __future__ import annotations

from flask import make_response
from werkzeug.wrappers import Response as Answer

from jiebang.boards.agreements import queries
from jiebang.boards.agreements.models import Agreement, AgreementVersion
from jiebang.boards.agreements.stages import role
from jiebang.boards.agreements.workflow import AgreementState
from jiebang.core import audit
from jiebang.web.access import Level, Tenancy, access, actor, db

from ..pdf import Print, Signature, render
from .blueprint import blueprint


@blueprint.get("/agreements/<int:agreement_id>/versions/<int:number>.pdf")
@access(Level.MEMBER, tenancy=Tenancy.OWNER, writes=True)
def paper(agreement_id: int, number: int) -> Answer:
    """The version on paper; that somebody took it is written down."""
    session, who = db(), actor()
    found = queries.agreement(session, agreement_id, who)
    version = queries.version(session, found, number)
    audit.record(
        session, who, "agreement.printed", "agreement", found.id,
        organisation_id=who.organisation_id, number=number,
    )  # fmt: skip
    response = make_response(render(printed(found, version)))
    response.mimetype = "application/pdf"
    name = f"agreement-{found.listing.code}-v{number}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def printed(found: Agreement, version: AgreementVersion) -> Print:
    """What goes onto the paper; void confirmations do not."""
    agreed = found.state is AgreementState.AGREED and version.number == found.number
    roles = {each.organisation_id: role(each.position) for each in found.parties}
    return Print(
        code=found.listing.code,
        number=version.number,
        hash=version.hash,
        made_at=found.agreed_at if agreed and found.agreed_at else version.at,
        agreed_at=found.agreed_at if agreed else None,
        content=version.content,
        signatures=[
            Signature(
                roles[each.organisation_id], each.organisation_name, each.user_name, each.at,
                each.hash,
            )
            for each in version.confirmations
            if each.voided_at is None
        ],
    )  # fmt: skip
